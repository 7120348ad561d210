//! Every request that a client sent, with the response that it got.

use std::sync::{Mutex, PoisonError};

use mapi_client::{Exchange, Observer, RequestType};

/// One request and its response.
#[derive(Clone, Debug)]
pub struct Captured {
    /// X-RequestType.
    pub request_type: RequestType,
    /// The request body.
    pub request: Vec<u8>,
    /// The HTTP status.
    pub status: u16,
    /// X-ResponseCode.
    pub response_code: Option<u32>,
    /// The response as it came, meta-tags included.
    pub response: Vec<u8>,
}

/// Exchanges in their order.
#[derive(Debug, Default)]
pub struct Transcript(Mutex<Vec<Captured>>);

impl Transcript {
    /// What was captured so far.
    pub fn exchanges(&self) -> Vec<Captured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Transcript {
    fn observe(&self, exchange: &Exchange<'_>) {
        let captured = Captured {
            request_type: exchange.request_type(),
            request: exchange.request_body().to_vec(),
            status: exchange.status(),
            response_code: exchange.response_headers().get("X-ResponseCode").and_then(|code| code.parse().ok()),
            response: exchange.response_body().to_vec(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(captured);
    }
}
