//! Where the fields of fixed size stand, told apart from the code that reads and writes them: those that begin a
//! structure, and those that end it.
//!
//! Reading and writing may be wrong alike, and then every value comes back. Its bytes are not those of the fields.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use crate::ast::ReservedRule;
use crate::emit::context::Context;
use crate::emit::names::snake;
use crate::emit::values;
use crate::model::{ConstValue, Extent, Field, IntKind, Member, Role, StructDef, Type, TypeKind};

/// Expressions over `value` whose bytes stand at the ends of what it is packed to.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) first: Vec<TokenStream>,
    pub(super) last: Vec<TokenStream>,
}

impl Ends {
    /// Of a structure that ends where its last member does, or (`fixed_end` is false) may end elsewhere.
    pub(super) fn of(cx: &Context<'_>, def: &StructDef, fixed_end: bool) -> Self {
        let value = quote!(value);
        let (first, whole) = members(cx, &def.body, &value, def.body.iter());
        let last = if whole || !fixed_end {
            Vec::new()
        } else {
            let (mut last, _) = members(cx, &def.body, &value, def.body.iter().rev());
            last.reverse();
            last
        };
        Self { first, last }
    }

    /// Something else than the value decides some bits of the first fields.
    pub(super) fn has_rules(&self) -> bool {
        self.first.iter().any(|field| {
            let text = field.to_string();
            ["Any (", "Must (", "Bits ("].iter().any(|rule| text.starts_with(rule))
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.last.is_empty()
    }
}

/// Members up to the first that is of no fixed size, each as its bytes; whether there is none such.
fn members<'m>(
    cx: &Context<'_>,
    scope: &[Member],
    value: &TokenStream,
    members: impl Iterator<Item = &'m Member>,
) -> (Vec<TokenStream>, bool) {
    let mut found = Vec::new();
    for member in members {
        match member {
            Member::Let(..) | Member::Require(_) => {}
            Member::Field(field) => match of_field(cx, scope, field, value) {
                Some(bytes) => found.push(bytes),
                None => return (found, false),
            },
            _ => return (found, false),
        }
    }
    (found, true)
}

fn of_field(cx: &Context<'_>, scope: &[Member], field: &Field, value: &TokenStream) -> Option<TokenStream> {
    if field.at.is_some() || field.boxed || field.transform.is_some() || !field.derived_bits.is_empty() {
        return None;
    }
    match &field.role {
        Role::Plain => {
            let ident = snake(&field.name);
            of_type(cx, &field.ty, &quote!(#value.#ident))
        }
        Role::Fixed(number) => {
            let number = number_of(*number, int_of(cx, &field.ty)?);
            cx.import("generated_tests::layout::Any");
            Some(quote!(Any(#number)))
        }
        Role::Const(constant) => {
            let value = match constant {
                ConstValue::Int(number) => number_of(*number, int_of(cx, &field.ty)?),
                guid => values::const_value(cx, &field.ty, guid),
            };
            cx.import("generated_tests::layout::Must");
            Some(quote!(Must(#value)))
        }
        Role::Count(count) if count.none.is_none() => {
            let is_list = |member: &Member| match member {
                Member::Field(list) if list.name == count.of && list.at.is_none() => {
                    matches!(&list.ty, Type::Array(_, Extent::Count(_)) | Type::Bytes(Extent::Count(_)))
                }
                _ => false,
            };
            let (list, kind) = (snake(&count.of), int_of(cx, &field.ty)?);
            let ty = crate::emit::context::int(kind);
            scope.iter().any(is_list).then(|| quote!((#value.#list.len() as #ty)))
        }
        _ => None,
    }
}

/// The integer that a value is on the wire.
fn int_of(cx: &Context<'_>, ty: &Type) -> Option<IntKind> {
    match ty {
        Type::Int(kind) => Some(*kind),
        Type::Bool(size) => Some(IntKind { size: *size, signed: false }),
        Type::Named(id, _) => match &cx.program.ty(*id).kind {
            TypeKind::Enum(e) => Some(e.base),
            TypeKind::Bits(b) => Some(b.base),
            TypeKind::Struct(_) | TypeKind::Form(_) => None,
        },
        _ => None,
    }
}

fn number_of(number: u64, kind: IntKind) -> TokenStream {
    let number = match (kind.size, kind.signed) {
        (1, false) => Literal::u8_suffixed(number as u8),
        (2, false) => Literal::u16_suffixed(number as u16),
        (4, false) => Literal::u32_suffixed(number as u32),
        (8, false) => Literal::u64_suffixed(number),
        (1, true) => Literal::i8_suffixed(number as i8),
        (2, true) => Literal::i16_suffixed(number as i16),
        (4, true) => Literal::i32_suffixed(number as i32),
        _ => Literal::i64_suffixed(number.cast_signed()),
    };
    quote!(#number)
}

fn of_type(cx: &Context<'_>, ty: &Type, value: &TokenStream) -> Option<TokenStream> {
    match ty {
        Type::Int(_) | Type::Float(_) | Type::Guid | Type::FileTime | Type::Bool(1) => Some(value.clone()),
        Type::Bool(_) => Some(quote!(u16::from(#value))),
        Type::U48Be => {
            cx.import("generated_tests::layout::Six");
            Some(quote!(Six(#value)))
        }
        Type::Bytes(Extent::Const(_)) => Some(value.clone()),
        Type::Array(element, Extent::Const(_)) if matches!(**element, Type::Int(_)) => Some(value.clone()),
        Type::Named(id, arguments) => match &cx.program.ty(*id).kind {
            TypeKind::Bits(bits) if bits.reserved != ReservedRule::Ignore => {
                let (known, refused) = (number_of(bits.known, bits.base), bits.reserved == ReservedRule::Reject);
                cx.import("generated_tests::layout::Bits");
                Some(quote!(Bits(#value.0, #known, #refused)))
            }
            TypeKind::Enum(_) | TypeKind::Bits(_) => Some(quote!(#value.0)),
            TypeKind::Struct(def) if arguments.is_empty() && !def.is_enum && def.max_recursion.is_none() => {
                let (all, whole) = members(cx, &def.body, value, def.body.iter());
                // More than one: they stand together.
                (whole && !all.is_empty()).then(|| match all.as_slice() {
                    [one] => one.clone(),
                    all => {
                        cx.import("generated_tests::layout::bytes");
                        quote!([#(bytes(&#all)),*].concat())
                    }
                })
            }
            _ => None,
        },
        _ => None,
    }
}
