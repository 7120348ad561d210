//! Packing and unpacking of structures and unions, in both phases where they hold pointers.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::derive::{Derived, derived};
use super::super::dialect::{Absent, Format, Value};
use super::super::model::{Arm, Expr, Field, Layout, Scalar, Size, Struct, Type, TypeDef, Union};
use super::dialect::format_around;
use super::exprs::{Access, Env, init, local};
use super::read::Read;
use super::runs::{Fixed, Plan, Position};
use super::write::{Place, Write};
use super::{Emit, ident, literal, range, usize_literal};

/// Deeper than this no structure may contain itself, whatever it says: the stack is finite.
const MAX_RECURSION: u32 = 1000;

impl<'m> Emit<'m> {
    pub(super) fn struct_impl(&self, def: &'m TypeDef, record: &'m Struct) -> TokenStream {
        if let Some(fixed) = self.fixed_def(def) {
            return self.run_functions(def, record, fixed);
        }
        let fields: Vec<&Field> = record.fields.iter().collect();
        let derived = derived(self.model, &fields, |_| true);
        let (format, base, limit) = (def.format, def.relative_base, nested_limit(def));
        let body = Body { emit: *self, fields, derived, layout: def.layout, format, base, limit };
        let limit = recursion(def, record.max_recursion);
        let (read, write) = (body.read_scalars(), body.write_scalars());
        let buffers = def.layout.pointers.then(|| (body.read_buffers(), body.write_buffers()));
        let max_count = def.layout.conformant.then(|| body.write_max_count());
        self.phases(def, &read, &write, buffers, max_count, limit)
    }

    pub(super) fn union_impl(&self, def: &'m TypeDef, union: &'m Union) -> TokenStream {
        let limit = recursion(def, union.max_recursion);
        let (read, write) = (self.union_read(def, union), self.union_write(def, union));
        let buffers = def.layout.pointers.then(|| {
            let around = |on| type_around(def, on, true);
            let ((c_before, c_after), (e_before, e_after)) = (around("c"), around("e"));
            let (read, write) = (self.union_buffers(union, true), self.union_buffers(union, false));
            (quote!(#c_before #read #c_after), quote!(#e_before #write #e_after))
        });
        let phases = self.phases(def, &read, &write, buffers, None, limit);
        let (generics, name) = (self.lifetime(def.layout.borrowed), ident(&def.rust));
        let tag = self.scalar(union.tag);
        let arms = union.arms.iter().map(|arm| {
            let variant = ident(&arm.variant);
            match (arm.single(), &arm.ty) {
                (Some(label), ty) => {
                    let label = literal(union.tag, label);
                    let rest = ty.is_some().then(|| quote!((..)));
                    quote!(Self::#variant #rest => #label,)
                }
                (None, None) => quote!(Self::#variant(tag) => *tag,),
                (None, Some(_)) => quote!(Self::#variant(tag, _) => *tag,),
            }
        });
        quote! {
            impl #generics #name #generics {
                #[doc = " The discriminant, which chooses the arm."]
                #[must_use]
                pub fn discriminant(&self) -> #tag {
                    match self { #(#arms)* }
                }
                #phases
            }
        }
    }

    /// The functions of a type: one phase, or two with a whole around them.
    fn phases(
        &self,
        def: &TypeDef,
        read: &TokenStream,
        write: &TokenStream,
        buffers: Option<(TokenStream, TokenStream)>,
        max_count: Option<TokenStream>,
        limit: Option<TokenStream>,
    ) -> TokenStream {
        let layout = def.layout;
        let cursor = if layout.borrowed { quote!(&mut NdrCursor<'a>) } else { quote!(&mut NdrCursor<'_>) };
        let is_struct = matches!(def.kind, super::super::model::TypeKind::Struct(_));
        let bare = matches!(&def.kind, super::super::model::TypeKind::Union(union) if union.bare);
        let tag = bare.then(|| quote!(, tag: u64));
        let functions = if layout.pointers || layout.conformant {
            self.two_phases(layout, bare, &cursor, read, write, buffers, max_count, limit)
        } else {
            // a structure without fields
            let c = if super::has_word(read, "c") { quote!(c) } else { quote!(_) };
            let e = if super::has_word(write, "e") { quote!(e) } else { quote!(_) };
            quote! {
                #[doc = " Reads the value; an error names the field that cannot be read."]
                pub fn unpack(#c: #cursor #tag) -> Result<Self, UnpackError> { #read }
                #[doc = " Writes the value; an error names the field that cannot be written."]
                pub fn pack(&self, #e: &mut NdrEncoder) -> Result<(), PackError> { #write }
            }
        };
        if !is_struct {
            return functions;
        }
        let (generics, name) = (self.lifetime(layout.borrowed), ident(&def.rust));
        quote!(impl #generics #name #generics { #functions })
    }

    #[allow(clippy::too_many_arguments)]
    fn two_phases(
        &self,
        layout: Layout,
        bare: bool,
        cursor: &TokenStream,
        read: &TokenStream,
        write: &TokenStream,
        buffers: Option<(TokenStream, TokenStream)>,
        max_count: Option<TokenStream>,
        limit: Option<TokenStream>,
    ) -> TokenStream {
        let conformant = layout.conformant;
        let (head, argument, parameter) = if conformant {
            (quote!(let max_count = c.max_count()?;), quote!(, max_count), quote!(, max_count: usize))
        } else if bare {
            (TokenStream::new(), quote!(, tag), quote!(, tag: u64))
        } else {
            Default::default()
        };
        let tag = bare.then(|| quote!(, tag: u64));
        let (open, close) = if layout.relative {
            (quote!(let frame = e.open();), quote!(e.close(frame); Ok(())))
        } else {
            Default::default()
        };
        let write_head = conformant.then(|| quote!(self.pack_max_count(e)?;));
        let (whole_read, whole_write) = if layout.pointers {
            (
                quote! {
                    #head
                    let frame = c.open();
                    let mut value = Self::unpack_scalars(c #argument)?;
                    value.unpack_buffers(c)?;
                    c.close(frame);
                    Ok(value)
                },
                if layout.relative {
                    quote!(#write_head #open self.pack_scalars(e)?; self.pack_buffers(e)?; #close)
                } else {
                    quote!(#write_head self.pack_scalars(e)?; self.pack_buffers(e))
                },
            )
        } else {
            (quote!(#head Self::unpack_scalars(c #argument)), quote!(#write_head self.pack_scalars(e)))
        };
        let scalars_doc = if conformant {
            " Reads what stands in the value itself, after the maximum count of the array that ends it."
        } else {
            " Reads what stands in the value itself; its pointers wait."
        };
        let max_count = max_count.map(|body| {
            quote! {
                #[doc = " Writes the maximum count of the array that ends it, which stands before everything else."]
                pub fn pack_max_count(&self, e: &mut NdrEncoder) -> Result<(), PackError> { #body Ok(()) }
            }
        });
        let buffers = buffers.map(|(read, write)| {
            let (enter, leave) = match limit {
                Some(limit) => (Some(limit), true),
                None => (None, false),
            };
            let (c_enter, e_enter) = match &enter {
                Some(limit) => (quote!(c.enter(#limit)?;), quote!(e.enter(#limit)?;)),
                None => Default::default(),
            };
            let (c_leave, e_leave) = if leave { (quote!(c.leave();), quote!(e.leave();)) } else { Default::default() };
            quote! {
                #[doc = " Reads what its pointers point to."]
                pub fn unpack_buffers(&mut self, c: #cursor) -> Result<(), UnpackError> {
                    #c_enter #read #c_leave Ok(())
                }
                #[doc = " Writes what its pointers point to."]
                pub fn pack_buffers(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
                    #e_enter #write #e_leave Ok(())
                }
            }
        });
        quote! {
            #[doc = " Reads the value with all that it points to; an error names the field that cannot be read."]
            pub fn unpack(c: #cursor #tag) -> Result<Self, UnpackError> { #whole_read }
            #[doc = " Writes the value with all that it points to; an error names the field that cannot be written."]
            pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> { #whole_write }
            #[doc = #scalars_doc]
            pub fn unpack_scalars(c: #cursor #parameter) -> Result<Self, UnpackError> { #read }
            #max_count
            #[doc = " Writes what stands in the value itself."]
            pub fn pack_scalars(&self, e: &mut NdrEncoder) -> Result<(), PackError> { #write }
            #buffers
        }
    }

    fn union_read(&self, def: &TypeDef, union: &Union) -> TokenStream {
        let env = Env { model: self.model, fields: Vec::new(), access: Vec::new(), writing: false };
        let method = ident(union.tag.method());
        let align = gap64(def.layout, "c");
        // what takes every other value comes last, wherever it was declared
        let last = |default: bool| union.arms.iter().filter(move |arm| arm.default == default);
        let arms = last(false).chain(last(true)).map(|arm| {
            let at = arm.name.as_str();
            let variant = ident(&arm.variant);
            let read = Read { emit: *self, env: &env, at: Some(at) };
            let value = arm.ty.as_ref().map(|ty| read.scalars(ty));
            let value = match (arm.single(), value) {
                (Some(_), None) => quote!(Self::#variant),
                (Some(_), Some(value)) => quote!(Self::#variant(#value)),
                (None, None) => quote!(Self::#variant(tag)),
                (None, Some(value)) => quote!(Self::#variant(tag, #value)),
            };
            if arm.default && union.arms.len() == 1 {
                return value;
            }
            let pattern = self.arm_pattern(union, arm);
            quote!(#pattern => #value,)
        });
        let (before, after) = type_around(def, "c", false);
        let other = (!union.arms.iter().any(|arm| arm.default)).then(|| {
            let expected = format!("a discriminant of {}", def.name);
            let found = super::exprs::widen(union.tag, quote!(tag));
            let size = usize_literal(union.tag.sizes().0);
            let all = union.tag == Scalar::Bool && union.arms.iter().map(|arm| arm.labels.len()).sum::<usize>() > 1;
            if all { TokenStream::new() } else { quote!(_ => return Err(c.invalid(#found, #expected, #size)),) }
        });
        let before_arm = before_arm(def, union, "c");
        let tag = (!union.bare).then(|| quote!(let tag = c.#method()?;));
        let value = match union.arms.as_slice() {
            [one] if one.default => quote!(#(#arms)*),
            _ => quote!(match tag { #(#arms)* #other }),
        };
        if before.is_empty() {
            return quote!(#align #tag #before_arm Ok(#value));
        }
        quote!(#before #align #tag #before_arm let value = #value; #after Ok(value))
    }

    fn arm_pattern(&self, union: &Union, arm: &Arm) -> TokenStream {
        if arm.default {
            return quote!(_);
        }
        alternatives(union.tag, &arm.labels)
    }

    fn union_write(&self, def: &TypeDef, union: &Union) -> TokenStream {
        let env = Env { model: self.model, fields: Vec::new(), access: Vec::new(), writing: false };
        let method = ident(union.tag.method());
        let align = gap64(def.layout, "e");
        // The discriminant of an arm for several values is the caller's choice, within the arm.
        let wrong = union.arms.iter().filter(|arm| arm.single().is_none()).filter_map(|arm| {
            let variant = ident(&arm.variant);
            let rest = arm.ty.is_some().then(|| quote!(, _));
            let pattern = if arm.default {
                let others = union.arms.iter().filter(|other| !other.default).flat_map(|other| other.labels.iter());
                let others: Vec<u64> = others.copied().collect();
                if others.is_empty() {
                    return None;
                }
                let others = alternatives(union.tag, &others);
                quote!(Self::#variant(#others #rest))
            } else {
                let labels = self.arm_pattern(union, arm);
                quote!(Self::#variant(tag #rest) if !matches!(tag, #labels))
            };
            let expected = format!("a discriminant of the arm {}", arm.name);
            Some(quote!(if matches!(self, #pattern) { return Err(e.mismatch(#expected)); }))
        });
        let check: TokenStream = wrong.collect();
        let arms = union.arms.iter().map(|arm| {
            let write = Write { emit: *self, env: &env, at: Some(&arm.name), owner: None };
            let value = arm.ty.as_ref().map(|ty| write.scalars(ty, &Place::reference(quote!(value))));
            arm_match(arm, value.as_ref())
        });
        let before_arm = before_arm(def, union, "e");
        let tag = (!union.bare).then(|| quote!(e.#method(self.discriminant())?;));
        let (before, after) = type_around(def, "e", false);
        quote! {
            #check
            #before
            #align
            #tag
            #before_arm
            match self { #(#arms)* }
            #after
            Ok(())
        }
    }

    /// What the pointers of the arm that is there point to.
    fn union_buffers(&self, union: &Union, read: bool) -> TokenStream {
        let env = Env { model: self.model, fields: Vec::new(), access: Vec::new(), writing: false };
        let mut rest = Vec::new();
        let mut arms = Vec::new();
        for arm in &union.arms {
            let Some(ty) = arm.ty.as_ref().filter(|ty| self.layout(ty).pointers) else {
                let variant = ident(&arm.variant);
                let fields = (arm.ty.is_some() || arm.single().is_none()).then(|| quote!((..)));
                rest.push(quote!(Self::#variant #fields));
                continue;
            };
            let value = if read {
                Read { emit: *self, env: &env, at: Some(&arm.name) }.buffers(ty, &quote!(value), true)
            } else {
                Write { emit: *self, env: &env, at: Some(&arm.name), owner: None }
                    .buffers(ty, &Place::reference(quote!(value)))
            };
            arms.push(arm_match(arm, Some(&value)));
        }
        let rest = (!rest.is_empty()).then(|| quote!(#(#rest)|* => {}));
        quote!(match self { #(#arms)* #rest })
    }
}

/// Statements around the data of a type: its format, and from where its offsets count.
fn type_around(def: &TypeDef, on: &str, buffers: bool) -> (TokenStream, TokenStream) {
    let limit = if buffers { None } else { nested_limit(def) };
    around(def.format, def.relative_base && def.layout.pointers, limit, on, buffers)
}

/// How deep a type may stand in lists of itself.
fn nested_limit(def: &TypeDef) -> Option<TokenStream> {
    use super::super::model::TypeKind;
    let limit = match &def.kind {
        TypeKind::Struct(record) => record.max_recursion,
        TypeKind::Union(union) => union.max_recursion,
        _ => None,
    };
    if def.layout.nested { recursion(def, limit) } else { None }
}

fn around(
    format: Format,
    base: bool,
    limit: Option<TokenStream>,
    on: &str,
    buffers: bool,
) -> (TokenStream, TokenStream) {
    let (mut before, mut after) = format_around(format, on);
    if let Some(limit) = limit {
        let on = ident(on);
        before.extend(quote!(#on.enter(#limit)?;));
        after.extend(quote!(#on.leave();));
    }
    if base {
        let (on, set) = (ident(on), ident(if buffers { "resume_base" } else { "begin_base" }));
        before.extend(quote!(let base = #on.#set();));
        after = quote!(#on.reset_base(base); #after);
    }
    (before, after)
}

/// A pattern of numbers, three or more in a row as a range.
pub(super) fn alternatives(scalar: Scalar, values: &[u64]) -> TokenStream {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let mask = super::super::bodies::width_mask(scalar);
    let lowest = if scalar.is_signed() { mask ^ (mask >> 1) } else { 0 };
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for value in sorted {
        match runs.last_mut() {
            // In a signed integer the highest number and the lowest one would stand together.
            Some((_, last)) if value != lowest && last.checked_add(1) == Some(value) => *last = value,
            _ => runs.push((value, value)),
        }
    }
    let patterns = runs.into_iter().map(|(first, last)| {
        let (low, high) = (literal(scalar, first), literal(scalar, last));
        match last - first {
            0 => low,
            1 => quote!(#low | #high),
            _ => quote!(#low..=#high),
        }
    });
    quote!(#(#patterns)|*)
}

/// One statement as an expression, several as a block.
pub(super) fn statement(statements: &TokenStream) -> TokenStream {
    let semicolons = statements
        .clone()
        .into_iter()
        .filter(|token| matches!(token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ';'));
    let all: Vec<proc_macro2::TokenTree> = statements.clone().into_iter().collect();
    match (semicolons.count(), all.split_last()) {
        (1, Some((proc_macro2::TokenTree::Punct(last), before))) if last.as_char() == ';' => {
            let expr: TokenStream = before.iter().cloned().collect();
            expr
        }
        _ => quote!({ #statements }),
    }
}

/// An arm of a `match self` over a union.
fn arm_match(arm: &Arm, value: Option<&TokenStream>) -> TokenStream {
    let variant = ident(&arm.variant);
    let Some(value) = value else {
        return if arm.single().is_some() { quote!(Self::#variant => {}) } else { quote!(Self::#variant(_) => {}) };
    };
    let body = statement(value);
    // a pointer that is ignored is written whatever it is
    let bound = if super::has_word(value, "value") { quote!(value) } else { quote!(_) };
    if arm.single().is_some() {
        quote!(Self::#variant(#bound) => #body,)
    } else {
        quote!(Self::#variant(_, #bound) => #body,)
    }
}

/// The gap that only NDR64 has, where there can be one.
fn gap64(layout: Layout, on: &str) -> Option<TokenStream> {
    let on = ident(on);
    let align = usize_literal(layout.align64);
    (layout.align64 > 1).then(|| quote!(#on.align_ndr64(#align)?;))
}

/// The gap between discriminant and arm.
fn before_arm(def: &TypeDef, union: &Union, on: &str) -> Option<TokenStream> {
    if !union.aligned || def.layout.align == 1 {
        return if union.bare { None } else { gap64(def.layout, on) };
    }
    let on = ident(on);
    let (align, align64) = (usize_literal(def.layout.align), usize_literal(def.layout.align64));
    Some(quote!(#on.align(#align, #align64)?;))
}

fn recursion(def: &TypeDef, limit: Option<u32>) -> Option<TokenStream> {
    def.layout.recursive.then(|| match limit {
        Some(limit) => {
            let limit = proc_macro2::Literal::u32_unsuffixed(limit.min(MAX_RECURSION));
            quote!(#limit)
        }
        None => quote!(runtime::ndr::MAX_RECURSION),
    })
}

/// The fields of a structure, in the making.
struct Body<'m> {
    emit: Emit<'m>,
    fields: Vec<&'m Field>,
    derived: Vec<Option<Derived>>,
    layout: Layout,
    format: Format,
    /// Offsets inside count from its beginning.
    base: bool,
    /// How deep it may stand in lists of itself.
    limit: Option<TokenStream>,
}

impl<'m> Body<'m> {
    fn derived(&self, index: usize) -> Option<Derived> {
        self.derived.get(index).copied().flatten()
    }

    /// Fields as members of `self`.
    fn own(&self) -> Env<'m> {
        let access = (0..self.fields.len()).map(|index| own_access(&self.fields, self.derived(index), index)).collect();
        Env { model: self.emit.model, fields: self.fields.clone(), access, writing: false }
    }

    /// The same, of what is written: computed values are what they are computed from.
    fn written(&self) -> Env<'m> {
        let mut env = self.own();
        env.writing = true;
        for (field, access) in self.fields.iter().zip(&mut env.access) {
            if let Some(Value::Number(expr)) = &field.value {
                *access = Access::Computed(expr.clone());
            }
        }
        env
    }

    /// An expression of another field reads it.
    fn is_read(&self, index: usize) -> bool {
        let mut read = false;
        for field in &self.fields {
            field.ty.exprs(&mut |expr| expr.fields(&mut |other| read |= other == index));
        }
        read
    }

    fn read_scalars(&self) -> TokenStream {
        let mut env = Env {
            model: self.emit.model,
            fields: self.fields.clone(),
            access: vec![Access::Missing; self.fields.len()],
            writing: false,
        };
        let (before, after) = around(self.format, self.base && self.layout.pointers, self.limit.clone(), "c", false);
        let fixed = |field: &Field| if field.absent.is_none() { self.emit.fixed(&field.ty) } else { None };
        let plan = self.plan(fixed);
        let head = self.head("c", before.is_empty());
        let tail = if plan.ends_aligned(self.layout.align64) { None } else { gap64(self.layout, "c") };
        let mut body = TokenStream::new();
        let mut inits = Vec::new();
        let mut early = Vec::new();
        for ((index, field), step) in self.fields.iter().enumerate().zip(&plan.steps) {
            let read = Read { emit: self.emit, env: &env, at: Some(&field.name) };
            match field.absent {
                Some(Absent::Skipped) => continue,
                Some(Absent::Pointer) => {
                    let at = field.name.as_str();
                    body.extend(quote!(c.ignored_pointer().at(#at)?;));
                    continue;
                }
                None => {}
            }
            body.extend(step.head.as_ref().map(|run| self.emit.read_run(run)));
            if let Type::Pointer(kind, _) = &field.ty {
                let (id, value) = (read.pointer_id(*kind), Read::placeholder(*kind));
                body.extend(quote!(#id;));
                let name = ident(&field.rust);
                inits.push(quote!(#name: #value));
                continue;
            }
            let unread = self.derived(index) == Some(Derived::Nothing) && !self.is_read(index);
            let value = match step.place {
                Some(_) if unread && !matches!(field.ty, Type::Ranged(..)) => continue,
                Some(place) => read.run_value(&field.ty, place),
                None => read.scalars(&field.ty),
            };
            if read.is_early(field) {
                early.push(index);
            }
            let variable = local(field);
            if unread {
                body.extend(unused(self.emit, &field.ty, &value));
                continue;
            }
            body.extend(quote!(let #variable = #value;));
            if self.derived(index).is_none() {
                inits.push(init(field));
            }
            if let Some(access) = env.access.get_mut(index) {
                *access = Access::Place(local(field));
            }
        }
        for index in early {
            if let Some(field) = self.fields.get(index) {
                let read = Read { emit: self.emit, env: &env, at: Some(&field.name) };
                body.extend(read.late_check(&field.ty, &local(field), false));
            }
        }
        let value = if inits.is_empty() { quote!(Self) } else { quote!(Self { #(#inits),* }) };
        // where offsets count from is after the gap
        quote!(#head #before #body #tail #after Ok(#value))
    }

    fn read_buffers(&self) -> TokenStream {
        let env = self.own();
        let mut body = TokenStream::new();
        for field in self.fields.iter().filter(|field| self.emit.layout(&field.ty).pointers) {
            let name = ident(&field.rust);
            let read = Read { emit: self.emit, env: &env, at: Some(&field.name) };
            body.extend(read.buffers(&field.ty, &quote!(self.#name), false));
        }
        let (before, after) = around(self.format, self.base, None, "c", true);
        quote!(#before #body #after)
    }

    fn write_scalars(&self) -> TokenStream {
        let env = self.written();
        let (before, after) = around(self.format, self.base && self.layout.pointers, self.limit.clone(), "e", false);
        let plan = self.plan(|field| written_in_run(self.emit, &env, &self.fields, field));
        let head = self.head("e", before.is_empty());
        let tail = match gap64(self.layout, "e") {
            Some(gap) if !plan.ends_aligned(self.layout.align64) => quote!(#gap #after Ok(())),
            _ => quote!(#after Ok(())),
        };
        let body = write_fields(self.emit, &env, &plan, self.fields.iter().copied().enumerate(), false);
        quote!(#head #before #body #tail)
    }

    /// The gap before the first field, where that one does not make it itself.
    fn head(&self, on: &str, may_be_left_out: bool) -> Option<TokenStream> {
        let first = self.fields.iter().find(|field| field.absent != Some(Absent::Skipped));
        let own = first.is_some_and(|field| field.absent.is_none() && self.emit.aligns(&field.ty, self.layout));
        if self.layout.align64 <= 1 || own && may_be_left_out {
            return None;
        }
        let (align, align64) = (usize_literal(self.layout.align), usize_literal(self.layout.align64));
        let on = ident(on);
        Some(quote!(#on.align(#align, #align64)?;))
    }

    fn plan(&self, fixed: impl Fn(&'m Field) -> Option<Fixed>) -> Plan {
        let start = match self.layout.align64 {
            0 | 1 => Position::aligned(1, 1),
            align64 => Position::aligned(self.layout.align, align64),
        };
        let fields: Vec<_> = self.fields.iter().map(|field| (*field, fixed(field))).collect();
        self.emit.plan(&fields, start, false)
    }

    fn write_buffers(&self) -> TokenStream {
        let env = self.written();
        let mut body = TokenStream::new();
        for field in self.fields.iter().filter(|field| self.emit.layout(&field.ty).pointers) {
            let name = ident(&field.rust);
            let write = Write { emit: self.emit, env: &env, at: Some(&field.name), owner: None };
            body.extend(write.buffers(&field.ty, &Place::direct(quote!(self.#name))));
        }
        let (before, after) = around(self.format, self.base, None, "e", true);
        quote!(#before #body #after)
    }

    fn write_max_count(&self) -> TokenStream {
        let env = self.written();
        let Some((index, field)) = self.fields.iter().enumerate().next_back() else { return TokenStream::new() };
        let name = ident(&field.rust);
        let write = Write { emit: self.emit, env: &env, at: Some(&field.name), owner: Some(index) };
        write.hoisted(&field.ty, &Place::direct(quote!(self.#name)))
    }
}

/// Reads something that has no Rust value.
pub(super) fn unused(emit: Emit<'_>, ty: &Type, value: &TokenStream) -> TokenStream {
    match ty.plain() {
        // how long it is only its type says
        Type::Array(array) if emit.small_array(array).is_some() => {
            let ty = emit.rust_type(ty);
            quote!(let _: #ty = #value;)
        }
        _ => quote!(#value;),
    }
}

/// How a field of `self` is reached.
pub(super) fn own_access(fields: &[&Field], derived: Option<Derived>, index: usize) -> Access {
    member_access(fields, derived, index, &quote!(self))
}

/// How a field of a structure in this variable is reached.
pub(super) fn member_access(fields: &[&Field], derived: Option<Derived>, index: usize, owner: &TokenStream) -> Access {
    let source = match derived {
        Some(Derived::Count(from) | Derived::Discriminant(from)) => fields.get(from),
        Some(Derived::Nothing) => {
            return match fields.get(index).and_then(|field| field.value.clone()) {
                Some(Value::Number(expr)) => Access::Computed(expr),
                _ => Access::Missing,
            };
        }
        None => fields.get(index),
    };
    let Some(source) = source else { return Access::Missing };
    let name = ident(&source.rust);
    match derived {
        Some(derived) => Access::Derived(derived, quote!(#owner.#name)),
        None => Access::Place(quote!(#owner.#name)),
    }
}

/// Writes a field of `self`, or what it is derived from.
pub(super) fn write_field<'m>(
    emit: Emit<'m>,
    env: &Env<'m>,
    index: usize,
    field: &'m Field,
    whole: bool,
) -> TokenStream {
    let at = field.name.as_str();
    match field.absent {
        Some(Absent::Skipped) => return TokenStream::new(),
        Some(Absent::Pointer) => return quote!(e.ignored_pointer().at(#at)?;),
        None => {}
    }
    if let Some(value) = &field.value {
        return computed(emit, env, field, &field.ty, value);
    }
    if let Some(Access::Derived(derived, place)) = env.access.get(index) {
        let scalar = super::super::check::number_of(emit.model, &field.ty);
        let Some(scalar) = scalar else { return TokenStream::new() };
        return match derived {
            Derived::Count(from) => {
                let length = env.fields.get(*from).map(|from| emit.list_len(&from.ty, place));
                let method = ident(&format!("count_{}", scalar.method()));
                let check = match field.ty {
                    Type::Ranged(_, low, high) => {
                        let (range, expected) = range(low, high);
                        quote!(e.require_range(#length as u64, #range, #expected).at(#at)?;)
                    }
                    _ => TokenStream::new(),
                };
                quote!(#check e.#method(#length).at(#at)?;)
            }
            Derived::Discriminant(_) => {
                let method = ident(scalar.method());
                quote!(e.#method(#place.discriminant()).at(#at)?;)
            }
            Derived::Nothing => TokenStream::new(),
        };
    }
    let name = ident(&field.rust);
    let write = Write { emit, env, at: Some(at), owner: Some(index) };
    let place = Place::direct(quote!(self.#name));
    if whole { write.whole(&field.ty, &place) } else { write.scalars(&field.ty, &place) }
}

/// The field can be written in a run: it is a value of its own, without checks.
pub(super) fn written_in_run(emit: Emit<'_>, env: &Env<'_>, fields: &[&Field], field: &Field) -> Option<Fixed> {
    let index = fields.iter().position(|other| std::ptr::eq(*other, field))?;
    let own = field.absent.is_none() && field.value.is_none() && !matches!(field.ty, Type::Ranged(..));
    match env.access.get(index) {
        Some(Access::Place(_)) if own => emit.fixed(&field.ty),
        _ => None,
    }
}

/// Writes fields in a row, in the steps of the plan.
pub(super) fn write_fields<'m>(
    emit: Emit<'m>,
    env: &Env<'m>,
    plan: &Plan,
    fields: impl Iterator<Item = (usize, &'m Field)>,
    whole: bool,
) -> TokenStream {
    let mut body = TokenStream::new();
    let mut open = None;
    for ((index, field), step) in fields.zip(&plan.steps) {
        if let Some(run) = &step.head {
            body.extend(emit.begin_run(run));
            open = Some(run);
        }
        match step.place {
            Some(place) => {
                let name = ident(&field.rust);
                body.extend(emit.run_statement(&field.ty, place, &quote!(self.#name)));
            }
            None => body.extend(write_field(emit, env, index, field, whole)),
        }
        if let (true, Some(run)) = (step.last, open) {
            body.extend(emit.write_run(run));
        }
    }
    body
}

/// Writes what a field is computed as.
fn computed(emit: Emit<'_>, env: &Env<'_>, field: &Field, ty: &Type, value: &Value) -> TokenStream {
    let at = field.name.as_str();
    match (ty, value) {
        (Type::Formatted(format, inner), _) => {
            let statements = computed(emit, env, field, inner, value);
            let (before, after) = format_around(*format, "e");
            quote!({ #before #statements #after })
        }
        (Type::Array(array), Value::Text(text)) => {
            let Size::Fixed(count) = array.size else { return TokenStream::new() };
            let count = usize::try_from(count).unwrap_or(0);
            if super::super::layout::is_byte(&array.element) {
                let mut bytes = text.as_bytes().to_vec();
                bytes.resize(count, 0);
                let bytes = proc_macro2::Literal::byte_string(&bytes);
                return quote!(e.bytes(#bytes).at(#at)?;);
            }
            let units = text.encode_utf16().chain(std::iter::repeat(0)).take(count);
            let units = units.map(proc_macro2::Literal::u16_unsuffixed);
            quote!(e.array(&[#(#units),*], |e, &item| e.u16(item)).at(#at)?;)
        }
        (_, Value::Text(text)) => {
            let wide = match ty {
                Type::Text(text) => text.wide,
                Type::Flat(flat) => !flat.flags.narrow,
                _ => return TokenStream::new(),
            };
            let value = if wide { quote!(Utf16::new(#text)) } else { quote!(String8::from_text(#text)) };
            let write = Write { emit, env, at: Some(at), owner: None };
            let statements = write.scalars(ty, &Place::direct(quote!(text)));
            quote!({ let text = #value; #statements })
        }
        (_, Value::Number(expr)) => {
            let Some(scalar) = super::super::check::number_of(emit.model, ty) else { return TokenStream::new() };
            let method = ident(scalar.method());
            if let Expr::Const(value) = expr {
                let value = literal(scalar, *value);
                return quote!(e.#method(#value).at(#at)?;);
            }
            let value = env.value(expr);
            if scalar == Scalar::Bool {
                return quote!(e.bool(#value != 0).at(#at)?;);
            }
            let method = ident(&format!("count_{}", scalar.method()));
            quote!(e.#method(e.to_count(#value).at(#at)?).at(#at)?;)
        }
    }
}
