//! The sketches of all parts, in the order of the models.

use std::path::Path;

use super::work::place;
use super::{Plan, Task};
use crate::cluster::State;
use crate::files;
use crate::kinship::sketch::{Sketch, read};

/// The largest part that is read: a few kilobytes more than 16 for each of a thousand models.
const MOST_BYTES: u64 = 1 << 30;

/// What joining gave.
#[derive(Debug)]
pub enum Joined {
    /// A sketch of each model.
    Whole(Vec<Sketch>),
    /// Parts are missing.
    Missing(State),
}

/// Looks at the parts and claims of a plan.
pub fn state(out: &Path, plan: &Plan) -> State {
    let tasks = plan.tasks();
    let task = |task: &Task| (task.id.clone(), task.bytes, place(out, task));
    crate::cluster::join::standing(out, tasks.iter().map(task))
}

/// Puts the parts together.
///
/// # Errors
/// A part that is not whole or is of other files.
pub fn join(out: &Path, plan: &Plan) -> Result<Joined, String> {
    let mut all = Vec::with_capacity(plan.models.len());
    for task in plan.tasks() {
        let path = place(out, &task);
        let bytes = match files::read(&path, MOST_BYTES) {
            Err(error) if error.is_missing() => return Ok(Joined::Missing(state(out, plan))),
            read => read.map_err(|error| format!("{error}: {}", path.display()))?,
        };
        let own = read(&bytes).filter(|own| is_of(own, plan, &task));
        let wrong = || {
            let path = path.display();
            format!(
                "this part is not whole, or is of other files; remove it and work again: {path}"
            )
        };
        all.extend(own.ok_or_else(wrong)?);
    }
    Ok(Joined::Whole(all))
}

fn is_of(sketches: &[Sketch], plan: &Plan, task: &Task) -> bool {
    let base = plan.base.as_ref().map(|base| &base.key);
    let members = &plan.models[task.models.clone()];
    let is_own = |(own, member): (&Sketch, &crate::cluster::Member)| {
        own.model == member.key && own.base.as_ref() == base
    };
    sketches.len() == members.len() && sketches.iter().zip(members).all(is_own)
}
