//! How what an adapter has for a tensor fits the tensor of a base: which way round it lies, how
//! many of its rows the base has, and which part of it an expert gets.

use std::sync::Arc;

use super::edited::{
    AddFactors, AddVector, Dora, Edit, Hadamard, Kronecker, Rotated, Rows, Scaled, WithoutColumns,
};
use super::kinds::Cayley;
use super::low_rank::{LowRank, Pair, View};
use super::names::{Base, OneExpert, Share, is_conv1d, may_be_conv1d};
use super::target::{Kind, Layer, Target};
use crate::checkpoint::names::{Kind as PlaceKind, place};
use crate::checkpoint::tensor::Tensor;

/// A target, made to fit one tensor.
pub(super) enum Fit<'a> {
    /// Another tensor stands in its place.
    Replaced(&'a Tensor),
    /// A product is added to the base's own.
    LowRank(LowRank<'a>),
    /// Everything else.
    Edited {
        /// Stands for the base's own first.
        whole: Option<&'a Tensor>,
        how: How,
        /// The shape of the result.
        shape: Vec<usize>,
        /// Rows that the adapter has of a vocabulary; the base may have fewer.
        rows: usize,
    },
}

/// What is done to the tensor.
pub(super) enum How {
    /// To all of it.
    Once(Box<dyn Edit>),
    /// To one expert after the other.
    ForEach(Vec<Box<dyn Edit>>),
}

/// A tensor of a base.
pub(super) struct Place<'p> {
    pub(super) name: &'p str,
    pub(super) shape: &'p [usize],
    pub(super) base: &'p dyn Base,
    /// What the configuration says, where there is one.
    pub(super) fan_in_fan_out: bool,
    pub(super) cayley: Cayley,
}

/// Why a target does not fit.
pub(super) enum Misfit {
    /// What was expected in the place of the shape that was found.
    Shape(String),
    /// A clause that ends "cannot be used because …".
    Unsupported(String),
}

impl From<String> for Misfit {
    fn from(expected: String) -> Self {
        Self::Shape(expected)
    }
}

impl From<&str> for Misfit {
    fn from(expected: &str) -> Self {
        Self::Shape(expected.to_owned())
    }
}

impl Place<'_> {
    /// Fits a target.
    pub(super) fn fit<'a>(&self, target: &'a Target) -> Result<Fit<'a>, Misfit> {
        let Some(whole) = &target.whole else {
            return self.fit_kind(target, self.shape);
        };
        if !self.has_shape(&whole.shape, true) {
            return Err(format!("{:?}", whole.shape).into());
        }
        match self.fit_kind(target, &whole.shape)? {
            Fit::LowRank(low_rank) => {
                let (pair, view) = low_rank.parts();
                let (pair, rows) = (Arc::clone(pair), view.shape()[0]);
                Ok(Fit::Edited {
                    whole: Some(whole),
                    how: How::Once(Box::new(AddFactors { pair, view })),
                    shape: whole.shape.clone(),
                    rows,
                })
            }
            Fit::Edited {
                how, shape, rows, ..
            } => Ok(Fit::Edited {
                whole: Some(whole),
                how,
                shape,
                rows,
            }),
            Fit::Replaced(_) => Ok(Fit::Replaced(whole)),
        }
    }

    /// Fits one expert's part of a parameter of all.
    pub(super) fn fit_expert<'a>(
        &self,
        target: &'a Target,
        one: &OneExpert,
    ) -> Result<Fit<'a>, Misfit> {
        let Kind::Experts(pair) = &target.kind else {
            return Err("all experts in one tensor".into());
        };
        let (outputs, halves) = match one.share {
            Share::All => (pair.outputs(), 1),
            Share::FirstHalf | Share::SecondHalf => (pair.outputs() / 2, 2),
        };
        let first_output = usize::from(one.share == Share::SecondHalf) * outputs;
        let expected = [outputs, pair.inputs()];
        if outputs * halves != pair.outputs() || self.shape != expected {
            return Err(format!("{expected:?}").into());
        }
        if one.expert >= pair.experts {
            return Err(format!("{} experts", pair.experts).into());
        }
        let view = View {
            expert: one.expert,
            first_output,
            outputs,
            ..pair.view(false)
        };
        Ok(Fit::LowRank(LowRank::new(pair, view)))
    }

    /// Fits what is done to a tensor of this shape, which is the base's or stands for it.
    fn fit_kind<'a>(&self, target: &'a Target, shape: &[usize]) -> Result<Fit<'a>, Misfit> {
        match &target.kind {
            // Only where another tensor stands for the base's, which the caller knows.
            Kind::Nothing => match &target.whole {
                Some(whole) => Ok(Fit::Replaced(whole)),
                None => Err("a tensor".into()),
            },
            Kind::LowRank { pair, layer } => {
                let view = self.view(pair, *layer, shape, target.whole.is_none())?;
                Ok(Fit::LowRank(LowRank::new(pair, view)))
            }
            Kind::Dora {
                pair,
                layer,
                magnitude,
            } => self.fit_dora(pair, *layer, magnitude, (shape, target.whole.is_none())),
            Kind::WithoutColumns(pair) => self.fit_without_columns(pair, shape),
            Kind::Experts(pair) => self.fit_experts(pair, shape),
            Kind::Vera(pair) => self.fit_vera(pair, shape),
            Kind::Hadamard { pairs, scale } => {
                let expected = [pairs[0].outputs(), pairs[0].inputs()];
                let edit = Hadamard {
                    pairs: pairs.clone(),
                    scale: *scale,
                };
                exactly(shape, &expected).map(|()| once(edit, shape))
            }
            Kind::Kronecker { one, two, scale } => {
                let product = |k: usize| one.shape()[k].saturating_mul(two.shape()[k]);
                let edit = Kronecker {
                    one: one.clone(),
                    two: two.clone(),
                    scale: *scale,
                };
                exactly(shape, &[product(0), product(1)]).map(|()| once(edit, shape))
            }
            Kind::Scaled { by, outputs } => self.fit_scaled(by, *outputs, shape),
            Kind::Rotated {
                skew,
                block,
                shared,
            } => self.fit_rotated(skew, (*block, *shared), shape),
            Kind::Rows { rows, places } => self.fit_rows(rows, places, shape),
            Kind::AddVector { vector, scale } => {
                let edit = AddVector {
                    vector: vector.clone(),
                    scale: *scale,
                };
                exactly(shape, &vector.shape).map(|()| once(edit, shape))
            }
        }
    }

    /// Which way round a pair lies in a tensor of this shape.
    ///
    /// PEFT goes by the class of the layer, whatever `fan_in_fan_out` says; so does this, by the
    /// shape, and where that is square by the layer's relatives.
    fn view(
        &self,
        pair: &Pair,
        layer: Layer,
        shape: &[usize],
        may_be_cut: bool,
    ) -> Result<View, Misfit> {
        if layer == Layer::Embedding {
            let view = pair.view(true);
            let fits = self.is_shape(shape, &view.shape(), may_be_cut);
            return fits
                .then_some(view)
                .ok_or_else(|| format!("{:?}", view.shape()).into());
        }
        if let Layer::PairedQueries | Layer::PairedKeys = layer {
            let view = pair.view(false);
            if shape != view.shape() {
                return Err(format!("{:?}", view.shape()).into());
            }
            let heads = self.base.heads().map(|heads| match layer {
                Layer::PairedKeys => heads.keys,
                _ => heads.queries,
            });
            let named = |reason| Misfit::Unsupported(format!("`{}` {reason}", self.name));
            return pair.paired_view(heads).map_err(named);
        }
        let kernel = pair.a.shape.get(1..).unwrap_or_default();
        let straight = [&[pair.outputs()], kernel].concat();
        let view = pair.view(false);
        let fits = self.is_shape(shape, &straight, may_be_cut);
        let across = shape == [pair.inputs(), pair.outputs()] && kernel.len() == 1;
        match (fits, across && self.may_be_across()) {
            (true, true) => Ok(pair.view(self.is_across())),
            (true, false) => Ok(view),
            (false, true) => Ok(pair.view(true)),
            (false, false) => Err(format!("{straight:?}").into()),
        }
    }

    fn may_be_across(&self) -> bool {
        self.fan_in_fan_out || may_be_conv1d(self.name)
    }

    /// Whether a square matrix is stored [inputs, outputs].
    fn is_across(&self) -> bool {
        may_be_conv1d(self.name) && is_conv1d(self.name, self.base).unwrap_or(self.fan_in_fan_out)
    }

    fn fit_dora<'a>(
        &self,
        pair: &'a Arc<Pair>,
        layer: Layer,
        magnitude: &Tensor,
        (shape, may_be_cut): (&[usize], bool),
    ) -> Result<Fit<'a>, Misfit> {
        // Norms over the rows need them all.
        let may_be_cut = may_be_cut && layer == Layer::Linear;
        let view = self.view(pair, layer, shape, may_be_cut)?;
        let own = view.shape()[0];
        let mut shape = shape.to_vec();
        if let Some(rows) = shape.first_mut() {
            *rows = own.min(*rows);
        }
        let edit = Dora {
            pair: Arc::clone(pair),
            view,
            magnitude: magnitude.clone(),
        };
        Ok(Fit::Edited {
            whole: None,
            how: How::Once(Box::new(edit)),
            shape,
            rows: own,
        })
    }

    fn fit_without_columns<'a>(
        &self,
        pair: &'a Arc<Pair>,
        shape: &[usize],
    ) -> Result<Fit<'a>, Misfit> {
        let view = self.view(pair, Layer::Linear, shape, false)?;
        let [rows, columns] = view.shape();
        if view.transposed {
            let reason = format!(
                "what OLoRA takes away from `{}` {shape:?} is not defined, which is stored \
                 [inputs, outputs]",
                self.name
            );
            return Err(Misfit::Unsupported(reason));
        }
        if pair.rank > rows.min(columns) {
            return Err(format!("a matrix of rank {} or more", pair.rank).into());
        }
        let pair = Arc::clone(pair);
        Ok(once(WithoutColumns { pair, view }, shape))
    }

    fn fit_experts<'a>(&self, pair: &'a Arc<Pair>, shape: &[usize]) -> Result<Fit<'a>, Misfit> {
        let (outputs, inputs) = (pair.outputs(), pair.inputs());
        if shape == [outputs, inputs] && pair.experts == 1 {
            return Ok(Fit::LowRank(LowRank::new(pair, pair.view(false))));
        }
        let straight = [pair.experts, outputs, inputs];
        let across = [pair.experts, inputs, outputs];
        let transposed = match (shape == straight, shape == across) {
            (true, false) => false,
            (false, true) => true,
            (false, false) => return Err(format!("{straight:?} or {across:?}").into()),
            (true, true) => self
                .experts_are_across(outputs)
                .ok_or("a relative that tells whether it is stored as its transpose")?,
        };
        let edits = (0..pair.experts).map(|expert| -> Box<dyn Edit> {
            let view = View {
                expert,
                ..pair.view(transposed)
            };
            let pair = Arc::clone(pair);
            Box::new(AddFactors { pair, view })
        });
        Ok(Fit::Edited {
            whole: None,
            how: How::ForEach(edits.collect()),
            shape: shape.to_vec(),
            rows: pair.experts,
        })
    }

    /// Square matrices of experts are stored as their relatives that are not square: the model's
    /// width comes last in the first layer of a network that is stored [outputs, inputs], and
    /// first in its last layer.
    fn experts_are_across(&self, width: usize) -> Option<bool> {
        let (module, own) = self.name.rsplit_once('.')?;
        let relative = match own {
            "down_proj" => "gate_up_proj",
            "gate_up_proj" => "down_proj",
            _ => return None,
        };
        match self.base.shape_of(&format!("{module}.{relative}"))?[..] {
            [_, rows, columns] if rows != columns => {
                let straight = if own == "down_proj" { columns } else { rows };
                Some(straight != width)
            }
            _ => None,
        }
    }

    fn fit_vera<'a>(&self, pair: &'a Arc<Pair>, shape: &[usize]) -> Result<Fit<'a>, Misfit> {
        let outputs = pair.b_rows.as_ref().map_or(0, Tensor::elements);
        let fits = |inputs: usize| inputs <= pair.inputs();
        let (straight, across) = match *shape {
            [rows, columns] => (
                rows == outputs && fits(columns),
                columns == outputs && fits(rows) && self.may_be_across(),
            ),
            _ => (false, false),
        };
        let transposed = match (straight, across) {
            (true, true) => self.is_across(),
            (true, false) => false,
            (false, true) => true,
            (false, false) => {
                return Err(format!("[{outputs}, {} or fewer]", pair.inputs()).into());
            }
        };
        let inputs = shape.get(usize::from(!transposed)).copied().unwrap_or(0);
        let view = View {
            outputs,
            inputs,
            ..pair.view(transposed)
        };
        Ok(Fit::LowRank(LowRank::new(pair, view)))
    }

    fn fit_scaled<'a>(
        &self,
        by: &Tensor,
        outputs: bool,
        shape: &[usize],
    ) -> Result<Fit<'a>, Misfit> {
        let len = by.elements();
        let edit = |columns: usize, rows_differ: bool| Scaled {
            by: by.clone(),
            columns,
            rows_differ,
        };
        match *shape {
            [numbers] if numbers == len && outputs => Ok(once(edit(1, true), shape)),
            [rows, columns] => {
                // Outputs are rows, unless the layer is a Conv1D.
                let lengths = if outputs {
                    [rows, columns]
                } else {
                    [columns, rows]
                };
                let across = self.may_be_across() && lengths[1] == len;
                let across = match (lengths[0] == len, across) {
                    (true, true) => self.is_across(),
                    (true, false) => false,
                    (false, true) => true,
                    (false, false) => return Err(expected_of_scaled(len, outputs)),
                };
                Ok(once(edit(columns, outputs != across), shape))
            }
            _ => Err(expected_of_scaled(len, outputs)),
        }
    }

    fn fit_rotated<'a>(
        &self,
        skew: &Tensor,
        (block, shared): (usize, bool),
        shape: &[usize],
    ) -> Result<Fit<'a>, Misfit> {
        let blocks = skew.shape.first().copied().unwrap_or(0);
        let fits = |inputs: usize| match shared {
            true => inputs.is_multiple_of(block),
            false => blocks.checked_mul(block) == Some(inputs),
        };
        match *shape {
            [rows, inputs] if fits(inputs) && !(rows == inputs && self.is_across()) => {
                let edit = Rotated {
                    skew: skew.clone(),
                    block,
                    inputs,
                    cayley: self.cayley,
                };
                Ok(once(edit, shape))
            }
            _ if shared => Err(format!("a linear layer with inputs in blocks of {block}").into()),
            _ => Err(format!("a linear layer with {blocks} · {block} inputs").into()),
        }
    }

    fn fit_rows<'a>(
        &self,
        rows: &Tensor,
        places: &[(usize, usize)],
        shape: &[usize],
    ) -> Result<Fit<'a>, Misfit> {
        let width = rows.shape.get(1).copied().unwrap_or(0);
        let last = places
            .last()
            .map_or(0, |&(place, _)| place.saturating_add(1));
        let [own, columns] = *shape else {
            return Err(format!("[tokens, {width}]").into());
        };
        // New tokens are at the end, where the base may have been without them.
        if columns != width || last > own && !self.is_vocabulary() {
            return Err(format!("[{last} or more, {width}]").into());
        }
        let edit = Rows {
            rows: rows.clone(),
            places: places.to_vec(),
        };
        Ok(Fit::Edited {
            whole: None,
            how: How::Once(Box::new(edit)),
            shape: shape.to_vec(),
            rows: last.max(own),
        })
    }

    fn has_shape(&self, expected: &[usize], may_be_cut: bool) -> bool {
        self.is_shape(self.shape, expected, may_be_cut)
    }

    /// Equal shapes, or a vocabulary with another number of rows.
    fn is_shape(&self, found: &[usize], expected: &[usize], may_be_cut: bool) -> bool {
        let same_rows = || found.len() > 1 && found.get(1..) == expected.get(1..);
        found == expected || may_be_cut && self.is_vocabulary() && same_rows()
    }

    fn is_vocabulary(&self) -> bool {
        matches!(
            place(self.name).kind,
            PlaceKind::Embedding | PlaceKind::Head
        )
    }
}

fn expected_of_scaled(len: usize, outputs: bool) -> Misfit {
    let what = if outputs { "outputs" } else { "inputs" };
    format!("a linear layer with {len} {what}").into()
}

fn exactly(found: &[usize], expected: &[usize]) -> Result<(), Misfit> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{expected:?}").into())
    }
}

fn once<'a>(edit: impl Edit + 'static, shape: &[usize]) -> Fit<'a> {
    Fit::Edited {
        whole: None,
        how: How::Once(Box::new(edit)),
        shape: shape.to_vec(),
        rows: shape.first().copied().unwrap_or(1),
    }
}
