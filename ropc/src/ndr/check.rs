//! Checks of the resolved interface, one rule a function.

use std::collections::HashMap;

use super::model::{Expr, Field, Interface, Operation, Scalar, Size, Type, TypeDef, TypeKind};
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
    for def in model.types.iter().filter(|def| def.module.is_none()) {
        check.conformance(def);
        check.unions(def);
        check.member_names(def);
        if let TypeKind::Struct(record) = &def.kind {
            let fields: Vec<&Field> = record.fields.iter().collect();
            check.numbers(&fields);
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
            TypeKind::Enum(_) | TypeKind::Bitmap(_) => {}
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
                }
                self.element(&array.element, span, true);
            }
            Type::Pointer(_, to) => self.element(to, span, false),
            Type::Named(_) if inside && layout::of(&self.model.types, ty).conformant => {
                self.error("R0709", "an array of conformant structures".to_owned(), span, "put a pointer between");
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
            TypeKind::Enum(_) | TypeKind::Bitmap(_) => {}
        }
    }

    fn switch(&mut self, name: &str, ty: &Type, span: &Span) {
        match ty {
            Type::Union(_, None) => self.error(
                "R0706",
                format!("`{name}` is a union without `switch_is`"),
                span,
                "which sibling chooses the arm?",
            ),
            Type::Pointer(_, to) => self.switch(name, to, span),
            Type::Array(array) => self.switch(name, &array.element, span),
            _ => {}
        }
    }

    /// What an expression reads is a number.
    fn numbers(&mut self, fields: &[&Field]) {
        for field in fields {
            field.ty.exprs(&mut |expr| {
                expr.fields(&mut |index| {
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

    fn is_number(&self, ty: &Type) -> bool {
        match ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => !scalar.is_float(),
            Type::Named(id) => {
                self.model.get(*id).is_some_and(|def| matches!(def.kind, TypeKind::Enum(_) | TypeKind::Bitmap(_)))
            }
            Type::Pointer(_, to) => !matches!(**to, Type::Pointer(..)) && self.is_number(to),
            _ => false,
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let fields: Vec<&Field> = operation.params.iter().map(|param| &param.field).collect();
        self.numbers(&fields);
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
                for field in &record.fields {
                    self.unique(&mut seen, field.rust.clone(), &field.name, &field.span);
                }
            }
            TypeKind::Union(union) => {
                for arm in &union.arms {
                    self.unique(&mut seen, arm.variant.clone(), &arm.name, &arm.span);
                }
            }
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
        for operation in &self.model.operations {
            let name = names::type_name(&operation.name);
            for suffix in ["Request", "Response"] {
                self.unique(&mut seen, format!("{name}{suffix}"), &operation.name, &operation.span);
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
        Type::Named(id) => match &model.get(*id)?.kind {
            TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => Some(flags.scalar),
            _ => None,
        },
        _ => None,
    }
}
