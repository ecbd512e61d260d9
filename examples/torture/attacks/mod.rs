//! The attacks, one file each, and what several of them need: a merge and a study.

mod changed_inputs;
mod evolution_kills;
mod full_disks;
mod merge_kills;
mod merges;
mod pairs;
mod small_disk;
mod special_files;
mod special_folders;
mod special_inputs;
mod special_outputs;
mod stage;
mod studies;
mod targets;
pub mod window;
mod window_kills;

use std::path::Path;
use std::time::Duration;

use crate::tools::{Desk, Result, Row};

/// Something that is done to the program again and again.
pub struct Attack {
    /// Its name on the command line.
    pub name: &'static str,
    /// What goes wrong around the program.
    pub fault: &'static str,
    /// How it is brought about.
    pub how: &'static str,
    /// How many times, unless the command line says so.
    pub times: u32,
    /// Carries it out in a folder of its own.
    pub run: fn(&Desk, &Path, u32, &mut Row) -> Result<()>,
}

/// Every attack, in the order of the table.
pub const ATTACKS: [Attack; 12] = [
    merge_kills::NEW,
    merge_kills::REPLACING,
    evolution_kills::ATTACK,
    window_kills::ATTACK,
    changed_inputs::CUT,
    changed_inputs::OVERWRITTEN,
    full_disks::ATTACK,
    pairs::EVOLUTIONS,
    pairs::WITH_WINDOW,
    special_inputs::ATTACK,
    special_outputs::ATTACK,
    special_folders::ATTACK,
];

/// The longest that any call of the attacks may take; one that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);
