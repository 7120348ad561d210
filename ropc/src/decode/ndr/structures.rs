//! Named types: structures and unions in both phases, and what surrounds their data.

use ropc::ndr::model::{Field, Layout, Struct, Type, TypeDef, TypeId, TypeKind};
use runtime::ndr::{MAX_RECURSION, NdrCursor, OuterBase};

use super::Stub;
use super::checks::is_early;
use super::formats::set;
use super::values::{Datum, Env, constant};
use crate::decode::tree::{Fault, Node};

/// Deeper than this no structure may contain itself, whatever it says.
const MOST_RECURSION: u32 = 1000;

impl<'p> Stub<'_, 'p> {
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

    pub(super) fn type_scalars(
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

    pub(super) fn type_buffers(
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

pub(super) fn gap64(c: &mut NdrCursor<'_>, layout: Layout) -> Result<(), runtime::UnpackError> {
    if layout.align64 > 1 { c.align_ndr64(layout.align64) } else { Ok(()) }
}
