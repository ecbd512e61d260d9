//! What the hub has of a model: its files with their sizes, at one commit.

use std::path::PathBuf;

use serde::Deserialize;

use super::HubName;
use crate::store::access::endpoint;
use crate::store::mirror;
use crate::store::name::Name;
use crate::store::net::Place;
use crate::store::trouble::Trouble;

/// Bytes of the hub's answer; one of ten thousand files has three million.
const MOST_OF_AN_ANSWER: u64 = 50_000_000;

/// A model as the hub has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What was asked for.
    pub name: HubName,
    /// The commit that its revision stands for.
    pub commit: String,
    /// The files that make up the model.
    pub files: Vec<HubFile>,
}

/// A file of a model on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFile {
    /// Its name; files in folders are left out.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// What its content is stored under in the cache.
    pub blob: String,
    /// Its SHA-256 in hexadecimal, where the hub says it: that of large files.
    pub sha256: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    #[serde(default)]
    size: u64,
    #[serde(rename = "blobId", default)]
    blob_id: String,
    #[serde(default)]
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl Offer {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The name under which it is read where it lies, at this commit.
    pub fn address(&self) -> PathBuf {
        PathBuf::from(self.folder())
    }

    pub(super) fn folder(&self) -> String {
        let (repository, commit) = (&self.name.repository, &self.commit);
        format!("{}/{repository}/resolve/{commit}", endpoint())
    }
}

/// Asks the hub for a model. Waits for the network.
///
/// # Errors
/// A clause why there is none to be had.
pub fn offer(name: &HubName) -> Result<Offer, String> {
    if std::env::var("HF_HUB_OFFLINE").is_ok_and(|value| !matches!(&*value, "" | "0")) {
        return Err("HF_HUB_OFFLINE is set, and it is not in the hub's cache".to_owned());
    }
    let of = |trouble: Trouble| match trouble {
        Trouble::Missing | Trouble::Forbidden(_) => format!(
            "the hub has no model `{}` at {} for us; check the name, and if it is private or \
             gated, ask for access and set HF_TOKEN",
            name.repository,
            name.revision()
        ),
        other => other.to_string(),
    };
    let repository = &name.repository;
    let folder = format!("{}/api/models/{repository}/revision", endpoint());
    let folder =
        Name::parse(&folder).map_err(|reason| format!("HF_ENDPOINT is wrong, {reason}"))?;
    let place = Place::with_query(&folder, "blobs=true").map_err(of)?;
    let mut answers = place.whole(&[name.revision()], MOST_OF_AN_ANSWER);
    let (_, bytes) = answers.pop().unwrap_or(Err(Trouble::Missing)).map_err(of)?;
    let answer: Answer = serde_json::from_slice(&bytes)
        .map_err(|error| format!("the hub's answer makes no sense, {error}"))?;
    if !crate::files::is_plain_name(&answer.sha) {
        return Err("the hub's answer names no commit".to_owned());
    }
    let files: Vec<HubFile> = answer.siblings.into_iter().filter_map(file).collect();
    if !files.iter().any(|file| mirror::is_weights(&file.name)) {
        return Err(
            "the hub has no safetensors of it in one folder; download it with `hf download`"
                .to_owned(),
        );
    }
    Ok(Offer {
        name: name.clone(),
        commit: answer.sha,
        files,
    })
}

/// A file that belongs to the model; no weights of other formats.
fn file(sibling: Sibling) -> Option<HubFile> {
    let name = sibling.rfilename;
    let sha256 = sibling.lfs.as_ref().map(|lfs| lfs.sha256.clone());
    let blob = sha256.clone().unwrap_or(sibling.blob_id);
    let is_wanted = mirror::is_weights(&name) || mirror::is_small(&name);
    let is_whole = crate::files::is_plain_name(&blob);
    (is_wanted && is_whole).then(|| HubFile {
        bytes: sibling.lfs.map_or(sibling.size, |lfs| lfs.size),
        name,
        blob,
        sha256,
    })
}
