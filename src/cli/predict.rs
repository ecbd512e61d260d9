//! `kinfolk predict`: the kinship of a child that is not written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::PredictArgs;
use super::kinship::{measured, names, open};
use super::merge::{RecipeAt, planned, tell};
use super::{CliError, out, table};
use crate::checkpoint::Checkpoint;
use crate::kinship::{Metric, Precision};
use crate::merge::methods::Values;
use crate::merge::plan::{Model, Step, TensorPlan};
use crate::merge::predict::{Predicted, Wish, predict};

pub fn run(args: &PredictArgs) -> Result<(), CliError> {
    let at = RecipeAt {
        recipe: &args.recipe,
        root: args.root.as_deref(),
        out: None,
        force: false,
        threads: args.threads.map_or(1, usize::from),
    };
    let plan = planned(&at)?;
    tell(&plan.problems, &args.recipe)?;
    let [step] = &plan.steps[..] else {
        return Err(CliError::failed(
            "a recipe of several documents cannot be foreseen; write its first steps, and foresee \
             the last",
        ));
    };
    let base = open(&args.base)?;
    let asked = args
        .models
        .iter()
        .map(|path| open(path))
        .collect::<Result<Vec<_>, _>>()?;
    let shown = names(&asked);
    let mut people = People {
        base: Arc::clone(&base),
        models: asked,
    };
    let inputs = people.inputs(step)?;
    let tensors = step.tensors.iter();
    let values: BTreeMap<&str, &Values> = tensors
        .map(|tensor| (tensor.name.as_str(), &tensor.values))
        .collect();
    let kinship = measured(base, people.models, Precision::Full, args.threads)?;
    let wish = Wish {
        method: step.method,
        values: &|name| values.get(name).copied().cloned().unwrap_or_default(),
        inputs: &inputs,
        base: step.tensors.first().and_then(|tensor| tensor.base),
    };
    let predicted = predict(&kinship, &wish).map_err(CliError::failed)?;
    show(args, &shown, &predicted)
}

/// Everybody whose kinship is measured: the models that were asked for, then the recipe's.
struct People {
    base: Arc<Checkpoint>,
    models: Vec<Arc<Checkpoint>>,
}

impl People {
    /// The inputs of the step among the people; `None` is the base.
    fn inputs(&mut self, step: &Step) -> Result<Vec<Option<usize>>, CliError> {
        let first = step
            .tensors
            .first()
            .map_or(&[][..], |tensor| &tensor.inputs);
        let models: Vec<usize> = first.iter().map(|input| input.model).collect();
        let is_alike = |tensor: &TensorPlan| {
            let own = tensor.inputs.iter().map(|input| input.model);
            own.eq(models.iter().copied())
        };
        if step.config.layers.is_some() || !step.tensors.iter().all(is_alike) {
            return Err(CliError::failed(
                "only whole models can be foreseen, and this recipe takes some tensors from other \
                 models than others",
            ));
        }
        let inputs = models.iter().map(|&model| self.index(&step.models[model]));
        inputs.collect()
    }

    /// The place of a model among the people, where it is put if it is not there.
    fn index(&mut self, model: &Model) -> Result<Option<usize>, CliError> {
        let weights = model.checkpoint();
        let is_base = weights.is_some_and(|weights| same(weights, &self.base));
        let person = match (&model.adapter, is_base) {
            (None, true) => return Ok(None),
            // An adapter on the base is a model of its own to the kinship.
            (Some(adapter), true) => Some(adapter),
            (None, false) => weights,
            (Some(_), false) => None,
        };
        let Some(person) = person else {
            return Err(CliError::failed(format!(
                "the adapter of {} is not on the base of the kinship",
                model.reference
            )));
        };
        let known = self.models.iter().position(|own| same(own, person));
        Ok(Some(known.unwrap_or_else(|| {
            self.models.push(Arc::clone(person));
            self.models.len() - 1
        })))
    }
}

/// Whether two checkpoints are the same files.
fn same(a: &Checkpoint, b: &Checkpoint) -> bool {
    let real = |checkpoint: &Checkpoint| -> Vec<PathBuf> {
        let files = checkpoint.identity().files.iter();
        files
            .map(|file| {
                file.path
                    .canonicalize()
                    .unwrap_or_else(|_| file.path.clone())
            })
            .collect()
    };
    real(a) == real(b)
}

fn show(args: &PredictArgs, models: &[String], predicted: &Predicted) -> Result<(), CliError> {
    let metrics = [
        ("pearson", Metric::Pearson),
        ("cosine", Metric::Cosine),
        ("euclidean", Metric::Euclidean),
    ];
    if let Some(to) = &args.json {
        let mut child = Map::new();
        for (key, metric) in metrics {
            let each = models.iter().zip(predicted.with_each(metric));
            let each: Map<String, Value> = each
                .map(|(name, value)| (name.clone(), json!(value)))
                .collect();
            child.insert(key.to_owned(), Value::Object(each));
        }
        let report = json!({
            "child": child,
            "exact": predicted.exact,
            "error": predicted.error,
        });
        out::json(&report, to)?;
        if to == Path::new("-") {
            return Ok(());
        }
    }
    let how = match predicted.exact {
        true => "exact".to_owned(),
        false => format!("an estimate, to about {}", predicted.error),
    };
    out::print(&format!("The child's kinship, {how}\n"));
    let width = models
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0);
    out::print(&format!("{:width$}    pearson     cosine  euclidean", ""));
    let columns = metrics.map(|(_, metric)| predicted.with_each(metric));
    for (k, name) in models.iter().enumerate() {
        let pad = " ".repeat(width - name.chars().count());
        let number = |column: &Vec<Option<f64>>| {
            format!("{:>11}", table::number(column.get(k).copied().flatten()))
        };
        let numbers: String = columns.iter().map(number).collect();
        out::print(&format!("{name}{pad}{numbers}"));
    }
    Ok(())
}
