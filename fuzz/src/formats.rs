//! Weights that are not plain numbers under their own names: PyTorch, GGUF, quantised safetensors,
//! adapters on a base, and checkpoints that are named or stored in other ways.

use std::path::Path;

use kinfolk::checkpoint::{
    Change, Checkpoint, GgufKind, GgufTemplate, GgufWish, RawTensor, Tensor, Wanted, by_token,
};
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Precision, measure};

use crate::files::{archive, folder, two};
use crate::listing;
use crate::look::look_at;

/// A PyTorch file: the zip archive or the pickles as they are, and after `P` the pickle of an
/// archive with a storage `0` of 480 bytes.
pub fn torch(data: &[u8]) {
    let path = folder("torch").join("model.pt");
    let whole = match data.split_first() {
        Some((b'P', pickle)) => archive(&[("data.pkl", pickle), ("data/0", &[0; 480])]),
        _ => data.to_vec(),
    };
    std::fs::write(&path, whole).unwrap();
    look_at(&path);
    if let Ok(model) = Checkpoint::open(&path) {
        read_all(&model);
    }
}

/// A GGUF file as it is, or after `L` the listing and the data of one.
pub fn gguf(data: &[u8]) {
    let path = folder("gguf").join("model.gguf");
    let whole = match data.split_first() {
        Some((b'L', rest)) => {
            let (text, rest) = two(rest);
            listing::gguf(text, rest)
        }
        _ => data.to_vec(),
    };
    std::fs::write(&path, whole).unwrap();
    look_at(&path);
    let Ok(model) = Checkpoint::open(&path) else {
        GgufTemplate::open(&path).ok();
        return;
    };
    read_all(&model);
    kin(data, &model, &model);
    written(&path, &model);
}

/// The same model written after its own template.
fn written(path: &Path, model: &Checkpoint) {
    let Ok(template) = GgufTemplate::open(path) else {
        return;
    };
    let wanted: Vec<Wanted<'_>> = (model.tensors().iter())
        .map(|own| Wanted {
            name: &own.name,
            shape: &own.shape,
            is_float: own.numbers().is_some(),
        })
        .collect();
    for kind in [GgufKind::F16, GgufKind::Q8_0] {
        let wish = GgufWish {
            kind,
            name: "name",
            recipe: "recipe",
            recipe_sha256: "00",
        };
        template.layout(&wanted, &wish).ok();
    }
}

/// A configuration, the listing of quantised weights, and their data. The configuration stands in
/// `config.json`, or after `Q` and `H` in the files that GPTQ and ModelOpt have beside it.
pub fn quantised(data: &[u8]) {
    let folder = folder("quantised");
    let (config, rest) = two(data);
    let (text, rest) = two(rest);
    let weights = listing::safetensors(text, rest);
    let names = [
        "config.json",
        "quantize_config.json",
        "hf_quant_config.json",
    ];
    for name in names {
        std::fs::remove_file(folder.join(name)).ok();
    }
    let (name, config) = match config.split_first() {
        Some((b'Q', rest)) => (names[1], rest),
        Some((b'H', rest)) => (names[2], rest),
        _ => (names[0], config),
    };
    std::fs::write(folder.join(name), config).unwrap();
    std::fs::write(folder.join("model.safetensors"), weights).unwrap();
    look_at(&folder);
    if let Ok(model) = Checkpoint::open(&folder) {
        read_all(&model);
        model.quantised_as();
        model.rounding();
        kin(data, &model, &model);
    }
}

/// The configuration of an adapter, the listings of it and of its base, and their data.
pub fn adapted(data: &[u8]) {
    let (own, base) = (folder("adapted"), folder("adapted-base"));
    let (config, rest) = two(data);
    let (text, rest) = two(rest);
    let (base_text, rest) = two(rest);
    let weights = listing::safetensors(text, rest);
    std::fs::write(own.join("adapter_config.json"), config).unwrap();
    std::fs::write(own.join("adapter_model.safetensors"), weights).unwrap();
    let base_weights = listing::safetensors(base_text, rest);
    std::fs::write(base.join("model.safetensors"), base_weights).unwrap();
    look_at(&own);
    let (Ok(own), Ok(base)) = (Checkpoint::open(&own), Checkpoint::open(&base)) else {
        return;
    };
    let Some(adapter) = own.adapter() else {
        return;
    };
    adapter.targets_missing_in(&base);
    for tensor in base.tensors() {
        adapter.rows(&base, &tensor.name, &tensor.shape).ok();
        match adapter.change(&base, tensor) {
            Ok(Change::Rebuilt { tensor, .. }) => read(&tensor),
            Ok(Change::Replaced(tensor)) => read(tensor),
            Ok(Change::LowRank(_) | Change::None) | Err(_) => {}
        }
    }
    kin(data, &base, &own);
}

/// The listings of two checkpoints, their family after the first line, and their data: each seen
/// with the names of the other.
pub fn renamed(data: &[u8]) {
    let (one, other) = (folder("renamed-one"), folder("renamed-other"));
    let (family, rest) = two(data);
    let (text, rest) = two(rest);
    let (other_text, rest) = two(rest);
    for (folder, text) in [(&one, text), (&other, other_text)] {
        let weights = listing::safetensors(text, rest);
        std::fs::write(folder.join("config.json"), family).unwrap();
        std::fs::write(folder.join("model.safetensors"), weights).unwrap();
    }
    let (Ok(one), Ok(other)) = (Checkpoint::open(&one), Checkpoint::open(&other)) else {
        return;
    };
    for (model, lead) in [(&one, &other), (&other, &one)] {
        let seen = model.seen_as(lead);
        assert!(
            seen.tensors()
                .iter()
                .all(|t| seen.tensor(&t.name).is_some())
        );
        read_all(&seen);
        kin(data, lead, model);
    }
}

/// The way of kinship, for one input in four: it takes most of the time, and only reads what
/// [`read_all`] has read.
fn kin(data: &[u8], base: &Checkpoint, model: &Checkpoint) {
    let sum = data.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte));
    if !sum.is_multiple_of(4) {
        return;
    }
    measured(base, model);
}

fn measured(base: &Checkpoint, model: &Checkpoint) {
    let (precision, ticket) = (Precision::Full, Ticket::default());
    measure(base, &[model, model], precision, None, &ticket, &|_, _| {}).ok();
}

/// The listings of two checkpoints, a `tokenizer.json` for the first, and for the second one or,
/// after `M`, a `tokenizer.model`: their rows lined up token by token.
pub fn tokens(data: &[u8]) {
    let (base, own) = (folder("tokens-base"), folder("tokens-own"));
    let (base_text, rest) = two(data);
    let (text, rest) = two(rest);
    let (base_tokens, tokens) = two(rest);
    for (folder, text) in [(&base, base_text), (&own, text)] {
        let weights = listing::safetensors(text, &[]);
        std::fs::write(folder.join("model.safetensors"), weights).unwrap();
        std::fs::remove_file(folder.join("tokenizer.json")).ok();
        std::fs::remove_file(folder.join("tokenizer.model")).ok();
    }
    let (name, tokens) = match tokens.split_first() {
        Some((b'M', rest)) => ("tokenizer.model", rest),
        _ => ("tokenizer.json", tokens),
    };
    std::fs::write(base.join("tokenizer.json"), base_tokens).unwrap();
    std::fs::write(own.join(name), tokens).unwrap();
    let (Ok(base), Ok(own)) = (Checkpoint::open(&base), Checkpoint::open(&own)) else {
        return;
    };
    let vocabularies = [&base, &own].map(|model| model.vocabulary().ok().flatten());
    for vocabulary in vocabularies.into_iter().flatten() {
        assert!(
            vocabulary
                .tokens()
                .all(|(token, id)| vocabulary.id(token) == Some(id))
        );
        assert!(
            vocabulary
                .tokens()
                .all(|(_, id)| (id as usize) < vocabulary.end())
        );
    }
    if let Some(lined_up) = by_token(&base, &[&own]) {
        read_all(&lined_up.base);
        lined_up.models.iter().for_each(read_all);
    }
    measured(&base, &own);
}

fn read_all(model: &Checkpoint) {
    model.tensors().iter().for_each(read);
}

/// The same numbers must come out however they are read.
fn read(tensor: &Tensor) {
    tensor.size_bytes();
    let Some(numbers) = tensor.numbers() else {
        return;
    };
    assert_eq!(numbers.elements(), tensor.elements(), "{}", tensor.name);
    let len = numbers.elements().min(5000);
    let mut whole = vec![0.0; len];
    numbers.part(0..len).decode(&mut whole);
    let mut pieces = vec![0.0; len];
    let (mut at, mut step) = (0, 1);
    while at < len {
        let end = (at + step).min(len);
        numbers.part(at..end).decode(&mut pieces[at..end]);
        (at, step) = (end, step * 3 % 97 + 1);
    }
    // Hardware makes signalling NaNs of F16 quiet and the rest of a vector's length does not.
    let bits_of = |x: &f32| if x.is_nan() { f32::NAN } else { *x }.to_bits();
    let bits = |numbers: &[f32]| numbers.iter().map(bits_of).collect::<Vec<_>>();
    assert_eq!(bits(&whole), bits(&pieces), "{}", tensor.name);
    wide(numbers, len);
    let all = numbers.elements();
    let mut last = vec![0.0; all.min(7)];
    numbers.part(all - last.len()..all).decode(&mut last);
}

fn wide(numbers: RawTensor<'_>, len: usize) {
    let mut out = vec![0.0; len];
    numbers.part(0..len).decode_f64(&mut out);
}
