//! Keys and values of the tokens that were gone through, for a batch of texts of equal length.

use candle_core::{DType, Device, Result, Tensor};

use super::settings::Settings;

/// What a batch remembers: for each layer keys and values, [rows, kv_heads, most, head_dim].
pub(super) struct Cache {
    layers: Vec<(Tensor, Tensor)>,
    rows: usize,
    len: usize,
}

impl Cache {
    /// Room for `rows` texts of at most `most` tokens.
    pub(super) fn new(settings: &Settings, rows: usize, most: usize) -> Result<Self> {
        Self::of_layers(settings.windows.len(), settings, rows, most)
    }

    /// The same for this many layers.
    pub(super) fn of_layers(
        layers: usize,
        settings: &Settings,
        rows: usize,
        most: usize,
    ) -> Result<Self> {
        let shape = (rows, settings.kv_heads, most, settings.head_dim);
        let empty = || Tensor::zeros(shape, DType::F32, &Device::Cpu);
        let layers = (0..layers).map(|_| Ok((empty()?, empty()?)));
        Ok(Self {
            layers: layers.collect::<Result<_>>()?,
            rows,
            len: 0,
        })
    }

    /// Bytes that a text of `most` tokens takes in it.
    pub(super) fn row_bytes(settings: &Settings, most: usize) -> u64 {
        let per_token = 2 * settings.windows.len() * settings.kv_heads * settings.head_dim * 4;
        per_token as u64 * most as u64
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// How many tokens of each were gone through.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds what a layer made of new tokens, [rows, kv_heads, new, head_dim], and gives what it
    /// has from position `from` on.
    pub(super) fn extend(
        &self,
        layer: usize,
        keys: &Tensor,
        values: &Tensor,
        from: usize,
    ) -> Result<(Tensor, Tensor)> {
        let (all_keys, all_values) = &self.layers[layer];
        all_keys.slice_set(keys, 2, self.len)?;
        all_values.slice_set(values, 2, self.len)?;
        let count = self.len + keys.dim(2)? - from;
        Ok((
            all_keys.narrow(2, from, count)?,
            all_values.narrow(2, from, count)?,
        ))
    }

    /// Counts tokens that every layer has added.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.len += tokens;
    }

    /// Keeps these texts alone, in this order.
    pub(super) fn keep(&mut self, rows: &[u32]) -> Result<()> {
        self.rows = rows.len();
        let rows = Tensor::new(rows, &Device::Cpu)?;
        for (keys, values) in &mut self.layers {
            *keys = keys.index_select(&rows, 0)?;
            *values = values.index_select(&rows, 0)?;
        }
        Ok(())
    }
}
