//! The lineage that the weights propose, beside what is recorded: a list to accept or to dismiss,
//! and dashed lines on the canvas.

use eframe::egui::{
    Align, Label, Layout, Margin, Painter, Panel, Pos2, Rect, RichText, ScrollArea, Shape, Stroke,
    Ui, vec2,
};
use egui_phosphor::regular as icon;

use super::curve;
use super::model::LineageModel;
use crate::jobs::JobId;
use crate::study::ModelId;
use crate::ui::action::{Action, LineageAction};
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, ROW_HEIGHT, Tokens, size, space};
use crate::ui::widgets::{icon_button, progress_bar};
use crate::workbench::Workbench;
use crate::workbench::proposing::{ProposedEdge, ProposedState, Standing};

/// Narrower than this, in points, the list stands below the canvas.
const ROOM_BESIDE: f32 = 820.0;
const WIDTH: f32 = 320.0;
const HEIGHT: f32 = 190.0;
/// How near the pointer counts as on a line, in points.
const NEAR: f32 = 5.0;
/// Pieces of one line.
const PIECES: usize = 14;

/// A proposed parent as the canvas draws it.
pub struct Dashed {
    /// Parent and child, by their place in the model.
    ends: [usize; 2],
    confidence: f64,
    is_conflict: bool,
    title: String,
    words: String,
}

/// The lines of what is proposed and open.
pub fn dashed(bench: &Workbench, shown: &LineageModel) -> Vec<Dashed> {
    let Some(ProposedState::Done { edges, .. }) = bench.proposed_lineage() else {
        return Vec::new();
    };
    let line = |(edge, standing): &(&ProposedEdge, Standing)| {
        Some(Dashed {
            ends: [shown.place_of(edge.parent)?, shown.place_of(edge.child)?],
            confidence: edge.confidence,
            is_conflict: *standing == Standing::Conflict,
            title: title(bench, edge),
            words: words(bench, edge, *standing),
        })
    };
    edges.iter().filter_map(line).collect()
}

/// Draws the lines between the places of models on screen.
pub fn paint(lines: &[Dashed], painter: &Painter, place: &dyn Fn(usize) -> Rect, t: &Tokens) {
    for line in lines {
        let ink = if line.is_conflict {
            t.warning
        } else {
            t.accent
        };
        let share = line.confidence.clamp(0.0, 1.0) as f32;
        let stroke = Stroke::new(1.0 + share, ink.gamma_multiply(0.45 + 0.55 * share));
        painter.extend(Shape::dashed_line(&path(line, place), stroke, 6.0, 4.0));
    }
}

/// The title and the words of the line under a point.
pub fn at<'l>(
    lines: &'l [Dashed],
    place: &dyn Fn(usize) -> Rect,
    at: Pos2,
) -> Option<(&'l str, &'l str)> {
    let is_near = |line: &&Dashed| {
        let path = path(line, place);
        let mut pieces = path.windows(2);
        pieces.any(|ends| curve::distance(at, ends[0], ends[1]) <= NEAR)
    };
    let line = lines.iter().find(is_near)?;
    Some((&line.title, &line.words))
}

fn path(line: &Dashed, place: &dyn Fn(usize) -> Rect) -> Vec<Pos2> {
    let [parent, child] = line.ends.map(place);
    let mut path = Vec::with_capacity(PIECES + 1);
    let (from, to) = match parent.center().x <= child.center().x {
        true => (parent.right_center(), child.left_center()),
        false => (parent.left_center(), child.right_center()),
    };
    curve::soft(from, to, PIECES, &mut path);
    path
}

fn title(bench: &Workbench, edge: &ProposedEdge) -> String {
    format!("{} → {}", bench.short(edge.parent), bench.short(edge.child))
}

fn words(bench: &Workbench, edge: &ProposedEdge, standing: Standing) -> String {
    let what = if edge.is_merge {
        "Merged"
    } else {
        "Fine-tuned"
    };
    let sure = format::percent(edge.confidence);
    let mut out = format!("{what}, {sure} sure\n{}", edge.why);
    if standing == Standing::Conflict {
        let doc = bench.study().doc();
        let recorded = doc
            .model(edge.child)
            .map_or(&[][..], |model| &model.parents);
        let names: Vec<&str> = recorded.iter().map(|&id| doc.name_of(id)).collect();
        out += &format!("\nThe record says {}", names.join(", "));
    }
    out
}

/// The panel, while there is a proposal or one is being worked out.
pub fn panel(ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
    let Some(state) = bench.proposed_lineage() else {
        return;
    };
    let panel = match ui.available_width() >= ROOM_BESIDE {
        true => Panel::right("lineage proposal")
            .default_size(WIDTH)
            .size_range(240.0..=480.0),
        false => Panel::bottom("lineage proposal below")
            .default_size(HEIGHT)
            .size_range(120.0..=320.0),
    };
    let margin = Margin::symmetric(space::M as i8, space::S as i8);
    panel
        .resizable(true)
        .frame(ui.pane(margin))
        .show(ui, |ui| match state {
            ProposedState::Running(job) => running_ui(ui, bench, job, actions),
            ProposedState::Done {
                edges,
                recorded,
                notes,
            } => done_ui(ui, bench, (&edges, recorded, notes), actions),
            ProposedState::Cancelled => ended_ui(ui, "The search was cancelled", actions),
            ProposedState::Failed(sentence) => ended_ui(ui, sentence, actions),
        });
}

fn head_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label(theme::strong("Proposed lineage").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, icon::X, "Close the proposal").clicked() {
                actions.push(LineageAction::Close.into());
            }
        });
    });
}

fn running_ui(ui: &mut Ui, bench: &Workbench, job: JobId, actions: &mut Vec<Action>) {
    ui.label(theme::strong("Proposing a lineage").size(size::HEADING));
    let progress = bench.jobs().get(job).map(|job| job.ticket.progress());
    let fraction = progress
        .and_then(|progress| progress.fraction())
        .unwrap_or(0.0);
    let width = ui.available_width();
    progress_bar(ui, "Proposing a lineage", fraction as f32, width);
    ui.quiet("Comparing a sample of every model's weights with all others");
    ui.add_space(space::S);
    if ui.button("Cancel").clicked() {
        actions.push(Action::Cancel(job));
    }
}

fn ended_ui(ui: &mut Ui, sentence: &str, actions: &mut Vec<Action>) {
    head_ui(ui, actions);
    ui.label(sentence);
    ui.add_space(space::S);
    if ui.button("Try again").clicked() {
        actions.push(LineageAction::Propose.into());
    }
}

/// What is open, how much is recorded already, and what else is to be said.
type Shown<'a> = (&'a [(&'a ProposedEdge, Standing)], usize, &'a [String]);

fn done_ui(ui: &mut Ui, bench: &Workbench, shown: Shown<'_>, actions: &mut Vec<Action>) {
    let (edges, recorded, notes) = shown;
    head_ui(ui, actions);
    ui.quiet(summary(edges, recorded));
    let all = || edges.iter().map(|(edge, _)| ends(edge)).collect::<Vec<_>>();
    if !edges.is_empty() {
        ui.add_space(space::XS);
        ui.horizontal(|ui| {
            let accepts = ui.button("Accept all");
            let help = "Writes them into the record; one step of undo takes all back";
            if accepts.on_hover_text(help).clicked() {
                actions.push(LineageAction::Accept(all()).into());
            }
            if ui.button("Dismiss all").clicked() {
                actions.push(LineageAction::Dismiss(all()).into());
            }
        });
    }
    ui.add_space(space::XS);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (edge, standing) in edges {
            row_ui(ui, bench, edge, *standing, actions);
        }
        ui.add_space(space::S);
        ui.spacing_mut().item_spacing.y = space::XS;
        for note in notes {
            ui.add(Label::new(RichText::new(note).size(size::SMALL)).wrap());
        }
    });
}

fn summary(edges: &[(&ProposedEdge, Standing)], recorded: usize) -> String {
    let conflicts = edges
        .iter()
        .filter(|(_, own)| *own == Standing::Conflict)
        .count();
    let mut out = match edges.len() {
        0 => "Nothing new".to_owned(),
        n => format!("{} proposed", format::counted(n, "parent")),
    };
    if conflicts > 0 {
        out += &format!(", {conflicts} against the record");
    }
    if recorded > 0 {
        out += &format!(", {recorded} recorded already");
    }
    out
}

fn ends(edge: &ProposedEdge) -> [ModelId; 2] {
    [edge.parent, edge.child]
}

fn row_ui(
    ui: &mut Ui,
    bench: &Workbench,
    edge: &ProposedEdge,
    standing: Standing,
    actions: &mut Vec<Action>,
) {
    let title = title(bench, edge);
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let layout = Layout::right_to_left(Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        if icon_button(ui, icon::X, &format!("Dismiss {title}")).clicked() {
            actions.push(LineageAction::Dismiss(vec![ends(edge)]).into());
        }
        if icon_button(ui, icon::CHECK, &format!("Accept {title}")).clicked() {
            actions.push(LineageAction::Accept(vec![ends(edge)]).into());
        }
        let share = edge
            .share
            .map_or(String::new(), |share| format!("{share:.2} · "));
        ui.weak(format!("{share}{}", format::percent(edge.confidence)));
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if standing == Standing::Conflict {
                let warning = Tokens::of(ui).warning;
                ui.label(RichText::new(icon::WARNING).color(warning));
            }
            let label = ui.add(Label::new(&title).truncate());
            label.on_hover_text(words(bench, edge, standing));
        });
    });
}
