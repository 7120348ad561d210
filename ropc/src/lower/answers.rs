//! Replies that stand in place of others: `[asynchronous(RopProgress)]`.

use super::Lower;
use crate::ast::{AttrArg, Decl, DeclKind, ExprKind, Ident};
use crate::diagnostic::Diagnostic;
use crate::model::Rop;

impl Lower<'_> {
    /// A ROP that may go on after its reply: the reply of the one that asks how far it is may stand in place of its
    /// own, and its own answers the last time that this is asked. Found when all ROPs are lowered.
    pub(crate) fn answers(&mut self, decl: &Decl) {
        let DeclKind::Rop(op) = &decl.kind else { return };
        let Some(attr) = decl.attrs.iter().find(|attr| attr.name.text == "asynchronous") else { return };
        let name = match attr.args.as_deref() {
            Some([AttrArg::Expr(expr)]) => match &expr.kind {
                ExprKind::Name(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        let Some(name) = name else {
            return self.no_answer(&attr.name, "write `asynchronous(RopProgress)`");
        };
        let find = |name: &Ident| self.program.rops.iter().find(|rop| rop.name == name.text);
        // One that is reported already is not there.
        let Some(own) = find(&op.name) else { return };
        let Some(other) = find(&name) else { return self.unknown("ROP", &name) };
        let (own_id, other_id) = (own.id, other.id);
        let label =
            if own_id == other_id { Some("it cannot ask for itself") } else { unfit(own).or_else(|| unfit(other)) };
        if let Some(label) = label {
            return self.no_answer(&name, label);
        }
        for (id, by) in [(own_id, other_id), (other_id, own_id)] {
            if let Some(rop) = self.program.rops.iter_mut().find(|rop| rop.id == id) {
                rop.answered_by.push(by);
            }
        }
    }

    fn no_answer(&mut self, at: &Ident, label: &str) {
        let message = "a reply that cannot stand in place of another";
        self.diagnostics.push(Diagnostic::error("R0416", message, at.span.clone(), label));
    }
}

/// Why a reply cannot be read without the request that it answers.
fn unfit(rop: &Rop) -> Option<&'static str> {
    let mut bodies = rop.success.iter().chain(rop.on.iter().map(|(_, body)| body)).chain(&rop.other);
    if rop.success.is_none() {
        Some("one of both has no reply")
    } else if bodies.any(|body| !body.params.is_empty()) {
        Some("one of both replies depends on its request, or on state")
    } else if !rop.effects.is_empty() {
        Some("one of both replies changes state")
    } else {
        None
    }
}
