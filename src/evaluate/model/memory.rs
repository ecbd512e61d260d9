//! How much memory is free, where the system says so.

/// Bytes that can be taken without other programs having to give any back; `None` where the
/// system does not say it in a file.
pub(super) fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let system = in_meminfo(&text)?;
    Some(system.min(in_group().unwrap_or(u64::MAX)))
}

fn in_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A container may have less than its machine.
fn in_group() -> Option<u64> {
    let read = |name: &str| -> Option<u64> {
        let path = format!("/sys/fs/cgroup/{name}");
        std::fs::read_to_string(path).ok()?.trim().parse().ok()
    };
    // Pages of files count as used and can be given back at once.
    let files = std::fs::read_to_string("/sys/fs/cgroup/memory.stat").ok()?;
    let files = files.lines().find_map(|line| line.strip_prefix("file "))?;
    let used = read("memory.current")?.saturating_sub(files.trim().parse().ok()?);
    Some(read("memory.max")?.saturating_sub(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_words_are_understood() {
        let text = "MemTotal:       16384 kB\nMemAvailable:    2048 kB\n";
        assert_eq!(in_meminfo(text), Some(2 << 20));
        assert_eq!(in_meminfo("MemTotal: 1 kB"), None);
    }
}
