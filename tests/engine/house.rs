//! The source files of the program and which of them names which, read from their text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module by the names from the crate's root on.
type Module = Vec<String>;

/// Every source file below `src`, by its path from there, with comments taken out.
pub struct House {
    pub files: BTreeMap<String, String>,
    modules: BTreeMap<Module, String>,
}

impl House {
    pub fn new() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut paths = Vec::new();
        sources(&src, &mut paths);
        let name = |path: &Path| {
            let path = path.strip_prefix(&src).unwrap().to_string_lossy();
            path.replace('\\', "/")
        };
        let files: BTreeMap<String, String> = paths
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).unwrap();
                (name(path), without_comments(&text))
            })
            .collect();
        // The program's other crate is `main.rs` alone.
        let in_library = files.keys().filter(|name| *name != "main.rs");
        let modules = in_library.map(|name| (module(name), name.clone()));
        Self {
            modules: modules.collect(),
            files,
        }
    }

    /// Every file with every module or item of the crate that it names, from the root on.
    pub fn imports(&self) -> Vec<(&str, Module)> {
        self.imports_of(|code| code)
    }

    fn imports_of(&self, part: impl Fn(&str) -> &str) -> Vec<(&str, Module)> {
        let mut out = Vec::new();
        for (module, file) in &self.modules {
            let named = paths(part(&self.files[file])).into_iter();
            let resolved = named.filter_map(|path| self.resolved(module, &path));
            out.extend(resolved.map(|path| (file.as_str(), path)));
        }
        out
    }

    /// A path as one from the root on, if it is one of this crate.
    fn resolved(&self, from: &[String], path: &[String]) -> Option<Module> {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let (base, rest) = match path[0].as_str() {
            "crate" => (&from[..0], &path[1..]),
            "self" => (from, &path[1..]),
            "super" => (&from[..from.len().checked_sub(ups)?], &path[ups..]),
            child => {
                let child = [from, &[child.to_owned()]].concat();
                self.modules.get(&child)?;
                (from, path)
            }
        };
        Some([base, rest].concat())
    }

    /// The file that holds what a resolved path names.
    pub fn file(&self, path: &[String]) -> &str {
        let held = (0..=path.len()).rev();
        held.filter_map(|len| self.modules.get(&path[..len]))
            .next()
            .unwrap()
    }

    /// Sets of files of which each names each, by way of others too. What lies in a folder may
    /// name the folder's own face.
    pub fn circles(&self) -> Vec<BTreeSet<&str>> {
        let mut named: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (file, path) in self.imports_of(without_tests) {
            let to = self.file(&path);
            if !module(file).starts_with(&module(to)) {
                named.entry(file).or_default().insert(to);
            }
        }
        let reached = |from| {
            let (mut seen, mut open): (BTreeSet<&str>, _) = (BTreeSet::new(), vec![from]);
            while let Some(file) = open.pop() {
                let next = named.get(file).into_iter().flatten();
                open.extend(next.filter(|to| seen.insert(**to)));
            }
            seen
        };
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            named.keys().map(|file| (*file, reached(*file))).collect();
        let mut out: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
        for (file, to) in reached.iter().filter(|(file, to)| to.contains(*file)) {
            let back = |other: &&&str| reached.get(**other).is_some_and(|r| r.contains(file));
            out.insert(to.iter().filter(back).copied().collect());
        }
        out.into_iter().collect()
    }
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn without_comments(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The tests of a file stand at its end.
fn without_tests(code: &str) -> &str {
    code.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

fn module(file: &str) -> Module {
    let path = file.strip_suffix(".rs").unwrap();
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let parts = path.split('/').filter(|part| *part != "lib");
    parts.map(str::to_owned).collect()
}

/// All paths that a file writes out: of `use`, with whatever is grouped there; in its code, where
/// they begin with `crate`, `self` or `super`; and the modules that it declares.
fn paths(code: &str) -> Vec<Module> {
    let (mut out, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        let item = line.trim_start();
        let item = item.strip_prefix("pub").map_or(item, |item| {
            let scope = item.split_once(") ").map_or(item, |(_, item)| item);
            if item.starts_with('(') { scope } else { item }.trim_start()
        });
        if let Some(tree) = item.strip_prefix("use ") {
            let mut tree = tree.to_owned();
            while !tree.contains(';') {
                tree.push_str(lines.next().unwrap());
            }
            expand(&[], tree.split(';').next().unwrap(), &mut out);
        } else if let Some(child) = item.strip_prefix("mod ").and_then(|m| m.strip_suffix(';')) {
            out.push(vec!["self".to_owned(), child.to_owned()]);
        } else {
            rest.push_str(line);
            rest.push('\n');
        }
    }
    let words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    for word in words.filter(|word| word.contains("::")) {
        let path: Module = word.split("::").map(str::to_owned).collect();
        if ["crate", "self", "super"].contains(&path[0].as_str()) {
            out.push(path);
        }
    }
    out
}

/// The paths of a tree of `use`.
fn expand(before: &[String], tree: &str, out: &mut Vec<Module>) {
    let (head, group) = match tree.split_once('{') {
        Some((head, group)) => (head, group.rsplit_once('}').map(|(group, _)| group)),
        None => (tree.split(" as ").next().unwrap(), None),
    };
    let parts = head.split("::").map(str::trim).filter(|p| !p.is_empty());
    let path: Module = before
        .iter()
        .cloned()
        .chain(parts.map(str::to_owned))
        .collect();
    let Some(group) = group else {
        out.extend((!path.is_empty()).then_some(path));
        return;
    };
    let mut depth = 0;
    let branches = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    for branch in branches.filter(|branch| !branch.trim().is_empty()) {
        expand(&path, branch, out);
    }
}
