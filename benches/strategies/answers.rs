//! Which items each model answers rightly, found out once: the child is merged by the library,
//! opened, evaluated by the built-in evaluator, and taken away again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::evaluate::{Model, Task, evaluate_items, read_tasks};
use kinfolk::jobs::Ticket;
use kinfolk::merge::run::run;

use super::NAMES;
use super::common::merging::{options, planned};

/// Items of each dev task, and of each test task.
pub const ITEMS: [usize; 2] = [150, 200];
const TASKS: [&str; 8] = ["add", "cnt", "max", "rev", "rot", "sort", "sub", "uniq"];

/// Names a model: a founder's name, or a number that follows from both parents' keys.
pub type Key = String;

/// The key of a child, the same for either order of its parents: FNV-1a, 64 bits.
fn child(a: &Key, b: &Key) -> Key {
    let (first, second) = if a < b { (a, b) } else { (b, a) };
    let both = format!("{first}+{second}");
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", both.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
}

/// Answers by model and split, as one character an item.
pub struct Answers {
    tasks: [Vec<Task>; 2],
    known: BTreeMap<(Key, usize), Vec<bool>>,
    parents: BTreeMap<Key, [Key; 2]>,
    folder: tempfile::TempDir,
    cache: Option<PathBuf>,
}

impl Answers {
    /// With what is in the cache, if there is one.
    pub fn new(cache: Option<PathBuf>) -> Self {
        let read = |split: &str| {
            let path = |task: &&str| demo(&format!("tasks/{task}.{split}.jsonl"));
            read_tasks(&TASKS.iter().map(path).collect::<Vec<_>>()).unwrap()
        };
        let text = cache
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok());
        let line = |line: &str| {
            let mut parts = line.split('\t');
            let mut part = || parts.next().unwrap();
            let (key, split, right) = (part().to_owned(), part().parse().unwrap(), part());
            ((key, split), right.chars().map(|c| c == '1').collect())
        };
        Self {
            tasks: [read("dev"), read("test")],
            known: text
                .iter()
                .flat_map(|text| text.lines())
                .map(line)
                .collect(),
            parents: BTreeMap::new(),
            folder: tempfile::tempdir().unwrap(),
            cache,
        }
    }

    /// Tells who the parents of a child are, and gives its key.
    pub fn merged(&mut self, a: &Key, b: &Key) -> Key {
        let key = child(a, b);
        self.parents.insert(key.clone(), [a.clone(), b.clone()]);
        key
    }

    /// Which items a model answers rightly: all dev items task by task (0), or test items (1).
    pub fn of(&mut self, key: &Key, split: usize) -> Vec<bool> {
        let place = (key.clone(), split);
        if let Some(known) = self.known.get(&place) {
            return known.clone();
        }
        let ticket = Ticket::default();
        let checkpoint = Checkpoint::open(&self.files(key)).unwrap();
        let model = Model::load(&checkpoint, &ticket).unwrap();
        let outcomes = evaluate_items(&model, &self.tasks[split], &ticket).unwrap();
        let right: Vec<bool> = outcomes
            .iter()
            .flat_map(|task| task.items.iter().map(|item| item.is_right))
            .collect();
        assert_eq!(right.len(), TASKS.len() * ITEMS[split]);
        self.known.insert(place, right.clone());
        right
    }

    /// Writes the cache, and takes the children's files away; they are made again when needed.
    pub fn keep(&mut self) {
        self.folder = tempfile::tempdir().unwrap();
        let Some(path) = &self.cache else {
            return;
        };
        let mut text = String::new();
        for ((key, split), right) in &self.known {
            let right: String = right.iter().map(|&r| if r { '1' } else { '0' }).collect();
            writeln!(text, "{key}\t{split}\t{right}").unwrap();
        }
        std::fs::write(path, text).unwrap();
    }

    /// Where a model lies; a child is merged first if it does not.
    fn files(&self, key: &Key) -> PathBuf {
        let Some(parents) = self.parents.get(key) else {
            assert!(NAMES.contains(&key.as_str()));
            return demo(key);
        };
        let out = self.folder.path().join(key);
        if !out.exists() {
            let [a, b] = parents.each_ref().map(|parent| self.files(parent));
            let yaml = slerp(&a, &b);
            let plan = planned(&yaml, Path::new("/"), Some(&out));
            run(&plan, &options(&out), &Ticket::default()).unwrap();
        }
        out
    }
}

fn slerp(a: &Path, b: &Path) -> String {
    let (a, b) = (a.display(), b.display());
    format!(
        "merge_method: slerp\nbase_model: {a}\nmodels:\n  - model: {a}\n  - model: {b}\n\
         parameters:\n  t: 0.5\ndtype: float32\n"
    )
}

fn demo(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("resources/demo").join(file)
}
