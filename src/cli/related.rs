//! `kinfolk related`: whether two models are related at all.

use serde_json::{Value, json};

use super::args::RelatedArgs;
use super::extract::located;
use super::kinship::{names, open};
use super::{CliError, out, progress, table};
use crate::origin::related::{Related, related, show_p};

pub fn run(args: &RelatedArgs) -> Result<(), CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    let root = args.root.folder.as_deref();
    let models = [
        open(&located(&args.first, root)?)?,
        open(&located(&args.second, root)?)?,
    ];
    let names = names(&models);
    let found = progress::run("Comparing", move |ticket| {
        pool.install(|| related(&models[0], &models[1], ticket))
    })?;
    if out::is_json_alone(&as_json(&found, &names), args.json.file.as_deref())? {
        return Ok(());
    }
    print(&found, &names);
    Ok(())
}

fn as_json(found: &Related, names: &[String]) -> Value {
    let changes = found.changes.iter().map(
        |change| json!({ "change": change.key(), "words": change.sentence(&names[0], &names[1]) }),
    );
    let tests = found.tests.iter().map(|test| {
        json!({
            "test": test.name,
            "p": test.p,
            "hits": test.hits.map(|[hits, _]| hits),
            "of": test.hits.map(|[_, of]| of),
        })
    });
    let layers = found.layers.iter();
    let layers = layers.map(|layer| json!({ "layers": layer.layers, "cka": layer.cka }));
    json!({
        "models": names,
        "p": found.p,
        "cka": found.cka,
        "verdict": found.verdict.key(),
        "changes": changes.collect::<Vec<_>>(),
        "notes": found.notes,
        "tests": tests.collect::<Vec<_>>(),
        "layers": layers.collect::<Vec<_>>(),
    })
}

fn print(found: &Related, names: &[String]) {
    let [a, b] = names else { return };
    let (p, cka) = (show_p(found.p), table::decimals(found.cka, 3));
    let verdict = found.verdict.title();
    out::print(&format!("{verdict}: {a} and {b}, p {p}, CKA {cka}"));
    for change in &found.changes {
        out::print(&format!("  {}", change.sentence(a, b)));
    }
    let width = found.tests.iter().map(|test| test.name.len()).max();
    let width = width.unwrap_or(0);
    for test in &found.tests {
        let hits = test.hits.map_or_else(String::new, |[hits, of]| {
            format!("  {hits} of {of} match at their place")
        });
        out::print(&format!(
            "  {:<width$}  p {:<9}{hits}",
            test.name,
            show_p(test.p)
        ));
    }
    for note in &found.notes {
        out::say(&format!("note: {note}"));
    }
}
