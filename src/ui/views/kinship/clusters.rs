//! The tree beside the matrix: how clusters are joined, where it is cut, and what comes apart.

use eframe::egui::{
    DragValue, Label, Popup, PopupCloseBehavior, RichText, ScrollArea, Ui, WidgetType,
};
use egui_phosphor::regular as icon;

use super::shown::Shown;
use crate::kinship::{Linkage, cluster_by, newick};
use crate::study::{Command, TreeChoices, ViewEdit};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::theme::{self, Tokens, size, space};
use crate::ui::widgets::icon_button;

const WIDTH: f32 = 280.0;
const MOST_HEIGHT: f32 = 220.0;

/// The button and what it opens.
pub fn clusters_ui(ui: &mut Ui, shown: &Shown, actions: &mut Vec<Action>) {
    let button = icon_button(ui, icon::TREE_VIEW, "Tree and clusters");
    Popup::from_toggle_button_response(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(WIDTH);
            let old = shown.key.tree;
            let mut new = old;
            choices_ui(ui, shown, &mut new);
            if new != old {
                actions.push(Action::Study(Command::View(ViewEdit::Tree(new))));
            }
            ui.add_space(space::S);
            list_ui(ui, shown, actions);
        });
}

fn choices_ui(ui: &mut Ui, shown: &Shown, tree: &mut TreeChoices) {
    ui.label(theme::strong("Tree"));
    for linkage in Linkage::ALL {
        let radio = ui.radio_value(&mut tree.linkage, linkage, linkage.title());
        radio.on_hover_text(linkage.help());
    }
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.label("Cut into");
        let most = shown.key.models.len().max(1) as u32;
        let mut count = tree.clusters.clamp(1, most);
        let field = ui.add(DragValue::new(&mut count).range(1..=most).speed(0.05));
        field.named(WidgetType::DragValue, "Number of clusters");
        if field.changed() {
            tree.clusters = count;
        }
        ui.label(if count == 1 {
            "cluster: no cut"
        } else {
            "clusters"
        });
    });
}

fn list_ui(ui: &mut Ui, shown: &Shown, actions: &mut Vec<Action>) {
    let t = Tokens::of(ui);
    ScrollArea::vertical()
        .max_height(MOST_HEIGHT)
        .show(ui, |ui| {
            for (k, group) in shown.cut.iter().enumerate() {
                ui.horizontal_top(|ui| {
                    ui.label(RichText::new(icon::CIRCLE).color(t.role(k)));
                    let names: Vec<&str> = group
                        .iter()
                        .map(|&m| shown.key.labels[m].as_str())
                        .collect();
                    let text = RichText::new(names.join(", ")).size(size::SMALL);
                    ui.add(Label::new(text).wrap());
                });
            }
        });
    if shown.cut.is_empty() {
        ui.quiet("Cut the tree to colour its clusters and list them here");
    }
    ui.horizontal(|ui| {
        ui.add_enabled_ui(!shown.cut.is_empty(), |ui| {
            if ui.button("Copy clusters").clicked() {
                actions.push(Action::copy("Clusters", lines(shown)));
            }
        });
        let metric = shown.key.measure.metric;
        if ui.button("Copy tree as Newick").clicked() {
            let tree = cluster_by(shown.key.tree.linkage, &shown.matrix, metric);
            let text = newick(&tree, &shown.key.labels).unwrap_or_default();
            actions.push(Action::copy("Tree", text));
        }
    });
}

/// A model a line, with the number of its cluster.
fn lines(shown: &Shown) -> String {
    let groups = shown.cut.iter().enumerate();
    let of = |(k, group): (usize, &Vec<usize>)| -> Vec<String> {
        let line = |&m: &usize| format!("{}\t{}", shown.key.labels[m], k + 1);
        group.iter().map(line).collect()
    };
    let lines: Vec<String> = groups.flat_map(of).collect();
    format!("model\tcluster\n{}", lines.join("\n"))
}
