//! What can be taken out of the view: a picture, a drawing, a table.

use crate::figures::Figure;
use crate::ui::action::{Action, ChartAsk, Export};
use crate::ui::paper::{Format, Picture};
use crate::ui::plot;

/// What to do with a figure. Pictures take their time and are drawn beside the window.
pub fn answer(ask: ChartAsk, figure: &Figure) -> Result<Action, String> {
    if figure.panels.is_empty() {
        return Err("There is nothing to draw".to_owned());
    }
    let stem = stem(&figure.title);
    let owned = figure.clone();
    let picture = Picture::new(move || plot::sheet(&owned));
    let saved = |format| Export::picture("chart", &stem, picture.clone(), format);
    Ok(match ask {
        ChartAsk::Svg => Action::Export(saved(Format::Svg)),
        ChartAsk::Png => Action::Export(saved(Format::Png)),
        ChartAsk::Csv => {
            let table = plot::csv(figure).into_bytes();
            Action::Export(Export::table("chart", &stem, table))
        }
        ChartAsk::Picture => Action::CopyPicture {
            picture,
            what: "Chart picture".to_owned(),
        },
        ChartAsk::Table => Action::copy("Chart table", tsv(&plot::csv(figure))?),
    })
}

/// The table parted by tabs, as spreadsheets paste it.
fn tsv(csv: &str) -> Result<String, String> {
    let sentence = |error: csv::Error| format!("The table cannot be copied: {error}");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(csv.as_bytes());
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b'\t')
        .flexible(true)
        .from_writer(Vec::new());
    for record in reader.records() {
        writer
            .write_record(&record.map_err(sentence)?)
            .map_err(sentence)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// The title as a file name: small letters and digits with hyphens between.
fn stem(title: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    let words: String = title.to_lowercase().chars().map(plain).collect();
    let words: Vec<&str> = words.split_whitespace().take(8).collect();
    if words.is_empty() {
        "chart".to_owned()
    } else {
        words.join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_plain_file_names() {
        assert_eq!(
            stem("Kinship & gain (points): path 1/2"),
            "kinship-gain-points-path-1-2"
        );
        assert_eq!(stem("模型 图"), "模型-图");
        assert_eq!(stem("…"), "chart");
    }

    #[test]
    fn a_copied_table_keeps_its_cells() {
        let copied = tsv("name,x\n\"a, b\",1\n\"tab\there\",2\n").unwrap();
        assert_eq!(copied, "name\tx\na, b\t1\n\"tab\there\"\t2\n");
    }
}
