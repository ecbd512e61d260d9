//! The set-up of an evolution as sentences of controls. What would make another experiment of
//! a run that has begun is a word then; rules, budget and what is kept stay open.

use std::path::Path;

use eframe::egui::containers::menu::{MenuButton, MenuConfig};
use eframe::egui::{
    Button, DragValue, PopupCloseBehavior, Response, ScrollArea, Ui, WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::{RunContext, founders, recipe, rules};
use crate::lineage::strategy::{Description, PartnerPool, STRATEGIES, strategy};
use crate::study::{Command, Evolution, EvolutionEdit, Keep, ModelId, Setup};
use crate::ui::action::EvolutionAction;
use crate::ui::ext::ResponseExt;
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::views::evolution::{new, words};
use crate::ui::widgets::{Choice, choice, segmented, text};

const LONGEST: usize = 28;
const BEST_ONLY: &str = "Files of children that cannot be merged again are removed; their record \
                         stays";
const ON_A_CLUSTER: &str = "Workers take children from a folder that all of them see: start them \
                            with kinfolk cluster work and that folder. What comes out is the \
                            same";
/// From this width on, in points, the sentence names the base, and asks what the strategy wants
/// to know besides.
const ROOM_FOR_BASE: f32 = 1000.0;
const ROOM_FOR_CHOICES: f32 = 1200.0;
/// Room for a small number or a box to be checked, in points.
const NUMBER: f32 = 40.0;
const GIGABYTE: f64 = 1e9;
/// What a run may take on disk when the user wants a limit, in bytes.
const USUAL_BYTES: u64 = 50_000_000_000;

pub struct Sentence<'a> {
    pub context: RunContext<'a>,
    pub evolution: &'a Evolution,
    /// How two are merged, in a word or two.
    pub method: &'a str,
    pub has_begun: bool,
}

impl Sentence<'_> {
    /// Draws it; whether the window of the evaluator is asked for.
    pub fn ui(&self, ui: &mut Ui, search: &mut String) -> bool {
        let mut setup = self.evolution.setup.clone();
        let mut wants_evaluator = false;
        row(ui, |ui| {
            self.founders_ui(ui, search, &mut setup);
            self.top_ui(ui, &mut setup);
            self.recipe_ui(ui, &mut setup);
            self.strategy_ui(ui, &mut setup);
        });
        row(ui, |ui| {
            wants_evaluator = self.evaluator_ui(ui, &mut setup);
            self.rules_ui(ui, &mut setup);
            self.more_ui(ui, &mut setup);
        });
        if setup != self.evolution.setup {
            let edit = EvolutionEdit::Change(self.evolution.id, Box::new(setup));
            self.context.push(Command::Evolution(edit));
        }
        wants_evaluator
    }

    fn founders_ui(&self, ui: &mut Ui, search: &mut String, setup: &mut Setup) {
        say(ui, "From");
        let founders = new::founders_of(self.context.doc(), self.evolution);
        let count = format::counted(founders.len(), "founder");
        if self.has_begun {
            fixed(ui, &count);
        } else {
            folded(ui, "Founders", &count, |ui| {
                let bench = self.context.bench;
                if let Some(new) = founders::founders_ui(ui, bench, self.evolution, search) {
                    setup.founders = new;
                }
            });
        }
        // Where it would begin another line the base is left to the list of founders.
        match self.base(&founders) {
            Some(base) if ui.max_rect().width() >= ROOM_FOR_BASE => {
                say(ui, &format!("of {base}, merge the"));
            }
            _ => say(ui, "merge the"),
        }
    }

    fn top_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        if self.has_begun {
            fixed(ui, &setup.choices.top.to_string());
        } else {
            flow(ui, NUMBER, |ui| {
                let field = DragValue::new(&mut setup.choices.top).range(2..=50);
                let field = ui.add(field.speed(0.05));
                field.named(WidgetType::DragValue, "How many of the best are merged");
                let help = "The paper’s k: this many of the best are merged with each other";
                field.on_hover_text(help);
            });
        }
        say(ui, "best by");
    }

    fn recipe_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        if self.has_begun {
            return fixed(ui, self.method);
        }
        folded(ui, "Way to merge", self.method, |ui| {
            if let Some(text) = recipe::recipe_ui(ui, &setup.recipe.clone()) {
                setup.recipe = text;
                setup.other_recipes.clear();
            }
        });
    }

    fn strategy_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let known = strategy(&setup.strategy).map(|s| s.description());
        say(ui, "with strategy");
        if self.has_begun {
            fixed(ui, known.map_or(setup.strategy.as_str(), |k| k.title));
        } else {
            self.strategies_ui(ui, setup);
        }
        if let Some(known) = known.filter(|_| has_room(ui)) {
            self.choices_ui(ui, known, setup);
        }
    }

    fn strategies_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let known = STRATEGIES.iter().map(|strategy| strategy.description());
        let options = known.map(|known| Choice {
            value: known.name,
            label: known.title,
            help: known.help,
        });
        let options: Vec<Choice<'_, _>> = options.collect();
        if let Some(name) = chosen(ui, "Strategy", setup.strategy.as_str(), &options) {
            setup.strategy = name.to_owned();
        }
    }

    /// What the strategy wants to know besides.
    fn choices_ui(&self, ui: &mut Ui, known: &Description, setup: &mut Setup) {
        let choices = &mut setup.choices;
        if known.uses_pool {
            let words = ["Partners from", "and partners from"];
            say(ui, words[usize::from(has_room(ui))]);
            if self.has_begun {
                fixed(ui, choices.pool.title());
            } else {
                let options = PartnerPool::ALL.map(|pool| Choice {
                    value: pool,
                    label: pool.title(),
                    help: "",
                });
                let new = chosen(ui, "Partner from", choices.pool, &options);
                choices.pool = new.unwrap_or(choices.pool);
            }
        }
        if known.uses_seed {
            let words = ["Drawn by seed", "drawn by seed"];
            say(ui, words[usize::from(has_room(ui))]);
            if self.has_begun {
                fixed(ui, &choices.seed.to_string());
            } else {
                flow(ui, NUMBER, |ui| {
                    let field = ui.add(DragValue::new(&mut choices.seed).speed(0.1));
                    field.named(WidgetType::DragValue, "Seed");
                });
            }
        }
    }

    /// What is seldom changed: who is merged first, where children lie, which are kept.
    fn more_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let known = strategy(&setup.strategy).map(|s| s.description());
        let known = known.filter(|_| !has_room(ui));
        folded(ui, "More of the set-up", "More", |ui| {
            ui.set_max_width(440.0);
            if let Some(known) = known {
                row(ui, |ui| self.choices_ui(ui, known, setup));
            }
            row(ui, |ui| self.first_ui(ui, setup));
            row(ui, |ui| {
                self.folder_ui(ui, setup);
                self.keep_ui(ui, setup);
            });
            if setup.keep == Keep::Best {
                ui.weak(BEST_ONLY);
            }
            row(ui, |ui| self.cluster_ui(ui, setup));
        });
    }

    fn first_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let words = "All founders in the first generation";
        if self.has_begun {
            let best = "The best founders in the first generation";
            let is_all = setup.choices.all_founders_first;
            return fixed(ui, if is_all { words } else { best });
        }
        let room = width(ui, words) + NUMBER;
        flow(ui, room, |ui| {
            ui.checkbox(&mut setup.choices.all_founders_first, words)
                .on_hover_text("As in the paper’s algorithms; else the best of the founders only");
        });
    }

    /// Whether its window is asked for.
    fn evaluator_ui(&self, ui: &mut Ui, setup: &mut Setup) -> bool {
        let doc = self.context.doc();
        say(ui, "Judge by");
        let words = doc.evaluator.words();
        let asked = leading(ui, "Evaluator", &words)
            .on_hover_text("Set up who judges the models of this study…")
            .clicked();
        say(ui, "on");
        let tasks = doc.selecting_tasks(self.evolution);
        let count = format::counted(tasks.len(), "task");
        let words = match setup.tasks.is_empty() {
            true if tasks.is_empty() => "every task that counts".to_owned(),
            true => format!("the {count} that count"),
            false => count,
        };
        if self.has_begun {
            fixed(ui, &words);
        } else {
            folded(ui, "Tasks that select", &words, |ui| {
                self.tasks_ui(ui, &tasks, setup);
            });
        }
        asked
    }

    fn tasks_ui(&self, ui: &mut Ui, chosen: &[String], setup: &mut Setup) {
        let all = &self.context.bench.record().tasks;
        ui.set_max_width(320.0);
        let mut as_counted = setup.tasks.is_empty();
        let box_ = ui.checkbox(&mut as_counted, "All that count in the study’s average");
        if box_.changed() {
            setup.tasks = match as_counted {
                true => Vec::new(),
                false => chosen.to_vec(),
            };
        }
        ui.separator();
        if all.is_empty() {
            say(ui, "No model of this study has a score yet");
        }
        ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
            for task in all {
                let mut is_in = chosen.contains(task);
                let response = ui.checkbox(&mut is_in, format::elide_middle(task, 40));
                if response.changed() {
                    let is_left = |t: &&String| {
                        if *t == task {
                            is_in
                        } else {
                            chosen.contains(t)
                        }
                    };
                    setup.tasks = all.iter().filter(is_left).cloned().collect();
                }
            }
        });
    }

    fn rules_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        say(ui, "and stop after");
        let parts = words::rules(&setup.rules);
        let words = match parts.is_empty() {
            true => "nothing but your word".to_owned(),
            false => words::one_of(&parts),
        };
        // The last of its line but for a small button: it takes what is left.
        let left = ui.max_rect().right() - ui.cursor().left() - CARET - LAST;
        let most = left.clamp(NARROWEST, WIDEST);
        folded_within(ui, most, ("Stop rules", &words), |ui| {
            if let Some(rules) = rules::rules_ui(ui, &setup.rules) {
                setup.rules = rules;
            }
        });
    }

    fn folder_ui(&self, ui: &mut Ui, setup: &Setup) {
        say(ui, "Write to");
        let words = match &setup.folder {
            Some(folder) => short(folder),
            None => "a folder…".to_owned(),
        };
        let mut response = leading(ui, "Folder of the children", &words);
        if let Some(folder) = &setup.folder {
            response = response.on_hover_text(folder.display().to_string());
        }
        if response.clicked() {
            let ask = EvolutionAction::AskForFolder(self.evolution.id);
            self.context.push(ask);
        }
    }

    /// Who merges and judges children: this program, or workers that take them from a folder.
    fn cluster_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        say(ui, "Merge and judge");
        let words = match &setup.cluster {
            Some(cluster) => format!("on a cluster: {}", short(&cluster.folder)),
            None => "On a cluster…".to_owned(),
        };
        let response = leading(ui, "On a cluster…", &words).on_hover_text(ON_A_CLUSTER);
        if response.clicked() {
            let ask = EvolutionAction::AskForCluster(self.evolution.id);
            self.context.push(ask);
        }
        let mut is_here = false;
        if let Some(cluster) = &mut setup.cluster {
            let words = "this computer works too";
            let room = width(ui, words) + NUMBER;
            flow(ui, room, |ui| ui.checkbox(&mut cluster.works, words));
            is_here = leading(ui, "Here alone", "Here alone").clicked();
        }
        if is_here {
            setup.cluster = None;
        }
    }

    fn keep_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        say(ui, "and keep");
        let options = [(Keep::All, "all children"), (Keep::Best, "the best only")];
        segmented(ui, "Children kept", &mut setup.keep, &options);
        flow(ui, 4.0 * NUMBER, |ui| {
            let mut is_limited = setup.most_bytes.is_some();
            let response = ui.checkbox(&mut is_limited, "at most");
            response.named_selected(WidgetType::Checkbox, is_limited, "Limit on disk");
            if response.changed() {
                setup.most_bytes = is_limited.then_some(USUAL_BYTES);
            }
            if let Some(bytes) = &mut setup.most_bytes {
                gigabytes_ui(ui, bytes);
            }
        });
    }

    /// The name of the base that all founders have.
    fn base(&self, founders: &[ModelId]) -> Option<String> {
        let doc = self.context.doc();
        let base = |id: &ModelId| doc.model(*id).and_then(|m| m.base);
        let first = base(founders.first()?)?;
        let is_of_all = founders.iter().all(|id| base(id) == Some(first));
        is_of_all.then(|| format::elide_middle(doc.name_of(first), LONGEST))
    }
}

/// Whether a sentence has room for what is seldom changed.
fn has_room(ui: &Ui) -> bool {
    ui.max_rect().width() >= ROOM_FOR_CHOICES
}

fn row(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::XS + 2.0, space::XS);
        content(ui);
    });
}

fn gigabytes_ui(ui: &mut Ui, bytes: &mut u64) {
    let mut gigabytes = *bytes as f64 / GIGABYTE;
    let field = DragValue::new(&mut gigabytes)
        .range(0.001..=1e6)
        .speed(0.1)
        .max_decimals(3)
        .suffix(" GB");
    let field = ui.add(field);
    field.named(WidgetType::DragValue, "Most gigabytes on disk");
    if field.changed() {
        *bytes = (gigabytes * GIGABYTE).round() as u64;
    }
}

/// The last two parts of a path.
fn short(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|p| p.to_string_lossy()).collect();
    match &parts[..] {
        [.., a, b] => format!("{a}/{b}"),
        _ => path.display().to_string(),
    }
}

/// What is said of what would make another experiment of a run that has begun.
const FIXED: &str = "Fixed since the run has begun; duplicate it to try another";
/// Room for what shows that a button opens a list, in points.
const CARET: f32 = 26.0;
/// The widest control, in points; its words are cut in their middle.
const WIDEST: f32 = 380.0;
/// The same where two lines have to hold the sentence.
const NARROWEST: f32 = 190.0;
/// Room for the button at the end of the sentence.
const LAST: f32 = 88.0;

/// A control that goes to the next row as a whole where `width` points are not left.
fn flow<T>(ui: &mut Ui, width: f32, control: impl FnOnce(&mut Ui) -> T) -> T {
    let is_first = ui.cursor().left() <= ui.max_rect().left() + 1.0;
    if !is_first && ui.cursor().left() + width > ui.max_rect().right() {
        ui.end_row();
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        control(ui)
    })
    .inner
}

/// A choice among several, folded, where it has room.
fn chosen<T: PartialEq + Copy>(
    ui: &mut Ui,
    name: &str,
    value: T,
    options: &[Choice<'_, T>],
) -> Option<T> {
    let labels = options.iter().map(|option| width(ui, option.label));
    let widest = labels.fold(0.0, f32::max);
    flow(ui, widest + CARET, |ui| choice(ui, name, value, options))
}

/// The width of words in a button, with what is around them.
fn width(ui: &Ui, words: &str) -> f32 {
    let around = 2.0 * ui.spacing().button_padding.x;
    text::width(ui, words, theme::body_font()) + around
}

fn say(ui: &mut Ui, words: &str) {
    ui.weak(words);
}

/// What can no longer be chosen, as a word.
fn fixed(ui: &mut Ui, words: &str) {
    let shown = fitted(ui, words);
    ui.label(theme::strong(shown).color(Tokens::of(ui).text))
        .on_hover_text(match words {
            "" => FIXED.to_owned(),
            _ => format!("{words}\n{FIXED}"),
        });
}

/// A button with the words of what is chosen, under which the choice lies; `name` is what is
/// chosen, for those who hear it.
fn folded(ui: &mut Ui, name: &str, words: &str, content: impl FnOnce(&mut Ui)) {
    let most = widest(ui);
    folded_within(ui, most, (name, words), content);
}

/// The same with words of at most this width.
fn folded_within(
    ui: &mut Ui,
    most: f32,
    (name, words): (&str, &str),
    content: impl FnOnce(&mut Ui),
) {
    let shown = text::fitted(ui.painter(), words, &theme::body_font(), most);
    let room = width(ui, &shown) + CARET;
    flow(ui, room, |ui| {
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let button = Button::new(format!("{shown}  {}", icon::CARET_DOWN));
        let menu = MenuButton::from_button(button).config(config);
        let response = menu.ui(ui, content).0;
        named(ui, &response, name, words);
        if shown != words {
            response.on_hover_text(words);
        }
    });
}

/// A button with the words of what is chosen, that leads elsewhere.
fn leading(ui: &mut Ui, name: &str, words: &str) -> Response {
    let shown = fitted(ui, words);
    let room = width(ui, &shown);
    flow(ui, room, |ui| {
        let response = ui.button(shown);
        named(ui, &response, name, words);
        response
    })
}

fn fitted(ui: &Ui, words: &str) -> String {
    text::fitted(ui.painter(), words, &theme::body_font(), widest(ui))
}

fn widest(ui: &Ui) -> f32 {
    let widest = if has_room(ui) { WIDEST } else { NARROWEST };
    widest.min(ui.max_rect().width() - 60.0)
}

fn named(ui: &Ui, response: &Response, name: &str, words: &str) {
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo {
        current_text_value: Some(words.to_owned()),
        ..WidgetInfo::labeled(WidgetType::Button, enabled, name)
    });
}
