//! A type where it is used: base type, pointers and arrays in their levels, and what the attributes
//! do to each level.

mod apply;
mod builtin;

use builtin::words;
pub(super) use builtin::{BUILTIN_NAMES, OPAQUE_NAMES, builtin, builtin_pointer, simple};

use super::attrs;
use super::dialect::{Format, TextFlags};
use super::model::{Array, Expr, Pointer, Size, Type};
use super::resolve::{Body, Resolver, parts};
use crate::ast::{ArrayLen, Attr, Declarator, ExprKind, Span, TypeSpec, Typedef};
use crate::diagnostic::Diagnostic;

/// Pointers and arrays around a type.
const MAX_LEVELS: usize = 16;

/// A type in the making: pointers whose kind only their place decides, `void` behind them.
#[derive(Clone, Debug)]
pub(super) enum Level {
    Pointer(Option<Pointer>, Box<Level>),
    Array(Array1),
    Format(Format, Box<Level>),
    Leaf(Type),
    Void,
}

/// An array in the making.
#[derive(Clone, Debug)]
pub(super) struct Array1 {
    element: Box<Level>,
    size: Size,
    length: Option<Expr>,
    /// The length ends with the last element instead of counting from the first.
    to_last: bool,
    /// The size is one more than the last index.
    to_max: bool,
    first: Option<Expr>,
    /// The lowest index, where that is not 0.
    min: Option<Expr>,
    open: Option<Span>,
}

/// Where a type is used.
pub(super) struct Use<'u> {
    /// Attributes of the place.
    pub(super) attrs: &'u [&'u Attr],
    /// Names that expressions may read.
    pub(super) fields: &'u [&'u str],
    /// All of it.
    pub(super) span: &'u Span,
    /// A parameter: its outermost pointer is a reference pointer unless it says otherwise.
    pub(super) parameter: bool,
    /// Name for a type written in place.
    pub(super) inline_name: String,
    /// What the type around says of formats and texts.
    pub(super) around: (Format, TextFlags),
}

impl<'a> Resolver<'a> {
    /// The type of a field or a parameter.
    pub(super) fn used_type(
        &mut self,
        spec: &'a TypeSpec,
        declarator: Option<&'a Declarator>,
        place: &Use<'_>,
    ) -> Option<Type> {
        let level = self.level(spec, declarator, place)?;
        self.settle(level, place.parameter, place.span)
    }

    /// The same before its pointers are settled.
    fn level(&mut self, spec: &'a TypeSpec, declarator: Option<&'a Declarator>, place: &Use<'_>) -> Option<Level> {
        let base = self.base_level(spec, place)?;
        let mut level = match declarator {
            Some(declarator) => self.declared(base, declarator, place.fields)?,
            None => base,
        };
        if depth(&level) > MAX_LEVELS {
            self.diagnostics.push(Diagnostic::error(
                "R0719",
                "too many pointers and arrays around one type",
                place.span.clone(),
                format!("at most {MAX_LEVELS}"),
            ));
            return None;
        }
        self.apply(&mut level, place);
        Some(level)
    }

    /// What a typedef name stands for.
    pub(super) fn alias(&mut self, typedef: &'a Typedef, declarator: &'a Declarator, attrs: &[&Attr]) -> Option<Level> {
        let spec = &typedef.ty;
        let place = Use {
            attrs,
            fields: &[],
            span: &declarator.name.span,
            parameter: false,
            inline_name: declarator.name.text.clone(),
            around: Default::default(),
        };
        let level = self.level(spec, Some(declarator), &place)?;
        if !typedef.pipe {
            return Some(level);
        }
        let element = self.settle(level, false, place.span)?;
        Some(Level::Leaf(Type::Pipe(Box::new(element))))
    }

    /// The type without pointers and arrays; `None` inside for `void`.
    pub(super) fn base_type(&mut self, spec: &'a TypeSpec, attrs: &[&Attr]) -> Option<Option<Type>> {
        match spec {
            TypeSpec::Words(list) => match words(list) {
                Some(scalar) => Some(scalar.map(Type::Scalar)),
                None => {
                    let span = list.first().map(|word| word.span.clone()).unwrap_or_default();
                    self.diagnostics.push(Diagnostic::error("R0701", "unknown type", span, "no type is spelled so"));
                    None
                }
            },
            TypeSpec::Ref(name) => match self.lookup_level(&name.name)? {
                Level::Void => Some(None),
                level => self.settle(level, false, &name.span).map(Some),
            },
            TypeSpec::Tag(_, tag) => self.lookup_tag(tag).map(Some),
            TypeSpec::Struct { .. } | TypeSpec::Union { .. } | TypeSpec::Enum(..) | TypeSpec::Bitmap { .. } => {
                self.inline(spec, "Inline", attrs).map(Some)
            }
        }
    }

    /// A type written in place gets a name from where it stands.
    fn inline(&mut self, spec: &'a TypeSpec, name: &str, _attrs: &[&Attr]) -> Option<Type> {
        let (tag, shape, inner) = parts(spec)?;
        self.constants_of(spec);
        let name = tag.map_or_else(|| name.to_owned(), |tag| tag.text.clone());
        let span = match spec {
            TypeSpec::Struct { span, .. } | TypeSpec::Union { span, .. } | TypeSpec::Bitmap { span, .. } => span,
            TypeSpec::Enum(_, _, span) => span,
            _ => return None,
        };
        let body = Body { attrs: inner.iter().collect(), shape };
        let id = self.new_type(&name, Vec::new(), None, span.clone(), body);
        Some(self.reference(id))
    }

    fn base_level(&mut self, spec: &'a TypeSpec, place: &Use<'_>) -> Option<Level> {
        if let Some(ty) = self.named_in_place(spec) {
            return Some(Level::Leaf(ty));
        }
        let base = match (parts(spec), spec) {
            (Some(_), _) => Some(self.inline(spec, &place.inline_name, place.attrs)?),
            (None, TypeSpec::Ref(name)) => return self.lookup_level(&name.name),
            (None, _) => self.base_type(spec, place.attrs)?,
        };
        Some(base.map_or(Level::Void, loosen))
    }

    /// Pointers and arrays of a declarator around a base.
    pub(super) fn declared(&mut self, base: Level, declarator: &'a Declarator, fields: &[&str]) -> Option<Level> {
        let mut level = base;
        if !declarator.pointer_to_array {
            level = point(level, declarator.pointers);
        }
        for array in declarator.arrays.iter().rev().take(MAX_LEVELS + 1) {
            let (size, open) = match array {
                ArrayLen::Open(span) => (Size::Conformant(None), Some(span.clone())),
                ArrayLen::Expr(expr) => (self.array_length_or_expr(expr, fields)?, None),
                ArrayLen::Range(_, last) => (Size::Fixed(self.array_length(last)?.saturating_add(1)), None),
                ArrayLen::Rest(span) => {
                    self.not_here(span, "`[rest]` belongs to `encoding(mapi)`");
                    return None;
                }
                ArrayLen::Until { end: expr, .. } => {
                    self.not_here(&expr.span, "`[until ..]` belongs to `encoding(mapi)`");
                    return None;
                }
            };
            level = Level::Array(Array1 {
                element: Box::new(level),
                size,
                length: None,
                to_last: false,
                to_max: false,
                first: None,
                min: None,
                open,
            });
        }
        if declarator.pointer_to_array {
            level = point(level, declarator.pointers);
        }
        Some(level)
    }

    /// A constant, or something that siblings say: then nothing of it is on the wire.
    fn array_length_or_expr(&mut self, expr: &'a crate::ast::Expr, fields: &[&str]) -> Option<Size> {
        match self.expr(expr, fields)? {
            Expr::Const(length) => self.checked_length(length, expr).map(Size::Fixed),
            other => Some(Size::Inline(other)),
        }
    }

    fn array_length(&mut self, expr: &'a crate::ast::Expr) -> Option<u64> {
        let length = self.constant(expr)?;
        self.checked_length(length, expr)
    }

    fn checked_length(&mut self, length: u64, expr: &crate::ast::Expr) -> Option<u64> {
        if length <= 0x0100_0000 {
            return Some(length);
        }
        self.diagnostics.push(Diagnostic::error(
            "R0719",
            format!("an array of {length} elements"),
            expr.span.clone(),
            "expected at most 16777216",
        ));
        None
    }

    fn not_here(&mut self, span: &Span, text: &str) {
        self.diagnostics.push(Diagnostic::error("R0702", text, span.clone(), "not part of an NDR interface"));
    }

    /// The type with all pointers of a kind.
    pub(super) fn settle(&mut self, level: Level, parameter: bool, span: &Span) -> Option<Type> {
        Some(match level {
            Level::Leaf(ty) => ty,
            Level::Format(format, inner) => Type::Formatted(format, Box::new(self.settle(*inner, parameter, span)?)),
            Level::Void => {
                self.diagnostics.push(Diagnostic::error(
                    "R0701",
                    "`void` has no shape on the wire",
                    span.clone(),
                    "needs a type, or `context_handle` on a pointer",
                ));
                return None;
            }
            Level::Pointer(kind, to) => {
                let default = if parameter { Pointer::Ref } else { self.scope.pointer_default };
                Type::Pointer(kind.unwrap_or(default), Box::new(self.settle(*to, false, span)?))
            }
            Level::Array(array) => {
                if let (Size::Conformant(None), None, Some(open)) = (&array.size, &array.length, &array.open) {
                    self.diagnostics.push(Diagnostic::error(
                        "R0705",
                        "an open array without `size_is`",
                        open.clone(),
                        "how many elements?",
                    ));
                    return None;
                }
                let varying = array.length.is_some() || array.first.is_some();
                let element = Box::new(self.settle(*array.element, false, span)?);
                let minus = |all: Expr, first: &Expr| {
                    Expr::Binary(crate::ast::BinaryOp::Sub, Box::new(all), Box::new(first.clone()))
                };
                // indexes count from `min_is`, elements from 0
                let (mut size, mut first) = (array.size, array.first.clone());
                if let Some(min) = &array.min {
                    first = first.map(|first| minus(first, min));
                    if let (Size::Conformant(Some(count)), true) = (&size, array.to_max) {
                        size = Size::Conformant(Some(minus(count.clone(), min)));
                    }
                }
                let length = match (array.length, array.first.as_ref().or(array.min.as_ref())) {
                    (Some(last), Some(first)) if array.to_last => Some(minus(last, first)),
                    (None, Some(_)) => match (&size, &first) {
                        (_, None) => None,
                        (Size::Fixed(count), Some(first)) => Some(minus(Expr::Const(*count), first)),
                        (size, Some(first)) => size.expr().map(|size| minus(size.clone(), first)),
                    },
                    (length, _) => length,
                };
                Type::Array(Array { element, size, length, first, varying })
            }
        })
    }

    fn no_level(&mut self, attr: &Attr, label: &str) {
        self.diagnostics.push(Diagnostic::error(
            "R0705",
            format!("`{}` does not fit this declaration", attr.name.text),
            attr.span.clone(),
            label,
        ));
    }

    pub(super) fn no_argument(&mut self, attr: &Attr, expected: &str) {
        self.diagnostics.push(Diagnostic::error(
            "R0720",
            format!("`{}` has the wrong arguments", attr.name.text),
            attr.span.clone(),
            format!("expected {expected}"),
        ));
    }

    /// The kind of pointers that say nothing, from the interface's attributes.
    pub(super) fn pointer_default(list: &[&Attr]) -> Option<Pointer> {
        match &attrs::single(attrs::find(list, "pointer_default")?)?.kind {
            ExprKind::Name(name) => match name.text.as_str() {
                "ref" => Some(Pointer::Ref),
                "unique" => Some(Pointer::Unique),
                "ptr" => Some(Pointer::Full),
                _ => None,
            },
            _ => None,
        }
    }
}

fn depth(level: &Level) -> usize {
    let mut at = level;
    let mut depth = 0;
    loop {
        at = match at {
            Level::Pointer(_, to) => to,
            Level::Array(array) => &array.element,
            Level::Format(_, inner) => inner,
            Level::Leaf(_) | Level::Void => return depth,
        };
        depth += 1;
    }
}

/// More stars than [`MAX_LEVELS`] are an error: no need to make them all.
fn point(level: Level, stars: usize) -> Level {
    (0..stars.min(MAX_LEVELS + 1)).fold(level, |level, _| Level::Pointer(None, Box::new(level)))
}

/// A resolved type as levels again, so that attributes of its use can apply.
pub(super) fn loosen(ty: Type) -> Level {
    match ty {
        Type::Pointer(kind, to) => Level::Pointer(Some(kind), Box::new(loosen(*to))),
        Type::Array(array) => Level::Array(Array1 {
            element: Box::new(loosen(*array.element)),
            size: array.size,
            length: array.length,
            to_last: false,
            to_max: false,
            first: array.first,
            min: None,
            open: None,
        }),
        Type::Formatted(format, inner) => Level::Format(format, Box::new(loosen(*inner))),
        other => Level::Leaf(other),
    }
}
