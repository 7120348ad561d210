//! The ROPs that open streams: the operation says which root it is.

use super::super::Lower;
use super::Rule;
use crate::ast::{self, Expr, Ident, StreamDecl, StreamItem};
use crate::diagnostic::Diagnostic;
use crate::model::{ConstValue, Field, Member, Opener, Role, Rop, Type};

impl Lower<'_> {
    /// `context root: RopX of Folder when Field == Value;`
    pub(super) fn openers(&mut self, stream: &StreamDecl, rules: &[Rule], roots: &[usize]) -> Vec<Opener> {
        let mut all: Vec<Opener> = Vec::new();
        for item in &stream.items {
            let StreamItem::Context(root, openers) = item else { continue };
            let number = rules.iter().position(|rule| rule.name == root.text);
            let Some(number) = number.filter(|number| roots.contains(number)) else {
                self.unknown("root", root);
                continue;
            };
            for opener in openers {
                let Some(found) = self.opener(opener, number) else { continue };
                if all.iter().any(|other| is_same(other, &found)) {
                    self.wrong_opener(&opener.rop, "it opens another root already");
                }
                all.push(found);
            }
        }
        all
    }

    fn opener(&mut self, opener: &ast::Opener, root: usize) -> Option<Opener> {
        let found = self.program.rops.iter().find(|rop| rop.name == opener.rop.text && rop.unsolicited.is_none());
        let Some(rop) = found.cloned() else {
            self.unknown("ROP", &opener.rop);
            return None;
        };
        let mut of = Vec::new();
        for object in &opener.of {
            let is_input = |kind: &usize| self.program.objects.get(*kind).is_some_and(|kind| kind.name == object.text);
            if rop.inputs.first().is_some_and(|input| input.objects.iter().any(is_input)) {
                of.push(object.text.clone());
            } else {
                let label = format!("`{}` is for no such object", rop.name);
                self.wrong_opener(object, &label);
            }
        }
        let when = match &opener.when {
            Some((field, value)) => Some(self.opener_field(&rop, field, value)?),
            None => None,
        };
        // No more than `steps` allows.
        Some(Opener { rop: rop.name, of, when, root: root as u16 })
    }

    /// A field of the request that is always there, and a value of it.
    fn opener_field(&mut self, rop: &Rop, name: &Ident, value: &Expr) -> Option<(String, Type, ConstValue)> {
        let field = rop.request.body.iter().find_map(|member| match member {
            Member::Field(field) if field.name == name.text => Some(field),
            _ => None,
        });
        let Some(field) = field.filter(|field| is_compared(field)) else {
            self.wrong_opener(name, "no number or constant that is always in the request");
            return None;
        };
        let value = self.value_of(&field.ty, value)?;
        Some((field.name.clone(), field.ty.clone(), value))
    }

    fn wrong_opener(&mut self, name: &Ident, label: &str) {
        let message = "an operation that does not say what a stream is";
        self.diagnostics.push(Diagnostic::error("R0513", message, name.span.clone(), label));
    }
}

fn is_compared(field: &Field) -> bool {
    matches!(field.role, Role::Plain) && matches!(field.ty, Type::Int(_) | Type::Bool(_) | Type::Named(..))
}

/// Both are for the same request with the same object.
fn is_same(one: &Opener, other: &Opener) -> bool {
    let alike = |a: &[String], b: &[String]| a.is_empty() || b.is_empty() || a.iter().any(|kind| b.contains(kind));
    let when = match (&one.when, &other.when) {
        (Some((one, _, a)), Some((other, _, b))) => (one, a) == (other, b),
        _ => true,
    };
    one.rop == other.rop && alike(&one.of, &other.of) && when
}
