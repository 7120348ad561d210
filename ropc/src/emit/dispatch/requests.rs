//! Every request in one enum.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::emit::context::{Context, hex};
use crate::emit::names::{screaming, verbatim};
use crate::emit::operations::request_struct;
use crate::model::Rop;

/// ROPs that a client sends.
pub(in crate::emit) fn sent<'p>(cx: &Context<'p>) -> impl Iterator<Item = &'p Rop> {
    cx.program.rops.iter().filter(|rop| rop.unsolicited.is_none())
}

/// The arm of the variant that has the lifetime where no request has it.
pub(super) fn never_arm(cx: &Context<'_>, of: &TokenStream) -> TokenStream {
    if sent(cx).any(|rop| request_struct(rop).layout.lifetime) {
        return TokenStream::new();
    }
    quote!(#of::Never(never, _) => match *never {},)
}

/// The request structure of a ROP, imported, with lifetime where it has one.
pub(in crate::emit) fn request_type(cx: &Context<'_>, rop: &Rop, lifetime: &TokenStream) -> TokenStream {
    let name = cx.name_in(rop.module, &format!("{}Request", rop.name));
    if request_struct(rop).layout.lifetime { quote!(#name<#lifetime>) } else { name }
}

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let (cursor, encoder) = (cx.runtime("Cursor"), cx.runtime("Encoder"));
    let (unpack_error, pack_error) = (cx.runtime("UnpackError"), cx.runtime("PackError"));
    cx.import("runtime::At");
    let rops: Vec<&Rop> = sent(cx).collect();
    let ids = cx.program.rops.iter().map(|rop| {
        let (name, id) = (screaming(&rop.name), hex(u64::from(rop.id), 1));
        let text = rop.spec.as_ref().map_or_else(|| rop.name.clone(), |spec| format!("{}, {spec}.", rop.name));
        quote!(#[doc = #text] pub const #name: Self = Self(#id);)
    });
    let names = cx.program.rops.iter().map(|rop| {
        let (name, id) = (&rop.name, hex(u64::from(rop.id), 1));
        quote!((#id, #name))
    });
    let variants = rops.iter().map(|rop| {
        let (name, ty) = (verbatim(&rop.name), request_type(cx, rop, &quote!('a)));
        let text = format!("{}.", rop.name);
        quote!(#[doc = #text] #name(#ty))
    });
    let unpack = rops.iter().map(|rop| {
        let (name, id, text) = (verbatim(&rop.name), hex(u64::from(rop.id), 1), &rop.name);
        let ty = cx.name_in(rop.module, &format!("{}Request", rop.name));
        quote!(#id => hand_on(Self::#name(#ty::unpack(c).at(#text)?)),)
    });
    let pack = rops.iter().map(|rop| {
        let (name, text) = (verbatim(&rop.name), &rop.name);
        quote!(Self::#name(request) => request.pack(e).at(#text),)
    });
    let sizes = rops.iter().map(|rop| {
        let name = verbatim(&rop.name);
        quote!(Self::#name(request) => request.packed_size(),)
    });
    let rop_ids = rops.iter().map(|rop| {
        let (name, id) = (verbatim(&rop.name), screaming(&rop.name));
        quote!(Self::#name(_) => RopId::#id,)
    });
    let owned = rops.iter().map(|rop| {
        let name = verbatim(&rop.name);
        if request_struct(rop).layout.lifetime {
            quote!(Self::#name(request) => RopRequest::#name(request.into_owned()),)
        } else {
            quote!(Self::#name(request) => RopRequest::#name(request),)
        }
    });
    let logons = rops.iter().map(|rop| {
        let name = verbatim(&rop.name);
        quote!(Self::#name(request) => request.logon_id,)
    });
    let batch = format_ident!("RopRequest");
    let never = never_arm(cx, &quote!(Self));
    let (sizes, unpack): (Vec<TokenStream>, Vec<TokenStream>) = (sizes.collect(), unpack.collect());
    let unknown = quote!(Err(runtime::rop::unknown_rop(c, rop_id).at("RopId")));
    let hand_on = if rops.is_empty() { quote!(_hand_on) } else { quote!(hand_on) };
    let (size, read) = if rops.is_empty() {
        (quote!(match self { #never }), unknown)
    } else {
        (quote!(1 + match self { #(#sizes)* #never }), quote!(Ok(match rop_id { #(#unpack)* _ => return #unknown, })))
    };
    let never_owned = (!never.is_empty()).then(|| quote!(Self::Never(never, _) => match never {},));
    let never_variant = (!never.is_empty()).then(|| {
        quote! {
            /// Never made: no operation of these borrows from its buffer.
            #[doc(hidden)]
            Never(std::convert::Infallible, std::marker::PhantomData<&'a ()>),
        }
    });
    vec![
        quote! {
            /// The operation of a request or reply, MS-OXCROPS 2.2.2.
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
            pub struct RopId(pub u8);
        },
        quote! {
            impl RopId {
                #(#ids)*

                /// Values with their names in the specification.
                pub const NAMES: &'static [(u8, &'static str)] = &[#(#names),*];
            }
        },
        quote!(runtime::open_enum!(RopId, u8);),
        quote! {
            /// A request of any operation, MS-OXCROPS 2.2.
            #[derive(Clone, Debug, PartialEq)]
            pub enum #batch<'a> { #(#variants,)* #never_variant }
        },
        quote! {
            impl<'a> RopRequest<'a> {
                /// Reads a request, RopId first.
                ///
                /// # Errors
                /// For bytes that are no request; a RopId that is reserved or not described fails the whole call.
                pub fn unpack(c: &mut #cursor<'a>) -> Result<Self, #unpack_error> {
                    Self::unpack_with(c, |request| request)
                }

                /// Reads a request and hands it on to where it stays.
                ///
                /// # Errors
                /// As `unpack`.
                #[inline]
                pub fn unpack_with<R>(
                    c: &mut #cursor<'a>,
                    #hand_on: impl FnOnce(Self) -> R,
                ) -> Result<R, #unpack_error> {
                    let rop_id = c.u8().at("RopId")?;
                    #read
                }

                /// Writes the request, RopId first.
                ///
                /// # Errors
                /// At the encoder's limit, or when its fields contradict each other.
                pub fn pack(&self, e: &mut #encoder) -> Result<(), #pack_error> {
                    self.rop_id().pack(e)?;
                    match self { #(#pack)* #never }
                }

                /// Bytes that `pack` writes.
                #[must_use]
                pub fn packed_size(&self) -> usize {
                    #size
                }

                /// Its operation.
                #[must_use]
                pub fn rop_id(&self) -> RopId {
                    match self { #(#rop_ids)* #never }
                }

                /// The logon that it is for.
                #[must_use]
                pub fn logon_id(&self) -> u8 {
                    match self { #(#logons)* #never }
                }

                /// The same, independent of the buffer that it was read from.
                #[must_use]
                pub fn into_owned(self) -> RopRequest<'static> {
                    match self { #(#owned)* #never_owned }
                }
            }
        },
    ]
}
