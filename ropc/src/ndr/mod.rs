//! NDR interfaces: from the syntax tree of one interface to Rust.
//!
//! | step | module |
//! |---|---|
//! | names, types, constants | `resolve`, `types`, `bodies`, `exprs`, `attrs` |
//! | what it means | [`model`], [`dialect`] |
//! | types that turn out to need code of one's own | `late` |
//! | alignment, sizes, recursion | `layout` |
//! | rules over the whole | `check` |
//! | fields that follow from others | `derive` |
//! | meaning to Rust | `emit` |

pub mod attrs;
mod bodies;
pub mod carries;
mod check;
mod derive;
pub mod dialect;
mod emit;
mod exprs;
mod late;
mod layout;
pub mod model;
pub mod names;
mod resolve;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests;
mod types;

use proc_macro2::TokenStream;

use crate::ast;
use crate::diagnostic::{Diagnostic, Severity};
use model::Pointer;

/// What an interface sees besides its own declarations.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    /// Declarations of imported interfaces, the nearest last.
    pub imports: Vec<Import<'a>>,
    /// Names that were declared and did not parse: not to be reported as unknown.
    pub lost: Vec<String>,
    /// Constants of quotes for C.
    pub macros: Vec<&'a ast::MacroDef>,
    /// The kind of pointers that do not say it; [`compile_interface`] takes it from the interface.
    pub pointer_default: Pointer,
    /// Every union is one of `ms_union`; [`compile_interface`] takes it from the interface.
    pub ms_union: bool,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self {
            imports: Vec::new(),
            lost: Vec::new(),
            macros: Vec::new(),
            pointer_default: Pointer::Unique,
            ms_union: false,
        }
    }
}

/// Declarations of another interface.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// The Rust path of its module: `crate::echo`.
    pub module: &'a str,
    /// The interface.
    pub interface: &'a ast::Interface,
}

/// A Rust module in the making.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Lines of its documentation.
    pub docs: Vec<String>,
    /// Its items, one a type, an implementation or a function.
    pub items: Vec<TokenStream>,
}

/// Compiles an interface of `encoding(ndr)`. There is no module when a diagnostic is an error.
#[must_use]
pub fn compile_interface(interface: &ast::Interface, scope: &Scope<'_>) -> (Option<Module>, Vec<Diagnostic>) {
    let (model, diagnostics) = check_interface(interface, scope);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return (None, diagnostics);
    }
    (Some(module(&model)), diagnostics)
}

/// The Rust of an interface without mistakes.
#[must_use]
pub fn module(model: &model::Interface) -> Module {
    emit::module(model)
}

/// The tests of an interface without mistakes.
#[must_use]
pub fn oracles(model: &model::Interface) -> Vec<TokenStream> {
    emit::tests(model)
}

/// Resolves and checks an interface without making Rust of it.
#[must_use]
pub fn check_interface(interface: &ast::Interface, scope: &Scope<'_>) -> (model::Interface, Vec<Diagnostic>) {
    let attrs: Vec<&ast::Attr> = interface.attrs.iter().collect();
    let mut scope = scope.clone();
    if let Some(kind) = resolve::Resolver::pointer_default(&attrs) {
        scope.pointer_default = kind;
    }
    scope.ms_union |= attrs::has(&attrs, "ms_union");
    resolve::Resolver::new(&scope).run(interface)
}

/// The Rust module of an interface: its name in lower case, and no keyword.
#[must_use]
pub fn module_name(interface: &str) -> String {
    let name = interface.to_ascii_lowercase();
    if syn::parse_str::<syn::Ident>(&name).is_ok() { name } else { format!("{name}_") }
}

/// The interface is of this encoding: it says so, or says nothing.
#[must_use]
pub fn is_ndr(interface: &ast::Interface) -> bool {
    let attrs: Vec<&ast::Attr> = interface.attrs.iter().collect();
    match attrs::find(&attrs, "encoding").and_then(attrs::single) {
        Some(ast::Expr { kind: ast::ExprKind::Name(name), .. }) => name.text == "ndr",
        _ => true,
    }
}
