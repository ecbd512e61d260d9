//! The one way out for small files: a file is never half there, and what is not a regular file
//! stays what it is.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::destination::{Destination, destination};

/// Writes `bytes` to what `path` leads to.
///
/// A regular file is replaced as a whole: the new one is written beside it, brought to the disk
/// and renamed. A link stays, and the file that it leads to is replaced. A pipe or a device is
/// written into. A hard link to the old file keeps the old content.
///
/// # Errors
/// What the file system says, with the path; a file that is read-only stays as it is.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let written = match destination(path) {
        Ok(Destination::File(file)) => replace(&file, bytes),
        Ok(Destination::Into(file)) => write_into(&file, bytes),
        Err(error) => Err(error),
    };
    written.map_err(|error| sentence(&error, path))
}

fn sentence(error: &io::Error, path: &Path) -> String {
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
            if error.raw_os_error().is_none() =>
        {
            format!("{error}: {}", path.display())
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => format!(
            "could not be written, because the disk is full: {}",
            path.display()
        ),
        _ => format!("could not be written: {error}: {}", path.display()),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = std::fs::metadata(path).ok();
    // A rename would replace it all the same; whoever locked the file meant it.
    if old.as_ref().is_some_and(|m| m.permissions().readonly()) {
        let reason = "this file is read-only";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".kinfolk-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    keep_rights(old.as_ref(), file.as_file());
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The file is there; whether its name has reached the disk is for the next one to say.
    sync_folder(folder).ok();
    Ok(())
}

/// Temporary files are private; what replaces a file, or is new, gets the usual rights, and what
/// an administrator replaces stays its owner's.
fn keep_rights(old: Option<&Metadata>, file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        // Rights are a courtesy; the content is what must not be lost.
        if let (Some(old), Ok(own)) = (old, file.metadata())
            && (old.uid(), old.gid()) != (own.uid(), own.gid())
        {
            fchown(file, Some(old.uid()), Some(old.gid())).ok();
        }
        let mode = old.map_or(0o644, |m| m.permissions().mode());
        file.set_permissions(std::fs::Permissions::from_mode(mode))
            .ok();
    }
    #[cfg(not(unix))]
    let _ = (old, file);
}

/// How long a pipe may have nobody who reads it, and how often that is looked at.
const PATIENCE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(20);

fn write_into(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Held until the other is open: a reader that sees all writers go takes it for the end.
    let _first = await_reader(path)?;
    // `/dev/stdout` may be a regular file: this comes after what was written to it before.
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(bytes)
}

/// Opening a pipe waits for a reader for ever; this waits a moment.
fn await_reader(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let due = std::time::Instant::now() + PATIENCE;
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_NONBLOCK);
        loop {
            match options.open(path) {
                Err(error) if error.raw_os_error() == Some(libc::ENXIO) => {
                    if std::time::Instant::now() >= due {
                        return Err(io::Error::other("nobody reads from this pipe"));
                    }
                    std::thread::sleep(TICK);
                }
                other => return other,
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (PATIENCE, TICK);
        OpenOptions::new().append(true).open(path)
    }
}

/// Brings the names in a folder to the disk, where the system has a way to.
///
/// # Errors
/// What the file system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link, second) = (
            dir.path().join("real/a.json"),
            dir.path().join("link.json"),
            dir.path().join("second.json"),
        );
        std::fs::create_dir(dir.path().join("real")).unwrap();
        // Into nothing at first: the file is made where the links lead.
        symlink("real/a.json", &link).unwrap();
        symlink("link.json", &second).unwrap();
        for text in ["one", "two"] {
            write_whole(&second, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&real).unwrap(), text);
        }
        for link in [&link, &second] {
            assert!(link.symlink_metadata().unwrap().is_symlink());
        }
        symlink("ring-b", dir.path().join("ring-a")).unwrap();
        symlink("ring-a", dir.path().join("ring-b")).unwrap();
        let ring = write_whole(&dir.path().join("ring-a"), b"x").unwrap_err();
        assert!(ring.contains("ring-a"), "{ring}");
    }

    #[test]
    fn a_device_stays_a_device() {
        let before = std::fs::metadata("/dev/null").unwrap();
        write_whole(Path::new("/dev/null"), b"x").unwrap();
        let after = std::fs::symlink_metadata("/dev/null").unwrap();
        assert_eq!(before.ino(), after.ino());
        let full = write_whole(Path::new("/dev/full"), b"x").unwrap_err();
        assert!(full.contains("the disk is full"), "{full}");
    }

    #[test]
    fn a_pipe_is_written_into_and_nobody_waits_for_ever() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = {
            let pipe = pipe.clone();
            std::thread::spawn(move || std::fs::read(pipe).unwrap())
        };
        write_whole(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), b"through");
        let alone = write_whole(&pipe, b"x").unwrap_err();
        assert!(alone.contains("nobody reads"), "{alone}");
    }

    #[test]
    fn a_file_keeps_its_rights_and_a_locked_one_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_whole(&path, b"1").unwrap();
        assert_eq!(mode(&path), 0o644);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        write_whole(&path, b"2").unwrap();
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
        let locked = write_whole(&path, b"3").unwrap_err();
        assert!(locked.starts_with("this file is read-only"), "{locked}");
        assert_eq!(std::fs::read(&path).unwrap(), b"2");
        let folder = write_whole(dir.path(), b"x").unwrap_err();
        assert!(
            folder.contains("a folder where the file should be"),
            "{folder}"
        );
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).map_or(0, |m| m.permissions().mode()) & 0o777
    }
}
