//! The processes of a Linux system, as `/proc` tells them (proc_pid_stat(5), proc_pid_environ(5)).

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: u32,
    pub(super) parent: u32,
    pub(super) group: u32,
    /// When it was started, in clock ticks since the system was: with the number, this names a
    /// process for good.
    pub(super) started: u64,
    /// What it is called, at most 15 bytes.
    pub(super) name: String,
}

/// Every process that runs; one that has ended and waits to be fetched is none.
pub(super) fn running() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let id = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    entries.filter_map(id).filter_map(process).collect()
}

fn process(id: u32) -> Option<Process> {
    let stat = std::fs::read(format!("/proc/{id}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&stat))
}

/// Reads `12 (name) S 1 12 …`; the name may have brackets and blanks in it.
fn parse(stat: &str) -> Option<Process> {
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let is_over = matches!(fields.first(), None | Some(&("Z" | "X" | "x")));
    let process = Process {
        id: id.parse().ok()?,
        parent: number(1)? as u32,
        group: number(2)? as u32,
        started: number(19)?,
        name: name.to_owned(),
    };
    (!is_over).then_some(process)
}

/// Whether a process was started with a variable, given as `NAME=value`; no for processes of
/// other users.
pub(super) fn was_given(id: u32, variable: &str) -> bool {
    let variables = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    let mut variables = variables.split(|&b| b == 0);
    variables.any(|given| given == variable.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_has_its_variables() {
        let id = std::process::id();
        let own = running().into_iter().find(|p| p.id == id).unwrap();
        assert_eq!(Some(own), process(id));
        let path = format!("PATH={}", std::env::var("PATH").unwrap());
        assert!(was_given(id, &path));
        assert!(!was_given(id, "PATH=") && !was_given(0, &path));
    }

    #[test]
    fn names_may_have_brackets_and_what_has_ended_is_left_out() {
        let stat = |name: &str, state: &str| {
            format!("12 ({name}) {state} 7 5 4 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 9876 100 3\n")
        };
        let found = parse(&stat("a) S 1 (b", "T")).unwrap();
        let expected = Process {
            id: 12,
            parent: 7,
            group: 5,
            started: 9876,
            name: "a) S 1 (b".to_owned(),
        };
        assert_eq!(found, expected);
        for bad in [&stat("a", "Z"), "", "12 (a) S", "12 (a"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
