//! `adapter_config.json`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::names::short;
use super::super::plan::{Plan, Work};
use super::super::report::ModuleReport;

/// The text of the file, for the ranks that came out.
///
/// Patterns are given for modules whose rank is not the largest. Modules that are called as one
/// with factors and have none are excluded by their full names: PEFT would else add factors that
/// nothing fills.
pub(in crate::extract) fn config(plan: &Plan, modules: &[ModuleReport], base: &str) -> String {
    let ranked = || modules.iter().filter_map(|m| Some((m, m.rank()?)));
    let largest = ranked().map(|(_, rank)| rank).max().unwrap_or(0);
    let adapted = ranked().filter(|(_, rank)| *rank > 0);
    let targets: BTreeSet<&str> = adapted.map(|(m, _)| short(&m.module)).collect();
    let mut pattern = Map::new();
    for (module, rank) in ranked().filter(|(_, rank)| *rank > 0 && *rank != largest) {
        pattern.insert(module.module.clone(), json!(rank));
    }
    let without = modules.iter().filter(|m| m.rank().unwrap_or(0) == 0);
    let excluded: Vec<&str> = (without.map(|m| &m.module[..]))
        .filter(|name| targets.contains(short(name)))
        .collect();
    let has_bias = plan.modules.iter().zip(modules).any(|(plan, made)| {
        matches!(plan.work, Work::Factors { .. }) && plan.bias.is_some() && made.rank() > Some(0)
    });
    let mut out = json!({
        "base_model_name_or_path": base,
        "peft_type": "LORA",
        "task_type": task(plan),
        "use_rslora": plan.wish.rslora,
        "target_modules": targets,
        "modules_to_save": plan.saved,
        "r": largest.max(1),
        "lora_alpha": largest.max(1),
        "rank_pattern": pattern,
        "alpha_pattern": pattern,
        "lora_dropout": 0.0,
        "fan_in_fan_out": plan.fan_in_fan_out,
        "inference_mode": true,
    });
    if let Value::Object(out) = &mut out {
        if has_bias {
            out.insert("lora_bias".to_owned(), json!(true));
        }
        if !excluded.is_empty() {
            out.insert("exclude_modules".to_owned(), json!(excluded));
        }
    }
    format!("{out:#}\n")
}

/// What PEFT wraps the base for; without a task it wraps any class.
fn task(plan: &Plan) -> Value {
    const TASKS: [(&str, &str); 4] = [
        ("ForSequenceClassification", "SEQ_CLS"),
        ("ForTokenClassification", "TOKEN_CLS"),
        ("ForQuestionAnswering", "QUESTION_ANS"),
        ("ForCausalLM", "CAUSAL_LM"),
    ];
    let classes = &plan.pair.base.config().architectures;
    let known = |(end, _): &&(&str, &str)| classes.iter().any(|class| class.ends_with(end));
    match TASKS.iter().find(known) {
        Some((_, task)) => json!(task),
        // Most are: `GPT2LMHeadModel`, or a folder that does not say.
        None if classes.iter().all(|class| class.ends_with("LMHeadModel")) => json!("CAUSAL_LM"),
        None => Value::Null,
    }
}
