//! Models on a server: the same numbers as from the disk, and a sentence for every way to fail.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use kinfolk::checkpoint::Checkpoint;
use sha2::{Digest, Sha256};

use crate::common::store::{Asked, Fault, Store};

fn kinfolk(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinfolk"));
    command
        .current_dir(dir)
        .env("KINFOLK_HOME", dir.join("home"))
        .env("KINFOLK_STORE_TIMEOUT", "0.5")
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder to work in, and a server of the demo family.
fn desk() -> (tempfile::TempDir, Store) {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo");
    (tempfile::tempdir().unwrap(), Store::new(&demo))
}

fn demo(name: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    format!("{root}/resources/demo/{name}")
}

/// Kinship as JSON; of `arith` and `ledger` on their base, which lie at these places.
fn kinship(dir: &Path, place: impl Fn(&str) -> String) -> Output {
    let [base, arith, ledger] = ["base", "arith", "ledger"].map(place);
    let mut command = kinfolk(dir);
    command.args(["kinship", "--base", &base, &arith, &ledger]);
    command.args(["--by", "tensor", "--json", "-"]);
    command.output().unwrap()
}

fn is_weights(asked: &Asked) -> bool {
    asked.path.ends_with(".safetensors")
}

#[test]
fn kinship_over_the_network_is_that_of_the_disk_to_the_bit() {
    let (dir, store) = desk();
    let local = kinship(dir.path(), demo);
    let remote = kinship(dir.path(), |name| format!("{}/{name}", store.url));
    assert!(remote.status.success(), "{}", text(&remote.stderr));
    assert_eq!(text(&remote.stdout), text(&local.stdout));
    // Every byte is asked for once; but for the first page, which the header is read from.
    let len = std::fs::metadata(demo("base/model.safetensors"))
        .unwrap()
        .len();
    let asked = store.bytes_of("base/model.safetensors");
    assert!(asked <= len + 2 * (256 << 10), "{asked} of {len}");
    assert!(
        std::fs::read_dir(dir.path()).unwrap().count() <= 1,
        "nothing is left"
    );
}

#[test]
fn a_file_and_shards_are_opened_by_their_names() {
    let (dir, _) = desk();
    let sharded = dir.path().join("served/model");
    let merged = kinfolk(dir.path())
        .args(["merge", "--shard-size", "300KB"])
        .arg(recipe(dir.path(), &demo("arith"), &demo("ledger")))
        .arg(&sharded)
        .output()
        .unwrap();
    assert!(merged.status.success(), "{}", text(&merged.stderr));
    assert!(sharded.join("model.safetensors.index.json").exists());
    let store = Store::new(&dir.path().join("served"));
    let inspect = |name: &str| {
        let mut command = kinfolk(dir.path());
        command
            .args(["inspect", name, "--json", "-"])
            .output()
            .unwrap()
    };
    let here = inspect(&sharded.to_string_lossy());
    let there = inspect(&format!("{}/model/", store.url));
    assert_eq!(
        text(&there.stdout),
        text(&here.stdout),
        "{}",
        text(&there.stderr)
    );
    let demo = Store::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/demo"));
    let file = inspect(&format!("{}/arith/model.safetensors", demo.url));
    let json: serde_json::Value = serde_json::from_slice(&file.stdout).unwrap();
    assert_eq!(json["name"], "arith");
    let shard = inspect(&format!(
        "{}/model/model-00001-of-00009.safetensors",
        store.url
    ));
    assert_eq!(shard.status.code(), Some(1));
}

fn recipe(dir: &Path, a: &str, b: &str) -> std::path::PathBuf {
    let path = dir.join(format!("{}.yaml", a.len()));
    let base = a.replace("arith", "base");
    let yaml = format!(
        "merge_method: ties\nbase_model: '{base}'\nparameters: {{density: 0.5}}\n\
         models: [{{model: '{a}', parameters: {{weight: 0.6}}}}, \
         {{model: '{b}', parameters: {{weight: 0.7}}}}]\n"
    );
    std::fs::write(&path, yaml).unwrap();
    path
}

/// What a merge writes of weights.
fn weights(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let model = Checkpoint::open(folder).unwrap();
    let all = |t: &kinfolk::checkpoint::Tensor| (t.name.clone(), t.bytes().unwrap().to_vec());
    model.tensors().iter().map(all).collect()
}

#[test]
fn a_merge_of_models_on_a_server_writes_the_same_bytes() {
    let (dir, store) = desk();
    let merge = |name: &str, place: &dyn Fn(&str) -> String| {
        let recipe = recipe(dir.path(), &place("arith"), &place("ledger"));
        let mut command = kinfolk(dir.path());
        let out = command.arg("merge").arg(recipe).arg(name).output().unwrap();
        assert!(out.status.success(), "{}", text(&out.stderr));
        dir.path().join(name)
    };
    let here = merge("here", &|name| demo(name));
    let there = merge("there", &|name| format!("{}/{name}", store.url));
    assert!(weights(&here) == weights(&there));
    for file in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert!(read(&here) == read(&there), "{file}");
    }
}

/// Runs kinship against a server that fails, and gives back its sentence.
fn sentence(how: impl FnMut(&Asked) -> Fault + Send + 'static) -> String {
    let (dir, store) = desk();
    store.fail(how);
    let out = kinship(dir.path(), |name| format!("{}/{name}", store.url));
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stdout));
    assert!(out.stdout.is_empty());
    let said = text(&out.stderr);
    assert!(said.contains(&store.url), "{said}");
    said
}

#[test]
fn what_passes_is_asked_for_again() {
    let (dir, store) = desk();
    let local = kinship(dir.path(), demo);
    // Everything fails when it is first asked for, each in another way.
    let mut seen = BTreeSet::new();
    store.fail(move |asked| {
        let is_new = seen.insert((asked.path.clone(), asked.range));
        match asked.number % 4 {
            _ if !is_new => Fault::None,
            0 => Fault::Status(500),
            1 => Fault::Cut,
            2 if asked.range.is_some() => Fault::Short,
            _ => Fault::Status(503),
        }
    });
    let remote = kinship(dir.path(), |name| format!("{}/{name}", store.url));
    assert_eq!(
        text(&remote.stdout),
        text(&local.stdout),
        "{}",
        text(&remote.stderr)
    );
}

#[test]
fn a_server_that_fails_for_good_gives_a_sentence_that_names_file_and_tensor() {
    for (fault, words) in [
        (Fault::Status(500), "answered 500"),
        (Fault::Status(403), "refuses to give it"),
        (Fault::Status(404), "nothing of this name"),
        (Fault::Stall, "sent nothing for 1 s"),
        (Fault::Cut, "bytes where"),
        (Fault::Short, "start again"),
        (Fault::OtherTotal, "changed since it was opened"),
        (Fault::OtherVersion, "changed since it was opened"),
        (Fault::NoRanges, "does not send parts of files"),
    ] {
        let said = sentence(
            move |asked| match is_weights(asked) && asked.is_behind_the_start() {
                true => fault,
                false => Fault::None,
            },
        );
        assert!(said.contains(words), "{fault:?}: {said}");
        assert!(said.contains("tensor `"), "{fault:?}: {said}");
        assert!(said.contains("model.safetensors"), "{fault:?}: {said}");
    }
}

#[test]
fn a_server_that_fails_while_a_model_is_opened_gives_a_sentence_that_names_the_file() {
    let said = sentence(|asked| match asked.path.ends_with("config.json") {
        true => Fault::Status(500),
        false => Fault::None,
    });
    assert!(
        said.contains("answered 500") && said.contains("config.json"),
        "{said}"
    );
    let said = sentence(|asked| match is_weights(asked) {
        true => Fault::Status(403),
        false => Fault::None,
    });
    assert!(said.contains("check the credentials"), "{said}");
    let said = sentence(|_| Fault::Status(404));
    assert!(said.contains("there is no model here"), "{said}");
    let said = sentence(|asked| match is_weights(asked) {
        true => Fault::NoRanges,
        false => Fault::None,
    });
    assert!(said.contains("does not send parts of files"), "{said}");
}

#[test]
fn a_merge_that_loses_its_server_leaves_nothing_behind() {
    let (dir, store) = desk();
    store.fail(
        |asked| match is_weights(asked) && asked.is_behind_the_start() {
            true => Fault::Cut,
            false => Fault::None,
        },
    );
    let place = |name: &str| format!("{}/{name}", store.url);
    let recipe = recipe(dir.path(), &place("arith"), &place("ledger"));
    let out = kinfolk(dir.path())
        .arg("merge")
        .arg(recipe)
        .arg("out")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(
        text(&out.stderr).contains("tensor `"),
        "{}",
        text(&out.stderr)
    );
    assert!(!dir.path().join("out").exists());
}

#[test]
fn a_plan_of_models_on_a_server_is_worked_on_and_joined() {
    let (dir, store) = desk();
    let names = ["arith", "ledger"].map(|name| format!("{}/{name}", store.url));
    std::fs::write(dir.path().join("list"), names.join("\n")).unwrap();
    let base = format!("{}/base", store.url);
    let run = |args: &[&str]| {
        let out = kinfolk(dir.path()).args(args).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", text(&out.stderr));
        out.stdout
    };
    run(&[
        "cluster", "plan", "--base", &base, "--models", "list", "out",
    ]);
    run(&["cluster", "work", "out"]);
    run(&["cluster", "join", "out", "--json", "joined.json"]);
    run(&[
        "kinship",
        "--base",
        &base,
        &names[0],
        &names[1],
        "--json",
        "whole.json",
    ]);
    let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("joined.json"), read("whole.json"));
}

#[test]
fn what_cannot_be_read_from_a_store_is_said() {
    let (dir, store) = desk();
    let out = |name: &str| {
        let out = kinfolk(dir.path())
            .args(["inspect", name])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(1));
        text(&out.stderr)
    };
    assert!(out("s3://").contains("names no folder and no file"));
    assert!(out("https://h/a?b=c").contains("are not read"));
    // A port that nobody listens to.
    let said = out("http://127.0.0.1:9/model");
    assert!(said.contains("cannot be reached"), "{said}");
    assert!(store.asked.lock().unwrap().is_empty());
}

/// A server of S3's protocol from PyPI (`moto[server]`), with the demo family in a bucket.
const BUCKET: &str = "
import os, sys
from moto.server import ThreadedMotoServer
import boto3
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0)
server.start()
url = 'http://%s:%d' % server.get_host_and_port()
s3 = boto3.client('s3', endpoint_url=url, region_name='us-east-1')
s3.create_bucket(Bucket='models')
for root, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(root, name)
        s3.upload_file(path, 'models', 'a family/' + os.path.relpath(path, sys.argv[1]))
print(url, flush=True)
sys.stdin.read()
";

/// Skipped where Python has no moto.
#[test]
fn kinship_from_a_bucket_is_that_of_the_disk_to_the_bit() {
    let python = std::env::var("KINFOLK_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_moto = Command::new(&python)
        .args(["-c", "import moto.server, boto3"])
        .output();
    if !has_moto.is_ok_and(|out| out.status.success()) {
        eprintln!("skipped: Python has no moto; KINFOLK_TEST_PYTHON names another Python");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let keys = [("AWS_ACCESS_KEY_ID", "k"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let mut server = Command::new(&python)
        .args(["-c", BUCKET, &demo("")])
        .envs(keys)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The server says something of its own first.
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://")));
    let url = url.unwrap();
    let run = |keys: &[(&str, &str)]| {
        let mut command = kinfolk(dir.path());
        let names = ["base", "arith", "ledger"].map(|name| format!("s3://models/a family/{name}"));
        command.args(["kinship", "--base", &names[0], &names[1], &names[2]]);
        command.args(["--by", "tensor", "--json", "-"]);
        command
            .envs(keys.iter().copied())
            .env("AWS_ENDPOINT_URL", url.trim());
        command.env("AWS_REGION", "us-east-1").output().unwrap()
    };
    let found = run(&keys);
    drop(server.stdin.take());
    server.wait().unwrap();
    assert!(found.status.success(), "{}", text(&found.stderr));
    assert_eq!(text(&found.stdout), text(&kinship(dir.path(), demo).stdout));
}

/// A folder that a server shows as the hub does, with one model at one commit.
fn hub(dir: &Path) -> Store {
    let root = dir.join("hub");
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let model = root.join("org/demo/resolve").join(commit);
    std::fs::create_dir_all(&model).unwrap();
    let mut siblings = Vec::new();
    for entry in std::fs::read_dir(demo("arith")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        std::fs::copy(&path, model.join(&name)).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let sum: String = Sha256::digest(&bytes)
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        siblings.push(match name.ends_with(".safetensors") {
            true => serde_json::json!({"rfilename": name, "size": bytes.len(), "blobId": "b",
                                       "lfs": {"sha256": sum, "size": bytes.len()}}),
            false => serde_json::json!({"rfilename": name, "size": bytes.len(), "blobId": sum}),
        });
    }
    let answer = serde_json::json!({"sha": commit, "siblings": siblings});
    let api = root.join("api/models/org/demo/revision");
    std::fs::create_dir_all(&api).unwrap();
    std::fs::write(api.join("main"), answer.to_string()).unwrap();
    Store::new(&root)
}

#[test]
fn a_model_of_the_hub_is_read_from_its_cache_downloaded_or_streamed_as_the_user_says() {
    let dir = tempfile::tempdir().unwrap();
    let store = hub(dir.path());
    let run = |args: &[&str]| {
        let mut command = kinfolk(dir.path());
        command
            .env("HF_ENDPOINT", &store.url)
            .env("HF_HUB_CACHE", dir.path().join("cache"));
        command
            .env_remove("HF_TOKEN")
            .env("HF_TOKEN_PATH", dir.path().join("none"));
        command.env_remove("HF_HUB_OFFLINE");
        command.args(args).stdin(Stdio::null()).output().unwrap()
    };
    let inspect = ["inspect", "hf://org/demo", "--json", "-"];
    let said = text(&run(&inspect).stderr);
    assert!(
        said.contains("--download") && said.contains("--stream"),
        "{said}"
    );
    assert!(
        store.asked.lock().unwrap().is_empty(),
        "nothing was asked of the network"
    );
    let none = run(&["inspect", "hf://org/none", "--stream"]);
    assert!(
        text(&none.stderr).contains("HF_TOKEN"),
        "{}",
        text(&none.stderr)
    );
    // A download that does not hold what the hub says leaves nothing that could be opened.
    store.fail(|asked| match asked.is_behind_the_start() {
        true => Fault::Cut,
        false => Fault::None,
    });
    let cut = run(&["inspect", "hf://org/demo", "--download"]);
    assert_eq!(cut.status.code(), Some(1), "{}", text(&cut.stderr));
    assert!(
        text(&cut.stderr).contains("model.safetensors"),
        "{}",
        text(&cut.stderr)
    );
    store.fail(|_| Fault::None);
    let streamed = run(&["inspect", "hf://org/demo", "--stream", "--json", "-"]);
    assert!(streamed.status.success(), "{}", text(&streamed.stderr));
    let loaded = run(&["inspect", "hf://org/demo", "--download", "--json", "-"]);
    assert!(loaded.status.success(), "{}", text(&loaded.stderr));
    store.asked.lock().unwrap().clear();
    let cached = run(&inspect);
    assert_eq!(text(&cached.stdout), text(&loaded.stdout));
    assert!(store.asked.lock().unwrap().is_empty(), "it is in the cache");
    let json = |out: &Output| -> serde_json::Value { serde_json::from_slice(&out.stdout).unwrap() };
    assert_eq!(json(&cached)["name"], "org/demo");
    assert_eq!(json(&streamed)["tensors"], json(&cached)["tensors"]);
    let snapshot = dir.path().join("cache/models--org--demo/snapshots");
    let snapshot = std::fs::read_dir(snapshot)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let read = |path: &Path| std::fs::read(path.join("model.safetensors")).unwrap();
    assert!(read(&snapshot) == read(Path::new(&demo("arith"))));
}
