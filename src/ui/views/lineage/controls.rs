//! The row above the canvas: what is looked for, which runs, what colours mean, and the exports.

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{Align, Button, Key, Layout, PopupCloseBehavior, Ui};
use egui_phosphor::regular as icon;

use super::canvas::Canvas;
use super::drawn::ColourBy;
use super::files;
use super::fold::{Folding, MANY};
use super::model::{Key as ModelKey, LineageModel};
use crate::ui::action::{Action, Export, LineageAction};
use crate::ui::format;
use crate::ui::paper::Format;
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Choice, choice, icon_button, icon_toggle, search_field};
use crate::workbench::Workbench;

/// Narrower than this, in points, the choices stand in a row of their own.
const ONE_ROW: f32 = 860.0;

/// How the user looks at the lineage; lost when the program ends.
#[derive(Default)]
pub struct LineageOptions {
    pub search: Search,
    pub colour: ColourBy,
    /// The runs that are shown; empty for all.
    pub runs: Vec<String>,
    /// Whether the list is shown; `None` where there is room.
    pub list: Option<bool>,
    /// Which families are folded.
    pub folding: Folding,
}

/// Draws the controls; the model that the search went to.
pub fn ui(
    ui: &mut Ui,
    bench: &Workbench,
    shown: &LineageModel,
    look: &mut LineageOptions,
    canvas: &mut Canvas,
    list_is_shown: bool,
    actions: &mut Vec<Action>,
) -> Option<usize> {
    let fits = ui.available_width() >= ONE_ROW;
    let mut found = None;
    ui.horizontal(|ui| {
        found = search_ui(ui, shown, &mut look.search);
        if fits {
            choices_ui(ui, bench, look, actions);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            exports_ui(ui, bench, shown, look.colour, actions);
            ui.add_space(space::S);
            canvas_ui(ui, bench, shown, canvas);
            if bench.study().doc().models.len() > MANY {
                folding_ui(ui, &mut look.folding);
            }
            let mut on = list_is_shown;
            if icon_toggle(ui, icon::LIST_BULLETS, "Show as list", &mut on).changed() {
                look.list = Some(on);
            }
        });
    });
    if !fits {
        ui.horizontal(|ui| choices_ui(ui, bench, look, actions));
    }
    found
}

/// Whether families are folded; to fold them is to close those that were opened.
fn folding_ui(ui: &mut Ui, folding: &mut Folding) {
    let mut on = !folding.is_off;
    if icon_toggle(ui, icon::STACK, "Fold families", &mut on).changed() {
        folding.is_off = !on;
        folding.opened.clear();
    }
    let close = icon::ARROWS_IN_LINE_VERTICAL;
    if !folding.opened.is_empty() && icon_button(ui, close, "Fold what was opened").clicked() {
        folding.opened.clear();
    }
}

fn search_ui(ui: &mut Ui, shown: &LineageModel, search: &mut Search) -> Option<usize> {
    let width = (ui.available_width() * 0.25).clamp(120.0, 200.0);
    let response = search_field(ui, "Find a model", &mut search.text, width);
    let matches = search.matches(shown);
    let mut to = None;
    if response.changed() {
        to = search.first(&matches);
    } else if response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter)) {
        to = search.next(&matches);
        response.request_focus();
    }
    let words = search.words(&matches);
    if !words.is_empty() {
        ui.weak(words).on_hover_text("Enter goes to the next one");
    }
    to
}

fn choices_ui(
    ui: &mut Ui,
    bench: &Workbench,
    look: &mut LineageOptions,
    actions: &mut Vec<Action>,
) {
    let runs = &bench.record().runs;
    if runs.len() > 1 {
        runs_ui(ui, runs, &mut look.runs);
    }
    let average = "Average over the tasks that count";
    let options = [
        Choice::new(ColourBy::Score, "Colour by score", average),
        Choice::new(ColourBy::Role, "Colour by role", "Base, fine-tune, merge"),
    ];
    if let Some(colour) = choice(ui, "Colours", look.colour, &options) {
        look.colour = colour;
    }
    let objection = bench.propose_objection();
    let button = ui.add_enabled(objection.is_none(), Button::new("Propose a lineage…"));
    let button = button.on_hover_text("Work out from the weights alone who descends from whom");
    if button
        .on_disabled_hover_text(objection.unwrap_or_default())
        .clicked()
    {
        actions.push(LineageAction::Propose.into());
    }
}

fn runs_ui(ui: &mut Ui, runs: &[String], chosen: &mut Vec<String>) {
    chosen.retain(|run| runs.contains(run));
    let shown = match &chosen[..] {
        [] => "All runs".to_owned(),
        [one] => format::elide_middle(name(one), 20),
        several => format!("{} runs", several.len()),
    };
    let title = format!("{shown}  {}", icon::CARET_DOWN);
    let stay = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (button, _) = MenuButton::new(title).config(stay).ui(ui, |ui| {
        let mut all = chosen.is_empty();
        if ui.checkbox(&mut all, "All runs").changed() {
            chosen.clear();
        }
        ui.separator();
        for run in runs {
            let mut is_in = chosen.contains(run);
            if ui.checkbox(&mut is_in, name(run)).changed() {
                if is_in {
                    chosen.push(run.clone());
                } else {
                    chosen.retain(|other| other != run);
                }
            }
        }
    });
    button.on_hover_text("The runs whose models and their parents are shown");
}

fn name(run: &str) -> &str {
    if run.is_empty() { "Own merges" } else { run }
}

/// From right to left: nearer, farther, everything, the selection.
fn canvas_ui(ui: &mut Ui, bench: &Workbench, shown: &LineageModel, canvas: &mut Canvas) {
    if icon_button(ui, icon::PLUS, "Zoom in").clicked() {
        canvas.zoom_in();
    }
    if icon_button(ui, icon::MINUS, "Zoom out").clicked() {
        canvas.zoom_out();
    }
    if icon_button(ui, icon::CORNERS_OUT, "Show everything (F)").clicked() {
        canvas.fit(shown);
    }
    let selected: Vec<usize> = (bench.study().selection().models().iter())
        .filter_map(|&id| shown.place_of(id))
        .collect();
    ui.add_enabled_ui(!selected.is_empty(), |ui| {
        if icon_button(ui, icon::CROSSHAIR, "Zoom to the selection").clicked() {
            canvas.fit_models(shown, selected);
        }
    });
}

fn exports_ui(
    ui: &mut Ui,
    bench: &Workbench,
    shown: &LineageModel,
    colour: ColourBy,
    actions: &mut Vec<Action>,
) {
    let study = &bench.study().doc().name;
    let picture = |ui: &Ui| files::picture(shown, study, colour, theme::theme_of(ui));
    for (glyph, words, format) in [
        (icon::IMAGE, "Save as PNG…", Format::Png),
        (icon::FILE_SVG, "Save as SVG…", Format::Svg),
    ] {
        if icon_button(ui, glyph, words).clicked() {
            let export = Export::picture("lineage", "lineage", picture(ui), format);
            actions.push(Action::Export(export));
        }
    }
    if icon_button(ui, icon::FILE_CSV, "Save as CSV…").clicked() {
        let all = ModelKey {
            folding: Folding {
                is_off: true,
                ..Folding::default()
            },
            ..shown.key.clone()
        };
        let all = LineageModel::new(all, bench, None);
        actions.push(Action::Export(files::csv(&all)));
    }
    if icon_button(ui, icon::COPY, "Copy picture").clicked() {
        actions.push(Action::CopyPicture {
            picture: picture(ui),
            what: "Picture".to_owned(),
        });
    }
}

#[derive(Default)]
pub struct Search {
    pub text: String,
    /// Which of the matches was gone to last.
    at: usize,
}

impl Search {
    /// Models whose name has the text in it, by generation; none for an empty text.
    pub fn matches(&self, shown: &LineageModel) -> Vec<usize> {
        let wanted = self.text.trim().to_lowercase();
        if wanted.is_empty() {
            return Vec::new();
        }
        let order = shown.groups.iter().flat_map(|group| &group.models);
        order
            .copied()
            .filter(|&m| {
                let card = &shown.cards[m];
                let folded = card.folded.iter().map(|(_, name)| name);
                let mut names = folded.chain([&card.name]);
                names.any(|name| name.to_lowercase().contains(&wanted))
            })
            .collect()
    }

    pub fn first(&mut self, matches: &[usize]) -> Option<usize> {
        self.at = 0;
        matches.first().copied()
    }

    /// The match after the last one; the first again after the last of all.
    pub fn next(&mut self, matches: &[usize]) -> Option<usize> {
        self.at = (self.at + 1) % matches.len().max(1);
        matches.get(self.at).copied()
    }

    pub fn current(&self, matches: &[usize]) -> Option<usize> {
        matches.get(self.at).or(matches.last()).copied()
    }

    /// What was found, in words; empty without a text.
    pub fn words(&self, matches: &[usize]) -> String {
        match (self.text.trim().is_empty(), matches.len()) {
            (true, _) => String::new(),
            (_, 0) => "none".to_owned(),
            (_, n) => format!("{} of {n}", self.at.min(n - 1) + 1),
        }
    }
}
