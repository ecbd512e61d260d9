//! What came out of an extraction: what is kept over the layers and by module, how the singular
//! values fall off, and the way into the study.

use std::collections::BTreeMap;
use std::sync::Arc;

use eframe::egui::{Align, Label, Layout, ScrollArea, Ui};
use egui_phosphor::regular as icon;

use crate::extract::{Fate, ModuleReport, Report};
use crate::ui::action::{Action, Content, Export};
use crate::ui::colormap::Scale;
use crate::ui::dialogs::Filter;
use crate::ui::ext::{UiExt, quiet};
use crate::ui::format;
use crate::ui::theme::space;
use crate::ui::widgets::bars::{Bar, bars_ui};
use crate::ui::widgets::profile::{Profile, Series};
use crate::ui::widgets::{icon_button, primary_button, section_heading, segmented};
use crate::ui::windows::job::title_ui;
use crate::ui::windows::number::number_ui;
use crate::workbench::Workbench;

const JSON: Filter = Filter::new("JSON", &["json"]);
/// Lines of a chart: more cannot be told apart.
const MOST_SERIES: usize = 7;
const CHART_HEIGHT: f32 = 260.0;

#[derive(Default)]
pub(super) struct ResultView {
    chart: Chart,
    /// The module whose singular values are shown.
    module: Option<String>,
}

/// What the chart shows.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Chart {
    #[default]
    Energy,
    Rank,
    Values,
}

impl ResultView {
    /// Says whether the page stays open.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        bench: &Workbench,
        name: &str,
        report: &Arc<Report>,
        actions: &mut Vec<Action>,
    ) -> bool {
        let stays = head_ui(ui, bench, name, report, actions);
        facts_ui(ui, report);
        ui.add_space(space::S);
        ui.separator();
        let charts = [
            (Chart::Energy, "Energy kept"),
            (Chart::Rank, "Rank"),
            (Chart::Values, "Singular values"),
        ];
        segmented(ui, "What the chart shows", &mut self.chart, &charts);
        ui.add_space(space::XS);
        let chart = ui.available_rect_before_wrap();
        let chart = chart.with_max_y(chart.top() + CHART_HEIGHT.min(0.5 * chart.height()));
        let place = eframe::egui::UiBuilder::new()
            .max_rect(chart)
            .id_salt("chart");
        ui.scope_builder(place, |ui| match self.chart {
            Chart::Values => self.values_ui(ui, report),
            Chart::Energy | Chart::Rank => self.layers_ui(ui, report),
        });
        ui.add_space(space::S);
        self.modules_ui(ui, report);
        stays
    }

    /// A line for each kind of module over the layers.
    fn layers_ui(&self, ui: &mut Ui, report: &Report) {
        let is_rank = self.chart == Chart::Rank;
        let value = |m: &ModuleReport| match &m.fate {
            Fate::Factors { rank, .. } if is_rank => Some(*rank as f64),
            Fate::Factors { energy, .. } => Some(100.0 * energy),
            Fate::Whole { .. } | Fate::LeftOut { .. } => None,
        };
        let lines = by_kind(report, value);
        let series: Vec<Series<'_>> = (lines.iter().enumerate())
            .map(|(role, (name, values))| Series {
                name,
                role,
                values: values.clone(),
            })
            .collect();
        if series.is_empty() {
            ui.weak("No module in a layer has factors");
            return;
        }
        let profile = Profile {
            id_salt: "extracted",
            x_name: "Layer",
            y_name: if is_rank { "Rank" } else { "Energy kept, %" },
            series: &series,
            y_range: (!is_rank).then(|| percent_range(&series)),
            decimals: if is_rank { 0 } else { 2 },
        };
        profile.show(ui);
    }

    /// How the singular values of one module fall off.
    fn values_ui(&self, ui: &mut Ui, report: &Report) {
        let wanted = |m: &&ModuleReport| self.module.as_ref().is_none_or(|own| *own == m.module);
        let ranked = |m: &&ModuleReport| m.rank() > Some(0);
        let mut modules = report.modules.iter().filter(ranked);
        let Some(module) = modules
            .find(wanted)
            .or_else(|| report.modules.iter().find(ranked))
        else {
            ui.weak("No module has factors");
            return;
        };
        let Fate::Factors { values, .. } = &module.fate else {
            return;
        };
        let series = [Series {
            name: &module.module,
            role: 0,
            values: values.iter().map(|value| Some(*value)).collect(),
        }];
        let profile = Profile {
            id_salt: "singular values",
            x_name: "Rank, from 0",
            y_name: "Singular value",
            series: &series,
            y_range: None,
            decimals: 4,
        };
        profile.show(ui);
    }

    /// Every module with its residual; a click shows its singular values.
    fn modules_ui(&mut self, ui: &mut Ui, report: &Report) {
        section_heading(ui, "What is left of the change, % of its length");
        let modules: Vec<&ModuleReport> = (report.modules.iter())
            .filter(|module| module.rank().is_some())
            .collect();
        let value = |module: &ModuleReport| match &module.fate {
            Fate::Factors { residual, .. } => Some(100.0 * residual),
            Fate::Whole { .. } | Fate::LeftOut { .. } => None,
        };
        let names: Vec<String> = modules
            .iter()
            .map(|m| format!("{} · {}", m.module, m.rank().unwrap_or(0)))
            .collect();
        let bars: Vec<Bar<'_>> = (modules.iter().zip(&names))
            .map(|(module, name)| Bar {
                name,
                value: value(module),
                predicted: false,
            })
            .collect();
        let scale = Scale::Sequential { lo: 0.0, hi: 100.0 };
        ScrollArea::vertical()
            .id_salt("extracted modules")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_max_width(ui.available_width() - space::L);
                if let Some(clicked) = bars_ui(ui, &bars, scale, 2) {
                    self.module = modules.get(clicked).map(|m| m.module.clone());
                    self.chart = Chart::Values;
                }
                for note in &report.notes {
                    ui.add(Label::new(quiet(crate::text::sentence_case(note))).wrap());
                }
            });
    }
}

/// For each kind of module in layers its values, layer by layer.
fn by_kind(
    report: &Report,
    value: impl Fn(&ModuleReport) -> Option<f64>,
) -> Vec<(String, Vec<Option<f64>>)> {
    let mut lines: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    let layers = report.modules.iter().filter_map(|m| m.layer).max();
    let layers = layers.map_or(0, |last| last as usize + 1);
    for module in &report.modules {
        let short = module.module.rsplit('.').next().unwrap_or_default();
        if let (Some(layer), Some(value)) = (module.layer, value(module)) {
            let line = lines.entry(short).or_insert_with(|| vec![None; layers]);
            line[layer as usize] = Some(value);
        }
    }
    let lines = lines.into_iter().take(MOST_SERIES);
    lines
        .map(|(name, values)| (name.to_owned(), values))
        .collect()
}

fn head_ui(
    ui: &mut Ui,
    bench: &Workbench,
    name: &str,
    report: &Report,
    actions: &mut Vec<Action>,
) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::X, "Close the extraction").clicked() {
                stays = false;
            }
            ui.add_space(space::S);
            let models = &bench.study().doc().models;
            let is_there = models.iter().any(|m| m.path.as_ref() == Some(&report.out));
            if is_there {
                ui.quiet("in the study");
            } else if primary_button(ui, "Add to study").clicked() {
                let add = Action::AddModels(vec![report.out.clone()]);
                actions.push(add);
            }
            if ui.button("Save JSON…").clicked() {
                let json = serde_json::to_vec_pretty(report).unwrap_or_default();
                actions.push(Action::Export(Export {
                    title: "Save the extraction as JSON".to_owned(),
                    name: "extraction.json".to_owned(),
                    filter: JSON,
                    content: Content::Bytes(json),
                }));
            }
            if icon_button(ui, icon::FOLDER_OPEN, "Show in the file manager").clicked() {
                actions.push(Action::Reveal(report.out.clone()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                title_ui(ui, &format!("LoRA of {}", format::elide_middle(name, 40)));
            });
        });
    });
    stays
}

fn facts_ui(ui: &mut Ui, report: &Report) {
    let [factors, whole, left_out] = report.counts();
    let undefined = || format::UNDEFINED.to_owned();
    let time = std::time::Duration::from_secs_f64(report.seconds.max(0.0));
    let facts = [
        (
            report.kept().map_or_else(undefined, format::share),
            "of the change is kept",
            format!(
                "{} % of ‖Δ‖² over all modules",
                format::full(report.kept().map(|kept| 100.0 * kept))
            ),
        ),
        (
            format::decimals(report.kinship(), 4),
            "kinship with the model, expected",
            "The cosine of the two changes: the root of the share kept".to_owned(),
        ),
        (
            report.rank.to_string(),
            "is the largest rank",
            "The adapter's r; smaller ranks stand in its patterns".to_owned(),
        ),
        (
            factors.to_string(),
            "modules have factors",
            format!("{whole} are saved whole, {left_out} left out"),
        ),
        (
            format::bytes(report.bytes_written),
            "of weights",
            format!("{} tensors, in {}", report.tensors, format::duration(time)),
        ),
    ];
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::XXL;
        for (value, what, full) in facts {
            number_ui(ui, &value, what, &full);
        }
    });
}

/// From a whole ten below the least value to 100, so that lines near the top stand apart.
fn percent_range(series: &[Series<'_>]) -> (f64, f64) {
    let values = series.iter().flat_map(|one| one.values.iter().flatten());
    let least = values.copied().fold(90.0, f64::min);
    ((least / 10.0).floor() * 10.0, 100.0)
}
