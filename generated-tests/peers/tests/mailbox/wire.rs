//! What went over the wire, read by the generated code: requests pack back to the bytes that the client
//! sent, and of replies no byte is left over.
//!
//! That mapi-proto reads the replies is shown by the run itself: mapi-client has every one decoded by it.

use std::collections::BTreeMap;

use mapi_client::RequestType;
use mapi_proto::Payload;
use peers::capture::Captured;
use protocol::oxcmapihttp::{
    ConnectRequest, ConnectResponse, DisconnectRequest, DisconnectResponse, ExecuteRequest, ExecuteResponse,
};
use protocol::oxcrpc::{ExtendedBufferOfRopInputBuffer, RopInputBuffers, RpcHeaderFlags};
use protocol::rops::{Conversation, RopReply, RopRequest};
use runtime::rop::{pack_batch, unpack_batch};
use runtime::{Cursor, Encoder, PackError, UnpackError};

/// The most bytes that payloads may have, as the server has it.
const LIMIT: usize = 256 * 1024;

/// How much was read.
#[derive(Debug, Default)]
pub struct Figures {
    pub replies: usize,
    /// Requests by their name.
    pub requests: BTreeMap<String, usize>,
}

/// Reads all that was captured in one session.
pub fn check(exchanges: &[Captured]) -> Figures {
    let mut figures = Figures::default();
    let mut conversation = Conversation::default();
    for exchange in exchanges {
        assert_eq!((exchange.status, exchange.response_code), (200, Some(0)), "{:?}", exchange.request_type);
        let response = Payload::parse(&exchange.response);
        match exchange.request_type {
            RequestType::Connect => {
                round_trip(&exchange.request, ConnectRequest::unpack, ConnectRequest::pack);
                round_trip(response.body(), ConnectResponse::unpack, ConnectResponse::pack);
            }
            RequestType::Disconnect => {
                round_trip(&exchange.request, DisconnectRequest::unpack, DisconnectRequest::pack);
                round_trip(response.body(), DisconnectResponse::unpack, DisconnectResponse::pack);
            }
            RequestType::Execute => execute(&mut conversation, &exchange.request, response.body(), &mut figures),
            other => panic!("nobody sends {other:?}"),
        }
    }
    assert!(figures.replies > 0, "nothing was captured");
    figures
}

fn execute(conversation: &mut Conversation, request: &[u8], response: &[u8], figures: &mut Figures) {
    let request = round_trip(request, ExecuteRequest::unpack, ExecuteRequest::pack);
    let response = round_trip(response, ExecuteResponse::unpack, ExecuteResponse::pack);
    let input = payload(&request.rop_buffer);
    let output = payload(&response.rop_buffer);
    let rops = requests(&input);
    let batch = unpack_batch(&output).unwrap();
    let replies = conversation.unpack_replies(&rops, &batch.handles, batch.rops).unwrap();
    for reply in &replies {
        assert!(!matches!(reply, RopReply::Opaque(_)), "a reply that nobody reads: {reply:?}");
    }
    figures.replies += replies.len();
    for rop in &rops {
        let debug = format!("{rop:?}");
        let name = debug.split('(').next().unwrap_or_default().to_owned();
        *figures.requests.entry(name).or_default() += 1;
    }
}

/// One line for each Execute: the ROP input buffer and the handle table of the answer, `-` for none.
pub fn lines(exchanges: &[Captured]) -> String {
    let mut lines = String::new();
    for exchange in exchanges.iter().filter(|exchange| exchange.request_type == RequestType::Execute) {
        let response = Payload::parse(&exchange.response);
        let request = round_trip(&exchange.request, ExecuteRequest::unpack, ExecuteRequest::pack);
        let response = round_trip(response.body(), ExecuteResponse::unpack, ExecuteResponse::pack);
        let output = payload(&response.rop_buffer);
        let mut e = Encoder::new();
        unpack_batch(&output).unwrap().handles.into_iter().try_for_each(|handle| e.u32(handle)).unwrap();
        let handles = e.finish();
        let handles = if handles.is_empty() { "-".to_owned() } else { hex(&handles) };
        lines.push_str(&format!("{} {handles}\n", hex(&payload(&request.rop_buffer))));
    }
    lines
}

/// The payload of an extended buffer, which packs back to the same bytes unless it is compressed.
fn payload(buffer: &[u8]) -> Vec<u8> {
    let mut c = Cursor::new(buffer).with_plain_room(LIMIT);
    let buffers = RopInputBuffers::unpack(&mut c).unwrap();
    assert!(c.is_empty());
    let mut e = Encoder::new();
    buffers.pack(&mut e).unwrap();
    let [ExtendedBufferOfRopInputBuffer { flags, payload }] = &buffers.payloads[..] else {
        panic!("{} payloads", buffers.payloads.len())
    };
    if !flags.contains(RpcHeaderFlags::COMPRESSED) {
        assert_eq!(hex(&e.finish()), hex(buffer));
    }
    payload.to_vec()
}

/// The requests of a ROP input buffer, which pack back to the same bytes one by one and together.
fn requests(input: &[u8]) -> Vec<RopRequest<'_>> {
    let batch = unpack_batch(input).unwrap();
    let mut c = Cursor::new(batch.rops);
    let mut requests = Vec::new();
    let mut packed = Encoder::new();
    while !c.is_empty() {
        let before = c.peek();
        let request = RopRequest::unpack(&mut c).unwrap();
        let taken = &before[..before.len() - c.remaining()];
        let mut e = Encoder::new();
        request.pack(&mut e).unwrap();
        assert_eq!(request.packed_size(), taken.len(), "{request:?}");
        assert_eq!(hex(&e.finish()), hex(taken), "{request:?}");
        packed.bytes(taken).unwrap();
        requests.push(request);
    }
    let mut e = Encoder::new();
    pack_batch(&mut e, &packed.finish(), &batch.handles).unwrap();
    assert_eq!(hex(&e.finish()), hex(input));
    requests
}

/// Reads a structure that takes all the bytes, and packs it back to the same.
fn round_trip<'a, T>(
    bytes: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
    pack: impl FnOnce(&T, &mut Encoder) -> Result<(), PackError>,
) -> T {
    let mut c = Cursor::new(bytes);
    let value = unpack(&mut c).unwrap();
    assert!(c.is_empty(), "{} bytes are left", c.remaining());
    let mut e = Encoder::new();
    pack(&value, &mut e).unwrap();
    assert_eq!(hex(&e.finish()), hex(bytes));
    value
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
