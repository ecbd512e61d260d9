//! The guide: a page a topic, the same on the command line and in the window.

/// A page of the guide.
#[derive(Debug, PartialEq, Eq)]
pub struct Topic {
    /// What it is asked for by.
    pub key: &'static str,
    /// Its text in Markdown, with the title as its first heading.
    pub text: &'static str,
}

macro_rules! topics {
    ($($key:literal),* $(,)?) => {
        /// Every topic, in the order in which they are read.
        pub const TOPICS: &[Topic] = &[$(Topic {
            key: $key,
            text: include_str!(concat!("../resources/guide/", $key, ".md")),
        }),*];
    };
}

topics![
    "open",
    "measure",
    "merge",
    "tools",
    "tokens",
    "origin",
    "record",
    "charts",
    "evolve",
    "strategies",
    "advise",
    "command-line",
    "safety",
    "cluster",
    "measured",
    "limits",
    "extending",
];

impl Topic {
    /// Its heading.
    pub fn title(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches('#').trim_start()
    }

    /// The topic of a key.
    pub fn of(key: &str) -> Option<&'static Self> {
        TOPICS.iter().find(|topic| topic.key == key)
    }
}
