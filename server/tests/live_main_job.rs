//! The program as its owner starts it: from a clean data directory, stopped by Ctrl-C, started again.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

fn command(data_dir: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    command.arg("--data").arg(data_dir).args(["--listen", listen]).stdin(Stdio::null());
    command
}

/// A server that has said where it listens. It is killed when a test fails before it stops it.
struct Running {
    process: Child,
    output: BufReader<ChildStdout>,
    greeting: String,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads what a server says until it names its port.
fn greeting(output: &mut impl BufRead) -> (String, u16) {
    let mut greeting = String::new();
    loop {
        let mut line = String::new();
        assert!(output.read_line(&mut line).unwrap() > 0, "it ended before it listened: {greeting}");
        greeting.push_str(&line);
        if let Some(rest) = line.strip_prefix("Listening on https://localhost:") {
            return (greeting, rest.split('/').next().unwrap().parse().unwrap());
        }
    }
}

impl Running {
    fn start(data_dir: &Path) -> Self {
        let mut process = command(data_dir, "127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut running = Self { process, output, greeting: String::new(), port: 0 };
        (running.greeting, running.port) = greeting(&mut running.output);
        running
    }

    /// The answer to `GET /healthz`, from a client that trusts the server's own authority.
    fn health(&self, data_dir: &Path) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(data_dir.join("tls/ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
        let mut stream = StreamOwned::new(tls, TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stops it as Ctrl-C does.
    fn stop(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert!(self.process.wait().unwrap().success());
        assert_eq!(rest, "Stopped.\n");
    }
}

fn passwords(data_dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(data_dir.join("sample-accounts.txt")).unwrap();
    text.lines().filter_map(|line| line.split_once('\t')).map(|(_, password)| password.to_owned()).collect()
}

#[test]
fn a_second_start_finds_what_the_first_made_and_shows_no_passwords() {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    let first = Running::start(&data_dir);
    let made = passwords(&data_dir);
    assert_eq!(made.len(), 2);
    assert!(made.iter().all(|password| first.greeting.contains(password)), "{}", first.greeting);
    assert!(first.health(&data_dir).starts_with("HTTP/1.1 200 "));
    first.stop();

    let mode = |name: &str| fs::metadata(data_dir.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("sample-accounts.txt"), mode("tls/server-key.pem")), (0o700, 0o600, 0o600));
    let authority = fs::read(data_dir.join("tls/ca.pem")).unwrap();

    let second = Running::start(&data_dir);
    assert!(!made.iter().any(|password| second.greeting.contains(password)), "{}", second.greeting);
    assert!(second.health(&data_dir).starts_with("HTTP/1.1 200 "));
    second.stop();
    assert_eq!(passwords(&data_dir), made);
    assert_eq!(fs::read(data_dir.join("tls/ca.pem")).unwrap(), authority);
}

/// Runs a server that is to fail, and answers what it said.
fn failure(data_dir: &Path, listen: &str) -> String {
    let Output { status, stdout, stderr } = command(data_dir, listen).output().unwrap();
    assert!(!status.success());
    assert_eq!(stdout, b"");
    String::from_utf8(stderr).unwrap()
}

#[test]
fn the_sample_accounts_are_not_served_to_other_machines() {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    assert!(failure(&data_dir, "0.0.0.0:0").contains("refusing to serve the sample accounts"));
    assert!(!data_dir.exists(), "nothing is made for a server that does not start");
    Running::start(&data_dir).stop();
    assert!(failure(&data_dir, "0.0.0.0:0").contains("refusing to serve the sample accounts"));
}

#[test]
fn an_address_that_is_taken_is_named_before_anything_is_made() {
    let place = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data_dir = place.path().join("data");
    assert!(failure(&data_dir, &address).contains(&address));
    assert!(!data_dir.exists());
}
