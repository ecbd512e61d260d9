//! What egui lacks of what nearly every view needs: quiet text, names for those who cannot see
//! what stands beside a control, and panes on the ground of a view.

use std::sync::Arc;

use eframe::egui::{
    Context, Frame, Id, InnerResponse, Margin, Modal, Panel, Response, RichText, ScrollArea, Ui,
    WidgetInfo, WidgetType,
};

use super::sketch;
use super::theme::{self, Tokens, space};
use crate::glossary::{self, Term};

/// The most width of a hover card, in points.
const CARD: f32 = 320.0;

/// Small text in weak ink: captions, notes, what is looked up.
pub fn quiet(text: impl Into<String>) -> RichText {
    RichText::new(text).small().weak()
}

pub trait UiExt {
    fn quiet(&mut self, text: impl Into<String>) -> Response;
    /// A frame in the colour that views stand on.
    fn pane(&self, margin: impl Into<Margin>) -> Frame;
    /// A panel in that colour whose size the user cannot change, without a line at its edge.
    fn strip<R>(
        &mut self,
        panel: Panel,
        margin: impl Into<Margin>,
        content: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<R>;
    /// A value in the memory of the window, made anew where its key has changed.
    fn remembered<K, V>(&self, id: &str, key: K, make: impl FnOnce(&K) -> V) -> Arc<(K, V)>
    where
        K: PartialEq + Send + Sync + 'static,
        V: Send + Sync + 'static;
    /// Scrolls downwards where the content is higher than `most`, over the whole width.
    fn scrolled<R>(&mut self, id: &str, most: f32, content: impl FnOnce(&mut Ui) -> R) -> R;
}

impl UiExt for Ui {
    fn quiet(&mut self, text: impl Into<String>) -> Response {
        self.label(quiet(text))
    }

    fn pane(&self, margin: impl Into<Margin>) -> Frame {
        let ground = Tokens::of(self).background;
        Frame::new().fill(ground).inner_margin(margin)
    }

    fn strip<R>(
        &mut self,
        panel: Panel,
        margin: impl Into<Margin>,
        content: impl FnOnce(&mut Ui) -> R,
    ) -> InnerResponse<R> {
        let panel = panel.resizable(false).show_separator_line(false);
        panel.frame(self.pane(margin)).show(self, content)
    }

    fn remembered<K, V>(&self, id: &str, key: K, make: impl FnOnce(&K) -> V) -> Arc<(K, V)>
    where
        K: PartialEq + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        let id = Id::new(id);
        let kept: Option<Arc<(K, V)>> = self.data(|data| data.get_temp(id));
        kept.filter(|kept| kept.0 == key).unwrap_or_else(|| {
            let value = make(&key);
            let new = Arc::new((key, value));
            self.data_mut(|data| data.insert_temp(id, Arc::clone(&new)));
            new
        })
    }

    fn scrolled<R>(&mut self, id: &str, most: f32, content: impl FnOnce(&mut Ui) -> R) -> R {
        ScrollArea::vertical()
            .id_salt(id)
            .max_height(most)
            .auto_shrink([false, true])
            .show(self, content)
            .inner
    }
}

pub trait ResponseExt {
    /// Gives a control its accessible name.
    fn named(&self, kind: WidgetType, name: impl ToString);
    /// The same for one that is selected or not.
    fn named_selected(&self, kind: WidgetType, is_selected: bool, name: impl ToString);
    /// Says on hover what these words mean, if the glossary has them, below a line of its own,
    /// which may be empty.
    fn explained(self, words: &str, line: &str) -> Self;
}

impl ResponseExt for Response {
    fn named(&self, kind: WidgetType, name: impl ToString) {
        self.widget_info(|| WidgetInfo::labeled(kind, self.enabled(), name.to_string()));
    }

    fn named_selected(&self, kind: WidgetType, is_selected: bool, name: impl ToString) {
        let enabled = self.enabled();
        self.widget_info(|| WidgetInfo::selected(kind, enabled, is_selected, name.to_string()));
    }

    fn explained(self, words: &str, line: &str) -> Self {
        if !self.hovered() {
            return self;
        }
        match glossary::find(words) {
            Some(term) => self.on_hover_ui(|ui| term_ui(ui, term, line)),
            None if line.is_empty() => self,
            None => self.on_hover_text(line),
        }
    }
}

/// A word of the glossary: its sentence, and smaller how it is worked out and which values it
/// takes; `line` stands above it.
fn term_ui(ui: &mut Ui, term: Term, line: &str) {
    ui.set_max_width(CARD);
    if !line.is_empty() {
        ui.label(line);
        ui.add_space(space::XS);
    }
    ui.label(theme::strong(term.title));
    ui.label(term.sentence);
    sketch::ui(ui, term.title);
    for line in [term.formula, term.range] {
        if !line.is_empty() {
            ui.quiet(line);
        }
    }
}

/// A window over everything else that waits for an answer.
pub fn modal(ctx: &Context, id: &str, margin: f32) -> Modal {
    let frame = Frame::popup(&ctx.global_style()).inner_margin(margin);
    Modal::new(Id::new(id)).frame(frame)
}
