//! The page of an interface.

use super::members::Layout;
use super::text::{anchor, block, code, head, sentence, table};
use super::{Book, bits, declared, has_heading, ndr, operations};
use crate::ast::{
    ConstDecl, Decl, DeclKind, ExprKind, Interface, Member, MemberKind, SourceId, StructDecl, TypeDeclKind, TypeSpec,
};
use crate::emit::Output;
use crate::lower::attr_text;
use crate::model::{TypeDef, TypeKind};

/// A kind of declarations: what it is called, and what belongs to it.
type Kind = (&'static str, fn(&DeclKind) -> bool);

/// Kinds of declarations, as the head of a page lists them.
const KINDS: [Kind; 7] = [
    ("ROPs", |kind| matches!(kind, DeclKind::Rop(_))),
    ("Requests", |kind| matches!(kind, DeclKind::Request(_) | DeclKind::Family(_))),
    ("Operations", |kind| matches!(kind, DeclKind::Function(_))),
    ("Structures", |kind| {
        matches!(
            kind,
            DeclKind::Struct(_)
                | DeclKind::Batch(_)
                | DeclKind::Stream(_)
                | DeclKind::Typedef(_)
                | DeclKind::Aggregate(TypeSpec::Struct { .. } | TypeSpec::Union { .. })
        )
    }),
    ("Enumerations", |kind| matches!(kind, DeclKind::Enum(_) | DeclKind::Aggregate(TypeSpec::Enum(..)))),
    ("Bit records", |kind| matches!(kind, DeclKind::Bits(_) | DeclKind::Aggregate(TypeSpec::Bitmap { .. }))),
    ("Objects, forms, other names", |kind| matches!(kind, DeclKind::Object(_) | DeclKind::Form(_) | DeclKind::Type(_))),
];

/// The page of one interface.
pub(super) fn interface(book: &Book<'_>, source: SourceId, interface: &Interface) -> Output {
    let from = book.sources.get(source).map_or("a description", |source| source.name.as_str());
    let mut text = head(from, &title(interface));
    if !interface.docs.is_empty() {
        text += &format!("{}\n\n", sentence(&interface.docs));
    }
    text += &format!("Described in {}. [How to read these pages](README.md)\n\n", code(from));
    text += &contents(interface);
    for decl in interface.decls.iter().filter(|decl| has_heading(decl)) {
        if let Some(name) = declared(decl) {
            text += &format!("## {}\n\n", name.text);
        }
        text += &introduction(decl);
        text += &declaration(book, decl);
    }
    text += &properties(book, &interface.decls);
    text += &constants(book, &interface.decls);
    let text = format!("{}\n", text.trim_end());
    Output { path: format!("{}.md", interface.name.text), text }
}

/// What a page is called: its specification, else its interface.
pub(super) fn title(interface: &Interface) -> String {
    attr_text(&interface.attrs, "spec").unwrap_or_else(|| interface.name.text.clone())
}

fn contents(interface: &Interface) -> String {
    let mut text = String::new();
    for (kind, is_of) in KINDS {
        let names = interface.decls.iter().filter(|decl| has_heading(decl) && is_of(&decl.kind)).filter_map(declared);
        let names: Vec<String> = names.map(|name| format!("[{0}](#{1})", name.text, anchor(&name.text))).collect();
        if !names.is_empty() {
            text += &format!("- {kind}: {}\n", names.join(", "));
        }
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// Documentation and cited section.
fn introduction(decl: &Decl) -> String {
    let docs = sentence(&decl.docs);
    match (attr_text(&decl.attrs, "spec"), docs.is_empty()) {
        (Some(spec), true) => format!("{spec}.\n\n"),
        (Some(spec), false) => format!("{docs} ({spec})\n\n"),
        (None, true) => String::new(),
        (None, false) => format!("{docs}\n\n"),
    }
}

fn declaration(book: &Book<'_>, decl: &Decl) -> String {
    match &decl.kind {
        DeclKind::Struct(d) | DeclKind::Batch(d) => structure(book, decl, d),
        DeclKind::Bits(d) => match defined(book, &d.name.text).map(|def| &def.kind) {
            Some(TypeKind::Bits(def)) => bits::record(book, def) + "\n",
            _ => source(book, decl),
        },
        DeclKind::Enum(d) => match d.name.as_ref().and_then(|name| defined(book, &name.text)).map(|def| &def.kind) {
            Some(TypeKind::Enum(def)) => {
                format!("{} bytes.\n\n{}\n", def.base.size, bits::enumeration(def)).replace("1 bytes.", "1 byte.")
            }
            _ => source(book, decl),
        },
        DeclKind::Rop(op) => operations::rop(book, decl, op),
        DeclKind::Request(op) => operations::request(book, decl, op),
        DeclKind::Family(family) => operations::family(book, family),
        DeclKind::Object(object) => {
            let mut text = String::new();
            for state in &object.state {
                let initial = state.initial.as_ref().map(|value| book.source(&value.span));
                let initial = initial.map(|value| format!(", at first {}", code(&value))).unwrap_or_default();
                let list = if state.list { "[]" } else { "" };
                let name = code(&format!("{}{list}", state.name.text));
                let of = book.link(&state.ty.name.text);
                text += &format!("- State {name} of {of}{initial}. {}\n", sentence(&state.docs));
            }
            if object.owns_all {
                text += "- A release takes along all that was opened through it.\n";
            }
            if text.is_empty() { text } else { text + "\n" }
        }
        DeclKind::Type(d) => match &d.kind {
            TypeDeclKind::Alias(of) => format!("Another name of {}.\n\n", book.link(&of.name.text)),
            TypeDeclKind::Match(..) => source(book, decl),
        },
        DeclKind::Function(_) | DeclKind::Typedef(_) | DeclKind::Aggregate(_) => ndr::declaration(book, decl),
        _ => source(book, decl),
    }
}

fn defined<'b>(book: &'b Book<'_>, name: &str) -> Option<&'b TypeDef> {
    book.types.get(name).map(|id| book.program.ty(*id))
}

/// What has no better form: as it is written.
pub(super) fn source(book: &Book<'_>, decl: &Decl) -> String {
    // Documentation and attributes are shown already.
    let text = book.sources.snippet(&decl.span);
    let lines: Vec<&str> = text.lines().collect();
    let is_head = |line: &str| line.trim_start().starts_with("///") || line.trim_start().starts_with('[');
    let from = lines.iter().take_while(|line| is_head(line)).count();
    block(&lines.get(from..).unwrap_or_default().join("\n")) + "\n"
}

fn structure(book: &Book<'_>, decl: &Decl, d: &StructDecl) -> String {
    let mut text = String::new();
    for param in &d.forms {
        text += &format!("- Written in a form {} of {}.\n", code(&param.name.text), book.link(&param.form.text));
    }
    for param in &d.params {
        let list = if param.list { "[]" } else { "" };
        let name = code(&format!("{}{list}", param.name.text));
        let unset = if param.or_unset { ", where that is known" } else { "" };
        text += &format!("- Depends on {name} of {}{unset}.\n", book.link(&param.ty.name.text));
    }
    for attr in decl.attrs.iter().filter(|attr| attr.name.text != "spec") {
        text += &format!("- {}.\n", code(&format!("[{}]", book.source(&attr.span))));
    }
    if let Some(TypeKind::Struct(def)) = defined(book, &d.name.text).map(|def| &def.kind)
        && !def.layout.fixed
        && def.layout.min_size > 0
    {
        text += &format!("- At least {} bytes.\n", def.layout.min_size).replace(" 1 bytes", " 1 byte");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let mut layout = Layout::new(book);
    layout.members(&d.body);
    text += &layout.finish().unwrap_or_else(|| "No bytes.\n".to_owned());
    text.push('\n');
    text + &operations::vectors(book, d.body.iter().filter_map(vector))
}

fn vector(member: &Member) -> Option<&crate::ast::Vector> {
    match &member.kind {
        MemberKind::Vector(vector) => Some(vector),
        _ => None,
    }
}

/// Named properties in one table.
fn properties(book: &Book<'_>, decls: &[Decl]) -> String {
    let mut rows = Vec::new();
    for decl in decls {
        let DeclKind::Const(c) = &decl.kind else { continue };
        if let (true, ExprKind::List(parts)) = (is_property(c), &c.value.kind) {
            let mut row = vec![code(&c.name.text)];
            row.extend(parts.iter().map(|part| code(&book.source(&part.span))));
            row.push(sentence(&decl.docs));
            rows.push(row);
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    format!("## Named properties\n\n{}\n", table(&["Name", "Property set", "Identifier", "Type", "Meaning"], &rows))
}

fn is_property(c: &ConstDecl) -> bool {
    matches!(&c.ty, TypeSpec::Ref(ty) if ty.name.text == "NamedProperty")
}

/// All constants in one table.
fn constants(book: &Book<'_>, decls: &[Decl]) -> String {
    let row = |(decl, c): (&Decl, &ConstDecl)| {
        let ty = match &c.ty {
            TypeSpec::Ref(ty) => book.link(&ty.name.text),
            TypeSpec::Words(words) => code(&words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")),
            _ => String::new(),
        };
        let spec = attr_text(&decl.attrs, "spec").map(|spec| format!(" ({spec})")).unwrap_or_default();
        let meaning = format!("{}{spec}", sentence(&decl.docs));
        vec![code(&c.name.text), code(&book.source(&c.value.span)), ty, meaning.trim().to_owned()]
    };
    let constants = decls.iter().filter_map(|decl| match &decl.kind {
        DeclKind::Const(c) if !is_property(c) => Some((decl, c)),
        _ => None,
    });
    let rows: Vec<Vec<String>> = constants.map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("## Constants\n\n{}", table(&["Name", "Value", "Type", "Meaning"], &rows))
}
