//! Runs all generated tests and says what they came to.
//!
//! `suite [--seed N] [--cases N] [--junit FILE] [--release] [FILTER]...`: tests whose names contain one of the filters,
//! or all. The exit code is 1 where one fails.
#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs)]

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Instant, SystemTime};
use std::{env, fs};

use generated_tests::described::root;
use generated_tests::suite;

#[derive(Default)]
struct Arguments {
    seed: Option<u64>,
    cases: Option<u32>,
    junit: Option<PathBuf>,
    release: bool,
    filters: Vec<String>,
}

fn arguments() -> Result<Arguments, Box<dyn Error>> {
    let mut arguments = Arguments::default();
    let mut given = env::args().skip(1);
    while let Some(argument) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--seed" => arguments.seed = Some(value()?.parse()?),
            "--cases" => arguments.cases = Some(value()?.parse()?),
            "--junit" => arguments.junit = Some(value()?.into()),
            "--release" => arguments.release = true,
            other if other.starts_with('-') => return Err(format!("no such argument: {other}").into()),
            _ => arguments.filters.push(argument),
        }
    }
    Ok(arguments)
}

fn run() -> Result<bool, Box<dyn Error>> {
    let Arguments { seed, cases, junit, release, filters } = arguments()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let seed = seed.unwrap_or_else(|| u64::try_from(now % 1_000_000_000).unwrap_or_default());
    let folder = root().canonicalize()?.join("target/suite");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["test", "--package", "generated-tests", "--no-fail-fast"]).current_dir(root());
    for test in ["generated", "families", "vectors"] {
        command.args(["--test", test]);
    }
    if release {
        command.arg("--release");
    }
    command.arg("--").args(&filters);
    command.env("ROPC_SEED", seed.to_string()).env("ROPC_REPORT", &folder);
    if let Some(cases) = cases {
        command.env("PROPTEST_CASES", cases.to_string());
    }
    let start = Instant::now();
    let output = command.stderr(Stdio::inherit()).output()?;
    let seconds = start.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    fs::write(folder.join("output.txt"), text.as_bytes())?;
    let outcomes = suite::outcomes(&text, &suite::records(&folder)?);
    let failures = suite::failures(&folder)?;
    print!("{}", suite::summary(&outcomes, seed, seconds));
    failures.iter().for_each(|failure| print!("{}", failure.shown()));
    if let Some(path) = junit {
        fs::write(path, suite::junit(&outcomes, &failures, seed, seconds))?;
    }
    if outcomes.is_empty() {
        return Err("no test ran".into());
    }
    Ok(output.status.success())
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
