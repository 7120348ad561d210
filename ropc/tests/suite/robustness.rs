//! No text makes the parser panic, overflow its stack, or take more than linear time.

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use ropc::ast::SourceId;
use ropc::diagnostic::Diagnostic;
use ropc::parse::parse;
use ropc::render::{Format, render_all};
use ropc::source::Sources;

use crate::support::descriptions;

static GOLDEN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let paths = descriptions("golden/hardest").into_iter().chain(descriptions("golden/midl")).chain(descriptions("ui"));
    paths.map(|path| fs::read_to_string(path).unwrap()).collect()
});

/// Parses, renders (which checks the places), and gives the messages.
fn read(text: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let source = sources.add("a.idl", text);
    let (_, diagnostics) = parse(source, text);
    for diagnostic in &diagnostics {
        for (span, _) in std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary) {
            assert!(text.get(span.range.clone()).is_some(), "{span:?} is no place of {text:?}");
        }
    }
    assert_eq!(render_all(&sources, &diagnostics, Format::Plain).is_empty(), diagnostics.is_empty());
    diagnostics
}

/// Pieces of the language in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "interface",
        "struct",
        "union",
        "enum",
        "bits",
        "rop",
        "request",
        "success",
        "match",
        "if",
        "else",
        "typedef",
        "const",
        "sized",
        "stream",
        "production",
        "vector",
        "effect",
        "on",
        "import",
        "uint16",
        "X",
        "Y",
        "0x10",
        "1",
        "\"text\"",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        ";",
        ",",
        ":",
        "=",
        "=>",
        "*",
        "+",
        "?",
        "|",
        "&",
        "!",
        ".",
        "..",
        "///",
        "// c\n",
        "/*",
        "*/",
        "\n",
        "'",
        "\"",
        "é",
        "#define",
        "@",
        "\\",
        "0x",
        "12ab",
    ]);
    prop::collection::vec(words, 0..80).prop_map(|words| words.join(" "))
}

#[derive(Clone, Debug)]
pub enum Mutation {
    Delete(usize, usize),
    Insert(usize, String),
    Swap(usize, usize, usize),
    Cut(usize),
}

pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = 0..20_000usize;
    let mutation = prop_oneof![
        (at.clone(), 1..60usize).prop_map(|(at, n)| Mutation::Delete(at, n)),
        (at.clone(), "[ -~\\n\\t]{1,8}|[{}();,=\\[\\]\"']|é").prop_map(|(at, text)| Mutation::Insert(at, text)),
        (at.clone(), at.clone(), 1..40usize).prop_map(|(a, b, n)| Mutation::Swap(a, b, n)),
        at.prop_map(Mutation::Cut),
    ];
    prop::collection::vec(mutation, 1..6)
}

pub fn mutate(text: &str, mutations: &[Mutation]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for mutation in mutations {
        let length = chars.len().max(1);
        match mutation {
            Mutation::Delete(at, n) => {
                let at = at % length;
                chars.drain(at.min(chars.len())..(at + n).min(chars.len()));
            }
            Mutation::Insert(at, text) => {
                let at = (at % length).min(chars.len());
                chars.splice(at..at, text.chars());
            }
            Mutation::Swap(a, b, n) => {
                for i in 0..*n {
                    let (a, b) = ((a + i) % length, (b + i) % length);
                    if a < chars.len() && b < chars.len() {
                        chars.swap(a, b);
                    }
                }
            }
            Mutation::Cut(at) => chars.truncate(at % length),
        }
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,300}") {
        read(&text);
    }

    #[test]
    fn words_in_any_order_are_read_without_panic(text in soup()) {
        read(&text);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_descriptions_are_read_without_panic(which in any::<prop::sample::Index>(), mutations in mutations()) {
        let text: &String = which.get(GOLDEN.as_slice());
        read(&mutate(text, &mutations));
    }
}

#[test]
fn nesting_of_every_kind_is_refused_not_followed() {
    let n = 20_000;
    let texts = [
        format!("const uint8 A = {}1{};", "(".repeat(n), ")".repeat(n)),
        format!("const uint8 A = {}1;", "!".repeat(n)),
        format!("const uint8 A = {}1;", "(long)".repeat(n)),
        format!("const uint8 A = 1{};", " + 1".repeat(n)),
        format!("const uint8 A = a{};", ".b".repeat(n)),
        format!("const uint8 A = a{};", "[1]".repeat(n)),
        format!("const uint8 A = a{};", "()".repeat(n)),
        format!("const uint8 A = {}1{};", "a ? ".repeat(n), " : 1".repeat(n)),
        format!("const uint8 A = 1 ? 1 {};", " : 1 ? 1".repeat(n)),
        format!("const uint8 A = {}1{};", "{".repeat(n), "}".repeat(n)),
        "{".repeat(n),
        "[".repeat(n),
        "struct A { ".repeat(n),
        format!("struct A {{ {} uint8 x; }}", "if (a) ".repeat(n)),
        format!("struct A {{ if (a) {{}} {} }}", "else if (a) {}".repeat(n)),
        format!("struct A {{ {} {} }}", "tail {".repeat(n), "}".repeat(n)),
        format!("struct A {{ {} {} }}", "match (a) { 1 => {".repeat(n), "} }".repeat(n)),
        format!("typedef {} x {};", "struct {".repeat(n), "} y;".repeat(n)),
        format!("[{}] interface A {{ }}", "a(".repeat(n)),
        format!("interface A {{ [{}{}] struct B {{}} }}", "a(".repeat(n), ")".repeat(n)),
        format!("vector \"\" {}", "[".repeat(n)),
        format!("stream S {{ production a = {}b{}; }}", "(".repeat(n), ")".repeat(n)),
        format!("struct A {{ X<{}>y; }}", "a.".repeat(n)),
    ];
    for text in texts {
        let start = Instant::now();
        assert!(!read(&text).is_empty(), "{:.60} is accepted", text);
        assert!(start.elapsed() < Duration::from_secs(20), "{:.60} took {:?}", text, start.elapsed());
    }
}

/// As deep as is allowed must fit the stack of a test's thread, which is smaller than a program's.
#[test]
fn nesting_up_to_the_limit_is_read() {
    let n = ropc::parse::MAX_NESTING - 6;
    for text in [
        format!("const uint8 A = {}1{};", "(".repeat(n), ")".repeat(n)),
        format!("const uint8 A = {}1{};", "{".repeat(n), "}".repeat(n)),
        format!("const uint8 A = a{}1{};", "[a".repeat(n), "]".repeat(n)),
        format!("const uint8 A = {}1{};", "a ? ".repeat(n), " : 1".repeat(n)),
        format!("struct A {{ {} uint8 x; {} }}", "tail {".repeat(n), "}".repeat(n)),
        format!("struct A {{ {} uint8 x; }}", "if (a) ".repeat(n)),
        format!("struct A {{ {} struct {{ uint8 x; }} y; {} }}", "struct {".repeat(n - 2), "} y;".repeat(n - 2)),
        format!("struct A {{ {} uint8 x; {} }}", "match (a) { 1 => {".repeat(n / 2), "} }".repeat(n / 2)),
        format!("struct A {{ vector \"\" {} 1 {}; }}", "{ a: ".repeat(n - 2), "}".repeat(n - 2)),
        format!("struct A {{ vector \"\" {{ a: {} 1 {} }}; }}", "B(".repeat(n - 3), ")".repeat(n - 3)),
        format!("stream A {{ production a = {} b {}; }}", "( ".repeat(n - 2), ")".repeat(n - 2)),
    ] {
        let diagnostics = read(&text);
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    }
}

/// Ten times the text: quadratic would be 100 times the time. The machine may be busy, so the bound
/// is generous and a second try is allowed.
fn assert_linear(part: &str, text: impl Fn(usize) -> String) {
    let time = |count: usize| {
        let text = text(count);
        let start = Instant::now();
        read(&text);
        start.elapsed()
    };
    let mut figures = Vec::new();
    for _ in 0..2 {
        let (short, long) = (time(200), time(2_000));
        if long < short * 50 + Duration::from_millis(50) {
            return;
        }
        figures.push((short, long));
    }
    panic!("{part:?} 200 and 2,000 times took {figures:?}");
}

/// Twice the text takes about twice the time, also where it is full of mistakes.
#[test]
fn reading_takes_linear_time() {
    let parts = [
        "struct A { uint16 x; if (x > 1) { uint32 y[x]; } }\n",
        "rop A = 1 { request { uint8 a b; uint8 c } sucess { } }\n",
        "enum E : uint8 { A = 1 B = 2, C };\n",
        "[a(b), c] typedef struct { [size_is(n)] long *x; } Y;\n",
        "uint32 f([in] long a, [out] long *b);\n",
        "\"unterminated\n",
        "/// doc\n",
        "; ) ] >\n",
    ];
    for part in parts {
        assert_linear(part, |count| part.repeat(count));
    }
}

#[test]
fn one_long_declaration_takes_linear_time() {
    for (head, part, tail) in [
        ("enum E : uint32 {", "A = 0x10, ", "}"),
        ("enum E : uint32 {", "A = 1 ", "}"),
        ("struct S {", "uint16 a[3]; ", "}"),
        ("struct S {", "uint16 a b; ", "}"),
        ("void f(", "[in] long a, ", "[in] long b);"),
        ("struct S { match (a) {", "1 => { uint8 x; } ", "} }"),
        ("const uint8 A = {", "1, ", "};"),
        ("struct S {", "if (a) { uint8 b; } ", ""),
    ] {
        assert_linear(part, |count| format!("{head}{}{tail}", part.repeat(count)));
    }
}

#[test]
fn source_ids_reach_every_place() {
    let (_, diagnostics) = parse(SourceId(7), "rop A { } stuct B { }");
    assert!(diagnostics.iter().all(|diagnostic| diagnostic.primary.0.source == SourceId(7)));
    assert_eq!(diagnostics.len(), 2);
}
