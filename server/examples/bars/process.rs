//! The server and its peer as processes of their own, and what the system says of them.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;

use super::bare;

/// How long a process may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that listens on a port of the loopback address; killed when this is dropped.
pub struct Process {
    child: Child,
    /// The port.
    pub port: u16,
    /// Read no more, yet it may go on talking.
    output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// The server on this data directory; bounds are those of the defaults but for connections and sessions.
    pub async fn server(data_dir: &Path, connections: usize) -> anyhow::Result<Self> {
        let program = match std::env::var_os("ROPC_SERVER") {
            Some(program) => PathBuf::from(program),
            // Beside the folder of the examples.
            None => std::env::current_exe()?.parent().and_then(Path::parent).context("no folder")?.join("server"),
        };
        let config = data_dir.join("bars.toml");
        let mut text = String::new();
        writeln!(text, "listen = \"127.0.0.1:0\"\ndata = {:?}", data_dir)?;
        writeln!(text, "[limits]\nconnections = {}\nkeep-alive = \"15m\"\n", connections + 64)?;
        writeln!(text, "[sessions]\ntotal = {}\nper-user = {}", connections + 64, connections + 64)?;
        writeln!(text, "longest-wait = \"30m\"")?;
        fs::write(&config, text)?;
        Self::start(Command::new(program).arg("--config").arg(config)).await
    }

    /// A bare hyper server that answers each request with so many bytes.
    pub async fn bare(data_dir: &Path, bytes: usize) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        Self::start(Command::new(program).arg(bare::COMMAND).arg(data_dir).arg(bytes.to_string())).await
    }

    async fn start(command: &mut Command) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut process = Self { child, port: 0, output: None };
        let output = BufReader::new(process.child.stdout.take().context("no standard output")?);
        let listening = tokio::task::spawn_blocking(move || port(output));
        let (port, output) = tokio::time::timeout(PATIENCE, listening).await.context("it does not listen")???;
        process.port = port;
        process.output = Some(output);
        Ok(process)
    }

    /// Resident memory in MiB: now, and the most there ever was.
    pub fn memory(&self) -> anyhow::Result<(f64, f64)> {
        let pid = self.child.id();
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let of = |name: &str| -> anyhow::Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
            let kib: f64 = line.trim_start_matches(':').trim().trim_end_matches(" kB").parse()?;
            Ok(kib / 1024.0)
        };
        Ok((of("VmRSS")?, of("VmHWM")?))
    }

    /// Ends it.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.output = None;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads what a process says until it names its port.
fn port(mut output: BufReader<ChildStdout>) -> anyhow::Result<(u16, BufReader<ChildStdout>)> {
    let mut line = String::new();
    loop {
        line.clear();
        anyhow::ensure!(output.read_line(&mut line)? > 0, "it ended before it listened");
        if let Some((_, rest)) = line.split_once("Listening on https://localhost:") {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Ok((digits.parse()?, output));
        }
    }
}

/// Load, processors and file limit of this machine: what figures stand beside.
pub fn conditions() -> anyhow::Result<String> {
    let load = fs::read_to_string("/proc/loadavg")?;
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    let limits = fs::read_to_string("/proc/self/limits")?;
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    let files = files.split_whitespace().nth(3).unwrap_or("?").to_owned();
    let processors = std::thread::available_parallelism()?;
    Ok(format!("{processors} processors, load {load} before, {files} files a process"))
}
