//! Structures of a description read from bytes: what generated `unpack` does, with a tree as result.

use std::rc::Rc;

use ropc::ast::ReservedRule;
use ropc::model::{
    Arm, ByForm, ConstValue, Ending, Expr, Extent, Field, IntKind, Match, Member, Pattern, Program, Role, StructDef,
    Text, Transform, TransformKind, Type, TypeId, TypeKind, Width,
};
use runtime::{Cursor, Guid, UnpackError, UnpackErrorKind};

use super::datum::{self, Datum, Record, Scope};
use super::expr::{Missing, eval};
use super::meaning::Names;
use super::pieces::{self, Transfer};
use super::primitive::{self, primitive, unsigned};
use super::tree::{Fault, Node, Value};

/// A part of a field path.
#[derive(Clone, Debug)]
enum Segment<'p> {
    Field(&'p str),
    Index(usize),
}

/// Reads structures; remembers the way to the field that it is in.
#[derive(Debug)]
pub struct Interpreter<'p> {
    /// The descriptions.
    pub program: &'p Program,
    /// Names of values.
    pub names: Names<'p>,
    /// How far the stream was read whose pieces the operation carries that is being read; `None` where nobody knows.
    pub transfer: Option<Transfer>,
    path: Vec<Segment<'p>>,
    /// Nodes that may still be made: lists of elements without bytes must not make little input large.
    nodes: usize,
}

/// Nodes that any input may have, those for each of its bytes, and the most for all of it.
const FREE_NODES: usize = 1 << 16;
const NODES_A_BYTE: usize = 8;
const MOST_NODES: usize = 1 << 20;

impl<'p> Interpreter<'p> {
    /// An interpreter of these descriptions.
    pub fn new(program: &'p Program) -> Self {
        Self { program, names: Names::new(program), transfer: None, path: Vec::new(), nodes: FREE_NODES }
    }

    /// Begins with a buffer: forgets the way of the last one, and allows as many nodes as this one may need.
    pub fn begin(&mut self, bytes: usize) {
        self.path.clear();
        self.nodes = FREE_NODES.saturating_add(bytes.saturating_mul(NODES_A_BYTE)).min(MOST_NODES);
    }

    /// Runs what belongs to a field, so that errors name it.
    pub fn inside<T>(&mut self, name: &'p str, run: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.path.push(Segment::Field(name));
        let result = run(self);
        self.path.pop();
        result
    }

    /// The same for an element.
    pub fn inside_element<T>(
        &mut self,
        index: usize,
        run: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.path.push(Segment::Index(index));
        let result = run(self);
        self.path.pop();
        result
    }

    /// Goes into a field, so that errors name it.
    pub fn enter_field(&mut self, name: &'p str) {
        self.path.push(Segment::Field(name));
    }

    /// Goes into an element.
    pub fn enter_element(&mut self, index: usize) {
        self.path.push(Segment::Index(index));
    }

    /// Comes back from a field or an element.
    pub fn leave_field(&mut self) {
        self.path.pop();
    }

    /// An error at some bytes of the field that is being read.
    pub fn fault(&self, offset: usize, size: usize, message: impl Into<String>) -> Fault {
        let mut path = String::new();
        for segment in &self.path {
            match segment {
                // An extent without a field of its own.
                Segment::Field("") => {}
                Segment::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Segment::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        Fault { path, offset, size, message: message.into(), missing_context: false, window: None }
    }

    /// An error of the runtime in the field that is being read.
    pub fn refused(&self, error: &UnpackError) -> Fault {
        let (message, size) = match error.kind() {
            UnpackErrorKind::Truncated { needed, available } => {
                (format!("expected {needed} bytes, got {available}"), *available)
            }
            UnpackErrorKind::TrailingBytes { count } => (format!("{count} bytes left over"), *count),
            UnpackErrorKind::InvalidValue { found, expected } => (format!("expected {expected}, got {found:#x}"), 1),
            UnpackErrorKind::Unterminated => ("text without terminator".to_owned(), 1),
            UnpackErrorKind::TooDeep { limit } => (format!("nested deeper than {limit}"), 1),
            UnpackErrorKind::TooLarge { found, limit } => (format!("{found} is over the limit of {limit}"), 1),
            UnpackErrorKind::Compression { reason } => (format!("compressed data: {reason}"), 1),
            other => (format!("{other:?}"), 1),
        };
        self.fault(error.offset(), size, message)
    }

    /// Something that the bytes at this place depend on is not known.
    pub fn missing(&self, offset: usize, what: &str) -> Fault {
        Fault { missing_context: true, ..self.fault(offset, 1, format!("{what} not known")) }
    }

    /// Computes an expression; an error points where the cursor stands.
    pub fn eval(&self, c: &Cursor<'_>, expr: &'p Expr, scope: &Scope<'p>) -> Result<Datum<'p>, Fault> {
        eval(self.program, expr, scope).map_err(|Missing(what)| self.missing(c.offset(), what))
    }

    fn length(&self, c: &Cursor<'_>, expr: &'p Expr, scope: &Scope<'p>) -> Result<usize, Fault> {
        Ok(usize::try_from(self.eval(c, expr, scope)?.wide()).unwrap_or(usize::MAX))
    }

    /// Takes note of a node.
    fn count(&mut self, c: &Cursor<'_>) -> Result<(), Fault> {
        self.another(c.offset())
    }

    /// Takes note of a node at this place.
    ///
    /// # Errors
    /// When there are more than so few bytes can mean.
    pub fn another(&mut self, offset: usize) -> Result<(), Fault> {
        match self.nodes.checked_sub(1) {
            Some(left) => self.nodes = left,
            None => return Err(self.fault(offset, 1, "more values than so few bytes can mean")),
        }
        Ok(())
    }

    /// Reads a body into the children of a node.
    ///
    /// # Errors
    /// When the bytes are no such structure. The node has what was read before.
    pub fn body(
        &mut self,
        c: &mut Cursor<'_>,
        def: &'p StructDef,
        args: Vec<Datum<'p>>,
        node: &mut Node,
    ) -> Result<Record<'p>, Fault> {
        if let Some(param) = def.params.get(args.len()) {
            return Err(self.missing(c.offset(), &param.name));
        }
        if let Some(limit) = def.max_recursion {
            c.enter(limit).map_err(|error| self.refused(&error))?;
        }
        let outer_base = def.relative_base.then(|| c.begin_base());
        let outer_order = c.is_big_endian();
        let mut scope = Scope::new(def, args);
        match (def.is_enum, def.body.split_last()) {
            (true, Some((Member::Match(m), before))) => {
                self.members(c, before, &mut scope, &mut node.children)?;
                self.variant(c, m, &mut scope, node)?;
            }
            _ => self.members(c, &def.body, &mut scope, &mut node.children)?,
        }
        self.referents(c, def, &mut scope, &mut node.children)?;
        if let Some(outer) = outer_base {
            c.end_base(outer);
        }
        c.set_big_endian(outer_order);
        if def.max_recursion.is_some() {
            c.leave();
        }
        Ok(scope.record())
    }

    /// Reads what stands at offsets, behind all members.
    fn referents(
        &mut self,
        c: &mut Cursor<'_>,
        def: &'p StructDef,
        scope: &mut Scope<'p>,
        out: &mut Vec<Node>,
    ) -> Result<(), Fault> {
        let mut fields = def.referents().peekable();
        if fields.peek().is_none() {
            return Ok(());
        }
        let mut referents = c.referents();
        for field in fields {
            let offset = field.at.as_deref().and_then(|at| scope.field(at)).map_or(0, |(value, _)| value.wide());
            self.inside(&field.name, |this| {
                let start = referents.start(offset).map_err(|error| this.refused(&error))?;
                let Some(start) = start else { return Ok(()) };
                let mut end = start.clone();
                this.field(&mut end, field, scope, out)?;
                referents.count(&start, &end).map_err(|error| this.refused(&error))
            })?;
        }
        Ok(())
    }

    fn members(
        &mut self,
        c: &mut Cursor<'_>,
        body: &'p [Member],
        scope: &mut Scope<'p>,
        out: &mut Vec<Node>,
    ) -> Result<(), Fault> {
        body.iter().try_for_each(|member| self.member(c, member, scope, out))
    }

    fn member(
        &mut self,
        c: &mut Cursor<'_>,
        member: &'p Member,
        scope: &mut Scope<'p>,
        out: &mut Vec<Node>,
    ) -> Result<(), Fault> {
        match member {
            // Read behind the others.
            Member::Field(field) if field.at.is_some() => Ok(()),
            Member::Field(field) => self.inside(&field.name, |this| this.field(c, field, scope, out)),
            Member::If(conditional) => {
                let holds = self.eval(c, &conditional.cond, scope)?.truth();
                self.members(c, if holds { &conditional.then } else { &conditional.otherwise }, scope, out)
            }
            Member::Match(m) => {
                let mut node = Node::new(m.spelled(), c.offset());
                let result = self.variant(c, m, scope, &mut node);
                node.size = c.offset().saturating_sub(node.offset);
                if node.value.is_some() {
                    out.push(node);
                }
                result
            }
            Member::Let(name, expr, ty) => {
                let value = self.eval(c, expr, scope)?.fitted(ty);
                scope.add(name, value, c.offset());
                Ok(())
            }
            Member::Require(requirement) => {
                if requirement.lenient || self.eval(c, &requirement.cond, scope)?.truth() {
                    return Ok(());
                }
                let at =
                    requirement.cond.first_field().and_then(|name| scope.field(name)).map_or(c.offset(), |(_, at)| at);
                Err(self.fault(at, 1, "not what the description requires"))
            }
            Member::Sized(size, inner) => {
                let size = self.length(c, size, scope)?;
                let name = inner.iter().find_map(Member::first_name).unwrap_or_default();
                let extent = c.sub(size);
                let mut extent = self.inside(name, |this| extent.map_err(|error| this.refused(&error)))?;
                self.members(&mut extent, inner, scope, out)?;
                c.set_plain_room(extent.plain_room());
                self.inside(name, |this| this.used_up(&extent))
            }
            Member::Tail(inner) => {
                for member in inner {
                    let before = out.len();
                    c.tail_member();
                    self.member(c, member, scope, out)?;
                    if c.is_beyond() {
                        // It has a value for what depends on it, and no bytes to show.
                        out.truncate(before);
                    }
                }
                c.end_tail();
                Ok(())
            }
        }
    }

    /// A buffer that has to be used up is.
    pub fn used_up(&self, c: &Cursor<'_>) -> Result<(), Fault> {
        c.clone().finish().map_err(|error| self.refused(&error))
    }

    fn field(
        &mut self,
        c: &mut Cursor<'_>,
        field: &'p Field,
        scope: &mut Scope<'p>,
        out: &mut Vec<Node>,
    ) -> Result<(), Fault> {
        self.count(c)?;
        let start = c.offset();
        let mut node = Node::new(field.name.as_str(), start);
        let result = match &field.transform {
            Some(transform) => self.transformed(c, &field.ty, transform, scope, &mut node),
            None => self.value(c, &field.ty, scope, &mut node),
        };
        node.size = c.offset().saturating_sub(start);
        let stream = self.program.streams.iter().find(|stream| Some(&stream.name) == field.piece.as_ref());
        if let (Some(stream), Ok(Datum::Bytes(bytes))) = (stream, &result) {
            pieces::piece(self, stream, bytes, &mut node);
        }
        if result.is_ok() || !node.children.is_empty() || field.transform.is_some() && node.value.is_some() {
            out.push(node);
        }
        let value = result?;
        if let Role::Const(expected) = &field.role {
            self.fixed(&value, expected, start, c.offset().saturating_sub(start))?;
        }
        scope.add(&field.name, value, start);
        if let Some(cond) = &field.big_endian {
            c.set_big_endian(self.eval(c, cond, scope)?.truth());
        }
        Ok(())
    }

    /// Reads what was compressed or obfuscated on its way into the extent that it fills.
    fn transformed(
        &mut self,
        c: &mut Cursor<'_>,
        ty: &'p Type,
        transform: &'p Transform,
        scope: &mut Scope<'p>,
        node: &mut Node,
    ) -> Result<Datum<'p>, Fault> {
        let size = transform.plain_size.as_ref().map(|size| self.length(c, size, scope)).transpose()?;
        let mut plain = c.plain(size).map_err(|error| self.refused(&error))?;
        for step in &transform.steps {
            if self.eval(c, &step.cond, scope)?.truth() {
                match step.kind {
                    TransformKind::Xor(mask) => plain.xor(mask),
                    TransformKind::Lz77 => plain.lz77().map_err(|error| {
                        node.value = Some(Value::Bytes);
                        self.refused(&error)
                    })?,
                }
            }
        }
        if let Err(error) = plain.check() {
            // The size is wrong, not what has it.
            let size = transform.plain_size.as_ref().and_then(Expr::first_field);
            let own = self.path.pop();
            let fault = self.inside(size.unwrap_or_default(), |this| Err::<(), _>(this.refused(&error)));
            self.path.extend(own);
            fault?;
        }
        let in_place = plain.in_place();
        let (bytes, offset) = in_place.map_or((plain.bytes(), 0), |bytes| (bytes, node.offset));
        let mut inner = c.over(bytes, offset);
        let result = self.value(&mut inner, ty, scope, node);
        let result = result.and_then(|value| self.used_up(&inner).map(|()| value));
        c.set_plain_room(inner.plain_room());
        if in_place.is_some() {
            return result;
        }
        node.payload = Some(bytes.to_vec());
        if node.value == Some(Value::Bytes) {
            node.value = None;
            node.children.push(Node::leaf("Plain", 0, bytes.len(), Value::Bytes));
        }
        result.map_err(|fault| fault.within(bytes))
    }

    fn fixed(&self, found: &Datum<'_>, expected: &ConstValue, start: usize, size: usize) -> Result<(), Fault> {
        let (same, text) = match expected {
            ConstValue::Int(value) => match found {
                Datum::Bool(found) => (*found == (*value != 0), format!("{value:#x}")),
                found => (found.wide() & mask(size) == *value & mask(size), format!("{value:#x}")),
            },
            ConstValue::Guid(bytes) => {
                (matches!(found, Datum::Bytes(found) if **found == *bytes), Guid(*bytes).to_string())
            }
        };
        if same { Ok(()) } else { Err(self.fault(start, size, format!("expected {text}"))) }
    }

    /// Reads a value of a type into a node.
    fn value(
        &mut self,
        c: &mut Cursor<'_>,
        ty: &'p Type,
        scope: &mut Scope<'p>,
        node: &mut Node,
    ) -> Result<Datum<'p>, Fault> {
        match ty {
            Type::Array(element, extent) => self.array(c, element, extent, scope, node),
            Type::Named(id, args) => self.named(c, *id, args, scope, node),
            Type::Text(text) => self.text(c, text, scope, node),
            Type::IntByForm(by) => {
                let kind = self.in_form(c, by, scope)?;
                let value = unsigned(c, kind).map_err(|error| self.refused(&error))?;
                node.value = Some(Value::Number(i128::from(value), kind.size));
                Ok(Datum::Number(i128::from(value)))
            }
            Type::Bytes(extent) => {
                let bytes = match extent {
                    Extent::Const(n) => c.take(usize::try_from(*n).unwrap_or(usize::MAX)),
                    Extent::Count(count) => {
                        let count = self.length(c, count, scope)?;
                        c.take(count)
                    }
                    Extent::Rest | Extent::Until(_) => Ok(c.take_rest()),
                };
                node.value = Some(Value::Bytes);
                Ok(Datum::Bytes(bytes.map_err(|error| self.refused(&error))?.into()))
            }
            _ => {
                let (value, datum) = primitive(c, ty, &self.names).map_err(|error| self.refused(&error))?;
                node.value = Some(value);
                Ok(datum)
            }
        }
    }

    fn named(
        &mut self,
        c: &mut Cursor<'_>,
        id: TypeId,
        args: &'p [Expr],
        scope: &Scope<'p>,
        node: &mut Node,
    ) -> Result<Datum<'p>, Fault> {
        let program = self.program;
        match &program.ty(id).kind {
            TypeKind::Struct(def) => {
                let args = self.args(c, def, args, scope)?;
                let record = self.body(c, def, args, node)?;
                if program.ty(id).name == "PropertyName" {
                    node.note = self.names.property(node);
                }
                Ok(Datum::Record(Rc::new(record)))
            }
            _ => self.number(c, id, node),
        }
    }

    /// Reads an enumeration or a bit record into a node.
    ///
    /// # Errors
    /// When the bytes end before it, or bits are set that it refuses.
    pub fn number(&self, c: &mut Cursor<'_>, id: TypeId, node: &mut Node) -> Result<Datum<'p>, Fault> {
        let start = c.offset();
        let (base, allowed) = match &self.program.ty(id).kind {
            TypeKind::Enum(def) => (def.base, u64::MAX),
            TypeKind::Bits(def) => (def.base, if def.reserved == ReservedRule::Ignore { u64::MAX } else { def.known }),
            TypeKind::Struct(_) | TypeKind::Form(_) => return Err(self.fault(start, 1, "expected a number")),
        };
        let value = unsigned(c, base).map_err(|error| self.refused(&error))?;
        node.value = Some(self.names.named(id, value, base.size));
        if value & !allowed != 0 && self.refuses(id) {
            let message = format!("expected reserved bits clear, got {value:#x}");
            return Err(self.fault(start, usize::from(base.size), message));
        }
        Ok(Datum::Number(i128::from(value & allowed)))
    }

    /// Bits that nothing names are a mistake in this record.
    fn refuses(&self, id: TypeId) -> bool {
        matches!(&self.program.ty(id).kind, TypeKind::Bits(def) if def.reserved == ReservedRule::Reject)
    }

    fn args(
        &self,
        c: &Cursor<'_>,
        def: &'p StructDef,
        args: &'p [Expr],
        scope: &Scope<'p>,
    ) -> Result<Vec<Datum<'p>>, Fault> {
        def.params.iter().zip(args).map(|(param, arg)| Ok(self.eval(c, arg, scope)?.fitted(&param.ty))).collect()
    }

    /// The integer that a type is in the form that is read.
    fn in_form(&self, c: &Cursor<'_>, by: &'p ByForm, scope: &Scope<'p>) -> Result<IntKind, Fault> {
        let form = usize::try_from(self.eval(c, &by.form, scope)?.wide()).unwrap_or(usize::MAX);
        by.kinds.get(form).copied().ok_or_else(|| self.missing(c.offset(), "wire form"))
    }

    fn text(&self, c: &mut Cursor<'_>, text: &'p Text, scope: &Scope<'p>, node: &mut Node) -> Result<Datum<'p>, Fault> {
        let unicode = match text {
            Text::By(flag) => self.eval(c, flag, scope)?.truth(),
            _ => false,
        };
        let width = match text {
            Text::Utf16Counted(width, _) | Text::String8Counted(width) | Text::BytesCounted(width) => match width {
                Width::Always(kind) => Some(*kind),
                Width::ByForm(by) => Some(self.in_form(c, by, scope)?),
            },
            Text::Utf16Nul | Text::String8Nul | Text::Line | Text::By(_) => None,
        };
        let (value, datum) = primitive::text(c, text, unicode, width).map_err(|error| self.refused(&error))?;
        node.value = Some(value);
        Ok(datum)
    }

    fn array(
        &mut self,
        c: &mut Cursor<'_>,
        element: &'p Type,
        extent: &'p Extent,
        scope: &mut Scope<'p>,
        node: &mut Node,
    ) -> Result<Datum<'p>, Fault> {
        if matches!(element, Type::Array(..)) {
            return Err(self.fault(c.offset(), 1, "no array of arrays"));
        }
        let byte = matches!(element, Type::Int(IntKind { size: 1, signed: false }));
        let min = usize::try_from(self.program.layout(element).min_size).unwrap_or(usize::MAX);
        let mut cut = None;
        let length = match extent {
            Extent::Const(n) => {
                let length = usize::try_from(*n).unwrap_or(usize::MAX);
                if byte {
                    let bytes = c.take(length).map_err(|error| self.refused(&error))?;
                    node.value = Some(Value::Bytes);
                    return Ok(Datum::Bytes(bytes.into()));
                }
                length
            }
            Extent::Count(count) => {
                let length = self.length(c, count, scope)?;
                match c.list(length, min) {
                    Ok(_) => {}
                    // The element that is cut off says more than the list.
                    Err(error) if min > 0 && matches!(error.kind(), UnpackErrorKind::Truncated { .. }) => {
                        cut = Some(error)
                    }
                    Err(error) => return Err(self.refused(&error)),
                }
                length
            }
            Extent::Rest | Extent::Until(_) => usize::MAX,
        };
        let (to_end, until) = match extent {
            Extent::Until(ending) => (extent.is_rest(), Some(&**ending)),
            extent => (extent.is_rest(), None),
        };
        let outer = scope.index;
        let mut items = Vec::new();
        while if to_end { !c.is_empty() } else { items.len() < length && !(until.is_some() && c.is_beyond()) } {
            let index = items.len();
            let before = c.remaining();
            scope.index = Some(index);
            let item = self.inside_element(index, |this| this.element(c, element, scope, index, node))?;
            if length == usize::MAX && c.remaining() == before {
                return Err(self.fault(c.offset(), 1, "an element of no bytes in a list without end"));
            }
            match until {
                Some(Ending::When { cond, .. }) => {
                    scope.item = Some(item.clone());
                    items.push(item);
                    if self.eval(c, cond, scope)?.truth() {
                        break;
                    }
                }
                Some(ending) if is_end(ending, &item, node.children.last()) => break,
                _ => items.push(item),
            }
        }
        scope.index = outer;
        cut.map_or_else(|| Ok(datum::list(items)), |error| Err(self.refused(&error)))
    }

    fn element(
        &mut self,
        c: &mut Cursor<'_>,
        ty: &'p Type,
        scope: &mut Scope<'p>,
        index: usize,
        list: &mut Node,
    ) -> Result<Datum<'p>, Fault> {
        self.count(c)?;
        let mut node = Node::new(format!("[{index}]"), c.offset());
        if let Type::Named(_, args) = ty {
            node.note = args.iter().find_map(|arg| self.belongs_to(arg, scope, index));
        }
        let result = self.value(c, ty, scope, &mut node);
        node.size = c.offset().saturating_sub(node.offset);
        if result.is_ok() || !node.children.is_empty() {
            list.children.push(node);
        }
        result
    }

    /// The name of the element of another list that an argument looks at: the column of a value.
    fn belongs_to(&self, arg: &'p Expr, scope: &Scope<'p>, index: usize) -> Option<String> {
        let list = arg.element_list()?;
        let (Expr::Param(name) | Expr::Known(name)) = list else { return None };
        let Type::Named(id, _) = scope.def.params.iter().find(|param| param.name == *name)?.ty else { return None };
        match datum::find(&scope.params, name)? {
            Datum::List(items, length) if index < *length => match items.get(index)? {
                Datum::Number(value) => {
                    let value = u64::try_from(*value).ok()?;
                    Some(self.names.of(id, value).join(" "))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Reads the arm that the discriminants select into a node.
    fn variant(
        &mut self,
        c: &mut Cursor<'_>,
        m: &'p Match,
        scope: &mut Scope<'p>,
        node: &mut Node,
    ) -> Result<(), Fault> {
        let mut on = Vec::new();
        for discriminant in &m.on {
            on.push(self.eval(c, &discriminant.expr, scope)?);
        }
        for arm in &m.arms {
            if !selects(arm, &on) || !self.guarded(c, arm, scope)? {
                continue;
            }
            let before = node.children.len();
            let result = self.members(c, &arm.body, scope, &mut node.children);
            if let ([Datum::Bool(false)], waits) = (on.as_slice(), m.waits_for())
                && let (Some(bytes), false) = (node.children.get_mut(before), waits.is_empty())
            {
                bytes.value = Some(Value::Opaque(format!("{} not known", waits.join(" and "))));
            }
            node.value = Some(Value::Variant(arm.name.clone(), node.children.len() - before));
            return result;
        }
        let names: Vec<&str> = m.on.iter().map(|discriminant| discriminant.name.as_str()).collect();
        let found = on.first().map_or(0, Datum::wide);
        let first = m.on.first();
        let field = first.and_then(|d| d.expr.first_field());
        let size = first.map_or(1, |d| usize::try_from(self.program.layout(&d.ty).min_size).unwrap_or(1));
        let at = field.and_then(|name| scope.field(name)).map(|(_, at)| at);
        let at = at.unwrap_or_else(|| c.offset().saturating_sub(size));
        let message = format!("expected a known {}, got {found:#x}", names.join(" and "));
        match field {
            Some(name) => {
                self.path.push(Segment::Field(name));
                let fault = self.fault(at, size, message);
                self.path.pop();
                Err(fault)
            }
            None => Err(self.fault(at, size, message)),
        }
    }

    fn guarded(&self, c: &Cursor<'_>, arm: &'p Arm, scope: &Scope<'p>) -> Result<bool, Fault> {
        arm.guard.as_ref().map_or(Ok(true), |guard| Ok(self.eval(c, guard, scope)?.truth()))
    }
}

fn selects(arm: &Arm, on: &[Datum<'_>]) -> bool {
    arm.patterns.iter().zip(on).all(|(alternatives, value)| alternatives.iter().any(|pattern| fits(pattern, value)))
}

fn fits(pattern: &Pattern, value: &Datum<'_>) -> bool {
    match pattern {
        Pattern::Any => true,
        Pattern::Int(wanted) | Pattern::Const(_, _, wanted) => value.wide() == *wanted,
        Pattern::Range(from, to) => (*from..=*to).contains(&value.wide()),
        Pattern::Bool(wanted) => *value == Datum::Bool(*wanted),
    }
}

/// The element is the one that ends its list, and no part of it.
fn is_end(ending: &Ending, item: &Datum<'_>, node: Option<&Node>) -> bool {
    match ending {
        Ending::Text(wanted) => {
            matches!(node.and_then(|node| node.value.as_ref()), Some(Value::Text(text)) if text == wanted)
        }
        Ending::Value(value) => item.wide() == *value,
        Ending::When { .. } => false,
    }
}

fn mask(size: usize) -> u64 {
    let bits = u32::try_from(size.saturating_mul(8)).unwrap_or(64).min(64);
    u64::MAX.checked_shr(64 - bits).unwrap_or(0)
}
