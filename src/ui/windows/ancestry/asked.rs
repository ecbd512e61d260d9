//! Who may be a parent, and whether shares may be negative.

use std::collections::BTreeSet;

use eframe::egui::Ui;

use crate::origin::ancestry::Signs;
use crate::study::ModelId;
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::fold_toggle;
use crate::workbench::Workbench;
use crate::workbench::ancestry::AncestryRequest;

pub(super) struct Asked {
    child: ModelId,
    /// Candidates that are not to be looked at.
    left_out: BTreeSet<ModelId>,
    is_negative: bool,
    is_unfolded: bool,
}

impl Asked {
    /// All measured models of its family.
    pub(super) fn new(_: &Workbench, child: ModelId) -> Self {
        Self {
            child,
            left_out: BTreeSet::new(),
            is_negative: false,
            is_unfolded: false,
        }
    }

    pub(super) fn child(&self) -> ModelId {
        self.child
    }

    pub(super) fn request(&self, bench: &Workbench) -> AncestryRequest {
        let mut candidates = bench.ancestry_candidates(self.child);
        candidates.retain(|id| !self.left_out.contains(id));
        AncestryRequest {
            child: self.child,
            candidates,
            signs: if self.is_negative {
                Signs::Any
            } else {
                Signs::NonNegative
            },
        }
    }

    pub(super) fn ui(&mut self, ui: &mut Ui, bench: &Workbench) {
        let all = bench.ancestry_candidates(self.child);
        let chosen = all.iter().filter(|id| !self.left_out.contains(id)).count();
        ui.horizontal(|ui| {
            fold_toggle(ui, "Candidates", &mut self.is_unfolded);
            ui.weak(format!("Candidates: {chosen} of {}", all.len()));
        });
        if !self.is_unfolded {
            return;
        }
        let doc = bench.study().doc();
        ui.horizontal_wrapped(|ui| {
            for id in all {
                let mut is_chosen = !self.left_out.contains(&id);
                let name = format::elide_middle(doc.name_of(id), 32);
                if ui.checkbox(&mut is_chosen, name).changed() {
                    if is_chosen {
                        self.left_out.remove(&id);
                    } else {
                        self.left_out.insert(id);
                    }
                }
            }
        });
        ui.add_space(space::XS);
        ui.checkbox(&mut self.is_negative, "Shares may be negative")
            .on_hover_text("Models that were subtracted, as in task negation");
    }
}
