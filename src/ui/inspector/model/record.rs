//! What is written down of a model: scores, how it was made, what the merge gained.

use eframe::egui::{
    Align, Align2, DragValue, Label, Layout, Rect, RichText, Sense, Ui, WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

use super::reported::reported_ui;
use crate::kinship::Metric;
use crate::study::{Command, Model, ModelFacts, RecordEdit, Step};
use crate::ui::action::Action;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::views::{place, score_bar, score_lines};
use crate::ui::widgets::{
    fact_ui, icon_button, kinship_fact, points_fact, section_heading, text, text_field,
};
use crate::workbench::Workbench;

const LINE: f32 = 22.0;

pub fn record_ui(ui: &mut Ui, bench: &Workbench, model: &Model, actions: &mut Vec<Action>) {
    let Some(row) = bench.record().row(model.id) else {
        return;
    };
    section_heading(ui, "Record");
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        scores_ui(ui, bench, model, row);
        merge_ui(ui, model, row);
    });
    conflicts_ui(ui, row);
    ui.add_space(space::XS);
    origin_ui(ui, model, row, actions);
    reported_ui(ui, model, actions);
}

fn scores_ui(ui: &mut Ui, bench: &Workbench, model: &Model, row: &ModelFacts) {
    let (doc, record) = (bench.study().doc(), bench.record());
    if row.average.is_none() && model.scores.is_empty() {
        ui.weak("No scores yet. Type them into the table of models.");
        return;
    }
    if let Some(average) = row.average {
        let rated = record.rows.iter().filter(|r| r.rank.is_some()).count();
        let rank = row.rank.map_or(String::new(), |rank| place(rank, rated));
        let name = if rank.is_empty() {
            "Average".to_owned()
        } else {
            format!("Average, {rank}")
        };
        let counted = record
            .tasks
            .iter()
            .filter(|t| !doc.not_averaged.contains(t));
        let counted: Vec<&String> = counted.collect();
        let has_all = counted.iter().all(|task| model.score(task).is_some());
        let how = if has_all && !counted.is_empty() {
            format!(
                "Mean of {} that count",
                format::counted(counted.len(), "task")
            )
        } else {
            "As reported".to_owned()
        };
        let hover = format!("{}\n{how}", format::full(Some(average)));
        score_ui(ui, &name, average, &hover, Weight::Strong);
    }
    if let Some(partial) = row.partial {
        let name = format!("Over {} of {} tasks", partial.known, partial.of);
        let hover = "The other tasks that count have no score, so it is no average to compare";
        score_ui(ui, &name, partial.mean, hover, Weight::Weak);
    }
    for task in &record.tasks {
        let Some(score) = model.score(task) else {
            continue;
        };
        let counts = !doc.not_averaged.contains(task);
        let weight = if counts { Weight::Usual } else { Weight::Weak };
        let mut lines = score_lines(score);
        if !counts {
            lines.push("Does not count for the average".to_owned());
        }
        score_ui(ui, task, score.value, &lines.join("\n"), weight);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Weight {
    Strong,
    Usual,
    Weak,
}

/// A name, a bar from 0 to 100 points and the number.
fn score_ui(ui: &mut Ui, name: &str, value: f64, hover: &str, weight: Weight) {
    let t = Tokens::of(ui);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, LINE), Sense::hover());
    let shown = format::score(Some(value));
    response.named(WidgetType::Label, format!("{name} {shown}"));
    let (font, ink) = match weight {
        Weight::Strong => (theme::strong_font(), t.text),
        Weight::Usual => (theme::body_font(), t.text),
        Weight::Weak => (theme::body_font(), t.text_weak),
    };
    let left = rect.with_max_x(rect.left() + rect.width() * 0.52);
    text::left(ui.painter(), left, name, &font, ink);
    let at = rect.right_center();
    ui.painter()
        .text(at, Align2::RIGHT_CENTER, &shown, font, ink);
    let trough = Rect::from_min_max(
        pos2(left.right() + space::S, rect.center().y - 4.0),
        pos2(rect.right() - 52.0, rect.center().y + 4.0),
    );
    score_bar(ui, trough, (value / 100.0).clamp(0.0, 1.0) as f32);
    response.on_hover_text(format!("{name}\n{hover}"));
}

fn merge_ui(ui: &mut Ui, model: &Model, row: &ModelFacts) {
    let value = |metric: Metric| row.kinship.get(metric);
    let unknown = row.kinship.values.metrics().filter(|m| !m.is_known());
    let kinship: Vec<(Metric, f64)> = (Metric::ALL.iter().copied())
        .chain(unknown)
        .filter(|metric| !metric.repeats(&value))
        .filter_map(|metric| Some((metric, value(metric)?)))
        .collect();
    if row.gain.is_none() && kinship.is_empty() && row.difference.is_none() {
        return;
    }
    ui.add_space(space::S);
    gain_ui(ui, model, row);
    if !kinship.is_empty() {
        let words = if row.kinship.is_measured {
            "measured"
        } else {
            "as reported"
        };
        ui.add_space(space::S);
        ui.quiet(format!("Kinship of the parents, {words}"));
    }
    for (metric, value) in kinship {
        kinship_fact(ui, metric, Some(value));
    }
    let help = "Mean over the tasks of how far the two parents are apart, in points";
    let name = "Task difference of the parents";
    points_fact(ui, name, row.difference, help);
}

/// The gain, with the one that was reported beside it where the two differ on screen.
fn gain_ui(ui: &mut Ui, model: &Model, row: &ModelFacts) {
    let Some(gain) = row.gain else { return };
    let follows = !row.gain_is_reported;
    let mut shown = format::signed(Some(gain), 2);
    let reported = format::signed(model.origin.gain, 2);
    if follows && model.origin.gain.is_some() && reported != shown {
        shown = format!("{shown}  (reported {reported})");
    }
    let help = if follows {
        "Its average minus the mean average of its parents, in points"
    } else {
        "As reported, in points"
    };
    let hover = format!("{}\n{help}", format::full(Some(gain)));
    let name = if follows {
        "Merge gain"
    } else {
        "Merge gain, as reported"
    };
    fact_ui(ui, name, &shown, &hover);
}

fn conflicts_ui(ui: &mut Ui, row: &ModelFacts) {
    let ink = Tokens::of(ui).warning;
    for sentence in &row.conflicts {
        let words = RichText::new(format!("{} {sentence}", icon::WARNING));
        ui.add(Label::new(words.size(size::SMALL).color(ink)).wrap());
    }
}

fn origin_ui(ui: &mut Ui, model: &Model, row: &ModelFacts, actions: &mut Vec<Action>) {
    let mut method = model.origin.method.clone();
    field_ui(ui, "Method", |ui, width| {
        if text_field(ui, "Method", "such as slerp", &mut method, width).changed() {
            let method = method.trim_start().to_owned();
            actions.push(edit(RecordEdit::SetMethod(model.id, method)));
        }
    });
    steps_ui(ui, model, row, actions);
    let mut published = model.published.clone();
    field_ui(ui, "Published", |ui, width| {
        let room = if published.is_empty() {
            0.0
        } else {
            ROW_HEIGHT + space::XS
        };
        let field = text_field(
            ui,
            "Published",
            "such as owner/name",
            &mut published,
            width - room,
        );
        if field.changed() {
            let place = published.trim().to_owned();
            actions.push(edit(RecordEdit::SetPublished(model.id, place)));
        }
        if room > 0.0 && icon_button(ui, icon::COPY, "Copy where it is published").clicked() {
            actions.push(Action::copy("Place", model.published.clone()));
        }
    });
}

/// Where the fields begin, in points from the left.
const FIELD: f32 = 84.0;

fn field_ui(ui: &mut Ui, name: &str, content: impl FnOnce(&mut Ui, f32)) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let left = ui.cursor().left();
        ui.weak(name);
        ui.add_space((left + FIELD - ui.cursor().left()).max(0.0));
        let width = ui.available_width();
        content(ui, width);
    });
}

fn steps_ui(ui: &mut Ui, model: &Model, row: &ModelFacts, actions: &mut Vec<Action>) {
    if model.steps.is_empty() {
        field_ui(ui, "Generation", |ui, _| {
            ui.label(row.generation.to_string())
                .on_hover_text("By its parents, as it belongs to no run");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.button("Add to a run").clicked() {
                    let step = Step {
                        generation: row.generation,
                        ..Step::default()
                    };
                    actions.push(edit(RecordEdit::SetSteps(model.id, vec![step])));
                }
            });
        });
        return;
    }
    for (k, step) in model.steps.iter().enumerate() {
        if let Some(new) = step_ui(ui, k, step) {
            let mut steps = model.steps.clone();
            match new {
                Some(step) => steps[k] = step,
                None => {
                    steps.remove(k);
                }
            }
            actions.push(edit(RecordEdit::SetSteps(model.id, steps)));
        }
    }
}

const GENERATION: f32 = 44.0;

/// One run; what it is to be instead, `None` being out of it.
fn step_ui(ui: &mut Ui, k: usize, step: &Step) -> Option<Option<Step>> {
    let mut new = step.clone();
    let mut changed = None;
    field_ui(ui, if k == 0 { "Run" } else { "" }, |ui, width| {
        let room = GENERATION + ROW_HEIGHT + 2.0 * space::XS;
        let name = if k == 0 {
            "Run".to_owned()
        } else {
            format!("Run {}", k + 1)
        };
        let run = text_field(ui, &name, "own merges", &mut new.run, width - room);
        let generation = DragValue::new(&mut new.generation)
            .speed(0.05)
            .range(0..=9999);
        let generation = ui.add_sized([GENERATION, ROW_HEIGHT], generation);
        generation.named(
            WidgetType::DragValue,
            format!(
                "Generation in {}",
                if step.run.is_empty() {
                    "its run"
                } else {
                    &step.run
                }
            ),
        );
        let generation = generation.on_hover_text("Generation in this run");
        if icon_button(ui, icon::X, "Take out of this run").clicked() {
            changed = Some(None);
        } else if run.changed() || generation.changed() {
            changed = Some(Some(new.clone()));
        }
    });
    changed
}

fn edit(edit: RecordEdit) -> Action {
    Action::Study(Command::Record(edit))
}
