//! Reference pages: what the descriptions say, as Markdown for people who read bytes.
//!
//! One page an interface, an index, and a table of all operations. Pages are made of the syntax tree, so
//! that everything that can be written is shown, also where no code is made of it; sizes come from the model.

mod bits;
mod conformance;
mod members;
mod ndr;
mod operations;
mod page;
mod sizes;
mod text;

use std::cell::Cell;
use std::collections::HashMap;

use super::Output;
use crate::ast::{Decl, DeclKind, Ident, Interface, Item, SourceId, Span, TypeDeclKind, TypeRef, TypeSpec};
use crate::ast::{FamilyDecl, File};
use crate::model::{Program, Rop, TypeId};
use crate::source::Sources;

/// What all pages need: texts, meanings, and where each name is explained.
pub(crate) struct Book<'a> {
    sources: &'a Sources,
    program: &'a Program,
    /// The pages of a declared name: interfaces of NDR may have the same names.
    pages: HashMap<&'a str, Vec<&'a str>>,
    /// The page that is being written.
    here: Cell<&'a str>,
    types: HashMap<&'a str, TypeId>,
    aliases: HashMap<&'a str, &'a TypeRef>,
    families: HashMap<&'a str, &'a FamilyDecl>,
    rops: HashMap<&'a str, &'a Rop>,
}

/// Writes the reference pages of parsed and checked files.
#[must_use]
pub fn emit_reference(sources: &Sources, files: &[(SourceId, File)], program: &Program) -> Vec<Output> {
    let mut interfaces: Vec<(SourceId, &Interface)> = Vec::new();
    for (source, file) in files {
        interfaces.extend(file.items.iter().filter_map(|item| match item {
            Item::Interface(interface) => Some((*source, interface)),
            _ => None,
        }));
    }
    interfaces.sort_by(|a, b| a.1.name.text.cmp(&b.1.name.text));
    let book = Book::new(sources, program, &interfaces);
    let mut outputs = Vec::new();
    for (source, interface) in &interfaces {
        book.here.set(&interface.name.text);
        outputs.push(page::interface(&book, *source, interface));
    }
    book.here.set("");
    outputs.push(conformance::index(&interfaces));
    outputs.push(conformance::operations(&book, &interfaces));
    outputs
}

impl<'a> Book<'a> {
    fn new(sources: &'a Sources, program: &'a Program, interfaces: &[(SourceId, &'a Interface)]) -> Self {
        let mut book = Self {
            sources,
            program,
            pages: HashMap::new(),
            here: Cell::new(""),
            types: HashMap::new(),
            aliases: HashMap::new(),
            families: HashMap::new(),
            rops: program.rops.iter().map(|rop| (rop.name.as_str(), rop)).collect(),
        };
        book.types.extend(program.types.iter().enumerate().map(|(at, def)| (def.name.as_str(), TypeId(at))));
        for (_, interface) in interfaces {
            for decl in &interface.decls {
                if let Some(name) = declared(decl)
                    && has_heading(decl)
                {
                    book.pages.entry(&name.text).or_default().push(&interface.name.text);
                }
                match &decl.kind {
                    DeclKind::Type(alias) => {
                        if let TypeDeclKind::Alias(of) = &alias.kind {
                            book.aliases.insert(&alias.name.text, of);
                        }
                    }
                    DeclKind::Family(family) => _ = book.families.insert(&family.name.text, family),
                    _ => {}
                }
            }
        }
        book
    }

    /// Source text as written, in one line and without comments.
    fn source(&self, span: &Span) -> String {
        text::one_line(self.sources.snippet(span))
    }
}

/// The name of a declaration.
fn declared(decl: &Decl) -> Option<&Ident> {
    match &decl.kind {
        DeclKind::Const(d) => Some(&d.name),
        DeclKind::Typedef(d) => d.declarators.first().map(|declarator| &declarator.name),
        DeclKind::Enum(d) => d.name.as_ref(),
        DeclKind::Bits(d) => Some(&d.name),
        DeclKind::Struct(d) | DeclKind::Batch(d) => Some(&d.name),
        DeclKind::Type(d) => Some(&d.name),
        DeclKind::Form(d) => Some(&d.name),
        DeclKind::Object(d) => Some(&d.name),
        DeclKind::Rop(d) | DeclKind::Request(d) => Some(&d.name),
        DeclKind::Family(d) => Some(&d.name),
        DeclKind::Stream(d) => Some(&d.name),
        DeclKind::Function(d) => Some(&d.name),
        DeclKind::Aggregate(
            TypeSpec::Struct { tag, .. } | TypeSpec::Union { tag, .. } | TypeSpec::Bitmap { tag, .. },
        ) => tag.as_ref(),
        DeclKind::Aggregate(TypeSpec::Enum(_, d, _)) => d.name.as_ref(),
        DeclKind::Aggregate(_) => None,
    }
}

/// Constants stand in tables; all else has a part of its own.
fn has_heading(decl: &Decl) -> bool {
    !matches!(decl.kind, DeclKind::Const(_) | DeclKind::Aggregate(TypeSpec::Tag(..)))
}
