//! What stands over the table where most models have lost their average, with the ways back.

use eframe::egui::{Frame, Label, Margin, RichText, Stroke, Ui};
use egui_phosphor::regular as icon;

use crate::study::tasks::{Averages, twins};
use crate::study::{Command, RecordEdit};
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{Tokens, radius, space};
use crate::workbench::Workbench;

/// The sentence and what can be done, worked out once for each state of the study.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Loss {
    sentence: String,
    twins: Vec<(String, String)>,
    leave_out: Vec<String>,
}

impl Loss {
    /// Nothing unless at least half of the models that have scores lack an average.
    fn of(bench: &Workbench) -> Option<Self> {
        let (doc, record) = (bench.study().doc(), bench.record());
        let averages = Averages::new(doc, record);
        let averaged = record
            .rows
            .iter()
            .filter(|row| row.average.is_some())
            .count();
        if averages.partial == 0 || averages.partial < averaged {
            return None;
        }
        let models = format::counted(averages.partial, "model");
        let verb = if averages.partial == 1 { "has" } else { "have" };
        Some(Self {
            sentence: format!(
                "{models} {verb} no average: scores on {} are missing",
                some_of(&averages.lacking)
            ),
            twins: twins(&record.tasks),
            leave_out: averages.to_leave_out(doc),
        })
    }
}

/// The first of a list and how many more: `dev_add and 7 more`.
fn some_of(tasks: &[String]) -> String {
    match tasks {
        [] => "tasks".to_owned(),
        [one] => one.clone(),
        [a, b] => format!("{a} and {b}"),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// The line and its buttons; nothing where averages are as they should be.
pub fn averages_ui(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let kept = ui.remembered("lost averages", bench.revision(), |_| Loss::of(bench));
    let Some(loss) = &kept.1 else { return };
    let t = Tokens::of(ui);
    let frame = Frame::new()
        .fill(t.raised)
        .stroke(Stroke::new(1.0, t.warning))
        .corner_radius(radius::CARD)
        .inner_margin(Margin::symmetric(space::M as i8, space::XS as i8));
    frame.show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(icon::WARNING).color(t.warning));
            ui.add(Label::new(RichText::new(&loss.sentence).color(t.warning)).wrap());
            merge_ui(ui, loss, actions);
            leave_out_ui(ui, loss, actions);
        });
        ui.set_min_width(ui.available_width());
    });
    ui.add_space(space::XS);
}

fn merge_ui(ui: &mut Ui, loss: &Loss, actions: &mut Vec<Action>) {
    if loss.twins.is_empty() {
        return;
    }
    let words = format!("Merge {}", format::counted(loss.twins.len(), "task"));
    let line = |(from, into): &(String, String)| format!("{from} is {into}");
    let lines: Vec<String> = loss.twins.iter().map(line).collect();
    let help = "Where a model has a score under both names, the older one stays";
    let button = ui.button(words);
    if button
        .on_hover_text(format!("{}\n{help}", lines.join("\n")))
        .clicked()
    {
        push(actions, RecordEdit::MergeTasks(loss.twins.clone()));
    }
}

fn leave_out_ui(ui: &mut Ui, loss: &Loss, actions: &mut Vec<Action>) {
    if loss.leave_out.is_empty() {
        return;
    }
    let tasks = format::counted(loss.leave_out.len(), "task");
    let button = ui.button(format!("Leave {tasks} out"));
    if button.on_hover_text(loss.leave_out.join("\n")).clicked() {
        push(actions, RecordEdit::LeaveOut(loss.leave_out.clone()));
    }
}

fn push(actions: &mut Vec<Action>, edit: RecordEdit) {
    actions.push(Action::Study(Command::Record(edit)));
}
