//! Decoding replies with what the conversation has set: the other side's view of declared state.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::objects::state_name;
use super::replies::{answered, reply_fn, reply_id, request_argument, states};
use super::requests::{never_arm, sent};
use super::serve::{effect_value, state_of};
use crate::emit::context::Context;
use crate::emit::names::{snake, snake_text, verbatim};
use crate::model::{Object, Rop};

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    let stateful: Vec<&Object> = cx.program.objects.iter().filter(|o| !o.state.is_empty()).collect();
    let maps = stateful.iter().map(|object| {
        let (field, state) = (map_name(object), state_name(object));
        quote!(#field: BTreeMap<u32, #state>)
    });
    let forget = stateful.iter().map(|object| {
        let field = map_name(object);
        quote!(self.#field.remove(&handle);)
    });
    let (cursor, unpack_error) = (cx.runtime("Cursor"), cx.runtime("UnpackError"));
    let blob = cx.runtime("Blob");
    cx.import("std::collections::BTreeMap");
    cx.import("runtime::UnpackErrorKind");
    let arms: Vec<TokenStream> = answered(cx).map(|rop| arm(cx, rop)).collect();
    let used = crate::emit::context::words(&quote!(#(#arms)*));
    let reply_handles = if used.contains("handles") { quote!(handles) } else { quote!(_handles) };
    // No arm that nothing is left for.
    let no_answer = if sent(cx).all(|rop| rop.success.is_some()) {
        never_arm(cx, &quote!(RopRequest))
    } else {
        quote!(_ => return Err(runtime::rop::unknown_rop(c, request.rop_id().0)),)
    };
    let (reply_c, answer) = if sent(cx).next().is_none() {
        let never = never_arm(cx, &quote!(RopRequest));
        (quote!(_c), quote!(match request { #never }))
    } else if arms.is_empty() {
        (quote!(c), quote!(Err(runtime::rop::unknown_rop(c, request.rop_id().0))))
    } else {
        (quote!(c), quote!(Ok(match request { #(#arms)* #no_answer })))
    };
    let silent = cx.program.rops.iter().filter(|r| r.success.is_none() && r.unsolicited.is_none()).map(|rop| {
        let name = verbatim(&rop.name);
        let forget = rop.releases.then(|| quote!(self.forget(handle(handles, request.input_handle_index));));
        let binding = if rop.releases { quote!(request) } else { quote!(_) };
        quote!(RopRequest::#name(#binding) => { #forget })
    });
    let silent: Vec<TokenStream> = silent.collect();
    let silent = if silent.is_empty() {
        quote! {
            /// Every request has a reply.
            fn silent(&mut self, _request: &RopRequest<'_>, _handles: &[u32]) -> bool {
                false
            }
        }
    } else {
        let handles = if crate::emit::context::words(&quote!(#(#silent)*)).contains("handles") {
            quote!(handles)
        } else {
            quote!(_handles)
        };
        let only = sent(cx).all(|rop| rop.success.is_none());
        let others = if only { never_arm(cx, &quote!(RopRequest)) } else { quote!(_ => return false,) };
        quote! {
            /// Takes note of a request without a reply; false for any other.
            fn silent(&mut self, request: &RopRequest<'_>, #handles: &[u32]) -> bool {
                match request {
                    #(#silent)*
                    #others
                }
                true
            }
        }
    };
    let handle = if stateful.is_empty() { quote!(_handle) } else { quote!(handle) };
    let others: Vec<_> = answered(cx).filter(|rop| rop.reply_id.is_some()).collect();
    let expected = if others.is_empty() {
        quote!(request.rop_id())
    } else {
        let others = others.into_iter().map(|rop| {
            let (name, id) = (verbatim(&rop.name), reply_id(rop));
            quote!(RopRequest::#name(_) => #id,)
        });
        quote!((match request { #(#others)* _ => request.rop_id() }))
    };
    let unsolicited = super::unsolicited::unpack_fn(cx);
    let instead_fn = instead_fn(cx);
    let instead = instead_fn.is_some().then(|| {
        quote! {
            if let Some(reply) = unpack_instead(request, rop_id, &mut c)? {
                replies.push((number, reply));
                continue;
            }
        }
    });
    let mut items = vec![
        quote! {
            /// What a conversation has set, by handle value: needed to decode rows.
            #[derive(Clone, Debug, Default)]
            pub struct Conversation { #(#maps),* }
        },
        quote! {
            impl Conversation {
                /// Decodes the operations of a ROP output buffer that answers these requests.
                ///
                /// `handles` is the handle table of the output buffer. Replies pair with requests in order, skipping
                /// operations without a reply; where state is missing, the rest is one [`RopReply::Opaque`].
                ///
                /// # Errors
                /// When a reply is malformed or answers none of the requests.
                pub fn unpack_replies<'a>(
                    &mut self,
                    requests: &[RopRequest<'_>],
                    handles: &[u32],
                    rops: &'a [u8],
                ) -> Result<Vec<RopReply<'a>>, #unpack_error> {
                    let replies = self.unpack_numbered(requests, handles, rops)?;
                    Ok(replies.into_iter().map(|(_, reply)| reply).collect())
                }

                /// The same, each reply with the number of the request that it answers, counted from 0.
                ///
                /// # Errors
                /// When a reply is malformed or answers none of the requests.
                pub fn unpack_numbered<'a>(
                    &mut self,
                    requests: &[RopRequest<'_>],
                    handles: &[u32],
                    rops: &'a [u8],
                ) -> Result<Vec<(Option<usize>, RopReply<'a>)>, #unpack_error> {
                    let mut c = #cursor::at_offset(rops, runtime::rop::ROP_SIZE);
                    let mut requests = requests.iter().enumerate();
                    let mut replies = Vec::new();
                    while !c.is_empty() {
                        let before = c.clone();
                        let rop_id = RopId::unpack(&mut c).at("RopId")?;
                        if let Some(reply) = self.unpack_unsolicited(rop_id, &mut c)? {
                            replies.push((None, reply));
                            continue;
                        }
                        let (number, request) = loop {
                            let Some((number, request)) = requests.next() else {
                                return Err(runtime::rop::unknown_rop(&c, rop_id.0).at("RopId"));
                            };
                            if self.silent(request, handles) {
                                continue;
                            }
                            break (Some(number), request);
                        };
                        if #expected != rop_id {
                            #instead
                            return Err(runtime::rop::unknown_rop(&c, rop_id.0).at("RopId"));
                        }
                        match self.unpack_reply(request, handles, &mut c) {
                            Ok(reply) => replies.push((number, reply)),
                            Err(error) if matches!(error.kind(), UnpackErrorKind::MissingContext { .. }) => {
                                replies.push((number, RopReply::Opaque(#blob::Borrowed(before.peek()))));
                                break;
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    requests.for_each(|(_, request)| _ = self.silent(request, handles));
                    Ok(replies)
                }

                #silent

                #unsolicited

                /// Forgets an object.
                pub fn forget(&mut self, #handle: u32) {
                    #(#forget)*
                }

                fn unpack_reply<'a>(
                    &mut self,
                    request: &RopRequest<'_>,
                    #reply_handles: &[u32],
                    #reply_c: &mut #cursor<'a>,
                ) -> Result<RopReply<'a>, #unpack_error> {
                    #answer
                }
            }
        },
        quote! {
            /// The handle value in a slot; the invalid handle where there is no such slot.
            fn handle(handles: &[u32], index: u8) -> u32 {
                handles.get(usize::from(index)).copied().unwrap_or(runtime::rop::INVALID_HANDLE)
            }
        },
    ];
    items.extend(instead_fn);
    items
}

/// The function that reads replies in place of others; `None` where there are none.
fn instead_fn(cx: &Context<'_>) -> Option<TokenStream> {
    let arms = answered(cx).filter_map(|other| {
        let stands_for = sent(cx).filter(|rop| rop.answered_by.contains(&other.id)).map(|rop| {
            let name = verbatim(&rop.name);
            quote!(RopRequest::#name(_))
        });
        let stands_for: Vec<TokenStream> = stands_for.collect();
        let (name, id, unpack) = (verbatim(&other.name), reply_id(other), reply_fn("unpack", other));
        (!stands_for.is_empty()).then(|| quote!((#(#stands_for)|*, #id) => Some(RopReply::#name(#unpack(c)?)),))
    });
    let arms: Vec<TokenStream> = arms.collect();
    let (cursor, unpack_error) = (cx.runtime("Cursor"), cx.runtime("UnpackError"));
    (!arms.is_empty()).then(|| {
        quote! {
            /// Reads another operation's reply in place of the request's own, after its RopId; `None` where no such
            /// reply may stand there.
            fn unpack_instead<'a>(
                request: &RopRequest<'_>,
                rop_id: RopId,
                c: &mut #cursor<'a>,
            ) -> Result<Option<RopReply<'a>>, #unpack_error> {
                Ok(match (request, rop_id) {
                    #(#arms)*
                    _ => None,
                })
            }
        }
    })
}

pub(super) fn map_name(object: &Object) -> proc_macro2::Ident {
    format_ident!("{}s", snake_text(&object.name))
}

fn arm(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let (name, unpack) = (verbatim(&rop.name), reply_fn("unpack", rop));
    let request_arg = request_argument(rop);
    let states_needed = states(rop);
    let find = rop.needs_state.iter().map(|(handle, state)| {
        let Some((object, input)) = rop
            .inputs
            .iter()
            .find(|h| h.name == *handle)
            .and_then(|h| Some((cx.program.objects.get(*h.objects.first()?)?, h)))
        else {
            return quote!();
        };
        let (map, field, index) = (map_name(object), snake(state), snake(&input.index_field));
        let text = format!("{} of the {}", state, object.name);
        let (declared, kind) = (state_of(cx, input, state), state_name(object));
        let known = match declared {
            Some(declared) if declared.list => quote!(state.and_then(|state| state.#field.as_deref())),
            Some(declared) if !declared.optional => {
                return quote! {
                    let state = self.#map.get(&handle(handles, request.#index));
                    let #field = state.map_or_else(|| #kind::default().#field, |state| state.#field);
                };
            }
            _ => quote!(state.and_then(|state| state.#field)),
        };
        quote! {
            let state = self.#map.get(&handle(handles, request.#index));
            let Some(#field) = #known else {
                return Err(c.error(UnpackErrorKind::MissingContext { what: #text }));
            };
        }
    });
    let state_args = states_needed.iter().map(|p| {
        let name = snake(&p.name);
        quote!(, #name)
    });
    let effects = effects(cx, rop);
    let find: TokenStream = find.collect();
    let uses_request = !request_arg.is_empty() || !effects.is_empty() || !find.is_empty();
    let binding = if uses_request { quote!(request) } else { quote!(_) };
    if effects.is_empty() {
        return quote!(RopRequest::#name(#binding) => { #find RopReply::#name(#unpack(c #request_arg #(#state_args)*)?) });
    }
    quote! {
        RopRequest::#name(#binding) => {
            #find
            let reply = #unpack(c #request_arg #(#state_args)*)?;
            #effects
            RopReply::#name(reply)
        }
    }
}

fn effects(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let side = |success: bool| -> TokenStream {
        rop.effects
            .iter()
            .filter(|effect| effect.on_success == success)
            .filter_map(|effect| {
                let handle = rop.inputs.iter().chain(&rop.output).find(|h| h.name == effect.handle)?;
                let object = cx.program.objects.get(*handle.objects.first()?)?;
                let (map, field, index) = (map_name(object), snake(&effect.state), snake(&handle.index_field));
                let value = effect_value(cx, rop, effect);
                Some(quote!(self.#map.entry(handle(handles, request.#index)).or_default().#field = #value;))
            })
            .collect()
    };
    let (mut success, failure) = (side(true), side(false));
    // A new object has no state, whatever its handle value named before.
    let opened = rop.output.as_ref().and_then(|output| {
        let object = cx.program.objects.get(*output.objects.first()?).filter(|object| !object.state.is_empty())?;
        let (map, index) = (map_name(object), snake(&output.index_field));
        Some(quote!(self.#map.remove(&handle(handles, request.#index));))
    });
    if let Some(opened) = opened {
        success = quote!(#opened #success);
    }
    let body = if crate::emit::context::words(&success).contains("body") { quote!(body) } else { quote!(_) };
    match (success.is_empty(), failure.is_empty()) {
        (true, true) => quote!(),
        (false, true) if body.to_string() == "_" => quote!(if reply.result.is_ok() { #success }),
        (false, true) => quote!(if let Ok(#body) = &reply.result { #success }),
        (true, false) => quote!(if reply.result.is_err() { #failure }),
        (false, false) => quote!(match &reply.result { Ok(#body) => { #success } Err(_) => { #failure } }),
    }
}
