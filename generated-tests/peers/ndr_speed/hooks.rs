//! Types of the tree that are left to code of one's own; none of the calls here has one.

use runtime::ndr::{NdrCursor, NdrEncoder};
use runtime::{PackError, PackErrorKind, UnpackError, UnpackErrorKind};

/// An entry of an access list, which is refused.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SecurityAce;

const WHAT: &str = "an entry of an access list";

impl SecurityAce {
    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
        Err(c.error(UnpackErrorKind::MissingContext { what: WHAT }))
    }

    pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
        Err(e.error(PackErrorKind::MissingContext { what: WHAT }))
    }
}
