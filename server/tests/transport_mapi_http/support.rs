//! A server on a loopback port with a toy endpoint, and a client that speaks raw HTTP to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use server::auth::{Account, UserDirectory, legacy_dn, password};
use server::config::Config;
use server::engine::doorbell::Doorbell;
use server::engine::endpoint::{MailboxEndpoint, Principal, RequestFailure};
use server::tls::{LocalCertificates, server_config};
use server::transport::Server;
use server::transport::clock::Clock;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

#[path = "../../../generated-tests/src/spec_coverage.rs"]
pub mod spec_coverage;

pub const ADA: &str = "ada@example.test";
pub const BOB: &str = "bob@example.test";
pub const GUID: &str = "00112233-4455-6677-8899-aabbccddeeff";
pub const REQUEST_ID: &str = "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}:123456";

/// The length of a response that fits no socket buffer.
pub const MUCH: usize = 64 << 20;

/// The password of a sample account.
pub fn password_of(address: &str) -> String {
    format!("password of {address}")
}

/// Where calls of the toy endpoint wait.
#[derive(Default)]
pub struct Gate {
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        while !state.1 {
            state = self.changed.wait(state).unwrap();
        }
    }

    pub fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }

    /// Blocks until `calls` calls have reached the gate.
    pub fn wait_for(&self, calls: usize) {
        let mut state = self.state.lock().unwrap();
        while state.0 < calls {
            let (next, timeout) = self.changed.wait_timeout(state, Duration::from_secs(10)).unwrap();
            assert!(!timeout.timed_out(), "{} of {calls} calls came", next.0);
            state = next;
        }
    }
}

/// Answers with what it is told, counts the sessions that live.
#[derive(Default)]
pub struct Toy {
    pub gate: Gate,
    pub live: Arc<AtomicUsize>,
    connects: AtomicUsize,
    doorbells: Mutex<Vec<Arc<Doorbell>>>,
}

pub struct ToySession {
    user: String,
    calls: usize,
    live: Arc<AtomicUsize>,
    doorbell: Arc<Doorbell>,
}

impl Drop for ToySession {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::SeqCst);
        self.doorbell.end();
    }
}

impl Toy {
    pub fn live(&self) -> usize {
        self.live.load(Ordering::SeqCst)
    }

    /// The doorbell of the n-th session, counted from 0.
    pub fn doorbell(&self, session: usize) -> Arc<Doorbell> {
        Arc::clone(&self.doorbells.lock().unwrap()[session])
    }

    /// How often a body came in that asks for a session.
    pub fn connects(&self) -> usize {
        self.connects.load(Ordering::SeqCst)
    }

    fn act(&self, body: &[u8]) -> Result<(), RequestFailure> {
        match body {
            b"wait" => self.gate.pass(),
            b"wait and fail" => {
                self.gate.pass();
                return Err(RequestFailure::InvalidRequestBody);
            }
            b"fail" => return Err(RequestFailure::InvalidRequestBody),
            b"panic" => panic!("told to"),
            _ => {}
        }
        Ok(())
    }
}

impl MailboxEndpoint for Toy {
    type Session = ToySession;

    fn connect(&self, principal: &Principal, body: &[u8]) -> Result<(Vec<u8>, Option<ToySession>), RequestFailure> {
        self.connects.fetch_add(1, Ordering::SeqCst);
        self.act(body)?;
        if body == b"no session" {
            return Ok((b"no session".to_vec(), None));
        }
        self.live.fetch_add(1, Ordering::SeqCst);
        let live = Arc::clone(&self.live);
        let doorbell = Arc::new(Doorbell::default());
        self.doorbells.lock().unwrap().push(Arc::clone(&doorbell));
        let session = ToySession { user: principal.user.clone(), calls: 0, live, doorbell };
        Ok((format!("connected {}", principal.user).into_bytes(), Some(session)))
    }

    fn execute(&self, session: &mut ToySession, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        self.act(body)?;
        session.calls += 1;
        if body == b"much" {
            return Ok(vec![b'x'; MUCH]);
        }
        Ok(format!("{} {}: {}", session.user, session.calls, body.escape_ascii()).into_bytes())
    }

    fn disconnect(&self, session: ToySession, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        self.act(body)?;
        Ok(format!("goodbye {}", session.user).into_bytes())
    }

    fn doorbell(&self, session: &ToySession) -> Arc<Doorbell> {
        Arc::clone(&session.doorbell)
    }

    fn begin_wait(&self, body: &[u8]) -> Result<Option<Vec<u8>>, RequestFailure> {
        match body {
            b"fail" => Err(RequestFailure::InvalidRequestBody),
            b"at once" => Ok(Some(b"no wait".to_vec())),
            _ => Ok(None),
        }
    }

    fn end_wait(&self, event_pending: bool) -> Result<Vec<u8>, RequestFailure> {
        Ok(format!("pending: {event_pending}").into_bytes())
    }
}

/// A clock that tests move.
pub struct ManualClock {
    base: Instant,
    ahead: Mutex<Duration>,
}

impl ManualClock {
    pub fn advance(&self, by: Duration) {
        *self.ahead.lock().unwrap() += by;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.base + *self.ahead.lock().unwrap()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777)
    }
}

pub struct TestServer {
    pub address: SocketAddr,
    pub toy: Arc<Toy>,
    pub clock: Arc<ManualClock>,
    pub accounts: Arc<UserDirectory>,
    roots: RootCertStore,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<()>,
    _data: tempfile::TempDir,
}

pub fn account(address: &str) -> Account {
    let id = address.split('@').next().unwrap();
    Account {
        address: address.to_owned(),
        display_name: id.to_uppercase(),
        legacy_dn: legacy_dn("Example", id),
        mailbox_guid: GUID.to_owned(),
        password_hash: password::hash(&password_of(address)).unwrap(),
        generation: 1,
        locked: false,
    }
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config =
            Config { listen: "127.0.0.1:0".parse().unwrap(), data_dir: data.path().to_owned(), ..Config::default() };
        // Long enough for a call that does not wait, on a machine with other things to do.
        config.sessions.prompt = Duration::from_millis(500);
        change(&mut config);
        let now = SystemTime::now();
        let tls = server_config(&config.data_dir, None, now).unwrap();
        let local = LocalCertificates::ensure(&config.data_dir.join("tls"), now).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(local.authority().clone()).unwrap();

        let toy = Arc::new(Toy::default());
        let clock = Arc::new(ManualClock { base: Instant::now(), ahead: Mutex::default() });
        let accounts = Arc::new(UserDirectory::new());
        accounts.insert(account(ADA));
        accounts.insert(account(BOB));
        let (endpoint, directory, time) = (Arc::clone(&toy), Arc::clone(&accounts), Arc::clone(&clock));
        let book = Arc::clone(&toy);
        let server = Server::bind_with_clock(&config, tls, endpoint, book, directory, time).await.unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { address, toy, clock, accounts, roots, stop: Some(stop), running, _data: data }
    }

    /// Asks the server to stop; its end can be waited for.
    pub fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    pub async fn stopped(self) {
        tokio::time::timeout(Duration::from_secs(10), self.running).await.unwrap().unwrap();
    }

    pub async fn connection(&self) -> Connection {
        self.connection_of(rustls::ALL_VERSIONS).await
    }

    pub async fn connection_of(&self, versions: &[&'static SupportedProtocolVersion]) -> Connection {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = tokio::time::timeout(Duration::from_secs(10), connecting).await.unwrap().unwrap();
        Connection { stream: BufReader::new(stream) }
    }

    /// One request on a connection of its own.
    pub async fn send(&self, request: &Request) -> Response {
        self.connection().await.send(request).await
    }

    /// Connects a user; the cookies of the session.
    pub async fn log_on(&self, user: &str) -> String {
        let response = self.send(&Request::mapi("Connect", user).body("hello")).await;
        assert_eq!(response.code(), 0);
        response.cookies()
    }
}

/// A request in the making.
#[derive(Clone)]
pub struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

impl Request {
    pub fn new(line: &str) -> Self {
        let headers = vec![("Host".to_owned(), "localhost".to_owned())];
        Self { line: line.to_owned(), headers, body: Vec::new() }
    }

    /// A well-formed request to the mailbox endpoint.
    pub fn mapi(request_type: &str, user: &str) -> Self {
        Self::new("POST /mapi/emsmdb/")
            .header("Authorization", &basic(user, &password_of(user)))
            .header("Content-Type", "application/mapi-http")
            .header("X-RequestType", request_type)
            .header("X-RequestId", REQUEST_ID)
            .header("Content-Length", "0")
    }

    pub fn line(mut self, line: &str) -> Self {
        self.line = line.to_owned();
        self
    }

    /// Sets a header, in the place of any of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn cookies(self, cookies: &str) -> Self {
        self.header("Cookie", cookies)
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        let length = self.body.len().to_string();
        self.header("Content-Length", &length)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{} HTTP/1.1\r\n", self.line);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

pub struct Connection {
    stream: BufReader<TlsStream<TcpStream>>,
}

impl Connection {
    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Writes to a server that may hang up before it has read everything.
    pub async fn write_what_is_taken(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
        let _ = self.stream.flush().await;
    }

    pub async fn send(&mut self, request: &Request) -> Response {
        self.write(&request.to_bytes()).await;
        self.response().await
    }

    /// Reads a whole response.
    pub async fn response(&mut self) -> Response {
        let mut response = self.head().await;
        if response.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk().await {
                response.body.extend_from_slice(&chunk);
            }
        } else {
            let length: usize = response.header("content-length").unwrap().parse().unwrap();
            response.body.resize(length, 0);
            let reading = self.stream.read_exact(&mut response.body);
            tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap().unwrap();
        }
        response
    }

    /// Reads the status line and the headers.
    pub async fn head(&mut self) -> Response {
        let line = self.read_line().await;
        let status = line.strip_prefix("HTTP/1.1 ").unwrap().get(..3).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = self.read_line().await;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Response { status, headers, body: Vec::new() }
    }

    /// Reads one chunk of a chunked body; the last one is `None`.
    pub async fn chunk(&mut self) -> Option<Vec<u8>> {
        let length = usize::from_str_radix(&self.read_line().await, 16).unwrap();
        let mut chunk = vec![0; length + 2];
        self.stream.read_exact(&mut chunk).await.unwrap();
        assert_eq!(chunk.split_off(length), b"\r\n");
        (length > 0).then_some(chunk)
    }

    async fn read_line(&mut self) -> String {
        let mut line = String::new();
        let reading = self.stream.read_line(&mut line);
        tokio::time::timeout(Duration::from_secs(10), reading).await.expect("a line in time").unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("no whole line: {line:?}")).to_owned()
    }

    /// Waits for the server to close the connection; what it said before.
    pub async fn closed(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A connection cut off without the farewell of TLS has ended as well.
        let _ = tokio::time::timeout(Duration::from_secs(10), self.stream.read_to_end(&mut rest))
            .await
            .expect("the server closes the connection");
        rest
    }
}

pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// X-ResponseCode, of a response whose Content-Type goes with it.
    pub fn code(&self) -> u32 {
        let code = self.header("x-responsecode").unwrap().parse().unwrap();
        let media_type = if code == 0 { "application/mapi-http" } else { "text/html" };
        assert!(self.header("content-type").unwrap().starts_with(media_type));
        code
    }

    /// The value for the Cookie header of the next request.
    pub fn cookies(&self) -> String {
        let set: Vec<&str> = self
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
            .map(|(_, value)| value.split(';').next().unwrap())
            .collect();
        set.join("; ")
    }

    /// The additional headers and the body that follow the meta-tags.
    pub fn inner(&self) -> (String, String) {
        let text = String::from_utf8(self.body.clone()).unwrap();
        let (tags, rest) = text.split_once("DONE\r\n").expect("a DONE meta-tag");
        assert!(tags.starts_with("PROCESSING\r\n"), "{tags}");
        let (headers, body) = rest.split_once("\r\n\r\n").unwrap();
        (headers.to_owned(), body.to_owned())
    }
}
