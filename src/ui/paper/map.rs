//! A kinship matrix as a page that explains itself.

use eframe::egui::{Frame, Theme, Ui, Vec2, vec2};

use super::{Ground, Page, Sheet};
use crate::kinship::{Join, Matrix, Metric, cluster};
use crate::ui::colormap::kinship_scale;
use crate::ui::ext::UiExt;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::heatmap::{HeatMap, Legend, MOST_CELLS_READ, Undefined};

pub struct HeatMapPage {
    pub title: String,
    /// A line under the map; may be empty.
    pub note: String,
    pub labels: Vec<String>,
    pub matrix: Matrix,
    pub metric: Metric,
    /// Of the colours, where the user has set it.
    pub range: Option<(f64, f64)>,
    /// Rows from top to bottom.
    pub order: Vec<usize>,
    pub joins: Vec<Join>,
    pub has_tree: bool,
}

/// The matrix by relatedness, with its tree.
pub fn heat_map_page(
    title: &str,
    labels: &[String],
    matrix: &Matrix,
    metric: Metric,
) -> HeatMapPage {
    let tree = cluster(matrix, metric);
    HeatMapPage {
        title: title.to_owned(),
        note: String::new(),
        labels: labels.to_vec(),
        matrix: matrix.clone(),
        metric,
        range: None,
        joins: tree.joins,
        order: tree.order,
        has_tree: true,
    }
}

impl HeatMapPage {
    /// Draws it as large as its models need.
    pub fn draw(&self, theme: Theme) -> Sheet {
        let page = Page::new(self.size(), Ground::Theme(theme));
        let sheet = page.draw(|ui| {
            let frame = Frame::new().inner_margin(space::S);
            frame.show(ui, |ui| self.ui(ui));
        });
        let end = sheet.used().expand(space::S).max;
        sheet.cut(end)
    }

    fn size(&self) -> Vec2 {
        let n = self.labels.len().max(2) as f32;
        let cells = if self.labels.len() > MOST_CELLS_READ {
            // Names need thirteen points each; beyond a hundred models they are left away.
            Vec2::splat((13.0 * n).clamp(880.0, 1300.0))
        } else {
            let width = (900.0 / n).clamp(44.0, 84.0);
            vec2(width, width * 0.68) * n
        };
        // Room for names, tree, title, legend and note around the cells.
        (cells + vec2(340.0, 220.0)).max(vec2(520.0, 0.0))
    }

    fn ui(&self, ui: &mut Ui) {
        if !self.title.is_empty() {
            ui.label(theme::strong(&self.title).size(size::HEADING));
        }
        let scale = kinship_scale(self.metric, &self.matrix, self.range);
        let everyone: Vec<usize> = (0..self.labels.len()).collect();
        let pairs = everyone.len() * everyone.len().saturating_sub(1) / 2;
        let is_whole = self.matrix.mean_of_defined(&everyone).1 == pairs;
        let legend = Legend {
            title: "",
            scale,
            undefined: (!is_whole).then_some(Undefined::among(everyone.len())),
        };
        legend.show(ui);
        let has_tree = self.has_tree && !self.joins.is_empty();
        let values = |a, b| self.matrix.get(a, b);
        ui.scope(|ui| {
            ui.set_max_height(ui.available_height() - space::XXL);
            HeatMap {
                scale,
                order: &self.order,
                dendrogram: has_tree.then_some(&self.joins),
                ..HeatMap::new(&self.labels, &values)
            }
            .show(ui);
        });
        if !self.note.is_empty() {
            ui.add_space(space::XS);
            ui.quiet(&self.note);
        }
    }
}
