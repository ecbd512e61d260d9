//! What people call a model that lies elsewhere.

use std::path::Path;

use super::hub::HubName;

/// What people call the thing of that name: its last part, without the ending of weights;
/// "org/name" for a model of the hub.
pub fn last_part(name: &Path) -> Option<String> {
    let text = name.to_str()?.trim_end_matches('/');
    if let Some(Ok(name)) = HubName::parse(name) {
        return Some(name.repository);
    }
    if let Some((repository, _)) = text.split_once("/resolve/") {
        let parts: Vec<&str> = repository.rsplitn(3, '/').collect();
        return Some(format!("{}/{}", parts.get(1)?, parts.first()?));
    }
    let (before, last) = text.rsplit_once('/')?;
    let stem = last.strip_suffix(".safetensors").unwrap_or(last);
    let is_usual = matches!(stem, "model" | "adapter_model") && stem != last;
    let folder = before
        .rsplit('/')
        .next()
        .filter(|folder| is_usual && !folder.is_empty());
    Some(folder.unwrap_or(stem).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_called_by_their_last_parts() {
        for (name, called) in [
            ("s3://b/models/math", "math"),
            ("https://h/m/math/model.safetensors", "math"),
            ("https://h/m/math-7B.safetensors", "math-7B"),
            ("hf://org/m@v1", "org/m"),
            ("https://huggingface.co/org/m/resolve/abc/", "org/m"),
        ] {
            assert_eq!(last_part(Path::new(name)).as_deref(), Some(called));
        }
    }
}
