//! Every form of checkpoint that is accepted, and what is told about it.

use std::path::Path;

use kinfolk::checkpoint::{Change, Checkpoint, Dtype, Form, Kind, OnDisk, Stack};
use tempfile::TempDir;

use crate::common::{self, f32_part, oracle, write_safetensors, zeros};

fn open(path: &Path) -> Checkpoint {
    Checkpoint::open(path).unwrap_or_else(|error| panic!("{error}"))
}

fn write(dir: &TempDir, name: &str, text: &str) {
    std::fs::write(dir.path().join(name), text).unwrap();
}

#[test]
fn single_file() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ein Kind ünd more.safetensors");
    write_safetensors(&path, &[f32_part("w", &[2], &[1.0, -2.0])]);
    let checkpoint = open(&path);
    assert_eq!(checkpoint.form(), Form::SingleFile);
    assert_eq!(checkpoint.suggested_name(), "ein Kind ünd more");
    let tensor = checkpoint.tensor("w").unwrap();
    assert_eq!(tensor.bytes().unwrap(), [0, 0, 128, 63, 0, 0, 0, 192]);
    assert_eq!((checkpoint.parameters(), tensor.size_bytes()), (2, 8));
    assert!(checkpoint.tensor("v").is_none());
}

#[test]
fn file_called_model_has_the_name_of_its_folder() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("my-merge.v2");
    std::fs::create_dir(&folder).unwrap();
    write_safetensors(&folder.join("model.safetensors"), &[zeros("w", &[2])]);
    let file = open(&folder.join("model.safetensors"));
    assert_eq!(file.suggested_name(), "my-merge.v2");
    let folder = open(&folder);
    assert_eq!(folder.suggested_name(), "my-merge.v2");
    assert_eq!(folder.form(), Form::Folder);
}

#[test]
fn folder_with_one_file_of_another_name() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join("any.safetensors"), &[zeros("w", &[2])]);
    write(&dir, "._any.safetensors", "left by a Mac");
    write(&dir, "training_args.bin", "beside it");
    assert_eq!(open(dir.path()).form(), Form::Folder);
}

#[test]
fn scalars_empty_tensors_and_many_dimensions() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("odd.safetensors");
    let parts = [
        zeros("many", &[1; 40]),
        zeros("empty", &[3, 0]),
        zeros("scalar", &[]),
    ];
    write_safetensors(&path, &parts);
    let checkpoint = open(&path);
    assert_eq!(checkpoint.parameters(), 2);
    assert_eq!(checkpoint.tensor("scalar").unwrap().elements(), 1);
    let empty = checkpoint.tensor("empty").unwrap();
    assert_eq!((empty.elements(), empty.bytes()), (0, Some(&[][..])));
}

#[test]
fn dtypes_without_arithmetic_are_listed_with_a_remark() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.safetensors");
    let mut packed = zeros("blocks", &[4]);
    (packed.dtype, packed.bytes) = ("F4", vec![0; 2]);
    write_safetensors(&path, &[packed, zeros("w", &[5])]);
    let checkpoint = open(&path);
    assert_eq!(checkpoint.dtypes(), "F32, F4");
    let tensor = checkpoint.tensor("blocks").unwrap();
    assert_eq!(
        (tensor.dtype, tensor.dtype.is_supported()),
        (Dtype::F4, false)
    );
    assert!(checkpoint.problems()[0].contains("F4) and left out: blocks"));
}

#[test]
fn file_without_tensors_is_remarked() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("none.safetensors");
    write_safetensors(&path, &[]);
    assert_eq!(open(&path).problems(), ["no tensors are stored here"]);
}

#[test]
fn shards_are_joined_in_natural_order() {
    let dir = TempDir::new().unwrap();
    let names = ["h.10.attn.w", "h.9.attn.w", "h.2.mlp.w"];
    write_safetensors(
        &dir.path().join("a.safetensors"),
        &[zeros(names[0], &[1]), zeros(names[2], &[1])],
    );
    write_safetensors(&dir.path().join("b.safetensors"), &[zeros(names[1], &[1])]);
    let index = format!(
        r#"{{"metadata":{{"total_size":12}},"weight_map":{{"{}":"a.safetensors","{}":"b.safetensors","{}":"a.safetensors"}}}}"#,
        names[0], names[1], names[2]
    );
    write(&dir, "model.safetensors.index.json", &index);
    let checkpoint = open(dir.path());
    assert_eq!(checkpoint.form(), Form::Sharded);
    let found: Vec<_> = checkpoint.tensors().iter().map(|t| &t.name).collect();
    assert_eq!(found, ["h.2.mlp.w", "h.9.attn.w", "h.10.attn.w"]);
    assert_eq!(checkpoint.layers(), 3);
    assert_eq!(checkpoint.problems(), [""; 0]);
}

#[test]
fn index_that_tells_too_little_is_remarked() {
    let dir = TempDir::new().unwrap();
    write_safetensors(
        &dir.path().join("a.safetensors"),
        &[zeros("a", &[1]), zeros("extra", &[1])],
    );
    let index = r#"{"metadata":{"total_size":4},"weight_map":{"a":"a.safetensors"}}"#;
    write(&dir, "model.safetensors.index.json", index);
    let checkpoint = open(dir.path());
    assert!(checkpoint.tensor("extra").is_some());
    let problems = checkpoint.problems();
    assert!(
        problems[0].contains("not named by the index: extra"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("4 bytes, the shards hold 8"),
        "{problems:?}"
    );
}

#[test]
fn one_shard_alone_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("model-00001-of-00002.safetensors");
    write_safetensors(&path, &[zeros("a", &[1])]);
    let error = Checkpoint::open(&path).unwrap_err().to_string();
    assert!(
        error.contains("one of 2 files of a model; open its folder"),
        "{error}"
    );
    // A set of one is whole.
    let whole = dir.path().join("model-00001-of-00001.safetensors");
    write_safetensors(&whole, &[zeros("a", &[1])]);
    assert_eq!(open(&whole).problems(), [""; 0]);
}

#[test]
fn broken_config_is_a_remark() {
    for config in ["{", "[]", "\u{feff}{}", "{\"vocab_size\": \"many\""] {
        let dir = TempDir::new().unwrap();
        write_safetensors(&dir.path().join("model.safetensors"), &[zeros("a", &[1])]);
        write(&dir, "config.json", config);
        let checkpoint = open(dir.path());
        assert!(checkpoint.problems()[0].contains("config.json"), "{config}");
    }
}

#[test]
fn enormous_config_is_a_remark() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join("model.safetensors"), &[zeros("a", &[1])]);
    let file = std::fs::File::create(dir.path().join("config.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    let checkpoint = open(dir.path());
    assert!(checkpoint.problems()[0].contains("more than 16 MiB"));
}

#[test]
fn tying_follows_config_and_head() {
    let check = |config: &str, parts: &[&str], tied: bool, n_problems: usize| {
        let dir = TempDir::new().unwrap();
        let parts: Vec<_> = parts.iter().map(|name| zeros(name, &[1])).collect();
        write_safetensors(&dir.path().join("model.safetensors"), &parts);
        write(&dir, "config.json", config);
        let checkpoint = open(dir.path());
        assert_eq!(checkpoint.tied_embeddings(), tied, "{config}");
        assert_eq!(checkpoint.problems().len(), n_problems, "{config}");
    };
    let (embedding, head) = ("model.embed_tokens.weight", "lm_head.weight");
    let silent = r#"{"architectures": ["LlamaForCausalLM"]}"#;
    let yes = r#"{"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": true}"#;
    let no = r#"{"architectures": ["LlamaForCausalLM"], "tie_word_embeddings": false}"#;
    check(silent, &[embedding], true, 0);
    check(silent, &[embedding, head], false, 0);
    check(yes, &[embedding], true, 0);
    check(yes, &[embedding, head], false, 1);
    check(no, &[embedding], false, 1);
    check(no, &[embedding, head], false, 0);
}

/// Kinship compares rows of the same token, and what is kept of it is found by the key.
#[test]
fn another_tokenizer_gives_the_model_another_key() {
    let dir = TempDir::new().unwrap();
    write_safetensors(&dir.path().join("model.safetensors"), &[zeros("a", &[1])]);
    let tokenizer = dir.path().join("tokenizer.json");
    let without = open(dir.path());
    std::fs::write(&tokenizer, "{}").unwrap();
    let with = open(dir.path());
    assert_ne!(with.key(), without.key());
    assert_eq!(with.key(), open(dir.path()).key());
    std::fs::write(&tokenizer, "{ }").unwrap();
    assert_ne!(open(dir.path()).key(), with.key());
    // The weights are the same all the while.
    assert_eq!(with.identity().key(), without.identity().key());
    assert_eq!(with.state_on_disk(), OnDisk::Unchanged);
}

#[test]
fn identity_notices_changed_and_missing_files() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("model.safetensors");
    write_safetensors(&path, &[zeros("a", &[1])]);
    let before = open(dir.path());
    assert_eq!(before.state_on_disk(), OnDisk::Unchanged);
    assert_eq!(open(dir.path()).identity().key(), before.identity().key());
    // A longer file renamed into place, as a careful writer does.
    let beside = dir.path().join("new");
    write_safetensors(&beside, &[zeros("a", &[2])]);
    std::fs::rename(beside, &path).unwrap();
    assert_eq!(before.state_on_disk(), OnDisk::Changed);
    assert_ne!(open(dir.path()).identity().key(), before.identity().key());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(before.state_on_disk(), OnDisk::Missing);
    // What was mapped is still there.
    assert_eq!(before.tensors()[0].bytes().unwrap(), [0; 4]);
}

#[cfg(unix)]
mod hub {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A hub cache with one model whose snapshots link into `blobs`.
    fn cache(snapshots: &[&str], main: Option<&str>) -> TempDir {
        let dir = TempDir::new().unwrap();
        let model = dir.path().join("models--org--some-name");
        for folder in ["blobs", "refs"] {
            std::fs::create_dir_all(model.join(folder)).unwrap();
        }
        for (i, snapshot) in snapshots.iter().enumerate() {
            let blob = format!("{i:064x}");
            write_safetensors(&model.join("blobs").join(&blob), &[zeros("w", &[i + 1])]);
            let folder = model.join("snapshots").join(snapshot);
            std::fs::create_dir_all(&folder).unwrap();
            let target = Path::new("../../blobs").join(blob);
            symlink(target, folder.join("model.safetensors")).unwrap();
        }
        if let Some(main) = main {
            std::fs::write(model.join("refs/main"), main).unwrap();
        }
        dir
    }

    #[test]
    fn snapshot_by_its_own_path_and_by_the_models() {
        let dir = cache(&["aaa", "bbb"], Some("bbb\n"));
        let model = dir.path().join("models--org--some-name");
        for (path, n) in [
            (model.join("snapshots/aaa"), 1),
            (model.join("snapshots/bbb"), 2),
            (model.clone(), 2),
        ] {
            let checkpoint = open(&path);
            assert_eq!(checkpoint.form(), Form::HubSnapshot);
            assert_eq!(checkpoint.suggested_name(), "org/some-name");
            assert_eq!(checkpoint.parameters(), n);
        }
    }

    #[test]
    fn only_snapshot_serves_when_main_is_not_told() {
        let dir = cache(&["aaa"], None);
        let checkpoint = open(&dir.path().join("models--org--some-name"));
        assert_eq!(checkpoint.parameters(), 1);
        assert!(checkpoint.folder().ends_with("snapshots/aaa"));
    }

    #[test]
    fn file_in_a_snapshot_has_the_models_name() {
        let dir = cache(&["aaa"], None);
        let file = "models--org--some-name/snapshots/aaa/model.safetensors";
        let checkpoint = open(&dir.path().join(file));
        assert_eq!(checkpoint.form(), Form::SingleFile);
        assert_eq!(checkpoint.suggested_name(), "org/some-name");
    }

    #[test]
    fn several_snapshots_need_a_choice() {
        let dir = cache(&["aaa", "bbb"], None);
        let error = Checkpoint::open(&dir.path().join("models--org--some-name")).unwrap_err();
        assert!(error.to_string().contains("several snapshots"), "{error}");
    }
}

#[test]
fn every_oracle_model_opens_without_a_remark() {
    let mut n_opened = 0;
    for family in ["alder", "birch", "cedar", "elm"] {
        for entry in std::fs::read_dir(oracle(family)).unwrap() {
            let checkpoint = open(&entry.unwrap().path());
            assert_eq!(checkpoint.problems(), [""; 0], "{:?}", checkpoint.path());
            assert_eq!(checkpoint.tied_embeddings(), is_tied(checkpoint.path()));
            n_opened += 1;
        }
    }
    assert_eq!(n_opened, 25);
}

fn is_tied(path: &Path) -> bool {
    path.starts_with(oracle("elm")) && !path.ends_with("untied")
}

#[test]
fn oracle_model_is_described() {
    let checkpoint = open(&oracle("birch/c3"));
    assert_eq!(checkpoint.form(), Form::Sharded);
    assert_eq!(checkpoint.suggested_name(), "c3");
    assert_eq!((checkpoint.dtypes(), checkpoint.layers()), ("BF16", 2));
    assert_eq!(checkpoint.size_bytes(), 53464 + 53624);
    assert_eq!(checkpoint.parameters() * 2, 104_928);
    let config = checkpoint.config();
    assert_eq!(config.architectures, ["LlamaForCausalLM"]);
    assert_eq!(
        (config.hidden_size, config.vocab_size),
        (Some(48), Some(112))
    );
    let place = checkpoint
        .tensor("model.layers.1.mlp.up_proj.weight")
        .unwrap()
        .place;
    assert_eq!(
        (place.stack, place.layer, place.kind),
        (Stack::Main, Some(1), Kind::Mlp)
    );
    assert_eq!(checkpoint.identity().files.len(), 4);
}

#[test]
fn oracle_adapter_changes_its_targets_alone() {
    let checkpoint = open(&oracle("cedar/lora"));
    assert_eq!(checkpoint.form(), Form::Adapter);
    let base = open(&oracle("cedar/base"));
    let adapter = checkpoint.adapter().unwrap();
    assert_eq!(adapter.base_name(), Some("../base"));
    assert_eq!(adapter.targets_missing_in(&base), [""; 0]);
    let targets: Vec<&str> = adapter.targets().collect();
    assert_eq!(
        targets,
        [
            "model.layers.0.mlp.down_proj.weight",
            "model.layers.0.self_attn.q_proj.weight",
            "model.layers.0.self_attn.v_proj.weight",
            "model.layers.1.mlp.down_proj.weight",
            "model.layers.1.self_attn.q_proj.weight",
            "model.layers.1.self_attn.v_proj.weight",
        ]
    );
    for tensor in base.tensors() {
        match adapter.change(&base, tensor).unwrap() {
            Change::LowRank(low_rank) => {
                assert_eq!((low_rank.rank(), low_rank.scale()), (4, 2.0));
                assert!(targets.contains(&tensor.name.as_str()));
            }
            Change::None => assert!(!targets.contains(&tensor.name.as_str())),
            _ => panic!("{} gets a product alone", tensor.name),
        }
    }
}

/// An adapter folder with these tensors; `settings` follow r = 1 and alpha = 2.
fn adapter(settings: &str, parts: &[common::Part<'_>]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let config = format!(r#"{{"peft_type":"LORA","r":1,"lora_alpha":2{settings}}}"#);
    write(&dir, "adapter_config.json", &config);
    write_safetensors(&dir.path().join("adapter_model.safetensors"), parts);
    dir
}

/// A base with zeros in this shape.
fn base_of(tensors: &[(&str, &[usize])]) -> TempDir {
    let dir = TempDir::new().unwrap();
    let parts: Vec<common::Part<'_>> = tensors
        .iter()
        .map(|(name, shape)| zeros(name, shape))
        .collect();
    write_safetensors(&dir.path().join("model.safetensors"), &parts);
    dir
}

fn delta(dir: &TempDir, name: &str, shape: &[usize]) -> Vec<f32> {
    let checkpoint = open(dir.path());
    let base = open(base_of(&[(name, shape)]).path());
    let tensor = base.tensor(name).unwrap();
    match checkpoint.adapter().unwrap().change(&base, tensor).unwrap() {
        Change::LowRank(low_rank) => {
            let mut delta = vec![f32::NAN; shape.iter().product()];
            low_rank.decode().delta(0, &mut delta);
            delta
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn plain_and_transposed_layouts_and_embeddings() {
    let pair = [
        f32_part("base_model.model.q.lora_A.weight", &[1, 2], &[1.0, 10.0]),
        f32_part(
            "base_model.model.q.lora_B.weight",
            &[3, 1],
            &[1.0, 2.0, 3.0],
        ),
    ];
    let plain = [2.0, 20.0, 4.0, 40.0, 6.0, 60.0];
    let transposed = [2.0, 4.0, 6.0, 20.0, 40.0, 60.0];
    assert_eq!(delta(&adapter("", &pair), "q.weight", &[3, 2]), plain);
    let dir = adapter(r#","fan_in_fan_out":true"#, &pair);
    assert_eq!(delta(&dir, "q.weight", &[2, 3]), transposed);
    let pair = [
        f32_part(
            "base_model.model.wte.lora_embedding_A",
            &[1, 2],
            &[1.0, 10.0],
        ),
        f32_part(
            "base_model.model.wte.lora_embedding_B",
            &[3, 1],
            &[1.0, 2.0, 3.0],
        ),
    ];
    assert_eq!(
        delta(&adapter("", &pair), "wte.weight", &[2, 3]),
        transposed
    );
}

#[test]
fn replaced_tensors_and_biases() {
    let parts = [
        f32_part(
            "base_model.model.score.modules_to_save.x.weight",
            &[1],
            &[1.0],
        ),
        f32_part("base_model.model.model.norm.bias", &[1], &[2.0]),
    ];
    let checkpoint = open(adapter("", &parts).path());
    let adapter = checkpoint.adapter().unwrap();
    let base = open(base_of(&[("score.weight", &[1]), ("model.norm.bias", &[1])]).path());
    for (name, value) in [("score.weight", 1.0_f32), ("model.norm.bias", 2.0)] {
        let tensor = base.tensor(name).unwrap();
        let Change::Replaced(own) = adapter.change(&base, tensor).unwrap() else {
            panic!("{name} is replaced");
        };
        let (numbers, mut found) = (own.numbers().unwrap(), [0.0; 2]);
        numbers.decode(&mut found);
        assert_eq!(
            (own.dtype, numbers.elements(), found),
            (Dtype::F32, 1, [value, 0.0])
        );
    }
}

#[test]
fn base_names_may_have_or_lack_the_prefix() {
    let parts = [
        f32_part("base_model.model.model.a.weight", &[1], &[0.0]),
        f32_part("base_model.model.b.weight", &[1], &[0.0]),
    ];
    let checkpoint = open(adapter("", &parts).path());
    let adapter = checkpoint.adapter().unwrap();
    for name in ["model.a.weight", "a.weight", "b.weight", "model.b.weight"] {
        let base = open(base_of(&[(name, &[1])]).path());
        let change = adapter.change(&base, base.tensor(name).unwrap()).unwrap();
        assert!(matches!(change, Change::Replaced(_)), "{name}");
    }
    let base = open(base_of(&[("a.weight", &[1])]).path());
    assert_eq!(adapter.targets_missing_in(&base), ["b.weight"]);
}

#[test]
fn base_of_another_shape_is_an_error_with_both_shapes() {
    let parts = [f32_part("base_model.model.a.weight", &[1], &[0.0])];
    let checkpoint = open(adapter("", &parts).path());
    let base = open(base_of(&[("a.weight", &[2])]).path());
    let tensor = base.tensor("a.weight").unwrap();
    let error = checkpoint.adapter().unwrap().change(&base, tensor);
    let message = error.unwrap_err().to_string();
    for word in ["`a.weight`", "expected [1]", "found [2]", "adapter_model"] {
        assert!(message.contains(word), "{message}");
    }
}
