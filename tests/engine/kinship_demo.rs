//! Kinship of the demo family against the numbers that it came with.

// Helpers unwrap as tests do.
use std::path::{Path, PathBuf};

use kinfolk::checkpoint::Checkpoint;
use kinfolk::jobs::Ticket;
use kinfolk::kinship::{Aggregate, Kinship, Measure, Metric, Precision, cluster, measure};

fn demo(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("resources/demo")
        .join(file)
}

const MODELS: [&str; 7] = [
    "abacus", "arith", "ledger", "mirror", "order", "sorter", "tally",
];

fn measured() -> Kinship {
    let base = Checkpoint::open(&demo("base")).unwrap();
    let models = MODELS.map(|m| Checkpoint::open(&demo(m)).unwrap());
    let (all, ticket) = (models.each_ref(), Ticket::default());
    measure(&base, &all, Precision::Full, None, &ticket, &|_, _| {}).unwrap()
}

#[test]
fn another_aggregate_does_not_flip_the_leaves_of_the_tree() {
    let found = measured();
    let order = |aggregate| {
        let measure = Measure {
            aggregate,
            ..Measure::default()
        };
        cluster(&found.matrix(measure), measure.metric).order
    };
    let (whole, mean) = (order(Aggregate::Whole), order(Aggregate::MeanOverTensors));
    assert_eq!(whole, mean);
}

#[test]
fn kinship_of_the_demo_family_is_as_it_was_shipped() {
    let base = Checkpoint::open(&demo("base")).unwrap();
    let models = MODELS.map(|m| Checkpoint::open(&demo(m)).unwrap());
    assert_eq!(base.problems(), [""; 0]);
    let (all, ticket) = (models.each_ref(), Ticket::default());
    let found = measure(&base, &all, Precision::Full, None, &ticket, &|_, _| {}).unwrap();
    assert_eq!(found.parameters(), 739_200);
    assert_eq!(found.left_out, []);
    let value = |metric, a: &str, b: &str| {
        let index = |name| MODELS.iter().position(|m| *m == name).unwrap();
        let measure = Measure {
            metric,
            ..Measure::default()
        };
        found.matrix(measure).get(index(a), index(b)).unwrap()
    };
    let mut pairs = 0;
    for row in csv::Reader::from_path(demo("kinship.csv"))
        .unwrap()
        .records()
    {
        let row = row.unwrap();
        let number = |k: usize| row[k].parse::<f64>().unwrap();
        let value = |metric| value(metric, &row[0], &row[1]);
        assert!((value(Metric::PEARSON) - number(2)).abs() < 1e-9, "{row:?}");
        assert!((value(Metric::COSINE) - number(3)).abs() < 1e-9, "{row:?}");
        let relative = value(Metric::EUCLIDEAN) / number(4) - 1.0;
        assert!(relative.abs() < 1e-9, "{row:?} {relative:e}");
        pairs += 1;
    }
    assert_eq!(pairs, 21);
}
