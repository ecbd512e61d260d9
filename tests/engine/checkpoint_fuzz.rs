//! Whatever bytes a file holds, opening it is a result and never a panic.

use kinfolk::checkpoint::Checkpoint;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::common::{raw, safetensors, zeros};

/// Opens a file of these bytes; if that succeeds, all tensors must be within the file.
fn open(name: &str, bytes: &[u8]) {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let Ok(checkpoint) = Checkpoint::open(&path) else {
        return;
    };
    for tensor in checkpoint.tensors() {
        assert_eq!(tensor.bytes().unwrap().len() as u64, tensor.size_bytes());
        let found = checkpoint.tensor(&tensor.name).unwrap();
        assert!(std::ptr::eq(found, tensor));
    }
}

fn valid() -> Vec<u8> {
    safetensors(&[
        zeros("model.layers.0.self_attn.q_proj.weight", &[2, 3]),
        zeros("scalar", &[]),
        zeros("empty", &[0, 7]),
    ])
}

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        open("x.safetensors", &bytes);
    }

    #[test]
    fn random_text_as_header(header in "[{}\\[\\]\",:a0-9\\\\ é-]{0,60}", data_len in 0_usize..9) {
        open("x.safetensors", &raw(&header, &vec![0; data_len]));
    }

    #[test]
    fn valid_file_with_changed_bytes(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
        cut: bool,
    ) {
        let mut bytes = valid();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        open("x.safetensors", &bytes);
    }

    #[test]
    fn random_numbers_in_a_header(
        shape in proptest::collection::vec(prop_oneof![0_u64..5, any::<u64>()], 0..4),
        begin in prop_oneof![0_u64..9, any::<u64>()],
        end in prop_oneof![0_u64..9, any::<u64>()],
    ) {
        let header = format!(
            r#"{{"a":{{"dtype":"U8","shape":{shape:?},"data_offsets":[{begin},{end}]}}}}"#
        );
        open("x.safetensors", &raw(&header, &[0; 8]));
    }

    #[test]
    fn random_text_as_index(index in "[{}\":,a-z/.\\\\ ]{0,60}") {
        open("model.safetensors.index.json", index.as_bytes());
        let index = format!(r#"{{"weight_map":{{{index}}}}}"#);
        open("model.safetensors.index.json", index.as_bytes());
    }

    #[test]
    fn any_name_has_a_place(name in "\\PC{0,40}") {
        kinfolk::checkpoint::place(&name);
    }
}
