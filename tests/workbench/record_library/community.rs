//! The record of the community.

use super::*;

const KINSHIP: [(&str, Metric); 3] = [
    ("pcc", Metric::PEARSON),
    ("cs", Metric::COSINE),
    ("ed", Metric::EUCLIDEAN),
];

#[test]
fn the_paths_are_as_printed() {
    let doc = bundled("community");
    let readings = paper("evolution_paths_unrounded");
    for line in paper("evolution_paths") {
        let run = format!("Path {}", line["path"]);
        let child = model(doc, one_name(&line["model_merged"]));
        let name = &child.name;
        assert_eq!(
            place(child, &run),
            Some((whole(&line, "generation"), false))
        );
        let many = line["parent_count"] == "n";
        assert_eq!(child.origin.unnamed_parents, many, "{name}");
        let named = [&line["model_1"], &line["model_2"]].into_iter();
        let named: BTreeSet<&str> = named.filter(|n| *n != "...").map(|n| one_name(n)).collect();
        let found = parents(doc, child);
        assert!(found.is_superset(&named), "{name}");
        let shared = many && child.steps.len() == 2;
        assert!(found == named || shared, "{name} has {found:?}");
        assert_eq!(child.origin.average, number(&line, "atp"), "{name}");
        assert_eq!(child.origin.gain, number(&line, "merge_gain"), "{name}");
        let reading = readings
            .iter()
            .find(|r| r["path"] == line["path"] && r["generation"] == line["generation"])
            .unwrap();
        let is_second = run == "Path 2" && place(child, "Path 1").is_some();
        for (column, metric) in KINSHIP {
            let value = child.origin.kinship.get(metric).unwrap();
            let read = number(reading, column).unwrap();
            // The same step was read twice from the drawing, each time to 0.001.
            let apart = if is_second { 0.001 + 1e-9 } else { 0.0 };
            assert!((value - read).abs() <= apart, "{name} {column}");
            assert!(
                is_cut(number(&line, column).unwrap(), value, 0.001),
                "{name}"
            );
        }
    }
    assert_eq!(in_run(doc, "Path 1").len(), 14);
    assert_eq!(in_run(doc, "Path 2").len(), 12);
    let clown = model(doc, "shadow-clown-7B-slerp");
    let both = ["StrangeMerges_32-7B-slerp", "pastiche-crown-clown-7b-dare"];
    assert_eq!(parents(doc, clown), both.into());
}

#[test]
fn the_sample_of_merges_is_as_printed() {
    let doc = bundled("community");
    let mut seen = BTreeSet::new();
    for line in paper("sample_experiments") {
        let pair = [&line["model_1"], &line["model_2"]].map(|n| one_name(n));
        let gain = number(&line, "merge_gain").unwrap();
        if line["kinship_from"].is_empty() {
            let name = format!("{} × {}", pair[0], pair[1]);
            let child = model(doc, &name);
            assert_eq!(parents(doc, child), pair.into());
            assert_eq!(child.origin.gain, Some(gain), "{name}");
            assert!(child.origin.kinship.is_empty());
            seen.insert(name);
            continue;
        }
        let is_child = |m: &&Model| m.parents.len() == 2 && parents(doc, m) == pair.into();
        let of_path = |m: &&Model| m.steps.iter().any(|s| s.run.starts_with("Path"));
        let children: Vec<&Model> = doc.models.iter().filter(is_child).filter(of_path).collect();
        let [child] = children[..] else {
            panic!("{pair:?} has {} children", children.len())
        };
        let printed = child.origin.gain.unwrap();
        if line["row"] == "35" {
            assert_eq!((printed, gain), (0.11, -0.07));
            assert!(child.note.contains("0.11") && child.note.contains("−0.07"));
        } else {
            assert!((gain - printed).abs() < 0.0051, "{} {printed}", child.name);
        }
    }
    let run: BTreeSet<String> = in_run(doc, "Sample of merges")
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(run, seen);
    assert_eq!(run.len(), 16, "rows 22 and 34 are one merge");
}

#[test]
fn the_points_of_figure_2_are_as_measured() {
    let doc = bundled("community");
    let mut alone = 0;
    for line in paper("figure2_scatter_points") {
        let gain = number(&line, "merge_gain");
        let step = line["same_merge_as"].split(' ').next().unwrap();
        let Some((path, generation)) = step.split_once(":gen") else {
            let m = model(doc, &format!("Figure 2, point {}", line["point"]));
            alone += 1;
            assert!(place(m, "Figure 2").is_some() && m.origin.unnamed_parents);
            assert_eq!(m.origin.gain, gain);
            for (column, metric) in KINSHIP {
                assert_eq!(m.origin.kinship.get(metric), number(&line, column));
            }
            continue;
        };
        let run = path.replace("path", "Path ");
        let at = Some((generation.parse().unwrap(), false));
        let m = doc.models.iter().find(|m| place(m, &run) == at).unwrap();
        if line["point"] == "3" {
            assert!(m.note.contains("0.11") && m.note.contains("0.01"));
        } else {
            assert_eq!(m.origin.gain, gain, "point {}", line["point"]);
        }
        for (column, metric) in KINSHIP {
            let apart = m.origin.kinship.get(metric).unwrap() - number(&line, column).unwrap();
            assert!(apart.abs() <= 0.001, "point {} {column}", line["point"]);
        }
    }
    assert_eq!(alone, in_run(doc, "Figure 2").len());
}

#[test]
fn the_matrices_are_as_printed() {
    let doc = bundled("community");
    let mut cells = 0;
    for line in paper("kinship_matrices") {
        let [a, b] =
            [&line["row_model"], &line["column_model"]].map(|n| model(doc, one_name(n)).id);
        let group = match line["group"].as_str() {
            "fine_tuned" => "Fine-tuned",
            "improving" => "Improving",
            _ => "Saturated",
        };
        let value = number(&line, "kinship_pcc");
        if a == b {
            assert_eq!(value, Some(1.0));
            continue;
        }
        let same = |p: &&PairRecord| p.group == group && (p.models == [a, b] || p.models == [b, a]);
        let pairs: Vec<_> = doc.pairs.iter().filter(same).collect();
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].kinship.get(Metric::PEARSON), value);
        cells += 1;
    }
    assert_eq!(cells, 2 * doc.pairs.len());
}

#[test]
fn repositories_are_those_of_the_paper() {
    let doc = bundled("community");
    let mut named = BTreeSet::new();
    for line in paper("models") {
        let of_list = line["from"].starts_with("Table 16");
        if of_list || line["name"] == "Mistral-7B-Instruct-v0.2" {
            let m = model(doc, one_name(&line["name"]));
            assert_eq!(m.published, line["hf_repo"]);
            named.insert(m.id);
        }
    }
    let published = doc.models.iter().filter(|m| !m.published.is_empty());
    assert_eq!(published.map(|m| m.id).collect::<BTreeSet<_>>(), named);
}

/// Pearson's r by its definition.
fn correlation(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mx, my) = points
        .iter()
        .fold((0.0, 0.0), |m, p| (m.0 + p.0 / n, m.1 + p.1 / n));
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| f(p.0 - mx, p.1 - my)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

#[test]
fn the_record_gives_the_correlations_of_the_paper() {
    let community = bundled("community");
    let rows = record(community);
    let pairs = bundled("llama2").pair_rows(&|_, _, _| None);
    let mut compared = 0;
    for line in paper("correlations") {
        let metric = match line["metric"].as_str() {
            "PCC" => Metric::PEARSON,
            "CS" => Metric::COSINE,
            _ => Metric::EUCLIDEAN,
        };
        let sign = |gain: f64| {
            if line["target"] == "absolute" {
                gain.abs()
            } else {
                gain
            }
        };
        let (points, r): (Vec<(f64, f64)>, &str) = match line["data"].as_str() {
            "path 1" => {
                let of_path = community.models.iter().zip(&rows.rows);
                let of_path = of_path.filter(|(m, _)| place(m, "Path 1").is_some());
                let point = |row: &kinfolk::study::ModelFacts| {
                    (row.kinship.get(metric).unwrap(), sign(row.gain.unwrap()))
                };
                (
                    of_path.map(|(_, row)| point(row)).collect(),
                    "r_from_unrounded",
                )
            }
            "task_difference.csv" => {
                let point = |p: &kinfolk::study::PairRow| {
                    (p.kinship.get(metric).unwrap(), p.difference.unwrap())
                };
                (pairs.iter().map(point).collect(), "r_from_printed_tables")
            }
            // Figure 2 draws one step with another gain than the tables, which are kept.
            _ => continue,
        };
        assert_eq!(points.len(), whole(&line, "n_recomputed") as usize);
        let r = number(&line, r).unwrap();
        assert!((correlation(&points) - r).abs() < 1e-4, "{line:?}");
        compared += 1;
    }
    assert_eq!(compared, 9);
}
