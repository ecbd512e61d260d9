//! Models on a store or on the hub, added by their names.

use std::path::{Path, PathBuf};

use eframe::egui::{Align, Context, Grid, Key, Label, Layout, Ui, vec2};
use egui_phosphor::regular as icon;

use crate::store::hub::{HubName, Offer};
use crate::text::{is_elsewhere, sentence_case};
use crate::ui::action::{Action, StoredAction};
use crate::ui::ext::{UiExt, modal};
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::{icon_button, primary_button, text_field};
use crate::workbench::Workbench;
use crate::workbench::stored::OfferState;

const WIDTH: f32 = 560.0;
/// That of the examples with a sentence above them.
const HEIGHT: f32 = 260.0;

/// How names begin, and where they lead.
const EXAMPLES: [(&str, &str); 5] = [
    ("hf://org/name", "the hub, its local cache first"),
    ("s3://bucket/folder", "S3, or what speaks its protocol"),
    ("gs://bucket/folder", "Google Cloud Storage"),
    ("az://container/folder", "Azure"),
    ("https://host/folder", "a web server"),
];

/// The window, when it is open.
#[derive(Default)]
pub struct StoredView {
    is_open: bool,
    is_new: bool,
    text: String,
}

impl StoredView {
    pub fn open(&mut self) {
        *self = Self {
            is_open: true,
            is_new: true,
            ..Self::default()
        };
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn close(&mut self) {
        self.is_open = false;
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        if !self.is_open {
            return;
        }
        let mut stays = true;
        let modal = modal(ctx, "stored", space::L).show(ctx, |ui| {
            let room = ctx.content_rect().width() - space::XXL;
            ui.set_width(room.min(WIDTH));
            // It stays where it is while what is typed turns into something else.
            ui.set_min_height(HEIGHT);
            stays = head_ui(ui);
            let is_entered = self.field_ui(ui);
            ui.add_space(space::M);
            let wish = Wish::of(&self.text, bench.offer());
            stays &= wish_ui(ui, &wish, is_entered, actions);
        });
        if !stays || modal.should_close() {
            self.is_open = false;
        }
    }

    /// The field; whether Enter was pressed in it.
    fn field_ui(&mut self, ui: &mut Ui) -> bool {
        let width = ui.available_width();
        let field = text_field(
            ui,
            "Name of the model",
            EXAMPLES[0].0,
            &mut self.text,
            width,
        );
        if std::mem::take(&mut self.is_new) {
            field.request_focus();
        }
        field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    }
}

/// What can be done with what was typed.
enum Wish<'b> {
    /// Nothing yet.
    Examples,
    /// Something that is no such name, and why.
    Wrong(String),
    /// Models that can be opened.
    Open(Vec<PathBuf>),
    /// A model of the hub, which may be in its cache.
    Ask(HubName),
    Here(HubName),
    Asking,
    Refused(&'b HubName, &'b str),
    Choose(&'b Offer),
}

impl<'b> Wish<'b> {
    fn of(text: &str, offer: &'b OfferState) -> Self {
        let names: Vec<&Path> = text.split_whitespace().map(Path::new).collect();
        if names.is_empty() {
            return Self::Examples;
        }
        if let Some(wrong) = names.iter().find(|name| !is_elsewhere(name)) {
            let wrong = wrong.display();
            return Self::Wrong(format!("{wrong} begins like none of the names below"));
        }
        let parsed: Vec<_> = names
            .iter()
            .filter_map(|name| HubName::parse(name))
            .collect();
        if let Some(Err(reason)) = parsed.iter().find(|name| name.is_err()) {
            return Self::Wrong(sentence_case(reason));
        }
        let own = match (&names[..], parsed.into_iter().next()) {
            ([_], Some(Ok(own))) => own,
            // Several at once must be in the cache, if they are the hub's.
            _ => return Self::Open(names.iter().map(|name| name.to_path_buf()).collect()),
        };
        match offer {
            OfferState::Asking(asked) if *asked == own => Self::Asking,
            OfferState::Here(found) if *found == own => Self::Here(own),
            OfferState::Offered(offer) if offer.name == own => Self::Choose(offer),
            OfferState::Failed(asked, reason) if *asked == own => Self::Refused(asked, reason),
            _ => Self::Ask(own),
        }
    }
}

/// What is to be seen and done; whether the window stays.
fn wish_ui(ui: &mut Ui, wish: &Wish<'_>, is_entered: bool, actions: &mut Vec<Action>) -> bool {
    match wish {
        Wish::Examples => examples_ui(ui),
        Wish::Wrong(sentence) => {
            ui.add(Label::new(sentence).wrap());
            ui.add_space(space::S);
            examples_ui(ui);
        }
        Wish::Open(names) => {
            ui.quiet("Read where it lies; credentials come from the environment");
            if button_ui(ui, "Add to the study") || is_entered {
                actions.push(Action::AddModels(names.clone()));
                return false;
            }
        }
        Wish::Ask(name) => {
            ui.quiet("Looked for in the hub's cache first; what is not there is asked about");
            if button_ui(ui, "Add to the study") || is_entered {
                actions.push(StoredAction::Ask(name.clone()).into());
            }
        }
        Wish::Here(name) => {
            actions.push(Action::AddModels(vec![PathBuf::from(name.to_string())]));
            return false;
        }
        Wish::Asking => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.weak("Asking the hub");
            });
        }
        Wish::Refused(name, reason) => {
            ui.add(Label::new(sentence_case(reason)).wrap());
            if button_ui(ui, "Ask again") {
                actions.push(StoredAction::Ask((*name).clone()).into());
            }
        }
        Wish::Choose(offer) => return choose_ui(ui, offer, actions),
    }
    true
}

fn choose_ui(ui: &mut Ui, offer: &Offer, actions: &mut Vec<Action>) -> bool {
    let size = format::bytes(offer.bytes());
    let files = format::counted(offer.files.len(), "file");
    let commit = offer.commit.get(..8).unwrap_or(&offer.commit);
    ui.label(format!(
        "Not in the hub's cache: {size} in {files}, at commit {commit}"
    ));
    ui.quiet("Downloaded it lies in the hub's cache; read from the hub it takes no room");
    let mut stays = true;
    foot_ui(ui, |ui| {
        if primary_button(ui, &format!("Download {size}")).clicked() {
            actions.push(StoredAction::Download(offer.clone()).into());
            stays = false;
        }
        if ui.button("Read from the hub").clicked() {
            actions.push(Action::AddModels(vec![offer.address()]));
            stays = false;
        }
    });
    stays
}

fn examples_ui(ui: &mut Ui) {
    Grid::new("examples of names")
        .num_columns(2)
        .spacing(vec2(space::L, space::XS))
        .show(ui, |ui| {
            for (example, place) in EXAMPLES {
                ui.monospace(example);
                ui.weak(place);
                ui.end_row();
            }
        });
}

fn button_ui(ui: &mut Ui, label: &str) -> bool {
    let mut is_clicked = false;
    foot_ui(ui, |ui| is_clicked = primary_button(ui, label).clicked());
    is_clicked
}

fn foot_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), content);
    });
}

fn head_ui(ui: &mut Ui) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong("Add models from a store").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stays = !icon_button(ui, icon::X, "Close adding from a store").clicked();
        });
    });
    ui.add_space(space::S);
    stays
}
