//! Declarations: structures, unions as enums, enumerations and bitmaps as newtypes, constants.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::derive::derived;
use super::super::model::{Arm, Field, Flags, Layout, Scalar, Struct, TypeDef, TypeKind, Union};
use super::super::names;
use super::{Emit, docs, ident, literal};

impl<'m> Emit<'m> {
    /// The constants of the interface: its id first.
    pub(super) fn constants(&self) -> Vec<TokenStream> {
        let mut items = Vec::new();
        if let Some(uuid) = self.model.uuid.as_deref().and_then(uuid_fields) {
            let (major, minor) = self.model.version;
            let (major, minor) =
                (proc_macro2::Literal::u16_unsuffixed(major), proc_macro2::Literal::u16_unsuffixed(minor));
            items.push(quote! {
                #[doc = " What names the interface in a bind."]
                pub const UUID: Guid = #uuid;
            });
            items.push(quote! {
                #[doc = " Major and minor version."]
                pub const VERSION: (u16, u16) = (#major, #minor);
            });
        }
        for constant in &self.model.consts {
            let name = ident(&names::const_name(&constant.name));
            let docs = docs(&constant.docs, &format!("`{}`", constant.name));
            let (ty, value) = (self.scalar(constant.scalar), literal(constant.scalar, constant.value));
            items.push(quote!(#docs pub const #name: #ty = #value;));
        }
        items
    }

    /// The declaration of a type and its implementation.
    pub(super) fn type_def(&self, def: &'m TypeDef) -> Vec<TokenStream> {
        if def.hook.is_some() {
            return Vec::new();
        }
        match &def.kind {
            TypeKind::Opaque => Vec::new(),
            TypeKind::Struct(record) => {
                let items = [self.struct_decl(def, record), self.struct_impl(def, record)];
                items.into_iter().chain(self.owned_def(def)).collect()
            }
            TypeKind::Union(union) => {
                let items = [self.union_decl(def, union), self.union_default(def, union), self.union_impl(def, union)];
                items.into_iter().chain(self.owned_def(def)).collect()
            }
            TypeKind::Enum(flags) => self.newtype(def, flags, false),
            TypeKind::Bitmap(flags) => self.newtype(def, flags, true),
        }
    }

    fn type_docs(&self, def: &TypeDef, kind: &str) -> TokenStream {
        let mut lines = def.docs.clone();
        if lines.is_empty() {
            lines.push(format!("The {kind} `{}`.", def.name));
        }
        if let Some(spec) = &def.spec {
            lines.push(String::new());
            lines.push(format!("{spec}."));
        }
        docs(&lines, "")
    }

    fn struct_decl(&self, def: &'m TypeDef, record: &'m Struct) -> TokenStream {
        let fields: Vec<&Field> = record.fields.iter().collect();
        let derived = derived(self.model, &fields, |_| true);
        let shown: Vec<&Field> =
            fields.iter().zip(&derived).filter(|(_, d)| d.is_none()).map(|(field, _)| *field).collect();
        let docs = self.type_docs(def, "structure");
        self.record(&docs, &def.rust, def.layout, &shown)
    }

    /// A Rust structure.
    pub(super) fn record(&self, docs: &TokenStream, name: &str, layout: Layout, fields: &[&Field]) -> TokenStream {
        let derives = derives(layout);
        let name = ident(name);
        let lifetime = self.lifetime(layout.borrowed);
        if fields.is_empty() {
            return quote!(#docs #derives pub struct #name;);
        }
        let fields = fields.iter().map(|field| {
            let docs = super::docs(&field.docs, &format!("`{}`", field.name));
            let (name, ty) = (ident(&field.rust), self.rust_type(&field.ty));
            quote!(#docs pub #name: #ty)
        });
        quote!(#docs #derives pub struct #name #lifetime { #(#fields),* })
    }

    fn union_decl(&self, def: &TypeDef, union: &Union) -> TokenStream {
        let docs = self.type_docs(def, "union");
        let empty = empty_default(union).map(|arm| arm.variant.as_str());
        let derives = union_derives(def.layout, empty.is_some());
        let allow = self.is_uneven(union).then(|| quote!(#[allow(clippy::large_enum_variant)]));
        let (name, lifetime, tag) = (ident(&def.rust), self.lifetime(def.layout.borrowed), self.scalar(union.tag));
        let variants = union.arms.iter().map(|arm| {
            let docs = super::docs(&arm.docs, &arm_text(union.tag, arm));
            let name = ident(&arm.variant);
            let chosen = (empty == Some(arm.variant.as_str())).then(|| quote!(#[default]));
            let ty = arm.ty.as_ref().map(|ty| self.rust_type(ty));
            match (arm.single(), ty) {
                (Some(_), None) => quote!(#docs #chosen #name),
                (Some(_), Some(ty)) => quote!(#docs #name(#ty)),
                (None, None) => quote!(#docs #name(#tag)),
                (None, Some(ty)) => quote!(#docs #name(#tag, #ty)),
            }
        });
        quote!(#docs #derives #allow pub enum #name #lifetime { #(#variants),* })
    }

    /// The first arm is the default; one without a member is derived as such.
    fn union_default(&self, def: &TypeDef, union: &Union) -> TokenStream {
        let Some(arm) = default_arm(union).filter(|_| empty_default(union).is_none()) else {
            return TokenStream::new();
        };
        let (name, variant) = (ident(&def.rust), ident(&arm.variant));
        let lifetime = if def.layout.borrowed { quote!(<'_>) } else { TokenStream::new() };
        let tag = literal(union.tag, arm.labels.first().copied().unwrap_or(0));
        let value = match (arm.single(), &arm.ty) {
            (Some(_), _) => quote!(Self::#variant(Default::default())),
            (None, None) => quote!(Self::#variant(#tag)),
            (None, Some(_)) => quote!(Self::#variant(#tag, Default::default())),
        };
        quote! {
            impl Default for #name #lifetime {
                fn default() -> Self {
                    #value
                }
            }
        }
    }

    /// An enumeration or a bitmap: unknown values survive.
    fn newtype(&self, def: &TypeDef, flags: &Flags, bitmap: bool) -> Vec<TokenStream> {
        let docs = self.type_docs(def, if bitmap { "bitmap" } else { "enumeration" });
        let (name, ty, method) = (ident(&def.rust), self.scalar(flags.scalar), ident(flags.scalar.method()));
        let constants = flags.items.iter().map(|item| {
            let docs = super::docs(&item.docs, &format!("`{}`", item.name));
            let (name, value) = (ident(&names::const_name(&item.name)), literal(flags.scalar, item.value));
            quote!(#docs pub const #name: Self = Self(#value);)
        });
        let sets = bitmap.then(|| set_methods(&name));
        vec![
            quote! {
                #docs
                #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
                pub struct #name(pub #ty);
            },
            quote! {
                impl #name {
                    #(#constants)*
                    #sets
                    #[doc = " Reads the value."]
                    #[inline]
                    pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
                        Ok(Self(c.#method()?))
                    }
                    #[doc = " Writes the value."]
                    #[inline]
                    pub fn pack(self, e: &mut NdrEncoder) -> Result<(), PackError> {
                        e.#method(self.0)
                    }
                }
            },
        ]
    }
}

fn set_methods(name: &proc_macro2::Ident) -> TokenStream {
    quote! {
        #[doc = " All flags of the other are set."]
        #[must_use]
        pub const fn contains(self, other: #name) -> bool {
            self.0 & other.0 == other.0
        }
        #[doc = " With the flags of the other set too."]
        #[must_use]
        pub const fn with(self, other: #name) -> Self {
            Self(self.0 | other.0)
        }
        #[doc = " With the flags of the other cleared."]
        #[must_use]
        pub const fn without(self, other: #name) -> Self {
            Self(self.0 & !other.0)
        }
    }
}

/// What an arm without documentation is for.
fn arm_text(tag: Scalar, arm: &Arm) -> String {
    let labels: Vec<String> =
        arm.labels.iter().map(|label| format!("`{}`", literal(tag, *label).to_string().replace(' ', ""))).collect();
    match (arm.default, labels.is_empty()) {
        (true, true) => "Every other value of the discriminant.".to_owned(),
        (true, false) => format!("{} and every other value of the discriminant.", labels.join(", ")),
        _ => format!("Discriminant {}.", labels.join(", ")),
    }
}

fn derives(layout: Layout) -> TokenStream {
    let copy = layout.copy.then(|| quote!(Copy,));
    let eq = (!layout.float).then(|| quote!(Eq,));
    quote!(#[derive(Clone, #copy Debug, PartialEq, #eq Default)])
}

fn union_derives(layout: Layout, default: bool) -> TokenStream {
    let copy = layout.copy.then(|| quote!(Copy,));
    let eq = (!layout.float).then(|| quote!(Eq,));
    let default = default.then(|| quote!(Default,));
    quote!(#[derive(Clone, #copy Debug, PartialEq, #eq #default)])
}

fn default_arm(union: &Union) -> Option<&Arm> {
    union.arms.iter().find(|arm| !arm.default).or(union.arms.first())
}

/// The default, where it is a variant without fields.
fn empty_default(union: &Union) -> Option<&Arm> {
    default_arm(union).filter(|arm| arm.single().is_some() && arm.ty.is_none())
}

/// `Guid::new(..)` of a UUID.
fn uuid_fields(text: &str) -> Option<TokenStream> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let value = u128::from_str_radix(&digits, 16).ok()?;
    let [a, b, c, d, e, f, g, h, data4 @ ..] = value.to_be_bytes();
    let data1 = hex(u64::from(u32::from_be_bytes([a, b, c, d])), 8);
    let data2 = hex(u64::from(u16::from_be_bytes([e, f])), 4);
    let data3 = hex(u64::from(u16::from_be_bytes([g, h])), 4);
    let data4 = data4.iter().map(|byte| hex(u64::from(*byte), 2));
    Some(quote!(Guid::new(#data1, #data2, #data3, [#(#data4),*])))
}

/// A hexadecimal literal of this many digits.
fn hex(value: u64, digits: usize) -> TokenStream {
    format!("0x{value:0digits$x}").parse().unwrap_or_default()
}
