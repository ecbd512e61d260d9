//! Special files in place of everything that the program reads.

use std::path::Path;
use std::time::Duration;

use super::special_files::Special;
use super::stage::{Stage, judge_manners};
use super::{Attack, LIMIT};
use crate::tools::{Desk, Ended, Result, Row};

pub const ATTACK: Attack = Attack {
    name: "special-inputs",
    fault: "something other than an ordinary file where one is read",
    how: "a pipe, /dev/zero, /dev/null, a socket, a folder, a dangling link, a ring of links, a \
          sparse terabyte and a file below /proc in place of study, recipe, table, tasks, \
          weights, index, adapter and everything beside the weights; each call must end within \
          10 s in less than 500 MB and name the path, unless it can do without the file",
    times: (PLACES.len() * Special::ALL.len()) as u32,
    run,
};

/// The longest that a call may take.
const SOON: Duration = Duration::from_secs(10);

/// A file, and a call that reads it.
struct Place {
    file: &'static str,
    call: &'static [&'static str],
    need: Need,
}

/// Whether a call can do without a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// It must fail.
    Needed,
    /// It may end well if there is nothing, or what is there can be read.
    Optional,
}

const fn needed(file: &'static str, call: &'static [&'static str]) -> Place {
    let need = Need::Needed;
    Place { file, call, need }
}

const fn optional(file: &'static str, call: &'static [&'static str]) -> Place {
    let need = Need::Optional;
    Place { file, call, need }
}

const MERGE: &[&str] = &["merge", "recipe.yaml", "out"];
const ADAPTED: &[&str] = &["merge", "adapted.yaml", "out"];
const KINSHIP: &[&str] = &["kinship", "--base", "base", "a", "mirror"];
const PREDICT: &[&str] = &["predict", "--base", "base", "recipe.yaml", "a"];
const EVALUATE: &[&str] = &["evaluate", "a", "tasks.jsonl"];
const EVOLVE: &[&str] = &["evolve", "study.kinfolk.json", "--name", "Greedy"];
const EVOLVE_BY: &[&str] = &[
    "evolve",
    "study.kinfolk.json",
    "--name",
    "new",
    "--recipe",
    "way.yaml",
    "--founders",
    "ledger,order",
    "--merges",
    "1",
];
const STATS: &[&str] = &["stats", "table.csv", "--x", "x", "--y", "y"];

const PLACES: [Place; 28] = [
    needed("study.kinfolk.json", EVOLVE),
    needed("way.yaml", EVOLVE_BY),
    needed("recipe.yaml", MERGE),
    needed("recipe.yaml", PREDICT),
    needed("table.csv", STATS),
    needed("tasks.jsonl", EVALUATE),
    needed("a/model.safetensors", MERGE),
    needed("a/model.safetensors", KINSHIP),
    needed("a/model.safetensors", PREDICT),
    needed("a/model.safetensors", EVALUATE),
    needed("a/model.safetensors", &["inspect", "a"]),
    needed("a/model.safetensors", &["inspect", "a/model.safetensors"]),
    needed(
        "shards/model.safetensors.index.json",
        &["inspect", "shards"],
    ),
    needed(
        "shards/model-00001-of-00004.safetensors",
        &["inspect", "shards"],
    ),
    needed("lora/adapter_config.json", &["inspect", "lora"]),
    needed("lora/adapter_config.json", ADAPTED),
    needed("lora/adapter_model.safetensors", &["inspect", "lora"]),
    needed("lora/adapter_model.safetensors", ADAPTED),
    needed("a/config.json", EVALUATE),
    needed("a/tokenizer.json", EVALUATE),
    optional("a/tokenizer_config.json", EVALUATE),
    optional("a/config.json", &["inspect", "a"]),
    optional("a/README.md", &["inspect", "a"]),
    optional("base/config.json", MERGE),
    optional("base/tokenizer.json", MERGE),
    optional("base/tokenizer_config.json", MERGE),
    optional("base/generation_config.json", MERGE),
    optional("base/chat_template.jinja", MERGE),
];

fn run(desk: &Desk, room: &Path, times: u32, row: &mut Row) -> Result<()> {
    let stage = Stage::new(desk, room)?;
    for place in &PLACES {
        // What is found wrong must be the special file, and nothing else.
        stage.call(place.call).run(LIMIT)?.sound()?;
        stage.clear()?;
    }
    let mut all: Vec<(&Place, Special)> = PLACES
        .iter()
        .flat_map(|place| Special::ALL.map(|special| (place, special)))
        .collect();
    shuffle(&mut all, desk);
    for (place, special) in all.into_iter().take(times as usize) {
        desk.go_on()?;
        row.times += 1;
        let ended = with_special(&stage, place, special)?;
        judge(&ended, place, special, row);
        stage.clear()?;
    }
    Ok(())
}

/// A part of them is then a fair sample.
fn shuffle<T>(all: &mut [T], desk: &Desk) {
    let mut dice = desk.dice(ATTACK.name);
    for k in (1..all.len()).rev() {
        all.swap(k, dice.below(k as u64 + 1) as usize);
    }
}

/// Makes the call with the special file in place of the ordinary one.
fn with_special(stage: &Stage<'_>, place: &Place, special: Special) -> Result<Ended> {
    let path = stage.folder.join(place.file);
    let aside = stage.folder.join("aside");
    std::fs::rename(&path, &aside)?;
    special.make(&path)?;
    let ended = stage.call(place.call).run(SOON)?;
    special.remove(&path)?;
    std::fs::rename(aside, path)?;
    Ok(ended)
}

fn judge(ended: &Ended, place: &Place, special: Special, row: &mut Row) {
    let what = format!(
        "{} as {} in `{}`",
        special.title(),
        place.file,
        place.call.join(" ")
    );
    if !judge_manners(ended, &what, row) {
        return;
    }
    let name = place.file.rsplit('/').next().unwrap_or_default();
    if !ended.succeeded() {
        match ended.stderr.contains(name) {
            true => row.saw("refused with a sentence that names it"),
            false => row.lost("the path in the sentence", format!("{what}: {ended}")),
        }
    } else if place.need == Need::Optional {
        row.saw("ended well without it");
    } else {
        row.lost("a refusal", what);
    }
}
