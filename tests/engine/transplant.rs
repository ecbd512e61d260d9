//! Another model's tokenizer: rows as mergekit 0.1.5 makes them, and what is refused. See
//! `tests/data/tokens/README.md`.

use std::path::{Path, PathBuf};

use kinfolk::jobs::Ticket;
use kinfolk::merge::recipe::ModelRef;
use kinfolk::merge::run::{Options, RunError};
use kinfolk::transplant::{Matrices, Method, Pieces, Place, Report, Row, Transplant, Wish, run};
use serde_json::{Value, json};

use crate::common::merging::*;
use crate::common::{f32_part, write_safetensors};
use crate::tokens::{ids, root, value};

const EMBEDDING: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

fn wish(model: &str, donor: &str) -> Wish {
    Wish::new(ModelRef::at(model), ModelRef::at(donor))
}

fn place(root: &Path, out: Option<&Path>) -> Place {
    Place {
        root: root.to_owned(),
        hub: None,
        out: out.map(PathBuf::from),
        force: false,
        threads: 2,
    }
}

fn prepared(wish: Wish, root: &Path) -> Result<Transplant, String> {
    Transplant::prepare(wish, place(root, None))
}

fn transplanted(wish: Wish, root: &Path, options: &Options) -> Report {
    let work = Transplant::prepare(wish, place(root, Some(&options.out))).unwrap();
    run(&work, options, &Ticket::default()).unwrap()
}

/// A model of one embedding and perhaps a head, with a token for each row unless it says more.
fn model(dir: &Path, tokens: &[&str], roles: &Value, rows: &[[f32; 2]], head: Option<&[[f32; 2]]>) {
    std::fs::create_dir_all(dir).unwrap();
    let vocabulary: serde_json::Map<String, Value> = (tokens.iter().enumerate())
        .map(|(id, token)| ((*token).to_owned(), json!(id)))
        .collect();
    let tokenizer =
        json!({"model": {"type": "BPE", "vocab": vocabulary, "merges": []}, "added_tokens": []});
    std::fs::write(dir.join("tokenizer.json"), tokenizer.to_string()).unwrap();
    std::fs::write(dir.join("tokenizer_config.json"), roles.to_string()).unwrap();
    let shape = [rows.len(), 2];
    let mut parts = vec![
        f32_part(EMBEDDING, &shape, rows.as_flattened()),
        f32_part("model.norm.weight", &[2], &[1.0, 2.0]),
    ];
    let head_shape = [head.map_or(0, <[_]>::len), 2];
    if let Some(head) = head {
        parts.push(f32_part(HEAD, &head_shape, head.as_flattened()));
    }
    write_safetensors(&dir.join("model.safetensors"), &parts);
    let config = json!({"architectures": ["LlamaForCausalLM"], "num_hidden_layers": 0,
        "vocab_size": rows.len(), "tie_word_embeddings": head.is_none(), "eos_token_id": 0});
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
}

fn close(got: &[f32], want: &[f32], limit: f32) {
    assert_eq!(got.len(), want.len());
    let square: f32 = want.iter().map(|w| w * w).sum();
    let rms = (square / want.len() as f32).sqrt();
    for (k, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(
            (g - w).abs() <= limit * w.abs().max(rms),
            "number {k}: {g} instead of {w}"
        );
    }
}

#[test]
fn pursued_rows_are_those_of_mergekit() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let wish = Wish {
        k: 8,
        ..wish("models/fir/a", "models/fir/b")
    };
    let report = transplanted(wish, &root(), &options(&out));
    let (got, want) = (
        read_all(&out),
        read_all(&root().join("expected/ts-omp8/model.safetensors")),
    );
    for name in [EMBEDDING, HEAD] {
        assert_eq!(got[name].1, want[name].1);
        close(&got[name].2, &want[name].2, 2e-4);
    }
    // Everything else is the model's, and the tokenizer is the donor's.
    let model = read_all(&root().join("models/fir/a"));
    assert_eq!(got.len(), model.len());
    let others = model
        .iter()
        .filter(|(name, _)| ![EMBEDDING, HEAD].contains(&name.as_str()));
    others.for_each(|(name, own)| assert_eq!(got[name], *own, "{name}"));
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        let read = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
        assert_eq!(read(&out), read(&root().join("models/fir/b")), "{name}");
    }
    let (config, expected) = (
        value(&out.join("config.json")),
        value(&root().join("expected/ts-omp8/config.json")),
    );
    for key in [
        "vocab_size",
        "bos_token_id",
        "eos_token_id",
        "pad_token_id",
        "hidden_size",
    ] {
        assert_eq!(config[key], expected[key], "{key}");
    }
    assert!(!out.join("mergekit_config.yml").exists());
    let matrix = &report.matrices[0];
    assert_eq!((matrix.shared, matrix.made), (35, 74));
    let shares = matrix.unexplained.unwrap();
    assert!(0.0 < shares.least && shares.least <= shares.median && shares.most <= 1.0);
    assert_eq!(matrix.worst[0].unexplained, shares.most);
    assert_eq!(
        ids(&root().join("models/fir/b"))[&matrix.worst[0].token],
        matrix.worst[0].id
    );
}

#[test]
fn prefixes_are_matched_where_the_option_says() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let wish = Wish {
        method: Method::Zero,
        prefix_match: Matrices {
            embedding: false,
            head: true,
        },
        ..wish("models/fir/a", "models/fir/b")
    };
    let report = transplanted(wish, &root(), &options(&out));
    let (got, want) = (
        read_all(&out),
        read_all(&root().join("expected/ts-prefix-head/model.safetensors")),
    );
    for name in [EMBEDDING, HEAD] {
        assert_eq!(got[name], want[name], "{name}");
    }
    let prefixes: Vec<usize> = report
        .matrices
        .iter()
        .map(|own| own.prefix_matches)
        .collect();
    assert_eq!(prefixes, [35, 0]);
}

#[test]
fn roles_words_and_bytes_are_matched_and_holes_are_zero() {
    let dir = tempfile::tempdir().unwrap();
    let rows: Vec<[f32; 2]> = (0..7).map(|k| [k as f32, 10.0 - k as f32]).collect();
    let own = ["</s>", "▁tree", "tree", "a", "<0x0A>", "▁", "▁the"];
    model(
        &dir.path().join("m"),
        &own,
        &json!({"eos_token": "</s>"}),
        &rows,
        None,
    );
    let theirs = ["Ġtree", "<|end|>", "b", "Ċ", "a", "Ġq"];
    let roles = json!({"eos_token": {"content": "<|end|>"}});
    // The last token has no row.
    model(
        &dir.path().join("d"),
        &theirs,
        &roles,
        &[[1.0, 1.0]; 5],
        None,
    );
    let wish = Wish {
        method: Method::Mean,
        byte_match: Matrices::BOTH,
        ..wish("m", "d")
    };
    let out = dir.path().join("out");
    let work = prepared(wish.clone(), dir.path()).unwrap();
    let expected = [
        Row::Shared(1),
        Row::Shared(0),
        Row::New,
        Row::Byte(4),
        Row::Shared(3),
        Row::Rowless,
    ];
    assert_eq!(work.matrices()[0].rows, expected);
    transplanted(wish, dir.path(), &options(&out));
    let got = read_all(&out);
    let row = |k: usize| rows[k].to_vec();
    let want = [
        row(1),
        row(0),
        vec![3.0, 7.0],
        row(4),
        row(3),
        vec![0.0, 0.0],
    ]
    .concat();
    assert_eq!(got[EMBEDDING].2, want);
    assert_eq!(value(&out.join("config.json"))["eos_token_id"], 0);
    assert!(!got.contains_key(HEAD));
}

#[test]
fn a_head_meets_a_tied_donor_and_sums_are_exact() {
    let dir = tempfile::tempdir().unwrap();
    let roles = json!({});
    let (rows, head) = ([[1.0, 0.0], [0.0, 1.0]], [[5.0, 0.0], [0.0, 7.0]]);
    model(
        &dir.path().join("m"),
        &["a", "b"],
        &roles,
        &rows,
        Some(&head),
    );
    let theirs = [[2.0, 0.0], [0.0, 4.0], [6.0, -2.0]];
    model(
        &dir.path().join("d"),
        &["a", "b", "c"],
        &roles,
        &theirs,
        None,
    );
    let out = dir.path().join("out");
    let wish = Wish {
        k: 2,
        ..wish("m", "d")
    };
    let report = transplanted(wish, dir.path(), &options(&out));
    let got = read_all(&out);
    // c is 3 a − b / 2.
    assert_eq!(got[EMBEDDING].2[4..], [3.0, -0.5]);
    assert_eq!(got[HEAD].2[4..], [15.0, -3.5]);
    assert_eq!(report.matrices[0].in_donor, EMBEDDING);
    assert_eq!(
        value(&out.join("config.json"))["tie_word_embeddings"],
        false
    );
}

#[test]
fn threads_and_shards_make_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let of = |threads: usize, shard_bytes: u64| {
        let out = dir.path().join(format!("{threads}"));
        let options = Options {
            shard_bytes,
            ..options(&out)
        };
        let wish = Wish {
            k: 5,
            ..wish("models/pine/a", "models/fir/b")
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let work = || transplanted(wish, &root(), &options);
        pool.build().unwrap().install(work);
        read_all(&out)
    };
    assert_eq!(of(1, 0), of(3, 20_000));
    assert!(weight_files(&dir.path().join("3")).len() > 1);
}

#[test]
fn what_is_not_finite_makes_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let roles = json!({});
    let rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    model(&dir.path().join("m"), &["a", "b", "n"], &roles, &rows, None);
    let theirs = [[1.0, 0.0], [0.0, 1.0], [f32::NAN, 9.0], [0.0, 3.0]];
    model(
        &dir.path().join("d"),
        &["a", "b", "n", "c"],
        &roles,
        &theirs,
        None,
    );
    let out = dir.path().join("out");
    let one = Wish {
        k: 1,
        ..wish("m", "d")
    };
    let report = transplanted(one.clone(), dir.path(), &options(&out));
    assert_eq!(report.matrices[0].not_finite, 1);
    assert_eq!(read_all(&out)[EMBEDDING].2[6..], [0.0, 3.0]);
    let broken = [[1.0, 0.0], [0.0, 1.0], [1.0, 9.0], [f32::INFINITY, 3.0]];
    model(
        &dir.path().join("d"),
        &["a", "b", "n", "c"],
        &roles,
        &broken,
        None,
    );
    let other = dir.path().join("other");
    let work = Transplant::prepare(one, place(dir.path(), Some(&other))).unwrap();
    let refused = run(&work, &options(&other), &Ticket::default()).unwrap_err();
    assert!(refused.to_string().contains("`c`"), "{refused}");
    assert!(!other.exists());
}

#[cfg(feature = "built-in-evaluator")]
#[test]
fn pieces_of_the_models_own_tokenizer_make_a_row() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [[1.0, 0.0], [0.0, 1.0], [4.0, 4.0]];
    model(
        &dir.path().join("m"),
        &["a", "b", "x"],
        &json!({}),
        &rows,
        None,
    );
    let theirs = ["a", "ab", "é"];
    model(
        &dir.path().join("d"),
        &theirs,
        &json!({}),
        &[[1.0, 1.0]; 3],
        None,
    );
    let of = |pieces: Pieces, name: &str| {
        let out = dir.path().join(name);
        let wish = Wish {
            method: Method::Subword,
            pieces,
            ..wish("m", "d")
        };
        let report = transplanted(wish, dir.path(), &options(&out));
        assert_eq!(report.matrices[0].without_pieces, 1);
        read_all(&out)[EMBEDDING].2[2..4].to_vec()
    };
    assert_eq!(of(Pieces::Mean, "mean"), [0.5, 0.5]);
    assert_eq!(of(Pieces::Sum, "sum"), [1.0, 1.0]);
    assert_eq!(of(Pieces::FirstLast, "last"), [0.0, 1.0]);
}

#[test]
fn what_cannot_be_done_is_refused_before_any_output() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |wish: Wish, root: &Path, out: &str| {
        let out = dir.path().join(out);
        let Err(sentence) = Transplant::prepare(wish, place(root, Some(&out))) else {
            panic!("not refused");
        };
        assert!(!out.exists());
        sentence
    };
    let of = |k| Wish {
        k,
        ..wish("models/fir/a", "models/fir/b")
    };
    for (wish, out, word) in [
        (of(200), "out", "choose k from 1 to 35"),
        (of(0), "out", "choose k from 1 to 35"),
        (of(8), "out.gguf", "GGUF"),
        (
            wish("models/fir/a", "models/fir/a"),
            "out",
            "are the same, at the same numbers",
        ),
        (
            wish("models/fir/a", "models/fir/lora"),
            "out",
            "is an adapter",
        ),
        (wish("models/fir/a", "models/none"), "out", "none"),
    ] {
        let sentence = refused(wish, &root(), out);
        assert!(sentence.contains(word), "{sentence}");
    }
    let bare = dir.path().join("bare");
    tiny_model(&bare, 1);
    let sentence = refused(wish("bare", "bare"), dir.path(), "out");
    assert!(sentence.contains("has no tokenizer"), "{sentence}");
    // Another matrix with as many rows, of which nobody knows what they are.
    model(
        &dir.path().join("m"),
        &["a"],
        &json!({}),
        &[[1.0, 0.0]],
        None,
    );
    model(
        &dir.path().join("d"),
        &["a", "b"],
        &json!({}),
        &[[1.0, 0.0]; 2],
        None,
    );
    let parts = [
        f32_part(EMBEDDING, &[1, 2], &[1.0, 0.0]),
        f32_part("model.embed_per_layer.weight", &[1, 2], &[1.0, 0.0]),
    ];
    write_safetensors(&dir.path().join("m/model.safetensors"), &parts);
    let sentence = refused(
        Wish {
            k: 1,
            ..wish("m", "d")
        },
        dir.path(),
        "out",
    );
    assert!(sentence.contains("embed_per_layer"), "{sentence}");
}

#[test]
fn a_cancelled_transplant_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let wish = Wish {
        k: 8,
        ..wish("models/fir/a", "models/fir/b")
    };
    let work = Transplant::prepare(wish, place(&root(), Some(&out))).unwrap();
    let ticket = Ticket::default();
    ticket.cancel();
    let result = run(&work, &options(&out), &ticket);
    assert!(matches!(result, Err(RunError::Cancelled(_))));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
