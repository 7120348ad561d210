//! The load generator: fills a data directory, starts the server on it, and measures what docs/FIGURES.md says, each
//! beside its peer. Linux only: it reads the server's memory from /proc.
//!
//! ```text
//! bars [--messages N] [--waits N] [--users N] [--seconds S] [--only NAMES] DATA_DIR
//! ```
//!
//! DATA_DIR is made when it is not there, and used again when it is. NAMES: tables, small, readers, waits.

mod bare;
mod figures;
mod process;
mod readers;
mod seed;
mod session;
mod small;
mod tables;
mod waits;
mod wire;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use figures::Table;

/// What is measured, and how much of it.
pub struct Plan {
    /// Where the server's data are.
    pub data_dir: PathBuf,
    /// Messages in the folder that is read.
    pub messages: usize,
    /// Clients that wait for notifications.
    pub waits: usize,
    /// Users whose mailboxes they watch.
    pub users: usize,
    /// How long a rate is measured.
    pub duration: Duration,
    /// Which measurements; all when there are none.
    pub only: Vec<String>,
}

const USAGE: &str = "usage: bars [--messages N] [--waits N] [--users N] [--seconds S] [--only NAMES] DATA_DIR";

impl Plan {
    fn parse(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self {
            data_dir: PathBuf::new(),
            messages: 100_000,
            waits: 10_000,
            users: 100,
            duration: Duration::from_secs(10),
            only: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().context(USAGE);
            match argument.as_str() {
                "--messages" => plan.messages = value()?.parse()?,
                "--waits" => plan.waits = value()?.parse()?,
                "--users" => plan.users = value()?.parse()?,
                "--seconds" => plan.duration = Duration::from_secs(value()?.parse()?),
                "--only" => plan.only = value()?.split(',').map(str::to_owned).collect(),
                _ if plan.data_dir.as_os_str().is_empty() => plan.data_dir = argument.into(),
                _ => anyhow::bail!(USAGE),
            }
        }
        anyhow::ensure!(!plan.data_dir.as_os_str().is_empty() && plan.users > 0, USAGE);
        Ok(plan)
    }

    fn has(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|own| own == name)
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let result = if arguments.next_if(|first| first == bare::COMMAND).is_some() {
        bare::run(arguments)
    } else {
        Plan::parse(arguments).and_then(|plan| run(&plan))
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bars: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(plan: &Plan) -> anyhow::Result<()> {
    let accounts = seed::fill(plan)?;
    println!("{}\n", process::conditions()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut table = Table::default();
        // A server of its own for each, so that memory is that of one.
        if plan.has("tables") {
            tables::measure(plan, &accounts, &mut table).await?;
        }
        if plan.has("small") {
            small::measure(plan, &accounts, &mut table).await?;
        }
        if plan.has("readers") {
            readers::measure(plan, &accounts, &mut table).await?;
        }
        if plan.has("waits") {
            waits::measure(plan, &accounts, &mut table).await?;
        }
        println!("\n{table}");
        Ok(())
    })
}
