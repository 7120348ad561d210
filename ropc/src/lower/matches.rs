//! Matches: discriminants, arms, patterns.

use super::Lower;
use super::body::Scene;
use super::scope::Entity;
use crate::ast::{self, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{Arm, ConstValue, Discriminant, Expr, Layout, Match, Pattern, Type, TypeKind};

impl Lower<'_> {
    pub(super) fn lower_match(&mut self, m: &ast::Match, scene: &mut Scene<'_>) -> Option<Match> {
        let mut on = Vec::new();
        for expr in &m.on {
            let lowered = self.expr(expr, scene)?;
            let Some(ty) = self.type_of(&lowered, scene).filter(|ty| self.is_discriminant(ty)) else {
                self.diagnostics.push(Diagnostic::error(
                    "R0305",
                    "nothing to match on",
                    expr.span.clone(),
                    "expected a number, a condition, an enumeration or a bit record",
                ));
                return None;
            };
            let name = match &lowered {
                Expr::Field(name) | Expr::Param(name) | Expr::Bits(_, _, name) => name.clone(),
                _ => "Discriminant".to_owned(),
            };
            on.push(Discriminant { expr: lowered, name, ty, derived: false });
        }
        let field = match &m.name {
            Some(name) => name.text.clone(),
            // A field of the same structure has the discriminant's name already.
            None => match on.first() {
                Some(Discriminant { expr: Expr::Bits(..), name, .. }) => name.clone(),
                _ => "Value".to_owned(),
            },
        };
        let at = m.name.as_ref().map_or_else(|| scene.span.clone(), |name| name.span.clone());
        let name = Ident { text: field.clone(), span: at };
        let claimed = scene.claimed.len();
        for discriminant in &on {
            // Arms of several values keep it beside their own fields.
            let rust = crate::emit::names::snake_text(&discriminant.name);
            if !scene.claimed.iter().any(|(known, ..)| *known == rust) {
                scene.claimed.push((rust, discriminant.name.clone(), scene.span.clone()));
            }
        }
        if let Some(empty) = m.arms.is_empty().then(|| scene.span.clone()) {
            self.diagnostics.push(Diagnostic::error("R0314", "a match without arms", empty, "nothing can be decoded"));
            return None;
        }
        let mut arms: Vec<(Arm, Span)> = Vec::new();
        for arm in &m.arms {
            let lowered = self.arm(arm, &on, scene);
            if let (Some(lowered), Some(label)) = (&lowered, &arm.label)
                && lowered.name.trim_matches('_').is_empty()
            {
                self.reserved(&lowered.name, &label.span, "a name needs a letter");
            }
            let Some(lowered) = lowered else { continue };
            let rust = crate::emit::names::verbatim(&lowered.name);
            if let Some(other) = arms.iter().find(|(a, _)| crate::emit::names::verbatim(&a.name) == rust) {
                let span = arm.label.as_ref().map_or(&arm.span, |label| &label.span);
                let (first, at) = (other.0.name.clone(), other.1.clone());
                self.one_in_rust((&lowered.name, span), (&first, &at), &rust.to_string());
            }
            let span = arm.label.as_ref().map_or(&arm.span, |label| &label.span);
            arms.push((lowered, span.clone()));
        }
        scene.claimed.truncate(claimed);
        // Arms may have a field of the match's name; a structure that is its match has no field of it.
        let named = m.name.is_none() && scene.is_match || self.claim(scene, &name);
        if arms.len() < m.arms.len() || !named {
            return None;
        }
        self.unreachable_arms(&on, &arms);
        let arms = arms.into_iter().map(|(arm, _)| arm).collect();
        Some(Match {
            enum_name: format!("{}{field}", scene.owner),
            field,
            on,
            arms,
            layout: Layout::default(),
            docs: Vec::new(),
        })
    }

    /// Values of the type can be told apart by patterns.
    fn is_discriminant(&self, ty: &Type) -> bool {
        match ty {
            Type::Int(_) | Type::Bool(_) | Type::U48Be | Type::Later => true,
            Type::Named(id, _) => !matches!(self.program.ty(*id).kind, TypeKind::Struct(_)),
            _ => false,
        }
    }

    /// Bits of the sub-field that an expression is.
    fn sub_field_width(&self, expr: &Expr) -> Option<u32> {
        let Expr::Bits(_, id, name) = expr else { return None };
        match &self.program.ty(*id).kind {
            TypeKind::Bits(bits) => bits.fields.iter().find(|f| f.name == *name).map(|f| f.width),
            _ => None,
        }
    }

    /// A pattern that no value of the discriminant fits by its kind or size.
    fn wrong_pattern(&mut self, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error(
            "R0316",
            "a pattern that the discriminant cannot have",
            span.clone(),
            label,
        ));
    }

    fn arm(&mut self, arm: &ast::Arm, on: &[Discriminant], scene: &mut Scene<'_>) -> Option<Arm> {
        if !arm.patterns.is_empty() && arm.patterns.len() != on.len() {
            self.diagnostics.push(Diagnostic::error(
                "R0306",
                format!("{} patterns for {} discriminants", arm.patterns.len(), on.len()),
                arm.span.clone(),
                "give one pattern a discriminant",
            ));
            return None;
        }
        let mut patterns = Vec::new();
        for (alternatives, discriminant) in arm.patterns.iter().zip(on) {
            let mut lowered = Vec::new();
            for pattern in alternatives {
                lowered.push(self.pattern(pattern, discriminant)?);
            }
            patterns.push(lowered);
        }
        let guard = match &arm.guard {
            Some(guard) => Some(self.condition(guard, scene)?),
            None => None,
        };
        let (fields, claimed) = (scene.fields.len(), scene.claimed.len());
        let body = self.members(&arm.body, scene);
        scene.fields.truncate(fields);
        scene.claimed.truncate(claimed);
        let name = match (&arm.label, patterns.as_slice()) {
            (Some(label), _) => label.text.clone(),
            (None, []) => "Other".to_owned(),
            // Of several discriminants each has its part in the name.
            (None, all) => all.iter().map(|alternatives| pattern_name(alternatives.first())).collect(),
        };
        Some(Arm { name, docs: arm.docs.clone(), patterns, body, guard, keeps: Vec::new() })
    }

    fn pattern(&mut self, pattern: &ast::Pattern, on: &Discriminant) -> Option<Pattern> {
        Some(match pattern {
            ast::Pattern::Any(_) => Pattern::Any,
            ast::Pattern::Int(_, span) | ast::Pattern::Range(_, _, span) if matches!(on.ty, Type::Bool(_)) => {
                self.wrong_pattern(span, "expected `true` or `false`");
                return None;
            }
            ast::Pattern::Range(from, to, span) if from > to => {
                self.wrong_pattern(span, "the range is empty: its end stands before its beginning");
                return None;
            }
            ast::Pattern::Int(value, span) | ast::Pattern::Range(_, value, span) => {
                let int = match &on.ty {
                    Type::Int(kind) => Some(*kind),
                    Type::Named(id, _) => match &self.program.ty(*id).kind {
                        TypeKind::Enum(e) => Some(e.base),
                        TypeKind::Bits(b) => Some(b.base),
                        TypeKind::Form(_) => {
                            self.wrong_pattern(span, "expected one of the forms");
                            return None;
                        }
                        TypeKind::Struct(_) => None,
                    },
                    _ => None,
                };
                let width = self.sub_field_width(&on.expr);
                if let Some(width) = width.filter(|width| *value > super::values::field_mask(0, *width)) {
                    self.wrong_pattern(span, &format!("the sub-field has {width} bits"));
                    return None;
                }
                if let Some(kind) = int
                    && *value > super::values::largest(kind)
                {
                    self.diagnostics.push(Diagnostic::error(
                        "R0104",
                        format!("{value:#x} does not fit {} bits", u32::from(kind.size) * 8),
                        span.clone(),
                        "the discriminant never has this value",
                    ));
                }
                match pattern {
                    ast::Pattern::Range(from, to, _) => Pattern::Range(*from, *to),
                    _ => Pattern::Int(*value),
                }
            }
            ast::Pattern::Path(path) => {
                let name = path.parts.last()?;
                match name.text.as_str() {
                    "true" | "false" if !matches!(on.ty, Type::Bool(_) | Type::Later) => {
                        self.wrong_pattern(&name.span, "the discriminant is no condition");
                        return None;
                    }
                    "true" => return Some(Pattern::Bool(true)),
                    "false" => return Some(Pattern::Bool(false)),
                    _ => {}
                }
                let of = match &on.ty {
                    Type::Named(id, _) => Some(*id),
                    _ => None,
                };
                match (self.scope.constant(&name.text, of), self.scope.get(&name.text), &on.ty) {
                    (Some((id, value)), _, Type::Named(..)) => Pattern::Const(id, name.text.clone(), value),
                    (Some((_, value)), _, Type::Int(_)) => Pattern::Int(value),
                    (_, Some(Entity::Const(ConstValue::Int(value))), Type::Int(_)) => Pattern::Int(*value),
                    _ => {
                        self.unknown("constant of the discriminant's type", name);
                        return None;
                    }
                }
            }
        })
    }
}

/// The name of a variant without a label.
fn pattern_name(first: Option<&Pattern>) -> String {
    match first {
        Some(Pattern::Const(_, name, _)) => name.clone(),
        Some(Pattern::Bool(true)) => "Yes".to_owned(),
        Some(Pattern::Bool(false)) => "No".to_owned(),
        Some(Pattern::Int(value) | Pattern::Range(value, _)) => format!("Value{value:X}"),
        Some(Pattern::Any) | None => "Other".to_owned(),
    }
}
