//! Changes per layer of the demo family, against the whole that they are parts of.

use std::path::Path;

use kinfolk::kinship::{Grain, Metric};
use kinfolk::study::chart::{ChartChoices, ChartKind};
use kinfolk::study::{Command, ModelId, Selection};
use kinfolk::workbench::{Folders, Workbench};

fn demo(home: &Path) -> Workbench {
    let mut bench = Workbench::new(Folders::below(home), || {});
    bench.open_demo();
    bench.wait(|_| {});
    bench
}

fn id(bench: &Workbench, name: &str) -> ModelId {
    let models = &bench.study().doc().models;
    models.iter().find(|m| m.name == name).unwrap().id
}

#[test]
fn layers_add_up_to_the_distance_of_two_models() {
    let home = tempfile::tempdir().unwrap();
    let bench = demo(home.path());
    let (a, b) = (id(&bench, "abacus"), id(&bench, "mirror"));
    let layers = bench.layer_changes(a, Some(b)).unwrap();
    let base = bench.study().doc().model(a).unwrap().base.unwrap();
    let kinship = bench.measured(base).unwrap().kinship();
    let groups = kinship.groups(Grain::Layer);
    assert_eq!(layers.len(), groups.len());
    let squares = groups.iter().zip(&layers).map(|(group, (name, change))| {
        assert_eq!(*name, group.name);
        let count: u64 = group
            .tensors
            .iter()
            .map(|&k| kinship.tensors[k].gram.count)
            .sum();
        count as f64 * change * change
    });
    let whole = squares.sum::<f64>().sqrt();
    let distance = bench.kinship_of(a, b, Metric::EUCLIDEAN).unwrap();
    // Sums of a few thousand squares in f64.
    assert!((whole / distance - 1.0).abs() < 1e-12, "{whole} {distance}");
    assert_eq!(bench.layer_changes(b, Some(a)), Some(layers));
}

#[test]
fn against_its_base_a_model_changes_by_its_own_task_vector() {
    let home = tempfile::tempdir().unwrap();
    let bench = demo(home.path());
    let a = id(&bench, "abacus");
    let base = bench.study().doc().model(a).unwrap().base.unwrap();
    let own = bench.layer_changes(a, None).unwrap();
    assert!(own.iter().all(|(_, change)| *change > 0.0));
    assert_eq!(bench.layer_changes(a, Some(base)).as_ref(), Some(&own));
    let itself = bench.layer_changes(a, Some(a)).unwrap();
    assert!(itself.iter().all(|(_, change)| *change == 0.0));
    assert_eq!(bench.layer_changes(base, None), None);
}

#[test]
fn the_figure_follows_choices_and_selection() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = demo(home.path());
    let choices = ChartChoices {
        kind: ChartKind::Layers,
        ..ChartChoices::default()
    };
    let (a, b) = (id(&bench, "abacus"), id(&bench, "mirror"));
    // Without a choice the first model that is measured stands there.
    let first = bench.figure(&choices).unwrap();
    assert_eq!(first.title, "Weight change per layer of abacus");
    bench.apply(Command::Select(Selection::Models(vec![b])));
    let one = bench.figure(&choices).unwrap();
    assert_eq!(one.title, "Weight change per layer of mirror");
    bench.apply(Command::Select(Selection::Models(vec![a, b])));
    let map = bench.figure(&choices).unwrap();
    assert_eq!(map.panels[0].y.names, ["abacus", "mirror"]);
    let matrix = ChartChoices {
        kind: ChartKind::Matrix,
        ..ChartChoices::default()
    };
    let figure = bench.figure(&matrix).unwrap();
    assert!(
        figure.caption.ends_with("n = 7 models"),
        "{}",
        figure.caption
    );
    assert!(figure.caption.contains("21 pairs"), "{}", figure.caption);
}
