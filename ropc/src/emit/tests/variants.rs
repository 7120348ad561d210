//! Values of matches: a variant by choice, or the one that something decides already.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::select::matches;
use super::values::{Made, Maker, Place};
use crate::emit::body::{Env, arm_fields};
use crate::emit::context::usize_literal;
use crate::emit::names::{snake, verbatim};
use crate::emit::{packing, unpacking, values};
use crate::lower::derive::each_expr;
use crate::model::{Arm, ConstValue, Discriminant, Expr, Match, Pattern, Type, TypeKind};

impl<'m> Maker<'m, '_> {
    /// The value of a match.
    pub(super) fn variant(&self, m: &'m Match, place: Place<'m>, env: &Env) -> TokenStream {
        if m.on.iter().all(|d| !d.derived) {
            return self.variant_for(m, place, env);
        }
        if m.on.iter().any(|d| !d.derived) {
            return self.variant_of(m, place, env);
        }
        let deep = |arm: &&Arm| !place.guarded && self.selections.leads_back(&arm.body, self.id);
        let leaves: Vec<&Arm> = m.arms.iter().filter(|arm| !deep(arm)).collect();
        let all: Vec<&Arm> = leaves.iter().copied().chain(m.arms.iter().filter(deep)).collect();
        let (count, ends) = (usize_literal(all.len() as u64), usize_literal(leaves.len() as u64));
        let last = all.len().saturating_sub(1);
        let arms = all.iter().enumerate().map(|(at, arm)| {
            let value = self.arm(m, arm, place, env);
            let number = if at == last { quote!(_) } else { usize_literal(at as u64) };
            quote!(#number => #value,)
        });
        match all.as_slice() {
            [one] => self.arm(m, one, place, env),
            _ if leaves.len() == all.len() => quote!(match g.pick(#count) { #(#arms)* }),
            _ => quote!(match g.pick(if g.deeper() { #count } else { #ends }) { #(#arms)* }),
        }
    }

    /// The value of a match whose variant is decided already.
    fn variant_for(&self, m: &'m Match, place: Place<'m>, env: &Env) -> TokenStream {
        let subject = unpacking::tuple(m.on.iter().map(|d| env.expr(self.cx, &d.expr)));
        let arms = m.arms.iter().map(|arm| {
            let (pattern, value) = (unpacking::arm_pattern(self.cx, m, arm), self.arm(m, arm, place, env));
            quote!(#pattern => #value,)
        });
        let open = crate::lower::coverage::is_total(self.cx.program, m);
        let text = format!("no variant of {} for {{other:?}}", m.enum_name);
        let refuse = (!open).then(|| quote!(other => unreachable!(#text),));
        quote!(match #subject { #(#arms)* #refuse })
    }

    /// The value of a match that is decided in part.
    fn variant_of(&self, m: &'m Match, place: Place<'m>, env: &Env) -> TokenStream {
        let decided = || m.on.iter().enumerate().filter(|(_, d)| !d.derived);
        let subject = unpacking::tuple(decided().map(|(_, d)| env.expr(self.cx, &d.expr)));
        let possible = m.arms.iter().map(|arm| {
            let patterns = decided().filter_map(|(index, d)| {
                let alternatives = arm.patterns.get(index)?.iter().map(|p| unpacking::pattern(self.cx, p, &d.ty));
                Some(quote!(#(#alternatives)|*))
            });
            let pattern = unpacking::tuple(patterns);
            if arm.patterns.is_empty() || pattern.to_string() == "_" {
                quote!(true)
            } else {
                quote!(matches!(#subject, #pattern))
            }
        });
        let last = m.arms.len().saturating_sub(1);
        let arms = m.arms.iter().enumerate().map(|(at, arm)| {
            let value = self.arm(m, arm, place, env);
            let number = if at == last { quote!(_) } else { usize_literal(at as u64) };
            quote!(#number => #value,)
        });
        let possible = quote!(g.pick_possible(&[#(#possible),*]));
        quote!(match #possible { #(#arms)* })
    }

    fn arm(&self, m: &'m Match, arm: &'m Arm, place: Place<'m>, env: &Env) -> TokenStream {
        let mut env = env.clone();
        let mut made = Made::default();
        for (index, d) in m.on.iter().enumerate().filter(|(_, d)| d.derived) {
            let mut read = false;
            each_expr(&arm.body, &mut |expr| {
                read |= matches!((expr, &d.expr), (Expr::Field(a), Expr::Field(b)) if a == b);
            });
            if arm.keeps.contains(&index) {
                let values = self.selecting(m, arm, index);
                let value =
                    if let [one] = values.as_slice() { one.clone() } else { quote!(*g.one_of(&[#(#values),*])) };
                made.add(&d.name, value, read);
            } else if let (true, Some(pattern)) = (read, arm.patterns.get(index).and_then(|p| p.first())) {
                let (ident, value) = (snake(&d.name), packing::single(self.cx, pattern, &d.ty));
                made.statements.extend(quote!(let #ident = #value;));
            }
            env.value(&d.name, &d.ty);
        }
        let guarded = place.guarded || self.selections.leads_back(&arm.body, self.id);
        self.members(&arm.body, Place { scope: &arm.body, guarded }, &mut env, &mut made);
        let (name, variant) = (self.cx.name_in(self.module, &m.enum_name), verbatim(&arm.name));
        let fields = arm_fields(m, arm);
        let value = match fields.as_slice() {
            [] => quote!(#name::#variant),
            [one] => {
                let value = made.field(one.name());
                quote!(#name::#variant(#value))
            }
            many => {
                let inits = made.inits(many);
                quote!(#name::#variant { #inits })
            }
        };
        let statements = made.statements;
        if statements.is_empty() { value } else { quote!({ #statements #value }) }
    }

    /// The bits of a discriminant: a sub-field may be narrower than its type.
    fn width(&self, d: &Discriminant) -> u64 {
        if let Expr::Bits(_, id, name) = &d.expr
            && let TypeKind::Bits(bits) = &self.cx.program.ty(*id).kind
            && let Some(field) = bits.fields.iter().find(|field| field.name == *name)
        {
            return u64::from(field.width);
        }
        self.cx.layout(&d.ty).min_size * 8
    }

    /// Values of a discriminant that select this arm and not one before it.
    fn selecting(&self, m: &Match, arm: &Arm, index: usize) -> Vec<TokenStream> {
        let takes = |arm: &Arm, value: u64| {
            arm.patterns.is_empty() || arm.patterns.get(index).is_some_and(|p| p.iter().any(|p| matches(p, value)))
        };
        let Some(d) = m.on.get(index) else { return Vec::new() };
        let mut candidates: BTreeSet<u64> = match &d.ty {
            Type::Named(id, _) => match &self.cx.program.ty(*id).kind {
                TypeKind::Enum(e) => e.items.iter().map(|(_, value, _)| *value).collect(),
                _ => BTreeSet::new(),
            },
            _ => BTreeSet::new(),
        };
        let bits = self.width(d);
        let most = match &d.ty {
            Type::Int(kind) if kind.signed => crate::lower::values::largest(*kind),
            _ if bits >= 64 => u64::MAX,
            _ => (1 << bits) - 1,
        };
        let patterns = arm.patterns.get(index).into_iter().flatten();
        candidates.extend(patterns.flat_map(|p| match p {
            Pattern::Int(value) | Pattern::Const(_, _, value) => vec![*value],
            Pattern::Range(from, to) => vec![*from, *to],
            _ => Vec::new(),
        }));
        candidates.extend((0..=m.arms.len() as u64).chain([most / 2, most - 1, most]));
        let meets = |other: &&Arm| {
            (0..m.on.len()).filter(|i| *i != index).all(|i| overlap(arm.patterns.get(i), other.patterns.get(i)))
        };
        let before = || m.arms.iter().take_while(|other| other.name != arm.name).filter(meets);
        let selects = |value: &u64| *value <= most && takes(arm, *value) && !before().any(|other| takes(other, *value));
        let values = candidates.into_iter().filter(selects);
        values.map(|value| values::const_value(self.cx, &d.ty, &ConstValue::Int(value))).collect()
    }
}

/// Some value may fit both; `None` takes all.
fn overlap(a: Option<&Vec<Pattern>>, b: Option<&Vec<Pattern>>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    a.iter().any(|a| b.iter().any(|b| a == b || [a, b].iter().any(|p| matches!(p, Pattern::Any | Pattern::Range(..)))))
}
