//! What holds for every merge method, and for each by hand.

use std::collections::{BTreeMap, BTreeSet};

use kinfolk::merge::methods::{
    BaseRule, MergeError, Method, ParameterKind, ParameterScope, REGISTRY, Values, find,
};
use kinfolk::merge::tensor::{Input, MergeTensor};
use kinfolk::numeric::random::Stream;

use crate::common::methods::run;

type Given<'g> = &'g [(&'static str, f64)];

/// Defaults, and what is given: to every input, or to the merge.
fn values(method: &dyn Method, inputs: usize, given: Given<'_>) -> Values {
    let mut values = Values::default();
    let mut own = BTreeMap::new();
    for parameter in method.description().parameters {
        let given = given
            .iter()
            .find(|(key, _)| *key == parameter.key)
            .map(|g| g.1);
        let fallback = if parameter.key == "t" { 0.4 } else { 0.5 };
        let value = given.or(parameter.default()).unwrap_or(fallback);
        match parameter.scope {
            ParameterScope::Global => values.global.insert(parameter.key, value),
            ParameterScope::PerModel => own.insert(parameter.key, value),
        };
    }
    values.per_input = vec![own; inputs];
    values
}

fn merge_with(
    method: &dyn Method,
    shape: &[usize],
    inputs: &[Vec<f32>],
    base: Option<usize>,
    values: &Values,
) -> Result<Vec<f32>, MergeError> {
    let tensor = MergeTensor {
        name: "model.layers.0.mlp.up_proj.weight",
        shape,
        inputs: inputs.iter().map(|x| Input::of_numbers(x)).collect(),
        base,
        rounded_to: None,
        seed: 7,
    };
    run(&tensor, method, values)
}

fn merge(
    name: &str,
    shape: &[usize],
    inputs: &[Vec<f32>],
    base: Option<usize>,
    given: Given<'_>,
) -> Result<Vec<f32>, MergeError> {
    let method = find(name).unwrap();
    merge_with(
        method,
        shape,
        inputs,
        base,
        &values(method, inputs.len(), given),
    )
}

/// A base, and models a little off it.
fn family(models: usize, n: usize) -> Vec<Vec<f32>> {
    let even =
        |stream: Stream, k: usize| (stream.at(k as u64) >> 40) as f32 / (1 << 24) as f32 - 0.5;
    let (base, own) = (Stream::new(0, "base", 0), |m| Stream::new(0, "model", m));
    let number =
        |m: u64, k| 0.2 * even(base, k) + if m == 0 { 0.0 } else { 0.02 * even(own(m), k) };
    (0..=models as u64)
        .map(|m| (0..n).map(|k| number(m, k)).collect())
        .collect()
}

/// Inputs that the method accepts: as many models as it takes up to three, the base first where
/// it needs one.
fn accepted(method: &dyn Method, n: usize) -> (Vec<Vec<f32>>, Option<usize>) {
    let description = method.description();
    let models = description.models.1.min(3);
    let mut inputs = family(models, n);
    match description.base {
        BaseRule::Required => (inputs, Some(0)),
        BaseRule::OneOfModels => {
            inputs.truncate(models);
            (inputs, Some(0))
        }
        BaseRule::Optional | BaseRule::Forbidden => (inputs.split_off(1), None),
    }
}

fn name(method: &dyn Method) -> &'static str {
    method.description().name
}

fn close(a: &[f32], b: &[f32], tolerance: f32) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(0.1))
}

#[test]
fn names_are_unique_and_all_of_mergekit_is_there() {
    let names: BTreeSet<&str> = REGISTRY.iter().map(|m| name(*m)).collect();
    assert_eq!(names.len(), REGISTRY.len());
    assert_eq!(names.len(), 25);
    for method in REGISTRY {
        let d = method.description();
        assert_eq!(find(d.name).map(name), Some(d.name));
        assert!(
            !d.title.is_empty() && d.help.len() > 20 && !d.help.ends_with('.'),
            "{}",
            d.name
        );
        assert!(d.models.0 <= d.models.1);
        assert!(d.paper.is_none_or(|(title, address)| !title.is_empty() && address.starts_with("https://")));
    }
}

#[test]
fn parameters_have_help_and_defaults_in_range() {
    for method in REGISTRY {
        let mut keys = BTreeSet::new();
        for p in method.description().parameters {
            assert!(keys.insert(p.key), "{} twice", p.key);
            assert!(p.help.len() > 10 && !p.help.ends_with('.'), "{}", p.key);
            if let ParameterKind::Number {
                min,
                max,
                slider_range: usual,
                default,
            } = p.kind
            {
                assert!(
                    min <= usual.0 && usual.0 < usual.1 && usual.1 <= max,
                    "{}",
                    p.key
                );
                assert!(
                    default.is_none_or(
                        |d| (usual.0..=usual.1).contains(&d) && (min..=max).contains(&d)
                    )
                );
            }
        }
    }
}

#[test]
fn equal_models_give_that_model() {
    // Where the base differs, breadcrumbs drops by its nature, and model stock and SLERP still hold.
    // These add changes up, or change their singular values.
    let other = ["consensus", "iso_c", "tsv_m"];
    for method in REGISTRY.iter().filter(|m| !other.contains(&name(**m))) {
        let n = 6 * 40;
        let (mut inputs, base) = accepted(*method, n);
        let model = inputs[inputs.len() - 1].clone();
        for (i, input) in inputs.iter_mut().enumerate() {
            if Some(i) != base || method.description().base == BaseRule::OneOfModels {
                input.clone_from(&model);
            }
        }
        let normalised = [("normalize", 1.0), ("scale", 1.0), ("t", 1e9), ("r", 0.0)];
        let t = if name(*method) == "slerp" {
            [("t", 0.4)].as_slice()
        } else {
            &normalised
        };
        let out = merge_with(
            *method,
            &[6, 40],
            &inputs,
            base,
            &values(*method, inputs.len(), t),
        )
        .unwrap();
        assert!(close(&out, &model, 1e-5), "{}", name(*method));
    }
}

#[test]
fn models_equal_to_the_base_change_nothing() {
    for method in REGISTRY.iter().filter(|m| {
        matches!(
            m.description().base,
            BaseRule::Required | BaseRule::OneOfModels
        )
    }) {
        let (mut inputs, base) = accepted(*method, 240);
        let first = inputs[0].clone();
        inputs.iter_mut().for_each(|input| input.clone_from(&first));
        let out = merge_with(
            *method,
            &[6, 40],
            &inputs,
            base,
            &values(*method, inputs.len(), &[]),
        )
        .unwrap();
        assert!(close(&out, &first, 1e-6), "{}", name(*method));
    }
}

#[test]
fn the_order_of_models_does_not_matter_where_they_are_alike() {
    // Random methods draw by the place of a model; these have no two alike places.
    let other = [
        "dare_linear",
        "dare_ties",
        "della",
        "della_linear",
        "slerp",
        "passthrough",
        "nearswap",
        "arcee_fusion",
        "nuslerp",
    ];
    for method in REGISTRY.iter().filter(|m| !other.contains(&name(**m))) {
        let (inputs, base) = accepted(*method, 240);
        let given = [("density", 0.6), ("gamma", 0.1), ("select_topk", 0.5)];
        let values = values(*method, inputs.len(), &given);
        let mut turned = inputs.clone();
        let first = usize::from(base.is_some());
        turned[first..].reverse();
        let a = merge_with(*method, &[6, 40], &inputs, base, &values).unwrap();
        let b = merge_with(*method, &[6, 40], &turned, base, &values).unwrap();
        assert!(close(&a, &b, 1e-5), "{}", name(*method));
    }
}

#[test]
fn empty_and_tiny_tensors_are_merged_and_finite() {
    for method in REGISTRY {
        for shape in [
            &[0usize][..],
            &[0, 5],
            &[5, 0],
            &[],
            &[1],
            &[1, 1],
            &[3],
            &[2, 2, 2],
        ] {
            let n = shape.iter().product();
            let (inputs, base) = accepted(*method, n);
            let out = merge_with(
                *method,
                shape,
                &inputs,
                base,
                &values(*method, inputs.len(), &[]),
            );
            let out = out.unwrap_or_else(|e| panic!("{} {shape:?}: {e}", name(*method)));
            assert!(
                out.len() == n && out.iter().all(|x| x.is_finite()),
                "{} {shape:?}: {out:?}",
                name(*method)
            );
        }
    }
}

/// Parameters under which every method does all that it can do.
const BUSY: &[&[(&str, f64)]] = &[
    &[
        ("density", 0.6),
        ("gamma", 0.1),
        ("select_topk", 0.5),
        ("rescale", 1.0),
    ],
    &[
        ("nuslerp_flatten", 0.0),
        ("filter_wise", 1.0),
        ("density", 0.3),
    ],
    &[
        ("nuslerp_flatten", 0.0),
        ("nuslerp_row_wise", 1.0),
        ("density", 0.4),
        ("rescale", 0.0),
    ],
];

#[test]
fn one_thread_and_three_give_the_same_bits() {
    // More than one chunk, and rows that do not divide one.
    let shape = [271, 997];
    for method in REGISTRY {
        let (inputs, base) = accepted(*method, shape[0] * shape[1]);
        for given in BUSY {
            let values = values(*method, inputs.len(), given);
            let with = |threads| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .unwrap();
                pool.install(|| merge_with(*method, &shape, &inputs, base, &values).unwrap())
            };
            let (one, three) = (with(1), with(3));
            assert!(
                one.iter()
                    .zip(&three)
                    .all(|(a, b)| a.to_bits() == b.to_bits()),
                "{}",
                name(*method)
            );
            assert!(one.iter().all(|x| x.is_finite()), "{}", name(*method));
            if !method
                .description()
                .parameters
                .iter()
                .any(|p| given.iter().any(|g| g.0 == p.key))
            {
                break;
            }
        }
    }
}

#[test]
fn readings_are_never_fewer_than_reported() {
    for method in REGISTRY {
        let (inputs, base) = accepted(*method, 240);
        for given in BUSY {
            let values = values(*method, inputs.len(), given);
            let tensor = MergeTensor {
                name: "x",
                shape: &[6, 40],
                inputs: inputs.iter().map(|x| Input::of_numbers(x)).collect(),
                base,
                rounded_to: None,
                seed: 0,
            };
            let ticket = kinfolk::jobs::Ticket::default();
            kinfolk::merge::merge_tensor::<f32>(&tensor, *method, &values, &ticket, &|_, _| Ok(()))
                .unwrap();
            let (once, done) = ((inputs.len() * 960) as u64, ticket.progress().done);
            assert!(
                done >= once && done <= once * method.readings(&values),
                "{}: {done}",
                name(*method)
            );
        }
    }
}

#[test]
fn broken_numbers_are_counted_and_a_cancelled_merge_stops() {
    let mut inputs = family(2, 8);
    (inputs[1][3], inputs[1][4], inputs[2][0]) = (f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
    let tensor = MergeTensor {
        name: "x",
        shape: &[8],
        inputs: inputs.iter().map(|x| Input::of_numbers(x)).collect(),
        base: None,
        rounded_to: None,
        seed: 0,
    };
    let method = find("linear").unwrap();
    let (values, ticket) = (values(method, 3, &[]), kinfolk::jobs::Ticket::default());
    let merge =
        || kinfolk::merge::merge_tensor::<f32>(&tensor, method, &values, &ticket, &|_, _| Ok(()));
    assert_eq!(merge().unwrap().non_finite, [0, 2, 1]);
    ticket.cancel();
    assert!(matches!(merge(), Err(MergeError::Cancelled(_))));
}

/// The base that the cases by hand start from.
const BASE: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

/// The base and models that differ from it by these.
fn changed(changes: &[[f32; 4]]) -> Vec<Vec<f32>> {
    let add = |change: &[f32; 4]| BASE.iter().zip(change).map(|(b, d)| b + d).collect();
    std::iter::once(BASE.to_vec())
        .chain(changes.iter().map(add))
        .collect()
}

fn by_hand(name: &str, changes: &[[f32; 4]], given: Given<'_>, expected: [f32; 4]) {
    let out = merge(name, &[4], &changed(changes), Some(0), given).unwrap();
    let change: Vec<f32> = out.iter().zip(BASE).map(|(x, b)| x - b).collect();
    assert!(
        close(&change, &expected, 1e-4),
        "{name}: {change:?} is not {expected:?}"
    );
}

const A: [f32; 4] = [4.0, -3.0, 2.0, -1.0];
const B: [f32; 4] = [-1.0, -2.0, 3.0, 4.0];

#[test]
fn the_largest_changes_and_those_of_several_models_by_hand() {
    by_hand("magmax", &[A, B], &[("weight", 1.0)], [4.0, -3.0, 3.0, 4.0]);
    by_hand(
        "magmax",
        &[A, B],
        &[("weight", 1.0), ("lambda", 0.5)],
        [2.0, -1.5, 1.5, 2.0],
    );
    // |4| ≥ 1·|−1| but not the other way round; 3 and 2, 2 and 3 likewise; nothing matters to both.
    let strict = [("weight", 1.0), ("threshold", 1.0)];
    by_hand("consensus", &[A, B], &strict, [0.0; 4]);
    // From half as large: the numbers in the middle matter to both.
    let half = [("weight", 1.0), ("threshold", 0.5)];
    by_hand("consensus", &[A, B], &half, [0.0, -5.0, 5.0, 0.0]);
    let alone = [("weight", 1.0), ("threshold", 1.0), ("agreement", 1.0)];
    by_hand("consensus", &[A, B], &alone, [3.0, -5.0, 5.0, 3.0]);
}

#[test]
fn task_vectors_by_hand() {
    // Half of A and half of B.
    by_hand("task_arithmetic", &[A, B], &[], [1.5, -2.5, 2.5, 1.5]);
    by_hand(
        "task_arithmetic",
        &[A, B],
        &[("lambda", 2.0), ("weight", 0.25)],
        [1.5, -2.5, 2.5, 1.5],
    );
    by_hand(
        "task_arithmetic",
        &[A, B],
        &[("normalize", 1.0), ("weight", 3.0)],
        [1.5, -2.5, 2.5, 1.5],
    );
    // The two largest of each: (4, −3, 0, 0) and (0, 0, 3, 4); nothing meets, each counts alone.
    by_hand("ties", &[A, B], &[("density", 0.5)], [4.0, -3.0, 3.0, 4.0]);
    by_hand(
        "ties",
        &[A, B],
        &[("density", 0.5), ("normalize", 0.0)],
        [2.0, -1.5, 1.5, 2.0],
    );
    // All are kept: the first vote goes to A, the last to B, in between they agree.
    by_hand("ties", &[A, B], &[], [4.0, -2.5, 2.5, 4.0]);
    by_hand("dare_ties", &[A, B], &[], [2.0, -2.5, 2.5, 2.0]);
    // What is kept, (4, −3, 0, 0), is enlarged from 7 to 10.
    by_hand(
        "ties",
        &[A],
        &[("density", 0.5), ("rescale", 1.0)],
        [40.0 / 7.0, -30.0 / 7.0, 0.0, 0.0],
    );
    // One outlier and one small change go.
    by_hand(
        "breadcrumbs",
        &[A],
        &[("density", 0.5), ("gamma", 0.25), ("weight", 1.0)],
        [0.0, -3.0, 2.0, 0.0],
    );
    // int(0.01·4) is no outlier.
    by_hand(
        "breadcrumbs",
        &[A],
        &[("density", 0.5), ("weight", 1.0)],
        [4.0, -3.0, 0.0, 0.0],
    );
}

#[test]
fn equal_magnitudes_are_kept_from_the_front() {
    by_hand(
        "ties",
        &[[1.0, -1.0, 1.0, -1.0]],
        &[("density", 0.5)],
        [1.0, -1.0, 0.0, 0.0],
    );
    by_hand(
        "ties",
        &[[1.0, -1.0, 1.0, -2.0]],
        &[("density", 0.5)],
        [1.0, 0.0, 0.0, -2.0],
    );
}

#[test]
fn selections_by_hand() {
    // A vote between 4 and −1: A alone; in the others they agree; equal energies would be
    // 30 and 30, so the weights are equal.
    by_hand("sce", &[A, B], &[], [4.0, -2.5, 2.5, 4.0]);
    // Variances 6.25, 0.25, 0.25, 6.25: the first and the last.
    by_hand(
        "sce",
        &[A, B],
        &[("select_topk", 0.5)],
        [4.0, 0.0, 0.0, 4.0],
    );
    by_hand(
        "ram",
        &[A, [0.0, -2.0, 0.0, 4.0]],
        &[],
        [4.0, -2.5, 2.0, 1.5],
    );
    // The first model changed two alone and shares two: 1 + 0.5·min(1, 0.4) = 1.2.
    let given = [("r", 0.5), ("alpha", 0.4)];
    by_hand(
        "ramplus_tl",
        &[A, [0.0, -2.0, 0.0, 4.0]],
        &given,
        [4.8, -2.5, 2.4, 1.5],
    );
    by_hand("nearswap", &[A], &[("t", 2.0)], [2.0, -2.0, 2.0, -1.0]);
}

#[test]
fn directions_by_hand() {
    // At right angles, t = 0.5: sin 45° of each.
    let half = 0.5f32.sqrt();
    let (x, y) = (vec![2.0, 0.0, 0.0, 0.0], vec![0.0, 4.0, 0.0, 0.0]);
    let expected = [2.0 * half, 4.0 * half, 0.0, 0.0];
    let both = [x.clone(), y.clone()];
    assert!(close(
        &merge("slerp", &[4], &both, Some(0), &[("t", 0.5)]).unwrap(),
        &expected,
        1e-6
    ));
    assert!(close(
        &merge("nuslerp", &[4], &both, None, &[]).unwrap(),
        &expected,
        1e-6
    ));
    // The mean direction, as long as the two on average.
    let expected = [3.0 * half, 3.0 * half, 0.0, 0.0];
    assert!(close(
        &merge("multislerp", &[4], &both, None, &[]).unwrap(),
        &expected,
        1e-6
    ));
    assert!(close(
        &merge("karcher", &[4], &both, None, &[]).unwrap(),
        &expected,
        1e-5
    ));
    // Changes at right angles do not agree at all: the base stays.
    by_hand(
        "model_stock",
        &[[1.0, 1.0, 0.0, 0.0], [1.0, -1.0, 0.0, 0.0]],
        &[],
        [0.0; 4],
    );
    // At 60 degrees: c = 0.5, t = 1/1.5, of the mean.
    let (a, b) = ([1.0, 0.0, 0.0, 0.0], [0.5, 0.75f32.sqrt(), 0.0, 0.0]);
    by_hand(
        "model_stock",
        &[a, b],
        &[],
        [0.5, 0.75f32.sqrt() / 3.0, 0.0, 0.0],
    );
}

#[test]
fn rows_and_columns_are_vectors_of_their_own() {
    let (x, y) = (vec![1.0, 0.0, 0.0, 1.0], vec![0.0, 1.0, 1.0, 0.0]);
    let half = 0.5f32.sqrt();
    for given in [
        &[("nuslerp_flatten", 0.0)][..],
        &[("nuslerp_flatten", 0.0), ("nuslerp_row_wise", 1.0)],
    ] {
        let out = merge("nuslerp", &[2, 2], &[x.clone(), y.clone()], None, given).unwrap();
        assert!(close(&out, &[half; 4], 1e-6));
    }
    // Rows: the same direction, then at right angles. Columns: (1,1) and (2,0), then (0,0) and (0,1).
    let (x, y) = (vec![1.0, 0.0, 1.0, 0.0], vec![2.0, 0.0, 0.0, 1.0]);
    let rows = merge(
        "nuslerp",
        &[2, 2],
        &[x.clone(), y.clone()],
        None,
        &[("nuslerp_flatten", 0.0)],
    )
    .unwrap();
    assert!(close(&rows, &[1.5, 0.0, half, half], 1e-6), "{rows:?}");
}

#[test]
fn arithmetic_by_hand() {
    let (x, y) = (vec![1.0, 2.0], vec![3.0, -2.0]);
    assert_eq!(
        merge("linear", &[2], &[x.clone(), y.clone()], None, &[]).unwrap(),
        [2.0, 0.0]
    );
    assert_eq!(
        merge(
            "linear",
            &[2],
            &[x.clone(), y.clone()],
            None,
            &[("normalize", 0.0), ("weight", 1.0)]
        )
        .unwrap(),
        [4.0, 0.0]
    );
    assert_eq!(
        merge(
            "passthrough",
            &[2],
            std::slice::from_ref(&x),
            None,
            &[("scale", -2.0)]
        )
        .unwrap(),
        [-2.0, -4.0]
    );
    let refused = |e: Result<_, MergeError>| matches!(e, Err(MergeError::Refused(_)));
    assert!(refused(merge(
        "linear",
        &[2],
        &[x.clone(), y.clone()],
        None,
        &[("weight", 0.0)]
    )));
    assert!(refused(merge(
        "passthrough",
        &[2],
        &[x.clone(), y.clone()],
        None,
        &[]
    )));
    // At least one change is kept.
    assert_eq!(
        merge(
            "ties",
            &[2],
            &[x.clone(), y.clone()],
            Some(0),
            &[("density", 0.4)]
        )
        .unwrap(),
        [1.0, -2.0]
    );
    assert!(refused(merge(
        "della",
        &[2],
        &[x, y],
        Some(0),
        &[("density", 0.9)]
    )));
}
