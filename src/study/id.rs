//! What names models, drafts and evolutions of a study for good.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($name:ident),*) => {$(
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);
    )*};
}

ids!(ModelId, DraftId, EvolutionId);
