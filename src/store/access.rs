//! Where the hub is, and who asks.

#[cfg(feature = "stores")]
use std::path::PathBuf;

const USUAL_ENDPOINT: &str = "https://huggingface.co";

/// The address of the hub, which `HF_ENDPOINT` may change.
pub(super) fn endpoint() -> String {
    let set = std::env::var("HF_ENDPOINT").unwrap_or_default();
    match set.trim().trim_end_matches('/') {
        "" => USUAL_ENDPOINT.to_owned(),
        own => own.to_owned(),
    }
}

/// The token for the hub: `HF_TOKEN`, or what `hf auth login` has left.
#[cfg(feature = "stores")]
pub(super) fn token() -> Option<String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let said = set("HF_TOKEN").and_then(|token| token.into_string().ok());
    let path = || {
        let home = || directories::BaseDirs::new().map(|d| d.home_dir().join(".cache/huggingface"));
        let own = set("HF_TOKEN_PATH").map(PathBuf::from);
        own.or_else(|| {
            Some(
                set("HF_HOME")
                    .map(PathBuf::from)
                    .or_else(home)?
                    .join("token"),
            )
        })
    };
    let kept = || crate::files::read_text(&path()?, 1 << 10).ok();
    let token = said.or_else(kept)?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}
