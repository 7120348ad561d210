//! What attributes of a place do to the levels of its type.

use super::{Array1, Level, Use};
use crate::ast::{Attr, ExprKind};
use crate::diagnostic::Diagnostic;
use crate::ndr::attrs;
use crate::ndr::dialect::{Format, Header, Sub, TextFlags};
use crate::ndr::model::{Expr, Known, Pointer, Scalar, Size, Text, Type};
use crate::ndr::resolve::Resolver;

/// What an attribute says about a level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Size,
    Max,
    Min,
    Length,
    Last,
    First,
}

impl<'a> Resolver<'a> {
    /// What the attributes say about the levels.
    pub(super) fn apply(&mut self, level: &mut Level, place: &Use<'_>) {
        self.apply_sizes(level, place);
        let attrs = place.attrs;
        if attrs::find(attrs, "charset").is_some()
            && let Some(place @ Type::Scalar(Scalar::U16)) = leaf(level)
        {
            *place = Type::Scalar(Scalar::Unit);
        }
        if let Some(attr) = attrs::find(attrs, "context_handle") {
            if !context_handle(level) {
                self.no_level(attr, "only a `void *` can be a context handle");
            }
        } else if let Some(attr) = attrs::find(attrs, "string")
            && !text(level)
        {
            self.no_level(attr, "only a pointer to or an array of characters can be a string");
        }
        self.apply_kind(level, attrs);
        if let Some(attr) = attrs::find(attrs, "range") {
            self.apply_range(level, attr);
        }
        if let Some(attr) = attrs::find(attrs, "switch_is") {
            self.apply_switch(level, attr, place.fields);
        }
        let (mut format, mut flags) = place.around;
        for attr in attrs.iter().filter(|attr| attr.name.text == "flag") {
            for arg in attrs::levels(attr).into_iter().flatten() {
                self.flags(arg, &mut format, &mut flags);
            }
        }
        if let Some(Type::Flat(flat)) = leaf(level) {
            flat.flags = flags;
        }
        if let Some(attr) = attrs::find(attrs, "subcontext") {
            self.apply_sub(level, attr, place);
        }
        // what the type around says holds here anyway
        if format != place.around.0 {
            let inner = std::mem::replace(level, Level::Void);
            *level = Level::Format(format, Box::new(inner));
        }
    }

    /// `flag(NDR_NOALIGN|STR_ASCII)`: names of flags, joined.
    pub(in crate::ndr) fn flags(&mut self, expr: &crate::ast::Expr, format: &mut Format, text: &mut TextFlags) {
        use crate::ast::BinaryOp;
        let name = match &expr.kind {
            ExprKind::Binary(BinaryOp::BitOr, a, b) => {
                self.flags(a, format, text);
                self.flags(b, format, text);
                return;
            }
            ExprKind::Name(name) => name.text.trim_start_matches("LIBNDR_FLAG_").trim_start_matches("NDR_"),
            _ => {
                self.diagnostics.push(Diagnostic::error(
                    "R0712",
                    "flags that only running C code knows",
                    expr.span.clone(),
                    "the format would differ from value to value",
                ));
                return;
            }
        };
        match name {
            "BIGENDIAN" | "BIG_ENDIAN" => format.big_endian = Some(true),
            "LITTLE_ENDIAN" => format.big_endian = Some(false),
            "NOALIGN" => (format.unaligned, format.padded) = (true, None),
            "ALIGN2" => (format.unaligned, format.padded) = (false, Some(2)),
            "ALIGN4" => (format.unaligned, format.padded) = (false, Some(4)),
            "ALIGN8" => (format.unaligned, format.padded) = (false, Some(8)),
            "REMAINING" => format.remaining = true,
            "RELATIVE_REVERSE" => format.reversed = Some(true),
            "NO_RELATIVE_REVERSE" => format.reversed = Some(false),
            "STR_ASCII" | "STR_UTF8" | "STR_RAW8" => text.narrow = true,
            "STR_NULLTERM" => text.nul = true,
            "STR_NOTERM" => text.noterm = true,
            "STR_SIZE2" => text.size2 = true,
            "STR_SIZE4" => text.size4 = true,
            "STR_LEN4" => text.len4 = true,
            "STR_BYTESIZE" => text.bytes = true,
            "STR_CHARLEN" => text.uncounted = true,
            // of printing, of how much is checked
            "STR_CONFORMANT"
            | "STR_NO_EMBEDDED_NUL"
            | "NO_COMPRESSION"
            | "NO_COMP"
            | "IS_SECRET"
            | "SECRET"
            | "PAHEX"
            | "LIBNDR_PRINT_ARRAY_HEX"
            | "PRINT_ARRAY_HEX"
            | "SUBCONTEXT_NO_UNREAD_BYTES"
            | "ALLOC_ARRAY" => {}
            other => {
                let text = format!("`{other}` is no flag that is known here");
                self.diagnostics.push(Diagnostic::error("R0712", text, expr.span.clone(), "unknown flag"));
            }
        }
    }

    /// `subcontext(4), subcontext_size(n)`: what is innermost stands in data of its own.
    pub(super) fn apply_sub(&mut self, level: &mut Level, attr: &Attr, place: &Use<'_>) {
        let Some(header) = attrs::single(attr).and_then(|expr| self.constant(expr)) else {
            self.no_argument(attr, "a number");
            return;
        };
        let header = match header {
            0 => Header::None,
            2 => Header::Size2,
            4 => Header::Size4,
            0xFFFF_FC01 => Header::Serialized,
            _ => {
                self.no_argument(attr, "0, 2, 4 or 0xFFFFFC01");
                return;
            }
        };
        let size = attrs::find(place.attrs, "subcontext_size")
            .and_then(attrs::single)
            .and_then(|expr| self.expr(expr, place.fields));
        match leaf(level) {
            Some(ty) => {
                let inner = Box::new(std::mem::replace(ty, Type::Scalar(Scalar::U8)));
                *ty = Type::Sub(Sub { header, size, inner });
            }
            None => self.no_level(attr, "`void` cannot be data inside data"),
        }
    }

    pub(super) fn apply_sizes(&mut self, level: &mut Level, place: &Use<'_>) {
        let bounds = [
            ("size_is", 0, Bound::Size),
            ("max_is", 1, Bound::Max),
            ("min_is", 0, Bound::Min),
            ("length_is", 0, Bound::Length),
            ("last_is", 1, Bound::Last),
            ("first_is", 0, Bound::First),
        ];
        for (name, add, bound) in bounds {
            let Some(attr) = attrs::find(place.attrs, name) else { continue };
            let list = attrs::levels(attr);
            if list.is_empty() {
                self.no_argument(attr, "an expression for each level");
                continue;
            }
            let mut at: Option<&mut Level> = Some(level);
            for item in list {
                let Some(current) = at.take() else {
                    self.no_level(attr, "more expressions than pointers and arrays");
                    break;
                };
                let expr = item.and_then(|expr| self.expr(expr, place.fields)).map(|expr| plus(expr, add));
                match set_level(current, expr, bound) {
                    Some(next) => at = Some(next),
                    None => {
                        self.no_level(attr, "needs a pointer or an array for each expression");
                        break;
                    }
                }
            }
        }
    }

    pub(super) fn apply_kind(&mut self, level: &mut Level, list: &[&Attr]) {
        let mut kinds = [
            ("ref", Pointer::Ref),
            ("unique", Pointer::Unique),
            ("ptr", Pointer::Full),
            ("relative", Pointer::Relative),
            ("relative_short", Pointer::RelativeShort),
        ]
        .into_iter()
        .filter_map(|(name, kind)| attrs::find(list, name).map(|attr| (attr, kind)));
        let Some((attr, kind)) = kinds.next() else { return };
        if let Some((second, _)) = kinds.next() {
            self.diagnostics.push(
                Diagnostic::warning(
                    "R0717",
                    "a pointer is of one kind",
                    second.span.clone(),
                    format!("contradicts `{}`", attr.name.text),
                )
                .also(attr.span.clone(), "already said here"),
            );
            return;
        }
        let mut at = level;
        loop {
            match at {
                Level::Pointer(place, _) => {
                    *place = Some(kind);
                    return;
                }
                Level::Array(array) => at = &mut array.element,
                Level::Format(_, inner) => at = inner,
                // `[ref]` on an array parameter is common and says nothing.
                Level::Leaf(_) | Level::Void => return,
            }
        }
    }

    pub(super) fn apply_range(&mut self, level: &mut Level, attr: &Attr) {
        let [Some(low), Some(high)] = attrs::levels(attr)[..] else {
            self.no_argument(attr, "two numbers");
            return;
        };
        let before = self.diagnostics.len();
        let (Some(low), Some(high)) = (self.constant(low), self.constant(high)) else {
            // what has no value here does not change the wire
            let unknown = self.diagnostics.get(before..).unwrap_or_default().iter().all(|found| found.code == "R0715");
            if unknown {
                self.diagnostics.truncate(before);
                self.diagnostics.push(Diagnostic::warning(
                    "R0723",
                    "this range is not checked",
                    attr.span.clone(),
                    "has no value here",
                ));
            }
            return;
        };
        match leaf(level) {
            Some(place @ Type::Scalar(_)) => {
                if let Type::Scalar(scalar) = *place
                    && !scalar.is_float()
                {
                    *place = Type::Ranged(scalar, low, high);
                }
            }
            // of an enumeration, or of how much there is of something: said for readers only
            Some(_) => {}
            None => self.no_level(attr, "only a number has a range"),
        }
    }

    pub(super) fn apply_switch(&mut self, level: &mut Level, attr: &Attr, fields: &[&str]) {
        let Some(expr) = attrs::single(attr) else {
            self.no_argument(attr, "one expression");
            return;
        };
        let expr = self.expr(expr, fields);
        match leaf(level) {
            Some(Type::Union(_, switch)) => *switch = expr,
            _ => self.diagnostics.push(Diagnostic::error(
                "R0706",
                "`switch_is` on something that is no union",
                attr.span.clone(),
                "only a union has a discriminant",
            )),
        }
    }
}

fn plus(expr: Expr, add: u64) -> Expr {
    match (expr, add) {
        (expr, 0) => expr,
        (Expr::Const(value), add) => Expr::Const(value.wrapping_add(add)),
        (expr, add) => Expr::Binary(crate::ast::BinaryOp::Add, Box::new(expr), Box::new(Expr::Const(add))),
    }
}

/// Gives a level its size or length and goes on to the next; a pointer with a size points to an array.
fn set_level(level: &mut Level, expr: Option<Expr>, bound: Bound) -> Option<&mut Level> {
    if let (Level::Pointer(_, to), Some(_)) = (&mut *level, &expr)
        && !matches!(**to, Level::Array(_))
    {
        let element = std::mem::replace(&mut **to, Level::Void);
        let array = Array1 {
            element: Box::new(element),
            size: Size::Conformant(None),
            length: None,
            to_last: false,
            to_max: false,
            first: None,
            min: None,
            open: None,
        };
        **to = Level::Array(array);
    }
    match level {
        Level::Pointer(_, to) => match (&mut **to, expr) {
            (Level::Array(array), Some(expr)) => set_array(array, expr, bound),
            (next, _) => Some(next),
        },
        Level::Array(array) => match expr {
            Some(expr) => set_array(array, expr, bound),
            None => Some(&mut array.element),
        },
        Level::Format(_, inner) => set_level(inner, expr, bound),
        Level::Leaf(_) | Level::Void => None,
    }
}

fn set_array(array: &mut Array1, expr: Expr, bound: Bound) -> Option<&mut Level> {
    match bound {
        Bound::Size | Bound::Max => {
            array.to_max = bound == Bound::Max;
            array.size = Size::Conformant(Some(expr));
        }
        Bound::Min => array.min = Some(expr),
        Bound::First => array.first = Some(expr),
        Bound::Length | Bound::Last => {
            array.to_last = bound == Bound::Last;
            array.length = Some(expr);
        }
    }
    Some(&mut array.element)
}

/// The innermost type.
fn leaf(level: &mut Level) -> Option<&mut Type> {
    match level {
        Level::Pointer(_, to) => leaf(to),
        Level::Array(array) => leaf(&mut array.element),
        Level::Format(_, inner) => leaf(inner),
        Level::Leaf(ty) => Some(ty),
        Level::Void => None,
    }
}

/// Makes the `void *` inside a context handle.
fn context_handle(level: &mut Level) -> bool {
    match level {
        Level::Pointer(_, to) if matches!(**to, Level::Void) => {
            *level = Level::Leaf(Type::Known(Known::ContextHandle));
            true
        }
        Level::Pointer(_, to) | Level::Format(_, to) => context_handle(to),
        Level::Leaf(Type::Known(Known::ContextHandle)) => true,
        Level::Array(_) | Level::Leaf(_) | Level::Void => false,
    }
}

/// Makes the innermost characters a text.
fn text(level: &mut Level) -> bool {
    let wide = |level: &Level| match level {
        Level::Leaf(Type::Scalar(Scalar::U16 | Scalar::Unit)) => Some(true),
        Level::Leaf(Type::Scalar(Scalar::U8 | Scalar::I8)) => Some(false),
        _ => None,
    };
    match level {
        Level::Array(array) => match wide(&array.element) {
            Some(wide) => {
                *level = Level::Leaf(Type::Text(Text { wide, size: array.size.clone() }));
                true
            }
            None => text(&mut array.element),
        },
        Level::Pointer(_, to) => match wide(to) {
            Some(wide) => {
                **to = Level::Leaf(Type::Text(Text { wide, size: Size::Conformant(None) }));
                true
            }
            None => text(to),
        },
        Level::Format(_, inner) => text(inner),
        Level::Leaf(Type::Text(_)) => true,
        Level::Leaf(_) | Level::Void => false,
    }
}
