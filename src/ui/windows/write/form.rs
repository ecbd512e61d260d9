//! The form: what kind of file, of which type, after which template, under which name, and where;
//! below it what would come of that, or what is in the way.

use std::path::{Path, PathBuf};

use eframe::egui::{
    Align, FontId, Key, Label, Layout, Modifiers, RichText, ScrollArea, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::Place;
use crate::checkpoint::{GgufKind, is_gguf_name};
use crate::merge::convert::FOLDER_TYPES;
use crate::merge::run::GgufWanted;
use crate::study::ModelId;
use crate::ui::action::{Action, WriteAction, WriteWhat};
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::{Choice, choice, primary_button, segmented, text, text_field};
use crate::workbench::{Workbench, WriteCheck, WriteOrder};

/// Room for the names of the rows, in points.
const LABEL_WIDTH: f32 = 84.0;
/// Height of what is said of the result, so that little moves while the user chooses.
const FINDINGS: f32 = 74.0;

const AS_THEY_ARE: &str = "As they are";
const HELP_AS_THEY_ARE: &str = "The type that most weights have now; bfloat16 where they are \
                                quantised or float32 and a GGUF file is written";

/// What is written: the same weights in two kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Folder,
    Gguf,
}

pub(super) struct Form {
    pub what: WriteWhat,
    pub place: Place,
    /// The GGUF file that the user has chosen to take metadata and vocabulary from.
    pub template: Option<PathBuf>,
    pub is_new: bool,
    target: Target,
    gguf_type: Option<GgufKind>,
    /// Of a folder's weights, for a conversion.
    folder_type: Option<&'static str>,
    /// What was asked to be looked at last.
    asked: Option<WriteOrder>,
}

pub(super) enum Press {
    Write {
        order: WriteOrder,
        /// Whether a model that lies there is replaced.
        force: bool,
    },
    Close,
}

impl Form {
    pub fn new(what: WriteWhat, bench: &Workbench, place: Place) -> Self {
        let earlier = match what {
            WriteWhat::Again(id) => bench.merges().iter().find(|m| m.id == id),
            WriteWhat::Merge | WriteWhat::Convert(_) => None,
        };
        let gguf = earlier.map_or_else(GgufWanted::default, |m| m.order.gguf.clone());
        let is_gguf = match what {
            WriteWhat::Merge => false,
            WriteWhat::Again(_) => earlier.is_some_and(|m| m.order.is_gguf()),
            // The other of the two kinds is what a conversion is for.
            WriteWhat::Convert(id) => {
                let own = bench.files(id).checkpoint();
                own.is_some_and(|own| !own.is_gguf())
            }
        };
        Self {
            what,
            place,
            template: gguf.template,
            is_new: true,
            target: if is_gguf {
                Target::Gguf
            } else {
                Target::Folder
            },
            gguf_type: gguf.kind,
            folder_type: None,
            asked: None,
        }
    }

    pub fn set_place(&mut self, out: &Path) {
        self.place.folder = out.parent().map(Path::to_owned);
        let name = out.file_name().unwrap_or_default();
        self.place.name = name.to_string_lossy().into_owned();
        self.take_ending();
    }

    /// A name with the ending of a file means the file.
    fn take_ending(&mut self) {
        let path = Path::new(&self.place.name);
        if is_gguf_name(path)
            && let Some(stem) = path.file_stem()
        {
            self.place.name = stem.to_string_lossy().into_owned();
            self.target = Target::Gguf;
        }
    }

    /// Whether what it is about still exists.
    pub fn is_still_there(&self, bench: &Workbench) -> bool {
        let doc = bench.study().doc();
        match self.what {
            WriteWhat::Merge => doc.shown_draft().is_some(),
            WriteWhat::Again(id) => bench.merges().iter().any(|m| m.id == id && !m.is_open()),
            WriteWhat::Convert(id) => doc.model(id).is_some(),
        }
    }

    pub fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        actions: &mut Vec<Action>,
    ) -> Option<Press> {
        self.heading_ui(ui, bench);
        self.target_ui(ui);
        self.type_ui(ui);
        self.source_ui(ui, bench, actions);
        let entered = self.name_ui(ui);
        self.folder_ui(ui, actions);
        ui.add_space(space::XS);
        ui.separator();
        let order = self.order(bench);
        if let Ok(order) = &order
            && self.asked.as_ref() != Some(order)
        {
            self.asked = Some(order.clone());
            actions.push(WriteAction::Check(order.clone()).into());
        }
        let check = match &order {
            Ok(order) => bench.write_check(order).map(Result::as_ref),
            Err(_) => None,
        };
        findings_ui(ui, order.as_ref().err(), check);
        self.buttons_ui(ui, order.ok(), check.and_then(Result::ok), entered)
    }

    fn heading_ui(&mut self, ui: &mut Ui, bench: &Workbench) {
        let words = match self.what {
            WriteWhat::Merge | WriteWhat::Again(_) => "Write the merge".to_owned(),
            WriteWhat::Convert(id) => {
                let name = format::elide_middle(bench.study().doc().name_of(id), 40);
                format!("Convert {name}")
            }
        };
        ui.label(theme::strong(words).size(size::HEADING));
        ui.add_space(space::XS);
    }

    fn target_ui(&mut self, ui: &mut Ui) {
        row_ui(ui, "As", |ui| {
            let options = [
                (Target::Folder, "Folder of safetensors"),
                (Target::Gguf, "One GGUF file"),
            ];
            segmented(ui, "What is written", &mut self.target, &options);
        });
    }

    fn type_ui(&mut self, ui: &mut Ui) {
        row_ui(ui, "Type", |ui| match (self.target, self.what) {
            (Target::Gguf, _) => {
                let mut options = vec![Choice::new(None, AS_THEY_ARE, HELP_AS_THEY_ARE)];
                let kinds = GgufKind::NAMES.iter().map(|(_, kind)| *kind);
                options
                    .extend(kinds.map(|kind| Choice::new(Some(kind), kind.title(), about(kind))));
                if let Some(new) = choice(ui, "Type of the matrices", self.gguf_type, &options) {
                    self.gguf_type = new;
                }
                ui.weak("of the matrices; norms and vectors are F32");
            }
            (Target::Folder, WriteWhat::Convert(_)) => {
                let mut options = vec![Choice::new(None, AS_THEY_ARE, HELP_AS_THEY_ARE)];
                let types = FOLDER_TYPES.into_iter();
                options.extend(types.map(|own| Choice::new(Some(own), own, "")));
                if let Some(new) = choice(ui, "Type of the weights", self.folder_type, &options) {
                    self.folder_type = new;
                }
            }
            (Target::Folder, _) => {
                ui.weak("as the recipe says");
            }
        });
    }

    /// Where the rest of the model comes from, beside the weights.
    fn source_ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        if self.target == Target::Folder {
            row_ui(ui, "With", |ui| {
                let words = match self.what {
                    WriteWhat::Convert(_) => "its configuration and tokenizer",
                    _ => "configuration, tokenizer, recipe and model card",
                };
                ui.weak(words);
            });
            return;
        }
        row_ui(ui, "Template", |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Another file…").clicked() {
                    actions.push(WriteAction::AskForTemplate.into());
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    self.template_ui(ui, bench);
                });
            });
        });
    }

    fn template_ui(&mut self, ui: &mut Ui, bench: &Workbench) {
        let doc = bench.study().doc();
        let of_study = doc.models.iter().filter_map(|model| {
            let own = bench.files(model.id).checkpoint()?;
            own.is_gguf()
                .then(|| (model.name.clone(), own.path().to_owned()))
        });
        let mut known: Vec<(String, PathBuf)> = of_study.collect();
        if let Some(own) = &self.template
            && !known.iter().any(|(_, path)| path == own)
        {
            let name = own.file_name().unwrap_or_default().to_string_lossy();
            known.push((name.into_owned(), own.clone()));
        }
        let proposed = "The base or the first model of the merge that is GGUF. A GGUF file takes \
                        its metadata and its vocabulary from another one of the same model";
        let mut options = vec![Choice::new(None, "From the models", proposed)];
        let named = known.iter().enumerate();
        options.extend(named.map(|(k, (name, _))| Choice::new(Some(k), name, "")));
        let is_own = |(_, path): &(String, PathBuf)| Some(path) == self.template.as_ref();
        let now = known.iter().position(is_own);
        if let Some(new) = choice(ui, "Template", now, &options) {
            self.template = new.and_then(|k| known.get(k)).map(|(_, path)| path.clone());
        }
    }

    /// Whether Enter was pressed in the field.
    fn name_ui(&mut self, ui: &mut Ui) -> bool {
        let is_gguf = self.target == Target::Gguf;
        let mut entered = false;
        row_ui(ui, "Name", |ui| {
            let ending = if is_gguf { 44.0 } else { 0.0 };
            let width = ui.available_width() - ending;
            let field = text_field(
                ui,
                "Name of the output",
                "Name",
                &mut self.place.name,
                width,
            );
            if is_gguf {
                ui.weak(".gguf");
            }
            if field.changed() {
                self.take_ending();
            }
            entered = field.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        });
        entered
    }

    fn folder_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        row_ui(ui, "In", |ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let button = ui.button("Choose…");
                button.named(WidgetType::Button, "Choose where to write…");
                if button.clicked() {
                    actions.push(
                        WriteAction::AskWhere {
                            name: self.place.name.clone(),
                            is_gguf: self.target == Target::Gguf,
                        }
                        .into(),
                    );
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    match &self.place.folder {
                        Some(folder) => path_ui(ui, folder),
                        None => drop(ui.weak("choose a folder")),
                    }
                });
            });
        });
    }

    /// What is asked for, or what is still missing.
    fn order(&self, bench: &Workbench) -> Result<WriteOrder, String> {
        let text = match self.what {
            WriteWhat::Merge => {
                let draft = bench.study().doc().shown_draft();
                draft.map_or_else(|| Ok(String::new()), |draft| bench.text_to_write(draft))?
            }
            WriteWhat::Again(id) => {
                let merge = bench.merges().iter().find(|m| m.id == id);
                merge.map_or_else(String::new, |merge| merge.order.text.clone())
            }
            WriteWhat::Convert(id) => self.conversion_text(bench, id)?,
        };
        let name = self.place.name.trim();
        if name.is_empty() {
            return Err("It needs a name".to_owned());
        }
        let folder = self.place.folder.as_ref();
        let folder = folder.ok_or("Choose where to write it")?;
        Ok(match self.target {
            Target::Folder => WriteOrder::folder(text, &folder.join(name)),
            Target::Gguf => WriteOrder {
                text,
                out: folder.join(format!("{name}.gguf")),
                gguf: GgufWanted {
                    kind: self.gguf_type,
                    template: self.template.clone(),
                },
            },
        })
    }

    fn conversion_text(&self, bench: &Workbench, id: ModelId) -> Result<String, String> {
        // The type of a GGUF file is not one of the recipe.
        let own = self.folder_type.filter(|_| self.target == Target::Folder);
        let text = bench.conversion_text(id, own);
        text.map_err(|sentence| crate::text::sentence_case(&sentence))
    }

    fn buttons_ui(
        &mut self,
        ui: &mut Ui,
        order: Option<WriteOrder>,
        check: Option<&WriteCheck>,
        entered: bool,
    ) -> Option<Press> {
        let force = check.is_some_and(|check| check.replaces);
        let verb = match self.what {
            _ if force => "Replace it",
            WriteWhat::Convert(_) => "Convert",
            WriteWhat::Merge | WriteWhat::Again(_) => "Write",
        };
        let can = check.is_some();
        let mut press = None;
        ui.horizontal(|ui| {
            let button = ui.add_enabled_ui(can, |ui| primary_button(ui, verb)).inner;
            let button = button.on_disabled_hover_text("What is said above is in the way");
            // The key that opened the window is still down in its first frame.
            let keys = !std::mem::take(&mut self.is_new) && (entered || is_entered(ui));
            if can && (button.clicked() || keys) {
                press = order.map(|order| Press::Write { order, force });
            }
            if ui.button("Cancel").clicked() {
                press = Some(Press::Close);
            }
        });
        press
    }
}

/// Enter belongs to whatever has the focus; where nothing has, it means the button.
fn is_entered(ui: &Ui) -> bool {
    let is_free = ui.memory(|memory| memory.focused().is_none());
    let pressed = |modifiers| ui.input_mut(|i| i.consume_key(modifiers, Key::Enter));
    pressed(Modifiers::COMMAND) || is_free && pressed(Modifiers::NONE)
}

fn about(kind: GgufKind) -> &'static str {
    match kind {
        GgufKind::F16 => "16 bits; the range of half precision is narrow",
        GgufKind::Bf16 => "16 bits, with the range of float32",
        GgufKind::Q8_0 => "8 bits and a scale for 32 numbers; half as large as the others",
    }
}

/// What is missing, what is in the way, or what comes of it.
fn findings_ui(ui: &mut Ui, missing: Option<&String>, check: Option<Result<&WriteCheck, &String>>) {
    let t = Tokens::of(ui);
    let area = ScrollArea::vertical().id_salt("findings");
    let area = area.max_height(FINDINGS).min_scrolled_height(FINDINGS);
    area.auto_shrink([false, false]).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - space::M);
        ui.spacing_mut().item_spacing.y = space::XS;
        match (missing, check) {
            (Some(sentence), _) => drop(ui.weak(sentence)),
            (None, None) => drop(ui.weak("Looking at what would be written…")),
            (None, Some(Err(sentence))) => {
                let words = format!("{}  {sentence}", icon::X_CIRCLE);
                ui.add(Label::new(RichText::new(words).color(t.error)).wrap());
            }
            (None, Some(Ok(check))) => found_ui(ui, check),
        }
    });
}

fn found_ui(ui: &mut Ui, check: &WriteCheck) {
    let t = Tokens::of(ui);
    let size = format::bytes(check.bytes);
    let what = match &check.gguf {
        Some(gguf) => format!("{size}, matrices in {}", gguf.kind.title()),
        None => size,
    };
    ui.horizontal(|ui| {
        ui.label(theme::strong(what));
        let memory = format::bytes(check.cost.peak_memory_bytes);
        let time = match check.cost.seconds {
            under if under < 1.0 => "under 1 s".to_owned(),
            secs => format!("about {}", duration(secs)),
        };
        ui.weak(format!("{time}, up to {memory} of memory"));
    });
    if let Some(gguf) = &check.gguf {
        let path = gguf.template.to_string_lossy();
        ui.add(Label::new(quiet(format!("Metadata and vocabulary of {path}"))).wrap());
    }
    let replaced = "A model that Kinfolk has made lies there; it is replaced";
    let replaced = check.replaces.then_some(replaced);
    for note in replaced
        .into_iter()
        .chain(check.notes.iter().map(String::as_str))
    {
        let words = format!("{}  {note}", icon::WARNING);
        let words = RichText::new(words).size(size::SMALL).color(t.warning);
        ui.add(Label::new(words).wrap());
    }
}

fn duration(seconds: f64) -> String {
    format::duration(std::time::Duration::from_secs_f64(seconds.max(0.0)))
}

/// A name at the left, controls beside it.
fn row_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let label = vec2(LABEL_WIDTH, ROW_HEIGHT);
        ui.allocate_ui_with_layout(label, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_width(LABEL_WIDTH);
            ui.weak(name);
        });
        content(ui);
    });
}

/// The end of a path, in what room there is.
pub(super) fn path_ui(ui: &mut Ui, path: &Path) {
    let whole = path.to_string_lossy();
    let font = FontId::monospace(size::SMALL);
    let shown = text::fitted_tail(ui.painter(), &whole, &font, ui.available_width());
    ui.add(Label::new(RichText::new(shown).font(font)).extend())
        .on_hover_text(whole.as_ref());
}
