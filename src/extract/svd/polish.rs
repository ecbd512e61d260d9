//! From the singular vectors of one side to all of a truncated decomposition.
//!
//! With V of orthonormal columns, M·V = QR and R = U'ΣW'ᵀ make U = QU' and V W' the singular
//! vectors of M·V·Vᵀ: exactly orthonormal on both sides, also where singular values are tiny or
//! zero, and with the values of M itself instead of roots of squares.

use faer::{Mat, MatRef};

use super::products::Products;
use super::{SvdError, Truncated, Vectors};

pub(super) fn polish(
    products: &Products<'_>,
    vectors: &Vectors,
    energy: f64,
) -> Result<Truncated, SvdError> {
    match vectors {
        Vectors::Right(right) => {
            let own = products.times(right.as_ref())?;
            let (left, values, right) = turned(own.as_ref(), right.as_ref())?;
            Ok(Truncated {
                values,
                left,
                right,
                energy,
            })
        }
        Vectors::Left(left) => {
            let other = products.transposed_times(left.as_ref())?;
            let (right, values, left) = turned(other.as_ref(), left.as_ref())?;
            Ok(Truncated {
                values,
                left,
                right,
                energy,
            })
        }
    }
}

/// The other side's vectors, the values, and the own side's vectors turned into their order.
type Turned = (Mat<f32>, Vec<f64>, Mat<f32>);

fn turned(product: MatRef<'_, f32>, own: MatRef<'_, f32>) -> Result<Turned, SvdError> {
    let qr = product.qr();
    let (q, r) = (qr.compute_thin_Q(), qr.thin_R());
    let r = Mat::from_fn(r.nrows(), r.ncols(), |i, j| f64::from(r[(i, j)]));
    let svd = r.thin_svd().map_err(|_| SvdError::NoConvergence)?;
    let narrow = |m: MatRef<'_, f64>| Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[(i, j)] as f32);
    let values = svd.S().column_vector().iter().copied().collect();
    Ok((q * narrow(svd.U()), values, own * narrow(svd.V())))
}
