//! Interfaces of NDR: operations with their parameters, types with their members.

use super::Book;
use super::members::lengths;
use super::page;
use super::text::{code, sentence, table};
use crate::ast::{Attr, Decl, DeclKind, Declarator, EnumDecl, EnumItem, FunctionDecl, Member, MemberKind, TypeSpec};

/// The part of a page about a declaration, after its documentation.
pub(super) fn declaration(book: &Book<'_>, decl: &Decl) -> String {
    match &decl.kind {
        DeclKind::Function(function) => operation(book, function),
        DeclKind::Typedef(typedef) => aggregate(book, &typedef.ty).unwrap_or_else(|| page::source(book, decl)),
        DeclKind::Aggregate(ty) => aggregate(book, ty).unwrap_or_else(|| page::source(book, decl)),
        _ => page::source(book, decl),
    }
}

fn operation(book: &Book<'_>, function: &FunctionDecl) -> String {
    let mut rows = Vec::new();
    for param in &function.params {
        let (direction, other): (Vec<&Attr>, Vec<&Attr>) =
            param.attrs.iter().partition(|attr| matches!(attr.name.text.as_str(), "in" | "out"));
        let direction: Vec<&str> = direction.iter().map(|attr| attr.name.text.as_str()).collect();
        let name = param.declarator.as_ref().map(|declarator| code(&declarator.name.text)).unwrap_or_default();
        rows.push(vec![
            direction.join(", "),
            name,
            ty(book, &param.ty, param.declarator.as_ref()),
            attributes(book, &other),
            sentence(&param.docs),
        ]);
    }
    let returns = shown(book, &function.returns, &"*".repeat(function.pointers));
    let returns = if returns == "`void`" { String::new() } else { format!("Returns {returns}.\n\n") };
    if rows.is_empty() {
        return format!("No parameters.\n\n{returns}");
    }
    format!("{}\n{returns}", table(&["Direction", "Parameter", "Type", "Attributes", "Meaning"], &rows))
}

fn aggregate(book: &Book<'_>, spec: &TypeSpec) -> Option<String> {
    let head = ["Label", "Field", "Type", "Attributes", "Meaning"];
    match spec {
        TypeSpec::Struct { body, .. } => {
            let rows: Vec<Vec<String>> = body.iter().flat_map(|member| fields(book, member, "")).collect();
            Some(table(&head, &rows) + "\n")
        }
        TypeSpec::Union { cases, .. } => {
            let mut rows = Vec::new();
            for case in cases {
                let labels: Vec<String> = case.labels.iter().map(|label| code(&book.source(&label.span))).collect();
                let label = if case.default { "default".to_owned() } else { labels.join(", ") };
                match &case.member {
                    Some(member) => rows.extend(fields(book, member, &label)),
                    None => rows.push(vec![label, "*nothing*".to_owned()]),
                }
            }
            Some(table(&head, &rows) + "\n")
        }
        TypeSpec::Enum(_, EnumDecl { items, .. }, _) | TypeSpec::Bitmap { items, .. } => {
            let row = |item: &EnumItem| {
                let value = item.value.as_ref().map(|value| code(&book.source(&value.span)));
                vec![value.unwrap_or_default(), code(&item.name.text), sentence(&item.docs)]
            };
            Some(table(&["Value", "Name", "Meaning"], &items.iter().map(row).collect::<Vec<_>>()) + "\n")
        }
        _ => None,
    }
}

fn fields(book: &Book<'_>, member: &Member, label: &str) -> Vec<Vec<String>> {
    let MemberKind::Field(field) = &member.kind else {
        return vec![vec![label.to_owned(), code(&book.source(&member.span))]];
    };
    let attrs: Vec<&Attr> = field.attrs.iter().collect();
    let row = |declarator: &Declarator| {
        vec![
            label.to_owned(),
            code(&declarator.name.text),
            ty(book, &field.ty, Some(declarator)),
            attributes(book, &attrs),
            sentence(&member.docs),
        ]
    };
    field.declarators.iter().map(row).collect()
}

fn attributes(book: &Book<'_>, attrs: &[&Attr]) -> String {
    let attrs: Vec<String> = attrs.iter().map(|attr| code(&book.source(&attr.span))).collect();
    attrs.join(", ")
}

/// A type with the pointers and arrays of its declarator.
fn ty(book: &Book<'_>, spec: &TypeSpec, declarator: Option<&Declarator>) -> String {
    let stars = "*".repeat(declarator.map_or(0, |declarator| declarator.pointers));
    let arrays = declarator.map_or(&[][..], |declarator| &declarator.arrays);
    shown(book, spec, &format!("{stars}{}", lengths(book, arrays)))
}

fn shown(book: &Book<'_>, spec: &TypeSpec, after: &str) -> String {
    let (words, name) = match spec {
        TypeSpec::Words(words) => (words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "), None),
        TypeSpec::Ref(ty) => (ty.name.text.clone(), Some(&ty.name)),
        TypeSpec::Tag(_, name) => (name.text.clone(), Some(name)),
        _ => ("in place".to_owned(), None),
    };
    match name.filter(|name| book.pages.contains_key(name.text.as_str())) {
        Some(name) if after.is_empty() => book.link(&name.text),
        Some(name) => format!("{} {}", book.link(&name.text), code(after)),
        None => code(&format!("{words}{after}")),
    }
}
