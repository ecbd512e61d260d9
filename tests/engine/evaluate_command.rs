//! Evaluators of all manners: good, broken, stubborn and prolific. Nothing may outlive a run.

#![cfg(unix)]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use kinfolk::evaluate::TaskScore;
use kinfolk::evaluate::command::{
    Call, CommandError, Ending, Finished, Line, MOST_LINE_BYTES, Stream, TAIL_LINES, run,
    run_within,
};
use kinfolk::jobs::Ticket;
use kinfolk::workbench::scoring::read_results;

use crate::common::write_program;

/// A model, a folder for results, and a script that judges: `$1` is the model, `$2` the folder.
struct Place {
    temp: tempfile::TempDir,
    call: Call,
}

impl Place {
    fn new(script: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("judge it.sh");
        std::fs::write(&file, script).unwrap();
        std::fs::create_dir(temp.path().join("model")).unwrap();
        let call = Call {
            program: "sh".to_owned(),
            arguments: [&file.to_string_lossy(), "{model}", "{output}"]
                .map(str::to_owned)
                .to_vec(),
            // What is started is known again by this.
            variables: vec![(
                "PLACE".to_owned(),
                temp.path().to_string_lossy().into_owned(),
            )],
            ..Call::default()
        };
        Self { temp, call }
    }

    fn model(&self) -> PathBuf {
        self.temp.path().join("model")
    }

    fn output(&self) -> PathBuf {
        self.temp.path().join("out")
    }

    fn run(&self) -> Result<Finished, CommandError> {
        self.run_hearing(&Ticket::default(), |_| {})
    }

    /// Runs it, and sees that nothing is left of it.
    fn run_hearing(
        &self,
        ticket: &Ticket,
        on_line: impl Fn(Line) + Sync,
    ) -> Result<Finished, CommandError> {
        let result = run(&self.call, &self.model(), &self.output(), ticket, &on_line);
        self.sees_nothing_left();
        result
    }

    /// Runs it, and cancels as soon as it has printed `ready`, with the lines before.
    fn cancel_when_ready(&self) -> (Result<Finished, CommandError>, Vec<String>) {
        let (ticket, heard) = (Ticket::default(), Mutex::new(Vec::new()));
        let result = self.run_hearing(&ticket, |line| {
            if line.text == "ready" {
                ticket.cancel();
            }
            heard.lock().unwrap().push(line.text);
        });
        (result, heard.into_inner().unwrap())
    }

    fn scores(&self) -> Result<Vec<TaskScore>, String> {
        read_results(&self.run().unwrap())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.temp.path().join("out.log")).unwrap()
    }

    /// No process runs that has this place in its variables.
    #[cfg(target_os = "linux")]
    fn sees_nothing_left(&self) {
        let place = format!("PLACE={}", self.temp.path().display());
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            let is_ours = environ
                .split(|&b| b == 0)
                .any(|one| one == place.as_bytes());
            let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            assert!(!is_ours, "{name} is still there");
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn sees_nothing_left(&self) {}
}

/// Whether a process runs; one that has ended and was not fetched does not.
#[cfg(target_os = "linux")]
fn runs(pid: &str) -> bool {
    pid.parse::<u32>().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some(Some('Z' | 'X')))
}

#[cfg(not(target_os = "linux"))]
fn runs(pid: &str) -> bool {
    let kill = std::process::Command::new("kill")
        .args(["-0", pid])
        .output();
    kill.unwrap().status.success()
}

/// The number in a line `pid 123`.
fn pid<'a>(lines: impl IntoIterator<Item = &'a String>) -> &'a str {
    let mut pids = lines
        .into_iter()
        .filter_map(|line| line.strip_prefix("pid "));
    pids.next().expect("a line with a number")
}

fn texts(finished: &Finished) -> Vec<String> {
    finished
        .tail
        .lines()
        .map(|line| line.text.clone())
        .collect()
}

fn score(task: &str, value: f64) -> TaskScore {
    TaskScore {
        task: task.to_owned(),
        value,
        ..TaskScore::default()
    }
}

#[test]
fn plain_results_are_read_and_placeholders_filled() {
    let place = Place::new(
        r#"echo "model $1"; echo "output $2"; echo "variable $MODEL"; echo "folder $PWD"
        cat; ls -A "$2"; echo '{"gsm8k": 0.5, "arc": 62.5}' > "$2/mine.json""#,
    );
    let mut place = place;
    let there = place.temp.path().join("there");
    std::fs::create_dir(&there).unwrap();
    place.call.folder = Some(there.clone());
    place
        .call
        .variables
        .push(("MODEL".to_owned(), "<{model}{x}>".to_owned()));
    let finished = place.run().unwrap();
    let (model, output) = (place.model(), place.output());
    let (model, output) = (model.display(), output.display());
    let expected = [
        format!("model {model}"),
        format!("output {output}"),
        format!("variable <{model}{{x}}>"),
        format!("folder {}", there.display()),
    ];
    assert_eq!(texts(&finished), expected);
    assert_eq!(finished.results, [place.output().join("mine.json")]);
    assert!(finished.left_behind.is_empty() && finished.note().is_none());
    let scores = read_results(&finished).unwrap();
    assert_eq!(scores, [score("arc", 62.5), score("gsm8k", 50.0)]);
    let log = place.log();
    assert!(
        log.starts_with("$ sh '") && log.ends_with("[ended well]\n"),
        "{log}"
    );
    assert!(log.contains(&expected.join("\n")), "{log}");
    assert!(!log.contains("<{model}"), "variables may be secret: {log}");
}

#[test]
fn results_of_the_harness_are_read() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/import/results");
    let file = "acme__pine-7b/results_2024-05-03T08-30-00.654321.json";
    let place = Place::new(&format!(
        "mkdir \"$2/model\"; cp '{data}/{file}' \"$2/model\"; echo '{{}}' > \"$2/config.json\""
    ));
    let expected = TaskScore {
        stderr: Some(1.25),
        n: Some(1319),
        ..score("gsm8k", 71.26)
    };
    assert_eq!(place.scores().unwrap(), [expected]);
}

#[test]
fn of_a_task_in_several_files_the_newest_counts() {
    let place = Place::new(
        r#"cd "$2"
        echo '{"results": {"a": {"acc,none": 0.75}}}' > results_1.json
        echo '{"results": {"a": {"acc,none": 0.5}, "b": {"acc,none": 0.25}}}' > results_2.json
        touch -t 202401010000 results_2.json"#,
    );
    assert_eq!(
        place.scores().unwrap(),
        [score("a", 75.0), score("b", 25.0)]
    );
}

#[test]
fn what_is_no_result_is_told_with_its_file() {
    for (script, expected) in [
        ("true", vec!["wrote no results", "out"]),
        ("echo x > \"$2/x.txt\"", vec!["wrote no results", "out"]),
        (
            r#"printf '{"a":\n 1,}' > "$2/x.json""#,
            vec!["Line 2", "JSON is broken", "x.json"],
        ),
        (
            r#"printf '{"a": "b"}' > "$2/x.json""#,
            vec!["no results", "x.json"],
        ),
        (": > \"$2/x.json\"", vec!["before it is complete", "x.json"]),
        (
            r#"printf '{"gsm8k": NaN, "arc": 0.5}' > "$2/x.json""#,
            vec!["no number for gsm8k", "x.json"],
        ),
        (
            r#"printf '{"gsm8k": NaN}' > "$2/x.json""#,
            vec!["no number for gsm8k", "x.json"],
        ),
        (
            r#"printf '{"results": {"a": {"word_perplexity,none": 8}}}' > "$2/x.json""#,
            vec!["more is better", "(a)", "x.json"],
        ),
        (
            r#"printf '{"m": {"a": 0.5}, "n": {"a": 0.5}}' > "$2/x.json""#,
            vec!["about 2 models", "x.json"],
        ),
        (
            r#"printf '\377' > "$2/x.json""#,
            vec!["not UTF-8", "x.json"],
        ),
    ] {
        let error = Place::new(script).scores().unwrap_err();
        for part in expected {
            assert!(error.contains(part), "{script}: {error}");
        }
    }
}

#[test]
fn a_failure_is_told_with_its_code_and_the_last_lines() {
    let place = Place::new("echo begun; echo 'no such task' >&2; exit 3");
    let error = place.run().unwrap_err();
    let CommandError::Failed { ending, last, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*ending, Ending::Code(3));
    let mut last = last.clone();
    // Two streams have no order among each other.
    last.sort();
    assert_eq!(last, ["begun", "no such task"]);
    let sentence = error.to_string();
    assert!(sentence.starts_with("sh ended with code 3. "), "{sentence}");
    assert!(sentence.ends_with("out.log"), "{sentence}");
    assert!(place.log().ends_with("[ended with code 3]\n"));
}

#[test]
fn an_end_by_a_signal_is_told() {
    let error = Place::new("kill -9 $$").run().unwrap_err();
    let CommandError::Failed { ending, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(*ending, Ending::Signal(9));
    assert!(
        error.to_string().contains("when memory runs out"),
        "{error}"
    );
}

#[test]
fn garbage_is_shown_as_far_as_it_is_text() {
    let place = Place::new(
        r#"printf 'a\377\376b\000c\n'; printf '\033[31mred\033[0m\n'
        printf '10%%\r20%%\r30%%\ndone\n'; printf 'no end'"#,
    );
    let finished = place.run().unwrap();
    assert_eq!(texts(&finished), ["a��bc", "red", "30%", "done", "no end"]);
    assert!(
        finished
            .tail
            .lines()
            .all(|l| l.stream == Stream::Output && !l.is_passing)
    );
}

#[test]
fn fifty_megabytes_are_heard_and_only_their_end_is_kept() {
    // 100 bytes a line with its end.
    let line = "0123456789".repeat(9) + "012345678";
    let place = Place::new(&format!("yes {line} | head -n 500000; echo last"));
    let heard = Mutex::new((0, 0));
    let finished = place.run_hearing(&Ticket::default(), |line| {
        if !line.is_passing {
            let mut heard = heard.lock().unwrap();
            *heard = (heard.0 + 1, heard.1 + line.text.len() + 1);
        }
    });
    let finished = finished.unwrap();
    assert_eq!(heard.into_inner().unwrap(), (500_001, 50_000_005));
    assert_eq!(finished.tail.lines().len(), TAIL_LINES);
    assert_eq!(finished.tail.last(1), ["last"]);
    let log = place.log();
    assert!(log.len() < 17 << 20, "{}", log.len());
    assert!(log.contains("lines are left out") && log.ends_with("\nlast\n[ended well]\n"));
}

#[test]
fn an_endless_line_is_cut_and_can_be_cancelled() {
    let place = Place::new("yes | tr -d '\\n'");
    let (ticket, longest) = (Ticket::default(), Mutex::new(0));
    let result = place.run_hearing(&ticket, |line| {
        let mut longest = longest.lock().unwrap();
        *longest = line.text.len().max(*longest);
        if line.text.ends_with('…') {
            ticket.cancel();
        }
    });
    assert_eq!(result, Err(CommandError::Cancelled));
    assert_eq!(*longest.lock().unwrap(), MOST_LINE_BYTES + '…'.len_utf8());
}

#[test]
fn what_hangs_is_ended_at_its_limit() {
    let place = Place::new("sleep 1000 & sleep 1000");
    let limit = Duration::from_millis(200);
    let (model, output) = (place.model(), place.output());
    let ticket = Ticket::default();
    let error = run_within(&place.call, &model, &output, Some(limit), &ticket, &|_| {});
    let error = error.unwrap_err();
    place.sees_nothing_left();
    assert!(matches!(error, CommandError::Overdue { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("after 0.2 seconds, its time limit"),
        "{error}"
    );
    assert!(place.log().ends_with("[ended because its time was over]\n"));
}

#[test]
fn what_hangs_can_be_cancelled_with_all_its_children() {
    let place = Place::new("sleep 1000 & echo pid $!; echo ready; wait");
    let (result, heard) = place.cancel_when_ready();
    assert_eq!(result, Err(CommandError::Cancelled));
    assert!(!runs(pid(&heard)));
}

#[test]
fn who_is_asked_to_end_may_say_a_last_word() {
    let place =
        Place::new("trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
    let (result, heard) = place.cancel_when_ready();
    assert_eq!(result, Err(CommandError::Cancelled));
    assert!(heard.iter().any(|line| line == "goodbye"), "{heard:?}");
    assert!(place.log().contains("\ngoodbye\n"));
}

#[test]
fn who_does_not_listen_is_made_to_end() {
    let place = Place::new(
        "trap '' TERM; (while :; do sleep 0.1; done) & echo pid $!; echo ready
        while :; do sleep 0.1; done",
    );
    let (result, heard) = place.cancel_when_ready();
    assert_eq!(result, Err(CommandError::Cancelled));
    assert!(!runs(pid(&heard)));
}

#[test]
fn what_is_stopped_is_ended_as_well() {
    let place = Place::new("sleep 1000 & echo pid $!; kill -STOP $!; echo ready; kill -STOP $$");
    let (result, heard) = place.cancel_when_ready();
    assert_eq!(result, Err(CommandError::Cancelled));
    assert!(!runs(pid(&heard)));
}

#[test]
fn children_left_behind_are_ended_and_told() {
    let place = Place::new("sleep 1000 & echo pid $!; echo '{\"a\": 0.5}' > \"$2/x.json\"");
    let finished = place.run().unwrap();
    assert!(!runs(pid(&texts(&finished))));
    assert_eq!(read_results(&finished).unwrap(), [score("a", 50.0)]);
    let note = finished.note().unwrap();
    assert!(note.starts_with("One process was left behind"), "{note}");
    if cfg!(target_os = "linux") {
        assert_eq!(finished.left_behind, ["sleep"]);
    }
}

#[test]
fn a_stubborn_child_left_behind_is_made_to_end() {
    let place = Place::new(
        "(trap '' TERM; echo up; while :; do sleep 0.1; done) & echo pid $!
        while ! grep -q up \"$2.log\"; do sleep 0.05; done",
    );
    let finished = place.run().unwrap();
    assert!(!runs(pid(&texts(&finished))));
    assert!(!finished.left_behind.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_daemon_that_left_the_group_is_found_by_its_variables() {
    let place = Place::new(
        "(setsid sh -c 'echo pid $$; exec sleep 1000' &)
        while ! grep -q pid \"$2.log\"; do sleep 0.05; done",
    );
    let finished = place.run().unwrap();
    assert!(!runs(pid(&texts(&finished))));
    assert_eq!(finished.left_behind.len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_daemon_without_variables_is_found_by_its_parents() {
    // It outlives the parent, which ends when it is asked to, and does not hear that itself.
    let place = Place::new(
        "setsid env -i sh -c 'trap \"\" TERM; echo pid $$; echo ready; while :; do sleep 0.1; done' &
        wait",
    );
    let (result, heard) = place.cancel_when_ready();
    assert_eq!(result, Err(CommandError::Cancelled));
    assert!(!runs(pid(&heard)));
}

/// Wrong, but so it is: what has left the group, lost its parents and wiped its variables is
/// nobody's. It must not keep a run from ending, though it holds its output open.
#[cfg(target_os = "linux")]
#[test]
fn a_pipe_held_by_who_cannot_be_found_keeps_nobody_waiting() {
    let place = Place::new(
        "(setsid env -i sh -c 'echo pid $$; exec sleep 1000' &)
        while ! grep -q pid \"$2.log\"; do sleep 0.05; done",
    );
    let finished = place.run().unwrap();
    let lines = texts(&finished);
    let pid = pid(&lines);
    assert!(runs(pid) && finished.left_behind.is_empty());
    let kill = std::process::Command::new("sh")
        .args(["-c", &format!("kill -9 {pid}")])
        .status();
    assert!(kill.unwrap().success());
}

#[test]
fn who_closes_its_output_is_waited_for() {
    let place =
        Place::new("echo hello; exec >&- 2>&-; sleep 0.5; echo '{\"a\": 0.5}' > \"$2/x.json\"");
    let finished = place.run().unwrap();
    assert_eq!(texts(&finished), ["hello"]);
    assert_eq!(read_results(&finished).unwrap(), [score("a", 50.0)]);
}

#[test]
fn a_listener_that_panics_leaves_nothing_running() {
    let place = Place::new("trap '' TERM; sleep 1000 & echo ready; wait");
    let run = || place.run_hearing(&Ticket::default(), |_| panic!("a listener"));
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    place.sees_nothing_left();
}

#[test]
fn what_cannot_be_started_is_said_in_a_sentence() {
    let refused = |place: &Place, what: &str| {
        let error = place.run().unwrap_err();
        let CommandError::NotStarted(sentence) = &error else {
            panic!("{error}");
        };
        assert!(sentence.contains(what), "{sentence}");
    };
    let mut place = Place::new("");
    place.call.program = "no-such-program-anywhere".to_owned();
    refused(&place, "not found on the path");
    assert!(!place.output().exists());

    let mut place = Place::new("");
    place.call.folder = Some(place.temp.path().join("none"));
    refused(&place, "is missing");

    let place = Place::new("");
    std::fs::remove_dir(place.model()).unwrap();
    refused(&place, "model that is to be judged is missing");

    let mut place = Place::new("");
    let script = place.temp.path().join("script");
    write_program(&script, "#!/no/such/program\n");
    place.call.program = script.to_string_lossy().into_owned();
    refused(&place, "first line names is not there");
}

#[test]
fn only_a_folder_of_earlier_results_is_emptied() {
    let place = Place::new("ls -A \"$2\"; echo '{\"a\": 0.5}' > \"$2/x.json\"");
    let kept = place.output().join("novel.txt");
    std::fs::create_dir(place.output()).unwrap();
    std::fs::write(&kept, "chapter one").unwrap();
    let error = place.run().unwrap_err();
    assert!(
        error.to_string().contains("holds something else"),
        "{error}"
    );
    assert!(kept.exists());

    std::fs::remove_file(&kept).unwrap();
    let log = place.temp.path().join("out.log");
    std::fs::write(&log, "dear diary").unwrap();
    let error = place.run().unwrap_err();
    assert!(error.to_string().contains("another file"), "{error}");
    assert_eq!(place.log(), "dear diary");

    std::fs::remove_file(&log).unwrap();
    place.run().unwrap();
    let second = place.run().unwrap();
    assert!(texts(&second).is_empty(), "the folder was not empty");
    assert_eq!(second.results.len(), 1);

    // Not even then, if the model lies in it.
    std::fs::write(place.temp.path().join("model.log"), "$ sh").unwrap();
    std::fs::write(place.model().join("config.json"), "").unwrap();
    let error = run(
        &place.call,
        &place.model(),
        &place.model(),
        &Ticket::default(),
        &|_| {},
    );
    let error = error.unwrap_err();
    assert!(error.to_string().contains("still needed"), "{error}");
    assert!(place.model().join("config.json").exists());
}

#[test]
fn what_is_cancelled_before_does_not_begin() {
    let place = Place::new("echo x");
    let ticket = Ticket::default();
    ticket.cancel();
    let result = place.run_hearing(&ticket, |_| {});
    assert_eq!(result, Err(CommandError::Cancelled));
    assert!(!place.output().exists());
}
