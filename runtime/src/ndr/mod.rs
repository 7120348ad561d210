//! NDR, the data representation of DCE/RPC: alignment, pointers, conformance, strings.
//!
//! One generated function serves NDR 2.0 in either byte order (C706 14) and NDR64
//! (MS-RPCE 2.2.5): the [`Representation`] is a run-time parameter of [`NdrCursor`] and
//! [`NdrEncoder`].
//!
//! Data that holds pointers comes in two phases. First its scalars, with a referent id where a
//! pointer stands; then its buffers: what the pointers point to, in the order of the ids. The
//! cursor keeps the ids of a construction in a [`Frame`] between the two.
//!
//! Alignment counts from the start of the stub data of a call.

mod array;
mod carried;
mod cursor;
mod encoder;
mod fault;
mod flat;
mod format;
mod full;
mod pipe;
mod pointer;
mod relative;
mod representation;
mod run;
mod sid;
mod string;
mod subcontext;
mod types;

pub use carried::{carried, carry};
pub use cursor::NdrCursor;
pub use encoder::NdrEncoder;
pub use fault::{Fault, FaultCause, FaultStatus};
pub use flat::{Counts, FlatText};
pub use format::Format;
pub use full::Full;
pub use pointer::Frame;
pub use relative::{EncoderFrame, Jump, OuterBase, Placed};
pub use representation::{ByteOrder, Representation, TransferSyntax};
pub use run::{Fields, Run, RunMut};
pub use sid::{Sid, SubAuthorities};
pub use subcontext::{Outer, OuterEncoder, SubHeader};
pub use types::{ContextHandle, HResult, NtStatus, WError};

use crate::error::{PackError, UnpackError};

/// Packs the stub data of a call.
///
/// # Errors
/// What `pack` answers.
pub fn encode(
    representation: Representation,
    pack: impl FnOnce(&mut NdrEncoder) -> Result<(), PackError>,
) -> Result<Vec<u8>, PackError> {
    let mut e = NdrEncoder::new(representation);
    pack(&mut e)?;
    Ok(e.finish())
}

/// Unpacks the stub data of a call.
///
/// # Errors
/// What `unpack` answers; `TrailingBytes` when eight or more bytes are left.
pub fn decode<'a, T>(
    bytes: &'a [u8],
    representation: Representation,
    unpack: impl FnOnce(&mut NdrCursor<'a>) -> Result<T, UnpackError>,
) -> Result<T, UnpackError> {
    let mut c = NdrCursor::new(bytes, representation);
    let message = unpack(&mut c)?;
    c.finish()?;
    Ok(message)
}

/// How deep a structure may contain itself where its description says nothing.
pub const MAX_RECURSION: u32 = 100;
