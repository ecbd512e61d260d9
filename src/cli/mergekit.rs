//! Options of mergekit's commands that change nothing here: taken, so that a command that somebody
//! has works, hidden in the help, and answered with a line each.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::out;

const NO_GPU: &str = "merges are computed on the processor";
const MAPPED: &str = "files are always mapped and read piece by piece";
const WRITTEN: &str = "shards are always written while the next are made";
const ADAPTERS: &str = "adapters are applied while they are read";

/// Name, what takes it back unless a value follows it, and why it changes nothing.
const OPTIONS: [(&str, Option<&str>, &str); 18] = [
    ("cuda", Some("no-cuda"), NO_GPU),
    ("device", None, NO_GPU),
    ("low-cpu-memory", Some("no-low-cpu-memory"), NO_GPU),
    ("read-to-gpu", Some("no-read-to-gpu"), NO_GPU),
    ("multi-gpu", Some("no-multi-gpu"), NO_GPU),
    ("gpu-rich", Some("no-gpu-rich"), NO_GPU),
    ("lazy-unpickle", Some("no-lazy-unpickle"), MAPPED),
    ("async-write", Some("no-async-write"), WRITTEN),
    ("write-threads", None, WRITTEN),
    ("lora-merge-cache", None, ADAPTERS),
    (
        "lora-merge-dtype",
        None,
        "adapters are applied in float32, and in float64 where the merge is computed in it",
    ),
    (
        "trust-remote-code",
        Some("no-trust-remote-code"),
        "code that comes with a model is never run",
    ),
    (
        "copy-tokenizer",
        Some("no-copy-tokenizer"),
        "the tokenizer's files are always copied",
    ),
    (
        "write-model-card",
        Some("no-write-model-card"),
        "a model card is always written",
    ),
    (
        "clone-tensors",
        Some("no-clone-tensors"),
        "a layer that is repeated is always written again",
    ),
    (
        "safe-serialization",
        Some("no-safe-serialization"),
        "weights are always written as safetensors",
    ),
    (
        "lazy",
        Some("no-lazy"),
        "a result that is there already is only replaced, with --force",
    ),
    ("quiet", Some("no-quiet"), ""),
];

/// Those that were given.
#[derive(Default)]
pub struct Accepted(Vec<(&'static str, &'static str)>);

impl Accepted {
    /// Says which of them change nothing, and why.
    pub fn tell(&self) {
        for (name, why) in self.0.iter().filter(|(_, why)| !why.is_empty()) {
            out::say(&format!("--{name} has no effect: {why}"));
        }
    }
}

impl clap::Args for Accepted {
    fn augment_args(command: Command) -> Command {
        let flag = |name| Arg::new(name).long(name).action(ArgAction::SetTrue);
        let args = OPTIONS
            .iter()
            .flat_map(|&(name, negative, _)| match negative {
                Some(negative) => vec![flag(name), flag(negative)],
                None => vec![Arg::new(name).long(name)],
            });
        let verbose = Arg::new("verbose").short('v').action(ArgAction::Count);
        command.args(args.chain([verbose]).map(|arg| arg.hide(true)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Accepted {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut out = Vec::new();
        for (name, negative, why) in OPTIONS {
            let is_given = |own: &&str| match negative {
                Some(_) => matches.get_flag(own),
                None => matches.contains_id(own),
            };
            let own = [Some(name), negative].into_iter().flatten();
            out.extend(own.filter(is_given).map(|own| (own, why)));
        }
        Ok(Self(out))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
