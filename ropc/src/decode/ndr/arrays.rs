//! Arrays, pipes, and texts in them: counts, then elements.

use ropc::ndr::model::{Array, Scalar, Size, Text, Type};
use runtime::ndr::NdrCursor;

use super::Stub;
use super::leaves::wide;
use super::values::{Datum, Env};
use crate::decode::tree::{Fault, Node, Value};

/// The elements of an array of bytes behind its counts.
pub const BYTES: &str = "bytes";
/// The same of characters.
const TEXT: &str = "text";

impl<'p> Stub<'_, 'p> {
    pub(super) fn whole_array(
        &mut self,
        c: &mut NdrCursor<'_>,
        array: &'p Array,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let max_count = match array.size {
            Size::Conformant(_) => Some(self.max_count(c, node)?),
            _ => None,
        };
        let count = self.inline_count(c, array, max_count, env, node)?;
        if !self.model.layout(&array.element).pointers {
            return self.items(c, array, count, env, node);
        }
        let frame = c.open();
        let mut items = self.items(c, array, count, env, node)?;
        self.items_buffers(c, array, env, &mut items, node)?;
        c.close(frame);
        Ok(items)
    }

    pub(super) fn max_count(&mut self, c: &mut NdrCursor<'_>, node: &mut Node) -> Result<usize, Fault> {
        let start = c.offset();
        let count = c.max_count().map_err(|error| self.refused(&error))?;
        count_node("maximum count", c, start, count, node);
        Ok(count)
    }

    /// The number of elements that follow.
    pub(super) fn inline_count(
        &mut self,
        c: &mut NdrCursor<'_>,
        array: &'p Array,
        max_count: Option<usize>,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<usize, Fault> {
        let most = match &array.size {
            Size::Fixed(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Size::Conformant(size) | Size::Headed(size) => {
                let count = match (&array.size, max_count) {
                    (Size::Conformant(_), Some(count)) => count,
                    _ => self.max_count(c, node)?,
                };
                if let Some(size) = size {
                    self.check_count(c, count, size, env)?;
                }
                count
            }
            Size::Inline(size) => {
                let count = self.known_value(c, size, env)?;
                c.to_count(count).map_err(|error| self.refused(&error))?
            }
        };
        if !array.varying {
            return Ok(most);
        }
        let start = c.offset();
        let count = match &array.first {
            None => c.actual_count(most),
            Some(first) if env.knows(first) => c.actual_count_from(most, Some(self.known_value(c, first, env)?)),
            Some(_) => c.actual_count_from(most, None),
        };
        let count = count.map_err(|error| self.refused(&error))?;
        count_node("offset and actual count", c, start, count, node);
        if let Some(length) = &array.length {
            self.check_count(c, count, length, env)?;
        }
        Ok(count)
    }

    pub(super) fn items(
        &mut self,
        c: &mut NdrCursor<'_>,
        array: &'p Array,
        count: usize,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let piece = match *array.element {
            Type::Scalar(Scalar::U8) => c.take(count).map(|_| (BYTES, count, Value::Bytes)),
            Type::Scalar(Scalar::Unit) => c.units(count).map(|text| (TEXT, count * 2, Value::Text(wide(&text)))),
            _ => return self.list(c, array, count, env, node),
        };
        let (name, size, value) = piece.map_err(|error| self.refused(&error))?;
        let start = c.offset() - size;
        if node.children.is_empty() {
            node.value = Some(value);
            (node.offset, node.size) = (start, size);
        } else {
            node.children.push(Node::leaf(name, start, size, value));
        }
        Ok(Datum::List(count, Vec::new()))
    }

    fn list(
        &mut self,
        c: &mut NdrCursor<'_>,
        array: &'p Array,
        count: usize,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let layout = self.model.layout(&array.element);
        let needed = count.saturating_mul(layout.min_size.max(1));
        if !matches!(array.size, Size::Fixed(n) if n <= 32 && !array.varying) && needed > c.remaining() {
            let message = format!("expected {needed} bytes, got {}", c.remaining());
            return Err(self.interpreter.fault(c.offset(), c.remaining(), message));
        }
        let mut items = Vec::new();
        for index in 0..count {
            let item = self.item(c, &array.element, index, env, node)?;
            if layout.pointers {
                items.push(item);
            }
        }
        Ok(Datum::List(count, items))
    }

    pub(super) fn items_buffers(
        &mut self,
        c: &mut NdrCursor<'_>,
        array: &'p Array,
        env: &Env<'_, 'p>,
        value: &mut Datum,
        node: &mut Node,
    ) -> Result<(), Fault> {
        let Datum::List(_, items) = value else { return Ok(()) };
        let nodes = node.children.iter_mut().filter(|node| node.name.starts_with('['));
        for (index, (item, node)) in items.iter_mut().zip(nodes).enumerate() {
            self.element(index, |this| this.buffers(c, &array.element, env, item, node))?;
        }
        Ok(())
    }

    fn item(
        &mut self,
        c: &mut NdrCursor<'_>,
        ty: &'p Type,
        index: usize,
        env: &Env<'_, 'p>,
        list: &mut Node,
    ) -> Result<Datum, Fault> {
        self.count(c)?;
        let mut node = Node::new(format!("[{index}]"), c.offset());
        let result = self.element(index, |this| this.scalars(c, ty, env, None, &mut node));
        if node.size == 0 {
            node.size = c.offset().saturating_sub(node.offset);
        }
        if result.is_ok() || !node.children.is_empty() {
            list.children.push(node);
        }
        result
    }

    fn element<T>(&mut self, index: usize, run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.interpreter.enter_element(index);
        let result = run(self);
        self.interpreter.leave_field();
        result
    }

    pub(super) fn pipe(
        &mut self,
        c: &mut NdrCursor<'_>,
        element: &'p Type,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let bytes = matches!(element, Type::Scalar(Scalar::U8));
        let min = if bytes { 1 } else { self.model.layout(element).min_size.max(1) };
        let mut length = 0_usize;
        loop {
            let count = c.max_count().map_err(|error| self.refused(&error))?;
            if count.saturating_mul(min) > c.remaining() {
                let message = format!("expected {} bytes, got {}", count.saturating_mul(min), c.remaining());
                return Err(self.interpreter.fault(c.offset(), c.remaining(), message));
            }
            if bytes {
                let start = c.offset();
                c.take(count).map_err(|error| self.refused(&error))?;
                node.children.push(Node::leaf(format!("[{length}]"), start, count, Value::Bytes));
            } else {
                for index in length..length.saturating_add(count) {
                    self.item(c, element, index, env, node)?;
                }
            }
            length = length.saturating_add(count);
            if c.representation().is_ndr64()
                && c.u64().map_err(|error| self.refused(&error))? != (count as u64).wrapping_neg()
            {
                return Err(self.interpreter.fault(
                    c.offset().saturating_sub(8),
                    8,
                    "expected the count of the chunk, negated",
                ));
            }
            if count == 0 {
                return Ok(Datum::List(length, Vec::new()));
            }
        }
    }

    pub(super) fn text(
        &mut self,
        c: &mut NdrCursor<'_>,
        text: &Text,
        max_count: Option<usize>,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let most = match &text.size {
            Size::Fixed(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            Size::Inline(size) => {
                let count = self.known_value(c, size, env)?;
                c.to_count(count).map_err(|error| self.refused(&error))?
            }
            Size::Conformant(_) | Size::Headed(_) => max_count.unwrap_or(0),
        };
        self.characters(c, text, Some(most), node)
    }
}

fn count_node(name: &str, c: &NdrCursor<'_>, start: usize, count: usize, node: &mut Node) {
    let gap = if c.representation().is_ndr64() { 8 } else { 4 };
    let start = start.next_multiple_of(gap).min(c.offset());
    let value = Value::Number(count as i128, 4);
    node.children.push(Node::leaf(name, start, c.offset().saturating_sub(start), value));
}
