//! From the stored parts of one module to what they change: partners found, shapes checked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::config::AdapterConfig;
use super::edited::Matrix;
use super::keys::Part;
use super::kinds::Method;
use super::low_rank::Pair;
use super::target::{Kind, Layer, Target, broken, refused};
use crate::checkpoint::error::CheckpointError;
use crate::checkpoint::tensor::Tensor;

/// What is stored for a module, by how deep it is wrapped and what it does.
pub(super) type Parts = BTreeMap<(usize, Part), Tensor>;

type Result<T> = std::result::Result<T, CheckpointError>;

/// Makes a kind of the parts that belong to it, if there are any.
type Maker<'m> = fn(&Module<'m>, &mut Parts) -> Result<Option<Kind>>;

/// A module that an adapter changes.
pub(super) struct Module<'m> {
    pub(super) path: &'m Path,
    pub(super) config: &'m AdapterConfig,
    pub(super) name: &'m str,
    /// VeRA's two matrices.
    pub(super) shared: &'m BTreeMap<Part, Tensor>,
    /// Its parameters that are adapted themselves, the innermost first.
    pub(super) parameters: Vec<String>,
}

impl Module<'_> {
    /// What its parts change, by the name of the base tensor.
    pub(super) fn targets(&self, mut parts: Parts) -> Result<Vec<(String, Target)>> {
        let mut out = self.fused(&mut parts)?;
        let whole = parts.remove(&(0, Part::BaseWeight));
        let kind = self.kind(&mut parts)?;
        if let Some(bias) = self.scaled_bias(kind.as_ref()) {
            out.push((format!("{}.bias", self.name), bias));
        }
        if whole.is_some() || kind.is_some() {
            let kind = kind.unwrap_or(Kind::Nothing);
            out.push((format!("{}.weight", self.name), target(whole, kind)));
        }
        let whole = parts.remove(&(0, Part::BaseBias));
        let kind = match parts.remove(&(0, Part::BiasB)) {
            Some(vector) => {
                self.check(&vector, vector.shape.len() == 1, "[outputs]")?;
                let scale = self.config.scale(self.name);
                Kind::AddVector { vector, scale }
            }
            None => Kind::Nothing,
        };
        if whole.is_some() || !matches!(kind, Kind::Nothing) {
            out.push((format!("{}.bias", self.name), target(whole, kind)));
        }
        match parts.into_values().next() {
            Some(alone) => Err(self.broken(&alone, "is alone, its partners are not stored")),
            None => Ok(out),
        }
    }

    /// What is done to the module's weight; each kind takes its parts.
    fn kind(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let makers: [Maker<'_>; 8] = [
            Self::linear,
            Self::embedding,
            Self::hadamard,
            Self::kronecker,
            Self::scaled,
            Self::vera,
            Self::rotated,
            Self::rows,
        ];
        let mut found = None;
        for make in makers {
            if let Some(kind) = make(self, parts)?
                && found.replace(kind).is_some()
            {
                let name = format!("{}.weight", self.name);
                let reason = "would be changed twice".to_owned();
                return Err(broken(self.path, &name, reason));
            }
        }
        Ok(found)
    }

    fn linear(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let Some((a, b)) = self.both(parts, (0, Part::A), (0, Part::B))? else {
            return Ok(None);
        };
        let e = parts.remove(&(0, Part::E));
        if e.is_none() && self.config.method == Method::AdaLora {
            return Err(self.broken(&a, "has no lora_E"));
        }
        let rank = match &e {
            // AdaLoRA has dropped some ranks of each module.
            Some(e) => e.elements(),
            None => self.config.rank(self.name) as usize,
        };
        let scale = self.config.scale(self.name);
        let pair = self.pair(a, b, e, (rank, 1), scale)?;
        if self.config.olora {
            self.without_extras(&pair.a)?;
            return Ok(Some(Kind::WithoutColumns(Arc::new(pair))));
        }
        self.with_lengths(parts, pair, Layer::Linear).map(Some)
    }

    /// OLoRA is worked out for linear layers, and by itself.
    fn without_extras(&self, tensor: &Tensor) -> Result<()> {
        if !self.config.dora && tensor.shape.len() == 2 {
            return Ok(());
        }
        let reason = "takes a part of its base away, which is read for linear layers without DoRA";
        Err(refused(self.path, &tensor.name, reason))
    }

    fn embedding(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let names = ((0, Part::EmbeddingA), (0, Part::EmbeddingB));
        let Some((a, b)) = self.both(parts, names.0, names.1)? else {
            return Ok(None);
        };
        self.check(&a, a.shape.len() == 2, "[rank, tokens]")?;
        if self.config.olora {
            let reason = "is of an embedding, whose base PEFT cannot take a part away from";
            return Err(refused(self.path, &a.name, reason));
        }
        let rank = self.config.rank(self.name) as usize;
        let pair = self.pair(a, b, None, (rank, 1), self.config.scale(self.name))?;
        self.with_lengths(parts, pair, Layer::Embedding).map(Some)
    }

    /// LoRA, or DoRA where that is what the adapter is.
    fn with_lengths(&self, parts: &mut Parts, pair: Pair, layer: Layer) -> Result<Kind> {
        let pair = Arc::new(pair);
        if !self.config.dora {
            return Ok(Kind::LowRank { pair, layer });
        }
        let Some(magnitude) = parts.remove(&(0, Part::Magnitude)) else {
            return Err(self.broken(&pair.b, "has no lora_magnitude_vector"));
        };
        let outputs = pair.outputs();
        let fits = magnitude.elements() == outputs && magnitude.shape.contains(&outputs);
        self.check(&magnitude, fits, &format!("[{outputs}]"))?;
        Ok(Kind::Dora {
            pair,
            layer,
            magnitude,
        })
    }

    /// The adapted parameters of the module itself.
    fn fused(&self, parts: &mut Parts) -> Result<Vec<(String, Target)>> {
        let is_factor = |(_, part): &(usize, Part)| matches!(part, Part::A | Part::B);
        let deepest = parts.keys().filter(|key| is_factor(key)).map(|key| key.0);
        let Some(deepest) = deepest.max() else {
            return Ok(Vec::new());
        };
        if self.parameters.is_empty() && deepest == 0 {
            return Ok(Vec::new());
        }
        if self.parameters.len() != deepest + 1 {
            let first = parts.values().next();
            let name = first.map_or(self.name, |tensor| &tensor.name);
            let reason = format!(
                "is one of {} adapted parameters of a module, of which target_parameters tells {}",
                deepest + 1,
                self.parameters.len()
            );
            return Err(broken(self.path, name, reason));
        }
        let mut out = Vec::new();
        for (parameter, depth) in self.parameters.iter().zip((0..=deepest).rev()) {
            let Some((a, b)) = self.both(parts, (depth, Part::A), (depth, Part::B))? else {
                continue;
            };
            let name = format!("{}.{parameter}", self.name);
            if self.config.olora || self.config.dora {
                let reason = "is of a bare parameter, which is read for plain LoRA alone";
                return Err(refused(self.path, &a.name, reason));
            }
            let rank = self.config.rank(&name) as usize;
            let experts = a.shape.first().map_or(0, |rows| rows / rank.max(1));
            let scale = self.config.scale(&name);
            let pair = self.pair(a, b, None, (rank, experts), scale)?;
            out.push((name, target(None, Kind::Experts(Arc::new(pair)))));
        }
        Ok(out)
    }

    fn hadamard(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let one = self.product(parts, Part::HadaW1A, Part::HadaW1B)?;
        let two = self.product(parts, Part::HadaW2A, Part::HadaW2B)?;
        let (one, two) = match (one, two) {
            (None, None) => return Ok(None),
            (Some(one), Some(two)) => (one, two),
            (Some(alone), None) | (None, Some(alone)) => {
                return Err(self.broken(&alone.a, "has no partner to be multiplied with"));
            }
        };
        let shape = |pair: &Pair| [pair.outputs(), pair.inputs()];
        let fits = shape(&one) == shape(&two);
        self.check(&two.a, fits, &format!("for {:?}", shape(&one)))?;
        let scale = self.config.scale(self.name);
        Ok(Some(Kind::Hadamard {
            pairs: [one, two],
            scale,
        }))
    }

    fn kronecker(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let one = self.matrix(parts, Part::LokrW1, (Part::LokrW1A, Part::LokrW1B))?;
        let two = self.matrix(parts, Part::LokrW2, (Part::LokrW2A, Part::LokrW2B))?;
        let (one, two) = match (one, two) {
            (None, None) => return Ok(None),
            (Some(one), Some(two)) => (one, two),
            _ => {
                let reason = "has one of lokr_w1 and lokr_w2 and not the other".to_owned();
                return Err(broken(self.path, self.name, reason));
            }
        };
        let scale = self.config.scale(self.name);
        Ok(Some(Kind::Kronecker { one, two, scale }))
    }

    fn matrix(
        &self,
        parts: &mut Parts,
        whole: Part,
        factors: (Part, Part),
    ) -> Result<Option<Matrix>> {
        let product = self.product(parts, factors.0, factors.1)?;
        match (parts.remove(&(0, whole)), product) {
            (Some(whole), None) => {
                let fits = whole.shape.len() == 2 && !whole.shape.contains(&0);
                self.check(&whole, fits, "a matrix")?;
                Ok(Some(Matrix::Whole(whole)))
            }
            (None, product) => Ok(product.map(Matrix::Product)),
            (Some(whole), Some(_)) => Err(self.broken(&whole, "is stored whole and as a product")),
        }
    }

    /// The product `left`·`right` of LoHa and LoKr, [outputs, rank] and [rank, inputs].
    fn product(&self, parts: &mut Parts, left: Part, right: Part) -> Result<Option<Arc<Pair>>> {
        let Some((b, a)) = self.both(parts, (0, left), (0, right))? else {
            return Ok(None);
        };
        self.check(&a, a.shape.len() == 2, "[rank, inputs]")?;
        let rank = self.config.rank(self.name) as usize;
        let pair = self.pair(a, b, None, (rank, 1), 1.0)?;
        Ok(Some(Arc::new(pair)))
    }

    fn scaled(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let Some(by) = parts.remove(&(0, Part::Ia3)) else {
            return Ok(None);
        };
        let outputs = matches!(by.shape[..], [_, 1]);
        let fits = outputs || matches!(by.shape[..], [1, _]);
        self.check(&by, fits, "[outputs, 1] or [1, inputs]")?;
        Ok(Some(Kind::Scaled { by, outputs }))
    }

    /// IA3 multiplies outputs whole, and a bias is a part of them.
    fn scaled_bias(&self, kind: Option<&Kind>) -> Option<Target> {
        let Some(Kind::Scaled { by, outputs: true }) = kind else {
            return None;
        };
        let kind = Kind::Scaled {
            by: by.clone(),
            outputs: true,
        };
        let optional = true;
        Some(Target {
            optional,
            ..target(None, kind)
        })
    }

    fn vera(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let names = ((0, Part::VeraLambdaD), (0, Part::VeraLambdaB));
        let Some((d, b)) = self.both(parts, names.0, names.1)? else {
            return Ok(None);
        };
        let shared = |part| self.shared.get(&part).cloned();
        let (Some(vera_a), Some(vera_b)) = (shared(Part::VeraA), shared(Part::VeraB)) else {
            return Err(self.broken(&d, "needs vera_A and vera_B, which are not stored"));
        };
        let rank = d.elements();
        self.check(&d, d.shape.len() == 1, "[rank]")?;
        self.check(&b, b.shape.len() == 1, "[outputs]")?;
        let outputs = b.elements();
        let enough = vera_b.shape.first().is_some_and(|&rows| rows >= outputs);
        let wanted = format!("[{outputs} or more, {rank}]");
        self.check(&vera_b, enough && vera_b.shape.len() == 2, &wanted)?;
        let pair = self.pair(vera_a, vera_b, Some(d), (rank, 1), 1.0)?;
        Ok(Some(Kind::Vera(Arc::new(Pair {
            b_rows: Some(b),
            ..pair
        }))))
    }

    fn rotated(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let Some(skew) = parts.remove(&(0, Part::Oft)) else {
            return Ok(None);
        };
        let above = skew.shape.get(1).copied().unwrap_or(0);
        let block = (1.0 + (8.0 * above as f64 + 1.0).sqrt()) / 2.0;
        let block = block as usize;
        let whole = block.checked_mul(block.saturating_sub(1));
        let fits = skew.shape.len() == 2 && above > 0 && whole == above.checked_mul(2);
        self.check(&skew, fits, "[blocks, size · (size − 1) / 2]")?;
        let shared = self.config.block_share;
        if shared && skew.shape[0] != 1 {
            return Err(self.broken(&skew, "has several blocks, though they are shared"));
        }
        Ok(Some(Kind::Rotated {
            skew,
            block,
            shared,
        }))
    }

    fn rows(&self, parts: &mut Parts) -> Result<Option<Kind>> {
        let Some(rows) = parts.remove(&(0, Part::TokenRows)) else {
            return Ok(None);
        };
        let indices = self.config.rows_of(self.name).unwrap_or_default();
        let fits = rows.shape.len() == 2 && rows.shape[0] == indices.len();
        self.check(&rows, fits, &format!("[{}, width]", indices.len()))?;
        let mut places: Vec<(usize, usize)> = indices.iter().copied().zip(0..).collect();
        places.sort_unstable();
        if let Some(pair) = places.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let reason = format!("is for token {} twice", pair[0].0);
            return Err(self.broken(&rows, &reason));
        }
        Ok(Some(Kind::Rows { rows, places }))
    }

    /// Two parts that are nothing without each other.
    fn both(
        &self,
        parts: &mut Parts,
        one: (usize, Part),
        two: (usize, Part),
    ) -> Result<Option<(Tensor, Tensor)>> {
        match (parts.remove(&one), parts.remove(&two)) {
            (Some(first), Some(second)) => Ok(Some((first, second))),
            (None, None) => Ok(None),
            (Some(alone), None) => Err(self.broken(&alone, &format!("has no {}", two.1.word()))),
            (None, Some(alone)) => Err(self.broken(&alone, &format!("has no {}", one.1.word()))),
        }
    }

    /// A pair of factors of these many ranks and experts, and numbers for the ranks.
    fn pair(
        &self,
        a: Tensor,
        b: Tensor,
        a_rows: Option<Tensor>,
        (rank, experts): (usize, usize),
        scale: f32,
    ) -> Result<Pair> {
        // AdaLoRA may have dropped all ranks; nothing else may be without numbers.
        let has_inputs = a.shape.iter().skip(1).all(|&n| n > 0);
        self.check(&a, has_inputs, "for one input or more")?;
        let has_outputs = b.shape.first().is_some_and(|&n| n > 0);
        self.check(&b, has_outputs, "for one output or more")?;
        let all = rank.checked_mul(experts).filter(|_| experts > 0);
        let of = match experts {
            1 => format!("with rank {rank}"),
            _ => format!("with rank {rank} for each of {experts} experts"),
        };
        let fits = a.shape.len() >= 2 && a.shape.first().copied() == all;
        self.check(&a, fits, &format!("[rank, inputs] {of}"))?;
        // A convolution's second factor has a kernel of one.
        let kernel = b.shape.get(2..).unwrap_or_default();
        let flat = kernel.iter().all(|&len| len == 1);
        let same_dims = b.shape.len() == a.shape.len() || b.shape.len() == 2;
        let fits = b.shape.len() >= 2 && b.shape.get(1).copied() == all && flat && same_dims;
        self.check(&b, fits, &format!("[outputs, rank] {of}"))?;
        if let Some(numbers) = &a_rows {
            self.check(
                numbers,
                numbers.elements() == rank,
                "a number for each rank",
            )?;
        }
        Ok(Pair {
            a,
            b,
            a_rows,
            b_rows: None,
            rank,
            experts,
            scale,
        })
    }

    fn check(&self, tensor: &Tensor, fits: bool, expected: &str) -> Result<()> {
        if fits {
            return Ok(());
        }
        let found = &tensor.shape;
        let reason = format!("should be {expected}, found {found:?}");
        Err(broken(self.path, &tensor.name, reason))
    }

    fn broken(&self, tensor: &Tensor, reason: &str) -> CheckpointError {
        broken(self.path, &tensor.name, reason.to_owned())
    }
}

fn target(whole: Option<Tensor>, kind: Kind) -> Target {
    Target {
        whole,
        kind,
        optional: false,
    }
}
