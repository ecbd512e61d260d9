//! What the mixture is made of beside its experts, and what was found out about it.

use eframe::egui::{DragValue, Label, RichText, Ui, WidgetType};
use egui_phosphor::regular as icon;

use super::Sheet;
use crate::merge::problem::Problem;
use crate::moe::{Architecture, GateMode, Purpose};
use crate::text::list;
use crate::ui::ext::{ResponseExt, UiExt};
use crate::ui::format;
use crate::ui::theme::{self, Tokens, space};
use crate::ui::widgets::{Choice, choice, fact_ui, section_heading};
use crate::workbench::mixing::MixtureChecks;

/// The formats that can be written, by their names in recipes.
const FORMATS: [&str; 3] = ["float32", "float16", "bfloat16"];
/// From this width on, in points, architecture and format stand beside each other.
const ROOM_FOR_BOTH: f32 = 370.0;

impl Sheet {
    pub(super) fn settings_ui(&mut self, ui: &mut Ui, checks: Option<&MixtureChecks>) {
        section_heading(ui, "Base");
        self.base_ui(ui);
        ui.quiet("Attention, norms, embedding, head and tokenizer are taken from it");
        ui.add_space(space::S);
        section_heading(ui, "Router");
        self.router_ui(ui);
        ui.add_space(space::S);
        section_heading(ui, "Written as");
        self.form_ui(ui, checks);
        let mut is_trained = self.purpose == Purpose::Training;
        let response = ui.checkbox(&mut is_trained, "It is trained afterwards");
        let response = response.on_hover_text("Then experts and prompts may be the same");
        if response.changed() {
            self.purpose = match is_trained {
                true => Purpose::Training,
                false => Purpose::Use,
            };
        }
        ui.add_space(space::M);
    }

    fn base_ui(&mut self, ui: &mut Ui) {
        let (all, at) = self.models.with(&self.recipe.base_model);
        let options = all.iter().enumerate();
        let options = options.map(|(k, (own, name))| Choice::new(k, name, &own.path));
        let options: Vec<Choice<'_, usize>> = options.collect();
        if let Some(k) = choice(ui, "Base of the mixture", at, &options) {
            self.recipe.base_model = all[k].0.clone();
        }
    }

    fn router_ui(&mut self, ui: &mut Ui) {
        let mode = self.recipe.gate_mode;
        let options = GateMode::ALL.map(|mode| Choice::new(mode, mode.title(), mode.help()));
        if let Some(mode) = choice(ui, "What the router is made from", mode, &options) {
            self.recipe.gate_mode = mode;
        }
        ui.quiet(mode.help());
        ui.horizontal(|ui| {
            ui.label("A token goes to");
            let most = self.recipe.experts.len().max(1) as i64;
            let mut per_token = self.recipe.per_token();
            let field = DragValue::new(&mut per_token).range(1..=most).speed(0.05);
            let field = ui.add(field);
            field.named(WidgetType::DragValue, "Experts a token goes to");
            if field.changed() {
                self.recipe.experts_per_token = Some(per_token);
            }
            ui.label(format!("of {}", format::counted(most as usize, "expert")));
        });
    }

    fn form_ui(&mut self, ui: &mut Ui, checks: Option<&MixtureChecks>) {
        let found = checks.and_then(|own| own.facts.as_ref());
        let automatic = match found {
            Some(facts) => format!("By the models: {}", facts.architecture),
            None => "By the models".to_owned(),
        };
        let forms = |ui: &mut Ui| {
            let named = self.recipe.architecture.as_deref();
            let is_named = |own: &&Architecture| named.is_some_and(|name| own.is_called(name));
            let now = Architecture::ALL.iter().find(is_named).copied();
            let mut options = vec![Choice::new(None, automatic.as_str(), "The first that fits")];
            options.extend(Architecture::ALL.map(|own| Choice::new(Some(own), own.title(), "")));
            if let Some(chosen) = choice(ui, "Architecture", now, &options) {
                self.recipe.architecture = chosen.map(|own| own.key().to_owned());
            }
            let dtype = self.recipe.dtype.as_deref();
            let now = FORMATS.iter().position(|own| Some(*own) == dtype);
            let mut options = vec![Choice::new(None, "In the base's format", "")];
            let formats = FORMATS.iter().enumerate();
            options.extend(formats.map(|(k, own)| Choice::new(Some(k), own, "")));
            if let Some(chosen) = choice(ui, "Format of the weights", now, &options) {
                self.recipe.dtype = chosen.map(|k| FORMATS[k].to_owned());
            }
        };
        match ui.available_width() >= ROOM_FOR_BOTH {
            true => ui.horizontal(forms),
            false => ui.vertical(forms),
        };
    }
}

/// What stands in the way, and what would be written.
pub(super) fn checks_ui(ui: &mut Ui, checks: Option<&MixtureChecks>) {
    let t = Tokens::of(ui);
    let Some(checks) = checks else {
        ui.label(theme::strong(format!("{} Being checked", icon::CIRCLE)).color(t.text_weak));
        return;
    };
    let errors = checks.problems.iter().filter(|own| own.is_error()).count();
    let notes = checks.problems.len() - errors;
    let (mark, ink, words) = match (errors, notes) {
        (0, 0) => (
            icon::CHECK_CIRCLE,
            t.text_weak,
            "Nothing stands in the way".to_owned(),
        ),
        (0, n) => (icon::WARNING, t.warning, format::counted(n, "note")),
        (n, _) => (icon::X_CIRCLE, t.error, format::counted(n, "error")),
    };
    ui.label(theme::strong(format!("{mark} {words}")).color(ink));
    for (places, problem) in alike(&checks.problems) {
        problem_ui(ui, &places, problem);
    }
    let Some(facts) = &checks.facts else {
        return;
    };
    ui.add_space(space::XS);
    fact_ui(ui, "Architecture", facts.architecture, "");
    let size = format!("{} as {}", format::bytes(facts.bytes_written), facts.dtype);
    fact_ui(ui, "Weights", &size, "");
    fact_ui(ui, "Tensors", &format::count(facts.tensors as u64), "");
    if let Some(tokens) = facts.prompt_tokens {
        fact_ui(
            ui,
            "Tokens of all prompts",
            &format::count(tokens as u64),
            "",
        );
    }
}

/// Problems that say the same of several experts, once; with the experts, numbered from 1.
fn alike(problems: &[Problem]) -> Vec<(String, &Problem)> {
    let mut out: Vec<(Vec<usize>, &Problem)> = Vec::new();
    for problem in problems {
        let number = number_of(&problem.place.path);
        let is_like = |(numbers, own): &&mut (Vec<usize>, &Problem)| {
            !numbers.is_empty() && number.is_some() && own.sentence == problem.sentence
        };
        match out.iter_mut().find(is_like) {
            Some((numbers, _)) => numbers.extend(number),
            None => out.push((number.into_iter().collect(), problem)),
        }
    }
    let named = |(numbers, problem): (Vec<usize>, _)| (experts(&numbers), problem);
    out.into_iter().map(named).collect()
}

/// "Expert 2", or "Experts 1, 2 and 5".
fn experts(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    match &words[..] {
        [] => String::new(),
        [one] => format!("Expert {one}"),
        _ => format!("Experts {}", list(&words)),
    }
}

fn problem_ui(ui: &mut Ui, places: &str, problem: &Problem) {
    let t = Tokens::of(ui);
    let ink = match problem.is_error() {
        true => t.error,
        false => t.warning,
    };
    let mut sentence = problem.headline();
    // A path of a recipe as people count: experts from 1 on.
    if !places.is_empty() {
        sentence = format!("{places}: {}", problem.sentence);
    } else if problem.place.path.starts_with("shared_experts") {
        sentence = format!("Shared expert: {}", problem.sentence);
    }
    let text = RichText::new(sentence).small().color(ink);
    ui.add(Label::new(text).wrap());
}

/// 2 for `experts[1].source_model`.
fn number_of(path: &str) -> Option<usize> {
    let number = path.strip_prefix("experts[")?.split(']').next()?;
    let number: usize = number.parse().ok()?;
    number.checked_add(1)
}
