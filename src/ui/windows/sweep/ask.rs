//! What is swept: one or two numbers of the recipe, and their values.

use std::path::PathBuf;

use eframe::egui::{Grid, Ui, WidgetType};

use crate::merge::recipe::Template;
use crate::study::{ClusterChoice, DraftId};
use crate::ui::action::{Action, EvaluationAction, SweepAction};
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::{Choice, choice, primary_button, text_field};
use crate::workbench::Workbench;
use crate::workbench::sweeping::{Axis, Sweep, cells, values_of};

/// The most parameters that a picture can show.
const AXES: usize = 2;
const USUAL_VALUES: &str = "0.1..0.9/0.2";
const VALUES: f32 = 260.0;
const HELP: &str = "A list, 0.1, 0.3, or a range with its step, 0.1..0.9/0.2";
const NONE: &str = "none";

pub(super) struct Form {
    draft: DraftId,
    name: String,
    /// The recipe with whole paths.
    text: String,
    /// Every number of the recipe: its path, and what stands there.
    numbers: Vec<(String, f64)>,
    axes: [Chosen; AXES],
    cluster: Option<ClusterChoice>,
    keep: bool,
}

#[derive(Default)]
struct Chosen {
    /// Which of the numbers.
    place: Option<usize>,
    values: String,
}

impl Form {
    /// The form for a draft; `None` if its recipe cannot be read.
    pub(super) fn new(bench: &Workbench, draft: DraftId) -> Option<Self> {
        let own = bench.study().doc().draft(draft)?;
        let text = bench.text_to_write(own).ok()?;
        let numbers = Template::read(&text).ok()?.numbers();
        let axis = |place: Option<usize>| Chosen {
            place,
            values: USUAL_VALUES.to_owned(),
        };
        let first = (!numbers.is_empty()).then_some(0);
        Some(Self {
            draft,
            name: own.name.clone(),
            text,
            numbers,
            axes: [axis(first), axis(None)],
            cluster: None,
            keep: false,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn set_cluster(&mut self, folder: PathBuf) {
        let works = true;
        self.cluster = Some(ClusterChoice { folder, works });
    }

    /// Says whether it stays open.
    pub(super) fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) -> bool {
        if self.numbers.is_empty() {
            ui.label(
                "The recipe has no number that could be swept; give one of its parameters a \
                      value first",
            );
            return true;
        }
        let grid = Grid::new("sweep").num_columns(2);
        grid.spacing([space::L, space::S]).show(ui, |ui| {
            for k in 0..AXES {
                self.axis_ui(ui, k);
            }
            self.judge_ui(ui, bench, actions);
            self.cluster_ui(ui, actions);
            ui.weak("Children");
            ui.checkbox(&mut self.keep, "Keep them when they have their scores");
            ui.end_row();
        });
        ui.add_space(space::M);
        self.foot_ui(ui, bench, actions)
    }

    fn axis_ui(&mut self, ui: &mut Ui, k: usize) {
        let names = ["Parameter", "Second parameter"];
        ui.weak(names[k]);
        ui.horizontal(|ui| {
            let own = &mut self.axes[k];
            let mut options: Vec<Choice<'_, Option<usize>>> = self
                .numbers
                .iter()
                .enumerate()
                .map(|(at, (path, _))| Choice::new(Some(at), path.as_str(), ""))
                .collect();
            if k > 0 {
                options.insert(0, Choice::new(None, NONE, ""));
            }
            if let Some(new) = choice(ui, names[k], own.place, &options) {
                own.place = new;
            }
            if own.place.is_some() {
                let labels = ["Values", "Values of the second parameter"];
                text_field(ui, labels[k], HELP, &mut own.values, VALUES).on_hover_text(HELP);
            }
        });
        ui.end_row();
    }

    fn judge_ui(&self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        ui.weak("Judged by");
        let words = bench.study().doc().evaluator.words();
        let button = ui.button(words);
        button.named(WidgetType::Button, "Evaluator of the sweep");
        if button.clicked() {
            actions.push(EvaluationAction::ShowSetup.into());
            actions.push(crate::ui::action::View::Evolution.into());
            actions.push(SweepAction::Close.into());
        }
        ui.end_row();
    }

    fn cluster_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.weak("Where");
        ui.horizontal(|ui| {
            let words = match &self.cluster {
                None => "this computer".to_owned(),
                Some(own) => format::elide_middle(&own.folder.to_string_lossy(), 40),
            };
            ui.label(words);
            if ui.button("On a cluster…").clicked() {
                actions.push(SweepAction::AskForCluster.into());
            }
            let mut is_here = false;
            if let Some(own) = &mut self.cluster {
                ui.checkbox(&mut own.works, "This computer works too");
                is_here = ui.button("Here alone").clicked();
            }
            if is_here {
                self.cluster = None;
            }
        });
        ui.end_row();
    }

    fn foot_ui(&self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) -> bool {
        let axes = self.axes();
        let count = axes.clone().and_then(|axes| cells(&axes));
        let objection = match &count {
            Err(sentence) => Some(crate::text::sentence_case(sentence)),
            Ok(_) => bench.sweep_objection(),
        };
        if let Some(sentence) = &objection {
            ui.weak(sentence);
        } else if let Ok(cells) = &count {
            ui.quiet(match cells.len() {
                1 => "1 child to merge and score".to_owned(),
                n => format!("{n} children to merge and score"),
            });
        }
        ui.add_space(space::S);
        let mut stays = true;
        ui.horizontal(|ui| {
            let can = objection.is_none();
            let button = ui.add_enabled_ui(can, |ui| primary_button(ui, "Start sweep"));
            if button.inner.clicked()
                && let Ok(axes) = axes
            {
                let sweep = Sweep {
                    name: self.name.clone(),
                    text: self.text.clone(),
                    axes,
                    keep: self.keep,
                    ..Sweep::default()
                };
                let cluster = self.cluster.clone();
                actions.push(SweepAction::Start(self.draft, Box::new(sweep), cluster).into());
            }
            stays = !ui.button("Cancel").clicked();
        });
        stays
    }

    fn axes(&self) -> Result<Vec<Axis>, String> {
        let chosen = self.axes.iter().filter_map(|own| Some((own.place?, own)));
        let axis = |(place, own): (usize, &Chosen)| {
            Ok(Axis {
                path: self.numbers[place].0.clone(),
                values: values_of(&own.values)?,
            })
        };
        chosen.map(axis).collect()
    }
}
