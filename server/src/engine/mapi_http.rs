//! Connect, Execute and Disconnect (MS-OXCMAPIHTTP 2.2.4) on the engine.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{
    ConnectFailure, ConnectRequest, ConnectResponse, DisconnectFailure, DisconnectRequest, DisconnectResponse,
    ExecuteFailure, ExecuteRequest, ExecuteResponse, NotificationWaitFailure, NotificationWaitRequest,
    NotificationWaitResponse,
};
use protocol::oxcrpc::ConnectFlags;
use protocol::rops::ServerObject;
use runtime::{Blob, Cursor, Encoder, PackError, String8, Utf16};

use super::doorbell::Doorbell;
use super::endpoint::{MailboxEndpoint, Principal, RequestFailure};
use super::extended_buffer::{rop_input, rop_output, rop_output_limit};
use super::failure::Failure;
use super::{Engine, Locale, Session, SessionHandlers, auxiliary};
use crate::store::User;

/// Milliseconds between polls for events (MS-OXCRPC 3.1.4.1, pcmsPollsMax).
const POLLS_MAX: u32 = 60_000;
/// How often a client tries again when the server is busy (pcRetry).
const RETRY_COUNT: u32 = 6;
/// Milliseconds before it does (pcmsRetryDelay).
const RETRY_DELAY: u32 = 10_000;

impl<H: SessionHandlers> MailboxEndpoint for Engine<H>
where
    ServerObject<H>: Send,
{
    type Session = Session<H>;

    fn connect(&self, principal: &Principal, body: &[u8]) -> Result<(Vec<u8>, Option<Session<H>>), RequestFailure> {
        match self.open_session(principal, body) {
            Ok((session, user)) => Ok((connected(&user)?, Some(session))),
            Err(failure) => Ok((failure.answer(refused, connect_failed)?, None)),
        }
    }

    fn execute(&self, session: &mut Session<H>, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        match run(session, body) {
            Ok(rop_buffer) => executed(ErrorCode::EC_NONE, &rop_buffer),
            Err(failure) => failure.answer(|code| executed(code, &[]), execute_failed),
        }
    }

    fn disconnect(&self, session: Session<H>, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        drop(session);
        match take_leave(body) {
            Ok(()) => disconnected(ErrorCode::EC_NONE),
            Err(failure) => failure.answer(disconnected, disconnect_failed),
        }
    }

    fn doorbell(&self, session: &Session<H>) -> Arc<Doorbell> {
        Arc::clone(session.doorbell())
    }

    fn begin_wait(&self, body: &[u8]) -> Result<Option<Vec<u8>>, RequestFailure> {
        let checked = parse(body, NotificationWaitRequest::unpack)
            .and_then(|request| auxiliary::receive(&request.auxiliary_buffer));
        match checked {
            Ok(()) => Ok(None),
            Err(failure) => failure.answer(|code| waited(code, false), wait_failed).map(Some),
        }
    }

    fn end_wait(&self, event_pending: bool) -> Result<Vec<u8>, RequestFailure> {
        waited(ErrorCode::EC_NONE, event_pending)
    }
}

impl<H: SessionHandlers> Engine<H>
where
    ServerObject<H>: Send,
{
    /// A session, and whose name its Connect has given.
    fn open_session(&self, principal: &Principal, body: &[u8]) -> Result<(Session<H>, User), Failure> {
        let request = parse(body, ConnectRequest::unpack)?;
        auxiliary::receive(&request.auxiliary_buffer)?;
        let (user, named) = self.authorize(principal, &request)?;
        let locale = Locale {
            code_page: request.default_code_page,
            lcid_sort: request.lcid_sort,
            lcid_string: request.lcid_string,
        };
        let doorbell = Arc::new(Doorbell::default());
        let handlers = H::open(Arc::clone(&self.store), user, locale, self.clock, Arc::clone(&doorbell));
        let index = self.sessions.fetch_add(1, Ordering::Relaxed);
        Ok((Session::new(handlers, index, doorbell), named))
    }

    /// The user that the transport authenticated, and the one that UserDn names: the same, or one in whose mailbox it has
    /// rights (MS-OXCRPC 3.1.4.1, Return Values). What the session may do there, its folders say.
    fn authorize(&self, principal: &Principal, request: &ConnectRequest<'_>) -> Result<(User, User), Failure> {
        if request.flags.contains(ConnectFlags::USE_ADMIN_PRIVILEGE) {
            // Nobody has the rights of an administrator.
            return Err(Failure::Operation(ErrorCode::EC_LOGIN_PERM));
        }
        if request.user_dn.is_empty() {
            return Err(Failure::Operation(ErrorCode::EC_ACCESS_DENIED));
        }
        let unknown = Failure::Operation(ErrorCode::EC_UNKNOWN_USER);
        let user_dn = std::str::from_utf8(request.user_dn.as_bytes()).map_err(|_| unknown)?;
        let named = self.store.user_by_legacy_dn(user_dn)?.ok_or(unknown)?;
        if named.address == principal.user {
            return Ok((named.clone(), named));
        }
        let denied = Failure::Operation(ErrorCode::EC_ACCESS_DENIED);
        let user = self.store.user_by_address(&principal.user)?.ok_or(denied)?;
        if self.store.mailbox(named.mailbox)?.has_rights(&user.legacy_dn)? { Ok((user, named)) } else { Err(denied) }
    }
}

/// Runs the operations of an Execute request body; answers with RopBuffer.
fn run<H: SessionHandlers>(session: &mut Session<H>, body: &[u8]) -> Result<bytes::Bytes, Failure>
where
    ServerObject<H>: Send,
{
    let request = parse(body, ExecuteRequest::unpack)?;
    auxiliary::receive(&request.auxiliary_buffer)?;
    let rops = rop_input(&request.rop_buffer)?;
    let limit = rop_output_limit(request.max_rop_out)?;
    let replies = session.run(&rops, limit)?;
    Ok(rop_output(&replies, request.flags)?)
}

fn take_leave(body: &[u8]) -> Result<(), Failure> {
    auxiliary::receive(&parse(body, DisconnectRequest::unpack)?.auxiliary_buffer)
}

/// Reads a request body. What follows it is tolerated: some clients send more than they count.
fn parse<'a, T>(
    body: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, runtime::UnpackError>,
) -> Result<T, Failure> {
    let mut c = Cursor::new(body);
    let request = unpack(&mut c).map_err(|error| {
        tracing::debug!(%error, "a request body cannot be parsed");
        Failure::Body
    })?;
    if !c.is_empty() {
        tracing::debug!(bytes = c.remaining(), "bytes follow a request body");
    }
    Ok(request)
}

/// Writes a response body.
fn write(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Result<Vec<u8>, RequestFailure> {
    let mut e = Encoder::new();
    pack(&mut e).map_err(|error| {
        tracing::error!(%error, "a response body cannot be written");
        RequestFailure::InvalidResponse
    })?;
    Ok(e.finish().to_vec())
}

fn connected(user: &User) -> Result<Vec<u8>, RequestFailure> {
    let auxiliary = auxiliary::topology().map_err(|error| {
        tracing::error!(%error, "an auxiliary buffer cannot be written");
        RequestFailure::InvalidResponse
    })?;
    let response = ConnectResponse {
        error_code: ErrorCode::EC_NONE,
        polls_max: POLLS_MAX,
        retry_count: RETRY_COUNT,
        retry_delay: RETRY_DELAY,
        // Distinguished names of recipients are written whole.
        dn_prefix: String8::default(),
        display_name: Utf16::new(user.display_name.as_str()),
        auxiliary_buffer: Blob::Borrowed(&auxiliary),
    };
    write(|e| response.pack(e))
}

fn refused(error_code: ErrorCode) -> Result<Vec<u8>, RequestFailure> {
    let response = ConnectResponse {
        error_code,
        polls_max: 0,
        retry_count: 0,
        retry_delay: 0,
        dn_prefix: String8::default(),
        display_name: Utf16::default(),
        auxiliary_buffer: Blob::default(),
    };
    write(|e| response.pack(e))
}

fn connect_failed(status_code: u32) -> Result<Vec<u8>, RequestFailure> {
    write(|e| ConnectFailure { status_code, auxiliary_buffer: Blob::default() }.pack(e))
}

fn executed(error_code: ErrorCode, rop_buffer: &[u8]) -> Result<Vec<u8>, RequestFailure> {
    let response =
        ExecuteResponse { error_code, rop_buffer: Blob::Borrowed(rop_buffer), auxiliary_buffer: Blob::default() };
    write(|e| response.pack(e))
}

fn execute_failed(status_code: u32) -> Result<Vec<u8>, RequestFailure> {
    write(|e| ExecuteFailure { status_code, auxiliary_buffer: Blob::default() }.pack(e))
}

fn disconnected(error_code: ErrorCode) -> Result<Vec<u8>, RequestFailure> {
    write(|e| DisconnectResponse { error_code, auxiliary_buffer: Blob::default() }.pack(e))
}

fn disconnect_failed(status_code: u32) -> Result<Vec<u8>, RequestFailure> {
    write(|e| DisconnectFailure { status_code, auxiliary_buffer: Blob::default() }.pack(e))
}

fn waited(error_code: ErrorCode, event_pending: bool) -> Result<Vec<u8>, RequestFailure> {
    let response =
        NotificationWaitResponse { error_code, event_pending: event_pending.into(), auxiliary_buffer: Blob::default() };
    write(|e| response.pack(e))
}

fn wait_failed(status_code: u32) -> Result<Vec<u8>, RequestFailure> {
    write(|e| NotificationWaitFailure { status_code, auxiliary_buffer: Blob::default() }.pack(e))
}
