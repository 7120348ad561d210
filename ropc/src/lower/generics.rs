//! Structures with types as parameters: one structure for each type that they are used with.

use super::Lower;
use super::body::Scene;
use super::scope::Entity;
use crate::ast::{self, Decl, FormParam, Ident, MemberKind, Span, TypeRef};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{StructDef, Type, TypeDef, TypeId, TypeKind};

/// A structure with types as parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template<'a> {
    module: usize,
    decl: &'a Decl,
    body: &'a ast::StructDecl,
}

/// A parameter that is a type, and what stands for it; nothing while the declaration itself is checked.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    name: String,
    ty: Option<TypeRef>,
}

/// Structures with types as parameters in each other, on the way from one that is used.
const MOST_NESTED: usize = 32;

impl<'a> Lower<'a> {
    /// Declares a structure with types as parameters.
    pub(crate) fn declare_template(&mut self, module: usize, decl: &'a Decl, body: &'a ast::StructDecl) {
        self.name(&body.name, Entity::Template(Template { module, decl, body }));
    }

    /// `<T>` where `T` is no set of forms: a type.
    pub(crate) fn is_generic(&self, params: &[FormParam]) -> bool {
        params.iter().any(|param| self.is_type_param(param))
    }

    fn is_type_param(&self, param: &FormParam) -> bool {
        let name = param.form.text.as_str();
        param.form.text == param.name.text && !self.scope.form_names.contains(name) && !self.scope.lost.contains(name)
    }

    /// Checks a declaration whatever the types are: nothing of it stays but its mistakes.
    pub(crate) fn check_template(&mut self, decl: &'a Decl) {
        let ast::DeclKind::Struct(s) = &decl.kind else { return };
        let Some(Entity::Template(template)) = self.scope.get(&s.name.text).cloned() else { return };
        if template.body.name.span != s.name.span {
            return;
        }
        let vector = s.body.iter().find(|member| matches!(member.kind, MemberKind::Vector(_)));
        if let Some(vector) = vector {
            self.wrong_generic(
                "a vector of a structure with types as parameters",
                &vector.span,
                "which types its bytes are of is not said: write it in a structure that uses this one",
            );
        }
        let before = (self.program.types.len(), self.uses.len(), self.asked.len(), self.diagnostics.len());
        let given = s.forms.iter().filter(|param| self.is_type_param(param));
        let given = given.map(|param| Given { name: param.name.text.clone(), ty: None }).collect();
        self.template_body(template, &s.name.text, given);
        self.program.types.truncate(before.0);
        self.scope.forget_types_from(before.0);
        self.uses.truncate(before.1);
        self.asked.truncate(before.2);
        let mistaken = self.diagnostics.iter().skip(before.3).any(|found| found.severity == Severity::Error);
        if mistaken || vector.is_some() {
            self.mistaken.insert(s.name.text.clone());
        }
    }

    fn template_body(&mut self, template: Template<'a>, owner: &str, given: Vec<Given>) -> StructDef {
        let mut scene = Scene::new(owner, template.module, &template.body.name.span);
        scene.generics = given;
        let forms: Vec<FormParam> =
            template.body.forms.iter().filter(|param| !self.is_type_param(param)).cloned().collect();
        self.form_params(&forms, &mut scene);
        self.struct_body(template.decl, template.body, scene)
    }

    /// What a parameter that is a type stands for; `None` where the name is no such parameter.
    pub(crate) fn given_type(&mut self, r: &TypeRef, scene: &mut Scene<'_>) -> Option<Option<Type>> {
        let given = scene.generics.iter().find(|given| given.name == r.name.text)?.clone();
        if r.args.is_some() || !r.forms.is_empty() {
            self.wrong_generic(
                &format!("`{}` takes no arguments", r.name.text),
                &r.span,
                "it stands for a type as it is",
            );
            return Some(None);
        }
        let Some(ty) = given.ty else { return Some(Some(Type::Later)) };
        // It was written where the structure is used, and means what it means there.
        let inner = std::mem::take(&mut scene.generics);
        let found = self.named(&ty, scene);
        scene.generics = inner;
        Some(found)
    }

    /// The structure that a use stands for.
    pub(crate) fn instance(&mut self, r: &TypeRef, template: Template<'a>, scene: &mut Scene<'_>) -> Option<Type> {
        let s = template.body;
        if r.forms.len() != s.forms.len() {
            let params: Vec<&str> = s.forms.iter().map(|param| param.name.text.as_str()).collect();
            let message = match r.forms.len() {
                0 => format!("`{}` without its types", s.name.text),
                _ => format!("`{}` takes {} types", s.name.text, s.forms.len()),
            };
            self.wrong_generic(&message, &r.span, &format!("write `{}<{}>`", s.name.text, params.join(", ")));
            return None;
        }
        let mut given = Vec::new();
        let mut forms = (Vec::new(), Vec::new());
        let mut unknown = false;
        for (alternatives, param) in r.forms.iter().zip(&s.forms) {
            if !self.is_type_param(param) {
                forms.0.push(alternatives.clone());
                forms.1.push(param.clone());
                continue;
            }
            let [ast::Path { parts }] = alternatives.as_slice() else {
                self.wrong_generic("one type at a time", &r.span, "several are given for one");
                return None;
            };
            let [name] = parts.as_slice() else {
                self.wrong_generic("a type has no members", &r.span, "write the name of a type");
                return None;
            };
            let outer = scene.generics.iter().find(|given| given.name == name.text);
            let ty = match outer {
                Some(Given { ty: Some(ty), .. }) => ty.clone(),
                Some(Given { ty: None, .. }) => {
                    unknown = true;
                    continue;
                }
                None => TypeRef { name: name.clone(), forms: Vec::new(), args: None, span: name.span.clone() },
            };
            if !self.is_type(&ty.name) {
                return None;
            }
            given.push(Given { name: param.name.text.clone(), ty: Some(ty) });
        }
        let args = self.form_args(&r.name, &forms.0, &forms.1, scene)?;
        if unknown || self.mistaken.contains(&s.name.text) {
            return Some(Type::Later);
        }
        let id = self.instance_of(template, given, &r.span)?;
        self.with_args(id, args, r, scene)
    }

    /// The name of a type that can stand for a parameter; reports others.
    fn is_type(&mut self, name: &Ident) -> bool {
        let own = matches!(name.text.as_str(), "utf16" | "string8" | "asciiline" | "bytes");
        if own || super::types::is_primitive(&name.text) {
            return true;
        }
        let label = match self.scope.get(&name.text) {
            Some(Entity::Type(id)) if self.is_form(*id) => "a set of wire forms",
            Some(Entity::Type(_) | Entity::Alias(_) | Entity::Batch) => return true,
            Some(Entity::Template(_)) => "it needs types itself: give it a name with `type`",
            Some(Entity::Const(_)) => "a constant",
            Some(_) => "no type",
            None => {
                self.unknown("type", name);
                return false;
            }
        };
        self.wrong_generic(&format!("`{}` cannot stand for a type", name.text), &name.span, label);
        false
    }

    fn instance_of(&mut self, template: Template<'a>, given: Vec<Given>, used: &Span) -> Option<TypeId> {
        let types: Vec<&Ident> = given.iter().filter_map(|given| given.ty.as_ref()).map(|ty| &ty.name).collect();
        let of: String = types.iter().map(|ty| capital(&ty.text)).collect::<Vec<_>>().join("And");
        let name = format!("{}Of{of}", template.body.name.text);
        let key: Vec<String> =
            std::iter::once(&template.body.name).chain(types.iter().copied()).map(|part| part.text.clone()).collect();
        if let Some(id) = self.instances.get(&key) {
            return Some(*id);
        }
        if self.nested >= MOST_NESTED {
            self.wrong_generic(
                "structures with types as parameters in each other without end",
                used,
                &format!("more than {MOST_NESTED} levels"),
            );
            return None;
        }
        let id = TypeId(self.program.types.len());
        let with = given.iter().zip(&types).map(|(given, ty)| format!("`{}` is `{}`", given.name, ty.text));
        let mut docs = template.decl.docs.clone();
        docs.push(format!("Here {}.", with.collect::<Vec<_>>().join(", ")));
        self.program.types.push(TypeDef {
            name: name.clone(),
            module: template.module,
            docs,
            spec: super::attr_text(&template.decl.attrs, "spec"),
            span: used.clone(),
            kind: TypeKind::Struct(StructDef::default()),
        });
        if !self.name(&Ident { text: name.clone(), span: used.clone() }, Entity::Type(id)) {
            return None;
        }
        self.instances.insert(key, id);
        self.nested += 1;
        let before = self.diagnostics.len();
        let def = self.template_body(template, &name, given);
        self.nested -= 1;
        for found in self.diagnostics.split_off(before) {
            self.diagnostics.push(found.also(used.clone(), "used with these types here"));
        }
        self.define(id, TypeKind::Struct(def));
        Some(id)
    }

    /// A name that is a type in this structure, where a value should be.
    pub(crate) fn is_no_value(&mut self, name: &Ident, scene: &Scene<'_>) -> bool {
        let is_type = scene.generics.iter().any(|given| given.name == name.text);
        if is_type {
            self.wrong_generic(&format!("`{}` is a type, not a value", name.text), &name.span, "no field or parameter");
        }
        is_type
    }

    pub(crate) fn wrong_generic(&mut self, message: &str, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0222", message, span.clone(), label));
    }
}

/// The name of a type as part of another name.
fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).filter(|c| *c != '_').collect()
}
