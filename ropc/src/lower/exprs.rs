//! Expressions over the fields of a structure and the context around it.

use super::Lower;
use super::body::Scene;
use super::scope::Entity;
use super::typing::{Kind, WIDE, is_arithmetic, sub_field_int};
use crate::ast::{self, BinaryOp, ExprKind, Ident, Span, UnaryOp};
use crate::diagnostic::Diagnostic;
use crate::model::{ConstValue, Expr, Extent, Param, StructDef, Type, TypeKind};

/// What a name inside a structure stands for.
enum Found {
    Field(Type),
    Param(Type),
}

impl Lower<'_> {
    /// Lowers an expression, or reports the name that it cannot resolve.
    pub(crate) fn expr(&mut self, expr: &ast::Expr, scene: &mut Scene<'_>) -> Option<Expr> {
        let boxed = |e: Expr| Box::new(e);
        match &expr.kind {
            ExprKind::Int(value) => Some(Expr::Int(*value)),
            ExprKind::Name(name) => self.name_expr(name, scene),
            ExprKind::Member(base, member) => self.member(base, member, scene),
            ExprKind::Index(list, index) if is_name(index, "index") => {
                let list = self.list(list, scene)?;
                Some(Expr::At(boxed(list)))
            }
            ExprKind::Slice(list, end) => {
                let list = self.list(list, scene)?;
                let end = self.length(end, scene)?;
                Some(Expr::Slice(boxed(list), boxed(end)))
            }
            ExprKind::Call(f, args) if is_name(f, "count") => {
                let list = self.list(args.first()?, scene)?;
                Some(Expr::Len(boxed(list)))
            }
            ExprKind::Unary(UnaryOp::Not, inner) => Some(Expr::Not(boxed(self.condition(inner, scene)?))),
            ExprKind::Binary(op, a, b) => {
                // A constant beside a value is one of the value's enumeration.
                let (left, right) = if self.is_constant(a, scene) {
                    let right = self.expr(b, scene)?;
                    (self.beside(&right, a, scene)?, right)
                } else {
                    let left = self.expr(a, scene)?;
                    let right = self.beside(&left, b, scene)?;
                    (left, right)
                };
                let spans = [&a.span, &b.span];
                if !self.check_binary(*op, [&left, &right], scene, spans) {
                    return None;
                }
                match (&left, &right) {
                    (Expr::Int(_), Expr::Int(_)) => self.folded(*op, expr),
                    _ => Some(Expr::Binary(*op, boxed(left), boxed(right))),
                }
            }
            ExprKind::Ternary(c, a, b) => {
                let c = self.condition(c, scene)?;
                let (spans, a) = ([&a.span, &b.span], self.expr(a, scene)?);
                let b = self.expr(b, scene)?;
                // Either is the value: they are as alike as what is compared.
                self.check_binary(BinaryOp::Eq, [&a, &b], scene, spans)
                    .then(|| Expr::Ternary(boxed(c), boxed(a), boxed(b)))
            }
            _ => {
                self.diagnostics.push(Diagnostic::error(
                    "R0301",
                    "this expression has no meaning here",
                    expr.span.clone(),
                    "expected fields, parameters, constants and operators over them",
                ));
                None
            }
        }
    }

    /// An operator between numbers that are written down.
    fn folded(&mut self, op: BinaryOp, expr: &ast::Expr) -> Option<Expr> {
        let value = self.number(expr)?;
        Some(if is_arithmetic(op) { Expr::Int(value) } else { Expr::Bool(value != 0) })
    }

    /// An expression that is true or false.
    pub(crate) fn condition(&mut self, expr: &ast::Expr, scene: &mut Scene<'_>) -> Option<Expr> {
        self.of_kind(expr, scene, "a condition", |kind| *kind == Kind::Flag)
    }

    /// An expression that counts something.
    pub(crate) fn length(&mut self, expr: &ast::Expr, scene: &mut Scene<'_>) -> Option<Expr> {
        self.of_kind(expr, scene, "an unsigned number", Kind::is_unsigned)
    }

    /// An expression with elements.
    fn list(&mut self, expr: &ast::Expr, scene: &mut Scene<'_>) -> Option<Expr> {
        self.of_kind(expr, scene, "a list", Kind::is_list)
    }

    fn of_kind(
        &mut self,
        expr: &ast::Expr,
        scene: &mut Scene<'_>,
        wanted: &str,
        fits: impl Fn(&Kind) -> bool,
    ) -> Option<Expr> {
        let lowered = self.expr(expr, scene)?;
        match self.kind(&lowered, scene) {
            Some(kind) if !fits(&kind) => {
                self.wrong_kind(wanted, &kind, &expr.span);
                None
            }
            _ => Some(lowered),
        }
    }

    /// The type of a `let`: of a value that is copied.
    pub(crate) fn let_type(&mut self, expr: &Expr, scene: &Scene<'_>, span: &Span) -> Option<Type> {
        match self.kind(expr, scene) {
            None => self.type_of(expr, scene),
            Some(Kind::Literal(_)) => Some(Type::Int(WIDE)),
            Some(Kind::Number(kind)) => Some(Type::Int(kind)),
            Some(kind @ (Kind::List(_) | Kind::Bytes | Kind::Text)) => {
                self.wrong_kind("a number, a condition or a constant", &kind, span);
                None
            }
            Some(Kind::Named(id)) if matches!(self.program.ty(id).kind, TypeKind::Struct(_)) => {
                self.wrong_kind("a number, a condition or a constant", &Kind::Named(id), span);
                None
            }
            Some(_) => self.type_of(expr, scene),
        }
    }

    /// A name that is no field's or parameter's, but a constant's.
    fn is_constant(&self, expr: &ast::Expr, scene: &Scene<'_>) -> bool {
        matches!(&expr.kind, ExprKind::Name(name) if scene.find(&name.text).is_none() && self.scope.is_constant(&name.text))
    }

    fn beside(&mut self, value: &Expr, expr: &ast::Expr, scene: &mut Scene<'_>) -> Option<Expr> {
        match self.constant_of(value, expr, scene) {
            Some(constant) => Some(constant),
            None => self.expr(expr, scene),
        }
    }

    fn constant_of(&self, value: &Expr, expr: &ast::Expr, scene: &Scene<'_>) -> Option<Expr> {
        let ExprKind::Name(name) = &expr.kind else { return None };
        let Some(Type::Named(id, _)) = self.type_of(value, scene) else { return None };
        self.scope.constant(&name.text, Some(id)).map(|_| Expr::EnumConst(id, name.text.clone()))
    }

    fn name_expr(&mut self, name: &Ident, scene: &mut Scene<'_>) -> Option<Expr> {
        match name.text.as_str() {
            "true" => return Some(Expr::Bool(true)),
            "false" => return Some(Expr::Bool(false)),
            "index" => return Some(Expr::Index),
            _ => {}
        }
        match scene.find(&name.text) {
            Some(Found::Field(..)) => return Some(Expr::Field(name.text.clone())),
            Some(Found::Param(..)) => return Some(scene.param(&name.text)),
            None => {}
        }
        match (self.scope.constant(&name.text, None), self.scope.get(&name.text)) {
            (Some((id, _)), _) => Some(Expr::EnumConst(id, name.text.clone())),
            (_, Some(Entity::Const(ConstValue::Int(value)))) => Some(Expr::Int(*value)),
            _ => {
                if self.is_no_value(name, scene) {
                    return None;
                }
                let mut diagnostic = Diagnostic::error(
                    "R0302",
                    format!("no field or parameter `{}`", name.text),
                    name.span.clone(),
                    format!("not found in `{}`", scene.owner),
                );
                if let Some(near) = scene.nearest(&name.text) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                self.diagnostics.push(diagnostic);
                None
            }
        }
    }

    fn member(&mut self, base: &ast::Expr, member: &Ident, scene: &mut Scene<'_>) -> Option<Expr> {
        if let ExprKind::Name(name) = &base.kind {
            if name.text == "request" && scene.request.is_some() {
                return self.request_field(member, scene);
            }
            // Within a ROP a handle's name stands for its object's state, even where a type has that name too.
            if let Some(object) = scene.handle(&name.text) {
                return self.state(&name.text, object, member, scene);
            }
            if let Some((_, objects)) = scene.handle_values.iter().find(|(field, _)| *field == name.text) {
                let objects = objects.clone();
                return self.state_behind(name, &objects, member, scene);
            }
        }
        let lowered = self.expr(base, scene)?;
        let of = self.type_of(&lowered, scene);
        if matches!(of, Some(Type::Later)) {
            return Some(Expr::Member(Box::new(lowered), member.text.clone()));
        }
        let Some(Type::Named(id, _)) = of else {
            self.no_member(member, "the value before the dot has no members");
            return None;
        };
        match &self.program.ty(id).kind {
            TypeKind::Bits(bits) => {
                let known = bits.fields.iter().map(|f| &f.name).chain(bits.masks.iter().map(|m| &m.0));
                if known.into_iter().any(|name| *name == member.text) {
                    return Some(Expr::Bits(Box::new(lowered), id, member.text.clone()));
                }
            }
            TypeKind::Struct(_) => {
                self.asked.push((id, member.clone()));
                return Some(Expr::Member(Box::new(lowered), member.text.clone()));
            }
            TypeKind::Enum(_) | TypeKind::Form(_) => {}
        }
        let label = format!("`{}` has no such member", self.program.ty(id).name);
        self.no_member(member, &label);
        None
    }

    pub(crate) fn no_member(&mut self, member: &Ident, label: &str) {
        self.diagnostics.push(Diagnostic::error(
            "R0303",
            format!("no member `{}`", member.text),
            member.span.clone(),
            label,
        ));
    }

    /// `request.PropertyTags` in a reply: the reply's body takes it as a parameter.
    fn request_field(&mut self, member: &Ident, scene: &mut Scene<'_>) -> Option<Expr> {
        let field = scene.request.and_then(|request| find_field(request, &member.text));
        let Some(ty) = field else {
            self.no_member(member, "the request has no such field");
            return None;
        };
        let (ty, list) = match ty {
            Type::Array(element, Extent::Count(_) | Extent::Rest | Extent::Until(_)) => (*element, true),
            ty => (ty, false),
        };
        if !super::body::is_plain(&scene.request?.body, &member.text) {
            self.no_member(member, "the request's field is derived, or not always there");
            return None;
        }
        let param = Param { name: member.text.clone(), ty, list, optional: false };
        self.context(scene, param, "request", &member.span)?;
        Some(Expr::Param(member.text.clone()))
    }

    /// A parameter that a body needs, by where it comes from.
    pub(super) fn context(&mut self, scene: &mut Scene<'_>, param: Param, from: &str, span: &Span) -> Option<()> {
        match scene.contexts.iter().find(|(name, _)| *name == param.name) {
            Some((_, known)) if known == from => return Some(()),
            Some(_) => {
                self.one_in_rust((&param.name, span), (&param.name, span), &param.name);
                return None;
            }
            None => {}
        }
        let name = Ident { text: param.name.clone(), span: span.clone() };
        self.claim(scene, &name).then(|| {
            scene.contexts.push((param.name.clone(), from.to_owned()));
            scene.params.push(param);
        })
    }

    /// `Table.Columns` in a ROP: the body takes it as a parameter.
    fn state(&mut self, handle: &str, object: usize, member: &Ident, scene: &mut Scene<'_>) -> Option<Expr> {
        let state = self.program.objects.get(object).and_then(|o| o.state.iter().find(|s| s.name == member.text));
        let Some(state) = state.cloned() else {
            self.no_member(member, "the object has no such state");
            return None;
        };
        if scene.reads.as_deref() != Some(handle) {
            self.no_member(member, "state is read in a success body, and that of the input handle");
            return None;
        }
        let param = Param { name: state.name.clone(), ty: state.ty.clone(), list: state.list, optional: false };
        self.context(scene, param, handle, &member.span)?;
        scene.needs_state.push((handle.to_owned(), state.name.clone()));
        Some(Expr::Param(member.text.clone()))
    }

    /// The type of an expression, where it has one that members can be asked of.
    pub(crate) fn type_of(&self, expr: &Expr, scene: &Scene<'_>) -> Option<Type> {
        match expr {
            Expr::Field(name) | Expr::Param(name) | Expr::Known(name) => match scene.find(name)? {
                Found::Field(ty) | Found::Param(ty) => Some(ty),
            },
            Expr::At(list) => match self.type_of(list, scene)? {
                Type::Array(element, _) => Some(*element),
                ty => Some(ty),
            },
            Expr::Bits(_, id, name) => match &self.program.ty(*id).kind {
                TypeKind::Bits(bits) => {
                    let Some(field) = bits.fields.iter().find(|f| f.name == *name) else {
                        return Some(Type::Bool(1));
                    };
                    Some(match field.ty {
                        Some(ty) => Type::Named(ty, Vec::new()),
                        None if field.width == 1 => Type::Bool(1),
                        None => Type::Int(sub_field_int(field)),
                    })
                }
                _ => None,
            },
            Expr::Member(base, name) => match self.type_of(base, scene)? {
                Type::Named(id, _) => match &self.program.ty(id).kind {
                    TypeKind::Struct(def) => find_field(def, name),
                    _ => None,
                },
                Type::Later => Some(Type::Later),
                _ => None,
            },
            Expr::EnumConst(id, _) => Some(Type::Named(*id, Vec::new())),
            Expr::Ternary(..) => match self.kind(expr, scene) {
                Some(Kind::Number(kind)) => Some(Type::Int(kind)),
                _ => match expr {
                    Expr::Ternary(_, a, b) => self.type_of(a, scene).or_else(|| self.type_of(b, scene)),
                    _ => None,
                },
            },
            Expr::Binary(op, ..) if is_arithmetic(*op) => Some(Type::Int(WIDE)),
            Expr::Bool(_) | Expr::Not(_) | Expr::Binary(..) | Expr::IsSet(_) => Some(Type::Bool(1)),
            _ => None,
        }
    }
}

fn is_name(expr: &ast::Expr, text: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(name) if name.text == text)
}

/// Makes fields the element's members; answers their names.
pub(crate) fn of_item(expr: &mut Expr, names: &mut Vec<String>) {
    match expr {
        Expr::Field(name) => {
            names.push(name.clone());
            *expr = Expr::Member(Box::new(Expr::Item), name.clone());
        }
        Expr::Len(a) | Expr::Bits(a, ..) | Expr::Member(a, _) | Expr::At(a) | Expr::Not(a) => of_item(a, names),
        Expr::Slice(a, b) | Expr::Binary(_, a, b) => {
            of_item(a, names);
            of_item(b, names);
        }
        Expr::Ternary(a, b, c) => {
            of_item(a, names);
            of_item(b, names);
            of_item(c, names);
        }
        Expr::Int(_)
        | Expr::Bool(_)
        | Expr::Param(_)
        | Expr::IsSet(_)
        | Expr::Known(_)
        | Expr::EnumConst(..)
        | Expr::Index
        | Expr::Item => {}
    }
}

/// The type of a field anywhere in a structure's body.
pub(crate) fn find_field(def: &StructDef, name: &str) -> Option<Type> {
    let mut found = None;
    super::derive::each_field(&def.body, &mut |field| {
        if field.name == name {
            found = Some(field.ty.clone());
        }
    });
    found
}

impl Scene<'_> {
    fn find(&self, name: &str) -> Option<Found> {
        if let Some((_, ty, _)) = self.fields.iter().rev().find(|(field, ..)| field == name) {
            return Some(Found::Field(ty.clone()));
        }
        let param = self.params.iter().find(|param| param.name == name)?;
        Some(Found::Param(param.ty.clone()))
    }

    /// The value of a parameter; inside an extent `or bytes` one that may be unset has a value.
    fn param(&mut self, name: &str) -> Expr {
        let optional = self.params.iter().any(|param| param.name == name && param.optional);
        match &mut self.known {
            Some(known) if optional => {
                if !known.iter().any(|other| other == name) {
                    known.push(name.to_owned());
                }
                Expr::Known(name.to_owned())
            }
            _ => Expr::Param(name.to_owned()),
        }
    }

    /// A field so far has this name.
    pub(crate) fn is_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, ..)| field == name)
    }

    fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.fields.iter().map(|(field, ..)| field.as_str());
        names
            .chain(self.params.iter().map(|p| p.name.as_str()))
            .find(|known| known.eq_ignore_ascii_case(name) || known.starts_with(name) || name.starts_with(known))
    }

    pub(crate) fn context(&mut self, param: Param) {
        if !self.params.iter().any(|known| known.name == param.name) {
            self.params.push(param);
        }
    }

    fn handle(&self, name: &str) -> Option<usize> {
        self.handles.iter().find(|(handle, _)| handle == name).map(|(_, object)| *object)
    }
}
