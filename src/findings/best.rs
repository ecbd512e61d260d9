//! A merge that is better than everything before it.

use super::{Facts, Finding, Place, key};
use crate::study::Selection;
use crate::text::number;

/// What two decimals show as a difference, in points.
const SEEN: f64 = 0.005;

pub fn find(facts: &Facts<'_>) -> Vec<Finding> {
    finding(facts).into_iter().collect()
}

fn finding(facts: &Facts<'_>) -> Option<Finding> {
    let (doc, record) = (facts.doc, facts.record);
    let best = record.best()?;
    let model = doc.model(best.id).filter(|model| model.is_merge())?;
    // Its own generation may be as good; what it is new against is older.
    let older = record
        .rows
        .iter()
        .filter(|row| row.generation < best.generation);
    let scored = older.filter_map(|row| Some((row.average?, row.id)));
    let (before, other) = scored.max_by(|(a, x), (b, y)| a.total_cmp(b).then(y.cmp(x)))?;
    let by = best.average? - before;
    (by >= SEEN).then(|| Finding {
        key: key("best", &[best.id]),
        sentence: format!(
            "{} is the new best: {}, {} points above {}",
            model.name,
            number(before + by, 2),
            number(by, 2),
            facts.name(other)
        ),
        place: Place::Models,
        selection: Selection::Models(vec![best.id]),
    })
}
