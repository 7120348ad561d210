//! Structures, unions, enumerations, bitmaps and operations, member by member.

use super::model::{
    Arm, Expr, Field, FlagItem, Flags, Operation, Param, Pointer, Scalar, Struct, Type, TypeId, TypeKind, Union,
};
use super::resolve::{Body, Resolver, Shape};
use super::types::Use;
use super::{attrs, names};
use crate::ast::{self, Attr, AttrArg, Decl, ExprKind, FunctionDecl, Member, MemberKind, TypeSpec, UnionCase};
use crate::diagnostic::Diagnostic;

impl<'a> Resolver<'a> {
    /// What a named type is.
    pub(super) fn body(&mut self, id: TypeId, body: &Body<'a>) -> TypeKind {
        attrs::check(&body.attrs, &mut self.diagnostics);
        let name = self.types.get(id.0).map(|def| def.name.clone()).unwrap_or_default();
        let max_recursion = attrs::find(&body.attrs, "max_recursion")
            .and_then(attrs::single)
            .and_then(|expr| self.constant(expr))
            .and_then(|limit| u32::try_from(limit).ok());
        match body.shape {
            Shape::Struct(members) => TypeKind::Struct(Struct { fields: self.fields(&name, members), max_recursion }),
            Shape::Union(spec, cases) => {
                if let TypeSpec::Union { switch: Some(_), span, .. } = spec {
                    self.diagnostics.push(Diagnostic::error(
                        "R0712",
                        "encapsulated unions cannot be compiled yet",
                        span.clone(),
                        "use a structure with `switch_is`",
                    ));
                }
                let tag = self.switch_type(&body.attrs);
                let arms = self.arms(&name, tag, cases);
                TypeKind::Union(Union { tag, arms, max_recursion })
            }
            Shape::Enum(declared) => {
                let scalar = self.enum_scalar(declared, &body.attrs);
                TypeKind::Enum(Flags { scalar, items: self.flag_items(&declared.items, scalar) })
            }
            Shape::Bitmap(items) => {
                let scalar = bitmap_scalar(&body.attrs);
                TypeKind::Bitmap(Flags { scalar, items: self.flag_items(items, scalar) })
            }
        }
    }

    fn enum_scalar(&mut self, declared: &'a ast::EnumDecl, list: &[&Attr]) -> Scalar {
        if attrs::has(list, "v1_enum") {
            return Scalar::U32;
        }
        if attrs::has(list, "enum8bit") {
            return Scalar::U8;
        }
        if attrs::has(list, "enum16bit") {
            return Scalar::U16;
        }
        match declared.base.as_deref() {
            None => Scalar::Enum16,
            Some(base) => match self.base_type(base, &[]) {
                Some(Some(Type::Scalar(scalar))) if !scalar.is_float() => scalar,
                _ => Scalar::U32,
            },
        }
    }

    fn flag_items(&mut self, items: &'a [ast::EnumItem], scalar: Scalar) -> Vec<FlagItem> {
        let values = self.flag_values(items);
        let mut list: Vec<FlagItem> = Vec::new();
        for (item, value) in values {
            if let Some(before) = list.iter().position(|other| other.name == item.name.text)
                && let Some(first) = items.get(before)
            {
                self.diagnostics.push(
                    Diagnostic::error(
                        "R0703",
                        format!("`{}` is declared twice", item.name.text),
                        item.name.span.clone(),
                        "declared again here",
                    )
                    .also(first.name.span.clone(), "first declared here"),
                );
                continue;
            }
            let Some(value) = narrow(scalar, value) else {
                self.diagnostics.push(Diagnostic::error(
                    "R0713",
                    format!("{value:#x} does not fit"),
                    item.name.span.clone(),
                    format!("the largest value is {:#x}", width_mask(scalar)),
                ));
                continue;
            };
            list.push(FlagItem { name: item.name.text.clone(), docs: item.docs.clone(), value });
        }
        list
    }

    /// The integer of a union's discriminant: PIDL's default is 32 bits.
    fn switch_type(&mut self, list: &[&'a Attr]) -> Scalar {
        let Some(attr) = attrs::find(list, "switch_type") else { return Scalar::U32 };
        let ty = match attr.args.as_deref() {
            Some([AttrArg::Type(spec)]) => self.base_type(spec, &[]).flatten(),
            Some([AttrArg::Expr(ast::Expr { kind: ExprKind::Name(name), .. })]) => self.lookup(name),
            _ => {
                self.no_argument(attr, "an integer or an enumeration");
                return Scalar::U32;
            }
        };
        match ty {
            Some(Type::Scalar(scalar)) if !scalar.is_float() => scalar,
            Some(Type::Named(id)) => match self.named_scalar(id) {
                Some(scalar) => scalar,
                None => {
                    self.no_argument(attr, "an integer or an enumeration");
                    Scalar::U32
                }
            },
            Some(_) => {
                self.no_argument(attr, "an integer or an enumeration");
                Scalar::U32
            }
            None => Scalar::U32,
        }
    }

    /// The integer of an enumeration or bitmap, also before its body is lowered.
    fn named_scalar(&mut self, id: TypeId) -> Option<Scalar> {
        let body = self.written_body(id)?;
        match body.shape {
            Shape::Enum(declared) => Some(self.enum_scalar(declared, &body.attrs)),
            Shape::Bitmap(_) => Some(bitmap_scalar(&body.attrs)),
            Shape::Struct(_) | Shape::Union(..) => None,
        }
    }

    fn fields(&mut self, owner: &str, members: &'a [Member]) -> Vec<Field> {
        let names: Vec<&str> = members
            .iter()
            .filter_map(|member| match &member.kind {
                MemberKind::Field(field) => Some(field.declarators.iter().map(|d| d.name.text.as_str())),
                _ => None,
            })
            .flatten()
            .collect();
        let mut fields: Vec<Field> = Vec::new();
        for member in members {
            let MemberKind::Field(field) = &member.kind else {
                self.diagnostics.push(Diagnostic::error(
                    "R0702",
                    "this member belongs to `encoding(mapi)`",
                    member.span.clone(),
                    "not part of an NDR structure",
                ));
                continue;
            };
            let list: Vec<&Attr> = field.attrs.iter().chain(&field.marks).collect();
            attrs::check(&list, &mut self.diagnostics);
            if let Some(derived) = &field.derived {
                self.diagnostics.push(Diagnostic::error(
                    "R0702",
                    "`=` after a field belongs to `encoding(mapi)`",
                    derived.expr.span.clone(),
                    "`size_is` and `switch_is` derive fields in NDR",
                ));
            }
            for declarator in &field.declarators {
                let place = Use {
                    attrs: &list,
                    fields: &names,
                    span: &member.span,
                    parameter: false,
                    inline_name: format!("{owner}_{}", declarator.name.text),
                };
                if let Some(before) = fields.iter().find(|other| other.name == declarator.name.text) {
                    self.repeated_field(declarator, &before.span.clone());
                }
                let ty = self.used_type(&field.ty, Some(declarator), &place);
                fields.push(Field {
                    name: declarator.name.text.clone(),
                    rust: names::field_name(&declarator.name.text),
                    docs: member.docs.clone(),
                    // A field with a mistake keeps its index.
                    ty: ty.unwrap_or(Type::Scalar(Scalar::U32)),
                    span: declarator.name.span.clone(),
                });
            }
        }
        fields
    }

    fn repeated_field(&mut self, declarator: &ast::Declarator, before: &ast::Span) {
        self.diagnostics.push(
            Diagnostic::error(
                "R0703",
                format!("`{}` is declared twice", declarator.name.text),
                declarator.name.span.clone(),
                "declared again here",
            )
            .also(before.clone(), "first declared here"),
        );
    }

    fn arms(&mut self, owner: &str, tag: Scalar, cases: &'a [UnionCase]) -> Vec<Arm> {
        let mut arms: Vec<Arm> = Vec::new();
        for case in cases {
            let labels = self.labels(case, tag, &arms);
            if case.default && arms.iter().any(|arm| arm.default) {
                self.bad_label(&case.span, "a union has one `default`");
                continue;
            }
            if labels.is_empty() && !case.default {
                self.bad_label(&case.span, "an arm needs `case` or `default`");
                continue;
            }
            let member = case.member.as_ref().and_then(|member| match &member.kind {
                MemberKind::Field(field) => Some((member, field)),
                _ => None,
            });
            let declarator = member.and_then(|(_, field)| field.declarators.first());
            let ty = member.and_then(|(member, field)| {
                let list: Vec<&Attr> = field.attrs.iter().collect();
                attrs::check(&list, &mut self.diagnostics);
                let place = Use {
                    attrs: &list,
                    fields: &[],
                    span: &member.span,
                    parameter: false,
                    inline_name: format!("{owner}_{}", declarator.map_or("Arm", |d| d.name.text.as_str())),
                };
                self.used_type(&field.ty, declarator, &place)
            });
            let name = self.arm_name(case, declarator, labels.first().copied());
            arms.push(Arm {
                labels,
                default: case.default,
                variant: names::variant_name(&name),
                name,
                docs: member.map(|(member, _)| member.docs.clone()).unwrap_or_default(),
                ty,
                span: case.span.clone(),
            });
        }
        arms
    }

    /// Member, first label's constant, `Case5`, `Default`.
    fn arm_name(&self, case: &UnionCase, declarator: Option<&ast::Declarator>, label: Option<u64>) -> String {
        if let Some(declarator) = declarator {
            return declarator.name.text.clone();
        }
        match (case.labels.first().map(|label| &label.kind), label) {
            (Some(ExprKind::Name(name)), _) => name.text.clone(),
            (_, Some(label)) => format!("Case{label}"),
            _ => "Default".to_owned(),
        }
    }

    fn labels(&mut self, case: &'a UnionCase, tag: Scalar, before: &[Arm]) -> Vec<u64> {
        let mut labels = Vec::new();
        for expr in &case.labels {
            let Some(value) = self.constant(expr) else { continue };
            let Some(value) = narrow(tag, value) else {
                self.bad_label(&expr.span, &format!("the discriminant is at most {:#x}", width_mask(tag)));
                continue;
            };
            if let Some(arm) = before.iter().find(|arm| arm.labels.contains(&value)) {
                self.diagnostics.push(
                    Diagnostic::error("R0707", format!("two arms for {value}"), expr.span.clone(), "repeated here")
                        .also(arm.span.clone(), "first said here"),
                );
            } else if labels.contains(&value) {
                self.bad_label(&expr.span, "said twice");
            } else {
                labels.push(value);
            }
        }
        labels
    }

    fn bad_label(&mut self, span: &ast::Span, label: &str) {
        self.diagnostics.push(Diagnostic::error("R0707", "this arm cannot be chosen", span.clone(), label));
    }

    /// An operation.
    pub(super) fn operation(&mut self, opnum: u16, decl: &'a Decl, function: &'a FunctionDecl) -> Operation {
        let list: Vec<&Attr> = decl.attrs.iter().collect();
        attrs::check(&list, &mut self.diagnostics);
        let written: Vec<&ast::FunctionParam> =
            function.params.iter().filter(|param| !is_binding_handle(&param.ty)).collect();
        let names: Vec<&str> =
            written.iter().map(|p| p.declarator.as_ref().map_or("", |d| d.name.text.as_str())).collect();
        let mut params: Vec<Param> = Vec::new();
        for param in written {
            let Some(declarator) = &param.declarator else {
                self.diagnostics.push(Diagnostic::error(
                    "R0718",
                    "a parameter without a name",
                    param.span.clone(),
                    "needs a name for its field",
                ));
                continue;
            };
            if let Some(before) = params.iter().find(|other| other.field.name == declarator.name.text) {
                let span = before.field.span.clone();
                self.repeated_field(declarator, &span);
            }
            params.push(self.param(&function.name.text, param, declarator, &names));
        }
        let returns = match (function.pointers, self.base_type(&function.returns, &[])) {
            (0, Some(ty)) => ty,
            (0, None) => None,
            _ => {
                self.diagnostics.push(Diagnostic::error(
                    "R0708",
                    "an operation cannot return a pointer",
                    function.name.span.clone(),
                    "give it an `[out]` parameter",
                ));
                None
            }
        };
        follow_values(&mut params);
        Operation {
            name: function.name.text.clone(),
            opnum,
            docs: decl.docs.clone(),
            spec: attrs::spec(&list),
            params,
            returns,
            span: function.name.span.clone(),
        }
    }

    fn param(
        &mut self,
        owner: &str,
        param: &'a ast::FunctionParam,
        declarator: &'a ast::Declarator,
        names: &[&str],
    ) -> Param {
        let list: Vec<&Attr> = param.attrs.iter().collect();
        attrs::check(&list, &mut self.diagnostics);
        let output = attrs::has(&list, "out");
        let input = attrs::has(&list, "in") || !output;
        let place = Use {
            attrs: &list,
            fields: names,
            span: &param.span,
            parameter: true,
            inline_name: format!("{owner}_{}", declarator.name.text),
        };
        let ty = self.used_type(&param.ty, Some(declarator), &place);
        if output && matches!(ty, Some(Type::Scalar(_) | Type::Named(_) | Type::Union(..))) {
            self.diagnostics.push(
                Diagnostic::error(
                    "R0708",
                    format!("`{}` is an `[out]` parameter and no pointer", declarator.name.text),
                    param.span.clone(),
                    "the server has nowhere to write",
                )
                .help(format!("write `*{}`", declarator.name.text)),
            );
        }
        // A reference pointer at the top leaves no trace on the wire.
        let ty = match ty {
            Some(Type::Pointer(Pointer::Ref, to)) => *to,
            Some(ty) => ty,
            None => Type::Scalar(Scalar::U32),
        };
        Param {
            field: Field {
                name: declarator.name.text.clone(),
                rust: names::field_name(&declarator.name.text),
                docs: param.docs.clone(),
                ty,
                span: declarator.name.span.clone(),
            },
            input,
            output,
        }
    }
}

fn bitmap_scalar(list: &[&Attr]) -> Scalar {
    [("bitmap8bit", Scalar::U8), ("bitmap16bit", Scalar::U16), ("bitmap64bit", Scalar::U64)]
        .into_iter()
        .find(|(name, _)| attrs::has(list, name))
        .map_or(Scalar::U32, |(_, scalar)| scalar)
}

fn is_binding_handle(spec: &TypeSpec) -> bool {
    match spec {
        TypeSpec::Words(words) => words.iter().any(|word| word.text == "handle_t"),
        TypeSpec::Ref(name) => name.name.text == "handle_t",
        _ => false,
    }
}

/// `*x` of a reference pointer at the top is the parameter itself.
fn follow_values(params: &mut [Param]) {
    let values: Vec<bool> = params.iter().map(|param| !matches!(param.field.ty, Type::Pointer(..))).collect();
    for param in params {
        param.field.ty.exprs_mut(&mut |expr| {
            if let Expr::Deref(index) = expr
                && values.get(*index).copied().unwrap_or(false)
            {
                *expr = Expr::Field(*index);
            }
        });
    }
}

/// A number in the bits of an integer; a negative one is as wide as the integer.
fn narrow(scalar: Scalar, value: u64) -> Option<u64> {
    let narrow = value & width_mask(scalar);
    let negative = value >> 63 == 1 && value > u64::from(u32::MAX);
    (narrow == value || negative).then_some(narrow)
}

/// All bits of an integer.
pub(super) fn width_mask(scalar: Scalar) -> u64 {
    match scalar {
        Scalar::U8 | Scalar::I8 | Scalar::Bool => 0xFF,
        Scalar::U16 | Scalar::I16 | Scalar::Enum16 => 0xFFFF,
        Scalar::U32 | Scalar::I32 | Scalar::F32 => 0xFFFF_FFFF,
        Scalar::U64 | Scalar::I64 | Scalar::F64 | Scalar::U3264 => u64::MAX,
    }
}
