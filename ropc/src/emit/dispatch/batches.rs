//! ROP buffers: operations with their handle table, as a client builds and reads them.

use proc_macro2::TokenStream;
use quote::quote;

use crate::emit::context::{Context, docs};
use crate::emit::in_place::blank_structure;
use crate::emit::names::verbatim;
use crate::emit::operations::request_struct;
use crate::model::Batch;

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    cx.program
        .batches
        .iter()
        .flat_map(|batch| if batch.replies { output(cx, batch) } else { input(cx, batch) })
        .collect()
}

fn input(cx: &Context<'_>, batch: &Batch) -> Vec<TokenStream> {
    let name = verbatim(&batch.name);
    let docs = docs(&batch.docs, batch.spec.as_deref(), &batch.name);
    let (cursor, encoder) = (cx.runtime("Cursor"), cx.runtime("Encoder"));
    let (unpack_error, pack_error) = (cx.runtime("UnpackError"), cx.runtime("PackError"));
    let push = match blank(cx) {
        Some(blank) => quote! {
            c.push_in_place(&mut requests, #blank, |c, place| {
                RopRequest::unpack_with(c, |request| place.put(request))
            })?;
        },
        None => quote!(requests.push(RopRequest::unpack(&mut c)?);),
    };
    vec![
        quote! {
            #docs
            #[derive(Clone, Debug, Default, PartialEq)]
            pub struct #name<'a> {
                /// The requests in order.
                pub requests: Vec<RopRequest<'a>>,
                /// The server object handle table.
                pub handles: Vec<u32>,
            }
        },
        quote! {
            impl<'a> #name<'a> {
                /// Reads it.
                ///
                /// # Errors
                /// When it is malformed, or an operation in it is reserved or not described.
                pub fn unpack(bytes: &'a [u8]) -> Result<Self, #unpack_error> {
                    let batch = runtime::rop::unpack_batch(bytes)?;
                    let mut c = #cursor::at_offset(batch.rops, runtime::rop::ROP_SIZE);
                    // Room for as many as clients usually send.
                    let mut requests = Vec::with_capacity(c.capacity(16, 3));
                    while !c.is_empty() {
                        #push
                    }
                    Ok(Self { requests, handles: batch.handles })
                }

                /// Writes it.
                ///
                /// # Errors
                /// When the requests are too long for one buffer, or a request's fields contradict each other.
                pub fn pack(&self, e: &mut #encoder) -> Result<(), #pack_error> {
                    let mut rops = #encoder::new();
                    self.requests.iter().try_for_each(|request| request.pack(&mut rops))?;
                    runtime::rop::pack_batch(e, rops.as_slice(), &self.handles)
                }
            }
        },
    ]
}

/// A request that owns nothing.
fn blank(cx: &Context<'_>) -> Option<TokenStream> {
    cx.program.rops.iter().filter(|rop| rop.unsolicited.is_none()).find_map(|rop| {
        let (name, ty) = (verbatim(&rop.name), cx.name_in(rop.module, &format!("{}Request", rop.name)));
        let request = blank_structure(cx, &ty, &request_struct(rop))?;
        Some(quote!(RopRequest::#name(#request)))
    })
}

fn output(cx: &Context<'_>, batch: &Batch) -> Vec<TokenStream> {
    let name = verbatim(&batch.name);
    let docs = docs(&batch.docs, batch.spec.as_deref(), &batch.name);
    let unpack_error = cx.runtime("UnpackError");
    vec![
        quote! {
            #docs
            #[derive(Clone, Debug, Default, PartialEq)]
            pub struct #name<'a> {
                /// The replies in order.
                pub replies: Vec<RopReply<'a>>,
                /// The server object handle table.
                pub handles: Vec<u32>,
            }
        },
        quote! {
            impl<'a> #name<'a> {
                /// Reads the answer to these requests, and notes in the conversation what it sets.
                ///
                /// # Errors
                /// When it is malformed, or a reply in it answers none of the requests.
                pub fn unpack(
                    bytes: &'a [u8],
                    requests: &[RopRequest<'_>],
                    conversation: &mut Conversation,
                ) -> Result<Self, #unpack_error> {
                    let batch = runtime::rop::unpack_batch(bytes)?;
                    let replies = conversation.unpack_replies(requests, &batch.handles, batch.rops)?;
                    Ok(Self { replies, handles: batch.handles })
                }
            }
        },
    ]
}
