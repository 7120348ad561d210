//! `into_owned`: values that outlive the data that they were read from.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::derive::derived;
use super::super::layout;
use super::super::model::{Field, Known, Pointer, Type, TypeDef, TypeKind, Union};
use super::{Emit, ident};

impl<'m> Emit<'m> {
    /// The function of a type that borrows.
    pub(super) fn owned_def(&self, def: &'m TypeDef) -> Option<TokenStream> {
        if !def.layout.borrowed {
            return None;
        }
        match &def.kind {
            TypeKind::Struct(record) => {
                let fields: Vec<&Field> = record.fields.iter().collect();
                let derived = derived(self.model, &fields, |_| true);
                let shown = fields.iter().zip(&derived).filter(|(_, derived)| derived.is_none());
                Some(self.owned_record(&def.rust, &shown.map(|(field, _)| *field).collect::<Vec<_>>()))
            }
            TypeKind::Union(union) => Some(self.owned_union(&def.rust, union)),
            _ => None,
        }
    }

    /// The function of a structure with these fields.
    pub(super) fn owned_record(&self, name: &str, fields: &[&Field]) -> TokenStream {
        let ty = ident(name);
        let values = fields.iter().map(|field| {
            let name = ident(&field.rust);
            let value = self.owned(&field.ty, &quote!(self.#name));
            quote!(#name: #value)
        });
        function(name, &quote!(#ty { #(#values),* }))
    }

    fn owned_union(&self, name: &str, union: &Union) -> TokenStream {
        let ty = ident(name);
        let arms = union.arms.iter().map(|arm| {
            let variant = ident(&arm.variant);
            let value = arm.ty.as_ref().map(|ty| self.owned(ty, &quote!(value)));
            match (arm.single(), value) {
                (Some(_), None) => quote!(Self::#variant => #ty::#variant,),
                (Some(_), Some(value)) => quote!(Self::#variant(value) => #ty::#variant(#value),),
                (None, None) => quote!(Self::#variant(tag) => #ty::#variant(tag),),
                (None, Some(value)) => quote!(Self::#variant(tag, value) => #ty::#variant(tag, #value),),
            }
        });
        function(name, &quote!(match self { #(#arms)* }))
    }

    /// A value of its own from one at a place.
    fn owned(&self, ty: &Type, place: &TokenStream) -> TokenStream {
        if !self.layout(ty).borrowed {
            return place.clone();
        }
        let each = |ty: &Type| {
            let item = self.owned(ty, &quote!(item));
            quote!(#place.into_iter().map(|item| #item).collect())
        };
        match ty {
            Type::Known(Known::Blob) => blob(place),
            Type::Formatted(_, inner) => self.owned(inner, place),
            Type::Sub(sub) => self.owned(&sub.inner, place),
            Type::Pointer(kind, to) => {
                let boxed = |value: TokenStream| match self.is_boxed(*kind, to) {
                    true => quote!(Box::new(#value)),
                    false => value,
                };
                if *kind == Pointer::Ref {
                    return boxed(self.owned(to, place));
                }
                let value = boxed(self.owned(to, &quote!(value)));
                quote!(#place.map(|value| #value))
            }
            Type::Pipe(element) if layout::is_byte(element) => blob(place),
            Type::Pipe(element) => each(element),
            Type::Array(array) if self.small_array(array).is_some() => {
                let item = self.owned(&array.element, &quote!(item));
                quote!(#place.map(|item| #item))
            }
            Type::Array(array) if layout::is_byte(&array.element) => blob(place),
            Type::Array(array) if !layout::is_unit(&array.element) => each(&array.element),
            Type::Flat(flat) if flat.list => quote!(#place.into_iter().map(|text| text.into_owned()).collect()),
            _ => quote!(#place.into_owned()),
        }
    }
}

fn blob(place: &TokenStream) -> TokenStream {
    quote!(Blob::Owned(#place.into_owned()))
}

fn function(name: &str, body: &TokenStream) -> TokenStream {
    let name = ident(name);
    quote! {
        impl #name<'_> {
            #[doc = " The same, independent of the data that it was read from."]
            #[must_use]
            pub fn into_owned(self) -> #name<'static> {
                #body
            }
        }
    }
}
