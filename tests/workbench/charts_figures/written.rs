//! What is written of a figure: tables, drawings and pictures, read back.

use super::*;

/// A study whose names would break a careless writer.
fn ugly() -> StudyDoc {
    let mut doc = bundled("community").clone();
    let names = [
        "<&\" and 'quotes', with a comma",
        "通义千问合并模型",
        &"long-".repeat(18),
    ];
    let in_path = |m: &&mut Model| m.steps.iter().any(|s| s.run == "Path 1");
    for (model, name) in doc.models.iter_mut().filter(in_path).zip(names) {
        name.clone_into(&mut model.name);
    }
    doc
}

fn ugly_figure() -> Figure {
    let doc = ugly();
    let selected: Vec<ModelId> = doc
        .models
        .iter()
        .filter(|m| m.steps.iter().any(|s| s.run == "Path 1"))
        .take(3)
        .map(|m| m.id)
        .collect();
    let choices = ChartChoices {
        colour: Some(Quantity::Gain),
        band: FitBand::Prediction,
        ..choices(ChartKind::Scatter, &["Path 1"])
    };
    figure_of(&doc, &choices, &selected).unwrap()
}

#[test]
fn a_table_reads_back_to_the_same_numbers() {
    for figure in [ugly_figure(), paper(6), paper(3)] {
        let text = plot::csv(&figure);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let drawn: Vec<&Point> = figure
            .panels
            .iter()
            .flat_map(|panel| &panel.layers)
            .filter_map(|layer| match layer {
                Layer::Points(mark) => Some(&mark.points),
                _ => None,
            })
            .flatten()
            .collect();
        let read: Vec<&csv::StringRecord> = rows.iter().filter(|r| &r[3] == "point").collect();
        assert_eq!(read.len(), drawn.len());
        for (row, point) in read.iter().zip(&drawn) {
            assert_eq!(&row[6], point.label);
            assert_eq!((number(row, 7), number(row, 8)), (point.x, point.y));
        }
        for panel in &figure.panels {
            if let Some(cells) = panel.cells() {
                let values = rows.iter().filter(|r| &r[3] == "cell");
                let values: Vec<Option<f64>> = values.map(|row| Some(number(row, 11))).collect();
                assert_eq!(values, cells.values);
            }
        }
        assert!(
            !text.contains('−'),
            "only names may have signs that are not ASCII"
        );
    }
}

fn svg(figure: &Figure) -> String {
    sheet(figure).unwrap().svg()
}

/// A figure of the paper, a chart of each kind that the carried studies have, and an ugly one.
fn figures() -> Vec<Figure> {
    let mut out: Vec<Figure> = PAPER.iter().map(|&(number, _)| paper(number)).collect();
    let community = |kind, runs: &[&str]| figure("community", &choices(kind, runs));
    let matrix = ChartChoices {
        group: groups(bundled("community"))[0].clone(),
        ..choices(ChartKind::Matrix, &[])
    };
    out.push(community(ChartKind::Scatter, &["Path 1", "Path 2"]));
    out.push(community(ChartKind::Stagnation, &["Path 1", "Path 2"]));
    out.push(community(ChartKind::Gains, &["Path 1"]));
    out.push(figure("community", &matrix));
    out.push(figure(
        "experiment",
        &choices(ChartKind::Runs, &["Greedy", "Random"]),
    ));
    out.push(ugly_figure());
    out
}

fn parsed(svg: &str) -> roxmltree::Document<'_> {
    roxmltree::Document::parse(svg).unwrap()
}

/// The words of a drawing in their order, without blanks: a sentence may have been broken.
fn words(drawing: &roxmltree::Document<'_>) -> String {
    let texts = drawing
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    without_blanks(&texts.filter_map(|node| node.text()).collect::<String>())
}

fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn every_figure_is_valid_svg_and_the_same_each_time() {
    for figure in figures() {
        let svg = svg(&figure);
        let drawing = parsed(&svg);
        let width = drawing.root_element().attribute("width").unwrap();
        let cm: f64 = width.strip_suffix("cm").unwrap().parse().unwrap();
        let expected = [16.0, 22.0, 27.0][figure.columns.min(figure.panels.len()) - 1];
        assert!((cm - expected).abs() < 0.01, "{cm}");
        assert!(
            !svg.contains(">-"),
            "a hyphen stands for a minus in {}",
            figure.title
        );
        assert_eq!(svg, sheet(&figure).unwrap().svg());
    }
}

#[test]
fn what_is_saved_has_every_name_and_sentence_of_the_figure() {
    for figure in figures() {
        let svg = svg(&figure);
        let found = words(&parsed(&svg));
        let mut said = vec![&figure.title, &figure.caption, &figure.source];
        said.extend(&figure.notes);
        for panel in &figure.panels {
            said.push(&panel.title);
            said.extend(panel.scale.as_ref().map(|(name, ..)| name));
            let axes = [Some(&panel.x), Some(&panel.y), panel.right.as_ref()];
            let axes = axes.into_iter().flatten().filter(|_| panel.has_axes);
            said.extend(axes.map(|axis| &axis.name));
            said.extend(panel.key.iter().map(|key| &key.name));
            for layer in &panel.layers {
                match layer {
                    Layer::Vertical { name, .. } => said.push(name),
                    Layer::Points(mark) if panel.key.is_empty() => said.push(&mark.name),
                    Layer::Line(mark) if panel.key.is_empty() => said.push(&mark.name),
                    Layer::Band { name, .. } | Layer::Bars { name, .. } => said.push(name),
                    _ => {}
                }
            }
        }
        for words in said {
            let words = without_blanks(words);
            assert!(found.contains(&words), "{}: {words}", figure.title);
        }
    }
}

#[test]
fn every_point_and_cell_is_drawn_and_type_is_as_large_as_in_print() {
    for figure in figures() {
        let svg = svg(&figure);
        let drawing = parsed(&svg);
        let count = |name: &str| {
            let nodes = drawing.descendants().filter(|node| node.has_tag_name(name));
            nodes
                .filter(|node| node.attribute("fill") != Some("none"))
                .count()
        };
        let (mut circles, mut cells) = (0, 0);
        for panel in &figure.panels {
            let bounds = panel.bounds();
            let is_within = |value: f64, (from, to): (f64, f64)| value >= from && value <= to;
            cells += panel.cells().map_or(0, |cells| cells.values.len());
            for layer in &panel.layers {
                let Layer::Points(mark) = layer else { continue };
                let up = match mark.side {
                    Side::Right => bounds.right.unwrap(),
                    Side::Left | Side::Scaled => bounds.y,
                };
                let is_seen = |p: &&Point| is_within(p.x, bounds.x) && is_within(p.y, up);
                if mark.marker == Marker::Circle {
                    circles += mark.points.iter().filter(is_seen).count();
                }
            }
        }
        assert!(count("circle") >= circles, "{}", figure.title);
        assert!(count("rect") > cells, "{}", figure.title);
        let view = drawing.root_element().attribute("viewBox").unwrap();
        let points: f64 = view.split(' ').nth(2).unwrap().parse().unwrap();
        let width = drawing.root_element().attribute("width").unwrap();
        let cm: f64 = width.trim_end_matches("cm").parse().unwrap();
        for text in drawing
            .descendants()
            .filter(|node| node.has_tag_name("text"))
        {
            let size: f64 = text.attribute("font-size").unwrap().parse().unwrap();
            let print = size * cm / points / 2.54 * 72.0;
            assert!((7.5..=9.0).contains(&print), "{print} {:?}", text.text());
            assert!(text.attribute("textLength").is_some());
        }
    }
}

#[test]
fn names_of_any_script_are_written_and_escaped() {
    let svg = svg(&ugly_figure());
    assert!(
        svg.contains("&lt;&amp;&quot; and"),
        "the name is not there or not escaped"
    );
    assert!(svg.contains("通义千问合并模型"));
    assert!(svg.contains("font-family=\"Kinfolk Sans, Inter, &quot;Helvetica Neue&quot;"));
}

/// The least figure that has a picture of everything that matters here.
fn plain_figure() -> Figure {
    let mut figure = ugly_figure();
    // What stands below is checked elsewhere, and costs time here.
    figure.notes.clear();
    figure.source.clear();
    figure
}

#[test]
fn a_picture_has_300_dots_per_inch_and_is_no_empty_sheet() {
    let file = sheet(&plain_figure()).unwrap().png().unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info();
    let dots = reader.unwrap().info().pixel_dims.unwrap();
    assert_eq!((dots.xppu, dots.yppu), (11_811, 11_811));
    assert_eq!(dots.unit, png::Unit::Meter);
    let picture = image::load_from_memory(&file).unwrap().to_rgba8();
    assert_eq!(picture.width(), 1890);
    assert!(picture.pixels().all(|p| p.0[3] == 255));
    let dark = picture.pixels().filter(|p| p.0[0] < 128).count();
    assert!(dark > 5_000, "{dark}");
    // Even margins: nothing is drawn at the edge of the sheet.
    let (width, height) = (picture.width(), picture.height());
    let is_edge = |x: u32, y: u32| x < 25 || y < 25 || x + 25 >= width || y + 25 >= height;
    let mut edge = picture
        .enumerate_pixels()
        .filter(|(x, y, _)| is_edge(*x, *y));
    assert!(edge.all(|(_, _, p)| p.0 == [255; 4]));
}

#[test]
fn two_threads_draw_the_same_bytes_as_one() {
    let figure = plain_figure();
    let draw = || {
        let sheet = sheet(&figure).unwrap();
        (sheet.svg(), sheet.png().unwrap())
    };
    let alone = draw();
    let beside = std::thread::scope(|scope| {
        [scope.spawn(draw), scope.spawn(draw)].map(|thread| thread.join().unwrap())
    });
    assert!(beside.iter().all(|both| *both == alone));
}

#[test]
fn nothing_to_draw_is_an_error() {
    assert!(sheet(&Figure::default()).is_err());
}
