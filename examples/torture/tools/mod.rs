//! What all attacks use: children that are watched, folders that are compared, and the result.

mod child;
mod desk;
mod dice;
mod folders;
mod row;

pub use child::{Call, Ended, How, Running};
pub use desk::Desk;
pub use dice::Dice;
pub use folders::{Stamp, copy_folder, hashes, names, stamps};
pub use row::{Line, Row, table};

/// Why an attack could not be carried out; what the program does wrong goes into its [`Row`].
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
