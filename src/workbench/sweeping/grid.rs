//! The values of a sweep: lists and ranges for some parameters of a recipe, and their grid.

/// The most cells of a grid: each is a merge and an evaluation.
pub const MOST_CELLS: usize = 10_000;

/// A parameter of a recipe and the values that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Axis {
    /// Where it stands in the recipe, see [`crate::merge::recipe::Template`].
    pub path: String,
    /// Its values as YAML, each once, in the order in which they were given.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `path=a,b,c`; `path=0.1..0.9/0.2` is a range with its step, ends included.
    ///
    /// # Errors
    /// A sentence about what cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (path, values) = text.split_once('=').ok_or_else(|| {
            format!("`{text}` has no values; write them as parameters.t=0.1,0.3 or …=0.1..0.9/0.2")
        })?;
        Ok(Self {
            path: path.trim().to_owned(),
            values: values_of(values)?,
        })
    }
}

/// Reads a list of values and ranges.
///
/// # Errors
/// A sentence about what cannot be read.
pub fn values_of(text: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    for item in items(text) {
        let found = match is_range(&item) {
            true => range(&item)?,
            false => vec![item],
        };
        for value in found {
            let is_known = out.iter().any(|own| are_equal(own, &value));
            if value.is_empty() {
                return Err(format!("`{text}` has an empty value"));
            }
            if !is_known {
                out.push(value);
            }
            if out.len() > MOST_CELLS {
                return Err(format!("`{text}` has more than {MOST_CELLS} values"));
            }
        }
    }
    Ok(out)
}

fn are_equal(a: &str, b: &str) -> bool {
    let both = a.parse::<f64>().ok().zip(b.parse::<f64>().ok());
    a == b || both.is_some_and(|(a, b)| a == b)
}

/// Cut at commas that stand in no brackets.
fn items(text: &str) -> Vec<String> {
    let mut depth = 0;
    let cut = text.split(|c| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == ',' && depth == 0
    });
    cut.map(|item| item.trim().to_owned()).collect()
}

/// Whether something is meant as a range, and not as a path such as `../model`.
fn is_range(item: &str) -> bool {
    let (first, _) = item.split_once("..").unwrap_or_default();
    !first.is_empty() && !first.contains('/')
}

/// `0.1..0.9/0.2`, written with as many decimals as its ends and its step have.
fn range(text: &str) -> Result<Vec<String>, String> {
    let wrong = || {
        format!("`{text}` is no range; one looks like 0.1..0.9/0.2, with the step after the slash")
    };
    let (ends, step) = text.split_once('/').ok_or_else(wrong)?;
    let (from, to) = ends.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| {
        let number = text.trim().parse::<f64>().ok();
        number.filter(|n| n.is_finite()).ok_or_else(wrong)
    };
    let decimals = |text: &str| {
        text.trim()
            .split_once('.')
            .map_or(0, |(_, rest)| rest.len())
    };
    let places = [from, to, step]
        .map(decimals)
        .into_iter()
        .max()
        .unwrap_or(0);
    let (from, to, step) = (number(from)?, number(to)?, number(step)?);
    if step <= 0.0 {
        return Err(wrong());
    }
    // A step that does not fit to the last digit reaches the end all the same.
    let steps = ((to - from).abs() / step + 1e-9).floor();
    if steps >= MOST_CELLS as f64 {
        return Err(format!("`{text}` has more than {MOST_CELLS} values"));
    }
    let step = if to < from { -step } else { step };
    let value = |k: usize| {
        let value = format!("{:.places$}", k as f64 * step + from);
        match value.contains('.') {
            true => value.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => value,
        }
    };
    Ok((0..=steps as usize).map(value).collect())
}

/// All combinations of the values, the last axis fastest.
///
/// # Errors
/// No axis, one without values or named twice, more cells than [`MOST_CELLS`].
pub fn cells(axes: &[Axis]) -> Result<Vec<Vec<String>>, String> {
    if axes.is_empty() {
        return Err("no parameter is swept; name one with its values".to_owned());
    }
    for (k, axis) in axes.iter().enumerate() {
        if axis.values.is_empty() {
            return Err(format!("`{}` has no values", axis.path));
        }
        if axes[..k].iter().any(|other| other.path == axis.path) {
            return Err(format!("`{}` is named twice", axis.path));
        }
    }
    let count = axes
        .iter()
        .try_fold(1usize, |n, axis| n.checked_mul(axis.values.len()));
    if count.is_none_or(|n| n > MOST_CELLS) {
        return Err(format!("the grid has more than {MOST_CELLS} cells"));
    }
    let mut out = vec![Vec::new()];
    for axis in axes {
        let longer = |cell: &Vec<String>| {
            let with = |value: &String| [&cell[..], std::slice::from_ref(value)].concat();
            axis.values.iter().map(with).collect::<Vec<_>>()
        };
        out = out.iter().flat_map(longer).collect();
    }
    Ok(out)
}
