//! `kinfolk demo`, and what the program does where there is no display.

use std::path::{Path, PathBuf};

use super::args::DemoArgs;
use super::kinship::{measured, open, open_all, print};
use super::{CliError, out};
use crate::files::write_whole;
use crate::kinship::{Kinship, Measure, Measured, Precision, Scope, report};
use crate::workbench::{Folders, demo};

pub fn run(args: &DemoArgs) -> Result<(), CliError> {
    let own = || Folders::of_user().data.join("demo");
    let dir = args.dir.clone().unwrap_or_else(own);
    let demo = DemoKinship::of(&dir)?;
    if out::is_json_alone(&demo.report(), args.json.file.as_deref())? {
        return Ok(());
    }
    print(&demo.report(), None);
    out::print("");
    let place = dir.display();
    out::print(&format!("The family and its study are in {place}"));
    Ok(())
}

/// The kinship of the demo family.
pub struct DemoKinship {
    pub dir: PathBuf,
    measured: Vec<Measured>,
    pub kinship: Kinship,
}

impl DemoKinship {
    fn of(dir: &Path) -> Result<Self, CliError> {
        demo::unpack(dir).map_err(CliError::Failed)?;
        let mut members = demo::members(dir).into_iter();
        let (_, base) = members.next().unwrap_or_default();
        let (names, paths): (Vec<_>, Vec<_>) = members.unzip();
        let models = open_all(&paths)?;
        let sizes: Vec<u64> = models.iter().map(|model| model.parameters()).collect();
        let named = names.into_iter().zip(sizes);
        let named = named.map(|(name, parameters)| Measured { name, parameters });
        let named = named.collect();
        let kinship = measured(open(&base)?, models, Precision::Full, None)?;
        Ok(Self {
            dir: dir.to_owned(),
            measured: named,
            kinship,
        })
    }

    /// The names of its models, in the order of the matrix.
    pub fn names(&self) -> Vec<String> {
        self.measured
            .iter()
            .map(|model| model.name.clone())
            .collect()
    }

    fn report(&self) -> crate::kinship::Report {
        report(
            &self.kinship,
            "base",
            &self.measured,
            Scope::default(),
            None,
        )
    }
}

/// The main job without a window: the demo family's kinship as text, and as the picture that
/// `picture` makes of it.
///
/// # Errors
/// [`CliError`] if the demo cannot be written or measured.
pub fn without_display(
    picture: impl FnOnce(&DemoKinship) -> Result<Vec<u8>, String>,
) -> Result<(), CliError> {
    out::print("No display was found, so this is the demo family's kinship as text.");
    out::print("");
    let demo = DemoKinship::of(&Folders::of_user().data.join("demo"))?;
    let report = demo.report();
    print(&report, Some(Measure::default().metric));
    let path = demo.dir.join("kinship.png");
    let bytes = picture(&demo).map_err(CliError::Failed)?;
    write_whole(&path, &bytes).map_err(CliError::Failed)?;
    out::print("");
    out::print(&format!("The same as a picture: {}", path.display()));
    out::print(
        "To open the window, run the same command on a desktop, or with DISPLAY or \
         WAYLAND_DISPLAY set; kinfolk --help lists what works without one.",
    );
    Ok(())
}
