//! The lineage view, driven by its labels: list, canvas, search, runs, menus, exports, and
//! what stands in it when there is little to show.

use eframe::egui::accesskit::{Role, Toggled};
use eframe::egui::{Event, Key, Modifiers, Pos2, Rect, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use kinfolk::kinship::Metric;
use kinfolk::study::{Command, Entry, ModelEdit, ModelId, Selection};
use kinfolk::ui::action::{Action, Export, ImportAction, ModelsAction, View};
use kinfolk::ui::theme;
use kinfolk::ui::views::LineageView;
use kinfolk::workbench::Workbench;

use crate::lineages::{bench, community, evolution, import, merge};

/// The view with its workbench; what it asks of the study is done, the rest is kept.
struct Stage {
    bench: Workbench,
    view: LineageView,
    session: u64,
    asked: Vec<Action>,
    _home: tempfile::TempDir,
}

type Window = Harness<'static, Stage>;

fn window_of(size: Vec2, entries: Vec<Entry>) -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    if !entries.is_empty() {
        import(&mut bench, entries);
    }
    window_on(size, home, bench)
}

fn window_on(size: Vec2, home: tempfile::TempDir, bench: Workbench) -> Window {
    let stage = Stage {
        session: bench.session_number(),
        bench,
        view: LineageView::default(),
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
                // As the window does.
                let session = stage.bench.session_number();
                if std::mem::replace(&mut stage.session, session) != session {
                    stage.view.study_opened();
                }
                let mut out = Vec::new();
                stage.view.ui(ui, &stage.bench, &mut out);
                for action in out {
                    match action {
                        Action::Study(command) => stage.bench.apply(command),
                        other => stage.asked.push(other),
                    }
                }
            },
            stage,
        );
    window.run();
    window
}

/// Three founders, two generations.
fn family() -> Vec<Entry> {
    vec![
        merge("alpha", &[], "greedy", 0, 60.0),
        merge("beta", &[], "greedy", 0, 62.0),
        merge("gamma", &[], "guided", 0, 61.0),
        merge("child-1", &["alpha", "beta"], "greedy", 1, 64.0),
        merge("child-2", &["beta", "gamma"], "guided", 1, 63.0),
        merge("grandchild", &["child-1", "child-2"], "guided", 2, 65.5),
    ]
}

fn selected(window: &Window) -> Vec<String> {
    let study = window.state().bench.study();
    let name = |id: &ModelId| study.doc().name_of(*id).to_owned();
    study.selection().models().iter().map(name).collect()
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run();
}

fn press(window: &mut Window, key: Key) {
    window.key_press_modifiers(Modifiers::NONE, key);
    window.run();
}

fn rect(window: &Window, label: &str) -> Rect {
    window.get_by_label(label).rect()
}

fn is_selected(window: &Window, label: &str) -> bool {
    let node = window.get_by_label(label);
    node.accesskit_node().toggled() == Some(Toggled::True)
}

fn export(window: &Window) -> &Export {
    match window.state().asked.last() {
        Some(Action::Export(export)) => export,
        other => panic!("{other:?}"),
    }
}

const WIDE: Vec2 = vec2(1100.0, 760.0);
const ROW: &str = "child-1, generation 1, average 64.00, best of its generation, \
                   made from alpha and beta, 1 child";

#[test]
fn a_model_selected_in_the_list_is_selected_everywhere() {
    let mut window = window_of(WIDE, family());
    click(&mut window, ROW);
    assert_eq!(selected(&window), ["child-1"]);
    assert!(is_selected(&window, ROW) && is_selected(&window, "child-1 64.00"));
    assert!(!is_selected(&window, "child-2 63.00"));
}

#[test]
fn a_model_clicked_on_the_canvas_is_selected_and_ctrl_adds() {
    let mut window = window_of(WIDE, family());
    click(&mut window, "child-2 63.00");
    assert_eq!(selected(&window), ["child-2"]);
    let at = rect(&window, "alpha 60.00").center();
    click_at(&mut window, at, Modifiers::COMMAND);
    assert_eq!(selected(&window), ["child-2", "alpha"]);
    let empty = rect(&window, "grandchild 65.50").center() + vec2(0.0, 200.0);
    click_at(&mut window, empty, Modifiers::NONE);
    assert!(selected(&window).is_empty());
}

fn click_at(window: &mut Window, at: Pos2, modifiers: Modifiers) {
    pointer(window, at, at, modifiers);
}

/// Presses, moves and lets go.
fn pointer(window: &mut Window, from: Pos2, to: Pos2, modifiers: Modifiers) {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: eframe::egui::PointerButton::Primary,
        pressed,
        modifiers,
    };
    window.event(Event::ModifiersChanged(modifiers));
    window.event(Event::PointerMoved(from));
    window.step();
    window.event(button(from, true));
    window.step();
    if from != to {
        for share in [0.3, 0.6, 1.0] {
            window.event(Event::PointerMoved(from + (to - from) * share));
            window.step();
        }
    }
    window.event(button(to, false));
    window.step();
    window.event(Event::ModifiersChanged(Modifiers::NONE));
    window.run();
}

#[test]
fn generations_stand_from_left_to_right() {
    let window = window_of(WIDE, family());
    let x = |label: &str| rect(&window, label).center().x;
    assert_eq!(x("alpha 60.00"), x("gamma 61.00"));
    assert!(x("beta 62.00") < x("child-1 64.00"));
    assert!(x("child-2 63.00") < x("grandchild 65.50"));
}

/// The demo: a base, fine-tunes of it, and fine-tunes of one of these.
fn demo(size: Vec2) -> Window {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    bench.open_demo();
    bench.wait(|_| {});
    window_on(size, home, bench)
}

#[test]
fn columns_are_the_base_its_fine_tunes_and_one_a_generation() {
    let window = demo(WIDE);
    window.get_by_label("Base, 1 model");
    window.get_by_label("Fine-tunes, 5 models");
    window.get_by_label("Fine-tunes, step 2, 2 models");
    let most = |label: &str| {
        let found = window.get_all_by_label_contains(label);
        found.map(|node| node.rect().center().x).fold(0.0, f32::max)
    };
    assert!(most("base 57") < most("arith 70") && most("arith 70") < most("ledger 74"));
    assert!(window.query_by_label("kinship not known").is_none());
    let window = window_of(WIDE, family());
    for head in [
        "Founders, 3 models",
        "Generation 1, 2 models",
        "Generation 2, 1 model",
    ] {
        window.get_by_label(head);
    }
    window.get_by_label("kinship not known");
}

#[test]
fn a_lineage_fills_its_canvas_both_ways() {
    let window = demo(WIDE);
    let canvas = window.get_by_label_contains("Lineage of").rect();
    let pills = ["base 57.58", "abacus 74.83", "tally 66.00", "ledger 74.92"];
    let all = pills.iter().map(|label| rect(&window, label));
    let all = all.reduce(Rect::union).unwrap();
    assert!(all.width() > 0.8 * canvas.width(), "{all} in {canvas}");
    assert!(all.height() > 0.7 * canvas.height(), "{all} in {canvas}");
}

#[test]
fn dragging_moves_the_canvas_and_the_key_f_brings_it_back() {
    let mut window = window_of(WIDE, family());
    let before = rect(&window, "alpha 60.00");
    let empty = before.center() - vec2(0.0, 150.0);
    pointer(
        &mut window,
        empty,
        empty + vec2(60.0, 40.0),
        Modifiers::NONE,
    );
    let moved = rect(&window, "alpha 60.00");
    assert!((moved.min - before.min - vec2(60.0, 40.0)).length() < 1.5);
    press(&mut window, Key::F);
    assert!((rect(&window, "alpha 60.00").min - before.min).length() < 0.5);
}

#[test]
fn a_pill_is_no_obstacle_to_dragging() {
    let mut window = window_of(WIDE, family());
    let before = rect(&window, "beta 62.00");
    let at = before.center();
    pointer(&mut window, at, at + vec2(50.0, 0.0), Modifiers::NONE);
    assert!((rect(&window, "beta 62.00").min.x - before.min.x - 50.0).abs() < 1.5);
    assert!(selected(&window).is_empty());
}

#[test]
fn the_wheel_zooms_at_the_pointer() {
    let mut window = window_of(WIDE, family());
    let before = rect(&window, "child-1 64.00");
    window.event(Event::PointerMoved(before.center()));
    window.event(Event::MouseWheel {
        unit: eframe::egui::MouseWheelUnit::Point,
        delta: vec2(0.0, 120.0),
        phase: eframe::egui::TouchPhase::Move,
        modifiers: Modifiers::NONE,
    });
    window.run_steps(30);
    let after = rect(&window, "child-1 64.00");
    assert!(after.width() > before.width() * 1.2);
    assert!((after.center() - before.center()).length() < 2.0);
}

#[test]
fn a_box_drawn_with_shift_selects_what_it_touches() {
    let mut window = window_of(WIDE, family());
    let (a, b) = (rect(&window, "alpha 60.00"), rect(&window, "beta 62.00"));
    let area = a.union(b).union(rect(&window, "gamma 61.00")).expand(8.0);
    pointer(&mut window, area.min, area.max, Modifiers::SHIFT);
    let mut names = selected(&window);
    names.sort();
    assert_eq!(names, ["alpha", "beta", "gamma"]);
}

#[test]
fn keys_walk_the_list_and_enter_selects() {
    let mut window = window_of(WIDE, family());
    window.get_by_label(ROW).focus();
    window.run();
    press(&mut window, Key::ArrowRight);
    press(&mut window, Key::Enter);
    assert_eq!(selected(&window), ["grandchild"]);
    press(&mut window, Key::ArrowLeft);
    press(&mut window, Key::ArrowDown);
    press(&mut window, Key::Enter);
    assert_eq!(selected(&window), ["child-2"]);
}

#[test]
fn letters_lead_to_the_row_that_they_begin() {
    let mut window = window_of(WIDE, family());
    window.get_by_label(ROW).focus();
    window.run();
    window.input_mut().events.push(Event::Text("gr".to_owned()));
    window.run();
    press(&mut window, Key::Enter);
    assert_eq!(selected(&window), ["grandchild"]);
}

#[test]
fn keys_walk_the_canvas_and_select() {
    let mut window = window_of(WIDE, family());
    window
        .get_by_label("Lineage of 6 models in 3 columns")
        .focus();
    window.run();
    press(&mut window, Key::ArrowDown);
    assert_eq!(selected(&window), ["beta"]);
    press(&mut window, Key::ArrowRight);
    press(&mut window, Key::ArrowRight);
    assert_eq!(selected(&window), ["grandchild"]);
}

#[test]
fn search_counts_and_goes_to_what_it_finds() {
    let mut window = window_of(vec2(760.0, 520.0), evolution(200, 10));
    assert!(window.query_by_label_contains("model-0-10 ").is_none());
    let field = window.get_by_role_and_label(Role::TextInput, "Find a model");
    field.focus();
    window.run();
    let field = window.get_by_role_and_label(Role::TextInput, "Find a model");
    field.type_text("model-0-1");
    window.run();
    window.get_by_label("1 of 2");
    press(&mut window, Key::Enter);
    window.get_by_label("2 of 2");
    let pills: Vec<_> = window.get_all_by_label_contains("model-0-").collect();
    assert!(!pills.is_empty());
}

#[test]
fn a_chosen_run_shows_its_models_and_their_parents() {
    let mut window = window_of(WIDE, family());
    window.get_by_label_contains("All runs").click();
    window.run();
    click(&mut window, "greedy");
    assert!(window.query_by_label("grandchild 65.50").is_none());
    for name in ["alpha 60.00", "beta 62.00", "child-1 64.00"] {
        window.get_by_label(name);
    }
    click(&mut window, "guided");
    window.get_by_label("grandchild 65.50");
}

#[test]
fn a_double_click_opens_the_model() {
    let mut window = window_of(WIDE, family());
    let at = rect(&window, "beta 62.00").center();
    for pressed in [true, false, true, false] {
        window.event(Event::PointerMoved(at));
        window.event(Event::PointerButton {
            pos: at,
            button: eframe::egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        window.step();
    }
    window.run();
    assert_eq!(window.state().asked, [Action::Go(View::Models)]);
    assert_eq!(selected(&window), ["beta"]);
}

#[test]
fn the_menu_selects_kin_and_compares_parents() {
    let mut window = window_of(WIDE, family());
    let menu = |window: &mut Window, item: &str| {
        window.get_by_label("grandchild 65.50").click_secondary();
        window.run();
        click(window, item);
    };
    menu(&mut window, "Select ancestors");
    assert_eq!(selected(&window).len(), 5);
    menu(&mut window, "Select parents");
    assert_eq!(selected(&window), ["child-1", "child-2"]);
    menu(&mut window, "Compare parents");
    let selection = window.state().bench.study().selection();
    assert!(matches!(selection, Selection::Pair(..)), "{selection:?}");
    menu(&mut window, "Open in Kinship");
    assert_eq!(window.state().asked, [Action::Go(View::Kinship)]);
}

#[test]
fn the_table_has_a_row_for_each_parent() {
    let mut window = window_of(WIDE, community());
    click(&mut window, "Save as CSV…");
    let text = String::from_utf8(export(&window).content.bytes().unwrap()).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("parent,child,generation,kinship,measure")
    );
    assert!(
        text.contains("Turdus,TurdusBeagle-7B,3,0.93,Pearson\n"),
        "{text}"
    );
    let doc = window.state().bench.study().doc();
    let parents: usize = doc.models.iter().map(|m| m.parents.len()).sum();
    assert_eq!(lines.count(), parents);
}

#[test]
fn the_picture_holds_the_whole_lineage() {
    let mut window = window_of(WIDE, community());
    click(&mut window, "Save as PNG…");
    let picture = image::load_from_memory(&export(&window).content.bytes().unwrap()).unwrap();
    assert!(picture.width() > 4000 && picture.height() > 500);
}

#[test]
fn the_drawing_names_every_model_and_generation() {
    let mut window = window_of(WIDE, community());
    click(&mut window, "Save as SVG…");
    assert_eq!(export(&window).name, "lineage.svg");
    let svg = String::from_utf8(export(&window).content.bytes().unwrap()).unwrap();
    let drawing = roxmltree::Document::parse(&svg).unwrap();
    let texts = drawing
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    let texts: Vec<&str> = texts.filter_map(|node| node.text()).collect();
    let names = |name: &str| texts.iter().any(|text| text.contains(name));
    for words in ["YamShadow-7B", "Turdus", "Founders", "best of a generation"] {
        assert!(names(words), "{words}");
    }
}

#[test]
fn both_paths_of_the_community_are_drawn_and_still() {
    let mut window = window_of(vec2(1280.0, 800.0), community());
    // `run` panics if the window still wants a frame.
    window.run();
    window.get_by_label("Founders, 20 models");
    window.get_by_label_contains("YamshadowExperiment28-7B, generation 14, average 76.86");
    assert!(window.query_by_label_contains("own ancestor").is_none());
}

/// Holds the pointer still for as long as a tooltip takes.
fn hover(window: &mut Window, at: Pos2) {
    window.event(Event::PointerMoved(at));
    window.run_steps(60);
}

#[test]
fn a_model_and_an_edge_say_what_they_are_under_the_pointer() {
    let mut entries = family();
    entries[3].kinship.set(Metric::PEARSON, Some(0.25));
    let mut window = window_of(WIDE, entries);
    let child = rect(&window, "child-1 64.00");
    hover(&mut window, child.center());
    window.get_by_label("Made from alpha and beta");
    window.get_by_label(
        "Average 64.00, merge gain +3.00, kinship of parents 0.250 (Pearson), used once",
    );
    let alpha = rect(&window, "alpha 60.00");
    hover(&mut window, alpha.right_center() + vec2(2.0, 0.0));
    window.get_by_label("alpha → child-1");
    window.get_by_label("Kinship of parents 0.250 (Pearson)");
}

#[test]
fn another_study_is_looked_at_anew() {
    let mut window = window_of(WIDE, family());
    let before = rect(&window, "alpha 60.00");
    click(&mut window, "Zoom out");
    assert!(rect(&window, "alpha 60.00").width() < before.width());
    window
        .state_mut()
        .bench
        .apply(Command::Select(Selection::Nothing));
    window.state_mut().bench.save();
    window.state_mut().bench.save_if_changed();
    window.state_mut().bench.finish_saving();
    window.state_mut().bench.new_study();
    import(&mut window.state_mut().bench, family());
    window.run();
    assert_eq!(rect(&window, "alpha 60.00"), before);
}

#[test]
fn from_afar_every_model_is_still_found_by_its_label() {
    let mut window = window_of(vec2(1280.0, 800.0), evolution(500, 25));
    click(&mut window, "Show everything (F)");
    let pills = window.get_all_by_role(Role::Button);
    let models = pills.filter(|n| {
        n.accesskit_node()
            .label()
            .is_some_and(|l| l.starts_with("model-") && !l.contains(','))
    });
    assert_eq!(models.count(), 500);
}

#[test]
fn a_ring_is_told_by_name_and_can_be_selected() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = bench(home.path());
    import(&mut bench, family());
    let id = |bench: &Workbench, name: &str| {
        let models = &bench.study().doc().models;
        models.iter().find(|m| m.name == name).unwrap().id
    };
    let (alpha, grandchild) = (id(&bench, "alpha"), id(&bench, "grandchild"));
    bench.apply(Command::Model(ModelEdit::SetParents(
        alpha,
        vec![grandchild],
    )));
    let mut window = window_on(WIDE, home, bench);
    window.get_by_label_contains("is its own ancestor, over");
    click(&mut window, "Select them");
    assert_eq!(selected(&window).len(), 3);
}

#[test]
fn a_study_without_models_or_parents_says_so() {
    let mut empty = window_of(WIDE, Vec::new());
    empty.get_by_label_contains("No models yet");
    click(&mut empty, "Add models…");
    assert_eq!(
        empty.state().asked,
        [Action::Models(ModelsAction::AskForFolders)]
    );
    let entry = |name: &str| Entry {
        model: name.to_owned(),
        ..Entry::default()
    };
    let long = "a-name-of-ninety-characters-".repeat(4)[..90].to_owned();
    let mut window = window_of(WIDE, vec![entry("中文模型"), entry(&long)]);
    window.get_by_label_contains("Nobody has parents yet");
    click(&mut window, "Import scores…");
    click(&mut window, "Go to models");
    let asked = [
        Action::Import(ImportAction::AskForFiles),
        Action::Go(View::Models),
    ];
    assert_eq!(window.state().asked, asked);
    window.get_by_label("中文模型 –");
    window.get_by_label(&format!("{long} –"));
}

#[test]
fn parents_that_nobody_named_are_not_denied() {
    let mut child = merge("child", &[], "greedy", 1, 61.0);
    child.unnamed_parents = true;
    let window = window_of(WIDE, vec![merge("alpha", &[], "greedy", 0, 60.0), child]);
    window.get_by_label_contains("No parent is named here");
    assert!(window.query_by_label_contains("Nobody").is_none());
}

#[test]
fn parents_known_by_distance_alone_say_so() {
    let mut entries = family();
    entries[3].kinship.set(Metric::EUCLIDEAN, Some(5.15));
    let mut window = window_of(WIDE, entries);
    window.get_by_label_contains("distance of parents 5.150 (Euclidean");
    click(&mut window, "Save as CSV…");
    let text = String::from_utf8(export(&window).content.bytes().unwrap()).unwrap();
    assert!(text.contains("alpha,child-1,1,5.15,Euclidean"), "{text}");
}

#[test]
fn the_first_look_has_the_best_model_and_its_parents() {
    let size = vec2(900.0, 520.0);
    let window = window_of(size, evolution(200, 10));
    let doc = window.state().bench.study().doc();
    let rows = &window.state().bench.record().rows;
    let best = rows.iter().find(|row| row.rank == Some(1)).unwrap();
    let name = doc.name_of(best.id);
    let label = format!("{name} ");
    let mut found = window.get_all_by_label_contains(&label);
    let pill = found.find(|node| node.rect().left() > 300.0).unwrap();
    assert!(Rect::from_min_size(pos2(0.0, 0.0), size).contains_rect(pill.rect()));
    assert!(pill.rect().width() > 120.0, "its name can be read");
}

#[test]
fn a_model_selected_elsewhere_comes_into_sight_in_list_and_picture() {
    let size = vec2(1100.0, 520.0);
    let mut window = window_of(size, evolution(200, 10));
    let id = window.state().bench.study().doc().models[95].id;
    let select = Command::Select(Selection::Models(vec![id]));
    window.state_mut().bench.apply(select);
    window.run();
    let seen = Rect::from_min_size(pos2(0.0, 0.0), size);
    let rects: Vec<Rect> = window
        .get_all_by_label_contains("model-9-6")
        .filter(|node| {
            let label = node.accesskit_node().label();
            label.is_some_and(|label| label.starts_with("model-9-6"))
        })
        .map(|node| node.rect())
        .collect();
    assert_eq!(rects.len(), 2, "a row and a pill");
    assert!(
        rects.iter().all(|rect| seen.contains_rect(*rect)),
        "{rects:?}"
    );
}

#[test]
fn the_list_folds_in_a_small_window_and_comes_back_on_demand() {
    let mut window = window_of(vec2(712.0, 480.0), family());
    assert!(window.query_by_label(ROW).is_none());
    click(&mut window, "Show as list");
    window.get_by_label(ROW);
    assert_eq!(
        rect(&window, ROW).intersect(Rect::from_min_size(pos2(0.0, 0.0), vec2(712.0, 480.0))),
        rect(&window, ROW)
    );
}

#[test]
fn families_of_very_many_models_are_folded_until_they_are_opened() {
    let name = |k: usize| format!("{}-{k}", ["alpha", "beta", "gamma"][k % 3]);
    let founder = |k: usize| merge(&name(k), &[], "run", 0, 40.0 + k as f64 / 100.0);
    let mut entries: Vec<Entry> = (0..702).map(founder).collect();
    entries.push(merge("child-1", &["alpha-0", "beta-1"], "run", 1, 64.0));
    let mut window = window_of(WIDE, entries);
    let pills = |window: &Window, part: &str| {
        let buttons = window.get_all_by_role(Role::Button);
        let label = |node: &egui_kittest::Node<'_>| node.accesskit_node().label();
        buttons
            // Rows of the list say more, behind a comma.
            .filter(|node| label(node).is_some_and(|own| own.contains(part) && !own.contains(", ")))
            .count()
    };
    assert_eq!(pills(&window, "234 × alpha "), 1);
    assert_eq!(pills(&window, "child-1 "), 1, "too few to be folded");
    assert_eq!(pills(&window, "alpha-3 "), 0);
    window.get_by_label("Founders, 702 models");
    let label = "234 × alpha 46.99";
    click(&mut window, label);
    assert!(selected(&window).is_empty(), "to open is not to select");
    click(&mut window, "Show everything (F)");
    assert_eq!(pills(&window, "alpha-"), 234);
    assert_eq!(pills(&window, "234 × beta "), 1);
    click(&mut window, "Fold what was opened");
    assert_eq!(pills(&window, "alpha-"), 0);
    click(&mut window, "Fold families");
    click(&mut window, "Show everything (F)");
    assert_eq!(pills(&window, "gamma-"), 234);
}
