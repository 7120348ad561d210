//! The address book of the directory over MAPI over HTTP (MS-OXNSPI 3.1.4, MS-OXCMAPIHTTP 2.2.5).
//!
//! All users are in one container, the Global Address List; clients change nothing in it.
//!
//! | module | what it has |
//! |---|---|
//! | `book` | who is in it, in which order, by which ids; positions; names that people type |
//! | `properties` | what is known of each, and rows of it |
//! | `filter` | which objects meet a condition |
//! | `requests` | the request types |

mod book;
mod filter;
mod properties;
mod requests;

use std::sync::{Arc, OnceLock};

use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{BindRequest, BindResponse, UnbindRequest, UnbindResponse};
use runtime::{Blob, Cursor, Encoder, Guid, PackError, UnpackError};

use crate::engine::doorbell::Doorbell;
use crate::engine::endpoint::{MailboxEndpoint, Principal, RequestFailure};
use crate::store::Store;
use book::{Ids, checked};

/// UnbindSuccess (MS-OXNSPI 2.2.1.2).
const UNBIND_SUCCESS: ErrorCode = ErrorCode(1);

/// The address book of a store's directory.
pub struct AddressBook {
    store: Arc<dyn Store>,
    /// The GUID of this server: new with each process, as the ids are that it stands in.
    server: Guid,
    ids: Ids,
    base: OnceLock<String>,
}

/// What is remembered between Bind and Unbind.
#[derive(Debug)]
pub struct Binding {
    doorbell: Arc<Doorbell>,
}

impl AddressBook {
    /// The address book of this store; `server` tells one process from another.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, server: Guid) -> Self {
        Self { store, server, ids: Ids::default(), base: OnceLock::new() }
    }

    /// Says where the endpoints are: `https://host:port`. The first time counts.
    pub fn serve_at(&self, base: impl Into<String>) {
        // A later one is not wanted.
        let _ = self.base.set(base.into());
    }
}

impl MailboxEndpoint for AddressBook {
    type Session = Binding;

    fn connect(&self, _principal: &Principal, body: &[u8]) -> Result<(Vec<u8>, Option<Binding>), RequestFailure> {
        let request = parse(body, BindRequest::unpack)?;
        let error_code = match request.state.map(|state| checked(Some(state))) {
            Some(Err(code)) => code,
            Some(Ok(_)) | None => ErrorCode::EC_NONE,
        };
        let response = BindResponse { error_code, server_guid: self.server, auxiliary_buffer: Blob::default() };
        let bound = (error_code == ErrorCode::EC_NONE).then(|| Binding { doorbell: Arc::default() });
        Ok((write(|e| response.pack(e))?, bound))
    }

    fn execute(&self, _session: &mut Binding, _body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        Err(RequestFailure::Internal)
    }

    fn call(&self, _session: &mut Binding, request_type: &str, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        self.answer(request_type, body)
    }

    fn disconnect(&self, session: Binding, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        session.doorbell.end();
        parse(body, UnbindRequest::unpack)?;
        write(|e| UnbindResponse { error_code: UNBIND_SUCCESS, auxiliary_buffer: Blob::default() }.pack(e))
    }

    fn doorbell(&self, session: &Binding) -> Arc<Doorbell> {
        Arc::clone(&session.doorbell)
    }

    fn begin_wait(&self, _body: &[u8]) -> Result<Option<Vec<u8>>, RequestFailure> {
        Err(RequestFailure::Internal)
    }

    fn end_wait(&self, _event_pending: bool) -> Result<Vec<u8>, RequestFailure> {
        Err(RequestFailure::Internal)
    }
}

/// Reads a request body. What follows it is tolerated: some clients send more than they count.
fn parse<'a, T>(
    body: &'a [u8],
    unpack: impl FnOnce(&mut Cursor<'a>) -> Result<T, UnpackError>,
) -> Result<T, RequestFailure> {
    unpack(&mut Cursor::new(body)).map_err(|error| {
        tracing::debug!(%error, "a request of the address book cannot be parsed");
        RequestFailure::InvalidRequestBody
    })
}

/// Writes a response body.
fn write(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Result<Vec<u8>, RequestFailure> {
    let mut e = Encoder::new();
    pack(&mut e).map_err(|error| {
        tracing::error!(%error, "a response of the address book cannot be written");
        RequestFailure::InvalidResponse
    })?;
    Ok(e.into_vec())
}
