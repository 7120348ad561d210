//! Types of any kind: what stands in a value, with ids where pointers are, and then what these lead to.

use ropc::ndr::model::{Pointer, Size, Text, Type};
use runtime::ndr::NdrCursor;

use super::Stub;
use super::formats::header;
use super::pointers::id_node;
use super::values::{Datum, Env};
use crate::decode::tree::{Fault, Node};

impl<'p> Stub<'_, 'p> {
    /// Reads a value with all that it points to.
    pub(super) fn whole(
        &mut self,
        c: &mut NdrCursor<'_>,
        ty: &'p Type,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        match ty {
            Type::Scalar(scalar) => self.scalar(c, *scalar, node).map(Datum::Number),
            Type::Ranged(scalar, low, high) => {
                let value = self.scalar(c, *scalar, node)?;
                if (*low..=*high).contains(&value) {
                    return Ok(Datum::Number(value));
                }
                let message = format!("expected {low} to {high}, got {value:#x}");
                Err(self.interpreter.fault(node.offset, node.size, message))
            }
            Type::Named(id) | Type::Union(id, _) => {
                let tag = self.bare_tag(c, ty, env)?;
                let value = self.type_whole(c, *id, tag, node)?;
                self.check_tag(c, ty, &value, env)?;
                Ok(value)
            }
            Type::Known(known) => self.known(c, *known, node),
            Type::Formatted(format, inner) => self.formatted(c, *format, |this, c| this.whole(c, inner, env, node)),
            Type::Sub(sub) => {
                let size = sub.size.as_ref().filter(|size| env.knows(size)).map(|size| env.value(size));
                let outer = c.enter_sub(header(sub.header), size).map_err(|error| self.refused(&error))?;
                let value = self.whole(c, &sub.inner, env, node)?;
                c.leave_sub(outer);
                Ok(value)
            }
            Type::Flat(flat) => self.flat(c, *flat, node),
            Type::Pipe(element) => self.pipe(c, element, env, node),
            Type::Pointer(kind, to) if kind.is_relative() => {
                let frame = c.open();
                self.pointer_id(c, *kind, node)?;
                let value = self.followed(c, to, env, node)?;
                c.close(frame);
                Ok(value)
            }
            Type::Pointer(Pointer::Ref, to) => {
                self.pointer_id(c, Pointer::Ref, node)?;
                self.referent(c, to, env, node)
            }
            Type::Pointer(Pointer::Full, to) => {
                let start = c.offset();
                id_node(c, start, c.clone().u3264().unwrap_or(0), node);
                let Some(full) = c.full_pointer().map_err(|error| self.refused(&error))? else {
                    return Ok(Datum::Pointer(None));
                };
                let value = self.referent(c, to, env, node)?;
                c.leave_full(full);
                Ok(value)
            }
            Type::Pointer(_, to) => {
                let start = c.offset();
                let id = c.referent().map_err(|error| self.refused(&error))?;
                id_node(c, start, id, node);
                if id == 0 { Ok(Datum::Pointer(None)) } else { self.referent(c, to, env, node) }
            }
            Type::Array(array) => self.whole_array(c, array, env, node),
            Type::Text(text) => match &text.size {
                Size::Conformant(None) | Size::Headed(None) => self.characters(c, text, None, node),
                Size::Conformant(Some(size)) | Size::Headed(Some(size)) => {
                    let max_count = c.max_count().map_err(|error| self.refused(&error))?;
                    self.check_count(c, max_count, size, env)?;
                    self.characters(c, text, Some(max_count), node)
                }
                Size::Fixed(_) | Size::Inline(_) => self.text(c, text, None, env, node),
            },
        }
    }

    /// Reads a value whose pointers wait; `max_count` of a conformant one was read before.
    pub(super) fn scalars(
        &mut self,
        c: &mut NdrCursor<'_>,
        ty: &'p Type,
        env: &Env<'_, 'p>,
        max_count: Option<usize>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let shape = self.model.layout(ty);
        match ty {
            Type::Named(id) | Type::Union(id, _) if shape.pointers || shape.conformant => {
                let tag = self.bare_tag(c, ty, env)?;
                let value = self.type_scalars(c, *id, tag, max_count, node)?;
                self.check_tag(c, ty, &value, env)?;
                Ok(value)
            }
            Type::Pointer(kind, _) => {
                self.pointer_id(c, *kind, node)?;
                Ok(Datum::Pointer(None))
            }
            Type::Array(array) => {
                let count = self.inline_count(c, array, max_count, env, node)?;
                self.items(c, array, count, env, node)
            }
            Type::Text(Text { size: Size::Headed(_), .. }) => self.whole(c, ty, env, node),
            Type::Text(text) => self.text(c, text, max_count, env, node),
            Type::Formatted(format, inner) if shape.pointers || shape.conformant => {
                self.formatted(c, *format, |this, c| this.scalars(c, inner, env, max_count, node))
            }
            _ => self.whole(c, ty, env, node),
        }
    }

    /// Reads what the pointers of a value lead to.
    pub(super) fn buffers(
        &mut self,
        c: &mut NdrCursor<'_>,
        ty: &'p Type,
        env: &Env<'_, 'p>,
        value: &mut Datum,
        node: &mut Node,
    ) -> Result<(), Fault> {
        match ty {
            Type::Named(id) | Type::Union(id, _) if self.model.layout(ty).pointers => {
                self.type_buffers(c, *id, value, node)
            }
            Type::Pointer(Pointer::Ref, to) => {
                *value = self.referent(c, to, env, node)?;
                Ok(())
            }
            Type::Pointer(kind, to) if kind.is_relative() => {
                *value = self.followed(c, to, env, node)?;
                Ok(())
            }
            Type::Pointer(Pointer::Full, to) => {
                if let Some(full) = c.follow_full().map_err(|error| self.refused(&error))? {
                    *value = self.referent(c, to, env, node)?;
                    c.leave_full(full);
                }
                Ok(())
            }
            Type::Pointer(_, to) => {
                if c.follow() {
                    *value = self.referent(c, to, env, node)?;
                }
                Ok(())
            }
            Type::Formatted(format, inner) => {
                self.formatted(c, *format, |this, c| this.buffers(c, inner, env, value, node))
            }
            Type::Array(array) if self.model.layout(&array.element).pointers => {
                self.items_buffers(c, array, env, value, node)
            }
            _ => Ok(()),
        }
    }
}
