//! What the compiler writes to test its own output, for what the protocols do not use (yet).

#![allow(missing_docs, clippy::unwrap_used)]

use ropc::compile;
use ropc::diagnostic::Diagnostic;
use ropc::parse;
use ropc::source::Sources;

fn compiled(text: &str) -> (Sources, compile::Compiled, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let text = format!("[encoding(mapi)] interface small {{ {text} }}");
    let source = sources.add("small.idl", text.as_str());
    let (file, mut found) = parse::parse(source, &text);
    let compiled = compile::compile(&[(source, file)]);
    found.extend(compiled.diagnostics.iter().cloned());
    (sources, compiled, found)
}

/// The module of tests for some declarations, from its first item on.
fn tests(text: &str) -> String {
    let (sources, compiled, found) = compiled(text);
    assert!(found.is_empty(), "{found:?}");
    let outputs = compile::emit_tests(&sources, &compiled).unwrap();
    let module = outputs.iter().find(|output| output.path == "small.rs").unwrap();
    module.text.split_once("\n\n").map(|(_, rest)| rest.to_owned()).unwrap()
}

#[test]
fn chooses_values_that_select_a_variant() {
    insta::assert_snapshot!(tests(
        r"
        enum Kind : uint8 { First = 1, Second = 2, Third = 3 }
        bits Tag : uint16 { Kind : 8 as Kind; }
        struct Open {
            uint8 Code;
            match (Code) Body {
                One: 1 => { uint8 X; }
                Few: 2 | 5 => { uint8 X; }
                Range: 0x10..=0x1F => {}
                Rest: else => {}
            }
        }
        struct Valued(Kind Kind) {
            match (Kind) { First => { uint8 X; } Second => { Tree X; } }
        }
        struct Both(Kind Kind) {
            uint8 Code;
            match (Kind, Code) Value { A: (First, 1) => {} B: (_, 2 | 3) => {} }
        }
        [max_recursion(8)]
        struct Tree {
            Tag   Tag;
            uint8 Count = count(Children);
            Tree  Children[Count];
            Valued(Tag.Kind) Value;
        }"
    ));
}

#[test]
fn chooses_tuples_that_no_arm_before_takes() {
    insta::assert_snapshot!(tests(
        r"
        form Form { short, long }
        enum Kind : uint8 { First = 1, Second = 2, Third = 3 }
        struct Kept {
            uint8 Version;
            Kind  Kind;
            match (Version, Kind) Value { A: (1, First) => { uint8 X; } B: (1, _) => { uint16 X; } C: (_, Second) => {} }
        }
        [max_recursion(8)]
        struct ByForm<Form F> {
            Kind Kind;
            match (Kind, F) Value {
                A: (First | Second, long) => { uint8 X; }
                B: (First | Second, else) => { uint16 X; }
                C: (Third, _) => { uint8 Count = count(Inner); ByForm<F> Inner[Count]; }
            }
        }
        struct OnlyLong<Form F> { match (F) { long => { uint8 X; } } }"
    ));
}

#[test]
fn makes_lengths_agree_and_keeps_within_sizes() {
    insta::assert_snapshot!(tests(
        r"
        struct Lists(uint16 Columns[]) {
            uint8  Count = count(A);
            uint8  Shown;
            uint8  A[Count];
            uint16 B[Count];
            uint32 C[count(Columns)];
            Cells(Columns[..Shown]) D;
            uint8  Size = sizeof(E) + 4;
            sized(Size - 4) utf16 E;
        }
        struct Cells(uint16 Columns[]) { bytes Cell[count(Columns)]; }"
    ));
}

#[test]
fn compares_what_a_vector_names() {
    insta::assert_snapshot!(tests(
        r#"
        struct Leaf { uint8 A; uint8 B; }
        struct Node {
            uint8 Kind;
            uint8 Count = count(Leaves);
            Leaf  Leaves[Count];
            match (Kind) Body { Both: 1 => { uint8 X; string8 Y; } Other: else => { Leaf Leaf; } }
            vector "01 01 07 08 09 41 00" { Leaves: [{ A: 7, B: 8 }], Body: Both { X: 9, Y: "A" } }
            vector "02 01 07 08 09 0A" { Leaves: [{ B: 8 }], Body: Other { Leaf: { A: 9, B: 10 } } }
            vector "02 01" error "Leaves"
        }"#
    ));
}

#[test]
fn points_at_each_mistake_of_a_vector() {
    let (_, _, found) = compiled(
        r#"
        enum Kind : uint8 { First = 1 }
        struct Leaf { Kind Kind; string8 Name; vector "01 41 00" { Kind: Second, Name: 7, Nom: "A" } }
        struct Node { Leaf Leaf; vector "01 41 00" { Leaf: { Name: "A", Kind: -1 } } vector "0141 0" {} }"#,
    );
    let found: Vec<(&str, &str)> = found.iter().map(|d| (d.code, d.message.as_str())).collect();
    assert_eq!(
        found,
        [
            ("R0602", "no value that `Kind` can have"),
            ("R0602", "no value that `Name` can have"),
            ("R0603", "`Leaf` has no field `Nom`"),
            ("R0602", "no value that `Kind` can have"),
            ("R0601", "bytes that are not hexadecimal"),
        ]
    );
}
