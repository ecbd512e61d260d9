//! Tables that are wrong, or that are understood wrongly: what is said, and where it stands.

use super::*;

#[test]
fn every_broken_table_is_told_with_its_place() {
    let first = |name: &str| errors(name).remove(0);
    for (name, line, column, words) in [
        ("lengths.csv", 3, 3, "2 cells and the header has 3"),
        ("quote.csv", 2, 0, "never closed"),
        ("no_header.csv", 1, 0, "first line holds values"),
        ("no_rows.csv", 1, 0, "no rows"),
        ("duplicate.csv", 1, 3, "both called"),
        ("latin1.csv", 2, 3, "Byte 13 of the file is not UTF-8"),
        ("own_parent.csv", 2, 3, "its own parent"),
        ("empty.csv", 0, 0, "no table"),
        ("comma.json", 3, 30, "JSON is broken"),
        ("config.json", 0, 0, "no results"),
    ] {
        let error = first(name);
        assert_eq!(
            (error.line, error.column),
            (line, column),
            "{name}: {error}"
        );
        assert!(error.message.contains(words), "{name}: {error}");
    }
}

#[test]
fn all_errors_of_the_values_are_collected_in_order() {
    let found = errors("values.csv");
    let places: Vec<(usize, usize)> = found.iter().map(|e| (e.line, e.column)).collect();
    assert_eq!(places, [(2, 3), (4, 2), (5, 1)]);
    assert!(
        found[0].message.contains("“seventy” is not a number"),
        "{}",
        found[0]
    );
    assert!(
        found[1]
            .message
            .contains("the score on arc is 68.5 on line 2 and 68.6 here"),
        "{}",
        found[1]
    );
    assert!(found[2].message.contains("names no model"), "{}", found[2]);
}

#[test]
fn no_more_than_fifty_errors_are_told() {
    let rows: String = (0..80).map(|k| format!("m{k},bad\n")).collect();
    let table = Table::parse(&format!("model,avg\n{rows}")).unwrap();
    let found = apply(&table, &guess(&table), &StudyDoc::default(), "t").unwrap_err();
    assert_eq!(found.len(), 50);
}

#[test]
fn a_mapping_that_makes_no_sense_is_told() {
    let table = Table::parse("model,arc,mmlu\na,1,2\n").unwrap();
    let say = |meanings: [Meaning; 3]| {
        let mapping = Mapping {
            meanings: meanings.to_vec(),
            ..Mapping::default()
        };
        let found = apply(&table, &mapping, &StudyDoc::default(), "t").unwrap_err();
        found[0].message.clone()
    };
    use Meaning::{Ignore, Model, PairA, Run, Score, Task};
    let arc = || Score("arc".to_owned());
    assert!(say([Model, Model, Ignore]).contains("Another column is model"));
    assert!(say([Model, arc(), Score("arc".to_owned())]).contains("the score on arc"));
    assert!(say([Ignore, arc(), Ignore]).contains("No column names the models"));
    assert!(say([Model, Task, Ignore]).contains("a column of scores"));
    assert!(say([PairA, Ignore, Ignore]).contains("two columns"));
    assert!(say([Model, Run, Ignore]).contains("needs a generation"));
}
