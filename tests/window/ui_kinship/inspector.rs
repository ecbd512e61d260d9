//! The inspector of a pair.

use super::*;

/// The inspector of a pair of the demo.
fn inspector(a: usize, b: usize) -> Window {
    let (dir, mut bench) = bench();
    bench.open_demo();
    bench.wait(|_| {});
    let stage = Stage {
        bench,
        view: KinshipView::default(),
        asked: Vec::new(),
        _dir: dir,
    };
    styled(vec2(300.0, 760.0), stage, move |ui, stage: &mut Stage| {
        let id = |k: usize| stage.bench.study().doc().models[k].id;
        pair_ui(
            ui,
            &stage.bench,
            (id(a), id(b)),
            View::Models,
            &mut stage.asked,
        );
    })
}

#[test]
fn the_inspector_tells_every_measure_of_a_pair() {
    let mut harness = inspector(1, 4);
    for label in [
        "Pearson 0.113 0.126",
        "Absolute cosine 0.113 0.129",
        "Distance 8.212 1.685",
        "|δ| abacus 6.738",
        "MLP 0.115 0.114 528 k",
    ] {
        harness.get_by_label(label);
    }
    click(&mut harness, "Show in matrix");
    click(&mut harness, "Copy");
    let [Action::Go(View::Kinship), Action::Copy { text, .. }] = &harness.state().asked[..] else {
        panic!("{:?}", harness.state().asked);
    };
    assert!(
        text.starts_with("abacus × mirror\tWhole model\tMean over tensors\nPearson\t0.11276650")
    );
}

#[test]
fn the_inspector_says_why_a_base_and_its_model_have_no_kinship() {
    let harness = inspector(0, 4);
    let found = harness.query_all_by_label_contains("base is the base of mirror");
    assert_eq!(found.count(), 1);
}

/// A family in which the last model has a tensor that is not finite.
fn with_nan() -> Window {
    let (dir, mut bench) = family(&[BASE, ONE, TWO]);
    let path = bench.study().doc().models[2].path.clone().unwrap();
    let mut parts = layer(&TWO.1);
    parts[1] = layer(&[f32::NAN; 4]).remove(1);
    write_model(&path, &parts);
    bench.look_at_disk();
    bench.wait(|_| {});
    bench.measure(base_of(&bench), false);
    bench.wait(|_| {});
    window(dir, bench)
}

/// The inspector beside nothing, of the workbench of a window.
fn inspector_of(window: Window, a: usize, b: usize) -> Window {
    let stage = window.into_state();
    styled(vec2(300.0, 760.0), stage, move |ui, stage: &mut Stage| {
        let id = |k: usize| stage.bench.study().doc().models[k].id;
        pair_ui(
            ui,
            &stage.bench,
            (id(a), id(b)),
            View::Models,
            &mut stage.asked,
        );
    })
}

#[test]
fn tensors_that_were_left_out_of_a_pair_count_for_nothing_in_it() {
    let mut window = with_nan();
    click(&mut window, "one × two −0.866");
    window.get_by_label("model.layers.0.mlp.up_proj.weight – left out");
    let window = inspector_of(window, 1, 2);
    window.get_by_label("Over 4 numbers, 50.0 % of the larger model");
    window.get_by_label("attention −0.866 −0.866 4");
    assert!(window.query_by_label_contains("MLP ").is_none());
}

#[test]
fn lengths_and_distance_of_a_pair_are_over_the_same_tensors() {
    let window = inspector_of(with_nan(), 1, 2);
    // Of the attention alone: 3, 0, 1, 0 and 0, 2, 1, 1.
    window.get_by_label("|δ| one 3.162");
    window.get_by_label("|δ| two 2.449");
    window.get_by_label("Distance 3.742 3.742");
}

#[test]
fn kinds_have_the_value_of_the_map_in_the_inspector_too() {
    let mut window = demo();
    choose(&mut window, "Aggregate", "Mean over tensors");
    choose(&mut window, "Scope", "Norm");
    window.get_by_label("abacus × mirror 0.139");
    let window = inspector_of(window, 1, 4);
    let row = window.get_by_label_contains(" 0.139 ");
    let row = row.accesskit_node().value().unwrap();
    assert!(row.starts_with("norm 0.779 0.139 "), "{row}");
}

#[test]
fn a_pair_without_values_has_a_reason_and_no_chart() {
    let mut window = measured(&[BASE, ONE, TWO, ("twin", [0.0; 4])]);
    click(&mut window, "one × twin –");
    sentence(
        &window,
        "twin is equal to the base here, so no layer has a value",
    );
    assert!(window.query_by_label_contains("by Layer").is_none());
}

#[test]
fn one_twin_does_not_hide_the_mean_of_the_others() {
    let mut window = measured(&[BASE, ONE, TWO, ("twin", [0.0; 4])]);
    let expected = "– because twin is equal to its base; −0.866 over the other pair";
    sentence(&window, &format!("mean kinship {expected}"));
    sentence(&window, "with undefined pairs");
    click(&mut window, "one");
    click_with(&mut window, "two", Modifiers::COMMAND);
    click_with(&mut window, "twin", Modifiers::COMMAND);
    sentence(&window, &format!("Kinship of these 3 models: {expected}"));
}
