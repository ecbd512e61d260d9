//! Models of the hub that are not here: downloaded, read where they lie, or asked for.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use super::args::HubArgs;
use super::{CliError, out, progress};
use crate::merge::write::units::show_bytes;
use crate::store::hub::{self, HubName, Offer};

/// What is done about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Download,
    Stream,
    /// A question on a terminal; a sentence where there is none.
    Ask,
}

/// Says for this process what is done about them; the window asks in its own way.
pub fn decide(args: &HubArgs, in_window: bool) {
    let wish = match (args.download, args.stream) {
        (true, _) => Wish::Download,
        (_, true) => Wish::Stream,
        _ if in_window => return,
        _ => Wish::Ask,
    };
    hub::when_missing(Box::new(move |name| found(name, wish)));
}

fn found(name: &HubName, wish: Wish) -> Result<PathBuf, String> {
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    if wish == Wish::Ask && !can_ask {
        let here = hub::not_here();
        return Err(format!(
            "{here}; download it with --download, or read it from the hub with --stream"
        ));
    }
    let offer = hub::offer(name)?;
    match wish {
        Wish::Stream => Ok(offer.address()),
        Wish::Ask if !agreed(&offer) => Err(hub::not_here()),
        Wish::Download | Wish::Ask => download(offer),
    }
}

fn agreed(offer: &Offer) -> bool {
    let size = show_bytes(offer.bytes());
    let question = format!(
        "{} is not in the hub's cache. Download {size}? [y/N] ",
        offer.name
    );
    let mut answer = String::new();
    write!(io::stderr(), "{question}").ok();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn download(offer: Offer) -> Result<PathBuf, String> {
    let size = show_bytes(offer.bytes());
    out::say(&format!("downloading {}, {size}", offer.name));
    let title = format!("Downloading {}", offer.name);
    let found = progress::run(&title, move |ticket| hub::download(&offer, ticket));
    found.map_err(|error| match error {
        CliError::Cancelled => {
            "the download was stopped; it goes on where it was when it is started again".to_owned()
        }
        other => other.to_string(),
    })
}
