//! A folder with one of everything that the program reads.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::LIMIT;
use super::studies::Family;
use crate::tools::{Call, Desk, Ended, How, Result, Row, copy_folder};

/// Small models with all files that may lie beside weights, a sharded one, an adapter, recipes,
/// a table, tasks and a study.
pub struct Stage<'a> {
    desk: &'a Desk,
    /// Where all of it lies.
    pub folder: PathBuf,
    study: String,
}

const STUDY: &str = "study.kinfolk.json";

const RECIPE: &str = "merge_method: slerp\nbase_model: base\nmodels: [{model: base}, {model: a}]\n\
                      parameters: {t: 0.5}\ntokenizer_source: base\nchat_template: auto\n\
                      dtype: bfloat16\n";
const ADAPTED: &str = "merge_method: linear\nmodels:\n\
                       - {model: base+lora, parameters: {weight: 1}}\n\
                       - {model: a, parameters: {weight: 1}}\n";
const WAY: &str = "merge_method: slerp\nparameters:\n  t: 0.4\ndtype: float32\n";
const TABLE: &str = "x,y\n1,2\n2,3\n3,5\n4,4\n5,7\n";

impl<'a> Stage<'a> {
    /// Sets it up below `room`.
    pub fn new(desk: &'a Desk, room: &Path) -> Result<Self> {
        let family = Family::new(desk, room)?;
        let folder = room.join("s");
        let study = family.copy(&folder)?;
        std::fs::rename(study, folder.join(STUDY))?;
        copy_folder(&folder.join("arith"), &folder.join("a"))?;
        for name in ["base", "a"] {
            let model = folder.join(name);
            std::fs::write(model.join("README.md"), "---\nbase_model: base\n---\n# A\n")?;
            std::fs::write(model.join("chat_template.jinja"), "{{ messages }}")?;
        }
        std::fs::copy(
            folder.join("tasks/rev.dev.jsonl"),
            folder.join("tasks.jsonl"),
        )?;
        for (name, text) in [
            ("recipe.yaml", RECIPE),
            ("adapted.yaml", ADAPTED),
            ("way.yaml", WAY),
            ("table.csv", TABLE),
        ] {
            std::fs::write(folder.join(name), text)?;
        }
        write_adapter(&folder.join("lora"))?;
        let stage = Self {
            desk,
            study: std::fs::read_to_string(folder.join(STUDY))?,
            folder,
        };
        let shards = ["merge", "recipe.yaml", "shards", "--shard-size", "500kB"];
        stage.call(&shards).run(LIMIT)?.sound()?;
        Ok(stage)
    }

    /// A call within the folder; words are taken as they are.
    pub fn call(&self, words: &[&str]) -> Call {
        self.desk.kinfolk(&self.folder).args(words)
    }

    /// A program that reads a pipe to its end.
    pub fn reader(&self, pipe: &Path) -> Call {
        Call::new(Path::new("cat"), &self.folder).arg(pipe)
    }

    /// Removes what a merge has made, and puts the study back as it was.
    pub fn clear(&self) -> Result<()> {
        for name in ["out", ".out.kinfolk-merge"] {
            // Most calls make neither.
            std::fs::remove_dir_all(self.folder.join(name)).ok();
        }
        Ok(std::fs::write(self.folder.join(STUDY), &self.study)?)
    }
}

/// An adapter for the first attention matrix of the demo family, 128 by 128.
fn write_adapter(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let config = json!({"peft_type": "LORA", "r": 2, "lora_alpha": 4,
        "target_modules": ["q_proj"], "base_model_name_or_path": "base"});
    std::fs::write(folder.join("adapter_config.json"), config.to_string())?;
    let name = |part| format!("base_model.model.model.layers.0.self_attn.q_proj.{part}.weight");
    let header = json!({
        name("lora_A"): {"dtype": "F32", "shape": [2, 128], "data_offsets": [0, 1024]},
        name("lora_B"): {"dtype": "F32", "shape": [128, 2], "data_offsets": [1024, 2048]},
    });
    let header = header.to_string();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend((0..512).flat_map(|k| (k as f32 / 512.0).to_le_bytes()));
    std::fs::write(folder.join("adapter_model.safetensors"), bytes)?;
    Ok(())
}

/// Notes a call that met something special: it must end soon, by itself, in little memory.
pub fn judge_manners(ended: &Ended, what: &str, row: &mut Row) -> bool {
    const MOST_BYTES: u64 = 500_000_000;
    if ended.peak_bytes > MOST_BYTES {
        let megabytes = ended.peak_bytes / 1_000_000;
        row.lost("memory below 500 MB", format!("{what}: {megabytes} MB"));
    }
    match ended.how {
        How::Status(0 | 1) => return true,
        How::TooLong => row.lost("an end within 10 s", what),
        how => row.lost(format!("an end by {how}"), format!("{what}: {ended}")),
    }
    false
}
