//! A merge that takes a while: made-up models, a recipe, and what an undisturbed run makes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kinfolk::numeric::random::Stream;
use serde_json::{Map, Value, json};

use super::LIMIT;
use crate::tools::{Call, Desk, Result, hashes};

/// Layers of a model of 5.9 MB each.
pub struct Size {
    pub layers: usize,
}

const HIDDEN: usize = 768;
const WORDS: usize = 512;
/// Bytes of a shard of the child: two layers.
const SHARD_BYTES: &str = "12MB";

/// The models of every merge, the base first.
pub const MODELS: [&str; 3] = ["base", "a", "b"];

/// A folder with models and recipes, and what the recipes make of them.
pub struct Merges {
    /// The folder.
    pub folder: PathBuf,
    /// How long a merge takes.
    pub took: Duration,
    /// Files of the child by recipe.
    pub clean: BTreeMap<&'static str, Files>,
}

/// The SHA-256 of every file by its name.
pub type Files = BTreeMap<String, String>;

/// Two recipes over the same models, by the name of their files.
pub const RECIPES: [&str; 2] = ["one.yaml", "two.yaml"];

impl Merges {
    /// Writes models and recipes below `room`, and merges once by each recipe.
    pub fn new(desk: &Desk, room: &Path, size: &Size) -> Result<Self> {
        let folder = room.join("m");
        for (k, name) in MODELS.iter().enumerate() {
            write_model(&folder.join(name), k as u64, size)?;
        }
        let mut merges = Self {
            folder,
            took: Duration::MAX,
            clean: BTreeMap::new(),
        };
        for (recipe, weight) in RECIPES.into_iter().zip(["0.4", "0.7"]) {
            std::fs::write(merges.folder.join(recipe), recipe_text(weight))?;
            let out = merges.folder.join("out");
            let ended = merges.call(desk, recipe, &out).run(LIMIT)?.sound()?;
            merges.took = merges.took.min(ended.took);
            merges.clean.insert(recipe, hashes(&out)?);
            std::fs::remove_dir_all(out)?;
        }
        Ok(merges)
    }

    /// A call that merges into `out`.
    pub fn call(&self, desk: &Desk, recipe: &str, out: &Path) -> Call {
        desk.kinfolk(&self.folder)
            .arg("merge")
            .arg(self.folder.join(recipe))
            .arg(out)
            .args(["--shard-size", SHARD_BYTES, "--seed", "5"])
    }

    /// The files of all models.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let file = |name: &&str| self.folder.join(name).join("model.safetensors");
        MODELS.iter().map(file).collect()
    }

    /// The bytes of a child's weights.
    pub fn child_bytes(&self) -> Result<u64> {
        // A child has the tensors and the number format of its parents.
        let input = self.folder.join(MODELS[0]).join("model.safetensors");
        Ok(std::fs::metadata(input)?.len())
    }
}

/// A method that draws at random, so that equal files also show that the draws are the same.
fn recipe_text(weight: &str) -> String {
    format!(
        "merge_method: dare_ties\nbase_model: base\nmodels:\n\
         - {{model: a, parameters: {{weight: {weight}, density: 0.5}}}}\n\
         - {{model: b, parameters: {{weight: 0.3, density: 0.6}}}}\n\
         dtype: bfloat16\n"
    )
}

fn write_model(folder: &Path, seed: u64, size: &Size) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let tensors = tensors(size);
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in &tensors {
        let begin = end;
        end += 2 * shape.iter().product::<usize>();
        let entry = json!({"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]});
        header.insert(name.clone(), entry);
    }
    let header = Value::Object(header).to_string();
    let mut file = BufWriter::new(File::create(folder.join("model.safetensors"))?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    write_noise(&mut file, seed, end)?;
    file.flush()?;
    std::fs::write(folder.join("config.json"), config(size).to_string())?;
    std::fs::write(folder.join("tokenizer.json"), "{}")?;
    Ok(())
}

/// Numbers of either sign between 1/128 and 1/32, four at a time.
fn write_noise(file: &mut impl Write, seed: u64, bytes: usize) -> io::Result<()> {
    const EITHER: u64 = 0x80ff_80ff_80ff_80ff;
    const SMALLEST: u64 = 0x3c00_3c00_3c00_3c00;
    let stream = Stream::new(seed, "weights", 0);
    for k in 0..bytes / 8 {
        let four = stream.at(k as u64) & EITHER | SMALLEST;
        file.write_all(&four.to_le_bytes())?;
    }
    Ok(())
}

fn tensors(size: &Size) -> Vec<(String, Vec<usize>)> {
    let mut out = vec![("model.embed_tokens.weight".to_owned(), vec![WORDS, HIDDEN])];
    for layer in 0..size.layers {
        let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
        out.push((name("self_attn.q_proj"), vec![HIDDEN, HIDDEN]));
        out.push((name("mlp.up_proj"), vec![4 * HIDDEN, HIDDEN]));
        out.push((name("input_layernorm"), vec![HIDDEN]));
    }
    out.push(("model.norm.weight".to_owned(), vec![HIDDEN]));
    out.push(("lm_head.weight".to_owned(), vec![WORDS, HIDDEN]));
    out
}

fn config(size: &Size) -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": 4 * HIDDEN,
        "num_hidden_layers": size.layers,
        "vocab_size": WORDS,
        "tie_word_embeddings": false,
        "torch_dtype": "bfloat16",
    })
}
