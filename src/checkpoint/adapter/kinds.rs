//! What kinds of adapters there are, and what their settings may say.

/// The kinds of adapters that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Lora,
    AdaLora,
    LoHa,
    LoKr,
    Ia3,
    Vera,
    Oft,
    /// Trained rows of an embedding and nothing else.
    Tokens,
}

/// PEFT's name of every kind.
pub(super) const METHODS: &[(&str, Method)] = &[
    ("LORA", Method::Lora),
    ("ADALORA", Method::AdaLora),
    ("LOHA", Method::LoHa),
    ("LOKR", Method::LoKr),
    ("IA3", Method::Ia3),
    ("VERA", Method::Vera),
    ("OFT", Method::Oft),
    ("TRAINABLE_TOKENS", Method::Tokens),
];

/// How a rotation is made from a skew matrix S.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cayley {
    /// (I − S)(I + S)⁻¹.
    Exact,
    /// So many terms of its series, the first being I.
    Series(u32),
}
