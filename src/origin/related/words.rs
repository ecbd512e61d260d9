//! Verdicts and differences in plain words.

/// Whether two models are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Their weights agree far more than independent training allows.
    Related,
    /// What could be compared agrees no more than chance, and a copy would have been seen.
    Unrelated,
    /// Too little can be compared, or the result is in between.
    CannotTell,
}

impl Verdict {
    /// Its name in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Related => "related",
            Self::Unrelated => "unrelated",
            Self::CannotTell => "cannot_tell",
        }
    }

    /// The words on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Related => "Related",
            Self::Unrelated => "Unrelated",
            Self::CannotTell => "Cannot tell",
        }
    }
}

/// One way in which two related models differ; values of the first model stand first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Nothing is different in the sample.
    None,
    /// Weights at the same place have other values: the length of the difference over that of
    /// the weights, and the share of equal weights.
    Values {
        /// 0 for equal weights.
        distance: f64,
        /// 0 to 1.
        equal: f64,
    },
    /// Shares of weights that are zero.
    Pruned([f64; 2]),
    /// Numbers of layers.
    Layers([usize; 2]),
    /// Numbers of MLP units.
    Units([usize; 2]),
    /// Rows of the query projection.
    Heads([usize; 2]),
    /// The units of an MLP stand in another order.
    UnitsPermuted,
    /// The attention heads stand in another order.
    HeadsPermuted,
    /// Tokens of the first, of the second, of both.
    Vocabulary([usize; 3]),
    /// Hidden sizes.
    Width([usize; 2]),
    /// The hidden dimensions stand in another order.
    HiddenPermuted,
    /// The hidden space is rotated.
    HiddenRotated,
}

impl Change {
    /// Its name in JSON.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::None => "same_weights",
            Self::Values { .. } => "fine_tune",
            Self::Pruned(_) => "pruned",
            Self::Layers(_) => "other_layers",
            Self::Units(_) => "other_units",
            Self::Heads(_) => "other_heads",
            Self::UnitsPermuted => "units_permuted",
            Self::HeadsPermuted => "heads_permuted",
            Self::Vocabulary(_) => "other_vocabulary",
            Self::Width(_) => "other_width",
            Self::HiddenPermuted => "hidden_permuted",
            Self::HiddenRotated => "hidden_rotated",
        }
    }

    /// What it says about the models `a` and `b`.
    pub fn sentence(&self, a: &str, b: &str) -> String {
        match self {
            Self::None => "all sampled weights are equal".to_owned(),
            Self::Values { distance, equal } => {
                let distance = 100.0 * distance;
                let equal = match *equal {
                    equal if equal > 0.005 => format!("; {:.0} % of them are equal", 100.0 * equal),
                    _ => String::new(),
                };
                format!("the weights differ by {distance:.1} % of their size{equal}")
            }
            Self::Pruned(zeros) => {
                let [of_a, of_b] = zeros.map(|share| 100.0 * share);
                let pruned = if of_a > of_b { a } else { b };
                format!(
                    "{pruned} is pruned: {of_a:.0} % of {a}'s weights and {of_b:.0} % of {b}'s are zero"
                )
            }
            Self::Layers([of_a, of_b]) if of_a == of_b => {
                "the layers stand in another order".to_owned()
            }
            Self::Layers([of_a, of_b]) => format!("{a} has {of_a} layers, {b} has {of_b}"),
            Self::Units([of_a, of_b]) => {
                format!("{a} has {of_a} MLP units a layer, {b} has {of_b}")
            }
            Self::Heads([of_a, of_b]) => {
                format!("{a} has {of_a} rows of attention heads a layer, {b} has {of_b}")
            }
            Self::UnitsPermuted => "the MLP units stand in another order".to_owned(),
            Self::HeadsPermuted => "the attention heads stand in another order".to_owned(),
            Self::Vocabulary([of_a, of_b, both]) => {
                format!("{a} has {of_a} tokens, {b} has {of_b}; {both} are in both")
            }
            Self::Width([of_a, of_b]) => format!("the hidden size of {a} is {of_a}, of {b} {of_b}"),
            Self::HiddenPermuted => "the hidden dimensions stand in another order".to_owned(),
            Self::HiddenRotated => "the hidden space is rotated".to_owned(),
        }
    }
}

/// A p-value to be read: "0.37", "0.0012", "< 1e-9".
pub fn show_p(p: f64) -> String {
    if p < 1e-9 {
        "< 1e-9".to_owned()
    } else if p < 1e-3 {
        format!("{p:.1e}")
    } else if p < 0.1 {
        format!("{p:.4}")
    } else {
        format!("{p:.2}")
    }
}
