//! Plans of the exact kinship of each family that sketches have found.

use std::path::Path;

use super::sketched::Sketched;
use crate::cli::cluster::common::{DEFAULT_BLOCK, DEFAULT_TASK_BYTES, write_plan};
use crate::cli::{CliError, out};
use crate::files::write_whole;
use crate::origin::population::{Family, Population};

/// Writes `family-1.list` and the plan `family-1`, and so on, for families of two models and more
/// besides their base; where no base is known the list alone, for whoever knows it.
pub fn write(folder: &Path, sketched: &Sketched, found: &Population) -> Result<(), CliError> {
    for (k, family) in found.families.iter().enumerate() {
        let members: Vec<usize> = own_members(family);
        if members.len() < 2 {
            continue;
        }
        let stem = format!("family-{}", k + 1);
        let paths: Vec<_> = members.iter().map(|&k| sketched.paths[k].clone()).collect();
        let mut list = String::new();
        for path in &paths {
            let path = std::path::absolute(path).map_err(CliError::failed)?;
            list.push_str(&format!("{}\n", path.display()));
        }
        let place = folder.join(format!("{stem}.list"));
        write_whole(&place, list.as_bytes()).map_err(CliError::Failed)?;
        let of_family = family.base.map(|k| sketched.paths[k].as_path());
        let base = of_family.or(sketched.base.as_ref().map(|(_, path)| path.as_path()));
        let Some(base) = base else {
            out::say(&format!(
                "no base could be told for family {}; name it: kinfolk cluster plan --base BASE \
                 --models {} {}",
                k + 1,
                place.display(),
                folder.join(&stem).display()
            ));
            continue;
        };
        let size = (DEFAULT_BLOCK, DEFAULT_TASK_BYTES);
        let (plan, tasks) = write_plan(base, &paths, size, &folder.join(&stem))?;
        out::say(&format!(
            "family {}: {} models on {}, {} tasks: kinfolk cluster work {}",
            k + 1,
            plan.models.len(),
            plan.base.name,
            tasks.len(),
            folder.join(&stem).display()
        ));
    }
    Ok(())
}

fn own_members(family: &Family) -> Vec<usize> {
    let own = family.members.iter().copied();
    own.filter(|k| Some(*k) != family.base).collect()
}
