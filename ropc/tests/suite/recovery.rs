//! What is left of a description with mistakes.

use ropc::ast::{Decl, DeclKind, File, Interface, Item, Member, MemberKind, SectionKind, SourceId};
use ropc::parse::parse;

fn read(text: &str) -> (File, Vec<&'static str>) {
    let (file, diagnostics) = parse(SourceId(0), text);
    let codes = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    (file, codes)
}

fn interface(file: &File) -> &Interface {
    file.items
        .iter()
        .find_map(|item| match item {
            Item::Interface(interface) => Some(interface),
            _ => None,
        })
        .unwrap()
}

fn names(decls: &[Decl]) -> Vec<&str> {
    decls
        .iter()
        .map(|decl| match &decl.kind {
            DeclKind::Struct(decl) => decl.name.text.as_str(),
            DeclKind::Rop(decl) => decl.name.text.as_str(),
            DeclKind::Const(decl) => decl.name.text.as_str(),
            DeclKind::Enum(decl) => decl.name.as_ref().unwrap().text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn fields(members: &[Member]) -> Vec<&str> {
    members
        .iter()
        .flat_map(|member| match &member.kind {
            MemberKind::Field(field) => field.declarators.iter().map(|d| d.name.text.as_str()).collect(),
            MemberKind::If { then, .. } => fields(then),
            MemberKind::Match(matching) => matching.arms.iter().flat_map(|arm| fields(&arm.body)).collect(),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn only_struct(file: &File) -> (&[Member], bool) {
    let [Item::Decl(Decl { kind: DeclKind::Struct(decl), damaged, .. })] = &file.items[..] else { panic!("{file:?}") };
    (&decl.body, *damaged)
}

#[test]
fn a_bad_declaration_does_not_cost_the_others() {
    let (file, codes) = read(
        "interface a {\nstruct A { uint8 x; }\nstruct 5 { uint8 y; }\nconst uint8 B 1;\nrop C { request {} }\n\
         enum D : uint8 { E = 1 }\n}",
    );
    assert_eq!(codes, ["R0001", "R0001", "R0020"]);
    assert_eq!(names(&interface(&file).decls), ["A", "D"]);
    let lost: Vec<&str> = file.lost.iter().map(|name| name.text.as_str()).collect();
    assert_eq!(lost, ["B", "C"], "names of lost declarations are kept, so that nothing calls them unknown");
}

#[test]
fn a_bad_member_does_not_cost_the_others() {
    let (file, codes) = read("struct A {\n uint8 a;\n uint8 b 5;\n if (a) { uint8 e f; uint8 g; }\n uint8 h;\n}");
    assert_eq!(codes, ["R0001", "R0001"]);
    let (members, damaged) = only_struct(&file);
    assert_eq!(fields(members), ["a", "g", "h"]);
    assert!(damaged);
}

#[test]
fn a_missing_semicolon_costs_nothing() {
    let (file, codes) = read("struct A {\n uint8 a // the first\n uint8 b; uint8 c }");
    assert_eq!(codes, ["R0011", "R0011"]);
    assert_eq!(fields(only_struct(&file).0), ["a", "b", "c"]);
}

#[test]
fn a_missing_comma_costs_nothing() {
    let (file, codes) = read("interface a { enum D : uint8 {\n E = 1\n /// The second.\n F\n G, H } }");
    assert_eq!(codes, ["R0012", "R0012"]);
    let DeclKind::Enum(decl) = &interface(&file).decls[0].kind else { panic!() };
    let items: Vec<&str> = decl.items.iter().map(|item| item.name.text.as_str()).collect();
    assert_eq!(items, ["E", "F", "G", "H"]);
    assert_eq!(decl.items[1].docs, ["The second."]);
}

#[test]
fn a_bad_section_does_not_cost_the_others() {
    let (file, codes) = read(
        "interface a { rop A = 1 {\n request { uint8 a; }\n sucess { uint8 b; }\n failure { uint8 c d; uint8 e; }\n} }",
    );
    assert_eq!(codes, ["R0023", "R0001"]);
    let DeclKind::Rop(rop) = &interface(&file).decls[0].kind else { panic!() };
    let [SectionKind::Request(request), SectionKind::Failure(failure)] =
        &rop.sections.iter().map(|section| section.kind.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{rop:?}")
    };
    assert_eq!(fields(request), ["a"]);
    assert_eq!(fields(failure), ["e"]);
}

#[test]
fn a_bad_arm_does_not_cost_the_others() {
    let (file, codes) =
        read("struct A { match (x) {\n 1 => { uint8 a; }\n 2 = { uint8 b; }\n 3 => uint8 c;\n else => {} } }");
    assert_eq!(codes, ["R0001"]);
    assert_eq!(fields(only_struct(&file).0), ["a", "c"]);
}

#[test]
fn an_unclosed_brace_ends_where_the_indentation_says() {
    let (file, codes) = read("interface a {\nstruct A {\n    uint8 a;\n\nstruct B {\n    uint8 b;\n}\n}");
    assert_eq!(codes, ["R0008"]);
    assert_eq!(names(&interface(&file).decls), ["A", "B"]);
}

#[test]
fn an_unclosed_interface_keeps_its_declarations() {
    let (file, codes) = read("interface a {\nstruct A { uint8 a; }\n");
    assert_eq!(codes, ["R0008"]);
    assert_eq!(names(&interface(&file).decls), ["A"]);
}

#[test]
fn a_head_with_a_mistake_does_not_cost_the_declarations() {
    let (file, codes) = read("[uuid(1] interface a : : b { const uint8 A = 1; }");
    assert_eq!(codes, ["R0001", "R0001"]);
    assert_eq!(interface(&file).name.text, "a");
    assert_eq!(names(&interface(&file).decls), ["A"]);
}

#[test]
fn a_bad_attribute_does_not_cost_the_others() {
    let (file, codes) = read("/// Doc.\n[encoding(mapi), uuid(1 2), spec(\"S\"), x(2 3)] interface a { }");
    assert_eq!(codes, ["R0001", "R0001"]);
    let interface = interface(&file);
    let names: Vec<&str> = interface.attrs.iter().map(|attr| attr.name.text.as_str()).collect();
    assert_eq!(names, ["encoding", "spec"]);
    assert!(interface.damaged);
}

#[test]
fn a_mended_number_is_reported_once() {
    let (file, codes) = read("interface a { const uint8 A = 0xZZ; const uint8 B = 1; }");
    assert_eq!(codes, ["R0003"]);
    assert_eq!(names(&interface(&file).decls), ["A", "B"]);
}

#[test]
fn places_are_those_of_the_text() {
    let text = "interface a {\n  struct A { uint8 a b; uint8 é; uint8 Last; }\n}";
    let (file, _) = read(text);
    let DeclKind::Struct(decl) = &interface(&file).decls[0].kind else { panic!() };
    let last = decl.body.last().unwrap();
    assert_eq!(&text[last.span.range.clone()], "uint8 Last;");
    assert_eq!(&text[decl.name.span.range.clone()], "A");
}

#[test]
fn doc_lines_belong_to_what_follows() {
    let (file, codes) = read(
        "/// One.\n/// Two.\nstruct A {\n /// Three.\n uint8 a; // no doc\n //// no doc either\n uint8 b;\n /// of nothing\n}",
    );
    assert!(codes.is_empty(), "{codes:?}");
    let [Item::Decl(decl)] = &file.items[..] else { panic!() };
    assert_eq!(decl.docs, ["One.", "Two."]);
    let members = only_struct(&file).0;
    assert_eq!(members[0].docs, ["Three."]);
    assert!(members[1].docs.is_empty());
}
