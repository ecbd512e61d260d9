//! The models that lie in the hub's local cache, for the user to choose from.

use std::path::{Path, PathBuf};

use super::opening::open;
use super::{Workbench, hub_cache};
use crate::files;
use crate::jobs::{Failure, Ticket};

/// Repositories that are looked at; a cache holds hundreds at most.
const MOST: usize = 5_000;
/// Bytes of a model card in which its heading is looked for.
const CARD_BYTES: u64 = 64 << 10;

/// A model in the hub's cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// "org/name".
    pub name: String,
    /// The repository's folder in the cache.
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

    /// Looks into the hub's cache, as a job.
    pub fn look_into_hub(&mut self) {
        let Some(cache) = hub_cache() else {
            self.hub = HubState::Failed("there is no home folder to look into".to_owned());
            return;
        };
        self.look_into_hub_at(cache);
    }

    /// The same for a cache that lies elsewhere.
    pub fn look_into_hub_at(&mut self, cache: PathBuf) {
        if matches!(self.hub, HubState::Looking) {
            return;
        }
        self.hub = HubState::Looking;
        let look = move |ticket: &Ticket| Ok((models_in(&cache, ticket)?, cache));
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

fn model_in(folder: &Path) -> Option<HubModel> {
    let repository = folder.file_name()?.to_str()?.strip_prefix("models--")?;
    let opened = open(folder);
    let card = opened.as_ref().ok().map(|model| model.folder().to_owned());
    let size = opened.map(|model| HubSize {
        bytes: model.size_bytes(),
        parameters: model.parameters(),
    });
    Some(HubModel {
        name: repository.replace("--", "/"),
        folder: folder.to_owned(),
        title: card.as_deref().map(card_title).unwrap_or_default(),
        base: card
            .map(|card| card_bases(&card).join(", "))
            .unwrap_or_default(),
        state: size,
    })
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
