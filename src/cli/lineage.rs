//! `kinfolk lineage`: who descends from whom in a folder of models, from their weights alone.

use std::sync::Arc;

use serde::Serialize;

use super::args::LineageArgs;
use super::kinship::names;
use super::{CliError, out, progress};
use crate::checkpoint::Checkpoint;
use crate::jobs::Failure;
use crate::origin::lineage::{Proposal, propose};
use crate::text::counted;
use crate::workbench::opening::open_all;

pub fn run(args: &LineageArgs) -> Result<(), CliError> {
    let mut models = Vec::new();
    for found in open_all(&args.folder) {
        match found.result {
            Ok(checkpoint) => models.push(checkpoint),
            // A folder of models is no model itself, which is as it should be.
            Err(_) if found.path == args.folder && !models.is_empty() => {}
            Err(sentence) => out::say(&sentence),
        }
    }
    if models.len() < 2 {
        return Err(CliError::Failed(format!(
            "{} holds {}: a lineage needs two or more, each in a folder of its own",
            args.folder.display(),
            counted(models.len(), "model that can be read")
        )));
    }
    let names = names(&models);
    let pool = progress::pool(args.threads.wanted)?;
    let (own, named) = (models.clone(), names.clone());
    let proposal = progress::run("Comparing models", move |ticket| {
        let models: Vec<&Checkpoint> = own.iter().map(Arc::as_ref).collect();
        pool.install(|| propose(&models, &named, ticket))
            .map_err(Failure::from)
    })?;
    let shown = Shown::new(&proposal, &names);
    if !out::is_json_alone(&shown, args.json.file.as_deref())? {
        print(&shown);
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    models: &'a [String],
    families: Vec<FamilyShown<'a>>,
    edges: Vec<EdgeShown<'a>>,
    claims: Vec<ClaimShown<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct FamilyShown<'a> {
    base: Option<&'a str>,
    models: Vec<&'a str>,
}

#[derive(Serialize)]
struct EdgeShown<'a> {
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    confidence: f64,
    why: &'a str,
}

#[derive(Serialize)]
struct ClaimShown<'a> {
    model: &'a str,
    parents: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    verdict: &'static str,
    sentence: &'a str,
}

impl<'a> Shown<'a> {
    fn new(proposal: &'a Proposal, names: &'a [String]) -> Self {
        let name = |model: usize| names[model].as_str();
        let families = proposal.families.iter().map(|family| FamilyShown {
            base: family.base.map(name),
            models: family.models.iter().map(|&m| name(m)).collect(),
        });
        let edges = proposal.edges.iter().map(|edge| EdgeShown {
            from: name(edge.from),
            to: name(edge.to),
            share: edge.share,
            confidence: edge.confidence,
            why: &edge.why,
        });
        let claims = proposal.claims.iter().map(|claim| ClaimShown {
            model: name(claim.model),
            parents: claim.parents.iter().map(|&m| name(m)).collect(),
            method: claim.method.as_deref(),
            verdict: claim.verdict.key(),
            sentence: &claim.sentence,
        });
        Self {
            models: names,
            families: families.collect(),
            edges: edges.collect(),
            claims: claims.collect(),
            notes: &proposal.notes,
        }
    }
}

fn print(shown: &Shown<'_>) {
    for family in &shown.families {
        let n = counted(family.models.len(), "model");
        out::print(&match (family.base, &family.models[..]) {
            (Some(base), _) => format!("{n} of base {base}: {}", family.models.join(", ")),
            (None, [only]) => format!("{only} is related to no other"),
            (None, _) => format!("{n} of one origin: {}", family.models.join(", ")),
        });
    }
    for edge in &shown.edges {
        let share = edge
            .share
            .map_or(String::new(), |share| format!(" {share:.2}"));
        let EdgeShown {
            from,
            to,
            confidence,
            why,
            ..
        } = edge;
        out::print(&format!("{from} →{share} {to}  ({confidence:.2}: {why})"));
    }
    for claim in &shown.claims {
        out::print(claim.sentence);
    }
    shown.notes.iter().for_each(|note| out::say(note));
}
