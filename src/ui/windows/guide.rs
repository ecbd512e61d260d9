//! The guide beside its topics.

use eframe::egui::{Context, Frame, Panel, ScrollArea, Ui, vec2};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};
use egui_phosphor::regular as icon;

use crate::guide::{TOPICS, Topic};
use crate::ui::action::Action;
use crate::ui::ext::modal;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::icon_button;
use crate::workbench::Workbench;

/// The page and its topics, where the window has the room, in points.
const SIZE: [f32; 2] = [960.0, 680.0];
const LIST: f32 = 190.0;
/// A line of this width is read at ease.
const TEXT: f32 = 680.0;

/// The guide, when it is open.
#[derive(Default)]
pub struct GuideView {
    page: Option<Page>,
}

struct Page {
    topic: &'static Topic,
    text: String,
    cache: CommonMarkCache,
}

impl Page {
    fn new(topic: &'static Topic) -> Self {
        // Pictures are of the window that the reader looks at.
        let lines = topic.text.lines().filter(|line| !line.starts_with("!["));
        Self {
            topic,
            text: lines.collect::<Vec<_>>().join("\n"),
            cache: CommonMarkCache::default(),
        }
    }
}

impl GuideView {
    pub fn open(&mut self) {
        self.page = TOPICS.first().map(Page::new);
    }

    pub fn is_open(&self) -> bool {
        self.page.is_some()
    }

    pub fn close(&mut self) {
        self.page = None;
    }

    pub fn ui(&mut self, ctx: &Context, _: &Workbench, _: &mut Vec<Action>) {
        let Some(page) = &mut self.page else { return };
        let mut stays = true;
        let modal = modal(ctx, "guide", space::L).show(ctx, |ui| {
            let room = ctx.content_rect().size() - eframe::egui::Vec2::splat(4.0 * space::XL);
            ui.set_width(room.x.min(SIZE[0]));
            ui.set_height(room.y.min(SIZE[1]));
            stays = head_ui(ui);
            let topics = Panel::left("topics").exact_size(LIST).resizable(false);
            let topics = topics.frame(Frame::NONE).show_separator_line(false);
            let next = topics.show(ui, |ui| topics_ui(ui, page.topic)).inner;
            text_ui(ui, page);
            if let Some(topic) = next {
                *page = Page::new(topic);
            }
        });
        if !stays || modal.should_close() {
            self.page = None;
        }
    }
}

fn head_ui(ui: &mut Ui) -> bool {
    let mut stays = true;
    ui.horizontal(|ui| {
        ui.label(theme::strong("Guide").size(size::TITLE));
        let right = eframe::egui::Layout::right_to_left(eframe::egui::Align::Center);
        ui.with_layout(right, |ui| {
            stays = !icon_button(ui, icon::X, "Close the guide").clicked();
        });
    });
    ui.add_space(space::S);
    stays
}

fn topics_ui(ui: &mut Ui, shown: &'static Topic) -> Option<&'static Topic> {
    let mut next = None;
    ScrollArea::vertical().show(ui, |ui| {
        for topic in TOPICS {
            if ui.selectable_label(topic == shown, topic.title()).clicked() {
                next = Some(topic);
            }
        }
    });
    next
}

fn text_ui(ui: &mut Ui, page: &mut Page) {
    ScrollArea::both()
        .id_salt(page.topic.key)
        .auto_shrink(false)
        .show(ui, |ui| {
            Frame::new()
                .inner_margin(vec2(space::L, 0.0))
                .show(ui, |ui| {
                    ui.set_max_width((ui.available_width() - space::L).min(TEXT));
                    let viewer = CommonMarkViewer::new();
                    viewer.show(ui, &mut page.cache, &page.text);
                });
        });
}
