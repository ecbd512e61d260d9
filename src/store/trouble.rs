//! What can go wrong between here and a store, as clauses for people.

/// Why something could not be read from a store; a clause that finishes a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is nothing of that name.
    #[error("the store has nothing of this name")]
    Missing,
    /// Credentials are missing, wrong or too weak.
    #[error("the store refuses to give it ({0}); check the credentials in the environment")]
    Forbidden(String),
    /// Another version has taken its place.
    #[error(
        "it has changed since it was opened; wait until nothing writes to it, and open it anew"
    )]
    Changed,
    /// The server sends whole files only.
    #[error("the server does not send parts of files; download it, and open it from the disk")]
    NoRanges,
    /// It is longer than anything of its kind.
    #[error("it has more than {0} bytes, the most that is read here")]
    TooLong(u64),
    /// Nothing came for that many seconds.
    #[error("the store has sent nothing for {0} s; check the network, and start again")]
    Stalled(u64),
    /// Fewer or more bytes came than were announced.
    #[error("the store sent {found} bytes where {expected} were asked for; start again")]
    Length {
        /// Bytes that were asked for.
        expected: u64,
        /// Bytes that came.
        found: u64,
    },
    /// It answered, and not with what was asked for.
    #[error("the store answered {0}; start again later")]
    Answer(String),
    /// No answer came.
    #[error("the store cannot be reached ({0}); check the network, and start again")]
    Offline(String),
    /// The work that it was for was cancelled.
    #[error("it was cancelled; open the model anew")]
    Cancelled,
    /// What was said is no name of this kind.
    #[error("{0}")]
    Name(String),
}

impl Trouble {
    /// Whether asking again may help.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Stalled(_) | Self::Length { .. } | Self::Answer(_) | Self::Offline(_)
        )
    }
}
