//! From the hub into its cache, laid out as other programs do it.
//!
//! `blobs/` holds each content once, under the name that the hub gives it, `snapshots/<commit>/`
//! names of files that lead there, and `refs/<revision>` the commit. A download that was stopped
//! goes on where it was; a file gets its name when it is whole, and large ones only if they have
//! the SHA-256 that the hub states.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::offer::{HubFile, Offer};
use super::{hub_cache, hub_folder};
use crate::jobs::{Failure, Ticket};
use crate::store::mirror::MOST_OF_A_FILE;
use crate::store::name::Name;
use crate::store::net::Place;
use crate::store::object::Object;
use crate::store::pool::Pool;
use crate::store::trouble::Trouble;

/// Bytes between two looks at the ticket.
const PIECE: u64 = 1 << 20;

/// Downloads what is offered; the folder of the snapshot.
///
/// # Errors
/// [`Failure::Cancelled`]; a sentence with the file that could not be had or written.
pub fn download(offer: &Offer, ticket: &Ticket) -> Result<PathBuf, Failure> {
    let none = || Failure::Failed("there is no folder for the hub's cache".to_owned());
    let cache = hub_cache().ok_or_else(none)?;
    let folder = hub_folder(&offer.name.repository).ok_or_else(none)?;
    let folder = cache.join(folder);
    let snapshot = folder.join("snapshots").join(&offer.commit);
    let blobs = folder.join("blobs");
    fs::create_dir_all(&blobs).map_err(|error| unwritten(&blobs, &error))?;
    ticket.expect(offer.bytes());
    let name = Name::parse(&offer.folder()).map_err(Failure::Failed)?;
    let place = Place::new(&name).map_err(|trouble| not_had(&name.text, &trouble))?;
    for file in &offer.files {
        let blob = blobs.join(&file.blob);
        let is_here = fs::metadata(&blob).is_ok_and(|found| found.len() == file.bytes);
        match is_here {
            true => ticket.advance(file.bytes)?,
            false => fetch(&place, &name.text, file, &blob, ticket)?,
        }
    }
    // Last, so that what is opened by its name is whole.
    fs::create_dir_all(&snapshot).map_err(|error| unwritten(&snapshot, &error))?;
    for file in &offer.files {
        let blob = blobs.join(&file.blob);
        link(&blob, &snapshot.join(&file.name)).map_err(|error| unwritten(&blob, &error))?;
    }
    let reference = folder.join("refs").join(offer.name.revision());
    let write = || {
        fs::create_dir_all(reference.parent().unwrap_or(&folder))?;
        fs::write(&reference, &offer.commit)
    };
    write().map_err(|error| unwritten(&reference, &error))?;
    Ok(snapshot)
}

fn fetch(
    place: &Place,
    root: &str,
    file: &HubFile,
    blob: &Path,
    ticket: &Ticket,
) -> Result<(), Failure> {
    let whole_name = format!("{root}/{}", file.name);
    let failed = |trouble: Trouble| not_had(&whole_name, &trouble);
    let part = blob.with_extension("kinfolk-part");
    let written = |error: io::Error| unwritten(&part, &error);
    if file.bytes <= MOST_OF_A_FILE && file.sha256.is_none() {
        let mut got = place.whole(&[&file.name], MOST_OF_A_FILE);
        let (_, bytes) = got.pop().unwrap_or(Err(Trouble::Missing)).map_err(failed)?;
        if bytes.len() as u64 != file.bytes {
            return Err(failed(Trouble::Changed));
        }
        fs::write(&part, &bytes).map_err(written)?;
        ticket.advance(file.bytes)?;
    } else {
        let mut opened = place.open(&[&file.name]);
        let opened = opened
            .pop()
            .unwrap_or(Err(Trouble::Missing))
            .map_err(failed)?;
        let (version, start, ranges) = opened;
        let object = Object::new(whole_name.clone(), version, start, ranges, Pool::shared());
        if object.size_bytes() != file.bytes {
            return Err(failed(Trouble::Changed));
        }
        let sum = copied(&object, &part, ticket)?;
        if file.sha256.as_ref().is_some_and(|own| *own != sum) {
            fs::remove_file(&part).ok();
            let sentence = "what came is not what the hub says it has; start again";
            return Err(failed(Trouble::Name(sentence.to_owned())));
        }
    }
    fs::rename(&part, blob).map_err(written)
}

/// Writes the rest of a file behind what is there; the SHA-256 of all of it.
fn copied(object: &Object, part: &Path, ticket: &Ticket) -> Result<String, Failure> {
    let written = |error: io::Error| unwritten(part, &error);
    let mut hash = Sha256::new();
    let mut at = 0;
    let mut bytes = vec![0; PIECE as usize];
    if let Ok(mut there) = File::open(part) {
        loop {
            let read = there.read(&mut bytes).map_err(written)?;
            if read == 0 {
                break;
            }
            hash.update(&bytes[..read]);
            at += read as u64;
            ticket.advance(read as u64)?;
        }
    }
    let to = OpenOptions::new().create(true).append(true).open(part);
    let mut to = to.map_err(written)?;
    while at < object.size_bytes() {
        let len = PIECE.min(object.size_bytes() - at);
        let piece = &mut bytes[..len as usize];
        object.read(at, piece);
        if let Some(loss) = object.lost() {
            return Err(not_had(object.name(), &loss.trouble));
        }
        to.write_all(piece).map_err(written)?;
        hash.update(&*piece);
        at += len;
        ticket.advance(len)?;
    }
    to.sync_all().map_err(written)?;
    let sum = hash.finalize();
    Ok(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Makes `name` lead to the blob.
fn link(blob: &Path, name: &Path) -> io::Result<()> {
    if name.exists() {
        return Ok(());
    }
    #[cfg(unix)]
    {
        let file = blob.file_name().unwrap_or_default();
        std::os::unix::fs::symlink(Path::new("../../blobs").join(file), name)
    }
    #[cfg(not(unix))]
    {
        fs::hard_link(blob, name).or_else(|_| fs::copy(blob, name).map(drop))
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!(
        "the download could not be written, {error}: {}",
        path.display()
    ))
}

fn not_had(name: &str, trouble: &Trouble) -> Failure {
    match trouble {
        Trouble::Cancelled => Failure::Cancelled,
        _ => Failure::Failed(format!("{trouble}: {name}")),
    }
}
