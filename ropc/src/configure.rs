//! Attribute configuration files: what `x.acf` says is added to what `x.idl` declares.

use crate::ast::{Acf, Attr, Decl, DeclKind, File, Ident, Item};
use crate::diagnostic::Diagnostic;

/// Adds attributes to the declarations of a file. What is configured and not there is a warning: but a parameter that
/// is not there stands for a status of C's functions, and no byte of it travels.
pub fn configure(file: &mut File, acf: &Acf) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (attrs, name) in &acf.types {
        let mut found = false;
        for decl in declarations(file) {
            if defines(decl, &name.text) {
                decl.attrs.extend(attrs.iter().cloned());
                found = true;
            }
        }
        if !found {
            diagnostics.push(missing("type", name));
        }
    }
    for configured in &acf.interfaces {
        let interface = file.items.iter_mut().find_map(|item| match item {
            Item::Interface(interface) if interface.name.text == configured.name.text => Some(interface),
            _ => None,
        });
        let Some(interface) = interface else {
            diagnostics.push(missing("interface", &configured.name));
            continue;
        };
        interface.attrs.extend(configured.attrs.iter().cloned());
        for operation in &configured.operations {
            let function = interface.decls.iter_mut().find_map(|decl| match &mut decl.kind {
                DeclKind::Function(function) if function.name.text == operation.name.text => {
                    Some((&mut decl.attrs, function))
                }
                _ => None,
            });
            let Some((attrs, function)) = function else {
                diagnostics.push(missing("operation", &operation.name));
                continue;
            };
            attrs.extend(operation.attrs.iter().cloned());
            for (attrs, name) in &operation.params {
                let named = |param: &&mut crate::ast::FunctionParam| {
                    param.declarator.as_ref().is_some_and(|declarator| declarator.name.text == name.text)
                };
                match function.params.iter_mut().find(named) {
                    Some(param) => param.attrs.extend(attrs.iter().cloned()),
                    None if attrs.iter().any(is_status) => {}
                    None => diagnostics.push(missing("parameter", name)),
                }
            }
        }
    }
    diagnostics
}

fn is_status(attr: &Attr) -> bool {
    matches!(attr.name.text.as_str(), "comm_status" | "fault_status")
}

fn missing(what: &str, name: &Ident) -> Diagnostic {
    let message = format!("no {what} `{}` to be configured", name.text);
    Diagnostic::warning("R0725", message, name.span.clone(), "not in the interface file beside this one")
}

/// All declarations of a file.
fn declarations(file: &mut File) -> impl Iterator<Item = &mut Decl> {
    file.items.iter_mut().flat_map(|item| match item {
        Item::Interface(interface) => interface.decls.as_mut_slice(),
        Item::Decl(decl) => std::slice::from_mut(decl),
        _ => &mut [],
    })
}

fn defines(decl: &Decl, name: &str) -> bool {
    match &decl.kind {
        DeclKind::Typedef(typedef) => typedef.declarators.iter().any(|declarator| declarator.name.text == name),
        _ => false,
    }
}
