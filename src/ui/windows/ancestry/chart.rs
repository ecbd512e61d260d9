//! The shares over the layers as lines, over the kinds of tensors as a table.

use eframe::egui::{Grid, Ui};

use crate::origin::ancestry::GroupShares;
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::profile::{Profile, Series};
use crate::ui::widgets::segmented;
use crate::workbench::ancestry::Ancestry;

const HEIGHT: f32 = 210.0;

/// What is shown.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Chart {
    #[default]
    Layers,
    Kinds,
}

impl Chart {
    pub(super) fn ui(&mut self, ui: &mut Ui, found: &Ancestry, names: &[&str]) {
        let charts = [(Self::Layers, "Over the layers"), (Self::Kinds, "By kind")];
        segmented(ui, "What the shares are shown over", self, &charts);
        ui.add_space(space::XS);
        match self {
            Self::Layers => layers_ui(ui, &found.layers, names),
            Self::Kinds => kinds_ui(ui, &found.kinds, names),
        }
        ui.add_space(space::S);
    }
}

fn layers_ui(ui: &mut Ui, groups: &[GroupShares], names: &[&str]) {
    // What lies in no layer has its own place among the kinds.
    let layers: Vec<&GroupShares> = (groups.iter())
        .filter(|group| group.name.contains(char::is_numeric))
        .collect();
    if layers.len() < 2 {
        ui.weak("It has no layers to tell apart");
        return;
    }
    let series: Vec<Series<'_>> = (names.iter().enumerate())
        .map(|(role, name)| Series {
            name,
            role,
            values: layers
                .iter()
                .map(|group| group.shares.get(role).copied())
                .collect(),
        })
        .collect();
    let profile = Profile {
        id_salt: "ancestry",
        x_name: "Layer",
        y_name: "Share",
        series: &series,
        y_range: None,
        decimals: 3,
    };
    let size = eframe::egui::vec2(ui.available_width(), HEIGHT);
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ui.set_max_size(size);
        profile.show(ui);
    });
}

fn kinds_ui(ui: &mut Ui, groups: &[GroupShares], names: &[&str]) {
    Grid::new("ancestry by kind")
        .striped(true)
        .spacing([space::XL, space::XS])
        .show(ui, |ui| {
            ui.weak("Kind");
            for name in names {
                ui.weak(format::elide_middle(name, 20));
            }
            ui.weak("Left");
            ui.end_row();
            for group in groups.iter().filter(|g| !g.name.contains(char::is_numeric)) {
                ui.label(crate::text::sentence_case(&group.name));
                for share in &group.shares {
                    ui.label(format::decimals(Some(*share), 3));
                }
                ui.label(format::share(group.residual));
                ui.end_row();
            }
        });
}
