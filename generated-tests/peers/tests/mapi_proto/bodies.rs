//! The bodies of MAPI over HTTP.

use mapi_proto as theirs;
use mapi_proto::{Lcid, Outcome, Session};
use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{
    ConnectFailure, ConnectRequest, ConnectResponse, DisconnectRequest, ExecuteFailure, ExecuteRequest,
    ExecuteResponse, PINGRequest,
};
use protocol::oxcrpc::ConnectFlags;
use runtime::keyed::{KeyedRequest, read_all, to_body};
use runtime::{String8, Utf16};

use crate::round::{accepted, choices, connected, hex};
use crate::values::{ascii, text};

fn same<T: KeyedRequest + std::fmt::Debug + PartialEq>(
    request: &theirs::Request,
    ours: &T,
    read: Result<T, runtime::UnpackError>,
) {
    assert_eq!(request.headers().get("X-RequestType"), Some(T::KEY));
    assert_eq!(request.request_type().as_str(), T::KEY);
    assert_eq!(read.unwrap(), *ours);
    assert_eq!(hex(request.body()), hex(&ours.to_body().unwrap()));
}

#[test]
fn connecting_agrees() {
    for seed in 0..200 {
        let g = &mut choices(seed);
        let (sort, string) = (g.u32(), g.u32());
        let dn = format!("/{}", ascii(g, 60));
        let mut session = Session::builder().sort_locale(Lcid::new(sort)).string_locale(Lcid::new(string)).build();
        let request = session.begin_connect(&theirs::LegacyDn::new(dn.clone()).unwrap()).unwrap();
        let ours = ConnectRequest {
            user_dn: String8::new(dn.into_bytes()),
            flags: ConnectFlags(0),
            default_code_page: 1252,
            lcid_sort: sort,
            lcid_string: string,
            auxiliary_buffer: (&[][..]).into(),
        };
        same(&request, &ours, read_all(request.body(), ConnectRequest::unpack));

        let (prefix, name) = (ascii(g, 40), text(g, 40));
        let (polls_max, retry_count, retry_delay) = (g.u32(), g.u32(), g.u32());
        let response = ConnectResponse {
            error_code: ErrorCode(if g.pick(4) == 0 { g.u32() } else { 0 }),
            polls_max,
            retry_count,
            retry_delay,
            dn_prefix: String8::new(prefix.clone().into_bytes()),
            display_name: Utf16::new(name.clone()),
            auxiliary_buffer: g.blob(30),
        };
        let body = to_body(|e| response.pack(e)).unwrap();
        assert_eq!(ConnectRequest::read_reply(&body).unwrap(), Ok(response.clone()));
        match session.on_response(&accepted(), &body) {
            Ok(Outcome::Connected(connected)) => {
                assert_eq!(response.error_code, ErrorCode::EC_NONE);
                let waits = (connected.polls_max(), connected.retry_count(), connected.retry_delay());
                assert_eq!(waits, (polls_max, retry_count, retry_delay));
                assert_eq!((connected.dn_prefix(), connected.display_name()), (&*prefix, &*name));
            }
            Err(theirs::Error::ConnectFailed { status: 0, code, .. }) => {
                assert_eq!(code.as_u32(), response.error_code.0)
            }
            other => panic!("they read {other:?}"),
        }
    }
}

#[test]
fn a_connection_that_fails_agrees() {
    for seed in 0..100 {
        let g = &mut choices(seed);
        let failure = ConnectFailure { status_code: g.u32().max(1), auxiliary_buffer: g.blob(30) };
        let mut session = Session::new();
        session.begin_connect(&theirs::LegacyDn::new("/o=A").unwrap()).unwrap();
        let body = to_body(|e| failure.pack(e)).unwrap();
        assert_eq!(ConnectRequest::read_reply(&body).unwrap(), Err(failure.clone()));
        let Err(theirs::Error::ConnectFailed { status, .. }) = session.on_response(&accepted(), &body) else {
            panic!("they read no failure");
        };
        assert_eq!(status, failure.status_code);
    }
}

#[test]
fn an_execution_that_fails_agrees() {
    for seed in 0..100 {
        let g = &mut choices(seed);
        let failure = ExecuteFailure { status_code: g.u32().max(1), auxiliary_buffer: g.blob(30) };
        let mut session = connected();
        session.execute(theirs::RopBatch::new()).unwrap();
        let body = to_body(|e| failure.pack(e)).unwrap();
        assert_eq!(ExecuteRequest::read_reply(&body).unwrap(), Err(failure.clone()));
        let Err(theirs::Error::ExecuteFailed { status, .. }) = session.on_response(&accepted(), &body) else {
            panic!("they read no failure");
        };
        assert_eq!(status, failure.status_code);

        let response = ExecuteResponse {
            error_code: ErrorCode(g.u32().max(1)),
            rop_buffer: g.blob(30),
            auxiliary_buffer: g.blob(30),
        };
        session.execute(theirs::RopBatch::new()).unwrap();
        let body = to_body(|e| response.pack(e)).unwrap();
        let Err(theirs::Error::ExecuteFailed { code, .. }) = session.on_response(&accepted(), &body) else {
            panic!("they read no failure");
        };
        assert_eq!(code.as_u32(), response.error_code.0);
    }
}

/// The bodies of Execute that succeed are compared in every round.
#[test]
fn requests_without_operations_agree() {
    let mut session = connected();
    let request = session.begin_ping().unwrap();
    same(&request, &PINGRequest, read_all(request.body(), PINGRequest::unpack));
    session.on_response(&accepted(), &[]).unwrap();
    let request = session.begin_disconnect().unwrap();
    let ours = DisconnectRequest { auxiliary_buffer: (&[][..]).into() };
    same(&request, &ours, read_all(request.body(), DisconnectRequest::unpack));
}
