//! The files of weights of one step, one after the other: while one is on its way to the disk the
//! next is made.

use std::sync::Arc;

use super::super::error::MergeError;
use super::super::write::{Finishing, ShardFile, ShardPlan, Staging};
use super::outcome::RunError;
use crate::checkpoint::{Checkpoint, Watch};
use crate::jobs::Ticket;

/// The files of weights of one step while they are made.
pub(crate) struct Shards<'a> {
    staging: &'a mut Staging,
    watch: &'a Watch<Arc<Checkpoint>>,
    ticket: &'a Ticket,
    finishing: Option<Finishing>,
}

impl<'a> Shards<'a> {
    pub(crate) fn new(
        staging: &'a mut Staging,
        watch: &'a Watch<Arc<Checkpoint>>,
        ticket: &'a Ticket,
    ) -> Self {
        Self {
            staging,
            watch,
            ticket,
            finishing: None,
        }
    }

    /// Whether an earlier run has finished it.
    pub(crate) fn has(&self, shard: &ShardPlan) -> bool {
        self.staging.has(shard)
    }

    /// Makes one file by what `make` writes into it.
    pub(crate) fn make<T>(
        &mut self,
        shard: &ShardPlan,
        make: impl FnOnce(&ShardFile) -> Result<T, MergeError>,
    ) -> Result<T, RunError> {
        let file = ShardFile::create(self.staging.path(), shard)
            .map_err(|error| self.staging.sentence(&error, &shard.file_name))?;
        let made = make(&file);
        // First, because reading what is lost can fail by other words.
        self.watch.check()?;
        let made = made.map_err(|error| failure(error, self.staging, shard))?;
        self.await_disk()?;
        let handed = file.finish(&shard.file_name);
        let handed = handed.map_err(|error| self.staging.sentence(&error, &shard.file_name))?;
        self.finishing = Some(handed);
        Ok(made)
    }

    /// Waits until all of them are on the disk.
    pub(crate) fn finish(mut self) -> Result<(), RunError> {
        self.await_disk()
    }

    fn await_disk(&mut self) -> Result<(), RunError> {
        let Some(finishing) = self.finishing.take() else {
            return Ok(());
        };
        let file_name = finishing.file_name().to_owned();
        match finishing.wait(self.ticket)? {
            Ok(()) => Ok(self.staging.note(&file_name)?),
            Err(error) => Err(self.staging.sentence(&error, &file_name).into()),
        }
    }
}

/// The sentence for what went wrong in a shard.
fn failure(error: MergeError, staging: &Staging, shard: &ShardPlan) -> RunError {
    match error {
        MergeError::Cancelled(cancelled) => cancelled.into(),
        MergeError::Write(error) => staging.sentence(&error, &shard.file_name).into(),
        MergeError::Refused(sentence) => RunError::Failed(sentence),
    }
}
