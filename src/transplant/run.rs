//! Carries out a transplant: new rows, then the model with them.

use std::path::Path;

use super::prepare::{Made, Matrix, Transplant};
use super::pursuit::{self, Found, Rows, pursue};
use super::report::{MatrixReport, Report, Residuals, worst};
use super::{Method, Wish};
use crate::checkpoint::{RawTensor, Tensor};
use crate::jobs::{Cancelled, Ticket};
use crate::merge::run::{Options, RunError, run_told};
use crate::merge::write::Provenance;
use crate::parallel::in_order_with;

/// Makes the rows and writes the model, on all threads of the current pool.
///
/// # Errors
/// As for [`crate::merge::run::run`]; a sentence too where a row of the donor that has to be
/// explained is not finite.
pub fn run(work: &Transplant, options: &Options, ticket: &Ticket) -> Result<Report, RunError> {
    let mut report = work.report();
    if work.wish.method == Method::Omp {
        ticket.expect(work.matrices.iter().map(|own| cost(work, own)).sum());
    }
    let mut made = Vec::new();
    for (matrix, told) in work.matrices.iter().zip(&mut report.matrices) {
        made.push(new_rows(work, matrix, told, ticket)?);
    }
    let plan = work.planned(made)?;
    let provenance = provenance(&work.wish);
    report.result = Some(run_told(&plan, options, &provenance, ticket)?);
    Ok(report)
}

/// Bytes that are gone through for the rows of a matrix.
fn cost(work: &Transplant, matrix: &Matrix) -> u64 {
    let tensor = work.donor.checkpoint.tensor(&matrix.in_donor);
    let width = tensor.and_then(|tensor| tensor.shape.get(1)).copied();
    let (shared, made) = (matrix.shared().count(), matrix.made().count());
    match matrix.is_bias {
        true => 0,
        false => pursuit::cost(shared, made, width.unwrap_or(0), work.wish.k),
    }
}

/// The new rows of a matrix, as far as the method makes sums.
fn new_rows(
    work: &Transplant,
    matrix: &Matrix,
    told: &mut MatrixReport,
    ticket: &Ticket,
) -> Result<Made, RunError> {
    match work.wish.method {
        _ if matrix.is_bias || told.made == 0 => Ok(Made::default()),
        Method::Omp => by_pursuit(work, matrix, told, ticket),
        Method::Subword => by_pieces(work, matrix, told),
        Method::Mean | Method::Zero => Ok(Made::default()),
    }
}

fn by_pursuit(
    work: &Transplant,
    matrix: &Matrix,
    told: &mut MatrixReport,
    ticket: &Ticket,
) -> Result<Made, RunError> {
    let shared: Vec<(u32, u32)> = matrix.shared().collect();
    let in_donor: Vec<u32> = shared.iter().map(|(id, _)| *id).collect();
    let in_model: Vec<u32> = shared.iter().map(|(_, row)| *row).collect();
    let donor = work.donor.gathered(&matrix.in_donor, &in_donor)?;
    let model = work.model.gathered(&matrix.name, &in_model)?;
    let is_finite = [finite(&RowsIn::of(&donor)?)?, finite(&RowsIn::of(&model)?)?];
    let usable: Vec<(u32, u32)> = (shared.into_iter().enumerate())
        .filter(|(k, _)| is_finite.iter().all(|own| own[*k]))
        .map(|(_, pair)| pair)
        .collect();
    told.not_finite = in_donor.len() - usable.len();
    let in_donor: Vec<u32> = usable.iter().map(|(id, _)| *id).collect();
    let atoms = work.donor.gathered(&matrix.in_donor, &in_donor)?;
    let ids: Vec<u32> = matrix.made().collect();
    let targets = work.donor.gathered(&matrix.in_donor, &ids)?;
    let (atoms, targets) = (RowsIn::of(&atoms)?, RowsIn::of(&targets)?);
    if let Some(odd) = finite(&targets)?.iter().position(|own| !own) {
        return Err(RunError::Failed(format!(
            "the donor's row of the token `{}` in {} has numbers that are not finite, so that it \
             cannot be explained; take another donor, or another method",
            work.donor.token(ids[odd]),
            matrix.in_donor
        )));
    }
    let left_out = told.not_finite * atoms.width * 4;
    let found = pursue(&atoms, &targets, work.wish.k, ticket)?;
    if left_out > 0 {
        let rest = cost(work, matrix).saturating_sub(pursuit::cost(
            atoms.count,
            ids.len(),
            atoms.width,
            work.wish.k,
        ));
        ticket.advance(rest)?;
    }
    let shares: Vec<f32> = found.iter().map(|own| own.unexplained).collect();
    told.unexplained = Residuals::of(&shares);
    told.worst = worst(&ids, &shares, |id| work.donor.token(id));
    Ok(sums(&found, &usable))
}

/// The sums with the model's rows in the place of the donor's.
fn sums(found: &[Found], usable: &[(u32, u32)]) -> Made {
    let mut out = Made::default();
    for own in found {
        let terms = own.terms.iter().filter_map(|(atom, weight)| {
            let (_, row) = usable.get(*atom as usize)?;
            Some((*row, *weight as f32))
        });
        let sum = out.sums.push(terms);
        out.of.push(Some(sum));
    }
    out
}

#[cfg(feature = "built-in-evaluator")]
fn by_pieces(
    work: &Transplant,
    matrix: &Matrix,
    told: &mut MatrixReport,
) -> Result<Made, RunError> {
    let made = super::subword::by_pieces(work, matrix)?;
    told.without_pieces = made.of.iter().filter(|sum| sum.is_none()).count();
    Ok(made)
}

#[cfg(not(feature = "built-in-evaluator"))]
fn by_pieces(_: &Transplant, _: &Matrix, _: &mut MatrixReport) -> Result<Made, RunError> {
    Err(RunError::Failed("this build has no tokenizer".to_owned()))
}

/// Rows of a matrix of the checkpoint.
struct RowsIn<'t> {
    numbers: RawTensor<'t>,
    count: usize,
    width: usize,
}

impl<'t> RowsIn<'t> {
    fn of(tensor: &'t Tensor) -> Result<Self, String> {
        let numbers = tensor.numbers();
        let numbers = numbers.ok_or_else(|| format!("{} holds no floats", tensor.name))?;
        let count = tensor.shape.first().copied().unwrap_or(0);
        Ok(Self {
            numbers,
            count,
            width: tensor.elements() / count.max(1),
        })
    }
}

impl Rows for RowsIn<'_> {
    fn count(&self) -> usize {
        self.count
    }

    fn width(&self) -> usize {
        self.width
    }

    fn read(&self, row: usize, out: &mut [f32]) {
        let start = row * self.width;
        self.numbers.part(start..start + self.width).decode(out);
    }
}

/// Whether each row is finite.
fn finite(rows: &RowsIn<'_>) -> Result<Vec<bool>, Cancelled> {
    let worker = || (vec![0.0f32; rows.width], Vec::new());
    let parts = in_order_with(rows.count, worker, |(row, odd), k| {
        rows.read(k, row);
        if !row.iter().all(|x| x.is_finite()) {
            odd.push(k);
        }
        Ok::<(), Cancelled>(())
    })?;
    let mut out = vec![true; rows.count];
    for odd in parts.into_iter().flat_map(|(_, odd)| odd) {
        out[odd] = false;
    }
    Ok(out)
}

/// What the card says.
fn provenance(wish: &Wish) -> Provenance {
    let name = |path: &str| {
        let path = Path::new(path);
        let last = path.file_name().unwrap_or(path.as_os_str());
        last.to_string_lossy().into_owned()
    };
    let mut settings = vec![
        format!("model: {}", wish.model),
        format!("donor: {}", wish.donor),
        format!("method: {}", wish.method.name()),
    ];
    match wish.method {
        Method::Omp => settings.push(format!("k: {}", wish.k)),
        Method::Subword => settings.push(format!("pieces: {}", wish.pieces.name())),
        Method::Mean | Method::Zero => {}
    }
    for (what, which) in [
        ("prefix match", wish.prefix_match),
        ("byte match", wish.byte_match),
    ] {
        settings.push(format!("{what}: {}", which.name()));
    }
    Provenance {
        sentence: format!(
            "The model {} with the tokenizer of {}, made by Kinfolk: tokens that both have keep \
             their rows of the embedding and the head, and the others were given rows by the \
             method below.",
            name(&wish.model.path),
            name(&wish.donor.path)
        ),
        settings: settings.join("\n") + "\n",
    }
}
