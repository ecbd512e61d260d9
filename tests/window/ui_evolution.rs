//! The Evolution view, driven by its labels: a new one, its set-up, running by hand, pausing,
//! comparing, its columns and curves, and what stands in it when something is missing.

use std::path::Path;
use std::time::Duration;

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::lineage::evolution::Rules;
use kinfolk::study::{
    ClusterChoice, Command, Evaluator, Evolution, EvolutionEdit, EvolutionId, ModelId, RecordEdit,
    Selection,
};
use kinfolk::ui::action::{Action, EvolutionAction, ModelsAction, View};
use kinfolk::ui::theme;
use kinfolk::ui::views::{EvolutionView, new_evolution};
use kinfolk::workbench::evolving::RunState;
use kinfolk::workbench::{Folders, Workbench};

use crate::evolutions::{SEVEN, add, bench_of, know_kinship, run, score_founders, setup};
use crate::harness;

/// The view with its workbench; what it asks of study and runs is done, the rest is kept.
struct Stage {
    bench: Workbench,
    view: EvolutionView,
    asked: Vec<Action>,
    _home: tempfile::TempDir,
}

impl Stage {
    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Study(command) => self.bench.apply(command),
            Action::Evolution(EvolutionAction::New) => {
                let new = new_evolution(&self.bench);
                self.add(new);
            }
            Action::Evolution(EvolutionAction::Add(new)) => self.add(*new),
            Action::Evolution(EvolutionAction::Run(id)) => self.bench.run_evolution(id),
            Action::Evolution(EvolutionAction::Pause(id)) => self.bench.pause_evolution(id),
            Action::Evolution(EvolutionAction::Stop(id)) => self.bench.stop_evolution(id),
            other => self.asked.push(other),
        }
    }

    fn add(&mut self, new: Evolution) {
        let edit = EvolutionEdit::Add(Box::new(new));
        self.bench.apply(Command::Evolution(edit));
        self.view.show_last();
    }
}

type Window = Harness<'static, Stage>;

const WIDE: Vec2 = vec2(1200.0, 1400.0);

fn window_on(size: Vec2, make: impl FnOnce(&Path) -> Workbench) -> Window {
    let home = tempfile::tempdir().unwrap();
    let stage = Stage {
        bench: make(home.path()),
        view: EvolutionView::default(),
        asked: Vec::new(),
        _home: home,
    };
    let mut is_styled = false;
    let mut window = Harness::builder()
        .with_size(size)
        .with_max_steps(60)
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(
            move |ui, stage: &mut Stage| {
                if !is_styled {
                    theme::apply(ui.ctx());
                    ui.ctx().request_repaint();
                    is_styled = true;
                    return;
                }
                stage.bench.poll();
                let mut out = Vec::new();
                stage.view.ui(ui, &stage.bench, &mut out);
                if !out.is_empty() {
                    ui.ctx().request_repaint();
                }
                for action in out {
                    stage.carry_out(action);
                }
            },
            stage,
        );
    window.run();
    window
}

fn family(home: &Path) -> Workbench {
    let mut bench = bench_of(home, &SEVEN);
    score_founders(&mut bench);
    know_kinship(&mut bench);
    bench
}

/// A ready evolution of all founders.
fn ready(home: &Path) -> Workbench {
    let mut bench = family(home);
    let own = setup(&bench, "kinship", home);
    add(&mut bench, "With kinship", own);
    bench
}

/// The demo, opened and measured, with its own evolutions; scores are written by hand.
fn demo(home: &Path) -> Workbench {
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.open_demo();
    bench.wait(|_| {});
    bench.poll();
    bench.wait(|_| {});
    let by_hand = EvolutionEdit::SetEvaluator(Evaluator::ByHand);
    bench.apply(Command::Evolution(by_hand));
    assert_eq!(bench.study().doc().models.len(), 8);
    bench
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run();
}

fn press(window: &mut Window, key: Key) {
    window.key_press_modifiers(Modifiers::NONE, key);
    window.run();
}

fn type_text(window: &mut Window, text: &str) {
    window.input_mut().events.push(Event::Text(text.to_owned()));
    window.run();
}

fn has(window: &Window, label: &str) -> bool {
    window.query_by_label(label).is_some()
}

fn says(window: &Window, part: &str) -> bool {
    window.query_all_by_label_contains(part).next().is_some()
}

fn last(window: &Window) -> Evolution {
    let doc = window.state().bench.study().doc();
    doc.evolutions.last().unwrap().clone()
}

fn only(window: &Window) -> EvolutionId {
    last(window).id
}

fn state(window: &Window, id: EvolutionId) -> RunState {
    window.state().bench.run_state(id)
}

/// Works until the run stands as it should.
fn until(window: &mut Window, id: EvolutionId, is_so: impl Fn(&RunState) -> bool) {
    for _ in 0..20_000 {
        window.step();
        if is_so(&state(window, id)) {
            window.run_steps(3);
            return;
        }
        let bench = &mut window.state_mut().bench;
        bench.poll_within(Duration::from_millis(10));
    }
    panic!("{:?}", state(window, id));
}

/// Writes scores for everybody that the run waits for.
fn type_scores(window: &mut Window, id: EvolutionId) {
    let RunState::Waiting(models) = state(window, id) else {
        panic!("{:?}", state(window, id));
    };
    let bench = &mut window.state_mut().bench;
    let doc = bench.study().doc();
    let tasks = doc.selecting_tasks(doc.evolution(id).unwrap());
    let value = |m: &ModelId| Some(70.0 + f64::from(m.0));
    let cells = models
        .iter()
        .flat_map(|m| tasks.iter().map(move |t| (*m, t.clone(), value(m))));
    let edit = RecordEdit::SetScores(cells.collect());
    bench.apply(Command::Record(edit));
}

#[test]
fn an_empty_study_says_what_is_missing_and_leads_there() {
    let mut window = window_on(WIDE, |home| bench_of(home, &[]));
    let button = window.query_all_by_label("Add models…").last().unwrap();
    button.click();
    window.run();
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskForFolders)]
    );
}

#[test]
fn a_family_without_evolutions_offers_one_of_all_its_fine_tunes() {
    let mut window = window_on(WIDE, family);
    assert!(says(&window, "generation after generation"));
    click(&mut window, "New evolution");
    let new = last(&window);
    assert_eq!(new.setup.founders.len(), 7);
    let folder = new.setup.folder.unwrap();
    assert!(
        folder.ends_with("studies/evolutions/evolution"),
        "{folder:?}"
    );
}

#[test]
fn a_new_evolution_begins_with_what_is_selected() {
    let mut window = window_on(WIDE, ready);
    let chosen: Vec<ModelId> = [2, 4, 5].map(ModelId).to_vec();
    let select = Command::Select(Selection::Models(chosen.clone()));
    window.state_mut().bench.apply(select);
    window.run();
    click(&mut window, "New evolution");
    assert_eq!(last(&window).setup.founders, chosen);
    // It is the one that is shown.
    let value = window.get_by_label("Founders").accesskit_node().value();
    assert_eq!(value.as_deref(), Some("3 founders"));
}

/// Opens the rest of the set-up unless this is there already.
fn more(window: &mut Window, label: &str) {
    if !has(window, label) {
        click(window, "More of the set-up");
    }
}

#[test]
fn the_sentence_sets_an_evolution_up() {
    let mut window = window_on(WIDE, ready);
    click(&mut window, "How many of the best are merged");
    type_text(&mut window, "4");
    press(&mut window, Key::Enter);
    assert_eq!(last(&window).setup.choices.top, 4);
    more(&mut window, "Partner from");
    assert!(has(&window, "Partner from") && !has(&window, "Seed"));
    press(&mut window, Key::Escape);
    click(&mut window, "Strategy");
    click(&mut window, "Random pairs");
    assert_eq!(last(&window).setup.strategy, "random");
    more(&mut window, "Seed");
    assert!(has(&window, "Seed") && !has(&window, "Partner from"));
    more(&mut window, "Children kept");
    click(&mut window, "Children kept");
    click(&mut window, "the best only");
    assert_eq!(last(&window).setup.keep, kinfolk::study::Keep::Best);
    more(&mut window, "Limit on disk");
    click(&mut window, "Limit on disk");
    assert_eq!(last(&window).setup.most_bytes, Some(50_000_000_000));
    click(&mut window, "Folder of the children");
    let ask = Action::Evolution(EvolutionAction::AskForFolder(only(&window)));
    assert_eq!(window.state().asked, [ask]);
}

#[test]
fn founders_are_chosen_from_a_list() {
    let mut window = window_on(WIDE, ready);
    click(&mut window, "Founders");
    let mirror = window.get_by_role_and_label(Role::CheckBox, "mirror");
    mirror.click();
    window.run();
    let founders = last(&window).setup.founders;
    assert_eq!(founders.len(), 6);
    assert!(!founders.contains(&ModelId(4)));
    // The list stays open, so that several can be changed.
    click(&mut window, "None");
    assert!(last(&window).setup.founders.is_empty());
    press(&mut window, Key::Escape);
    assert!(says(&window, "Choose at least two founders"));
}

#[test]
fn every_stop_rule_has_a_switch() {
    let mut window = window_on(WIDE, ready);
    click(&mut window, "Stop rules");
    for what in ["tau", "gain", "merges", "evaluations", "minutes"] {
        click(&mut window, &format!("Stop by {what}"));
    }
    click(&mut window, "Stop by generations");
    press(&mut window, Key::Escape);
    let rules = last(&window).setup.rules;
    assert_eq!(rules.tau, Some(0.9));
    assert_eq!((rules.merges, rules.evaluations), (Some(40), Some(100)));
    assert_eq!(
        (rules.seconds, rules.patience_generations),
        (Some(1_800), Some(2))
    );
    assert!(rules.no_gain.is_some());
    assert_eq!(rules.generations, None);
}

#[test]
fn the_way_to_merge_is_chosen_and_its_text_can_be_written() {
    let mut window = window_on(WIDE, ready);
    click(&mut window, "Way to merge");
    // The popup finds its place some frames after it has found its size.
    window.run_steps(4);
    window.run();
    click(&mut window, "As in the paper");
    let recipe = last(&window).setup.recipe;
    assert!(
        recipe.contains("self_attn") && !recipe.contains("models"),
        "{recipe}"
    );
    click(&mut window, "TIES");
    let recipe = last(&window).setup.recipe;
    assert!(recipe.contains("merge_method: ties"), "{recipe}");
    let text = window.get_by_label("Recipe without models");
    text.focus();
    window.run();
    press(&mut window, Key::End);
    type_text(&mut window, " : [");
    assert!(says(&window, "valid YAML"));
}

#[test]
fn what_keeps_a_run_from_starting_is_said_with_the_way_out() {
    let mut window = window_on(WIDE, ready);
    assert!(says(&window, "abacus has no files here"));
    let run = window.get_by_label("Run");
    assert!(run.accesskit_node().is_disabled());
    click(&mut window, "Find its files…");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskWhereIs(ModelId(1)))]
    );
}

#[test]
fn a_folder_and_an_evaluator_that_are_missing_can_be_chosen_there() {
    let mut window = window_on(WIDE, |home| {
        let mut bench = demo(home);
        let evolution = bench.study().doc().evolutions.last().unwrap().clone();
        let mut setup = evolution.setup;
        setup.folder = None;
        let edit = EvolutionEdit::Change(evolution.id, Box::new(setup));
        bench.apply(Command::Evolution(edit));
        bench
    });
    click(&mut window, "Choose folder…");
    let ask = Action::Evolution(EvolutionAction::AskForFolder(only(&window)));
    assert_eq!(window.state().asked, [ask]);
    let mut setup = last(&window).setup;
    setup.folder = Some("/tmp/kinfolk-children".into());
    let id = only(&window);
    let change = EvolutionEdit::Change(id, Box::new(setup));
    let nobody = EvolutionEdit::SetEvaluator(Evaluator::BuiltIn { tasks: Vec::new() });
    for edit in [change, nobody] {
        window.state_mut().bench.apply(Command::Evolution(edit));
    }
    window.run();
    assert!(has(&window, "Set up evaluator…"));
}

#[test]
fn a_run_by_hand_waits_for_scores_goes_on_by_itself_and_ends() {
    let mut window = window_on(WIDE, |home| {
        let mut bench = demo(home);
        let evolution = bench.study().doc().evolutions[2].clone();
        let mut setup = evolution.setup;
        setup.rules = Rules {
            patience_generations: None,
            generations: Some(2),
            ..Rules::default()
        };
        let others = [0, 1, 3].map(EvolutionId);
        for id in others {
            bench.apply(Command::Evolution(EvolutionEdit::Remove(id)));
        }
        let edit = EvolutionEdit::Change(evolution.id, Box::new(setup));
        bench.apply(Command::Evolution(edit));
        bench
    });
    let id = only(&window);
    assert!(says(&window, "planned, generation 1"));
    click_stepping(&mut window, "Run");
    until(&mut window, id, |s| matches!(s, RunState::Waiting(_)));
    let made = window.state().bench.evolution_view(id).unwrap();
    assert_eq!(made.merges, 3);
    assert!(says(&window, "Waits for the scores of"));
    click(&mut window, "Type scores");
    assert!(window.state().asked.contains(&Action::Go(View::Models)));
    assert_eq!(window.state().bench.study().selection().models().len(), 3);
    // The parameter is there once, as it was set.
    let child = made.models[made.models.len() - 1];
    let recipe = &window
        .state()
        .bench
        .study()
        .doc()
        .model(child)
        .unwrap()
        .origin
        .recipe;
    assert_eq!(recipe.matches("t: 0.5").count(), 1, "{recipe}");
    type_scores(&mut window, id);
    until(&mut window, id, |s| matches!(s, RunState::Waiting(_)));
    let view = window.state().bench.evolution_view(id).unwrap();
    assert_eq!(view.members.last().unwrap().generation, 2);
    type_scores(&mut window, id);
    until(&mut window, id, |s| matches!(s, RunState::Ended(_)));
    assert!(says(&window, "The limit of generations is reached"));
    assert!(says(&window, "generation 2, score"));
}

/// While jobs run the window is not idle.
fn click_stepping(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

#[test]
fn a_run_is_paused_after_its_child_stopped_and_resumed() {
    let mut window = window_on(WIDE, demo);
    let id = EvolutionId(0);
    let tabs = window.query_all_by_label_contains("Greedy, ready");
    tabs.into_iter().next().unwrap().click();
    window.run();
    click_stepping(&mut window, "Run");
    // A job that has ended meanwhile leaves the run waiting; both can be paused.
    let pause = window
        .query_all_by_label_contains("Pause")
        .next()
        .expect("no way to pause");
    pause.click();
    until(&mut window, id, |s| *s == RunState::Paused);
    let made = window.state().bench.evolution_view(id).unwrap().merges;
    assert!((1..=3).contains(&made), "{made}");
    click_stepping(&mut window, "Resume");
    until(&mut window, id, |s| matches!(s, RunState::Waiting(_)));
    let view = window.state().bench.evolution_view(id).unwrap();
    assert_eq!(view.merges, 3, "nothing is made twice");
    // What would make another experiment of it is fixed, the rest is not.
    click(&mut window, "Set-up");
    assert!(!has(&window, "Strategy") && !has(&window, "Founders"));
    assert!(has(&window, "Stop rules"));
    click(&mut window, "More of the set-up");
    assert!(has(&window, "Children kept"));
}

#[test]
fn a_cluster_is_chosen_by_its_folder_and_left_again() {
    let mut window = window_on(WIDE, ready);
    let id = last(&window).id;
    more(&mut window, "On a cluster…");
    click(&mut window, "On a cluster…");
    let ask = Action::Evolution(EvolutionAction::AskForCluster(id));
    assert!(window.state().asked.contains(&ask));
    let mut own = last(&window).setup;
    own.cluster = Some(ClusterChoice {
        folder: "/farm/out".into(),
        works: true,
    });
    let edit = EvolutionEdit::Change(id, Box::new(own));
    // Where more is to be shown, the list is laid out anew.
    press(&mut window, Key::Escape);
    window.state_mut().bench.apply(Command::Evolution(edit));
    window.run();
    more(&mut window, "On a cluster…");
    let value = window
        .get_by_label("On a cluster…")
        .accesskit_node()
        .value();
    assert_eq!(value.as_deref(), Some("on a cluster: farm/out"));
    click(&mut window, "this computer works too");
    assert!(!last(&window).setup.cluster.unwrap().works);
    more(&mut window, "Here alone");
    click(&mut window, "Here alone");
    assert_eq!(last(&window).setup.cluster, None);
}

#[test]
fn a_duplicate_has_the_same_founders_and_another_strategy() {
    let mut window = window_on(WIDE, ready);
    let before = last(&window);
    click(&mut window, "Duplicate");
    click(&mut window, "Random pairs");
    let new = last(&window);
    assert_eq!(
        (new.name.as_str(), new.setup.strategy.as_str()),
        ("Random pairs", "random")
    );
    assert_eq!(new.setup.founders, before.setup.founders);
    assert_ne!(new.setup.folder, before.setup.folder);
    assert_ne!(new.id, before.id);
}

#[test]
fn an_evolution_is_renamed_noted_and_removed_and_undo_brings_it_back() {
    let mut window = window_on(WIDE, ready);
    click(&mut window, "More of this evolution");
    click(&mut window, "Rename");
    type_text(&mut window, " of seven");
    press(&mut window, Key::Enter);
    assert_eq!(last(&window).name, "With kinship of seven");
    click(&mut window, "More of this evolution");
    click(&mut window, "Rename");
    type_text(&mut window, " and more");
    press(&mut window, Key::Escape);
    assert_eq!(last(&window).name, "With kinship of seven");
    click(&mut window, "More of this evolution");
    click(&mut window, "Edit note");
    type_text(&mut window, "A first try");
    press(&mut window, Key::Enter);
    assert_eq!(last(&window).note, "A first try");
    click(&mut window, "More of this evolution");
    click(&mut window, "Remove from study");
    assert!(window.state().bench.study().doc().evolutions.is_empty());
    window.state_mut().bench.apply(Command::Undo);
    window.run();
    assert_eq!(last(&window).name, "With kinship of seven");
}

/// A run that has ended beside one that has not.
fn compared(home: &Path) -> Workbench {
    let mut bench = family(home);
    for (name, by, steps) in [("Greedy", "greedy", 200), ("With kinship", "kinship", 12)] {
        let own = setup(&bench, by, &home.join(by));
        let id = add(&mut bench, name, own);
        run(&mut bench, id, steps);
    }
    bench
}

#[test]
fn the_columns_show_what_the_record_has() {
    let mut window = window_on(vec2(1500.0, 1000.0), compared);
    let id = only(&window);
    let view = window.state().bench.evolution_view(id).unwrap();
    assert!(view.merges > 4);
    for (&model, member) in view.models.iter().zip(&view.members) {
        let name = window.state().bench.study().doc().name_of(model).to_owned();
        let score = member
            .score
            .map_or("no score".to_owned(), |s| format!("score {s:.2}"));
        let generation = match member.generation {
            0 => "founder".to_owned(),
            n => format!("generation {n}"),
        };
        let words = format!("{name}, {generation}, {score}");
        assert!(says(&window, &words), "{words}");
    }
    assert!(says(&window, "made to explore"));
    let first = "with-kinship-1-1, generation 1";
    window.get_by_label_contains(first).click();
    window.run();
    let selected = window.state().bench.study().selection().models();
    assert_eq!(selected, [view.models[7]]);
    window.get_by_label_contains(first).focus();
    window.run();
    press(&mut window, Key::Enter);
    assert_eq!(
        window.state().bench.study().selection().models(),
        [view.models[7]]
    );
}

#[test]
fn the_curves_go_by_what_is_chosen_and_can_be_saved() {
    let mut window = window_on(WIDE, compared);
    let mut csv = |by: &str| {
        click(&mut window, by);
        click(&mut window, "Save or copy the chart");
        click(&mut window, "Save as CSV…");
        match window.state().asked.last() {
            Some(Action::Export(export)) => {
                String::from_utf8(export.content.bytes().unwrap()).unwrap()
            }
            other => panic!("{other:?}"),
        }
    };
    let [merges, generations, evaluations] =
        ["By merges", "By generation", "By evaluations"].map(&mut csv);
    let greedy = window.state().bench.evolution_view(EvolutionId(0)).unwrap();
    let founders = 7;
    // Where the curve of the run that has ended ends.
    let end = |table: &str| {
        let mut rows = csv::Reader::from_reader(table.as_bytes());
        let rows = rows.records().map(Result::unwrap);
        let of_greedy = rows.filter(|r| &r[3] == "line" && &r[4] == "Greedy" && &r[0] == "1");
        let xs = of_greedy.map(|r| r[7].parse::<f64>().unwrap());
        xs.fold(0.0, f64::max)
    };
    assert_eq!(end(&merges), greedy.merges as f64);
    assert_eq!(end(&generations) as usize + 1, greedy.generations.len());
    assert_eq!(end(&evaluations) as usize, greedy.merges + founders);
}

#[test]
fn the_table_leads_to_the_other_run() {
    let mut window = window_on(WIDE, compared);
    assert!(says(&window, "With kinship, paused"));
    window.get_by_role_and_label(Role::Button, "Greedy").click();
    window.run();
    assert!(says(&window, "Go on"), "the run that has ended is shown");
}

#[test]
fn two_hundred_models_are_laid_out_only_where_they_are_seen() {
    let names: Vec<String> = (0..200).map(|k| format!("model-{k}")).collect();
    let mut window = window_on(WIDE, move |home| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut bench = bench_of(home, &names);
        score_founders(&mut bench);
        let own = setup(&bench, "greedy", home);
        add(&mut bench, "Large", own);
        bench
    });
    let cards = window.query_all_by_label_contains(", founder,").count();
    assert!((3..30).contains(&cards), "{cards}");
    click(&mut window, "Founders");
    let boxes = window.query_all_by_role(Role::CheckBox).count();
    assert!(boxes < 30, "{boxes}");
}

#[test]
fn odd_names_no_scores_and_no_base_are_drawn() {
    let long =
        "a-name-of-ninety-characters-that-nobody-would-choose-but-somebody-has-chosen-all-the-same";
    for size in [WIDE, vec2(660.0, 420.0)] {
        let mut window = window_on(size, |home| {
            let mut bench = bench_of(home, &[long, "中文模型的名字"]);
            let all: Vec<ModelId> = bench.study().doc().models.iter().map(|m| m.id).collect();
            let none = kinfolk::study::ModelEdit::SetBase(all, None);
            bench.apply(Command::Model(none));
            let own = setup(&bench, "kinship", home);
            add(&mut bench, long, own);
            bench
        });
        assert!(says(&window, "中文模型的名字, founder, no score"));
        click(&mut window, "Set-up");
        assert!(!has(&window, "Founders"));
    }
}

#[test]
fn the_palette_makes_an_evolution_and_runs_it() {
    let home = tempfile::tempdir().unwrap();
    let mut window = harness::window(home.path(), vec![]);
    window.run_steps(3);
    harness::click(&mut window, "Explore the demo");
    harness::settle(&mut window);
    harness::command(&mut window, "New evolution");
    let bench = window.state().workbench();
    let new = bench.study().doc().evolutions.last().unwrap().clone();
    assert_eq!(
        (new.name.as_str(), new.setup.founders.len()),
        ("Evolution", 7)
    );
    assert_eq!(window.state().prefs().view, View::Evolution);
    harness::command(&mut window, "Run evolution Evolution");
    let bench = window.state().workbench();
    let state = bench.run_state(new.id);
    assert!(matches!(state, RunState::Running(_)), "{state:?}");
    harness::command(&mut window, "Stop evolution Evolution");
    harness::settle(&mut window);
    let bench = window.state().workbench();
    assert_eq!(bench.run_state(new.id), RunState::Paused);
}
