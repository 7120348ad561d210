//! `packed_size`: the bytes that a body takes, as an expression over its fields.

use proc_macro2::TokenStream;
use quote::quote;

use super::body::{Env, Holds, RustField, rust_fields};
use super::context::{Context, usize_literal, words};
use super::names::{snake, verbatim, word};
use super::packing::{destructure, inside_if};
use crate::model::{Ending, Extent, Field, Match, Member, Role, Text, Type, Width};

/// A size in parts: what is constant, and what depends on values.
#[derive(Default)]
struct Sum {
    fixed: u64,
    terms: Vec<TokenStream>,
}

impl Sum {
    fn tokens(self) -> TokenStream {
        let fixed = usize_literal(self.fixed);
        let terms = &self.terms;
        match (self.fixed, terms.as_slice()) {
            (_, []) => fixed,
            // Alone, a condition needs no parentheses around it.
            (0, [one]) => bare(one),
            (0, [first, rest @ ..]) => quote!(#first #(+ #rest)*),
            _ => quote!(#fixed #(+ #terms)*),
        }
    }
}

/// A term without the parentheses around it.
pub(crate) fn bare(term: &TokenStream) -> TokenStream {
    let mut trees = term.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(proc_macro2::TokenTree::Group(group)), None) => group.stream(),
        _ => term.clone(),
    }
}

/// Tells the environment how what is derived is to be read where [`prelude`] makes it.
pub(crate) fn bind_derived(body: &[Member], env: &mut Env) {
    for member in body {
        match member {
            Member::Field(field) => match &field.role {
                Role::Plain => {}
                Role::Count(_) | Role::SizeOf(..) | Role::SizeOfFollowing | Role::SizeOfThis | Role::PlainSize(_) => {
                    env.length(&field.name)
                }
                _ => env.value(&field.name, &field.ty),
            },
            Member::Let(name, _, ty) => env.value(name, ty),
            Member::Sized(_, inner) | Member::Tail(inner) => bind_derived(inner, env),
            Member::If(_) | Member::Match(_) | Member::Require(_) => {}
        }
    }
}

/// Statements that make the derived fields and names that some code reads.
pub(crate) fn prelude(cx: &Context<'_>, body: &[Member], used: &TokenStream, env: &Env) -> TokenStream {
    let mut made = TokenStream::new();
    for (at, member) in body.iter().enumerate().rev() {
        let read = |name: &str| words(used).contains(word(name).as_str()) || words(&made).contains(word(name).as_str());
        let statements = match member {
            Member::Field(field) if !matches!(field.role, Role::Plain) && read(&field.name) => {
                let following = body.get(at + 1..).unwrap_or_default();
                let ident = snake(&field.name);
                super::packing::derived(cx, field, body, following, env).map(|value| quote!(let #ident = #value;))
            }
            Member::Let(name, expr, ty) if read(name) => {
                let (ident, value) = (snake(name), env.typed(cx, expr, ty));
                Some(quote!(let #ident = #value;))
            }
            Member::Sized(_, inner) | Member::Tail(inner) => Some(prelude(cx, inner, &quote!(#used #made), env)),
            _ => None,
        };
        made = quote!(#statements #made);
    }
    made
}

/// The size of members; locals named as the fields hold references.
pub(crate) fn of_members(cx: &Context<'_>, body: &[Member], env: &Env) -> TokenStream {
    sum(cx, body, env).tokens()
}

fn sum(cx: &Context<'_>, body: &[Member], env: &Env) -> Sum {
    let mut total = Sum::default();
    for member in body {
        match member {
            Member::Field(field) if field.at.is_some() => {
                let ident = snake(&field.name);
                let mut one = Sum::default();
                value(cx, &field.ty, &quote!(#ident), env, &mut one);
                total.terms.push(of_option(&field.name, one.tokens()));
            }
            Member::Field(Field { role: Role::Fixed(_), ty: Type::Bytes(Extent::Count(count)), .. }) => {
                total.terms.push(env.len(cx, count));
            }
            Member::Field(field) => {
                let ident = snake(&field.name);
                value(cx, &field.ty, &quote!(#ident), env, &mut total);
            }
            Member::If(c) => {
                let then = branch(cx, &c.then, env);
                let otherwise = branch(cx, &c.otherwise, env);
                // As many bytes either way.
                let sizes = [of_members(cx, &c.then, env), of_members(cx, &c.otherwise, env)];
                if let [Some(a), Some(b)] = sizes.map(|size| size.to_string().parse::<u64>().ok())
                    && a == b
                {
                    total.fixed += a;
                    continue;
                }
                total.terms.push(match (then, otherwise) {
                    (Some((test, size)), None) => {
                        let other = of_members(cx, &c.otherwise, env);
                        quote!((if #test { #size } else { #other }))
                    }
                    (None, Some((test, size))) => {
                        let other = of_members(cx, &c.then, env);
                        quote!((if #test { #size } else { #other }))
                    }
                    (Some((test, size)), Some((test2, size2))) => {
                        quote!((if #test { #size } else if #test2 { #size2 } else { 0 }))
                    }
                    (None, None) => {
                        let cond = env.expr(cx, &c.cond);
                        let (a, b) = (of_members(cx, &c.then, env), of_members(cx, &c.otherwise, env));
                        quote!((if #cond { #a } else { #b }))
                    }
                });
            }
            Member::Match(m) => {
                let ident = snake(&m.field);
                total.terms.push(of_match(cx, m, &quote!(#ident), env));
            }
            Member::Sized(_, inner) | Member::Tail(inner) => {
                let inner = sum(cx, inner, env);
                total.fixed += inner.fixed;
                total.terms.extend(inner.terms);
            }
            Member::Let(..) | Member::Require(_) => {}
        }
    }
    total
}

/// Test and size of one branch of an `if`; `None` when nothing in it is a Rust field.
fn branch(cx: &Context<'_>, body: &[Member], env: &Env) -> Option<(TokenStream, TokenStream)> {
    let direct: Vec<RustField<'_>> = rust_fields(body).into_iter().filter(|f| !inside_if(body, f.name())).collect();
    let first = direct.first()?.ident();
    let size = of_members(cx, body, env);
    let used = words(&size);
    let idents: Vec<_> =
        direct.iter().filter(|f| used.contains(word(f.name()).as_str())).map(RustField::ident).collect();
    Some(match idents.as_slice() {
        [] => (quote!(#first.is_some()), size),
        [one] => (quote!(let Some(#one) = #one), size),
        many => (quote!(let (#(Some(#many)),*) = (#(#many),*)), size),
    })
}

/// The size of a match's value.
pub(crate) fn of_match(cx: &Context<'_>, m: &Match, place: &TokenStream, env: &Env) -> TokenStream {
    let enum_name = verbatim(&m.enum_name);
    let arms: Vec<(TokenStream, TokenStream)> = m
        .arms
        .iter()
        .map(|arm| {
            let size = of_members(cx, &arm.body, env);
            (destructure(&quote!(#enum_name), m, arm, &size), size)
        })
        .collect();
    // Arms with the same size stand together.
    let mut grouped: Vec<(Vec<TokenStream>, TokenStream)> = Vec::new();
    for (pattern, size) in arms {
        let constant = size.to_string().parse::<u64>().is_ok();
        match grouped.iter_mut().find(|(_, s)| constant && s.to_string() == size.to_string()) {
            Some((patterns, _)) => patterns.push(pattern),
            None => grouped.push((vec![pattern], size)),
        }
    }
    let arms = grouped.iter().map(|(patterns, size)| quote!(#(#patterns)|* => #size,));
    quote!((match #place { #(#arms)* }))
}

fn value(cx: &Context<'_>, ty: &Type, place: &TokenStream, env: &Env, total: &mut Sum) {
    let layout = cx.layout(ty);
    if layout.fixed {
        total.fixed += layout.min_size;
        return;
    }
    let count = |width: &Width, total: &mut Sum| match width {
        Width::Always(kind) => total.fixed += u64::from(kind.size),
        Width::ByForm(by) => total.terms.push(env.form_size(cx, by)),
    };
    match ty {
        Type::Named(id, args) => {
            let forms = env.form_args(cx, *id, args);
            total.terms.push(quote!(#place.packed_size(#forms)));
        }
        Type::IntByForm(by) => total.terms.push(env.form_size(cx, by)),
        Type::GlobSet => total.terms.push(quote!(#place.packed_size())),
        Type::Text(Text::Utf16Nul | Text::String8Nul | Text::By(_)) => total.terms.push(quote!(#place.size_nul())),
        Type::Text(Text::Line) => total.terms.push(quote!(#place.size_line())),
        Type::Text(Text::Utf16Counted(width, _)) => {
            count(width, total);
            total.terms.push(quote!(#place.len_units() * 2));
        }
        Type::Text(Text::String8Counted(width)) => {
            count(width, total);
            total.terms.push(quote!(#place.as_bytes().len()));
        }
        Type::Text(Text::BytesCounted(width)) => {
            count(width, total);
            total.terms.push(quote!(#place.len()));
        }
        Type::Bytes(_) => total.terms.push(quote!(#place.len())),
        Type::Array(element, extent) => {
            let inner = cx.layout(element);
            match extent {
                Extent::Until(ending) if matches!(**ending, Ending::Text(_) | Ending::Value(_)) => {
                    total.fixed += cx.layout(ty).min_size;
                }
                _ => {}
            }
            if inner.fixed {
                let size = usize_literal(inner.min_size);
                total.terms.push(if inner.min_size == 1 { quote!(#place.len()) } else { quote!(#place.len() * #size) });
                return;
            }
            if let Type::IntByForm(by) = element.as_ref() {
                let size = env.form_size(cx, by);
                total.terms.push(quote!(#place.len() * #size));
                return;
            }
            let mut one = Sum::default();
            value(cx, element, &quote!(item), env, &mut one);
            let one = one.tokens();
            total.terms.push(quote!(#place.iter().map(|item| #one).sum::<usize>()));
        }
        _ => {}
    }
}

/// The size of fields by name, for a derived length.
pub(crate) fn of_names(cx: &Context<'_>, body: &[Member], names: &[String], plus: i64, env: &Env) -> TokenStream {
    let mut total = Sum { fixed: u64::try_from(plus).unwrap_or(0), terms: Vec::new() };
    for name in names {
        if let Some(ty) = find_derived(body, name) {
            let ident = snake(name);
            value(cx, ty, &quote!(#ident), env, &mut total);
            continue;
        }
        let fields = rust_fields(body);
        let Some(field) = fields.iter().find(|f| f.name() == name) else { continue };
        let ident = field.ident();
        let mut one = Sum::default();
        match field.holds {
            Holds::Field(f) => value(cx, &f.ty, &quote!(#ident), env, &mut one),
            Holds::Match(m) => one.terms.push(of_match(cx, m, &quote!(#ident), env)),
            Holds::Kept(_) => {}
        }
        if env.options.contains(name) {
            total.terms.push(of_option(name, one.tokens()));
        } else {
            total.fixed += one.fixed;
            total.terms.extend(one.terms);
        }
    }
    // What is taken off is never more than the fields take at least.
    let minus = if plus < 0 { plus.unsigned_abs() } else { 0 };
    if total.fixed >= minus {
        total.fixed -= minus;
        return total.tokens();
    }
    let (size, minus) = (total.tokens(), usize_literal(minus));
    quote!((#size).saturating_sub(#minus))
}

/// The size of what may be there.
fn of_option(name: &str, size: TokenStream) -> TokenStream {
    let ident = snake(name);
    if words(&size).contains(word(name).as_str()) {
        quote!(#ident.as_ref().map_or(0, |#ident| #size))
    } else {
        quote!(#ident.as_ref().map_or(0, |_| #size))
    }
}

/// The type of a derived field, whose size is fixed.
fn find_derived<'m>(body: &'m [Member], name: &str) -> Option<&'m Type> {
    body.iter().find_map(|member| match member {
        Member::Field(field) if field.name == name && !matches!(field.role, Role::Plain) => Some(&field.ty),
        _ => None,
    })
}
