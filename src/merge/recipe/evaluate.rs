//! What a parameter is worth for one tensor, exactly as mergekit has it.
//!
//! A filter is plain text that the tensor's name must hold, the first that fits wins, and
//! where none fits the next outer level is asked. A gradient's points are spread evenly over
//! the layers of a slice, with straight lines between; t is 0 at the first layer and outside
//! the layers, 1 at the last, and 1 for a slice of one layer.

use super::{Parameters, Setting, Value};

/// The value of a setting for the tensor `tensor_name` at `t`; `None` if no filter fits.
pub fn evaluate(setting: &Setting, tensor_name: &str, t: f64) -> Option<f64> {
    match setting {
        Setting::Value(value) => at(value, t),
        Setting::Filtered(list) => list
            .iter()
            .find(|item| fits(item.filter.as_deref(), tensor_name))
            .and_then(|item| at(&item.value, t)),
    }
}

/// The value of the parameter `key`, asked of `levels` from the innermost to the outermost,
/// each with the name that its filters look at.
pub fn evaluate_first<'a>(
    key: &str,
    levels: impl IntoIterator<Item = (&'a Parameters, &'a str)>,
    t: f64,
) -> Option<f64> {
    levels.into_iter().find_map(|(parameters, tensor_name)| {
        let (_, setting) = parameters.iter().find(|(own, _)| own == key)?;
        evaluate(setting, tensor_name, t)
    })
}

fn fits(filter: Option<&str>, tensor_name: &str) -> bool {
    match filter {
        None | Some("*") => true,
        Some(filter) => tensor_name.contains(filter),
    }
}

fn at(value: &Value, t: f64) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Flag(flag) => Some(f64::from(u8::from(*flag))),
        Value::Gradient(points) => {
            let last = points.len().checked_sub(1)?;
            let scaled = t.clamp(0.0, 1.0) * last as f64;
            let before = (scaled as usize).min(last);
            let after = (before + 1).min(last);
            let share = scaled - before as f64;
            Some((1.0 - share) * points[before] + share * points[after])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Filtered;
    use super::*;

    fn gradient(points: &[f64]) -> Setting {
        Setting::Value(Value::Gradient(points.to_vec()))
    }

    #[test]
    fn gradients_are_straight_between_their_points() {
        let five = gradient(&[0.0, 0.5, 0.3, 0.7, 1.0]);
        assert_eq!(evaluate(&five, "x", 0.0), Some(0.0));
        assert_eq!(evaluate(&five, "x", 0.25), Some(0.5));
        assert_eq!(evaluate(&five, "x", 1.0), Some(1.0));
        let middle = evaluate(&five, "x", 0.625).unwrap();
        assert!((middle - 0.5).abs() < 1e-15);
        assert_eq!(evaluate(&gradient(&[0.4]), "x", 1.0), Some(0.4));
        assert_eq!(evaluate(&gradient(&[]), "x", 1.0), None);
    }

    #[test]
    fn the_first_filter_that_fits_wins_and_none_falls_through() {
        let item = |filter: Option<&str>, value| Filtered {
            filter: filter.map(str::to_owned),
            value: Value::Number(value),
        };
        let inner = vec![(
            "weight".to_owned(),
            Setting::Filtered(vec![
                item(Some("layers.1"), 1.0),
                item(Some("layers.1"), 2.0),
            ]),
        )];
        let outer = vec![(
            "weight".to_owned(),
            Setting::Filtered(vec![item(Some("*"), 3.0)]),
        )];
        let value = |name: &str| evaluate_first("weight", [(&inner, name), (&outer, name)], 0.0);
        assert_eq!(value("layers.1.x"), Some(1.0));
        assert_eq!(
            value("layers.12.x"),
            Some(1.0),
            "plain text, as in mergekit"
        );
        assert_eq!(value("layers.2.x"), Some(3.0));
        assert_eq!(evaluate_first("t", [(&inner, "x")], 0.0), None);
    }
}
