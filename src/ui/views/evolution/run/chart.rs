//! The best so far and the kinship among the best, of this run and others with its founders.

use eframe::egui::{
    Align, Button, Layout, RichText, Ui, WidgetInfo, WidgetType, containers::menu::MenuButton, vec2,
};
use egui_phosphor::regular as icon;

use super::{Look, table};
use crate::figures::{Along, Course, Figure, evolutions};
use crate::study::EvolutionId;
use crate::ui::action::{Action, ChartAsk};
use crate::ui::plot::{Drawing, Hand};
use crate::ui::theme::{Tokens, space};
use crate::ui::views::charts::{select_picked, take_out};
use crate::ui::views::evolution::known::Facts;
use crate::ui::widgets::segmented;
use crate::workbench::{Notice, NoticeKind};

/// The least height of a pair of axes, in points, and of what is above and between them.
const LEAST: f32 = 152.0;
const BETWEEN: f32 = 64.0;

/// What the part keeps.
#[derive(Default)]
pub struct ChartPart {
    along: Along,
    hand: Hand,
    kept: Option<(Key, Result<Figure, String>)>,
}

/// What the figure depends on.
type Key = (u64, EvolutionId, Along);

impl ChartPart {
    /// Draws chart and table in `height` points or more; which run was clicked in the table.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        look: Look<'_>,
        height: f32,
        out: &mut Vec<Action>,
    ) -> Option<EvolutionId> {
        let top = ui.cursor().top();
        ui.horizontal(|ui| {
            segmented(ui, "What the curves go by", &mut self.along, &Along::ALL);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(ask) = save_ui(ui) {
                    self.bring_up_to_date(look);
                    out.push(self.taken_out(ask));
                }
            });
        });
        self.bring_up_to_date(look);
        let runs = look.known.with_same_founders(look.id);
        let used = ui.cursor().top() - top + table::height(runs.len()) + space::S;
        let room = vec2(
            ui.available_width(),
            (height - used).max(self.least_height()),
        );
        match &self.kept {
            Some((_, Ok(figure))) => {
                ui.allocate_ui(room, |ui| {
                    let drawing = Drawing {
                        figure,
                        id_salt: "evolution",
                        selection: look.bench.study().selection(),
                        lasso: false,
                        reset: false,
                    };
                    ui.set_min_size(room);
                    if let Some(picked) = drawing.show(ui, &mut self.hand).picked {
                        out.extend(select_picked(look.bench.study(), &picked));
                    }
                });
            }
            Some((_, Err(sentence))) => {
                let weak = Tokens::of(ui).text_weak;
                ui.add_space(space::S);
                ui.label(RichText::new(sentence).color(weak));
                ui.add_space(space::S);
            }
            None => {}
        }
        table::table_ui(ui, look, &runs)
    }

    /// The height at which the figure need not be scrolled in its place.
    fn least_height(&self) -> f32 {
        let panels = match &self.kept {
            Some((_, Ok(figure))) => figure.panels.len(),
            _ => 0,
        };
        panels as f32 * LEAST + BETWEEN
    }

    fn bring_up_to_date(&mut self, look: Look<'_>) {
        let key = (look.bench.revision(), look.id, self.along);
        if self.kept.as_ref().is_none_or(|(kept, _)| *kept != key) {
            self.kept = Some((key, figure(look, self.along)));
        }
    }

    fn taken_out(&self, ask: ChartAsk) -> Action {
        let nothing = Err("There is no chart yet".to_owned());
        let figure = self.kept.as_ref().map_or(&nothing, |(_, figure)| figure);
        let asked = figure
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|f| take_out(ask, f));
        asked.unwrap_or_else(|sentence| {
            Action::Tell(Notice {
                kind: NoticeKind::Failed,
                title: "The chart could not be taken out".to_owned(),
                detail: sentence,
            })
        })
    }
}

fn save_ui(ui: &mut Ui) -> Option<ChartAsk> {
    let mut asked = None;
    let weak = Tokens::of(ui).text_weak;
    let sign = RichText::new(icon::DOWNLOAD_SIMPLE).size(17.0).color(weak);
    let button = MenuButton::from_button(Button::new(sign).frame(false));
    let (response, _) = button.ui(ui, |ui| {
        for (ask, words, _) in ChartAsk::ALL {
            if ui.button(words).clicked() {
                asked = Some(ask);
            }
        }
    });
    response
        .widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Save or copy the chart"));
    response.on_hover_text("Save or copy the chart");
    asked
}

/// The curves of the runs that can be compared: the same founders, judged by the same tasks.
fn figure(look: Look<'_>, along: Along) -> Result<Figure, String> {
    let doc = look.bench.study().doc();
    let own = look
        .known
        .get(look.id)
        .ok_or("There is no such evolution")?;
    let runs = look.known.with_same_founders(look.id);
    let is_like = |run: &&&Facts| run.tasks == own.tasks;
    let courses: Vec<Course<'_>> = runs
        .iter()
        .filter(is_like)
        .map(|run| Course {
            name: &run.name,
            index: run.colour,
            is_shown: run.id == look.id,
            has_ended: run.ended.is_some(),
            members: &run.standing.members,
            models: &run.standing.models,
            generations: &run.standing.generations,
            tau: doc.evolution(run.id).and_then(|e| e.setup.rules.tau),
        })
        .collect();
    let mut figure = evolutions(&courses, along, &|id| doc.name_of(id).to_owned())?;
    figure.source = doc.source.clone();
    Ok(figure)
}
