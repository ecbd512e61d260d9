//! Recipes whose children are combinations of whole models, tensor by tensor: means, task
//! arithmetic, arcs, Model Stock.
//!
//! Each tensor's coefficients come from least squares; each method says what they mean for its
//! parameters, and the simplest setting that explains all tensors becomes a recipe. Nothing is
//! decided here: recipes are tried afterwards.

use rayon::prelude::*;

use super::case::{BASE, Case};
use super::decimals::{Fitted, ratios};
use super::recipes::{Candidate, flag, recipe};
use super::schedule::{Point, pooled, setting};
use super::spherical::{along_mean, arc};
use super::sums::{Combination, Seen};
use super::weights::{as_setting, complement, number, rest, settings_of, with_weights};
use crate::checkpoint::Stack;
use crate::merge::recipe::{Recipe, Setting, Value};

/// What is known of the child as a combination of models.
pub(crate) struct Linear<'a> {
    case: &'a Case,
    seen: &'a [Seen],
    /// Parents with a share somewhere.
    pub(crate) used: Vec<usize>,
    fits: Vec<Combination>,
    layers: u32,
    /// What errors are multiplied by: more where the shortest numbers are too long.
    doubt: f64,
}

/// Coefficients this near may be the same: recipes are tried afterwards.
const NEAR: f64 = 5e-3;

impl<'a> Linear<'a> {
    pub(crate) fn new(case: &'a Case, seen: &'a [Seen]) -> Self {
        let layers = (seen.iter())
            .filter(|own| own.place.stack == Stack::Main)
            .filter_map(|own| own.place.layer);
        let mut linear = Self {
            case,
            seen,
            used: case.parents().collect(),
            fits: Vec::new(),
            layers: layers.max().map_or(0, |last| last + 1),
            doubt: 1.0,
        };
        linear.fits = linear.fitted(&linear.used);
        linear.leave_out();
        let improved = |(own, fit): (&Seen, &Combination)| own.improved(&linear.used, fit);
        linear.fits = seen.par_iter().zip(&linear.fits).map(improved).collect();
        linear
    }

    fn fitted(&self, parents: &[usize]) -> Vec<Combination> {
        self.seen.iter().map(|own| own.fit(parents)).collect()
    }

    /// Leaves out parents that nothing needs, the least needed first.
    fn leave_out(&mut self) {
        while !self.used.is_empty() {
            let need = |at: usize| {
                let sizes = self.fits.iter().map(|fit| {
                    let (value, error) = (fit.values[at + 1], fit.errors[at + 1]);
                    if error.is_finite() {
                        value.abs() / (error + 1e-9)
                    } else {
                        0.0
                    }
                });
                sizes.fold(0.0, f64::max)
            };
            let least = (0..self.used.len()).min_by(|a, b| need(*a).total_cmp(&need(*b)));
            let Some(least) = least else { return };
            let mut others = self.used.clone();
            others.remove(least);
            let fits = self.fitted(&others);
            let is_as_good =
                (self.seen.iter().zip(&self.fits).zip(&fits)).all(|((own, with), without)| {
                    let noise = with.residual.max(own.rounding);
                    without.residual <= 1.1 * with.residual + 0.02 * noise + 1e-9 * own.change()
                });
            if !is_as_good {
                return;
            }
            (self.used, self.fits) = (others, fits);
        }
    }

    /// |δ − fitted|² over |δ|², rooted, and the residual as a multiple of what one rounding leaves.
    pub(crate) fn residual(&self) -> (f64, f64) {
        let sum = |f: &dyn Fn(usize) -> f64| (0..self.seen.len()).map(f).sum::<f64>();
        let residual = sum(&|k| self.fits[k].residual);
        let change = sum(&|k| self.seen[k].change());
        let rounding = sum(&|k| self.seen[k].rounding);
        let relative = if change > 0.0 {
            (residual / change).sqrt()
        } else {
            0.0
        };
        (relative, residual / rounding.max(f64::MIN_POSITIVE))
    }

    /// The coefficient of one of the people in each tensor.
    fn weights_of(&self, person: usize) -> Vec<Fitted> {
        let at = self.used.iter().position(|&own| own == person);
        let of = |fit: &Combination| match (person, at) {
            (BASE, _) => {
                // What cannot be told apart does not change their sum: its changes are zero.
                let others = fit.values[1..].iter().sum::<f64>();
                let errors = fit
                    .errors
                    .iter()
                    .map(|e| if e.is_finite() { e * e } else { 0.0 });
                let is_known = fit.errors[1..].iter().all(|e| e.is_finite());
                let error = if is_known {
                    errors.sum::<f64>().sqrt()
                } else {
                    f64::INFINITY
                };
                Fitted {
                    value: fit.values[0] - others,
                    error,
                }
            }
            (_, Some(at)) => Fitted {
                value: fit.values[at + 1],
                error: fit.errors[at + 1],
            },
            (_, None) => Fitted {
                value: 0.0,
                error: 0.0,
            },
        };
        self.fits.iter().map(of).collect()
    }

    fn points(&self, values: Vec<Fitted>) -> Vec<Point<'a>> {
        let point = |(own, fitted): (&'a Seen, Fitted)| {
            let error = fitted.error * self.doubt;
            let fitted = Fitted { error, ..fitted };
            let layer = own.place.layer.filter(|_| own.place.stack == Stack::Main);
            let at = match layer {
                Some(_) if self.layers < 2 => 1.0,
                Some(layer) => f64::from(layer) / f64::from(self.layers - 1),
                None => 0.0,
            };
            Point {
                name: &own.name,
                at,
                layer,
                fitted,
            }
        };
        self.seen.iter().zip(values).map(point).collect()
    }

    fn setting(&self, values: Vec<Fitted>) -> Option<Setting> {
        setting(&self.points(values))
    }

    /// Whether all tensors have this coefficient of the base vector: 1 for changes and means.
    fn keeps_base(&self) -> bool {
        let of_base = |fit: &Combination| Fitted {
            value: fit.values[0],
            error: fit.errors[0],
        };
        let all = pooled(&self.points(self.fits.iter().map(of_base).collect()));
        all.is_none_or(|own| (own.value - 1.0).abs() <= NEAR + 6.0 * own.error)
    }

    /// Whether one of the people has no share in any tensor.
    fn is_absent(&self, person: usize) -> bool {
        let is_zero = |w: &Fitted| w.error.is_infinite() || w.value.abs() <= 2e-3 + 6.0 * w.error;
        self.weights_of(person).iter().all(is_zero)
    }

    /// The people that have a share.
    fn present(&self) -> Vec<usize> {
        let base = (!self.is_absent(BASE)).then_some(BASE);
        base.into_iter().chain(self.used.iter().copied()).collect()
    }

    /// All recipes that the coefficients allow, simple ones first; errors are taken for `doubt`
    /// times as large as they were found.
    pub(crate) fn candidates(&mut self, doubt: f64) -> Vec<Candidate> {
        self.doubt = doubt;
        let mut out = self.of_people(&self.used);
        // Where changes are small, rounding can look like a share of the base.
        if !self.is_absent(BASE) {
            let with_base: Vec<usize> = std::iter::once(BASE)
                .chain(self.used.iter().copied())
                .collect();
            out.extend(self.of_people(&with_base));
        }
        out.into_iter().map(Candidate::from).collect()
    }

    /// The recipes in which exactly these people have a share.
    fn of_people(&self, present: &[usize]) -> Vec<Recipe> {
        let mut out = Vec::new();
        out.extend(self.copy(present));
        // Where the base has a share, changes of it are the plainer words.
        match present.first() {
            Some(&BASE) => {
                out.extend(self.task_arithmetic());
                out.extend(self.mean(present));
            }
            _ => {
                out.extend(self.mean(present));
                out.extend(self.by_numbers(present));
                out.extend(self.task_arithmetic());
            }
        }
        out.extend(self.normalized_task_arithmetic(present));
        if let [a, b] = *present {
            out.extend(self.slerp(a, b));
            out.extend(self.slerp(b, a));
            out.extend(self.nuslerp(a, b));
        }
        out.extend(self.nuslerp_of_changes());
        out.extend(self.multislerp(present));
        out.extend(self.multislerp_of_changes());
        out.extend(self.without_parameters(present));
        out
    }

    fn copy(&self, present: &[usize]) -> Option<Recipe> {
        let [only] = present else { return None };
        Some(recipe(
            self.case,
            "passthrough",
            None,
            vec![(*only, Vec::new())],
            Vec::new(),
        ))
    }

    /// The settings of a weight for each of the people, short ones where they are numbers and
    /// only their ratios count.
    fn weights(&self, people: &[usize], are_ratios: bool) -> Option<Vec<Setting>> {
        let values: Vec<Vec<Fitted>> = people.iter().map(|&own| self.weights_of(own)).collect();
        settings_of(
            &values
                .iter()
                .map(|own| self.points(own.clone()))
                .collect::<Vec<_>>(),
            are_ratios,
        )
    }

    fn mean(&self, present: &[usize]) -> Option<Recipe> {
        if present.len() < 2 && self.keeps_base() {
            return None;
        }
        let is_normal = self.keeps_base();
        let weights = self.weights(present, is_normal)?;
        let parameters = match is_normal {
            true => Vec::new(),
            false => vec![flag("normalize", false)],
        };
        Some(recipe(
            self.case,
            "linear",
            None,
            with_weights(present, weights),
            parameters,
        ))
    }

    fn task_arithmetic(&self) -> Option<Recipe> {
        if self.used.is_empty() || !self.keeps_base() {
            return None;
        }
        let weights = self.weights(&self.used, false)?;
        let inputs = with_weights(&self.used, weights);
        Some(recipe(
            self.case,
            "task_arithmetic",
            Some(BASE),
            inputs,
            Vec::new(),
        ))
    }

    /// The same with weights that are divided by their sum, where the base has no share.
    fn normalized_task_arithmetic(&self, present: &[usize]) -> Option<Recipe> {
        if self.used.len() < 2 || present.contains(&BASE) || !self.keeps_base() {
            return None;
        }
        let inputs = with_weights(&self.used, self.weights(&self.used, true)?);
        let parameters = vec![flag("normalize", true)];
        Some(recipe(
            self.case,
            "task_arithmetic",
            Some(BASE),
            inputs,
            parameters,
        ))
    }

    /// How far along the arc from `a` to `b` each tensor lies.
    fn arcs(&self, a: usize, b: usize, nearly_parallel: Option<f64>) -> Vec<Fitted> {
        let (of_a, of_b) = (self.weights_of(a), self.weights_of(b));
        let arc_of = |k: usize| {
            let own = &self.seen[k];
            let dots = [own.dot(a, a), own.dot(b, b), own.dot(a, b)];
            let error = of_b[k].error.min(of_a[k].error);
            arc((of_a[k].value, of_b[k].value), dots, nearly_parallel, error)
        };
        (0..self.seen.len()).map(arc_of).collect()
    }

    fn slerp(&self, a: usize, b: usize) -> Vec<Recipe> {
        let arcs = self.arcs(a, b, Some(0.9995));
        let number = pooled(&self.points(arcs.clone())).map(number);
        let settings = self.setting(arcs).into_iter().chain(number);
        let of = |t| {
            let inputs = vec![(a, Vec::new()), (b, Vec::new())];
            recipe(
                self.case,
                "slerp",
                Some(a),
                inputs,
                vec![("t".to_owned(), t)],
            )
        };
        settings.map(of).collect()
    }

    fn nuslerp(&self, a: usize, b: usize) -> Vec<Recipe> {
        self.on_arcs((a, b), None, self.arcs(a, b, None))
    }

    /// NuSLERP by how far along the arc each tensor lies: as a setting, and as weights of which
    /// only the ratio counts.
    fn on_arcs(
        &self,
        (a, b): (usize, usize),
        base: Option<usize>,
        arcs: Vec<Fitted>,
    ) -> Vec<Recipe> {
        let numbers = pooled(&self.points(arcs.clone())).map_or(Vec::new(), |t| {
            let rest = Fitted {
                value: 1.0 - t.value,
                ..t
            };
            ratios(&[rest, t])
        });
        let numbers = numbers
            .into_iter()
            .map(|both| both.into_iter().map(as_setting).collect());
        let of_setting = self.setting(arcs).and_then(|t| complement(&t));
        let of = |weights| {
            recipe(
                self.case,
                "nuslerp",
                base,
                with_weights(&[a, b], weights),
                Vec::new(),
            )
        };
        of_setting.into_iter().chain(numbers).map(of).collect()
    }

    /// Means and sums of changes by one number a model, whether or not it explains every tensor:
    /// of a tensor that hardly changed little is known.
    fn by_numbers(&self, present: &[usize]) -> Vec<Recipe> {
        if !self.keeps_base() {
            return Vec::new();
        }
        let of = |people: &[usize]| -> Option<Vec<Fitted>> {
            people
                .iter()
                .map(|&own| pooled(&self.points(self.weights_of(own))))
                .collect()
        };
        let with = |method, base, people: &[usize], weights: Vec<f64>| {
            let weights = weights.into_iter().map(as_setting).collect();
            recipe(
                self.case,
                method,
                base,
                with_weights(people, weights),
                Vec::new(),
            )
        };
        let mut out = Vec::new();
        if present.len() >= 2 && !present.contains(&BASE) {
            let means = of(present).map_or(Vec::new(), |weights| ratios(&weights));
            out.extend(means.into_iter().map(|w| with("linear", None, present, w)));
        }
        if let Some(weights) = of(&self.used).filter(|weights| !weights.is_empty()) {
            let short = weights.iter().map(|w| w.shortest().0).collect();
            out.push(with("task_arithmetic", Some(BASE), &self.used, short));
        }
        out
    }

    fn nuslerp_of_changes(&self) -> Vec<Recipe> {
        let [a, b] = self.used[..] else {
            return Vec::new();
        };
        if !self.keeps_base() {
            return Vec::new();
        }
        let (of_a, of_b) = (self.weights_of(a), self.weights_of(b));
        let arc_of = |k: usize| {
            let own = &self.seen[k];
            let dots = [
                own.change_dot(a, a),
                own.change_dot(b, b),
                own.change_dot(a, b),
            ];
            let error = of_a[k].error.max(of_b[k].error);
            arc((of_a[k].value, of_b[k].value), dots, None, error)
        };
        self.on_arcs(
            (a, b),
            Some(BASE),
            (0..self.seen.len()).map(arc_of).collect(),
        )
    }

    fn multislerp(&self, present: &[usize]) -> Option<Recipe> {
        if present.len() < 2 {
            return None;
        }
        let weights = self.along_means(present, &|own, i| own.dot(i, i).max(0.0).sqrt())?;
        let inputs = with_weights(present, weights);
        Some(recipe(self.case, "multislerp", None, inputs, Vec::new()))
    }

    fn multislerp_of_changes(&self) -> Option<Recipe> {
        if self.used.len() < 2 || !self.keeps_base() {
            return None;
        }
        let norm = |own: &Seen, i: usize| own.change_dot(i, i).max(0.0).sqrt();
        let weights = self.along_means(&self.used, &norm)?;
        let inputs = with_weights(&self.used, weights);
        Some(recipe(
            self.case,
            "multislerp",
            Some(BASE),
            inputs,
            Vec::new(),
        ))
    }

    fn along_means(
        &self,
        people: &[usize],
        norm: &dyn Fn(&Seen, usize) -> f64,
    ) -> Option<Vec<Setting>> {
        let of_people: Vec<Vec<Fitted>> = people.iter().map(|&own| self.weights_of(own)).collect();
        let mut out: Vec<Vec<Fitted>> = vec![Vec::new(); people.len()];
        for (k, own) in self.seen.iter().enumerate() {
            let coefficients: Vec<Fitted> = of_people.iter().map(|w| w[k]).collect();
            let norms: Vec<f64> = people.iter().map(|&person| norm(own, person)).collect();
            for (to, weight) in out.iter_mut().zip(along_mean(&coefficients, &norms)) {
                let is_known = weight.value.is_finite() && !weight.error.is_nan();
                to.push(if is_known {
                    weight
                } else {
                    Fitted {
                        value: 0.0,
                        error: f64::INFINITY,
                    }
                });
            }
        }
        settings_of(
            &out.into_iter()
                .map(|own| self.points(own))
                .collect::<Vec<_>>(),
            true,
        )
    }

    /// NuSLERP by rows and by columns: its t is near that of whole tensors.
    pub(crate) fn by_row(&self) -> Vec<Recipe> {
        let present = self.present();
        let whole = match present[..] {
            [a, b] => self.rough_arc(a, b),
            _ => None,
        };
        let Some((weights, people)) = whole else {
            return Vec::new();
        };
        let way = |row_wise| {
            let mut parameters = vec![flag("nuslerp_flatten", false)];
            if row_wise {
                parameters.push(flag("nuslerp_row_wise", true));
            }
            let weights = weights.map(|w| Setting::Value(Value::Number(w))).to_vec();
            recipe(
                self.case,
                "nuslerp",
                None,
                with_weights(&people, weights),
                parameters,
            )
        };
        vec![way(false), way(true)]
    }

    /// 1 − t and t with two places.
    fn rough_arc(&self, a: usize, b: usize) -> Option<([f64; 2], [usize; 2])> {
        let arcs = self.arcs(a, b, None);
        let known: Vec<f64> = (arcs.iter())
            .filter(|t| t.error.is_finite() && t.value.is_finite())
            .map(|t| t.value)
            .collect();
        let mean = known.iter().sum::<f64>() / known.len().max(1) as f64;
        let t = (mean * 100.0).round() / 100.0;
        (!known.is_empty()).then_some(([rest(t), t], [a, b]))
    }

    /// Methods whose children follow from the models alone.
    fn without_parameters(&self, present: &[usize]) -> Vec<Recipe> {
        let plain = |people: &[usize]| people.iter().map(|&own| (own, Vec::new())).collect();
        let case = self.case;
        let mut out = Vec::new();
        if present.len() >= 2 {
            out.push(recipe(case, "karcher", None, plain(present), Vec::new()));
        }
        if self.used.len() >= 2 && self.keeps_base() {
            out.push(recipe(
                case,
                "model_stock",
                Some(BASE),
                plain(&self.used),
                Vec::new(),
            ));
        }
        out
    }
}
