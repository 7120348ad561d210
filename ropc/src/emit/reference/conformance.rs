//! The index of the pages, and the table of all operations.

use super::Book;
use super::page::title;
use super::text::{code, head, sentence, table};
use crate::ast::{Decl, DeclKind, Interface, SectionKind, SourceId};
use crate::emit::Output;
use crate::lower::{attr_text, has_attr};

const HOW_TO_READ: &str = "\
- **Offset** and **Size** are bytes. An offset is given as long as it is always the same. \"to NUL\": to the
  terminator, with it; \"2 + n\": a count of two bytes, then what it counts; \"the rest\": to the end of what it is in.
- Numbers are little-endian where no field says another order. `bool8` and `bool16` are 0 or another value.
- **When** says under which conditions a member is there. What stands under \"›\" lies in the extent above it.
- A reply is given for each return value that has fields of its own. Any other reply ends with ReturnValue.
- Fields \"Number of ..\", \"Bytes of ..\" and \"Whether ..\" follow from what they name: generated code has no field
  for them.
";

/// The index: how to read, and a line a page.
pub(super) fn index(interfaces: &[(SourceId, &Interface)]) -> Output {
    let mut text = head("all descriptions", "Reference");
    text += "What the protocols look like on the wire, one page a specification, made of the descriptions in `idl`.\n";
    text += "[All operations](conformance.md) stand in one table, with what is served.\n\n";
    text += HOW_TO_READ;
    text.push('\n');
    let mut rows = Vec::new();
    for (_, interface) in interfaces {
        let count = |wanted: fn(&DeclKind) -> bool| {
            let count = interface.decls.iter().filter(|decl| wanted(&decl.kind)).count();
            if count == 0 { String::new() } else { count.to_string() }
        };
        let name = &interface.name.text;
        rows.push(vec![
            format!("[{}]({name}.md)", title(interface)),
            count(|kind| matches!(kind, DeclKind::Rop(_) | DeclKind::Request(_) | DeclKind::Function(_))),
            count(|kind| {
                !matches!(kind, DeclKind::Rop(_) | DeclKind::Request(_) | DeclKind::Function(_) | DeclKind::Const(_))
            }),
            count(|kind| matches!(kind, DeclKind::Const(_))),
            sentence(&interface.docs),
        ]);
    }
    text += &table(&["Page", "Operations", "Types", "Constants", "About"], &rows);
    Output { path: "README.md".to_owned(), text }
}

/// Every ROP and request: id, name, section, whether it is served.
pub(super) fn operations(book: &Book<'_>, interfaces: &[(SourceId, &Interface)]) -> Output {
    let decls =
        || interfaces.iter().flat_map(|(_, interface)| interface.decls.iter().map(move |decl| (*interface, decl)));
    let mut text = head("all descriptions", "Operations");
    text += "Everything that is described, and what the server does with it.\n\n## ROPs\n\n";
    let mut rops: Vec<(u64, Vec<String>)> = decls().filter_map(|(_, decl)| rop(book, decl)).collect();
    rops.sort_by_key(|(id, _)| *id);
    let rows: Vec<Vec<String>> = rops.into_iter().map(|(_, row)| row).collect();
    text += &summary(&rows);
    text += &table(&["RopId", "Name", "Section", "Served"], &rows);
    let rows: Vec<Vec<String>> = decls().filter_map(|(_, decl)| request(book, decl)).collect();
    if !rows.is_empty() {
        text += &format!("\n## Requests of MAPI over HTTP\n\n{}", summary(&rows));
        text += &table(&["Request type", "Name", "Section", "Served"], &rows);
    }
    let rows: Vec<Vec<String>> = decls()
        .filter_map(|(interface, decl)| match &decl.kind {
            DeclKind::Function(f) => Some((interface, decl, f)),
            _ => None,
        })
        .map(|(interface, decl, f)| {
            vec![
                code(&interface.name.text),
                book.link(&f.name.text),
                attr_text(&decl.attrs, "spec").unwrap_or_default(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text += &format!("\n## Operations of NDR interfaces\n\n{}", table(&["Interface", "Name", "Section"], &rows));
    }
    Output { path: "conformance.md".to_owned(), text }
}

fn summary(rows: &[Vec<String>]) -> String {
    let unserved = rows.iter().filter(|row| row.last().is_some_and(|cell| cell.starts_with("no:"))).count();
    format!("{} described, {} of them served.\n\n", rows.len(), rows.len() - unserved)
}

fn rop(book: &Book<'_>, decl: &Decl) -> Option<(u64, Vec<String>)> {
    let DeclKind::Rop(op) = &decl.kind else { return None };
    let id = book.rops.get(op.name.text.as_str()).map_or(u64::MAX, |rop| u64::from(rop.id));
    let unasked = op.sections.iter().any(|section| matches!(section.kind, SectionKind::Unsolicited(..)));
    let served = match attr_text(&decl.attrs, "unserved") {
        Some(why) => format!("no: {why}"),
        None if has_attr(&decl.attrs, "release") => "yes, by the engine".to_owned(),
        None if unasked => "sent without a request".to_owned(),
        None => "yes".to_owned(),
    };
    let spec = attr_text(&decl.attrs, "spec").unwrap_or_default();
    Some((id, vec![code(&book.source(&op.id.span)), book.link(&op.name.text), spec, served]))
}

fn request(book: &Book<'_>, decl: &Decl) -> Option<Vec<String>> {
    let DeclKind::Request(op) = &decl.kind else { return None };
    let served = attr_text(&decl.attrs, "unserved").map_or_else(|| "yes".to_owned(), |why| format!("no: {why}"));
    let spec = attr_text(&decl.attrs, "spec").unwrap_or_default();
    Some(vec![code(book.source(&op.id.span).trim_matches('"')), book.link(&op.name.text), spec, served])
}
