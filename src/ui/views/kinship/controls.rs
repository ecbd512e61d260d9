//! The row above the map: what is measured, of which tensors, in which order; and the exports.

use eframe::egui::{Align, Layout, Theme, Ui};
use egui_phosphor::regular as icon;

use super::clusters::clusters_ui;
use super::shown::Shown;
use crate::checkpoint::Kind;
use crate::kinship::table::{self, kind_words};
use crate::kinship::{Aggregate, Measure, Scope};
use crate::study::{Command, Order, ViewEdit};
use crate::ui::action::{Action, Export, ModelsAction};
use crate::ui::format;
use crate::ui::paper::{Format, HeatMapPage, Picture};
use crate::ui::theme::{self, space};
use crate::ui::widgets::{Choice, choice, icon_button, metric_choice};
use crate::workbench::{Family, Workbench};

/// Narrower than this, in points, the exports do not fit beside the choices.
const NARROW: f32 = 812.0;
const NARROW_WITH_FAMILY: f32 = 1032.0;
/// Narrower than this the choices stand in two rows.
const ONE_ROW: f32 = 600.0;

pub fn controls_ui(
    ui: &mut Ui,
    bench: &Workbench,
    family: &Family,
    shown: Option<&Shown>,
    actions: &mut Vec<Action>,
) {
    let has_families = bench.study().doc().bases().len() > 1;
    let least = if has_families {
        NARROW_WITH_FAMILY
    } else {
        NARROW
    };
    let fits = ui.available_width() >= least;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if has_families {
            family_ui(ui, bench, family, actions);
        }
        if !has_families && !fits {
            let base = format::elide_middle(bench.study().doc().name_of(family.base), 28);
            ui.label(format!("Family of {base}"));
        }
        if fits {
            choices_ui(ui, bench, shown, true, actions);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = space::XS;
            exports_ui(ui, bench, shown, actions);
        });
    });
    if !fits {
        let in_one_row = ui.available_width() >= ONE_ROW;
        choices_ui(ui, bench, shown, in_one_row, actions);
    }
}

fn choices_ui(
    ui: &mut Ui,
    bench: &Workbench,
    shown: Option<&Shown>,
    in_one_row: bool,
    actions: &mut Vec<Action>,
) {
    let view = &bench.study().doc().view;
    let measure = shown.map_or(view.measure, |shown| shown.key.measure);
    let kinds = shown.map_or(&[][..], |shown| &shown.kinds);
    let which = |ui: &mut Ui| (scope_ui(ui, measure, kinds), order_ui(ui, view.order));
    let (how, (kind, order)) = if in_one_row {
        ui.horizontal(|ui| (how_ui(ui, measure), which(ui))).inner
    } else {
        let how = ui.horizontal(|ui| how_ui(ui, measure)).inner;
        (how, ui.horizontal(which).inner)
    };
    let new = Measure {
        scope: Scope {
            kind: kind.unwrap_or(measure.scope.kind),
            ..measure.scope
        },
        ..how
    };
    if new != measure {
        actions.push(Action::Study(Command::View(ViewEdit::Measure(new))));
    }
    if let Some(order) = order {
        actions.push(Action::Study(Command::View(ViewEdit::Order(order))));
    }
}

fn family_ui(ui: &mut Ui, bench: &Workbench, family: &Family, actions: &mut Vec<Action>) {
    let doc = bench.study().doc();
    let help = "The base that task vectors are taken from";
    let option = |base| Choice::new(base, doc.name_of(base), help);
    let options: Vec<Choice<'_, _>> = doc.bases().into_iter().map(option).collect();
    if let Some(base) = choice(ui, "Family", family.base, &options) {
        actions.push(Action::Study(Command::View(ViewEdit::Base(Some(base)))));
    }
}

fn how_ui(ui: &mut Ui, measure: Measure) -> Measure {
    let metric = metric_choice(ui, "Metric", measure.metric);
    let option = |it: Aggregate| Choice::new(it, it.title(), aggregate_help(it));
    let aggregates = Aggregate::ALL.map(option);
    let aggregate = choice(ui, "Aggregate", measure.aggregate, &aggregates);
    Measure {
        metric: metric.unwrap_or(measure.metric),
        aggregate: aggregate.unwrap_or(measure.aggregate),
        ..measure
    }
}

fn scope_ui(ui: &mut Ui, measure: Measure, kinds: &[Kind]) -> Option<Option<Kind>> {
    choice(ui, "Scope", measure.scope.kind, &scopes(measure, kinds))
}

const fn aggregate_help(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Whole => "All tensors as one vector: the paper's definition",
        Aggregate::MeanOverTensors => {
            "Each tensor for itself, then their mean weighted by parameters"
        }
    }
}

fn scopes(measure: Measure, kinds: &[Kind]) -> Vec<Choice<'static, Option<Kind>>> {
    let choice = |kind: Option<Kind>| Choice::new(kind, scope_title(kind), "");
    let is_shown = |kind: &Kind| kinds.contains(kind) || measure.scope.kind.as_ref() == Some(kind);
    let kinds = Kind::ALL.into_iter().filter(is_shown).map(Some);
    std::iter::once(None).chain(kinds).map(choice).collect()
}

pub fn scope_title(kind: Option<Kind>) -> &'static str {
    match kind {
        None => "All tensors",
        Some(Kind::Embedding) => "Embedding",
        Some(Kind::Attention) => "Attention",
        Some(Kind::Norm) => "Norm",
        Some(Kind::Head) => "Head",
        Some(Kind::Other) => "Other",
        Some(kind) => kind_words(kind),
    }
}

fn order_ui(ui: &mut Ui, order: Order) -> Option<Order> {
    let help = |order| match order {
        Order::Relatedness => "Relatives beside each other, with their tree",
        Order::Name => "In the order of the alphabet, numbers by their value",
        Order::Score => "The best average first",
        Order::Generation => "Founders first, then each generation, the best first",
    };
    let orders = Order::ALL.map(|order| Choice::new(order, order.title(), help(order)));
    choice(ui, "Order", order, &orders)
}

/// From right to left. Exports take what is final.
fn exports_ui(ui: &mut Ui, bench: &Workbench, shown: Option<&Shown>, actions: &mut Vec<Action>) {
    let ready = shown.filter(|shown| shown.known() > 1 && !shown.key.provisional);
    ui.add_enabled_ui(ready.is_some(), |ui| {
        let png = icon_button(ui, icon::IMAGE, "Save as PNG…").clicked();
        let svg = icon_button(ui, icon::FILE_SVG, "Save as SVG…").clicked();
        let saves = icon_button(ui, icon::FILE_CSV, "Save as CSV…").clicked();
        let copies = icon_button(ui, icon::COPY, "Copy as table").clicked();
        let Some(shown) = ready else { return };
        for (is_asked, format) in [(png, Format::Png), (svg, Format::Svg)] {
            if is_asked {
                let theme = theme::theme_of(ui);
                actions.push(Action::Export(picture(bench, shown, theme, format)));
            }
        }
        if saves {
            actions.push(Action::Export(csv(bench, shown)));
        }
        if copies {
            actions.push(copy(bench, shown));
        }
    });
    if let Some(shown) = ready.filter(|shown| !shown.joins.is_empty()) {
        clusters_ui(ui, shown, actions);
    }
    if let Some(shown) = ready {
        let again = icon_button(ui, icon::ARROWS_CLOCKWISE, "Measure everything again");
        if again.clicked() {
            actions.push(Action::Models(ModelsAction::Measure {
                base: shown.key.base,
                anew: true,
            }));
        }
    }
}

fn csv(bench: &Workbench, shown: &Shown) -> Export {
    let text = table::csv(&shown.key.labels, &shown.matrix, order(bench, shown));
    Export::table(
        "kinship",
        &table::file_stem(shown.key.measure),
        text.into_bytes(),
    )
}

/// The matrix for a spreadsheet; its corner says what was measured.
fn copy(bench: &Workbench, shown: &Shown) -> Action {
    let base = bench.study().doc().name_of(shown.key.base);
    let corner = format!("{}, relative to {base}", table::words(shown.key.measure));
    Action::copy(
        "Kinship table",
        table::tsv(
            &corner,
            &shown.key.labels,
            &shown.matrix,
            order(bench, shown),
        ),
    )
}

fn picture(bench: &Workbench, shown: &Shown, theme: Theme, format: Format) -> Export {
    let doc = bench.study().doc();
    let base = doc.name_of(shown.key.base);
    let page = HeatMapPage {
        title: table::words(shown.key.measure),
        note: format!("{}, relative to {base}", caption(shown)),
        labels: shown.key.labels.clone(),
        matrix: shown.matrix.clone(),
        metric: shown.key.measure.metric,
        range: shown.key.range,
        has_tree: doc.view.order == Order::Relatedness,
        order: order(bench, shown).to_vec(),
        joins: shown.joins.clone(),
    };
    let picture = Picture::new(move || Ok(page.draw(theme)));
    let stem = table::file_stem(shown.key.measure);
    Export::picture("kinship", &stem, picture, format)
}

pub fn caption(shown: &Shown) -> String {
    let n = shown.key.models.len();
    let known = shown.known();
    let models = if known < n {
        format!("{}, {known} of them measured", format::counted(n, "model"))
    } else {
        format::counted(n, "model")
    };
    let what = if shown.key.measure.metric.is_similarity() {
        "mean kinship"
    } else {
        "mean distance"
    };
    let mean = if shown.key.provisional {
        format::UNDEFINED.to_owned()
    } else {
        shown.mean.words()
    };
    let parameters = format::parameters(shown.parameters);
    let span = match shown.rank {
        Some(rank) if n > 2 => format!(", {rank:.1} directions"),
        _ => String::new(),
    };
    format!("{models}{span}, {what} {mean}, {parameters} parameters")
}

fn order<'a>(bench: &Workbench, shown: &'a Shown) -> &'a [usize] {
    shown.order(bench.study().doc().view.order)
}
