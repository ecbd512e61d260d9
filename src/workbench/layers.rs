//! What was measured of the layers of a model, and the figure that is chosen.

use super::Workbench;
use super::library::bundled;
use crate::figures::{ChartData, Figure, build};
use crate::kinship::{Grain, PairSums};
use crate::study::ModelId;
use crate::study::chart::ChartChoices;

impl Workbench {
    /// How much each layer of a model differs from its base, or from `against`, another model
    /// of the same base: name of the layer and √(Σ(Δθ)²/n) over its n numbers, in the unit of
    /// the weights. What is in no layer stands by its kind. `None` if one of the two is not
    /// measured as it is now; a layer that cannot be compared is left out.
    ///
    /// Cost: one visit a tensor.
    pub fn layer_changes(
        &self,
        model: ModelId,
        against: Option<ModelId>,
    ) -> Option<Vec<(String, f64)>> {
        let doc = self.doc();
        let base = doc.model(model)?.base?;
        if against == Some(base) {
            return self.layer_changes(model, None);
        }
        let measured = self.session.measuring.results.get(&base)?;
        let family = self.family(base);
        let row = |id: ModelId| family.measured[family.models.iter().position(|&m| m == id)?];
        let a = row(model)?;
        let b = match against {
            None => a,
            Some(other) => row(other)?,
        };
        let kinship = measured.kinship();
        let change = |sums: &PairSums| {
            let square = if against.is_none() {
                sums.square_a
            } else {
                sums.squared_distance.max(0.0)
            };
            (sums.count > 0.0).then(|| (square / sums.count).sqrt())
        };
        let groups = kinship.groups(Grain::Layer).into_iter();
        let layers = groups.filter_map(|group| {
            let change = change(&kinship.sums(&group.tensors, a, b, false))?;
            Some((group.name, change))
        });
        Some(layers.collect())
    }

    /// The chart of these choices.
    ///
    /// # Errors
    /// A sentence that says what is missing, if there is nothing to draw.
    pub fn figure(&self, choices: &ChartChoices) -> Result<Figure, String> {
        let selected = self.session.study.selection().models();
        let mut figure = build(
            choices,
            &ChartData {
                doc: self.doc(),
                record: self.record(),
                pairs: self.pair_rows(),
                kinship: &|a, b, metric| self.kinship_of(a, b, metric),
                layers: &|model, against| self.layer_changes(model, against),
                selected: &selected,
                bundled: &|key| bundled(key),
            },
        )?;
        if let Some(ghost) = self.predicted_point() {
            ghost.add_to(&mut figure, choices);
        }
        Ok(figure)
    }
}
