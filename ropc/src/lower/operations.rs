//! ROPs and the requests of families.

use super::body::Scene;
use super::scope::Entity;
use super::{Lower, attr_text, has_attr};
use crate::ast::{self, Decl, DeclKind, ExprKind, HandleRole, MemberKind, SectionKind, TypeSpec};
use crate::diagnostic::Diagnostic;
use crate::model::{Effect, EffectValue, Expr, Handle, Param, Request, Rop, State, StructDef};

impl<'a> Lower<'a> {
    /// Lowers a ROP or a request.
    pub(crate) fn operation(&mut self, module: usize, decl: &'a Decl) {
        match &decl.kind {
            DeclKind::Rop(op) => self.rop(module, decl, op),
            DeclKind::Request(op) => self.request(module, decl, op),
            _ => {}
        }
    }

    fn rop(&mut self, module: usize, decl: &'a Decl, op: &'a ast::OperationDecl) {
        let Some(id) = self.number(&op.id) else { return };
        let Ok(id) = u8::try_from(id) else {
            self.diagnostics.push(Diagnostic::error(
                "R0401",
                format!("a RopId is one byte, not {id:#x}"),
                op.id.span.clone(),
                "expected 0x00 to 0xFF",
            ));
            return;
        };
        if let Some(other) = self.program.rops.iter().find(|rop| rop.id == id) {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0402",
                    format!("RopId {id:#04x} is taken"),
                    op.id.span.clone(),
                    format!("`{}` has it", other.name),
                )
                .also(other.span.clone(), "declared here"),
            );
            return;
        }
        let mut rop = Rop {
            name: op.name.text.clone(),
            id,
            module,
            docs: decl.docs.clone(),
            spec: attr_text(&decl.attrs, "spec"),
            span: op.name.span.clone(),
            inputs: Vec::new(),
            output: None,
            response: None,
            header: Vec::new(),
            request: StructDef::default(),
            success: None,
            on: Vec::new(),
            other: None,
            unsolicited: None,
            effects: Vec::new(),
            unserved: attr_text(&decl.attrs, "unserved"),
            releases: has_attr(&decl.attrs, "release"),
            reply_id: self.reply_id(decl),
            wrong_object: self.wrong_object(decl),
            stops_batch: self.error_codes(decl, "stops_batch"),
            needs_state: Vec::new(),
            looks_up: Vec::new(),
            answered_by: Vec::new(),
            vectors: Vec::new(),
        };
        self.rop_request(op, &mut rop);
        self.rop_replies(op, &mut rop);
        if rop.success.is_none() && rop.unsolicited.is_none() && !decl.damaged {
            self.no_reply(op, &rop);
        }
        self.rop_effects(op, &mut rop);
        if !decl.damaged {
            self.check_rop(decl, op, &rop);
        }
        self.program.rops.push(rop);
    }

    /// `[reply_id(0x20)]`: one ROP's reply is another one's.
    fn reply_id(&mut self, decl: &Decl) -> Option<u8> {
        let attr = decl.attrs.iter().find(|attr| attr.name.text == "reply_id")?;
        let id = match attr.args.as_ref()?.first()? {
            ast::AttrArg::Expr(expr) => self.number(expr)?,
            _ => return None,
        };
        let id = u8::try_from(id);
        if id.is_err() {
            self.diagnostics.push(Diagnostic::error(
                "R0401",
                "a RopId is one byte",
                attr.name.span.clone(),
                "expected 0x00 to 0xFF",
            ));
        }
        id.ok()
    }

    /// `[wrong_object(ecNullObject)]`: documents differ in what a handle of another kind gives.
    fn wrong_object(&mut self, decl: &Decl) -> String {
        self.error_codes(decl, "wrong_object").pop().unwrap_or_else(|| "ecNotSupported".to_owned())
    }

    /// The error codes that an attribute names.
    fn error_codes(&mut self, decl: &Decl, attr: &str) -> Vec<String> {
        let attr = decl.attrs.iter().find(|a| a.name.text == attr);
        let mut codes = Vec::new();
        for arg in attr.and_then(|attr| attr.args.as_ref()).into_iter().flatten() {
            let ast::AttrArg::Expr(ast::Expr { kind: ExprKind::Name(name), .. }) = arg else { continue };
            if self.error_code(&name.text).is_none() {
                self.unknown("error code", name);
            }
            codes.push(name.text.clone());
        }
        codes
    }

    /// A constant of the enumeration `ErrorCode`.
    fn error_code(&self, name: &str) -> Option<u64> {
        let of = self.type_id("ErrorCode")?;
        self.scope.constant(name, Some(of)).map(|(_, value)| value)
    }

    fn rop_request(&mut self, op: &'a ast::OperationDecl, rop: &mut Rop) {
        let Some(members) = op.sections.iter().find_map(|section| match &section.kind {
            SectionKind::Request(members) => Some(members),
            _ => None,
        }) else {
            return;
        };
        self.handles(members, rop);
        let mut scene = self.rop_scene(rop, &format!("{}Request", rop.name));
        scene.headed = true;
        for index in ["LogonId"].into_iter().chain(rop.header.iter().map(String::as_str)) {
            let name = ast::Ident { text: index.to_owned(), span: rop.span.clone() };
            // A second output or response handle is reported already.
            let again = matches!(index, "OutputHandleIndex" | "ResponseHandleIndex")
                && scene.seen.iter().any(|(n, _)| n == index);
            if !again && !self.claim(&mut scene, &name) {
                return;
            }
        }
        let (def, needs) = self.struct_def_with_state(members, scene);
        rop.request = def;
        rop.needs_state = needs;
    }

    fn rop_replies(&mut self, op: &'a ast::OperationDecl, rop: &mut Rop) {
        let request = rop.request.clone();
        let section =
            |wanted: fn(&SectionKind) -> Option<&Vec<ast::Member>>| op.sections.iter().find_map(|s| wanted(&s.kind));
        // What stands after ReturnValue whatever it is heads every body.
        let always = section(|s| if let SectionKind::Always(m) = s { Some(m) } else { None });
        let otherwise = section(|s| if let SectionKind::Else(m) = s { Some(m) } else { None });
        let after = |members: &[ast::Member]| [always.map_or(&[][..], Vec::as_slice), members].concat();
        for section in &op.sections {
            match &section.kind {
                SectionKind::Success(members) => {
                    let mut scene = self.rop_scene(rop, &format!("{}Response", rop.name));
                    scene.request = Some(&request);
                    scene.reads = rop.inputs.first().map(|handle| handle.name.clone());
                    let (def, needs) = self.struct_def_with_state(&after(members), scene);
                    rop.success = Some(def);
                    rop.needs_state.extend(needs);
                }
                SectionKind::On(codes, members) => {
                    let mut found = Vec::new();
                    for (code, value) in codes {
                        match (self.error_code(&code.text), value) {
                            (Some(value), _) => found.push((code.text.clone(), value)),
                            (_, Some(value)) => found.push((code.text.clone(), *value)),
                            _ => self.unknown("error code", code),
                        }
                    }
                    let name = codes.first().map(|(c, _)| c.text.trim_start_matches("ec").to_owned());
                    let owner = format!("{}{}", rop.name, name.unwrap_or_default());
                    let mut scene = self.rop_scene(rop, &owner);
                    scene.absent_is_zero = always.is_some();
                    scene.request = Some(&request);
                    let def = self.struct_def(&after(members), scene);
                    rop.on.push((found, def));
                }
                SectionKind::Unsolicited(_, members) => {
                    let mut scene = self.rop_scene(rop, &format!("{}Response", rop.name));
                    scene.looks_up = Some(Vec::new());
                    let (def, scene) = self.struct_def_in(members, scene);
                    rop.looks_up = self.places(&def, scene.looks_up.unwrap_or_default());
                    rop.unsolicited = Some(def);
                }
                SectionKind::Vector(vector) => rop.vectors.push(vector.clone()),
                SectionKind::Failure(_) => self.diagnostics.push(
                    Diagnostic::error(
                        "R0406",
                        "a ROP has no `failure` block",
                        section.span.clone(),
                        "this is a request's",
                    )
                    .help("write `on CODE { }`, `else { }` or `always { }`"),
                ),
                SectionKind::NoReply
                | SectionKind::Always(_)
                | SectionKind::Else(_)
                | SectionKind::Request(_)
                | SectionKind::Effect { .. } => {}
            }
        }
        if always.is_some() || otherwise.is_some() {
            let mut scene = self.rop_scene(rop, &format!("{}Other", rop.name));
            scene.request = Some(&request);
            rop.other = Some(self.struct_def(&after(otherwise.map_or(&[][..], Vec::as_slice)), scene));
        }
        if rop.success.is_none() && otherwise.is_some() {
            // `else` covers return value 0 too where nothing else does.
            rop.success = rop.other.clone();
        }
    }

    /// A ROP without a success body has to say that it has no reply.
    fn no_reply(&mut self, op: &ast::OperationDecl, rop: &Rop) {
        if op.sections.iter().any(|section| matches!(section.kind, SectionKind::NoReply)) {
            return;
        }
        self.diagnostics.push(
            Diagnostic::error(
                "R0403",
                format!("`{}` says nothing of its reply", rop.name),
                rop.span.clone(),
                "no `success` block",
            )
            .help("write `success { }`, or `no reply;`"),
        );
    }

    fn rop_scene(&self, rop: &Rop, owner: &str) -> Scene<'a> {
        let mut scene = Scene::new(owner, rop.module, &rop.span);
        for handle in rop.inputs.iter().chain(&rop.output) {
            if let [object] = handle.objects.as_slice() {
                scene.handles.push((handle.name.clone(), *object));
            }
        }
        scene
    }

    fn handles(&mut self, members: &[ast::Member], rop: &mut Rop) {
        let inputs =
            members.iter().filter(|m| matches!(m.kind, MemberKind::Handle { role: HandleRole::Input, .. })).count();
        for member in members {
            let MemberKind::Handle { role, objects, name } = &member.kind else { continue };
            let mut ids = Vec::new();
            for object in objects {
                match self.scope.get(&object.text) {
                    Some(Entity::Object(id)) => ids.push(*id),
                    _ => self.unknown("object", object),
                }
            }
            let index_field = match role {
                HandleRole::Input if inputs == 1 => "InputHandleIndex".to_owned(),
                HandleRole::Input => format!("{}HandleIndex", name.text),
                HandleRole::Output { .. } => "OutputHandleIndex".to_owned(),
                HandleRole::Response => "ResponseHandleIndex".to_owned(),
            };
            let handle = Handle {
                name: name.text.clone(),
                index_field: index_field.clone(),
                objects: ids,
                owned: matches!(role, HandleRole::Output { owned: true }),
            };
            rop.header.push(index_field);
            match role {
                HandleRole::Input => rop.inputs.push(handle),
                HandleRole::Output { .. } => {
                    if let Some(first) = rop.output.replace(handle) {
                        self.two_handles("output", &first.name, name);
                    }
                }
                HandleRole::Response => {
                    if let Some(first) = rop.response.replace(handle) {
                        self.two_handles("response", &first.name, name);
                    }
                }
            }
        }
    }

    fn two_handles(&mut self, role: &str, first: &str, second: &ast::Ident) {
        self.diagnostics.push(Diagnostic::error(
            "R0404",
            format!("a ROP has at most one {role} handle"),
            second.span.clone(),
            format!("`{first}` is one already"),
        ));
    }

    fn rop_effects(&mut self, op: &'a ast::OperationDecl, rop: &mut Rop) {
        for section in &op.sections {
            let SectionKind::Effect { on_success, target, value } = &section.kind else { continue };
            let [handle, state] = target.parts.as_slice() else { continue };
            let object =
                rop.inputs.iter().chain(&rop.output).find(|h| h.name == handle.text).and_then(|h| h.objects.first());
            let known = object
                .and_then(|&o| self.program.objects.get(o))
                .and_then(|o| o.state.iter().find(|s| s.name == state.text).cloned());
            let several = rop.inputs.iter().any(|h| h.name == handle.text && h.objects.len() > 1);
            let of_output = rop.output.as_ref().is_some_and(|h| h.name == handle.text);
            let silent = rop.success.is_none() || rop.unserved.is_some() && rop.unsolicited.is_some();
            if silent || several || of_output && !*on_success {
                let label = if silent {
                    "without a reply nobody knows whether it succeeded"
                } else if several {
                    "the handle may name an object without this state"
                } else {
                    "a ROP that fails opens nothing"
                };
                self.wrong_effect(&state.span, label);
                continue;
            }
            let Some(known) = known else {
                self.diagnostics.push(Diagnostic::error(
                    "R0405",
                    format!("`{}` has no state `{}`", handle.text, state.text),
                    state.span.clone(),
                    "declare it in the object, and use the name of the handle",
                ));
                continue;
            };
            let Some(value) = self.effect_value(value, rop, &known, *on_success) else { continue };
            rop.effects.push(Effect {
                on_success: *on_success,
                handle: handle.text.clone(),
                state: state.text.clone(),
                value,
            });
        }
    }

    fn wrong_effect(&mut self, span: &ast::Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0412", "an effect that cannot be applied", span.clone(), label));
    }

    /// `unset` is `Some(None)`; a value that does not resolve is `None` and reported.
    fn effect_value(
        &mut self,
        value: &ast::Expr,
        rop: &Rop,
        state: &State,
        on_success: bool,
    ) -> Option<Option<EffectValue>> {
        if matches!(&value.kind, ExprKind::Name(name) if name.text == "unset") {
            if !state.optional {
                self.wrong_effect(&value.span, "the state does not begin as `unset`");
            }
            return Some(None);
        }
        let (root, of_reply) = match root(value) {
            Some("request") => (&rop.request, false),
            Some("reply") => match (&rop.success, on_success) {
                (Some(success), true) => (success, true),
                _ => {
                    self.wrong_effect(&value.span, "there is a reply to take it from only on success");
                    return None;
                }
            },
            _ => {
                let constant = self.value_of(&state.ty, value)?;
                return Some(Some(EffectValue::Const(constant)));
            }
        };
        let mut scene = Scene::new(&rop.name, rop.module, &value.span);
        super::derive::each_field(&root.body, &mut |field| {
            scene.fields.push((field.name.clone(), field.ty.clone(), false));
        });
        let lowered: Expr = self.expr(&strip_root(value), &mut scene)?;
        let plain = match &lowered {
            Expr::Field(name) => super::body::is_plain(&root.body, name),
            Expr::Bits(base, ..) => {
                matches!(base.as_ref(), Expr::Field(name) if super::body::is_plain(&root.body, name))
            }
            _ => false,
        };
        if !plain {
            self.wrong_effect(&value.span, "expected a field that is always there, its sub-field, or a constant");
            return None;
        }
        if let Some(kind) = self.kind(&lowered, &scene) {
            let param = Param { name: state.name.clone(), ty: state.ty.clone(), list: state.list, optional: false };
            self.check_argument(&kind, &param, &value.span);
        }
        Some(Some(if of_reply { EffectValue::Reply(lowered) } else { EffectValue::Request(lowered) }))
    }

    fn request(&mut self, module: usize, decl: &'a Decl, op: &'a ast::OperationDecl) {
        let ExprKind::Str(key) = &op.id.kind else { return };
        let family = match &op.family {
            Some(name) => match self.scope.get(&name.text) {
                Some(Entity::Family(family)) => Some(*family),
                _ => {
                    self.unknown("family", name);
                    return;
                }
            },
            None => None,
        };
        let section = |wanted: fn(&SectionKind) -> Option<&Vec<ast::Member>>| {
            op.sections.iter().find_map(|s| wanted(&s.kind)).cloned()
        };
        let request = section(|s| if let SectionKind::Request(m) = s { Some(m) } else { None });
        let success = section(|s| if let SectionKind::Success(m) = s { Some(m) } else { None });
        let failure = section(|s| if let SectionKind::Failure(m) = s { Some(m) } else { None });
        let join = |parts: [&[ast::Member]; 3]| parts.concat();
        let (before_request, before_reply, trailer) =
            family.map_or((&[][..], &[][..], &[][..]), |f| (&f.request[..], &f.reply[..], &f.trailer[..]));
        let name = &op.name.text;
        let mut def = |what: &str, members: Vec<ast::Member>| {
            let scene = Scene::new(&format!("{name}{what}"), module, &op.name.span);
            self.struct_def(&members, scene)
        };
        let request = def("Request", join([before_request, &request.unwrap_or_default(), trailer]));
        let of_success = with_status_zero(before_reply);
        let success = def("Response", join([&of_success, &success.unwrap_or_default(), trailer]));
        let status = before_reply.iter().find_map(|member| match &member.kind {
            MemberKind::Field(field) => field.declarators.first().map(|d| d.name.text.clone()),
            _ => None,
        });
        let failure = match (&status, failure) {
            (Some(_), body) => Some(def("Failure", join([before_reply, &body.unwrap_or_default(), trailer]))),
            (None, _) => None,
        };
        let vectors = op
            .sections
            .iter()
            .filter_map(|s| if let SectionKind::Vector(v) = &s.kind { Some(v.clone()) } else { None })
            .collect();
        self.program.requests.push(Request {
            name: name.clone(),
            key: key.clone(),
            module,
            docs: decl.docs.clone(),
            spec: attr_text(&decl.attrs, "spec"),
            span: op.name.span.clone(),
            request,
            success,
            failure,
            status,
            vectors,
        });
    }
}

/// What stands before every reply, in a reply of success: the first field, the status, can only be 0.
fn with_status_zero(reply: &[ast::Member]) -> Vec<ast::Member> {
    let mut reply = reply.to_vec();
    let status = reply.iter_mut().find(|member| matches!(member.kind, MemberKind::Field(_)));
    if let Some(member) = status
        && let MemberKind::Field(field) = &member.kind
        && let (TypeSpec::Ref(ty), None) = (&field.ty, &field.derived)
        && let [declarator] = &field.declarators[..]
        && declarator.pointers == 0
        && declarator.arrays.is_empty()
    {
        let value = ast::Expr { kind: ExprKind::Int(0), span: declarator.name.span.clone() };
        let name = declarator.name.clone();
        member.kind = MemberKind::Const { ty: ty.clone(), name, arrays: Vec::new(), value };
    }
    reply
}

/// The name that a dotted expression begins with.
fn root(expr: &ast::Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(&name.text),
        ExprKind::Member(base, _) => root(base),
        _ => None,
    }
}

/// `request.X.Y` without `request`.
fn strip_root(expr: &ast::Expr) -> ast::Expr {
    match &expr.kind {
        ExprKind::Member(base, member) => match &base.kind {
            ExprKind::Name(name) if matches!(name.text.as_str(), "request" | "reply") => {
                ast::Expr { kind: ExprKind::Name(member.clone()), span: expr.span.clone() }
            }
            _ => ast::Expr {
                kind: ExprKind::Member(Box::new(strip_root(base)), member.clone()),
                span: expr.span.clone(),
            },
        },
        _ => expr.clone(),
    }
}
