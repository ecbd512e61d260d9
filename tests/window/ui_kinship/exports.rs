//! What leaves the view: tables, pictures and drawings.

use super::*;

/// The reference numbers of the demo: a, b, Pearson, cosine, distance.
fn reference() -> Vec<(String, String, [f64; 3])> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo/kinship.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let number = |k: usize| row[k].parse().unwrap();
        (
            row[0].to_owned(),
            row[1].to_owned(),
            [number(2), number(3), number(4)],
        )
    });
    rows.collect()
}

/// Checks a table with names in its first row and column.
fn check_table(text: &str, delimiter: u8, column: usize) {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 7);
    for (a, b, values) in reference() {
        let row = rows.iter().find(|row| row[0] == a).unwrap();
        let at = names.iter().position(|name| *name == b).unwrap();
        let found: f64 = row[at].parse().unwrap();
        // The reference has twelve digits.
        assert!(
            (found / values[column] - 1.0).abs() < 1e-9,
            "{a} × {b}: {found}"
        );
    }
}

#[test]
fn exports_carry_the_reference_numbers_in_full() {
    let mut window = demo();
    for (column, metric) in ["Pearson", "Cosine", "Euclidean distance"]
        .iter()
        .enumerate()
    {
        if column > 0 {
            choose(&mut window, "Metric", metric);
        }
        window.state_mut().asked.clear();
        click(&mut window, "Save as CSV…");
        click(&mut window, "Copy as table");
        let [Action::Export(export), Action::Copy { text, .. }] = &window.state().asked[..] else {
            panic!("{:?}", window.state().asked);
        };
        let csv = String::from_utf8(export.content.bytes().unwrap()).unwrap();
        assert!(csv.starts_with("model,abacus,"), "{csv}");
        check_table(&csv, b',', column);
        assert!(text.starts_with(&format!(
            "{metric} over the whole model, relative to base\t"
        )));
        check_table(text, b'\t', column);
    }
    let Action::Export(Export { name, .. }) = &window.state().asked[0] else {
        panic!();
    };
    assert_eq!(name, "kinship-euclidean-whole.csv");
}

#[test]
fn the_picture_is_a_png_with_the_whole_map() {
    let mut window = demo();
    click(&mut window, "Save as PNG…");
    let [Action::Export(export)] = &window.state().asked[..] else {
        panic!();
    };
    assert_eq!(export.name, "kinship-pearson-whole.png");
    let picture = image::load_from_memory(&export.content.bytes().unwrap()).unwrap();
    assert!(picture.width() > 1200 && picture.height() > 800);
}

#[test]
fn the_drawing_is_an_svg_with_every_model_and_value() {
    let mut window = demo();
    click(&mut window, "Save as SVG…");
    let [Action::Export(export)] = &window.state().asked[..] else {
        panic!();
    };
    assert_eq!(export.name, "kinship-pearson-whole.svg");
    let svg = String::from_utf8(export.content.bytes().unwrap()).unwrap();
    let drawing = roxmltree::Document::parse(&svg).unwrap();
    let texts = drawing
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    let texts: Vec<&str> = texts.filter_map(|node| node.text()).collect();
    for words in ["Pearson over the whole model", "abacus", "unrelated"] {
        assert!(texts.contains(&words), "{words}: {texts:?}");
    }
    let numbers = texts.iter().filter(|text| text.parse::<f64>().is_ok());
    assert!(numbers.count() >= 7 * 6);
}
