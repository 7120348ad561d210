//! Running a request: handles checked, handler called, reply written, effects applied.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::handlers::{fill_field, served};
use super::objects::{choice_name, served_objects, state_name};
use super::replies::{
    HEADER, failure_type, failure_variant, fixed_size, reply_fn, reply_id, reply_index, request_argument, states,
};
use super::requests::{never_arm, request_type, sent};
use crate::emit::body::Env;
use crate::emit::context::{Context, usize_literal};
use crate::emit::names::{snake, snake_text, verbatim};
use crate::emit::operations::failure_body;
use crate::model::{Effect, EffectValue, Handle, Member, Role, Rop, State, StructDef};

pub(super) fn items(cx: &Context<'_>) -> Vec<TokenStream> {
    for name in ["Dispatch", "InvalidHandle", "ReplyTooLarge", "RopContext", "RopOutcome", "Running"] {
        cx.import(format!("runtime::rop::{name}"));
    }
    let (cursor, encoder) = (cx.runtime("Cursor"), cx.runtime("Encoder"));
    let (unpack_error, pack_error) = (cx.runtime("UnpackError"), cx.runtime("PackError"));
    let error_code = cx.error_code();
    let ec_error = cx.return_value("ecError");
    let [null_object, invalid_object, access_denied] =
        ["ecNullObject", "ecInvalidObject", "ecAccessDenied"].map(|name| cx.return_value_of(&quote!(Self), name));
    cx.import("runtime::PackErrorKind");
    let header = usize_literal(HEADER);
    let runs = sent(cx).map(|rop| {
        let name = verbatim(&rop.name);
        if rop.releases {
            quote!(RopRequest::#name(request) => Ok(RopOutcome::Release { input_handle_index: request.input_handle_index }),)
        } else if rop.success.is_none() {
            quote!(RopRequest::#name(_) => Ok(RopOutcome::Done),)
        } else {
            let run = run_name(rop);
            let handlers = if rop.unserved.is_some() { quote!() } else { quote!(self.0, running,) };
            quote!(RopRequest::#name(request) => #run(#handlers request, e),)
        }
    });
    let never = never_arm(cx, &quote!(RopRequest));
    // No arm that nothing is left for.
    let all_fixed = sent(cx).all(|rop| fixed_size(rop).is_some());
    let no_size = if all_fixed { never.clone() } else { quote!(_ => None,) };
    let sizes = sent(cx).filter_map(|rop| {
        let (name, size) = (verbatim(&rop.name), fixed_size(rop)?);
        Some(quote!(RopRequest::#name(_) => Some(#size),))
    });
    let stops: Vec<TokenStream> = sent(cx)
        .filter(|rop| !rop.stops_batch.is_empty())
        .map(|rop| {
            let name = verbatim(&rop.name);
            let codes = rop.stops_batch.iter().map(|code| {
                let code = crate::emit::names::screaming(code);
                quote!(#error_code::#code)
            });
            quote!(RopRequest::#name(_) => matches!(#error_code(return_value), #(#codes)|*),)
        })
        .collect();
    let stops = if stops.is_empty() {
        quote! {
            fn stops_batch(_request: &RopRequest<'_>, _return_value: u32) -> bool {
                false
            }
        }
    } else {
        quote! {
            fn stops_batch(request: &RopRequest<'_>, return_value: u32) -> bool {
                match request {
                    #(#stops)*
                    _ => false,
                }
            }
        }
    };
    let small = sent(cx).map(|rop| {
        let (name, index) = (verbatim(&rop.name), reply_index(rop));
        if rop.success.is_none() {
            quote!(RopRequest::#name(_) => Ok(()),)
        } else {
            let code = cx.return_value("ecBufferTooSmall");
            match refusal(cx, rop, &code) {
                Some(pack) => quote!(RopRequest::#name(request) => #pack,),
                None if rop.reply_id.is_some() => {
                    let id = reply_id(rop);
                    quote!(RopRequest::#name(request) => pack_failure(#id, request.#index, #code, e),)
                }
                None => quote!(RopRequest::#name(request) => pack_failure(request_id, request.#index, #code, e),),
            }
        }
    });
    let (runs, small): (Vec<TokenStream>, Vec<TokenStream>) = (runs.collect(), small.collect());
    let named = |code: &[TokenStream], name: &str| {
        let used = crate::emit::context::words(&quote!(#(#code)*)).contains(name);
        if used { format_ident!("{name}") } else { format_ident!("_{name}") }
    };
    let (run_running, run_e, small_e) = (named(&runs, "running"), named(&runs, "e"), named(&small, "e"));
    let uses_id = crate::emit::context::words(&quote!(#(#small)*)).contains("request_id");
    let request_id = uses_id.then(|| quote!(let request_id = request.rop_id();));
    let sizes: Vec<TokenStream> = sizes.collect();
    let fixed = if sizes.is_empty() {
        quote!(
            fn fixed_reply_size(_request: &RopRequest<'_>) -> Option<usize> {
                None
            }
        )
    } else {
        quote! {
            fn fixed_reply_size(request: &RopRequest<'_>) -> Option<usize> {
                match request {
                    #(#sizes)*
                    #no_size
                }
            }
        }
    };
    let mut items = vec![
        quote! {
            /// Serves requests with handlers: plugs into [`runtime::rop::execute`].
            #[derive(Debug)]
            pub struct RopDispatch<'h, H: ?Sized>(pub &'h mut H);
        },
        quote! {
            impl<H: Handlers + ?Sized> Dispatch for RopDispatch<'_, H> {
                type Request<'a> = RopRequest<'a>;
                type Object = ServerObject<H>;

                fn unpack<'a>(&self, c: &mut #cursor<'a>) -> Result<RopRequest<'a>, #unpack_error> {
                    RopRequest::unpack(c)
                }

                #fixed

                fn run(
                    &mut self,
                    request: &RopRequest<'_>,
                    #run_running: &mut Running<'_, ServerObject<H>>,
                    #run_e: &mut #encoder,
                ) -> Result<RopOutcome<ServerObject<H>>, ReplyTooLarge> {
                    match request { #(#runs)* #never }
                }

                #stops

                fn too_small(request: &RopRequest<'_>, #small_e: &mut #encoder) -> Result<(), #pack_error> {
                    #request_id
                    match request { #(#small)* #never }
                }
            }
        },
        quote! {
            /// A reply that is a return value alone.
            fn pack_failure(rop_id: RopId, handle_index: u8, code: #error_code, e: &mut #encoder) -> Result<(), #pack_error> {
                rop_id.pack(e)?;
                e.u8(handle_index)?;
                code.pack(e)
            }
        },
        quote! {
            /// Answers a return value alone.
            fn failed<O>(rop_id: RopId, handle_index: u8, code: #error_code, e: &mut #encoder) -> Result<RopOutcome<O>, ReplyTooLarge> {
                refused(e, &|e| pack_failure(rop_id, handle_index, code, e))
            }
        },
        quote! {
            /// Writes a failing reply; one that does not fit is the engine's to handle.
            fn refused<O>(
                e: &mut #encoder,
                pack: &dyn Fn(&mut #encoder) -> Result<(), #pack_error>,
            ) -> Result<RopOutcome<O>, ReplyTooLarge> {
                pack(e).map(|()| RopOutcome::Done).map_err(|_| ReplyTooLarge { needed: measured(pack) })
            }
        },
        quote! {
            /// Bytes of a reply with all the room that it likes: of ecError alone where it contradicts itself.
            fn measured(pack: &dyn Fn(&mut #encoder) -> Result<(), #pack_error>) -> usize {
                let mut e = #encoder::new();
                pack(&mut e).map_or(#header, |()| e.len())
            }
        },
        quote! {
            /// Judges how writing a reply went: one that contradicts itself becomes ecError, one that does not fit is
            /// the engine's to handle.
            fn sent<O>(
                result: Result<(), #pack_error>,
                needed: impl FnOnce() -> usize,
                head: (RopId, u8, usize),
                e: &mut #encoder,
            ) -> Result<Option<RopOutcome<O>>, ReplyTooLarge> {
                let Err(error) = result else { return Ok(None) };
                if matches!(error.kind(), PackErrorKind::Full { .. }) {
                    return Err(ReplyTooLarge { needed: needed() });
                }
                let (rop_id, handle_index, start) = head;
                e.truncate(start);
                failed(rop_id, handle_index, #ec_error, e).map(Some)
            }
        },
        quote! {
            /// The return value for a handle that names no object to work on, MS-OXCROPS 3.2.5.4.
            impl From<InvalidHandle> for #error_code {
                fn from(invalid: InvalidHandle) -> Self {
                    match invalid {
                        InvalidHandle::NeverAssigned => #null_object,
                        InvalidHandle::Released => #invalid_object,
                        InvalidHandle::OtherLogon => #access_denied,
                    }
                }
            }
        },
    ];
    items.extend(served(cx).map(|rop| run_fn(cx, rop)));
    items
        .extend(sent(cx).filter(|rop| rop.unserved.is_some() && rop.success.is_some()).map(|rop| unserved_fn(cx, rop)));
    items
}

/// Writes a failing reply that is more than its return value, with everything in it empty.
fn refusal(cx: &Context<'_>, rop: &Rop, code: &TokenStream) -> Option<TokenStream> {
    rop.other.as_ref()?;
    let (pack, index) = (reply_fn("pack", rop), reply_index(rop));
    let request_arg = request_argument(rop);
    let failure = cx.name_in(rop.module, &format!("{}Failure", rop.name));
    let state_args = states(rop).into_iter().map(|p| if p.list { quote!(, &[]) } else { quote!(, Default::default()) });
    Some(quote! {
        #pack(&Reply { handle_index: request.#index, result: Err(#failure::from(#code)) }, e #request_arg #(#state_args)*)
    })
}

fn run_name(rop: &Rop) -> proc_macro2::Ident {
    format_ident!("run_{}", snake_text(&rop.name))
}

/// A described ROP without a handler answers the protocol's own error.
fn unserved_fn(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let (name, index) = (run_name(rop), reply_index(rop));
    let request = request_type(cx, rop, &quote!('_));
    let encoder = cx.runtime("Encoder");
    let id = reply_id(rop);
    let code = cx.return_value("ecNotSupported");
    let reply = match refusal(cx, rop, &code) {
        Some(pack) => quote!(refused(e, &|e| #pack)),
        None => quote!(failed(#id, request.#index, #code, e)),
    };
    quote! {
        fn #name<O>(request: &#request, e: &mut #encoder) -> Result<RopOutcome<O>, ReplyTooLarge> {
            #reply
        }
    }
}

fn run_fn(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let (name, method, index) = (run_name(rop), snake(&rop.name), reply_index(rop));
    let request = request_type(cx, rop, &quote!('_));
    let encoder = cx.runtime("Encoder");
    cx.import("runtime::rop::Reply");
    let id = reply_id(rop);
    let success = rop.success.clone().unwrap_or_default();
    let header = usize_literal(HEADER);
    let open = open_objects(cx, rop);
    let failure = failure_type(cx, rop, &quote!('static));
    let text = format!("Runs {}.", rop.name);
    let pack = reply_fn("pack", rop);
    let request_arg = request_argument(rop);
    let state_args: Vec<TokenStream> = states(rop)
        .into_iter()
        .map(|p| {
            let name = snake(&p.name);
            quote!(, #name)
        })
        .collect();
    let call = call(cx, rop, &method, &success);
    let size = if rop.has_failure_bodies() {
        quote!(measured(&|e| #pack(&reply, e #request_arg #(#state_args)*)))
    } else if success.layout.fixed {
        let size = usize_literal(HEADER + success.layout.min_size);
        quote!(#size)
    } else {
        quote!(#header + reply.result.as_ref().map_or(0, |body| body.packed_size()))
    };
    let split = match &rop.output {
        Some(_) => quote! {
            let (result, opened) = match result {
                Ok((body, object)) => (Ok(body), Some(object)),
                Err(failure) => (Err(failure), None),
            };
        },
        None => quote!(),
    };
    let effects = effects(cx, rop);
    let outcome = outcome(cx, rop);
    let running = if open.is_empty() { quote!(_running) } else { quote!(running) };
    quote! {
        #[doc = #text]
        fn #name<H: Handlers + ?Sized>(
            handlers: &mut H,
            #running: &mut Running<'_, ServerObject<H>>,
            request: &#request,
            e: &mut #encoder,
        ) -> Result<RopOutcome<ServerObject<H>>, ReplyTooLarge> {
            let start = e.len();
            let context = RopContext::new(request.logon_id, e.room().saturating_sub(#header));
            #open
            let result: Result<_, #failure> = #call;
            #split
            let reply = Reply { handle_index: request.#index, result };
            let written = #pack(&reply, e #request_arg #(#state_args)*);
            if let Some(outcome) = sent(written, || #size, (#id, request.#index, start), e)? {
                return Ok(outcome);
            }
            #effects
            #outcome
        }
    }
}

/// Statements that look up the input objects, or answer why not.
fn open_objects(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let error_code = cx.error_code();
    let index = reply_index(rop);
    let id = reply_id(rop);
    let fail = |code: TokenStream| match refusal(cx, rop, &code) {
        Some(pack) => quote!(return refused(e, &|e| #pack)),
        None => quote!(return failed(#id, request.#index, #code, e)),
    };
    let mut out = TokenStream::new();
    if rop.output.is_some() {
        let no_slot = fail(cx.return_value("ecInvalidParam"));
        let full = fail(cx.return_value("ecMaxObjsExceeded"));
        out.extend(quote! {
            if !running.has_slot(request.output_handle_index) { #no_slot; }
            if running.objects.is_full() { #full; }
        });
    }
    if let [first, second] = rop.inputs.as_slice() {
        out.extend(open_two_objects(cx, rop, first, second, &fail));
        return out;
    }
    for handle in &rop.inputs {
        let field = snake(&handle.index_field);
        let number = format_ident!("{}_handle", snake_text(&handle.name));
        let invalid = fail(quote!(#error_code::from(invalid)));
        let null = fail(cx.return_value("ecNullObject"));
        let object = take_object(cx, handle, &fail(wrong_object(cx, rop)));
        out.extend(quote! {
            let #number = match running.open_handle(request.#field, request.logon_id) {
                Ok(handle) => handle,
                Err(invalid) => #invalid,
            };
            let Some(object) = running.objects.get_mut(#number) else { #null; };
            #object
        });
        for state in rop.needs_state.iter().filter(|(h, _)| *h == handle.name) {
            let field = snake(&state.1);
            let unset = fail(cx.return_value("ecNullObject"));
            let holder = format_ident!("{}_state", snake_text(&handle.name));
            // A handler sees the state too: what the reply needs is taken out first.
            out.extend(match state_of(cx, handle, &state.1) {
                Some(found) if found.list => quote!(let Some(#field) = #holder.#field.as_deref() else { #unset; };),
                Some(found) if !found.optional => quote!(let #field = #holder.#field;),
                _ => quote!(let Some(#field) = #holder.#field else { #unset; };),
            });
        }
    }
    out
}

/// Statements that look up the two input objects. The second is none of its own where both handles are the same.
fn open_two_objects(
    cx: &Context<'_>,
    rop: &Rop,
    first: &Handle,
    second: &Handle,
    fail: &dyn Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let error_code = cx.error_code();
    let (first_field, second_field) = (snake(&first.index_field), snake(&second.index_field));
    let number = |handle: &Handle| format_ident!("{}_handle", snake_text(&handle.name));
    let (first_number, second_number) = (number(first), number(second));
    let second_arg = snake(&second.name);
    let invalid = fail(quote!(#error_code::from(invalid)));
    let null = fail(cx.return_value("ecNullObject"));
    let no_second = null_destination(cx, rop, second).unwrap_or_else(|| invalid.clone());
    let name = if null_destination(cx, rop, second).is_some() { quote!(_) } else { quote!(invalid) };
    let wrong = fail(wrong_object(cx, rop));
    let (take_first, take_second) = (take_object(cx, first, &wrong), take_object(cx, second, &wrong));
    quote! {
        let #first_number = match running.open_handle(request.#first_field, request.logon_id) {
            Ok(handle) => handle,
            Err(invalid) => #invalid,
        };
        let #second_number = match running.open_handle(request.#second_field, request.logon_id) {
            Ok(handle) => handle,
            Err(#name) => #no_second,
        };
        let (object, other) = if #first_number == #second_number {
            let Some(object) = running.objects.get_mut(#first_number) else { #null; };
            (object, None)
        } else {
            let Some((object, other)) = running.objects.get_two_mut(#first_number, #second_number) else { #null; };
            (object, Some(other))
        };
        #take_first
        let #second_arg = match other {
            Some(object) => {
                #take_second
                Some(#second_arg)
            }
            None => None,
        };
    }
}

/// The reply for a destination handle that names no object, where the ROP has one of its own: its first field
/// repeats the index, the others are empty (MS-OXCROPS 2.2.4.6.4 and others).
fn null_destination(cx: &Context<'_>, rop: &Rop, handle: &Handle) -> Option<TokenStream> {
    const CODE: &str = "ecDstNullObject";
    let (codes, body) = rop.on.iter().find(|(codes, _)| codes.iter().any(|(name, _)| name == CODE))?;
    let mut fields = body.body.iter().map(|member| match member {
        Member::Field(field) if matches!(field.role, Role::Plain) => Some(snake(&field.name)),
        _ => None,
    });
    let first = fields.next()??;
    let rest = fields.collect::<Option<Vec<_>>>()?;
    let (pack, index) = (reply_fn("pack", rop), reply_index(rop));
    let request_arg = request_argument(rop);
    let failure = cx.name_in(rop.module, &format!("{}Failure", rop.name));
    let body_name = failure_body(rop, codes);
    let body_type = cx.name_in(rop.module, &body_name);
    let variant = failure_variant(rop, codes);
    let handle_index = snake(&handle.index_field);
    Some(quote! {{
        let body = #body_type { #first: request.#handle_index.into(), #(#rest: Default::default()),* };
        let reply = Reply { handle_index: request.#index, result: Err(#failure::#variant(body)) };
        return refused(e, &|e| #pack(&reply, e #request_arg));
    }})
}

/// The return value for an object of another kind.
fn wrong_object(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    cx.return_value(&rop.wrong_object)
}

/// The object as the handler takes it, or the failure for another kind.
fn take_object(cx: &Context<'_>, handle: &Handle, wrong: &TokenStream) -> TokenStream {
    let arg = snake(&handle.name);
    // A handle that may name any kind that there is cannot name a wrong one.
    let all = served_objects(cx.program).count() == handle.objects.len();
    let otherwise = (!all).then(|| quote!(else { #wrong; }));
    let wrong = (!all).then(|| quote!(_ => #wrong,));
    match handle.objects.as_slice() {
        [] => quote!(let #arg = object;),
        [one] => {
            let Some(object) = cx.program.objects.get(*one) else { return quote!() };
            let kind = verbatim(&object.name);
            if object.state.is_empty() {
                quote!(let ServerObject::#kind(#arg) = object #otherwise;)
            } else {
                let state = format_ident!("{}_state", snake_text(&handle.name));
                quote!(let ServerObject::#kind(#arg, #state) = object #otherwise;)
            }
        }
        many => {
            let choice = choice_name(cx.program, many);
            let arms = many.iter().filter_map(|&o| cx.program.objects.get(o)).map(|object| {
                let kind = verbatim(&object.name);
                quote!(ServerObject::#kind(object, ..) => #choice::#kind(object),)
            });
            quote! {
                let #arg = match object {
                    #(#arms)*
                    #wrong
                };
            }
        }
    }
}

fn call(cx: &Context<'_>, rop: &Rop, method: &proc_macro2::Ident, success: &StructDef) -> TokenStream {
    let objects = rop.inputs.iter().map(|handle| {
        let arg = snake(&handle.name);
        let has_state = matches!(handle.objects.as_slice(), [one] if cx.program.objects.get(*one).is_some_and(|o| !o.state.is_empty()));
        let state = has_state.then(|| {
            let state = format_ident!("{}_state", snake_text(&handle.name));
            quote!(, #state)
        });
        quote!(, #arg #state)
    });
    let fill = fill_field(rop).map(|field| {
        cx.import("runtime::rop::Fill");
        let min = usize_literal(success.layout.min_size);
        let element = match &field.ty {
            crate::model::Type::Array(element, _) => cx.rust(element, &quote!('static)),
            ty => cx.rust(ty, &quote!('static)),
        };
        quote!(, Fill::new(context.room.saturating_sub(#min), |row: &#element| row.packed_size()))
    });
    quote!(handlers.#method(context #(#objects)*, request #fill))
}

/// Effects on the state of input objects.
fn effects(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let on_inputs = |effect: &&Effect| rop.inputs.iter().any(|h| h.name == effect.handle);
    let side = |success: bool| -> TokenStream {
        rop.effects
            .iter()
            .filter(|e| e.on_success == success)
            .filter(on_inputs)
            .map(|effect| {
                let holder = format_ident!("{}_state", snake_text(&effect.handle));
                let field = snake(&effect.state);
                let value = effect_value(cx, rop, effect);
                quote!(#holder.#field = #value;)
            })
            .collect()
    };
    let (success, failure) = (side(true), side(false));
    let of_body = crate::emit::context::words(&success).contains("body");
    match (success.is_empty(), failure.is_empty()) {
        (true, true) => quote!(),
        (_, true) if of_body => quote!(if let Ok(body) = &reply.result { #success }),
        (_, false) if of_body => quote!(match &reply.result { Ok(body) => { #success } Err(_) => { #failure } }),
        (false, true) => quote!(if reply.result.is_ok() { #success }),
        (true, false) => quote!(if reply.result.is_err() { #failure }),
        (false, false) => quote!(if reply.result.is_ok() { #success } else { #failure }),
    }
}

/// A state of the only object that a handle names.
pub(super) fn state_of<'p>(cx: &Context<'p>, handle: &Handle, name: &str) -> Option<&'p State> {
    let object = handle.objects.first().and_then(|&o| cx.program.objects.get(o))?;
    object.state.iter().find(|state| state.name == name)
}

/// The new value of a state.
pub(super) fn effect_value(cx: &Context<'_>, rop: &Rop, effect: &Effect) -> TokenStream {
    let handle = rop.inputs.iter().chain(&rop.output).find(|h| h.name == effect.handle);
    let state = handle.and_then(|handle| state_of(cx, handle, &effect.state));
    let Some(value) = &effect.value else { return quote!(None) };
    let (holder, expr, def) = match value {
        EffectValue::Request(expr) => (quote!(request), expr, &rop.request),
        EffectValue::Reply(expr) => (quote!(body), expr, rop.success.as_ref().unwrap_or(&rop.request)),
        EffectValue::Const(value) => {
            let Some(state) = state else { return quote!() };
            let value = crate::emit::values::const_value(cx, &state.ty, value);
            return if state.optional { quote!(Some(#value)) } else { value };
        }
    };
    let inner = match expr {
        crate::model::Expr::Field(name) => {
            let field = snake(name);
            quote!(#holder.#field)
        }
        _ => {
            let value = Env::new(def, false).expr(cx, expr);
            quote!(#holder.#value)
        }
    };
    let inner = if state.is_some_and(|s| s.list) { quote!(#inner.clone()) } else { inner };
    if state.is_some_and(|s| s.optional) { quote!(Some(#inner)) } else { inner }
}

/// What the engine has left to do.
fn outcome(cx: &Context<'_>, rop: &Rop) -> TokenStream {
    let Some(output) = &rop.output else { return quote!(Ok(RopOutcome::Done)) };
    let Some(object) = output.objects.first().and_then(|&o| cx.program.objects.get(o)) else {
        return quote!(Ok(RopOutcome::Done));
    };
    let kind = verbatim(&object.name);
    let mut set = Vec::new();
    for state in &object.state {
        let of_state = |e: &&Effect| e.on_success && e.handle == output.name && e.state == state.name;
        if let Some(effect) = rop.effects.iter().rfind(of_state) {
            let (field, value) = (snake(&state.name), effect_value(cx, rop, effect));
            set.push(quote!(#field: #value));
        }
    }
    let state = (!object.state.is_empty()).then(|| {
        let name = state_name(object);
        if set.is_empty() {
            return quote!(, #name::default());
        }
        let rest = (set.len() < object.state.len()).then(|| quote!(, ..#name::default()));
        quote!(, #name { #(#set),* #rest })
    });
    let of_body = crate::emit::context::words(&quote!(#(#set)*)).contains("body");
    let (opened, some, none) = if of_body {
        (quote!((opened, &reply.result)), quote!((Some(object), Ok(body))), quote!(_))
    } else {
        (quote!(opened), quote!(Some(object)), quote!(None))
    };
    let owner = match (output.owned, rop.inputs.first()) {
        (true, Some(input)) => {
            let number = format_ident!("{}_handle", snake_text(&input.name));
            quote!(Some(#number))
        }
        _ => quote!(None),
    };
    let replaces = object.owns_all;
    quote! {
        Ok(match #opened {
            #some => RopOutcome::Open {
                object: ServerObject::#kind(object #state),
                logon_id: request.logon_id,
                output_handle_index: request.output_handle_index,
                owner: #owner,
                replaces_logon: #replaces,
            },
            #none => RopOutcome::Done,
        })
    }
}
