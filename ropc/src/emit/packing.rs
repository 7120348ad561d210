//! `pack`: statements that write a body's members from locals.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::body::{Env, RustField, accessor, arm_fields, has_accessor, rust_fields};
use super::context::{Context, hex, int_method, usize_literal};
use super::names::{snake, verbatim, word};
use super::sizes;
use crate::model::{
    Arm, Conditional, ConstValue, Count, Ending, Expr, Extent, Field, Match, Member, Order, Role, StructDef, Text,
    Type, Width,
};

/// Statements that write members; locals named as the fields hold references.
pub(crate) fn members(cx: &Context<'_>, body: &[Member], env: &mut Env) -> TokenStream {
    let mut out = TokenStream::new();
    for (at, member) in body.iter().enumerate() {
        let following = body.get(at + 1..).unwrap_or_default();
        out.extend(match member {
            Member::Field(field) if field.at.is_some() => quote!(),
            Member::Field(field) => {
                let mut write = write_field(cx, field, body, following, env);
                if let Some(cond) = &field.big_endian {
                    let cond = env.expr(cx, cond);
                    write.extend(quote!(let outer_order_ = e.set_big_endian(#cond);));
                }
                write
            }
            Member::If(c) => conditional(cx, c, env),
            Member::Match(m) => write_match(cx, m, env),
            Member::Let(name, expr, ty) => {
                let value = env.typed(cx, expr, ty);
                env.value(name, ty);
                let name = snake(name);
                quote!(let #name = #value;)
            }
            Member::Require(requirement) => {
                let broken = env.negated(cx, &requirement.cond);
                quote!(if #broken { return Err(e.unmet("what the description requires")); })
            }
            Member::Sized(_, inner) | Member::Tail(inner) => members(cx, inner, env),
        });
    }
    out
}

fn conditional(cx: &Context<'_>, c: &Conditional, env: &Env) -> TokenStream {
    let cond = env.expr(cx, &c.cond);
    let then = branch(cx, &c.then, &c.otherwise, env);
    let otherwise = branch(cx, &c.otherwise, &c.then, env);
    if then.is_empty() && otherwise.is_empty() {
        return quote!();
    }
    if then.is_empty() {
        let not = env.negated(cx, &c.cond);
        return quote!(if #not { #otherwise });
    }
    if otherwise.is_empty() {
        return quote!(if #cond { #then });
    }
    // Only the check that nothing is there: no block of its own around it.
    if c.otherwise.is_empty() {
        return quote!(if #cond { #then } else #otherwise);
    }
    quote!(if #cond { #then } else { #otherwise })
}

/// One branch of an `if`: its options must be there, those of the other branch must not.
fn branch(cx: &Context<'_>, body: &[Member], other: &[Member], env: &Env) -> TokenStream {
    let mut inner = env.clone();
    let direct: Vec<RustField<'_>> = rust_fields(body).into_iter().filter(|f| !inside_if(body, f.name())).collect();
    let mut out = TokenStream::new();
    let absent: Vec<_> = rust_fields(other).iter().map(RustField::ident).collect();
    if !absent.is_empty() {
        let names: Vec<String> = rust_fields(other).iter().map(|f| f.name().to_owned()).collect();
        let text = format!("no {} where the condition does not hold", names.join(", "));
        out.extend(quote!(if #(#absent.is_some())||* { return Err(e.mismatch(#text)); }));
    }
    if !direct.is_empty() {
        let idents: Vec<_> = direct.iter().map(RustField::ident).collect();
        let names: Vec<&str> = direct.iter().map(|f| f.name()).collect();
        let text = format!("{} where the condition holds", names.join(", "));
        out.extend(match idents.as_slice() {
            [one] => quote!(let Some(#one) = #one else { return Err(e.mismatch(#text)); };),
            many => quote!(let (#(Some(#many)),*) = (#(#many),*) else { return Err(e.mismatch(#text)); };),
        });
        for field in &direct {
            inner.options.remove(field.name());
        }
    }
    out.extend(members(cx, body, &mut inner));
    out
}

/// The field stands in an `if` of this body.
pub(crate) fn inside_if(body: &[Member], name: &str) -> bool {
    body.iter().any(|member| match member {
        Member::If(c) => [&c.then, &c.otherwise].iter().any(|b| rust_fields(b).iter().any(|f| f.name() == name)),
        Member::Sized(_, inner) | Member::Tail(inner) => inside_if(inner, name),
        _ => false,
    })
}

fn write_field(cx: &Context<'_>, field: &Field, body: &[Member], following: &[Member], env: &mut Env) -> TokenStream {
    cx.import("runtime::At");
    let (ident, name) = (snake(&field.name), field.name.as_str());
    let count = |value: TokenStream, env: &mut Env| {
        env.length(name);
        let write = match &field.ty {
            Type::Int(kind) if kind.size == 8 => quote!(e.u64(#ident as u64).at(#name)?;),
            Type::Int(kind) => {
                let method = format_ident!("count_{}", cx.int_method(*kind));
                quote!(e.#method(#ident).at(#name)?;)
            }
            Type::IntByForm(by) => {
                let size = env.form_size(cx, by);
                quote!(e.count(#ident, #size).at(#name)?;)
            }
            _ => quote!(e.u48be(#ident as u64).at(#name)?;),
        };
        quote!(let #ident = #value; #write)
    };
    match &field.role {
        Role::Count(count) => env.counts(name, &count.of),
        Role::SizeOf(of, 0) if let [one] = of.as_slice() => env.counts(name, one),
        _ => {}
    }
    match &field.role {
        Role::Plain if !field.derived_bits.is_empty() => {
            env.value(name, &field.ty);
            quote!(let #ident = self.#ident(); #ident.pack(e).at(#name)?;)
        }
        Role::Plain => {
            let order = field.order.as_ref().map(|order| ordered(&ident, order));
            let write = write_value(cx, &field.ty, &quote!(#ident), env, name);
            quote!(#order #write)
        }
        Role::Count(_) | Role::SizeOf(..) | Role::SizeOfFollowing | Role::SizeOfThis => {
            let value = derived(cx, field, body, following, env);
            let write = count(value.unwrap_or_default(), env);
            match &field.role {
                Role::Count(Count { of, none: Some(none) }) => {
                    let (of, text, none) =
                        (snake(of), format!("no {of} of as many as say that there are none"), usize_literal(*none));
                    quote!(if #of.as_ref().is_some_and(|list| list.len() == #none) { return Err(e.mismatch(#text)); } #write)
                }
                _ => write,
            }
        }
        Role::Fixed(_) => {
            if let Type::Bytes(Extent::Count(count)) = &field.ty {
                let count = env.len(cx, count);
                return quote!(e.zeros(#count).at(#name)?;);
            }
            let value = derived(cx, field, body, following, env);
            env.value(name, &field.ty);
            let write = write_scalar(cx, &field.ty, &quote!(#ident), env, name);
            let ty = cx.rust(&field.ty, &quote!('_));
            quote!(let #ident: #ty = #value; #write)
        }
        // In a local already.
        Role::PlainSize(_) => {
            env.length(name);
            match &field.ty {
                Type::Int(kind) if kind.size == 8 => {
                    let method = cx.int_method(*kind);
                    quote!(e.#method(#ident as u64).at(#name)?;)
                }
                Type::Int(kind) => {
                    let method = format_ident!("count_{}", cx.int_method(*kind));
                    quote!(e.#method(#ident).at(#name)?;)
                }
                _ => quote!(e.u48be(#ident as u64).at(#name)?;),
            }
        }
        Role::Present(_) | Role::Const(_) | Role::Discriminant(_) => {
            let value = derived(cx, field, body, following, env);
            env.value(name, &field.ty);
            let write = write_scalar(cx, &field.ty, &quote!(#ident), env, name);
            quote!(let #ident = #value; #write)
        }
        Role::OffsetOf(_) => {
            let reserve = reserved(&field.ty, "reserve");
            quote!(let #ident = e.#reserve().at(#name)?;)
        }
        Role::Echo(_) => {
            let index = snake("InputHandleIndex");
            quote!(e.u8(#index).at(#name)?;)
        }
    }
}

/// A check that the elements of a list have their order.
fn ordered(list: &proc_macro2::Ident, order: &Order) -> TokenStream {
    let by = snake(&order.by);
    let holds = match &order.uniform {
        None => quote!(a.#by <= b.#by),
        Some(uniform) => {
            let uniform = snake(uniform);
            quote!(a.#by < b.#by || a.#by == b.#by && a.#uniform.len() == b.#uniform.len())
        }
    };
    quote!(if !#list.is_sorted_by(|a, b| #holds) { return Err(e.unmet("the order of the elements")); })
}

/// Statements that write what stands at offsets, behind all members, and fill the offsets.
pub(crate) fn referents(cx: &Context<'_>, def: &StructDef, env: &Env) -> TokenStream {
    let each = def.referents().map(|field| {
        let (ident, name, at) = (snake(&field.name), field.name.as_str(), field.at.as_deref().unwrap_or_default());
        let offset = snake(at);
        let ty = def.body.iter().find_map(|member| match member {
            Member::Field(field) if field.name == at => Some(&field.ty),
            _ => None,
        });
        let refer = reserved(ty.unwrap_or(&field.ty), "refer");
        let write = write_value(cx, &field.ty, &quote!(#ident), env, name);
        quote!(if let Some(#ident) = #ident { e.#refer(#offset).at(#at)?; #write })
    });
    each.collect()
}

/// The encoder's method for an offset of this type.
fn reserved(ty: &Type, what: &str) -> proc_macro2::Ident {
    match ty {
        Type::Int(kind) => format_ident!("{what}_{}", int_method(*kind)),
        _ => format_ident!("{what}_u16"),
    }
}

/// The value of a derived field.
pub(crate) fn derived(
    cx: &Context<'_>,
    field: &Field,
    body: &[Member],
    following: &[Member],
    env: &Env,
) -> Option<TokenStream> {
    Some(match &field.role {
        Role::Plain | Role::Echo(_) | Role::OffsetOf(_) | Role::PlainSize(_) => return None,
        Role::Count(Count { of, none }) => length_of(of, none.unwrap_or(0), env),
        Role::SizeOf(of, plus) => sizes::of_names(cx, body, of, *plus, env),
        Role::SizeOfFollowing => sizes::of_members(cx, following, env),
        Role::SizeOfThis => quote!(self.packed_size()),
        Role::Present(of) => {
            let of = snake(of);
            quote!(#of.is_some())
        }
        Role::Fixed(_) if matches!(field.ty, Type::Bytes(_)) => return None,
        Role::Fixed(value) => super::values::const_value(cx, &field.ty, &ConstValue::Int(*value)),
        Role::Const(value) => super::values::const_value(cx, &field.ty, value),
        Role::Discriminant(of) => {
            let (of, get) = (snake(of), snake(&field.name));
            quote!(#of.#get())
        }
    })
}

fn length_of(of: &str, none: u64, env: &Env) -> TokenStream {
    let (ident, none) = (snake(of), usize_literal(none));
    if env.options.contains(of) {
        quote!(#ident.as_ref().map_or(#none, |list| list.len()))
    } else {
        quote!(#ident.len())
    }
}

/// Writes a scalar that is a value, not a reference.
fn write_scalar(cx: &Context<'_>, ty: &Type, value: &TokenStream, env: &Env, name: &str) -> TokenStream {
    match ty {
        Type::Guid if cx.is_either_order() => quote!(#value.pack_ordered(e).at(#name)?;),
        Type::Named(..) | Type::Guid | Type::FileTime | Type::GlobSet => quote!(#value.pack(e).at(#name)?;),
        Type::Int(kind) => {
            let method = cx.int_method(*kind);
            quote!(e.#method(#value).at(#name)?;)
        }
        Type::IntByForm(by) => {
            let size = env.form_size(cx, by);
            quote!(e.uint(u64::from(#value), #size).at(#name)?;)
        }
        Type::Bool(1) => quote!(e.bool8(#value).at(#name)?;),
        Type::Bool(_) => quote!(e.bool16(#value).at(#name)?;),
        Type::U48Be => quote!(e.u48be(#value).at(#name)?;),
        _ => {
            let size = hex(0, u8::try_from(cx.layout(ty).min_size).unwrap_or(1));
            quote!(_ = #size;)
        }
    }
}

/// Writes a value that `place` refers to.
fn write_value(cx: &Context<'_>, ty: &Type, place: &TokenStream, env: &Env, name: &str) -> TokenStream {
    match ty {
        Type::Array(element, extent) => {
            let mut out = TokenStream::new();
            if let Extent::Until(ending) = extent {
                return write_until(cx, element, ending, place, env, name);
            }
            if let Extent::Count(count) = extent
                && !is_own_count(count, env, name)
            {
                let count = env.len(cx, count);
                let text = format!("as many {name} as the context says");
                out.extend(quote!(if #place.len() != #count { return Err(e.mismatch(#text)); }));
            }
            if matches!((element.as_ref(), extent), (Type::Int(k), Extent::Const(_)) if k.size == 1 && !k.signed) {
                out.extend(quote!(e.bytes(#place).at(#name)?;));
                return out;
            }
            let write = write(cx, element, &quote!(item), env, name);
            out.extend(quote!(for (index, item) in #place.iter().enumerate() { #write.at_index(index).at(#name)?; }));
            out
        }
        _ => {
            let write = write(cx, ty, place, env, name);
            quote!(#write.at(#name)?;)
        }
    }
}

/// A list up to what ends it: an element that is no part of the list, or its last.
fn write_until(
    cx: &Context<'_>,
    element: &Type,
    ending: &Ending,
    place: &TokenStream,
    env: &Env,
    name: &str,
) -> TokenStream {
    let write = write(cx, element, &quote!(item), env, name);
    let ends = super::unpacking::ends(cx, element, ending, true, env);
    let write = |check: TokenStream| quote!(for (index, item) in #place.iter().enumerate() { #check #write.at_index(index).at(#name)?; });
    let Ending::When { or_rest, .. } = ending else {
        let text = format!("no element of {name} that ends the list");
        let write = write(quote!(if #ends { return Err(e.mismatch(#text).at_index(index).at(#name)); }));
        let end = match (ending, element) {
            (Ending::Text(text), Type::Text(kind)) => {
                let (string, method) = (
                    cx.runtime("String8"),
                    if matches!(kind, Text::Line) { quote!(pack_line) } else { quote!(pack_nul) },
                );
                quote!(#string::from(#text).#method(e).at(#name)?;)
            }
            (Ending::Value(value), ty) => {
                write_scalar(cx, ty, &super::values::const_value(cx, ty, &ConstValue::Int(*value)), env, name)
            }
            _ => quote!(),
        };
        return quote!(#write #end);
    };
    let (other, text) = (
        if *or_rest {
            quote!(#ends && index + 1 < #place.len())
        } else {
            quote!((#ends) != (index + 1 == #place.len()))
        },
        format!("{name} that end with the element that ends a list"),
    );
    let write = write(quote!(if #other { return Err(e.unmet(#text).at_index(index).at(#name)); }));
    if *or_rest {
        return write;
    }
    quote!(if #place.is_empty() { return Err(e.unmet(#text).at(#name)); } #write)
}

/// The length comes from the list itself.
fn is_own_count(count: &Expr, env: &Env, name: &str) -> bool {
    matches!(count, Expr::Field(field) if env.is_length(field) && env.counted(field).is_none_or(|list| list == name))
}

/// The expression that writes a value that is no array, as a `Result`.
fn write(cx: &Context<'_>, ty: &Type, place: &TokenStream, env: &Env, name: &str) -> TokenStream {
    match ty {
        Type::Int(kind) => {
            let method = cx.int_method(*kind);
            quote!(e.#method(*#place))
        }
        Type::IntByForm(by) => {
            let size = env.form_size(cx, by);
            if by.widest().size == 8 {
                quote!(e.uint(*#place, #size))
            } else {
                quote!(e.uint(u64::from(*#place), #size))
            }
        }
        Type::Float(4) => quote!(e.f32(*#place)),
        Type::Float(_) => quote!(e.f64(*#place)),
        Type::Bool(1) => quote!(e.bool8(*#place)),
        Type::Bool(_) => quote!(e.bool16(*#place)),
        Type::U48Be => quote!(e.u48be(*#place)),
        Type::Guid if cx.is_either_order() => quote!(#place.pack_ordered(e)),
        Type::Guid | Type::FileTime | Type::GlobSet => quote!(#place.pack(e)),
        Type::Named(id, args) => {
            let params = cx.struct_def(*id).map_or(&[][..], |def| &def.params);
            let args = env.args(cx, params, args);
            quote!(#place.pack(e #args))
        }
        Type::Text(text) => write_text(cx, text, place, env),
        Type::Bytes(Extent::Count(count)) if !is_own_count(count, env, name) => {
            let count = env.len(cx, count);
            quote!(if #place.len() == #count { e.bytes(#place) } else { Err(e.mismatch("as many bytes as the context says")) })
        }
        Type::Bytes(_) => quote!(e.bytes(#place)),
        Type::Array(..) | Type::Later => quote!(Err(e.mismatch("no array of arrays"))),
    }
}

fn write_text(cx: &Context<'_>, text: &Text, place: &TokenStream, env: &Env) -> TokenStream {
    let count = |width: &Width, n: TokenStream| match width {
        Width::Always(kind) => {
            let method = format_ident!("count_{}", cx.int_method(*kind));
            quote!(e.#method(#n))
        }
        Width::ByForm(by) => {
            let size = env.form_size(cx, by);
            quote!(e.count(#n, #size))
        }
    };
    match text {
        Text::Utf16Nul | Text::String8Nul => quote!(#place.pack_nul(e)),
        Text::Line => quote!(#place.pack_line(e)),
        Text::By(flag) => {
            let flag = env.expr(cx, flag);
            quote!(#place.pack_nul(e, #flag))
        }
        Text::Utf16Counted(width, chars) => {
            let n = if *chars { quote!(#place.len_units()) } else { quote!(#place.len_units() * 2) };
            let count = count(width, n);
            quote!(#count.and_then(|()| #place.pack_units(e)))
        }
        Text::String8Counted(width) => {
            let count = count(width, quote!(#place.as_bytes().len()));
            quote!(#count.and_then(|()| #place.pack_bytes(e)))
        }
        Text::BytesCounted(width) => {
            let count = count(width, quote!(#place.len()));
            quote!(#count.and_then(|()| e.bytes(#place)))
        }
    }
}

/// Writes the variant, after checking it against discriminants that do not come from it.
pub(crate) fn write_match(cx: &Context<'_>, m: &Match, env: &Env) -> TokenStream {
    let subject = snake(&m.field);
    let mut out = TokenStream::new();
    for (index, d) in m.on.iter().enumerate() {
        if !d.derived && has_accessor(m, index) {
            let (get, wanted) = (accessor(m, index), env.expr(cx, &d.expr));
            let wanted =
                if matches!(d.expr, Expr::Binary(..) | Expr::Ternary(..)) { quote!((#wanted)) } else { wanted };
            let text = match m.waits_for().as_slice() {
                [] => format!("the variant of {}", d.name),
                waits => format!("{} decoded where {} is known, else bytes", m.field, waits.join(" and ")),
            };
            out.extend(quote!(if #subject.#get() != #wanted { return Err(e.mismatch(#text)); }));
        }
    }
    let arms = m.arms.iter().enumerate().map(|(at, arm)| write_arm(cx, m, at, arm, env));
    out.extend(quote!(match #subject { #(#arms)* }));
    out
}

fn write_arm(cx: &Context<'_>, m: &Match, at: usize, arm: &Arm, env: &Env) -> TokenStream {
    let mut inner = env.clone();
    for field in arm_fields(m, arm) {
        bind(&field, &mut inner);
    }
    let check = check_open(cx, m, at, arm, env);
    let statements = members(cx, &arm.body, &mut inner);
    let body = quote!(#check #statements);
    let pattern = destructure(&quote_name(m), m, arm, &body);
    quote!(#pattern => { #body })
}

fn quote_name(m: &Match) -> TokenStream {
    let name = verbatim(&m.enum_name);
    quote!(#name)
}

/// Tells the environment how a destructured field is to be read.
pub(crate) fn bind(field: &RustField<'_>, env: &mut Env) {
    match field.holds {
        super::body::Holds::Field(f) => env.reference(&f.name, &f.ty),
        super::body::Holds::Kept(d) => env.reference(&d.name, &d.ty),
        super::body::Holds::Match(_) => {}
    }
    if field.optional {
        env.options.insert(field.name().to_owned());
    }
}

/// The pattern that takes a variant apart; fields that the code does not name are left out.
pub(crate) fn destructure(name: &TokenStream, m: &Match, arm: &Arm, used: &TokenStream) -> TokenStream {
    let variant = verbatim(&arm.name);
    let fields = arm_fields(m, arm);
    let words = super::context::words(used);
    let is_used = |f: &RustField<'_>| words.contains(word(f.name()).as_str());
    match fields.as_slice() {
        [] => quote!(#name::#variant),
        [one] if is_used(one) => {
            let ident = one.ident();
            quote!(#name::#variant(#ident))
        }
        [_] => quote!(#name::#variant(_)),
        many => {
            let idents: Vec<_> = many.iter().filter(|f| is_used(f)).map(RustField::ident).collect();
            if idents.len() == many.len() {
                quote!(#name::#variant { #(#idents),* })
            } else if idents.is_empty() {
                quote!(#name::#variant { .. })
            } else {
                quote!(#name::#variant { #(#idents,)* .. })
            }
        }
    }
}

/// A variant for several values, or with a guard, must be the one that decoding would choose.
fn check_open(cx: &Context<'_>, m: &Match, at: usize, arm: &Arm, env: &Env) -> TokenStream {
    let all_accessible = (0..m.on.len()).all(|i| m.on.get(i).is_some_and(|d| d.derived) || has_accessor(m, i));
    if arm.keeps.is_empty() && arm.guard.is_none() && all_accessible {
        return quote!();
    }
    let values: Vec<TokenStream> =
        m.on.iter()
            .enumerate()
            .map(|(i, d)| {
                if arm.keeps.contains(&i) {
                    let ident = snake(&d.name);
                    quote!(*#ident)
                } else if d.derived {
                    match arm.patterns.get(i).and_then(|p| p.first()) {
                        Some(p) => single(cx, p, &d.ty),
                        None => quote!(0),
                    }
                } else {
                    env.expr(cx, &d.expr)
                }
            })
            .collect();
    let subject = super::unpacking::tuple(values);
    let pattern = |other: &Arm| {
        let pattern = super::unpacking::arm_pattern(cx, m, other);
        let guard = other.guard.as_ref().map(|g| {
            let g = env.expr(cx, g);
            quote!(if #g)
        });
        quote!(#pattern #guard)
    };
    let earlier = || m.arms.iter().take(at);
    let before: Vec<TokenStream> = match m.on.as_slice() {
        [d] if earlier().all(|other| other.guard.is_none() && other.patterns.len() == 1) => {
            let all: Vec<_> =
                earlier().flat_map(|other| other.patterns.first().into_iter().flatten().cloned()).collect();
            let all = super::unpacking::joined(&all, &d.ty);
            all.iter().map(|p| super::unpacking::pattern(cx, p, &d.ty)).collect()
        }
        _ => earlier().map(pattern).collect(),
    };
    let total = arm.patterns.is_empty() && arm.guard.is_none();
    let own = pattern(arm);
    let fails = match (before.as_slice(), total) {
        ([], true) => return quote!(),
        (before, true) => quote!(matches!(#subject, #(#before)|*)),
        (_, false) if m.arms.iter().take(at).all(|other| other.guard.is_none() && disjoint(other, arm)) => {
            quote!(!matches!(#subject, #own))
        }
        (before, false) => quote!(!match #subject { #(#before => false,)* #own => true, _ => false }),
    };
    let text = format!("a value of {} that selects {}", m.field, arm.name);
    quote!(if #fails { return Err(e.mismatch(#text)); })
}

/// No value fits both arms, as far as single values tell.
fn disjoint(a: &Arm, b: &Arm) -> bool {
    use crate::model::Pattern;
    let value = |p: &Pattern| match p {
        Pattern::Int(v) | Pattern::Const(_, _, v) => Some(*v),
        Pattern::Bool(b) => Some(u64::from(*b)),
        Pattern::Any | Pattern::Range(..) => None,
    };
    a.patterns
        .iter()
        .zip(&b.patterns)
        .any(|(a, b)| a.iter().all(|x| value(x).is_some_and(|x| b.iter().all(|y| value(y).is_some_and(|y| x != y)))))
}

/// The value of a pattern that stands for one.
pub(crate) fn single(cx: &Context<'_>, pattern: &crate::model::Pattern, ty: &Type) -> TokenStream {
    use crate::model::Pattern;
    match pattern {
        Pattern::Int(value) | Pattern::Range(value, _) => super::values::const_value(cx, ty, &ConstValue::Int(*value)),
        Pattern::Bool(value) => quote!(#value),
        Pattern::Const(id, name, _) => cx.constant(*id, name),
        Pattern::Any => usize_literal(0),
    }
}
