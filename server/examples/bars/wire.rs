//! HTTP/1.1 over TLS from the client's side, with as little between as there can be: what is measured is the server.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom to connect to.
#[derive(Clone)]
pub struct Target {
    connector: TlsConnector,
    port: u16,
}

impl Target {
    /// A process of this port whose certificate is of the authority in the data directory.
    pub fn new(data_dir: &Path, port: u16) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(data_dir.join("tls/ca.pem"))?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), port })
    }

    pub async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        let stream = self.connector.connect(ServerName::try_from("localhost")?, stream).await?;
        Ok(Connection { stream, buffer: Vec::new(), start: 0 })
    }
}

/// The status line and headers of a response.
pub struct Head {
    text: String,
}

impl Head {
    /// All values of a header; names are compared without case.
    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        let lines = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub fn get(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }
}

/// A connection with what has been read ahead.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
    start: usize,
}

impl Connection {
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        Ok(self.stream.flush().await?)
    }

    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads more; what has been used goes.
    async fn more(&mut self) -> anyhow::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let mut piece = [0; 4096];
        let read = self.stream.read(&mut piece).await?;
        anyhow::ensure!(read > 0, "the server has hung up");
        self.buffer.extend_from_slice(piece.get(..read).unwrap_or_default());
        Ok(())
    }

    /// Takes what stands before an end, and the end.
    async fn until(&mut self, end: &[u8]) -> anyhow::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.ahead().windows(end.len()).position(|window| window == end) {
                let taken = self.ahead().get(..at).unwrap_or_default().to_vec();
                self.start += at + end.len();
                return Ok(taken);
            }
            self.more().await?;
        }
    }

    async fn exactly(&mut self, len: usize) -> anyhow::Result<Vec<u8>> {
        while self.ahead().len() < len {
            self.more().await?;
        }
        let taken = self.ahead().get(..len).unwrap_or_default().to_vec();
        self.start += len;
        Ok(taken)
    }

    /// The head of a response, which has to have the status 200.
    pub async fn head(&mut self) -> anyhow::Result<Head> {
        let text = String::from_utf8(self.until(b"\r\n\r\n").await?)?;
        anyhow::ensure!(text.starts_with("HTTP/1.1 200"), "the server answers: {text}");
        Ok(Head { text })
    }

    /// One chunk; `None` at the end.
    pub async fn chunk(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let size = String::from_utf8(self.until(b"\r\n").await?)?;
        let len = usize::from_str_radix(size.trim(), 16).context("no chunk")?;
        let chunk = self.exactly(len).await?;
        self.until(b"\r\n").await?;
        Ok((len > 0).then_some(chunk))
    }

    /// The whole body behind a head.
    pub async fn body(&mut self, head: &Head) -> anyhow::Result<Vec<u8>> {
        if let Some(length) = head.get("content-length") {
            return self.exactly(length.parse()?).await;
        }
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
