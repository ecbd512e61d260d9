//! How recipes name models: `path`, `path@revision`, `path+adapter`, or the long form.

use std::fmt;

/// A model, perhaps with an adapter on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelRef {
    /// A path, or a name on the hub.
    pub path: String,
    /// A revision on the hub.
    pub revision: Option<String>,
    /// The LoRA adapter on it.
    pub adapter: Option<AdapterRef>,
    /// Read and written for mergekit; Kinfolk goes by tensor names.
    pub override_architecture: Option<String>,
}

/// A LoRA adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AdapterRef {
    /// A path, or a name on the hub.
    pub path: String,
    /// A revision on the hub.
    pub revision: Option<String>,
}

impl ModelRef {
    /// A model at a path, which may hold any characters.
    pub fn at(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// The adapter at the same place.
    pub fn into_adapter(self) -> Option<AdapterRef> {
        Some(AdapterRef {
            path: self.path,
            revision: self.revision,
        })
    }

    /// Reads the short form.
    ///
    /// # Errors
    /// A sentence, if it has several `+`, or several `@` in one of its parts.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = text.split('+');
        let model = part(text, parts.next().unwrap_or_default())?;
        let adapter = parts
            .next()
            .map(|adapter| part(text, adapter))
            .transpose()?;
        if parts.next().is_some() {
            return Err(ambiguous(text, '+'));
        }
        Ok(Self {
            path: model.path,
            revision: model.revision,
            adapter,
            override_architecture: None,
        })
    }

    /// Whether the short form says it all.
    pub fn is_short(&self) -> bool {
        Self::parse(&self.to_string()).as_ref() == Ok(self)
    }

    /// The last word of its path, for people.
    pub fn short_name(&self) -> String {
        let last = |path: &str| {
            let trimmed = path.trim_end_matches(['/', '\\']);
            let last = trimmed.rsplit(['/', '\\']).next().unwrap_or_default();
            last.to_owned()
        };
        match &self.adapter {
            None => last(&self.path),
            Some(adapter) => format!("{}+{}", last(&self.path), last(&adapter.path)),
        }
    }
}

fn part(whole: &str, text: &str) -> Result<AdapterRef, String> {
    let mut parts = text.split('@');
    let path = parts.next().unwrap_or_default().to_owned();
    let revision = parts.next().map(str::to_owned);
    if parts.next().is_some() {
        return Err(ambiguous(whole, '@'));
    }
    if path.is_empty() {
        return Err(format!("`{whole}` names no model"));
    }
    Ok(AdapterRef { path, revision })
}

fn ambiguous(text: &str, sign: char) -> String {
    format!("`{text}` has several `{sign}`; write `model: {{model: {{path: …}}}}` instead")
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(revision) = &self.revision {
            write!(f, "@{revision}")?;
        }
        if let Some(adapter) = &self.adapter {
            write!(f, "+{}", adapter.path)?;
            if let Some(revision) = &adapter.revision {
                write!(f, "@{revision}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_read_and_written() {
        for text in ["a/b", "a/b@main", "a+b/c", "a@1+b@2", "./模型 一"] {
            let model = ModelRef::parse(text).unwrap();
            assert_eq!(model.to_string(), text);
            assert!(model.is_short());
        }
        let model = ModelRef::parse("a@1+b@2").unwrap();
        assert_eq!(
            (model.path.as_str(), model.revision.as_deref()),
            ("a", Some("1"))
        );
        assert_eq!(model.short_name(), "a+b");
    }

    #[test]
    fn a_path_with_a_plus_needs_the_long_form() {
        assert!(!ModelRef::at("a+b").is_short());
        assert!(ModelRef::parse("a+b+c").is_err());
        assert!(ModelRef::parse("a@b@c").is_err());
        assert!(ModelRef::parse("+c").is_err());
    }
}
