//! What the columns of a table mean: guessed from their names and contents, changed by the user.

use super::meaning::{Meaning, task_name};
use super::number::{self, Cell};
use super::table::Table;
use super::words::{self, Word};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// 0 to 100.
    #[default]
    Points,
    /// 0 to 1; they become points.
    Fractions,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    pub meanings: Vec<Meaning>,
    /// How scores, averages, gains and differences are written.
    pub scores_are: Scale,
    /// The model of every row, where no column names one.
    pub model_of_all: String,
}

impl Mapping {
    /// The first column that means this.
    pub fn column(&self, meaning: &Meaning) -> Option<usize> {
        self.meanings.iter().position(|m| m == meaning)
    }

    pub fn columns<'a>(&'a self, meaning: &'a Meaning) -> impl Iterator<Item = usize> + 'a {
        let columns = self.meanings.iter().enumerate();
        columns.filter(move |(_, m)| *m == meaning).map(|(k, _)| k)
    }

    /// Whether a row is about a pair of models.
    pub fn is_of_pairs(&self) -> bool {
        let is_pair = |m: &Meaning| matches!(m, Meaning::PairA | Meaning::PairB);
        self.meanings.iter().any(is_pair)
    }

    /// Whether a row holds one score.
    pub fn is_long(&self) -> bool {
        self.column(&Meaning::Task).is_some()
    }

    /// Whether no column names the model of a row, so that it has to be said.
    pub fn needs_model_of_all(&self) -> bool {
        !self.is_of_pairs() && self.column(&Meaning::Model).is_none()
    }
}

/// Guesses what the columns mean, from their names and, where those say nothing, their contents.
pub fn guess(table: &Table) -> Mapping {
    let words: Vec<Word> = table.header.iter().map(|h| words::word(h)).collect();
    let form = Form::of(table, &words);
    let mut meanings: Vec<Meaning> = Vec::new();
    for (column, word) in words.iter().enumerate() {
        let meaning = form.meaning(table, column, word);
        let taken = !meaning.may_repeat() && meanings.contains(&meaning);
        meanings.push(if taken { Meaning::Ignore } else { meaning });
    }
    settle(table, &words, &form, &mut meanings);
    let scores_are = guess_scale(table, &meanings);
    Mapping {
        meanings,
        scores_are,
        model_of_all: String::new(),
    }
}

struct Form {
    model: Option<usize>,
    /// The two columns of a table of pairs.
    pair: Option<[usize; 2]>,
    has_tasks: bool,
}

impl Form {
    fn of(table: &Table, words: &[Word]) -> Self {
        let columns = || words.iter().enumerate();
        let model = columns()
            .filter_map(|(k, word)| match word {
                Word::Model(order) => Some((*order, k)),
                _ => None,
            })
            .min()
            .map(|(_, k)| k);
        let of_word = |wanted: &Word| -> Vec<usize> {
            let found = columns()
                .filter(|(k, word)| *word == wanted && content(table, *k) == Content::Text);
            found.map(|(k, _)| k).collect()
        };
        let two = |columns: &[usize]| match columns {
            [a, b, ..] => Some([*a, *b]),
            _ => None,
        };
        let sides = two(&of_word(&Word::NumberedModel)).or_else(|| two(&of_word(&Word::Side)));
        Self {
            model,
            pair: sides.filter(|_| model.is_none()),
            has_tasks: !of_word(&Word::OfTask(Meaning::Task)).is_empty(),
        }
    }

    fn meaning(&self, table: &Table, column: usize, word: &Word) -> Meaning {
        let if_so = |so: bool, meaning: &Meaning| {
            if so { meaning.clone() } else { Meaning::Ignore }
        };
        let place = self.pair.and_then(|p| p.iter().position(|&c| c == column));
        match (place, word) {
            (Some(0), _) => Meaning::PairA,
            (Some(_), _) => Meaning::PairB,
            (_, Word::Model(_)) => if_so(self.model == Some(column), &Meaning::Model),
            (_, Word::NumberedModel) => if_so(self.model.is_some(), &Meaning::Parent),
            (_, Word::Value) if self.has_tasks => Meaning::Value,
            (_, Word::OfTask(meaning)) if self.has_tasks => meaning.clone(),
            (_, Word::OfTask(Meaning::Task) | Word::Side | Word::Value | Word::Unknown) => {
                self.by_content(table, column)
            }
            (_, Word::OfTask(_) | Word::NoScore) => Meaning::Ignore,
            (_, Word::OfPair(meaning)) => if_so(self.pair.is_some(), meaning),
            (_, Word::OfModel(meaning)) => if_so(self.pair.is_none(), meaning),
            (_, Word::Means(meaning)) => meaning.clone(),
        }
    }

    /// A column of numbers of unknown meaning is that of a task, unless rows have one already.
    fn by_content(&self, table: &Table, column: usize) -> Meaning {
        let is_free = self.pair.is_none() && !self.has_tasks;
        if is_free && content(table, column) == Content::Numbers {
            Meaning::Score(task_name(&table.header[column]))
        } else {
            Meaning::Ignore
        }
    }
}

/// What the guess column by column could not see.
fn settle(table: &Table, words: &[Word], form: &Form, meanings: &mut [Meaning]) {
    let columns = 0..meanings.len();
    let free = |meanings: &[Meaning], k: usize, wanted| {
        meanings[k] == Meaning::Ignore && words[k] == Word::Unknown && content(table, k) == wanted
    };
    if form.has_tasks && !meanings.contains(&Meaning::Value) {
        let value = columns
            .clone()
            .find(|&k| free(meanings, k, Content::Numbers));
        if let Some(k) = value {
            meanings[k] = Meaning::Value;
        }
    }
    let has_models = form.model.is_some() || form.pair.is_some();
    if !has_models && !form.has_tasks {
        let named = columns
            .clone()
            .find(|&k| free(meanings, k, Content::Text) && is_distinct(table, k));
        if let Some(k) = named {
            meanings[k] = Meaning::Model;
        }
    }
    let count = |k: usize| meanings[k] == Meaning::ParentCount;
    if let Some(k) = columns.clone().find(|&k| count(k))
        && content(table, k) == Content::Text
        && table.column(k).all(|cell| cell.parse::<f64>().is_err())
    {
        meanings[k] = Meaning::Ignore;
    }
    // Without a generation there is no place in a run.
    if !meanings.contains(&Meaning::Generation)
        && let Some(k) = meanings.iter().position(|m| *m == Meaning::Run)
    {
        meanings[k] = Meaning::Ignore;
    }
}

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Nothing,
    /// Numbers, and not those of the rows.
    Numbers,
    /// 1, 2, 3 …, perhaps from the start again.
    RowNumbers,
    Text,
}

/// A few cells that are not numbers do not make a column text; they are errors to be told.
fn content(table: &Table, column: usize) -> Content {
    let mut numbers = Vec::new();
    let mut texts = 0;
    for cell in table.column(column) {
        match number::read(cell, table.decimal) {
            Cell::Missing => {}
            Cell::Number { value, .. } => numbers.push(value),
            Cell::Text => texts += 1,
        }
    }
    if texts > 0 && texts >= numbers.len() {
        return Content::Text;
    }
    let counts_up = |pair: &[f64]| pair[1] == pair[0] + 1.0 || pair[1] < pair[0];
    let up = numbers.windows(2).filter(|pair| pair[1] > pair[0]).count();
    match numbers.len() {
        0 => Content::Nothing,
        n if n > 2
            && 2 * up > n
            && numbers.iter().all(|v| v.fract() == 0.0)
            && numbers.windows(2).all(counts_up) =>
        {
            Content::RowNumbers
        }
        _ => Content::Numbers,
    }
}

fn is_distinct(table: &Table, column: usize) -> bool {
    let mut cells: Vec<&str> = table.column(column).filter(|c| !c.is_empty()).collect();
    let all = cells.len();
    cells.sort_unstable();
    cells.dedup();
    cells.len() == all
}

/// Fractions if no score of all columns together is above 1 and none has a percent sign.
fn guess_scale(table: &Table, meanings: &[Meaning]) -> Scale {
    let columns = (0..meanings.len()).filter(|&k| meanings[k].is_score());
    let mut some = false;
    for cell in columns.flat_map(|k| table.column(k)) {
        if let Cell::Number {
            value, is_percent, ..
        } = number::read(cell, table.decimal)
        {
            if is_percent || value.abs() > 1.0 {
                return Scale::Points;
            }
            some = true;
        }
    }
    if some {
        Scale::Fractions
    } else {
        Scale::Points
    }
}
