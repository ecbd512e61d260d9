//! Figure 6: weight change by layer of three merges, read from the colours of the drawing.

use crate::figures::{Axis, Cells, Figure, Layer, Panel};

/// Layer and the three columns; `resources/record/PROVENANCE.md` says how they were read.
const READ: &str = include_str!("../../../resources/record/figure6.csv");
/// The ends of the paper's scale.
const LIMIT: f64 = 100.0;

pub fn figure() -> Result<Figure, String> {
    let rows = rows(READ)?;
    let columns = ["v1", "v_pre", "v2"];
    let values: Vec<Option<f64>> = rows
        .iter()
        .flat_map(|(_, values)| values.map(Some))
        .collect();
    let cells = Layer::Cells(Cells {
        columns: columns.len(),
        values,
        decimals: Some(0),
        is_signed: true,
        is_distance: false,
    });
    let layers = rows.iter().map(|(layer, _)| layer.clone()).collect();
    let panel = Panel {
        scale: Some(("Weight change (unit not stated)".into(), -LIMIT, LIMIT)),
        ..Panel::new(
            Axis::of_names("", columns.map(String::from).to_vec()),
            Axis::of_names("Layer", layers),
            vec![cells],
        )
    };
    Ok(Figure {
        title: "Figure 6 of the paper: weight change of three merges".into(),
        panels: vec![panel],
        columns: 1,
        caption: format!(
            "v_pre: model-1-3 to model-2-1; v1: to model-3-3; v2: to model-3-1; n = {} layers",
            rows.len()
        ),
        notes: vec![
            "Read from the colours of the drawing, to about ±3; no table is printed".into(),
            "The paper does not say what is summed per layer, nor the unit".into(),
            "The text names v1 and v2 the other way round; the drawing is followed, where v1 is the step with kinship".into(),
        ],
        source: "Exploring Model Kinship for Merging Large Language Models, arXiv 2410.12613, Figure 6".into(),
    })
}

fn rows(text: &str) -> Result<Vec<(String, [f64; 3])>, String> {
    let broken = || "The readings of Figure 6 are damaged; install the program again".to_owned();
    let mut out = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.map_err(|_| broken())?;
        let number = |k: usize| row.get(k).and_then(|cell| cell.parse::<f64>().ok());
        let values = number(1).zip(number(2)).zip(number(3));
        let ((a, b), c) = values.ok_or_else(broken)?;
        out.push((row.get(0).unwrap_or_default().to_owned(), [a, b, c]));
    }
    Ok(out)
}
