//! Tables, results, tasks, and what was measured before.

use std::collections::HashMap;

use kinfolk::evaluate::read_tasks;
use kinfolk::import::{Content, Preview, Source, apply, guess, harness as results};
use kinfolk::kinship::{Grain, Measure, Metric, cluster, store};
use kinfolk::study::{Command, RecordEdit, Study, StudyDoc};
use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use crate::files::{folder, two};

/// A table, pasted or in a file, up to the study that takes it in.
pub fn table(data: &[u8]) {
    if let Content::Table(table) = Source::from_bytes("table.csv", data).content {
        let mapping = guess(&table);
        if let Ok(ready) = apply(&table, &mapping, &StudyDoc::default(), "table.csv") {
            take_in(ready.import);
        }
    }
}

/// Results as lm-evaluation-harness writes them.
pub fn harness(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(models) = results::read_with_gaps("results.json", text) else {
        return;
    };
    let found = kinfolk::import::Results::merged(models);
    let mut choices = results::choices(&found);
    results::without_number(&found);
    choices.iter_mut().for_each(|choice| choice.is_on = true);
    if let Ok(ready) = results::take(&found, &choices, &StudyDoc::default(), "results.json") {
        take_in(ready.import);
    }
}

fn take_in(import: kinfolk::study::Import) {
    let mut study = Study::default();
    Preview::new(&import, study.doc()).sentence();
    study.apply(Command::Record(RecordEdit::Import(import.clone())));
    Preview::new(&import, study.doc()).sentence();
    let dir = std::path::Path::new("/studies");
    let text = kinfolk::study::file::to_text(study.doc(), dir);
    let read = kinfolk::study::file::from_text(&text, dir);
    assert_eq!(read.as_ref(), Ok(study.doc()));
}

/// Tasks of the built-in evaluator: questions, or after `T` a text.
pub fn tasks(data: &[u8]) {
    let (name, text) = match data.split_first() {
        Some((b'T', rest)) => ("tasks.txt", rest),
        _ => ("tasks.jsonl", data),
    };
    let path = folder("tasks").join(name);
    std::fs::write(&path, text).unwrap();
    read_tasks(&[path]).ok();
}

/// A stored kinship: its layout and its sums, sealed as if this program had written them.
pub fn cache(data: &[u8]) {
    store::from_bytes(data);
    let (layout, sums) = two(data);
    let Ok(layout) = std::str::from_utf8(layout) else {
        return;
    };
    let sums = &sums[..sums.len() / 8 * 8];
    let Some(stored) = store::from_bytes(&sealed(layout, sums)) else {
        return;
    };
    let again = store::to_bytes(&stored).and_then(|bytes| store::from_bytes(&bytes));
    assert!(again.is_some());
    let kinship = stored.kinship;
    for &metric in Metric::ALL {
        let measure = Measure {
            metric,
            ..Measure::default()
        };
        cluster(&kinship.matrix(measure), metric);
    }
    for grain in [Grain::Tensor, Grain::Layer, Grain::Kind] {
        kinship.groups(grain);
    }
    kinship.parameters();
}

fn sealed(layout: &str, sums: &[u8]) -> Vec<u8> {
    let digest = Sha256::new()
        .chain_update(layout)
        .chain_update(sums)
        .finalize();
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let metadata = HashMap::from([("kinfolk.kinship".to_owned(), format!("{hash} {layout}"))]);
    let view = TensorView::new(Dtype::F64, vec![sums.len() / 8], sums).unwrap();
    safetensors::serialize([("sums", view)], Some(metadata)).unwrap()
}
