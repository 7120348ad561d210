//! Types: what stands in a value, with ids where pointers are, and then what these lead to.

use ropc::ndr::dialect::{Format, Header};
use ropc::ndr::model::{
    Array, Expr, Field, Layout, Pointer, Scalar, Size, Struct, Text, Type, TypeDef, TypeId, TypeKind, Union,
};
use runtime::ndr::{MAX_RECURSION, NdrCursor, OuterBase, SubHeader};

use super::Stub;
use super::values::{Datum, Env, constant};
use crate::decode::tree::{Fault, Node, Value};

/// Deeper than this no structure may contain itself, whatever it says.
const MOST_RECURSION: u32 = 1000;

/// Something in the type depends on what is not known yet.
pub(super) fn is_early(env: &Env<'_, '_>, field: &Field) -> bool {
    let mut early = false;
    field.ty.exprs(&mut |expr| early |= !env.knows(expr));
    early
}

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
    fn buffers(
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

    fn items_buffers(
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

    fn element<T>(&mut self, index: usize, run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.interpreter.enter_element(index);
        let result = run(self);
        self.interpreter.leave_field();
        result
    }

    /// What a pointer leads to, as a part of its node.
    fn referent(
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

    fn followed(
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

    fn pointer_id(&mut self, c: &mut NdrCursor<'_>, kind: Pointer, node: &mut Node) -> Result<(), Fault> {
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

    fn formatted<T>(
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

    fn pipe(
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

    /// The discriminant of a union that has none on the wire; `None` for other types.
    fn bare_tag(&self, c: &NdrCursor<'_>, ty: &Type, env: &Env<'_, 'p>) -> Result<Option<u64>, Fault> {
        let Type::Union(id, switch) = ty else { return Ok(None) };
        match self.model.get(*id).map(|def| &def.kind) {
            Some(TypeKind::Union(union)) if union.bare => match switch {
                Some(switch) => self.known_value(c, switch, env).map(Some),
                None => Ok(Some(0)),
            },
            _ => Ok(None),
        }
    }

    fn known_value(&self, c: &NdrCursor<'_>, expr: &Expr, env: &Env<'_, 'p>) -> Result<u64, Fault> {
        let mut known = true;
        expr.fields(&mut |index| known &= env.values.get(index).is_some_and(Option::is_some));
        if known { Ok(env.value(expr)) } else { Err(self.interpreter.missing(c.offset(), "the request")) }
    }

    /// Checks the discriminant of a union where it is known already.
    fn check_tag(&self, c: &NdrCursor<'_>, ty: &Type, value: &Datum, env: &Env<'_, 'p>) -> Result<(), Fault> {
        let (Type::Union(id, Some(switch)), Datum::Union(found, _)) = (ty, value) else { return Ok(()) };
        let loose = match self.model.get(*id).map(|def| &def.kind) {
            Some(TypeKind::Union(union)) => union.bare || union.encapsulated,
            _ => true,
        };
        if loose || !env.knows(switch) || env.value(switch) == *found {
            return Ok(());
        }
        let message = format!("expected the arm for {:#x}, got {found:#x}", env.value(switch));
        Err(self.wrong(c, message))
    }

    fn check_count(&self, c: &NdrCursor<'_>, found: usize, expr: &Expr, env: &Env<'_, 'p>) -> Result<(), Fault> {
        if !env.knows(expr) || env.value(expr) == found as u64 {
            return Ok(());
        }
        let message = format!("expected {} elements, got {found:#x}", env.value(expr));
        Err(self.wrong(c, message))
    }

    fn whole_array(
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

    fn max_count(&mut self, c: &mut NdrCursor<'_>, node: &mut Node) -> Result<usize, Fault> {
        let start = c.offset();
        let count = c.max_count().map_err(|error| self.refused(&error))?;
        count_node("maximum count", c, start, count, node);
        Ok(count)
    }

    /// The number of elements that follow.
    fn inline_count(
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

    fn items(
        &mut self,
        c: &mut NdrCursor<'_>,
        array: &'p Array,
        count: usize,
        env: &Env<'_, 'p>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        if matches!(*array.element, Type::Scalar(Scalar::U8)) {
            let start = c.offset();
            c.take(count).map_err(|error| self.refused(&error))?;
            if node.children.is_empty() {
                node.value = Some(Value::Bytes);
                (node.offset, node.size) = (start, count);
            } else {
                node.children.push(Node::leaf(BYTES, start, count, Value::Bytes));
            }
            return Ok(Datum::List(count, Vec::new()));
        }
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

    fn text(
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

    fn definition(&self, c: &NdrCursor<'_>, id: TypeId) -> Result<&'p TypeDef, Fault> {
        match self.model.get(id) {
            Some(def) if def.hook.is_none() => Ok(def),
            Some(def) => Err(self
                .interpreter
                .missing(c.offset(), &format!("what `{}` is, whose code comes from elsewhere,", def.name))),
            None => Err(self.interpreter.missing(c.offset(), "a type")),
        }
    }

    /// Reads a named type with all that it points to.
    pub(super) fn type_whole(
        &mut self,
        c: &mut NdrCursor<'_>,
        id: TypeId,
        tag: Option<u64>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let def = self.definition(c, id)?;
        let max_count = if def.layout.conformant { Some(self.max_count(c, node)?) } else { None };
        if !def.layout.pointers {
            return self.type_scalars(c, id, tag, max_count, node);
        }
        let frame = c.open();
        let mut value = self.type_scalars(c, id, tag, max_count, node)?;
        self.type_buffers(c, id, &mut value, node)?;
        c.close(frame);
        Ok(value)
    }

    fn type_scalars(
        &mut self,
        c: &mut NdrCursor<'_>,
        id: TypeId,
        tag: Option<u64>,
        max_count: Option<usize>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let def = self.definition(c, id)?;
        match &def.kind {
            TypeKind::Enum(flags) => self.flags(c, flags, false, node),
            TypeKind::Bitmap(flags) => self.flags(c, flags, true, node),
            TypeKind::Opaque => Err(self.interpreter.missing(c.offset(), &format!("what `{}` is", def.name))),
            TypeKind::Struct(record) => {
                if def.layout.align64 > 1 {
                    c.align(def.layout.align, def.layout.align64).map_err(|error| self.refused(&error))?;
                }
                node.offset = c.offset();
                let around = self.before(c, def, false)?;
                let value = self.record(c, record, max_count, node)?;
                gap64(c, def.layout).map_err(|error| self.refused(&error))?;
                after(c, around);
                Ok(value)
            }
            TypeKind::Union(union) => {
                let around = self.before(c, def, false)?;
                let value = self.arm(c, def, union, tag, node)?;
                after(c, around);
                Ok(value)
            }
        }
    }

    fn record(
        &mut self,
        c: &mut NdrCursor<'_>,
        record: &'p Struct,
        max_count: Option<usize>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        let fields: Vec<&'p Field> = record.fields.iter().collect();
        let mut values: Vec<Option<Datum>> = vec![None; fields.len()];
        let mut early = Vec::new();
        for (index, field) in fields.iter().copied().enumerate() {
            let env = Env { model: self.model, fields: &fields, values: &values };
            let pointer = matches!(field.ty, Type::Pointer(..));
            if !pointer && is_early(&env, field) {
                early.push(index);
            }
            let last = max_count.filter(|_| self.model.layout(&field.ty).conformant);
            let value = match last {
                Some(count) => self.last_field(c, field, &env, count, node)?,
                None => self.field(c, field, &env, false, node)?,
            };
            // Where a pointer leads is not known before everything stands.
            if let (Some(value), false, Some(slot)) = (value, pointer, values.get_mut(index)) {
                *slot = Some(value);
            }
        }
        self.late(c, &fields, &values, &early)?;
        Ok(Datum::Record(values))
    }

    /// The field of a structure whose maximum count stood before everything.
    fn last_field(
        &mut self,
        c: &mut NdrCursor<'_>,
        field: &'p Field,
        env: &Env<'_, 'p>,
        max_count: usize,
        out: &mut Node,
    ) -> Result<Option<Datum>, Fault> {
        self.count(c)?;
        let mut node = Node::new(field.name.as_str(), c.offset());
        let result = self.within(&field.name, |this| this.scalars(c, &field.ty, env, Some(max_count), &mut node));
        if node.size == 0 {
            node.size = c.offset().saturating_sub(node.offset);
        }
        if result.is_ok() || !node.children.is_empty() {
            out.children.push(node);
        }
        result.map(Some)
    }

    /// Checks what depends on what was read behind it.
    pub(super) fn late(
        &mut self,
        c: &NdrCursor<'_>,
        fields: &[&'p Field],
        values: &[Option<Datum>],
        early: &[usize],
    ) -> Result<(), Fault> {
        let env = Env { model: self.model, fields, values };
        for &index in early {
            let (Some(field), Some(Some(value))) = (fields.get(index), values.get(index)) else { continue };
            self.within(&field.name, |this| this.late_check(c, &field.ty, value, &env))?;
        }
        Ok(())
    }

    fn late_check(&self, c: &NdrCursor<'_>, ty: &'p Type, value: &Datum, env: &Env<'_, 'p>) -> Result<(), Fault> {
        match (ty, value) {
            (Type::Array(array), Datum::List(length, _)) => match array.length.as_ref().or(array.size.expr()) {
                Some(expr) => self.check_count(c, *length, expr, env),
                None => Ok(()),
            },
            (Type::Union(..), value) => self.check_tag(c, ty, value, env),
            (Type::Formatted(_, inner), value) => self.late_check(c, inner, value, env),
            (Type::Pointer(_, to), Datum::Pointer(Some(value))) => self.late_check(c, to, value, env),
            _ => Ok(()),
        }
    }

    fn arm(
        &mut self,
        c: &mut NdrCursor<'_>,
        def: &'p TypeDef,
        union: &'p Union,
        tag: Option<u64>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        if union.encapsulated {
            c.align(def.layout.align, def.layout.align64).map_err(|error| self.refused(&error))?;
        }
        gap64(c, def.layout).map_err(|error| self.refused(&error))?;
        let tag = match tag {
            Some(tag) if union.bare => tag,
            _ => {
                let mut of_tag = Node::new("discriminant", c.offset());
                let tag = self.scalar(c, union.tag, &mut of_tag)?;
                node.children.push(of_tag);
                gap64(c, def.layout).map_err(|error| self.refused(&error))?;
                tag
            }
        };
        if union.aligned {
            c.align(def.layout.align, def.layout.align64).map_err(|error| self.refused(&error))?;
        }
        let chosen = union.arms.iter().find(|arm| !arm.default && arm.labels.contains(&tag));
        let Some(arm) = chosen.or_else(|| union.arms.iter().find(|arm| arm.default)) else {
            let size = union.tag.sizes().0;
            let message = format!("expected a discriminant of {}, got {tag:#x}", def.name);
            return Err(self.interpreter.fault(c.offset().saturating_sub(size), size, message));
        };
        let Some(ty) = &arm.ty else { return Ok(Datum::Union(tag, Box::default())) };
        self.count(c)?;
        let mut inner = Node::new(arm.name.as_str(), c.offset());
        let env = Env { model: self.model, fields: &[], values: &[] };
        let result = self.within(&arm.name, |this| this.scalars(c, ty, &env, None, &mut inner));
        if inner.size == 0 {
            inner.size = c.offset().saturating_sub(inner.offset);
        }
        if result.is_ok() || !inner.children.is_empty() {
            node.children.push(inner);
        }
        result.map(|value| Datum::Union(tag, Box::new(value)))
    }

    fn type_buffers(
        &mut self,
        c: &mut NdrCursor<'_>,
        id: TypeId,
        value: &mut Datum,
        node: &mut Node,
    ) -> Result<(), Fault> {
        let def = self.definition(c, id)?;
        let limit = match &def.kind {
            TypeKind::Struct(record) => record.max_recursion,
            TypeKind::Union(union) => union.max_recursion,
            _ => None,
        };
        if def.layout.recursive {
            let limit = limit.map_or(MAX_RECURSION, |limit| limit.min(MOST_RECURSION));
            c.enter(limit).map_err(|error| self.refused(&error))?;
        }
        let around = self.before(c, def, true)?;
        match (&def.kind, value) {
            (TypeKind::Struct(record), Datum::Record(values)) => {
                let fields: Vec<&'p Field> = record.fields.iter().collect();
                for (field, value) in fields.iter().zip(values.iter_mut()) {
                    if let Some(fixed) = constant(field) {
                        *value = Some(fixed);
                    } else if value.is_none() {
                        *value = Some(Datum::Pointer(None));
                    }
                }
                for (index, field) in fields.iter().copied().enumerate() {
                    if !self.model.layout(&field.ty).pointers {
                        continue;
                    }
                    let Some(node) = node.children.iter_mut().find(|node| node.name == field.name) else { continue };
                    let mut own = values.get_mut(index).and_then(Option::take).unwrap_or_default();
                    let env = Env { model: self.model, fields: &fields, values };
                    let result = self.within(&field.name, |this| this.buffers(c, &field.ty, &env, &mut own, node));
                    if let Some(slot) = values.get_mut(index) {
                        *slot = Some(own);
                    }
                    result?;
                }
            }
            (TypeKind::Union(union), Datum::Union(tag, value)) => {
                let chosen = union.arms.iter().find(|arm| !arm.default && arm.labels.contains(tag));
                let arm = chosen.or_else(|| union.arms.iter().find(|arm| arm.default));
                if let Some((arm, ty)) = arm.and_then(|arm| Some((arm, arm.ty.as_ref()?)))
                    && self.model.layout(ty).pointers
                    && let Some(node) = node.children.iter_mut().rfind(|node| node.name == arm.name)
                {
                    let env = Env { model: self.model, fields: &[], values: &[] };
                    self.within(&arm.name, |this| this.buffers(c, ty, &env, value, node))?;
                }
            }
            _ => {}
        }
        after(c, around);
        if def.layout.recursive {
            c.leave();
        }
        Ok(())
    }

    /// What surrounds the data of a type: its format, a level of recursion, from where its offsets count.
    fn before(&self, c: &mut NdrCursor<'_>, def: &TypeDef, buffers: bool) -> Result<Around, Fault> {
        let format = (!def.format.is_empty()).then(|| c.format());
        if format.is_some() {
            set(c, def.format);
        }
        let level = !buffers && def.layout.nested && def.layout.recursive;
        if level {
            let limit = match &def.kind {
                TypeKind::Struct(record) => record.max_recursion,
                TypeKind::Union(union) => union.max_recursion,
                _ => None,
            };
            let limit = limit.map_or(MAX_RECURSION, |limit| limit.min(MOST_RECURSION));
            c.enter(limit).map_err(|error| self.refused(&error))?;
        }
        let based = def.relative_base && def.layout.pointers;
        let base = based.then(|| if buffers { c.resume_base() } else { c.begin_base() });
        Ok(Around { format, level, base })
    }
}

/// What [`Stub::before`] changed.
struct Around {
    format: Option<runtime::ndr::Format>,
    level: bool,
    base: Option<OuterBase>,
}

fn after(c: &mut NdrCursor<'_>, around: Around) {
    if let Some(base) = around.base {
        c.reset_base(base);
    }
    if around.level {
        c.leave();
    }
    if let Some(format) = around.format {
        c.set_format(format);
    }
}

/// The elements of an array of bytes behind its counts.
pub const BYTES: &str = "bytes";

fn gap64(c: &mut NdrCursor<'_>, layout: Layout) -> Result<(), runtime::UnpackError> {
    if layout.align64 > 1 { c.align_ndr64(layout.align64) } else { Ok(()) }
}

fn set(c: &mut NdrCursor<'_>, format: Format) {
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

fn header(header: Header) -> SubHeader {
    match header {
        Header::None => SubHeader::None,
        Header::Size2 => SubHeader::Size2,
        Header::Size4 => SubHeader::Size4,
        Header::Serialized => SubHeader::Serialized,
    }
}

/// An id as a part of its pointer; the pointer itself where it is null.
fn id_node(c: &NdrCursor<'_>, start: usize, id: u64, node: &mut Node) {
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

fn count_node(name: &str, c: &NdrCursor<'_>, start: usize, count: usize, node: &mut Node) {
    let gap = if c.representation().is_ndr64() { 8 } else { 4 };
    let start = start.next_multiple_of(gap).min(c.offset());
    let value = Value::Number(count as i128, 4);
    node.children.push(Node::leaf(name, start, c.offset().saturating_sub(start), value));
}
