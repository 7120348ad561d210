//! ROPs, requests and families: headers, handles, every form of reply, effects.

use super::Book;
use super::members::Layout;
use super::sizes::Size;
use super::text::code;
use crate::ast::{
    Decl, Expected, FamilyDecl, HandleRole, Member, MemberKind, OperationDecl, Section, SectionKind, Value, Vector,
};
use crate::lower::{attr_text, has_attr};
use crate::model::Rop;

/// Vectors longer than this are shortened.
const LONGEST_VECTOR: usize = 160;

/// The part of a page about a ROP, after its documentation.
pub(super) fn rop(book: &Book<'_>, decl: &Decl, op: &OperationDecl) -> String {
    let rop = book.rops.get(op.name.text.as_str()).copied();
    let mut text = facts(book, decl, op, rop);
    let id = book.source(&op.id.span);
    let always = section(op, |kind| if let SectionKind::Always(m) = kind { Some(m) } else { None });
    let always = always.unwrap_or_default();
    if let Some(request) = section(op, |kind| if let SectionKind::Request(m) = kind { Some(m) } else { None }) {
        let mut layout = Layout::new(book);
        layout.field(&Size::Fixed(1), "RopId", code("uint8"), code(&id));
        layout.field(&Size::Fixed(1), "LogonId", code("uint8"), String::new());
        for index in rop.iter().flat_map(|rop| &rop.header) {
            layout.field(&Size::Fixed(1), index, code("uint8"), index_of(rop, index));
        }
        layout.members(request);
        text += &part("Request", layout);
    }
    let reply = |name: &str, return_value: &str, own: &[Member]| {
        let mut layout = Layout::new(book);
        let reply_id = rop.and_then(|rop| rop.reply_id).map_or_else(|| id.clone(), |id| format!("0x{id:02X}"));
        layout.field(&Size::Fixed(1), "RopId", code("uint8"), code(&reply_id));
        let index = rop.and_then(reply_index).unwrap_or_else(|| "InputHandleIndex".to_owned());
        layout.field(&Size::Fixed(1), &index, code("uint8"), "As in the request.".to_owned());
        layout.field(&Size::Fixed(4), "ReturnValue", book.link("ErrorCode"), return_value.to_owned());
        layout.members(always);
        layout.members(own);
        part(name, layout)
    };
    let mut others = !always.is_empty();
    for section in &op.sections {
        match &section.kind {
            SectionKind::Success(own) => text += &reply("Reply", &code("0x00000000"), own),
            SectionKind::On(codes, own) => {
                let codes: Vec<String> = codes.iter().map(|(name, _)| code(&name.text)).collect();
                text += &reply(&format!("Reply, {}", codes.join(" or ")), &codes.join(" or "), own);
            }
            SectionKind::Else(own) => {
                others = false;
                text += &reply("Reply, other return values", "Any other.", own);
            }
            SectionKind::Unsolicited(attrs, own) => {
                let mut layout = Layout::new(book);
                layout.field(&Size::Fixed(1), "RopId", code("uint8"), code(&id));
                if !has_attr(attrs, "header") {
                    layout.field(&Size::Fixed(1), "InputHandleIndex", code("uint8"), String::new());
                    layout.field(&Size::Fixed(4), "ReturnValue", book.link("ErrorCode"), String::new());
                }
                layout.members(own);
                text += &part("Reply, without a request", layout);
            }
            SectionKind::NoReply => text += "There is no reply.\n\n",
            _ => {}
        }
    }
    if others {
        text += &reply("Reply, other return values", "Any other.", &[]);
    }
    text + &vectors(book, op.sections.iter().filter_map(vector))
}

/// The part of a page about a request of a family, after its documentation.
pub(super) fn request(book: &Book<'_>, decl: &Decl, op: &OperationDecl) -> String {
    let mut text = format!("- Request type {}", code(&book.source(&op.id.span)));
    let family = op.family.as_ref().and_then(|name| book.families.get(name.text.as_str()).copied());
    if let Some(name) = &op.family {
        text += &format!(", of {}", book.link(&name.text));
    }
    text += ".\n";
    text += &unserved(decl);
    text.push('\n');
    let whole = |name: &str, heads: &[Member], own: &[Member]| {
        let mut layout = Layout::new(book);
        layout.members(heads);
        layout.members(own);
        layout.members(family.map_or(&[][..], |family| &family.trailer));
        part(name, layout)
    };
    let reply = family.map_or(&[][..], |family| &family.reply);
    for section in &op.sections {
        match &section.kind {
            SectionKind::Request(own) => {
                text += &whole("Request", family.map_or(&[][..], |family| &family.request), own);
            }
            SectionKind::Success(own) => text += &whole("Reply, status 0", reply, own),
            SectionKind::Failure(own) => text += &whole("Reply, other status", reply, own),
            SectionKind::Else(own) => text += &whole("Reply, other status", reply, own),
            _ => {}
        }
    }
    text + &vectors(book, op.sections.iter().filter_map(vector))
}

/// The parts that a family gives to all of its requests.
pub(super) fn family(book: &Book<'_>, family: &FamilyDecl) -> String {
    let parts = [
        ("Before every request", &family.request),
        ("Before every reply", &family.reply),
        ("After both", &family.trailer),
    ];
    let mut text = String::new();
    for (name, members) in parts {
        if !members.is_empty() {
            let mut layout = Layout::new(book);
            layout.members(members);
            text += &part(name, layout);
        }
    }
    text
}

fn part(name: &str, layout: Layout<'_, '_>) -> String {
    match layout.finish() {
        Some(table) => format!("**{name}**\n\n{table}\n"),
        None => format!("**{name}**: no bytes.\n\n"),
    }
}

/// Id, handles, effects and what else holds, as a list.
fn facts(book: &Book<'_>, decl: &Decl, op: &OperationDecl, rop: Option<&Rop>) -> String {
    let mut text = format!("- RopId {}.\n", code(&book.source(&op.id.span)));
    let request = section(op, |kind| if let SectionKind::Request(m) = kind { Some(m) } else { None });
    for member in request.unwrap_or_default() {
        let MemberKind::Handle { role, objects, name } = &member.kind else { continue };
        let objects: Vec<String> = objects.iter().map(|object| book.link(&object.text)).collect();
        let objects = if objects.is_empty() { "an object of any kind".to_owned() } else { objects.join(" or ") };
        let name = code(&name.text);
        text += &match role {
            HandleRole::Input => format!("- Takes {name}: {objects}.\n"),
            HandleRole::Output { owned: false } => format!("- Opens {name}: {objects}.\n"),
            HandleRole::Output { owned: true } => {
                format!("- Opens {name}: {objects}, which a release of the input object takes along.\n")
            }
            HandleRole::Response => format!("- The reply is headed by the index of {name}.\n"),
        };
    }
    for (handle, state) in rop.iter().flat_map(|rop| &rop.needs_state) {
        text += &format!("- Needs {} to be set.\n", code(&format!("{handle}.{state}")));
    }
    for section in &op.sections {
        let SectionKind::Effect { on_success, target, value } = &section.kind else { continue };
        let target: Vec<&str> = target.parts.iter().map(|part| part.text.as_str()).collect();
        let when = if *on_success { "success" } else { "failure" };
        let value = code(&book.source(&value.span));
        text += &format!("- On {when} {} becomes {value}.\n", code(&target.join(".")));
    }
    if let Some(rop) = rop {
        if !rop.inputs.iter().all(|input| input.objects.is_empty()) {
            text += &format!("- An input object of another kind: {}.\n", code(&rop.wrong_object));
        }
        if rop.releases {
            text += "- Releases the input object.\n";
        }
        if !rop.stops_batch.is_empty() {
            let codes: Vec<String> = rop.stops_batch.iter().map(|name| code(name)).collect();
            text += &format!("- The rest of the batch does not run after {}.\n", codes.join(" or "));
        }
    }
    text + &unserved(decl) + "\n"
}

fn unserved(decl: &Decl) -> String {
    attr_text(&decl.attrs, "unserved").map(|why| format!("- Not served: {why}.\n")).unwrap_or_default()
}

/// Which index field heads the reply.
fn reply_index(rop: &Rop) -> Option<String> {
    let handle = rop.output.as_ref().or(rop.response.as_ref()).or_else(|| rop.inputs.first());
    handle.map(|handle| handle.index_field.clone())
}

/// Which handle an index field of the header is of.
fn index_of(rop: Option<&Rop>, index: &str) -> String {
    let handles = rop.into_iter().flat_map(|rop| rop.inputs.iter().chain(&rop.output).chain(&rop.response));
    let names: Vec<String> =
        handles.filter(|handle| handle.index_field == index).map(|handle| code(&handle.name)).collect();
    names.join(", ")
}

fn section(op: &OperationDecl, wanted: fn(&SectionKind) -> Option<&Vec<Member>>) -> Option<&[Member]> {
    op.sections.iter().find_map(|section| wanted(&section.kind)).map(Vec::as_slice)
}

fn vector(section: &Section) -> Option<&Vector> {
    match &section.kind {
        SectionKind::Vector(vector) => Some(vector),
        _ => None,
    }
}

/// Example bytes with what they mean.
pub(super) fn vectors<'v>(book: &Book<'_>, vectors: impl Iterator<Item = &'v Vector>) -> String {
    let mut text = String::new();
    for vector in vectors {
        let target = vector.target.as_ref().map(|target| format!("{}: ", target.text)).unwrap_or_default();
        let meaning = match &vector.expected {
            Some(Expected::Value(Value::Record(fields, span))) if !fields.is_empty() => {
                let value = book.source(span);
                if value.len() > LONGEST_VECTOR { String::new() } else { format!(" is {}", code(&value)) }
            }
            Some(Expected::Value(_)) => String::new(),
            Some(Expected::Error(message)) => format!(" is an error: {}", code(&message.text)),
            None => String::new(),
        };
        let given: Vec<String> = vector
            .context
            .iter()
            .map(|(name, value)| format!("{}: {}", name.text, book.source(value.span())))
            .collect();
        let with = if given.is_empty() { String::new() } else { format!(" with {}", code(&given.join(", "))) };
        text += &format!("- {target}{}{with}{meaning}\n", code(&shortened(&vector.bytes.text)));
    }
    if text.is_empty() { text } else { format!("Examples:\n\n{text}\n") }
}

fn shortened(bytes: &str) -> String {
    let bytes: Vec<&str> = bytes.split_whitespace().collect();
    let text = bytes.join(" ");
    match text.char_indices().nth(LONGEST_VECTOR) {
        Some((at, _)) => format!("{} …", text.get(..at).unwrap_or_default().trim_end()),
        None => text,
    }
}
