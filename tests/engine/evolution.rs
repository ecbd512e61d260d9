//! Runs of generations in a made-up world: the rules that end them, the budgets, and the laws
//! that every strategy obeys.

use kinfolk::lineage::evolution::{Ended, Next, NoGain, Rules, Spent, Summary, next, summaries};
use kinfolk::lineage::strategy::{
    Choices, Description, Member, Pairing, PartnerPool, Population, Round, STRATEGIES, Strategy,
    strategy,
};

/// Models are points; a child is the middle of its parents, pushed outwards a little where they
/// are far apart. A task asks for one coordinate. Kinship is the cosine.
#[derive(Clone)]
struct World {
    points: Vec<[f64; 4]>,
    members: Vec<Member>,
}

const FOUNDERS: usize = 6;

impl World {
    fn new() -> Self {
        let point = |k: usize| {
            let at = |d: usize| {
                if k % 4 == d {
                    2.0 + 0.3 * k as f64
                } else {
                    0.2 * ((k * 7 + d * 3) % 5) as f64
                }
            };
            [at(0), at(1), at(2), at(3)]
        };
        Self {
            points: (0..FOUNDERS).map(point).collect(),
            members: vec![Member::default(); FOUNDERS],
        }
    }

    fn kinship(&self, a: usize, b: usize) -> Option<f64> {
        let dot = |a: usize, b: usize| -> f64 {
            self.points[a]
                .iter()
                .zip(&self.points[b])
                .map(|(a, b)| a * b)
                .sum()
        };
        Some(dot(a, b) / (dot(a, a) * dot(b, b)).sqrt())
    }

    fn ask<T>(&self, question: impl FnOnce(&Population<'_>) -> T) -> T {
        question(&Population {
            members: &self.members,
            kinship: &|a, b| self.kinship(a, b),
            base: &[],
            measures: &[],
        })
    }

    fn score(&mut self, k: usize) {
        let tasks = self.points[k].map(|x| 100.0 * x / (1.0 + x));
        self.members[k].score = Some(tasks.iter().sum::<f64>() / 4.0);
        self.members[k].tasks = tasks.map(Some).to_vec();
    }

    fn merge(&mut self, generation: u32, [a, b]: [usize; 2]) {
        let push = 1.2 - 0.2 * self.kinship(a, b).unwrap();
        let at = |d: usize| push * (self.points[a][d] + self.points[b][d]) / 2.0;
        self.points.push([at(0), at(1), at(2), at(3)]);
        self.members.push(Member {
            generation,
            parents: vec![a, b],
            ..Member::default()
        });
    }

    fn evaluations(&self) -> u32 {
        self.members.iter().filter(|m| m.score.is_some()).count() as u32
    }

    fn next(&self, strategy: &dyn Strategy, choices: &Choices, rules: &Rules) -> Next {
        let spent = Spent {
            evaluations: self.evaluations(),
            seconds: 0.0,
        };
        self.ask(|population| next(population, strategy, choices, rules, &spent))
    }

    /// Goes on until the end; `see` is shown the world before every step.
    fn run(
        &mut self,
        strategy: &dyn Strategy,
        choices: &Choices,
        rules: &Rules,
        mut see: impl FnMut(&Self, &Next),
    ) -> Ended {
        for _ in 0..2_000 {
            let next = self.next(strategy, choices, rules);
            see(self, &next);
            match next {
                Next::Score(who) => who.into_iter().for_each(|k| self.score(k)),
                Next::Merge {
                    generation,
                    pairing,
                    ..
                } => self.merge(generation, pairing.parents),
                Next::End(why) => return why,
            }
        }
        panic!("no end");
    }

    fn merges(&self) -> usize {
        self.members.len() - FOUNDERS
    }
}

/// No rule but a number of generations.
fn generations(most: u32) -> Rules {
    Rules {
        patience_generations: None,
        generations: Some(most),
        ..Rules::default()
    }
}

fn greedy() -> &'static dyn Strategy {
    strategy("greedy").unwrap()
}

/// Every strategy with the choices that it knows.
fn ways() -> Vec<(&'static dyn Strategy, Choices)> {
    let mut out = Vec::new();
    for strategy in STRATEGIES {
        for (pool, all_founders_first, top, seed) in [
            (PartnerPool::Everyone, false, 3, 0),
            (PartnerPool::LastGeneration, true, 2, 1),
            (PartnerPool::GenerationBefore, false, 4, 2),
            (PartnerPool::Selection, false, 3, 3),
        ] {
            let choices = Choices {
                top,
                all_founders_first,
                pool,
                seed,
                ..Choices::default()
            };
            out.push((strategy, choices));
        }
    }
    out
}

#[test]
fn strategies_have_names_of_their_own_and_a_sentence() {
    let names: Vec<&str> = STRATEGIES.iter().map(|s| s.description().name).collect();
    for (k, name) in names.iter().enumerate() {
        assert!(!names[..k].contains(name), "{name}");
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
            "{name}"
        );
        let found = strategy(name).unwrap().description();
        assert!(
            !found.title.is_empty() && !found.help.ends_with('.'),
            "{name}"
        );
    }
    assert!(strategy("Greedy").is_none());
}

#[test]
fn no_strategy_merges_a_pair_twice_or_a_model_with_itself() {
    for (strategy, choices) in ways() {
        let name = strategy.description().name;
        let mut world = World::new();
        world.run(strategy, &choices, &generations(7), |world, next| {
            let Next::Merge { pairing, .. } = next else {
                return;
            };
            let [a, b] = pairing.parents;
            assert_ne!(a, b, "{name}");
            assert!(!world.ask(|p| p.were_merged(a, b)), "{name}");
            let score = |k: usize| world.members[k].score.unwrap();
            assert!(score(a) >= score(b), "{name}: the better one is not first");
            assert!(
                !pairing.reason.is_empty() && !pairing.reason.ends_with('.'),
                "{name}"
            );
        });
        assert!(world.merges() > 3, "{name}");
    }
}

#[test]
fn a_run_goes_on_the_same_from_wherever_it_was_broken_off() {
    for (strategy, choices) in ways() {
        let rules = generations(4);
        let mut whole = World::new();
        let mut steps = Vec::new();
        whole.run(strategy, &choices, &rules, |world, _| {
            steps.push(world.clone());
        });
        for mut step in steps {
            // A child that was being evaluated is there without its score.
            if let Some(last) = step.members.last_mut().filter(|m| m.generation > 0) {
                *last = Member {
                    score: None,
                    tasks: Vec::new(),
                    ..last.clone()
                };
            }
            step.run(strategy, &choices, &rules, |_, _| {});
            assert_eq!(
                step.members,
                whole.members,
                "{}",
                strategy.description().name
            );
        }
    }
}

#[test]
fn a_child_that_is_missing_is_made_again_under_its_number() {
    for (strategy, choices) in ways() {
        let rules = generations(2);
        let mut whole = World::new();
        whole.run(strategy, &choices, &rules, |_, _| {});
        let last: Vec<usize> = (0..whole.members.len())
            .filter(|&k| whole.members[k].generation == 2)
            .collect();
        for (number, &k) in (1..).zip(&last) {
            let mut world = whole.clone();
            world.members.remove(k);
            world.points.remove(k);
            match world.next(strategy, &choices, &rules) {
                Next::Merge {
                    generation,
                    number: found,
                    pairing,
                } => {
                    assert_eq!((generation, found), (2, number));
                    let mut parents = whole.members[k].parents.clone();
                    parents.sort_unstable();
                    let mut again = pairing.parents.to_vec();
                    again.sort_unstable();
                    assert_eq!(again, parents);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn who_may_not_be_chosen_any_more_is_not() {
    for (strategy, choices) in ways() {
        let name = strategy.description().name;
        let mut world = World::new();
        let mut given_up: Vec<bool> = Vec::new();
        let mut any = false;
        world.run(strategy, &choices, &generations(7), |world, next| {
            if let Next::Merge { pairing, .. } = next {
                for k in pairing.parents {
                    assert!(!given_up.get(k).is_some_and(|&g| g), "{name} {choices:?}");
                }
            }
            let generation = world.ask(|p| p.last_generation()).max(1);
            let may = world.ask(|p| {
                strategy.may_choose(&Round {
                    population: *p,
                    generation,
                    choices: &choices,
                })
            });
            assert_eq!(may.len(), world.members.len());
            given_up.resize(may.len(), false);
            for (gone, may) in given_up.iter_mut().zip(may) {
                *gone |= !may;
                any |= *gone;
            }
        });
        if name == "greedy" {
            assert!(any, "greedy needs all files for ever");
        }
    }
}

#[test]
fn random_choices_follow_the_seed() {
    for name in ["random", "random-partner"] {
        let members = |seed| {
            let mut world = World::new();
            let choices = Choices {
                seed,
                ..Choices::default()
            };
            world.run(
                strategy(name).unwrap(),
                &choices,
                &generations(3),
                |_, _| {},
            );
            world.members
        };
        assert_eq!(members(1), members(1), "{name}");
        assert!((2..9).any(|seed| members(seed) != members(1)), "{name}");
    }
}

#[test]
fn random_makes_as_many_merges_as_greedy_may() {
    let mut world = World::new();
    let random = strategy("random").unwrap();
    world.run(random, &Choices::default(), &generations(4), |_, _| {});
    assert_eq!(world.merges(), 4 * 3);
    let few = Choices {
        top: 9,
        ..Choices::default()
    };
    let mut world = World::new();
    world.run(random, &few, &generations(1), |_, _| {});
    assert_eq!(world.merges(), FOUNDERS * (FOUNDERS - 1) / 2);
}

#[test]
fn founders_are_scored_first_and_a_generation_when_it_is_whole() {
    let mut world = World::new();
    let mut seen = Vec::new();
    world.run(greedy(), &Choices::default(), &generations(1), |_, next| {
        seen.push(next.clone());
    });
    assert_eq!(seen[0], Next::Score((0..FOUNDERS).collect()));
    for (k, step) in seen[1..4].iter().enumerate() {
        assert!(
            matches!(step, Next::Merge { generation: 1, number, .. } if *number == k as u32 + 1)
        );
    }
    assert_eq!(seen[4], Next::Score((FOUNDERS..FOUNDERS + 3).collect()));
    assert_eq!(seen[5], Next::End(Ended::Generations));
}

/// Scores and generations alone.
fn scored(list: &[(u32, f64)]) -> Vec<Member> {
    let member = |&(generation, score): &(u32, f64)| Member {
        score: Some(score),
        generation,
        ..Member::default()
    };
    list.iter().map(member).collect()
}

/// Names one pair for every generation after a certain one.
struct After(u32);

impl Strategy for After {
    fn description(&self) -> &'static Description {
        greedy().description()
    }

    fn pairings(&self, round: &Round<'_>) -> Vec<Pairing> {
        let pairing = Pairing {
            parents: [0, 1],
            way: 0,
            explores: false,
            reason: String::new(),
        };
        if round.generation > self.0 {
            vec![pairing]
        } else {
            Vec::new()
        }
    }

    fn may_choose(&self, round: &Round<'_>) -> Vec<bool> {
        vec![true; round.population.members.len()]
    }
}

/// What follows when the last generation is made and scored.
fn ask(members: &[Member], kinship: &dyn Fn(usize, usize) -> Option<f64>, rules: &Rules) -> Next {
    let population = Population {
        members,
        kinship,
        base: &[],
        measures: &[],
    };
    let choices = Choices {
        top: 2,
        ..Choices::default()
    };
    let strategy = After(population.last_generation());
    next(&population, &strategy, &choices, rules, &Spent::default())
}

fn ends(members: &[Member], rules: &Rules) -> Option<Ended> {
    match ask(members, &|_, _| Some(0.5), rules) {
        Next::End(why) => Some(why),
        _ => None,
    }
}

#[test]
fn a_selection_that_stays_ends_a_run_whatever_its_order() {
    let rules = |n| Rules {
        patience_generations: Some(n),
        generations: None,
        ..Rules::default()
    };
    // Positions 0 and 1 are the best from the start; generation 2 brings a third best.
    let still = scored(&[(0, 5.0), (0, 4.0), (1, 1.0), (2, 3.0)]);
    assert_eq!(ends(&still, &rules(2)), Some(Ended::Stagnated));
    assert_eq!(ends(&still, &rules(3)), None);
    let moving = scored(&[(0, 5.0), (0, 4.0), (1, 1.0), (2, 4.5)]);
    assert_eq!(ends(&moving, &rules(1)), None);
    let founders = scored(&[(0, 5.0), (0, 4.0)]);
    assert_eq!(ends(&founders, &rules(1)), None);
}

#[test]
fn akin_selections_end_a_run_only_above_tau_and_after_a_generation() {
    let rules = |tau| Rules {
        patience_generations: None,
        tau: Some(tau),
        generations: None,
        ..Rules::default()
    };
    let members = scored(&[(0, 5.0), (0, 4.0), (1, 1.0)]);
    assert_eq!(ends(&members, &rules(0.4)), Some(Ended::Converged));
    assert_eq!(ends(&members, &rules(0.5)), None);
    assert_eq!(ends(&members[..2], &rules(0.4)), None);
    // Kinship that is not known ends nothing.
    let unknown = ask(&members, &|_, _| None, &rules(0.4));
    assert!(matches!(unknown, Next::Merge { generation: 2, .. }));
}

#[test]
fn too_little_gain_ends_a_run() {
    let rules = |points, generations| Rules {
        patience_generations: None,
        no_gain: Some(NoGain {
            points,
            generations,
        }),
        generations: None,
        ..Rules::default()
    };
    let members = scored(&[(0, 5.0), (0, 4.0), (1, 6.0), (2, 6.2)]);
    assert_eq!(ends(&members, &rules(0.5, 1)), Some(Ended::NoGain));
    assert_eq!(ends(&members, &rules(0.1, 1)), None);
    assert_eq!(ends(&members, &rules(1.3, 2)), Some(Ended::NoGain));
    assert_eq!(ends(&members, &rules(1.0, 2)), None);
    assert_eq!(
        ends(&members, &rules(9.0, 3)),
        None,
        "three generations have not been"
    );
}

#[test]
fn merges_are_counted_inside_a_generation_and_what_was_made_is_scored() {
    let rules = Rules {
        merges: Some(2),
        ..generations(9)
    };
    let mut world = World::new();
    let why = world.run(greedy(), &Choices::default(), &rules, |_, _| {});
    assert_eq!((why, world.merges()), (Ended::Merges, 2));
    assert!(world.members.iter().all(|m| m.score.is_some()));
}

#[test]
fn evaluations_are_counted_with_the_founders() {
    for most in 0..20 {
        let rules = Rules {
            evaluations: Some(most),
            ..generations(9)
        };
        let mut world = World::new();
        let why = world.run(greedy(), &Choices::default(), &rules, |_, _| {});
        assert_eq!((why, world.evaluations()), (Ended::Evaluations, most));
        // No child was made that could not be evaluated.
        assert_eq!(world.merges(), (most as usize).saturating_sub(FOUNDERS));
    }
}

#[test]
fn time_ends_a_run_at_once() {
    let world = World::new();
    let rules = Rules {
        seconds: Some(10),
        ..Rules::default()
    };
    let ask = |seconds| {
        let spent = Spent {
            evaluations: 0,
            seconds,
        };
        world.ask(|p| next(p, greedy(), &Choices::default(), &rules, &spent))
    };
    assert_eq!(ask(10.0), Next::End(Ended::Time));
    assert!(matches!(ask(9.9), Next::Score(_)));
}

#[test]
fn nobody_and_one_alone_have_nothing_left() {
    let rules = Rules::default();
    // A score that is no number is none to be chosen by.
    let alone = scored(&[(0, 5.0), (0, f64::NAN)]);
    for count in 0..=2 {
        let members = &alone[..count];
        for strategy in STRATEGIES {
            let population = Population {
                members,
                kinship: &|_, _| None,
                base: &[],
                measures: &[],
            };
            let found = next(
                &population,
                strategy,
                &Choices::default(),
                &rules,
                &Spent::default(),
            );
            assert_eq!(found, Next::End(Ended::NothingLeft));
        }
    }
}

#[test]
fn a_run_without_a_generation_ends_when_its_founders_are_scored() {
    let mut world = World::new();
    let why = world.run(greedy(), &Choices::default(), &generations(0), |_, _| {});
    assert_eq!((why, world.merges()), (Ended::Generations, 0));
}

#[test]
fn summaries_tell_each_generation() {
    let members = scored(&[(0, 5.0), (0, 4.0), (1, 6.0), (2, 3.0), (2, 7.0)]);
    let population = Population {
        members: &members,
        kinship: &|a, b| Some((a + b) as f64),
        base: &[],
        measures: &[],
    };
    let expected = [
        (0, vec![0, 1], 5.0, 1.0, 0),
        (1, vec![2, 0], 6.0, 2.0, 1),
        (2, vec![4, 2], 7.0, 6.0, 2),
    ];
    let expected = expected.map(|(number, selection, best, kinship, merges)| Summary {
        number,
        selection,
        best: Some(best),
        kinship: Some(kinship),
        merges,
    });
    assert_eq!(summaries(&population, 2), expected);
    let nobody = Population {
        members: &[],
        kinship: &|_, _| None,
        base: &[],
        measures: &[],
    };
    assert_eq!(summaries(&nobody, 2), []);
}

#[test]
fn every_end_has_a_sentence() {
    for why in [
        Ended::Stagnated,
        Ended::Converged,
        Ended::NoGain,
        Ended::Generations,
        Ended::Merges,
        Ended::Evaluations,
        Ended::Time,
        Ended::NothingLeft,
    ] {
        assert!(!why.sentence().is_empty() && !why.sentence().ends_with('.'));
    }
}
