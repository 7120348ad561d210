//! Values of matches: a variant by choice, or the one that something decides already.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::select::matches;
use super::values::{Made, Maker, Place};
use crate::emit::body::{Env, arm_fields};
use crate::emit::context::{Context, usize_literal};
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
        let possible = m.arms.iter().enumerate().map(|(at, arm)| {
            let possible = self.possible(m, at, arm, &subject, env);
            if !place.guarded && self.selections.leads_back(&arm.body, self.id) {
                return if possible.to_string() == "true" {
                    quote!(g.deeper())
                } else {
                    quote!(g.deeper() && (#possible))
                };
            }
            possible
        });
        let last = m.arms.len().saturating_sub(1);
        let arms = m.arms.iter().enumerate().map(|(at, arm)| {
            let value = self.arm(m, arm, place, env);
            let number = if at == last { quote!(_) } else { usize_literal(at as u64) };
            quote!(#number => #value,)
        });
        quote!(match g.pick_possible(&[#(#possible),*]) { #(#arms)* })
    }

    /// The condition on which an arm can be chosen, whatever the derived discriminants are.
    fn possible(&self, m: &Match, at: usize, arm: &Arm, subject: &TokenStream, env: &Env) -> TokenStream {
        let own = decided_pattern(self.cx, m, arm).map(|pattern| quote!(matches!(#subject, #pattern)));
        // Some value has to be left that no arm before takes.
        let mut left: Vec<TokenStream> = Vec::new();
        for before in self.selecting(m, at).iter().map(|choice| self.not_before(m, choice, env)) {
            match before {
                None => return own.unwrap_or_else(|| quote!(true)),
                Some(before) if left.iter().any(|known| known.to_string() == before.to_string()) => {}
                Some(before) => left.push(before),
            }
        }
        match (own, left.as_slice()) {
            (_, []) => quote!(false),
            (Some(own), [one]) => quote!(#own && #one),
            (Some(own), many) => quote!(#own && (#(#many)||*)),
            (None, many) => quote!(#(#many)||*),
        }
    }

    fn arm(&self, m: &'m Match, arm: &'m Arm, place: Place<'m>, env: &Env) -> TokenStream {
        let mut env = env.clone();
        let mut made = Made::default();
        let is_read = |d: &Discriminant| {
            let mut read = false;
            each_expr(&arm.body, &mut |expr| {
                read |= matches!((expr, &d.expr), (Expr::Field(a), Expr::Field(b)) if a == b);
            });
            read
        };
        let derived = || m.on.iter().enumerate().filter(|(_, d)| d.derived);
        let kept: Vec<&Discriminant> =
            derived().filter(|(index, _)| arm.keeps.contains(index)).map(|(_, d)| d).collect();
        match kept.as_slice() {
            [] => {}
            [one] => made.add(&one.name, self.kept(m, arm, &env), is_read(one)),
            many => {
                let (idents, value) = (many.iter().map(|d| snake(&d.name)), self.kept(m, arm, &env));
                made.statements.extend(quote!(let (#(#idents),*) = #value;));
                for d in many {
                    let ident = snake(&d.name);
                    made.add(&d.name, quote!(#ident), false);
                }
            }
        }
        for (index, d) in derived() {
            if let (false, true, Some(pattern)) =
                (arm.keeps.contains(&index), is_read(d), arm.patterns.get(index).and_then(|p| p.first()))
            {
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

    /// Values of a discriminant that this arm takes: some of each kind.
    fn taken(&self, m: &Match, arm: &Arm, index: usize) -> Vec<u64> {
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
        let patterns = m.arms.iter().flat_map(|arm| arm.patterns.get(index).into_iter().flatten());
        candidates.extend(patterns.flat_map(|p| match p {
            Pattern::Int(value) | Pattern::Const(_, _, value) => vec![*value],
            Pattern::Range(from, to) => vec![*from, *to],
            _ => Vec::new(),
        }));
        candidates.extend((0..=m.arms.len() as u64).chain([most / 2, most - 1, most]));
        candidates.into_iter().filter(|value| *value <= most && takes(arm, index, *value)).collect()
    }

    /// Values of the derived discriminants that select an arm: each with the arms before it that take these values
    /// for some value of the others.
    fn selecting(&self, m: &Match, at: usize) -> Vec<(Vec<u64>, Vec<usize>)> {
        const MOST: usize = 1 << 12;
        let Some(arm) = m.arms.get(at) else { return Vec::new() };
        let derived: Vec<usize> = m.on.iter().enumerate().filter(|(_, d)| d.derived).map(|(i, _)| i).collect();
        let mut all: Vec<Vec<u64>> = vec![Vec::new()];
        for &index in &derived {
            let taken = self.taken(m, arm, index);
            let with = |head: &Vec<u64>| -> Vec<Vec<u64>> {
                taken.iter().map(|value| head.iter().copied().chain([*value]).collect()).collect()
            };
            all = all.iter().flat_map(with).take(MOST).collect();
        }
        let before = m.arms.get(..at).unwrap_or_default();
        let is_any = |arm: &Arm, index: usize| {
            arm.patterns.get(index).is_none_or(|p| p.iter().any(|p| matches!(p, Pattern::Any)))
        };
        let always = |arm: &Arm| m.on.iter().enumerate().all(|(index, d)| d.derived || is_any(arm, index));
        let mut found = Vec::new();
        for values in all {
            let takes_all = |arm: &Arm| derived.iter().zip(&values).all(|(&index, &value)| takes(arm, index, value));
            let taking: Vec<usize> =
                before.iter().enumerate().filter(|(_, arm)| takes_all(arm)).map(|(at, _)| at).collect();
            if !taking.iter().any(|&at| before.get(at).is_some_and(always)) {
                found.push((values, taking));
            }
        }
        found
    }

    /// That no arm before takes a choice, where that depends on something.
    fn not_before(&self, m: &Match, (_, before): &(Vec<u64>, Vec<usize>), env: &Env) -> Option<TokenStream> {
        if before.is_empty() {
            return None;
        }
        let decided = m.on.iter().filter(|d| !d.derived);
        let subject = unpacking::tuple(decided.map(|d| env.expr(self.cx, &d.expr)));
        let arms = before.iter().filter_map(|&at| m.arms.get(at));
        let mut patterns: Vec<TokenStream> = arms.filter_map(|arm| decided_pattern(self.cx, m, arm)).collect();
        let mut seen = BTreeSet::new();
        patterns.retain(|pattern| seen.insert(pattern.to_string()));
        Some(quote!(!matches!(#subject, #(#patterns)|*)))
    }

    /// Values of the discriminants that an arm keeps: one, or several as a tuple.
    fn kept(&self, m: &Match, arm: &Arm, env: &Env) -> TokenStream {
        const MOST: usize = 16;
        let at = m.arms.iter().position(|other| other.name == arm.name).unwrap_or_default();
        let derived = m.on.iter().enumerate().filter(|(_, d)| d.derived);
        let kept: Vec<(usize, &Discriminant)> =
            derived.enumerate().filter(|(_, (i, _))| arm.keeps.contains(i)).map(|(i, (_, d))| (i, d)).collect();
        let mut groups: Vec<(Option<TokenStream>, Vec<TokenStream>)> = Vec::new();
        for choice in &self.selecting(m, at) {
            let condition = self.not_before(m, choice, env);
            let value = unpacking::tuple(kept.iter().filter_map(|(index, d)| {
                let value = choice.0.get(*index)?;
                Some(values::const_value(self.cx, &d.ty, &ConstValue::Int(*value)))
            }));
            let text = |tokens: &Option<TokenStream>| tokens.as_ref().map(TokenStream::to_string);
            match groups.iter_mut().find(|(known, _)| text(known) == text(&condition)) {
                Some((_, values)) => values.push(value),
                None => groups.push((condition, vec![value])),
            }
        }
        for (_, values) in &mut groups {
            let step = values.len().div_ceil(MOST).max(1);
            *values = values.iter().step_by(step).cloned().collect();
        }
        match groups.as_slice() {
            // An arm that is chosen has a value that selects it.
            [(_, values)] => match values.as_slice() {
                [one] => one.clone(),
                many => quote!(*g.one_of(&[#(#many),*])),
            },
            several => {
                let extend = several.iter().map(|(condition, values)| match condition {
                    Some(condition) => quote!(if #condition { values.extend([#(#values),*]); }),
                    None => quote!(values.extend([#(#values),*]);),
                });
                quote!({
                    let mut values = Vec::new();
                    #(#extend)*
                    *g.one_of(&values)
                })
            }
        }
    }
}

/// The arm takes this value of a discriminant.
fn takes(arm: &Arm, index: usize, value: u64) -> bool {
    arm.patterns.is_empty() || arm.patterns.get(index).is_some_and(|p| p.iter().any(|p| matches(p, value)))
}

/// The pattern of an arm over the discriminants that something decides; `None` where any value fits.
fn decided_pattern(cx: &Context<'_>, m: &Match, arm: &Arm) -> Option<TokenStream> {
    let mut any = true;
    let decided = m.on.iter().enumerate().filter(|(_, d)| !d.derived);
    let patterns: Vec<TokenStream> = decided
        .filter_map(|(index, d)| {
            let alternatives = arm.patterns.get(index)?;
            any &= alternatives.iter().any(|p| matches!(p, Pattern::Any));
            let alternatives = alternatives.iter().map(|p| unpacking::pattern(cx, p, &d.ty));
            Some(quote!(#(#alternatives)|*))
        })
        .collect();
    (!any && !arm.patterns.is_empty()).then(|| unpacking::tuple(patterns))
}
