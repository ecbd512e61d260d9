//! The studies that the program carries, held row by row against the tables they are from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kinfolk::kinship::Metric;
use kinfolk::study::{Model, PairRecord, StudyDoc, StudyFacts, file};
use kinfolk::workbench::library::{LIBRARY, bundled};

type Line = BTreeMap<String, String>;

fn table(path: &str) -> Vec<Line> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    let lines = csv::Reader::from_path(path).unwrap();
    lines.into_deserialize().map(Result::unwrap).collect()
}

fn paper(name: &str) -> Vec<Line> {
    table(&format!("paper/{name}.csv"))
}

fn number(line: &Line, column: &str) -> Option<f64> {
    let text = line
        .get(column)
        .unwrap_or_else(|| panic!("no column {column}"));
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn whole(line: &Line, column: &str) -> u32 {
    line[column].parse().unwrap()
}

fn model<'a>(doc: &'a StudyDoc, name: &str) -> &'a Model {
    let mut named = doc.models.iter().filter(|m| m.name == name);
    let found = named.next().unwrap_or_else(|| panic!("no model {name}"));
    assert!(named.next().is_none(), "{name} is there twice");
    found
}

fn parents<'a>(doc: &'a StudyDoc, model: &Model) -> BTreeSet<&'a str> {
    model.parents.iter().map(|&p| doc.name_of(p)).collect()
}

/// Generation in a run and whether it explored; `None` if it does not belong to it.
fn place(model: &Model, run: &str) -> Option<(u32, bool)> {
    let step = model.steps.iter().find(|step| step.run == run)?;
    Some((step.generation, step.exploration))
}

fn in_run<'a>(doc: &'a StudyDoc, run: &str) -> BTreeSet<&'a str> {
    let members = doc.models.iter().filter(|m| place(m, run).is_some());
    members.map(|m| m.name.as_str()).collect()
}

fn score(model: &Model, task: &str) -> Option<f64> {
    model.score(task).map(|score| score.value)
}

fn record(doc: &StudyDoc) -> StudyFacts {
    StudyFacts::new(doc, &|_, _, _| None)
}

/// Whether a printed number is `exact` cut to two decimals, where `exact` is known to `reading`.
fn is_cut(printed: f64, exact: f64, reading: f64) -> bool {
    let rounding = 1e-9;
    (-reading - rounding..0.01 + reading + rounding).contains(&(exact - printed))
}

// --- what holds for all ---

#[test]
fn every_study_is_as_the_program_would_write_it() {
    for bundled in &LIBRARY {
        let doc = file::from_text(bundled.text(), Path::new("/")).unwrap();
        assert_eq!(doc, *bundled.doc());
        let written = file::to_text(&doc, Path::new("/"));
        let differs = written
            .lines()
            .zip(bundled.text().lines())
            .find(|(a, b)| a != b);
        assert_eq!(differs, None, "{}", bundled.key);
        assert_eq!(written, bundled.text(), "{}", bundled.key);
    }
}

#[test]
fn every_study_has_its_name_its_source_and_its_limits() {
    let keys: BTreeSet<&str> = LIBRARY.iter().map(|b| b.key).collect();
    assert_eq!(keys.len(), LIBRARY.len());
    for b in &LIBRARY {
        let doc = bundled(b.key);
        assert_eq!(doc.name, b.title);
        assert!(!b.sentence.is_empty() && !b.sentence.ends_with('.'));
        assert!(
            doc.about.contains("What it can and cannot say\n"),
            "{}",
            b.key
        );
        let of_paper = b.key != "demo-evolution";
        assert_eq!(
            doc.about.contains("arXiv 2410.12613"),
            of_paper,
            "{}",
            b.key
        );
    }
    assert!(bundled("no such key").models.is_empty());
}

#[test]
fn every_study_is_whole() {
    for b in &LIBRARY {
        let doc = b.doc();
        let ids: BTreeSet<_> = doc.models.iter().map(|m| m.id).collect();
        let names: BTreeSet<_> = doc.models.iter().map(|m| &m.name).collect();
        assert_eq!(
            (ids.len(), names.len()),
            (doc.models.len(), doc.models.len())
        );
        for m in &doc.models {
            assert!(m.path.is_none() && m.base.is_none(), "{}", m.name);
            assert!(m.parents.iter().all(|p| ids.contains(p) && *p != m.id));
        }
        let in_pairs = doc.pairs.iter().flat_map(|p| p.models);
        assert!(in_pairs.into_iter().all(|id| ids.contains(&id)));
        let runs = record(doc).runs;
        let shown = &doc.view.charts.runs;
        assert!(shown.iter().all(|run| runs.contains(run)), "{}", b.key);
        let group = &doc.view.charts.group;
        assert!(group.is_empty() || doc.pairs.iter().any(|p| p.group == *group));
        assert!(
            doc.not_averaged
                .iter()
                .all(|t| record(doc).tasks.contains(t))
        );
    }
}

// --- the community ---

/// One model under several names, as `about` says.
fn one_name(name: &str) -> &str {
    match name {
        "distilabeled-Marcoro14-7B" => "distilabeled-Marcoro14-7B-slerp",
        "Experiment28-7B" => "Experiment28",
        "Experiment26" => "Experiment26-7B",
        "NeuTrixOmniBe-7B-model" => "NeuTrixOmniBe-7B-model-remix",
        "MBX-7B" => "MBX-7B-v3",
        "Yamshadow-7B" => "YamShadow-7B",
        "NeuralHerems-Mistral-2.5-7B" | "NeuralHermes-Mistral-2.5-7B" => {
            "NeuralHermes-2.5-Mistral-7B"
        }
        name => name,
    }
}

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

// --- the experiments ---

fn runs_of(word: &str) -> &'static [&'static str] {
    match word {
        "both" => &["Greedy", "With kinship"],
        "greedy" => &["Greedy"],
        "kinship" => &["With kinship"],
        other => panic!("{other}"),
    }
}

/// Which of the two searches a model belongs to.
fn searches(model: &Model) -> Vec<&str> {
    let steps = model.steps.iter().map(|s| s.run.as_str());
    steps
        .filter(|run| matches!(*run, "Greedy" | "With kinship"))
        .collect()
}

#[test]
fn the_main_experiment_is_as_printed() {
    let doc = bundled("experiment");
    let lines = paper("main_experiment");
    for line in &lines {
        let m = model(doc, &line["model"]);
        let explores = line["kind"] == "exploration";
        let runs = runs_of(&line["run"]);
        assert_eq!(searches(m), runs, "{}", m.name);
        for run in runs {
            assert_eq!(place(m, run), Some((whole(line, "generation"), explores)));
        }
        for (task, column) in [
            ("TruthfulQA", "truthfulqa"),
            ("Winogrande", "winogrande"),
            ("GSM8K", "gsm8k"),
        ] {
            assert_eq!(score(m, task), number(line, column), "{}", m.name);
        }
        assert_eq!(m.scores.len(), 3);
        assert_eq!(m.origin.average, number(line, "avg"));
        assert_eq!(
            m.origin.kinship.get(Metric::PEARSON),
            number(line, "kinship")
        );
        let gains = ["gain_greedy_column", "gain_kinship_column", "gain_v1_only"];
        let mut gains = gains.iter().filter_map(|column| number(line, column));
        assert_eq!(m.origin.gain, gains.next(), "{}", m.name);
        let two = [&line["parent_1"], &line["parent_2"]];
        let named: BTreeSet<&str> = two
            .into_iter()
            .filter(|p| !p.is_empty())
            .map(|p| &**p)
            .collect();
        assert_eq!(parents(doc, m), named, "{}", m.name);
        let is_merge = whole(line, "generation") > 0;
        assert_eq!(m.origin.unnamed_parents, is_merge && named.is_empty());
        assert_eq!(
            m.origin.method.as_str(),
            if is_merge { "slerp" } else { "" }
        );
        assert_eq!(m.published, line["hf_repo"]);
    }
    let of_table: BTreeSet<&str> = lines.iter().map(|l| &*l["model"]).collect();
    let mut of_runs = in_run(doc, "Greedy");
    of_runs.extend(in_run(doc, "With kinship"));
    assert_eq!(of_runs, of_table);
}

#[test]
fn the_random_merges_are_as_printed() {
    let doc = bundled("experiment");
    let lines = paper("random_merge");
    let one_name = |name: &str| match name {
        "child1-1" => "model-1-1".to_owned(),
        "child1-2" => "model-1-2".to_owned(),
        "child1-3" => "model-1-3".to_owned(),
        "child2-2" => "model-2-2".to_owned(),
        "child2-3" => "model-2-exp".to_owned(),
        name => name.to_owned(),
    };
    for line in &lines {
        let m = model(doc, &one_name(&line["model"]));
        assert_eq!(place(m, "Random"), Some((whole(line, "generation"), false)));
        for (task, column) in [
            ("TruthfulQA", "truthfulqa_mc2"),
            ("Winogrande", "winogrande"),
            ("GSM8K", "gsm8k"),
        ] {
            assert_eq!(score(m, task), number(line, column), "{}", m.name);
        }
        assert_eq!(m.origin.average, number(line, "avg"));
        assert_eq!(
            m.origin.kinship.get(Metric::COSINE),
            number(line, "kinship_cs")
        );
        if whole(line, "generation") > 0 {
            let named = [one_name(&line["parent_1"]), one_name(&line["parent_2"])];
            assert_eq!(parents(doc, m), named.iter().map(|n| &**n).collect());
            let printed = |p: kinfolk::study::ModelId| doc.model(p).unwrap().origin.average;
            let of_parents = m.parents.iter().map(|&p| printed(p).unwrap());
            let gain = m.origin.average.unwrap() - of_parents.sum::<f64>() / 2.0;
            assert!((gain - number(line, "gain_recomputed").unwrap()).abs() < 1e-9);
        }
    }
    assert_eq!(in_run(doc, "Random").len(), lines.len());
}

#[test]
fn the_baselines_are_as_printed() {
    let doc = bundled("experiment");
    let mut alone = 0;
    for line in paper("baselines") {
        let (method, settings) = (line["method"].as_str(), line["settings"].as_str());
        let name = match method {
            "Random Merging" => "child3-3".to_owned(),
            "Top-k Greedy Merging" => "model-2-1".to_owned(),
            _ if settings.starts_with("order") => format!("{method}, {settings}"),
            _ => method.to_owned(),
        };
        let m = model(doc, &name);
        for (task, column) in [
            ("TruthfulQA", "truthfulqa"),
            ("Winogrande", "winogrande"),
            ("GSM8K", "gsm8k"),
        ] {
            assert_eq!(score(m, task), number(&line, column), "{name}");
        }
        assert_eq!(m.origin.average, number(&line, "avg"));
        let expected = match method {
            "Ties" => "ties",
            "Dare Ties" => "dare_ties",
            "Linear" => "linear",
            _ => "slerp",
        };
        assert_eq!(m.origin.method, expected);
        if settings == "k=3" {
            assert!(m.note.contains("Table 1 lists it"), "{name}");
        } else {
            alone += 1;
            assert!(m.parents.is_empty() && place(m, "Baselines").is_some());
            for part in settings.split(' ') {
                let value = part.rsplit('=').next().unwrap();
                assert!(m.note.contains(value) || name.contains(value), "{name}");
            }
        }
    }
    assert_eq!(in_run(doc, "Baselines").len(), alone);
}

/// The paper contradicts itself in these rows, and nowhere else.
#[test]
fn the_main_experiment_contradicts_itself_where_it_is_known_to() {
    let doc = bundled("experiment");
    let found: Vec<(&str, Vec<String>)> = record(doc)
        .rows
        .into_iter()
        .filter(|row| !row.conflicts.is_empty())
        .map(|row| (doc.name_of(row.id), row.conflicts))
        .collect();
    let gain = |given: &str, found: &str| {
        format!("The merge gain is reported as {given}; the averages give {found}")
    };
    let average = |given: &str, found: &str| {
        format!("The average is reported as {given}; the scores give {found}")
    };
    let expected = vec![
        ("model-3-3", vec![gain("+0.74", "+0.65")]),
        ("model-4-6", vec![gain("+0.15", "+0.20")]),
        (
            "model-5-1",
            vec![average("69.13", "69.18"), gain("+0.04", "+0.13")],
        ),
        // Its printed gain fits its printed average, but not the average of its scores.
        (
            "model-5-2",
            vec![average("68.98", "69.01"), gain("+0.07", "+0.11")],
        ),
        ("model-5-3", vec![gain("−0.37", "−0.26")]),
        ("child2-1", vec![average("56.40", "56.49")]),
    ];
    assert_eq!(found, expected);
    for (name, _) in expected {
        let note = &model(doc, name).note;
        assert!(note.contains("printed"), "{name} says so in its note");
    }
}

#[test]
fn the_best_by_generation_is_that_of_figure_5() {
    let doc = bundled("experiment");
    let best = |run: &str, generation: u32| {
        let made = |m: &&Model| place(m, run).is_some_and(|(g, _)| g <= generation);
        let averages = doc
            .models
            .iter()
            .filter(made)
            .filter_map(|m| m.origin.average);
        averages.fold(0.0, f64::max)
    };
    for line in paper("figure5a_best_by_generation") {
        let generation = whole(&line, "generation");
        assert_eq!(
            Some(best("Greedy", generation)),
            number(&line, "greedy_best_avg")
        );
        assert_eq!(
            Some(best("With kinship", generation)),
            number(&line, "kinship_best_avg")
        );
    }
}

#[test]
fn the_tree_of_figure_5_agrees_with_the_parents() {
    let doc = bundled("experiment");
    let one_name = |name: &str| match name {
        "Mistral-7B-Instruct-v0.2" => "Instruct".to_owned(),
        "MetaMath-Mistral-7B" => "MetaMath".to_owned(),
        "openchat-3.5-1210" => "Open-chat".to_owned(),
        name => name.to_lowercase(),
    };
    for line in paper("figure5b_tree_edges") {
        let child = model(doc, &one_name(&line["child"]));
        assert!(
            parents(doc, child).contains(&*one_name(&line["parent"])),
            "{line:?}"
        );
    }
}

#[test]
fn the_experiment_with_humaneval_is_as_printed() {
    let doc = bundled("humaneval");
    let lines = paper("humaneval_experiment");
    for line in &lines {
        let m = model(doc, &line["model"]);
        let generation = whole(line, "generation");
        let kind = line["kind"].as_str();
        let runs = match kind {
            "exploration" | "kinship" => "kinship",
            "greedy" if generation > 2 => "greedy",
            _ => "both",
        };
        assert_eq!(searches(m), runs_of(runs), "{}", m.name);
        for run in runs_of(runs) {
            assert_eq!(place(m, run), Some((generation, kind == "exploration")));
        }
        for (task, column) in [
            ("TruthfulQA", "truthfulqa"),
            ("GSM8K", "gsm8k"),
            ("HumanEval", "humaneval"),
        ] {
            assert_eq!(score(m, task), number(line, column), "{}", m.name);
        }
        assert_eq!(m.origin.average, number(line, "avg"));
        assert_eq!(
            m.origin.kinship.get(Metric::PEARSON),
            number(line, "kinship")
        );
        assert!(m.parents.is_empty() && m.origin.unnamed_parents == (generation > 0));
    }
    assert_eq!(doc.models.len(), lines.len());
    assert!(record(doc).rows.iter().all(|row| row.conflicts.is_empty()));
}

#[test]
fn the_experiment_on_llama_2_is_as_printed() {
    let doc = bundled("llama2");
    let lines = paper("llama2_experiment");
    for line in &lines {
        let m = model(doc, &line["model"]);
        let explores = line["kind"] == "exploration";
        let runs = runs_of(if explores { "kinship" } else { "both" });
        assert_eq!(searches(m), runs, "{}", m.name);
        for run in runs {
            assert_eq!(place(m, run), Some((whole(line, "generation"), explores)));
        }
        for (task, column) in [
            ("TruthfulQA", "truthfulqa"),
            ("Winogrande", "winogrande"),
            ("GSM8K", "gsm8k"),
        ] {
            assert_eq!(score(m, task), number(line, column), "{}", m.name);
        }
        assert_eq!(m.origin.average, number(line, "avg"));
        assert_eq!(
            m.origin.kinship.get(Metric::COSINE),
            number(line, "kinship")
        );
        let two = [&line["parent_1"], &line["parent_2"]];
        let named: BTreeSet<&str> = two
            .into_iter()
            .filter(|p| !p.is_empty())
            .map(|p| &**p)
            .collect();
        assert_eq!(parents(doc, m), named, "{}", m.name);
        let by_card = line["parents_from"].contains("card");
        assert_eq!(m.note.contains("model card"), by_card, "{}", m.name);
    }
    assert_eq!(doc.models.len(), lines.len());
}

#[test]
fn the_task_differences_are_as_printed() {
    let doc = bundled("llama2");
    let lines = paper("task_difference");
    assert_eq!(doc.pairs.len(), lines.len());
    for (pair, line) in doc.pairs.iter().zip(&lines) {
        let models = [&line["model_1"], &line["model_2"]].map(|n| model(doc, n).id);
        assert_eq!(pair.models, models);
        assert_eq!(pair.kinship.get(Metric::COSINE), number(line, "kinship_cs"));
        assert_eq!(
            pair.kinship.get(Metric::PEARSON),
            number(line, "kinship_pcc")
        );
        assert_eq!(
            pair.kinship.get(Metric::EUCLIDEAN),
            number(line, "kinship_ed")
        );
        assert_eq!(pair.difference, number(line, "atpd"));
    }
}

#[test]
fn the_evolution_of_the_demo_is_as_it_came() {
    let doc = bundled("demo-evolution");
    let rows = record(doc);
    let mut names = BTreeSet::new();
    for (file, run) in [("greedy", "Greedy"), ("kinship", "With kinship")] {
        let lines = table(&format!("demo-evolution/evolution-{file}.csv"));
        assert_eq!(in_run(doc, run).len(), lines.len());
        for line in lines {
            let m = model(doc, &line["model"]);
            names.insert(m.id);
            let explores = line["kind"] == "explore";
            assert_eq!(place(m, run), Some((whole(&line, "generation"), explores)));
            for score in &m.scores {
                let (task, split) = score.task.split_once(" (").unwrap();
                let split = split.trim_end_matches(')');
                let share = number(&line, &format!("{split}_{task}")).unwrap();
                assert!((score.value / 100.0 - share).abs() < 1e-6, "{}", m.name);
                assert_eq!(score.n, Some(if split == "dev" { 150 } else { 200 }));
            }
            assert_eq!(m.scores.len(), 16);
            let row = rows.row(m.id).unwrap();
            let average = number(&line, "dev_avg").unwrap() * 100.0;
            assert!((row.average.unwrap() - average).abs() < 1e-4, "{}", m.name);
            let two = [&line["parent_a"], &line["parent_b"]];
            let named: BTreeSet<&str> = two
                .into_iter()
                .filter(|p| !p.is_empty())
                .map(|p| &**p)
                .collect();
            assert_eq!(parents(doc, m), named);
            let gain = number(&line, "merge_gain_dev").map(|gain| gain * 100.0);
            assert_eq!(row.gain.is_some(), gain.is_some(), "{}", m.name);
            if let Some((found, expected)) = row.gain.zip(gain) {
                assert!((found - expected).abs() < 1e-4, "{}", m.name);
            }
            for (column, metric) in [
                ("pcc", Metric::PEARSON),
                ("cosine", Metric::COSINE),
                ("euclidean", Metric::EUCLIDEAN),
            ] {
                assert_eq!(m.origin.kinship.get(metric), number(&line, column));
            }
        }
    }
    assert_eq!(names.len(), doc.models.len());
}

// --- where the sources contradict themselves ---

/// A reader meets each contradiction where it concerns him.
#[test]
fn what_does_not_agree_stands_in_the_notes() {
    for (key, name, said) in [
        (
            "community",
            "TurdusBeagle-7B",
            "StrangeMerges_9-7B-dare_ties",
        ),
        (
            "community",
            "StrangeMerges_9-7B-dare_ties",
            "TurdusBeagle-7B",
        ),
        ("community", "StrangeMerges_32-7B-slerp", "0.01 in Figure 2"),
        ("community", "MBX-7B-v3", "−0.07 in Table 8"),
        ("community", "MBX-7B-v3", "taken for one model"),
        (
            "community",
            "mistral-ft-optimized-1218 × NeuralHermes-2.5-Mistral-7B",
            "twice",
        ),
        (
            "community",
            "Kunoichi-DPO-v2-7B × AlphaMonarch-7B",
            "not drawn",
        ),
        ("community", "YugoGPT × AlphaMonarch-7B", "not drawn"),
        ("community", "Figure 2, point 34", "No row of Table 8"),
        ("community", "Figure 2, point 2", "Table 8"),
        ("community", "Figure 2, point 33", "Table 8"),
        ("community", "shadow-clown-7B-slerp", "more than two"),
        ("community", "Daredevil-7B", "more than two"),
        ("community", "pastiche-crown-clown-7b-dare", "more than two"),
        ("experiment", "model-1-2", "+0.02"),
        ("experiment", "model-3-2", "+1.09"),
        ("experiment", "model-3-1", "v1 in the text"),
        ("experiment", "model-3-3", "v2 in the text"),
        ("experiment", "model-5-exp", "0.53"),
        ("experiment", "model-4-exp", "Neither the paper"),
        ("humaneval", "child1-1-greedy", "164"),
        ("humaneval", "child4-1-greedy", "ended after generation 3"),
        ("llama2", "child-2-1-greedy", "other scores"),
        ("llama2", "child-6-exp", "0.06"),
    ] {
        let note = &model(bundled(key), name).note;
        assert!(note.contains(said), "{name}: {note}");
    }
    let noted = |key: &str| {
        let pairs = bundled(key).pairs.iter().filter(|p| !p.note.is_empty());
        pairs.count()
    };
    assert_eq!((noted("community"), noted("llama2")), (1, 3));
}

/// Each HumanEval score is a number of solved problems among 164, cut or rounded, or says that
/// it is none.
#[test]
fn scores_that_no_number_of_problems_gives_are_noted() {
    for m in &bundled("humaneval").models {
        let solved = score(m, "HumanEval").unwrap() * 1.64;
        let nearest = solved.round() / 1.64;
        let fits = (nearest - score(m, "HumanEval").unwrap()).abs() < 0.01;
        assert_eq!(m.note.contains("164"), !fits, "{}", m.name);
    }
}
