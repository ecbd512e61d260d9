//! Files that hand the tasks of a plan to an engine that people already run.

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// Ray: a short Python file.
    Ray,
    /// A Slurm array.
    Slurm,
    /// GNU parallel, over ssh.
    Parallel,
}

impl Driver {
    /// By name.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("ray", Self::Ray),
        ("slurm", Self::Slurm),
        ("parallel", Self::Parallel),
    ];

    /// What its file is called.
    pub const fn file(self) -> &'static str {
        match self {
            Self::Ray => "kinfolk_ray.py",
            Self::Slurm => "kinfolk_slurm.sh",
            Self::Parallel => "kinfolk_parallel.sh",
        }
    }
}

/// The text of a driver.
pub const fn driver(of: Driver) -> &'static str {
    match of {
        Driver::Ray => include_str!("../../resources/cluster/kinfolk_ray.py"),
        Driver::Slurm => include_str!("../../resources/cluster/kinfolk_slurm.sh"),
        Driver::Parallel => include_str!("../../resources/cluster/kinfolk_parallel.sh"),
    }
}
