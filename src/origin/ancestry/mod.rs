//! Of which models a child was made, in what shares, and by what kind of method.

pub mod fit;
