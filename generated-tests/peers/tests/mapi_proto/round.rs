//! A batch of both sides: the same requests, and replies that the generated code writes.

use generated_tests::Choices;
use mapi_proto::{
    Error, ErrorCode as TheirCode, Execution, HandleSlot, Headers, LegacyDn, ObjectHandle, Outcome, RopBatch, RopId,
    RopResponse, Session,
};
use protocol::client::Batch;
use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{ConnectResponse, ExecuteRequest, ExecuteResponse};
use protocol::oxcrpc::{
    ExecuteFlags, ExtendedBufferOfRopInputBuffer, ExtendedBufferOfRopOutputBuffer, RopInputBuffers, RpcHeaderFlags,
};
use protocol::rops::{Conversation, RopInputBuffer, RopReply};
use runtime::keyed::{KeyedRequest, read_all, to_body};
use runtime::rop::{Handle, INVALID_HANDLE, pack_batch};
use runtime::Encoder;

use crate::values::Arms;

type Check = Box<dyn Fn(&RopResponse)>;

/// A batch in the making, on both sides.
pub struct Round {
    pub g: Choices,
    pub theirs: RopBatch,
    pub ours: Batch<'static>,
    pub replies: Encoder,
    pub expected: Vec<(RopReply<'static>, Check)>,
    /// Kinds of values that occurred.
    pub arms: Arms,
    next_handle: u32,
}

/// Choices that are always the same for a seed.
pub fn choices(seed: u64) -> Choices {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    };
    Choices::new((0..20_000).map(|_| word()).collect())
}

impl Round {
    pub fn new(seed: u64) -> Self {
        Self {
            g: choices(seed),
            theirs: RopBatch::new(),
            ours: Batch::new(),
            replies: Encoder::new(),
            expected: Vec::new(),
            arms: Arms::default(),
            next_handle: 0x100,
        }
    }

    /// An open object, new to both sides.
    pub fn handle<K>(&mut self) -> (HandleSlot, Handle<K>) {
        self.next_handle += 1;
        (self.theirs.bind(ObjectHandle::new(self.next_handle)), Handle::new(self.next_handle, 0))
    }

    /// The newest slot: what heads the reply to an operation of one handle or with an output.
    pub fn newest(&self) -> u8 {
        u8::try_from(self.ours.handles().len() - 1).unwrap()
    }

    /// A return value, where the reply is to fail: one of eight.
    pub fn failure(&mut self) -> Option<ErrorCode> {
        // Whatever has no body of its own in any reply.
        const CODES: [ErrorCode; 5] = [
            ErrorCode::EC_NOT_FOUND,
            ErrorCode::EC_ACCESS_DENIED,
            ErrorCode::EC_NULL_OBJECT,
            ErrorCode::EC_ERROR,
            ErrorCode::EC_QUOTA_EXCEEDED,
        ];
        (self.g.pick(8) == 7).then(|| *self.g.one_of(&CODES))
    }

    /// Compares the requests, then the replies.
    pub fn finish(self) -> Arms {
        let mut session = connected();
        let request = session.execute(self.theirs).unwrap();
        same_request(request.body(), &self.ours);

        let opened = |(index, handle): (u32, &u32)| if *handle == INVALID_HANDLE { 0x8000 + index } else { *handle };
        let handles: Vec<u32> = (0..).zip(self.ours.handles()).map(opened).collect();
        let rops = self.replies.finish();
        let execution = execution(&mut session, &rops, &handles).unwrap();
        assert_eq!(execution.handles().iter().map(|handle| handle.as_u32()).collect::<Vec<_>>(), handles);
        assert_eq!(execution.responses().len(), self.expected.len(), "replies that they read");
        for (response, (_, check)) in execution.responses().iter().zip(&self.expected) {
            check(response);
        }

        let mut conversation = Conversation::default();
        let ours = conversation.unpack_replies(self.ours.requests(), &handles, &rops).unwrap();
        assert_eq!(ours.len(), self.expected.len());
        for (ours, (expected, _)) in ours.iter().zip(&self.expected) {
            assert_eq!(ours, expected);
        }
        self.arms
    }
}

/// Their request is, byte by byte, ours; and reads as the requests that ours was made of.
fn same_request(theirs: &[u8], ours: &Batch<'_>) {
    let mut input = Encoder::new();
    ours.pack(&mut input).unwrap();
    let mut rop_buffer = Encoder::new();
    let buffer = ExtendedBufferOfRopInputBuffer { flags: RpcHeaderFlags::LAST, payload: input.as_slice().into() };
    buffer.pack(&mut rop_buffer).unwrap();
    let body = ExecuteRequest {
        // NoCompression and NoXorMagic.
        flags: ExecuteFlags(3),
        rop_buffer: rop_buffer.as_slice().into(),
        max_rop_out: 0x1_0000,
        auxiliary_buffer: (&[][..]).into(),
    };
    let read = read_all(theirs, ExecuteRequest::unpack).unwrap();
    let buffers = read_all(&read.rop_buffer, RopInputBuffers::unpack).unwrap();
    let [ExtendedBufferOfRopInputBuffer { payload, .. }] = &buffers.payloads[..] else {
        panic!("{} payloads", buffers.payloads.len())
    };
    let batch = RopInputBuffer::unpack(payload).unwrap();
    for (theirs, ours) in batch.requests.iter().zip(ours.requests()) {
        assert_eq!(theirs, ours);
    }
    assert_eq!(batch.requests.len(), ours.requests().len());
    assert_eq!(batch.handles, ours.handles());
    assert_eq!(hex(theirs), hex(&body.to_body().unwrap()));
    // What they packed packs back to the same bytes.
    let mut again = Encoder::new();
    batch.pack(&mut again).unwrap();
    assert_eq!(hex(again.as_slice()), hex(payload));
}

/// How a response of MAPI over HTTP begins: accepted.
pub fn accepted() -> Headers {
    [("X-ResponseCode", "0")].into_iter().collect()
}

/// A session of theirs that is connected.
pub fn connected() -> Session {
    let mut session = Session::new();
    session.begin_connect(&LegacyDn::new("/o=Example/cn=alice").unwrap()).unwrap();
    let response = ConnectResponse {
        error_code: ErrorCode::EC_NONE,
        polls_max: 60_000,
        retry_count: 6,
        retry_delay: 10_000,
        dn_prefix: "/o=Example".into(),
        display_name: "Alice".into(),
        auxiliary_buffer: (&[][..]).into(),
    };
    session.on_response(&accepted(), &to_body(|e| response.pack(e)).unwrap()).unwrap();
    session
}

/// Has their session, which waits for it, read a ROP output buffer.
pub fn execution(session: &mut Session, rops: &[u8], handles: &[u32]) -> Result<Execution, Error> {
    let mut output = Encoder::new();
    pack_batch(&mut output, rops, handles).unwrap();
    let mut rop_buffer = Encoder::new();
    let buffer = ExtendedBufferOfRopOutputBuffer { flags: RpcHeaderFlags::LAST, payload: output.as_slice().into() };
    buffer.pack(&mut rop_buffer).unwrap();
    let response = ExecuteResponse {
        error_code: ErrorCode::EC_NONE,
        rop_buffer: rop_buffer.as_slice().into(),
        auxiliary_buffer: (&[][..]).into(),
    };
    match session.on_response(&accepted(), &to_body(|e| response.pack(e)).unwrap())? {
        Outcome::Executed(execution) => Ok(execution),
        other => panic!("another outcome: {other:?}"),
    }
}

/// They read a failure with nothing but its return value.
pub fn check_failed(response: &RopResponse, rop: u8, code: ErrorCode) {
    assert_eq!(*response, RopResponse::Failed { rop: RopId::new(rop), code: TheirCode::new(code.0) });
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
