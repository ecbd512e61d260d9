//! Every call of `kinfolk` in the README and in the guide does what it says there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kinfolk::guide::TOPICS;

/// The fenced blocks of a page: what they are written in, and their text.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let fenced = text.split("\n```").skip(1).step_by(2);
    fenced.filter_map(|block| block.split_once('\n')).collect()
}

fn kinfolk(home: &Path, args: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_kinfolk"))
        .args(args)
        .current_dir(home)
        .env("KINFOLK_HOME", home.join("home"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs a page's calls in one empty folder; a YAML block that begins with `# name` is written
/// there first. Calls of other programs are for the reader.
fn run(page: &str, text: &str) -> usize {
    let home = tempfile::tempdir().unwrap();
    let mut calls = 0;
    for (language, block) in blocks(text) {
        let name = block
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "));
        if let ("yaml", Some(name)) = (language, name) {
            std::fs::write(home.path().join(name), block).unwrap();
        }
        let lines = block
            .lines()
            .filter_map(|line| line.strip_prefix("kinfolk "));
        for line in lines.filter(|_| language == "sh") {
            let args: Vec<&str> = line.split_whitespace().collect();
            let output = kinfolk(home.path(), &args);
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{page}: kinfolk {line}\n{told}");
            calls += 1;
        }
    }
    calls
}

#[test]
fn every_call_in_readme_and_guide_works() {
    let readme = include_str!("../../README.md");
    assert_eq!(run("README", readme), 12);
    let calls = TOPICS.iter().map(|topic| run(topic.key, topic.text));
    assert!(calls.sum::<usize>() >= 13);
}

#[test]
fn every_page_of_the_guide_is_listed_in_the_readme_and_has_a_title() {
    let readme = include_str!("../../README.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("resources/guide");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), TOPICS.len());
    for topic in TOPICS {
        assert!(topic.text.starts_with("# "), "{}", topic.key);
        let link = format!("[{0}](resources/guide/{0}.md)", topic.key);
        assert!(readme.contains(&link), "{link}");
    }
}

#[test]
fn help_shows_topics_commands_and_what_there_is() {
    let home = tempfile::tempdir().unwrap();
    let shown = |args: &[&str]| {
        let output = kinfolk(home.path(), args);
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), text)
    };
    let (code, text) = shown(&["help"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("Usage: kinfolk") && text.contains("  limits        Known gaps"));
    assert!(shown(&["help", "tokens"]).1.starts_with("# Tokens\n\n"));
    assert!(shown(&["help"]).1.contains("\nCommands:\n"));
    assert!(shown(&["help", "merge"]).1.contains("kinfolk merge --help"));
    assert!(shown(&["help", "diff"]).1.contains("\nUsage: kinfolk diff"));
    let nothing = kinfolk(home.path(), &["help", "nothing"]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        String::from_utf8(nothing.stderr)
            .unwrap()
            .contains("has no topic `nothing`")
    );
}

#[test]
fn packages_find_a_man_page_of_every_command_and_completions() {
    let home = tempfile::tempdir().unwrap();
    assert!(kinfolk(home.path(), &["man", "man"]).status.success());
    for name in ["kinfolk", "kinfolk-merge", "kinfolk-report"] {
        let page = std::fs::read_to_string(home.path().join(format!("man/{name}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{name}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let output = kinfolk(home.path(), &["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        let lines = script.lines().filter(|line| line.contains("kinship"));
        assert!(lines.count() > 1, "{shell}");
        assert!(script.lines().count() > 100, "{shell}");
    }
}
