//! The tokens of a merge: where the child's come from and how many rows it has, as controls that
//! edit the recipe; below them every token of its models and of the child.

use std::sync::Arc;

use eframe::egui::{Label, RichText, Ui};
use egui_phosphor::regular as icon;

use super::DraftContext;
use crate::merge::recipe::{ModelRef, Recipe, TokenizerSource};
use crate::ui::action::Action;
use crate::ui::ext::UiExt;
use crate::ui::format;
use crate::ui::theme::{Tokens, space};
use crate::ui::tokens::TokensLook;
use crate::ui::widgets::{Choice, choice, empty_state};
use crate::workbench::tokens::{TokensOf, TokensPage};

/// Multiples that matrices are padded to, for the hardware that reads them.
const MULTIPLES: [u32; 5] = [8, 32, 64, 128, 256];

#[derive(Default)]
pub struct TokensTab {
    look: TokensLook,
    /// The merge that is looked at, where the draft has several; else the last one.
    document: Option<usize>,
}

impl TokensTab {
    /// Asks for the tokens of the draft while the tab is shown.
    pub fn look(&self, shown: &DraftContext<'_>, is_shown: bool) {
        let wanted = is_shown.then_some(self.of(shown));
        let now = shown.bench.tokens_shown();
        // A comparison that stands before the view has the word.
        let is_ours = !matches!(now, Some(TokensOf::Pair(_)));
        if wanted != now && is_ours {
            shown.push(Action::ShowTokens(wanted));
        }
    }

    fn of(&self, shown: &DraftContext<'_>) -> TokensOf {
        TokensOf::Draft(shown.draft.id, self.document(shown))
    }

    /// The merge that the user has chosen, if it is still there.
    fn document(&self, shown: &DraftContext<'_>) -> Option<usize> {
        self.document
            .filter(|k| *k < shown.composition.recipes.len())
    }

    pub fn ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>) {
        if shown.composition.recipes.is_empty() {
            let sentence =
                "A merge on the canvas has tokens: those of its models, and of the child";
            empty_state(ui, icon::TEXT_AA, sentence, None);
            return;
        }
        let of = self.of(shown);
        let listed = shown.bench.tokens();
        let listed = listed.filter(|_| shown.bench.tokens_shown() == Some(of));
        let page = listed.and_then(|(listed, _)| listed.as_ref().ok());
        let document = self.document(shown).or(page.map(|page| page.document));
        // Without an answer yet, the output is the last of the documents in nearly every recipe.
        let document = document.unwrap_or(shown.composition.recipes.len() - 1);
        ui.horizontal_wrapped(|ui| {
            self.documents_ui(ui, shown, document);
            source_ui(ui, shown, document);
            padding_ui(ui, shown, document, page);
        });
        summary_ui(ui, page, listed.is_some_and(|(_, is_new)| !is_new));
        ui.add_space(space::XS);
        match listed {
            None => drop(ui.weak("Listing the tokens…")),
            Some((Err(sentence), _)) => {
                let ink = Tokens::of(ui).text_weak;
                ui.add(Label::new(RichText::new(sentence).color(ink)).wrap());
            }
            Some((Ok(page), _)) => {
                let mut actions = Vec::new();
                self.look.ui(ui, page, &mut actions);
                actions.into_iter().for_each(|action| shown.push(action));
            }
        }
    }

    /// Which merge, where there are several.
    fn documents_ui(&mut self, ui: &mut Ui, shown: &DraftContext<'_>, document: usize) {
        let recipes = &shown.composition.recipes;
        if recipes.len() < 2 {
            return;
        }
        let names = recipes.iter().map(|recipe| recipe.name.clone());
        let names: Vec<String> = names
            .map(|name| name.unwrap_or("output".to_owned()))
            .collect();
        let options = names.iter().enumerate();
        let options: Vec<Choice<'_, usize>> =
            options.map(|(k, name)| Choice::new(k, name, "")).collect();
        if let Some(new) = choice(ui, "Merge whose tokens are shown", document, &options) {
            self.document = Some(new);
        }
    }
}

/// Changes one recipe of the draft, as one step of the history.
fn edit(shown: &DraftContext<'_>, document: usize, title: &str, change: impl FnOnce(&mut Recipe)) {
    shown.edit(title, None, |composition| {
        if let Some(recipe) = composition.recipes.get_mut(document) {
            change(recipe);
        }
    });
}

/// Where the child's tokens come from.
fn source_ui(ui: &mut Ui, shown: &DraftContext<'_>, document: usize) {
    let Some(recipe) = shown.composition.recipes.get(document) else {
        return;
    };
    let models: Vec<ModelRef> = recipe.models().into_iter().cloned().collect();
    let names = models
        .iter()
        .map(|model| format!("Those of {}", model.short_name()));
    let names: Vec<String> = names.collect();
    let by_number = "Rows of the same number are merged, whatever their tokens; right where all \
                     models have one tokenizer";
    let mut sources = vec![
        None,
        Some(TokenizerSource::Union),
        Some(TokenizerSource::Base),
    ];
    sources.extend(
        models
            .into_iter()
            .map(|model| Some(TokenizerSource::Model(model))),
    );
    let mut options = vec![
        Choice::new(0, "By number", by_number),
        Choice::new(
            1,
            "All models’ together",
            "Those of the base with their numbers, then what the others have",
        ),
        Choice::new(2, "Those of the base", "Those that it has rows for"),
    ];
    options.extend((3..).zip(&names).map(|(k, name)| Choice::new(k, name, "")));
    let now = recipe.tokens_from().cloned();
    let at = sources.iter().position(|own| *own == now);
    ui.label("Child’s tokens");
    ui.add_enabled_ui(!shown.is_broken, |ui| {
        let Some(new) = choice(
            ui,
            "Where the child’s tokens come from",
            at.unwrap_or(0),
            &options,
        ) else {
            return;
        };
        let source = sources.get(new).cloned().flatten();
        edit(shown, document, "Choose tokens", |recipe| {
            recipe.set_tokens_from(source);
        });
    });
}

/// How many rows the child's matrices have beyond its tokens.
fn padding_ui(
    ui: &mut Ui,
    shown: &DraftContext<'_>,
    document: usize,
    page: Option<&Arc<TokensPage>>,
) {
    let Some(recipe) = shown.composition.recipes.get(document) else {
        return;
    };
    let now = recipe.padding();
    let mut multiples: Vec<(Option<u32>, String)> = vec![(None, "None".to_owned())];
    let multiple = |m: u32| {
        (
            Some(m),
            format!("To a multiple of {}", format::count(m.into())),
        )
    };
    multiples.extend(MULTIPLES.map(multiple));
    // The rows of the model that the child starts from are kept, if they are enough.
    if let Some((rows, name)) = page.and_then(|page| kept_size(page)) {
        let words = format!("As {name}: {} rows", format::count(rows.into()));
        multiples.push((Some(rows), words));
    }
    if !multiples.iter().any(|(own, _)| *own == now)
        && let Some(own) = now
    {
        multiples.push(multiple(own));
    }
    let help = "Rows that fill up, each the mean of its model’s rows; hardware reads some sizes \
                faster, and some programs expect the size of the base";
    let options = multiples.iter();
    let options: Vec<Choice<'_, Option<u32>>> = options
        .map(|(value, label)| Choice::new(*value, label, help))
        .collect();
    ui.label("Padding");
    ui.add_enabled_ui(!shown.is_broken, |ui| {
        if let Some(new) = choice(ui, "Padding of the child’s rows", now, &options) {
            edit(shown, document, "Pad tokens", |recipe| {
                recipe.set_padding(new);
            });
        }
    });
}

/// The rows of the first model, if the child's tokens fit into them, and its name.
fn kept_size(page: &TokensPage) -> Option<(u32, String)> {
    let first = page.report.models.first()?;
    let needed = match &page.report.child {
        Some(child) => child.rows.saturating_sub(child.padding),
        None => 0,
    };
    let rows = u32::try_from(first.rows).ok()?;
    let name = first.name.rsplit(['/', '\\']).next().unwrap_or(&first.name);
    (needed <= first.rows).then(|| (rows, format::elide_middle(name, 20)))
}

/// What the child has, in one line that is always there.
fn summary_ui(ui: &mut Ui, page: Option<&Arc<TokensPage>>, is_old: bool) {
    let Some(page) = page else {
        ui.quiet("–");
        return;
    };
    let report = &page.report;
    let count = |n: usize| format::count(n as u64);
    let mut words = match &report.child {
        Some(child) => {
            let parts = [
                (child.appended.len(), "new"),
                (child.struck.len(), "struck out"),
                (child.padding, "rows that fill up"),
            ];
            let some = parts.iter().filter(|(n, _)| *n > 0);
            let some = some.map(|(n, what)| format!("{} {what}", count(*n)));
            let head = format!(
                "{} tokens in {} rows",
                count(child.tokens),
                count(child.rows)
            );
            std::iter::once(head)
                .chain(some)
                .collect::<Vec<_>>()
                .join(", ")
        }
        None if page.counts[2] + page.counts[3] == 0 => {
            "All models have the same tokens at the same numbers".to_owned()
        }
        None => "Rows of the same number are merged, though they belong to other tokens".to_owned(),
    };
    if is_old {
        words.push('…');
    }
    ui.horizontal(|ui| {
        ui.quiet(words);
        let conflicts = report.conflicts.len();
        if conflicts > 0 {
            let n = format::counted(conflicts, "conflict");
            let words = format!("{} {n} of roles or templates", icon::WARNING);
            let ink = Tokens::of(ui).warning;
            ui.label(RichText::new(words).small().color(ink));
        }
    });
}
