//! The set-up of an evolution as sentences of controls. What would make another experiment of
//! a run that has begun is a word then; rules, budget and what is kept stay open.

use std::path::Path;

use eframe::egui::{DragValue, ScrollArea, Ui, WidgetInfo, WidgetType, vec2};

use super::parts::{chosen, fixed, flow, folded, leading, say, width};
use super::{founders, recipe, stops};
use crate::lineage::strategy::{Description, PartnerPool, STRATEGIES, strategy};
use crate::study::{Command, Evolution, EvolutionEdit, Keep, ModelId, Setup};
use crate::ui::action::{Action, EvolutionAction};
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::views::evolution::words;
use crate::ui::widgets::Choice;
use crate::workbench::Workbench;

const LONGEST: usize = 28;
/// Room for a small number or a box to be checked, in points.
const NUMBER: f32 = 40.0;
const GIGABYTE: f64 = 1e9;
/// What a run may take on disk when somebody wants a limit, in bytes.
const USUAL_BYTES: u64 = 50_000_000_000;

/// The set-up of one evolution.
pub struct Sentence<'a> {
    pub bench: &'a Workbench,
    pub evolution: &'a Evolution,
    /// Whether it has begun.
    pub has_begun: bool,
}

impl Sentence<'_> {
    /// Draws it; whether the window of the evaluator is asked for.
    pub fn ui(&self, ui: &mut Ui, search: &mut String, out: &mut Vec<Action>) -> bool {
        let mut setup = self.evolution.setup.clone();
        let mut wants_evaluator = false;
        self.row(ui, |ui| {
            self.founders_ui(ui, search, &mut setup);
            self.recipe_ui(ui, &mut setup);
            self.strategy_ui(ui, &mut setup);
        });
        self.row(ui, |ui| {
            wants_evaluator = self.evaluator_ui(ui, &mut setup);
            self.rules_ui(ui, &mut setup);
        });
        self.row(ui, |ui| {
            self.folder_ui(ui, &setup, out);
            self.keep_ui(ui, &mut setup);
        });
        if setup != self.evolution.setup {
            let edit = EvolutionEdit::Change(self.evolution.id, Box::new(setup));
            out.push(Action::Study(Command::Evolution(edit)));
        }
        wants_evaluator
    }

    fn row(&self, ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(space::XS + 2.0, space::XS);
            content(ui);
        });
    }

    fn founders_ui(&self, ui: &mut Ui, search: &mut String, setup: &mut Setup) {
        say(ui, "From");
        let founders = self.founders();
        let count = format::counted(founders.len(), "founder");
        if self.has_begun {
            fixed(ui, &count);
        } else {
            folded(ui, "Founders", &count, |ui| {
                if let Some(new) = founders::founders_ui(ui, self.bench, self.evolution, search) {
                    setup.founders = new;
                }
            });
        }
        match self.base(&founders) {
            Some(base) => say(ui, &format!("of {base}, merge by")),
            None => say(ui, "merge by"),
        }
    }

    fn recipe_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let shown = recipe::words(&setup.recipe);
        if self.has_begun {
            return fixed(ui, &shown);
        }
        folded(ui, "Way to merge", &shown, |ui| {
            if let Some(text) = recipe::recipe_ui(ui, &setup.recipe.clone()) {
                setup.recipe = text;
            }
        });
    }

    fn strategy_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let known = strategy(&setup.strategy).map(|s| s.description());
        say(ui, "the");
        if self.has_begun {
            fixed(ui, &setup.choices.top.to_string());
            say(ui, "best, with strategy");
            fixed(ui, known.map_or(setup.strategy.as_str(), |k| k.title));
        } else {
            flow(ui, NUMBER, |ui| {
                let field = DragValue::new(&mut setup.choices.top)
                    .range(2..=50)
                    .speed(0.05);
                let field = ui.add(field);
                let name = "How many of the best are merged";
                field.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, name));
                field
                    .on_hover_text("The paper’s k: so many of the best are merged with each other");
            });
            say(ui, "best, with strategy");
            self.strategies_ui(ui, setup);
        }
        if let Some(known) = known {
            self.choices_ui(ui, known, setup);
        }
    }

    fn strategies_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let options: Vec<Choice<'_, Option<usize>>> = STRATEGIES
            .iter()
            .enumerate()
            .map(|(k, strategy)| Choice {
                value: Some(k),
                label: strategy.description().title,
                help: strategy.description().help,
            })
            .collect();
        let named =
            |s: &&dyn crate::lineage::strategy::Strategy| s.description().name == setup.strategy;
        let current = STRATEGIES.iter().position(named);
        let new = chosen(ui, "Strategy", current, &options);
        if let Some(Some(k)) = new {
            STRATEGIES[k]
                .description()
                .name
                .clone_into(&mut setup.strategy);
        }
    }

    /// What the strategy wants to know besides.
    fn choices_ui(&self, ui: &mut Ui, known: &Description, setup: &mut Setup) {
        let choices = &mut setup.choices;
        if known.uses_pool {
            say(ui, "and a partner from");
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
            say(ui, "drawn by seed");
            if self.has_begun {
                fixed(ui, &choices.seed.to_string());
            } else {
                flow(ui, NUMBER, |ui| {
                    let field = ui.add(DragValue::new(&mut choices.seed).speed(0.1));
                    field.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, "Seed"));
                });
            }
        }
        self.first_ui(ui, setup);
    }

    fn first_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        let words = "all founders in the first generation";
        if self.has_begun {
            if setup.choices.all_founders_first {
                say(ui, "and");
                fixed(ui, words);
            }
            return;
        }
        let room = width(ui, words) + NUMBER;
        flow(ui, room, |ui| {
            ui.checkbox(&mut setup.choices.all_founders_first, words)
                .on_hover_text("As in the paper’s algorithms; else the best of the founders only");
        });
    }

    /// Whether its window is asked for.
    fn evaluator_ui(&self, ui: &mut Ui, setup: &mut Setup) -> bool {
        let doc = self.bench.study().doc();
        say(ui, "Judge by");
        let words = words::evaluator(&doc.evaluator);
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
        let all = &self.bench.record().tasks;
        ui.set_max_width(320.0);
        let mut as_counted = setup.tasks.is_empty();
        let box_ = ui.checkbox(&mut as_counted, "All that count in the study’s average");
        if box_.changed() {
            setup.tasks = if as_counted {
                Vec::new()
            } else {
                chosen.to_vec()
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
                        (*t == task) == is_in && *t == task || *t != task && chosen.contains(t)
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
        folded(ui, "Stop rules", &words, |ui| {
            if let Some(rules) = stops::rules_ui(ui, &setup.rules) {
                setup.rules = rules;
            }
        });
    }

    fn folder_ui(&self, ui: &mut Ui, setup: &Setup, out: &mut Vec<Action>) {
        say(ui, "Write to");
        let words = match &setup.folder {
            Some(folder) => short(folder),
            None => "a folder…".to_owned(),
        };
        let response = leading(ui, "Folder of the children", &words);
        let response = match &setup.folder {
            Some(folder) => response.on_hover_text(folder.display().to_string()),
            None => response,
        };
        if response.clicked() {
            out.push(Action::Evolution(EvolutionAction::AskForFolder(
                self.evolution.id,
            )));
        }
    }

    fn keep_ui(&self, ui: &mut Ui, setup: &mut Setup) {
        say(ui, "and keep");
        let options = [
            Choice {
                value: Keep::All,
                label: "all children",
                help: "Every child’s files stay on disk",
            },
            Choice {
                value: Keep::Best,
                label: "the best only",
                help: "Files of children that cannot be merged again are removed; the record stays",
            },
        ];
        let new = chosen(ui, "Children kept", setup.keep, &options);
        setup.keep = new.unwrap_or(setup.keep);
        flow(ui, 4.0 * NUMBER, |ui| {
            let mut is_limited = setup.most_bytes.is_some();
            let response = ui.checkbox(&mut is_limited, "at most");
            response.widget_info(|| {
                WidgetInfo::selected(WidgetType::Checkbox, true, is_limited, "Limit on disk")
            });
            if response.changed() {
                setup.most_bytes = is_limited.then_some(USUAL_BYTES);
            }
            if let Some(bytes) = &mut setup.most_bytes {
                gigabytes_ui(ui, bytes);
            }
        });
    }

    fn founders(&self) -> Vec<ModelId> {
        let doc = self.bench.study().doc();
        let mut all = doc.population(self.evolution);
        all.retain(|id| {
            let step = doc.model(*id).and_then(|m| m.step(&self.evolution.name));
            step.is_none_or(|step| step.generation == 0)
        });
        all
    }

    /// The name of the base that all founders have.
    fn base(&self, founders: &[ModelId]) -> Option<String> {
        let doc = self.bench.study().doc();
        let base = |id: &ModelId| doc.model(*id).and_then(|m| m.base);
        let first = base(founders.first()?)?;
        let is_of_all = founders.iter().all(|id| base(id) == Some(first));
        is_of_all.then(|| format::elide_middle(doc.name_of(first), LONGEST))
    }
}

fn gigabytes_ui(ui: &mut Ui, bytes: &mut u64) {
    let mut gigabytes = *bytes as f64 / GIGABYTE;
    let field = DragValue::new(&mut gigabytes)
        .range(0.001..=1e6)
        .speed(0.1)
        .max_decimals(3)
        .suffix(" GB");
    let field = ui.add(field);
    let name = "Most gigabytes on disk";
    field.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, name));
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
