//! A type where it is used: base type, pointers and arrays in their levels, and what the attributes
//! do to each level.

use super::attrs;
use super::dialect::{Flat, Format, Header, Sub, TextFlags};
use super::model::{Array, Expr, Known, Pointer, Scalar, Size, Text, Type};
use super::resolve::{Body, Resolver, parts};
use crate::ast::{ArrayLen, Attr, Declarator, ExprKind, Ident, Span, TypeSpec, Typedef};
use crate::diagnostic::Diagnostic;

/// Type names of the family that need no declaration.
pub(super) const BUILTIN_NAMES: &[&str] = &[
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "int8",
    "int16",
    "int32",
    "int64",
    "hyper",
    "char",
    "wchar_t",
    "boolean8",
    "bool8",
    "float",
    "double",
    "uint1632",
    "udlong",
    "dlong",
    "udlongr",
    "NTTIME",
    "NTTIME_hyper",
    "NTTIME_1sec",
    "time_t",
    "boolean32",
    "ipv4address",
    "ipv6address",
    "DATA_BLOB",
    "string",
    "string_array",
    "u16string",
    "dom_sid",
    "dom_sid2",
    "uint3264",
    "int3264",
    "NTSTATUS",
    "WERROR",
    "HRESULT",
    "GUID",
    "policy_handle",
    "error_status_t",
    "DWORD",
    "BYTE",
    "WCHAR",
    "ULONG",
    "USHORT",
    "UCHAR",
    "LONG",
    "SHORT",
];

/// Types that are declared in no interface file: their Rust comes from elsewhere.
pub(super) const OPAQUE_NAMES: &[&str] = &[
    "dns_string",
    "dnsp_name",
    "dnsp_string",
    "nbt_string",
    "netr_DeltaEnum8Bit",
    "netr_SamDatabaseID8Bit",
    "security_descriptor",
    "sockaddr_storage",
    "spoolss_security_descriptor",
    "timespec",
    "timeval",
    "wrepl_nbt_name",
];

/// The type of a name that needs no declaration.
pub(super) fn builtin(name: &str) -> Option<Type> {
    Some(Type::Scalar(match name {
        "uint8" | "UCHAR" | "BYTE" | "char" | "uint8_t" | "CHAR" | "byte" | "UINT8" | "unsigned8" => Scalar::U8,
        "uint16" | "USHORT" | "WORD" | "WCHAR" | "wchar_t" | "uint16_t" | "UINT16" | "unsigned16" | "UNICODE" => {
            Scalar::U16
        }
        "uint32" | "ULONG" | "DWORD" | "UINT" | "error_status_t" | "uint32_t" | "uint" | "time_t" | "boolean32"
        | "BOOL" | "mode_t" | "NET_API_STATUS" | "ipv4address" | "ndr_flags_type" | "COMRESULT" | "UINT32"
        | "ULONG32" | "DWORD32" | "unsigned32" => Scalar::U32,
        "ULARGE_INTEGER" | "UINT64" | "QWORD" | "unsigned64" => Scalar::U64,
        "uint64" | "ULONGLONG" | "ULONG64" | "DWORD64" | "DWORDLONG" | "hyper" | "HYPER_T" | "uint64_t" | "pointer"
        | "NTTIME_hyper" | "NTTIME_1sec" | "uid_t" | "gid_t" | "libndr_flags" => Scalar::U64,
        "int8" | "int8_t" | "INT8" | "signed8" => Scalar::I8,
        "int16" | "SHORT" | "int16_t" | "INT16" | "signed16" => Scalar::I16,
        "int32" | "LONG" | "INT" | "int32_t" | "INT32" | "LONG32" | "signed32" => Scalar::I32,
        "int64" | "dlong64" | "LONGLONG" | "LONG64" | "int64_t" | "INT64" | "LARGE_INTEGER" | "signed64" => Scalar::I64,
        "FLOAT" => Scalar::F32,
        "DOUBLE" => Scalar::F64,
        "boolean8" | "bool8" | "BOOLEAN" => Scalar::Bool,
        "uint1632" | "int1632" => Scalar::Enum16,
        "uint3264" | "int3264" | "__int3264" | "ULONG_PTR" | "DWORD_PTR" | "SIZE_T" | "UINT_PTR" | "INT_PTR"
        | "LONG_PTR" => Scalar::U3264,
        // two numbers of 32 bits, the low one first
        "udlong" | "NTTIME" | "FILETIME" => Scalar::Udlong,
        "dlong" => Scalar::Dlong,
        "udlongr" => Scalar::Udlongr,
        "NTSTATUS" => return Some(Type::Known(Known::NtStatus)),
        "WERROR" => return Some(Type::Known(Known::WError)),
        "HRESULT" => return Some(Type::Known(Known::HResult)),
        "GUID" | "UUID" | "uuid_t" | "guid" | "idl_uuid_t" | "CLSID" | "IID" => return Some(Type::Known(Known::Guid)),
        "policy_handle" => return Some(Type::Known(Known::ContextHandle)),
        "DATA_BLOB" => return Some(Type::Known(Known::Blob)),
        "dom_sid" => return Some(Type::Known(Known::Sid)),
        "dom_sid2" => return Some(Type::Known(Known::SidConformant)),
        "dom_sid28" => return Some(Type::Known(Known::SidPadded)),
        "dom_sid0" => return Some(Type::Known(Known::SidOptional)),
        "string" | "u16string" => {
            return Some(Type::Flat(Flat { flags: TextFlags::default(), list: false }));
        }
        "string_array" => return Some(Type::Flat(Flat { flags: TextFlags::default(), list: true })),
        "ipv6address" => {
            let element = Box::new(Type::Scalar(Scalar::U8));
            return Some(Type::Array(Array {
                element,
                size: Size::Fixed(16),
                length: None,
                first: None,
                varying: false,
            }));
        }
        _ => return None,
    }))
}

/// Names of pointers, with what they point to; the empty name for `void`.
const POINTER_NAMES: &[(&str, &str)] = &[
    ("HANDLE", ""),
    ("LPBOOL", "BOOL"),
    ("LPBYTE", "BYTE"),
    ("LPCSTR", "CHAR"),
    ("LPCVOID", ""),
    ("LPCWSTR", "WCHAR"),
    ("LPDWORD", "DWORD"),
    ("LPINT", "INT"),
    ("LPLONG", "LONG"),
    ("LPSTR", "CHAR"),
    ("LPVOID", ""),
    ("LPWORD", "WORD"),
    ("LPWSTR", "WCHAR"),
    ("PBOOL", "BOOL"),
    ("PBOOLEAN", "BOOLEAN"),
    ("PBYTE", "BYTE"),
    ("PCHAR", "CHAR"),
    ("PDWORD", "DWORD"),
    ("PDWORD64", "DWORD64"),
    ("PDWORDLONG", "DWORDLONG"),
    ("PFILETIME", "FILETIME"),
    ("PGUID", "GUID"),
    ("PLARGE_INTEGER", "LARGE_INTEGER"),
    ("PLONG", "LONG"),
    ("PLONG64", "LONG64"),
    ("PSHORT", "SHORT"),
    ("PSTR", "CHAR"),
    ("PUCHAR", "UCHAR"),
    ("PULARGE_INTEGER", "ULARGE_INTEGER"),
    ("PULONG", "ULONG"),
    ("PUSHORT", "USHORT"),
    ("PVOID", ""),
    ("PWCHAR", "WCHAR"),
    ("PWORD", "WORD"),
    ("PWSTR", "WCHAR"),
    ("byte_p_t", "BYTE"),
    ("unsigned_char_p_t", "CHAR"),
    ("uuid_p_t", "GUID"),
];

/// The pointer or `void` of a name that needs no declaration.
pub(super) fn builtin_pointer(name: &str) -> Option<Level> {
    if name == "VOID" {
        return Some(Level::Void);
    }
    let (_, to) = POINTER_NAMES.iter().find(|(pointer, _)| *pointer == name)?;
    let to = if to.is_empty() { Level::Void } else { Level::Leaf(builtin(to)?) };
    Some(Level::Pointer(None, Box::new(to)))
}

/// The type that a `sizeof` names, where it needs no declaration.
pub(super) fn simple(spec: &TypeSpec) -> Option<Type> {
    match spec {
        TypeSpec::Words(list) => words(list).flatten().map(Type::Scalar),
        TypeSpec::Ref(name) => builtin(&name.name.text),
        TypeSpec::Tag(_, tag) => builtin(&tag.text),
        _ => None,
    }
}

/// The integer that words of C spell. `char` has no sign in NDR; `None` inside for `void`.
fn words(list: &[Ident]) -> Option<Option<Scalar>> {
    let mut unsigned = false;
    let mut signed = false;
    let mut base = "";
    for word in list {
        match word.text.as_str() {
            "unsigned" => unsigned = true,
            "signed" => signed = true,
            // `long int`, `short int`, `long long`
            "int" if !base.is_empty() => {}
            "long" if base == "long" => base = "hyper",
            "long" | "short" if base == "int" => base = word.text.as_str(),
            text => base = text,
        }
    }
    let pick = |u, s| Some(Some(if unsigned { u } else { s }));
    match base {
        "void" => Some(None),
        "char" if signed => Some(Some(Scalar::I8)),
        "char" | "byte" => Some(Some(Scalar::U8)),
        "small" => pick(Scalar::U8, Scalar::I8),
        "short" => pick(Scalar::U16, Scalar::I16),
        "__int8" => pick(Scalar::U8, Scalar::I8),
        "__int16" => pick(Scalar::U16, Scalar::I16),
        "__int3264" => Some(Some(Scalar::U3264)),
        "long" | "int" | "__int32" | "" => pick(Scalar::U32, Scalar::I32),
        "hyper" | "__int64" => pick(Scalar::U64, Scalar::I64),
        "wchar_t" => Some(Some(Scalar::U16)),
        "boolean" => Some(Some(Scalar::Bool)),
        "float" => Some(Some(Scalar::F32)),
        "double" => Some(Some(Scalar::F64)),
        _ => None,
    }
}

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
    first: Option<Expr>,
    open: Option<Span>,
}

/// What an attribute says about a level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Size,
    Length,
    Last,
    First,
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
                first: None,
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

    /// What the attributes say about the levels.
    fn apply(&mut self, level: &mut Level, place: &Use<'_>) {
        self.apply_sizes(level, place);
        let attrs = place.attrs;
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
    pub(super) fn flags(&mut self, expr: &crate::ast::Expr, format: &mut Format, text: &mut TextFlags) {
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
            "STR_ASCII" | "STR_UTF8" | "STR_RAW8" => text.narrow = true,
            "STR_NULLTERM" => text.nul = true,
            "STR_NOTERM" => text.noterm = true,
            "STR_SIZE2" => text.size2 = true,
            "STR_SIZE4" => text.size4 = true,
            "STR_LEN4" => text.len4 = true,
            "STR_BYTESIZE" => text.bytes = true,
            "STR_CHARLEN" => text.uncounted = true,
            // of printing, of how much is checked, of the order of what pointers lead to
            "STR_CONFORMANT"
            | "STR_NO_EMBEDDED_NUL"
            | "NO_COMPRESSION"
            | "NO_COMP"
            | "IS_SECRET"
            | "SECRET"
            | "PAHEX"
            | "LIBNDR_PRINT_ARRAY_HEX"
            | "PRINT_ARRAY_HEX"
            | "RELATIVE_REVERSE"
            | "NO_RELATIVE_REVERSE"
            | "SUBCONTEXT_NO_UNREAD_BYTES"
            | "ALLOC_ARRAY" => {}
            other => {
                let text = format!("`{other}` is no flag that is known here");
                self.diagnostics.push(Diagnostic::error("R0712", text, expr.span.clone(), "unknown flag"));
            }
        }
    }

    /// `subcontext(4), subcontext_size(n)`: what is innermost stands in data of its own.
    fn apply_sub(&mut self, level: &mut Level, attr: &Attr, place: &Use<'_>) {
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

    fn apply_sizes(&mut self, level: &mut Level, place: &Use<'_>) {
        let bounds = [
            ("size_is", 0, Bound::Size),
            ("max_is", 1, Bound::Size),
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

    fn apply_kind(&mut self, level: &mut Level, list: &[&Attr]) {
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

    fn apply_range(&mut self, level: &mut Level, attr: &Attr) {
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

    fn apply_switch(&mut self, level: &mut Level, attr: &Attr, fields: &[&str]) {
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
                let length = match (array.length, &array.first) {
                    (Some(last), Some(first)) if array.to_last => Some(minus(last, first)),
                    (None, Some(first)) => match &array.size {
                        Size::Fixed(count) => Some(minus(Expr::Const(*count), first)),
                        size => size.expr().map(|size| minus(size.clone(), first)),
                    },
                    (length, _) => length,
                };
                Type::Array(Array { element, size: array.size, length, first: array.first, varying })
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
            first: array.first,
            open: None,
        }),
        Type::Formatted(format, inner) => Level::Format(format, Box::new(loosen(*inner))),
        other => Level::Leaf(other),
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
            first: None,
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
        Bound::Size => array.size = Size::Conformant(Some(expr)),
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
        Level::Leaf(Type::Scalar(Scalar::U16)) => Some(true),
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
