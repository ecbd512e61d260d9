//! The pictures of a study's report, painted as the views paint them.

use eframe::egui::Theme;

use super::paper::{Picture, heat_map_page};
use super::plot;
use super::views::lineage_picture;
use crate::figures::charts;
use crate::report::{Drawing, Report, html};
use crate::study::ModelId;
use crate::study::chart::{ChartChoices, ChartKind};
use crate::workbench::Workbench;

/// A report whose pictures are still to be drawn; that may take seconds and needs no window.
#[derive(Clone, Debug, PartialEq)]
pub struct Pages {
    report: Report,
    pictures: Vec<(Drawing, Picture)>,
}

impl Pages {
    pub fn of(bench: &Workbench) -> Self {
        let doc = bench.study().doc();
        let mut pictures: Vec<_> = doc
            .bases()
            .into_iter()
            .filter_map(|base| matrix(bench, base))
            .collect();
        let has_matrix = !pictures.is_empty();
        if doc.models.iter().any(|model| !model.parents.is_empty()) {
            let drawing = drawing("Lineage", format!("Lineage of {}", doc.name), Vec::new());
            pictures.push((drawing, lineage_picture(bench, Theme::Light)));
        }
        pictures.extend(figures(bench, has_matrix));
        Self {
            report: Report::of(bench),
            pictures,
        }
    }

    /// The file.
    ///
    /// # Errors
    /// A sentence, if a picture cannot be drawn.
    pub fn html(&self) -> Result<String, String> {
        let draw = |(drawing, picture): &(Drawing, Picture)| {
            let svg = picture.draw()?.svg();
            Ok(Drawing {
                svg,
                ..drawing.clone()
            })
        };
        let drawings: Vec<Drawing> = self
            .pictures
            .iter()
            .map(draw)
            .collect::<Result<_, String>>()?;
        Ok(html(&self.report, &drawings))
    }
}

fn drawing(section: &'static str, title: String, words: Vec<String>) -> Drawing {
    Drawing {
        section,
        title,
        words,
        svg: String::new(),
    }
}

/// The kinship of a family, if two of it were measured.
fn matrix(bench: &Workbench, base: ModelId) -> Option<(Drawing, Picture)> {
    let (doc, measured) = (bench.study().doc(), bench.measured(base)?);
    let family = bench.family(base);
    let known = || family.models.iter().zip(&family.measured);
    let (models, places): (Vec<ModelId>, Vec<usize>) = known()
        .filter_map(|(&id, place)| Some((id, (*place)?)))
        .unzip();
    if models.len() < 2 {
        return None;
    }
    let measure = doc.view.measure;
    let all = measured.kinship().matrix(measure);
    let matrix = crate::kinship::Matrix::build(places.len(), |i, j| all.get(places[i], places[j]));
    let names: Vec<String> = models
        .iter()
        .map(|&id| doc.name_of(id).to_owned())
        .collect();
    let title = format!("Kinship of the models of {}", doc.name_of(base));
    let about = measure.metric;
    let picture =
        Picture::new(move || Ok(heat_map_page("", &names, &matrix, about).draw(Theme::Light)));
    Some((
        drawing(
            "Kinship",
            title,
            vec![format!(
                "{}, of all tensors that were compared.",
                about.title
            )],
        ),
        picture,
    ))
}

/// Every chart of the study's own that has something to show; the matrix of kinship only where
/// none stands above it with its tree.
fn figures(bench: &Workbench, has_matrix: bool) -> Vec<(Drawing, Picture)> {
    let chosen = &bench.study().doc().view.charts;
    let is_shown = |kind| kind == ChartKind::Matrix && has_matrix;
    let own = charts().filter(|chart| chart.study.is_none() && !is_shown(chart.kind));
    own.filter_map(|chart| {
        let choices = ChartChoices {
            kind: chart.kind,
            ..chosen.clone()
        };
        let mut figure = bench.figure(&choices).ok()?;
        let title = std::mem::take(&mut figure.title);
        let mut words = vec![std::mem::take(&mut figure.caption)];
        words.append(&mut figure.notes);
        // It stands once at the top.
        figure.source.clear();
        words.retain(|line| !line.is_empty());
        let picture = Picture::new(move || plot::sheet(&figure));
        Some((drawing("Charts", title, words), picture))
    })
    .collect()
}
