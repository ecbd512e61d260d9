//! What a draft's text spells, kept beside the text: a composition that the canvas has written
//! is not parsed to be read again.

use std::sync::Arc;

use crate::merge::composition::Composition;
use crate::merge::recipe::{ModelRef, Parsed, parse};
use crate::study::{Draft, DraftContent};
use crate::workbench::Workbench;

/// A text and what it spells.
pub(super) struct Reading {
    text: String,
    parsed: Arc<Parsed>,
}

impl Workbench {
    /// The composition of a draft; `None` while its text has a mistake.
    pub fn composition(&self, draft: &Draft) -> Option<Composition> {
        let reference =
            |text: &String| ModelRef::parse(text).unwrap_or_else(|_| ModelRef::at(text.clone()));
        let loose = draft.sheet.loose.iter().map(reference).collect();
        if draft.sheet.text.trim().is_empty() {
            return Some(Composition {
                loose,
                ..Composition::default()
            });
        }
        let made = Composition::spelled(&self.reading(&draft.sheet.text), loose)?;
        Some(Composition {
            output: Some(draft.sheet.output.clone()).filter(|name| !name.is_empty()),
            ..made
        })
    }

    /// What a text spells; parsed only if it is neither the one that was read last nor the one
    /// that was written last. A text that was written has no positions.
    pub(in crate::workbench) fn reading(&self, text: &str) -> Arc<Parsed> {
        match &self.session.composing.reading {
            Some(reading) if reading.text == text => Arc::clone(&reading.parsed),
            _ => Arc::new(parse(text)),
        }
    }

    /// Reads the draft on the canvas, unless that is done.
    pub(in crate::workbench) fn read_shown_draft(&mut self) {
        let Some(draft) = self.doc().shown_draft() else {
            return;
        };
        let is_read = |reading: &Reading| reading.text == draft.sheet.text;
        if !self.session.composing.reading.as_ref().is_some_and(is_read) {
            self.session.composing.reading = Some(Reading {
                parsed: Arc::new(parse(&draft.sheet.text)),
                text: draft.sheet.text.clone(),
            });
        }
    }

    /// Writes a composition as a draft holds it, and keeps what its text spells.
    ///
    /// # Errors
    /// A sentence, if the recipes have no form as YAML.
    pub(super) fn written(&mut self, composition: &Composition) -> Result<DraftContent, String> {
        let text = composition.to_text()?;
        self.session.composing.reading = Some(Reading {
            parsed: Arc::new(Parsed::from(composition.recipes.clone())),
            text: text.clone(),
        });
        Ok(DraftContent {
            text,
            loose: composition.loose.iter().map(ToString::to_string).collect(),
            output: composition.output.clone().unwrap_or_default(),
            places: Vec::new(),
        })
    }
}
