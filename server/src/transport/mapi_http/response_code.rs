//! X-ResponseCode (MS-OXCMAPIHTTP 2.2.3.3.3): the transport's verdict on a request.

use std::fmt;

use crate::engine::endpoint::RequestFailure;

/// The value of an X-ResponseCode header; any number can be carried, those of the document are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResponseCode(pub u32);

impl ResponseCode {
    /// The request was properly formatted and accepted.
    pub const SUCCESS: Self = Self(0);
    /// The request produced an unknown failure.
    pub const UNKNOWN_FAILURE: Self = Self(1);
    /// The request has an invalid verb.
    pub const INVALID_VERB: Self = Self(2);
    /// The request has an invalid path.
    pub const INVALID_PATH: Self = Self(3);
    /// The request has an invalid header.
    pub const INVALID_HEADER: Self = Self(4);
    /// The request has an invalid X-RequestType header.
    pub const INVALID_REQUEST_TYPE: Self = Self(5);
    /// The request has an invalid session context cookie.
    pub const INVALID_CONTEXT_COOKIE: Self = Self(6);
    /// The request lacks a required header.
    pub const MISSING_HEADER: Self = Self(7);
    /// Anonymous requests are not accepted.
    pub const ANONYMOUS_NOT_ALLOWED: Self = Self(8);
    /// The request is too large.
    pub const TOO_LARGE: Self = Self(9);
    /// The Session Context is not found.
    pub const CONTEXT_NOT_FOUND: Self = Self(10);
    /// The client has no privileges to the Session Context.
    pub const NO_PRIVILEGE: Self = Self(11);
    /// The request body is invalid.
    pub const INVALID_REQUEST_BODY: Self = Self(12);
    /// The request lacks a required cookie.
    pub const MISSING_COOKIE: Self = Self(13);
    /// The request broke the order of one request at a time in a Session Context.
    pub const INVALID_SEQUENCE: Self = Self(15);
    /// The endpoint is disabled.
    pub const ENDPOINT_DISABLED: Self = Self(16);
    /// The response is invalid.
    pub const INVALID_RESPONSE: Self = Self(17);
    /// The endpoint is shutting down.
    pub const ENDPOINT_SHUTTING_DOWN: Self = Self(18);

    /// A sentence for the diagnostic body of a refusal.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::SUCCESS => "The request was accepted.",
            Self::INVALID_VERB => "Only POST is accepted here.",
            Self::INVALID_PATH => "There is no endpoint at this path.",
            Self::INVALID_HEADER => "A request header is malformed.",
            Self::INVALID_REQUEST_TYPE => "The endpoint does not serve this X-RequestType.",
            Self::INVALID_CONTEXT_COOKIE => "The session context cookie is malformed.",
            Self::MISSING_HEADER => "A required request header is missing.",
            Self::ANONYMOUS_NOT_ALLOWED => "Anonymous requests are not accepted.",
            Self::TOO_LARGE => "The request is too large.",
            Self::CONTEXT_NOT_FOUND => "The session context was not found.",
            Self::NO_PRIVILEGE => "The client has no privilege for this request.",
            Self::INVALID_REQUEST_BODY => "The request body is invalid.",
            Self::MISSING_COOKIE => "A required cookie is missing.",
            Self::INVALID_SEQUENCE => "The request is out of sequence in its session context.",
            Self::ENDPOINT_DISABLED => "The endpoint is disabled.",
            Self::INVALID_RESPONSE => "The server could not make a valid response.",
            Self::ENDPOINT_SHUTTING_DOWN => "The endpoint is shutting down.",
            _ => "The request failed.",
        }
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The one place where a failure of the engine becomes a code on the wire.
impl From<RequestFailure> for ResponseCode {
    fn from(failure: RequestFailure) -> Self {
        match failure {
            RequestFailure::InvalidRequestBody => Self::INVALID_REQUEST_BODY,
            RequestFailure::TooLarge => Self::TOO_LARGE,
            RequestFailure::NoPrivilege => Self::NO_PRIVILEGE,
            RequestFailure::ShuttingDown => Self::ENDPOINT_SHUTTING_DOWN,
            RequestFailure::InvalidResponse => Self::INVALID_RESPONSE,
            RequestFailure::Internal => Self::UNKNOWN_FAILURE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_failures_map_to_the_codes_of_the_document() {
        let table = [
            (RequestFailure::InvalidRequestBody, 12),
            (RequestFailure::TooLarge, 9),
            (RequestFailure::NoPrivilege, 11),
            (RequestFailure::ShuttingDown, 18),
            (RequestFailure::InvalidResponse, 17),
            (RequestFailure::Internal, 1),
        ];
        for (failure, code) in table {
            assert_eq!(ResponseCode::from(failure), ResponseCode(code));
        }
    }

    #[test]
    fn unknown_codes_survive_and_are_described() {
        assert_eq!(ResponseCode(14).to_string(), "14");
        assert_eq!(ResponseCode(14).description(), "The request failed.");
    }
}
