//! Performance and kinship over generations, and from where an evolution is saturated.

use std::collections::BTreeMap;

use super::chart::{Chart, Control, Needs, Sketch};
use super::runs::{best_so_far, steps};
use super::runs_of::{self, InRun, Run};
use super::{Axis, ChartData, Color, Dash, Figure, Key, Layer, Marker, Panel, Point, Side, words};
use crate::kinship::{Matrix, Metric, participation};
use crate::stats::{
    Generation, Member, Saturation, SaturationRule, extent, generations, saturation,
};
use crate::study::chart::{ChartChoices, ChartKind, Overlay};
use crate::text::{counted, list, number, sentence_case};

/// The colour of kinship where there is one run: not that of any of the first runs.
const KINSHIP: Color = Color::Series(5);
const KINSHIP_MARKER: Marker = Marker::Diamond;

/// A run with what is known of its generations.
struct Course<'a> {
    run: Run<'a>,
    members: Vec<InRun<'a>>,
    generations: Vec<Generation>,
    saturation: Option<Saturation>,
    /// Whether the kinship of two members is known anywhere, and not only their parents'.
    knows_pairs: bool,
    /// In how many directions its models have changed, where all cosines are known.
    span: Option<f64>,
}

pub const CHART: Chart = Chart {
    kind: ChartKind::Stagnation,
    title: "Stagnation",
    sentence: "Performance and kinship over generations",
    meaning: [
        "The steps are the best score so far; where they go flat, merging no longer helps.",
        "The dashed line is the kinship among the best: near 1 they are nearly the same model, and their children can hardly differ.",
        "The vertical line stands where both have lasted, by the rule whose numbers you set.",
        "The paper names kinship above 0.9 for this and no exact rule; the threshold was read off finished runs, of which there is one each.",
    ],
    sketch: &[
        Sketch::Line(0, &[[0.0, 0.1], [0.3, 0.6], [0.6, 0.85], [1.0, 0.88]]),
        Sketch::Dashes(1, &[[0.0, 0.2], [0.4, 0.35], [0.7, 0.8], [1.0, 0.95]]),
    ],
    controls: &[
        Control::Metric,
        Control::Overlay,
        Control::Runs,
        Control::Rule,
    ],
    needs: Needs::Scores,
    study: None,
    build,
};

fn build(choices: &ChartChoices, data: &ChartData<'_>) -> Result<Figure, String> {
    let runs = runs_of::chosen(choices, data);
    if runs.is_empty() {
        return Err(runs_of::none(choices));
    }
    let (mut courses, mut without) = (Vec::new(), Vec::new());
    for run in runs {
        let course = course(run, choices, data);
        if course.generations.iter().any(|g| g.best.is_some()) {
            courses.push(course);
        } else {
            without.push(words::run(run.name).to_owned());
        }
    }
    if courses.is_empty() {
        return Err("No run has scores yet; type, paste or import them in the models view".into());
    }
    let mut notes = notes(choices, &courses);
    if !without.is_empty() {
        notes.push(format!("Without scores and not drawn: {}", list(&without)));
    }
    Ok(Figure {
        title: "Performance and kinship over generations".into(),
        panels: vec![panel(choices, &courses)],
        columns: 1,
        caption: sentences(choices, &courses),
        notes,
        source: words::source(data.doc),
    })
}

fn course<'a>(run: Run<'a>, choices: &ChartChoices, data: &ChartData<'a>) -> Course<'a> {
    let members = runs_of::members(run.name, data.doc, data.record);
    let metric = choices.metric;
    let scored: Vec<Member> = members
        .iter()
        .map(|m| Member {
            generation: m.generation,
            score: m.row.average,
        })
        .collect();
    let pair = |i: usize, j: usize| {
        let (a, b) = (members[i].model.id, members[j].model.id);
        (data.kinship)(a, b, metric).or_else(|| data.doc.given_kinship(a, b, metric))
    };
    let own = |i: usize| members[i].row.kinship.get(metric);
    let rule = &choices.saturation;
    let generations = generations(&scored, rule.top, pair, own);
    let knows_pairs = (0..members.len()).any(|i| (0..i).any(|j| pair(i, j).is_some()));
    // High means related, or the rule says nothing.
    let saturation = metric
        .is_similarity()
        .then(|| saturation(&generations, rule))
        .flatten();
    let cosine = |i: usize, j: usize| {
        let (a, b) = (members[i].model.id, members[j].model.id);
        (data.kinship)(a, b, Metric::COSINE)
    };
    let everyone: Vec<usize> = (0..members.len()).collect();
    Course {
        span: participation(&Matrix::build(members.len(), cosine), &everyone),
        run,
        generations,
        saturation,
        knows_pairs,
        members,
    }
}

fn panel(choices: &ChartChoices, courses: &[Course<'_>]) -> Panel {
    let kinship_name = kinship_name(choices);
    let is_overlay = choices.overlay == Overlay::MinMax;
    let y = match is_overlay {
        true => Axis::named(format!("{kinship_name}; average scaled")),
        false => Axis::named("Average (points)"),
    };
    let mut drawn = starts(courses);
    for course in courses {
        drawn.extend(layers(choices, course, courses.len() == 1));
    }
    Panel {
        right: (!is_overlay).then(|| Axis::named(kinship_name)),
        key: key(choices, courses),
        ..Panel::new(Axis::whole("Generation"), y, drawn)
    }
}

/// With several runs: each once, and then what the lines are, which are the same for all.
fn key(choices: &ChartChoices, courses: &[Course<'_>]) -> Vec<Key> {
    if courses.len() == 1 {
        return Vec::new();
    }
    let run = |course: &Course<'_>| Key {
        name: words::run(course.run.name).to_owned(),
        color: course.run.color(),
        marker: Some(course.run.marker()),
        dash: None,
    };
    let line = |name: &str, dash| Key {
        name: name.to_owned(),
        color: Color::Quiet,
        marker: None,
        dash: Some(dash),
    };
    let has_mean = |course: &Course<'_>| course.generations.iter().any(|g| g.best != g.mean);
    let mut out: Vec<Key> = courses.iter().map(run).collect();
    out.push(line("Best so far", Dash::Solid));
    if courses.iter().any(has_mean) {
        out.push(line("Mean of the generation", Dash::Dotted));
    }
    out.push(line(&sentence_case(kinship_words(choices)), Dash::Dashed));
    out
}

fn kinship_words(choices: &ChartChoices) -> &'static str {
    match choices.metric.is_similarity() {
        true => "kinship among the top",
        false => "distance among the top",
    }
}

/// A line where runs are saturated: one for all that are so from the same generation.
fn starts(courses: &[Course<'_>]) -> Vec<Layer> {
    let mut at: BTreeMap<u32, Vec<&Run<'_>>> = BTreeMap::new();
    for course in courses {
        if let Some(found) = &course.saturation {
            at.entry(found.from).or_default().push(&course.run);
        }
    }
    let line = |(from, runs): (u32, Vec<&Run<'_>>)| {
        let names: Vec<String> = runs.iter().map(|r| words::run(r.name).to_owned()).collect();
        let name = match courses.len() {
            1 => format!("Saturated from generation {from}"),
            _ => format!("{}: saturated from generation {from}", list(&names)),
        };
        Layer::Vertical {
            name,
            x: f64::from(from),
            runs: match courses.len() {
                1 => Vec::new(),
                _ => runs.iter().map(|r| (r.marker(), r.color())).collect(),
            },
        }
    };
    at.into_iter().map(line).collect()
}

fn kinship_name(choices: &ChartChoices) -> String {
    let top = choices.saturation.top.max(2);
    let metric = choices.metric;
    match metric.is_similarity() {
        true => format!("Kinship among the top {top} ({})", metric.name),
        false => format!("{} among the top {top}", metric.title),
    }
}

fn layers(choices: &ChartChoices, course: &Course<'_>, is_alone: bool) -> Vec<Layer> {
    let is_overlay = choices.overlay == Overlay::MinMax;
    let run = words::run(course.run.name);
    let name = |what: &str| {
        if is_alone {
            sentence_case(what)
        } else {
            format!("{run}: {what}")
        }
    };
    let scale = if is_overlay {
        into_range(&course.generations)
    } else {
        Box::new(|y| y)
    };
    let color = course.run.color();
    let kinship_color = if is_alone { KINSHIP } else { color };
    let of = |value: fn(&Generation) -> Option<f64>| -> Vec<[f64; 2]> {
        let known = course.generations.iter();
        known
            .filter_map(|g| Some([f64::from(g.number), value(g)?]))
            .collect()
    };
    let scaled = |points: Vec<[f64; 2]>| -> Vec<[f64; 2]> {
        points.into_iter().map(|[x, y]| [x, scale(y)]).collect()
    };
    let mut out = Vec::new();
    let (performance_side, kinship_side) = if is_overlay {
        (Side::Scaled, Side::Left)
    } else {
        (Side::Left, Side::Right)
    };
    let (best, mean) = (of(|g| g.best), of(|g| g.mean));
    if best != mean {
        let name = name("mean of the generation");
        let line = Layer::line(&name, color, Dash::Dotted, scaled(mean));
        out.push(line.on(performance_side));
    }
    let so_far: Vec<[f64; 2]> = best_so_far(&course.members)
        .iter()
        .map(|b| [f64::from(b.generation), b.average])
        .collect();
    let stepped = steps(&scaled(so_far));
    let line = Layer::line(&name("best so far"), color, Dash::Solid, stepped);
    out.push(line.on(performance_side));
    let kinship = of(|g| g.kinship_of_top);
    let words = name(kinship_words(choices));
    let line = Layer::line(&words, kinship_color, Dash::Dashed, kinship);
    out.push(line.on(kinship_side));
    let marker = if is_alone {
        KINSHIP_MARKER
    } else {
        course.run.marker()
    };
    let points = Layer::points(&words, marker, kinships(course, kinship_color));
    out.push(points.on(kinship_side));
    let words = name("best of the generation");
    let points = bests(course, color, &*scale);
    let points = Layer::points(&words, course.run.marker(), points);
    out.push(points.on(performance_side));
    out
}

/// The kinship among the top after each generation.
fn kinships(course: &Course<'_>, color: Color) -> Vec<Point> {
    let point = |generation: &Generation| {
        let kinship = generation.kinship_of_top?;
        let run = words::run(course.run.name);
        Some(Point {
            x: f64::from(generation.number),
            y: kinship,
            color,
            label: format!("{run}, generation {}", generation.number),
            details: vec![("Kinship among the top".into(), number(kinship, 3))],
            ..Point::default()
        })
    };
    course.generations.iter().filter_map(point).collect()
}

/// The best model of each generation.
fn bests(course: &Course<'_>, color: Color, scale: &dyn Fn(f64) -> f64) -> Vec<Point> {
    let best_of = |generation: &Generation| {
        let best = generation.best?;
        let here =
            |m: &&InRun<'_>| m.generation == generation.number && m.row.average == Some(best);
        let member = course.members.iter().find(here)?;
        let mut details = vec![
            ("Average".into(), number(best, 2)),
            ("Generation".into(), generation.number.to_string()),
            ("Run".into(), words::run(course.run.name).into()),
        ];
        if let Some(kinship) = generation.kinship_of_top {
            details.push(("Kinship among the top".into(), number(kinship, 3)));
        }
        Some(Point {
            x: f64::from(generation.number),
            y: scale(best),
            color,
            label: member.model.name.clone(),
            details,
            models: vec![member.model.id],
            ..Point::default()
        })
    };
    course.generations.iter().filter_map(best_of).collect()
}

/// The paper's overlay: r_min + (P − P_min)/(P_max − P_min)·(r_max − r_min); 0 to 1 where no
/// kinship is known.
fn into_range(generations: &[Generation]) -> Box<dyn Fn(f64) -> f64> {
    let ends = |value: fn(&Generation) -> Option<f64>| extent(generations.iter().filter_map(value));
    let least = |g: &Generation| match (g.best, g.mean) {
        (Some(best), Some(mean)) => Some(best.min(mean)),
        (best, mean) => best.or(mean),
    };
    let from = ends(least).zip(ends(|g| g.best));
    let (lo, hi) = from.map_or((0.0, 1.0), |((lo, _), (_, hi))| (lo, hi));
    let (to_lo, to_hi) = ends(|g| g.kinship_of_top).unwrap_or((0.0, 1.0));
    Box::new(move |y| {
        if hi > lo {
            to_lo + (y - lo) / (hi - lo) * (to_hi - to_lo)
        } else {
            to_lo
        }
    })
}

fn sentences(choices: &ChartChoices, courses: &[Course<'_>]) -> String {
    let each: Vec<String> = courses
        .iter()
        .map(|course| {
            let name = words::run(course.run.name);
            let n = counted(course.members.len(), "model");
            format!("{name}: {}; n = {n}", verdict(choices, course))
        })
        .collect();
    each.join(". ")
}

/// What the rule says of a run.
fn verdict(choices: &ChartChoices, course: &Course<'_>) -> String {
    if !choices.metric.is_similarity() {
        let metrics = Metric::independent().filter(|metric| metric.is_similarity());
        let names: Vec<&str> = metrics.map(|metric| metric.name).collect();
        return format!(
            "the rule needs a measure where high means related; choose {}",
            names.join(" or ")
        );
    }
    let Some(found) = &course.saturation else {
        let known = course
            .generations
            .iter()
            .any(|g| g.kinship_of_top.is_some());
        return if known {
            "not saturated by this rule".into()
        } else {
            format!(
                "no {} is known, so the rule says nothing",
                choices.metric.name
            )
        };
    };
    if found.saved_generations == 0 {
        return format!(
            "saturated from generation {}, sure at generation {}, its last: nothing to be saved",
            found.from, found.confirmed_at
        );
    }
    let merges = match found.saved_merges {
        Some(merges) => format!(" ({})", counted(merges, "merge")),
        None => String::new(),
    };
    format!(
        "saturated from generation {}, sure at generation {}; stopping there would have saved {}{merges} and lost {} points",
        found.from,
        found.confirmed_at,
        counted(found.saved_generations, "generation"),
        number(found.lost, 2),
    )
}

fn notes(choices: &ChartChoices, courses: &[Course<'_>]) -> Vec<String> {
    let mut out = vec![rule_words(&choices.saturation)];
    if courses.iter().any(|course| !course.knows_pairs) {
        out.push("Where the kinship of the best with each other is not known, that of their parents stands in its place".into());
    }
    for course in courses {
        if let (Some(span), n @ 3..) = (course.span, course.members.len()) {
            let run = words::run(course.run.name);
            out.push(format!("The {n} models of {run} span {span:.1} directions"));
        }
    }
    if courses.len() > 1 {
        out.push(
            "Shapes off every line are the best of a generation that did not beat the best so far"
                .into(),
        );
    }
    if choices.overlay == Overlay::MinMax {
        out.push("The average is scaled so that its least and greatest value meet those of the kinship: only the shapes can be compared".into());
    }
    out
}

/// The rule in words, with its numbers.
fn rule_words(rule: &SaturationRule) -> String {
    format!(
        "Saturated: the best gained less than {} points in each of {} in a row, while the kinship among the top {} was above {}",
        rule.epsilon,
        counted(rule.window.max(1), "generation"),
        rule.top.max(2),
        rule.tau,
    )
}
