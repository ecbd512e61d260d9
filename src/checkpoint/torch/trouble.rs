//! What can be wrong with a PyTorch file, before the path is known.

use std::io;
use std::path::Path;

use crate::checkpoint::error::CheckpointError;

pub(super) const BIG_ENDIAN: &str = "it was written on a big-endian machine";

/// Why a PyTorch file is refused; the strings are clauses of the sentences in
/// [`CheckpointError`].
#[derive(Debug)]
pub(super) enum Trouble {
    Damaged(String),
    Unsupported(String),
    /// A name that runs a program when PyTorch reads it.
    Dangerous(String),
    Tensor {
        tensor: String,
        reason: String,
    },
    Io(io::Error),
}

pub(super) fn damaged(reason: &str) -> Trouble {
    Trouble::Damaged(reason.to_owned())
}

pub(super) fn unsupported(reason: &str) -> Trouble {
    Trouble::Unsupported(reason.to_owned())
}

impl Trouble {
    pub(super) fn at(self, path: &Path) -> CheckpointError {
        let at = path;
        let path = path.to_owned();
        match self {
            Self::Damaged(reason) => CheckpointError::TorchDamaged { path, reason },
            Self::Unsupported(reason) => CheckpointError::TorchUnsupported { path, reason },
            Self::Dangerous(found) => CheckpointError::TorchDangerous { path, found },
            Self::Tensor { tensor, reason } => CheckpointError::TorchTensor {
                path,
                tensor,
                reason,
            },
            Self::Io(error) => CheckpointError::unreadable(at, error.into()),
        }
    }
}

/// As much of a stranger's text as a message has room for.
pub(super) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(120).collect()
}
