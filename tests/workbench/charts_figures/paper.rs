//! The figures of the paper, against its numbers.

use super::*;

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
