//! Expected values of vectors as Rust: whole where every field is named, field by field elsewhere.

use std::cell::RefCell;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::ast::{Span, Value};
use crate::diagnostic::Diagnostic;
use crate::emit::body::{Holds, RustField, arm_fields, rust_fields};
use crate::emit::context::{Context, hex};
use crate::emit::names::{screaming, snake, verbatim};
use crate::emit::values::const_value;
use crate::model::{ConstValue, Extent, IntKind, Match, Member, StructDef, Text, Type, TypeId, TypeKind};

/// Vectors in the making: what cannot be the value of its field is a mistake of the description.
pub(super) struct Vectors<'c, 'p> {
    pub(super) cx: &'c Context<'p>,
    pub(super) problems: RefCell<Vec<Diagnostic>>,
    /// Expected errors are `KIND at OFFSET`, not a part of what an error says.
    pub(super) exact: bool,
}

impl Vectors<'_, '_> {
    pub(super) fn report(&self, code: &'static str, message: String, span: &Span, label: &str) -> TokenStream {
        self.problems.borrow_mut().push(Diagnostic::error(code, message, span.clone(), label));
        TokenStream::new()
    }

    pub(super) fn wrong(&self, field: &str, value: &Value) -> TokenStream {
        let message = format!("no value that `{field}` can have");
        self.report("R0602", message, value.span(), "expected one of its type")
    }
}

/// A place in the decoded value.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) tokens: TokenStream,
    /// It is a reference to the value.
    pub(super) reference: bool,
}

impl Place {
    fn member(&self, ident: &proc_macro2::Ident) -> Self {
        let base = &self.tokens;
        Self { tokens: quote!(#base.#ident), reference: false }
    }

    /// An expression for the value itself.
    fn value(&self) -> TokenStream {
        let place = &self.tokens;
        if self.reference { quote!(*#place) } else { quote!(#place) }
    }
}

/// Assertions that a structure has the fields of a vector.
pub(super) fn assertions(
    v: &Vectors<'_, '_>,
    name: &str,
    module: usize,
    def: &StructDef,
    place: &Place,
    value: &Value,
) -> TokenStream {
    match (def.is_enum, def.body.last()) {
        (true, Some(Member::Match(m))) => crate::emit::sizes::bare(&variant(v, module, m, place, value)),
        _ => {
            let Value::Record(values, _) = value else { return v.wrong(name, value) };
            fields(v, name, module, &rust_fields(&def.body), values, &|field| place.member(&field.ident()))
        }
    }
}

fn fields(
    v: &Vectors<'_, '_>,
    owner: &str,
    module: usize,
    fields: &[RustField<'_>],
    values: &[(crate::ast::Ident, Value)],
    place: &dyn Fn(&RustField<'_>) -> Place,
) -> TokenStream {
    let each = values.iter().map(|(name, value)| match fields.iter().find(|field| field.name() == name.text) {
        Some(field) => one(v, module, field, &place(field), value),
        None => {
            let message = format!("`{owner}` has no field `{}`", name.text);
            v.report("R0603", message, &name.span, "nothing to compare it with")
        }
    });
    each.collect()
}

fn one(v: &Vectors<'_, '_>, module: usize, field: &RustField<'_>, place: &Place, value: &Value) -> TokenStream {
    if let Some(expected) = of_field(v.cx, module, field, value) {
        return equal(place, &expected, value, field);
    }
    let tokens = &place.tokens;
    let place = if field.optional {
        Place { tokens: quote!(#tokens.as_ref().unwrap()), reference: true }
    } else if matches!(field.holds, Holds::Field(f) if f.boxed) {
        Place { tokens: quote!(#tokens.as_ref()), reference: true }
    } else {
        place.clone()
    };
    match field.holds {
        Holds::Match(m) => variant(v, module, m, &place, value),
        Holds::Field(f) => match (&f.ty, value) {
            (Type::Text(Text::By(_)), Value::Str(text)) => {
                let (tokens, text) = (&place.tokens, &text.text);
                quote!(assert_eq!(#tokens.to_text(1252), #text);)
            }
            (Type::Named(id, _), _) => match v.cx.struct_def(*id) {
                Some(def) => {
                    let owner = v.cx.program.ty(*id);
                    assertions(v, &owner.name, owner.module, def, &place, value)
                }
                None => v.wrong(&f.name, value),
            },
            (Type::Array(element, _), Value::List(values, _)) => elements(v, &f.name, element, &place, values),
            _ => v.wrong(&f.name, value),
        },
        Holds::Kept(d) => v.wrong(&d.name, value),
    }
}

/// Elements that no whole expected value can be written for.
fn elements(v: &Vectors<'_, '_>, name: &str, element: &Type, place: &Place, values: &[Value]) -> TokenStream {
    let (list, count) = (&place.tokens, Literal::usize_unsuffixed(values.len()));
    let mut out = quote!(assert_eq!(#list.len(), #count););
    for (index, value) in values.iter().enumerate() {
        let index = Literal::usize_unsuffixed(index);
        let at = Place { tokens: quote!(#list[#index]), reference: false };
        out.extend(match element {
            Type::Named(id, _) if v.cx.struct_def(*id).is_some() => {
                let owner = v.cx.program.ty(*id);
                let def = v.cx.struct_def(*id);
                def.map(|def| assertions(v, &owner.name, owner.module, def, &at, value)).unwrap_or_default()
            }
            _ => v.wrong(name, value),
        });
    }
    out
}

fn equal(place: &Place, expected: &TokenStream, value: &Value, field: &RustField<'_>) -> TokenStream {
    let (tokens, place) = (&place.tokens, place.value());
    let list = matches!(field.holds, Holds::Field(f) if matches!(f.ty, Type::Array(..)));
    match (value, expected.to_string().as_str()) {
        (Value::List(values, _), _) if values.is_empty() && list && !field.optional => {
            quote!(assert!(#tokens.is_empty());)
        }
        (_, "true") => quote!(assert!(#place);),
        (_, "false") => quote!(assert!(!#place);),
        _ => assert_equal(&place, expected),
    }
}

/// A longer value has a line of its own: what stands inside a macro is not formatted.
fn assert_equal(place: &TokenStream, expected: &TokenStream) -> TokenStream {
    let text = expected.to_string();
    if place.to_string().len() + text.len() < 72 && !text.contains('{') {
        return quote!(assert_eq!(#place, #expected););
    }
    quote!(let expected = #expected; assert_eq!(#place, expected);)
}

/// Assertions that a match has the variant of a vector.
fn variant(v: &Vectors<'_, '_>, module: usize, m: &Match, place: &Place, value: &Value) -> TokenStream {
    if let Some(expected) = of_variant(v.cx, module, m, value) {
        let place = place.value();
        return assert_equal(&place, &expected);
    }
    let Some((arm, inner)) = named_arm(m, value) else { return v.wrong(&m.enum_name, value) };
    let (name, variant, tokens) = (v.cx.name_in(module, &m.enum_name), verbatim(&arm.name), &place.tokens);
    let fields_of_arm = arm_fields(m, arm);
    let reference = if place.reference { quote!(#tokens) } else { quote!(&#tokens) };
    let at = |field: &RustField<'_>| {
        let ident = field.ident();
        Place { tokens: quote!(#ident), reference: true }
    };
    let other = quote!(else { panic!("{:?}", #tokens) });
    match (fields_of_arm.as_slice(), inner) {
        ([field], Some(value)) => {
            let (ident, checks) = (field.ident(), one(v, module, field, &at(field), value));
            quote!({ let #name::#variant(#ident) = #reference #other; #checks })
        }
        (many, Some(Value::Record(values, _))) => {
            let checks = fields(v, &m.enum_name, module, many, values, &at);
            let idents = many.iter().filter(|f| values.iter().any(|(n, _)| n.text == f.name())).map(RustField::ident);
            quote!({ let #name::#variant { #(#idents,)* .. } = #reference #other; #checks })
        }
        _ => v.wrong(&m.enum_name, value),
    }
}

/// The variant that a value names, and what is in it.
fn named_arm<'m, 'v>(m: &'m Match, value: &'v Value) -> Option<(&'m crate::model::Arm, Option<&'v Value>)> {
    let (name, inner) = match value {
        Value::Name(name) => (name, None),
        Value::Variant(name, inner) => (name, Some(inner.as_ref())),
        Value::Record(fields, _) => match fields.as_slice() {
            [(name, inner)] => (name, Some(inner)),
            _ => return None,
        },
        _ => return None,
    };
    let arm = m.arms.iter().find(|arm| arm.name == name.text)?;
    Some((arm, inner))
}

/// A whole variant; `None` when the vector leaves something out.
fn of_variant(cx: &Context<'_>, module: usize, m: &Match, value: &Value) -> Option<TokenStream> {
    let (arm, inner) = named_arm(m, value)?;
    let (name, variant) = (cx.name_in(module, &m.enum_name), verbatim(&arm.name));
    let fields = arm_fields(m, arm);
    match (fields.as_slice(), inner) {
        ([], None) => Some(quote!(#name::#variant)),
        ([], Some(Value::Record(values, _))) if values.is_empty() => Some(quote!(#name::#variant)),
        ([one], Some(value)) => {
            let value = of_field(cx, module, one, value)?;
            Some(quote!(#name::#variant(#value)))
        }
        (many, Some(Value::Record(values, _))) => {
            let inits = of_fields(cx, module, many, values)?;
            Some(quote!(#name::#variant { #inits }))
        }
        _ => None,
    }
}

fn of_fields(
    cx: &Context<'_>,
    module: usize,
    fields: &[RustField<'_>],
    values: &[(crate::ast::Ident, Value)],
) -> Option<TokenStream> {
    if values.iter().any(|(name, _)| !fields.iter().any(|field| field.name() == name.text)) {
        return None;
    }
    let mut inits = TokenStream::new();
    for field in fields {
        let (_, value) = values.iter().find(|(name, _)| name.text == field.name())?;
        let (ident, value) = (field.ident(), of_field(cx, module, field, value)?);
        inits.extend(quote!(#ident: #value,));
    }
    Some(inits)
}

fn of_field(cx: &Context<'_>, module: usize, field: &RustField<'_>, value: &Value) -> Option<TokenStream> {
    let value = match field.holds {
        Holds::Field(f) => {
            let value = of_type(cx, &f.ty, value)?;
            if f.boxed { quote!(Box::new(#value)) } else { value }
        }
        Holds::Match(m) => of_variant(cx, module, m, value)?,
        Holds::Kept(d) => of_type(cx, &d.ty, value)?,
    };
    Some(if field.optional { quote!(Some(#value)) } else { value })
}

/// A parameter's value as an argument.
pub(super) fn argument(cx: &Context<'_>, param: &crate::model::Param, value: &Value) -> Option<TokenStream> {
    match value {
        Value::List(values, _) if param.list => {
            let values: Option<Vec<TokenStream>> = values.iter().map(|value| of_type(cx, &param.ty, value)).collect();
            let values = values?;
            Some(quote!(&[#(#values),*]))
        }
        _ if param.list => None,
        _ => {
            let value = of_type(cx, &param.ty, value)?;
            Some(if cx.is_copy(&param.ty) { value } else { quote!(&#value) })
        }
    }
}

/// A counter of a set, or the first and last of several: `5`, `[7, 9]`.
fn range(value: &Value) -> Option<TokenStream> {
    let (first, last) = match value {
        Value::Int(number, _) => (*number, *number),
        Value::List(ends, _) => match ends.as_slice() {
            [Value::Int(first, _), Value::Int(last, _)] => (*first, *last),
            _ => return None,
        },
        _ => return None,
    };
    let (first, last) = (integer(first), integer(last));
    Some(quote!((#first, #last)))
}

fn of_type(cx: &Context<'_>, ty: &Type, value: &Value) -> Option<TokenStream> {
    match (ty, value) {
        (Type::Int(kind), Value::Int(number, _)) => fits(*kind, *number).then(|| integer(*number)),
        (Type::U48Be, Value::Int(number, _)) => (0..1 << 48).contains(number).then(|| integer(*number)),
        (Type::IntByForm(by), Value::Int(number, _)) => fits(by.widest(), *number).then(|| integer(*number)),
        (Type::Float(_), Value::Int(number, _)) => {
            let number = Literal::f64_unsuffixed(*number as f64);
            Some(quote!(#number))
        }
        (Type::Bool(_), Value::Int(number, _)) => Some(if *number == 0 { quote!(false) } else { quote!(true) }),
        (Type::FileTime, Value::Int(number, _)) => {
            let (name, number) = (cx.runtime("FileTime"), integer(*number));
            Some(quote!(#name(#number)))
        }
        (Type::GlobSet, Value::List(ranges, _)) => {
            let name = cx.runtime("GlobSet");
            let ranges: Option<Vec<TokenStream>> = ranges.iter().map(range).collect();
            let ranges = ranges?;
            Some(quote!(#name::from_iter([#(#ranges),*])))
        }
        (Type::Guid, Value::Str(text)) => {
            let guid = crate::lower::values::parse_guid(&text.text).or_else(|| bytes(&text.text)?.try_into().ok())?;
            Some(const_value(cx, ty, &ConstValue::Guid(guid)))
        }
        (Type::Named(id, _), _) => of_named(cx, ty, *id, value),
        (Type::Text(text), Value::Str(value)) => {
            let value = &value.text;
            let name = match text {
                Text::Utf16Nul | Text::Utf16Counted(..) => cx.runtime("Utf16"),
                Text::String8Nul | Text::String8Counted(_) | Text::Line => cx.runtime("String8"),
                Text::BytesCounted(_) => return blob(cx, value),
                Text::By(_) => return None,
            };
            Some(quote!(#name::from(#value)))
        }
        (Type::Bytes(Extent::Const(_)) | Type::Array(_, Extent::Const(_)), Value::Str(text)) => {
            let bytes = bytes(&text.text)?.into_iter().map(|byte| hex(u64::from(byte), 1));
            Some(quote!([#(#bytes),*]))
        }
        (Type::Bytes(_), Value::Str(text)) => blob(cx, &text.text),
        (Type::Array(element, extent), Value::List(values, _)) => {
            let values: Option<Vec<TokenStream>> = values.iter().map(|value| of_type(cx, element, value)).collect();
            let values = values?;
            Some(match extent {
                Extent::Const(_) => quote!([#(#values),*]),
                _ if values.is_empty() => quote!(Vec::new()),
                // No macro: what stands inside one is not formatted.
                _ => quote!(Vec::from([#(#values),*])),
            })
        }
        _ => None,
    }
}

fn of_named(cx: &Context<'_>, ty: &Type, id: TypeId, value: &Value) -> Option<TokenStream> {
    let def = cx.program.ty(id);
    match (&def.kind, value) {
        (TypeKind::Enum(e), _) => {
            let constant = |name: &str| {
                let (ty, name) = (cx.type_name(id), screaming(name));
                quote!(#ty::#name)
            };
            match value {
                Value::Name(name) if e.items.iter().any(|(item, ..)| *item == name.text) => Some(constant(&name.text)),
                Value::Int(number, _) => {
                    let number = u64::try_from(*number).ok().filter(|_| fits(e.base, *number))?;
                    let known = e.items.iter().find(|(_, value, _)| *value == number);
                    Some(
                        known
                            .map_or_else(|| const_value(cx, ty, &ConstValue::Int(number)), |(name, ..)| constant(name)),
                    )
                }
                _ => None,
            }
        }
        (TypeKind::Bits(b), Value::Int(number, _)) => {
            let number = u64::try_from(*number).ok().filter(|_| fits(b.base, *number))?;
            Some(const_value(cx, ty, &ConstValue::Int(number)))
        }
        (TypeKind::Form(forms), Value::Name(name)) => {
            forms.items.iter().any(|(item, _)| *item == name.text).then(|| cx.constant(id, &name.text))
        }
        (TypeKind::Struct(inner), _) => match (inner.is_enum, inner.body.last(), value) {
            (true, Some(Member::Match(m)), _) => of_variant(cx, def.module, m, value),
            (false, _, Value::Record(values, _)) => {
                let inits = of_fields(cx, def.module, &rust_fields(&inner.body), values)?;
                let name = cx.type_name(id);
                Some(quote!(#name { #inits }))
            }
            _ => None,
        },
        _ => None,
    }
}

/// The integer has this value.
fn fits(kind: IntKind, number: i128) -> bool {
    let bits = u32::from(kind.size) * 8;
    let (low, high) = if kind.signed { (-(1 << (bits - 1)), 1 << (bits - 1)) } else { (0, 1 << bits) };
    (low..high).contains(&number)
}

fn integer(number: i128) -> TokenStream {
    let literal = Literal::i128_unsuffixed(number);
    quote!(#literal)
}

fn blob(cx: &Context<'_>, text: &str) -> Option<TokenStream> {
    bytes(text)?;
    let name = cx.runtime("Blob");
    let hex = snake("hex");
    Some(quote!(#name::from(#hex(#text))))
}

/// The bytes of hexadecimal text; blanks, `|` and comments may stand between them.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let text = text.lines().filter_map(|line| line.split('#').next());
    let words = text.flat_map(|line| line.split(|c: char| c.is_whitespace() || c == '|'));
    let mut bytes = Vec::new();
    for word in words {
        let digits: Vec<u32> = word.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
        for pair in digits.chunks(2) {
            let [high, low] = pair else { return None };
            bytes.push(u8::try_from(high << 4 | low).ok()?);
        }
    }
    Some(bytes)
}
