//! The modules of a base, each with its tensors in both models; what fits no module is refused.

use super::super::model::{Numbers, Own, Pair};
use super::super::names::{self, Role};
use super::TensorPlan;
use crate::checkpoint::{
    Dtype, Kind, Stack, Tensor, TensorLocation, comparable, is_language_head, is_token_embedding,
    place,
};

/// A module of the base.
pub(super) struct Found {
    /// As PEFT finds it.
    pub(super) name: String,
    pub(super) place: TensorLocation,
    pub(super) role: Role,
    pub(super) weight: TensorPlan,
    pub(super) bias: Option<TensorPlan>,
    /// Formats of the weight: the fine-tune's own, which an adapter has not, and the base's.
    pub(super) formats: (Option<Dtype>, Dtype),
    /// An adapter that does not touch it.
    pub(super) is_same: bool,
    /// A part that a fine-tune may lack, and lacks.
    pub(super) is_missing: bool,
}

impl Found {
    /// The fine-tune's rows of a vocabulary, if they are not as many as the base's.
    pub(super) fn grown(&self, pair: &Pair) -> Option<usize> {
        if !matches!(self.role, Role::Embedding | Role::Head) {
            return None;
        }
        let base = pair.base.tensor(self.weight.base.as_deref()?)?;
        let own = self.weight.shape.first().copied();
        own.filter(|own| Some(own) != base.shape.first())
    }
}

/// All modules, in the order of the base's tensors; a tied head comes last.
pub(super) fn modules(pair: &Pair) -> Result<Vec<Found>, String> {
    let mut out: Vec<Found> = Vec::new();
    for tensor in pair.base.tensors() {
        if let Some(module) = tensor.name.strip_suffix(".weight") {
            out.push(found(pair, tensor, module)?);
        } else if !is_part_of_module(pair, tensor) {
            refuse_changed(pair, tensor)?;
        }
    }
    if let Some(head) = own_head(pair)? {
        out.push(head);
    }
    let known = |name: &str| out.iter().any(|f| f.weight.own == name);
    let strangers = pair.extra().into_iter().filter(|name| !known(name));
    let optional = |name: &String| place(name).stack.is_optional();
    match strangers.filter(|name| !optional(name)).min() {
        None => Ok(out),
        Some(name) => Err(format!(
            "tensor `{name}` of the fine-tune has no counterpart in the base, so that no adapter \
             can hold its change; name the base that it was made from: {}",
            pair.base.path().display()
        )),
    }
}

/// The bias of a module.
fn is_part_of_module(pair: &Pair, tensor: &Tensor) -> bool {
    let module = tensor.name.strip_suffix(".bias");
    module.is_some_and(|module| pair.base.tensor(&format!("{module}.weight")).is_some())
}

fn found(pair: &Pair, tensor: &Tensor, module: &str) -> Result<Found, String> {
    let own_name = pair.own_head(&tensor.name);
    let own = match pair.own(own_name) {
        Ok(own) => own,
        Err(_) if may_lack(tensor) => return Ok(missing(pair, tensor, module)),
        Err(why) => return Err(refusal(pair, &tensor.name, &why)),
    };
    let weight = tensor_plan(pair, tensor, &own, own_name)?;
    let bias = format!("{module}.bias");
    let bias = match pair.base.tensor(&bias) {
        None => None,
        Some(tensor) => {
            let own = pair.own(&bias).map_err(|why| refusal(pair, &bias, &why))?;
            Some((
                tensor_plan(pair, tensor, &own, &bias)?,
                matches!(own, Own::Same),
            ))
        }
    };
    Ok(Found {
        name: names::in_class(&pair.base, module),
        place: tensor.place,
        role: names::role(&tensor.name, &tensor.shape),
        formats: (own.dtype(), tensor.dtype),
        is_same: matches!(own, Own::Same) && bias.as_ref().is_none_or(|(_, same)| *same),
        is_missing: false,
        weight,
        bias: bias.map(|(plan, _)| plan),
    })
}

/// What a fine-tune may be without: what sees, hears or predicts further tokens.
fn may_lack(tensor: &Tensor) -> bool {
    tensor.place.stack.is_optional() || tensor.place.stack == Stack::Prediction
}

fn missing(pair: &Pair, tensor: &Tensor, module: &str) -> Found {
    Found {
        name: names::in_class(&pair.base, module),
        place: tensor.place,
        role: Role::Other,
        weight: TensorPlan {
            base: Some(tensor.name.clone()),
            own: tensor.name.clone(),
            shape: tensor.shape.clone(),
            dtype: tensor.dtype.saved(),
        },
        bias: None,
        formats: (None, tensor.dtype),
        is_same: true,
        is_missing: true,
    }
}

/// A tensor that both have, with shapes and formats that can be subtracted.
fn tensor_plan(
    pair: &Pair,
    tensor: &Tensor,
    own: &Own<'_>,
    own_name: &str,
) -> Result<TensorPlan, String> {
    let shape = own.shape().unwrap_or_else(|| tensor.shape.clone());
    let fits = match own {
        Own::Stored(stored) => comparable(tensor, stored),
        Own::Same | Own::Added(_) | Own::Made(_) => true,
    };
    if !fits {
        return Err(refusal(
            pair,
            &tensor.name,
            &format!(
                "the fine-tune has {shape:?} and the base {:?}",
                tensor.shape
            ),
        ));
    }
    let dtype = own.dtype().unwrap_or(tensor.dtype);
    for dtype in [dtype, tensor.dtype] {
        if !dtype.is_supported() {
            let why = format!("numbers of type {dtype} are not computed with");
            return Err(refusal(pair, &tensor.name, &why));
        }
    }
    Ok(TensorPlan {
        base: Some(tensor.name.clone()),
        own: own_name.to_owned(),
        shape,
        dtype: dtype.saved(),
    })
}

/// The head that the base does not store: the fine-tune's own, or a copy of its embedding.
fn own_head(pair: &Pair) -> Result<Option<Found>, String> {
    if pair.find(is_language_head).is_some() || !pair.base.tied_embeddings() {
        return Ok(None);
    }
    let Some(embedding) = pair.find(is_token_embedding) else {
        return Ok(None);
    };
    let extra = pair.extra();
    let name = extra.iter().find(|name| is_language_head(name));
    let own_name = name.map_or(&embedding.name[..], String::as_str);
    let own = match pair.own(own_name) {
        Ok(own) => own,
        Err(_) => return Ok(None),
    };
    if matches!(own, Own::Same) {
        return Ok(None);
    }
    Ok(Some(Found {
        name: "lm_head".to_owned(),
        place: TensorLocation {
            kind: Kind::Head,
            ..embedding.place
        },
        role: Role::Head,
        weight: TensorPlan {
            // Its change is that of the embedding, which is what the base has for a head.
            base: Some(embedding.name.clone()),
            ..tensor_plan(pair, embedding, &own, own_name)?
        },
        bias: None,
        formats: (own.dtype(), embedding.dtype),
        is_same: false,
        is_missing: false,
    }))
}

/// Numbers that belong to no module with a weight cannot be adapted; if they did not change,
/// nothing is lost.
fn refuse_changed(pair: &Pair, tensor: &Tensor) -> Result<(), String> {
    const BLOCK: usize = 1 << 16;
    let Ok(own) = pair.own(&tensor.name) else {
        return Ok(());
    };
    // Whole numbers and flags are tables of positions and the like.
    if matches!(own, Own::Same) || !tensor.dtype.is_supported() {
        return Ok(());
    }
    let refused = |why: &str| Err(refusal(pair, &tensor.name, why));
    if own.shape().is_some_and(|shape| shape != tensor.shape) {
        return refused("the shapes differ");
    }
    let Some(numbers) = Numbers::new(&own, Some(tensor)) else {
        return refused("its numbers are not computed with");
    };
    let (mut room, mut out) = (vec![0.0; BLOCK], vec![0.0; BLOCK]);
    for start in (0..tensor.elements()).step_by(BLOCK) {
        let range = start..(start + BLOCK).min(tensor.elements());
        let (room, out) = (&mut room[..range.len()], &mut out[..range.len()]);
        numbers.change(range, room, out);
        if out.iter().any(|change| *change != 0.0) {
            return refused(
                "it has changed and is neither weight nor bias of a module, so that no adapter \
                 can hold it",
            );
        }
    }
    Ok(())
}

fn refusal(pair: &Pair, tensor: &str, why: &str) -> String {
    format!(
        "tensor `{tensor}` cannot be extracted, {why}; name the base that the fine-tune was made \
         from: {}",
        pair.model.path().display()
    )
}
