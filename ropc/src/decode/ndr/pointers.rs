//! Pointers: the id where one stands, and what it leads to.

use ropc::ndr::model::{Pointer, Type};
use runtime::ndr::NdrCursor;

use super::Stub;
use super::values::{Datum, Env};
use crate::decode::tree::{Fault, Node, Value};

impl<'p> Stub<'_, 'p> {
    /// What a pointer leads to, as a part of its node.
    pub(super) fn referent(
        &mut self,
        c: &mut NdrCursor<'_>,
        to: &'p Type,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        self.count(c)?;
        let mut target = Node::new(format!("*{}", node.name), c.offset());
        let value = self.whole(c, to, env, &mut target);
        if target.size == 0 {
            target.size = c.offset().saturating_sub(target.offset);
        }
        if value.is_ok() || !target.children.is_empty() {
            node.children.push(target);
        }
        Ok(Datum::Pointer(Some(Box::new(value?))))
    }

    pub(super) fn followed(
        &mut self,
        c: &mut NdrCursor<'_>,
        to: &'p Type,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let Some(jump) = c.follow_relative().map_err(|error| self.refused(&error))? else {
            return Ok(Datum::Pointer(None));
        };
        let value = self.referent(c, to, env, node)?;
        c.leave_relative(jump);
        Ok(value)
    }

    pub(super) fn pointer_id(&mut self, c: &mut NdrCursor<'_>, kind: Pointer, node: &mut Node) -> Result<(), Fault> {
        let start = c.offset();
        // The same bytes as a number, to show them.
        let id = match kind {
            Pointer::RelativeShort => c.clone().u16().map(u64::from),
            Pointer::Relative => c.clone().u32().map(u64::from),
            _ => c.clone().u3264(),
        };
        let read = match kind {
            Pointer::Ref => c.defer_reference(),
            Pointer::Unique => c.defer_pointer(),
            Pointer::Full => c.defer_full_pointer(),
            Pointer::Relative => c.defer_relative(false),
            Pointer::RelativeShort => c.defer_relative(true),
        };
        read.map_err(|error| self.refused(&error))?;
        id_node(c, start, id.unwrap_or(0), node);
        Ok(())
    }
}

/// An id as a part of its pointer; the pointer itself where it is null.
pub(super) fn id_node(c: &NdrCursor<'_>, start: usize, id: u64, node: &mut Node) {
    let width = if c.representation().is_ndr64() { 8 } else { 4 };
    let size = width.min(c.offset().saturating_sub(start));
    let offset = c.offset().saturating_sub(size);
    let names = if id == 0 { vec!["null".to_owned()] } else { Vec::new() };
    let value = Value::Named { value: id, size: u8::try_from(size).unwrap_or(8), names };
    if id == 0 {
        (node.offset, node.size, node.value) = (offset, size, Some(value));
    } else {
        // It begins behind the gap, as a number does.
        node.offset = offset;
        node.children.push(Node::leaf("referent id", offset, size, value));
    }
}
