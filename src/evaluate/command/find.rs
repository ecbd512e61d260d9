//! Where a program lies, and what stands in the way of a call.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::placeholders::{MODEL, OUTPUT, has};
use super::{Call, line};

/// Why a call cannot be run, in a sentence that says what to do; `None` if it can be tried.
///
/// Looks at the disk: for the working folder, and for the program.
pub fn objection(call: &Call) -> Option<String> {
    let is_bad = |(name, _): &&(String, String)| !line::is_name(name);
    let objection = if let Err(objection) = program_file(call) {
        objection
    } else if size(call) > MOST_BYTES {
        "The command is longer than anybody reads before it runs; put it in a script".to_owned()
    } else if !has(call, MODEL) {
        format!("No argument says which model is meant; write {MODEL} where its folder belongs")
    } else if !has(call, OUTPUT) {
        format!("No argument says where the results go; write {OUTPUT} where their folder belongs")
    } else if let Some((name, _)) = call.variables.iter().find(is_bad) {
        let use_what = "use letters, digits and underscores";
        format!("No variable can be called \u{201c}{name}\u{201d}; {use_what}")
    } else if call.limit_minutes == Some(0) {
        "A time limit of 0 minutes leaves no time; raise it, or take it away".to_owned()
    } else {
        return None;
    };
    Some(objection)
}

/// The file that a call would run; the folder that it would run in counts for programs that are
/// given by a relative path.
///
/// # Errors
/// The sentence that [`objection`] gives for a program or a folder that cannot be found.
pub fn program_file(call: &Call) -> Result<PathBuf, String> {
    program(call, &working_folder(call)?)
}

/// The longest call: what runs is shown before it does.
const MOST_BYTES: usize = 32 << 10;

fn size(call: &Call) -> usize {
    let variables = call
        .variables
        .iter()
        .flat_map(|(name, value)| [name, value]);
    let texts = call.arguments.iter().chain([&call.program]);
    texts.chain(variables).map(|text| text.len() + 1).sum()
}

/// The folder that the program runs in.
pub(super) fn working_folder(call: &Call) -> Result<PathBuf, String> {
    let Some(folder) = &call.folder else {
        let here = std::env::current_dir();
        return here.map_err(|e| format!("The folder that the program would run in is gone: {e}"));
    };
    let shown = folder.display();
    if !folder.exists() {
        let what = "The folder that the program is to run in is missing; choose another";
        return Err(format!("{what}: {shown}"));
    }
    if !folder.is_dir() {
        let what = "The program is to run in something that is not a folder; choose another";
        return Err(format!("{what}: {shown}"));
    }
    std::path::absolute(folder).map_err(|e| format!("{e}: {shown}"))
}

/// The file of a call's program.
pub(super) fn program(call: &Call, folder: &Path) -> Result<PathBuf, String> {
    let name = call.program.as_str();
    if name.trim().is_empty() {
        return Err("No program is given; type its name, or where it lies".to_owned());
    }
    if name.contains(std::path::is_separator) {
        // A path to nowhere is left as it is, to be told.
        let path = folder.join(name);
        let found = spelt(&path).find(|path| path.exists());
        let file = found.unwrap_or(path);
        return judge(&file).map(|()| file);
    }
    on_the_path(name, call)
}

/// The first program of a name in the folders of `PATH`, as the call sets it.
///
/// Folders that are relative, such as `.`, are passed over: they would mean the folder of the
/// study, and a file that came with a study must not run in place of an installed program.
fn on_the_path(name: &str, call: &Call) -> Result<PathBuf, String> {
    let set = call.variables.iter().rfind(|(name, _)| name == "PATH");
    let set = set.map(|(_, value)| OsString::from(value));
    let path = set.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let mut objection = None;
    for dir in std::env::split_paths(&path).filter(|dir| dir.is_absolute()) {
        let file = dir.join(name);
        for file in spelt(&file).filter(|file| file.is_file()) {
            match judge(&file) {
                Ok(()) => return Ok(file),
                Err(sentence) => objection.get_or_insert(sentence),
            };
        }
    }
    Err(objection.unwrap_or_else(|| {
        format!(
            "The program \u{201c}{name}\u{201d} was not found on the path; install it, or type \
             where it lies"
        )
    }))
}

/// The path, and on Windows the same with the endings that programs have there.
fn spelt(path: &Path) -> impl Iterator<Item = PathBuf> {
    const ENDINGS: [&str; 5] = ["", ".exe", ".cmd", ".bat", ".com"];
    let n = if cfg!(windows) { ENDINGS.len() } else { 1 };
    ENDINGS[..n].iter().map(move |ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Whether a file can be run, as far as can be told without running it.
fn judge(file: &Path) -> Result<(), String> {
    let shown = file.display();
    let Ok(metadata) = std::fs::metadata(file) else {
        let what = "There is no such program; install it, or type where it lies";
        return Err(format!("{what}: {shown}"));
    };
    if !metadata.is_file() {
        let what = "This is not a program; type where the program itself lies";
        return Err(format!("{what}: {shown}"));
    }
    if !may_run(&metadata) {
        let what = "This file may not be run; make it executable, or call what reads it";
        return Err(format!("{what}: {shown}"));
    }
    Ok(())
}

#[cfg(unix)]
fn may_run(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn may_run(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This test itself: a program that is there on every system.
    fn call() -> Call {
        let own = std::env::current_exe().unwrap();
        Call {
            program: own.to_string_lossy().into_owned(),
            arguments: vec!["{model}".to_owned(), "{output}".to_owned()],
            ..Call::default()
        }
    }

    fn objects(what: &str, change: impl FnOnce(&mut Call)) {
        let mut call = call();
        change(&mut call);
        let objection = objection(&call).unwrap();
        assert!(objection.contains(what), "{objection}");
    }

    #[test]
    fn a_sound_call_meets_no_objection() {
        assert_eq!(objection(&call()), None);
    }

    #[test]
    fn what_is_missing_is_said() {
        objects("No program", |call| call.program = " ".to_owned());
        objects("which model", |call| drop(call.arguments.remove(0)));
        objects("where the results", |call| drop(call.arguments.remove(1)));
        objects("called \u{201c}a b\u{201d}", |call| {
            call.variables = vec![("a b".to_owned(), String::new())];
        });
        objects("longer than anybody reads", |call| {
            call.arguments.extend(vec![String::new(); MOST_BYTES]);
        });
        objects("0 minutes", |call| call.limit_minutes = Some(0));
    }

    #[test]
    fn programs_and_folders_that_are_not_there_are_said() {
        let temp = tempfile::tempdir().unwrap();
        let there = temp.path().join("notes.txt");
        std::fs::write(&there, "x").unwrap();
        objects("not found on the path", |call| {
            call.program = "no-such-program-anywhere".to_owned();
        });
        objects("no such program", |call| {
            call.program = temp.path().join("none").to_string_lossy().into_owned();
        });
        objects("This is not a program", |call| {
            call.program = temp.path().to_string_lossy().into_owned();
        });
        objects("is missing", |call| {
            call.folder = Some(temp.path().join("none"));
        });
        objects("not a folder", |call| call.folder = Some(there.clone()));
    }

    #[cfg(unix)]
    #[test]
    fn a_program_in_the_folder_of_the_study_is_not_taken_for_one_on_the_path() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let own = temp.path().join("judge");
        std::fs::write(&own, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut call = call();
        call.folder = Some(temp.path().to_owned());
        call.variables = vec![("PATH".to_owned(), ".::bin/..".to_owned())];
        call.program = "judge".to_owned();
        let refused = program_file(&call).unwrap_err();
        assert!(refused.contains("not found on the path"), "{refused}");
        // By a path it is meant.
        call.program = "./judge".to_owned();
        assert_eq!(program_file(&call).unwrap(), temp.path().join("./judge"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_run_is_said_and_passed_over_on_the_path() {
        use std::os::unix::fs::PermissionsExt;
        let temp = tempfile::tempdir().unwrap();
        let (first, second) = (temp.path().join("1"), temp.path().join("2"));
        for (dir, mode) in [(&first, 0o644), (&second, 0o755)] {
            std::fs::create_dir(dir).unwrap();
            let file = dir.join("judge");
            std::fs::write(&file, "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = |dirs: &[&PathBuf]| {
            let path = std::env::join_paths(dirs).unwrap();
            ("PATH".to_owned(), path.to_string_lossy().into_owned())
        };
        objects("may not be run", |call| {
            call.program = first.join("judge").to_string_lossy().into_owned();
        });
        objects("may not be run", |call| {
            call.program = "judge".to_owned();
            call.variables = vec![path(&[&first])];
        });
        let mut call = call();
        call.program = "judge".to_owned();
        call.variables = vec![path(&[&first, &second])];
        assert_eq!(program(&call, temp.path()).unwrap(), second.join("judge"));
        call.program = "2/judge".to_owned();
        assert_eq!(program(&call, temp.path()).unwrap(), second.join("judge"));
    }
}
