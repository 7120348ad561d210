//! Interfaces through the whole of the NDR compiler.

use super::{Scope, compile_interface};
use crate::ast::{Interface, Item};
use crate::diagnostic::Diagnostic;
use crate::emit::file::RustFile;
use crate::parse;
use crate::source::Sources;

fn interfaces(text: &str) -> Vec<Interface> {
    let mut sources = Sources::default();
    let id = sources.add("test.idl", text);
    let (file, diagnostics) = parse::parse(id, text);
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    file.items
        .into_iter()
        .filter_map(|item| match item {
            Item::Interface(interface) => Some(interface),
            _ => None,
        })
        .collect()
}

/// The Rust of an interface.
fn rust(name: &str, text: &str) -> String {
    let interface = interfaces(text).remove(0);
    let (module, diagnostics) = compile_interface(&interface, &Scope::default());
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let module = module.unwrap();
    let mut file = RustFile::new(name, text);
    file.docs(module.docs);
    for item in module.items {
        file.push(item);
    }
    file.render().unwrap()
}

/// Compares with a file that is checked in; `ROPC_BLESS=1` writes it anew.
fn assert_made(idl: &str, made_path: &str) {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let made = rust(idl, &std::fs::read_to_string(format!("{root}/{idl}")).unwrap());
    let path = format!("{root}/{made_path}");
    if std::env::var_os("ROPC_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    assert_eq!(made, std::fs::read_to_string(&path).unwrap());
}

/// What is wrong with the body of an interface.
fn mistakes(body: &str) -> Vec<Diagnostic> {
    let text = format!("[uuid(00000000-0000-0000-0000-000000000001), version(1.0)] interface t {{ {body} }}");
    let interface = interfaces(&text).remove(0);
    compile_interface(&interface, &Scope::default()).1
}

#[test]
fn writes_the_echo_module_that_is_checked_in() {
    assert_made("idl/echo.idl", "idl/src/rpcecho.rs");
}

#[test]
fn writes_the_shapes_module_that_is_checked_in() {
    assert_made("generated-tests/tests/ndr_shapes/shapes.idl", "generated-tests/tests/ndr_shapes/shapes.rs");
}

#[test]
fn finds_no_mistake_in_nothing() {
    assert!(mistakes("").is_empty());
}
