//! What stands in the matrix's place, or in a part of it: nothing measured, something missing,
//! names and numbers of every size.

use super::*;

#[test]
fn without_models_the_view_says_what_to_add() {
    let (dir, mut bench) = bench();
    bench.new_study();
    let mut window = window(dir, bench);
    sentence(&window, "No models yet");
    click(&mut window, "Add models…");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskForFolders)]
    );
}

#[test]
fn without_a_base_the_view_leads_to_the_models() {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let all: Vec<ModelId> = bench.study().doc().models.iter().map(|m| m.id).collect();
    bench.apply(Command::Model(ModelEdit::SetBase(all, None)));
    let mut window = window(dir, bench);
    sentence(&window, "No base is chosen");
    click(&mut window, "Go to models");
    assert_eq!(window.state().asked, [Action::Go(View::Models)]);
}

#[test]
fn a_model_alone_in_the_study_has_no_kin() {
    let (dir, bench) = family(&[BASE]);
    sentence(&window(dir, bench), "One model alone has no kin");
}

#[test]
fn an_only_descendant_shows_the_length_of_its_change() {
    let window = measured(&[BASE, ("one", [3.0, 0.0, 0.0, 4.0])]);
    // Both tensors hold a change of length 5.
    sentence(&window, "|δ| 7.071");
    sentence(&window, "A matrix needs two models");
}

#[test]
fn what_is_not_measured_is_offered_with_its_size() {
    let (dir, bench) = family(&[BASE, ONE, TWO]);
    let mut window = window(dir, bench);
    sentence(&window, "Measuring 2 fine-tunes of base reads");
    click(&mut window, "Measure kinship");
    let base = base_of(&window.state().bench);
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::Measure { base, anew: false })]
    );
}

#[test]
fn a_base_that_cannot_be_read_is_asked_for() {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let base = base_of(&bench);
    let nowhere = dir.path().join("nowhere");
    bench.apply(Command::Model(ModelEdit::Relocate(base, nowhere)));
    bench.wait(|_| {});
    let mut window = window(dir, bench);
    sentence(&window, "The files of the base base cannot be read");
    click(&mut window, "Find the base again…");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskWhereIs(base))]
    );
}

#[test]
fn a_running_measurement_tells_how_far_it_is_and_can_be_cancelled() {
    let mut window = demo();
    let base = base_of(&window.state().bench);
    let bench = &mut window.state_mut().bench;
    bench.measure(base, true);
    let job = bench.measuring(base).unwrap();
    window.run();
    sentence(&window, "Measuring kinship");
    sentence(&window, " %");
    window.get_by_label("abacus × mirror not measured yet");
    assert!(
        window
            .get_by_label("Save as CSV…")
            .accesskit_node()
            .is_disabled()
    );
    click(&mut window, "Cancel");
    assert_eq!(window.state().asked, [Action::Cancel(job)]);
    window.state_mut().bench.wait(|_| {});
    window.run();
    window.get_by_label("abacus × mirror 0.113");
}

#[test]
fn a_new_model_leaves_its_cells_blank_until_it_is_measured() {
    let mut window = measured(&[BASE, ONE, TWO]);
    let bench = &mut window.state_mut().bench;
    let base = base_of(bench);
    let folder = bench.folders().data.join("three");
    write_model(&folder, &layer(&[1.0, 1.0, 0.0, 0.0]));
    let three = NewModel {
        name: "three".to_owned(),
        path: Some(folder),
        base: Some(BaseRef::Known(base)),
    };
    bench.apply(Command::Model(ModelEdit::Add(vec![three])));
    bench.wait(|_| {});
    window.run();
    sentence(&window, "1 model is not measured yet");
    sentence(&window, "3 models, 2 of them measured");
    click(&mut window, "one × three not measured yet");
    sentence(&window, "three is not measured yet");
    click(&mut window, "Measure 1 model");
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::Measure { base, anew: false })]
    );
}

#[test]
fn a_file_that_changed_and_one_that_vanished_are_told_apart() {
    let mut window = measured(&[BASE, ONE, TWO, ("three", [1.0, 1.0, 0.0, 0.0])]);
    let bench = &mut window.state_mut().bench;
    let path = |k: usize| bench.study().doc().models[k].path.clone().unwrap();
    let (changed, gone) = (path(1), path(2));
    let mut parts = layer(&[5.0, 4.0, 3.0, 2.0]);
    parts.push(f32_part("extra", &[1], &[0.0]));
    write_model(&changed, &parts);
    std::fs::remove_dir_all(gone).unwrap();
    bench.look_at_disk();
    bench.wait(|_| {});
    window.run();
    sentence(&window, "1 model changed since it was measured");
    window.get_by_label("Measure 1 model");
    sentence(&window, "The files of two are missing or cannot be read");
    click(&mut window, "Find again…");
    let two = window.state().bench.study().doc().models[2].id;
    assert_eq!(
        window.state().asked,
        [Action::Models(ModelsAction::AskWhereIs(two))]
    );
}

#[test]
fn a_model_equal_to_its_base_has_no_kinship_and_the_reason_is_told() {
    let mut window = measured(&[BASE, ONE, ("same", [0.0; 4])]);
    click(&mut window, "one × same –");
    sentence(&window, "same is equal to the base here");
}

#[test]
fn what_was_left_out_is_counted_listed_and_copied() {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let path = bench.study().doc().models[2].path.clone().unwrap();
    write_model(&path, &layer(&TWO.1)[..1]);
    bench.look_at_disk();
    bench.wait(|_| {});
    bench.measure(base_of(&bench), false);
    bench.wait(|_| {});
    let mut window = window(dir, bench);
    click(&mut window, "1 tensor left out");
    sentence(&window, "model.layers.0.mlp.up_proj.weight, two:");
    click(&mut window, "Copy list");
    let [Action::Copy { text, .. }] = &window.state().asked[..] else {
        panic!();
    };
    assert!(
        text.starts_with("model.layers.0.mlp.up_proj.weight\ttwo\t"),
        "{text}"
    );
}

#[test]
fn two_models_long_names_and_other_scripts_have_their_place() {
    let long = "a-name-of-ninety-characters-".repeat(4);
    let mut window = measured(&[BASE, (&long[..90], ONE.1), ("中文模型", TWO.1)]);
    window.get_by_label_contains("× 中文模型");
    let models = &window.state().bench.study().doc().models;
    let pair = Selection::Pair(models[1].id, models[2].id);
    select(&mut window, pair);
    sentence(&window, "× 中文模型");
    choose(&mut window, "Metric", "Euclidean distance");
    choose(&mut window, "Order", "By name");
}

#[test]
fn two_hundred_models_are_one_picture() {
    let names: Vec<String> = (0..201).map(|k| format!("model {k}")).collect();
    let models: Vec<(&str, [f32; 4])> = names
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let x = k as f32;
            (name.as_str(), [x.sin(), (x * 1.7).cos(), x % 7.0, 1.0])
        })
        .collect();
    let mut window = measured(&models);
    sentence(&window, "200 models, ");
    sentence(&window, " directions, mean kinship");
    click(&mut window, "Copy as table");
    let [Action::Copy { text, .. }] = &window.state().asked[..] else {
        panic!();
    };
    assert_eq!(text.lines().count(), 201);
}

#[test]
fn several_families_are_chosen_from() {
    let mut window = demo();
    let bench = &mut window.state_mut().bench;
    let models = &bench.study().doc().models;
    let (abacus, ledger) = (models[1].id, models[3].id);
    bench.apply(Command::Model(ModelEdit::SetBase(
        vec![ledger],
        Some(abacus),
    )));
    bench.apply(Command::View(ViewEdit::Base(None)));
    window.run();
    choose(&mut window, "Family", "abacus");
    assert_eq!(base_of(&window.state().bench), abacus);
    sentence(&window, "Kinship is not measured yet");
}
