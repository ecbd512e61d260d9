//! Long operations of one kind: what is wanted, what is running, and what was answered last.
//!
//! A request that waits may be given up for a newer one; an answer is kept beside its request,
//! and an answer to a request that was dropped is dropped too.

use std::collections::VecDeque;

use super::Workbench;
use super::session::Session;
use crate::jobs::{Failure, JobId, Ticket};

/// Operations asked for by `Q`, whose answers are `A`.
pub(super) struct Queue<Q, A = ()> {
    wanted: VecDeque<Q>,
    running: Vec<(Q, JobId)>,
    answer: Option<(Q, A)>,
}

impl<Q, A> Default for Queue<Q, A> {
    fn default() -> Self {
        Self {
            wanted: VecDeque::new(),
            running: Vec::new(),
            answer: None,
        }
    }
}

impl<Q: PartialEq, A> Queue<Q, A> {
    /// Puts a request behind the others, unless it waits already.
    pub fn want(&mut self, request: Q) {
        if !self.wanted.contains(&request) {
            self.wanted.push_back(request);
        }
    }

    /// Puts a request in the place of all that wait, unless it is answered or being answered.
    pub fn want_only(&mut self, request: Q) {
        self.wanted.clear();
        if self.wants(&request) {
            self.wanted.push_back(request);
        }
    }

    /// Whether a request is neither answered nor being answered.
    pub fn wants(&self, request: &Q) -> bool {
        let is_answer = self.answer.as_ref().is_some_and(|(own, _)| own == request);
        self.job_of(request).is_none() && !(is_answer && self.running.is_empty())
    }

    /// Drops what waits, but for what is to stay.
    pub fn retain_wanted(&mut self, stays: impl FnMut(&Q) -> bool) {
        self.wanted.retain(stays);
    }

    /// The request to start now: the one that has waited longest, once nothing runs.
    pub fn next_wanted(&mut self) -> Option<Q> {
        match self.running[..] {
            [] => self.wanted.pop_front(),
            _ => None,
        }
    }

    /// A job has begun to work on a request.
    pub fn started(&mut self, request: Q, job: JobId) {
        self.running.push((request, job));
    }

    /// A job has ended: what it was to answer; `None` if nothing waits for it any more.
    pub fn ended(&mut self, job: JobId) -> Option<Q> {
        let at = self.running.iter().position(|(_, own)| *own == job)?;
        Some(self.running.remove(at).0)
    }

    /// A job has ended with an answer.
    pub fn answered(&mut self, job: JobId, answer: A) {
        if let Some(request) = self.ended(job) {
            self.answer = Some((request, answer));
        }
    }

    /// What is being worked on, and by which job.
    pub fn running(&self) -> Option<&(Q, JobId)> {
        self.running.first()
    }

    /// The job that works on a request.
    pub fn job_of(&self, request: &Q) -> Option<JobId> {
        let own = self.running.iter().find(|(own, _)| own == request)?;
        Some(own.1)
    }

    /// What waits, longest first.
    pub fn wanted(&self) -> impl Iterator<Item = &Q> {
        self.wanted.iter()
    }

    pub fn answer(&self) -> Option<&(Q, A)> {
        self.answer.as_ref()
    }

    /// Forgets the answer, so that it is asked for anew.
    pub fn forget_answer(&mut self) {
        self.answer = None;
    }
}

impl Workbench {
    /// Works on what waits in a queue, out of sight, until nothing waits any more.
    pub(super) fn work_on<Q, A>(
        &mut self,
        title: &'static str,
        queue: fn(&mut Session) -> &mut Queue<Q, A>,
        work: fn(&Q, &Ticket) -> Result<A, Failure>,
    ) where
        Q: Clone + PartialEq + Send + 'static,
        A: Send + 'static,
    {
        let Some(request) = queue(&mut self.session).next_wanted() else {
            return;
        };
        let (job, asked) = (self.jobs.next_id(), request.clone());
        let ending = move |bench: &mut Self, result| {
            match result {
                Ok(answer) => queue(&mut bench.session).answered(job, answer),
                Err(failure) => {
                    queue(&mut bench.session).ended(job);
                    bench.report_failure(title, failure);
                }
            }
            bench.work_on(title, queue, work);
        };
        (self.jobs).spawn_quietly(title, move |ticket| work(&asked, ticket), ending);
        queue(&mut self.session).started(request, job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::Jobs;

    fn job() -> JobId {
        Jobs::<()>::new(|| {}).next_id()
    }

    #[test]
    fn one_is_worked_on_at_a_time_in_the_order_of_asking() {
        let mut queue: Queue<u32> = Queue::default();
        for k in [1, 2, 1] {
            queue.want(k);
        }
        assert_eq!(queue.next_wanted(), Some(1));
        queue.started(1, job());
        assert_eq!(queue.next_wanted(), None);
        assert_eq!(queue.wanted().collect::<Vec<_>>(), [&2]);
        assert_eq!(queue.ended(job()), Some(1));
        assert_eq!(queue.next_wanted(), Some(2));
    }

    #[test]
    fn the_latest_request_alone_waits() {
        let mut queue: Queue<u32, char> = Queue::default();
        queue.want_only(1);
        assert_eq!(queue.next_wanted(), Some(1));
        queue.started(1, job());
        for k in [2, 3] {
            queue.want_only(k);
        }
        queue.answered(job(), 'a');
        assert_eq!(queue.answer(), Some(&(1, 'a')));
        assert_eq!((queue.next_wanted(), queue.next_wanted()), (Some(3), None));
    }

    #[test]
    fn what_is_known_is_not_asked_for_again() {
        let mut queue: Queue<u32, char> = Queue::default();
        queue.started(1, job());
        queue.want_only(1);
        queue.answered(job(), 'a');
        queue.want_only(1);
        assert_eq!(queue.next_wanted(), None);
        queue.forget_answer();
        queue.want_only(1);
        assert_eq!(queue.next_wanted(), Some(1));
    }

    #[test]
    fn an_answer_that_nothing_waits_for_is_dropped() {
        let mut queue: Queue<u32, char> = Queue::default();
        queue.answered(job(), 'a');
        assert_eq!(queue.answer(), None);
    }
}
