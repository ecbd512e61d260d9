use super::*;
use crate::merge::methods::{REGISTRY, find};
use crate::merge::recipe::{Setting, Value};

fn model(name: &str) -> ModelRef {
    ModelRef::at(format!("models/{name}"))
}

fn node(name: &str) -> NodeId {
    NodeId::Model(model(name))
}

fn slerp() -> Composition {
    Composition::merge_of(find("slerp").unwrap(), &[model("a"), model("b")], None)
}

/// What the text says is what the canvas has, whatever was done to it.
fn check(composition: &Composition) {
    let text = composition.to_text().unwrap();
    let read = Composition::read(&text, &composition.loose).unwrap();
    assert_eq!(&read, composition, "{text}");
}

#[test]
fn a_merge_of_two_has_a_base_and_a_value_at_once() {
    let made = slerp();
    assert_eq!(made.recipes[0].base_model, Some(model("a")));
    let t = made.setting(0, Place::Merge, "t");
    assert_eq!(t, Some(&Setting::Value(Value::Number(0.5))));
    let graph = made.graph();
    assert_eq!(graph.nodes.len(), 4);
    assert_eq!(graph.links.len(), 3);
    check(&made);
}

#[test]
fn every_method_starts_from_the_models_it_gets() {
    let models = ["a", "b", "c"].map(model);
    for method in REGISTRY {
        let made = Composition::merge_of(*method, &models, Some(&model("base")));
        check(&made);
        let (_, most) = method.description().models;
        assert_eq!(
            made.inputs(0).len(),
            most.min(3),
            "{}",
            method.description().name
        );
        assert_eq!(made.loose.len(), 3 - most.min(3));
    }
}

#[test]
fn every_template_writes_what_it_reads() {
    for template in &TEMPLATES {
        let models = ["a", "b", "c"].map(model);
        let taken = &models[..template.models.1.min(3)];
        let made = template.make(taken, Some(&model("base")), 8);
        check(&made);
        assert_eq!(made.loose, [], "{}", template.title);
        assert_eq!(
            made.recipes[0].base_model.is_some(),
            template.wants_base || template.title.starts_with("SLERP")
        );
    }
}

#[test]
fn a_wrong_link_says_why_and_changes_nothing() {
    let mut made = slerp();
    made.add_model(model("c"));
    let before = made.clone();
    let merge = NodeId::Merge(0);
    let why = |made: &mut Composition, from: &NodeId, to: &NodeId, port| {
        made.connect(from, to, port).unwrap_err()
    };
    assert_eq!(
        why(&mut made, &node("c"), &merge, Port::Model(2)),
        "SLERP takes at most 2 models"
    );
    assert_eq!(
        why(&mut made, &node("a"), &merge, Port::Model(1)),
        "This merge has that model already"
    );
    assert_eq!(
        why(&mut made, &merge, &merge, Port::Model(0)),
        "A merge cannot be made from its own child"
    );
    assert!(why(&mut made, &node("a"), &NodeId::Output, Port::Output).contains("put one between"));
    assert!(why(&mut made, &NodeId::Output, &merge, Port::Model(0)).contains("output"));
    assert!(why(&mut made, &merge, &node("a"), Port::Model(0)).contains("takes nothing"));
    assert_eq!(made, before);
    let forbids = |m: &&&dyn Method| m.description().base == BaseRule::Forbidden;
    if let Some(method) = REGISTRY.iter().find(forbids) {
        let merge = made.add_merge(*method);
        assert!(why(&mut made, &node("c"), &NodeId::Merge(merge), Port::Base).contains("no base"));
    }
}

#[test]
fn a_merge_feeds_a_merge_and_rings_are_refused() {
    let mut made = slerp();
    let outer = made.add_merge(find("linear").unwrap());
    made.connect(&NodeId::Merge(0), &NodeId::Merge(outer), Port::Model(0))
        .unwrap();
    made.connect(&node("a"), &NodeId::Merge(outer), Port::Model(1))
        .unwrap();
    assert_eq!(made.written(), Some(outer));
    assert_eq!(made.inputs(outer), [ModelRef::at("merge-1"), model("a")]);
    check(&made);
    let ring = made.connect(&NodeId::Merge(outer), &NodeId::Merge(0), Port::Model(1));
    assert!(ring.unwrap_err().contains("own child"));
}

#[test]
fn what_is_taken_away_stays_on_the_canvas() {
    let mut made = slerp();
    made.disconnect(&NodeId::Merge(0), Port::Model(0));
    assert_eq!(made.inputs(0), [model("b")]);
    assert_eq!(made.loose, [model("a")]);
    assert_eq!(
        made.recipes[0].base_model,
        Some(model("b")),
        "slerp starts from what it has"
    );
    check(&made);
    made.connect(&node("a"), &NodeId::Merge(0), Port::Model(0))
        .unwrap();
    assert_eq!(made.inputs(0), [model("a")]);
    assert_eq!(made.loose, [model("b")], "the one that was there gave way");
    made.remove(&[NodeId::Merge(0)]);
    assert_eq!(made.recipes.len(), 0);
    assert_eq!(made.loose, [model("b"), model("a")]);
    assert_eq!(made.to_text().unwrap(), "");
    made.remove(&[node("a"), node("b")]);
    assert_eq!(made, Composition::default());
}

#[test]
fn removing_a_merge_unfeeds_its_child() {
    let mut made = slerp();
    let outer = made.add_merge(find("linear").unwrap());
    made.connect(&NodeId::Merge(0), &NodeId::Merge(outer), Port::Model(0))
        .unwrap();
    made.remove(&[NodeId::Merge(0)]);
    assert_eq!(made.inputs(0), []);
    assert_eq!(made.recipes[0].merge_method, "linear");
    check(&made);
}

#[test]
fn another_method_keeps_what_it_knows() {
    let models = ["a", "b"].map(model);
    let mut made = Composition::merge_of(find("ties").unwrap(), &models, Some(&model("base")));
    made.set(
        0,
        Place::Model(0),
        "weight",
        Some(Setting::Value(Value::Number(0.7))),
    );
    made.set(
        0,
        Place::Model(0),
        "density",
        Some(Setting::Value(Value::Number(0.2))),
    );
    made.set_method(0, find("linear").unwrap());
    assert_eq!(
        made.setting(0, Place::Model(0), "weight"),
        Some(&Setting::Value(Value::Number(0.7)))
    );
    assert_eq!(made.setting(0, Place::Model(0), "density"), None);
    assert_eq!(
        made.recipes[0].base_model,
        Some(model("base")),
        "linear may have one"
    );
    check(&made);
    made.set_method(0, find("slerp").unwrap());
    assert_eq!(
        made.loose,
        [model("base")],
        "slerp starts from one of its models"
    );
    assert_eq!(made.recipes[0].base_model, Some(model("a")));
}

#[test]
fn copies_have_names_of_their_own() {
    let mut made = slerp();
    let copies = made.duplicate(&[NodeId::Merge(0), node("a")]);
    assert_eq!(copies, [NodeId::Merge(1)]);
    assert_eq!(made.recipes[0].name.as_deref(), Some("merge-1"));
    assert_eq!(made.recipes[1].name.as_deref(), Some("merge-2"));
    assert_eq!(made.written(), Some(0), "a copy takes nothing away");
    check(&made);
}

#[test]
fn another_merge_leaves_the_output_where_it_was_and_may_be_put_there() {
    let mut made = slerp();
    let other = made.add_merge(find("linear").unwrap());
    assert_eq!(made.written(), Some(0));
    made.connect(&NodeId::Merge(other), &NodeId::Output, Port::Output)
        .unwrap();
    assert_eq!(made.written(), Some(other));
    let fed = made.feeds(&NodeId::Output, Port::Output);
    assert_eq!(fed, Some(NodeId::Merge(other)));
    made.connect(&NodeId::Merge(0), &NodeId::Output, Port::Output)
        .unwrap();
    assert_eq!(made.written(), Some(0));
    let names = |recipes: Vec<Recipe>| -> Vec<Option<String>> {
        recipes.into_iter().map(|recipe| recipe.name).collect()
    };
    assert_eq!(names(made.parts()), [Some("merge-1".to_owned())]);
    made.remove(&[NodeId::Merge(0)]);
    assert_eq!(made.written(), Some(0), "the one that is left");
}

#[test]
fn what_is_made_from_the_output_comes_in_its_place() {
    let mut made = slerp();
    made.add_merge(find("linear").unwrap());
    let third = made.add_merge(find("linear").unwrap());
    made.connect(&NodeId::Merge(0), &NodeId::Merge(third), Port::Model(0))
        .unwrap();
    assert_eq!(made.written(), Some(third));
    assert!(made.is_part(0) && !made.is_part(1));
    made.connect(&NodeId::Merge(0), &NodeId::Output, Port::Output)
        .unwrap();
    assert_eq!(made.written(), Some(0), "what is on the way can be written");
}

#[test]
fn without_its_base_a_slerp_goes_on_from_the_other_model() {
    let mut made = slerp();
    made.remove(&[node("a")]);
    assert_eq!(made.recipes[0].base_model, Some(model("b")));
    check(&made);
}

#[test]
fn strips_are_cut_moved_stretched_repeated_and_removed() {
    let franken = TEMPLATES
        .iter()
        .find(|t| t.title == "Frankenmerge")
        .unwrap();
    let mut made = franken.make(&["a", "b"].map(model), None, 32);
    let layers = |made: &Composition| -> Vec<[i64; 2]> {
        made.slices(0)
            .iter()
            .map(|s| s.sources[0].layer_range.unwrap())
            .collect()
    };
    assert_eq!(layers(&made), [[0, 24], [8, 32]]);
    made.cut_slice(0, 0, 10);
    assert_eq!(layers(&made), [[0, 10], [10, 24], [8, 32]]);
    made.cut_slice(0, 0, 10);
    assert_eq!(layers(&made).len(), 3, "there is nothing behind the end");
    made.move_slice(0, 2, 0);
    assert_eq!(layers(&made), [[8, 32], [0, 10], [10, 24]]);
    made.repeat_slice(0, 1);
    made.set_slice_range(0, 2, [4, 9]);
    made.set_slice_range(0, 2, [9, 9]);
    assert_eq!(layers(&made), [[8, 32], [0, 10], [4, 9], [10, 24]]);
    made.remove_slice(0, 0);
    assert_eq!(made.loose, [model("b")]);
    check(&made);
    made.connect(&node("b"), &NodeId::Merge(0), Port::Model(1))
        .unwrap();
    assert_eq!(layers(&made).last(), Some(&[0, 24]));
    check(&made);
}

#[test]
fn whole_models_become_strips() {
    let mut made = slerp();
    made.into_slices(0, 4, false);
    assert_eq!(made.slices(0).len(), 1);
    assert_eq!(made.slices(0)[0].sources.len(), 2);
    made.cut_slice(0, 0, 1);
    let second = &made.slices(0)[1];
    assert!(second.sources.iter().all(|s| s.layer_range == Some([1, 4])));
    check(&made);
}

#[test]
fn text_with_a_mistake_is_no_composition() {
    assert_eq!(Composition::read("merge_method: [", &[]), None);
    assert_eq!(
        Composition::read("  \n", &[model("a")]).unwrap().loose,
        [model("a")]
    );
}

/// The naive twin: looked up in the whole picture, which takes too long for each port of a frame.
#[test]
fn what_feeds_a_port_is_what_the_picture_links_to_it() {
    let models = ["a", "b", "c"].map(ModelRef::at);
    for template in TEMPLATES {
        let mut made = template.make(&models, Some(&ModelRef::at("base")), 8);
        made.add_merge(find("linear").unwrap());
        let graph = made.graph();
        for node in &graph.nodes {
            for &port in &node.ports {
                let mut links = graph.links.iter();
                let linked = links.find(|link| link.to == node.id && link.port == port);
                let fed = made.feeds(&node.id, port);
                assert_eq!(
                    fed,
                    linked.map(|link| link.from.clone()),
                    "{}",
                    template.title
                );
            }
        }
    }
}
