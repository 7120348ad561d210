//! Do the generated tests catch mistakes? Builds the generated code with many mistakes in it, one of which is chosen
//! when a test starts, and runs the tests of the affected type for each.
//!
//! `cargo run --package generated-tests --features mutants --bin mutants`; docs/MUTATIONS.md has the rest.
//!
//! | module | what it has |
//! |---|---|
//! | [`sites`] | where a mistake can be made, and the code with and without it |
//! | [`calls`] | mistakes in calls of the runtime |
//! | [`scratch`] | the copy of the workspace that they are built in |
//! | [`run`] | tests of one mutant, with limits of time and memory |
//! | [`report`] | the numbers, and what survived |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod calls;
mod report;
mod run;
mod scratch;
mod sites;

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use scratch::Scratch;
use sites::{Mutated, Selection};

/// What the command line says.
struct Options {
    /// Sites of each kind that are built in; others stay as they are.
    per_kind: usize,
    /// Tests that run at a time.
    jobs: usize,
    /// Only mutants of these modules.
    only: Vec<String>,
    /// Files of tests that are asked when the generated ones pass.
    others: Vec<String>,
    /// Also mutants of the functions that run operations.
    dispatch: bool,
    /// What may not survive, in percent of all.
    least: f64,
}

fn options() -> Result<Options, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut options =
        Options { per_kind: 150, jobs, only: Vec::new(), others: Vec::new(), dispatch: false, least: 98.0 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--also" {
            options.others.push(arguments.next().ok_or("--also takes the name of a file of tests")?);
            continue;
        }
        if argument == "--dispatch" {
            options.dispatch = true;
            continue;
        }
        let mut number = || {
            let value = arguments.next().and_then(|value| value.parse().ok());
            value.ok_or_else(|| format!("{argument} takes a number"))
        };
        match argument.as_str() {
            "--per-kind" => options.per_kind = number()?,
            "--jobs" => options.jobs = number()?,
            "--least" => options.least = number()? as f64,
            module if !module.starts_with('-') => options.only.push(module.to_owned()),
            _ => {
                let known = "--per-kind N, --jobs N, --least PERCENT, --also FILE, --dispatch, MODULE...";
                return Err(format!("{argument}? There are {known}"));
            }
        }
    }
    Ok(options)
}

fn main() -> Result<(), String> {
    let options = options()?;
    let start = Instant::now();
    let scratch = Scratch::new();
    scratch.copy();
    let sources = scratch.sources();
    // What does not compile is left out: types are not known here.
    let mut refused: BTreeSet<String> = scratch.refused();
    let Mutated { mutants, equivalent, .. } = loop {
        let selection = Selection {
            per_kind: options.per_kind,
            only: &options.only,
            refused: &refused,
            dispatch: options.dispatch,
        };
        let mutated = sites::mutate(&sources, &selection);
        scratch.write(&mutated.files);
        let errors = scratch.errors();
        if errors.is_empty() {
            break mutated;
        }
        let found: BTreeSet<String> = errors.iter().flat_map(|(file, line)| mutated.at_line(file, *line)).collect();
        eprintln!("{errors:?}: {} mutants may not compile and are left out: {found:?}", found.len());
        if found.is_subset(&refused) {
            return Err(format!("errors without a mutant: {errors:?}"));
        }
        refused.extend(found);
        scratch.refuse(&refused);
    };
    let tests = scratch.tests("generated");
    let others: Vec<_> = options.others.iter().map(|name| scratch.tests(name)).collect();
    eprintln!("{} mutants, built in {} s", mutants.len(), start.elapsed().as_secs());
    let results = run::all(&tests, &others, &mutants, options.jobs);
    let (mut text, killed) = report::report(&mutants, &results, refused.len(), start.elapsed());
    for (why, count) in equivalent {
        text.push_str(&format!("\n{count} sites are no mistakes: {why}\n"));
    }
    fs::write(scratch.folder().join("report.txt"), &text).unwrap();
    fs::write(scratch.folder().join("results.tsv"), report::lines(&mutants, &results)).unwrap();
    println!("{text}");
    if killed < options.least {
        return Err(format!("{killed:.1} % are fewer than {} %", options.least));
    }
    Ok(())
}
