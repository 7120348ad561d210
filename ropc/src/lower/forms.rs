//! Wire forms: context that decides how wide counts are and which members there are, and no byte carries.

use super::Lower;
use super::body::Scene;
use super::scope::Entity;
use crate::ast::{self, FormParam, Ident, Path, Span, TypeDeclKind, TypeRef};
use crate::diagnostic::Diagnostic;
use crate::model::{ByForm, Expr, FormDef, FormWidth, IntKind, Param, Type, TypeId, TypeKind, Width};

/// A parameter of an alias, what stands for it, and the form that it is of.
#[derive(Clone)]
pub(crate) struct FormAlias {
    name: String,
    value: Expr,
    form: TypeId,
}

impl<'a> Lower<'a> {
    /// `form WireForm { rop, extended }`
    pub(crate) fn form(&mut self, f: &'a ast::FormDecl) {
        let Some(id) = self.declared(&f.name) else { return };
        let mut items: Vec<(String, Vec<String>)> = Vec::new();
        for (docs, name) in &f.forms {
            if self.scope.add_constant(&name.text, id, items.len() as u64) {
                items.push((name.text.clone(), docs.clone()));
            } else {
                self.diagnostics.push(Diagnostic::error(
                    "R0101",
                    format!("`{}` is declared twice", name.text),
                    name.span.clone(),
                    "the set of forms has it already",
                ));
            }
        }
        self.define(id, TypeKind::Form(FormDef { items, widths: Vec::new() }));
    }

    /// Parameters of a structure in angle brackets: they come before the others.
    pub(crate) fn form_params(&mut self, params: &[FormParam], scene: &mut Scene<'_>) {
        for param in params {
            let ty = match self.form_id(&param.form) {
                Some(id) => Type::Named(id, Vec::new()),
                None => {
                    self.unknown("wire form", &param.form);
                    Type::Later
                }
            };
            if self.claim(scene, &param.name) {
                scene.params.push(Param { name: param.name.text.clone(), ty, list: false, optional: false });
            }
        }
    }

    /// A declared set of forms.
    fn form_id(&self, name: &Ident) -> Option<TypeId> {
        self.type_id(&name.text).filter(|id| self.is_form(*id))
    }

    /// The type is a set of wire forms.
    pub(crate) fn is_form(&self, id: TypeId) -> bool {
        matches!(self.program.ty(id).kind, TypeKind::Form(_))
    }

    /// The forms that a type is used with: as many as it has parameters for.
    pub(crate) fn form_args(
        &mut self,
        name: &Ident,
        given: &[Vec<Path>],
        wanted: &[FormParam],
        scene: &Scene<'_>,
    ) -> Option<Vec<Expr>> {
        if given.len() != wanted.len() {
            let (message, label) = match (wanted, given) {
                ([], _) => (format!("`{}` has no wire forms", name.text), "nothing in it depends on one".to_owned()),
                ([one], []) => (
                    format!("`{}` without its wire form", name.text),
                    format!("write `{}<{}>`", name.text, one.name.text),
                ),
                (many, given) => {
                    (format!("`{}` takes {} wire forms", name.text, many.len()), format!("{} given", given.len()))
                }
            };
            self.wrong_form(message, &name.span, label);
            return None;
        }
        let mut args = Vec::new();
        for (alternatives, param) in given.iter().zip(wanted) {
            let [Path { parts }] = alternatives.as_slice() else {
                self.wrong_form("one wire form at a time", &name.span, "several forms are given for one");
                return None;
            };
            let [arg] = parts.as_slice() else {
                self.wrong_form("a wire form has no members", &name.span, "write a form or a parameter");
                return None;
            };
            args.push(self.form_arg(arg, self.form_id(&param.form)?, scene)?);
        }
        Some(args)
    }

    /// A form by its name, or a parameter that is one.
    fn form_arg(&mut self, name: &Ident, form: TypeId, scene: &Scene<'_>) -> Option<Expr> {
        let found = match &scene.aliases {
            Some(aliases) => {
                aliases.iter().find(|alias| alias.name == name.text).map(|alias| (alias.value.clone(), alias.form))
            }
            None => {
                let param = scene.params.iter().find(|param| param.name == name.text);
                param.and_then(|param| match &param.ty {
                    Type::Named(id, _) if self.is_form(*id) => Some((Expr::Param(param.name.clone()), *id)),
                    _ => None,
                })
            }
        };
        match found {
            Some((value, of)) if of == form => Some(value),
            Some((_, of)) => {
                let message = format!(
                    "`{}` is a `{}`, not a `{}`",
                    name.text,
                    self.program.ty(of).name,
                    self.program.ty(form).name
                );
                self.wrong_form(message, &name.span, "of another set of forms");
                None
            }
            None if self.scope.constant(&name.text, Some(form)).is_some() => {
                Some(Expr::EnumConst(form, name.text.clone()))
            }
            None => {
                let what = format!("form of `{}`", self.program.ty(form).name);
                self.unknown(&what, name);
                None
            }
        }
    }

    /// What an alias with forms stands for where it is used.
    pub(crate) fn form_alias(&mut self, r: &TypeRef, decl: &'a ast::TypeDecl, scene: &mut Scene<'_>) -> Option<Type> {
        let args = self.form_args(&r.name, &r.forms, &decl.forms, scene)?;
        let mut aliases = Vec::new();
        for (param, value) in decl.forms.iter().zip(args) {
            aliases.push(FormAlias { name: param.name.text.clone(), value, form: self.form_id(&param.form)? });
        }
        match &decl.kind {
            TypeDeclKind::Alias(target) => {
                let outer = scene.aliases.replace(aliases);
                let ty = self.named(target, scene);
                scene.aliases = outer;
                ty
            }
            TypeDeclKind::Match(on, arms) => {
                let [on] = on.parts.as_slice() else { return None };
                let FormAlias { value, form, .. } = aliases.into_iter().find(|alias| alias.name == on.text)?;
                let by_form = self.arms_by_form(form, arms)?;
                if let Expr::EnumConst(_, name) = &value {
                    let (_, index) = self.scope.constant(name, Some(form))?;
                    let arm = by_form.get(usize::try_from(index).ok()?)?;
                    return self.named(arm, scene);
                }
                let mut kinds = Vec::new();
                for arm in by_form {
                    match self.named(arm, scene)? {
                        Type::Int(kind) if !kind.signed => kinds.push(kind),
                        _ => {
                            self.later(&arm.span, "types by wire form that are no unsigned integers");
                            return Some(Type::Later);
                        }
                    }
                }
                match kinds.as_slice() {
                    [first, rest @ ..] if rest.iter().all(|kind| kind == first) => Some(Type::Int(*first)),
                    _ => Some(Type::IntByForm(ByForm { name: decl.name.text.clone(), form: Box::new(value), kinds })),
                }
            }
        }
    }

    /// The type of each form in order; `None` where one has none, which is reported at the declaration.
    fn arms_by_form<'t>(&self, form: TypeId, arms: &'t [(Vec<Path>, TypeRef)]) -> Option<Vec<&'t TypeRef>> {
        let TypeKind::Form(def) = &self.program.ty(form).kind else { return None };
        let of = |item: &str| {
            let takes = |paths: &[Path]| paths.is_empty() || paths.iter().any(|path| is_item(path, item));
            arms.iter().find(|(paths, _)| takes(paths)).map(|(_, ty)| ty)
        };
        def.items.iter().map(|(item, _)| of(item)).collect()
    }

    /// Checks `type X<F> = match (F) { .. }` and notes integers whose width follows the form.
    pub(crate) fn form_type(&mut self, docs: &[String], decl: &'a ast::TypeDecl) {
        for param in &decl.forms {
            if self.form_id(&param.form).is_none() {
                self.unknown("wire form", &param.form);
                return;
            }
        }
        let TypeDeclKind::Match(on, arms) = &decl.kind else { return };
        let on = on.parts.first().filter(|_| on.parts.len() == 1);
        let param = decl.forms.iter().find(|param| on.is_some_and(|on| on.text == param.name.text));
        let Some(form) = param.and_then(|param| self.form_id(&param.form)) else {
            let message = format!("`{}` does not say which wire form it follows", decl.name.text);
            let span = on.map_or(&decl.name.span, |on| &on.span);
            self.wrong_form(message, span, "expected a parameter of this type: `type X<F> = match (F)`");
            return;
        };
        let TypeKind::Form(def) = &self.program.ty(form).kind else { return };
        let items: Vec<String> = def.items.iter().map(|(item, _)| item.clone()).collect();
        let mut left = items.clone();
        for (paths, ty) in arms {
            let before = left.len();
            for path in paths {
                match path.parts.as_slice() {
                    [name] if items.contains(&name.text) => left.retain(|item| *item != name.text),
                    [.., name] => self.unknown(&format!("form of `{}`", self.program.ty(form).name), name),
                    [] => {}
                }
            }
            if paths.is_empty() {
                left.clear();
            }
            if left.len() == before && paths.iter().all(|path| items.iter().any(|item| is_item(path, item))) {
                self.not_by_form("a type for no form", &ty.span, "the arms before it take its forms");
            }
        }
        if let Some(missing) = left.first() {
            let message = format!("`{}` has no type in the form `{missing}`", decl.name.text);
            self.not_by_form(&message, &decl.name.span, "write an arm for it, or `else`");
            return;
        }
        let Some(by_form) = self.arms_by_form(form, arms) else { return };
        let kinds: Option<Vec<IntKind>> = by_form.iter().map(|ty| super::types::int(&ty.name.text)).collect();
        if let Some(kinds) = kinds
            && kinds.iter().any(|kind| Some(kind) != kinds.first())
            && let Some(TypeKind::Form(def)) = self.program.types.get_mut(form.0).map(|def| &mut def.kind)
        {
            def.widths.push(FormWidth { name: decl.name.text.clone(), docs: docs.to_vec(), kinds });
        }
    }

    /// The integer before a counted text.
    pub(crate) fn width(&mut self, prefix: &Ident, forms: &[Vec<Path>], scene: &mut Scene<'_>) -> Option<Width> {
        let r = TypeRef { name: prefix.clone(), forms: forms.to_vec(), args: None, span: prefix.span.clone() };
        match self.named(&r, scene)? {
            Type::Int(kind) if !kind.signed => Some(Width::Always(kind)),
            Type::IntByForm(by) => Some(Width::ByForm(by)),
            Type::Later => None,
            _ => {
                self.diagnostics.push(Diagnostic::error(
                    "R0201",
                    format!("`{}` is no unsigned integer", prefix.text),
                    prefix.span.clone(),
                    "a length stands in uint8, uint16, uint32 or uint64",
                ));
                None
            }
        }
    }

    /// A form stands in no byte: sub-fields of bit records cannot be of one.
    pub(crate) fn check_forms(&mut self) {
        let mut wrong = Vec::new();
        for def in &self.program.types {
            if let TypeKind::Bits(bits) = &def.kind {
                let of_form = bits.fields.iter().filter_map(|field| field.ty).find(|ty| self.is_form(*ty));
                wrong.extend(of_form.map(|ty| (ty, def.span.clone())));
            }
        }
        for (ty, span) in wrong {
            self.form_as_type(ty, &span);
        }
    }

    /// Reports a form where bytes should be.
    pub(crate) fn form_as_type(&mut self, id: TypeId, span: &Span) {
        let message = format!("`{}` is a set of wire forms, which no byte says", self.program.ty(id).name);
        self.wrong_form(message, span, "forms are parameters: `struct X<F>`");
    }

    pub(crate) fn wrong_form(&mut self, message: impl Into<String>, span: &Span, label: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error("R0220", message.into(), span.clone(), label.into()));
    }

    fn not_by_form(&mut self, message: &str, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0221", message, span.clone(), label));
    }

    /// The parameters in angle brackets of a named type; none where it has none.
    pub(crate) fn forms_of(&self, name: &str) -> &'a [FormParam] {
        match self.scope.get(name) {
            Some(Entity::Alias(decl)) => &decl.forms,
            _ => self.scope.forms.get(name).copied().unwrap_or_default(),
        }
    }
}

/// The path names this form.
fn is_item(path: &Path, item: &str) -> bool {
    matches!(path.parts.as_slice(), [name] if name.text == item)
}
