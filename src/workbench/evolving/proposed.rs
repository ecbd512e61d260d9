//! Tasks that lie beside the models of a study, and so are probably meant for them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::workbench::Workbench;

/// What a folder of tasks is called, and how its files end.
const FOLDER: &str = "tasks";
const ENDING: &str = "jsonl";
/// Entries of a folder that are looked at.
const LOOKED_AT: usize = 500;

/// A folder of tasks that the evaluator does not use yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposedTasks {
    pub folder: PathBuf,
    pub files: usize,
}

impl Workbench {
    /// The folder of tasks beside the models, or beside the study, that has most files; looked
    /// up once for each state of the study.
    pub fn proposed_tasks(&self) -> Option<&ProposedTasks> {
        let known = &self.session.derived.proposed_tasks;
        known.get_or_init(|| self.find_tasks()).as_ref()
    }

    fn find_tasks(&self) -> Option<ProposedTasks> {
        let doc = self.doc();
        let paths = doc.models.iter().filter_map(|model| model.path.as_deref());
        let beside = paths.chain(self.path()).filter_map(Path::parent);
        let folders: BTreeSet<PathBuf> = beside.map(|parent| parent.join(FOLDER)).collect();
        let used = doc.evaluator.tasks().unwrap_or_default();
        let is_used = |folder: &Path| used.iter().any(|own| own.starts_with(folder));
        let proposed = folders.into_iter().filter(|folder| !is_used(folder));
        let proposed = proposed.map(|folder| ProposedTasks {
            files: files_in(&folder),
            folder,
        });
        let most = proposed.filter(|proposed| proposed.files > 0);
        most.max_by_key(|proposed| proposed.files)
    }
}

fn files_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let is_task = |path: &PathBuf| path.extension().is_some_and(|ending| ending == ENDING);
    entries
        .take(LOOKED_AT)
        .map(|entry| entry.path())
        .filter(is_task)
        .count()
}
