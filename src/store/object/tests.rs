//! Pages of a file that is in memory, with the requests written down.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::super::ranges::Done;
use super::*;

/// Bytes that tell their place, and what was asked for.
#[derive(Debug, Default)]
struct Memory {
    len: u64,
    asked: Mutex<Vec<Range<u64>>>,
    fails: AtomicBool,
}

fn byte(at: u64) -> u8 {
    (at % 251) as u8
}

impl Ranges for Memory {
    fn start(&self, range: Range<u64>, done: Done) {
        assert!(
            range.start < range.end && range.end <= self.len,
            "{range:?}"
        );
        self.asked.lock().unwrap().push(range.clone());
        let result = match self.fails.load(Ordering::Relaxed) {
            true => Err(Trouble::Answer("500".to_owned())),
            false => Ok(range.map(byte).collect()),
        };
        // On another thread, as from a network.
        std::thread::spawn(move || done(result));
    }
}

fn file(pages: u64, budget: u64) -> (Arc<Memory>, Arc<Object>) {
    let memory = Arc::new(Memory {
        len: pages * PAGE - 100,
        ..Memory::default()
    });
    let version = Version {
        len: memory.len,
        ..Version::default()
    };
    let pool = Arc::new(Pool::new(budget * PAGE));
    let ranges: Arc<dyn Ranges> = Arc::clone(&memory) as Arc<dyn Ranges>;
    let object = Object::new("s3://b/m".to_owned(), version, Vec::new(), ranges, pool);
    (memory, Arc::new(object))
}

fn check(object: &Object, at: u64, len: usize) {
    let mut out = vec![7; len];
    object.read(at, &mut out);
    for (k, found) in out.into_iter().enumerate() {
        assert_eq!(found, byte(at + k as u64), "{at} + {k}");
    }
}

fn bytes(memory: &Memory) -> u64 {
    let asked = memory.asked.lock().unwrap();
    asked.iter().map(|range| range.end - range.start).sum()
}

#[test]
fn whoever_reads_on_gets_each_byte_once_in_few_requests() {
    let (memory, object) = file(200, 64);
    for at in (0..memory.len - 10_000).step_by(10_000) {
        check(&object, at, 10_000);
    }
    assert!(bytes(&memory) <= memory.len, "{}", bytes(&memory));
    let requests = memory.asked.lock().unwrap().len();
    assert!(requests < 40, "{requests}");
}

#[test]
fn a_glance_costs_a_page() {
    let (memory, object) = file(200, 64);
    for page in [3, 77, 150, 20] {
        check(&object, page * PAGE + 5, 1000);
    }
    assert_eq!(bytes(&memory), 4 * PAGE);
    check(&object, 77 * PAGE, 10);
    // Whoever comes back may read on, so that more is asked for, but not the same again.
    let asked = memory.asked.lock().unwrap();
    let of_page = asked.iter().filter(|range| range.contains(&(77 * PAGE)));
    assert_eq!(of_page.count(), 1, "it is still here");
}

#[test]
fn what_is_said_to_be_read_soon_is_asked_for_in_whole_runs() {
    let (memory, object) = file(200, 64);
    object.advise_soon(10 * PAGE + 17..14 * PAGE);
    let asked = memory.asked.lock().unwrap().clone();
    assert!(matches!(&asked[..], [only] if *only == (10 * PAGE..14 * PAGE)));
    check(&object, 11 * PAGE, 100);
    assert_eq!(memory.asked.lock().unwrap().len(), 1);
}

#[test]
fn many_threads_in_little_memory_read_what_is_there() {
    let (memory, object) = file(60, 4);
    std::thread::scope(|scope| {
        for k in 0..6u64 {
            let (object, memory) = (&object, &memory);
            scope.spawn(move || {
                let mut at = k * 9 * PAGE;
                while at + 3000 < (k * 9 + 12) * PAGE && at + 3000 < memory.len {
                    check(object, at, 3000);
                    at += 2999;
                }
            });
        }
    });
    assert!(object.lost().is_none());
}

#[test]
fn what_does_not_come_is_zeros_and_told() {
    let (memory, object) = file(20, 8);
    check(&object, 0, 100);
    memory.fails.store(true, Ordering::Relaxed);
    let before = losses();
    let mut out = [7u8; 100];
    object.read(9 * PAGE, &mut out);
    assert_eq!(out, [0; 100]);
    let loss = object.lost().unwrap();
    assert_eq!(loss.at, 9 * PAGE);
    assert_eq!(loss.trouble, Trouble::Answer("500".to_owned()));
    assert!(losses() > before);
}
