//! Formats of parts of a value: byte order, alignment, sub-buffers with their headers.

use ropc::ndr::dialect::{Format, Header};
use runtime::ndr::{NdrCursor, SubHeader};

use super::Stub;
use crate::decode::tree::Fault;

impl Stub<'_, '_> {
    pub(super) fn formatted<T>(
        &mut self,
        c: &mut NdrCursor<'_>,
        format: Format,
        run: impl FnOnce(&mut Self, &mut NdrCursor<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let before = c.format();
        set(c, format);
        let value = run(self, c)?;
        c.set_format(before);
        Ok(value)
    }
}

pub(super) fn set(c: &mut NdrCursor<'_>, format: Format) {
    let mut changed = c.format();
    match format.big_endian {
        Some(true) => changed = changed.big_endian(),
        Some(false) => changed = changed.little_endian(),
        None => {}
    }
    if format.unaligned {
        changed = changed.unaligned();
    }
    if let Some(to) = format.padded {
        changed = changed.padded(to);
    }
    if format.remaining {
        changed = changed.remaining();
    }
    c.set_format(changed);
}

pub(super) fn header(header: Header) -> SubHeader {
    match header {
        Header::None => SubHeader::None,
        Header::Size2 => SubHeader::Size2,
        Header::Size4 => SubHeader::Size4,
        Header::Serialized => SubHeader::Serialized,
    }
}
