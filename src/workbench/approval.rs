//! Commands that the user has approved. A study brings the command that judges its models, and
//! a study may come from a stranger: such a command is shown and asked for once, before anything
//! is started.
//!
//! What is approved is the call as it runs: program, arguments, variables and the folder that it
//! runs in. Its hash is kept in the program's own folder and never in a study, so no file can
//! approve itself. The same command in another folder is another command, because a relative
//! path means another file there. Files that a command reads are not part of it.

mod file;

use std::path::{Path, PathBuf};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{NoticeKind, Workbench};
use crate::evaluate::command::{Call, program_file};
use crate::study::{Command, Evaluator, EvolutionEdit, EvolutionId, ModelId};

/// A command that the user has not approved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unapproved {
    /// The call; its placeholders are not filled in.
    pub call: Call,
    /// The file that would run, or why there is none.
    pub program: Result<PathBuf, String>,
    pub folder: PathBuf,
    /// The study that it is from; `None` before the study has a place.
    pub study: Option<PathBuf>,
    /// The hash of the call as it runs.
    hash: String,
}

/// What a run of the program knows of approvals, beside the file.
#[derive(Default)]
pub(super) struct Approvals {
    /// Calls of this study that the user has typed or approved since it was opened.
    own: Vec<Call>,
    /// Calls that came with the study or were made by changing such a one, until they are
    /// approved: choosing one again is not typing it.
    foreign: Vec<Call>,
    asked: Option<Asked>,
}

/// A question to the user.
struct Asked {
    command: Unapproved,
    /// What goes on when the answer is yes.
    models: Vec<ModelId>,
    evolutions: Vec<EvolutionId>,
}

#[derive(Clone, Copy)]
pub(super) enum Asker {
    /// The user, this model.
    Model(ModelId),
    Evolution(EvolutionId),
}

/// Calls of this session that are remembered: one for every letter that is typed.
const MOST_CALLS: usize = 2000;

impl Workbench {
    /// The study's command, if it may not run before the user has approved it.
    pub fn unapproved_command(&self) -> Option<Unapproved> {
        let call = self.command()?;
        if is_blank(call) || self.is_approved(call) {
            return None;
        }
        let folder = self.folder_of(call);
        let placed = Call {
            folder: Some(folder.clone()),
            ..call.clone()
        };
        Some(Unapproved {
            call: call.clone(),
            program: program_file(&placed),
            study: self.path().map(Path::to_owned),
            hash: hash(call, &folder),
            folder,
        })
    }

    /// The command that the user is asked about, because something waits for it.
    pub fn asked_command(&self) -> Option<&Unapproved> {
        let asked = self.session.approvals.asked.as_ref();
        asked.map(|asked| &asked.command)
    }

    /// Approves a command from now on. That it could not be written down is told; it may run
    /// all the same until the study is closed.
    pub fn approve(&mut self, command: &Unapproved) {
        let approvals = &mut self.session.approvals;
        remember(&mut approvals.own, &command.call);
        approvals.foreign.retain(|call| *call != command.call);
        self.write_down(&command.call, &command.folder, &command.hash);
    }

    /// Approves the command that the user was asked about, and does what waited for it.
    pub fn approve_asked(&mut self) {
        let Some(asked) = self.session.approvals.asked.take() else {
            return;
        };
        self.approve(&asked.command);
        self.evaluate_models(&asked.models);
        for id in asked.evolutions {
            self.run_evolution(id);
        }
    }

    /// Leaves the command that the user was asked about alone, and what waited for it.
    pub fn refuse_asked(&mut self) {
        self.session.approvals.asked = None;
    }

    /// Says who judges, by the user's own hand. What the user types is approved by that; what
    /// is made by changing a command that is not approved, is not.
    pub fn set_evaluator(&mut self, evaluator: Evaluator) {
        let before = self.command().cloned();
        let was_foreign = before.filter(|call| !is_blank(call) && !self.is_approved(call));
        self.apply(Command::Evolution(EvolutionEdit::SetEvaluator(evaluator)));
        let Some(now) = self.command().cloned() else {
            // A look at another evaluator, and back, must not approve it.
            return remember_all(&mut self.session.approvals.foreign, was_foreign.as_ref());
        };
        let is_template = Call {
            folder: None,
            limit_minutes: None,
            ..now.clone()
        } == Call::lm_eval();
        let is_foreign = was_foreign.is_some() || self.session.approvals.foreign.contains(&now);
        remember_all(&mut self.session.approvals.foreign, was_foreign.as_ref());
        if is_foreign && !(is_template && now.folder.is_none()) {
            remember(&mut self.session.approvals.foreign, &now);
        } else {
            remember(&mut self.session.approvals.own, &now);
        }
    }

    /// Writes down what the user has typed, once it is saved and has come to rest.
    pub(super) fn keep_own_command(&mut self) {
        let Some(call) = self.command().cloned() else {
            return;
        };
        if is_blank(&call) || !self.session.approvals.own.contains(&call) {
            return;
        }
        let folder = self.folder_of(&call);
        let hash = hash(&call, &folder);
        if !file::has(&self.folders.data, &hash) {
            self.write_down(&call, &folder, &hash);
        }
    }

    /// Lets an approved command stay approved where the study is saved next.
    pub(super) fn take_command_along(&mut self) {
        if let Some(call) = self.command().cloned()
            && self.is_approved(&call)
        {
            remember(&mut self.session.approvals.own, &call);
        }
    }

    /// Whether the study's command has to be asked about first; then `asker` goes on by itself
    /// when it is approved.
    pub(super) fn asks_first(&mut self, asker: Asker) -> bool {
        let Some(command) = self.unapproved_command() else {
            return false;
        };
        let asked = self.session.approvals.asked.get_or_insert_with(|| Asked {
            command: command.clone(),
            models: Vec::new(),
            evolutions: Vec::new(),
        });
        asked.command = command;
        match asker {
            Asker::Model(id) if !asked.models.contains(&id) => asked.models.push(id),
            Asker::Evolution(id) if !asked.evolutions.contains(&id) => asked.evolutions.push(id),
            Asker::Model(_) | Asker::Evolution(_) => {}
        }
        true
    }

    fn command(&self) -> Option<&Call> {
        self.doc().evaluator.command()
    }

    fn is_approved(&self, call: &Call) -> bool {
        self.session.approvals.own.contains(call)
            || file::has(&self.folders.data, &hash(call, &self.folder_of(call)))
    }

    /// The folder that a call runs in, without links where it is there.
    fn folder_of(&self, call: &Call) -> PathBuf {
        let of_study = self.path().and_then(Path::parent);
        whole(call.folder.as_deref().or(of_study))
    }

    fn write_down(&mut self, call: &Call, folder: &Path, hash: &str) {
        let written = file::add(&self.folders.data, hash, &call.to_line(), folder);
        if let Err(error) = written {
            let title = "The approval could not be kept; you will be asked again";
            self.notify(NoticeKind::Note, title, crate::text::sentence_case(&error));
        }
    }
}

/// Whether a call was approved by the user whose folder `data` is, for the folder that it names.
pub fn is_approved_in(data: &Path, call: &Call) -> bool {
    file::has(data, &hash(call, &whole(call.folder.as_deref())))
}

/// Approves a call that the user has typed, for the folder that it names.
///
/// # Errors
/// Why the approval could not be written down.
pub fn approve_in(data: &Path, call: &Call) -> Result<(), String> {
    let folder = whole(call.folder.as_deref());
    file::add(data, &hash(call, &folder), &call.to_line(), &folder)
}

/// A folder without links where it is there.
fn whole(folder: Option<&Path>) -> PathBuf {
    // A study that was named without a folder lies where the program runs.
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let whole = folder.canonicalize();
    whole
        .or_else(|_| std::path::absolute(folder))
        .unwrap_or_else(|_| folder.to_owned())
}

/// The call as it runs, in the one order of its parts that is hashed.
#[derive(Serialize)]
struct Hashed<'a> {
    program: &'a str,
    arguments: &'a [String],
    variables: &'a [(String, String)],
    /// Every byte of it: two folders never look alike.
    folder: String,
}

fn hash(call: &Call, folder: &Path) -> String {
    let folder = folder.as_os_str().as_encoded_bytes();
    let hashed = Hashed {
        program: &call.program,
        arguments: &call.arguments,
        variables: &call.variables,
        folder: folder.escape_ascii().to_string(),
    };
    // Texts in a list have no way to fail.
    let text = serde_json::to_string(&hashed).unwrap_or_default();
    format!("{:x}", Sha256::digest(text))
}

/// Whether there is nothing yet that could run.
fn is_blank(call: &Call) -> bool {
    call.program.is_empty() && call.arguments.is_empty() && call.variables.is_empty()
}

fn remember_all(calls: &mut Vec<Call>, more: Option<&Call>) {
    more.into_iter().for_each(|call| remember(calls, call));
}

fn remember(calls: &mut Vec<Call>, call: &Call) {
    calls.retain(|other| other != call);
    calls.push(call.clone());
    if calls.len() > MOST_CALLS {
        calls.remove(0);
    }
}

/// A text in which everything can be seen: characters that move the cursor, turn the direction
/// of writing or take no room stand there by their numbers, `\u{202e}`.
pub fn visible(text: &str) -> String {
    text.chars().map(seen).collect()
}

/// A character as [`visible`] shows it.
pub fn seen(c: char) -> String {
    // Of what `escape_debug` escapes, these three are seen as they are.
    match matches!(c, '\\' | '"' | '\'') || c.escape_debug().len() == 1 {
        true => c.to_string(),
        false => c.escape_unicode().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_decides_what_runs_decides_the_hash() {
        let call = Call {
            limit_minutes: Some(5),
            ..Call::lm_eval()
        };
        let here = Path::new("/a");
        let first = hash(&call, here);
        assert_eq!(first.len(), 64);
        let changed = |change: fn(&mut Call)| {
            let mut call = call.clone();
            change(&mut call);
            hash(&call, here)
        };
        let same = changed(|call| call.limit_minutes = None);
        assert_eq!(same, first, "how long it may take is not what runs");
        let all = [
            hash(&call, Path::new("/b")),
            changed(|call| call.program = "lm-eval".to_owned()),
            changed(|call| call.arguments[0].push(' ')),
            changed(|call| call.arguments.swap(0, 1)),
            changed(|call| {
                let last = call.arguments.pop().unwrap_or_default();
                call.arguments.last_mut().unwrap().push_str(&last);
            }),
            changed(|call| call.variables[0].1 = "2".to_owned()),
            changed(|call| call.variables.clear()),
        ];
        for (k, hash) in all.iter().enumerate() {
            assert_ne!(*hash, first, "{k}");
            assert!(!all[..k].contains(hash), "{k}");
        }
    }

    #[test]
    fn nothing_in_a_text_is_unseen() {
        for (text, shown) in [
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("\u{202e}txt\u{200b}", "\\u{202e}txt\\u{200b}"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("'a' \"b\" C:\\c é 日本", "'a' \"b\" C:\\c é 日本"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
