//! What the configuration says about quantisation, wherever it says it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::config::Config;
use super::super::error::CheckpointError;
use super::super::identity::FileIdentity;
use super::super::json::read_text;
use super::super::map::metadata;

/// Files beside the weights that say it where `config.json` does not, and whose words they use.
const BESIDE: [(&str, &str); 3] = [
    ("hf_quant_config.json", "modelopt"),
    ("quantize_config.json", "gptq"),
    ("quant_config.json", "awq"),
];

/// Far above any real one.
const MAX_BYTES: u64 = 1 << 20;

/// Methods whose weights are read here.
const METHODS: [&str; 8] = [
    "fp8",
    "fbgemm_fp8",
    "compressed-tensors",
    "modelopt",
    "mxfp4",
    "bitsandbytes",
    "gptq",
    "awq",
];

/// Formats of compressed-tensors that are read here; the first six say how numbers lie.
const FORMATS: [&str; 8] = [
    "dense",
    "float-quantized",
    "int-quantized",
    "naive-quantized",
    "pack-quantized",
    "nvfp4-pack-quantized",
    "mxfp4-pack-quantized",
    "mixed-precision",
];

/// Algorithms of ModelOpt without a rotation or a scale of the inputs folded into the weights.
const ALGORITHMS: [&str; 6] = [
    "FP8",
    "FP8_PER_CHANNEL_PER_TOKEN",
    "FP8_PB_WO",
    "FP8_PB_REAL",
    "NVFP4",
    "MIXED_PRECISION",
];

/// What is said; nothing where nothing is.
#[derive(Debug, Default)]
pub(super) struct Settings {
    path: PathBuf,
    method: Option<String>,
    object: Map<String, Value>,
}

impl Settings {
    /// Reads what lies in `folder`; the files beside that were read are told too.
    pub(super) fn read(
        folder: &Path,
        config: &Config,
    ) -> Result<(Self, Option<FileIdentity>), CheckpointError> {
        let path = folder.join("config.json");
        let mut own = Self::of(path, config.quantization.clone().unwrap_or_default(), None);
        let mut identity = None;
        for (name, method) in BESIDE {
            let path = folder.join(name);
            let is_wanted = own.method.as_deref().is_none_or(|own| own == method);
            if !is_wanted || !path.exists() {
                continue;
            }
            let (object, file) = read_object(&path)?;
            identity = Some(file);
            own.fill(Self::of(path, object, Some(method)));
            break;
        }
        own.check()?;
        Ok((own, identity))
    }

    fn of(path: PathBuf, mut object: Map<String, Value>, method: Option<&str>) -> Self {
        if let Some(Value::Object(inner)) = object.remove("quantization") {
            object.extend(inner);
        }
        let said = object.get("quant_method").and_then(Value::as_str);
        let method = said.or(method).or_else(|| guess(&object));
        let method = method.map(str::to_lowercase);
        Self {
            path,
            method,
            object,
        }
    }

    /// Takes over what is said there and not here.
    fn fill(&mut self, other: Self) {
        if self.method.is_none() {
            self.method = other.method;
            self.path = other.path;
        }
        for (key, value) in other.object {
            self.object.entry(key).or_insert(value);
        }
    }

    /// Whether anything is said at all.
    pub(super) fn is_said(&self) -> bool {
        self.method.is_some() || !self.object.is_empty()
    }

    pub(super) fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    pub(super) fn number(&self, keys: &[&str]) -> Option<i64> {
        let value = |key: &&str| self.object.get(*key);
        keys.iter().filter_map(value).find_map(Value::as_i64)
    }

    pub(super) fn is_set(&self, key: &str) -> bool {
        self.object.get(key).and_then(Value::as_bool) == Some(true)
    }

    /// Lower case.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let text = self.object.get(key).and_then(Value::as_str)?;
        Some(text.to_lowercase())
    }

    /// Whether single modules may have settings of their own.
    pub(super) fn is_mixed(&self) -> bool {
        self.object
            .get("dynamic")
            .is_some_and(|value| !is_empty(value))
    }

    /// Rows and columns of a block of FP8.
    pub(super) fn block(&self) -> [usize; 2] {
        let own = self.object.get("weight_block_size").and_then(pair);
        let groups = || self.weights().find_map(|w| pair(w.get("block_structure")?));
        own.or_else(groups).unwrap_or([128, 128])
    }

    /// What the groups of compressed-tensors say of `key`, each number once.
    pub(super) fn of_groups(&self, key: &str) -> Vec<i64> {
        let numbers = self.weights().filter_map(|w| w.get(key)?.as_i64());
        let mut numbers: Vec<i64> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The `weights` of each group of compressed-tensors.
    fn weights(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let groups = self.object.get("config_groups").and_then(Value::as_object);
        let groups = groups.into_iter().flat_map(Map::values);
        groups.filter_map(|group| group.get("weights")?.as_object())
    }

    /// An error that names what the configuration says.
    pub(super) fn unknown(&self, found: String) -> CheckpointError {
        CheckpointError::UnknownQuantisation {
            path: self.path.clone(),
            found,
        }
    }

    fn check(&self) -> Result<(), CheckpointError> {
        let Some(method) = self.method() else {
            return match self.is_said() {
                true => Err(self.unknown("no `quant_method` is named".to_owned())),
                false => Ok(()),
            };
        };
        if !METHODS.contains(&method) {
            return Err(self.unknown(format!("the method is `{}`", short(method))));
        }
        let one_of = |key: &str, known: &[&str]| match self.text(key) {
            Some(found) if !known.iter().any(|own| own.eq_ignore_ascii_case(&found)) => {
                Err(self.unknown(format!("`{key}` of {method} is `{}`", short(&found))))
            }
            _ => Ok(()),
        };
        match method {
            "compressed-tensors" => {
                one_of("format", &FORMATS)?;
                self.check_compressed()
            }
            "modelopt" => one_of("quant_algo", &ALGORITHMS),
            "gptq" => {
                one_of("checkpoint_format", &["gptq", "gptq_v2"])?;
                self.not_set("is_marlin_format")?;
                self.bits(&[2, 3, 4, 8])
            }
            "awq" => {
                one_of("version", &["gemm"])?;
                self.bits(&[4])
            }
            _ => Ok(()),
        }
    }

    fn check_compressed(&self) -> Result<(), CheckpointError> {
        let sparsity = self.object.get("sparsity_config");
        let format = sparsity.and_then(|sparsity| sparsity.get("format")?.as_str());
        if let Some(format) = format.filter(|format| *format != "dense") {
            return Err(self.unknown(format!("weights are sparse as `{}`", short(format))));
        }
        let transforms = self.object.get("transform_config");
        if transforms.is_some_and(|value| !is_empty(value)) {
            return Err(self.unknown("weights are rotated (`transform_config`)".to_owned()));
        }
        let groups = self.object.get("config_groups").and_then(Value::as_object);
        for group in groups.into_iter().flat_map(Map::values) {
            let format = group.get("format").and_then(Value::as_str);
            if let Some(format) = format.filter(|format| !FORMATS.contains(format)) {
                let format = short(format);
                return Err(self.unknown(format!("a group has the format `{format}`")));
            }
        }
        Ok(())
    }

    fn not_set(&self, key: &str) -> Result<(), CheckpointError> {
        match self.is_set(key) {
            true => Err(self.unknown(format!("`{key}` is set"))),
            false => Ok(()),
        }
    }

    fn bits(&self, known: &[i64]) -> Result<(), CheckpointError> {
        match self.number(&["bits", "w_bit"]) {
            Some(bits) if !known.contains(&bits) => {
                let method = self.method().unwrap_or_default();
                Err(self.unknown(format!("weights of {method} have {bits} bits")))
            }
            _ => Ok(()),
        }
    }
}

fn guess(object: &Map<String, Value>) -> Option<&'static str> {
    let has = |key: &str| object.contains_key(key);
    let rules = [
        ("modelopt", has("quant_algo")),
        ("compressed-tensors", has("config_groups")),
        ("bitsandbytes", has("load_in_4bit") || has("load_in_8bit")),
        ("awq", has("w_bit") || has("zero_point")),
        ("gptq", has("bits") && has("group_size")),
        ("fp8", has("weight_block_size")),
    ];
    let found = rules.into_iter().find(|(_, is)| *is);
    found.map(|(method, _)| method)
}

fn read_object(path: &Path) -> Result<(Map<String, Value>, FileIdentity), CheckpointError> {
    let metadata = metadata(path)?;
    let invalid = |reason: String| CheckpointError::UnknownQuantisation {
        path: path.to_owned(),
        found: format!("the file is not valid, {reason}"),
    };
    let text = read_text(path, MAX_BYTES)?.map_err(invalid)?;
    let object =
        serde_json::from_str(&text).map_err(|error| invalid(super::super::json::reason(&error)))?;
    Ok((object, FileIdentity::new(path, &metadata, text.as_bytes())))
}

fn pair(value: &Value) -> Option<[usize; 2]> {
    let [rows, columns] = value.as_array()?.as_slice() else {
        return None;
    };
    let size = |value: &Value| usize::try_from(value.as_u64()?).ok().filter(|n| *n > 0);
    Some([size(rows)?, size(columns)?])
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(object) => {
            object.is_empty()
                || object.len() == 1 && object.get("config_groups").is_some_and(is_empty)
        }
        Value::Array(list) => list.is_empty(),
        Value::Bool(set) => !set,
        _ => false,
    }
}

/// Whatever a file calls it, a message has room for a word.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
