//! `kinfolk predict`: the kinship of a child that is not written.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::PredictArgs;
use super::kinship::{measured, names, open, open_all};
use super::merge::{RecipeAt, planned, tell};
use super::{CliError, out, table};
use crate::checkpoint::Checkpoint;
use crate::kinship::{Metric, Precision};
use crate::merge::plan::Model;
use crate::merge::predict::{Predicted, predict_plan};

pub fn run(args: &PredictArgs) -> Result<(), CliError> {
    let at = RecipeAt {
        root: args.root.folder.as_deref(),
        allow_crimes: args.allow_crimes,
        strict: args.strict,
        ..RecipeAt::new(&args.recipe, args.threads.wanted.map_or(1, usize::from))
    };
    let plan = planned(&at)?;
    tell(&plan.problems, &args.recipe)?;
    let base = open(&args.base)?;
    let asked = open_all(&args.models)?;
    let shown = names(&asked);
    let mut family = Family {
        base: Arc::clone(&base),
        models: asked,
    };
    for model in plan.steps.iter().flat_map(|step| &step.models) {
        family.add(model)?;
    }
    let index = |model: &Model| index_of(&base, &family.models, model);
    let kinship = measured(
        Arc::clone(&base),
        family.models.clone(),
        Precision::Full,
        args.threads.wanted,
    )?;
    let predicted = predict_plan(&plan, &kinship, &index).map_err(CliError::failed)?;
    show(args, &shown, &predicted)
}

/// Every model whose kinship is measured: those that were asked for, then the recipe's.
struct Family {
    base: Arc<Checkpoint>,
    models: Vec<Arc<Checkpoint>>,
}

impl Family {
    /// Puts a model of the recipe into the family, unless it is there or is made by a step.
    fn add(&mut self, model: &Model) -> Result<(), CliError> {
        if model.checkpoint().is_none() || index_of(&self.base, &self.models, model).is_some() {
            return Ok(());
        }
        let Some(compared) = compared_of(&self.base, model) else {
            return Err(CliError::failed(format!(
                "the adapter of {} is not on the base of the kinship",
                model.reference
            )));
        };
        self.models.push(compared);
        Ok(())
    }
}

/// What of a model is compared: an adapter on the base is a model of its own to the kinship.
fn compared_of(base: &Checkpoint, model: &Model) -> Option<Arc<Checkpoint>> {
    let weights = model.checkpoint()?;
    match &model.adapter {
        None => Some(Arc::clone(weights)),
        Some(adapter) => same(weights, base).then(|| Arc::clone(adapter)),
    }
}

/// The place of a model in the family; the inner `None` is the base.
fn index_of(base: &Checkpoint, family: &[Arc<Checkpoint>], model: &Model) -> Option<Option<usize>> {
    let compared = compared_of(base, model)?;
    if same(&compared, base) {
        return Some(None);
    }
    family.iter().position(|own| same(own, &compared)).map(Some)
}

/// Whether two checkpoints are the same files.
fn same(a: &Checkpoint, b: &Checkpoint) -> bool {
    let real = |checkpoint: &Checkpoint| -> Vec<PathBuf> {
        let files = checkpoint.identity().files.iter().map(|file| &file.path);
        files
            .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()))
            .collect()
    };
    real(a) == real(b)
}

fn show(args: &PredictArgs, models: &[String], predicted: &Predicted<'_>) -> Result<(), CliError> {
    let columns: Vec<(Metric, Vec<Option<f64>>)> = Metric::independent()
        .map(|metric| (metric, predicted.with_each(metric)))
        .collect();
    let mut child = Map::new();
    for (metric, values) in &columns {
        let each = models.iter().cloned().zip(values.iter().map(|v| json!(v)));
        child.insert(metric.key.to_owned(), Value::Object(each.collect()));
    }
    let report = json!({
        "child": child,
        "exact": predicted.exact,
        "error": predicted.error,
    });
    if out::is_json_alone(&report, args.json.file.as_deref())? {
        return Ok(());
    }
    let how = match predicted.exact {
        true => "exact".to_owned(),
        false => format!("an estimate, to about {}", predicted.error),
    };
    out::print_all([&*format!("The child's kinship, {how}"), ""]);
    let width = table::width(models);
    let cell = |metric: &Metric, text: &str| {
        let width = (metric.key.len() + 2).max(11);
        format!("{text:>width$}")
    };
    let keys: String = columns.iter().map(|(m, _)| cell(m, m.key)).collect();
    out::print(&format!("{:width$}{keys}", ""));
    for (k, name) in models.iter().enumerate() {
        let pad = " ".repeat(width - name.chars().count());
        let number = |values: &[Option<f64>]| table::number(values.get(k).copied().flatten());
        let numbers = columns.iter().map(|(m, values)| cell(m, &number(values)));
        out::print(&format!("{name}{pad}{}", numbers.collect::<String>()));
    }
    Ok(())
}
