//! `server`: an Exchange-compatible mailbox server.

use std::future::Future;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context as _;
use clap::Parser;
use command::Command;
use runtime::Guid;
use server::address_book::AddressBook;
use server::config::{Config, ConfigError};
use server::engine::Engine;
use server::rop::{RopHandlers, resume_deliveries};
use server::start::{self, Welcome};
use server::store::system_clock;
use server::transport::{Certificates, Server};
use tracing_subscriber::EnvFilter;

mod command;

/// Serves mailboxes to MAPI clients over HTTPS.
///
/// Without a command it serves. The first start makes the data directory with a certificate authority, two sample accounts and a sample
/// mailbox, and says what to try. RUST_LOG sets what is logged to standard error (default: warn).
#[derive(Debug, Parser)]
#[command(name = "server", version)]
struct Arguments {
    /// A configuration in TOML (docs/OPERATING.md); the options below go before what it says
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Where certificates, accounts and mail are kept [default: ropc-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// The address to listen on; port 0 takes any free one [default: 127.0.0.1:8443]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// What to do instead of serving
    #[command(subcommand)]
    command: Option<Command>,
}

impl Arguments {
    /// The configuration file's settings, or the defaults, with what the command line says.
    fn config(&self) -> Result<Config, ConfigError> {
        let mut config = self.config.as_deref().map_or_else(|| Ok(Config::default()), Config::load)?;
        if let Some(data) = &self.data {
            config.data_dir.clone_from(data);
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        Ok(config)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("server: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

/// The text of an error and of its causes, as far as they are not in it already.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if !text.contains(&cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            text = text + separator + &cause;
        }
    }
    text
}

/// Answers whether all is well.
fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let config = arguments.config()?;
    match &arguments.command {
        Some(command) => command.run(&config.data_dir),
        None => serve(&config).map(|()| true),
    }
}

fn serve(config: &Config) -> anyhow::Result<()> {
    // Found out before anything is made, and given back at once.
    TcpListener::bind(config.listen).with_context(|| format!("cannot listen on {}", config.listen))?;
    let prepared = start::prepare(config, SystemTime::now())?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")?;
    runtime.block_on(async {
        // Before anything is promised: a signal that comes early is a signal all the same.
        let stop = stop_signal()?;
        let book = Arc::new(AddressBook::new(Arc::clone(&prepared.store), random_guid()?));
        let store = Arc::clone(&prepared.store);
        tokio::task::spawn_blocking(move || match resume_deliveries(store.as_ref(), system_clock) {
            Ok(0) => {}
            Ok(resumed) => tracing::info!(resumed, "messages that were on their way are delivered"),
            Err(error) => tracing::error!(%error, "what has to be delivered is not known"),
        });
        let engine = Arc::new(Engine::<RopHandlers>::new(prepared.store, system_clock));
        let server = Server::bind(config, prepared.tls, engine, Arc::clone(&book), prepared.accounts).await?;
        let address = server.local_addr();
        let authority = config.public_authority.clone();
        book.serve_at(format!("https://{}", authority.unwrap_or_else(|| format!("localhost:{}", address.port()))));
        let welcome = Welcome { address, data_dir: &config.data_dir, first: prepared.first.as_ref() };
        reload_on_hangup(server.certificates(), config.clone())?;
        say(&welcome.to_string());
        server.run(stop).await;
        say("Stopped.\n");
        Ok(())
    })
}

/// Reads the certificate again whenever the process is told to by SIGHUP.
#[cfg(unix)]
fn reload_on_hangup(certificates: Certificates, config: Config) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).context("no signals can be received")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let (certificates, config) = (certificates.clone(), config.clone());
            let reload = move || certificates.reload(&config, SystemTime::now());
            match tokio::task::spawn_blocking(reload).await {
                Ok(Ok(())) => say("Read the certificate again.\n"),
                Ok(Err(error)) => tracing::error!(%error, "the certificate stays as it was"),
                Err(error) => tracing::error!(%error, "the certificate stays as it was"),
            }
        }
    });
    Ok(())
}

/// There is no signal for it.
#[cfg(not(unix))]
fn reload_on_hangup(_: Certificates, _: Config) -> anyhow::Result<()> {
    Ok(())
}

/// A GUID that no other process has.
fn random_guid() -> anyhow::Result<Guid> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no random bits"))?;
    Ok(Guid(bytes))
}

/// Tells the person at the terminal; nobody may be there any more.
pub(crate) fn say(text: &str) {
    let mut output = std::io::stdout();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

/// Ready when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals can be received")?;
    let mut terminate = signal(SignalKind::terminate()).context("no signals can be received")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ready when the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
