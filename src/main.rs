//! The program: the window, once there is one.

fn main() {}
