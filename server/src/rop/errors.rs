//! Which return value a failure of the store becomes (MS-OXCDATA 2.4).

use protocol::oxcdata::ErrorCode;

use crate::store::StoreError;

impl From<StoreError> for ErrorCode {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::EC_NOT_FOUND,
            StoreError::Exists(_) => Self::EC_DUPLICATE_NAME,
            StoreError::Cycle => Self::EC_ROOT_FOLDER,
            StoreError::Conflict => Self::EC_OBJECT_MODIFIED,
            StoreError::AccessDenied(_) => Self::EC_ACCESS_DENIED,
            StoreError::InvalidParameter(_) | StoreError::TypeMismatch { .. } => Self::EC_INVALID_PARAM,
            StoreError::ReadOnly(_) => Self::EC_COMPUTED,
            StoreError::Unsupported(_) => Self::EC_NOT_SUPPORTED,
            StoreError::Exhausted(_) => Self::EC_INSUFFICIENT_RESRC,
            StoreError::Damaged(_) => {
                tracing::error!(%error, "a mailbox is damaged");
                Self::EC_CORRUPT_DATA
            }
            StoreError::Backend { action, ref source } => {
                tracing::error!(action, %source, "the store failed");
                Self::EC_ERROR
            }
        }
    }
}

/// The return value for an object that was open and is no longer in the store.
pub(super) fn of_open_object(error: StoreError) -> ErrorCode {
    match error {
        StoreError::NotFound(_) => ErrorCode::EC_OBJECT_DELETED,
        other => other.into(),
    }
}

/// The return value for a restriction or sort order that cannot be applied (MS-OXCDATA 2.4, ecTooComplex).
pub(super) fn of_query(error: StoreError) -> ErrorCode {
    match error {
        StoreError::Unsupported(_) => ErrorCode::EC_TOO_COMPLEX,
        other => of_open_object(other),
    }
}
