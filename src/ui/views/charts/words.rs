//! What is said of a figure: its numbers, where it is from, what contradicts itself, what it
//! means.

use eframe::egui::{Button, Label, RichText, ScrollArea, Ui, WidgetType};
use egui_phosphor::regular as icon;

use crate::figures::{Figure, chart};
use crate::study::chart::ChartKind;
use crate::ui::ext::{ResponseExt, quiet};
use crate::ui::theme::{Tokens, size, space};

/// The most height that the sentences take, as a share of the view, without and with the
/// explanation.
const MOST: [f32; 2] = [0.31, 0.45];
/// What a figure needs before its sentences get more than two lines, in points.
const FIGURE: f32 = 260.0;
const TWO_LINES: f32 = 44.0;

/// Draws the sentences under the figure. `explains` says whether its meaning is told, `height`
/// is that of the figure and its sentences together.
pub fn words_ui(
    ui: &mut Ui,
    figure: &Figure,
    kind: ChartKind,
    (explains, height): (&mut bool, f32),
) {
    let most = if *explains {
        height * MOST[1]
    } else {
        ((height - FIGURE) * 0.5).clamp(TWO_LINES, (height * MOST[0]).max(TWO_LINES))
    };
    ScrollArea::vertical()
        .id_salt("chart words")
        .max_height(most)
        .min_scrolled_height(most)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::XS;
            if !figure.caption.is_empty() {
                ui.add(Label::new(&figure.caption).selectable(true).wrap());
            }
            toggle_ui(ui, explains);
            if *explains {
                for sentence in chart(kind).iter().flat_map(|chart| &chart.meaning) {
                    ui.add(Label::new(*sentence).wrap());
                }
                ui.add_space(space::XS);
            }
            for note in &figure.notes {
                let words = quiet(format!("{}  {note}", icon::INFO));
                ui.add(Label::new(words).selectable(true).wrap());
            }
            if !figure.source.is_empty() {
                let words = quiet(format!("Source: {}", figure.source));
                ui.add(Label::new(words).truncate())
                    .on_hover_text(&figure.source);
            }
        });
}

fn toggle_ui(ui: &mut Ui, explains: &mut bool) {
    const WORDS: &str = "What does this mean?";
    let caret = if *explains {
        icon::CARET_DOWN
    } else {
        icon::CARET_RIGHT
    };
    let ink = Tokens::of(ui).accent_text;
    let words = RichText::new(format!("{caret} {WORDS}")).size(size::SMALL);
    let response = ui.add(Button::new(words.color(ink)).frame(false));
    let is_open = *explains;
    response.named_selected(WidgetType::Button, is_open, WORDS);
    if response.clicked() {
        *explains = !*explains;
    }
}
