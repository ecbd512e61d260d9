//! What sketches say, as text or JSON.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::plans;
use super::sketched::Sketched;
use crate::cli::args::FamilyArgs;
use crate::cli::{CliError, out, progress, table};
use crate::jobs::{Failure, Ticket};
use crate::kinship::Matrix;
use crate::kinship::sketch::{Near, matrix};
use crate::numeric::sketch::{WIDTH, standard_error};
use crate::origin::population::{Population, changes, population};
use crate::text::counted;
use crate::workbench::opening::called_base_of;

/// Up to so many models all pairs are told unasked.
const MOST_PAIRS: usize = 200;
/// Up to so many a matrix is printed.
const MOST_PRINTED: usize = 12;
/// Names of a family that are printed.
const MOST_NAMES: usize = 8;

/// What was found among them.
struct Found {
    population: Population,
    /// All pairs, where they are wanted.
    pairs: Option<Matrix>,
    /// For each family the members whose change from its base is known, and their pairs.
    changes: Vec<Option<(Vec<usize>, Matrix)>>,
}

/// Finds families, plans their exact kinship where that is wanted, and tells of it all.
pub fn show(
    sketched: Sketched,
    args: &FamilyArgs,
    threads: Option<u16>,
    json: Option<&Path>,
) -> Result<(), CliError> {
    let pool = progress::pool(threads)?;
    let (nearest, akin) = (usize::from(args.nearest), args.akin);
    let all = args.pairs || sketched.names.len() <= MOST_PAIRS;
    let (sketched, found) = progress::run("Comparing", move |ticket| {
        let found = pool.install(|| found(&sketched, (nearest, akin, all), ticket))?;
        Ok((sketched, found))
    })?;
    if let Some(folder) = &args.plans {
        plans::write(folder, &sketched, &found.population)?;
    }
    if out::is_json_alone(&as_json(&sketched, &found, akin), json)? {
        return Ok(());
    }
    print(&sketched, &found);
    Ok(())
}

fn found(
    sketched: &Sketched,
    (nearest, akin, all): (usize, f64, bool),
    ticket: &Ticket,
) -> Result<Found, Failure> {
    let sketches = &sketched.sketches;
    let mut population = population(sketches, nearest, akin, ticket)?;
    // What a name says goes before what weights say, as when a study is made of models.
    let is_of_weights = sketched.base.is_none();
    for family in population.families.iter_mut().filter(|_| is_of_weights) {
        let names = (family.members.iter()).map(|&k| sketched.names[k].as_str());
        let called = called_base_of(names).map(|at| family.members[at]);
        family.base = called.or(family.base);
    }
    let pairs = all.then(|| matrix(sketches, ticket)).transpose()?;
    let mut of_families = Vec::new();
    for family in &population.families {
        let wanted = family.base.is_some() && (all || family.members.len() <= MOST_PAIRS);
        let own = wanted.then(|| changes(family, sketches));
        let own = own.map(|(members, own)| Ok::<_, Failure>((members, matrix(&own, ticket)?)));
        of_families.push(own.transpose()?);
    }
    Ok(Found {
        population,
        pairs,
        changes: of_families,
    })
}

fn as_json(sketched: &Sketched, found: &Found, akin: f64) -> Value {
    let name = |k: &usize| sketched.names[*k].clone();
    let mut all = Map::new();
    let base = sketched.base.as_ref().map(|(name, _)| name);
    all.insert("base".to_owned(), json!(base));
    let of = base.map_or("weights", |_| "task vectors");
    all.insert("of".to_owned(), json!(of));
    all.insert("bytes_per_sketch".to_owned(), json!(4 * WIDTH));
    all.insert("standard_error".to_owned(), json!(standard_error(0.0)));
    all.insert("akin".to_owned(), json!(akin));
    all.insert("models".to_owned(), json!(sketched.names));
    let details = sketched.sketches.iter().zip(&sketched.paths);
    let details = details.map(|(own, path)| {
        let left_out = own.left_out.iter();
        let left_out = left_out.map(|(tensor, why)| json!({ "tensor": tensor, "reason": why }));
        json!({
            "path": path,
            "numbers": own.numbers,
            "length": own.square.sqrt(),
            "left_out": left_out.collect::<Vec<_>>(),
        })
    });
    all.insert("sketches".to_owned(), details.collect());
    let families = found.population.families.iter().zip(&found.changes);
    let families = families.map(|(family, changes)| {
        let members: Vec<String> = family.members.iter().map(name).collect();
        let mut out = json!({ "models": members, "base": family.base.as_ref().map(name) });
        if let Some((members, pairs)) = changes {
            let members: Vec<String> = members.iter().map(name).collect();
            out["changes"] =
                json!({ "models": members, "cosine": rows(pairs), "error": errors(pairs) });
        }
        out
    });
    all.insert("families".to_owned(), families.collect());
    let near = |near: &Near| {
        let (cosine, error) = (near.estimate.cosine, near.estimate.error);
        json!({ "model": name(&near.model), "cosine": cosine, "error": error })
    };
    let nearest = found.population.nearest.iter();
    let nearest = nearest.map(|own| own.iter().map(near).collect::<Value>());
    all.insert("nearest".to_owned(), nearest.collect());
    if let Some(pairs) = &found.pairs {
        all.insert("cosine".to_owned(), json!(rows(pairs)));
        all.insert("error".to_owned(), json!(errors(pairs)));
    }
    Value::Object(all)
}

fn rows(matrix: &Matrix) -> Vec<Vec<Option<f64>>> {
    matrix.rows().map(<[Option<f64>]>::to_vec).collect()
}

fn errors(matrix: &Matrix) -> Vec<Vec<Option<f64>>> {
    let error = |value: &Option<f64>| value.map(standard_error);
    matrix
        .rows()
        .map(|row| row.iter().map(error).collect())
        .collect()
}

fn print(sketched: &Sketched, found: &Found) {
    let models = counted(sketched.names.len(), "model");
    let families = match found.population.families.len() {
        1 => "1 family".to_owned(),
        n => format!("{n} families"),
    };
    let of = match &sketched.base {
        Some((base, _)) => format!("changes from {base}"),
        None => "weights".to_owned(),
    };
    let error = standard_error(0.0);
    out::print(&format!(
        "{models} in {families}, by sketches of their {of}"
    ));
    out::print(&format!(
        "cosines are estimates with a standard error of {error:.3} or less"
    ));
    for (number, family) in found.population.families.iter().enumerate() {
        let members = family.members.iter().filter(|k| Some(**k) != family.base);
        let names: Vec<&str> = members.map(|k| sketched.names[*k].as_str()).collect();
        let count = counted(family.members.len(), "model");
        let base = family
            .base
            .map_or(String::new(), |k| format!(", base {}", sketched.names[k]));
        let shown = names[..names.len().min(MOST_NAMES)].join(", ");
        let more = names.len().saturating_sub(MOST_NAMES);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        out::print(&format!(
            "Family {}: {count}{base}: {shown}{more}",
            number + 1
        ));
    }
    let title = match sketched.base {
        Some(_) => "Cosine of task vectors, estimated",
        None => "Cosine of weights, estimated",
    };
    let all: Vec<usize> = (0..sketched.names.len()).collect();
    if let Some(pairs) = &found.pairs {
        print_pairs(title, &all, pairs, sketched);
    }
    for (members, pairs) in found.changes.iter().flatten() {
        print_pairs(
            "Cosine of task vectors, estimated",
            members,
            pairs,
            sketched,
        );
    }
    for (name, own) in sketched.names.iter().zip(&sketched.sketches) {
        if let [(tensor, reason), rest @ ..] = &own.left_out[..] {
            let more = if rest.is_empty() {
                String::new()
            } else {
                format!(", and {} more", rest.len())
            };
            out::say(&format!("left out: {tensor} in {name}: {reason}{more}"));
        }
    }
}

fn print_pairs(title: &str, members: &[usize], pairs: &Matrix, sketched: &Sketched) {
    if members.len() < 2 || members.len() > MOST_PRINTED {
        return;
    }
    let names: Vec<String> = members.iter().map(|k| sketched.names[*k].clone()).collect();
    out::print_all(["", title]);
    out::print_all(table::matrix_to(&names, &rows(pairs), 3));
}
