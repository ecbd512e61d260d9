//! Every chart against the facts that it is made from, and every export read back.

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
fn figure_2_has_36_points_and_the_measured_lines() {
    let figure = paper(2);
    // /README of the tables, section 5; the points were read to 0.001.
    let lines = [(2.136, -2.248), (2.146, -2.307), (0.133, 0.0684)];
    for (panel, (intercept, slope)) in figure.panels.iter().zip(lines) {
        let mut gains: Vec<f64> = points(panel).iter().map(|p| p.y).collect();
        let mut drawn: Vec<f64> = table("figure2_scatter_points.csv")
            .iter()
            .map(|row| number(row, 1))
            .collect();
        gains.sort_by(f64::total_cmp);
        drawn.sort_by(f64::total_cmp);
        assert_eq!(gains.len(), 36);
        assert!(gains.iter().zip(&drawn).all(|(a, b)| (a - b).abs() < 1e-9));
        let ends = &line(panel, "Least squares").points;
        let found = (ends[1][1] - ends[0][1]) / (ends[1][0] - ends[0][0]);
        assert!((found - slope).abs() < 1e-3, "{found} {slope}");
        let at_zero = ends[0][1] - found * ends[0][0];
        assert!((at_zero - intercept).abs() < 1e-3, "{at_zero}");
    }
    assert!(figure.caption.contains("n = 36"));
}

#[test]
fn figure_3_stands_where_the_paper_draws_it() {
    let figure = paper(3);
    let rows = table("evolution_paths.csv");
    for (panel, column) in figure.panels.iter().zip([8, 9]) {
        for path in ["Path 1", "Path 2"] {
            let expected: Vec<[f64; 2]> = rows
                .iter()
                .filter(|row| path.ends_with(&row[0]))
                .map(|row| [number(row, 2), number(row, column)])
                .collect();
            assert_eq!(line(panel, path).points, expected, "{path} {}", panel.title);
        }
    }
    let labels: Vec<&str> = points(&figure.panels[0])
        .iter()
        .filter(|p| p.is_named)
        .map(|p| p.label.as_str())
        .collect();
    assert_eq!(labels, ["76.86"]);
    assert!(figure.notes.iter().any(|note| note.contains("+2.89")));
}

#[test]
fn figures_4_and_8_scale_the_average_into_the_kinship() {
    assert_eq!((paper(4).panels.len(), paper(8).panels.len()), (2, 6));
    for panel in &paper(8).panels {
        let ends = |name: &str| {
            let values = line(panel, name).points.iter().map(|p| p[1]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| {
                (v.min(lo), v.max(hi))
            })
        };
        let kinship = if panel.y.name.starts_with("Euclid") {
            "Distance of the parents"
        } else {
            "Kinship of the parents"
        };
        let (grey, purple) = (ends("Average, scaled"), ends(kinship));
        assert!((grey.0 - purple.0).abs() < 1e-12 && (grey.1 - purple.1).abs() < 1e-12);
    }
    let first: Vec<f64> = line(&paper(8).panels[0], "Kinship of the parents")
        .points
        .iter()
        .map(|p| p[1])
        .collect();
    let rows = table("evolution_paths_unrounded.csv");
    let expected: Vec<f64> = rows.iter().take(14).map(|row| number(row, 2)).collect();
    assert_eq!(first, expected);
}

#[test]
fn figure_5_has_the_papers_series_and_tree() {
    let figure = paper(5);
    let rows = table("figure5a_best_by_generation.csv");
    for (name, column) in [("Greedy", 1), ("With kinship", 2)] {
        let found: Vec<[f64; 2]> = figure.panels[0]
            .layers
            .iter()
            .filter_map(|layer| match layer {
                Layer::Points(mark) if mark.name == name => Some(mark),
                _ => None,
            })
            .flat_map(|mark| mark.points.iter().map(|p| [p.x, p.y]))
            .collect();
        let expected: Vec<[f64; 2]> = rows
            .iter()
            .map(|row| [number(row, 0), number(row, column)])
            .collect();
        assert_eq!(found, expected, "{name}");
    }
    let tree = &figure.panels[1];
    assert!(!tree.has_axes);
    let at = |p: &[f64; 2]| {
        let node = points(tree).into_iter().find(|n| [n.x, n.y] == *p).unwrap();
        node.label.clone()
    };
    let mut edges: Vec<(String, String)> = tree
        .layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Line(mark) => Some((at(&mark.points[0]), at(&mark.points[1]))),
            _ => None,
        })
        .collect();
    let short = |name: &str| match name {
        "Mistral-7B-Instruct-v0.2" => "Instruct".to_owned(),
        "MetaMath-Mistral-7B" => "MetaMath".to_owned(),
        "openchat-3.5-1210" => "Open-chat".to_owned(),
        other => other.trim_start_matches("Model-").to_owned(),
    };
    let mut drawn: Vec<(String, String)> = table("figure5b_tree_edges.csv")
        .iter()
        .map(|row| (short(&row[0]), short(&row[1])))
        .collect();
    edges.sort();
    drawn.sort();
    assert_eq!(edges, drawn);
}

#[test]
fn figures_6_and_7_have_every_cell() {
    let changes = cells(&paper(6).panels[0]).clone();
    let expected: Vec<Option<f64>> = table("figure6_weight_change_approx.csv")
        .iter()
        .flat_map(|row| [1, 2, 3].map(|k| Some(number(row, k))))
        .collect();
    assert_eq!(changes.values, expected);
    let rows = table("kinship_matrices.csv");
    let figure = paper(7);
    assert_eq!(figure.panels.len(), 3);
    for (panel, rows) in figure.panels.iter().zip(rows.chunks(25)) {
        let expected: Vec<Option<f64>> = rows.iter().map(|row| Some(number(row, 5))).collect();
        assert_eq!(cells(panel).values, expected, "{}", panel.title);
        assert_eq!(panel.x.names, panel.y.names);
    }
}

#[test]
fn every_figure_of_the_paper_has_caption_source_and_n() {
    for (number, title) in PAPER {
        let figure = paper(number);
        assert_eq!(
            figure.title,
            format!("Figure {number} of the paper: {title}")
        );
        assert!(figure.caption.contains("n = "), "{}", figure.caption);
        assert!(figure.source.contains("2410.12613"));
        assert!(!figure.notes.is_empty());
        let sentences = figure.notes.iter().chain([&figure.caption]);
        for sentence in sentences {
            assert!(
                !sentence.ends_with('.') && !sentence.contains("-0"),
                "{sentence}"
            );
        }
    }
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

/// A study whose names would break a careless writer.
fn ugly() -> StudyDoc {
    let mut doc = bundled("community").clone();
    let names = [
        "<&\" and 'quotes', with a comma",
        "通义千问合并模型",
        &"long-".repeat(18),
    ];
    let in_path = |m: &&mut Model| m.steps.iter().any(|s| s.run == "Path 1");
    for (model, name) in doc.models.iter_mut().filter(in_path).zip(names) {
        name.clone_into(&mut model.name);
    }
    doc
}

fn ugly_figure() -> Figure {
    let doc = ugly();
    let selected: Vec<ModelId> = doc
        .models
        .iter()
        .filter(|m| m.steps.iter().any(|s| s.run == "Path 1"))
        .take(3)
        .map(|m| m.id)
        .collect();
    let choices = ChartChoices {
        colour: Some(Quantity::Gain),
        band: FitBand::Prediction,
        ..choices(ChartKind::Scatter, &["Path 1"])
    };
    figure_of(&doc, &choices, &selected).unwrap()
}

#[test]
fn a_table_reads_back_to_the_same_numbers() {
    for figure in [ugly_figure(), paper(6), paper(3)] {
        let text = plot::csv(&figure);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let drawn: Vec<&Point> = figure
            .panels
            .iter()
            .flat_map(|panel| &panel.layers)
            .filter_map(|layer| match layer {
                Layer::Points(mark) => Some(&mark.points),
                _ => None,
            })
            .flatten()
            .collect();
        let read: Vec<&csv::StringRecord> = rows.iter().filter(|r| &r[3] == "point").collect();
        assert_eq!(read.len(), drawn.len());
        for (row, point) in read.iter().zip(&drawn) {
            assert_eq!(&row[6], point.label);
            assert_eq!((number(row, 7), number(row, 8)), (point.x, point.y));
        }
        for panel in &figure.panels {
            if let Some(cells) = panel.cells() {
                let values = rows.iter().filter(|r| &r[3] == "cell");
                let values: Vec<Option<f64>> = values.map(|row| Some(number(row, 11))).collect();
                assert_eq!(values, cells.values);
            }
        }
        assert!(
            !text.contains('−'),
            "only names may have signs that are not ASCII"
        );
    }
}

fn svg(figure: &Figure) -> String {
    sheet(figure).unwrap().svg()
}

/// A figure of the paper, a chart of each kind that the carried studies have, and an ugly one.
fn figures() -> Vec<Figure> {
    let mut out: Vec<Figure> = PAPER.iter().map(|&(number, _)| paper(number)).collect();
    let community = |kind, runs: &[&str]| figure("community", &choices(kind, runs));
    let matrix = ChartChoices {
        group: groups(bundled("community"))[0].clone(),
        ..choices(ChartKind::Matrix, &[])
    };
    out.push(community(ChartKind::Scatter, &["Path 1", "Path 2"]));
    out.push(community(ChartKind::Stagnation, &["Path 1", "Path 2"]));
    out.push(community(ChartKind::Gains, &["Path 1"]));
    out.push(figure("community", &matrix));
    out.push(figure(
        "experiment",
        &choices(ChartKind::Runs, &["Greedy", "Random"]),
    ));
    out.push(ugly_figure());
    out
}

fn parsed(svg: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(svg).unwrap()
}

/// The words of a drawing in their order, without blanks: a sentence may have been broken.
fn words(drawing: &roxmltree::Document<'_>) -> String {
    let texts = drawing
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    without_blanks(&texts.filter_map(|node| node.text()).collect::<String>())
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn every_figure_is_valid_svg_and_the_same_each_time() {
    for figure in figures() {
        let svg = svg(&figure);
        let drawing = parsed(&svg);
        let width = drawing.root_element().attribute("width").unwrap();
        let cm: f64 = width.strip_suffix("cm").unwrap().parse().unwrap();
        let expected = [16.0, 22.0, 27.0][figure.columns.min(figure.panels.len()) - 1];
        assert!((cm - expected).abs() < 0.01, "{cm}");
        assert!(
            !svg.contains(">-"),
            "a hyphen stands for a minus in {}",
            figure.title
        );
        assert_eq!(svg, sheet(&figure).unwrap().svg());
    }
}

#[test]
fn what_is_saved_has_every_name_and_sentence_of_the_figure() {
    for figure in figures() {
        let svg = svg(&figure);
        let found = words(&parsed(&svg));
        let mut said = vec![&figure.title, &figure.caption, &figure.source];
        said.extend(&figure.notes);
        for panel in &figure.panels {
            said.push(&panel.title);
            said.extend(panel.scale.as_ref().map(|(name, ..)| name));
            let axes = [Some(&panel.x), Some(&panel.y), panel.right.as_ref()];
            let axes = axes.into_iter().flatten().filter(|_| panel.has_axes);
            said.extend(axes.map(|axis| &axis.name));
            said.extend(panel.key.iter().map(|key| &key.name));
            for layer in &panel.layers {
                match layer {
                    Layer::Vertical { name, .. } => said.push(name),
                    Layer::Points(mark) if panel.key.is_empty() => said.push(&mark.name),
                    Layer::Line(mark) if panel.key.is_empty() => said.push(&mark.name),
                    Layer::Band { name, .. } | Layer::Bars { name, .. } => said.push(name),
                    _ => {}
                }
            }
        }
        for words in said {
            let words = without_blanks(words);
            assert!(found.contains(&words), "{}: {words}", figure.title);
        }
    }
}

#[test]
fn every_point_and_cell_is_drawn_and_type_is_as_large_as_in_print() {
    for figure in figures() {
        let svg = svg(&figure);
        let drawing = parsed(&svg);
        let count = |name: &str| {
            let nodes = drawing.descendants().filter(|node| node.has_tag_name(name));
            nodes
                .filter(|node| node.attribute("fill") != Some("none"))
                .count()
        };
        let (mut circles, mut cells) = (0, 0);
        for panel in &figure.panels {
            let bounds = panel.bounds();
            let is_within = |value: f64, (from, to): (f64, f64)| value >= from && value <= to;
            cells += panel.cells().map_or(0, |cells| cells.values.len());
            for layer in &panel.layers {
                let Layer::Points(mark) = layer else { continue };
                let up = match mark.side {
                    Side::Right => bounds.right.unwrap(),
                    Side::Left | Side::Scaled => bounds.y,
                };
                let is_seen = |p: &&Point| is_within(p.x, bounds.x) && is_within(p.y, up);
                if mark.marker == Marker::Circle {
                    circles += mark.points.iter().filter(is_seen).count();
                }
            }
        }
        assert!(count("circle") >= circles, "{}", figure.title);
        assert!(count("rect") > cells, "{}", figure.title);
        let view = drawing.root_element().attribute("viewBox").unwrap();
        let points: f64 = view.split(' ').nth(2).unwrap().parse().unwrap();
        let width = drawing.root_element().attribute("width").unwrap();
        let cm: f64 = width.trim_end_matches("cm").parse().unwrap();
        for text in drawing
            .descendants()
            .filter(|node| node.has_tag_name("text"))
        {
            let size: f64 = text.attribute("font-size").unwrap().parse().unwrap();
            let print = size * cm / points / 2.54 * 72.0;
            assert!((7.5..=9.0).contains(&print), "{print} {:?}", text.text());
            assert!(text.attribute("textLength").is_some());
        }
    }
}

#[test]
fn names_of_any_script_are_written_and_escaped() {
    let svg = svg(&ugly_figure());
    assert!(
        svg.contains("&lt;&amp;&quot; and"),
        "the name is not there or not escaped"
    );
    assert!(svg.contains("通义千问合并模型"));
    assert!(svg.contains("font-family=\"Kinfolk Sans, Inter, &quot;Helvetica Neue&quot;"));
}

/// The least figure that has a picture of everything that matters here.
fn plain_figure() -> Figure {
    let mut figure = ugly_figure();
    // What stands below is checked elsewhere, and costs time here.
    figure.notes.clear();
    figure.source.clear();
    figure
}

#[test]
fn a_picture_has_300_dots_per_inch_and_is_no_empty_sheet() {
    let file = sheet(&plain_figure()).unwrap().png().unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info();
    let dots = reader.unwrap().info().pixel_dims.unwrap();
    assert_eq!((dots.xppu, dots.yppu), (11_811, 11_811));
    assert_eq!(dots.unit, png::Unit::Meter);
    let picture = image::load_from_memory(&file).unwrap().to_rgba8();
    assert_eq!(picture.width(), 1890);
    assert!(picture.pixels().all(|p| p.0[3] == 255));
    let dark = picture.pixels().filter(|p| p.0[0] < 128).count();
    assert!(dark > 5_000, "{dark}");
    // Even margins: nothing is drawn at the edge of the sheet.
    let (width, height) = (picture.width(), picture.height());
    let is_edge = |x: u32, y: u32| x < 25 || y < 25 || x + 25 >= width || y + 25 >= height;
    let mut edge = picture
        .enumerate_pixels()
        .filter(|(x, y, _)| is_edge(*x, *y));
    assert!(edge.all(|(_, _, p)| p.0 == [255; 4]));
}

#[test]
fn two_threads_draw_the_same_bytes_as_one() {
    let figure = plain_figure();
    let draw = || {
        let sheet = sheet(&figure).unwrap();
        (sheet.svg(), sheet.png().unwrap())
    };
    let alone = draw();
    let beside = std::thread::scope(|scope| {
        [scope.spawn(draw), scope.spawn(draw)].map(|thread| thread.join().unwrap())
    });
    assert!(beside.iter().all(|both| *both == alone));
}

#[test]
fn nothing_to_draw_is_an_error() {
    assert!(sheet(&Figure::default()).is_err());
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

#[test]
fn a_run_looks_the_same_in_both_panels_of_figure_5() {
    let figure = paper(5);
    let color = |panel: &Panel, name: &str| {
        panel.layers.iter().find_map(|layer| match layer {
            Layer::Points(mark) if mark.name == name => Some(mark.points[0].color),
            _ => None,
        })
    };
    for run in ["Greedy", "With kinship"] {
        let [race, tree] = [0, 1].map(|k| color(&figure.panels[k], run));
        assert!(race.is_some() && race == tree, "{run}");
    }
}
