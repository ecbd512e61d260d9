//! `kinfolk scan`: the models below folders, sorted into families.

use serde_json::{Value, json};

use super::args::ScanArgs;
use super::{CliError, out, progress, table};
use crate::merge::write::units::show_bytes;
use crate::text::counted;
use crate::workbench::scanning::{FoundFamily, FoundModel, Scanned, scan};

pub fn run(args: &ScanArgs) -> Result<(), CliError> {
    let pool = progress::pool(args.threads.wanted)?;
    if let Some(missing) = args.folders.iter().find(|folder| !folder.exists()) {
        let missing = missing.display();
        return Err(CliError::Failed(format!("there is no folder {missing}")));
    }
    let folders = args.folders.clone();
    let found = progress::run("Scanning", move |ticket| {
        pool.install(|| scan(&folders, ticket))
    })?;
    if out::is_json_alone(&as_json(&found), args.json.file.as_deref())? {
        return Ok(());
    }
    print(&found);
    Ok(())
}

fn as_json(found: &Scanned) -> Value {
    let broken = found.broken.iter();
    let broken = broken.map(|(path, reason)| json!({ "path": path, "reason": reason }));
    json!({
        "families": found.families.iter().map(family_json).collect::<Vec<_>>(),
        "broken": broken.collect::<Vec<_>>(),
        "notes": found.notes,
    })
}

fn family_json(family: &FoundFamily) -> Value {
    let model = |model: &FoundModel| {
        json!({
            "name": model.name,
            "path": model.path,
            "bytes": model.bytes,
            "parameters": model.parameters,
            "form": model.form,
            "architecture": model.architecture,
            "claims": model.claims,
        })
    };
    let base = family.base.and_then(|_| family.models.first());
    json!({
        "base": base.map(|model| &model.name),
        "why": family.base.map(|reason| reason.words()),
        "models": family.models.iter().map(model).collect::<Vec<_>>(),
    })
}

fn print(found: &Scanned) {
    let models = counted(found.models(), "model");
    let families = match found.families.len() {
        1 => "1 family".to_owned(),
        n => format!("{n} families"),
    };
    out::print(&format!("{models} in {families}"));
    for (number, family) in found.families.iter().enumerate() {
        out::print("");
        print_family(number + 1, family);
    }
    if !found.broken.is_empty() {
        out::print_all(["", "Cannot be opened"]);
    }
    for (path, reason) in &found.broken {
        out::print(&format!("  {}: {reason}", path.display()));
    }
    found.notes.iter().for_each(|note| out::say(note));
}

fn print_family(number: usize, family: &FoundFamily) {
    let count = counted(family.models.len(), "model");
    let base = match (family.base, family.models.first()) {
        (Some(reason), Some(base)) => format!(", base {}: {}", base.name, reason.words()),
        _ if family.models.len() > 1 => ", base not known".to_owned(),
        _ => String::new(),
    };
    out::print(&format!("Family {number}: {count}{base}"));
    let width = table::width(family.models.iter().map(|model| &model.name));
    for model in &family.models {
        let FoundModel {
            name,
            bytes,
            parameters,
            architecture,
            claims,
            ..
        } = model;
        let claims = match &claims[..] {
            [] => String::new(),
            claims => format!("  says base: {}", claims.join(", ")),
        };
        let pad = " ".repeat(width - name.chars().count());
        let size = show_bytes(*bytes);
        out::print(&format!(
            "  {name}{pad}  {size:>9}  {parameters:>13} parameters  {architecture}{claims}"
        ));
    }
}
