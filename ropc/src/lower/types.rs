//! Types where they are used: primitives, texts, arrays, named types with their arguments.

use super::Lower;
use super::body::Scene;
use super::scope::Entity;
use crate::ast::{self, ArrayLen, Ident, TypeArg, TypeDeclKind, TypeRef, TypeSpec};
use crate::diagnostic::Diagnostic;
use crate::model::{Ending, Expr, Extent, IntKind, Text, Type, TypeId};

/// The integers by name.
pub(crate) fn int(name: &str) -> Option<IntKind> {
    let (size, signed) = match name {
        "uint8" => (1, false),
        "uint16" => (2, false),
        "uint32" => (4, false),
        "uint64" => (8, false),
        "int8" => (1, true),
        "int16" => (2, true),
        "int32" => (4, true),
        "int64" => (8, true),
        _ => return None,
    };
    Some(IntKind { size, signed })
}

/// The name of a type that the language has itself.
pub(crate) fn is_primitive(name: &str) -> bool {
    primitive(name).is_some()
}

fn primitive(name: &str) -> Option<Type> {
    Some(match name {
        "float32" => Type::Float(4),
        "float64" => Type::Float(8),
        // `bool` is a parameter's or a state's, never a field's.
        "bool8" | "bool" => Type::Bool(1),
        "bool16" => Type::Bool(2),
        "uint48be" => Type::U48Be,
        "guid" => Type::Guid,
        "filetime" => Type::FileTime,
        "globset" => Type::GlobSet,
        _ => Type::Int(int(name)?),
    })
}

/// The stream that a field of this type has a piece of.
pub(crate) fn piece_of(spec: &TypeSpec) -> Option<&Ident> {
    match spec {
        TypeSpec::Ref(r) if r.name.text == "piece" => piece_name(r),
        _ => None,
    }
}

fn piece_name(r: &TypeRef) -> Option<&Ident> {
    match r.forms.as_slice() {
        [alternatives] => match alternatives.as_slice() {
            [path] if path.parts.len() == 1 => path.parts.first(),
            _ => None,
        },
        _ => None,
    }
}

/// The value of a server object handle.
const HANDLE: IntKind = IntKind { size: 4, signed: false };

/// No primitive type.
pub(crate) fn is_named(spec: &TypeSpec) -> bool {
    matches!(spec, TypeSpec::Ref(r) if primitive(&r.name.text).is_none())
}

/// An array of constant length is a value in Rust, with all its elements where it stands.
const MOST_ELEMENTS: u64 = 4096;

impl<'a> Lower<'a> {
    /// The integer behind an enumeration or bit record.
    pub(crate) fn int_kind(&mut self, spec: &TypeSpec) -> Option<IntKind> {
        let TypeSpec::Ref(r) = spec else { return None };
        let kind = int(&r.name.text).filter(|kind| !kind.signed);
        if kind.is_none() {
            self.diagnostics.push(Diagnostic::error(
                "R0201",
                format!("`{}` is no unsigned integer", r.name.text),
                r.span.clone(),
                "expected uint8, uint16, uint32 or uint64",
            ));
        }
        kind
    }

    /// The type of a constant: a number, an enumeration, a bit record or a GUID.
    pub(crate) fn const_type(&mut self, spec: &TypeSpec) -> Option<Type> {
        let TypeSpec::Ref(r) = spec else { return None };
        if let Some(ty) = primitive(&r.name.text) {
            return Some(ty);
        }
        match self.type_id(&r.name.text) {
            Some(id) => Some(Type::Named(id, Vec::new())),
            None if matches!(r.name.text.as_str(), "utf16" | "string8" | "string" | "asciiline" | "bytes") => {
                self.wrong_value(&Type::Text(Text::Utf16Nul), &r.span);
                None
            }
            None => {
                self.unknown("type", &r.name);
                None
            }
        }
    }

    /// A type of `encoding(mapi)`, which has no C words, tags or aggregates in place.
    pub(crate) fn type_ref<'s>(&mut self, spec: &'s TypeSpec, scene: &mut Scene<'_>) -> Option<(Type, &'s Ident)> {
        match spec {
            TypeSpec::Ref(r) => Some((self.named(r, scene)?, &r.name)),
            _ => {
                let span = scene.span.clone();
                self.diagnostics.push(Diagnostic::error(
                    "R0202",
                    "this type belongs to encoding(ndr)",
                    span,
                    "an interface with encoding(mapi) uses uint32, utf16 and named types",
                ));
                None
            }
        }
    }

    /// A named type with its arguments.
    pub(crate) fn named(&mut self, r: &TypeRef, scene: &mut Scene<'_>) -> Option<Type> {
        if let Some(given) = self.given_type(r, scene) {
            return given;
        }
        if r.name.text == "piece" {
            return self.piece(r);
        }
        if r.name.text == "handle_value" {
            return Some(Type::Int(HANDLE));
        }
        if matches!(r.name.text.as_str(), "requests" | "replies") {
            self.later(&r.span, &format!("`{}` members", r.name.text));
            return Some(Type::Later);
        }
        let own = matches!(r.name.text.as_str(), "utf16" | "string8" | "string" | "bytes");
        if own || primitive(&r.name.text).is_some() {
            self.form_args(&r.name, &r.forms, &[], scene)?;
        }
        if let Some(ty) = primitive(&r.name.text) {
            return Some(ty);
        }
        match r.name.text.as_str() {
            "utf16" | "string8" | "string" | "asciiline" => return self.text(r, scene),
            "bytes" if r.args.is_none() => return Some(Type::Bytes(Extent::Rest)),
            "bytes" => return self.text(r, scene),
            _ => {}
        }
        match self.scope.get(&r.name.text).cloned() {
            Some(Entity::Type(id)) if self.is_form(id) => {
                self.form_as_type(id, &r.span);
                None
            }
            Some(Entity::Template(template)) => self.instance(r, template, scene),
            // Operations are read with what their conversation has set: here their buffer is bytes.
            Some(Entity::Batch) => Some(Type::Bytes(Extent::Rest)),
            Some(Entity::Type(id)) => {
                let args = self.form_args(&r.name, &r.forms, self.forms_of(&r.name.text), scene)?;
                self.with_args(id, args, r, scene)
            }
            Some(Entity::Alias(decl)) => {
                if self.leads_to_itself(&r.name) {
                    return None;
                }
                self.form_alias(r, decl, scene)
            }
            Some(Entity::Later) => {
                self.later(&r.span, "members of this kind");
                Some(Type::Later)
            }
            Some(_) | None => {
                self.unknown("type", &r.name);
                None
            }
        }
    }

    /// A structure with the forms that it is used with, and the other arguments.
    pub(crate) fn with_args(
        &mut self,
        id: TypeId,
        mut args: Vec<Expr>,
        r: &TypeRef,
        scene: &mut Scene<'_>,
    ) -> Option<Type> {
        for arg in r.args.iter().flatten() {
            match arg {
                TypeArg::Expr(expr) => args.push(self.expr(expr, scene)?),
                TypeArg::Named(..) | TypeArg::Count { .. } => {
                    self.diagnostics.push(Diagnostic::error(
                        "R0203",
                        "a structure takes plain arguments",
                        r.span.clone(),
                        "counts and names belong to text types",
                    ));
                    return None;
                }
            }
        }
        let kinds = args.iter().map(|arg| self.kind(arg, scene)).collect();
        self.uses.push((id, kinds, r.span.clone()));
        Some(Type::Named(id, args))
    }

    /// `piece<FastTransfer>`: bytes of a stream.
    fn piece(&mut self, r: &TypeRef) -> Option<Type> {
        let Some(stream) = piece_name(r) else {
            let label = "write `piece<FastTransfer>`";
            self.diagnostics.push(Diagnostic::error("R0206", "a piece is of one stream", r.span.clone(), label));
            return None;
        };
        if !matches!(self.scope.get(&stream.text), Some(Entity::Stream)) {
            self.unknown("stream", stream);
            return None;
        }
        Some(Type::Bytes(Extent::Rest))
    }

    /// The objects that a handle value may name, none for any; `None` for another type.
    pub(crate) fn handle_value(&mut self, spec: &TypeSpec) -> Option<Vec<usize>> {
        let TypeSpec::Ref(r) = spec else { return None };
        if r.name.text != "handle_value" {
            return None;
        }
        let mut objects = Vec::new();
        for path in r.forms.iter().flatten() {
            match path.parts.as_slice() {
                [name] => match self.scope.get(&name.text) {
                    Some(Entity::Object(id)) => objects.push(*id),
                    _ => self.unknown("object", name),
                },
                [.., name] => self.unknown("object", name),
                [] => {}
            }
        }
        Some(objects)
    }

    /// Reports an alias that stands for itself, on however long a way.
    fn leads_to_itself(&mut self, name: &Ident) -> bool {
        let mut seen = vec![name.text.as_str()];
        let mut at = name.text.as_str();
        while let Some(Entity::Alias(ast::TypeDecl { kind: TypeDeclKind::Alias(target), .. })) = self.scope.get(at) {
            at = target.name.text.as_str();
            if seen.contains(&at) {
                let message = format!("`{}` stands for itself", name.text);
                self.diagnostics.push(Diagnostic::error(
                    "R0209",
                    message,
                    name.span.clone(),
                    "following its aliases never comes to a type",
                ));
                return true;
            }
            seen.push(at);
        }
        false
    }

    fn text(&mut self, r: &TypeRef, scene: &mut Scene<'_>) -> Option<Type> {
        let first = r.args.iter().flatten().next();
        let text = match (r.name.text.as_str(), first) {
            ("utf16", None) => Text::Utf16Nul,
            ("string8", None) => Text::String8Nul,
            ("asciiline", None) => Text::Line,
            ("string", Some(TypeArg::Expr(flag))) => Text::By(Box::new(self.condition(flag, scene)?)),
            ("utf16", Some(TypeArg::Count { prefix, forms, chars })) => {
                Text::Utf16Counted(self.width(prefix, forms, scene)?, *chars)
            }
            ("string8", Some(TypeArg::Count { prefix, forms, .. })) => {
                Text::String8Counted(self.width(prefix, forms, scene)?)
            }
            ("bytes", Some(TypeArg::Count { prefix, forms, chars: false })) => {
                Text::BytesCounted(self.width(prefix, forms, scene)?)
            }
            _ => {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0204",
                        format!("`{}` does not take these arguments", r.name.text),
                        r.span.clone(),
                        "not a form of text",
                    )
                    .help("write `utf16`, `string8`, `string(flag)` or `utf16(count uint16 chars)`"),
                );
                return None;
            }
        };
        Some(Type::Text(text))
    }

    fn wrong_array(&mut self, span: &ast::Span, message: &str, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0208", message, span.clone(), label));
    }

    /// Wraps a type in the arrays of its declarator.
    pub(crate) fn arrays(&mut self, ty: Type, lens: &[ArrayLen], scene: &mut Scene<'_>) -> Option<Type> {
        let [len, inner @ ..] = lens else { return Some(ty) };
        let ty = self.arrays(ty, inner, scene)?;
        if matches!(ty, Type::Array(..)) {
            let span = scene.span.clone();
            self.wrong_array(&span, "an array of arrays", "name the inner array as a structure");
            return None;
        }
        let extent = match len {
            ArrayLen::Rest(_) => Extent::Rest,
            ArrayLen::Expr(expr) => match self.evaluate(expr) {
                Ok(n) if n == 0 || n > MOST_ELEMENTS => {
                    let label = format!("between 1 and {MOST_ELEMENTS}");
                    self.wrong_array(&expr.span, &format!("an array of {n} elements"), &label);
                    return None;
                }
                Ok(n) => Extent::Const(n),
                Err(_) => Extent::Count(self.length(expr, scene)?),
            },
            ArrayLen::Open(span) => {
                self.diagnostics.push(Diagnostic::error(
                    "R0205",
                    "an array of encoding(mapi) needs a length",
                    span.clone(),
                    "write a count field, a number or `rest`",
                ));
                return None;
            }
            ArrayLen::Until { end, or_rest } => Extent::Until(Box::new(self.ending(&ty, end, *or_rest, scene)?)),
            ArrayLen::Range(expr, _) => {
                self.diagnostics.push(Diagnostic::error(
                    "R0202",
                    "array bounds belong to encoding(ndr)",
                    expr.span.clone(),
                    "write one length",
                ));
                return None;
            }
        };
        Some(match ty {
            Type::Later => Type::Later,
            Type::Bytes(_) => Type::Bytes(extent),
            ty => Type::Array(Box::new(ty), extent),
        })
    }

    /// What ends a list: a value that its elements can have, or a condition over their members.
    fn ending(&mut self, ty: &Type, end: &ast::Expr, or_rest: bool, scene: &mut Scene<'_>) -> Option<Ending> {
        let wrong = |this: &mut Self, label: &str| {
            this.diagnostics.push(
                Diagnostic::error("R0322", "a list that cannot end so", end.span.clone(), label).help(
                    "write `asciiline X[until \"\"]`, `uint16 X[until 0]`, or a condition over the element's members",
                ),
            );
            None
        };
        let ending = match (ty, &end.kind) {
            (Type::Later, _) => return None,
            (Type::Text(Text::Line | Text::String8Nul), ast::ExprKind::Str(text)) => {
                if text.contains(['\0', '\r', '\n']) || !text.is_ascii() {
                    return wrong(self, "no text of one line in ASCII");
                }
                Ending::Text(text.clone())
            }
            (Type::Named(id, _), _) if matches!(self.program.ty(*id).kind, crate::model::TypeKind::Struct(_)) => {
                let cond = self.item_condition(*id, end, scene)?;
                return Some(Ending::When { cond, or_rest });
            }
            (Type::Int(_) | Type::Named(..), _) => match self.value_of(ty, end)? {
                crate::model::ConstValue::Int(value) => Ending::Value(value),
                crate::model::ConstValue::Guid(_) => return wrong(self, "no number"),
            },
            _ => return wrong(self, "the elements have no such value"),
        };
        if or_rest {
            return wrong(self, "an element that is no part of the list is always written");
        }
        Some(ending)
    }

    /// A condition in which names are members of the element.
    fn item_condition(&mut self, id: TypeId, cond: &ast::Expr, scene: &Scene<'_>) -> Option<Expr> {
        let def = self.program.ty(id);
        let crate::model::TypeKind::Struct(body) = &def.kind else { return None };
        let mut inner = Scene::new(&def.name, scene.module, &cond.span);
        super::derive::each_field(&body.body, &mut |field| {
            inner.fields.push((field.name.clone(), field.ty.clone(), false));
        });
        let mut lowered = self.condition(cond, &mut inner)?;
        let mut named = Vec::new();
        super::exprs::of_item(&mut lowered, &mut named);
        for name in named {
            self.asked.push((id, Ident { text: name, span: cond.span.clone() }));
        }
        Some(lowered)
    }

    /// Known to the language, checked for names only so far.
    pub(crate) fn later(&mut self, span: &ast::Span, what: &str) {
        self.diagnostics.push(
            Diagnostic::warning(
                "R0901",
                format!("{what} are not emitted yet"),
                span.clone(),
                "checked, but no code is written for it",
            )
            .note("`ropc check` accepts it, `ropc build` refuses it"),
        );
    }
}
