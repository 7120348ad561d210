//! HTTP requests over one connection, written and read byte by byte so that they may be wrong.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub const REQUEST_ID: &str = "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}:7";
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the server is and how to trust it.
#[derive(Clone)]
pub struct Target {
    pub address: SocketAddr,
    pub roots: RootCertStore,
}

/// A request; headers may come twice or not at all.
#[derive(Clone, Debug)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub fn basic(address: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{address}:{password}")))
}

impl Request {
    /// A request to the mailbox endpoint with nothing wrong about it.
    pub fn mapi(request_type: &str, authorization: &str, cookies: Option<&str>, body: Vec<u8>) -> Self {
        let mut request = Self { line: "POST /mapi/emsmdb/ HTTP/1.1".to_owned(), headers: Vec::new(), body };
        let length = request.body.len().to_string();
        for (name, value) in [
            ("Host", "localhost"),
            ("Authorization", authorization),
            ("Content-Type", "application/mapi-http"),
            ("X-RequestType", request_type),
            ("X-RequestId", REQUEST_ID),
            ("Content-Length", &length),
        ] {
            request.set(name, value);
        }
        if let Some(cookies) = cookies {
            request.set("Cookie", cookies);
        }
        request
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    fn to_bytes(&self) -> Vec<u8> {
        let headers: String = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let mut bytes = format!("{}\r\n{headers}\r\n", self.line).into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// X-ResponseCode: the one after the meta-tags, where there is one, else the one of the head.
    pub fn code(&self) -> Option<u32> {
        let additional = self.parts().and_then(|(headers, _)| {
            let line = headers.lines().find_map(|line| line.strip_prefix("X-ResponseCode:"))?;
            line.trim().parse().ok()
        });
        additional.or_else(|| self.header("X-ResponseCode")?.parse().ok())
    }

    /// The additional headers and the body behind the meta-tags.
    fn parts(&self) -> Option<(String, &[u8])> {
        const DONE: &[u8] = b"DONE\r\n";
        let done = self.body.windows(DONE.len()).position(|window| window == DONE)? + DONE.len();
        let rest = &self.body[done..];
        if let Some(body) = rest.strip_prefix(b"\r\n") {
            return Some((String::new(), body));
        }
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n")?;
        Some((String::from_utf8_lossy(&rest[..end]).into_owned(), &rest[end + 4..]))
    }

    /// The body of the request type.
    pub fn inner(&self) -> &[u8] {
        self.parts().unwrap_or_else(|| panic!("no DONE: {}", self.body.escape_ascii())).1
    }

    /// The value for the Cookie header of the next request, when cookies were set.
    pub fn cookies(&self) -> Option<String> {
        let set: Vec<&str> = self
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Set-Cookie"))
            .filter_map(|(_, value)| value.split(';').next())
            .collect();
        (!set.is_empty()).then(|| set.join("; "))
    }
}

/// A connection that is kept, and made anew when the server has closed it.
pub struct Client {
    target: Target,
    stream: Option<BufReader<TlsStream<TcpStream>>>,
    /// How often it was made.
    pub connections: usize,
}

impl Client {
    pub fn new(target: Target) -> Self {
        Self { target, stream: None, connections: 0 }
    }

    async fn connect(&mut self) -> BufReader<TlsStream<TcpStream>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.target.roots.clone())
            .with_no_client_auth();
        let stream = TcpStream::connect(self.target.address).await.expect("the server takes connections");
        let name = ServerName::try_from("localhost").unwrap();
        self.connections += 1;
        BufReader::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap())
    }

    /// Sends a request; `None` when the server closes the connection without a response.
    pub async fn send(&mut self, request: &Request) -> Option<Response> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await,
        };
        // A server may answer and hang up before it has read everything.
        let _ = stream.write_all(&request.to_bytes()).await;
        let _ = stream.flush().await;
        let reading = tokio::time::timeout(PATIENCE, response(&mut stream));
        let response = reading.await.unwrap_or_else(|_| panic!("no answer to {}", request.line))?;
        if response.header("Connection") != Some("close") {
            self.stream = Some(stream);
        }
        Some(response)
    }

    /// Closes the connection.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }
}

async fn response(stream: &mut BufReader<TlsStream<TcpStream>>) -> Option<Response> {
    let status = line(stream).await?;
    let status =
        status.strip_prefix("HTTP/1.1 ").unwrap_or_else(|| panic!("no status: {status}"))[..3].parse().unwrap();
    let mut headers = Vec::new();
    loop {
        let line = line(stream).await?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap();
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut response = Response { status, headers, body: Vec::new() };
    if response.header("Transfer-Encoding") == Some("chunked") {
        loop {
            let length = usize::from_str_radix(&line(stream).await?, 16).unwrap();
            let mut chunk = vec![0; length + 2];
            stream.read_exact(&mut chunk).await.ok()?;
            if length == 0 {
                break;
            }
            response.body.extend_from_slice(&chunk[..length]);
        }
    } else {
        let length = response.header("Content-Length").map_or(0, |length| length.parse().unwrap());
        response.body.resize(length, 0);
        stream.read_exact(&mut response.body).await.ok()?;
    }
    Some(response)
}

async fn line(stream: &mut BufReader<TlsStream<TcpStream>>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    line.strip_suffix("\r\n").map(str::to_owned)
}
