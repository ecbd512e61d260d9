//! Letters of names that the window's own typefaces lack: asked for once each.

use std::collections::BTreeSet;

use eframe::egui::Context;

use crate::ui::fonts;
use crate::workbench::{Face, Workbench};

/// What was asked for and what was found.
#[derive(Default)]
pub(super) struct Letters {
    /// The state of the workbench whose names were looked at.
    seen: Option<u64>,
    asked: BTreeSet<char>,
    faces: Vec<Face>,
}

impl Letters {
    /// Asks for what is missing, and takes in what was found.
    pub(super) fn advance(&mut self, ctx: &Context, bench: &mut Workbench) {
        let found = bench.take_faces();
        if !found.is_empty() {
            self.faces.extend(found);
            fonts::install_more(ctx, &self.faces);
        }
        let revision = Some(bench.revision());
        // Before the first frame there are no typefaces to ask.
        if self.seen == revision || ctx.cumulative_pass_nr() == 0 {
            return;
        }
        self.seen = revision;
        let doc = bench.study().doc();
        let models = doc.models.iter().flat_map(|m| [&m.name[..], &m.note]);
        let drafts = doc.drafts.iter().map(|draft| &draft.name[..]);
        let texts = models.chain(drafts).chain([&doc.name[..]]);
        let mut missing = fonts::missing(ctx, texts);
        missing.retain(|letter| !self.asked.contains(letter));
        if !missing.is_empty() {
            self.asked.extend(&missing);
            bench.find_faces(missing);
        }
    }
}
