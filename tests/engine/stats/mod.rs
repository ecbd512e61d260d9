//! Statistics against the paper, against SciPy, against their own laws, and as scripts meet
//! them.

mod cli;
mod laws;
mod paper;
mod plateaus;
mod scipy;
mod tables;
