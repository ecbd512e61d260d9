//! Merges in mergekit's order of operations, number for number.

use std::collections::BTreeMap;

use kinfolk::checkpoint::Dtype;
use kinfolk::jobs::Ticket;
use kinfolk::merge::methods::{AnyKernel, ParameterScope, Values, find};
use kinfolk::merge::tensor::{Input, MergeTensor};

/// Numbers in BF16: the base,
const BASE: [u16; 8] = [
    0x3d87, 0x3cdb, 0x3bca, 0x3d7e, 0xbd39, 0xbc88, 0xbe1c, 0x3d1c,
];
/// and three models.
const MODELS: [[u16; 8]; 3] = [
    [
        0x3d3b, 0x3c7d, 0xbc3f, 0x3d7a, 0xbd49, 0xbd13, 0xbe13, 0x3d32,
    ],
    [
        0x3d6c, 0x3c87, 0xbccf, 0x3d74, 0x3cd9, 0xbd5a, 0xbdf6, 0x3c4f,
    ],
    [
        0x3d95, 0x3c8c, 0x3d0a, 0x3de7, 0xbd17, 0xbd15, 0xbe2f, 0x3d49,
    ],
];

fn numbers(bits: &[u16]) -> Vec<f32> {
    let wide = bits.iter().map(|&own| f32::from_bits(u32::from(own) << 16));
    wide.collect()
}

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
    let (base, models) = (numbers(&BASE), MODELS.map(|own| numbers(&own)));
    let mut inputs: Vec<Input<'_>> = models.iter().map(|own| Input::of_numbers(own)).collect();
    if has_base {
        inputs.push(Input::of_numbers(&base));
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
    let mut read: Vec<&[f32]> = models.iter().map(|own| &own[..]).collect();
    read.push(&base);
    let mut out = vec![0.0; 8];
    kernel.block_f32(0..8, &read, &mut out);
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
        numbers(&[
            0x3d6a, 0x3c24, 0xbbe2, 0x3db6, 0x3c30, 0xbd7a, 0xbe0c, 0x3ce2,
        ])
    );
    let voted = made("ties", Dtype::BF16, &[("lambda", 0.8)]);
    assert_eq!(
        voted,
        numbers(&[
            0x3d66, 0x3c98, 0xbc7f, 0x3dd2, 0xbc24, 0xbd1d, 0xbe08, 0x3c92,
        ])
    );
}
