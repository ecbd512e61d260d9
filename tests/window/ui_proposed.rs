//! A lineage proposed in the whole window: the demo family without its record, asked for by label,
//! accepted, taken back, dismissed.

use std::path::Path;

use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2};
use egui_kittest::kittest::Queryable;
use kinfolk::ui::prefs::Prefs;

use crate::harness::{Window, bench, click, doc, event, opened, press, says, settle};

const FAMILY: [&str; 8] = [
    "abacus", "arith", "base", "ledger", "mirror", "order", "sorter", "tally",
];

/// The family in a window that shows its lineage; what is recorded of each model comes as JSON.
fn window(home: &Path, recorded: &dyn Fn(usize) -> &'static str) -> Window {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let model = |(id, name): (usize, &&str)| {
        let path = serde_json::to_string(&demo.join(name)).unwrap();
        let more = recorded(id);
        format!(r#"{{"id": {id}, "name": "{name}", "path": {path}{more}}}"#)
    };
    let models: Vec<String> = FAMILY.iter().enumerate().map(model).collect();
    let text = format!(
        r#"{{"kinfolk": "study", "version": 1, "name": "family", "models": [{}]}}"#,
        models.join(", ")
    );
    let study = home.join("family.kinfolk.json");
    std::fs::write(&study, text).unwrap();
    let size = crate::harness::WIDE;
    let mut window = opened(size, bench(home), Prefs::default(), Vec::new(), vec![study]);
    settle(&mut window);
    click(&mut window, "Lineage");
    window
}

fn propose(window: &mut Window) {
    click(window, "Propose a lineage…");
    settle(window);
}

/// The parents of every model, by name.
fn parents(window: &Window) -> Vec<(String, String)> {
    let doc = doc(window);
    let of = |model: &kinfolk::study::Model| {
        let name = model.name.clone();
        let parents = model.parents.iter();
        let pairs = parents.map(move |&id| (doc.name_of(id).to_owned(), name.clone()));
        pairs.collect::<Vec<_>>()
    };
    doc.models.iter().flat_map(of).collect()
}

#[test]
fn a_lineage_is_proposed_accepted_and_taken_back_in_one_step() {
    let home = tempfile::tempdir().unwrap();
    let mut window = window(home.path(), &|_| "");
    propose(&mut window);
    assert!(says(&window, "7 parents proposed"));
    click(&mut window, "Accept arith → abacus");
    assert_eq!(
        parents(&window),
        [("arith".to_owned(), "abacus".to_owned())]
    );
    assert!(says(&window, "6 parents proposed, 1 recorded already"));
    click(&mut window, "Accept all");
    assert_eq!(parents(&window).len(), 7);
    let base = |name: &str| {
        let model = doc(&window).models.iter().find(|m| m.name == name).unwrap();
        model.base.map(|id| doc(&window).name_of(id).to_owned())
    };
    assert_eq!(
        (base("ledger").as_deref(), base("base")),
        (Some("base"), None)
    );
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(parents(&window).len(), 1);
    assert!(says(&window, "6 parents proposed"));
}

#[test]
fn what_the_record_says_otherwise_is_marked_and_can_be_dismissed() {
    let home = tempfile::tempdir().unwrap();
    let wrong = |id| if id == 0 { r#", "parents": [4]"# } else { "" };
    let mut window = window(home.path(), &wrong);
    propose(&mut window);
    assert!(says(&window, "1 against the record"));
    click(&mut window, "Dismiss arith → abacus");
    assert!(!says(&window, "against the record"));
    click(&mut window, "Dismiss all");
    assert!(says(&window, "Nothing new"));
    assert_eq!(
        parents(&window),
        [("mirror".to_owned(), "abacus".to_owned())]
    );
    click(&mut window, "Close the proposal");
    assert!(window.query_by_label("Close the proposal").is_none());
}

#[test]
fn the_tree_of_the_matrix_is_cut_into_clusters_by_another_linkage() {
    let home = tempfile::tempdir().unwrap();
    let of_base = |id| if id == 2 { "" } else { r#", "base": 2"# };
    let mut window = window(home.path(), &of_base);
    click(&mut window, "Kinship");
    if window.query_by_label("Tree and clusters").is_none() {
        click(&mut window, "Measure kinship");
    }
    settle(&mut window);
    assert!(says(&window, "directions"));
    click(&mut window, "Tree and clusters");
    click(&mut window, "Ward's linkage");
    window.get_by_label("Number of clusters").focus();
    press(&mut window, Modifiers::NONE, Key::ArrowUp);
    let tree = doc(&window).view.tree;
    assert_eq!(tree.linkage, kinfolk::kinship::Linkage::Ward);
}

#[test]
fn the_cut_of_the_tree_is_dragged_clicked_and_moved_by_keys() {
    let home = tempfile::tempdir().unwrap();
    let of_base = |id| if id == 2 { "" } else { r#", "base": 2"# };
    let mut window = window(home.path(), &of_base);
    click(&mut window, "Kinship");
    if window.query_by_label("Tree and clusters").is_none() {
        click(&mut window, "Measure kinship");
    }
    settle(&mut window);
    let clusters = |window: &Window| doc(window).view.tree.clusters;
    let tree = window.get_by_label("Cut of the tree").rect();
    let at = |share: f32| Pos2::new(tree.left() + share * tree.width(), tree.center().y);
    // The root is at the left, beyond which nothing is cut; the leaves are at the right.
    drag(&mut window, at(0.02), at(0.4));
    let some = clusters(&window);
    assert!((2..7).contains(&some), "{some}");
    drag(&mut window, at(0.4), at(0.995));
    assert_eq!(clusters(&window), 7, "every model for itself");
    drag(&mut window, at(0.995), at(0.02));
    assert_eq!(clusters(&window), 1);
    window.get_by_label("Cut of the tree").focus();
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert_eq!(clusters(&window), 3);
    press(&mut window, Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(clusters(&window), 2);
    click(&mut window, "Tree and clusters");
    assert!(says(&window, "clusters"));
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    let button = |window: &mut Window, pos: Pos2, pressed: bool| {
        event(
            window,
            Event::PointerButton {
                pos,
                button: PointerButton::Primary,
                pressed,
                modifiers: Modifiers::NONE,
            },
        );
    };
    event(window, Event::PointerMoved(from));
    button(window, from, true);
    for share in [0.5, 1.0] {
        event(window, Event::PointerMoved(from + (to - from) * share));
    }
    button(window, to, false);
}
