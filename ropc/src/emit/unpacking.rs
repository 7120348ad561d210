//! `unpack`: statements that read a body's members into locals.

use proc_macro2::TokenStream;
use quote::quote;

use super::body::{Env, RustField, arm_fields, rust_fields};
use super::context::{Context, hex, usize_literal};
use super::names::{snake, verbatim};
use crate::lower::coverage::is_total;
use crate::model::{
    Arm, ConstValue, Ending, Extent, Field, IntKind, Match, Member, Pattern, Role, StructDef, Text, Type, TypeId,
    TypeKind, Width,
};

/// Statements that read members into locals named as the fields.
pub(crate) fn members(cx: &Context<'_>, body: &[Member], env: &mut Env) -> TokenStream {
    body.iter().map(|member| one(cx, member, env)).collect()
}

fn one(cx: &Context<'_>, member: &Member, env: &mut Env) -> TokenStream {
    match member {
        Member::Field(field) if field.at.is_some() => quote!(),
        Member::Field(field) => {
            let mut read = read_field(cx, field, env);
            if let Some(cond) = &field.big_endian {
                let cond = env.expr(cx, cond);
                read.extend(quote!(let outer_order_ = c.set_big_endian(#cond);));
            }
            read
        }
        Member::If(c) => {
            let cond = env.expr(cx, &c.cond);
            let fields = [rust_fields(&c.then), rust_fields(&c.otherwise)].concat();
            let then = branch(cx, &c.then, &fields, env);
            let otherwise = branch(cx, &c.otherwise, &fields, env);
            if fields.is_empty() {
                let then = members(cx, &c.then, &mut env.clone());
                let otherwise = members(cx, &c.otherwise, &mut env.clone());
                return match (then.is_empty(), otherwise.is_empty()) {
                    (true, true) => quote!(),
                    (false, true) => quote!(if #cond { #then }),
                    (true, false) => {
                        let not = env.negated(cx, &c.cond);
                        quote!(if #not { #otherwise })
                    }
                    (false, false) => quote!(if #cond { #then } else { #otherwise }),
                };
            }
            let idents = tuple(fields.iter().map(RustField::ident));
            quote!(let #idents = if #cond { #then } else { #otherwise };)
        }
        Member::Match(m) => {
            let name = snake(&m.field);
            let value = read_match(cx, m, env);
            quote!(let #name = #value;)
        }
        Member::Let(name, expr, ty) => {
            let value = env.typed(cx, expr, ty);
            env.value(name, ty);
            let name = snake(name);
            quote!(let #name = #value;)
        }
        Member::Require(requirement) if requirement.lenient => quote!(),
        Member::Require(requirement) => {
            let broken = env.negated(cx, &requirement.cond);
            quote!(if #broken { return Err(c.invalid(0, "what the description requires", 0)); })
        }
        Member::Sized(size, inner) => sized(cx, size, inner, env),
        Member::Tail(inner) => {
            let members = inner.iter().map(|member| {
                let read = one(cx, member, env);
                quote!(c.tail_member(); #read)
            });
            let members: TokenStream = members.collect();
            quote!(#members c.end_tail();)
        }
    }
}

/// One branch of an `if`: its fields as `Some`, those of the other branch as `None`.
fn branch(cx: &Context<'_>, body: &[Member], fields: &[RustField<'_>], env: &Env) -> TokenStream {
    let mut inner = env.clone();
    let statements = members(cx, body, &mut inner);
    let own = rust_fields(body);
    let values = fields.iter().map(|field| {
        let ident = field.ident();
        match own.iter().position(|o| o.name() == field.name()) {
            // A field of an inner `if` is an option already.
            Some(_) if nested(body, field.name()) => quote!(#ident),
            Some(_) => quote!(Some(#ident)),
            None => quote!(None),
        }
    });
    let values = tuple(values);
    quote!(#statements #values)
}

/// One value, or several as a tuple.
pub(crate) fn tuple<T: quote::ToTokens>(values: impl IntoIterator<Item = T>) -> TokenStream {
    let values: Vec<T> = values.into_iter().collect();
    match values.as_slice() {
        [one] => quote!(#one),
        many => quote!((#(#many),*)),
    }
}

/// The field stands inside a further `if` of this body.
fn nested(body: &[Member], name: &str) -> bool {
    body.iter().any(|member| match member {
        Member::If(c) => {
            rust_fields(&c.then).iter().chain(&rust_fields(&c.otherwise)).any(|field| field.name() == name)
        }
        Member::Sized(_, inner) | Member::Tail(inner) => nested(inner, name),
        _ => false,
    })
}

fn sized(cx: &Context<'_>, size: &crate::model::Expr, inner: &[Member], env: &mut Env) -> TokenStream {
    let size = env.len(cx, size);
    let fields = rust_fields(inner);
    let transforms = transforms(cx, inner);
    let label = fields.first().map_or("", |f| f.name()).to_owned();
    let statements = members(cx, inner, env);
    let idents = tuple(fields.iter().map(RustField::ident));
    cx.import("runtime::At");
    // Not a name that a field has.
    let words = super::context::words(&statements);
    let extent = ["extent", "whole_extent", "sized_extent"].into_iter().find(|name| !words.contains(*name));
    let extent = quote::format_ident!("{}", extent.unwrap_or("extent_"));
    if statements.is_empty() {
        return quote!(c.sub(#size).and_then(|extent| extent.finish())?;);
    }
    if transforms {
        // What is left of the limit goes on behind the extent.
        return quote! {
            let (#idents, plain_room_) = {
                let mut #extent = c.sub(#size).at(#label)?;
                let c = &mut #extent;
                #statements
                let plain_room_ = #extent.plain_room();
                #extent.finish().at(#label)?;
                (#idents, plain_room_)
            };
            c.set_plain_room(plain_room_);
        };
    }
    if fields.is_empty() {
        return quote! {
            {
                let mut #extent = c.sub(#size)?;
                let c = &mut #extent;
                #statements
                #extent.finish()?;
            }
        };
    }
    quote! {
        let #idents = {
            let mut #extent = c.sub(#size).at(#label)?;
            let c = &mut #extent;
            #statements
            #extent.finish().at(#label)?;
            #idents
        };
    }
}

/// Something in these members is compressed or obfuscated.
fn transforms(cx: &Context<'_>, body: &[Member]) -> bool {
    body.iter().any(|member| match member {
        Member::Field(field) => field.transform.is_some() || cx.layout(&field.ty).transforms,
        Member::If(c) => transforms(cx, &c.then) || transforms(cx, &c.otherwise),
        Member::Match(m) => m.layout.transforms,
        Member::Sized(_, inner) | Member::Tail(inner) => transforms(cx, inner),
        Member::Let(..) | Member::Require(_) => false,
    })
}

/// Statements that read what stands at offsets, behind all members.
pub(crate) fn referents(cx: &Context<'_>, def: &StructDef, env: &Env) -> TokenStream {
    let fields: Vec<_> = def.referents().map(|field| (field, read(cx, &field.ty, env))).collect();
    if fields.is_empty() {
        return quote!();
    }
    cx.import("runtime::At");
    // Not a name that a field has: those have no underscore at their end in Rust.
    let taken = def.referents().any(|field| snake(&field.name) == "referents");
    let referents = quote::format_ident!("{}", if taken { "referents_" } else { "referents" });
    let each = fields.iter().map(|(field, read)| {
        let (ident, name, at) = (snake(&field.name), field.name.as_str(), field.at.as_deref().unwrap_or_default());
        let offset = snake(at);
        let (function, wrap) = (as_function(&read.result), read.wrap.iter());
        quote!(let #ident = #referents.read(#offset, #function).at(#name)? #(.map(#wrap))*;)
    });
    quote!(let mut #referents = c.referents(); #(#each)*)
}

/// What reads a value from `c` as a function of it: a path where it is the call of one.
fn as_function(read: &TokenStream) -> TokenStream {
    match syn::parse2::<syn::Expr>(read.clone()) {
        Ok(syn::Expr::Call(call)) if matches!(call.args.first(), Some(syn::Expr::Path(c)) if c.path.is_ident("c")) => {
            let function = &call.func;
            quote!(#function)
        }
        Ok(syn::Expr::MethodCall(call))
            if call.args.is_empty() && matches!(&*call.receiver, syn::Expr::Path(c) if c.path.is_ident("c")) =>
        {
            let method = &call.method;
            quote!(Cursor::#method)
        }
        _ => quote!(|c| #read),
    }
}

fn read_field(cx: &Context<'_>, field: &Field, env: &mut Env) -> TokenStream {
    let ident = snake(&field.name);
    let value = match &field.transform {
        Some(transform) => super::transforms::read(cx, field, transform, env),
        None => value(cx, &field.ty, env, &field.name),
    };
    let value = if field.boxed { quote!(Box::new(#value)) } else { value };
    if let (Role::Fixed(_), Type::Bytes(Extent::Count(count))) = (&field.role, &field.ty) {
        let (count, name) = (env.len(cx, count), &field.name);
        return quote!(c.take(#count).at(#name)?;);
    }
    env.value(&field.name, &field.ty);
    match &field.role {
        Role::Const(constant) => {
            let expected = super::values::const_value(cx, &field.ty, constant);
            let (found, size) = match constant {
                ConstValue::Int(_) => (found_number(cx, &field.ty, &quote!(#ident)), cx.layout(&field.ty).min_size),
                ConstValue::Guid(_) => (quote!(0), 16),
            };
            let size = usize_literal(size);
            let text = format!("the fixed value of {}", field.name);
            let differs = match (&field.ty, expected.to_string().as_str()) {
                (Type::Bool(_), "true") => quote!(!#ident),
                (Type::Bool(_), _) => quote!(#ident),
                _ => quote!(#ident != #expected),
            };
            quote! {
                let #ident = #value;
                if #differs {
                    return Err(c.invalid(#found, #text, #size));
                }
            }
        }
        Role::Plain | Role::Count(_) | Role::Discriminant(_) | Role::OffsetOf(_) => quote!(let #ident = #value;),
        _ if env.is_read(&field.name) => quote!(let #ident = #value;),
        _ => quote!(#value;),
    }
}

/// The expression that reads a value, errors handled.
pub(crate) fn value(cx: &Context<'_>, ty: &Type, env: &Env, name: &str) -> TokenStream {
    cx.import("runtime::At");
    match ty {
        Type::Array(element, extent) => array(cx, element, extent, env, name),
        _ => read(cx, ty, env).value(&quote!(.at(#name))),
    }
}

fn array(cx: &Context<'_>, element: &Type, extent: &Extent, env: &Env, name: &str) -> TokenStream {
    let min = usize_literal(cx.layout(element).min_size);
    let item = read(cx, element, env).value(&quote!(.at_index(index).at(#name)));
    match extent {
        Extent::Const(n) => {
            let length = usize_literal(*n);
            if matches!(element, Type::Int(IntKind { size: 1, signed: false })) {
                return quote!(c.array::<#length>().at(#name)?);
            }
            let ty = cx.rust(element, &quote!('_));
            let plain = match element {
                Type::Named(id, _) => cx.struct_def(*id).is_none(),
                element => cx.is_copy(element),
            };
            if !plain {
                let text = format!("{n} elements");
                return quote!({
                    let mut items = Vec::with_capacity(c.capacity(#length, #min));
                    for index in 0..#length {
                        items.push(#item);
                    }
                    <[#ty; #length]>::try_from(items).map_err(|_| c.invalid(0, #text, 0)).at(#name)?
                });
            }
            quote!({
                let mut items = [<#ty>::default(); #length];
                for (index, item) in items.iter_mut().enumerate() {
                    *item = #item;
                }
                items
            })
        }
        Extent::Count(count) => {
            let count = env.len(cx, count);
            if let Some(list) = list_in_place(cx, element, &count, env, name) {
                return list;
            }
            let push = push(cx, element, &item, env, name);
            quote!({
                let length = #count;
                let mut items = Vec::with_capacity(c.list(length, #min).at(#name)?);
                for index in 0..length {
                    #push
                }
                items
            })
        }
        Extent::Rest => {
            let push = push(cx, element, &item, env, name);
            quote!({
                let mut items = Vec::new();
                while !c.is_empty() {
                    let index = items.len();
                    #push
                }
                items
            })
        }
        Extent::Until(ending) => {
            let ends = ends(cx, element, ending, false, env);
            // What a tail leaves out is an empty list.
            let goes_on = match **ending {
                Ending::When { or_rest: true, .. } => quote!(!c.is_empty()),
                _ => quote!(!c.is_beyond()),
            };
            let keep = match **ending {
                Ending::When { .. } => quote!(let last = #ends; items.push(item); if last { break; }),
                Ending::Text(_) | Ending::Value(_) => quote!(if #ends { break; } items.push(item);),
            };
            quote!({
                let mut items = Vec::new();
                while #goes_on {
                    let index = items.len();
                    let item = #item;
                    #keep
                }
                items
            })
        }
    }
}

/// `item` ends its list; a reference to an element, or the element itself.
pub(crate) fn ends(cx: &Context<'_>, element: &Type, ending: &Ending, reference: bool, env: &Env) -> TokenStream {
    match ending {
        Ending::Text(text) if text.is_empty() => quote!(item.is_empty()),
        Ending::Text(text) => {
            let bytes = proc_macro2::Literal::byte_string(text.as_bytes());
            quote!(item.as_bytes() == #bytes)
        }
        Ending::Value(value) => {
            let value = super::values::const_value(cx, element, &ConstValue::Int(*value));
            if reference { quote!(*item == #value) } else { quote!(item == #value) }
        }
        Ending::When { cond, .. } => env.with_item(element).expr(cx, cond),
    }
}

/// Reads a counted list of a type that has `unpack_with`.
fn list_in_place(cx: &Context<'_>, element: &Type, count: &TokenStream, env: &Env, name: &str) -> Option<TokenStream> {
    let Type::Named(id, _) = element else { return None };
    let blank = cx.is_in_place(*id).then(|| super::in_place::blank(cx, element)).flatten()?;
    let min = usize_literal(cx.layout(element).min_size);
    let read = named_with(cx, element, *id, env, &quote!(|item| place.put(item)));
    Some(quote! {
        c.list_in_place(#count, #min, || #blank, |c, index, place| #read.at_index(index)).at(#name)?
    })
}

/// Reads an element to the end of a list.
fn push(cx: &Context<'_>, element: &Type, item: &TokenStream, env: &Env, name: &str) -> TokenStream {
    match element {
        Type::Named(id, _) if cx.is_in_place(*id) => {
            let read = named_with(cx, element, *id, env, &quote!(|item| items.push(item)));
            quote!(#read.at_index(index).at(#name)?;)
        }
        _ => quote!(items.push(#item);),
    }
}

/// The call of a type's `unpack_with`, as a `Result`.
pub(crate) fn named_with(cx: &Context<'_>, ty: &Type, id: TypeId, env: &Env, hand_on: &TokenStream) -> TokenStream {
    let name = cx.type_name(id);
    let params = cx.struct_def(id).map_or(&[][..], |def| &def.params);
    let args = match ty {
        Type::Named(_, args) => env.args(cx, params, args),
        _ => quote!(),
    };
    quote!(#name::unpack_with(c #args, #hand_on))
}

/// How a value that is no array is read.
struct Read {
    /// An expression that is a `Result`.
    result: TokenStream,
    /// What makes the value of what was read. Texts and bytes are slices until they are where they stay: a
    /// result that holds one of them goes through memory.
    wrap: Option<TokenStream>,
}

impl Read {
    /// The expression of the value; `at` adds where an error happened.
    fn value(&self, at: &TokenStream) -> TokenStream {
        let Self { result, wrap } = self;
        match wrap {
            Some(wrap) => quote!(#wrap(#result #at?)),
            None => quote!(#result #at?),
        }
    }
}

fn read(cx: &Context<'_>, ty: &Type, env: &Env) -> Read {
    let wrapped = |result, wrap| Read { result, wrap: Some(wrap) };
    let result = match ty {
        Type::Int(kind) => {
            let method = cx.int_method(*kind);
            quote!(c.#method())
        }
        Type::IntByForm(by) => {
            let size = env.form_size(cx, by);
            match by.widest().size {
                8 => quote!(c.uint(#size)),
                _ => {
                    let ty = cx.rust(ty, &quote!('_));
                    quote!(c.uint(#size).map(|n| n as #ty))
                }
            }
        }
        Type::Float(4) => quote!(c.f32()),
        Type::Float(_) => quote!(c.f64()),
        Type::Bool(1) => quote!(c.bool8()),
        Type::Bool(_) => quote!(c.bool16()),
        Type::U48Be => quote!(c.u48be()),
        Type::Guid => {
            let name = cx.runtime("Guid");
            if cx.is_either_order() { quote!(#name::unpack_ordered(c)) } else { quote!(#name::unpack(c)) }
        }
        Type::FileTime => {
            let name = cx.runtime("FileTime");
            quote!(#name::unpack(c))
        }
        Type::GlobSet => {
            let name = cx.runtime("GlobSet");
            quote!(#name::unpack(c))
        }
        Type::Named(id, args) => {
            let name = cx.type_name(*id);
            let params = cx.struct_def(*id).map_or(&[][..], |def| &def.params);
            let args = env.args(cx, params, args);
            quote!(#name::unpack(c #args))
        }
        Type::Text(text) => return read_text(cx, text, env),
        Type::Bytes(Extent::Const(n)) => {
            let n = usize_literal(*n);
            quote!(c.array::<#n>())
        }
        Type::Bytes(Extent::Count(count)) => {
            let (blob, count) = (cx.runtime("Blob"), env.len(cx, count));
            return wrapped(quote!(c.take(#count)), quote!(#blob::Borrowed));
        }
        Type::Bytes(Extent::Rest | Extent::Until(_)) => {
            let (blob, error) = (cx.runtime("Blob"), cx.runtime("UnpackError"));
            return wrapped(quote!(Ok::<_, #error>(c.take_rest())), quote!(#blob::Borrowed));
        }
        Type::Array(..) | Type::Later => quote!(Err(c.invalid(0, "no array of arrays", 0))),
    };
    Read { result, wrap: None }
}

fn read_text(cx: &Context<'_>, text: &Text, env: &Env) -> Read {
    let counted = |width: &Width| match width {
        Width::Always(kind) => {
            let method = cx.int_method(*kind);
            let n = if kind.size <= 2 { quote!(usize::from(n)) } else { quote!(n as usize) };
            (quote!(c.#method()), n)
        }
        Width::ByForm(by) => {
            let size = env.form_size(cx, by);
            (quote!(c.uint(#size)), quote!(n as usize))
        }
    };
    let of_wire = |name: &str| {
        let name = cx.runtime(name);
        quote!(#name::from_wire)
    };
    let (result, wrap) = match text {
        Text::Utf16Nul => (quote!(c.utf16_nul()), of_wire("Utf16")),
        Text::String8Nul => (quote!(c.string8_nul()), of_wire("String8")),
        Text::Line => (quote!(c.line()), of_wire("String8")),
        Text::By(flag) => {
            let (name, flag) = (cx.runtime("StringValue"), env.expr(cx, flag));
            return Read { result: quote!(#name::unpack_nul(c, #flag)), wrap: None };
        }
        Text::Utf16Counted(width, chars) => {
            let (read, n) = counted(width);
            // A cast needs parentheses before a method.
            let receiver = if super::context::words(&n).contains("as") { quote!((#n)) } else { n.clone() };
            let bytes = if *chars { quote!(#receiver.saturating_mul(2)) } else { quote!(#n & !1) };
            (quote!(#read.and_then(|n| c.take(#bytes))), of_wire("Utf16"))
        }
        Text::String8Counted(width) => {
            let (read, n) = counted(width);
            (quote!(#read.and_then(|n| c.take(#n))), of_wire("String8"))
        }
        Text::BytesCounted(width) => {
            let (blob, (read, n)) = (cx.runtime("Blob"), counted(width));
            (quote!(#read.and_then(|n| c.take(#n))), quote!(#blob::Borrowed))
        }
    };
    Read { result, wrap: Some(wrap) }
}

/// The expression that reads the variant that the discriminants select.
pub(crate) fn read_match(cx: &Context<'_>, m: &Match, env: &Env) -> TokenStream {
    read_variant(cx, m, env, None, false)
}

/// The same where the structure is its match: under a limit of recursion, and handed on from within each arm.
pub(crate) fn read_variant(
    cx: &Context<'_>,
    m: &Match,
    env: &Env,
    limit: Option<&TokenStream>,
    hand_on: bool,
) -> TokenStream {
    let on: Vec<TokenStream> = m.on.iter().map(|d| env.expr(cx, &d.expr)).collect();
    let subject = tuple(on);
    let arms: Vec<TokenStream> = m.arms.iter().map(|arm| read_arm(cx, m, arm, env, limit, hand_on)).collect();
    let refuse = if is_total(cx.program, m) {
        quote!()
    } else {
        let (found, size) = found(cx, m, env);
        let expected = expected(m);
        quote!(_ => return Err(c.invalid(#found, #expected, #size)),)
    };
    quote!(match #subject { #(#arms)* #refuse })
}

fn found(cx: &Context<'_>, m: &Match, env: &Env) -> (TokenStream, TokenStream) {
    let Some(first) = m.on.first() else { return (quote!(0), quote!(0)) };
    let value = env.expr(cx, &first.expr);
    let size = usize_literal(cx.layout(&first.ty).min_size);
    (found_number(cx, &first.ty, &value), size)
}

/// A value as errors have it.
fn found_number(cx: &Context<'_>, ty: &Type, value: &TokenStream) -> TokenStream {
    match ty {
        Type::Named(id, _) if matches!(cx.program.ty(*id).kind, TypeKind::Form(_)) => quote!(#value as u64),
        Type::Named(..) if cx.layout(ty).min_size == 8 => quote!((#value).0),
        Type::Named(..) => quote!(u64::from((#value).0)),
        Type::Int(IntKind { size: 8, signed: false }) | Type::U48Be => value.clone(),
        Type::Int(IntKind { signed: false, .. }) | Type::Bool(_) => quote!(u64::from(#value)),
        Type::Int(_) => quote!(#value as u64),
        _ => quote!(0),
    }
}

/// What the discriminant may be, for the error.
fn expected(m: &Match) -> String {
    let on: Vec<&str> = m.on.iter().map(|d| d.name.as_str()).collect();
    format!("a known {}", on.join(" and "))
}

fn read_arm(
    cx: &Context<'_>,
    m: &Match,
    arm: &Arm,
    env: &Env,
    limit: Option<&TokenStream>,
    hand_on: bool,
) -> TokenStream {
    let pattern = arm_pattern(cx, m, arm);
    let guard = arm.guard.as_ref().map(|guard| {
        let guard = env.expr(cx, guard);
        quote!(if #guard)
    });
    let mut inner = env.clone();
    let mut kept = TokenStream::new();
    for &index in &arm.keeps {
        let Some(d) = m.on.get(index) else { continue };
        let (ident, value) = (snake(&d.name), env.expr(cx, &d.expr));
        if ident != value.to_string() {
            kept.extend(quote!(let #ident = #value;));
        }
    }
    let statements = members(cx, &arm.body, &mut inner);
    let value = construct(m, arm);
    let value = if hand_on { quote!(hand_on(#value)) } else { value };
    // An arm without structures leads nowhere: it need not count as a level.
    let (enter, leave) = match limit {
        Some(limit) if has_structures(cx, &arm.body) => (quote!(c.enter(#limit)?;), quote!(c.leave();)),
        _ => (quote!(), quote!()),
    };
    quote!(#pattern #guard => { #enter #kept #statements #leave #value })
}

fn has_structures(cx: &Context<'_>, body: &[Member]) -> bool {
    let is_structure = |ty: &Type| matches!(ty, Type::Named(id, _) if cx.struct_def(*id).is_some());
    body.iter().any(|member| match member {
        Member::Field(field) => match &field.ty {
            Type::Array(element, _) => is_structure(element),
            ty => is_structure(ty),
        },
        Member::If(c) => has_structures(cx, &c.then) || has_structures(cx, &c.otherwise),
        Member::Match(m) => m.arms.iter().any(|arm| has_structures(cx, &arm.body)),
        Member::Sized(_, inner) | Member::Tail(inner) => has_structures(cx, inner),
        Member::Let(..) | Member::Require(_) => false,
    })
}

/// The pattern of an arm over all discriminants.
pub(crate) fn arm_pattern(cx: &Context<'_>, m: &Match, arm: &Arm) -> TokenStream {
    if arm.patterns.is_empty() {
        return quote!(_);
    }
    let patterns: Vec<TokenStream> = arm
        .patterns
        .iter()
        .zip(&m.on)
        .map(|(alternatives, d)| {
            let alternatives = joined(alternatives, &d.ty);
            let alternatives = alternatives.iter().map(|p| pattern(cx, p, &d.ty));
            quote!(#(#alternatives)|*)
        })
        .collect();
    tuple(patterns)
}

/// Numbers beside each other as one range.
pub(crate) fn joined(alternatives: &[Pattern], ty: &Type) -> Vec<Pattern> {
    let ends = |pattern: &Pattern| match pattern {
        Pattern::Int(value) => Some((*value, *value)),
        Pattern::Range(from, to) => Some((*from, *to)),
        _ => None,
    };
    let ranges: Option<Vec<(u64, u64)>> = alternatives.iter().map(ends).collect();
    let (Type::Int(_) | Type::U48Be, Some(mut ranges)) = (ty, ranges) else { return alternatives.to_vec() };
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.0 == last.1.saturating_add(1) => last.1 = range.1,
            _ => joined.push(range),
        }
    }
    if joined.len() == alternatives.len() {
        return alternatives.to_vec();
    }
    joined
        .into_iter()
        .map(|(from, to)| if from == to { Pattern::Int(from) } else { Pattern::Range(from, to) })
        .collect()
}

pub(crate) fn pattern(cx: &Context<'_>, pattern: &Pattern, ty: &Type) -> TokenStream {
    let size = u8::try_from(cx.layout(ty).min_size).unwrap_or(8);
    let wrap = |value: TokenStream| match ty {
        Type::Named(id, _) => {
            let name = cx.type_name(*id);
            quote!(#name(#value))
        }
        _ => value,
    };
    match pattern {
        Pattern::Any => quote!(_),
        Pattern::Int(value) => wrap(hex(*value, size)),
        Pattern::Range(from, to) => {
            let (from, to) = (hex(*from, size), hex(*to, size));
            wrap(quote!(#from..=#to))
        }
        Pattern::Bool(value) => quote!(#value),
        Pattern::Const(id, name, _) => cx.constant(*id, name),
    }
}

/// A variant made of locals.
pub(crate) fn construct(m: &Match, arm: &Arm) -> TokenStream {
    let (name, variant) = (verbatim(&m.enum_name), verbatim(&arm.name));
    let fields = arm_fields(m, arm);
    let idents: Vec<_> = fields.iter().map(RustField::ident).collect();
    match fields.as_slice() {
        [] => quote!(#name::#variant),
        [_] => quote!(#name::#variant(#(#idents),*)),
        _ => quote!(#name::#variant { #(#idents),* }),
    }
}
