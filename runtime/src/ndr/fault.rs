//! Faults: what a call answers instead of its out parameters.

use std::fmt;

use crate::error::{PackError, UnpackError};

/// The status of a fault PDU (C706 appendix E, MS-RPCE 2.2.2.5 and MS-ERREF 2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaultStatus(pub u32);

impl FaultStatus {
    /// The operation number is not one of the interface.
    pub const NCA_S_OP_RNG_ERROR: Self = Self(0x1C01_0002);
    /// The interface is not known.
    pub const NCA_S_UNK_IF: Self = Self(0x1C01_0003);
    /// A PDU that the protocol does not allow here.
    pub const NCA_S_PROTO_ERROR: Self = Self(0x1C01_000B);
    /// A context handle that is not open.
    pub const NCA_S_FAULT_CONTEXT_MISMATCH: Self = Self(0x1C00_001A);
    /// The server ran out of memory.
    pub const NCA_S_FAULT_REMOTE_NO_MEMORY: Self = Self(0x1C00_001B);
    /// Anything else that went wrong in the server.
    pub const NCA_S_FAULT_UNSPEC: Self = Self(0x1C00_0012);
    /// The caller may not do this (`ERROR_ACCESS_DENIED`).
    pub const ACCESS_DENIED: Self = Self(0x0000_0005);
    /// The stub data cannot be unpacked (`RPC_X_BAD_STUB_DATA`).
    pub const BAD_STUB_DATA: Self = Self(0x0000_06F7);

    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::NCA_S_OP_RNG_ERROR => "nca_s_op_rng_error",
            Self::NCA_S_UNK_IF => "nca_s_unk_if",
            Self::NCA_S_PROTO_ERROR => "nca_s_proto_error",
            Self::NCA_S_FAULT_CONTEXT_MISMATCH => "nca_s_fault_context_mismatch",
            Self::NCA_S_FAULT_REMOTE_NO_MEMORY => "nca_s_fault_remote_no_memory",
            Self::NCA_S_FAULT_UNSPEC => "nca_s_fault_unspec",
            Self::ACCESS_DENIED => "access denied",
            Self::BAD_STUB_DATA => "bad stub data",
            _ => return None,
        })
    }
}

impl fmt::Debug for FaultStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

/// A call failed: the status for the wire, and the cause for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the peer is told.
    pub status: FaultStatus,
    /// What happened, where it is known.
    pub cause: Option<FaultCause>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultCause {
    /// The request could not be unpacked.
    Unpack(UnpackError),
    /// The response could not be packed.
    Pack(PackError),
    /// No such operation.
    Opnum(u16),
}

impl Fault {
    /// A fault without a known cause.
    #[must_use]
    pub fn new(status: FaultStatus) -> Self {
        Self { status, cause: None }
    }

    /// No operation has this number.
    #[must_use]
    pub fn unknown_opnum(opnum: u16) -> Self {
        Self { status: FaultStatus::NCA_S_OP_RNG_ERROR, cause: Some(FaultCause::Opnum(opnum)) }
    }
}

impl From<UnpackError> for Fault {
    fn from(error: UnpackError) -> Self {
        Self { status: FaultStatus::BAD_STUB_DATA, cause: Some(FaultCause::Unpack(error)) }
    }
}

impl From<PackError> for Fault {
    fn from(error: PackError) -> Self {
        Self { status: FaultStatus::NCA_S_FAULT_UNSPEC, cause: Some(FaultCause::Pack(error)) }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.status)?;
        match &self.cause {
            None => Ok(()),
            Some(FaultCause::Unpack(error)) => write!(f, ": {error}"),
            Some(FaultCause::Pack(error)) => write!(f, ": {error}"),
            Some(FaultCause::Opnum(opnum)) => write!(f, ": operation {opnum}"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{At, UnpackErrorKind};

    #[test]
    fn says_status_and_cause() {
        assert_eq!(Fault::unknown_opnum(12).to_string(), "nca_s_op_rng_error: operation 12");
        assert_eq!(Fault::new(FaultStatus(0x1234)).to_string(), "0x00001234");
        let error = UnpackError::new(UnpackErrorKind::Unterminated, 4).at("Name");
        assert_eq!(Fault::from(error).to_string(), "bad stub data: Name: text without terminator at offset 4");
    }
}
