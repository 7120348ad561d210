//! What a ROP has to be so that code can serve it.

use super::Lower;
use crate::ast::{self, MemberKind, SectionKind, Span};
use crate::diagnostic::Diagnostic;
use crate::model::{Extent, Member, Rop, StructDef, Type, TypeKind};

/// Locals of generated dispatch: neither a handle nor a state has such a name.
const LOCALS: &[&str] = &[
    "body", "code", "context", "effects", "found", "handle", "handlers", "handles", "invalid", "object", "opened",
    "other", "reply", "request", "result", "running", "self", "start", "state", "value", "written",
];

impl Lower<'_> {
    /// Checks a ROP as a whole.
    pub(crate) fn check_rop(&mut self, decl: &ast::Decl, op: &ast::OperationDecl, rop: &Rop) {
        self.check_sections(op);
        self.check_handles(op, rop);
        self.check_codes(op, rop);
        if rop.releases {
            self.check_release(decl, op, rop);
        }
        for section in &op.sections {
            let (members, of_success) = match &section.kind {
                SectionKind::Success(members) => (members, true),
                SectionKind::Request(members)
                | SectionKind::On(_, members)
                | SectionKind::Else(members)
                | SectionKind::Always(members)
                | SectionKind::Unsolicited(_, members) => (members, false),
                _ => continue,
            };
            self.check_echoes(members, rop, matches!(section.kind, SectionKind::Request(_)));
            let fills = marks(members);
            for (at, span) in fills.iter().enumerate() {
                let body = rop.success.as_ref().filter(|_| of_success && at == 0);
                if !body.is_some_and(|def| self.is_fillable(def)) {
                    self.misplaced("fill", span, "it is for one list of structures with a count, in a success body");
                }
            }
        }
    }

    fn check_sections(&mut self, op: &ast::OperationDecl) {
        let single = |kind: &SectionKind| match kind {
            SectionKind::Request(_) => Some("request"),
            SectionKind::Success(_) => Some("success"),
            SectionKind::Else(_) => Some("else"),
            SectionKind::Always(_) => Some("always"),
            SectionKind::Unsolicited(..) => Some("unsolicited"),
            SectionKind::Failure(_) => Some("failure"),
            _ => None,
        };
        let unsolicited = op.sections.iter().any(|s| matches!(s.kind, SectionKind::Unsolicited(..)));
        let mut seen: Vec<(&str, Span)> = Vec::new();
        for section in &op.sections {
            let Some(name) = single(&section.kind) else { continue };
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0407",
                        format!("a second `{name}` section"),
                        section.span.clone(),
                        "there is one",
                    )
                    .also(first.clone(), "the first"),
                );
            } else if unsolicited && name != "unsolicited" {
                self.diagnostics.push(Diagnostic::error(
                    "R0407",
                    format!("a `{name}` section beside an unsolicited reply"),
                    section.span.clone(),
                    "what nobody asked for has no request and no other reply",
                ));
            }
            seen.push((name, section.span.clone()));
        }
    }

    fn check_handles(&mut self, op: &ast::OperationDecl, rop: &Rop) {
        let request =
            op.sections.iter().find_map(|s| if let SectionKind::Request(m) = &s.kind { Some(m) } else { None });
        for member in request.into_iter().flatten() {
            let MemberKind::Handle { name, role: ast::HandleRole::Input, .. } = &member.kind else { continue };
            let rust = crate::emit::names::snake_text(&name.text);
            if LOCALS.contains(&rust.as_str()) && rop.unserved.is_none() && rust != "object" {
                self.reserved(&name.text, &name.span, "generated code has a variable of this name");
            }
        }
        if rop.unserved.is_some() || rop.unsolicited.is_some() {
            return;
        }
        let silent = op.sections.iter().any(|s| matches!(s.kind, SectionKind::NoReply));
        let with_state = |handle: &crate::model::Handle| {
            let objects = handle.objects.iter().filter_map(|&id| self.program.objects.get(id));
            handle.objects.is_empty() || objects.into_iter().any(|object| !object.state.is_empty())
        };
        let problem = if rop.inputs.len() > 2 {
            Some("no more than two input handles can be served")
        } else if rop.inputs.len() == 2 && rop.inputs.iter().any(with_state) {
            Some("two input handles are of named kinds of objects without states")
        } else if rop.output.as_ref().is_some_and(|handle| handle.objects.len() != 1) {
            Some("an output handle is of one kind of object")
        } else if silent && !rop.releases {
            Some("without a reply there is nothing that a handler can answer")
        } else if rop.inputs.is_empty() && rop.output.is_none() && rop.response.is_none() && !rop.releases {
            Some("a ROP works on a handle, or opens one")
        } else {
            None
        };
        if let Some(problem) = problem {
            self.diagnostics.push(
                Diagnostic::error("R0408", format!("`{}` cannot be served", rop.name), rop.span.clone(), problem)
                    .help("`[unserved(\"why\")]` describes it without serving it"),
            );
        }
        let twice = rop.inputs.iter().any(|handle| {
            let ids = &handle.objects;
            ids.iter().enumerate().any(|(at, id)| ids.get(..at).is_some_and(|before| before.contains(id)))
        });
        if twice {
            self.misplaced("handle", &rop.span, "an object is named twice in one handle");
        }
    }

    /// Return values with bodies: each once, and not success.
    fn check_codes(&mut self, op: &ast::OperationDecl, rop: &Rop) {
        let mut seen = Vec::new();
        for code in
            op.sections.iter().flat_map(|s| if let SectionKind::On(codes, _) = &s.kind { &codes[..] } else { &[] })
        {
            let (name, value) =
                (&code.0, rop.on.iter().flat_map(|(codes, _)| codes).find(|(name, _)| *name == code.0.text));
            let Some((_, value)) = value else { continue };
            if *value == 0 || seen.contains(value) {
                let label = if *value == 0 { "success has a body of its own" } else { "it has a body already" };
                self.diagnostics.push(Diagnostic::error(
                    "R0409",
                    format!("`{}` cannot have this body", name.text),
                    name.span.clone(),
                    label,
                ));
            }
            seen.push(*value);
        }
    }

    fn check_release(&mut self, decl: &ast::Decl, op: &ast::OperationDecl, rop: &Rop) {
        let span = decl.attrs.iter().find(|attr| attr.name.text == "release").map_or(&rop.span, |attr| &attr.name.span);
        let fields = !rop.request.body.is_empty();
        let effects = op.sections.iter().any(|s| matches!(s.kind, SectionKind::Effect { .. }));
        let plain = rop.inputs.len() == 1 && rop.output.is_none() && rop.success.is_none() && rop.unserved.is_none();
        if !plain || fields || effects {
            self.misplaced("release", span, "it is for a ROP of one input handle and nothing else, without a reply");
        }
    }

    fn check_echoes(&mut self, members: &[ast::Member], rop: &Rop, of_request: bool) {
        for member in members {
            let MemberKind::Echo(name) = &member.kind else { continue };
            let known = matches!(rop.inputs.as_slice(), [input] if input.name == name.text);
            if !known || of_request {
                self.misplaced("echo", &name.span, "it repeats the index of the only input handle, in a reply");
            }
        }
    }

    /// The engine can add elements to the first list that is marked: it stands in the body itself.
    fn is_fillable(&self, def: &StructDef) -> bool {
        let field = def.body.iter().find_map(|member| match member {
            Member::Field(field) if field.fill => Some(field),
            _ => None,
        });
        field.is_some_and(|field| match &field.ty {
            Type::Array(element, Extent::Count(_)) => {
                matches!(element.as_ref(), Type::Named(id, _) if matches!(self.program.ty(*id).kind, TypeKind::Struct(_)))
            }
            _ => false,
        })
    }

    /// A word of the language where it means nothing.
    pub(crate) fn misplaced(&mut self, word: &str, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0411", format!("`{word}` cannot stand here"), span.clone(), label));
    }

    /// Marks and echoes belong to ROPs.
    pub(crate) fn check_plain_body(&mut self, members: &[ast::Member]) {
        for span in marks(members) {
            self.misplaced("fill", &span, "only the reply of a ROP is filled");
        }
        for member in members {
            if let MemberKind::Echo(name) = &member.kind {
                self.misplaced("echo", &name.span, "only the reply of a ROP has a handle to repeat");
            }
        }
    }

    /// The enumeration of return values is what replies have on the wire.
    pub(crate) fn check_error_code(&mut self) {
        let Some(def) = self.program.types.iter().find(|def| def.name == "ErrorCode") else { return };
        let fits = matches!(&def.kind, TypeKind::Enum(e) if e.base.size == 4);
        let (span, used) = (def.span.clone(), !self.program.rops.is_empty());
        if used && !fits {
            self.diagnostics.push(
                Diagnostic::error("R0413", "`ErrorCode` is the return value of replies", span, "not four bytes")
                    .help("write `enum ErrorCode : uint32 { .. }`"),
            );
        }
    }

    /// What fails before its handler runs is answered with an empty body.
    pub(crate) fn check_other_bodies(&mut self) {
        let mut wrong = Vec::new();
        for rop in &self.program.rops {
            let Some(body) = &rop.other else { continue };
            let field = if body.is_enum { Some("match") } else { self.without_default(&body.body) };
            wrong.extend(field.map(|field| (rop.name.clone(), field.to_owned(), rop.span.clone())));
        }
        for (rop, field, span) in wrong {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0414",
                    format!("`{field}` has no empty value"),
                    span,
                    format!("`{rop}` answers with an empty body what fails before its handler runs"),
                )
                .help("in `always` and `else` stand numbers, conditions, texts, bytes, lists and what is optional"),
            );
        }
    }

    /// The first field that Rust has no default for.
    fn without_default<'m>(&self, body: &'m [Member]) -> Option<&'m str> {
        body.iter().find_map(|member| match member {
            Member::Field(field) if matches!(field.role, crate::model::Role::Plain) => {
                let fits = match &field.ty {
                    Type::Array(element, Extent::Const(n)) => *n <= 32 && !self.is_structure(element),
                    Type::Bytes(Extent::Const(n)) => *n <= 32,
                    ty => !self.is_structure(ty),
                };
                (!fits).then_some(field.name.as_str())
            }
            Member::Match(m) => Some(m.field.as_str()),
            Member::Sized(_, inner) | Member::Tail(inner) => self.without_default(inner),
            Member::Field(_) | Member::If(_) | Member::Let(..) | Member::Require(_) => None,
        })
    }

    /// States of objects: of values that are copied, or lists of what borrows nothing.
    pub(crate) fn check_states(&mut self) {
        let mut wrong = Vec::new();
        for object in &self.program.objects {
            let mut seen: Vec<String> = Vec::new();
            for state in &object.state {
                let layout = self.program.layout(&state.ty);
                let rust = crate::emit::names::snake_text(&state.name);
                let label = if seen.contains(&rust) {
                    Some("the object has a state of this name in Rust already")
                } else if LOCALS.contains(&rust.as_str()) {
                    Some("generated code has a variable of this name")
                } else if state.list && !state.optional {
                    Some("a list begins as `unset`")
                } else if state.list && layout.lifetime {
                    Some("a list of what borrows from a buffer cannot be kept")
                } else if !state.list && (!layout.copy || layout.lifetime || self.is_structure(&state.ty)) {
                    Some("a state is a number, a condition, an enumeration, a bit record, a GUID, a time or a list")
                } else {
                    None
                };
                seen.push(rust);
                wrong.extend(label.map(|label| (object.name.clone(), state.name.clone(), state.span.clone(), label)));
            }
        }
        for (object, state, span, label) in wrong {
            self.diagnostics.push(Diagnostic::error(
                "R0410",
                format!("`{object}` cannot have the state `{state}`"),
                span,
                label,
            ));
        }
    }

    fn is_structure(&self, ty: &Type) -> bool {
        matches!(ty, Type::Named(id, _) if matches!(self.program.ty(*id).kind, TypeKind::Struct(_)))
    }

    /// Names of ROPs, requests and objects are made into others: plain words only.
    pub(crate) fn check_plain_names(&mut self) {
        let program = &self.program;
        let mut parts: Vec<(String, Span)> = Vec::new();
        parts.extend(program.rops.iter().map(|rop| (rop.name.clone(), rop.span.clone())));
        parts.extend(program.requests.iter().map(|request| (request.name.clone(), request.span.clone())));
        parts.extend(program.objects.iter().map(|object| (object.name.clone(), object.span.clone())));
        for (name, span) in parts {
            if name.contains('_')
                || !name.starts_with(|c: char| c.is_ascii_uppercase())
                || name == "Opaque"
                || name == "Self"
            {
                self.reserved(&name, &span, "other names are made of it: write it as `RopOpenFolder`");
            }
        }
    }
}

/// Where `[fill]` stands, also inside conditions and extents.
fn marks(members: &[ast::Member]) -> Vec<Span> {
    let of_field = |field: &ast::Field| {
        let fill = field.marks.iter().filter(|mark| mark.name.text == "fill");
        fill.map(|mark| mark.name.span.clone()).collect::<Vec<_>>()
    };
    members
        .iter()
        .flat_map(|member| match &member.kind {
            MemberKind::Field(field) => of_field(field),
            MemberKind::If { then, otherwise, .. } => [marks(then), marks(otherwise)].concat(),
            MemberKind::Match(m) => m.arms.iter().flat_map(|arm| marks(&arm.body)).collect(),
            MemberKind::Sized { content: ast::SizedContent::Body(inner), .. } => marks(inner),
            MemberKind::Sized { content: ast::SizedContent::Field { field, .. }, .. } => of_field(field),
            _ => Vec::new(),
        })
        .collect()
}
