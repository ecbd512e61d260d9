//! The model card of a mixture.

use std::path::Path;

use super::plan::MoeChild;
use crate::merge::write::{fenced, front_matter_of, plain};

pub(super) fn card(child: &MoeChild, out: &Path, yaml: &str) -> String {
    let title = out.file_name().unwrap_or_default().to_string_lossy();
    let recipe = &child.recipe;
    let mut text = front_matter_of(child.models.iter());
    text.push_str(&format!(
        "# {title}\n\nA mixture of experts, put together from whole models by Kinfolk.\n\n\
         Architecture: {}.\nRouter: {}; a token goes to {} of {} experts.\nBase: {}.\n\nExperts:\n\n",
        child.architecture.title(),
        recipe.gate_mode.title().to_lowercase(),
        recipe.per_token(),
        child.routed(),
        plain(&recipe.base_model.to_string()),
    ));
    let shared = recipe
        .shared_experts
        .iter()
        .map(|own| (own, ", for all tokens"));
    for (own, rest) in recipe.experts.iter().map(|own| (own, "")).chain(shared) {
        text.push_str(&format!(
            "- {}{rest}\n",
            plain(&own.source_model.to_string())
        ));
    }
    if !recipe.gate_mode.reads_prompts() {
        text.push_str("\nIts router is random: it is of use when it has been trained.\n");
    }
    text.push_str(&format!("\n## Recipe\n\n{}\n", fenced(yaml)));
    text
}
