//! What is known of the study that is open. Another study has another session: nothing of the
//! one before is left.

use std::cell::OnceCell;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use super::ancestry::Ancestries;
use super::approval::Approvals;
use super::comparing::Comparing;
use super::composing::Composing;
use super::converting::Conversion;
use super::evolving::{Evolving, ProposedTasks};
use super::extracting::Extracting;
use super::inspecting::Inspecting;
use super::kin::Kin;
use super::measuring::Measuring;
use super::merging::Merging;
use super::mixing::Mixing;
use super::proposing::Proposing;
use super::proving::Proving;
use super::relating::Relating;
use super::saving::Saving;
use super::suggesting::Suggested;
use super::sweeping::Sweeping;
use super::tokens::Listing;
use super::transplanting::Transplanting;
use super::write_check::WriteChecks;
use super::{ModelFiles, Picture};
use crate::findings::Finding;
use crate::import::Source;
use crate::study::{ModelId, PairRow, ShortNames, Study, StudyDoc, StudyFacts};

/// A study with everything that is known of it and done for it.
#[derive(Default)]
pub(super) struct Session {
    pub study: Study,
    pub saving: Saving,
    pub models: BTreeMap<ModelId, ModelFiles>,
    /// Whether the disk is being asked what has become of the open files.
    pub is_looking_at_disk: bool,
    pub measuring: Measuring,
    pub kin: Kin,
    pub derived: Derived,
    /// What is in the evaluator's way, looked up when it is asked for.
    pub objection: OnceCell<Option<String>>,
    pub inspecting: Inspecting,
    pub comparing: Comparing,
    pub extracting: Extracting,
    pub proving: Proving,
    pub relating: Relating,
    pub ancestries: Ancestries,
    pub proposing: Proposing,
    pub composing: Composing,
    pub merging: Merging,
    pub transplanting: Transplanting,
    pub mixing: Mixing,
    /// Models written in another format, at most one of each.
    pub conversions: Vec<Conversion>,
    /// The one that somebody looks at.
    pub watched_conversion: Option<ModelId>,
    pub write_checks: WriteChecks,
    pub tokens: Listing,
    pub evolving: Evolving,
    pub sweeping: Sweeping,
    pub approvals: Approvals,
    /// What was read to be imported, until the window takes it.
    pub import_sources: VecDeque<Source>,
    /// What was drawn to be copied, until the window takes it.
    pub picture: Option<Picture>,
}

impl Session {
    pub fn new(doc: StudyDoc, path: Option<PathBuf>) -> Self {
        Self {
            study: Study::new(doc),
            saving: Saving::at(path),
            ..Self::default()
        }
    }
}

/// What follows from the record, worked out when it is asked for.
#[derive(Default)]
pub(super) struct Derived {
    pub record: OnceCell<StudyFacts>,
    pub names: OnceCell<ShortNames>,
    pub pairs: OnceCell<Vec<PairRow>>,
    pub suggested: OnceCell<Suggested>,
    pub findings: OnceCell<Vec<Finding>>,
    pub proposed_tasks: OnceCell<Option<ProposedTasks>>,
}
