//! `kinfolk predict`: the kinship of a child that is not written.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::args::PredictArgs;
use super::kinship::{measured, names, open};
use super::merge::{RecipeAt, planned, tell};
use super::{CliError, out, table};
use crate::checkpoint::Checkpoint;
use crate::kinship::{Metric, Precision};
use crate::merge::plan::Model;
use crate::merge::predict::{Predicted, predict_plan};

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
    for model in plan.steps.iter().flat_map(|step| &step.models) {
        people.add(model)?;
    }
    let person = |model: &Model| people_index(&base, &people.models, model);
    let kinship = measured(
        Arc::clone(&base),
        people.models.clone(),
        Precision::Full,
        args.threads,
    )?;
    let predicted = predict_plan(&plan, &kinship, &person).map_err(CliError::failed)?;
    show(args, &shown, &predicted)
}

/// Everybody whose kinship is measured: the models that were asked for, then the recipe's.
struct People {
    base: Arc<Checkpoint>,
    models: Vec<Arc<Checkpoint>>,
}

impl People {
    /// Puts a model of the recipe among the people, unless it is there or is made by a step.
    fn add(&mut self, model: &Model) -> Result<(), CliError> {
        if model.checkpoint().is_none() || people_index(&self.base, &self.models, model).is_some() {
            return Ok(());
        }
        let Some(person) = person_of(&self.base, model) else {
            return Err(CliError::failed(format!(
                "the adapter of {} is not on the base of the kinship",
                model.reference
            )));
        };
        self.models.push(person);
        Ok(())
    }
}

/// What of a model is compared: an adapter on the base is a model of its own to the kinship.
fn person_of(base: &Checkpoint, model: &Model) -> Option<Arc<Checkpoint>> {
    let weights = model.checkpoint()?;
    match &model.adapter {
        None => Some(Arc::clone(weights)),
        Some(adapter) => same(weights, base).then(|| Arc::clone(adapter)),
    }
}

/// The place of a model among the people; the inner `None` is the base.
fn people_index(
    base: &Checkpoint,
    people: &[Arc<Checkpoint>],
    model: &Model,
) -> Option<Option<usize>> {
    let person = person_of(base, model)?;
    if same(&person, base) {
        return Some(None);
    }
    people.iter().position(|own| same(own, &person)).map(Some)
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

fn show(args: &PredictArgs, models: &[String], predicted: &Predicted<'_>) -> Result<(), CliError> {
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
    out::print_all([&*format!("The child's kinship, {how}"), ""]);
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
