//! Structures, unions, enumerations, bitmaps and operations, member by member.

use super::dialect::{Absent, Format, Function, TextFlags, Value};
use super::model::{
    Arm, Expr, Field, FlagItem, Flags, Operation, Param, Pointer, Scalar, Size, Struct, Type, TypeId, TypeKind, Union,
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
        let around = self.type_flags(&body.attrs);
        if let Some(def) = self.types.get_mut(id.0) {
            def.format = around.0;
            def.relative_base = attrs::has(&body.attrs, "relative_base");
        }
        if !matches!(body.shape, Shape::Enum(_) | Shape::Bitmap(_)) {
            self.written_elsewhere(id, &body.attrs);
        }
        match body.shape {
            Shape::Struct(members) => {
                TypeKind::Struct(Struct { fields: self.fields(&name, members, around), max_recursion })
            }
            Shape::Union(spec, cases) => {
                let switch = match spec {
                    TypeSpec::Union { switch: Some((ty, ..)), .. } => Some(ty),
                    _ => None,
                };
                let bare = attrs::has(&body.attrs, "nodiscriminant");
                let labelled = |case: &UnionCase| case.default || !case.labels.is_empty();
                if let Some(first) = cases.first().filter(|_| !cases.iter().any(labelled)) {
                    self.diagnostics.push(Diagnostic::error(
                        "R0712",
                        "a union whose arms nothing tells apart",
                        first.span.clone(),
                        "no arm has a `case`",
                    ));
                    return TypeKind::Opaque;
                }
                let tag = match switch {
                    Some(ty) => self.tag_type(ty),
                    // any number that its surroundings compute
                    None if bare => Scalar::U64,
                    None => self.switch_type(&body.attrs),
                };
                let arms = self.arms(&name, tag, cases, around);
                let encapsulated = switch.is_some();
                // Windows leaves the arms of an encapsulated union in place, `ms_union` or not.
                let aligned = !encapsulated && (self.scope.ms_union || attrs::has(&body.attrs, "ms_union"));
                TypeKind::Union(Union { tag, bare, encapsulated, aligned, arms, max_recursion })
            }
            Shape::Opaque => TypeKind::Opaque,
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

    /// What `flag` says of a type as a whole.
    fn type_flags(&mut self, list: &[&Attr]) -> (Format, TextFlags) {
        let (mut format, mut text) = <(Format, TextFlags)>::default();
        for attr in list.iter().filter(|attr| attr.name.text == "flag") {
            for arg in attrs::levels(attr).into_iter().flatten() {
                self.flags(arg, &mut format, &mut text);
            }
        }
        (format, text)
    }

    /// `represent_as`, `nopush`, `nopull`: the Rust type comes from elsewhere.
    fn written_elsewhere(&mut self, id: TypeId, list: &[&Attr]) {
        let path = attrs::find(list, "represent_as").and_then(attrs::single).and_then(|expr| match &expr.kind {
            ExprKind::Str(path) => Some(path.clone()),
            _ => None,
        });
        if path.is_some() {
            self.hook(id, path, "");
        } else if let Some(attr) = attrs::find(list, "nopush").or(attrs::find(list, "nopull")) {
            let why = format!("`{}`: packed and unpacked by code that is no part of the file", attr.name.text);
            self.hook(id, None, &why);
        }
    }

    /// The integer of an encapsulated union's discriminant.
    fn tag_type(&mut self, spec: &'a TypeSpec) -> Scalar {
        match self.base_type(spec, &[]) {
            Some(Some(Type::Scalar(scalar))) if !scalar.is_float() => scalar,
            Some(Some(Type::Named(id))) => self.named_scalar(id).unwrap_or(Scalar::U32),
            _ => Scalar::U32,
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
                let (text, label) =
                    (format!("{value:#x} does not fit"), format!("the largest value is {:#x}", width_mask(scalar)));
                let span = item.name.span.clone();
                // PIDL lets it pass, and cuts it off on the wire
                self.diagnostics.push(if scalar == Scalar::Enum16 {
                    Diagnostic::warning("R0713", text, span, label).help("write `[v1_enum]` for 32 bits")
                } else {
                    Diagnostic::error("R0713", text, span, label)
                });
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
            Shape::Struct(_) | Shape::Union(..) | Shape::Opaque => None,
        }
    }

    fn fields(&mut self, owner: &str, members: &'a [Member], around: (Format, TextFlags)) -> Vec<Field> {
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
            if let Some(attr) = attrs::find(&list, "carries") {
                self.no_argument(attr, "it at a parameter of an operation");
            }
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
                    around,
                };
                if let Some(before) = fields.iter().find(|other| other.name == declarator.name.text) {
                    self.repeated_field(declarator, &before.span.clone());
                }
                let absent = absent(&list);
                let ty = match absent {
                    // its type may be known to C alone
                    Some(_) => None,
                    None => self.used_type(&field.ty, Some(declarator), &place),
                };
                let value = self.fitting_value(&list, &names, &declarator.name, ty.as_ref());
                let taken = |rust: &str| fields.iter().any(|other: &Field| other.rust == rust);
                fields.push(Field {
                    name: declarator.name.text.clone(),
                    rust: free_name(names::field_name(&declarator.name.text), taken),
                    docs: member.docs.clone(),
                    // A field with a mistake keeps its index.
                    ty: ty.unwrap_or(Type::Scalar(Scalar::U32)),
                    value,
                    absent,
                    span: declarator.name.span.clone(),
                });
            }
        }
        let last = fields.len().saturating_sub(1);
        for field in fields.iter_mut().take(last) {
            head_in_place(&mut field.ty);
        }
        measured_by_others(&mut fields);
        fields
    }

    /// What a field is written as. What nobody can compute is left to the caller.
    fn value(&mut self, list: &[&Attr], names: &[&str], field: &ast::Ident) -> Option<Value> {
        let attr = attrs::find(list, "value")?;
        let expr = attrs::single(attr)?;
        match &expr.kind {
            ExprKind::Str(text) => return Some(Value::Text(text.clone())),
            ExprKind::Name(name) if !names.contains(&name.text.as_str()) => {
                if let Some(text) = self.texts.get(name.text.as_str()) {
                    return Some(Value::Text((*text).to_owned()));
                }
            }
            _ => {}
        }
        let before = self.diagnostics.len();
        let value = self.expr(expr, names);
        if value.is_none() {
            self.diagnostics.truncate(before);
            self.diagnostics.push(Diagnostic::warning(
                "R0723",
                format!("`{}` is not computed", field.text),
                expr.span.clone(),
                "left to who packs it",
            ));
        }
        value.map(Value::Number)
    }

    /// The same, where the type can hold it.
    fn fitting_value(
        &mut self,
        list: &[&Attr],
        names: &[&str],
        field: &ast::Ident,
        ty: Option<&Type>,
    ) -> Option<Value> {
        let value = self.value(list, names, field)?;
        if fits(&value, ty) {
            return Some(value);
        }
        if let Some(attr) = attrs::find(list, "value").filter(|_| ty.is_some()) {
            self.diagnostics.push(Diagnostic::warning(
                "R0723",
                format!("`{}` is not computed", field.text),
                attr.span.clone(),
                "its type is none of a number or of a text that the file says: left to who packs it",
            ));
        }
        None
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

    fn arms(&mut self, owner: &str, tag: Scalar, cases: &'a [UnionCase], around: (Format, TextFlags)) -> Vec<Arm> {
        let mut arms: Vec<Arm> = Vec::new();
        for case in cases {
            let labels = self.labels(case, tag, &arms);
            if case.default && arms.iter().any(|arm| arm.default) {
                self.bad_label(&case.span, "a union has one `default`");
                continue;
            }
            if labels.is_empty() && !case.default {
                if case.labels.is_empty() {
                    self.bad_label(&case.span, "an arm needs `case` or `default`");
                }
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
                    around,
                };
                let nothing = absent(&list).is_some()
                    || matches!(&field.ty, TypeSpec::Words(words) if matches!(words.as_slice(), [word] if word.text == "void"))
                        && declarator.is_none_or(|declarator| declarator.pointers == 0);
                if nothing { None } else { self.used_type(&field.ty, declarator, &place) }
            });
            let name = self.arm_name(case, declarator, labels.first().copied());
            // members of one name and type are one arm
            if declarator.is_some()
                && let Some(same) = arms.iter_mut().find(|arm| arm.name == name && arm.ty == ty)
            {
                same.labels.extend(labels);
                same.default |= case.default;
                continue;
            }
            let variant = self.variant(&name, labels.first().copied(), &arms);
            arms.push(Arm {
                labels,
                default: case.default,
                variant,
                name,
                docs: member.map(|(member, _)| member.docs.clone()).unwrap_or_default(),
                ty,
                span: case.span.clone(),
            });
        }
        arms
    }

    /// A name that no other arm has.
    fn variant(&self, name: &str, label: Option<u64>, arms: &[Arm]) -> String {
        let taken = |rust: &str| arms.iter().any(|other| other.variant == rust);
        let mut variant = names::variant_name(name);
        if taken(&variant) {
            variant = names::exact_type_name(name);
        }
        if taken(&variant) {
            variant = label.map_or_else(|| format!("{variant}Default"), |label| format!("{variant}{label}"));
        }
        while taken(&variant) {
            variant.push('X');
        }
        variant
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
        attrs::lost(&list, &mut self.diagnostics);
        let left_out = attrs::has(&list, "todo");
        if let Some(attr) = attrs::find(&list, "nopush").or(attrs::find(&list, "nopull")) {
            self.diagnostics.push(Diagnostic::error(
                "R0712",
                format!("`{}`", attr.name.text),
                attr.span.clone(),
                "packed and unpacked by code that is no part of the file",
            ));
        }
        if left_out {
            // only its number is sure
            return Operation {
                name: function.name.text.clone(),
                opnum,
                docs: decl.docs.clone(),
                spec: attrs::spec(&list),
                params: Vec::new(),
                returns: None,
                left_out,
                span: function.name.span.clone(),
            };
        }
        let written: Vec<&ast::FunctionParam> =
            function.params.iter().filter(|param| !self.is_binding_handle(&param.ty)).collect();
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
            let mut made = self.param(&function.name.text, param, declarator, &names);
            let taken = |rust: &str| params.iter().any(|other| other.field.rust == rust);
            made.field.rust = free_name(made.field.rust, taken);
            params.push(made);
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
            left_out,
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
        attrs::lost(&list, &mut self.diagnostics);
        let output = attrs::has(&list, "out");
        let input = attrs::has(&list, "in") || !output;
        let place = Use {
            attrs: &list,
            fields: names,
            span: &param.span,
            parameter: true,
            inline_name: format!("{owner}_{}", declarator.name.text),
            around: Default::default(),
        };
        let absent = absent(&list);
        let ty = if absent.is_some() { None } else { self.used_type(&param.ty, Some(declarator), &place) };
        let value = self.fitting_value(&list, names, &declarator.name, ty.as_ref());
        if output && matches!(ty, Some(Type::Scalar(_) | Type::Named(_) | Type::Union(..))) {
            self.diagnostics.push(
                Diagnostic::warning(
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
        let carries = self.carries(&list, &ty);
        Param {
            field: Field {
                name: declarator.name.text.clone(),
                rust: names::field_name(&declarator.name.text),
                docs: param.docs.clone(),
                ty,
                value,
                absent,
                span: declarator.name.span.clone(),
            },
            input,
            output,
            carries,
        }
    }

    /// `carries(T)` on an array of bytes.
    fn carries(&mut self, list: &[&Attr], ty: &Type) -> Option<ast::Ident> {
        let attr = attrs::find(list, "carries")?;
        let bytes = match ty {
            Type::Array(array) => *array.element == Type::Scalar(Scalar::U8) && !matches!(array.size, Size::Fixed(_)),
            _ => false,
        };
        match attrs::single(attr).map(|expr| &expr.kind) {
            Some(ExprKind::Name(name)) if bytes => return Some(name.clone()),
            Some(ExprKind::Name(_)) => self.no_argument(attr, "it at an array of bytes with a size"),
            _ => self.no_argument(attr, "the name of a structure of encoding(mapi)"),
        }
        None
    }
}

/// A field name that no other one is.
fn free_name(name: String, taken: impl Fn(&str) -> bool) -> String {
    let mut free = name;
    while taken(&free) {
        free.push('_');
    }
    free
}

/// Whether a value can be written instead of a field of this type.
fn fits(value: &Value, ty: Option<&Type>) -> bool {
    match (ty.map(Type::plain), value) {
        (Some(Type::Scalar(_) | Type::Ranged(..) | Type::Named(_) | Type::Known(_)), Value::Number(_)) => true,
        (Some(Type::Array(array)), Value::Text(_)) => {
            matches!(array.size, Size::Fixed(_))
                && matches!(*array.element, Type::Scalar(Scalar::U8 | Scalar::U16 | Scalar::Unit))
        }
        (Some(Type::Text(text)), Value::Text(_)) => matches!(text.size, Size::Fixed(_) | Size::Headed(_)),
        (Some(Type::Flat(flat)), Value::Text(_)) => !flat.list,
        _ => false,
    }
}

fn absent(list: &[&Attr]) -> Option<Absent> {
    if attrs::has(list, "skip") || attrs::has(list, "skip_noinit") {
        Some(Absent::Skipped)
    } else {
        attrs::has(list, "ignore").then_some(Absent::Pointer)
    }
}

/// A conformant array in the middle of a structure has its maximum count directly before it.
fn head_in_place(ty: &mut Type) {
    let size = match ty {
        Type::Array(array) => &mut array.size,
        Type::Text(text) => &mut text.size,
        Type::Formatted(_, inner) => return head_in_place(inner),
        _ => return,
    };
    if let Size::Conformant(expr) = size {
        *size = Size::Headed(expr.take());
    }
}

/// `[value(strlen_m(Text) * 2)] uint32 Size; uint16 Text[strlen_m(Text)];`: the field before says how long it is.
fn measured_by_others(fields: &mut [Field]) {
    let measures: Vec<Option<(usize, u64)>> = fields.iter().map(|field| measured(field.value.as_ref())).collect();
    for (index, field) in fields.iter_mut().enumerate() {
        let before = measures.iter().take(index).enumerate();
        let found = before.filter_map(|(from, measure)| Some((from, (*measure)?)));
        let Some((from, (_, times))) = found.into_iter().find(|(_, (of, _))| *of == index) else { continue };
        let Type::Array(array) = &mut field.ty else { continue };
        if let Size::Inline(size) = &mut array.size
            && *size == Expr::Call(Function::Length, Box::new(Expr::Field(index)))
        {
            let divided = |size| Expr::Binary(ast::BinaryOp::Div, Box::new(size), Box::new(Expr::Const(times)));
            *size = if times == 1 { Expr::Field(from) } else { divided(Expr::Field(from)) };
        }
    }
}

/// The field whose length the value is, and how often it counts.
fn measured(value: Option<&Value>) -> Option<(usize, u64)> {
    let length = |expr: &Expr| match expr {
        Expr::Call(Function::Length, of) => of.plain_field(),
        _ => None,
    };
    match value? {
        Value::Number(Expr::Binary(ast::BinaryOp::Mul, of, times)) => match **times {
            Expr::Const(times) if times > 0 => Some((length(of)?, times)),
            _ => None,
        },
        Value::Number(of) => Some((length(of)?, 1)),
        Value::Text(_) => None,
    }
}

fn bitmap_scalar(list: &[&Attr]) -> Scalar {
    [("bitmap8bit", Scalar::U8), ("bitmap16bit", Scalar::U16), ("bitmap64bit", Scalar::U64)]
        .into_iter()
        .find(|(name, _)| attrs::has(list, name))
        .map_or(Scalar::U32, |(_, scalar)| scalar)
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
        Scalar::U16 | Scalar::Unit | Scalar::I16 | Scalar::Enum16 => 0xFFFF,
        Scalar::U32 | Scalar::I32 | Scalar::F32 => 0xFFFF_FFFF,
        Scalar::U64 | Scalar::I64 | Scalar::F64 | Scalar::U3264 | Scalar::Udlong | Scalar::Dlong | Scalar::Udlongr => {
            u64::MAX
        }
    }
}
