//! The server as a process of its own.

use std::ffi::OsStr;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

/// How long a server may take to listen, its first start included.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that listens. It is killed when this is dropped without [`Server::stop`].
pub struct Server {
    process: Child,
    output: Option<BufReader<ChildStdout>>,
    /// What it said before it listened.
    pub greeting: String,
    /// `host:port` of its addresses.
    pub authority: String,
}

/// The program: what `ROPC_SERVER` names, else a build in the target directory of the project.
///
/// # Errors
/// When there is none.
pub fn program() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("ROPC_SERVER") {
        return Ok(path.into());
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    ["release", "debug"]
        .into_iter()
        .map(|profile| target.join(profile).join(format!("server{}", std::env::consts::EXE_SUFFIX)))
        .find(|path| path.exists())
        .context("no server is built: run `cargo build --package server`, or name one in ROPC_SERVER")
}

impl Server {
    /// Starts the server on a free port of the loopback address, with this data directory.
    ///
    /// # Errors
    /// When it does not listen in time; what it said on standard error is on ours.
    pub fn start(data_dir: &Path) -> anyhow::Result<Self> {
        Self::start_with(data_dir, &[])
    }

    /// The same with more arguments.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_with(data_dir: &Path, arguments: &[&OsStr]) -> anyhow::Result<Self> {
        let program = program()?;
        let process = Command::new(&program)
            .arg("--data")
            .arg(data_dir)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let mut server = Self { process, output: None, greeting: String::new(), authority: String::new() };
        let output = server.process.stdout.take().context("no standard output")?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            // Nobody waits any more when the receiver is gone.
            let _ = sender.send(greeting(&mut output).map(|(text, authority)| (text, authority, output)));
        });
        let (greeting, authority, output) = receiver.recv_timeout(PATIENCE).context("the server does not listen")??;
        server.greeting = greeting;
        server.authority = authority;
        server.output = Some(output);
        Ok(server)
    }

    /// Asks it to stop as Ctrl-C does, and waits until it has.
    ///
    /// # Errors
    /// When it does not end in time or ends with a failure.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().context("no kill command")?;
        ensure!(sent.success(), "the server takes no signal");
        let status = self.ended()?;
        let mut rest = String::new();
        if let Some(mut output) = self.output.take() {
            output.read_to_string(&mut rest)?;
        }
        ensure!(status.success(), "the server ended with {status}");
        ensure!(rest.contains("Stopped."), "the server did not say that it stopped: {rest:?}");
        Ok(())
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the system cannot say.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.process.try_wait()?.is_none())
    }

    fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the server does not stop")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended cannot be killed, and need not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads what the server says until it names the address it listens on.
fn greeting(output: &mut impl std::io::BufRead) -> anyhow::Result<(String, String)> {
    let mut text = String::new();
    loop {
        let start = text.len();
        ensure!(output.read_line(&mut text)? > 0, "the server ended before it listened: {text}");
        let line = text.get(start..).unwrap_or_default();
        if let Some((_, rest)) = line.split_once("Listening on https://")
            && let Some((authority, _)) = rest.split_once('/')
        {
            let authority = authority.to_owned();
            return Ok((text, authority));
        }
    }
}
