//! Every chart against the facts that it is made from, and every export read back.

mod paper;
mod written;

use kinfolk::figures::{
    Cells, ChartData, Figure, Layer, LineMark, Marker, Panel, Point, Side, axis_name, build,
    charts, groups,
};
use kinfolk::kinship::Metric;
use kinfolk::stats::{Sample, pearson};
use kinfolk::study::chart::{ChartChoices, ChartKind, FitBand, Overlay, PointsAre, Quantity};
use kinfolk::study::{Model, ModelId, Step, StudyDoc, StudyFacts};
use kinfolk::ui::plot::{self, sheet};
use kinfolk::workbench::library::bundled;

fn figure_of(
    doc: &StudyDoc,
    choices: &ChartChoices,
    selected: &[ModelId],
) -> Result<Figure, String> {
    let none = |_, _, _| None;
    let record = StudyFacts::new(doc, &none);
    let pairs = doc.pair_rows(&none);
    let data = ChartData {
        doc,
        record: &record,
        pairs: &pairs,
        kinship: &none,
        layers: &|_, _| None,
        selected,
        bundled: &|key| bundled(key),
    };
    build(choices, &data)
}

fn figure(key: &str, choices: &ChartChoices) -> Figure {
    figure_of(bundled(key), choices, &[]).unwrap()
}

/// Number and title of each figure of the paper.
const PAPER: [(u8, &str); 7] = [
    (2, "kinship and merge gain"),
    (3, "two lines of merges"),
    (4, "kinship and performance along the lines"),
    (5, "greedy and kinship-guided merging"),
    (6, "weight change of three merges"),
    (7, "kinship within three groups"),
    (8, "three measures along the lines"),
];

fn paper(number: u8) -> Figure {
    let kind = ChartKind::Paper(number);
    figure(
        "community",
        &ChartChoices {
            kind,
            ..ChartChoices::default()
        },
    )
}

fn choices(kind: ChartKind, runs: &[&str]) -> ChartChoices {
    ChartChoices {
        kind,
        runs: runs.iter().map(|&run| run.to_owned()).collect(),
        ..ChartChoices::default()
    }
}

fn points(panel: &Panel) -> Vec<&Point> {
    let of = |layer: &'_ Layer| match layer {
        Layer::Points(mark) => mark.points.len(),
        _ => 0,
    };
    assert!(panel.layers.iter().map(of).sum::<usize>() > 0);
    let mut out = Vec::new();
    for layer in &panel.layers {
        if let Layer::Points(mark) = layer {
            out.extend(&mark.points);
        }
    }
    out
}

fn line<'a>(panel: &'a Panel, name: &str) -> &'a LineMark {
    let is_it = |layer: &'a Layer| match layer {
        Layer::Line(mark) if mark.name == name => Some(mark),
        _ => None,
    };
    panel.layers.iter().find_map(is_it).unwrap()
}

fn cells(panel: &Panel) -> &Cells {
    panel.cells().unwrap()
}

/// Rows of a table of the paper.
fn table(name: &str) -> Vec<csv::StringRecord> {
    let path = format!("{}/tests/data/paper/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(Result::unwrap).collect()
}

fn number(row: &csv::StringRecord, column: usize) -> f64 {
    row[column].parse().unwrap()
}

#[test]
fn the_scatter_of_path_1_has_the_papers_correlation() {
    let figure = figure("community", &choices(ChartKind::Scatter, &["Path 1"]));
    let points = points(&figure.panels[0]);
    let pairs = points.iter().map(|p| (Some(p.x), Some(p.y)));
    let r = pearson(&Sample::from_pairs(pairs)).unwrap();
    // tests/data/paper/correlations.csv, first row.
    assert!((r.r + 0.5083).abs() < 1e-4, "{}", r.r);
    assert!((r.p - 0.0635).abs() < 1e-4, "{}", r.p);
    assert!(
        figure
            .caption
            .starts_with("r = −0.51 (95 % CI −0.82 … 0.03), p = 0.063, n = 14; Spearman"),
        "{}",
        figure.caption
    );
    assert_eq!(figure.panels[0].x.name, "Kinship of the parents (Pearson)");
    assert_eq!(figure.panels[0].y.name, "Merge gain (points)");
}

#[test]
fn the_scatter_of_pairs_has_the_correlation_of_the_task_differences() {
    for (metric, expected) in [
        (Metric::PEARSON, -0.7409),
        (Metric::COSINE, -0.7728),
        (Metric::EUCLIDEAN, 0.8097),
    ] {
        let choices = ChartChoices {
            points: PointsAre::Pairs,
            x: Quantity::Kinship(metric),
            y: Quantity::Difference,
            ..ChartChoices::default()
        };
        let figure = figure("llama2", &choices);
        let points = points(&figure.panels[0]);
        assert_eq!(points.len(), 26);
        let pairs = points.iter().map(|p| (Some(p.x), Some(p.y)));
        let r = pearson(&Sample::from_pairs(pairs)).unwrap().r;
        assert!((r - expected).abs() < 1e-4, "{metric:?}: {r}");
    }
}

#[test]
fn only_outliers_and_the_selected_are_named_and_missing_values_are_counted() {
    let doc = bundled("community");
    let all = ChartChoices::default();
    let named = |selected: &[ModelId]| -> Vec<String> {
        let figure = figure_of(doc, &all, selected).unwrap();
        let points = points(&figure.panels[0]);
        let named = points.iter().filter(|p| p.is_named);
        named.map(|p| p.label.clone()).collect()
    };
    let far = named(&[]);
    assert!(!far.is_empty() && far.len() <= 5, "{far:?}");
    let other = doc.models.iter().find(|m| m.name == "Beagle14-7B").unwrap();
    let with_selected = named(&[other.id]);
    assert!(with_selected.contains(&"Beagle14-7B".to_owned()));
    assert_eq!(with_selected.len(), far.len() + 1);
    // Table 8 prints no kinship for its 16 merges; one has the parents of a step of Path 1,
    // for which it is printed.
    let figure = figure_of(doc, &all, &[]).unwrap();
    let sampled = |m: &&Model| m.steps.iter().any(|step| step.run == "Sample of merges");
    let n = doc.models.iter().filter(sampled).count() - 1;
    assert!(n > 0);
    assert!(
        figure.notes[0].starts_with(&format!("{n} models left out")),
        "{:?}",
        figure.notes
    );
}

#[test]
fn runs_differ_in_colour_and_marker_and_a_model_of_two_runs_is_drawn_once() {
    let both = choices(ChartKind::Scatter, &["Path 1", "Path 2"]);
    let figure = figure("community", &both);
    let marks: Vec<_> = figure.panels[0]
        .layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Points(mark) => Some(mark),
            _ => None,
        })
        .collect();
    assert_eq!(marks.len(), 2);
    assert_ne!(marks[0].marker, marks[1].marker);
    assert_ne!(marks[0].points[0].color, marks[1].points[0].color);
    // 14 and 12 steps, of which three are shared.
    assert_eq!(marks[0].points.len() + marks[1].points.len(), 23);
    assert!(figure.caption.contains("n = 23"));
}

#[test]
fn a_chart_without_data_says_what_to_do() {
    let empty = StudyDoc::default();
    for kind in [
        ChartKind::Scatter,
        ChartKind::Stagnation,
        ChartKind::Gains,
        ChartKind::Matrix,
        ChartKind::Layers,
        ChartKind::Runs,
        ChartKind::Paper(1),
    ] {
        let error = figure_of(&empty, &choices(kind, &[]), &[]).unwrap_err();
        let says = ["import", "choose", "Choose", "measure", "set a run"];
        assert!(
            says.iter().any(|word| error.contains(word)),
            "{kind:?}: {error}"
        );
        assert!(!error.ends_with('.'), "{error}");
    }
    let pairs = ChartChoices {
        points: PointsAre::Pairs,
        ..ChartChoices::default()
    };
    assert!(figure_of(&empty, &pairs, &[]).is_err());
    let no_such = choices(ChartKind::Gains, &["nobody"]);
    assert!(figure_of(bundled("community"), &no_such, &[]).is_err());
}

#[test]
fn a_saturated_path_says_from_where_and_what_stopping_would_have_cost() {
    let figure = figure("community", &choices(ChartKind::Stagnation, &["Path 1"]));
    let panel = &figure.panels[0];
    let vertical = panel.layers.iter().find_map(|layer| match layer {
        Layer::Vertical { name, x, .. } => Some((name.clone(), *x)),
        _ => None,
    });
    let (name, x) = vertical.unwrap();
    assert_eq!(name, format!("Saturated from generation {x}"));
    let said = format!("Path 1: saturated from generation {x}, sure at generation");
    assert!(figure.caption.starts_with(&said), "{}", figure.caption);
    assert!(figure.caption.contains("would have saved") && figure.caption.contains("lost"));
    assert!(figure.caption.ends_with("n = 14 models"));
    // The best so far never falls, and ends at the printed 76.86.
    let best = &line(panel, "Best so far").points;
    assert!(best.windows(2).all(|pair| pair[1][1] >= pair[0][1]));
    assert_eq!(best.last(), Some(&[14.0, 76.86]));
    assert!(panel.right.is_some());
}

#[test]
fn scaled_performance_meets_the_ends_of_the_kinship() {
    let choices = ChartChoices {
        overlay: Overlay::MinMax,
        ..choices(ChartKind::Stagnation, &["Path 1"])
    };
    let figure = figure("community", &choices);
    let panel = &figure.panels[0];
    assert!(panel.right.is_none());
    let ends = |values: Vec<f64>| {
        let lo = values.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (lo, hi)
    };
    let kinship = ends(
        line(panel, "Kinship among the top")
            .points
            .iter()
            .map(|p| p[1])
            .collect(),
    );
    let scaled = ends(points(panel).iter().map(|p| p.y).collect());
    assert!((kinship.0 - scaled.0).abs() < 1e-12 && (kinship.1 - scaled.1).abs() < 1e-12);
}

#[test]
fn a_distance_has_no_saturation() {
    let choices = ChartChoices {
        metric: Metric::EUCLIDEAN,
        ..choices(ChartKind::Stagnation, &["Path 1"])
    };
    let figure = figure("community", &choices);
    assert!(
        figure.caption.contains("choose Pearson or cosine"),
        "{}",
        figure.caption
    );
    let is_vertical = |layer: &Layer| matches!(layer, Layer::Vertical { .. });
    assert!(!figure.panels[0].layers.iter().any(is_vertical));
}

#[test]
fn gains_off_the_scale_are_said_and_one_run_is_drawn_as_bars() {
    let all = figure("community", &choices(ChartKind::Gains, &[]));
    let (lo, hi) = all.panels[0].y.range.unwrap();
    let off = points(&all.panels[0])
        .into_iter()
        .filter(|p| p.y < lo || p.y > hi);
    let off: Vec<&Point> = off.collect();
    assert!(!off.is_empty());
    for point in off {
        assert!(all.notes[0].contains(&point.label), "{:?}", all.notes);
    }
    assert!(lo < 0.0 && hi > 0.0);
    let one = figure("community", &choices(ChartKind::Gains, &["Path 1"]));
    let bars = one.panels[0].layers.iter().find_map(|layer| match layer {
        Layer::Bars { points, .. } => Some(points.len()),
        _ => None,
    });
    assert_eq!(bars, Some(14));
    assert!(
        one.caption.contains("4 of 14 merges below zero"),
        "{}",
        one.caption
    );
}

#[test]
fn runs_end_with_their_best_value() {
    let figure = figure(
        "experiment",
        &choices(ChartKind::Runs, &["Greedy", "Random"]),
    );
    let named: Vec<&str> = points(&figure.panels[0])
        .into_iter()
        .filter(|p| p.is_named)
        .map(|p| p.label.as_str())
        .collect();
    // By the scores: 68.727 and 68.553.
    assert_eq!(named, ["Greedy 68.73", "Random 68.55"]);
}

#[test]
fn reported_groups_are_drawn_by_name() {
    let names = groups(bundled("community"));
    assert_eq!(names.len(), 3);
    for group in names {
        let choices = ChartChoices {
            group: group.clone(),
            ..choices(ChartKind::Matrix, &[])
        };
        let figure = figure("community", &choices);
        let cells = cells(&figure.panels[0]);
        let n = cells.columns;
        assert_eq!((n, cells.values.len()), (5, 25));
        for i in 0..n {
            assert_eq!(cells.values[i * n + i], Some(1.0));
            for j in 0..i {
                assert_eq!(cells.values[i * n + j], cells.values[j * n + i]);
            }
        }
        assert!(figure.caption.contains("n = 5 models"));
        let distance = ChartChoices {
            metric: Metric::EUCLIDEAN,
            ..choices
        };
        let error = figure_of(bundled("community"), &distance, &[]).unwrap_err();
        assert!(error.contains("choose another measure"), "{error}");
    }
}

#[test]
fn a_run_without_a_name_is_this_study() {
    let mut doc = StudyDoc::default();
    for id in 0..3u32 {
        doc.models.push(Model {
            id: ModelId(id),
            name: format!("m{id}"),
            steps: vec![Step {
                generation: id,
                ..Step::default()
            }],
            ..Model::default()
        });
        doc.models[id as usize].origin.average = Some(60.0 + f64::from(id));
    }
    let figure = figure_of(&doc, &choices(ChartKind::Runs, &[]), &[]).unwrap();
    assert!(
        figure
            .caption
            .contains("This study 62.00 (m2, generation 2; n = 3 models)")
    );
}

#[test]
fn layers_are_drawn_against_base_and_parents_and_as_a_map() {
    let mut doc = StudyDoc::default();
    for (id, name) in ["base", "a", "b", "child"].into_iter().enumerate() {
        doc.models.push(Model {
            id: ModelId(id as u32),
            name: name.to_owned(),
            base: (id > 0).then_some(ModelId(0)),
            ..Model::default()
        });
    }
    doc.models[3].parents = vec![ModelId(1), ModelId(2)];
    let none = |_, _, _| None;
    let record = StudyFacts::new(&doc, &none);
    let layers = |model: ModelId, against: Option<ModelId>| {
        let size = f64::from(model.0) + against.map_or(0.0, |a| f64::from(a.0) / 10.0);
        // The second parent was not measured.
        (against != Some(ModelId(2)))
            .then(|| vec![("0".to_owned(), size), ("1".to_owned(), size * 2.0)])
    };
    let draw = |selected: &[ModelId]| {
        let data = ChartData {
            doc: &doc,
            record: &record,
            pairs: &[],
            kinship: &none,
            layers: &layers,
            selected,
            bundled: &|key| bundled(key),
        };
        build(&choices(ChartKind::Layers, &[]), &data).unwrap()
    };
    let one = draw(&[ModelId(3)]);
    assert_eq!(
        line(&one.panels[0], "Against base").points,
        [[0.0, 3.0], [1.0, 6.0]]
    );
    assert_eq!(
        line(&one.panels[0], "Against a").points,
        [[0.0, 3.1], [1.0, 6.2]]
    );
    assert!(
        one.notes
            .iter()
            .any(|note| note == "Not measured and not drawn: b")
    );
    assert!(
        one.caption.contains("most changed: 1 (6.0)"),
        "{}",
        one.caption
    );
    let map = draw(&[ModelId(1), ModelId(3)]);
    let expected = [1.0, 2.0, 3.0, 6.0].map(Some);
    assert_eq!(cells(&map.panels[0]).values, expected);
    assert_eq!(map.panels[0].y.names, ["a", "child"]);
}

#[test]
fn meanings_are_three_sentences_and_the_caveat() {
    assert_eq!(charts().count(), 13);
    for chart in charts() {
        let said = chart.meaning;
        assert!(said[3].contains("aper"), "{}", said[3]);
        assert!(said.iter().all(|s| s.ends_with('.')));
    }
    let distance = axis_name(&Quantity::Kinship(Metric::EUCLIDEAN), PointsAre::Pairs);
    assert_eq!(distance, "Euclidean distance of the two");
}

#[test]
fn runs_that_are_saturated_at_the_same_generation_share_a_line() {
    let figure = figure(
        "community",
        &choices(ChartKind::Stagnation, &["Path 1", "Path 2"]),
    );
    let lines: Vec<(&str, usize)> = figure.panels[0]
        .layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Vertical { name, runs, .. } => Some((name.as_str(), runs.len())),
            _ => None,
        })
        .collect();
    let words = "Path 1 and Path 2: saturated from generation 10";
    assert_eq!(lines, [(words, 2)]);
}

#[test]
fn what_is_scaled_is_not_given_the_unit_of_the_axis() {
    let figure = paper(4);
    let sides: Vec<(&str, Side)> = figure.panels[0]
        .layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Points(mark) => Some((mark.name.as_str(), mark.side)),
            _ => None,
        })
        .collect();
    let expected = [
        ("Average, scaled", Side::Scaled),
        ("Kinship of the parents", Side::Left),
    ];
    assert_eq!(sides, expected);
    assert!(plot::csv(&figure).contains("\"left, scaled\""));
}
