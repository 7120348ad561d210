//! Interfaces through the whole of the NDR compiler.

use super::{Import, Scope, compile_interface};
use crate::ast::{Interface, Item};
use crate::diagnostic::Diagnostic;
use crate::emit::file::{RustFile, format_items};
use crate::parse;
use crate::source::Sources;

const HEAD: &str = "[uuid(00000000-0000-0000-0000-000000000001), version(1.0)] interface t { ";

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
    let stands = std::fs::read_to_string(&path).unwrap();
    let differs = made.lines().zip(stands.lines()).find(|(made, stands)| made != stands);
    assert_eq!(differs, None, "{made_path}, first made now and then as it stands: ROPC_BLESS=1 writes it anew");
    assert_eq!(made.len(), stands.len(), "{made_path}: ROPC_BLESS=1 writes it anew");
}

/// What is wrong with the body of an interface.
fn mistakes(body: &str) -> Vec<Diagnostic> {
    let text = format!("{HEAD}{body} }}");
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
fn writes_the_cases_module_that_is_checked_in() {
    assert_made("generated-tests/tests/ndr_cases/cases.idl", "generated-tests/tests/ndr_cases/cases.rs");
}

/// The help of the first mistake.
fn help(body: &str) -> Option<String> {
    mistakes(body).into_iter().next().and_then(|mistake| mistake.help)
}

/// Code and the text under the span of every mistake.
#[track_caller]
fn assert_mistakes(body: &str, expected: &[(&str, &str)]) {
    let text = format!("{HEAD}{body} }}");
    let found: Vec<(&str, &str)> = mistakes(body)
        .into_iter()
        .map(|mistake| (mistake.code, text.get(mistake.primary.0.range).unwrap()))
        .map(|(code, snippet)| (code, snippet.to_owned().leak() as &str))
        .collect();
    assert_eq!(found, expected, "{body}");
}

#[test]
fn finds_no_mistake_in_nothing() {
    assert_mistakes("", &[]);
}

#[test]
fn reports_unknown_types_with_the_nearest_name() {
    assert_mistakes("void f([in] uint33 x);", &[("R0701", "uint33")]);
    assert_eq!(help("void f([in] uint33 x);").as_deref(), Some("did you mean `uint32`?"));
    assert_mistakes("struct X; void f([in] struct X *x);", &[("R0701", "X")]);
    assert_mistakes("void f([in] void *x);", &[("R0701", "[in] void *x")]);
}

#[test]
fn reports_names_declared_twice() {
    assert_mistakes("typedef struct { uint8 a; } A; typedef uint8 A;", &[("R0703", "A")]);
    assert_mistakes("typedef struct { uint8 a; uint8 a; } A;", &[("R0703", "a")]);
    assert_mistakes("typedef enum { X, X } A;", &[("R0703", "X")]);
    assert_mistakes("void f(); void f();", &[("R0703", "f")]);
    assert_mistakes("void f([in] uint8 a, [in] uint8 a);", &[("R0703", "a")]);
}

#[test]
fn reports_names_in_attributes_that_nothing_has() {
    let body = "void f([in] uint32 length, [in, size_is(lenght)] uint8 data[]);";
    // The array stays without a size.
    assert_mistakes(body, &[("R0704", "lenght"), ("R0705", "[]")]);
    assert_eq!(help(body).as_deref(), Some("did you mean `length`?"));
    assert_mistakes("void f([in, size_is(*n)] uint8 a[], [out] uint32 *n);", &[("R0704", "a")]);
}

#[test]
fn reports_sizes_without_arrays_and_arrays_without_sizes() {
    assert_mistakes("void f([in] uint32 n, [in, size_is(n)] uint32 a);", &[("R0705", "size_is(n)")]);
    assert_mistakes("void f([in] uint32 n, [in, size_is(n, n)] uint8 *a);", &[("R0705", "size_is(n, n)")]);
    assert_mistakes("void f([in] uint8 a[]);", &[("R0705", "[]")]);
    assert_mistakes("void f([in, string] uint32 *a);", &[("R0705", "string")]);
    assert_mistakes("void f([in, context_handle] uint32 *a);", &[("R0705", "context_handle")]);
}

const UNION: &str = "typedef [switch_type(uint8)] union { [case(1)] uint8 a; } U;";

#[test]
fn reports_unions_whose_arm_nothing_chooses() {
    assert_mistakes(&format!("{UNION} void f([in] U *u);"), &[("R0706", "u")]);
    assert_mistakes(&format!("{UNION} typedef struct {{ U u; }} S;"), &[("R0706", "u")]);
    assert_mistakes("void f([in] uint8 a, [in, switch_is(a)] uint8 b);", &[("R0706", "switch_is(a)")]);
}

#[test]
fn reports_arms_that_cannot_be_told_apart() {
    let union = |arms: &str| format!("typedef [switch_type(uint8)] union {{ {arms} }} U;");
    assert_mistakes(&union("[case(1)] uint8 a; [case(1)] uint8 b;"), &[("R0707", "1")]);
    assert_mistakes(&union("[case(256)] uint8 a; [case(1)] uint8 b;"), &[("R0707", "256")]);
    assert_mistakes(&union("uint8 a; [case(1)] uint8 b;"), &[("R0707", "uint8 a;")]);
    assert_mistakes(&union("[default] uint8 a; [default] uint8 b;"), &[("R0707", "[default] uint8 b;")]);
}

/// Negative labels are numbers of the discriminant's width.
#[test]
fn writes_signed_discriminants() {
    let text = format!(
        "{HEAD} typedef [switch_type(short)] union {{ [case(-1)] uint8 a; [case(-2, -3, -4)] uint8 b; }} U; }}"
    );
    let text = rust("t.idl", &text);
    assert!(text.contains("Self::A(..) => -1,") && text.contains("-4..=-2 => Self::B(tag,"), "{text}");
}

#[test]
fn reports_results_without_a_place() {
    assert_mistakes("void f([out] uint32 a);", &[("R0708", "[out] uint32 a")]);
    assert_mistakes("uint32 *f();", &[("R0708", "f")]);
}

#[test]
fn reports_conformant_arrays_in_the_wrong_place() {
    // in the middle its size stands directly before it
    assert_mistakes("typedef struct { uint32 n; [size_is(n)] uint8 a[*]; uint8 b; } S;", &[]);
    let conformant = "typedef struct { uint32 n; [size_is(n)] uint8 a[*]; } C;";
    assert_mistakes(&format!("{conformant} typedef struct {{ C c[2]; }} S;"), &[("R0709", "c")]);
    assert_mistakes(
        &format!("{conformant} typedef [switch_type(uint8)] union {{ [case(1)] C c; }} U;"),
        &[("R0709", "[case(1)] C c;")],
    );
    assert_mistakes("void f([in] uint32 n, [in, size_is(n, n)] uint8 a[][]);", &[("R0709", "a")]);
    assert_mistakes("void f([in] uint32 n, [in, length_is(n, n)] uint8 a[2][3]);", &[("R0709", "a")]);
}

#[test]
fn reports_interfaces_that_cannot_be_bound_to() {
    let codes = |text: &str| -> Vec<&str> {
        let interface = interfaces(text).remove(0);
        compile_interface(&interface, &Scope::default()).1.iter().map(|mistake| mistake.code).collect()
    };
    assert_eq!(codes("interface t { void f(); }"), ["R0710"]);
    assert_eq!(codes("[version(70000.0)] interface t { }"), ["R0710"]);
    assert_eq!(codes("interface t { typedef uint8 T; }"), [""; 0]);
}

#[test]
fn reports_attributes_that_are_unknown_or_cannot_be_compiled() {
    assert_mistakes("void f([in, sizeis(1)] uint8 *a);", &[("R0711", "sizeis")]);
    assert_mistakes("typedef struct { [transmit_as(uint8)] uint16 a; } S;", &[("R0721", "S")]);
    assert_mistakes("typedef [nopush] struct { uint8 a; } S;", &[("R0721", "S")]);
    assert_mistakes("typedef [nopush, represent_as(\"a::S\")] struct { uint8 a; } S;", &[]);
    assert_mistakes("[nopull] void f([in] uint8 a);", &[("R0722", "f")]);
    assert_mistakes("typedef struct { [value(c(a))] uint16 a; } S;", &[("R0723", "c(a)")]);
}

#[test]
fn reports_numbers_that_do_not_fit() {
    assert_mistakes("typedef enum { A = 0x10000 } E;", &[("R0713", "A")]);
    assert_mistakes("typedef [bitmap8bit] bitmap { A = 0x100 } B;", &[("R0713", "A")]);
    assert_mistakes("typedef [v1_enum] enum { A = -1, B = 0xFFFFFFFF } E;", &[]);
    assert_mistakes("typedef struct { uint8 a[0x1000001]; } S;", &[("R0719", "0x1000001")]);
    assert_mistakes("void f([in] uint8 *****************a);", &[("R0719", "[in] uint8 *****************a")]);
}

#[test]
fn reports_types_that_contain_themselves() {
    assert_mistakes("typedef struct S { struct S s; } S;", &[("R0714", "S")]);
    assert_mistakes("struct A { struct B b; }; struct B { struct A a; };", &[("R0714", "A")]);
    assert_mistakes("typedef T T; void f([in] T t);", &[("R0714", "T")]);
    assert_mistakes("typedef struct S { struct S *s; } S;", &[]);
    assert_mistakes("typedef struct S S; struct S { uint8 a; }; void f([in] S s);", &[]);
    assert_mistakes("typedef struct S S; void f([in] S s);", &[("R0701", "S")]);
}

#[test]
fn reports_expressions_that_are_no_numbers() {
    assert_mistakes("const uint32 A = 1 / 0;", &[("R0715", "1 / 0")]);
    assert_mistakes("void f([in] float n, [in, size_is(n)] uint8 *a);", &[("R0715", "a")]);
    assert_mistakes("void f([in] uint32 n, [in, size_is(n.x)] uint8 *a);", &[("R0715", "a")]);
}

#[test]
fn reports_names_that_are_one_in_rust() {
    assert_mistakes("typedef enum { FooBar = 1, FOO_BAR = 2 } E;", &[("R0716", "E")]);
    // of two others the second one gets another name
    let text =
        format!("{HEAD} typedef struct {{ uint8 FooBar; uint8 foo_bar; }} s_a; typedef struct {{ uint8 a; }} S_A; }}");
    let text = rust("t.idl", &text);
    assert!(text.contains("pub foo_bar: u8") && text.contains("pub foo_bar_: u8"), "{text}");
    assert!(text.contains("pub struct SA ") && text.contains("pub struct SA2 "), "{text}");
    let text = rust("t.idl", &format!("{HEAD} typedef struct {{ uint8 a; }} FRequest; void F(); }}"));
    assert!(text.contains("pub struct FRequest ") && text.contains("pub struct FCallRequest;"), "{text}");
    assert_mistakes("typedef struct { uint8 a; } Option;", &[("R0716", "Option")]);
}

#[test]
fn reports_pointers_of_two_kinds_and_wrong_arguments() {
    assert_mistakes("void f([in, ref, unique] uint8 *a);", &[("R0717", "unique")]);
    assert_mistakes("void f([in] uint8);", &[("R0718", "[in] uint8")]);
    assert_mistakes("void f([in, range(1)] uint8 a);", &[("R0720", "range(1)")]);
    assert_mistakes("typedef [switch_type(1)] union { [case(1)] uint8 a; } U;", &[("R0720", "switch_type(1)")]);
}

#[test]
fn reports_constructs_of_mapi() {
    assert_mistakes("typedef struct { uint8 a[rest]; } S;", &[("R0702", "[rest]")]);
    assert_mistakes("object Folder {}", &[("R0702", "object Folder {}")]);
}

/// All mistakes of a run, each once.
#[test]
fn reports_all_mistakes_at_once() {
    let body = "void f([in] Nothing a); typedef struct { [unknown] uint8 b; Nothing2 c; } S; uint8 *g();";
    assert_mistakes(body, &[("R0711", "unknown"), ("R0701", "Nothing2"), ("R0701", "Nothing"), ("R0708", "g")]);
}

#[test]
fn takes_types_of_imported_interfaces_by_their_paths() {
    let text = format!("{HEAD} typedef struct {{ [string] char *name; }} Named; typedef enum {{ A1 = 7 }} Kind; }}");
    let imported = interfaces(&text).remove(0);
    let text = "[uuid(00000000-0000-0000-0000-000000000002)] interface u {
        typedef struct { Named named; Kind kind; uint8 a[A1]; } Two; void f([in] Two *two); }";
    let interface = interfaces(text).remove(0);
    let imports = vec![Import { module: "crate::t", interface: &imported }];
    let (module, diagnostics) = compile_interface(&interface, &Scope { imports, ..Scope::default() });
    assert!(diagnostics.is_empty(), "{diagnostics:#?}");
    let text = format_items(&module.unwrap().items).unwrap();
    assert!(text.contains("pub named: crate::t::Named<'a>,"), "{text}");
    assert!(text.contains("pub struct Two<'a> {") && text.contains("pub a: [u8; 7],"), "{text}");
    assert!(!text.contains("pub struct Named"), "{text}");
}

/// A chain of thousands of types neither overflows the stack nor takes long.
#[test]
fn follows_long_chains_of_types() {
    let mut body = String::from("struct S0 { uint8 a; }; ");
    for i in 1..3000 {
        body += &format!("struct S{i} {{ struct S{} s; struct S{} *next; }}; ", i - 1, (i * 7) % 3000);
    }
    assert_mistakes(&body, &[]);
    // Backwards, each needs the one after it.
    let mut body = String::new();
    for i in 0..3000 {
        body += &format!("struct R{i} {{ struct R{} s; }}; ", i + 1);
    }
    assert_mistakes(&(body + "struct R3000 { uint8 a; };"), &[]);
    let mut body = String::from("typedef uint8 *T0; ");
    for i in 1..3000 {
        body += &format!("typedef T{} *T{i}; ", i - 1);
    }
    let found = mistakes(&(body + "void f([in] T2999 t);"));
    assert!(found.iter().all(|mistake| ["R0714", "R0719"].contains(&mistake.code)) && !found.is_empty());
}

/// Damaged descriptions bring messages, not panics.
#[test]
fn survives_damaged_descriptions() {
    for text in
        [include_str!("../../../idl/echo.idl"), include_str!("../../../generated-tests/tests/ndr_shapes/shapes.idl")]
    {
        let tokens: Vec<&str> = text.split_inclusive([' ', '(', ')', ',', ';']).collect();
        for skip in (0..tokens.len()).step_by(17) {
            let mut damaged = tokens.clone();
            damaged.remove(skip);
            let mut sources = Sources::default();
            let damaged = damaged.concat();
            let id = sources.add("test.idl", damaged.as_str());
            for item in parse::parse(id, &damaged).0.items {
                let Item::Interface(interface) = item else { continue };
                let (module, _) = compile_interface(&interface, &Scope::default());
                // Formatting is what takes time.
                if let Some(module) = module.filter(|_| skip % 340 == 0) {
                    format_items(&module.items).unwrap();
                }
            }
        }
    }
}
