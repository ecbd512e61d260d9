//! Opening a large model takes little memory. Alone in its process, since it measures it.

#![cfg(target_os = "linux")]

use kinfolk::checkpoint::Checkpoint;
use tempfile::TempDir;

use crate::common::{alone, write_sparse};

/// Kilobytes of a field of /proc/self/status.
fn status_kb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn thirty_gigabytes_in_sixteen_shards_take_little_memory() {
    let test = "checkpoint_memory::thirty_gigabytes_in_sixteen_shards_take_little_memory";
    if let Some(output) = alone(test) {
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let dir = TempDir::new().unwrap();
    let mut map = Vec::new();
    for shard in 0..16 {
        let file = format!("model-{:05}-of-00016.safetensors", shard + 1);
        let (header, data_len, names) = sparse_shard(shard);
        write_sparse(&dir.path().join(&file), &header, data_len);
        map.extend(names.iter().map(|name| format!(r#""{name}":"{file}""#)));
    }
    let index = format!(r#"{{"weight_map":{{{}}}}}"#, map.join(","));
    std::fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();

    let before = (status_kb("VmHWM"), status_kb("RssAnon"));
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    let after = (status_kb("VmHWM"), status_kb("RssAnon"));

    assert!(checkpoint.size_bytes() > 30_000_000_000);
    assert_eq!((checkpoint.layers(), checkpoint.tensors().len()), (32, 320));
    let last = checkpoint.tensors().last().unwrap();
    assert_eq!(last.bytes().unwrap().len() as u64, last.size_bytes());
    assert!(after.0 - before.0 < 20_000, "peak {before:?} {after:?}");
    assert!(
        after.1.saturating_sub(before.1) < 20_000,
        "own {before:?} {after:?}"
    );
}

/// Two layers of ten matrices of 96 MB each: header, bytes of data, names.
fn sparse_shard(shard: usize) -> (String, u64, Vec<String>) {
    let bytes = 96_000_000_u64;
    let names: Vec<String> = (0..20)
        .map(|i| {
            format!(
                "model.layers.{}.mlp.experts.{}.w1.weight",
                2 * shard + i / 10,
                i % 10
            )
        })
        .collect();
    let fields: Vec<String> = (0_u64..)
        .zip(&names)
        .map(|(i, name)| {
            let (begin, end) = (i * bytes, (i + 1) * bytes);
            format!(
                r#""{name}":{{"dtype":"BF16","shape":[48000,1000],"data_offsets":[{begin},{end}]}}"#
            )
        })
        .collect();
    (format!("{{{}}}", fields.join(",")), 20 * bytes, names)
}
