//! Asks before something is done that would stop a merge that is being written, an evolution
//! or an evaluation.

use eframe::egui::Context;

use crate::study::EvolutionId;
use crate::ui::action::{Action, WindowAction};
use crate::ui::ext::modal;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::primary_button;
use crate::workbench::Workbench;
use crate::workbench::evolving::RunState;

struct Work {
    title: String,
    /// What becomes of it when it is stopped.
    rest: String,
    go_on: &'static str,
}

/// Draws the dialog; `action` is what waits.
pub fn leaving(ctx: &Context, bench: &Workbench, action: &Action, actions: &mut Vec<Action>) {
    // It may have been finished meanwhile.
    let Some(work) = merging(bench)
        .or_else(|| transplanting(bench))
        .or_else(|| converting(bench))
        .or_else(|| evolving(bench))
        .or_else(|| judging(bench))
    else {
        actions.push(Action::Window(WindowAction::GoOnWorking));
        actions.push(action.clone());
        return;
    };
    let modal = modal(ctx, "leaving", space::L).show(ctx, |ui| {
        ui.set_width(400.0);
        ui.label(theme::strong(work.title).size(size::HEADING));
        ui.weak(work.rest);
        ui.add_space(space::M);
        ui.horizontal(|ui| {
            if primary_button(ui, work.go_on).clicked() {
                actions.push(Action::Window(WindowAction::GoOnWorking));
            }
            if ui.button("Stop and close").clicked() {
                let stop = WindowAction::StopWorkAnd(Box::new(action.clone()));
                actions.push(Action::Window(stop));
            }
        });
    });
    if modal.should_close() {
        actions.push(Action::Window(WindowAction::GoOnWorking));
    }
}

fn merging(bench: &Workbench) -> Option<Work> {
    let open = bench.merges().iter().filter(|m| m.is_open());
    let open: Vec<&str> = open.map(|m| m.name.as_str()).collect();
    let first = format::elide_middle(open.first()?, 32);
    let more = match open.len() {
        1 => String::new(),
        n => format!("{} more wait for it. ", n - 1),
    };
    let also = match evolving(bench) {
        Some(work) => format!(" {}.", work.title),
        None => String::new(),
    };
    Some(Work {
        title: format!("{first} is being written"),
        rest: format!("{more}What is finished of it is kept for another try.{also}"),
        go_on: "Go on writing",
    })
}

fn transplanting(bench: &Workbench) -> Option<Work> {
    bench.is_transplanting().then(|| Work {
        title: "A model is being given another tokenizer".to_owned(),
        rest: "New rows that are made are lost; finished files are kept for another try."
            .to_owned(),
        go_on: "Go on writing",
    })
}

fn converting(bench: &Workbench) -> Option<Work> {
    let first = bench.conversions_running().next()?;
    let name = format::elide_middle(&first.name, 32);
    Some(Work {
        title: format!("{name} is being written"),
        rest: "What is finished of it is kept for another try.".to_owned(),
        go_on: "Go on writing",
    })
}

fn evolving(bench: &Workbench) -> Option<Work> {
    let is_running = |id: EvolutionId| matches!(bench.run_state(id), RunState::Running(_));
    let evolutions = bench.study().doc().evolutions.iter();
    let running: Vec<&str> = evolutions
        .filter(|e| is_running(e.id))
        .map(|e| e.name.as_str())
        .collect();
    let title = match running[..] {
        [] => return None,
        [one] => format!("{} is running", format::elide_middle(one, 32)),
        _ => format!(
            "{} are running",
            format::counted(running.len(), "evolution")
        ),
    };
    Some(Work {
        title,
        rest: "Every child that is finished is in the study, and it can be resumed from there; \
               only the one that is being made or judged now is done again."
            .to_owned(),
        go_on: "Go on running",
    })
}

fn judging(bench: &Workbench) -> Option<Work> {
    if !bench.is_evolving() {
        return None;
    }
    let queue = bench.being_evaluated();
    let (first, rest) = queue.split_first()?;
    let name = bench.short(*first);
    let more = match rest.len() {
        0 => String::new(),
        n => format!("{n} more wait for it. "),
    };
    Some(Work {
        title: format!("{name} is being evaluated"),
        rest: format!("{more}Scores that are in the study stay there; this evaluation is lost."),
        go_on: "Go on evaluating",
    })
}
