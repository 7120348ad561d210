//! Conversations with the engine, as a transport leads them.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../generated-tests/src/spec_coverage.rs"]
mod spec_coverage;

use std::sync::Arc;

use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{
    ConnectRequest, ConnectResponse, DisconnectRequest, DisconnectResponse, ExecuteFailure, ExecuteRequest,
    ExecuteResponse,
};
use protocol::oxcrpc::{
    AuxPerfProcessinfo, AuxVersion, AuxiliaryBlock, AuxiliaryBlockPayload, AuxiliaryBuffer, ConnectFlags, ExecuteFlags,
    ExtendedBufferOfRopInputBuffer, RopInputBuffers, RopOutputBuffers, RpcHeaderFlags,
};
use protocol::rops::{Conversation, RopReply, RopRequest};
use runtime::rop::{INVALID_HANDLE, pack_batch, unpack_batch};
use runtime::{Blob, Cursor, Encoder, Guid, PackError, String8, Utf16};

use server::engine::doorbell::Rung;
use server::engine::endpoint::{MailboxEndpoint, Principal, RequestFailure};
use server::rop::RopHandlers;
use server::store::sqlite::SqliteStore;
use server::store::value::string;
use server::store::{MemberChange, NewUser, ObjectId, PropertyChanges, SpecialFolder, Store, system_clock, tags};

use spec_coverage::record;

type Engine = server::engine::Engine<RopHandlers>;
type Session = server::engine::Session<RopHandlers>;

const ALICE_DN: &str = "/o=Example/cn=Recipients/cn=alice";
const BOB_DN: &str = "/o=Example/cn=Recipients/cn=bob";

fn engine() -> Engine {
    Engine::new(store(), system_clock)
}

fn store() -> Arc<dyn Store> {
    let store = SqliteStore::in_memory().unwrap();
    for (address, legacy_dn) in [("alice@example.test", ALICE_DN), ("bob@example.test", BOB_DN)] {
        let user = NewUser { address, display_name: "Zoë", legacy_dn, password_hash: "none" };
        store.create_user(&user).unwrap();
    }
    Arc::new(store)
}

fn alice() -> Principal {
    Principal { user: "alice@example.test".to_owned() }
}

fn pack(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    pack(&mut e).unwrap();
    e.finish().to_vec()
}

fn connect_request(user_dn: &str) -> ConnectRequest<'_> {
    ConnectRequest {
        user_dn: String8::from_text(user_dn),
        flags: ConnectFlags(0),
        default_code_page: 1252,
        lcid_sort: 0x0409,
        lcid_string: 0x0409,
        auxiliary_buffer: Blob::default(),
    }
}

fn refused(request: &ConnectRequest<'_>) -> ErrorCode {
    let (body, session) = engine().connect(&alice(), &pack(|e| request.pack(e))).unwrap();
    assert!(session.is_none());
    let response = ConnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
    response.error_code
}

fn session(engine: &Engine) -> Session {
    let (body, session) = engine.connect(&alice(), &pack(|e| connect_request(ALICE_DN).pack(e))).unwrap();
    let response = ConnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
    assert_eq!(response.error_code, ErrorCode::EC_NONE);
    session.unwrap()
}

/// The ROP buffer of a logon to Alice's mailbox: one handle.
fn logon() -> Vec<u8> {
    let essdn = format!("{ALICE_DN}\0");
    let rops = pack(|e| {
        e.bytes(&[0xFE, 0x00, 0x00, 0x01])?;
        e.u32(0x0100_000C)?;
        e.u32(0)?;
        e.count_u16(essdn.len())?;
        e.bytes(essdn.as_bytes())
    });
    pack(|e| pack_batch(e, &rops, &[INVALID_HANDLE]))
}

/// No flag but Last.
const PLAIN: RpcHeaderFlags = RpcHeaderFlags::LAST;

fn extended(payload: &[u8], flags: RpcHeaderFlags) -> Vec<u8> {
    pack(|e| ExtendedBufferOfRopInputBuffer { flags, payload: payload.into() }.pack(e))
}

fn execute_request(rop_buffer: &[u8]) -> ExecuteRequest<'_> {
    ExecuteRequest {
        flags: ExecuteFlags::NO_COMPRESSION,
        rop_buffer: Blob::Borrowed(rop_buffer),
        max_rop_out: 0x8000,
        auxiliary_buffer: Blob::default(),
    }
}

fn execute(session: &mut Session, request: &ExecuteRequest<'_>) -> Vec<u8> {
    engine().execute(session, &pack(|e| request.pack(e))).unwrap()
}

fn error_code(body: &[u8]) -> ErrorCode {
    let response = ExecuteResponse::unpack(&mut Cursor::new(body)).unwrap();
    assert_eq!(response.rop_buffer.len(), 0);
    response.error_code
}

fn logged_on(body: &[u8]) {
    let response = ExecuteResponse::unpack(&mut Cursor::new(body)).unwrap();
    assert_eq!(response.error_code, ErrorCode::EC_NONE);
    let mut c = Cursor::new(&response.rop_buffer).with_plain_room(0x8000);
    let payloads = RopOutputBuffers::unpack(&mut c).unwrap().payloads;
    assert!(c.is_empty());
    let batch = unpack_batch(&payloads[0].payload).unwrap();
    assert_eq!((payloads.len(), &batch.handles[..]), (1, &[1][..]));
    let input = logon();
    let request = RopRequest::unpack(&mut Cursor::new(&input[2..])).unwrap();
    let replies = Conversation::default().unpack_replies(&[request], &batch.handles, batch.rops).unwrap();
    assert!(matches!(&replies[..], [RopReply::RopLogon(reply)] if reply.result.is_ok()), "{replies:?}");
}

#[test]
fn connect_answers_with_what_clients_need_to_begin() {
    let engine = engine();
    let (body, session) = engine.connect(&alice(), &pack(|e| connect_request(ALICE_DN).pack(e))).unwrap();
    assert!(session.is_some());
    let response = ConnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
    assert_eq!(response.error_code, ErrorCode::EC_NONE);
    assert_eq!((response.polls_max, response.retry_count, response.retry_delay), (60_000, 6, 10_000));
    assert_eq!(response.display_name.to_text(), "Zoë");
}

#[test]
fn connect_tells_of_the_organization_the_client_and_the_endpoint() {
    let (body, _) = engine().connect(&alice(), &pack(|e| connect_request(ALICE_DN).pack(e))).unwrap();
    let response = ConnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
    // Version, Flags, Size, SizeActual
    assert_eq!(response.auxiliary_buffer[..8], [0, 0, 4, 0, 28, 0, 28, 0]);
    assert_eq!(response.auxiliary_buffer.len(), 8 + 28);
    let mut blocks = Cursor::new(&response.auxiliary_buffer[8..]);
    // AUX_EXORGINFO without public folders, AUX_CLIENT_CONTROL, AUX_ENDPOINT_CAPABILITIES
    for (size, kind, value) in [(8, 0x17, 0), (12, 0x0A, 0x0C), (8, 0x48, 0)] {
        let mut block = blocks.sub(size).unwrap();
        assert_eq!((block.u16(), block.u8(), block.u8()), (Ok(size as u16), Ok(1), Ok(kind)));
        assert_eq!(block.u32(), Ok(value), "{kind:#x}");
    }
    assert!(blocks.is_empty());
    for id in ["R574", "R575", "R1060", "R1061", "R1597", "R4847"] {
        record(&format!("MS-OXCRPC_{id}"), "connect_tells_of_the_organization_the_client_and_the_endpoint");
    }
}

#[test]
fn what_clients_report_of_themselves_is_read_and_no_reason_to_fail() {
    let report = AuxiliaryBuffer {
        blocks: vec![AuxiliaryBlock {
            payload: AuxiliaryBlockPayload::ProcessInfo {
                version: AuxVersion::AUX_VERSION_2,
                block: AuxPerfProcessinfo {
                    process_id: 3,
                    process_guid: Guid([7; 16]),
                    process_name: Some(Utf16::from("OUTLOOK.EXE")),
                },
            },
        }],
    };
    let mut known = Encoder::new();
    report.pack(&mut known).unwrap();
    // A version and type that no document has, and a block that is cut off.
    let unknown: &[u8] = &[6, 0, 9, 9, 1, 2];
    let cut: &[u8] = &[40, 0, 1, 2, 0];
    for blocks in [known.as_slice(), unknown, cut, &[known.as_slice(), unknown].concat()] {
        let buffer = extended(blocks, PLAIN);
        let request = ConnectRequest { auxiliary_buffer: Blob::Borrowed(&buffer), ..connect_request(ALICE_DN) };
        let (body, session) = engine().connect(&alice(), &pack(|e| request.pack(e))).unwrap();
        let response = ConnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
        assert_eq!(response.error_code, ErrorCode::EC_NONE);
        assert!(session.is_some(), "{blocks:?}");
    }
    record("MS-OXCRPC_R1601", "what_clients_report_of_themselves_is_read_and_no_reason_to_fail");
}

#[test]
fn the_user_dn_is_compared_without_case() {
    let engine = engine();
    let upper = ALICE_DN.to_uppercase();
    let (_, session) = engine.connect(&alice(), &pack(|e| connect_request(&upper).pack(e))).unwrap();
    assert!(session.is_some());
}

#[test]
fn connect_refuses_all_but_the_caller() {
    assert_eq!(refused(&connect_request("/o=Example/cn=Recipients/cn=nobody")), ErrorCode::EC_UNKNOWN_USER);
    assert_eq!(refused(&connect_request(BOB_DN)), ErrorCode::EC_ACCESS_DENIED);
    assert_eq!(refused(&connect_request("")), ErrorCode::EC_ACCESS_DENIED);
    let administrator = ConnectRequest { flags: ConnectFlags::USE_ADMIN_PRIVILEGE, ..connect_request(ALICE_DN) };
    assert_eq!(refused(&administrator), ErrorCode::EC_LOGIN_PERM);
}

#[test]
fn a_delegate_connects_in_the_name_of_whose_mailbox_is_shared() {
    let store = store();
    let engine = Engine::new(Arc::clone(&store), system_clock);
    let connect = || {
        let (body, session) = engine.connect(&alice(), &pack(|e| connect_request(BOB_DN).pack(e))).unwrap();
        let response = ConnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
        (response.error_code, session)
    };
    assert_eq!(connect().0, ErrorCode::EC_ACCESS_DENIED);
    let bob = store.user_by_legacy_dn(BOB_DN).unwrap().unwrap();
    let mailbox = store.mailbox(bob.mailbox).unwrap();
    let inbox = mailbox.special_folders().get(SpecialFolder::Inbox);
    // FolderVisible and ReadAny.
    let add = MemberChange::Add { legacy_dn: ALICE_DN.to_owned(), name: "Alice".to_owned(), rights: 0x401 };
    mailbox.change_members(inbox, &[add]).unwrap();
    let (code, session) = connect();
    assert_eq!(code, ErrorCode::EC_NONE);
    assert!(session.is_some());
}

#[test]
fn connect_refuses_auxiliary_buffers_that_hold_no_header() {
    let short = ConnectRequest { auxiliary_buffer: Blob::Borrowed(&[0; 7]), ..connect_request(ALICE_DN) };
    assert_eq!(refused(&short), ErrorCode::EC_RPC_FAILED);
    let large = [0; 0x1009];
    let large = ConnectRequest { auxiliary_buffer: Blob::Borrowed(&large), ..connect_request(ALICE_DN) };
    let failure = engine().connect(&alice(), &pack(|e| large.pack(e))).err();
    assert_eq!(failure, Some(RequestFailure::TooLarge));
}

#[test]
fn a_body_that_ends_early_has_no_answer_and_more_than_the_body_is_tolerated() {
    let engine = engine();
    let whole = pack(|e| connect_request(ALICE_DN).pack(e));
    for end in 0..whole.len() {
        let failure = engine.connect(&alice(), &whole[..end]).err();
        assert_eq!(failure, Some(RequestFailure::InvalidRequestBody), "{end}");
    }
    let more = [&whole[..], &[0, 0]].concat();
    assert!(engine.connect(&alice(), &more).unwrap().1.is_some());
}

#[test]
fn execute_reads_compressed_and_obfuscated_requests() {
    let (compressed, xored) = (RpcHeaderFlags::COMPRESSED, RpcHeaderFlags::XOR_MAGIC);
    for flags in [PLAIN, PLAIN | compressed, PLAIN | xored, PLAIN | compressed | xored] {
        let mut session = session(&engine());
        // Only what shrinks is compressed: releases of nothing, again and again.
        let mut rops = unpack_batch(&logon()).unwrap().rops.to_vec();
        rops.extend([0x01, 0, 9].repeat(40));
        let buffer = extended(&pack(|e| pack_batch(e, &rops, &[INVALID_HANDLE])), flags);
        let read = RopInputBuffers::unpack(&mut Cursor::new(&buffer)).unwrap();
        assert_eq!(read.payloads[0].flags, flags);
        logged_on(&execute(&mut session, &execute_request(&buffer)));
    }
}

#[test]
fn a_request_that_cannot_be_parsed_fails_as_a_whole_and_the_session_goes_on() {
    let mut session = session(&engine());
    let good = extended(&logon(), PLAIN);
    let without_last = {
        let mut buffer = good.clone();
        buffer[2] = 0;
        buffer
    };
    let lying_rop_size = {
        let mut buffer = good.clone();
        buffer[8] = 0xFF;
        buffer
    };
    let reserved_rop = extended(&pack(|e| pack_batch(e, &[0x00, 0, 0], &[1])), PLAIN);
    let half_a_handle = extended(&[2, 0, 1, 1], PLAIN);
    let bad_compression = {
        let mut buffer = good.clone();
        buffer[2] |= 1;
        buffer
    };
    for buffer in [without_last, lying_rop_size, reserved_rop, half_a_handle, bad_compression] {
        assert_eq!(error_code(&execute(&mut session, &execute_request(&buffer))), ErrorCode::EC_RPC_FORMAT);
    }
    assert_eq!(error_code(&execute(&mut session, &execute_request(&good[..7]))), ErrorCode::EC_RPC_FAILED);
    let no_room = ExecuteRequest { max_rop_out: 7, ..execute_request(&good) };
    assert_eq!(error_code(&execute(&mut session, &no_room)), ErrorCode::EC_RPC_FAILED);
    logged_on(&execute(&mut session, &execute_request(&good)));
}

#[test]
fn a_reply_that_no_buffer_of_the_client_holds_fails_the_call() {
    let mut session = session(&engine());
    let buffer = extended(&logon(), PLAIN);
    let tiny = ExecuteRequest { max_rop_out: 10, ..execute_request(&buffer) };
    let body = execute(&mut session, &tiny);
    let response = ExecuteFailure::unpack(&mut Cursor::new(&body)).unwrap();
    assert_eq!(response.status_code, ErrorCode::EC_BUFFER_TOO_SMALL.0);
    logged_on(&execute(&mut session, &execute_request(&buffer)));
}

#[test]
fn buffers_beyond_their_bounds_are_too_large() {
    let mut session = session(&engine());
    let large = vec![0; 0x0004_0001];
    let body = pack(|e| execute_request(&large).pack(e));
    assert_eq!(engine().execute(&mut session, &body), Err(RequestFailure::TooLarge));
}

#[test]
fn disconnect_says_goodbye() {
    let engine = engine();
    let session = session(&engine);
    let body = engine.disconnect(session, &pack(|e| DisconnectRequest { auxiliary_buffer: Blob::default() }.pack(e)));
    let body = body.unwrap();
    let response = DisconnectResponse::unpack(&mut Cursor::new(&body)).unwrap();
    assert_eq!(response.error_code, ErrorCode::EC_NONE);
}

/// Whether a session's doorbell rings.
fn rings(engine: &Engine, session: &Session) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match engine.doorbell(session).poll(&mut context) {
        std::task::Poll::Ready(rung) => {
            assert_eq!(rung, Rung::Event);
            true
        }
        std::task::Poll::Pending => false,
    }
}

#[test]
fn a_notification_wait_is_answered_when_the_doorbell_of_its_session_rings() {
    const TEST: &str = "a_notification_wait_is_answered_when_the_doorbell_of_its_session_rings";
    let store = store();
    let engine = Engine::new(Arc::clone(&store), system_clock);
    let mut session = session(&engine);
    let flags = [0xFF, 0xFF, 0xFF, 0xFF];
    let request = [&flags[..], &[0; 4]].concat();
    assert_eq!(engine.begin_wait(&request), Ok(None));
    record("MS-OXCMAPIHTTP_R1368", TEST);
    assert_eq!(engine.begin_wait(&request[..7]), Err(RequestFailure::InvalidRequestBody));
    // An auxiliary buffer that is none.
    let answer = engine.begin_wait(&[0, 0, 0, 0, 1, 0, 0, 0, 7]).unwrap().unwrap();
    assert_eq!(answer, [0, 0, 0, 0, 0x15, 0x01, 0x04, 0x80, 0, 0, 0, 0, 0, 0, 0, 0]);
    record("MS-OXCMAPIHTTP_R297", TEST);
    record("MS-OXCMAPIHTTP_R1370", TEST);

    assert!(!rings(&engine, &session));
    logged_on(&execute(&mut session, &execute_request(&extended(&logon(), PLAIN))));
    // RopRegisterNotification: ObjectModified, the whole mailbox
    let register = pack(|e| pack_batch(e, &[0x29, 0x00, 0x00, 0x01, 0x10, 0x00, 0x01], &[1, INVALID_HANDLE]));
    execute(&mut session, &execute_request(&extended(&register, PLAIN)));
    assert!(!rings(&engine, &session));
    let user = store.user_by_legacy_dn(ALICE_DN).unwrap().unwrap();
    let alice = store.mailbox(user.mailbox).unwrap();
    let inbox = alice.special_folders().get(SpecialFolder::Inbox);
    let mut changes = PropertyChanges::new();
    changes.set(tags::PID_TAG_COMMENT, string("new"));
    alice.change_properties(ObjectId::Folder(inbox), &changes).unwrap();
    assert!(rings(&engine, &session));
    assert_eq!(engine.end_wait(true).unwrap(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(engine.end_wait(false).unwrap(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for statement in ["R283", "R285", "R298", "R311", "R1369", "R1371", "R1372", "R1373", "R1374"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    // An Execute without operations brings the event.
    let nothing = pack(|e| pack_batch(e, &[], &[]));
    let body = execute(&mut session, &execute_request(&extended(&nothing, PLAIN)));
    let response = ExecuteResponse::unpack(&mut Cursor::new(&body)).unwrap();
    // RPC_HEADER_EXT, RopSize, then RopNotify of the subscription.
    assert_eq!(response.rop_buffer[10..][..8], [0x2A, 2, 0, 0, 0, 0, 0x10, 0x00]);
    record("MS-OXCMAPIHTTP_R318", TEST);
    assert!(!rings(&engine, &session));
    let doorbell = engine.doorbell(&session);
    drop(session);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(doorbell.poll(&mut context), std::task::Poll::Ready(Rung::SessionEnded));
}
