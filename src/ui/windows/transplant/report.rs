//! What a transplant would make or has made: counts of tokens, and how well the new rows are
//! explained.

use eframe::egui::{Grid, Label, RichText, Ui};

use crate::transplant::{MatrixReport, Report, Residuals};
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{self, size, space};
use crate::ui::widgets::primary_button;

/// The room that the worst tokens take.
const MOST_LIST: f32 = 148.0;

/// A row of the table: its title, and what it says of a matrix.
type Counted = (&'static str, fn(&MatrixReport) -> usize);
/// The same of what is left unexplained.
type Measured = (&'static str, fn(&Residuals) -> f64);

/// A column for each matrix, with what becomes of the tokens.
pub(super) fn counts_ui(ui: &mut Ui, report: &Report) {
    let tokens = format::counted(report.tokens, "token");
    ui.label(format!("{tokens} in {} rows", report.rows));
    let rows: [Counted; 7] = [
        ("Shared", |own| own.shared),
        ("Matched as bytes", |own| own.byte_matches),
        ("Matched by beginnings", |own| own.prefix_matches),
        ("Made", |own| own.made),
        ("Without a row in the donor", |own| own.without_row),
        ("Without pieces, the mean row", |own| own.without_pieces),
        ("Shared and not finite", |own| own.not_finite),
    ];
    Grid::new("tokens of matrices")
        .spacing([space::L, space::XS])
        .show(ui, |ui| {
            ui.label("");
            for matrix in in_order(report) {
                ui.weak(short_name(matrix)).on_hover_text(&matrix.name);
            }
            ui.end_row();
            for (title, count) in rows {
                let counts: Vec<usize> = in_order(report).map(count).collect();
                let is_always = matches!(title, "Shared" | "Made");
                if !is_always && counts.iter().all(|count| *count == 0) {
                    continue;
                }
                ui.label(title);
                for count in counts {
                    ui.label(count.to_string());
                }
                ui.end_row();
            }
            explained_ui(ui, report);
        });
    for warning in &report.warnings {
        ui.add(Label::new(RichText::new(warning).size(size::SMALL).weak()).wrap());
    }
}

fn explained_ui(ui: &mut Ui, report: &Report) {
    let known = report.matrices.iter().any(|own| own.unexplained.is_some());
    if !known {
        return;
    }
    let rows: [Measured; 3] = [
        ("Unexplained, half of them up to", |shares| shares.median),
        ("Nine tenths up to", |shares| shares.nine_tenths),
        ("The worst", |shares| shares.most),
    ];
    for (title, share) in rows {
        ui.label(title);
        for matrix in in_order(report) {
            let words = matrix.unexplained.as_ref().map(share).map(percent);
            ui.label(words.unwrap_or_else(|| "–".to_owned()));
        }
        ui.end_row();
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}\u{a0}%", 100.0 * share)
}

/// The embedding before the head.
fn in_order(report: &Report) -> impl Iterator<Item = &MatrixReport> {
    let is_head = |own: &&MatrixReport| short_name(own) != "Embedding";
    let (heads, others): (Vec<_>, Vec<_>) = report.matrices.iter().partition(is_head);
    others.into_iter().chain(heads)
}

/// What a matrix is for.
fn short_name(matrix: &MatrixReport) -> &'static str {
    let is_head = crate::checkpoint::is_language_head(&matrix.name);
    match (is_head, crate::checkpoint::is_head_bias(&matrix.name)) {
        (true, _) => "Head",
        (_, true) => "Bias of the head",
        _ => "Embedding",
    }
}

/// The report at the end; whether the window stays open.
pub(super) fn done_ui(ui: &mut Ui, report: &Report, actions: &mut Vec<Action>) -> bool {
    ui.label("It is written, and in the study");
    ui.add_space(space::XS);
    counts_ui(ui, report);
    for matrix in in_order(report).filter(|own| !own.worst.is_empty()) {
        ui.add_space(space::XS);
        let title = format!("{}: tokens explained worst", short_name(matrix));
        ui.label(theme::strong(title));
        let words: Vec<String> = matrix
            .worst
            .iter()
            .map(|own| format!("{}\u{a0}{}", own.token, percent(own.unexplained)))
            .collect();
        ui.scrolled(&matrix.name, MOST_LIST / 2.0, |ui| {
            let words = RichText::new(words.join("   ")).size(size::SMALL);
            ui.add(Label::new(words).wrap());
        });
    }
    ui.add_space(space::S);
    let mut stays = true;
    ui.horizontal(|ui| {
        stays = !primary_button(ui, "Close").clicked();
        if let Some(result) = &report.result
            && ui.button("Show in the file manager").clicked()
        {
            actions.push(Action::Reveal(result.out.clone()));
        }
    });
    stays
}
