//! For tests: functions that make values of choices, and tables of all structures and operations.
//!
//! Counts and discriminants are chosen before what depends on them. Counts are small, and every expression is evaluated
//! on what was chosen, so that almost every value is one that can be packed.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::derive::Derived;
use super::super::dialect::Value;
use super::super::layout;
use super::super::model::{
    Arm, Array, Expr, Field, Known, Operation, Pointer, Scalar, Size, Struct, Text, Type, TypeDef, TypeId, TypeKind,
    Union,
};
use super::super::names;
use super::exprs::{Access, Env, local};
use super::messages::Message;
use super::{Emit, collect_words, ident};

/// Most units of a text for which nothing is said.
const TEXT: usize = 40;

/// A test for each entry of a table.
fn tests_of(check: &str, table: &str, names: &[(String, Vec<TokenStream>)]) -> Vec<TokenStream> {
    let (check, table) = (ident(check), ident(table));
    let each = names.iter().enumerate().map(|(index, (name, elements))| {
        let name = names::field_name(name);
        let test = ident(&format!("{}_holds", name.trim_start_matches("r#")));
        let index = proc_macro2::Literal::usize_unsuffixed(index);
        quote! {
            #[test]
            fn #test() {
                generated_tests::ndr::#check(&#table[#index], &[#(#elements),*]);
            }
        }
    });
    each.collect()
}

impl<'m> Emit<'m> {
    /// The module of tests: imports, functions, tables, the test.
    pub(in crate::ndr) fn tests(&self) -> Vec<TokenStream> {
        let mut items = Vec::new();
        let (mut structures, mut operations) = (Vec::new(), Vec::new());
        let (mut structure_names, mut operation_names) = (Vec::new(), Vec::new());
        let plain = super::plain::plain_types(self.model);
        let computed = super::plain::computed_types(self.model);
        let word = |computed: bool| computed.then(|| quote!(computed));
        let own = self.model.types.iter().zip(&plain).zip(&computed);
        for ((def, _), computed) in own.filter(|((def, plain), _)| def.module.is_none() && **plain) {
            let computed = word(*computed);
            let name = def.name.as_str();
            let listed = match &def.kind {
                TypeKind::Union(union) => !union.bare,
                kind => matches!(kind, TypeKind::Struct(_)),
            };
            if listed {
                structure_names.push((def.rust.clone(), self.memory_of_type(def)));
            }
            let (ty, make) = (ident(&def.rust), value_name(&def.rust));
            match &def.kind {
                TypeKind::Struct(record) => {
                    items.push(self.struct_value(def, record));
                    structures.push(quote!(ndr_structure!(#computed #name, #make, #ty)));
                }
                TypeKind::Union(union) => {
                    items.push(self.union_value(def, union));
                    // without its discriminant it cannot be read
                    if !union.bare {
                        structures.push(quote!(ndr_structure!(#computed #name, |g| #make(g, None), #ty)));
                    }
                }
                TypeKind::Enum(_) | TypeKind::Bitmap(_) | TypeKind::Opaque => {}
            }
        }
        let operations_of = self.model.operations.iter();
        for operation in operations_of.filter(|operation| super::plain::is_plain_operation(operation, &plain)) {
            let (request, response) = self.message_values(operation);
            items.extend([request, response]);
            let computed = word(super::plain::is_computed_operation(operation, &computed));
            operations.push(self.operation_entry(operation, computed.as_ref()));
            let params = operation.params.iter().map(|param| &param.field.ty).chain(&operation.returns);
            operation_names.push((operation.name.clone(), self.memory_of(params)));
        }
        if structures.is_empty() && operations.is_empty() {
            return Vec::new();
        }
        let module = ident(&super::super::module_name(&self.model.name));
        let elements =
            structure_names.iter().chain(&operation_names).flat_map(|(_, elements)| elements.iter().cloned());
        let named: Vec<TokenStream> = items.iter().cloned().chain(elements).collect();
        let mut all = vec![self.test_uses(&named, &module)];
        let macros = [("ndr_operation", &operations), ("ndr_structure", &structures)];
        let macros = macros.iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| ident(name));
        let mut words = std::collections::HashSet::new();
        items.iter().for_each(|item| collect_words(item.clone(), &mut words));
        let wide = words.contains("Wide").then(|| quote!(, Wide));
        all.push(quote!(use generated_tests::ndr::{Operation, Structure #wide};));
        all.push(quote!(use generated_tests::{Choices, #(#macros),*};));
        all.extend(items);
        // No test of this module looks at an empty one.
        let unused = |list: &[TokenStream]| list.is_empty().then(|| quote!(#[allow(dead_code)]));
        let (no_structure, no_operation) = (unused(&structures), unused(&operations));
        all.push(quote! {
            #[doc = " The structures and unions, with what makes them."]
            #no_structure
            pub const STRUCTURES: &[Structure] = &[#(#structures),*];
        });
        all.push(quote! {
            #[doc = " The operations, with what makes their requests and responses."]
            #no_operation
            pub const OPERATIONS: &[Operation] = &[#(#operations),*];
        });
        all.extend(tests_of("structure", "STRUCTURES", &structure_names));
        all.extend(tests_of("operation", "OPERATIONS", &operation_names));
        all
    }

    /// What the functions name of the crate that has the types.
    fn test_uses(&self, items: &[TokenStream], module: &proc_macro2::Ident) -> TokenStream {
        let mut words = std::collections::HashSet::new();
        items.iter().for_each(|item| collect_words(item.clone(), &mut words));
        let own = self.model.types.iter().filter(|def| def.module.is_none()).map(|def| def.rust.clone());
        let messages = self
            .model
            .operations
            .iter()
            .flat_map(|operation| ["Request", "Response"].map(|what| self.model.message_name(operation, what)));
        let mut used: Vec<String> = own.chain(messages).filter(|name| words.contains(name)).collect();
        used.sort();
        let used = used.iter().map(|name| ident(name));
        let list = |names: &[&str]| -> Vec<_> {
            names.iter().filter(|name| words.contains(**name)).map(|name| ident(name)).collect()
        };
        let known = list(&["ContextHandle", "HResult", "NtStatus", "Sid", "WError"]);
        let known = (!known.is_empty()).then(|| quote!(use runtime::ndr::{#(#known),*};));
        let plain = list(&["Blob", "Guid", "String8", "Utf16"]);
        let plain = (!plain.is_empty()).then(|| quote!(use runtime::{#(#plain),*};));
        quote!(use protocol::#module::{#(#used),*}; #known #plain)
    }

    fn operation_entry(&self, operation: &'m Operation, computed: Option<&TokenStream>) -> TokenStream {
        let name = operation.name.as_str();
        let (request, response) = messages(&operation.name);
        let ty = |what: &str| ident(&self.model.message_name(operation, what));
        let (first, second) = (ty("Request"), ty("Response"));
        let result = self.result_of(operation);
        let needs = Message::new(*self, operation, result.as_ref(), true).needs_request().then(|| quote!(, request));
        quote!(ndr_operation!(#computed #name, #first, #request, #second, #response #needs))
    }

    fn struct_value(&self, def: &'m TypeDef, record: &'m Struct) -> TokenStream {
        let fields: Vec<&Field> = record.fields.iter().collect();
        let derived = super::super::derive::derived(self.model, &fields, |_| true);
        let present = vec![true; fields.len()];
        let maker = Maker { emit: *self, fields: &fields, present: &present, derived: &derived };
        let (lets, inits) = maker.body(fields.iter().map(|field| unknown(field)).collect());
        let (ty, make) = (ident(&def.rust), value_name(&def.rust));
        let lifetime = static_lifetime(def.layout.borrowed);
        let value = if inits.is_empty() { quote!(#ty) } else { quote!(#ty { #(#inits),* }) };
        let (g, body) = (parameter(&lets, &value), nested(def, &lets, &value));
        quote!(pub fn #make(#g: &mut Choices) -> #ty #lifetime { #body })
    }

    /// A union with the arm for a discriminant, or with any.
    fn union_value(&self, def: &'m TypeDef, union: &'m Union) -> TokenStream {
        let maker = Maker { emit: *self, fields: &[], present: &[], derived: &[] };
        let env = Env { model: self.model, fields: Vec::new(), access: Vec::new(), writing: false };
        let (ty, make, tag) = (ident(&def.rust), value_name(&def.rust), self.scalar(union.tag));
        let arm = |arm: &Arm| {
            let variant = ident(&arm.variant);
            let value = arm.ty.as_ref().map(|ty| maker.value(ty, &env));
            match (arm.single(), value) {
                (Some(_), None) => quote!(#ty::#variant),
                (Some(_), Some(value)) => quote!(#ty::#variant(#value)),
                (None, None) => quote!(#ty::#variant(tag)),
                (None, Some(value)) => quote!(#ty::#variant(tag, #value)),
            }
        };
        let default = union.arms.iter().find(|arm| arm.default);
        let fallback = default.or(union.arms.first());
        let arms = union.arms.iter().filter(|one| !one.labels.is_empty()).filter_map(|one| {
            // The last resort for a discriminant of no arm is the first arm: what it contradicts is not packed.
            let resort = default.is_none() && fallback.is_some_and(|first| std::ptr::eq(first, one));
            let (labels, value) = (super::shapes::alternatives(union.tag, &one.labels), arm(one));
            (!resort).then(|| quote!(#labels => #value,))
        });
        let arms: Vec<TokenStream> = arms.collect();
        let rest = fallback.map(arm).unwrap_or_default();
        let chosen = labels_of(union);
        let has_default = default.is_some();
        let lets = quote!(let tag: #tag = tag.unwrap_or_else(|| g.tag(&[#(#chosen),*], #has_default)););
        let value = if arms.is_empty() { rest } else { quote!(match tag { #(#arms)* _ => #rest }) };
        let body = nested(def, &lets, &value);
        let lifetime = static_lifetime(def.layout.borrowed);
        quote!(pub fn #make(g: &mut Choices, tag: Option<#tag>) -> #ty #lifetime { #body })
    }

    /// Functions for request and response.
    fn message_values(&self, operation: &'m Operation) -> (TokenStream, TokenStream) {
        let result = self.result_of(operation);
        let one = |response: bool| {
            let message = Message::new(*self, operation, result.as_ref(), response);
            let maker =
                Maker { emit: *self, fields: &message.fields, present: &message.present, derived: &message.derived };
            let access = (0..message.fields.len()).map(|index| match message.carries(index) {
                true => message.fields.get(index).map_or(Access::Missing, |field| unknown(field)),
                false => message.outside(index),
            });
            let (lets, inits) = maker.body(access.collect());
            let ty = ident(&message.name);
            let value = if inits.is_empty() { quote!(#ty) } else { quote!(#ty { #(#inits),* }) };
            let lifetime = static_lifetime(message.layout().borrowed);
            (ty, lifetime, lets, value)
        };
        let (request, response) = messages(&operation.name);
        let (ty, lifetime, lets, value) = one(false);
        let g = parameter(&lets, &value);
        let first = quote!(pub fn #request(#g: &mut Choices) -> #ty #lifetime { #lets #value });
        let (request_ty, borrowed) = (ty, !lifetime.is_empty());
        let (ty, lifetime, lets, value) = one(true);
        let g = parameter(&lets, &value);
        let elided = borrowed.then(|| quote!(<'_>));
        let mut words = std::collections::HashSet::new();
        collect_words(quote!(#lets #value), &mut words);
        let argument = ident(if words.contains("request") { "request" } else { "_request" });
        let second = quote! {
            pub fn #response(#g: &mut Choices, #argument: &#request_ty #elided) -> #ty #lifetime { #lets #value }
        };
        (first, second)
    }
}

/// Makes the fields of a structure or a message.
struct Maker<'e, 'm> {
    emit: Emit<'m>,
    fields: &'e [&'m Field],
    present: &'e [bool],
    derived: &'e [Option<Derived>],
}

impl<'m> Maker<'_, 'm> {
    /// Statements for what others depend on, then the fields; `access` is how what is not present is reached.
    fn body(&self, access: Vec<Access>) -> (TokenStream, Vec<TokenStream>) {
        let mut env = Env { model: self.emit.model, fields: self.fields.to_vec(), access, writing: false };
        let sources = self.sources();
        let mut lets = TokenStream::new();
        // Lengths before sizes, which are at least as large.
        for role in [Role::Tag, Role::Length, Role::Size] {
            for (index, _) in sources.iter().enumerate().filter(|(_, found)| **found == Some(role)) {
                let (Some(field), Some(true)) = (self.fields.get(index), self.present.get(index)) else { continue };
                let value = self.source(index, role, &field.ty, &env);
                let (name, ty) = (variable(field), self.emit.rust_type(&field.ty));
                lets.extend(quote!(let #name: #ty = #value;));
                if let Some(access) = env.access.get_mut(index) {
                    *access = Access::Place(name);
                }
            }
        }
        let shown = (0..self.fields.len()).filter(|&index| {
            self.present.get(index) == Some(&true) && self.derived.get(index).copied().flatten().is_none()
        });
        let inits = shown.filter_map(|index| {
            let field = self.fields.get(index)?;
            let name = ident(&field.rust);
            if sources.get(index).copied().flatten().is_some() {
                let value = variable(field);
                return Some(if value.to_string() == field.rust { quote!(#name) } else { quote!(#name: #value) });
            }
            let value = self.value(&field.ty, &env);
            Some(quote!(#name: #value))
        });
        let inits = inits.collect();
        (lets, inits)
    }

    /// For every field what others take from it.
    fn sources(&self) -> Vec<Option<Role>> {
        let mut roles: Vec<Option<Role>> = vec![None; self.fields.len()];
        for field in self.fields {
            each_expr(&field.ty, &mut |role, expr| {
                expr.fields(&mut |index| {
                    let computed = self.fields.get(index).is_some_and(|field| field.value.is_some());
                    if let Some(slot) = roles.get_mut(index).filter(|_| !computed) {
                        *slot = Some(slot.map_or(role, |before| before.min(role)));
                    }
                });
            });
        }
        roles
    }

    /// A count or a discriminant.
    fn source(&self, index: usize, role: Role, ty: &Type, env: &Env<'m>) -> TokenStream {
        match ty {
            Type::Pointer(Pointer::Ref, to) | Type::Formatted(_, to) => self.source(index, role, to, env),
            Type::Pointer(_, to) => {
                let value = self.source(index, role, to, env);
                quote!(g.option(|g| #value))
            }
            Type::Scalar(scalar) => self.number(index, role, *scalar, (0, scalar.max()), env),
            Type::Ranged(scalar, low, high) => self.number(index, role, *scalar, (*low, *high), env),
            Type::Named(id) => match self.emit.model.get(*id).map(|def| (self.emit.path(def), &def.kind)) {
                Some((path, TypeKind::Enum(flags) | TypeKind::Bitmap(flags))) => {
                    let path = in_protocol(&path);
                    let value = self.number(index, role, flags.scalar, (0, flags.scalar.max()), env);
                    quote!(#path(#value))
                }
                _ => self.value(ty, env),
            },
            _ => self.value(ty, env),
        }
    }

    fn number(&self, index: usize, role: Role, scalar: Scalar, range: (u64, u64), env: &Env<'m>) -> TokenStream {
        if scalar.is_float() {
            return self.value(&Type::Scalar(scalar), env);
        }
        if role == Role::Tag {
            let (labels, default) = self.labels(index);
            let labels = labels.into_iter().map(proc_macro2::Literal::u64_unsuffixed);
            return quote!(g.tag(&[#(#labels),*], #default));
        }
        let (mut low, high) = range;
        let (mut at_least, mut at_most) = (Vec::new(), Vec::new());
        for field in self.fields {
            each_array(&field.ty, &mut |size, length, text| {
                let reads = |expr: &Expr| {
                    let mut found = false;
                    expr.fields(&mut |field| found |= field == index);
                    found
                };
                match (size, length) {
                    (Some(size), Some(length)) if reads(length) && !reads(size) && env.knows(size) => {
                        at_most.push(env.value(size));
                    }
                    (Some(size), Some(length)) if reads(size) && !reads(length) && env.knows(length) => {
                        // Of what is divided there has to be more.
                        let factor = proc_macro2::Literal::u64_unsuffixed(divisor(size));
                        let value = env.value(length);
                        at_least.push(quote!((#value).saturating_mul(#factor)));
                    }
                    (Some(size), _) if text && reads(size) => low = low.max(1),
                    _ => {}
                }
            });
        }
        // No count is below zero.
        let floor = (low > 0 || at_least.is_empty()).then(|| proc_macro2::Literal::u64_unsuffixed(low));
        let high = proc_macro2::Literal::u64_unsuffixed(high.max(low));
        let floor = floor.map(|low| quote!(#low));
        let low = floor.into_iter().chain(at_least).reduce(|low, value| quote!((#value).max(#low)));
        let high = at_most.iter().fold(quote!(#high), |high, value| quote!((#value).min(#high)));
        quote!(g.count(#low, #high))
    }

    /// The discriminants that every union has which takes them from this field, and whether all have a default.
    fn labels(&self, index: usize) -> (Vec<u64>, bool) {
        let mut common: Option<(Vec<u64>, bool)> = None;
        for field in self.fields {
            each_union(&field.ty, &mut |id, switch| {
                let mut reads = false;
                switch.fields(&mut |field| reads |= field == index);
                let Some(TypeKind::Union(union)) = self.emit.model.get(id).map(|def| &def.kind) else { return };
                if !reads {
                    return;
                }
                let default = union.arms.iter().any(|arm| arm.default);
                let labels: Vec<u64> = union.arms.iter().flat_map(|arm| arm.labels.iter().copied()).collect();
                common = Some(match common.take() {
                    None => (labels, default),
                    Some((before, other)) => (
                        before.into_iter().filter(|label| default || labels.contains(label)).collect(),
                        other && default,
                    ),
                });
            });
        }
        common.unwrap_or_default()
    }

    /// A value of a type.
    fn value(&self, ty: &Type, env: &Env<'m>) -> TokenStream {
        match ty {
            Type::Scalar(scalar) => number(*scalar),
            Type::Ranged(_, low, high) => {
                let (low, high) =
                    (proc_macro2::Literal::u64_unsuffixed(*low), proc_macro2::Literal::u64_unsuffixed(*high));
                quote!(g.within(#low, #high))
            }
            Type::Named(id) => self.named(*id),
            Type::Union(id, switch) => {
                let make = self.function(*id);
                match switch.as_ref().filter(|switch| env.knows(switch)) {
                    Some(switch) => {
                        let tag = env.value(switch);
                        quote!(#make(g, Some(Wide::narrow(#tag))))
                    }
                    None => quote!(#make(g, None)),
                }
            }
            Type::Known(known) => match known {
                Known::NtStatus => quote!(NtStatus(g.u32())),
                Known::WError => quote!(WError(g.u32())),
                Known::HResult => quote!(HResult(g.u32())),
                Known::Guid => quote!(g.guid()),
                Known::ContextHandle => quote!(g.context_handle()),
                Known::Blob => quote!(g.blob(40)),
                Known::Sid | Known::SidConformant | Known::SidOptional => quote!(g.sid(15)),
                Known::SidPadded => quote!(g.sid(5)),
            },
            Type::Pointer(Pointer::Ref, to) => self.pointed(Pointer::Ref, to, env),
            Type::Pointer(kind, to) => {
                let value = self.pointed(*kind, to, env);
                match as_function(&value) {
                    Some(function) => quote!(g.option(#function)),
                    None => quote!(g.option(|g| #value)),
                }
            }
            Type::Array(array) => self.array(array, env),
            Type::Text(text) => {
                let method = ident(if text.wide { "utf16" } else { "string8" });
                let max = text_room(text, env);
                quote!(g.#method(#max))
            }
            Type::Flat(flat) => {
                let text = ident(if flat.flags.narrow { "string8" } else { "utf16" });
                if flat.list {
                    return quote!(g.without(|g| g.#text(8), |text| text.is_empty()));
                }
                let count = proc_macro2::Literal::usize_unsuffixed(TEXT);
                quote!(g.#text(#count))
            }
            Type::Formatted(_, inner) => self.value(inner, env),
            Type::Sub(sub) => self.value(&sub.inner, env),
            // no test makes values of it
            Type::Pipe(_) => quote!(Default::default()),
        }
    }

    fn pointed(&self, kind: Pointer, to: &Type, env: &Env<'m>) -> TokenStream {
        let value = self.value(to, env);
        if self.emit.is_boxed(kind, to) { quote!(Box::new(#value)) } else { value }
    }

    fn named(&self, id: TypeId) -> TokenStream {
        let Some(def) = self.emit.model.get(id) else { return quote!(Default::default()) };
        match &def.kind {
            TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => {
                let (path, value) = (in_protocol(&self.emit.path(def)), number(flags.scalar));
                quote!(#path(#value))
            }
            TypeKind::Opaque => quote!(Default::default()),
            TypeKind::Struct(_) | TypeKind::Union(_) => {
                let make = self.function(id);
                quote!(#make(g))
            }
        }
    }

    /// The function that makes values of a type.
    fn function(&self, id: TypeId) -> TokenStream {
        let Some(def) = self.emit.model.get(id) else { return quote!(Default::default) };
        let make = value_name(&def.rust);
        match def.module.as_deref().and_then(|module| module.rsplit("::").next()) {
            Some(module) => {
                let module = ident(module);
                quote!(super::#module::#make)
            }
            None => quote!(#make),
        }
    }

    fn array(&self, array: &Array, env: &Env<'m>) -> TokenStream {
        let known = |expr: Option<&Expr>| expr.filter(|expr| env.knows(expr)).map(|expr| env.value(expr));
        let count = match (&array.size, array.length.as_ref()) {
            (_, Some(length)) => known(Some(length)),
            (Size::Conformant(size) | Size::Headed(size), None) => known(size.as_ref()),
            (Size::Inline(size), None) => known(Some(size)),
            (Size::Fixed(count), None) if array.varying => {
                let count = proc_macro2::Literal::u64_unsuffixed(*count);
                Some(quote!(g.count(0, #count)))
            }
            (Size::Fixed(count), None) => {
                let count = proc_macro2::Literal::u64_unsuffixed(*count);
                Some(quote!(#count))
            }
        };
        if layout::is_byte(&array.element) {
            return match (self.emit.small_array(array), count) {
                (Some(_), _) => quote!(g.bytes()),
                (None, Some(count)) => quote!(g.blob_as(#count)),
                (None, None) => quote!(g.blob(40)),
            };
        }
        if self.emit.is_text(array) {
            return match count {
                Some(count) => quote!(g.utf16_of(#count)),
                None => quote!(g.utf16(20)),
            };
        }
        let element = self.value(&array.element, env);
        let element = as_function(&element).unwrap_or_else(|| quote!(|g| #element));
        if self.emit.small_array(array).is_some() {
            let element = self.value(&array.element, env);
            return quote!(std::array::from_fn(|_| #element));
        }
        match count {
            Some(count) => quote!(g.list_of(#count, #element)),
            None => quote!(g.list(#element)),
        }
    }
}

/// What a field is to others, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// The discriminant of a union.
    Tag,
    /// The number of elements that are sent.
    Length,
    /// The number of elements that there is room for.
    Size,
}

/// Every expression of a type with its role.
fn each_expr(ty: &Type, f: &mut impl FnMut(Role, &Expr)) {
    each_union(ty, &mut |_, switch| f(Role::Tag, switch));
    each_array(ty, &mut |size, length, _| {
        if let Some(length) = length {
            f(Role::Length, length);
        }
        if let Some(size) = size {
            f(Role::Size, size);
        }
    });
}

/// Every union with a discriminant elsewhere.
fn each_union(ty: &Type, f: &mut impl FnMut(TypeId, &Expr)) {
    match ty {
        Type::Union(id, Some(switch)) => f(*id, switch),
        Type::Pointer(_, to) | Type::Formatted(_, to) => each_union(to, f),
        Type::Sub(sub) => each_union(&sub.inner, f),
        Type::Array(array) => each_union(&array.element, f),
        _ => {}
    }
}

/// Size and length of every array and text, and whether it is a text.
fn each_array(ty: &Type, f: &mut impl FnMut(Option<&Expr>, Option<&Expr>, bool)) {
    match ty {
        Type::Array(array) => {
            f(array.size.expr(), array.length.as_ref(), false);
            each_array(&array.element, f);
        }
        Type::Text(Text { size, .. }) => {
            if let Some(size) = size.expr() {
                f(Some(size), None, true);
            }
        }
        Type::Pointer(_, to) | Type::Formatted(_, to) => each_array(to, f),
        Type::Sub(sub) => each_array(&sub.inner, f),
        _ => {}
    }
}

/// By what an expression divides.
fn divisor(expr: &Expr) -> u64 {
    match expr {
        Expr::Binary(crate::ast::BinaryOp::Div, a, b) => match **b {
            Expr::Const(by) => divisor(a).saturating_mul(by.max(1)),
            _ => 1,
        },
        Expr::Binary(_, a, b) => divisor(a).max(divisor(b)),
        Expr::Ternary(_, a, b) => divisor(a).max(divisor(b)),
        _ => 1,
    }
}

/// A number, more often than not near a boundary.
fn number(scalar: Scalar) -> TokenStream {
    match scalar {
        Scalar::U3264 => quote!(u64::from(g.u32())),
        other => {
            let method = ident(other.rust());
            quote!(g.#method())
        }
    }
}

fn text_room(text: &Text, env: &Env<'_>) -> TokenStream {
    match &text.size {
        Size::Fixed(count) => {
            let count = proc_macro2::Literal::u64_unsuffixed(count.saturating_sub(1));
            quote!(#count)
        }
        size => {
            if let Some(size) = size.expr().filter(|size| env.knows(size)) {
                let size = env.value(size);
                return quote!(Choices::room(#size));
            }
            let count = proc_macro2::Literal::usize_unsuffixed(TEXT);
            quote!(#count)
        }
    }
}

fn labels_of(union: &Union) -> Vec<proc_macro2::Literal> {
    let labels = union.arms.iter().flat_map(|arm| arm.labels.iter().copied());
    labels.map(proc_macro2::Literal::u64_unsuffixed).collect()
}

/// `make(g)` as `make`.
fn as_function(value: &TokenStream) -> Option<TokenStream> {
    let tokens: Vec<proc_macro2::TokenTree> = value.clone().into_iter().collect();
    let (last, path) = tokens.split_last()?;
    let call = matches!(last, proc_macro2::TokenTree::Group(group) if group.stream().to_string() == "g");
    let plain = path.iter().all(|token| match token {
        proc_macro2::TokenTree::Ident(_) => true,
        proc_macro2::TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    (call && plain && !path.is_empty()).then(|| path.iter().cloned().collect())
}

/// The body, one level down in a type that contains itself.
fn nested(def: &TypeDef, lets: &TokenStream, value: &TokenStream) -> TokenStream {
    if !def.layout.recursive {
        return quote!(#lets #value);
    }
    if lets.is_empty() { quote!(g.nest(|g| #value)) } else { quote!(g.nest(|g| { #lets #value })) }
}

/// `g`, or `_g` where nothing is chosen.
fn parameter(lets: &TokenStream, value: &TokenStream) -> proc_macro2::Ident {
    let mut words = std::collections::HashSet::new();
    collect_words(quote!(#lets #value), &mut words);
    ident(if words.contains("g") { "g" } else { "_g" })
}

fn static_lifetime(borrowed: bool) -> TokenStream {
    if borrowed { quote!(<'static>) } else { TokenStream::new() }
}

fn value_name(rust: &str) -> proc_macro2::Ident {
    let name = names::field_name(rust);
    ident(&format!("{}_value", name.trim_start_matches("r#")))
}

/// The functions for request and response.
fn messages(operation: &str) -> (proc_macro2::Ident, proc_macro2::Ident) {
    let name = names::field_name(operation);
    let name = name.trim_start_matches("r#");
    (ident(&format!("{name}_request")), ident(&format!("{name}_response")))
}

/// A path of the crate of descriptions from outside of it.
pub(super) fn in_protocol(path: &TokenStream) -> TokenStream {
    path.clone()
        .into_iter()
        .map(|token| match token {
            proc_macro2::TokenTree::Ident(word) if word == "crate" => ident("protocol").into(),
            other => other,
        })
        .collect()
}

/// How a field is reached before it is chosen.
fn unknown(field: &Field) -> Access {
    match &field.value {
        Some(Value::Number(expr @ Expr::Const(_))) => Access::Computed(expr.clone()),
        _ => Access::Missing,
    }
}

/// The variable of a field; `g` is what choices come from.
fn variable(field: &Field) -> TokenStream {
    if field.rust == "g" { quote!(g_) } else { local(field) }
}
