//! The tests of one mutant: first those of its type, then those of its module, then all, until one fails.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::sites::Mutant;

/// What ended a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A test failed: which ones ran.
    Failed(Stage),
    /// A test aborted: no memory, no stack.
    Aborted(Stage),
    /// A test did not end.
    Endless(Stage),
    /// No test failed.
    Survived,
}

/// How many tests had to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Those of the type.
    Type,
    /// Those of the module.
    Module,
    /// All.
    All,
    /// Those of other files.
    Others,
}

/// What became of a mutant.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub outcome: Outcome,
    /// The test that failed.
    pub test: String,
    /// What an oracle said, in its words; nothing where it was another assertion.
    pub rule: String,
    pub took: Duration,
}

const STAGES: [Stage; 3] = [Stage::Type, Stage::Module, Stage::All];

/// So many seconds of a processor's time no test process takes: all tests together take less than half of it.
const PATIENCE: u64 = 120;
/// Address space of a test in KiB.
const MEMORY: u64 = 8 << 20;
/// The signal of a process that has used up its time.
const OUT_OF_TIME: i32 = 24;

/// Runs all mutants; `others` are asked after `tests`.
///
/// # Panics
/// When the tests fail without a mutant.
pub fn all(tests: &Path, others: &[PathBuf], mutants: &[Mutant], jobs: usize) -> Vec<Verdict> {
    let names = list(tests);
    for tests in others.iter().map(PathBuf::as_path).chain([tests]) {
        let none = run(tests, "", &[], jobs);
        assert!(none.is_none(), "the tests fail without a mutant: {none:?}");
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, Verdict>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = mutants.get(index) else { break };
                    let verdict = one(tests, &names, others, mutant);
                    if verdict.outcome == Outcome::Survived {
                        eprintln!("survived: {mutant}");
                    }
                    results.lock().unwrap().insert(index, verdict);
                    if (index + 1).is_multiple_of(100) {
                        eprintln!("{} of {}", index + 1, mutants.len());
                    }
                }
            });
        }
    });
    results.into_inner().unwrap().into_values().collect()
}

fn one(tests: &Path, names: &[String], others: &[PathBuf], mutant: &Mutant) -> Verdict {
    let start = Instant::now();
    let (module, of_type) = (format!("{}::", mutant.module()), squashed(&mutant.base()));
    let end = |stage, found: Found| Verdict {
        outcome: match found.end {
            End::Failed => Outcome::Failed(stage),
            End::Aborted => Outcome::Aborted(stage),
            End::Endless => Outcome::Endless(stage),
        },
        test: found.test,
        rule: found.rule,
        took: start.elapsed(),
    };
    for stage in STAGES {
        let of_stage = names.iter().filter(|name| match stage {
            Stage::Module => name.starts_with(&module),
            Stage::Type => name.rsplit("::").next().is_some_and(|name| squashed(name).starts_with(&of_type)),
            Stage::All | Stage::Others => true,
        });
        let of_stage: Vec<&String> = of_stage.collect();
        if of_stage.is_empty() {
            continue;
        }
        let chosen = if stage == Stage::All { Vec::new() } else { of_stage };
        if let Some(found) = run(tests, &mutant.numbers(), &chosen, 1) {
            return end(stage, found);
        }
    }
    for tests in others {
        if let Some(found) = run(tests, &mutant.numbers(), &[], 1) {
            return end(Stage::Others, found);
        }
    }
    Verdict { outcome: Outcome::Survived, test: String::new(), rule: String::new(), took: start.elapsed() }
}

/// A failure of a test process.
#[derive(Debug)]
struct Found {
    end: End,
    test: String,
    rule: String,
}

#[derive(Debug)]
enum End {
    Failed,
    Aborted,
    Endless,
}

/// Runs tests with mutants on, all of them when none is named, until one fails. `None` when they pass.
fn run(tests: &Path, mutants: &str, names: &[&String], threads: usize) -> Option<Found> {
    let mut command = Command::new("sh");
    let limits = format!("ulimit -v {MEMORY}; ulimit -t {PATIENCE}; ulimit -c 0; exec \"$0\" \"$@\" 2>&1");
    command.args(["-c", &limits]).arg(tests).args(names);
    command.args(["--no-capture", "--test-threads", &threads.to_string()]);
    if !names.is_empty() {
        command.arg("--exact");
    }
    command.env("ROPC_MUTANTS", mutants).env("PROPTEST_MAX_SHRINK_ITERS", "0").env("PROPTEST_RNG_SEED", "1");
    command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
    let mut process = command.spawn().unwrap();
    let found = first_failure(&mut process);
    if found.is_some() {
        process.kill().unwrap();
    }
    let status = process.wait().unwrap();
    let ended = |end| Some(Found { end, test: String::new(), rule: String::new() });
    match (found, status.code()) {
        (Some(found), _) => Some(found),
        (None, Some(0)) => None,
        (None, Some(101)) => ended(End::Failed),
        _ if status.signal() == Some(OUT_OF_TIME) => ended(End::Endless),
        _ => ended(End::Aborted),
    }
}

/// Reads what the tests say until one of them has failed.
fn first_failure(process: &mut Child) -> Option<Found> {
    let mut output = BufReader::new(process.stdout.take()?);
    let (mut line, mut test, mut rule) = (Vec::new(), String::new(), String::new());
    while output.read_until(b'\n', &mut line).ok()? > 0 {
        let text = String::from_utf8_lossy(&line);
        if let Some(name) = text.strip_prefix("test ").and_then(|rest| rest.split(' ').next()) {
            name.clone_into(&mut test);
        }
        if let Some((_, said)) = text.split_once("Test failed: ") {
            said.split(':').next()?.trim_end().clone_into(&mut rule);
        }
        if text.trim_end().ends_with("FAILED") {
            return Some(Found { end: End::Failed, test, rule });
        }
        line.clear();
    }
    None
}

fn list(tests: &Path) -> Vec<String> {
    let output = Command::new(tests).args(["--list", "--format", "terse"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// A name without what its two spellings differ in.
fn squashed(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}
