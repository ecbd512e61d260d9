//! Evolutions replayed from recorded scores: the same pairs, in the same order, to the same end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kinfolk::lineage::evolution::{Ended, Next, Rules, Spent, next, summaries};
use kinfolk::lineage::strategy::{Choices, Member, Population, Round, strategy};

use crate::slerps::{Made, measured};

fn below(folder: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(file)
}

type Row = BTreeMap<String, String>;

fn rows(file: &str) -> Vec<Row> {
    let mut table = csv::Reader::from_path(below("tests/data", file)).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

/// A run that is recorded in a table.
struct Record {
    rows: Vec<Row>,
}

impl Record {
    fn find(&self, generation: u32, parents: [&str; 2]) -> Option<&Row> {
        self.rows.iter().find(|row| {
            let named = [&*row["parent_a"], &*row["parent_b"]];
            let is_pair = named == parents || named == [parents[1], parents[0]];
            is_pair && row["generation"] == generation.to_string()
        })
    }

    fn founders(&self) -> Vec<String> {
        let founders = self.rows.iter().filter(|row| row["generation"] == "0");
        founders.map(|row| row["model"].clone()).collect()
    }

    fn points(&self, model: &str) -> f64 {
        let row = self.rows.iter().find(|row| row["model"] == model).unwrap();
        row["dev_avg"].parse::<f64>().unwrap() * 100.0
    }
}

/// Runs a strategy with the recorded scores in place of an evaluator. Every child must be in
/// the record, under the number it gets here.
fn replay(file: &str, name: &str, generations: u32) -> (Ended, usize) {
    let record = Record {
        rows: rows(&format!("demo-evolution/{file}")),
    };
    let mut names = record.founders();
    let founders = measured(&names);
    let mut made = Made::new(&founders);
    let mut members = vec![Member::default(); names.len()];
    let rules = Rules {
        generations: Some(generations),
        ..Rules::default()
    };
    loop {
        let kinship = |a: usize, b: usize| Some(made.kinship(a, b));
        let population = Population {
            members: &members,
            kinship: &kinship,
            base: &[],
            measures: &[],
        };
        let strategy = strategy(name).unwrap();
        match next(
            &population,
            strategy,
            &Choices::default(),
            &rules,
            &Spent::default(),
        ) {
            Next::Score(who) => {
                for k in who {
                    members[k].score = Some(record.points(&names[k]));
                }
            }
            Next::Merge {
                generation,
                number,
                pairing,
            } => {
                let [a, b] = pairing.parents;
                let row = record.find(generation, [&names[a], &names[b]]);
                let row = row.unwrap_or_else(|| panic!("{generation}: {} {}", names[a], names[b]));
                assert_eq!(row["model"], format!("g{generation}m{number}"));
                assert_eq!(row["kind"] == "explore", pairing.explores, "{row:?}");
                let recorded: f64 = row["pcc"].parse().unwrap();
                assert!((made.kinship(a, b) - recorded).abs() < 1e-8, "{row:?}");
                names.push(row["model"].clone());
                members.push(Member {
                    generation,
                    parents: vec![a, b],
                    ..Member::default()
                });
                made.merge(a, b);
            }
            Next::End(why) => {
                check_selections(&record, &population, &names);
                assert_eq!(names.len(), record.rows.len(), "the record has more merges");
                return (why, names.len() - founders.models);
            }
        }
    }
}

fn check_selections(record: &Record, population: &Population<'_>, names: &[String]) {
    for summary in summaries(population, 3) {
        let mut found: Vec<&str> = summary.selection.iter().map(|&k| &*names[k]).collect();
        let number = summary.number.to_string();
        let row = record
            .rows
            .iter()
            .find(|row| row["generation"] == number)
            .unwrap();
        let mut recorded: Vec<&str> = row["top_k_after"].split(' ').collect();
        found.sort_unstable();
        recorded.sort_unstable();
        assert_eq!(found, recorded, "generation {number}");
        let made = record
            .rows
            .iter()
            .filter(|row| row["generation"] == number)
            .count();
        let merges = if number == "0" { 0 } else { made };
        assert_eq!(summary.merges as usize, merges);
        assert!(summary.kinship.unwrap() <= 1.0);
    }
}

#[test]
fn greedy_on_the_demo_family_makes_the_recorded_children() {
    let found = replay("evolution-greedy.csv", "greedy", 8);
    assert_eq!(found, (Ended::NothingLeft, 21));
}

#[test]
fn kinship_on_the_demo_family_makes_the_recorded_children() {
    let found = replay("evolution-kinship.csv", "kinship", 8);
    assert_eq!(found, (Ended::Stagnated, 29));
}

#[test]
fn greedy_from_five_founders_makes_the_recorded_children() {
    let found = replay("evolution-greedy-start5.csv", "greedy", 6);
    assert_eq!(found, (Ended::Generations, 18));
}

#[test]
fn kinship_from_five_founders_makes_the_recorded_children() {
    let found = replay("evolution-kinship-start5.csv", "kinship", 6);
    assert_eq!(found, (Ended::Generations, 23));
}

/// The paper's main experiment, one of its runs.
struct Paper {
    rows: Vec<Row>,
}

impl Paper {
    fn new(run: &str) -> Self {
        let mut rows = rows("paper/main_experiment.csv");
        rows.retain(|row| row["run"] == run || row["run"] == "both");
        Self { rows }
    }

    fn members(&self, before: u32) -> Vec<Member> {
        let place = |name: &str| self.rows.iter().position(|row| row["model"] == name);
        let member = |row: &Row| Member {
            score: Some(row["avg"].parse().unwrap()),
            generation: row["generation"].parse().unwrap(),
            parents: [&row["parent_1"], &row["parent_2"]]
                .iter()
                .filter_map(|name| place(name))
                .collect(),
            ..Member::default()
        };
        let all = self.rows.iter().map(member);
        all.filter(|m| m.generation < before).collect()
    }

    /// The pairs of the best, as a strategy names them for a generation; none that explores.
    fn named(&self, strategy_name: &str, generation: u32) -> Vec<[String; 2]> {
        let members = self.members(generation);
        let population = Population {
            members: &members,
            kinship: &|_, _| None,
            base: &[],
            measures: &[],
        };
        let choices = Choices {
            all_founders_first: true,
            ..Choices::default()
        };
        let strategy = strategy(strategy_name).unwrap();
        let pairs = strategy.pairings(&Round {
            population,
            generation,
            choices: &choices,
        });
        let name = |k: usize| self.rows[k]["model"].clone();
        sorted(pairs.iter().map(|pair| pair.parents.map(name)))
    }

    fn recorded(&self, generation: u32) -> Vec<[String; 2]> {
        let number = generation.to_string();
        let made = self.rows.iter().filter(|row| row["generation"] == number);
        let pairs = made.filter(|row| row["kind"] == "pair");
        sorted(pairs.map(|row| [row["parent_1"].clone(), row["parent_2"].clone()]))
    }
}

fn sorted(pairs: impl Iterator<Item = [String; 2]>) -> Vec<[String; 2]> {
    let mut out: Vec<[String; 2]> = pairs.collect();
    out.iter_mut().for_each(|pair| pair.sort_unstable());
    out.sort_unstable();
    out
}

#[test]
fn greedy_names_every_pair_of_the_papers_run() {
    let paper = Paper::new("greedy");
    for generation in 1..=4 {
        let recorded = paper.recorded(generation);
        assert_eq!(recorded.len(), if generation == 3 { 2 } else { 3 });
        assert_eq!(paper.named("greedy", generation), recorded, "{generation}");
    }
}

#[test]
fn the_papers_greedy_run_was_not_at_its_end() {
    let paper = Paper::new("greedy");
    let members = paper.members(5);
    let population = Population {
        members: &members,
        kinship: &|_, _| None,
        base: &[],
        measures: &[],
    };
    let rules = Rules {
        patience_generations: Some(1),
        ..Rules::default()
    };
    let greedy = strategy("greedy").unwrap();
    let next = next(
        &population,
        greedy,
        &Choices::default(),
        &rules,
        &Spent::default(),
    );
    assert!(
        matches!(next, Next::Merge { generation: 5, .. }),
        "{next:?}"
    );
}

#[test]
fn kinship_names_the_papers_pairs_but_for_4_6() {
    let paper = Paper::new("kinship");
    for generation in [1, 2, 3, 5] {
        let recorded = paper.recorded(generation);
        assert_eq!(paper.named("kinship", generation), recorded, "{generation}");
    }
    let pair = |a: &str, b: &str| [format!("model-{a}"), format!("model-{b}")];
    let (named, recorded) = (paper.named("kinship", 4), paper.recorded(4));
    assert_eq!(
        named,
        [pair("2-1", "3-3"), pair("2-1", "3-4"), pair("3-3", "3-4")]
    );
    assert_eq!(
        recorded,
        [pair("2-1", "3-3"), pair("2-1", "3-4"), pair("3-1", "3-3")]
    );
}

/// The one partner that the paper's table names for certain: model-2-exp is of model-1-3 and
/// Instruct, which is of the generation before the last.
#[test]
fn the_pool_that_the_papers_run_used_is_the_generation_before_the_last() {
    use kinfolk::lineage::strategy::PartnerPool;
    let paper = Paper::new("kinship");
    let members = paper.members(2);
    let place = |name: &str| {
        paper
            .rows
            .iter()
            .position(|row| row["model"] == name)
            .unwrap()
    };
    let (best, instruct) = (place("model-1-3"), place("Instruct"));
    // The kinship of the pair as its child's row has it; of others it is not recorded.
    let pair = |a: usize, b: usize| [a, b] == [best, instruct] || [b, a] == [best, instruct];
    let known = |a: usize, b: usize| pair(a, b).then_some(-0.02);
    let population = Population {
        members: &members,
        kinship: &known,
        base: &[],
        measures: &[],
    };
    let explorer = |pool| {
        let choices = Choices {
            pool,
            ..Choices::default()
        };
        let pairs = strategy("kinship").unwrap().pairings(&Round {
            population,
            generation: 2,
            choices: &choices,
        });
        pairs.into_iter().find(|pair| pair.explores)
    };
    let found = explorer(PartnerPool::GenerationBefore).unwrap();
    assert_eq!(found.parents, [best, instruct]);
    assert!(found.reason.ends_with("kinship −0.02"), "{}", found.reason);
    assert_eq!(explorer(PartnerPool::LastGeneration), None);
    assert_eq!(explorer(PartnerPool::Selection), None);
}
