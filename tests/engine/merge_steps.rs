//! Merges in mergekit's order of operations, number for number.

use std::collections::BTreeMap;

use kinfolk::checkpoint::Dtype;
use kinfolk::jobs::Ticket;
use kinfolk::merge::methods::{AnyKernel, ParameterScope, Values, find};
use kinfolk::merge::tensor::{Input, MergeTensor};

const BASE: [f32; 8] = [
    0.06591796875,
    0.0267333984375,
    0.00616455078125,
    0.06201171875,
    -0.045166015625,
    -0.0166015625,
    -0.15234375,
    0.0380859375,
];
const MODELS: [[f32; 8]; 3] = [
    [
        0.045654296875,
        0.01544189453125,
        -0.01165771484375,
        0.06103515625,
        -0.049072265625,
        -0.035888671875,
        -0.1435546875,
        0.04345703125,
    ],
    [
        0.0576171875,
        0.0164794921875,
        -0.0252685546875,
        0.0595703125,
        0.0264892578125,
        -0.05322265625,
        -0.1201171875,
        0.01263427734375,
    ],
    [
        0.07275390625,
        0.01708984375,
        0.03369140625,
        0.11279296875,
        -0.036865234375,
        -0.036376953125,
        -0.1708984375,
        0.049072265625,
    ],
];

/// What a method makes of the three models with the weights 0.33, 0.73 and 0.57.
fn made(name: &str, dtype: Dtype, global: &[(&'static str, f64)]) -> Vec<f32> {
    let method = find(name).unwrap();
    let has_base = name != "linear";
    let parameters = || method.description().parameters.iter();
    let defaults = |scope| -> BTreeMap<&'static str, f64> {
        let own = parameters().filter(|own| own.scope == scope);
        own.filter_map(|own| Some((own.key, own.default()?)))
            .collect()
    };
    let of_model = |weight: f64| {
        let mut own = defaults(ParameterScope::PerModel);
        own.insert("weight", weight);
        own
    };
    let mut values = Values {
        global: defaults(ParameterScope::Global),
        per_input: [0.33, 0.73, 0.57].map(of_model).to_vec(),
        ..Values::default()
    };
    values.global.extend(global.iter().copied());
    let mut inputs: Vec<Input<'_>> = MODELS.iter().map(|own| Input::of_numbers(own)).collect();
    if has_base {
        inputs.push(Input::of_numbers(&BASE));
        values.per_input.push(BTreeMap::new());
    }
    let tensor = MergeTensor {
        name: "a",
        shape: &[8],
        inputs,
        base: has_base.then_some(3),
        rounded_to: Some(dtype),
        seed: 0,
    };
    let ticket = Ticket::default();
    let kernel = method.prepare_in_steps(&tensor, &values, &ticket);
    let kernel: Box<dyn AnyKernel + '_> = kernel.unwrap().unwrap();
    let mut numbers: Vec<&[f32]> = MODELS.iter().map(|own| &own[..]).collect();
    numbers.push(&BASE);
    let mut out = vec![0.0; 8];
    kernel.block_f32(0..8, &numbers, &mut out);
    dtype.round(&mut out);
    out
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// Golden numbers of torch 2.15 by mergekit 0.1.5's own lines.
#[test]
fn numbers_are_those_of_mergekit() {
    let linear = made("linear", Dtype::F32, &[]);
    assert_eq!(
        bits(&linear),
        [
            0x3d77_c2bf,
            0x3c87_0711,
            0xbaf8_6484,
            0x3da0_b953,
            0xbc33_9e9f,
            0xbd33_7f37,
            0xbe12_0afe,
            0x3d01_8064,
        ]
    );
    let sum = made("task_arithmetic", Dtype::BF16, &[]);
    assert_eq!(
        sum,
        [
            0.05712890625,
            0.010009765625,
            -0.00689697265625,
            0.0888671875,
            0.0107421875,
            -0.06103515625,
            -0.13671875,
            0.027587890625,
        ]
    );
    let voted = made("ties", Dtype::BF16, &[("lambda", 0.8)]);
    assert_eq!(
        voted,
        [
            0.05615234375,
            0.0185546875,
            -0.01556396484375,
            0.1025390625,
            -0.010009765625,
            -0.038330078125,
            -0.1328125,
            0.017822265625,
        ]
    );
}
