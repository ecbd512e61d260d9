//! The page that stands where a bug has stopped the window: what happened, what became of the
//! study, and the ways to go on. It draws nothing of the views.

mod caught;

use eframe::egui::{
    CentralPanel, FontId, Frame, Label, Margin, RichText, ScrollArea, Stroke, Ui, WidgetType,
};
use egui_phosphor::regular as icon;

use super::action::View;
use super::theme::{self, Tokens, radius, size, space};
use super::widgets::primary_button;
use crate::ui::ext::{ResponseExt, UiExt};

pub use caught::{Caught, guarded};

const WIDTH: f32 = 720.0;
const LEAST_REPORT: f32 = 120.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Drawing a view, or the welcome screen. Nothing changes meanwhile.
    Drawing(Option<View>),
    /// Carrying out what was asked for, or taking in what jobs found.
    Working,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    NoStudy,
    At(String),
    /// It is in memory alone, and why.
    Not(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Go on, in another view.
    Back,
    SaveAs,
    Copy,
    Quit,
}

pub struct Trouble {
    pub doing: Doing,
    pub saved: Saved,
    pub is_copied: bool,
    /// What can be sent to those who mend it.
    pub report: String,
}

impl Trouble {
    pub fn new(caught: &Caught, doing: Doing, saved: Saved) -> Self {
        Self {
            doing,
            saved,
            is_copied: false,
            report: report(caught, doing),
        }
    }

    /// Draws the page; what the user wants.
    pub fn ui(&self, ui: &mut Ui) -> Option<Way> {
        let frame = ui.pane(space::XL);
        let page = CentralPanel::default().frame(frame).show(ui, |ui| {
            let width = WIDTH.min(ui.available_width());
            let margin = (ui.available_width() - width) / 2.0;
            ui.horizontal_top(|ui| {
                ui.add_space(margin);
                ui.vertical(|ui| {
                    ui.set_width(width);
                    self.content_ui(ui)
                })
                .inner
            })
            .inner
        });
        page.inner
    }

    fn content_ui(&self, ui: &mut Ui) -> Option<Way> {
        ui.spacing_mut().item_spacing.y = space::S;
        ui.add_space(space::XL);
        ui.label(theme::strong("Kinfolk ran into a bug").size(size::TITLE));
        let weak = RichText::new(sentence(self.doing)).weak();
        ui.add(Label::new(weak).wrap());
        self.saved_ui(ui);
        ui.add_space(space::S);
        let way = self.ways_ui(ui);
        ui.add_space(space::L);
        ui.horizontal(|ui| {
            ui.label(theme::strong("Report"));
            let words = "Send it to the project with a word on what you did";
            ui.quiet(words);
        });
        self.report_ui(ui);
        way
    }

    fn saved_ui(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let (sign, words, ink) = match &self.saved {
            Saved::NoStudy => return,
            Saved::At(path) => (
                icon::CHECK_CIRCLE,
                format!("Your study is whole, and saved: {path}"),
                t.ok,
            ),
            Saved::Not(why) => (
                icon::WARNING_CIRCLE,
                format!("Your study is not saved; save it elsewhere. {why}"),
                t.error,
            ),
        };
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(sign).size(size::HEADING).color(ink));
            ui.add(Label::new(RichText::new(words).color(ink)).wrap());
        });
    }

    fn ways_ui(&self, ui: &mut Ui) -> Option<Way> {
        let mut way = None;
        ui.horizontal_wrapped(|ui| {
            if primary_button(ui, "Back to the window").clicked() {
                way = Some(Way::Back);
            }
            let has_study = self.saved != Saved::NoStudy;
            if has_study && ui.button("Save the study as…").clicked() {
                way = Some(Way::SaveAs);
            }
            if ui.button("Copy the report").clicked() {
                way = Some(Way::Copy);
            }
            if ui.button("Quit").clicked() {
                way = Some(Way::Quit);
            }
            if self.is_copied {
                let t = Tokens::of(ui);
                ui.label(RichText::new("Report copied").color(t.ok));
            }
        });
        way
    }

    fn report_ui(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let frame = Frame::new()
            .fill(t.field)
            .stroke(Stroke::new(1.0, t.line))
            .corner_radius(radius::CONTROL)
            .inner_margin(Margin::same(space::M as i8));
        frame.show(ui, |ui| {
            let height = (ui.available_height() - space::M).max(LEAST_REPORT);
            ScrollArea::vertical()
                .max_height(height)
                .auto_shrink(false)
                .show(ui, |ui| {
                    // The scroll bar floats; nothing lies under it.
                    ui.set_max_width(ui.available_width() - space::M);
                    let text = RichText::new(&self.report).font(FontId::monospace(size::SMALL));
                    let label = Label::new(text).wrap().selectable(true);
                    let response = ui.add(label);
                    response.named(WidgetType::Label, "Report of the bug");
                });
        });
    }
}

fn sentence(doing: Doing) -> String {
    match doing {
        Doing::Drawing(view) => format!(
            "It happened while {} was drawn. Drawing changes nothing, so the study is as you left \
             it. The way back leads to another view.",
            what(view)
        ),
        Doing::Working => "It happened while something was carried out. A change that was not \
                           finished was not made; what was running is stopped, and can be started \
                           again."
            .to_owned(),
    }
}

fn what(view: Option<View>) -> String {
    match view {
        Some(view) => format!("the view {}", view.title()),
        None => "the welcome screen".to_owned(),
    }
}

fn report(caught: &Caught, doing: Doing) -> String {
    let doing = match doing {
        Doing::Drawing(view) => format!("drawing {}", what(view)),
        Doing::Working => "working".to_owned(),
    };
    let Caught {
        message,
        place,
        backtrace,
    } = caught;
    format!(
        "Kinfolk {} on {} {}, while {doing}\n{message}\nat {place}\n\n{backtrace}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
    )
}
