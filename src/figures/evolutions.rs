//! Evolutions of the same founders beside each other: the best so far, and the kinship among
//! the best, by generation, by merges or by evaluations.
//!
//! Strategies make different numbers of merges in a generation, so it is merges or evaluations
//! at which they are compared fairly.

use super::runs::steps;
use super::runs_of::Run;
use super::{Axis, Dash, Figure, Layer, LineMark, Panel, Point};
use crate::lineage::evolution::Summary;
use crate::lineage::strategy::Member;
use crate::stats::extent;
use crate::study::ModelId;
use crate::text;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Along {
    Generation,
    #[default]
    Merges,
    /// Models with a score so far, founders included.
    Evaluations,
}

impl Along {
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Generation, "By generation"),
        (Self::Merges, "By merges"),
        (Self::Evaluations, "By evaluations"),
    ];

    const fn axis(self) -> &'static str {
        match self {
            Self::Generation => "Generation",
            Self::Merges => "Merges so far",
            Self::Evaluations => "Evaluations so far, founders included",
        }
    }

    fn words(self) -> String {
        let title = Self::ALL.iter().find(|(along, _)| *along == self);
        title.map_or(String::new(), |(_, words)| words.to_lowercase())
    }
}

pub struct Course<'a> {
    pub name: &'a str,
    /// Its place among the runs of the study, which is its colour.
    pub index: usize,
    pub is_shown: bool,
    pub has_ended: bool,
    /// Its models: founders, then children by generation and number.
    pub members: &'a [Member],
    pub models: &'a [ModelId],
    pub generations: &'a [Summary],
    /// The kinship among the best at which it would end, if it would.
    pub tau: Option<f64>,
}

/// The figure; `name` is that of a model.
///
/// # Errors
/// A sentence, if no run has scores.
pub fn evolutions(
    courses: &[Course<'_>],
    along: Along,
    name: &dyn Fn(ModelId) -> String,
) -> Result<Figure, String> {
    let has_child = |c: &&Course<'_>| c.best(along).len() > 1;
    let mut tops: Vec<&Course<'_>> = courses.iter().filter(has_child).collect();
    if tops.is_empty() {
        return Err("The curves begin with the first child that has a score".to_owned());
    }
    // The one that is looked at lies over the others.
    tops.sort_by_key(|course| course.is_shown);
    let best = tops
        .iter()
        .flat_map(|c| c.best_layers(along, name))
        .chain(end(&tops, along));
    let mut panels = vec![panel(along, "Best so far (points)", best.collect())];
    let kinship: Vec<Layer> = tops.iter().flat_map(|c| c.kinship_layers(along)).collect();
    // One value is no course.
    let is_course = |layer: &Layer| matches!(layer, Layer::Line(line) if line.points.len() > 1);
    if kinship.iter().any(is_course) {
        let tau = tops.iter().find(|c| c.is_shown).and_then(|c| c.tau);
        let layers = tau.map(Layer::horizontal).into_iter().chain(kinship);
        let layers = layers.collect();
        panels.push(panel(along, "Kinship of the best", layers));
    }
    share_axis(&mut panels);
    Ok(Figure {
        title: format!("Best so far {}", along.words()),
        panels,
        columns: 1,
        ..Figure::default()
    })
}

/// What stands under each other happened at the same time.
fn share_axis(panels: &mut [Panel]) {
    let lines = panels.iter().flat_map(|p| &p.layers);
    let xs = lines.filter_map(|layer| match layer {
        Layer::Line(line) => Some(line.points.iter().map(|p| p[0])),
        _ => None,
    });
    let Some((lo, hi)) = extent(xs.flatten()) else {
        return;
    };
    let around = 0.03 * (hi - lo);
    for panel in panels {
        panel.x.range = Some((lo - around, hi + around));
    }
}

fn panel(along: Along, y: &str, layers: Vec<Layer>) -> Panel {
    Panel::new(Axis::whole(along.axis()), Axis::named(y), layers)
}

/// Where the run that is looked at has ended.
fn end(courses: &[&Course<'_>], along: Along) -> Option<Layer> {
    let shown = courses.iter().find(|c| c.is_shown && c.has_ended)?;
    let last = shown.generations.last()?.number;
    Some(Layer::Vertical {
        name: "Ended".to_owned(),
        x: shown.at(last, along),
        runs: Vec::new(),
    })
}

/// The best after something was judged: where on the axis, its score, its position.
type Best = (f64, f64, usize);

impl Course<'_> {
    const fn run(&self) -> Run<'_> {
        Run {
            name: self.name,
            index: self.index,
        }
    }

    fn at(&self, generation: u32, along: Along) -> f64 {
        let until = self.members.iter().filter(|m| m.generation <= generation);
        match along {
            Along::Generation => f64::from(generation),
            Along::Merges => until.filter(|m| m.generation > 0).count() as f64,
            Along::Evaluations => until.filter(|m| m.score.is_some()).count() as f64,
        }
    }

    /// The best so far, model by model; founders stand together, and so does a generation
    /// where that is what is counted.
    fn best(&self, along: Along) -> Vec<Best> {
        let mut out: Vec<Best> = Vec::new();
        let (mut merges, mut scored) = (0, 0);
        let mut best: Option<(f64, usize)> = None;
        for (k, member) in self.members.iter().enumerate() {
            merges += usize::from(member.generation > 0);
            let Some(score) = member.score.filter(|s| s.is_finite()) else {
                continue;
            };
            scored += 1;
            if best.is_none_or(|(b, _)| score > b) {
                best = Some((score, k));
            }
            let x = match along {
                _ if member.generation == 0 => self.at(0, along),
                Along::Generation => f64::from(member.generation),
                Along::Merges => merges as f64,
                Along::Evaluations => scored as f64,
            };
            let Some((score, k)) = best else { continue };
            match out.last_mut().filter(|(last, ..)| *last == x) {
                Some(last) => *last = (x, score, k),
                None => out.push((x, score, k)),
            }
        }
        out
    }

    fn best_layers(&self, along: Along, name: &dyn Fn(ModelId) -> String) -> Vec<Layer> {
        let best = self.best(along);
        let line = steps(&best.iter().map(|b| [b.0, b.1]).collect::<Vec<_>>());
        let is_new = |k: usize| k == 0 || k + 1 == best.len() || best[k].2 != best[k - 1].2;
        let points = (0..best.len()).filter(|&k| is_new(k)).map(|k| {
            let (x, y, of) = best[k];
            self.point([x, y], (k + 1 == best.len(), of), name)
        });
        self.layers(line, points.collect())
    }

    /// The run that is looked at has points; others are thin, a line and no points.
    fn layers(&self, line: Vec<[f64; 2]>, points: Vec<Point>) -> Vec<Layer> {
        let line = Layer::Line(LineMark {
            is_thin: !self.is_shown,
            name: self.name.to_owned(),
            color: self.run().color(),
            dash: self.dash(),
            points: line,
            ..LineMark::default()
        });
        let points = Layer::points(self.name, self.run().marker(), points);
        match self.is_shown {
            true => vec![line, points],
            false => vec![line],
        }
    }

    fn point(
        &self,
        [x, y]: [f64; 2],
        (is_last, of): (bool, usize),
        name: &dyn Fn(ModelId) -> String,
    ) -> Point {
        let id = self.models[of];
        let value = text::number(y, 2);
        Point {
            x,
            y,
            color: self.run().color(),
            label: match is_last {
                true => value.clone(),
                false => name(id),
            },
            details: vec![
                ("Best so far".to_owned(), name(id)),
                ("Score".to_owned(), value),
                ("Run".to_owned(), self.name.to_owned()),
            ],
            models: vec![id],
            short: String::new(),
            is_named: is_last,
        }
    }

    fn kinship_point(&self, x: f64, y: f64) -> Point {
        Point {
            x,
            y,
            color: self.run().color(),
            label: self.name.to_owned(),
            details: vec![("Kinship of the best".to_owned(), text::number(y, 3))],
            ..Point::default()
        }
    }

    fn kinship_layers(&self, along: Along) -> Vec<Layer> {
        let points: Vec<[f64; 2]> = self
            .generations
            .iter()
            .filter_map(|g| Some([self.at(g.number, along), g.kinship?]))
            .collect();
        if points.is_empty() {
            return Vec::new();
        }
        let marks = points.iter().map(|&[x, y]| self.kinship_point(x, y));
        let marks = marks.collect();
        self.layers(points, marks)
    }

    /// The one that is looked at is whole; others are told apart without colour too.
    const fn dash(&self) -> Dash {
        match self.is_shown {
            true => Dash::Solid,
            false => [Dash::Dashed, Dash::Dotted][self.index % 2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(generation: u32, score: f64) -> Member {
        Member {
            score: Some(score),
            generation,
            ..Member::default()
        }
    }

    fn course<'a>(
        members: &'a [Member],
        models: &'a [ModelId],
        generations: &'a [Summary],
    ) -> Course<'a> {
        Course {
            name: "Greedy",
            index: 0,
            is_shown: true,
            has_ended: false,
            members,
            models,
            generations,
            tau: Some(0.9),
        }
    }

    fn lines(along: Along) -> Vec<Vec<[f64; 2]>> {
        let members = [
            member(0, 50.0),
            member(0, 60.0),
            member(1, 55.0),
            member(1, 65.0),
            Member {
                generation: 2,
                ..Member::default()
            },
        ];
        let models: Vec<ModelId> = (0..5).map(ModelId).collect();
        let summary = |number, kinship| Summary {
            number,
            kinship,
            ..Summary::default()
        };
        let generations = [
            summary(0, Some(0.2)),
            summary(1, Some(0.5)),
            summary(2, None),
        ];
        let course = course(&members, &models, &generations);
        let figure = evolutions(&[course], along, &|id| format!("m{}", id.0)).unwrap();
        let layers = figure.panels.iter().flat_map(|p| &p.layers);
        layers
            .filter_map(|layer| match layer {
                Layer::Line(line) => Some(line.points.clone()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_axis_counts_what_it_says() {
        let by = lines(Along::Generation);
        assert_eq!(by[0], [[0.0, 60.0], [1.0, 60.0], [1.0, 65.0]]);
        assert_eq!(by[1], [[0.0, 0.2], [1.0, 0.5]]);
        let by = lines(Along::Merges);
        assert_eq!(
            by[0],
            [
                [0.0, 60.0],
                [1.0, 60.0],
                [1.0, 60.0],
                [2.0, 60.0],
                [2.0, 65.0]
            ]
        );
        assert_eq!(by[1], [[0.0, 0.2], [2.0, 0.5]]);
        let by = lines(Along::Evaluations);
        assert_eq!(by[0].first(), Some(&[2.0, 60.0]));
        assert_eq!(by[0].last(), Some(&[4.0, 65.0]));
        assert_eq!(by[1], [[2.0, 0.2], [4.0, 0.5]]);
    }

    #[test]
    fn without_scores_there_is_a_sentence() {
        let course = course(&[], &[], &[]);
        assert!(evolutions(&[course], Along::Merges, &|_| String::new()).is_err());
    }
}
