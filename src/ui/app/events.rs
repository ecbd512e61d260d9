//! What is taken out of the events of a frame: keys that are not for what is drawn first, and
//! paths that were pasted.

use std::path::PathBuf;

use eframe::egui::{Context, Event};

/// Takes keys and texts out of what has happened, for what is drawn later.
pub(super) fn held_keys(ctx: &Context) -> Vec<Event> {
    let is_key = |event: &Event| {
        matches!(
            event,
            Event::Key { .. } | Event::Text(_) | Event::Copy | Event::Cut | Event::Paste(_)
        )
    };
    ctx.input_mut(|input| {
        let (held, rest) = std::mem::take(&mut input.events)
            .into_iter()
            .partition(is_key);
        input.events = rest;
        held
    })
}

/// The paths in pasted texts, which nobody else hears of then; all other texts are left to the
/// view, which may have cells for them.
pub(super) fn take_pasted_paths(events: &mut Vec<Event>) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    events.retain(|event| {
        let Event::Paste(text) = event else {
            return true;
        };
        let found = pasted_paths(text);
        let is_taken = !found.is_empty();
        paths.extend(found);
        !is_taken
    });
    paths
}

/// Paths in a pasted text, one a line, with or without quotes or `file://`.
///
/// A text in which some line is no existing path is no list of paths and gives none.
fn pasted_paths(text: &str) -> Vec<PathBuf> {
    let line = |line: &str| {
        let line = line.trim().trim_matches(['"', '\'']);
        let plain = line.strip_prefix("file://").unwrap_or(line);
        PathBuf::from(plain)
    };
    let lines: Vec<PathBuf> = text
        .lines()
        .filter(|l| !l.trim().is_empty())
        .map(line)
        .collect();
    if lines.iter().all(|path| path.is_absolute()) {
        lines
    } else {
        Vec::new()
    }
}
