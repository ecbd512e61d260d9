//! What the stages of the import window share.

use eframe::egui::{Response, RichText, Ui, WidgetInfo, WidgetType};

use crate::import::{ImportError, Preview, Ready};
use crate::study::StudyDoc;
use crate::ui::theme::{self, Tokens, size, space};
use crate::workbench::Workbench;

/// What would come of an import, or what is in the way.
pub type Outcome = Result<(Ready, Preview), Vec<ImportError>>;

/// An outcome with what it was worked out from.
pub struct Kept<K> {
    of: Option<(u64, K)>,
    outcome: Outcome,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self {
            of: None,
            outcome: Err(Vec::new()),
        }
    }
}

impl<K: PartialEq + Clone> Kept<K> {
    /// The outcome for `key` in the study as it is; worked out anew if either has changed.
    pub fn get(
        &mut self,
        bench: &Workbench,
        key: &K,
        make: impl FnOnce(&StudyDoc) -> Result<Ready, Vec<ImportError>>,
    ) -> &Outcome {
        let revision = bench.revision();
        let holds = self
            .of
            .as_ref()
            .is_some_and(|(r, k)| *r == revision && k == key);
        if !holds {
            let doc = bench.study().doc();
            self.outcome = make(doc).map(|ready| {
                let preview = Preview::new(&ready.import, doc);
                (ready, preview)
            });
            self.of = Some((revision, key.clone()));
        }
        &self.outcome
    }
}

/// The title, with what it is about beside it.
pub fn head_ui(ui: &mut Ui, name: &str, facts: &str) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("Import scores").size(size::HEADING));
        ui.add_space(space::XS);
        ui.label(name).on_hover_text(name);
        ui.weak(facts);
    });
}
