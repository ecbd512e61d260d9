//! Where the attacks are carried out: the program, the temporary folder, the seed.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::{Call, Dice, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What every attack gets.
pub struct Desk {
    own: PathBuf,
    program: PathBuf,
    folder: TempDir,
    seed: u64,
    /// Whether small disks must not be mounted.
    pub without_mounts: bool,
}

impl Desk {
    /// Finds the program beside this example; from here on Ctrl C ends the attacks, so that the
    /// temporary folder is removed.
    pub fn new(seed: u64, without_mounts: bool) -> Result<Self> {
        ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))?;
        let folder = tempfile::Builder::new().prefix("torture-").tempdir()?;
        let own = std::env::current_exe()?;
        Ok(Self {
            program: program(&own)?,
            own,
            folder,
            seed,
            without_mounts,
        })
    }

    /// A new folder for an attack, removed when it is dropped.
    pub fn room(&self) -> Result<TempDir> {
        // Short, because the path of a socket must have less than 108 bytes.
        let mut builder = tempfile::Builder::new();
        Ok(builder
            .prefix("")
            .rand_bytes(3)
            .tempdir_in(self.folder.path())?)
    }

    /// A call of the program that keeps its own data below `room`.
    pub fn kinfolk(&self, room: &Path) -> Call {
        Call::new(&self.program, room)
    }

    /// A call of this example as the window's workbench.
    pub fn window(&self, room: &Path, study: &Path) -> Call {
        Call::new(&self.own, room).arg("--edit").arg(study)
    }

    /// The random choices for one purpose.
    pub fn dice(&self, purpose: &str) -> Dice {
        Dice::new(self.seed, purpose)
    }

    /// An error once Ctrl C was pressed.
    pub fn go_on(&self) -> Result<()> {
        match INTERRUPTED.load(Ordering::Relaxed) {
            true => Err("interrupted".into()),
            false => Ok(()),
        }
    }
}

/// `target/release/kinfolk` for `target/release/examples/torture`.
fn program(own: &Path) -> Result<PathBuf> {
    let folder = own.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    let program = folder.join("kinfolk");
    if !program.is_file() {
        let sentence = "the program is not built; call `cargo build --release` first";
        return Err(format!("{sentence}: {}", program.display()).into());
    }
    Ok(program)
}
