//! Syntax tree to model: names resolved, values computed, what is derived found out.
//!
//! One concern a file: `scope` (who is declared), `values` (constant expressions), `types`
//! (types where they are used), `properties` (named properties), `exprs` (expressions over fields and context), `body`
//! (members of structures), `offsets` (fields that stand elsewhere), `transforms` (extents that are compressed or
//! obfuscated), `fallback` (extents that stay bytes without their context), `forms` (wire forms), `generics` (types as
//! parameters), `matches` (discriminants and arms), `typing` (kinds of values), `coverage` (what
//! the arms of a match take),
//! `rust_names` (what would be one name in Rust), `served` (what a
//! ROP must be to be served), `derive` (which fields come from which), `operations` (ROPs and requests), `answers` (replies in place of others),
//! `streams` (grammars of streams), `layout` (sizes, borrowing, recursion).

mod answers;
mod body;
mod byte_order;
pub(crate) mod coverage;
pub(crate) mod derive;
mod exprs;
mod fallback;
mod forms;
mod generics;
mod layout;
mod matches;
mod offsets;
mod operations;
mod order;
mod properties;
mod rust_names;
mod scope;
mod served;
mod streams;
mod transforms;
mod types;
pub(crate) mod typing;
pub(crate) mod values;

use std::collections::{HashMap, HashSet};

use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::model::{Module, Program, TypeId};
use scope::Scope;

pub(crate) use exprs::find_field;
pub(crate) use offsets::at_offset;

/// The state of lowering.
pub(crate) struct Lower<'a> {
    pub(crate) program: Program,
    pub(crate) scope: Scope<'a>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Uses of structures with the kinds of their arguments, checked when all are lowered.
    pub(crate) uses: Vec<(TypeId, Vec<Option<typing::Kind>>, ast::Span)>,
    /// Members of structures that expressions ask for, checked when all are lowered.
    pub(crate) asked: Vec<(TypeId, ast::Ident)>,
    /// Structures with types as parameters, by their name and those of the types.
    instances: HashMap<Vec<String>, TypeId>,
    /// How many of them are being lowered, one in the other.
    nested: usize,
    /// Structures with types as parameters that are wrong whatever the types are.
    mistaken: HashSet<String>,
}

/// Lowers the MAPI interfaces of a set of files, imports first.
///
/// Declarations with mistakes are reported and left out; the rest is lowered all the same, so that
/// one run reports everything.
#[must_use]
pub fn lower(files: &[&ast::File]) -> (Program, Vec<Diagnostic>) {
    let mut lower = Lower {
        program: Program::default(),
        scope: Scope::default(),
        diagnostics: Vec::new(),
        uses: Vec::new(),
        asked: Vec::new(),
        instances: HashMap::new(),
        nested: 0,
        mistaken: HashSet::new(),
    };
    // What did not parse is reported already, under its own name.
    lower.scope.lost = files.iter().flat_map(|file| file.lost.iter().map(|name| name.text.as_str())).collect();
    let all = || files.iter().flat_map(|file| interfaces(file)).flat_map(|interface| &interface.decls);
    lower.scope.form_names = all().filter_map(|decl| decl.kind.form_name()).collect();
    let mut decls = Vec::new();
    for interface in files.iter().flat_map(|file| interfaces(file)) {
        let module = lower.program.modules.len();
        lower.program.modules.push(Module {
            name: interface.name.text.clone(),
            docs: interface.docs.clone(),
            spec: attr_text(&interface.attrs, "spec"),
            span: interface.name.span.clone(),
            consts: Vec::new(),
            properties: Vec::new(),
            either_order: has_attr(&interface.attrs, "either_order"),
        });
        for decl in &interface.decls {
            lower.declare(module, decl);
            decls.push((module, decl));
        }
    }
    // Values first: constants of enumerations stand in expressions everywhere.
    // Constants of named types come last: their types may be declared further down.
    let of_named_type = |decl: &ast::Decl| matches!(&decl.kind, ast::DeclKind::Const(c) if types::is_named(&c.ty));
    for late in [false, true] {
        for &(module, decl) in decls.iter().filter(|(_, decl)| of_named_type(decl) == late) {
            lower.values(module, decl);
        }
    }
    lower.check_properties();
    for &(_, decl) in &decls {
        lower.check_template(decl);
    }
    for &(module, decl) in &decls {
        lower.structure(module, decl);
    }
    lower.layouts();
    for &(module, decl) in &decls {
        lower.operation(module, decl);
    }
    // They name the operations that open them.
    for &(module, decl) in &decls {
        lower.stream(module, decl);
    }
    for &(_, decl) in &decls {
        lower.answers(decl);
    }
    lower.check_uses();
    lower.check_referents();
    lower.check_orders();
    lower.check_byte_orders();
    lower.check_forms();
    lower.check_plain_names();
    lower.rust_names();
    lower.layouts();
    lower.check_states();
    lower.check_other_bodies();
    lower.check_error_code();
    lower.program.rops.sort_by_key(|rop| rop.id);
    // Layouts are computed again once operations are there, and meet the same mistakes.
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    for found in lower.diagnostics {
        let same =
            |d: &Diagnostic| (d.code, &d.primary.0, &d.message) == (found.code, &found.primary.0, &found.message);
        if !diagnostics.iter().any(same) {
            diagnostics.push(found);
        }
    }
    (lower.program, diagnostics)
}

/// The MAPI interfaces of a file.
fn interfaces(file: &ast::File) -> impl Iterator<Item = &ast::Interface> {
    file.items.iter().filter_map(|item| match item {
        ast::Item::Interface(interface) if is_mapi(interface) => Some(interface),
        _ => None,
    })
}

/// `[encoding(mapi)]`
#[must_use]
pub fn is_mapi(interface: &ast::Interface) -> bool {
    interface.attrs.iter().any(|attr| {
        attr.name.text == "encoding"
            && attr.args.iter().flatten().any(|arg| match arg {
                ast::AttrArg::Expr(expr) => matches!(&expr.kind, ast::ExprKind::Name(name) if name.text == "mapi"),
                _ => false,
            })
    })
}

/// The text of an attribute: `spec("MS-OXCDATA 2.1")`.
pub(crate) fn attr_text(attrs: &[ast::Attr], name: &str) -> Option<String> {
    let attr = attrs.iter().find(|attr| attr.name.text == name)?;
    match attr.args.as_ref()?.first()? {
        ast::AttrArg::Expr(ast::Expr { kind: ast::ExprKind::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

/// There is such an attribute.
pub(crate) fn has_attr(attrs: &[ast::Attr], name: &str) -> bool {
    attrs.iter().any(|attr| attr.name.text == name)
}
