//! Another certificate in the place of the one that is served, by SIGHUP.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

struct Running {
    process: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Running {
    fn start(place: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg("--config")
            .arg(place.join("server.toml"))
            .stdout(Stdio::piped())
            .stderr(fs::File::create(place.join("log")).unwrap())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut running = Self { process, output, port: 0 };
        let line = running.said("Listening on https://localhost:");
        running.port = line.split(['/', ':']).nth(4).unwrap().parse().unwrap();
        running
    }

    /// The next line that has this in it.
    fn said(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "it ended before it said {text}");
            if line.contains(text) {
                return line;
            }
        }
    }

    fn hang_up(&self) {
        let sent = Command::new("kill").args(["-HUP", &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// A connection that trusts this certificate alone; nothing where another is shown.
    fn connect(&self, trusted: &CertificateDer<'static>) -> Option<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
        let mut stream = StreamOwned::new(tls, TcpStream::connect(("127.0.0.1", self.port)).unwrap());
        stream.conn.complete_io(&mut stream.sock).ok()?;
        Some(stream)
    }
}

/// The first line of the answer to a health check.
fn health(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> String {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nok\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(char::from(byte[0]));
    }
    answer.lines().next().unwrap_or_default().to_owned()
}

/// Puts a new certificate into the server's files.
fn renew(place: &Path) -> CertificateDer<'static> {
    use std::os::unix::fs::PermissionsExt as _;
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(place.join("chain.pem"), made.cert.pem()).unwrap();
    fs::write(place.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(place.join("key.pem"), fs::Permissions::from_mode(0o600)).unwrap();
    made.cert.der().clone()
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections_and_the_open_ones_go_on() {
    let place = tempfile::tempdir().unwrap();
    let config = "listen = '127.0.0.1:0'\ndata = 'data'\n[certificate]\nchain = 'chain.pem'\nkey = 'key.pem'\n";
    fs::write(place.path().join("server.toml"), config).unwrap();
    let first = renew(place.path());
    let mut running = Running::start(place.path());
    let mut open = running.connect(&first).unwrap();
    assert_eq!(health(&mut open), "HTTP/1.1 200 OK");

    let second = renew(place.path());
    assert!(running.connect(&second).is_none(), "nothing changes before the signal");
    running.hang_up();
    running.said("Read the certificate again.");
    assert_eq!(health(&mut running.connect(&second).unwrap()), "HTTP/1.1 200 OK");
    assert!(running.connect(&first).is_none());
    assert_eq!(health(&mut open), "HTTP/1.1 200 OK");

    // One that cannot be read changes nothing.
    fs::write(place.path().join("chain.pem"), "x").unwrap();
    running.hang_up();
    let started = Instant::now();
    while !fs::read_to_string(place.path().join("log")).unwrap().contains("the certificate stays as it was") {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not say that it failed");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(running.connect(&second).is_some());
    let third = renew(place.path());
    running.hang_up();
    running.said("Read the certificate again.");
    assert!(running.connect(&third).is_some());
}
