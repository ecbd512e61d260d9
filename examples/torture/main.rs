//! Attacks the built program from outside, and says what was lost: nothing, if all is well.
//!
//! ```text
//! cargo build --release
//! cargo run --release --example torture -- [--only NAME]… [--times N] [--seed S] [--table FILE]
//! ```
//!
//! Every attack drives `kinfolk` as a child process below a temporary folder, in which
//! `KINFOLK_HOME` lies too, and checks what is on the disk afterwards by itself. The moments and
//! places of the attacks follow from the seed; what the program was doing just then does not.
//! Exit status: 0 nothing was lost, 1 something was, 2 an attack could not be carried out.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line of its own"
)]

#[cfg(unix)]
mod attacks;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod tools;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(unix))]
fn main() {
    println!("The attacks use Unix signals, pipes and devices, and run on Unix alone.");
}
