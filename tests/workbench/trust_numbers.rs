//! Numbers in files: none of them is a size before it is known that it can be one. Each test is
//! named after what a file once did to the program.

use std::path::{Path, PathBuf};

use kinfolk::figures::charts;
use kinfolk::import::{Content, ImportError, Source, apply, guess, harness};
use kinfolk::jobs::Ticket;
use kinfolk::lineage::evolution::{NoGain, Rules, Spent, next, summaries};
use kinfolk::lineage::strategy::{Choices, Member, Population, Round, STRATEGIES};
use kinfolk::lineage::{Graph, lay_out};
use kinfolk::merge::methods::{BaseRule, Description, ParameterKind, REGISTRY};
use kinfolk::merge::run::run;
use kinfolk::study::bounds::{MOST_GENERATION, MOST_ID, MOST_PLACE, MOST_VALUE};
use kinfolk::study::file::{from_text, to_text};
use kinfolk::study::{Command, ModelEdit, ModelId, NewModel, Study, StudyDoc, ViewEdit};
use kinfolk::ui::action::View;
use kinfolk::ui::prefs::Prefs;

use crate::common::merging::{options, planned, tiny_model};
use crate::common::{self, write_safetensors, zeros};
use crate::harness::{WIDE, Window, bench, settle, window_of};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/trust")
        .join(name)
}

fn text(name: &str) -> String {
    std::fs::read_to_string(data(name)).unwrap()
}

/// The study with every number at its worst; its models lie where this machine has them.
fn worst() -> String {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/oracle");
    text("worst.kinfolk.json").replace("../oracle", &models.to_string_lossy())
}

fn sentences(yaml: &str, root: &Path) -> Vec<String> {
    let plan = planned(yaml, root, None);
    assert!(!plan.is_sound());
    plan.problems.iter().map(ToString::to_string).collect()
}

/// It asked for 34 GB while the merge was planned.
#[test]
fn fault_5_a_layer_range_of_four_thousand_million_layers_is_an_error() {
    let oracle = common::oracle("").parent().unwrap().to_owned();
    let problems = sentences(&text("layer_range.yaml"), &oracle);
    let [problem] = &problems[..] else {
        panic!("{problems:?}");
    };
    assert!(
        problem.contains("layers 0 to 4294967294 are asked for"),
        "{problem}"
    );
    assert!(problem.contains("has 3 layers"), "{problem}");
}

/// A name of a tensor is a number of a stranger too.
#[test]
fn fault_5_a_tensor_that_says_it_is_of_layer_4294967294_makes_no_tall_model() {
    let dir = tempfile::tempdir().unwrap();
    let names = [0, 1, u32::MAX - 1].map(|layer| format!("model.layers.{layer}.w"));
    let parts: Vec<_> = names.iter().map(|name| zeros(name, &[2])).collect();
    write_safetensors(&dir.path().join("tall.safetensors"), &parts);
    let recipe = |end: u32| {
        format!(
            "merge_method: passthrough\nslices:\n- sources:\n  - model: tall.safetensors\n    \
             layer_range: [0, {end}]\n"
        )
    };
    let problems = sentences(&recipe(u32::MAX), dir.path());
    let words = "has no tensor of layer 2";
    assert!(problems.iter().any(|p| p.contains(words)), "{problems:?}");
    let there = planned(&recipe(2), dir.path(), None);
    assert!(there.is_sound(), "{:?}", there.problems);
}

#[test]
fn fault_5_slices_that_stack_more_layers_than_any_model_has_are_an_error() {
    let models = common::oracle("");
    let slice = "- sources: [{model: alder/c1, layer_range: [0, 3]}]\n";
    let tall = |n: usize| format!("merge_method: passthrough\nslices:\n{}", slice.repeat(n));
    let problems = sentences(&tall(4_000), &models);
    let [problem] = &problems[..] else {
        panic!("{problems:?}");
    };
    assert!(problem.contains("stack 12000 layers"), "{problem}");
    let wide = format!(
        "merge_method: linear\nslices: [{{sources: [{}]}}]\n",
        "{model: alder/c1}, ".repeat(5_001)
    );
    let problems = sentences(&wide, &models);
    assert!(problems[0].contains("5001 sources"), "{problems:?}");
}

/// The ends of the ranges that methods name for their parameters are numbers like any other.
#[test]
fn fault_5_parameters_at_the_ends_of_their_ranges_merge_or_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (k, name) in ["base", "a", "b"].iter().enumerate() {
        tiny_model(&dir.path().join(name), k as u64 + 1);
    }
    let mut made = 0;
    for method in REGISTRY {
        let of = method.description();
        for own in of.parameters {
            let ParameterKind::Number { min, max, .. } = own.kind else {
                continue;
            };
            for value in [min, max, 0.0_f64.clamp(min, max)] {
                let out = dir.path().join("out");
                let plan = planned(&recipe_of(of, own.key, value), dir.path(), Some(&out));
                made += usize::from(plan.is_sound());
                run(&plan, &options(&out), &Ticket::default()).ok();
                std::fs::remove_dir_all(&out).ok();
            }
        }
    }
    assert!(made > 50, "{made}");
}

fn recipe_of(method: &Description, key: &str, value: f64) -> String {
    let models = match method.models.1 {
        1 => "[{model: a}]",
        2 if method.base == BaseRule::OneOfModels => "[{model: base}, {model: b}]",
        _ if method.base == BaseRule::OneOfModels => "[{model: base}, {model: a}, {model: b}]",
        _ => "[{model: a}, {model: b}]",
    };
    let base = match method.base {
        BaseRule::Required | BaseRule::OneOfModels => "base_model: base\n",
        BaseRule::Optional | BaseRule::Forbidden => "",
    };
    let needed = method.parameters.iter().filter(|p| p.key != key);
    let needed = needed.filter(|p| p.default().is_none());
    let others: String = needed.map(|p| format!(", {}: 0.5", p.key)).collect();
    let name = method.name;
    format!(
        "merge_method: {name}\n{base}models: {models}\nparameters: {{{key}: {value:e}{others}}}\n"
    )
}

/// They overflowed when the next id was worked out.
#[test]
fn fault_5_ids_that_leave_no_room_are_refused_with_a_sentence() {
    let study = |fields: &str| format!(r#"{{"kinfolk": "study", "version": 1, {fields}}}"#);
    for fields in [
        r#""models": [{"id": 4294967295}]"#,
        r#""drafts": [{"id": 4294967295}]"#,
        r#""evolutions": [{"id": 4294967295}]"#,
        r#""next_id": 4294967295"#,
        r#""next_draft": 4294967295"#,
        r#""next_evolution": 4294967295"#,
    ] {
        let error = from_text(&study(fields), Path::new("/d")).unwrap_err();
        assert!(error.to_string().contains("leaves no room"), "{error}");
    }
    let highest = study(&format!(r#""models": [{{"id": {MOST_ID}}}]"#));
    let mut study = Study::new(from_text(&highest, Path::new("/d")).unwrap());
    study.apply(Command::Model(ModelEdit::Add(vec![NewModel::default()])));
    assert_eq!(study.doc().models[1].id, ModelId(MOST_ID + 1));
}

/// A study with infinite numbers is saved as one without them, and would not open again.
#[test]
fn fault_5_the_worst_study_is_brought_to_what_can_be_and_comes_back() {
    let dir = Path::new("/studies");
    let doc = from_text(&worst(), dir).unwrap();
    assert_eq!(doc.models[3].steps[0].generation, MOST_GENERATION);
    assert_eq!(doc.models[1].scores[0].value, MOST_VALUE);
    assert_eq!(doc.models[0].scores[0].stderr, None);
    assert_eq!(doc.drafts[0].sheet.places[0].1, [MOST_PLACE, -MOST_PLACE]);
    assert!(doc.evolutions[0].seconds < 1e13);
    let again = from_text(&to_text(&doc, dir), dir);
    assert_eq!(again, Ok(doc));
}

#[test]
fn fault_5_what_is_no_number_is_saved_so_that_the_study_opens_again() {
    let dir = Path::new("/studies");
    let mut doc = from_text(&worst(), dir).unwrap();
    doc.evolutions[0].seconds = f64::INFINITY;
    doc.models[3].origin.predicted[0].error = f64::NAN;
    doc.models[3].origin.gain = Some(f64::NAN);
    doc.view.charts.saturation.tau = f64::NAN;
    let again = from_text(&to_text(&doc, dir), dir).unwrap();
    assert_eq!(again.models[3].origin.gain, None);
    assert_eq!(again.models[3].origin.predicted[0].error, 0.0);
}

fn member(generation: u32, score: f64, parents: &[usize]) -> Member {
    Member {
        score: Some(score),
        tasks: vec![Some(score)],
        generation,
        parents: parents.to_vec(),
        ..Member::default()
    }
}

/// It asked for 275 GB, one summary for each number up to it.
#[test]
fn fault_5_a_generation_of_four_thousand_million_is_one_of_those_that_are_there() {
    let members = [
        member(0, 1.0, &[]),
        member(0, 2.0, &[]),
        member(u32::MAX, 1.5, &[0, 1]),
    ];
    let population = Population {
        members: &members,
        kinship: &|_, _| Some(0.5),
        base: &[],
        measures: &[],
    };
    let numbers: Vec<u32> = summaries(&population, 3).iter().map(|s| s.number).collect();
    assert_eq!(numbers, [0, u32::MAX]);
    let lineage = Graph {
        generations: vec![Some(u32::MAX), None, Some(3)],
        edges: vec![[0, 1], [1, 2]],
    };
    assert_eq!(lay_out(&lineage).heights.len(), 3);
}

/// Its pairs overflowed.
#[test]
fn fault_5_as_many_of_the_best_as_a_number_can_say_are_all_there_are() {
    let members = [
        member(0, 1.0, &[]),
        member(0, 2.0, &[]),
        member(1, 1.5, &[0, 1]),
    ];
    let population = Population {
        members: &members,
        kinship: &|_, _| Some(0.5),
        base: &[],
        measures: &[],
    };
    let choices = Choices {
        top: usize::MAX,
        ..Choices::default()
    };
    let rules = Rules {
        patience_generations: Some(u32::MAX),
        no_gain: Some(NoGain {
            points: f64::MAX,
            generations: u32::MAX,
        }),
        ..Rules::default()
    };
    for strategy in STRATEGIES {
        let round = |generation| Round {
            population,
            generation,
            choices: &choices,
        };
        let pairs = strategy.pairings(&round(2));
        assert!(pairs.len() <= 3, "{pairs:?}");
        next(&population, strategy, &choices, &rules, &Spent::default());
        strategy.may_choose(&round(u32::MAX));
    }
}

/// −1e308 of a fraction is infinite in points.
#[test]
fn fault_5_a_standard_error_that_cannot_be_is_left_out_and_told() {
    let found = harness::read("results.json", &text("stderr-inf.json")).unwrap();
    let results = kinfolk::import::Results::merged(found);
    let mut choices = harness::choices(&results);
    choices.iter_mut().for_each(|choice| choice.is_on = true);
    let ready = harness::take(&results, &choices, &StudyDoc::default(), "results.json").unwrap();
    let errors: Vec<_> = ready.import.entries[0]
        .scores
        .iter()
        .map(|s| s.stderr)
        .collect();
    assert_eq!(errors, [Some(1.24), None]);
    let told = "1 standard error left out";
    assert!(
        ready.notes.iter().any(|note| note.words.contains(told)),
        "{:?}",
        ready.notes
    );
}

fn table(csv: &str) -> Result<Vec<f64>, Vec<ImportError>> {
    let Content::Table(sheet) = Source::from_text("t.csv", csv).content else {
        panic!("no table");
    };
    let ready = apply(&sheet, &guess(&sheet), &StudyDoc::default(), "t.csv")?;
    let entries = ready.import.entries.iter();
    Ok(entries
        .flat_map(|e| e.scores.iter().map(|s| s.value))
        .collect())
}

#[test]
fn fault_5_numbers_in_a_table_that_mean_nothing_are_told_with_their_cell() {
    for (csv, words) in [
        ("model,gsm8k\na,1e308\n", "larger than any score"),
        ("model,gsm8k\na,61.2 ± -3\n", "no standard error"),
        (
            "model,run,generation,gsm8k\na,r,4294967295,5\n",
            "whole number from 0 to",
        ),
    ] {
        let errors = table(csv).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].line, 2);
        assert!(errors[0].message.contains(words), "{errors:?}");
    }
    assert_eq!(table("model,gsm8k\na,61.2 ± 3\n").unwrap(), [61.2]);
}

/// The library that reads it panicked, and the evaluation with it.
#[cfg(feature = "built-in-evaluator")]
#[test]
fn fault_5_a_broken_tokenizer_and_a_tower_of_layers_are_errors() {
    use kinfolk::checkpoint::Checkpoint;
    use kinfolk::evaluate::Model;

    let dir = tempfile::tempdir().unwrap();
    let base = common::oracle("alder/base");
    for name in ["config.json", "model.safetensors"] {
        std::fs::copy(base.join(name), dir.path().join(name)).unwrap();
    }
    std::fs::copy(data("tokenizer.json"), dir.path().join("tokenizer.json")).unwrap();
    let model = Checkpoint::open(dir.path()).unwrap();
    let error = Model::load(&model, &Ticket::default()).err().unwrap();
    assert!(error.to_string().contains("control character"), "{error}");

    // Sixteen million layers are noted in 268 MB, before the first is found missing.
    let config = std::fs::read_to_string(base.join("config.json")).unwrap();
    let tall = config.replace(
        "\"num_hidden_layers\": 3",
        "\"num_hidden_layers\": 16777216",
    );
    assert_ne!(tall, config);
    std::fs::write(dir.path().join("config.json"), tall).unwrap();
    let model = Checkpoint::open(dir.path()).unwrap();
    let error = Model::load(&model, &Ticket::default()).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("`num_hidden_layers` is 16777216"),
        "{error}"
    );
}

/// A window on the worst study, in a view, after a command.
fn window(home: &Path, view: View, command: Option<Command>) -> Window {
    let path = home.join("worst.kinfolk.json");
    std::fs::write(&path, worst()).unwrap();
    let mut bench = bench(&home.join("home"));
    bench.open_study(&path);
    command.into_iter().for_each(|command| bench.apply(command));
    bench.wait(|_| {});
    let prefs = Prefs {
        view,
        ..Prefs::default()
    };
    window_of(WIDE, bench, prefs, vec![])
}

/// The canvas drew a number for each of four thousand million layers, and looked for a free
/// place where a step of one node is lost.
#[test]
fn fault_5_the_window_survives_the_worst_study_in_every_view() {
    let home = tempfile::tempdir().unwrap();
    for view in View::ALL {
        let mut window = window(home.path(), view, None);
        settle(&mut window);
        let doc = window.state().workbench().study().doc();
        assert_eq!(doc.models.len(), 7, "{}", view.title());
    }
}

#[test]
fn fault_5_the_window_survives_the_worst_study_in_every_chart() {
    let home = tempfile::tempdir().unwrap();
    for kind in charts().map(|chart| chart.kind) {
        let mut charts = from_text(&worst(), home.path()).unwrap().view.charts;
        charts.kind = kind;
        let command = Command::View(ViewEdit::Charts(Box::new(charts)));
        let mut window = window(home.path(), View::Charts, Some(command));
        settle(&mut window);
        assert_eq!(
            window.state().workbench().study().doc().view.charts.kind,
            kind
        );
    }
}
