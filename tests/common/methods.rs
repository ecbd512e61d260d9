//! Merges of single tensors for tests: simple recipes, and values by hand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use kinfolk::checkpoint::{Change, Checkpoint, Dtype, LowRank};
use kinfolk::jobs::Ticket;
use kinfolk::merge::merge_tensor;
use kinfolk::merge::methods::{self, MergeError, Method, ParameterScope, Values};
use kinfolk::merge::tensor::{Input, MergeTensor};
use kinfolk::merge::version::Version;

/// A recipe without slices, filters and gradients.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    pub method: String,
    pub base: Option<String>,
    pub models: Vec<(String, BTreeMap<String, f64>)>,
    pub global: BTreeMap<String, f64>,
    pub dtype: Option<String>,
}

impl Recipe {
    /// Reads the layout that the configs of the oracle set have, and no other.
    pub fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).unwrap();
        if ["slices:", "filter:", "["]
            .iter()
            .any(|word| text.contains(word))
        {
            return None;
        }
        let mut out = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (key, value) = line.trim().trim_start_matches("- ").split_once(':')?;
            let value = value.trim().to_owned();
            let indent = line.len() - line.trim_start().len();
            match (key, indent) {
                ("merge_method", _) => out.method = value,
                ("base_model", _) => out.base = Some(value),
                ("dtype", _) => out.dtype = Some(value),
                ("out_dtype" | "models" | "parameters", _) => {}
                ("model", _) => out.models.push((value, BTreeMap::new())),
                (key, 4) => {
                    let own = &mut out.models.last_mut()?.1;
                    own.insert(key.to_owned(), number(&value));
                }
                (key, _) => {
                    out.global.insert(key.to_owned(), number(&value));
                }
            }
        }
        Some(out)
    }

    /// Makes the paths of the models absolute.
    pub fn place(&mut self, folder: &Path) {
        let place = |name: &mut String| *name = folder.join(&*name).to_string_lossy().into_owned();
        self.base.iter_mut().for_each(place);
        self.models.iter_mut().for_each(|(name, _)| place(name));
    }

    pub fn float(&self) -> Option<Dtype> {
        match self.dtype.as_deref()? {
            "float32" => Some(Dtype::F32),
            "bfloat16" => Some(Dtype::BF16),
            "float16" => Some(Dtype::F16),
            _ => None,
        }
    }

    /// Whether the models are stored in bfloat16.
    pub fn is_narrow(&self) -> bool {
        self.models.iter().any(|(path, _)| path.contains("birch"))
    }

    /// Names of the inputs, a base that is not listed last, and which is the base.
    pub fn inputs(&self) -> (Vec<&str>, Option<usize>) {
        let mut names: Vec<&str> = self.models.iter().map(|(name, _)| name.as_str()).collect();
        let base = self.base.as_deref().map(|base| {
            names
                .iter()
                .position(|&name| name == base)
                .unwrap_or_else(|| {
                    names.push(base);
                    names.len() - 1
                })
        });
        (names, base)
    }

    pub fn values(&self, method: &dyn Method) -> Values {
        let (names, _) = self.inputs();
        let mut values = Values {
            per_input: vec![BTreeMap::new(); names.len()],
            // That made the set.
            version: Version::V0_1_4,
            ..Values::default()
        };
        for parameter in method.description().parameters {
            let shared = self
                .global
                .get(parameter.key)
                .copied()
                .or(parameter.default());
            if parameter.scope == ParameterScope::Global {
                values
                    .global
                    .extend(shared.map(|value| (parameter.key, value)));
                continue;
            }
            for (input, own) in values.per_input.iter_mut().enumerate() {
                let given = self
                    .models
                    .get(input)
                    .and_then(|(_, p)| p.get(parameter.key));
                own.extend(
                    given
                        .copied()
                        .or(shared)
                        .map(|value| (parameter.key, value)),
                );
            }
        }
        values
    }

    /// The decoded numbers of a tensor in every input.
    pub fn numbers(&self, tensor: &str) -> Vec<Vec<f32>> {
        self.inputs()
            .0
            .iter()
            .map(|name| numbers(name, tensor))
            .collect()
    }

    pub fn base_numbers(&self, tensor: &str) -> Vec<f32> {
        numbers(self.base.as_deref().unwrap(), tensor)
    }

    /// Σ wᵢδᵢ
    pub fn weighted_changes(&self, tensor: &str) -> Vec<f64> {
        let base = self.base_numbers(tensor);
        let mut out = vec![0.0; base.len()];
        for (name, parameters) in &self.models {
            for ((out, x), b) in out.iter_mut().zip(numbers(name, tensor)).zip(&base) {
                *out += parameters["weight"] * f64::from(x - b);
            }
        }
        out
    }

    pub fn shape(&self, tensor: &str) -> Vec<usize> {
        open(self.base.as_deref().unwrap())
            .tensor(tensor)
            .unwrap()
            .shape
            .clone()
    }
}

fn number(text: &str) -> f64 {
    match text {
        "true" => 1.0,
        "false" => 0.0,
        other => other.parse().unwrap(),
    }
}

fn open(name: &str) -> Checkpoint {
    let path: PathBuf = super::oracle("").parent().unwrap().join(name);
    Checkpoint::open(&path).unwrap()
}

fn numbers(name: &str, tensor: &str) -> Vec<f32> {
    let model = open(name);
    let tensor = model.tensor(tensor).unwrap();
    let mut out = vec![0.0; tensor.elements()];
    tensor.numbers().unwrap().decode(&mut out);
    out
}

/// Makes one tensor of a recipe; larger vocabularies are cut to the shape.
pub fn merge(recipe: &Recipe, tensor: &str, shape: &[usize]) -> Result<Vec<f32>, MergeError> {
    merged_with_seed(recipe, tensor, shape, 0)
}

pub fn merged_with_seed(
    recipe: &Recipe,
    tensor: &str,
    shape: &[usize],
    seed: u64,
) -> Result<Vec<f32>, MergeError> {
    let method = methods::find(&recipe.method).unwrap();
    let (names, base) = recipe.inputs();
    let opened: Vec<(Checkpoint, Option<Checkpoint>)> = names
        .iter()
        .map(|name| match name.split_once('+') {
            Some((model, adapter)) => (open(model), Some(open(adapter))),
            None => (open(name), None),
        })
        .collect();
    let inputs = opened
        .iter()
        .map(|(model, adapter)| input(model, adapter.as_ref(), tensor, shape));
    let tensor = MergeTensor {
        name: tensor,
        shape,
        inputs: inputs.collect(),
        base,
        rounded_to: recipe.float(),
        seed,
    };
    run(&tensor, method, &recipe.values(method))
}

fn input<'a>(
    model: &'a Checkpoint,
    adapter: Option<&'a Checkpoint>,
    name: &str,
    shape: &[usize],
) -> Input<'a> {
    let stored = model
        .tensor(name)
        .or_else(|| model.tensor("model.embed_tokens.weight"))
        .unwrap();
    let numbers = stored.numbers().unwrap();
    let adapter: Option<LowRank<'a>> = adapter.and_then(|adapter| {
        match adapter.adapter().unwrap().change(model, stored).unwrap() {
            Change::LowRank(low_rank) => Some(low_rank),
            _ => None,
        }
    });
    Input {
        stored: numbers.part(0..shape.iter().product()),
        adapter,
    }
}

/// All numbers of a tensor.
pub fn run(
    tensor: &MergeTensor<'_>,
    method: &dyn Method,
    values: &Values,
) -> Result<Vec<f32>, MergeError> {
    let out = Mutex::new(vec![f32::NAN; tensor.elements()]);
    merge_tensor(
        tensor,
        method,
        values,
        &Ticket::default(),
        &|range, numbers| {
            out.lock().unwrap()[range].copy_from_slice(numbers);
            Ok(())
        },
    )?;
    Ok(out.into_inner().unwrap())
}
