//! The tests of one mutant: first those of its type, then those of its module, then all, until one fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::sites::Mutant;

/// What ended a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

const STAGES: [Stage; 3] = [Stage::Type, Stage::Module, Stage::All];

/// Longer than this no test of a mutant takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// Address space of a test in KiB.
const MEMORY: u64 = 8 << 20;

/// Runs all mutants.
///
/// # Panics
/// When the tests fail without a mutant.
pub fn all(tests: &Path, mutants: &[Mutant], jobs: usize) -> Vec<(Outcome, Duration)> {
    let names = list(tests);
    let none = run(tests, "", &[], jobs);
    assert!(none.is_none(), "the tests fail without a mutant");
    let next = AtomicUsize::new(0);
    let results: Mutex<BTreeMap<usize, (Outcome, Duration)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutant) = mutants.get(index) else { break };
                    let start = Instant::now();
                    let outcome = one(tests, &names, mutant);
                    if outcome == Outcome::Survived {
                        eprintln!("survived: {mutant}");
                    }
                    results.lock().unwrap().insert(index, (outcome, start.elapsed()));
                    if (index + 1).is_multiple_of(100) {
                        eprintln!("{} of {}", index + 1, mutants.len());
                    }
                }
            });
        }
    });
    results.into_inner().unwrap().into_values().collect()
}

fn one(tests: &Path, names: &[String], mutant: &Mutant) -> Outcome {
    let (module, of_type) = (format!("{}::", mutant.module()), squashed(&mutant.base()));
    for stage in STAGES {
        let of_stage = names.iter().filter(|name| match stage {
            Stage::All => true,
            Stage::Module => name.starts_with(&module),
            Stage::Type => name.rsplit("::").next().is_some_and(|name| squashed(name).starts_with(&of_type)),
        });
        let of_stage: Vec<&String> = of_stage.collect();
        if of_stage.is_empty() {
            continue;
        }
        let chosen = if stage == Stage::All { Vec::new() } else { of_stage };
        if let Some(outcome) = run(tests, &mutant.numbers(), &chosen, 1) {
            return outcome(stage);
        }
    }
    Outcome::Survived
}

/// Runs tests with mutants on, all of them when none is named. `None` when they pass.
fn run(tests: &Path, mutants: &str, names: &[&String], threads: usize) -> Option<fn(Stage) -> Outcome> {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY}; ulimit -c 0; exec \"$0\" \"$@\"")]).arg(tests);
    command.args(names).args(["--quiet", "--test-threads", &threads.to_string()]);
    if !names.is_empty() {
        command.arg("--exact");
    }
    command.env("ROPC_MUTANTS", mutants).env("PROPTEST_MAX_SHRINK_ITERS", "0").env("PROPTEST_RNG_SEED", "1");
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    let mut process = command.spawn().unwrap();
    let start = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return match status.code() {
                Some(0) => None,
                Some(101) => Some(Outcome::Failed),
                _ => Some(Outcome::Aborted),
            };
        }
        if start.elapsed() > PATIENCE {
            process.kill().unwrap();
            process.wait().unwrap();
            return Some(Outcome::Endless);
        }
        std::thread::sleep(Duration::from_millis(if start.elapsed() < Duration::from_secs(1) { 2 } else { 20 }));
    }
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
