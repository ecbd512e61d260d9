//! What `aws configure` has left in `~/.aws`: keys and region of a profile.
//!
//! Only plain keys are taken; profiles that name a role or a process are for the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::files;

const MOST_BYTES: u64 = 1 << 20;

/// The settings of the profile that `AWS_PROFILE` names, or of `default`.
pub(super) fn settings() -> BTreeMap<String, String> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let home = || directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".aws"));
    let read = |variable: &str, name: &str| {
        let path = set(variable).map(PathBuf::from);
        let path = path.or_else(|| Some(home()?.join(name)))?;
        files::read_text(&path, MOST_BYTES).ok()
    };
    let profile = set("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let config = read("AWS_CONFIG_FILE", "config").unwrap_or_default();
    let keys = read("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
    let mut found = of_profile(&config, &profile);
    found.extend(of_profile(&keys, &profile));
    found
}

/// The settings of one profile in the text of a file.
fn of_profile(text: &str, profile: &str) -> BTreeMap<String, String> {
    let (mut is_own, mut found) = (false, BTreeMap::new());
    for line in text.lines() {
        let is_inner = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.starts_with(['#', ';']) || line.is_empty() || is_inner {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            let name = name.trim();
            is_own = name.strip_prefix("profile ").map_or(name, str::trim) == profile;
        } else if let (true, Some((key, value))) = (is_own, line.split_once('=')) {
            found.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_one_profile_are_taken() {
        let text = "# keys\n[default]\naws_access_key_id = a\naws_secret_access_key=b=c\n\
                    s3 =\n  max_concurrent_requests = 9\n[profile lab]\nregion = eu-west-1\n";
        let own = of_profile(text, "default");
        assert_eq!(own["aws_access_key_id"], "a");
        assert_eq!(own["aws_secret_access_key"], "b=c");
        assert!(!own.contains_key("region") && !own.contains_key("max_concurrent_requests"));
        assert_eq!(of_profile(text, "lab")["region"], "eu-west-1");
        assert!(of_profile(text, "none").is_empty());
    }
}
