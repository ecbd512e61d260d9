//! A checkpoint seen with other rows: vocabularies in one order of tokens, whatever the files'.
//!
//! No number is copied. A table that was put together reads each of its rows where it lies, in
//! one of several tensors, with what an adapter adds; rows that nobody has are zero or a mean.

use std::sync::{Arc, OnceLock};

use super::adapter::{Change, Factors};
use super::dtype::Dtype;
use super::model::Checkpoint;
use super::source::{Source, Stored};
use super::sums::RowSums;
use super::tensor::Tensor;

/// A tensor whose rows are put together.
#[derive(Debug, Clone)]
pub struct RowTable {
    /// Its name in the view.
    pub name: String,
    /// What rows are taken from; all have rows of one length.
    pub from: Vec<RowsOf>,
    /// Where each row comes from.
    pub rows: Vec<RowFrom>,
    /// The rows that means are taken of.
    pub means: Vec<Vec<(u32, u32)>>,
    /// Sums of rows of the first of `from`.
    pub sums: RowSums,
    /// The format that all numbers of these tensors have.
    pub dtype: Dtype,
    /// The format that means are rounded to.
    pub rounded_to: Dtype,
}

/// A tensor that rows are taken from.
#[derive(Debug, Clone)]
pub struct RowsOf {
    /// The model that has it.
    pub model: Arc<Checkpoint>,
    /// The adapter on that model.
    pub adapter: Option<Arc<Checkpoint>>,
    /// Its name there.
    pub tensor: String,
}

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFrom {
    /// Row `row` of the tensor `table` of [`RowTable::from`].
    Table {
        /// Which tensor.
        table: u32,
        /// Which of its rows.
        row: u32,
    },
    /// The mean of the rows of this entry of [`RowTable::means`]: added in order, each sum
    /// rounded, and divided.
    Mean(u32),
    /// The mean of all other rows of this table.
    MeanOfOthers,
    /// The mean of all rows of the first of [`RowTable::from`].
    MeanOfFirst,
    /// This entry of [`RowTable::sums`].
    Sum(u32),
    /// Zeros.
    Zero,
}

impl Checkpoint {
    /// The same files with the rows of some tensors put together anew; see [`RowTable`]. A tensor
    /// that is not there is added.
    ///
    /// # Errors
    /// A clause, if rows are asked for that are not there.
    pub fn with_rows(&self, tables: Vec<RowTable>) -> Result<Self, String> {
        let made: Result<Vec<Tensor>, String> = tables.into_iter().map(RowTable::tensor).collect();
        Ok(self.with_tensors(made?))
    }
}

impl RowTable {
    /// The tensor, with the shape of rows that the first of `from` has.
    fn tensor(self) -> Result<Tensor, String> {
        let first = self.from.first().ok_or("rows are taken from no tensor")?;
        let (like, _) = first.open()?;
        let mut shape = like.shape.clone();
        let own_rows = shape.first().copied().unwrap_or(0);
        if let Some(rows) = shape.first_mut() {
            *rows = self.rows.len();
        }
        let row_len: usize = shape.iter().skip(1).product();
        let is_same = like.dtype.written() == self.dtype;
        if is_same && self.is_start_of(own_rows) && first.adapter.is_none() {
            let cut = like.cut(0..self.rows.len() * row_len);
            let cut = cut.ok_or_else(|| format!("{} holds no floats", like.name))?;
            return Ok(cut.shaped(self.name.clone(), shape).with_adapter_in_it());
        }
        let opened = self.from.iter().map(|from| from.source(row_len));
        let tables = opened.collect::<Result<Vec<_>, _>>()?;
        let rows_in = |table: u32| {
            tables
                .get(table as usize)
                .map_or(0, |t| t.elements() / row_len.max(1))
        };
        let fits = |table: u32, row: u32| (row as usize) < rows_in(table);
        let is_there = |row: &RowFrom| match *row {
            RowFrom::Table { table, row } => fits(table, row),
            RowFrom::Mean(mean) => {
                let of = self.means.get(mean as usize);
                of.is_some_and(|of| {
                    !of.is_empty() && of.iter().all(|&(table, row)| fits(table, row))
                })
            }
            RowFrom::Sum(sum) => {
                let mut terms = self.sums.terms(sum);
                (sum as usize) < self.sums.len() && terms.all(|(row, _)| fits(0, row))
            }
            RowFrom::MeanOfOthers | RowFrom::MeanOfFirst | RowFrom::Zero => true,
        };
        if !self.rows.iter().all(is_there)
            || shape
                .iter()
                .try_fold(1usize, |n, d| n.checked_mul(*d))
                .is_none()
        {
            return Err(format!("{} has fewer rows than are taken of it", like.name));
        }
        let gathered = Gathered {
            tables,
            row_len,
            rows: self.rows,
            means: self.means,
            sums: self.sums,
            dtype: self.rounded_to,
            mean_of_others: OnceLock::new(),
            mean_of_first: OnceLock::new(),
        };
        let dtype = self.dtype;
        let own = Tensor::coded(self.name, dtype, shape, Arc::new(gathered));
        Ok(own.with_adapter_in_it())
    }

    /// Whether the rows are the first ones of the first tensor, in order.
    fn is_start_of(&self, own_rows: usize) -> bool {
        let in_order =
            (self.rows.iter().zip(0..)).all(|(own, k)| *own == RowFrom::Table { table: 0, row: k });
        in_order && self.rows.len() <= own_rows
    }
}

impl RowsOf {
    fn open(&self) -> Result<(&Tensor, Arc<dyn Source>), String> {
        let missing = || {
            format!(
                "{} has no tensor {}",
                self.model.suggested_name(),
                self.tensor
            )
        };
        let tensor = self.model.tensor(&self.tensor).ok_or_else(missing)?;
        let source = tensor
            .source()
            .ok_or_else(|| format!("{} holds no floats", tensor.name))?;
        Ok((tensor, source))
    }

    fn source(&self, row_len: usize) -> Result<Arc<dyn Source>, String> {
        let (tensor, of) = self.open()?;
        let own_len: usize = tensor.shape.iter().skip(1).product();
        if own_len != row_len {
            return Err(format!(
                "{} has rows of {own_len} numbers in {}, and another model has {row_len}",
                tensor.name,
                self.model.suggested_name()
            ));
        }
        let Some(adapter) = self
            .adapter
            .as_ref()
            .filter(|_| !tensor.has_adapter_in_it())
        else {
            return Ok(of);
        };
        let Some(own) = adapter.adapter() else {
            return Ok(of);
        };
        let no_floats = || format!("the adapter's {} holds no floats", tensor.name);
        let change = own.change(&*self.model, tensor);
        match change.map_err(|error| error.to_string())? {
            Change::None => Ok(of),
            Change::Replaced(other) => other.source().ok_or_else(no_floats),
            Change::Rebuilt { tensor, .. } => tensor.source().ok_or_else(no_floats),
            Change::LowRank(_) => Ok(Arc::new(Adapted {
                of,
                model: Arc::clone(&self.model),
                adapter: Arc::clone(adapter),
                tensor: tensor.name.clone(),
                factors: OnceLock::new(),
            })),
        }
    }
}

/// Rows of several tensors, put together.
#[derive(Debug)]
struct Gathered {
    tables: Vec<Arc<dyn Source>>,
    row_len: usize,
    rows: Vec<RowFrom>,
    means: Vec<Vec<(u32, u32)>>,
    sums: RowSums,
    dtype: Dtype,
    /// Computed when they are first read.
    mean_of_others: OnceLock<Vec<f64>>,
    mean_of_first: OnceLock<Vec<f64>>,
}

impl Source for Gathered {
    fn elements(&self) -> usize {
        self.rows.len() * self.row_len
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        self.by_run(first, out, |row, column, now| {
            self.read_run(row, column, now);
        });
    }

    fn read_f64(&self, first: usize, out: &mut [f64]) {
        self.by_run(first, out, |row, column, now| {
            self.read_run_f64(row, column, now);
        });
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        for table in &self.tables {
            table.stored(visit);
        }
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        let (mut at, end, mut sum) = (first, first + len, 0.0);
        while at < end && self.row_len > 0 {
            let (row, column) = (at / self.row_len, at % self.row_len);
            let rows = (column + end - at).div_ceil(self.row_len);
            let len = (end - at).min(self.run(row, rows) * self.row_len - column);
            if let Some(RowFrom::Table { table, row }) = self.rows.get(row) {
                let own = *row as usize * self.row_len + column;
                sum += self.tables[*table as usize].rounding(own, len);
            }
            at += len;
        }
        sum
    }
}

impl Gathered {
    /// Cuts what is read from `first` on into runs of rows, and calls `read` for each with the row
    /// and the column that it starts at.
    fn by_run<N>(&self, first: usize, out: &mut [N], read: impl Fn(usize, usize, &mut [N])) {
        let (mut at, mut rest) = (first, out);
        while !rest.is_empty() && self.row_len > 0 {
            let (row, column) = (at / self.row_len, at % self.row_len);
            let rows = (column + rest.len()).div_ceil(self.row_len);
            let len = (self.run(row, rows) * self.row_len - column).min(rest.len());
            let (now, later) = rest.split_at_mut(len);
            read(row, column, now);
            (rest, at) = (later, at + len);
        }
    }

    /// How many rows from `first` on, `most` at most, lie one after the other in one tensor.
    fn run(&self, first: usize, most: usize) -> usize {
        let Some(&RowFrom::Table { table, row }) = self.rows.get(first) else {
            return 1;
        };
        let next = |k: u32| RowFrom::Table {
            table,
            row: row.saturating_add(k),
        };
        let rows = self.rows[first..].iter().zip(0..);
        rows.take_while(|(own, k)| **own == next(*k))
            .take(most)
            .count()
            .max(1)
    }

    /// Reads from a run of rows that starts at `row`.
    fn read_run(&self, row: usize, column: usize, out: &mut [f32]) {
        match self.rows[row] {
            RowFrom::Table { table, row } => {
                self.tables[table as usize].read(row as usize * self.row_len + column, out);
            }
            RowFrom::Zero => out.fill(0.0),
            RowFrom::Sum(sum) => {
                let (table, len) = (&*self.tables[0], self.row_len);
                self.sums.read(sum, table, len, column, out);
            }
            RowFrom::Mean(_) | RowFrom::MeanOfOthers | RowFrom::MeanOfFirst => {
                let mut wide = vec![0.0; out.len()];
                self.read_run_f64(row, column, &mut wide);
                out.iter_mut().zip(wide).for_each(|(to, x)| *to = x as f32);
            }
        }
    }

    /// The same without rounding.
    fn read_run_f64(&self, row: usize, column: usize, out: &mut [f64]) {
        match self.rows[row] {
            RowFrom::Table { table, row } => {
                self.tables[table as usize].read_f64(row as usize * self.row_len + column, out);
            }
            RowFrom::Zero => out.fill(0.0),
            RowFrom::Mean(mean) => {
                let whole = self.mean(&self.means[mean as usize]);
                out.copy_from_slice(&whole[column..column + out.len()]);
            }
            RowFrom::MeanOfOthers => {
                let whole = self.mean_of_others.get_or_init(|| self.mean_of_all());
                out.copy_from_slice(&whole[column..column + out.len()]);
            }
            RowFrom::MeanOfFirst => {
                let whole = (self.mean_of_first).get_or_init(|| self.mean_of_table());
                out.copy_from_slice(&whole[column..column + out.len()]);
            }
            RowFrom::Sum(_) => {
                let mut narrow = vec![0.0; out.len()];
                self.read_run(row, column, &mut narrow);
                out.iter_mut()
                    .zip(narrow)
                    .for_each(|(to, x)| *to = f64::from(x));
            }
        }
    }

    fn mean(&self, of: &[(u32, u32)]) -> Vec<f64> {
        if self.dtype == Dtype::F64 {
            return self.mean_f64(of);
        }
        let mut sum = vec![0.0; self.row_len];
        let mut own = vec![0.0; self.row_len];
        for &(table, row) in of {
            self.tables[table as usize].read(row as usize * self.row_len, &mut own);
            self.dtype.round(&mut own);
            for (sum, own) in sum.iter_mut().zip(&own) {
                *sum += own;
            }
            self.dtype.round(&mut sum);
        }
        for sum in &mut sum {
            *sum /= of.len() as f32;
        }
        self.dtype.round(&mut sum);
        sum.into_iter().map(f64::from).collect()
    }

    fn mean_f64(&self, of: &[(u32, u32)]) -> Vec<f64> {
        let mut sum = vec![0.0; self.row_len];
        let mut own = vec![0.0; self.row_len];
        for &(table, row) in of {
            self.tables[table as usize].read_f64(row as usize * self.row_len, &mut own);
            sum.iter_mut().zip(&own).for_each(|(sum, own)| *sum += own);
        }
        sum.iter().map(|sum| sum / of.len() as f64).collect()
    }

    /// One reading of the whole table, in the thread that first asks.
    fn mean_of_all(&self) -> Vec<f64> {
        let rows = self.rows.iter().enumerate();
        let others = rows.filter(|(_, from)| **from != RowFrom::MeanOfOthers);
        self.mean_over(others.map(|(row, _)| row), |row, own| {
            self.read_run_f64(row, 0, own);
        })
    }

    /// The same of the first table that rows are taken from.
    fn mean_of_table(&self) -> Vec<f64> {
        let rows = 0..self.tables[0].elements() / self.row_len.max(1);
        self.mean_over(rows, |row, own| {
            self.tables[0].read_f64(row * self.row_len, own);
        })
    }

    fn mean_over(
        &self,
        rows: impl Iterator<Item = usize>,
        read: impl Fn(usize, &mut [f64]),
    ) -> Vec<f64> {
        let mut sums = vec![0.0f64; self.row_len];
        let mut own = vec![0.0f64; self.row_len];
        let mut narrow = vec![0.0f32; self.row_len];
        let mut count = 0u64;
        for row in rows {
            read(row, &mut own);
            if self.dtype != Dtype::F64 {
                narrow
                    .iter_mut()
                    .zip(&own)
                    .for_each(|(to, x)| *to = *x as f32);
                self.dtype.round(&mut narrow);
                own.iter_mut()
                    .zip(&narrow)
                    .for_each(|(to, x)| *to = f64::from(*x));
            }
            sums.iter_mut().zip(&own).for_each(|(sum, x)| *sum += x);
            count += 1;
        }
        let means = sums.iter().map(|sum| sum / count.max(1) as f64);
        if self.dtype == Dtype::F64 {
            return means.collect();
        }
        let mut mean: Vec<f32> = means.map(|mean| mean as f32).collect();
        self.dtype.round(&mut mean);
        mean.into_iter().map(f64::from).collect()
    }
}

/// A tensor with what the factors of an adapter add to it.
#[derive(Debug)]
struct Adapted {
    of: Arc<dyn Source>,
    model: Arc<Checkpoint>,
    adapter: Arc<Checkpoint>,
    tensor: String,
    /// Decoded when they are first wanted.
    factors: OnceLock<Option<Factors>>,
}

impl Adapted {
    /// They were there before, and a file that is mapped does not change its header.
    fn decode(&self) -> Option<Factors> {
        let tensor = self.model.tensor(&self.tensor)?;
        match self.adapter.adapter()?.change(&*self.model, tensor) {
            Ok(Change::LowRank(low_rank)) => Some(low_rank.decode()),
            _ => None,
        }
    }
}

impl Source for Adapted {
    fn elements(&self) -> usize {
        self.of.elements()
    }

    fn read(&self, first: usize, out: &mut [f32]) {
        self.of.read(first, out);
        if let Some(factors) = self.factors.get_or_init(|| self.decode()) {
            let mut delta = vec![0.0; out.len()];
            factors.delta(first, &mut delta);
            for (own, delta) in out.iter_mut().zip(delta) {
                *own += delta;
            }
        }
    }

    fn stored(&self, visit: &mut dyn FnMut(&Stored)) {
        self.of.stored(visit);
    }

    fn rounding(&self, first: usize, len: usize) -> f64 {
        self.of.rounding(first, len)
    }
}
