//! Charts: what the record says, and the paper's figures drawn again from its data.
//!
//! Left the list of charts, in the middle the figure with its controls above and its numbers
//! as a sentence below. What is chosen is a command and saved with the study; the figure is
//! kept beside the state that it was made from, so a window that stands still computes nothing.

mod controls;
mod list;
mod model;
mod picking;
mod quantities;
mod states;
mod table;

use eframe::egui::{
    Button, CentralPanel, Label, Margin, Panel, RichText, ScrollArea, Ui, WidgetType, vec2,
};
use egui_phosphor::regular as icon;
use model::ChartModel;

use crate::figures::{Figure, chart};
use crate::study::chart::{ChartChoices, ChartKind};
use crate::study::{Command, ViewEdit};
use crate::ui::action::{Action, ChartAsk, Export};
use crate::ui::ext::{ResponseExt, UiExt, quiet};
use crate::ui::paper::{Format, Picture};
use crate::ui::plot::{self, Drawing, Hand};
use crate::ui::theme::{Tokens, size, space};
use crate::workbench::Workbench;

pub use list::title;
pub use picking::select as select_picked;

/// Narrower than this, in points, the list of charts is a menu.
const ROOM_FOR_LIST: f32 = 640.0;
const LIST: f32 = 196.0;

#[derive(Default)]
pub struct ChartsView {
    shown: Option<ChartModel>,
    hand: Hand,
    tools: Tools,
    explains: bool,
    /// For how many more frames controls and axes may find out how much room they need.
    unsettled: u8,
}

/// Frames until a new figure and its controls stand where they will stay.
const FRAMES: u8 = 3;

#[derive(Clone, Copy, Debug, Default)]
struct Tools {
    table: bool,
    lasso: bool,
    /// The zoom is to be taken back.
    reset: bool,
    /// Whether there is a zoom to take back.
    is_zoomed: bool,
}

impl ChartsView {
    pub fn ui(&mut self, ui: &mut Ui, bench: &Workbench, actions: &mut Vec<Action>) {
        let has_list = ui.available_width() >= ROOM_FOR_LIST;
        let choices = model::choices(bench);
        if has_list {
            let margin = Margin {
                left: space::M as i8,
                top: space::M as i8,
                ..Margin::ZERO
            };
            ui.strip(Panel::left("chart list").exact_size(LIST), margin, |ui| {
                list::list_ui(ui, &choices, actions);
            });
        }
        self.bring_up_to_date(bench, ui.input(|input| input.time));
        if self.unsettled > 0 {
            self.unsettled -= 1;
            ui.ctx().request_repaint();
        }
        let Some(shown) = &self.shown else { return };
        let tools = &mut self.tools;
        let margin = vec2(space::L, space::S);
        ui.strip(Panel::top("chart controls"), margin, |ui| {
            controls::head_ui(ui, shown, &choices, has_list, tools, actions);
            controls::controls_ui(ui, bench, &choices, actions);
        });
        let Ok(figure) = &shown.figure else {
            middle(ui, |ui| {
                states::nothing_ui(ui, bench, shown, &choices, actions);
            });
            return;
        };
        let explains = &mut self.explains;
        // A table wants its rows.
        let share = if tools.table { 0.6 } else { 1.0 };
        let height = ui.available_height() * share;
        ui.strip(Panel::bottom("chart words"), margin, |ui| {
            words_ui(ui, figure, choices.kind, (explains, height));
        });
        let hand = &mut self.hand;
        middle(ui, |ui| {
            if tools.table {
                table::table_ui(ui, &shown.rows, bench, actions);
                return;
            }
            let drawing = Drawing {
                figure,
                id_salt: title(choices.kind),
                selection: bench.study().selection(),
                lasso: tools.lasso,
                reset: std::mem::take(&mut tools.reset),
            };
            let touched = drawing.show(ui, hand);
            tools.is_zoomed = touched.is_zoomed;
            if let Some(picked) = touched.picked {
                actions.extend(picking::select(bench.study(), &picked));
            }
        });
    }

    /// Carries out what was asked of the chart that is shown.
    ///
    /// # Errors
    /// A sentence, if there is no figure or it cannot be drawn.
    pub fn answer(&mut self, ask: ChartAsk, bench: &Workbench, now: f64) -> Result<Action, String> {
        self.bring_up_to_date(bench, now);
        let figure = self.shown.as_ref().map(|shown| &shown.figure);
        match figure {
            Some(Ok(figure)) => take_out(ask, figure),
            Some(Err(sentence)) => Err(sentence.clone()),
            None => Err("No chart is shown".to_owned()),
        }
    }

    fn bring_up_to_date(&mut self, bench: &Workbench, now: f64) {
        let key = model::Key::new(bench, model::choices(bench));
        let holds = |shown: &ChartModel| shown.holds(&key, now);
        if !self.shown.as_ref().is_some_and(holds) {
            self.shown = Some(ChartModel::new(key, bench, now));
            self.unsettled = FRAMES;
        }
    }
}

fn choose(choices: ChartChoices) -> Action {
    Action::Study(Command::View(ViewEdit::Charts(Box::new(choices))))
}

fn middle(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    let frame = ui.pane(vec2(space::L, 0.0));
    CentralPanel::default().frame(frame).show(ui, content);
}

/// The most height that the sentences take, as a share of the view.
const MOST: f32 = 0.45;
/// What a figure keeps however many sentences there are, in points.
const FIGURE: f32 = 280.0;
const TWO_LINES: f32 = 44.0;

/// Draws the sentences under the figure. `explains` says whether its meaning is told, `height`
/// is that of the figure and its sentences together.
pub fn words_ui(
    ui: &mut Ui,
    figure: &Figure,
    kind: ChartKind,
    (explains, height): (&mut bool, f32),
) {
    let most = (height * MOST).max(TWO_LINES);
    let most = match *explains {
        true => most,
        false => (height - FIGURE).clamp(TWO_LINES, most),
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

/// What to do with a figure. Pictures take their time and are drawn beside the window.
pub fn take_out(ask: ChartAsk, figure: &Figure) -> Result<Action, String> {
    if figure.panels.is_empty() {
        return Err("There is nothing to draw".to_owned());
    }
    let stem = stem(&figure.title);
    let owned = figure.clone();
    let picture = Picture::new(move || plot::sheet(&owned));
    let saved = |format| Export::picture("chart", &stem, picture.clone(), format);
    Ok(match ask {
        ChartAsk::Svg => Action::Export(saved(Format::Svg)),
        ChartAsk::Png => Action::Export(saved(Format::Png)),
        ChartAsk::Csv => {
            let table = plot::csv(figure).into_bytes();
            Action::Export(Export::table("chart", &stem, table))
        }
        ChartAsk::Picture => Action::CopyPicture {
            picture,
            what: "Chart picture".to_owned(),
        },
        ChartAsk::Table => Action::copy("Chart table", tsv(&plot::csv(figure))?),
    })
}

/// The table parted by tabs, as spreadsheets paste it.
fn tsv(csv: &str) -> Result<String, String> {
    let sentence = |error: csv::Error| format!("The table cannot be copied: {error}");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(csv.as_bytes());
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b'\t')
        .flexible(true)
        .from_writer(Vec::new());
    for record in reader.records() {
        writer
            .write_record(&record.map_err(sentence)?)
            .map_err(sentence)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// The title as a file name: small letters and digits with hyphens between.
fn stem(title: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let words: String = title.to_lowercase().chars().map(plain).collect();
    let words: Vec<&str> = words.split_whitespace().take(8).collect();
    if words.is_empty() {
        "chart".to_owned()
    } else {
        words.join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_plain_file_names() {
        assert_eq!(
            stem("Kinship & gain (points): path 1/2"),
            "kinship-gain-points-path-1-2"
        );
        assert_eq!(stem("模型 图"), "模型-图");
        assert_eq!(stem("…"), "chart");
    }

    #[test]
    fn a_copied_table_keeps_its_cells() {
        let copied = tsv("name,x\n\"a, b\",1\n\"tab\there\",2\n").unwrap();
        assert_eq!(copied, "name\tx\na, b\t1\n\"tab\there\"\t2\n");
    }
}
