//! The client's side of the operations: `client.rs`, a builder of batches with a call for each ROP.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::body::rust_fields;
use super::context::{Context, docs, usize_literal};
use super::dispatch::objects::choice_name;
use super::dispatch::replies::{failure_type, response_type};
use super::dispatch::requests::{request_type, sent};
use super::names::{snake, snake_text, verbatim};
use crate::model::{Handle, Member, Request, Rop};

/// Stands for the module, which is no interface's: names of all others are imported.
pub(crate) const MODULE: usize = usize::MAX - 1;

/// Documentation of the module.
pub(crate) const MODULE_DOCS: &[&str] = &[
    "The client's side: batches of operations with their handle tables, replies by ticket, requests with their keys.",
    "",
    "Handles are typed by the kind of object: what an operation cannot take does not compile.",
];

/// The items of `client.rs`.
pub(crate) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    if !cx.program.rops.is_empty() {
        items.extend(of_rops(cx));
    }
    items.extend(cx.program.requests.iter().map(|request| keyed(cx, request)));
    items
}

fn of_rops(cx: &Context<'_>) -> Vec<TokenStream> {
    for name in ["Conversation", "RopReply", "RopRequest"] {
        cx.import(format!("crate::rops::{name}"));
    }
    let mut items = kinds(cx);
    items.extend(batch(cx, sent(cx).any(|rop| rop.success.is_some())));
    let calls: Vec<TokenStream> = sent(cx).map(|rop| call(cx, rop)).collect();
    if !calls.is_empty() {
        items.push(quote!(impl<'q> Batch<'q> { #(#calls)* }));
    }
    items.extend(sent(cx).filter(|rop| rop.success.is_some()).map(|rop| ticketed(cx, rop)));
    items
}

/// A type for each kind of object, and for each set of kinds that an operation takes.
fn kinds(cx: &Context<'_>) -> Vec<TokenStream> {
    let mut items = Vec::new();
    for object in &cx.program.objects {
        let (name, docs) = (verbatim(&object.name), docs(&object.docs, None, &object.name));
        items.push(quote!(#docs #[derive(Debug)] pub enum #name {}));
        items.push(quote!(impl runtime::rop::IsA<#name> for #name {}));
    }
    let mut seen: Vec<&[usize]> = Vec::new();
    for handle in sent(cx).flat_map(|rop| &rop.inputs) {
        let objects = handle.objects.as_slice();
        if objects.len() < 2 || seen.contains(&objects) {
            continue;
        }
        seen.push(objects);
        let name = choice_name(cx.program, objects);
        let members: Vec<_> =
            objects.iter().filter_map(|&o| cx.program.objects.get(o)).map(|object| verbatim(&object.name)).collect();
        let text = members.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let text = format!(" {text}.");
        items.push(quote!(#[doc = #text] #[derive(Debug)] pub enum #name {}));
        items.extend(members.iter().map(|member| quote!(impl runtime::rop::IsA<#name> for #member {})));
    }
    items
}

fn batch(cx: &Context<'_>, any_reply: bool) -> Vec<TokenStream> {
    let (encoder, pack_error) = (cx.runtime("Encoder"), cx.runtime("PackError"));
    let unpack_error = cx.runtime("UnpackError");
    let add = any_reply.then(|| {
        quote! {
            fn add<C>(&mut self, request: RopRequest<'q>, logon_id: u8, output: u8) -> runtime::rop::Ticket<C> {
                let number = self.requests.len();
                self.requests.push(request);
                self.slots.ticket(number, logon_id, output)
            }
        }
    });
    vec![
        quote! {
            /// A ROP input buffer in the making, MS-OXCROPS 2.2.1.
            ///
            /// Each call adds an operation. A ticket that a call gave stands for the handle of the object that it
            /// opens, in later calls of the same batch; handles from the replies of other batches can be used too.
            #[derive(Debug, Default)]
            pub struct Batch<'q> {
                slots: runtime::rop::Slots,
                requests: Vec<RopRequest<'q>>,
            }
        },
        quote! {
            impl<'q> Batch<'q> {
                /// An empty batch.
                #[must_use]
                pub fn new() -> Self {
                    Self::default()
                }

                /// The operations so far.
                #[must_use]
                pub fn requests(&self) -> &[RopRequest<'q>] {
                    &self.requests
                }

                /// The handle table so far.
                #[must_use]
                pub fn handles(&self) -> &[u32] {
                    self.slots.handles()
                }

                #add

                /// Writes the ROP input buffer.
                ///
                /// # Errors
                /// When the operations are too long for one buffer, or their fields contradict each other.
                pub fn pack(&self, e: &mut #encoder) -> Result<(), #pack_error> {
                    let mut rops = #encoder::new();
                    self.requests.iter().try_for_each(|request| request.pack(&mut rops))?;
                    runtime::rop::pack_batch(e, rops.as_slice(), self.slots.handles())
                }

                /// Reads the ROP output buffer that answers this batch, and notes in the conversation what it sets.
                ///
                /// # Errors
                /// When it is malformed, or a reply in it answers no operation of this batch.
                pub fn read<'a>(
                    &self,
                    bytes: &'a [u8],
                    conversation: &mut Conversation,
                ) -> Result<runtime::rop::Replies<RopReply<'a>>, #unpack_error> {
                    let output = runtime::rop::unpack_batch(bytes)?;
                    let replies = conversation.unpack_numbered(&self.requests, &output.handles, output.rops)?;
                    let is_opaque = |reply: &RopReply<'_>| matches!(reply, RopReply::Opaque(_));
                    Ok(self.slots.replies(self.requests.len(), output.handles, replies, is_opaque))
                }
            }
        },
    ]
}

/// The method that adds an operation.
fn call(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let (method, variant) = (snake(&rop.name), verbatim(&rop.name));
    let first: Vec<String> = rop.docs.iter().take_while(|line| !line.trim().is_empty()).cloned().collect();
    let docs = docs(&first, rop.spec.as_deref(), &rop.name);
    let fields = rust_fields(&rop.request.body);
    let names: Vec<String> = fields.iter().map(|field| field.ident().to_string()).collect();
    let argument = |handle: &Handle| match snake(&handle.name) {
        taken if names.contains(&taken.to_string()) => format_ident!("{}_handle", snake_text(&handle.name)),
        free => free,
    };

    let mut arguments = Vec::new();
    let mut slots = Vec::new();
    let mut header = Vec::new();
    for (number, handle) in rop.inputs.iter().enumerate() {
        let (name, index, ty) = (argument(handle), snake(&handle.index_field), input_type(cx, handle));
        arguments.push(quote!(#name: &impl #ty));
        let logon_id = if number == 0 { quote!(logon_id) } else { quote!(_) };
        slots.push(quote!(let (#index, #logon_id) = self.slots.input(#name)?;));
        header.push(quote!(#index));
    }
    if rop.inputs.is_empty() {
        arguments.push(quote!(logon_id: u8));
    }
    if let Some(output) = &rop.output {
        let index = snake(&output.index_field);
        slots.push(quote!(let #index = self.slots.output()?;));
        header.push(quote!(#index));
    }
    if let Some(response) = &rop.response {
        // What it names does not matter: the input's slot is as good as any.
        let index = snake(&response.index_field);
        let same = rop.inputs.first().map(|input| snake(&input.index_field));
        slots.push(match same {
            Some(same) => quote!(let #index = #same;),
            None => quote!(let #index = self.slots.output()?;),
        });
        header.push(quote!(#index));
    }
    for field in &fields {
        let (name, ty) = (field.ident(), field.ty(cx, &quote!('q)));
        arguments.push(quote!(#name: #ty));
        header.push(quote!(#name));
    }

    let request = cx.name_in(rop.module, &format!("{}Request", rop.name));
    let ticket = rop.success.is_some().then(|| request_type(cx, rop, &quote!('static)));
    let made = quote!(let request = #request { logon_id, #(#header),* };);
    let (result, end) = match ticket {
        Some(ty) => {
            let output = rop.output.as_ref().map_or(quote!(0), |output| {
                let index = snake(&output.index_field);
                quote!(#index)
            });
            (
                quote!(runtime::rop::Ticket<#ty>),
                quote!(#made Ok(self.add(RopRequest::#variant(request), logon_id, #output))),
            )
        }
        None => (quote!(()), quote!(#made self.requests.push(RopRequest::#variant(request)); Ok(()))),
    };
    // Clippy counts `self` too.
    let many = (arguments.len() > 6).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    quote! {
        #docs
        ///
        /// # Errors
        /// When the handle table is full or a handle is another batch's.
        #many
        pub fn #method(&mut self, #(#arguments),*) -> Result<#result, runtime::rop::BatchError> {
            #(#slots)*
            #end
        }
    }
}

/// What a handle's argument has to be.
fn input_type(cx: &Context<'_>, handle: &Handle) -> TokenStream {
    match handle.objects.as_slice() {
        [] => quote!(runtime::rop::Input),
        [one] => {
            let kind = cx.program.objects.get(*one).map_or_else(|| format_ident!("Objects"), |o| verbatim(&o.name));
            quote!(runtime::rop::Input<Kind: runtime::rop::IsA<#kind>>)
        }
        many => {
            let kind = choice_name(cx.program, many);
            quote!(runtime::rop::Input<Kind: runtime::rop::IsA<#kind>>)
        }
    }
}

/// What the ticket of an operation fetches.
fn ticketed(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let (request, variant) = (request_type(cx, rop, &quote!('static)), verbatim(&rop.name));
    let (response, failure) = (response_type(cx, rop, &quote!('a)), failure_type(cx, rop, &quote!('a)));
    let object = rop.output.as_ref().and_then(|output| cx.program.objects.get(*output.objects.first()?));
    let object = object.map(|object| {
        let name = verbatim(&object.name);
        quote!(=> #name)
    });
    quote!(runtime::rop_call!('a, #request, RopReply::#variant, #response, #failure #object);)
}

/// The key of a request, and what answers it.
fn keyed(cx: &Context<'_>, request: &Request) -> TokenStream {
    let name = |what: &str, lifetime: bool, of: TokenStream| {
        let name = cx.name_in(request.module, &format!("{}{what}", request.name));
        if lifetime { quote!(#name<#of>) } else { name }
    };
    let ty = name("Request", request.request.layout.lifetime, quote!('_));
    let response = name("Response", request.success.layout.lifetime, quote!('a));
    let key = &request.key;
    let failure = request.failure.as_ref().and_then(|failure| {
        let status = usize_literal(status_size(cx, request)?);
        let failure = name("Failure", failure.layout.lifetime, quote!('a));
        Some(quote!(, #failure, #status))
    });
    quote!(runtime::keyed_request!('a, #ty, #key, #response #failure);)
}

/// Bytes of the status that every reply of the family begins with.
fn status_size(cx: &Context<'_>, request: &Request) -> Option<u64> {
    let status = request.status.as_ref()?;
    match request.success.body.first()? {
        Member::Field(field) if field.name == *status => Some(cx.layout(&field.ty).min_size),
        _ => None,
    }
}
