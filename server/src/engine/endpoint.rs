//! What a transport asks of the engine: one authenticated caller, bytes in, bytes out, no sockets.

use std::sync::Arc;

use super::doorbell::Doorbell;

/// One authenticated principal: who the transport says is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The canonical mail address, in lower case.
    pub user: String,
}

/// The mailbox endpoint of MS-OXCMAPIHTTP 2.2.4: sessions made by Connect and fed by Execute.
///
/// Calls may block (they reach the store); a transport runs them where blocking is allowed, and never
/// two at a time with one session.
pub trait MailboxEndpoint: Send + Sync + 'static {
    /// What the engine remembers between the requests of one session; dropped when the session ends
    /// without a Disconnect.
    type Session: Send + 'static;

    /// Answers a Connect request body (MS-OXCMAPIHTTP 2.2.4.1) with a response body and, unless that
    /// body reports a failure, a session.
    ///
    /// # Errors
    /// A [`RequestFailure`] when there is no response body to give.
    fn connect(&self, principal: &Principal, body: &[u8]) -> Result<(Vec<u8>, Option<Self::Session>), RequestFailure>;

    /// Answers an Execute request body (MS-OXCMAPIHTTP 2.2.4.2) with a response body.
    ///
    /// # Errors
    /// A [`RequestFailure`] when there is no response body to give; the session stays usable.
    fn execute(&self, session: &mut Self::Session, body: &[u8]) -> Result<Vec<u8>, RequestFailure>;

    /// Answers a request body of a type other than those above, by the name of its type; unless an endpoint has more
    /// types, that is Execute.
    ///
    /// # Errors
    /// As [`MailboxEndpoint::execute`].
    fn call(&self, session: &mut Self::Session, request_type: &str, body: &[u8]) -> Result<Vec<u8>, RequestFailure> {
        let _ = request_type;
        self.execute(session, body)
    }

    /// Answers a Disconnect request body (MS-OXCMAPIHTTP 2.2.4.3) and ends the session.
    ///
    /// # Errors
    /// A [`RequestFailure`] when there is no response body to give; the session has ended all the same.
    fn disconnect(&self, session: Self::Session, body: &[u8]) -> Result<Vec<u8>, RequestFailure>;

    /// What rings while there are events for a session.
    fn doorbell(&self, session: &Self::Session) -> Arc<Doorbell>;

    /// Reads a NotificationWait request body (MS-OXCMAPIHTTP 2.2.4.4). The transport waits for the doorbell then,
    /// unless there is a response body already, which reports a failure. Does not block.
    ///
    /// # Errors
    /// A [`RequestFailure`] when there is no response body to give.
    fn begin_wait(&self, body: &[u8]) -> Result<Option<Vec<u8>>, RequestFailure>;

    /// The NotificationWait response body after a wait. Does not block.
    ///
    /// # Errors
    /// A [`RequestFailure`] when there is no response body to give.
    fn end_wait(&self, event_pending: bool) -> Result<Vec<u8>, RequestFailure>;
}

/// Why a request has no response body. A transport turns each into its own code in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFailure {
    /// The request body is not of the shape its request type prescribes.
    #[error("the request body is invalid")]
    InvalidRequestBody,
    /// The request body or a buffer in it is larger than the engine accepts.
    #[error("the request is too large")]
    TooLarge,
    /// The principal may not do what the request asks.
    #[error("the principal has no privilege for this request")]
    NoPrivilege,
    /// The engine is stopping and takes no more requests.
    #[error("the endpoint is shutting down")]
    ShuttingDown,
    /// The engine could not make a valid response.
    #[error("the response is invalid")]
    InvalidResponse,
    /// A fault of the server's own.
    #[error("the request failed inside the server")]
    Internal,
}
