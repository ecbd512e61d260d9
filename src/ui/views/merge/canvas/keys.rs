//! What a node is called in the draft's places: the same as long as it is the same node.

use std::collections::BTreeMap;

use crate::merge::composition::{Composition, NodeId};

/// The key of the output.
const OUTPUT: &str = "output";

/// The key of a node: a model's reference, `merge:<name>`, or `output`.
///
/// A merge that has no name has the one that it gets as soon as there is a second.
pub fn key_of(composition: &Composition, node: &NodeId) -> String {
    match node {
        NodeId::Model(model) => model.to_string(),
        NodeId::Output => OUTPUT.to_owned(),
        NodeId::Merge(merge) => {
            let name = composition.recipes.get(*merge).and_then(|r| r.name.clone());
            format!(
                "merge:{}",
                name.unwrap_or_else(|| format!("merge-{}", merge + 1))
            )
        }
    }
}

/// The nodes of keys, those that are gone left out.
pub fn nodes_of(composition: &Composition, keys: &[String]) -> Vec<NodeId> {
    // Backwards, so that of two with one key the first stays.
    let nodes = composition.graph().nodes.into_iter().rev();
    let known: BTreeMap<String, NodeId> = nodes
        .map(|node| (key_of(composition, &node.id), node.id))
        .collect();
    keys.iter()
        .filter_map(|key| known.get(key).cloned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::methods::find;
    use crate::merge::recipe::ModelRef;

    #[test]
    fn every_node_is_found_by_its_key() {
        let models = ["models/a", "models/b"].map(ModelRef::at);
        let mut made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        made.add_merge(find("linear").unwrap());
        made.add_model(ModelRef::at("models/c+d"));
        for node in made.graph().nodes {
            let key = key_of(&made, &node.id);
            assert_eq!(
                nodes_of(&made, std::slice::from_ref(&key)),
                [node.id],
                "{key}"
            );
        }
        assert_eq!(nodes_of(&made, &["merge:gone".to_owned()]), []);
    }

    #[test]
    fn a_merge_keeps_its_key_when_it_gets_its_name() {
        let models = ["models/a", "models/b"].map(ModelRef::at);
        let mut made = Composition::merge_of(find("slerp").unwrap(), &models, None);
        let before = key_of(&made, &NodeId::Merge(0));
        made.add_merge(find("linear").unwrap());
        assert_eq!(key_of(&made, &NodeId::Merge(0)), before);
    }
}
