//! What every part of the view of one evolution is given.

use super::super::summaries::RunSummaries;
use crate::jobs::JobId;
use crate::study::EvolutionId;
use crate::workbench::Workbench;

/// The evolution that is shown, and all that is known beside it.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    pub bench: &'a Workbench,
    pub runs: &'a RunSummaries,
    pub id: EvolutionId,
}

impl RunContext<'_> {
    /// How far a job is, 0 to 1, if that is known.
    pub fn fraction_of(&self, job: JobId) -> Option<f32> {
        let job = self.bench.jobs().running().iter().find(|j| j.id == job)?;
        job.ticket.progress().fraction().map(|f| f as f32)
    }
}
