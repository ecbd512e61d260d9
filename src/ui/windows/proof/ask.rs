//! What is known of a model's making: its base, and the models that it may have been made from.

use eframe::egui::{Grid, ScrollArea, Ui};

use crate::origin::proof::Extent;
use crate::study::ModelId;
use crate::ui::action::{Action, ProofAction};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::{Choice, choice, primary_button};
use crate::ui::windows::job::title_ui;
use crate::workbench::Workbench;
use crate::workbench::proving::ProofRequest;

/// What is known, as far as it was said.
pub(super) struct Form {
    child: ModelId,
    base: ModelId,
    parents: Vec<ModelId>,
}

impl Form {
    /// The form for a model; `None` if it has no base with files.
    pub(super) fn new(
        bench: &Workbench,
        child: ModelId,
        parents: Option<&[ModelId]>,
    ) -> Option<Self> {
        let bases = bench.extract_bases(child);
        let base = *bases.first()?;
        let doc = bench.study().doc();
        let recorded = doc.model(child).map_or(&[][..], |model| &model.parents);
        let can: Vec<ModelId> = bases.into_iter().filter(|&id| id != base).collect();
        let wanted = parents.unwrap_or(recorded);
        let known: Vec<ModelId> = can
            .iter()
            .copied()
            .filter(|id| wanted.contains(id))
            .collect();
        // Models that descend from the child cannot be its parents.
        let is_founder = |id: &ModelId| doc.model(*id).is_some_and(|model| !model.is_merge());
        let parents = match known.is_empty() {
            true => can.into_iter().filter(is_founder).collect(),
            false => known,
        };
        Some(Self {
            child,
            base,
            parents,
        })
    }

    /// Says whether it stays open.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        room: f32,
        actions: &mut Vec<Action>,
    ) -> bool {
        let doc = bench.study().doc();
        let name = doc.name_of(self.child);
        title_ui(
            ui,
            &format!("How was {} made?", format::elide_middle(name, 30)),
        );
        ui.weak("Looks for the recipe that makes its bytes from these models");
        ui.add_space(space::S);
        let grid = Grid::new("proof").num_columns(2);
        grid.spacing([space::L, space::S]).show(ui, |ui| {
            ui.weak("Base");
            let bases = bench.extract_bases(self.child);
            let options: Vec<Choice<'_, ModelId>> = bases
                .iter()
                .map(|id| Choice::new(*id, doc.name_of(*id), ""))
                .collect();
            if let Some(new) = choice(ui, "Base", self.base, &options) {
                self.base = new;
                self.parents.retain(|id| *id != new);
            }
            ui.end_row();
        });
        ui.add_space(space::S);
        ui.weak("Made from");
        ScrollArea::vertical()
            .max_height((room - 260.0).clamp(80.0, 320.0))
            .show(ui, |ui| {
                for id in bench.extract_bases(self.child) {
                    if id != self.base {
                        self.parent_ui(ui, doc.name_of(id), id);
                    }
                }
            });
        ui.quiet("Models that have no part in it are left out of the answer");
        ui.add_space(space::M);
        let mut stays = true;
        ui.horizontal(|ui| {
            ui.add_enabled_ui(!self.parents.is_empty(), |ui| {
                if primary_button(ui, "Prove").clicked() {
                    let request = ProofRequest::Prove {
                        child: self.child,
                        base: self.base,
                        parents: self.parents.clone(),
                        extent: Extent::Sample,
                    };
                    actions.push(ProofAction::Start(Box::new(request)).into());
                }
            });
            stays = !ui.button("Cancel").clicked();
        });
        stays
    }

    fn parent_ui(&mut self, ui: &mut Ui, name: &str, id: ModelId) {
        let mut is_in = self.parents.contains(&id);
        if ui
            .checkbox(&mut is_in, format::elide_middle(name, 40))
            .changed()
        {
            match is_in {
                true => self.parents.push(id),
                false => self.parents.retain(|other| *other != id),
            }
        }
    }
}
