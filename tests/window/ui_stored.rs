//! Models on a server, added by their names.

use std::path::Path;

use egui_kittest::kittest::Queryable;

use crate::common::store::Store;
use crate::harness::{Window, click, command, settle, window};

fn type_into(window: &mut Window, label: &str, text: &str) {
    window.get_by_label(label).focus();
    window.step();
    window.get_by_label(label).type_text(text);
    window.step();
}

#[test]
fn a_model_on_a_server_is_added_by_its_name_and_named_in_the_study() {
    let home = tempfile::tempdir().unwrap();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    let store = Store::new(&demo);
    let mut window = window(home.path(), vec![]);
    command(&mut window, "Add models from a store");
    type_into(&mut window, "Name of the model", "models/base");
    window.get_by_label("models/base begins like none of the names below");
    window.get_by_label("Name of the model").focus();
    window.step();
    let name = format!(" {}/base", store.url);
    click(&mut window, "Close adding from a store");
    command(&mut window, "Add models from a store");
    type_into(&mut window, "Name of the model", &name);
    click(&mut window, "Add to the study");
    settle(&mut window);
    let models = &window.state().workbench().study().doc().models;
    assert_eq!(models.len(), 1);
    assert_eq!(models[0].name, "base");
    assert_eq!(models[0].path.as_deref(), Some(Path::new(name.trim())));
    assert!(
        window
            .state()
            .workbench()
            .files(models[0].id)
            .checkpoint()
            .is_some()
    );
}
