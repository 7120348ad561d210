//! Extents that are compressed or obfuscated: `sized(Size) T X transform(xor(0xA5) if .., lz77(SizeActual) if ..)`.

use super::Lower;
use super::body::Scene;
use super::derive::{each_field, walk};
use crate::ast::{self, ExprKind, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Expr, Extent, Field, Member, Role, StructDef, Transform, TransformKind, TransformStep, Type, TypeKind,
};

/// A transform as it was written, or a field whose flags say what packing decided.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    field: String,
    span: Span,
    /// For `policy(X)`: X.
    decides: Option<Ident>,
}

impl Lower<'_> {
    /// Gives the field of an extent its transforms; `before` is what stands before the extent.
    pub(crate) fn transform(
        &mut self,
        steps: &[(ast::Expr, ast::Expr)],
        before: &[Member],
        inner: &mut [Member],
        scene: &mut Scene<'_>,
    ) {
        let Some((first, _)) = steps.first() else { return };
        let field = match inner {
            [Member::Field(field)] => field,
            // It is reported already.
            [] => return,
            _ => {
                let label = "what falls back to bytes has none";
                return self.wrong_transform("a transform in the wrong place", &first.span, label);
            }
        };
        let size = before.iter().find_map(|member| match member {
            Member::Field(Field { name, role: Role::PlainSize(of), .. }) if *of == field.name => Some(name.clone()),
            _ => None,
        });
        scene.transforms.push(Written { field: field.name.clone(), span: first.span.clone(), decides: None });
        let mut lowered = Vec::new();
        for (step, cond) in steps {
            let kind = self.transform_kind(step, size.as_deref());
            let (Some(kind), Some(cond)) = (kind, self.condition(cond, scene)) else { continue };
            lowered.push(TransformStep { kind, cond });
        }
        field.transform = Some(Transform { steps: lowered, plain_size: size.map(Expr::Field), policy: None });
    }

    fn transform_kind(&mut self, step: &ast::Expr, size: Option<&str>) -> Option<TransformKind> {
        let call = match &step.kind {
            ExprKind::Call(f, args) => match (&f.kind, args.as_slice()) {
                (ExprKind::Name(name), [arg]) => Some((name.text.as_str(), arg)),
                _ => None,
            },
            _ => None,
        };
        match call {
            Some(("xor", mask)) => match self.number(mask).map(u8::try_from) {
                Some(Ok(mask)) => return Some(TransformKind::Xor(mask)),
                Some(Err(_)) => self.wrong_transform("a mask of more than a byte", &mask.span, "0 to 255"),
                None => {}
            },
            Some(("lz77", of)) => match &of.kind {
                ExprKind::Name(name) if Some(name.text.as_str()) == size => return Some(TransformKind::Lz77),
                _ => self.wrong_transform(
                    "no size to decompress to",
                    &of.span,
                    "expected a field before it that is `= plainsize(..)` of what is compressed",
                ),
            },
            _ => self.wrong_transform("no such transform", &step.span, "there are `xor(mask)` and `lz77(size)`"),
        }
        None
    }

    /// `= policy(Payload)`: the caller's wish, which packing corrects.
    pub(crate) fn policy(&mut self, name: &Ident, of: &ast::Expr, scene: &mut Scene<'_>) {
        match &of.kind {
            ExprKind::Name(decides) => scene.transforms.push(Written {
                field: name.text.clone(),
                span: of.span.clone(),
                decides: Some(decides.clone()),
            }),
            _ => self.wrong_transform("a policy of nothing", &of.span, "expected the field with transforms"),
        }
    }

    /// Checks the transforms of a body, and tells each whose flags packing corrects.
    pub(crate) fn check_transforms(&mut self, scene: &Scene<'_>, def: &mut StructDef) {
        if scene.transforms.is_empty() || !scene.lost.is_empty() {
            return;
        }
        let direct: Vec<String> = def.body.iter().filter_map(transformed).map(|field| field.name.clone()).collect();
        let mut first = None;
        for written in scene.transforms.iter().filter(|written| written.decides.is_none()) {
            if scene.headed || !direct.contains(&written.field) {
                let label = "it stands in the body of a structure, in no condition, arm, tail or operation";
                self.wrong_transform("a transform in the wrong place", &written.span, label);
            } else if first.is_some() {
                let label = "put each into a structure of its own";
                self.wrong_transform("a second transform in one structure", &written.span, label);
            } else {
                first = Some(written.field.clone());
            }
        }
        for written in &scene.transforms {
            let Some(decides) = &written.decides else { continue };
            if first.as_ref() != Some(&decides.text) {
                let message = format!("`{}` has no transforms", decides.text);
                self.wrong_transform(&message, &decides.span, "packing decides nothing about it");
                continue;
            }
            let is_bits = def.body.iter().any(|member| match member {
                Member::Field(Field { name, ty: Type::Named(id, _), role: Role::Plain, .. }) => {
                    *name == written.field && matches!(self.program.ty(*id).kind, TypeKind::Bits(_))
                }
                _ => false,
            });
            if !is_bits {
                let message = format!("`{}` cannot say which transforms are applied", written.field);
                self.wrong_transform(&message, &scene.span_of(&written.field), "expected a bit record");
            }
        }
        let policy = scene.transforms.iter().find(|written| written.decides.is_some());
        let plain: Vec<String> = def
            .body
            .iter()
            .filter_map(|member| match member {
                Member::Field(field) if matches!(field.role, Role::Plain) => Some(field.name.clone()),
                _ => None,
            })
            .collect();
        for member in &mut def.body {
            let Member::Sized(_, inner) = member else { continue };
            let [Member::Field(field)] = inner.as_mut_slice() else { continue };
            let Some(transform) = &mut field.transform else { continue };
            transform.policy = policy.map(|written| written.field.clone());
            let span = scene.span_of(&field.name);
            let whole = match &field.ty {
                Type::Bytes(Extent::Rest) | Type::Later => true,
                Type::Named(_, args) => args.is_empty(),
                _ => false,
            };
            if !whole {
                let label = "expected bytes or a structure without arguments";
                self.wrong_transform("what is transformed is no whole", &span, label);
                continue;
            }
            for step in &transform.steps {
                let mut known = true;
                walk(&step.cond, &mut |expr| match expr {
                    Expr::Field(name) => known &= plain.contains(name),
                    Expr::Param(_) => known = false,
                    _ => {}
                });
                let by_policy = match (&transform.policy, &step.cond) {
                    (None, _) => true,
                    (Some(policy), Expr::Bits(base, ..)) => {
                        matches!(base.as_ref(), Expr::Field(name) if name == policy)
                    }
                    (Some(_), _) => false,
                };
                if !known {
                    let label = "expected fields before it that are the caller's";
                    self.wrong_transform("a condition that packing does not know", &span, label);
                } else if !by_policy {
                    let label = "expected one flag of the field with the policy for each transform";
                    self.wrong_transform("a condition that packing cannot correct", &span, label);
                }
            }
        }
    }

    /// Plain sizes are of fields with transforms behind them.
    pub(crate) fn check_plain_sizes(&mut self, scene: &Scene<'_>, body: &[Member]) {
        let mut sizes = Vec::new();
        each_field(body, &mut |field| {
            if let Role::PlainSize(of) = &field.role {
                sizes.push((field.name.clone(), of.clone()));
            }
        });
        let used = |size: &str| {
            let names = |field: &Field| match &field.transform {
                Some(transform) => matches!(&transform.plain_size, Some(Expr::Field(name)) if name == size),
                None => false,
            };
            let mut found = false;
            each_field(body, &mut |field| found |= names(field));
            found
        };
        for (field, of) in sizes {
            if !used(&field) && !scene.lost.contains(&of) {
                let span = scene.span_of(&field);
                let message = format!("`{of}` has no transforms behind `{field}`");
                self.wrong_transform(&message, &span, "its plain size is its size");
            }
        }
    }

    fn wrong_transform(&mut self, message: &str, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0340", message, span.clone(), label));
    }
}

/// The field of an extent that has transforms.
fn transformed(member: &Member) -> Option<&Field> {
    match member {
        Member::Sized(_, inner) => match inner.as_slice() {
            [Member::Field(field)] if field.transform.is_some() => Some(field),
            _ => None,
        },
        _ => None,
    }
}
