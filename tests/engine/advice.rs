//! Advice on what to merge next, on merges of three families and on the public study of 190 pairs
//! of vision models.

use std::collections::BTreeMap;
use std::path::Path;

use kinfolk::advice::fit::Ridge;
use kinfolk::advice::{Advice, How};
use kinfolk::lineage::strategy::{Member, Population};
use kinfolk::numeric::random::Stream;
use kinfolk::stats::{Sample, pearson, spearman};

fn reader(path: &str) -> csv::Reader<std::fs::File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path);
    csv::Reader::from_path(path).unwrap()
}

/// A family with all its merges, the base apart.
struct Family {
    members: Vec<Member>,
    base: Vec<Option<f64>>,
    kinship: Vec<Vec<f64>>,
}

const ITEMS: f64 = 150.0;

impl Family {
    fn new(name: &str) -> Self {
        let rows: Vec<csv::StringRecord> = reader(&format!("advice/{name}.csv"))
            .records()
            .map(Result::unwrap)
            .collect();
        let tasks = |row: &csv::StringRecord| -> Vec<Option<f64>> {
            let right = row.iter().skip(3).map(|cell| cell.parse::<f64>().unwrap());
            right.map(|right| Some(right / ITEMS * 100.0)).collect()
        };
        let names: Vec<&str> = rows[1..].iter().map(|row| &row[0]).collect();
        let member = |row: &csv::StringRecord| {
            let at = |name: &str| names.iter().position(|other| *other == name);
            let tasks = tasks(row);
            Member {
                score: Some(tasks.iter().flatten().sum::<f64>() / tasks.len() as f64),
                tasks,
                parents: [&row[1], &row[2]].into_iter().filter_map(at).collect(),
                ..Member::default()
            }
        };
        let kinship = reader(&format!("advice/{name}-kinship.csv"))
            .into_records()
            .map(|row| {
                row.unwrap()
                    .iter()
                    .map(|cell| cell.parse().unwrap())
                    .collect()
            });
        Self {
            members: rows[1..].iter().map(member).collect(),
            base: tasks(&rows[0]),
            kinship: kinship.collect(),
        }
    }

    fn merges(&self) -> Vec<usize> {
        let all = 0..self.members.len();
        all.filter(|&k| self.members[k].parents.len() == 2)
            .collect()
    }

    /// The advice where only these merges are known as such; the other models are there, with
    /// their scores.
    fn advice(&self, known: &[usize]) -> Advice {
        let mut members = self.members.clone();
        for (k, member) in members.iter_mut().enumerate() {
            if !known.contains(&k) {
                member.parents.clear();
            }
        }
        let population = Population {
            members: &members,
            kinship: &|a, b| Some(self.kinship[a][b]),
            base: &self.base,
            measures: &[],
        };
        population.advice()
    }
}

/// `n` of some, drawn by a seed.
fn drawn(from: &[usize], n: usize, seed: u64) -> Vec<usize> {
    let random = Stream::new(seed, "known merges", 0);
    let mut keyed: Vec<(u64, usize)> = from.iter().map(|&k| (random.at(k as u64), k)).collect();
    keyed.sort_unstable();
    keyed.into_iter().take(n).map(|(_, k)| k).collect()
}

/// Rank correlation of predicted and real children and gains of merges that were not known, and
/// the share of them that lies in the intervals; means over draws of the known ones.
fn judged(family: &Family, n: usize, draws: u64) -> [f64; 3] {
    let merges = family.merges();
    let mut sums = [0.0; 3];
    for seed in 0..draws {
        let known = drawn(&merges, n, seed);
        let advice = family.advice(&known);
        let (mut children, mut gains) = (Sample::default(), Sample::default());
        let mut inside = 0;
        for &k in merges.iter().filter(|k| !known.contains(k)) {
            let [a, b] = family.members[k].parents[..] else {
                panic!()
            };
            let Some(advised) = advice.of(a, b) else {
                panic!()
            };
            let score = family.members[k].score.unwrap();
            let [low, high] = advised.interval;
            inside += usize::from((low..=high).contains(&score));
            children.x.push(advised.expected);
            children.y.push(score);
            gains.x.push(advised.gain);
            gains.y.push(score - (advised.expected - advised.gain));
        }
        let rank = |sample: &Sample| spearman(sample).map_or(0.0, |c| c.r);
        sums[0] += rank(&children);
        sums[1] += rank(&gains);
        sums[2] += inside as f64 / gains.n() as f64;
    }
    sums.map(|sum| sum / draws as f64)
}

const FAMILIES: [&str; 3] = ["demo", "second", "third"];

#[test]
fn twelve_known_merges_rank_the_unmade_ones_of_three_families() {
    let found = FAMILIES.map(|name| judged(&Family::new(name), 12, 6));
    println!("children, gains, covered: {found:.2?}");
    assert!(
        found.iter().all(|[children, ..]| *children >= 0.6),
        "{found:?}"
    );
    assert!(found.iter().all(|[_, gains, _]| *gains >= 0.3), "{found:?}");
    let mean = found.iter().map(|[_, gains, _]| gains).sum::<f64>() / 3.0;
    assert!(mean >= 0.6, "{found:?}");
}

#[test]
fn intervals_of_ninety_percent_hold_about_ninety_of_a_hundred() {
    let mut all = Vec::new();
    for n in [0, 3, 6, 10, 24] {
        all.extend(FAMILIES.map(|name| (name, n, judged(&Family::new(name), n, 6)[2])));
    }
    println!("{all:.2?}");
    let enough: Vec<f64> = all
        .iter()
        // With fewer, intervals are wider than they say.
        .filter(|(_, n, _)| *n >= 10)
        .map(|one| one.2)
        .collect();
    let mean = enough.iter().sum::<f64>() / enough.len() as f64;
    assert!((0.85..=0.95).contains(&mean), "{all:?}");
    // Few merges give wide intervals, never narrow ones.
    assert!(all.iter().all(|(.., covered)| *covered >= 0.8), "{all:?}");
}

/// Merges by another way, of pairs that the usual one has merged or of others, this much better
/// than those by the usual one.
fn two_ways(points: f64, n: usize, is_paired: bool) -> Advice {
    let family = Family::new("demo");
    let mut members = family.members.clone();
    for &k in &family.merges()[..n] {
        let score = members[k].score.unwrap() + points + 0.1 * (k % 3) as f64;
        let other = Member {
            score: Some(score),
            way: 1,
            ..members[k].clone()
        };
        match is_paired {
            true => members.push(other),
            false => members[k] = other,
        }
    }
    let population = Population {
        members: &members,
        kinship: &|_, _| None,
        base: &family.base,
        measures: &[],
    };
    population.advice()
}

#[test]
fn the_same_two_merged_by_both_ways_tell_which_gains_more() {
    let better = two_ways(2.0, 6, true);
    let [way] = better.ways[..] else { panic!() };
    assert!(
        way.is_paired && way.is_better() && !way.is_open(),
        "{way:?}"
    );
    assert!((way.difference - 2.1).abs() < 0.1, "{way:?}");
    assert!(better.pairs.iter().all(|pair| pair.way == 1));
    let worse = two_ways(-2.0, 6, true);
    assert!(worse.ways[0].is_worse());
    assert!(worse.pairs.iter().all(|pair| pair.way == 0));
    let pair = better.pairs[0].pair;
    let of = |advice: &Advice| advice.of(pair[0], pair[1]).unwrap().expected;
    assert!(of(&better) > of(&worse) + 0.5, "the better way is expected");
}

#[test]
fn other_pairs_tell_which_way_gains_more_only_if_there_are_enough() {
    let few = two_ways(3.0, 3, false);
    assert!(!few.ways[0].is_better() && few.pairs.iter().all(|pair| pair.way == 0));
    let enough = two_ways(3.0, 8, false);
    assert!(
        !enough.ways[0].is_paired && enough.ways[0].is_better(),
        "{:?}",
        enough.ways
    );
}

#[test]
fn the_same_record_gives_the_same_advice() {
    let family = Family::new("second");
    let known = drawn(&family.merges(), 15, 3);
    assert_eq!(family.advice(&known), family.advice(&known));
}

#[test]
fn predictors_are_compared_both_ways_with_n() {
    let family = Family::new("demo");
    let advice = family.advice(&family.merges());
    for how in How::ALL {
        let of = advice.predictors.iter().filter(|one| one.how == how);
        let keys: Vec<&str> = of.map(|one| &*one.key).collect();
        let all = [
            "scores+base",
            "scores",
            "mean_score",
            "base",
            "pearson",
            "scores+pearson",
        ];
        assert_eq!(keys, all);
    }
    let n = family.merges().len();
    assert_eq!(advice.n, n);
    for one in &advice.predictors {
        let twice = usize::from(one.how == How::LeaveOneModelOut) + 1;
        assert_eq!(one.n, n * twice);
        assert!(one.spearman.is_some_and(|r| (-1.0..=1.0).contains(&r)));
    }
    assert!(advice.used().is_some() && advice.kinship_sentence().is_some());
    assert_eq!(advice.held_out.len(), n);
}

#[test]
fn a_record_without_a_pattern_predicts_nothing() {
    let mut family = Family::new("demo");
    let random = Stream::new(4, "noise", 0);
    let merges = family.merges();
    for &k in &merges {
        let [a, b] = family.members[k].parents[..] else {
            panic!()
        };
        let mean =
            |of: &Family| f64::midpoint(of.members[a].score.unwrap(), of.members[b].score.unwrap());
        family.members[k].score = Some(mean(&family) + 2.0 * random.normal(k as u64));
    }
    // Only merges of founders, as noise in a parent would be in its children's gain.
    let known: Vec<usize> = merges.into_iter().take(21).collect();
    let advice = family.advice(&known);
    assert_eq!(advice.used, None);
    assert_eq!(advice.sentence(), "Nothing predicts gain here yet (n = 21)");
}

/// The study of vision models: rows of features, NaN where a cell is empty.
struct Vision {
    tasks: Vec<[String; 2]>,
    rows: Vec<Vec<f64>>,
    results: BTreeMap<String, Vec<f64>>,
}

impl Vision {
    fn new() -> Self {
        let expert = |row: csv::StringRecord| {
            let number = |k: usize| row[k].parse::<f64>().unwrap();
            (row[0].to_owned(), (number(1), number(2)))
        };
        let experts = reader("vit-study/experts.csv").into_records();
        let experts: BTreeMap<String, (f64, f64)> = experts.map(|r| expert(r.unwrap())).collect();
        let mut table = reader("vit-study/pairs.csv");
        let header = table.headers().unwrap().clone();
        let mut out = Self {
            tasks: Vec::new(),
            rows: Vec::new(),
            results: BTreeMap::new(),
        };
        for row in table.records().map(Result::unwrap) {
            let pair = [row[0].to_owned(), row[1].to_owned()];
            let [(e, b), (f, c)] = [experts[&pair[0]], experts[&pair[1]]];
            let (p, q) = (b / e, c / f);
            let mut features = vec![
                p.min(q),
                p.max(q),
                p * q,
                b.min(c),
                f64::midpoint(b, c),
                e.min(f),
                f64::midpoint(e, f),
            ];
            for (name, cell) in header.iter().zip(&row).skip(2) {
                let value = cell.parse().unwrap_or(f64::NAN);
                match name.starts_with("perf_") {
                    true => out.results.entry(name.to_owned()).or_default().push(value),
                    false => features.push(value),
                }
            }
            out.tasks.push(pair);
            out.rows.push(features);
        }
        out
    }

    /// Pooled Pearson correlation of predicted and real results, each pair predicted by a fit to
    /// pairs without its left-out task.
    fn pooled(&self, result: &str, penalty: f64) -> f64 {
        let real = &self.results[result];
        let mut names: Vec<&String> = self.tasks.iter().flatten().collect();
        names.sort();
        names.dedup();
        let columns: Vec<usize> = (0..self.rows[0].len()).collect();
        let mut sample = Sample::default();
        for name in names {
            let known = (0..real.len()).filter(|&k| real[k].is_finite());
            let (out, rest): (Vec<usize>, Vec<usize>) =
                known.partition(|&k| self.tasks[k].contains(name));
            let rows: Vec<&[f64]> = rest.iter().map(|&k| &self.rows[k][..]).collect();
            let y: Vec<f64> = rest.iter().map(|&k| real[k]).collect();
            let fit = Ridge::fit(&rows, &columns, &y, penalty);
            for k in out {
                sample.x.push(fit.at(&self.rows[k]));
                sample.y.push(real[k]);
            }
        }
        pearson(&sample).unwrap().r
    }
}

/// What the base knows, with measures of weights and activations, by the regression that advice
/// uses: better than the published predictor (0.34, 0.02, 0.39, −0.09).
#[test]
fn merges_of_vision_models_are_predicted_better_than_published() {
    let vision = Vision::new();
    assert_eq!(vision.rows.len(), 190);
    let found = [
        ("perf_weight_avg", 0.37),
        ("perf_arithmetic", 0.34),
        ("perf_tsv", 0.39),
        ("perf_isotropic", 0.44),
    ]
    .map(|(result, least)| (result, vision.pooled(result, 1.0), least));
    println!("{found:.3?}");
    assert!(found.iter().all(|(_, r, least)| r >= least), "{found:?}");
}
