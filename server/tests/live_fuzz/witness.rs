//! A client that behaves, and has to get the same answers whatever others send.

use protocol::oxcdata::{ErrorCode, FolderId, PropertyTag};
use protocol::oxcmapihttp::{ConnectRequest, ConnectResponse, ExecuteResponse};
use protocol::oxcrpc::ConnectFlags;
use protocol::rops::{Conversation, RopReply, RopRequest};
use runtime::rop::{INVALID_HANDLE, unpack_batch};
use runtime::{Blob, Cursor, Encoder, String8};

use crate::client::{Client, Request};
use crate::mailbox::{BOB, LiveServer, authorization, dn};
use crate::{bodies, rops};

pub struct Witness {
    number: usize,
    client: Client,
    cookies: String,
    logon: u32,
    inbox: FolderId,
    seen: Option<Vec<u8>>,
}

/// A sound Connect request body.
pub fn connect_body(address: &str) -> Vec<u8> {
    let user_dn = dn(address);
    let request = ConnectRequest {
        user_dn: String8::from_text(&user_dn),
        flags: ConnectFlags(0),
        default_code_page: 1252,
        lcid_sort: 0x0409,
        lcid_string: 0x0409,
        auxiliary_buffer: Blob::default(),
    };
    let mut e = Encoder::new();
    request.pack(&mut e).unwrap();
    e.finish().to_vec()
}

/// The ROP output buffer in an Execute response body that reports success.
pub fn output(body: &[u8]) -> Vec<u8> {
    let mut c = Cursor::new(body);
    let response = ExecuteResponse::unpack(&mut c).unwrap();
    assert!(c.is_empty(), "{} bytes follow the response body", c.remaining());
    assert_eq!(response.error_code, ErrorCode::EC_NONE);
    rops::payload(&response.rop_buffer)
}

impl Witness {
    pub async fn begin(server: &LiveServer, number: usize) -> Self {
        let mut client = Client::new(server.target.clone());
        let connect = Request::mapi("Connect", &authorization(BOB), None, connect_body(BOB));
        let response = client.send(&connect).await.unwrap();
        assert_eq!(response.code(), Some(0));
        let body = ConnectResponse::unpack(&mut Cursor::new(response.inner())).unwrap();
        assert_eq!(body.error_code, ErrorCode::EC_NONE);
        let cookies = response.cookies().unwrap();
        let mut witness = Self { number, client, cookies, logon: 0, inbox: FolderId::default(), seen: None };
        let input = rops::logon(BOB);
        let output = witness.execute(&input).await;
        let batch = unpack_batch(&output).unwrap();
        let request = RopRequest::unpack(&mut Cursor::new(&input[2..])).unwrap();
        let replies = Conversation::default().unpack_replies(&[request], &batch.handles, batch.rops).unwrap();
        let [RopReply::RopLogon(logon)] = &replies[..] else { panic!("{replies:?}") };
        witness.inbox = logon.result.as_ref().unwrap().folder_ids[4];
        witness.logon = batch.handles[0];
        witness
    }

    async fn execute(&mut self, rops: &[u8]) -> Vec<u8> {
        let request = Request::mapi("Execute", &authorization(BOB), Some(&self.cookies), bodies::sound(rops));
        let response = self.client.send(&request).await.expect("the witness gets an answer");
        assert_eq!(response.code(), Some(0), "witness {}", self.number);
        self.cookies = response.cookies().unwrap();
        output(response.inner())
    }

    /// Reads ten rows of the Inbox, which nobody changes.
    pub async fn check(&mut self) {
        let mut e = Encoder::new();
        e.bytes(&[0x02, 0, 0, 1]).unwrap();
        self.inbox.pack(&mut e).unwrap();
        e.bytes(&[0]).unwrap();
        e.bytes(&[0x05, 0, 1, 2, 0]).unwrap();
        e.bytes(&[0x12, 0, 2, 0, 3, 0]).unwrap();
        for tag in [0x674A_0014, 0x0037_001F, 0x0E08_0003] {
            PropertyTag(tag).pack(&mut e).unwrap();
        }
        e.bytes(&[0x15, 0, 2, 0, 1, 10, 0]).unwrap();
        let input = rops::batch(&e.finish(), &[self.logon, INVALID_HANDLE, INVALID_HANDLE]);
        let output = self.execute(&input).await;
        let batch = unpack_batch(&output).unwrap();
        assert!(batch.rops.len() > 500, "ten rows have more than {} bytes", batch.rops.len());
        match &self.seen {
            Some(seen) => assert_eq!(seen, batch.rops, "witness {} sees another Inbox", self.number),
            None => self.seen = Some(batch.rops.to_vec()),
        }
        let release = rops::batch(&[0x01, 0, 2, 0x01, 0, 1], &batch.handles);
        assert_eq!(self.execute(&release).await[..2], [2, 0], "releases have no reply");
    }

    pub async fn end(mut self) {
        let request = Request::mapi("Disconnect", &authorization(BOB), Some(&self.cookies), vec![0; 4]);
        assert_eq!(self.client.send(&request).await.unwrap().code(), Some(0));
        assert_eq!(self.client.connections, 1, "the witness's connection is kept");
    }
}
