//! The experiments of the paper, and the demo's own.

use super::*;

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
