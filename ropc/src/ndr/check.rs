//! Checks of the resolved interface, one rule a function.

use std::collections::HashMap;

use super::model::{Expr, Field, Interface, Known, Operation, Scalar, Size, Type, TypeDef, TypeKind};
use super::{layout, names};
use crate::ast::Span;
use crate::diagnostic::Diagnostic;

/// Names that generated code uses for other things.
const TAKEN: &[&str] = &[
    "At",
    "Blob",
    "Box",
    "ContextHandle",
    "Default",
    "Err",
    "Fault",
    "Guid",
    "HResult",
    "NdrCursor",
    "NdrEncoder",
    "None",
    "NtStatus",
    "Ok",
    "Option",
    "PackError",
    "Representation",
    "Result",
    "Self",
    "Some",
    "String8",
    "UnpackError",
    "Utf16",
    "Vec",
    "WError",
];

/// Runs every check.
pub(super) fn run(model: &Interface, diagnostics: &mut Vec<Diagnostic>) {
    let mut check = Check { model, diagnostics };
    for def in model.types.iter().filter(|def| def.module.is_none() && def.hook.is_none()) {
        check.conformance(def);
        check.unions(def);
        check.member_names(def);
        if let TypeKind::Struct(record) = &def.kind {
            let fields: Vec<&Field> = record.fields.iter().collect();
            check.numbers(&fields);
            check.members(&fields);
        }
    }
    for operation in &model.operations {
        check.operation(operation);
    }
    check.item_names();
}

struct Check<'m> {
    model: &'m Interface,
    diagnostics: &'m mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn error(&mut self, code: &'static str, message: String, span: &Span, label: &str) {
        self.diagnostics.push(Diagnostic::error(code, message, span.clone(), label));
    }

    /// A conformant array is the last member of a structure, and of nothing else.
    fn conformance(&mut self, def: &TypeDef) {
        match &def.kind {
            TypeKind::Struct(record) => {
                let last = record.fields.len().saturating_sub(1);
                for (index, field) in record.fields.iter().enumerate() {
                    let conformant = layout::of(&self.model.types, &field.ty).conformant;
                    if conformant && index != last {
                        self.error(
                            "R0709",
                            format!("`{}` is conformant and not the last member", field.name),
                            &field.span,
                            "its size stands before the structure, so nothing can follow it",
                        );
                    }
                    self.element(&field.ty, &field.span, false);
                }
            }
            TypeKind::Union(union) => {
                for arm in &union.arms {
                    let Some(ty) = &arm.ty else { continue };
                    if layout::of(&self.model.types, ty).conformant {
                        self.error(
                            "R0709",
                            format!("arm `{}` is conformant", arm.name),
                            &arm.span,
                            "an arm of a union needs a pointer to it",
                        );
                    }
                    self.element(ty, &arm.span, false);
                }
            }
            TypeKind::Enum(_) | TypeKind::Bitmap(_) | TypeKind::Opaque => {}
        }
    }

    /// Elements of arrays are not conformant themselves.
    fn element(&mut self, ty: &Type, span: &Span, inside: bool) {
        match ty {
            Type::Array(array) => {
                if inside && matches!(array.size, Size::Conformant(_)) {
                    self.error(
                        "R0709",
                        "a conformant array inside an array".to_owned(),
                        span,
                        "only the first dimension can be conformant",
                    );
                } else if inside && array.varying {
                    self.error(
                        "R0709",
                        "a varying array inside an array".to_owned(),
                        span,
                        "only of the first dimension a part can be sent",
                    );
                }
                self.element(&array.element, span, true);
            }
            Type::Pointer(_, to) => self.element(to, span, false),
            Type::Named(_) if inside && layout::of(&self.model.types, ty).conformant => {
                let message = "an array of conformant structures".to_owned();
                if layout::of(&self.model.types, ty).pointers {
                    self.error("R0709", message, span, "put a pointer between");
                } else {
                    let label = "each has its count before it, as PIDL has it; MIDL refuses it";
                    self.diagnostics.push(Diagnostic::warning("R0709", message, span.clone(), label));
                }
            }
            _ => {}
        }
    }

    /// A union says what its discriminant has to be.
    fn unions(&mut self, def: &TypeDef) {
        match &def.kind {
            TypeKind::Struct(record) => {
                for field in &record.fields {
                    self.switch(&field.name, &field.ty, &field.span);
                }
            }
            TypeKind::Union(union) => {
                if union.arms.is_empty() {
                    self.error("R0707", format!("union `{}` has no arms", def.name), &def.span, "no value fits");
                }
                for arm in &union.arms {
                    if let Some(ty) = &arm.ty {
                        self.switch(&arm.name, ty, &arm.span);
                    }
                }
            }
            TypeKind::Enum(_) | TypeKind::Bitmap(_) | TypeKind::Opaque => {}
        }
    }

    fn switch(&mut self, name: &str, ty: &Type, span: &Span) {
        match ty {
            Type::Union(id, None) if self.is_chosen(*id) => self.error(
                "R0706",
                format!("`{name}` is a union without `switch_is`"),
                span,
                "which sibling chooses the arm?",
            ),
            Type::Pointer(_, to) | Type::Formatted(_, to) | Type::Pipe(to) => self.switch(name, to, span),
            Type::Sub(sub) => self.switch(name, &sub.inner, span),
            Type::Array(array) => self.switch(name, &array.element, span),
            _ => {}
        }
    }

    /// What is around the union chooses its arm.
    fn is_chosen(&self, id: super::model::TypeId) -> bool {
        let plain = |def: &TypeDef| matches!(&def.kind, TypeKind::Union(union) if !union.encapsulated);
        self.model.get(id).is_some_and(plain)
    }

    /// What an expression reads is a number.
    fn numbers(&mut self, fields: &[&Field]) {
        for field in fields {
            field.ty.exprs(&mut |expr| {
                expr.numbers(&mut |index| {
                    if let Some(read) = fields.get(index)
                        && !self.is_number(&read.ty)
                    {
                        self.diagnostics.push(
                            Diagnostic::error(
                                "R0715",
                                format!("`{}` is no number", read.name),
                                field.span.clone(),
                                "reads it in an attribute",
                            )
                            .also(read.span.clone(), "declared here"),
                        );
                    }
                });
            });
        }
    }

    /// Members that expressions look for are there.
    fn members(&mut self, fields: &[&Field]) {
        for field in fields {
            let mut missing = None;
            field.ty.exprs(&mut |expr| self.missing_member(expr, fields, &mut missing));
            if let Some(super::dialect::Value::Number(expr)) = &field.value {
                self.missing_member(expr, fields, &mut missing);
            }
            if let Some(name) = missing {
                let message = format!("`{name}` is no member of what it is looked for in");
                self.error("R0715", message, &field.span, "looks for it in an attribute");
            }
        }
    }

    fn missing_member(&self, expr: &Expr, fields: &[&Field], missing: &mut Option<String>) {
        match expr {
            Expr::Const(_) | Expr::Whole | Expr::Field(_) | Expr::Deref(_) => {}
            Expr::Member(_, name) => {
                if self.type_of(expr, fields).is_none() {
                    *missing = Some(name.clone());
                }
            }
            Expr::Unary(_, a) | Expr::Call(_, a) => self.missing_member(a, fields, missing),
            Expr::Binary(_, a, b) => {
                self.missing_member(a, fields, missing);
                self.missing_member(b, fields, missing);
            }
            Expr::Ternary(a, b, c) => {
                for part in [a, b, c] {
                    self.missing_member(part, fields, missing);
                }
            }
        }
    }

    fn type_of<'t>(&'t self, expr: &Expr, fields: &[&'t Field]) -> Option<&'t Type> {
        match expr {
            Expr::Field(index) | Expr::Deref(index) => fields.get(*index).map(|field| &field.ty),
            Expr::Member(base, name) => self.member_type(self.type_of(base, fields)?, name),
            _ => None,
        }
    }

    fn member_type<'t>(&'t self, ty: &'t Type, name: &str) -> Option<&'t Type> {
        match ty {
            Type::Formatted(_, inner) | Type::Pointer(_, inner) => self.member_type(inner, name),
            Type::Sub(sub) => self.member_type(&sub.inner, name),
            // its length
            Type::Known(Known::Blob) if name == "length" => Some(ty),
            Type::Named(id) => match self.model.get(*id).filter(|def| def.hook.is_none()).map(|def| &def.kind) {
                Some(TypeKind::Struct(record)) => {
                    record.fields.iter().find(|field| field.name == name).map(|field| &field.ty)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn is_number(&self, ty: &Type) -> bool {
        match ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => !scalar.is_float(),
            Type::Named(id) => {
                self.model.get(*id).is_some_and(|def| matches!(def.kind, TypeKind::Enum(_) | TypeKind::Bitmap(_)))
            }
            Type::Pointer(_, to) => !matches!(**to, Type::Pointer(..)) && self.is_number(to),
            Type::Formatted(_, inner) => self.is_number(inner),
            Type::Known(Known::NtStatus | Known::WError | Known::HResult) => true,
            _ => false,
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let fields: Vec<&Field> = operation.params.iter().map(|param| &param.field).collect();
        self.numbers(&fields);
        self.members(&fields);
        for param in &operation.params {
            self.switch(&param.field.name, &param.field.ty, &param.field.span);
            self.element(&param.field.ty, &param.field.span, false);
            if param.input {
                self.known_in_request(operation, &param.field);
            }
        }
        let mut seen = HashMap::new();
        for field in fields {
            self.unique(&mut seen, field.rust.clone(), &field.name, &field.span);
        }
    }

    /// The request can only depend on what it carries.
    fn known_in_request(&mut self, operation: &Operation, field: &Field) {
        field.ty.exprs(&mut |expr: &Expr| {
            expr.fields(&mut |index| {
                if let Some(read) = operation.params.get(index)
                    && !read.input
                {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "R0704",
                            format!("`{}` is not known in the request", read.field.name),
                            field.span.clone(),
                            "an `[in]` parameter depends on it",
                        )
                        .also(read.field.span.clone(), "only `[out]`"),
                    );
                }
            });
        });
    }

    fn member_names(&mut self, def: &TypeDef) {
        let mut seen = HashMap::new();
        match &def.kind {
            TypeKind::Struct(record) => {
                for field in record.fields.iter().filter(|field| field.absent.is_none()) {
                    self.unique(&mut seen, field.rust.clone(), &field.name, &field.span);
                }
            }
            TypeKind::Union(union) => {
                for arm in &union.arms {
                    self.unique(&mut seen, arm.variant.clone(), &arm.name, &arm.span);
                }
            }
            TypeKind::Opaque => {}
            TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => {
                for item in &flags.items {
                    self.unique(&mut seen, names::const_name(&item.name), &item.name, &def.span);
                }
            }
        }
    }

    /// Types, constants and what operations become are items of one module.
    fn item_names(&mut self) {
        let mut seen: HashMap<String, (String, Span)> = HashMap::new();
        for def in self.model.types.iter().filter(|def| def.module.is_none()) {
            if TAKEN.contains(&def.rust.as_str()) {
                let message = format!("`{}` is the name of something that generated code uses", def.rust);
                self.error("R0716", message, &def.span, "needs another name");
            }
            self.unique(&mut seen, def.rust.clone(), &def.name, &def.span);
        }
        for operation in self.model.operations.iter().filter(|operation| !operation.left_out) {
            for suffix in ["Request", "Response"] {
                let name = self.model.message_name(operation, suffix);
                self.unique(&mut seen, name, &operation.name, &operation.span);
            }
        }
        let mut methods = HashMap::new();
        for operation in &self.model.operations {
            self.unique(&mut methods, names::field_name(&operation.name), &operation.name, &operation.span);
        }
    }

    /// Two names of the description that are one in Rust.
    fn unique(&mut self, seen: &mut HashMap<String, (String, Span)>, rust: String, name: &str, span: &Span) {
        match seen.get(&rust) {
            // The same name twice is R0703.
            Some((before, _)) if before == name => {}
            Some((before, first)) => {
                let message = format!("`{before}` and `{name}` are both `{rust}` in Rust");
                self.diagnostics.push(
                    Diagnostic::error("R0716", message, span.clone(), "needs another name")
                        .also(first.clone(), "the first one"),
                );
            }
            None => _ = seen.insert(rust, (name.to_owned(), span.clone())),
        }
    }
}

/// The integer behind a type that expressions read.
pub(super) fn number_of(model: &Interface, ty: &Type) -> Option<Scalar> {
    match ty {
        Type::Scalar(scalar) | Type::Ranged(scalar, ..) => Some(*scalar),
        Type::Formatted(_, inner) => number_of(model, inner),
        Type::Known(Known::NtStatus | Known::WError | Known::HResult) => Some(Scalar::U32),
        Type::Named(id) => match &model.get(*id)?.kind {
            TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => Some(flags.scalar),
            _ => None,
        },
        _ => None,
    }
}
