//! The same tensors under other names: a checkpoint seen with the names of another.
//!
//! Families are saved with wrappers around them, with matrices fused or apart, with experts one
//! by one or stacked. What a table of known renamings makes meet is brought to the names of a
//! lead (the base, or the first model of a merge); nothing is guessed from shapes. No number is
//! copied: a renamed tensor reads the same bytes.

mod table;

use std::collections::{BTreeMap, BTreeSet};

use self::table::{FUSED, Fused, OTHER_STACKS, STACKED, canonical};
use super::tensor::Tensor;
use crate::text::natural;

/// The tensors of a checkpoint, by name, and what family it says that it is of.
pub(super) struct Named<'t> {
    pub(super) tensors: &'t [Tensor],
    pub(super) family: Option<&'t str>,
}

/// A table of tensors in the names of a lead, and a sentence for every kind of renaming.
pub(super) struct Renamed {
    pub(super) tensors: Vec<Tensor>,
    pub(super) notes: Vec<String>,
}

/// Brings the tensors of `model` to the names of `lead`; `None` if no known renaming makes more
/// names meet.
pub(super) fn renamed(model: &Named<'_>, lead: &Named<'_>) -> Option<Renamed> {
    let is_missing = |t: &&Tensor| !model.has(&t.name);
    let missing: Vec<&Tensor> = lead.tensors.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return None;
    }
    let free = |t: &&Tensor| !lead.has(&t.name);
    let own = Index::new(model.tensors.iter().filter(free));
    let lead_index = Index::new(lead.tensors.iter());
    let stacks = model.has_plain_stacks() && lead.has_plain_stacks();
    let mut made = Made::default();
    for tensor in missing {
        let name = canonical(&tensor.name);
        if let Some(same) = own.find(&name) {
            made.same(same, tensor);
        } else if let Some(parts) = assembled(&name, tensor, &own, &lead_index, stacks) {
            made.assembled(parts, tensor);
        }
    }
    if made.tensors.is_empty() {
        return None;
    }
    let kept = model.tensors.iter();
    let kept = kept.filter(|t| !made.used.contains(t.name.as_str()));
    let mut tensors: Vec<Tensor> = kept.cloned().chain(made.tensors).collect();
    tensors.sort_by(|a, b| natural(&a.name, &b.name));
    Some(Renamed {
        tensors,
        notes: made.notes.iter().map(|(what, n)| note(what, *n)).collect(),
    })
}

fn note(what: &str, n: usize) -> String {
    let tensors = if n == 1 {
        "1 tensor"
    } else {
        &format!("{n} tensors")
    };
    format!("{tensors} read under other names: {what}")
}

impl Named<'_> {
    fn has(&self, name: &str) -> bool {
        let found = self.tensors.binary_search_by(|t| natural(&t.name, name));
        found.is_ok()
    }

    fn has_plain_stacks(&self) -> bool {
        self.family
            .is_none_or(|family| !OTHER_STACKS.contains(&family))
    }
}

/// Tensors by their canonical names; a name that two have is of no use.
struct Index<'t> {
    by_name: BTreeMap<String, Option<&'t Tensor>>,
}

impl<'t> Index<'t> {
    fn new(tensors: impl Iterator<Item = &'t Tensor>) -> Self {
        let mut by_name: BTreeMap<String, Option<&'t Tensor>> = BTreeMap::new();
        for tensor in tensors {
            let own = by_name.entry(canonical(&tensor.name));
            own.and_modify(|known| *known = None)
                .or_insert(Some(tensor));
        }
        Self { by_name }
    }

    fn find(&self, name: &str) -> Option<&'t Tensor> {
        *self.by_name.get(name)?
    }
}

#[derive(Default)]
struct Made<'t> {
    tensors: Vec<Tensor>,
    used: BTreeSet<&'t str>,
    /// What was renamed how, with the number of tensors.
    notes: BTreeMap<String, usize>,
}

impl<'t> Made<'t> {
    fn same(&mut self, own: &'t Tensor, lead: &Tensor) {
        let (from, to) = difference(&own.name, &lead.name);
        self.used.insert(&own.name);
        self.tensors.push(own.renamed(lead));
        *self.notes.entry(format!("{from} is {to}")).or_default() += 1;
    }

    fn assembled(&mut self, parts: Parts<'t>, tensor: &Tensor) {
        let pieces = parts
            .pieces
            .iter()
            .map(|(own, range)| own.cut(range.clone()));
        let Some(pieces) = pieces.collect::<Option<Vec<_>>>() else {
            return;
        };
        let Some(whole) = Tensor::joined(tensor, &pieces) else {
            return;
        };
        self.used
            .extend(parts.pieces.iter().map(|(own, _)| own.name.as_str()));
        self.tensors.push(whole);
        *self.notes.entry(parts.what).or_default() += 1;
    }
}

/// How two names differ, with what they end in alike left out and numbers masked.
fn difference(from: &str, to: &str) -> (String, String) {
    let (mut a, mut b): (Vec<&str>, Vec<&str>) =
        (from.split('.').collect(), to.split('.').collect());
    while a.last() == b.last() && a.len() > 1 && b.len() > 1 {
        a.pop();
        b.pop();
    }
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let same = same.min(a.len() - 1).min(b.len() - 1);
    let words = |words: &[&str]| {
        let masked = words.iter().map(|word| match word.parse::<u32>() {
            Ok(_) => "N",
            Err(_) => *word,
        });
        format!("{}.…", masked.collect::<Vec<_>>().join("."))
    };
    (words(&a[same..]), words(&b[same..]))
}

/// Runs of other tensors that make one, in order.
struct Parts<'t> {
    pieces: Vec<(&'t Tensor, std::ops::Range<usize>)>,
    what: String,
}

fn assembled<'t>(
    name: &str,
    tensor: &Tensor,
    own: &Index<'t>,
    lead: &Index<'_>,
    stacks: bool,
) -> Option<Parts<'t>> {
    let in_fused = || {
        FUSED
            .iter()
            .find_map(|f| cut_of_fused(name, tensor, f, own, lead))
    };
    let of_parts = || {
        FUSED
            .iter()
            .find_map(|f| joined_parts(name, tensor, f, own))
    };
    let in_stack = || {
        STACKED
            .iter()
            .find_map(|f| cut_of_stack(name, tensor, f, own))
    };
    let of_experts = || {
        STACKED
            .iter()
            .find_map(|f| joined_experts(name, tensor, f, own))
    };
    in_fused()
        .or_else(of_parts)
        .or_else(|| stacks.then(|| in_stack().or_else(of_experts)).flatten())
}

/// `q_proj` out of `qkv_proj`: the rows that the lead's own parts leave for it.
fn cut_of_fused<'t>(
    name: &str,
    tensor: &Tensor,
    fused: &Fused,
    own: &Index<'t>,
    lead: &Index<'_>,
) -> Option<Parts<'t>> {
    let part = fused.parts.iter().position(|p| has_word(name, p))?;
    let with = |word: &str| name.replacen(fused.parts[part], word, 1);
    let whole = own.find(&with(fused.whole))?;
    let sizes: Option<Vec<usize>> = fused
        .parts
        .iter()
        .map(|word| Some(lead.find(&with(word))?.elements()))
        .collect();
    let sizes = sizes?;
    let fits = sizes.iter().sum::<usize>() == whole.elements()
        && whole.shape.get(1..) == tensor.shape.get(1..);
    let start: usize = sizes[..part].iter().sum();
    fits.then(|| Parts {
        pieces: vec![(whole, start..start + sizes[part])],
        what: format!("{} out of {}", fused.parts.join(", "), fused.whole),
    })
}

/// `qkv_proj` from `q_proj`, `k_proj` and `v_proj`.
fn joined_parts<'t>(
    name: &str,
    tensor: &Tensor,
    fused: &Fused,
    own: &Index<'t>,
) -> Option<Parts<'t>> {
    if !has_word(name, fused.whole) {
        return None;
    }
    let parts = fused
        .parts
        .iter()
        .map(|word| own.find(&name.replacen(fused.whole, word, 1)));
    let parts: Vec<&Tensor> = parts.collect::<Option<_>>()?;
    let alike = parts
        .iter()
        .all(|t| t.shape.get(1..) == tensor.shape.get(1..));
    let rows = parts.iter().filter_map(|t| t.shape.first()).sum::<usize>();
    (alike && tensor.shape.first() == Some(&rows)).then(|| Parts {
        pieces: parts.into_iter().map(|t| (t, 0..t.elements())).collect(),
        what: format!("{} from {}", fused.whole, fused.parts.join(", ")),
    })
}

/// One expert's matrix out of those of all.
fn cut_of_stack<'t>(
    name: &str,
    tensor: &Tensor,
    stacked: &Fused,
    own: &Index<'t>,
) -> Option<Parts<'t>> {
    let (before, rest) = name.split_once(".experts.")?;
    let (expert, word) = rest.strip_suffix(".weight")?.split_once('.')?;
    let expert: usize = expert.parse().ok()?;
    let part = stacked.parts.iter().position(|p| *p == word)?;
    let whole = own.find(&format!("{before}.experts.{}", stacked.whole))?;
    let ([rows, columns], [experts, all_rows, all_columns]) =
        (tensor.shape.as_slice(), whole.shape.as_slice())
    else {
        return None;
    };
    let fits = rows.checked_mul(stacked.parts.len()) == Some(*all_rows)
        && columns == all_columns
        && expert < *experts;
    let start = fits.then(|| (expert * stacked.parts.len() + part) * tensor.elements())?;
    Some(Parts {
        pieces: vec![(whole, start..start + tensor.elements())],
        what: format!("experts out of experts.{}", stacked.whole),
    })
}

/// All experts' matrices, from one tensor each.
fn joined_experts<'t>(
    name: &str,
    tensor: &Tensor,
    stacked: &Fused,
    own: &Index<'t>,
) -> Option<Parts<'t>> {
    let (before, word) = name.split_once(".experts.")?;
    let [experts, rows, columns] = *tensor.shape.as_slice() else {
        return None;
    };
    if word != stacked.whole || !rows.is_multiple_of(stacked.parts.len()) {
        return None;
    }
    let shape = [rows / stacked.parts.len(), columns];
    let mut pieces = Vec::new();
    for expert in 0..experts {
        for part in stacked.parts {
            let part = own.find(&format!("{before}.experts.{expert}.{part}.weight"))?;
            if part.shape != shape {
                return None;
            }
            pieces.push((part, 0..part.elements()));
        }
    }
    Some(Parts {
        pieces,
        what: format!("experts.{} from the experts one by one", stacked.whole),
    })
}

/// Whether `word` stands between dots in `name`.
fn has_word(name: &str, word: &str) -> bool {
    name.split('.').any(|own| own == word)
}
