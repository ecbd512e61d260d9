//! A symmetric matrix as a heat map: kinship of every pair, to be read, hovered and clicked.
//!
//! Up to [`MOST_CELLS_READ`] models each cell shows its value and is an element of its own for
//! assistive technology, labelled `abacus × mirror 0.113`. Beyond, the map is one texture with a
//! lens under the pointer, made anew only when a value has changed; where a cell is smaller than
//! a pixel, a pixel is the mean of several, so that 2,000 models are an overview, and zoomed in
//! only what is in sight is named. The diagonal is left quiet; what a model is to itself
//! says nothing.
//!
//! A cell shows its value where it is large enough. It never shrinks below what can be pointed
//! at, so a map of cells may be larger than the space given; within a scroll area its names then
//! stay in sight. Where the rows of a picture are too thin for names, groups of them are named. A pair without a value is
//! hatched, one that is not measured is an empty outline.

mod bands;
mod cut;
mod dendrogram;
mod input;
mod layout;
mod legend;
mod lens;
mod names;
mod paint;

use eframe::egui::{Id, Rect, Ui};

use crate::kinship::Join;
use crate::ui::colormap::Scale;
use crate::ui::format;
pub use bands::Band;
pub use legend::{Legend, Undefined};

/// Beyond this number of models the map is a picture.
pub const MOST_CELLS_READ: usize = 30;

/// Draws what can be asked of a pair.
pub type Menu<'a> = &'a dyn Fn(&mut Ui, usize, usize);

/// Draws what can be asked of a model.
pub type NameMenu<'a> = &'a dyn Fn(&mut Ui, usize);

/// What to draw. Indices are those of `labels`; places on screen follow `order`.
#[derive(Clone, Copy)]
pub struct HeatMap<'a> {
    /// Parts this map from others in the same window.
    pub id_salt: &'a str,
    pub labels: &'a [String],
    /// The names in full, for a hover; empty where `labels` are that.
    pub names: &'a [String],
    /// The value of a pair; undefined is `None`.
    pub values: &'a dyn Fn(usize, usize) -> Option<f64>,
    pub scale: Scale,
    pub decimals: usize,
    /// Whether the values may still change: they are drawn greyed.
    pub provisional: bool,
    /// Whether the value of a pair may still change where others are final: it is drawn greyed,
    /// and empty as long as there is none.
    pub weak: &'a dyn Fn(usize, usize) -> bool,
    pub selected: Option<(usize, usize)>,
    pub selected_models: &'a [usize],
    /// Rows from top to bottom; empty for the order of `labels`.
    pub order: &'a [usize],
    /// Who joins whom, drawn left of the rows; see [`Join`] for the numbering.
    pub dendrogram: Option<&'a [Join]>,
    /// The cluster of every model, to colour the dendrogram by; empty without a cut.
    pub clusters: &'a [usize],
    /// Whether the cut of the tree can be moved.
    pub can_cut: bool,
    /// The names of groups of rows, from top to bottom, for where rows are too thin for one name
    /// each; may be empty.
    pub bands: &'a [Band],
    /// What the value of a pair means, to stand behind it on hover.
    pub meaning: &'a dyn Fn(usize, usize) -> Option<String>,
    /// What to say on hover of a pair, such as why it has no value.
    pub note: &'a dyn Fn(usize, usize) -> Option<String>,
    /// Whether a model is measured. Cells of others are empty, as are all that have no value
    /// while values may still change.
    pub measured: &'a dyn Fn(usize) -> bool,
    /// What can be asked of a pair; the menu of its cell.
    pub menu: Option<Menu<'a>>,
    /// What can be asked of a model; the menu of its name.
    pub name_menu: Option<NameMenu<'a>>,
    /// Models that do not exist yet: their cells are predicted, and drawn hollow.
    pub ghosts: &'a [usize],
    /// Changes whenever a value or the order does, so that the picture of many models is made
    /// anew only then; `None` to look at every value in every frame.
    pub stamp: Option<(u64, usize)>,
    /// How many times larger than the space a picture is; 1 for the whole of it.
    pub zoom: f32,
}

/// What was touched, as indices of `labels`, row first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeatMapResponse {
    /// The pair under the pointer, or the current one while the map has the keyboard.
    pub hovered: Option<(usize, usize)>,
    /// The pair that was clicked or chosen with Enter; never a model with itself.
    pub clicked: Option<(usize, usize)>,
    /// The model whose label (or diagonal cell) was clicked.
    pub clicked_label: Option<usize>,
    /// The group of rows whose name was clicked.
    pub clicked_band: Option<usize>,
    /// The group of rows whose name was clicked twice.
    pub opened_band: Option<usize>,
    /// Where the cells are on screen.
    pub cells: Option<Rect>,
    /// How many clusters the tree is to be cut into.
    pub cut: Option<usize>,
}

impl<'a> HeatMap<'a> {
    /// Kinship between 0 and 1 with the usual decimals, nothing selected.
    pub fn new(labels: &'a [String], values: &'a dyn Fn(usize, usize) -> Option<f64>) -> Self {
        Self {
            id_salt: "heat map",
            labels,
            names: &[],
            values,
            scale: Scale::KINSHIP,
            decimals: format::kinship_decimals(),
            provisional: false,
            weak: &|_, _| false,
            selected: None,
            selected_models: &[],
            order: &[],
            dendrogram: None,
            bands: &[],
            clusters: &[],
            can_cut: false,
            meaning: &|_, _| None,
            note: &|_, _| None,
            measured: &|_| true,
            menu: None,
            name_menu: None,
            ghosts: &[],
            stamp: None,
            zoom: 1.0,
        }
    }

    /// Draws the map into the space that is left, and says what was touched.
    pub fn show(&self, ui: &mut Ui) -> HeatMapResponse {
        if self.labels.is_empty() {
            return HeatMapResponse::default();
        }
        let layout = layout::Layout::new(self, ui);
        let (space, _) = ui.allocate_exact_size(layout.size(), eframe::egui::Sense::hover());
        let layout = layout.at(space.min, ui.clip_rect());
        let touched = input::interact(self, ui, &layout);
        if ui.is_rect_visible(space) {
            paint::map(self, ui, &layout, &touched);
            if let (true, Some(at)) = (self.is_picture(), touched.pointer) {
                lens::show(self, ui, &layout, at);
            }
        }
        HeatMapResponse {
            cells: Some(layout.cells),
            ..touched.response
        }
    }

    /// The name of a model in full.
    fn name(&self, model: usize) -> &str {
        let name = self.names.get(model).or_else(|| self.labels.get(model));
        name.map_or("", String::as_str)
    }

    /// The value of a pair and what it means, in a line.
    fn says(&self, (a, b): (usize, usize)) -> String {
        let value = format::decimals(self.value((a, b)), self.decimals);
        match (self.meaning)(a, b) {
            Some(meaning) => format!("{value} · {meaning}"),
            None => value,
        }
    }

    /// Whether there are too many models to read each cell.
    fn is_picture(&self) -> bool {
        self.labels.len() > MOST_CELLS_READ
    }

    /// The model at a place on screen.
    fn model_at(&self, place: usize) -> usize {
        self.order
            .get(place)
            .copied()
            .unwrap_or(place)
            .min(self.labels.len() - 1)
    }

    /// The pair at a row and column on screen.
    fn pair_at(&self, (row, column): (usize, usize)) -> (usize, usize) {
        (self.model_at(row), self.model_at(column))
    }

    fn value(&self, (a, b): (usize, usize)) -> Option<f64> {
        (self.values)(a, b).filter(|v| v.is_finite())
    }

    /// Whether a pair has been compared and has no value.
    fn is_undefined(&self, (a, b): (usize, usize)) -> bool {
        let measured = |model| (self.measured)(model);
        let is_final = !self.provisional && !(self.weak)(a, b);
        self.value((a, b)).is_none() && is_final && measured(a) && measured(b)
    }

    fn is_ghost(&self, (a, b): (usize, usize)) -> bool {
        self.ghosts.contains(&a) || self.ghosts.contains(&b)
    }

    /// How a pair is called by assistive technology and by tests.
    fn cell_label(&self, (a, b): (usize, usize)) -> String {
        let value = match self.value((a, b)) {
            None if !self.is_undefined((a, b)) => "not measured yet".to_owned(),
            value => format::decimals(value, self.decimals),
        };
        format!("{} × {} {value}", self.labels[a], self.labels[b])
    }

    fn id(&self, ui: &Ui) -> Id {
        ui.id().with(self.id_salt)
    }
}
