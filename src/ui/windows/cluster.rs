//! A cluster folder while others work in it: how far it is, who works, and the matrix as it fills.

use eframe::egui::{Align, Context, Grid, Label, Layout, ScrollArea, Ui, vec2};
use egui_phosphor::regular as icon;

use crate::cluster::{Known, Seen};
use crate::text::counted;
use crate::ui::action::{Action, ClusterAction};
use crate::ui::ext::{UiExt, modal, quiet};
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::heatmap::{HeatMap, Legend};
use crate::ui::widgets::{icon_button, primary_button, progress_bar, section_heading};
use crate::workbench::Workbench;
use crate::workbench::clusters::{ClusterView as Seeing, PlanView, WatchedCluster};

/// The window where there is room, in points.
const SIZE: [f32; 2] = [860.0, 640.0];
/// Height of the list of workers, in points; more scroll.
const WORKERS: f32 = 132.0;
/// Workers that are listed; a count stands for the rest.
const MOST_WORKERS: usize = 200;

/// The window, when it is open.
#[derive(Default)]
pub struct ClusterView {
    is_open: bool,
}

impl ClusterView {
    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    pub fn close(&mut self) {
        self.is_open = false;
    }

    pub fn ui(&mut self, ctx: &Context, bench: &Workbench, actions: &mut Vec<Action>) {
        let Some(watched) = bench.watched_cluster().filter(|_| self.is_open) else {
            self.is_open = false;
            return;
        };
        let mut stays = true;
        let modal = modal(ctx, "cluster", space::L).show(ctx, |ui| {
            let room = ctx.content_rect().size() - vec2(space::XXL, space::XXL);
            ui.set_width(room.x.min(SIZE[0]));
            stays = head_ui(ui, watched);
            match (&watched.failed, &watched.view) {
                (Some(sentence), _) => {
                    ui.label(sentence);
                }
                (None, None) => {
                    ui.weak("Looking…");
                }
                (None, Some(seen)) => seen_ui(ui, watched, seen, room.y.min(SIZE[1]), actions),
            }
        });
        if !stays || modal.should_close() {
            self.is_open = false;
            actions.push(ClusterAction::Close.into());
        }
    }
}

fn head_ui(ui: &mut Ui, watched: &WatchedCluster) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong("Cluster folder").size(size::HEADING));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stays = !icon_button(ui, icon::X, "Close the cluster folder").clicked();
        });
    });
    ui.quiet(format::elide_middle(&watched.out.to_string_lossy(), 90));
    ui.add_space(space::S);
    stays
}

fn seen_ui(
    ui: &mut Ui,
    watched: &WatchedCluster,
    seen: &Seeing,
    room: f32,
    actions: &mut Vec<Action>,
) {
    progress_ui(ui, seen);
    workers_ui(ui, seen);
    let Some(plan) = &seen.plan else {
        ui.add_space(space::S);
        ui.weak("Children of an evolution or cells of a sweep; whoever leads it takes them in");
        return;
    };
    matrix_ui(ui, plan, (room - 390.0).max(140.0));
    ui.add_space(space::M);
    ui.horizontal(|ui| {
        let words = match plan.is_whole {
            true => "Every part is there",
            false => "Joined once every part is there",
        };
        ui.quiet(words);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let can = plan.is_whole && watched.joining.is_none();
            let button = ui.add_enabled_ui(can, |ui| primary_button(ui, "Join into study"));
            let help = "Opens a new study of these models with their kinship";
            if button.inner.on_hover_text(help).clicked() {
                actions.push(ClusterAction::Join.into());
            }
        });
    });
}

fn progress_ui(ui: &mut Ui, seen: &Seeing) {
    let state = &seen.state;
    let fraction = match state.tasks {
        0 => 0.0,
        all => state.done as f64 / all as f64,
    };
    progress_bar(
        ui,
        "Progress of the cluster",
        fraction as f32,
        ui.available_width(),
    );
    let (done, all) = state.bytes;
    let free = match state.missing.len() {
        0 => String::new(),
        n => format!(", {n} free"),
    };
    ui.quiet(format!(
        "{} of {}{free}, {} of {}",
        state.done,
        counted(state.tasks, "task"),
        format::bytes(done),
        format::bytes(all)
    ));
    ui.add_space(space::S);
}

fn workers_ui(ui: &mut Ui, seen: &Seeing) {
    section_heading(ui, "Workers");
    let workers = &seen.state.seen;
    if workers.is_empty() {
        ui.weak("No worker was seen yet; start some with kinfolk cluster work");
        return;
    }
    let area = ScrollArea::vertical()
        .id_salt("workers")
        .max_height(WORKERS);
    area.auto_shrink([false, true]).show(ui, |ui| {
        let grid = Grid::new("workers").num_columns(5).striped(true);
        grid.spacing([space::XL, space::XS]).show(ui, |ui| {
            for head in ["Worker", "Done", "Speed", "Last sign", "Now"] {
                ui.weak(head);
            }
            ui.end_row();
            for worker in workers.iter().take(MOST_WORKERS) {
                worker_ui(ui, worker, seen.now_ms);
                ui.end_row();
            }
        });
    });
    let more = workers.len().saturating_sub(MOST_WORKERS);
    if more > 0 {
        ui.quiet(format!("and {more} more"));
    }
}

fn worker_ui(ui: &mut Ui, worker: &Seen, now_ms: u64) {
    // Machine and process; the start tells apart what people need not.
    let name = worker
        .worker
        .rsplit_once(' ')
        .map_or(&worker.worker[..], |(name, _)| name);
    ui.add(Label::new(format::elide_middle(name, 36)))
        .on_hover_text(&worker.worker);
    ui.label(counted(
        usize::try_from(worker.done).unwrap_or(usize::MAX),
        "task",
    ));
    let speed = match worker.seconds > 0.0 {
        true => format::throughput(worker.bytes as f64 / worker.seconds),
        false => format::UNDEFINED.to_owned(),
    };
    ui.label(speed);
    let secs = now_ms.saturating_sub(worker.seen_ms) / 1000;
    ui.label(match secs {
        0..=1 => "now".to_owned(),
        secs => {
            let time = std::time::Duration::from_secs(secs);
            format!("{} ago", format::duration(time))
        }
    });
    let words = match (&worker.doing, worker.is_alive(now_ms)) {
        _ if worker.ended => "gone home",
        (_, false) => "lost",
        (Some(_), true) => "works",
        (None, true) => "waits",
    };
    let label = ui.label(words);
    if let Some(doing) = worker.doing.as_ref().filter(|_| words == "works") {
        label.on_hover_text(doing);
    }
}

fn matrix_ui(ui: &mut Ui, plan: &PlanView, room: f32) {
    section_heading(ui, "Kinship so far");
    let Some(pairs) = &plan.pairs else {
        let n = plan.models.len();
        ui.weak(format!(
            "{} are too many to be shown before they are joined",
            counted(n, "model")
        ));
        return;
    };
    let n = plan.models.len();
    let weak = |a: usize, b: usize| pairs.known(a, b) != Known::Wholly;
    let measured = |model: usize| (0..n).any(|j| pairs.known(model, j) != Known::Nothing);
    let value = |a: usize, b: usize| pairs.matrix.get(a, b);
    let note = |a: usize, b: usize| match pairs.known(a, b) {
        Known::Nothing => Some("Not measured yet".to_owned()),
        Known::Partly => Some("Over the tensors that are done".to_owned()),
        Known::Wholly => None,
    };
    let map = HeatMap {
        id_salt: "cluster",
        weak: &weak,
        measured: &measured,
        note: &note,
        ..HeatMap::new(&plan.models, &value)
    };
    let legend = Legend {
        title: crate::kinship::Metric::DEFAULT.title,
        scale: map.scale,
        undefined: None,
    };
    ui.horizontal(|ui| {
        legend.show(ui);
        if !plan.is_whole {
            ui.label(quiet("Weaker ink: over the tensors that are done"));
        }
    });
    let area = ScrollArea::both()
        .id_salt("cluster matrix")
        .max_height(room);
    area.show(ui, |ui| {
        ui.set_max_height(room);
        map.show(ui);
    });
}
