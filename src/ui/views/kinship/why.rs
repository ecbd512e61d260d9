//! Why a pair has no value, in one sentence.

use crate::kinship::{Kinship, PairSums};

/// A model of the result, with its name.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// Its place in the result; `None` if it has not been measured.
    pub place: Option<usize>,
    /// Its name.
    pub name: &'a str,
}

/// Why `a` and `b` have no value over `tensors`; "here" in it means those tensors.
pub fn why_undefined(kinship: &Kinship, tensors: &[usize], a: Named<'_>, b: Named<'_>) -> String {
    let (place_a, place_b) = match (a.place, b.place) {
        (None, _) => return format!("{} is not measured yet", a.name),
        (_, None) => return format!("{} is not measured yet", b.name),
        (Some(a), Some(b)) => (a, b),
    };
    let mut sums = PairSums::default();
    let mut both = false;
    for tensor in tensors.iter().map(|&k| &kinship.tensors[k]) {
        let has = |model: usize| tensor.models.binary_search(&model).is_ok();
        both |= has(place_a) && has(place_b);
        if let Some(pair) = tensor.pair(place_a, place_b) {
            sums += pair;
        }
    }
    let constant = "The change is the same number everywhere here";
    match (both, sums) {
        (false, _) => "They have no tensor in common here".to_owned(),
        (true, PairSums { count: 0.0, .. }) => {
            "There are NaN or infinite numbers in every tensor here".to_owned()
        }
        (_, PairSums { square_a: 0.0, .. }) => format!("{} is equal to the base here", a.name),
        (_, PairSums { square_b: 0.0, .. }) => format!("{} is equal to the base here", b.name),
        _ => constant.to_owned(),
    }
}
