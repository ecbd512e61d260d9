//! Opening a study, or an earlier version of one that cannot be read.

use std::path::Path;

use super::Known;
use super::place::{MOST_STUDY_BYTES, free_name, read_study};
use crate::files::{self, Identity, write_whole};
use crate::study::{ModelId, StudyDoc};
use crate::workbench::Workbench;
use crate::workbench::backups::{self, Backup};

impl Workbench {
    /// A good copy of the study that could not be opened last.
    pub fn backup(&self) -> Option<&Backup> {
        self.session.saving.backup.as_ref()
    }

    pub fn forget_backup(&mut self) {
        self.session.saving.backup = None;
    }

    /// Opens a study file; on failure what was open stays. One that another program has open
    /// can be looked at only.
    pub fn open_study(&mut self, path: &Path) {
        self.save_if_changed();
        // Before it is read: what is written while it is must count as a change.
        let identity = Identity::of(path);
        match read_study(path) {
            Ok((doc, text)) => {
                backups::keep(&self.folders, path, &text);
                self.put_in(doc, path, identity);
            }
            Err(error) => {
                let is_file = path.is_file();
                let copy = is_file.then(|| backups::newest(&self.folders, path));
                self.session.saving.backup = copy.flatten();
                let copy = self.session.saving.backup.as_ref().map(|copy| {
                    let place = copy.path.display();
                    format!("; an earlier version of it is kept in {place}")
                });
                let detail = error + &copy.unwrap_or_default();
                self.report_error("The study could not be opened", detail);
            }
        }
    }

    /// Opens the good copy in place of the study that cannot be read, which stays beside it
    /// under another name.
    pub fn open_backup(&mut self) {
        let Some(Backup { study, path, .. }) = self.session.saving.backup.take() else {
            return;
        };
        let restored = files::read_text(&path, MOST_STUDY_BYTES)
            .map_err(|error| format!("{error}: {}", path.display()))
            .and_then(|text| {
                let damaged = free_name(&study, "damaged");
                std::fs::rename(&study, &damaged)
                    .map_err(|error| format!("{error}: {}", study.display()))?;
                write_whole(&study, text.as_bytes())
            });
        match restored {
            Ok(()) => self.open_study(&study),
            Err(error) => self.report_error("The earlier version could not be opened", error),
        }
    }

    fn put_in(&mut self, doc: StudyDoc, path: &Path, identity: Option<Identity>) {
        self.replace(doc.clone(), Some(path.to_owned()));
        self.session.saving.known = Some(Known {
            identity,
            doc: Box::new(doc),
        });
        self.take_lock();
        let with_path = self.doc().models.iter().filter(|m| m.path.is_some());
        let ids: Vec<ModelId> = with_path.map(|m| m.id).collect();
        ids.into_iter().for_each(|id| self.open_model(id));
        self.remember();
    }
}
