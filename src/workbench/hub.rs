//! The models that lie in the hub's local cache and in folders of the user's, to choose from.

use std::path::{Path, PathBuf};

use super::opening::{candidates_in, open};
use super::{Workbench, hub_cache};
use crate::files;
use crate::jobs::{Failure, Ticket};
use crate::origin::lineage::card_bases;

/// Repositories that are looked at; a cache holds hundreds at most.
const MOST: usize = 5_000;
/// Bytes of a model card in which its heading is looked for.
const CARD_BYTES: u64 = 64 << 10;

/// A model in the hub's cache, or in a folder that is looked through beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// "org/name", or the path below the folder's own name.
    pub name: String,
    /// The folder that is opened: in the cache that of the repository.
    pub folder: PathBuf,
    /// What its card is headed by; empty without a card.
    pub title: String,
    /// What its card calls its base; empty if it names none.
    pub base: String,
    /// Size on disk and number of parameters, or why it cannot be opened.
    pub state: Result<HubSize, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubSize {
    pub bytes: u64,
    pub parameters: u64,
}

/// What is known of the cache.
#[derive(Default)]
pub enum HubState {
    #[default]
    NotLooked,
    Looking,
    Listed {
        /// Where it lies.
        cache: PathBuf,
        models: Vec<HubModel>,
    },
    /// Why nothing is listed.
    Failed(String),
}

impl Workbench {
    pub fn hub(&self) -> &HubState {
        &self.hub
    }

    /// Looks into the hub's cache and these folders, as a job.
    pub fn look_into_hub(&mut self, folders: &[PathBuf]) {
        let Some(cache) = hub_cache() else {
            self.hub = HubState::Failed("there is no home folder to look into".to_owned());
            return;
        };
        self.look_into_hub_at(cache, folders);
    }

    /// The same for a cache that lies elsewhere.
    pub fn look_into_hub_at(&mut self, cache: PathBuf, folders: &[PathBuf]) {
        if matches!(self.hub, HubState::Looking) {
            return;
        }
        self.hub = HubState::Looking;
        let folders = folders.to_vec();
        let look = move |ticket: &Ticket| {
            let mut models = models_in(&cache, ticket)?;
            for folder in &folders {
                models.extend(models_below(folder, ticket)?);
            }
            Ok((models, cache))
        };
        let ending = |bench: &mut Self, result| {
            bench.hub = match result {
                Ok((models, cache)) => HubState::Listed { cache, models },
                Err(Failure::Cancelled) => HubState::NotLooked,
                Err(failure) => HubState::Failed(failure.to_string()),
            };
        };
        self.jobs
            .spawn("Looking into the hub's cache", look, ending);
    }
}

/// The models of a cache by name; other repositories, such as data sets, are left out.
fn models_in(cache: &Path, ticket: &Ticket) -> Result<Vec<HubModel>, Failure> {
    let entries = std::fs::read_dir(cache).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).take(MOST).collect();
    folders.sort();
    let mut out = Vec::new();
    for folder in folders {
        ticket.advance(0)?;
        out.extend(model_in(&folder));
    }
    out.sort_by_key(|model| model.name.to_lowercase());
    Ok(out)
}

/// The models in a folder and below it, as they lie there.
fn models_below(folder: &Path, ticket: &Ticket) -> Result<Vec<HubModel>, Failure> {
    // Named from the folder's own name on: `models/org/name`.
    let from = folder.parent().unwrap_or(folder);
    let mut out = Vec::new();
    for path in candidates_in(folder) {
        ticket.advance(0)?;
        let name = path.strip_prefix(from).unwrap_or(&path);
        out.push(model_at(&path, name.to_string_lossy().into_owned()));
    }
    Ok(out)
}

fn model_in(folder: &Path) -> Option<HubModel> {
    let repository = folder.file_name()?.to_str()?.strip_prefix("models--")?;
    Some(model_at(folder, repository.replace("--", "/")))
}

fn model_at(folder: &Path, name: String) -> HubModel {
    let opened = open(folder);
    let card = opened.as_ref().ok().map(|model| model.folder().to_owned());
    let size = opened.map(|model| HubSize {
        bytes: model.size_bytes(),
        parameters: model.parameters(),
    });
    HubModel {
        name,
        folder: folder.to_owned(),
        title: card.as_deref().map(card_title).unwrap_or_default(),
        base: card
            .map(|card| card_bases(&card).join(", "))
            .unwrap_or_default(),
        state: size,
    }
}

/// The first heading of README.md.
fn card_title(folder: &Path) -> String {
    let text = files::read_start(&folder.join("README.md"), CARD_BYTES).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // Comments in the front matter begin as headings do.
    let body = match text.strip_prefix("---\n") {
        Some(rest) => rest.split_once("\n---").map_or("", |(_, body)| body),
        None => &text,
    };
    let mut lines = body.lines().map(str::trim);
    let heading = lines.find_map(|line| line.strip_prefix('#'));
    let heading = heading.unwrap_or_default().trim_start_matches('#').trim();
    heading.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heading_of_a_card_stands_below_its_front_matter() {
        let dir = tempfile::tempdir().unwrap();
        for (text, title) in [
            (
                "---\n# no heading\nlicense: mit\n---\n\n## A model\ntext",
                "A model",
            ),
            ("# Plain\n", "Plain"),
            ("---\nlicense: mit\n", ""),
            ("words alone", ""),
        ] {
            std::fs::write(dir.path().join("README.md"), text).unwrap();
            assert_eq!(card_title(dir.path()), title);
        }
    }
}
