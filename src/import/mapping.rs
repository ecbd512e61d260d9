//! What the columns of a table mean: guessed from their names and contents, changed by the user.

use super::number::{self, Cell};
use super::sheet::Sheet;
use super::words::{self, Word};

/// A measure in which kinship is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    /// Pearson correlation.
    Pearson,
    /// Cosine.
    Cosine,
    /// Euclidean distance.
    Euclidean,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meaning {
    /// Nothing that is taken over.
    Ignore,
    /// The model that the row is about.
    Model,
    /// One of its parents; there may be several such columns.
    Parent,
    /// All its parents, parted by ` + `, `;` or `,`.
    Parents,
    /// How many parents it has beside the named ones.
    OtherParents,
    /// How many parents it has in all.
    ParentCount,
    /// The merge method.
    Method,
    /// Its generation.
    Generation,
    /// The run or path that it belongs to.
    Run,
    /// Its score on this task.
    Score(String),
    /// Its average over tasks.
    Average,
    /// Its merge gain.
    Gain,
    /// Kinship of its parents, or of the pair.
    Kinship(Known),
    /// Where it is published.
    Published,
    /// A note.
    Note,
    /// The task, where a row holds one score.
    Task,
    /// The score on it.
    Value,
    /// Its standard error.
    Stderr,
    /// On how many items it was found.
    Count,
    /// What tells scores on one task apart: a split, a metric, a filter.
    Qualifier,
    /// One model of a pair.
    PairA,
    /// The other.
    PairB,
    /// Average task performance difference of the two.
    Difference,
    /// The table that the pair stands in.
    Group,
}

impl Meaning {
    /// Everything that a column of this name can mean, in the order of the menu.
    pub fn all(header: &str) -> Vec<Self> {
        vec![
            Self::Ignore,
            Self::Model,
            Self::Score(words::task_name(header)),
            Self::Average,
            Self::Parent,
            Self::Parents,
            Self::OtherParents,
            Self::ParentCount,
            Self::Method,
            Self::Generation,
            Self::Run,
            Self::Gain,
            Self::Kinship(Known::Pearson),
            Self::Kinship(Known::Cosine),
            Self::Kinship(Known::Euclidean),
            Self::Published,
            Self::Note,
            Self::Task,
            Self::Value,
            Self::Stderr,
            Self::Count,
            Self::Qualifier,
            Self::PairA,
            Self::PairB,
            Self::Difference,
            Self::Group,
        ]
    }

    /// The words in the menu.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Ignore => "Leave out",
            Self::Model => "Model",
            Self::Parent => "Parent",
            Self::Parents => "Parents",
            Self::OtherParents => "More parents",
            Self::ParentCount => "Parent count",
            Self::Method => "Merge method",
            Self::Generation => "Generation",
            Self::Run => "Run",
            Self::Score(_) => "Score",
            Self::Average => "Average",
            Self::Gain => "Merge gain",
            Self::Kinship(Known::Pearson) => "Kinship, Pearson",
            Self::Kinship(Known::Cosine) => "Kinship, cosine",
            Self::Kinship(Known::Euclidean) => "Kinship, distance",
            Self::Published => "Published at",
            Self::Note => "Note",
            Self::Task => "Task",
            Self::Value => "Task score",
            Self::Stderr => "Standard error",
            Self::Count => "Items",
            Self::Qualifier => "Task variant",
            Self::PairA => "Pair, one",
            Self::PairB => "Pair, other",
            Self::Difference => "Pair, difference",
            Self::Group => "Pair, table",
        }
    }

    /// One sentence on what that is.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Ignore => "Nothing of this column is taken over",
            Self::Model => "The model that the row is about; filled in if the study has it",
            Self::Parent => "One of the models that it was made from",
            Self::Parents => "All of them in one cell, parted by +, semicolon or comma",
            Self::OtherParents => "How many parents it has beside the named ones",
            Self::ParentCount => "How many parents it has, named ones included",
            Self::Method => "The merge method, such as slerp",
            Self::Generation => "Its generation in its run; founders are 0",
            Self::Run => "The run or path of merges that it belongs to",
            Self::Score(_) => "Its score on the task that the column is named after",
            Self::Average => "Its average over tasks, as reported",
            Self::Gain => "Its average over the mean of its parents' averages, as reported",
            Self::Kinship(_) => "Kinship of the parents, or of the pair, as reported",
            Self::Published => "A repository or an address",
            Self::Note => "Words that are kept with the model or the pair",
            Self::Task => "For tables with one score a row: the task",
            Self::Value => "For tables with one score a row: the score",
            Self::Stderr => "The standard error of that score",
            Self::Count => "On how many items that score was found",
            Self::Qualifier => "Becomes part of the task's name: add (dev)",
            Self::PairA | Self::PairB => "For tables with one pair of models a row",
            Self::Difference => "Average task performance difference of the two, as reported",
            Self::Group => "The table that the pair belongs to",
        }
    }

    /// Whether several columns may mean this.
    pub const fn may_repeat(&self) -> bool {
        matches!(
            self,
            Self::Ignore | Self::Parent | Self::Score(_) | Self::Qualifier
        )
    }

    /// Whether this is a score, which may be a fraction or in points.
    pub const fn is_score(&self) -> bool {
        matches!(self, Self::Score(_) | Self::Average | Self::Value)
    }
}

/// How scores are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// 0 to 100.
    #[default]
    Points,
    /// 0 to 1; they become points.
    Fractions,
}

/// What the columns of a sheet mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// One a column.
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

    /// Every column that means this.
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
pub fn guess(sheet: &Sheet) -> Mapping {
    let words: Vec<Word> = sheet.header.iter().map(|h| words::word(h)).collect();
    let form = Form::of(sheet, &words);
    let mut meanings: Vec<Meaning> = Vec::new();
    for (column, word) in words.iter().enumerate() {
        let meaning = form.meaning(sheet, column, word);
        let taken = !meaning.may_repeat() && meanings.contains(&meaning);
        meanings.push(if taken { Meaning::Ignore } else { meaning });
    }
    settle(sheet, &words, &form, &mut meanings);
    let scores_are = guess_scale(sheet, &meanings);
    Mapping {
        meanings,
        scores_are,
        model_of_all: String::new(),
    }
}

/// What a row of the table is.
struct Form {
    model: Option<usize>,
    /// The two columns of a table of pairs.
    pair: Option<[usize; 2]>,
    has_tasks: bool,
}

impl Form {
    fn of(sheet: &Sheet, words: &[Word]) -> Self {
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
                .filter(|(k, word)| *word == wanted && content(sheet, *k) == Content::Text);
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

    fn meaning(&self, sheet: &Sheet, column: usize, word: &Word) -> Meaning {
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
                self.by_content(sheet, column)
            }
            (_, Word::OfTask(_) | Word::NoScore) => Meaning::Ignore,
            (_, Word::OfPair(meaning)) => if_so(self.pair.is_some(), meaning),
            (_, Word::OfModel(meaning)) => if_so(self.pair.is_none(), meaning),
            (_, Word::Means(meaning)) => meaning.clone(),
        }
    }

    /// A column of numbers that nobody knows is that of a task, unless rows have one already.
    fn by_content(&self, sheet: &Sheet, column: usize) -> Meaning {
        let is_free = self.pair.is_none() && !self.has_tasks;
        if is_free && content(sheet, column) == Content::Numbers {
            Meaning::Score(words::task_name(&sheet.header[column]))
        } else {
            Meaning::Ignore
        }
    }
}

/// What the guess column by column could not see.
fn settle(sheet: &Sheet, words: &[Word], form: &Form, meanings: &mut [Meaning]) {
    let columns = 0..meanings.len();
    let free = |meanings: &[Meaning], k: usize, wanted| {
        meanings[k] == Meaning::Ignore && words[k] == Word::Unknown && content(sheet, k) == wanted
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
            .find(|&k| free(meanings, k, Content::Text) && is_distinct(sheet, k));
        if let Some(k) = named {
            meanings[k] = Meaning::Model;
        }
    }
    let count = |k: usize| meanings[k] == Meaning::ParentCount;
    if let Some(k) = columns.clone().find(|&k| count(k))
        && content(sheet, k) == Content::Text
        && sheet.column(k).all(|cell| cell.parse::<f64>().is_err())
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

/// A few cells that are no numbers do not make a column text; they are errors to be told.
fn content(sheet: &Sheet, column: usize) -> Content {
    let mut numbers = Vec::new();
    let mut texts = 0;
    for cell in sheet.column(column) {
        match number::read(cell, sheet.decimal) {
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

fn is_distinct(sheet: &Sheet, column: usize) -> bool {
    let mut cells: Vec<&str> = sheet.column(column).filter(|c| !c.is_empty()).collect();
    let all = cells.len();
    cells.sort_unstable();
    cells.dedup();
    cells.len() == all
}

/// Fractions if no score of all columns together is above 1 and none has a percent sign.
fn guess_scale(sheet: &Sheet, meanings: &[Meaning]) -> Scale {
    let columns = (0..meanings.len()).filter(|&k| meanings[k].is_score());
    let mut some = false;
    for cell in columns.flat_map(|k| sheet.column(k)) {
        if let Cell::Number {
            value, is_percent, ..
        } = number::read(cell, sheet.decimal)
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
