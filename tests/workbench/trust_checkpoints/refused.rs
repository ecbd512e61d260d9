//! What is refused before it is read: forged headers, parts of downloads and of merges.

use super::*;

/// The sentence for a file with this header and one byte of data.
fn refused_header(header: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    std::fs::write(&path, common::raw(header, &[0])).unwrap();
    let error = Checkpoint::open(&path).unwrap_err().to_string();
    says(&error, &["more than"], &path);
    assert!(error.len() < 4_000, "{} bytes", error.len());
    error
}

#[test]
fn fault_11_a_header_holds_no_more_than_real_files_do() {
    let entry = |name: &str, shape: &str| {
        format!(r#""{name}":{{"dtype":"U8","shape":[{shape}],"data_offsets":[0,1]}}"#)
    };
    let many = |n: usize, one: &dyn Fn(usize) -> String| -> String {
        (0..n).map(one).collect::<Vec<_>>().join(",")
    };
    let dimensions = |n| many(n, &|_| "1".to_owned());
    let error = refused_header(&format!("{{{}}}", entry("a", &dimensions(65))));
    assert!(
        error.contains("tensor `a`: a shape has more than 64"),
        "{error}"
    );
    let keys = many(10_001, &|k| format!(r#""{k}":"""#));
    let error = refused_header(&format!(r#"{{"__metadata__":{{{keys}}}}}"#));
    assert!(
        error.contains("`__metadata__`") && error.contains("more than 10000"),
        "{error}"
    );
    let long = "é".repeat(513);
    assert!(refused_header(&format!("{{{}}}", entry(&long, "1"))).contains("a name has 1026"));
    let tensors = many(500_001, &|k| {
        format!(r#""{k}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
    });
    assert!(refused_header(&format!("{{{tensors}}}")).contains("more than 500000 tensors"));
    // Right up to the bounds all is well.
    let (dir, name) = (tempfile::tempdir().unwrap(), "é".repeat(512));
    let path = dir.path().join("x.safetensors");
    let keys = many(10_000, &|k| format!(r#""{k}":"""#));
    let header = format!(
        r#"{{"__metadata__":{{{keys}}},{}}}"#,
        entry(&name, &dimensions(64))
    );
    std::fs::write(&path, common::raw(&header, &[0])).unwrap();
    assert_eq!(Checkpoint::open(&path).unwrap().tensors()[0].name, name);
}

#[test]
fn fault_11_an_index_holds_no_more_than_real_ones_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors.index.json");
    let refused = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Checkpoint::open(dir.path()).unwrap_err().to_string()
    };
    let entries: Vec<String> = (0..500_001)
        .map(|k| format!(r#""{k}":"a.safetensors""#))
        .collect();
    let error = refused(&format!(r#"{{"weight_map":{{{}}}}}"#, entries.join(",")));
    says(&error, &["more than 500000 entries"], &path);
    let error = refused(&format!(
        r#"{{"weight_map":{{"a":"{}"}}}}"#,
        "x".repeat(256)
    ));
    says(&error, &["a name has 256 bytes"], &path);
    // Its metadata may be anything, as before; only one number of it is looked at.
    write_safetensors(
        &dir.path().join("a.safetensors"),
        &[f32_part("a", &[1], &[1.0])],
    );
    for (metadata, remarks) in [
        ("null", 0),
        ("7", 0),
        (r#"[{"total_size":9}]"#, 0),
        (r#"{"total_size":"9","x":{"total_size":9}}"#, 0),
        (r#"{"total_size":4.0,"x":[1,-2,true,null]}"#, 0),
        (r#"{"x":[[]],"total_size":9}"#, 1),
    ] {
        let text = format!(r#"{{"metadata":{metadata},"weight_map":{{"a":"a.safetensors"}}}}"#);
        std::fs::write(&path, text).unwrap();
        let problems = Checkpoint::open(dir.path()).unwrap().problems().len();
        assert_eq!(problems, remarks, "{metadata}");
    }
}

/// Opens what lies at a path by the program, and gives its peak of memory in megabytes.
#[cfg(target_os = "linux")]
fn peak_of_inspect(path: &Path) -> (String, u64) {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .arg("inspect")
        .arg(path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kilobytes.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = child.wait_with_output().unwrap();
    (String::from_utf8(output.stderr).unwrap(), peak / 1024)
}

#[cfg(target_os = "linux")]
#[test]
fn fault_11_a_forged_header_takes_about_its_own_length_of_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let shape = "1,".repeat(20_000_000);
    let header = format!(r#"{{"a":{{"dtype":"U8","shape":[{shape}1],"data_offsets":[0,1]}}}}"#);
    std::fs::write(&path, common::raw(&header, &[0])).unwrap();
    let (error, peak) = peak_of_inspect(&path);
    assert!(error.contains("more than 64 dimensions"), "{error}");
    assert!((10..100).contains(&peak), "{peak} MB for 40");
    let index = dir.path().join("model.safetensors.index.json");
    let text = format!(
        r#"{{"metadata":[{}[]],"weight_map":{{}}}}"#,
        "[],".repeat(13_000_000)
    );
    std::fs::write(&index, text).unwrap();
    let (error, peak) = peak_of_inspect(&index);
    assert!(error.contains("names no tensor"), "{error}");
    assert!((10..130).contains(&peak), "{peak} MB for 39");
}

#[test]
fn fault_12_a_part_of_a_download_is_not_a_model() {
    let dir = tempfile::tempdir().unwrap();
    let shard = |k: usize| {
        dir.path()
            .join(format!("model-0000{k}-of-00003.safetensors"))
    };
    let write = |k: usize| {
        let name = format!("t{k}");
        write_safetensors(&shard(k), &[f32_part(&name, &[1], &[1.0])]);
    };
    let error = || Checkpoint::open(dir.path()).unwrap_err().to_string();
    write(1);
    let words = ["1 of 3 files", "finish the download"];
    says(&error(), &words, dir.path());
    let alone = Checkpoint::open(&shard(1)).unwrap_err().to_string();
    says(&alone, &["one of 3 files", "open its folder"], &shard(1));
    write(3);
    says(&error(), &["2 of 3 files"], dir.path());
    // All are there: the files leave no doubt, and it is said that no index does.
    write(2);
    let whole = Checkpoint::open(dir.path()).unwrap();
    assert_eq!(whole.tensors().len(), 3);
    assert!(whole.problems()[0].contains("there is no index"));
    let map: Vec<String> = (1..4)
        .map(|k| format!(r#""t{k}":"model-0000{k}-of-00003.safetensors""#))
        .collect();
    let index = format!(r#"{{"weight_map":{{{}}}}}"#, map.join(","));
    std::fs::write(dir.path().join("model.safetensors.index.json"), index).unwrap();
    assert_eq!(Checkpoint::open(dir.path()).unwrap().tensors().len(), 3);
    // The library does not offer it either.
    let shelf = tempfile::tempdir().unwrap();
    std::fs::create_dir(shelf.path().join("half")).unwrap();
    std::fs::copy(
        shard(1),
        shelf.path().join("half/model-00001-of-00003.safetensors"),
    )
    .unwrap();
    let found = opening::open_all(shelf.path());
    assert!(found.iter().all(|found| found.result.is_err()));
}

#[test]
fn fault_12_an_unfinished_merge_is_not_a_model() {
    let (dir, options) = merge_desk();
    let staging = dir.path().join(".out.kinfolk-merge");
    let path = dir.path().join("a/model.safetensors");
    let at_work = std::cell::OnceCell::new();
    let result = merged(RECIPE, dir.path(), &options, || {
        at_work.get_or_init(|| Checkpoint::open(&staging).unwrap_err().to_string());
        cut(&path, 100);
    });
    assert!(result.is_err());
    let words = ["an unfinished merge", "start the same merge again"];
    says(at_work.get().unwrap(), &words, &staging);
    let left = Checkpoint::open(&staging).unwrap_err().to_string();
    says(&left, &words, &staging);
    assert!(
        opening::open_all(dir.path())
            .iter()
            .all(|found| found.path != staging)
    );
}
