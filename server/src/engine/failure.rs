//! Why a request as a whole fails, and the one place that turns it into what the client sees.

use protocol::oxcdata::ErrorCode;
use runtime::rop::ExecuteError;
use runtime::{PackError, UnpackError};

use super::endpoint::RequestFailure;
use crate::store::StoreError;

/// Why a request as a whole fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The operation ran and says no: StatusCode 0, this ErrorCode.
    Operation(ErrorCode),
    /// The call failed: this StatusCode in a failure response body.
    Call(ErrorCode),
    /// The body is not of the shape that its request type has.
    Body,
    /// A buffer is larger than any request's may be.
    TooLarge,
    /// The server is at fault.
    Internal,
}

impl Failure {
    /// The request cannot be parsed (MS-OXCRPC 3.1.4.2, MS-OXCROPS 3.2.5.1).
    pub(super) const RPC_FORMAT: Self = Self::Operation(ErrorCode::EC_RPC_FORMAT);
    /// A buffer is too small for its header (MS-OXCRPC 3.1.4.2).
    pub(super) const RPC_FAILED: Self = Self::Operation(ErrorCode::EC_RPC_FAILED);

    /// The response body that reports it, made by one of these, or why there is none.
    pub(super) fn answer(
        self,
        operation: impl FnOnce(ErrorCode) -> Result<Vec<u8>, RequestFailure>,
        call: impl FnOnce(u32) -> Result<Vec<u8>, RequestFailure>,
    ) -> Result<Vec<u8>, RequestFailure> {
        match self {
            Self::Operation(code) => operation(code),
            Self::Call(code) => call(code.0),
            Self::Body => Err(RequestFailure::InvalidRequestBody),
            Self::TooLarge => Err(RequestFailure::TooLarge),
            Self::Internal => Err(RequestFailure::Internal),
        }
    }
}

impl From<UnpackError> for Failure {
    fn from(error: UnpackError) -> Self {
        tracing::debug!(%error, "a buffer cannot be parsed");
        Self::RPC_FORMAT
    }
}

impl From<ExecuteError> for Failure {
    fn from(error: ExecuteError) -> Self {
        tracing::debug!(%error, "a batch of operations fails");
        match error {
            ExecuteError::Format(_) => Self::RPC_FORMAT,
            // MS-OXCROPS 3.2.4.3: the StatusCode of Execute.
            ExecuteError::NoRoom { .. } => Self::Call(ErrorCode::EC_BUFFER_TOO_SMALL),
            _ => Self::Internal,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::Internal
    }
}

impl From<PackError> for Failure {
    fn from(error: PackError) -> Self {
        tracing::error!(%error, "a response cannot be written");
        Self::Internal
    }
}
