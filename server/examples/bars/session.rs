//! A session of MAPI over HTTP with a logon, on one connection.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::client::Batch;
use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{
    CommonResponse, ConnectRequest, ConnectResponse, ExecuteRequest, ExecuteResponse, NotificationWaitRequest,
    NotificationWaitResponse,
};
use protocol::oxcrpc::{
    ConnectFlags, ExecuteFlags, ExtendedBufferOfRopInputBuffer, RopInputBuffers, RopOutputBuffers, RpcHeaderFlags,
};
use protocol::oxcstor::{LogonFlags, OpenFlags};
use protocol::rops::{Conversation, RopReply};
use runtime::rop::{Handle, Replies};
use runtime::{Blob, Cursor, Encoder};

use super::wire::{Connection, Head, Target};

/// The most bytes of replies that are asked for.
const MAX_ROP_OUT: u32 = 0x8008;

/// The handle of a logon.
pub type Logon = Handle<protocol::client::Logon>;

/// Who logs on.
#[derive(Clone, Debug)]
pub struct Account {
    pub address: String,
    pub legacy_dn: String,
    pub password: String,
}

/// A session on a connection of its own.
pub struct Session {
    connection: Connection,
    authorization: String,
    cookies: String,
    conversation: Conversation,
    logon: Option<Logon>,
}

impl Session {
    /// Connects and logs on to the own mailbox.
    pub async fn open(target: &Target, account: &Account) -> anyhow::Result<Self> {
        let authorization = STANDARD.encode(format!("{}:{}", account.address, account.password));
        let mut session = Self {
            connection: target.connect().await?,
            authorization,
            cookies: String::new(),
            conversation: Conversation::default(),
            logon: None,
        };
        let request = ConnectRequest {
            user_dn: account.legacy_dn.as_str().into(),
            flags: ConnectFlags::default(),
            default_code_page: 1252,
            lcid_sort: 0x0409,
            lcid_string: 0x0409,
            auxiliary_buffer: Blob::default(),
        };
        let mut e = Encoder::new();
        request.pack(&mut e)?;
        let body = session.call("Connect", e.as_slice()).await?;
        let connected = ConnectResponse::unpack(&mut Cursor::new(&body))?;
        anyhow::ensure!(connected.error_code == ErrorCode::EC_NONE, "Connect: {:?}", connected.error_code);

        let mut batch = Batch::new();
        let dn = Some(account.legacy_dn.as_str().into());
        let logon = batch.rop_logon(0, LogonFlags(0x01), OpenFlags(0x0100_0000), dn)?;
        let output = session.run(&batch).await?;
        let logon = session.read(&batch, &output)?.opened(&logon).ok().context("no logon")?;
        session.logon = Some(logon);
        Ok(session)
    }

    /// The logon.
    pub fn logon(&self) -> anyhow::Result<Logon> {
        self.logon.context("no logon")
    }

    /// The bytes of a request.
    pub fn request(&self, kind: &str, body: &[u8]) -> Vec<u8> {
        let mut text = format!(
            "POST /mapi/emsmdb/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {}\r\n\
             Content-Type: application/mapi-http\r\nX-RequestType: {kind}\r\n\
             X-RequestId: {{E2EA6C1C-E61B-49E9-9CFB-38184F907552}}:1\r\nX-ClientInfo: bars:1\r\n",
            self.authorization
        );
        if !self.cookies.is_empty() {
            text += &format!("Cookie: {}\r\n", self.cookies);
        }
        text += &format!("Content-Length: {}\r\n\r\n", body.len());
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    /// Takes the cookies of a response that says success.
    fn accept(&mut self, head: &Head) -> anyhow::Result<()> {
        let code = head.get("x-responsecode").unwrap_or("missing");
        anyhow::ensure!(code == "0", "X-ResponseCode is {code}");
        let cookies: Vec<&str> = head.all("set-cookie").filter_map(|cookie| cookie.split(';').next()).collect();
        if !cookies.is_empty() {
            self.cookies = cookies.join("; ");
        }
        Ok(())
    }

    /// Sends a request and reads its response body.
    async fn call(&mut self, kind: &str, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        let request = self.request(kind, body);
        self.connection.send(&request).await?;
        let head = self.connection.head().await?;
        self.accept(&head)?;
        let response = self.connection.body(&head).await?;
        inner(&response)
    }

    /// The same session as far as a peer is concerned, which has none: requests of the same bytes go to it.
    pub async fn shadow(&self, target: &Target) -> anyhow::Result<Self> {
        Ok(Self {
            connection: target.connect().await?,
            authorization: self.authorization.clone(),
            cookies: self.cookies.clone(),
            conversation: Conversation::default(),
            logon: self.logon,
        })
    }

    /// Sends an Execute request and reads its response, whatever is in it; answers the size of the body.
    pub async fn exchange(&mut self, body: &[u8]) -> anyhow::Result<usize> {
        let request = self.request("Execute", body);
        self.connection.send(&request).await?;
        let head = self.connection.head().await?;
        if head.get("x-responsecode").is_some() {
            self.accept(&head)?;
        }
        Ok(self.connection.body(&head).await?.len())
    }

    /// Runs a batch; answers the ROP output buffer.
    pub async fn run(&mut self, batch: &Batch<'_>) -> anyhow::Result<Vec<u8>> {
        let request = execute(batch)?;
        let body = self.call("Execute", &request).await?;
        let response = ExecuteResponse::unpack(&mut Cursor::new(&body))?;
        anyhow::ensure!(response.error_code == ErrorCode::EC_NONE, "Execute: {:?}", response.error_code);
        let mut c = Cursor::new(&response.rop_buffer);
        let payload = RopOutputBuffers::unpack(&mut c)?.payloads.pop().context("no payload")?.payload;
        Ok(payload.to_vec())
    }

    /// The replies in the output buffer of a batch.
    pub fn read<'a>(&mut self, batch: &Batch<'_>, output: &'a [u8]) -> anyhow::Result<Replies<RopReply<'a>>> {
        Ok(batch.read(output, &mut self.conversation)?)
    }

    /// Begins to wait for an event: done when the server has said that it does so.
    pub async fn begin_wait(&mut self) -> anyhow::Result<()> {
        let mut e = Encoder::new();
        NotificationWaitRequest { auxiliary_buffer: Blob::default() }.pack(&mut e)?;
        let request = self.request("NotificationWait", e.as_slice());
        self.connection.send(&request).await?;
        let head = self.connection.head().await?;
        self.accept(&head)?;
        let first = self.connection.chunk().await?.context("no part of a response")?;
        anyhow::ensure!(first.starts_with(b"PROCESSING"), "the wait is over already");
        Ok(())
    }

    /// The end of a wait: whether there is an event.
    pub async fn end_wait(&mut self) -> anyhow::Result<bool> {
        let mut response = b"PROCESSING\r\n".to_vec();
        while let Some(chunk) = self.connection.chunk().await? {
            response.extend_from_slice(&chunk);
        }
        let body = inner(&response)?;
        let response = NotificationWaitResponse::unpack(&mut Cursor::new(&body))?;
        Ok(response.event_pending != 0)
    }

    /// Fetches the notifications that wait.
    pub async fn fetch(&mut self) -> anyhow::Result<usize> {
        let batch = Batch::new();
        let output = self.run(&batch).await?;
        Ok(self.read(&batch, &output)?.unsolicited().len())
    }
}

/// An Execute request body.
pub fn execute(batch: &Batch<'_>) -> anyhow::Result<Vec<u8>> {
    let mut rops = Encoder::new();
    batch.pack(&mut rops)?;
    let payload = Blob::Borrowed(rops.as_slice());
    let mut buffer = Encoder::new();
    let payloads = vec![ExtendedBufferOfRopInputBuffer { flags: RpcHeaderFlags::LAST, payload }];
    RopInputBuffers { payloads }.pack(&mut buffer)?;
    let request = ExecuteRequest {
        flags: ExecuteFlags::NO_COMPRESSION | ExecuteFlags::NO_XOR_MAGIC,
        rop_buffer: Blob::Borrowed(buffer.as_slice()),
        max_rop_out: MAX_ROP_OUT,
        auxiliary_buffer: Blob::default(),
    };
    let mut e = Encoder::new();
    request.pack(&mut e)?;
    Ok(e.finish().to_vec())
}

/// The body behind meta-tags and additional headers.
fn inner(response: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut c = Cursor::new(response);
    let response = CommonResponse::unpack(&mut c)?;
    let code = response.additional_headers.iter().any(|header| header.as_bytes().starts_with(b"X-ResponseCode"));
    anyhow::ensure!(!code, "the request failed late");
    Ok(response.response_body.to_vec())
}
