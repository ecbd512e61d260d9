//! The import window: what was found in a file, what it is taken for, and what would come of
//! it, before anything does.

mod foot;
mod metrics;
mod table;
mod tasks;

use eframe::egui::{
    Context, Event, FontId, Margin, ScrollArea, TextEdit, Ui, Vec2, WidgetType, vec2,
};
use foot::FooterAction;
use metrics::Metrics;
use table::TableStage;

use crate::import::{Content, ImportError, Preview, Ready, SameTasks, Source, settle};
use crate::study::StudyDoc;
use crate::ui::action::{Action, ImportAction};
use crate::ui::ext::{ResponseExt, modal};
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::primary_button;
use crate::workbench::Workbench;

#[derive(Default)]
pub struct ImportView {
    stage: Option<Stage>,
}

enum Stage {
    Paste(Paste),
    /// A table and the meaning of its columns.
    Table(Box<TableStage>),
    Metrics(Box<Metrics>),
    Broken {
        name: String,
        errors: Vec<ImportError>,
    },
}

impl ImportView {
    pub fn is_open(&self) -> bool {
        self.stage.is_some()
    }

    pub fn open(&mut self, source: Source) {
        self.stage = Some(stage_of(source));
    }

    pub fn close(&mut self) {
        self.stage = None;
    }

    pub fn open_paste(&mut self) {
        self.stage = Some(Stage::Paste(Paste::default()));
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(stage) = &mut self.stage else {
            return;
        };
        let size = room(ctx, stage);
        let modal = modal(ctx, "import", space::L).show(ctx, |ui| {
            ui.set_width(size.x);
            ui.set_max_height(size.y);
            match stage {
                Stage::Paste(paste) => paste.ui(ui),
                Stage::Table(table) => table.ui(ui, bench),
                Stage::Metrics(metrics) => metrics.ui(ui, bench),
                Stage::Broken { name, errors } => broken_ui(ui, name, errors),
            }
        });
        // A click beside the window must not throw a mapping away.
        let escaped = modal.should_close() && !modal.backdrop_response.clicked();
        match modal.inner {
            Some(FooterAction::Read(source)) => self.stage = Some(stage_of(*source)),
            Some(FooterAction::Import(import)) => {
                actions.push(Action::Import(ImportAction::Take(import)));
                self.stage = None;
            }
            Some(FooterAction::Cancel) => self.stage = None,
            None if escaped => self.stage = None,
            None => {}
        }
    }
}

fn stage_of(source: Source) -> Stage {
    let Source { name, content } = source;
    match content {
        Content::Table(table) => Stage::Table(Box::new(TableStage::new(name, table))),
        Content::Harness(results) => Stage::Metrics(Box::new(Metrics::new(name, results))),
        Content::Broken(errors) => Stage::Broken { name, errors },
    }
}

/// As large as the window allows, for tables; as narrow as text is read, for the rest.
fn room(ctx: &Context, stage: &Stage) -> Vec2 {
    let all = ctx.content_rect().size() - Vec2::splat(2.0 * (space::XL + space::L));
    let most = match stage {
        Stage::Table(_) => vec2(1160.0, 680.0),
        Stage::Metrics(_) => vec2(860.0, 640.0),
        Stage::Paste(_) | Stage::Broken { .. } => vec2(620.0, 480.0),
    };
    all.min(most)
}

fn broken_ui(ui: &mut Ui, name: &str, errors: &[ImportError]) -> Option<FooterAction> {
    head_ui(ui, name, "");
    ui.add_space(space::XS);
    ui.label("This file cannot be imported, and nothing was");
    ui.add_space(space::XS);
    foot::errors_ui(ui, errors, 220.0);
    ui.add_space(space::S);
    ui.button("Close").clicked().then_some(FooterAction::Cancel)
}

/// What would come of an import, or what is in the way.
pub type Outcome = Result<(Ready, Preview), Vec<ImportError>>;

/// An outcome with what it was worked out from.
pub struct Kept<K> {
    of: Option<(u64, K, SameTasks)>,
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
    /// The outcome for `key` in the study as it is, with what was said of its tasks; worked out
    /// anew if any has changed.
    pub fn get(
        &mut self,
        bench: &Workbench,
        (key, said): (&K, &SameTasks),
        make: impl FnOnce(&StudyDoc) -> Result<Ready, Vec<ImportError>>,
    ) -> &Outcome {
        let revision = bench.revision();
        let holds = self
            .of
            .as_ref()
            .is_some_and(|(r, k, s)| *r == revision && k == key && s == said);
        if !holds {
            let doc = bench.study().doc();
            self.outcome = make(doc).map(|mut ready| {
                settle(&mut ready, doc, said);
                let preview = Preview::new(&ready.import, doc);
                (ready, preview)
            });
            self.of = Some((revision, key.clone(), said.clone()));
        }
        &self.outcome
    }
}

pub fn head_ui(ui: &mut Ui, name: &str, facts: &str) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("Import scores").size(size::HEADING));
        ui.add_space(space::XS);
        ui.label(name).on_hover_text(name);
        ui.weak(facts);
    });
}

const NAME: &str = "Pasted table";
const HEIGHT: f32 = 148.0;

#[derive(Default)]
struct Paste {
    text: String,
    errors: Vec<ImportError>,
    was_shown: bool,
}

impl Paste {
    /// Draws the box; what is pasted is read at once.
    fn ui(&mut self, ui: &mut Ui) -> Option<FooterAction> {
        head_ui(ui, "from the clipboard", "");
        ui.add_space(space::XS);
        ui.label(
            "Copy cells of a spreadsheet with their header, a table of a model card, or the text \
             of a result file",
        );
        let pasted = self.take_paste(ui);
        self.box_ui(ui);
        foot::errors_ui(ui, &self.errors, 100.0);
        ui.add_space(space::XS);
        let mut press = None;
        ui.horizontal(|ui| {
            let has_text = !self.text.trim().is_empty();
            let button = ui.add_enabled_ui(has_text, |ui| primary_button(ui, "Read the table"));
            let button = button
                .inner
                .on_disabled_hover_text("There is no text in the box yet");
            if button.clicked() || pasted {
                press = self.read();
            }
            if ui.button("Cancel").clicked() {
                press = Some(FooterAction::Cancel);
            }
        });
        press
    }

    /// Takes what is pasted in this frame before the box does.
    fn take_paste(&mut self, ui: &Ui) -> bool {
        let mut pasted = String::new();
        ui.input_mut(|input| {
            input.events.retain(|event| match event {
                Event::Paste(text) => {
                    pasted.push_str(text);
                    false
                }
                _ => true,
            });
        });
        let some = !pasted.trim().is_empty();
        if some {
            self.text = pasted;
        }
        some
    }

    fn box_ui(&mut self, ui: &mut Ui) {
        ScrollArea::both()
            .id_salt("pasted")
            .max_height(HEIGHT)
            .auto_shrink(false)
            .show(ui, |ui| {
                let edit = TextEdit::multiline(&mut self.text)
                    .hint_text("Paste a table here")
                    .font(FontId::monospace(size::SMALL))
                    .margin(Margin::symmetric(8, 4))
                    .desired_width(f32::INFINITY)
                    .desired_rows(10);
                let response = ui.add(edit);
                response.named(WidgetType::TextEdit, "Paste a table here");
                if response.changed() {
                    self.errors.clear();
                }
                if !self.was_shown {
                    response.request_focus();
                    self.was_shown = true;
                }
            });
    }

    /// A table or results; the errors stay under the box otherwise.
    fn read(&mut self) -> Option<FooterAction> {
        let source = Source::from_text(NAME, &self.text);
        if let Content::Broken(errors) = source.content {
            self.errors = errors;
            return None;
        }
        Some(FooterAction::Read(Box::new(source)))
    }
}
