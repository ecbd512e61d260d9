//! The command palette: every command by a few letters of its name.

use eframe::egui::{
    Align2, Area, Context, Id, Key, Modal, Modifiers, Order, Rect, Response, ScrollArea, Sense,
    TextEdit, Ui, UiBuilder, WidgetInfo, WidgetType, vec2,
};
use egui_phosphor::regular as icon;

use super::{chip, fuzzy, text};
use crate::ui::theme::{self, Tokens, radius, space};

const WIDTH: f32 = 560.0;
const ROW: f32 = 32.0;
const MOST_HEIGHT: f32 = 11.0 * ROW;

#[derive(Clone, Debug)]
pub struct PaletteEntry<'a> {
    /// What it does, as on its button.
    pub title: &'a str,
    /// The same at full length, which is searched and shown on hover.
    pub full: &'a str,
    pub group: &'a str,
    /// Its keys, parted by spaces, or nothing.
    pub shortcut: &'a str,
    pub enabled: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Palette {
    is_open: bool,
    query: String,
    /// Row of the keyboard, counted in what is found.
    current: usize,
}

impl Palette {
    pub fn open(&mut self) {
        *self = Self {
            is_open: true,
            ..Self::default()
        };
    }

    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// Draws the palette while it is open; the index of the entry that was chosen.
    pub fn show(&mut self, ctx: &Context, entries: &[PaletteEntry<'_>]) -> Option<usize> {
        if !self.is_open {
            return None;
        }
        let id = Id::new("command palette");
        let area = Area::new(id)
            .kind(eframe::egui::UiKind::Modal)
            .anchor(Align2::CENTER_TOP, vec2(0.0, 72.0))
            .order(Order::Foreground);
        let modal = Modal::new(id).area(area).frame(frame(ctx));
        let shown = modal.show(ctx, |ui| self.content_ui(ui, entries));
        if shown.inner.is_some() || shown.should_close() {
            self.is_open = false;
        }
        shown.inner
    }

    fn content_ui(&mut self, ui: &mut Ui, entries: &[PaletteEntry<'_>]) -> Option<usize> {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 2.0 * space::XL));
        let (up, down, enter) = ui.input_mut(|i| {
            let mut pressed = |key| i.count_and_consume_key(Modifiers::NONE, key);
            (
                pressed(Key::ArrowUp),
                pressed(Key::ArrowDown),
                pressed(Key::Enter),
            )
        });
        if self.field_ui(ui).changed() {
            self.current = 0;
        }
        let found = fuzzy::ranked(&self.query, entries.iter().map(|e| e.full));
        let last = found.len().saturating_sub(1);
        self.current = (self.current + down).saturating_sub(up).min(last);
        let chosen = self.rows_ui(ui, entries, &found, up + down > 0);
        let entered = (enter > 0)
            .then(|| found.get(self.current).copied())
            .flatten();
        entered.or(chosen).filter(|&i| entries[i].enabled)
    }

    fn field_ui(&mut self, ui: &mut Ui) -> Response {
        ui.horizontal(|ui| {
            ui.add_space(space::S);
            ui.weak(icon::MAGNIFYING_GLASS);
            let field = TextEdit::singleline(&mut self.query)
                .hint_text("Search commands and models")
                .frame(eframe::egui::Frame::NONE)
                .desired_width(f32::INFINITY)
                .margin(vec2(0.0, space::S));
            let response = ui.add(field);
            if !response.has_focus() {
                response.request_focus();
            }
            response
        })
        .inner
    }

    fn rows_ui(
        &mut self,
        ui: &mut Ui,
        entries: &[PaletteEntry<'_>],
        found: &[usize],
        moved: bool,
    ) -> Option<usize> {
        ui.separator();
        if found.is_empty() {
            ui.horizontal(|ui| {
                ui.add_space(space::S);
                ui.weak("No command has these letters");
            });
        }
        let mut chosen = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = (found.len() as f32 * ROW).min(MOST_HEIGHT);
        ScrollArea::vertical()
            .min_scrolled_height(height)
            .max_height(MOST_HEIGHT)
            .show(ui, |ui| {
                for (row, &index) in found.iter().enumerate() {
                    let is_current = row == self.current;
                    let response = row_ui(ui, &entries[index], is_current);
                    if is_current && moved {
                        response.scroll_to_me(None);
                    }
                    if response.hovered() && ui.input(|i| i.pointer.is_moving()) {
                        self.current = row;
                    }
                    if response.clicked() {
                        chosen = Some(index);
                    }
                }
            });
        chosen
    }
}

fn frame(ctx: &Context) -> eframe::egui::Frame {
    eframe::egui::Frame::popup(&ctx.style_of(ctx.theme())).inner_margin(space::S)
}

fn row_ui(ui: &mut Ui, entry: &PaletteEntry<'_>, is_current: bool) -> Response {
    let t = Tokens::of(ui);
    let sense = if entry.enabled {
        Sense::CLICK
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), sense);
    response.widget_info(|| {
        let label = format!("{}, {}", entry.title, entry.group);
        WidgetInfo::selected(
            WidgetType::SelectableLabel,
            entry.enabled,
            is_current,
            label,
        )
    });
    if is_current {
        ui.painter().rect_filled(rect, radius::CONTROL, t.selection);
    }
    let ink = if entry.enabled { t.text } else { t.line_strong };
    let inside = rect.shrink2(vec2(space::S, 0.0));
    let caps = chip::key_caps_width(ui, entry.shortcut);
    let mut rest = inside;
    rest.max.x -= caps + if caps > 0.0 { space::M } else { 0.0 };
    let group = text::width(ui, entry.group, theme::small_font()) + space::M;
    let title = Rect::from_min_max(inside.min, rest.max - vec2(group, 0.0));
    let painter = ui.painter();
    text::left(painter, title, entry.title, &theme::body_font(), ink);
    let weak = if entry.enabled {
        t.text_weak
    } else {
        t.line_strong
    };
    text::right(painter, rest, entry.group, &theme::small_font(), weak);
    let keys = inside.with_min_x(inside.right() - caps + 3.0);
    let row = UiBuilder::new()
        .max_rect(keys)
        .layout(eframe::egui::Layout::left_to_right(
            eframe::egui::Align::Center,
        ));
    chip::key_caps(&mut ui.new_child(row), entry.shortcut);
    match entry.full == entry.title {
        true => response,
        false => response.on_hover_text(entry.full),
    }
}
