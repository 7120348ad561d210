//! Runs: fields of constant size that stand one after the other without gaps, in either syntax at the same places. They are
//! read and written at once, with one check for all of them.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::model::{Array, Field, Known, Layout, Scalar, Struct, Type, TypeDef, TypeKind};
use super::{Emit, ident, usize_literal};

/// The most bytes of a run.
const MAX_RUN: usize = 256;

/// A type whose data has the same size in both syntaxes, and no gaps inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fixed {
    pub(super) size: usize,
    pub(super) align: usize,
}

/// Where something stands in a run: a constant, behind an expression where there is one.
#[derive(Clone)]
struct At {
    start: Option<TokenStream>,
    offset: usize,
}

impl At {
    fn constant(offset: usize) -> Self {
        Self { start: None, offset }
    }

    /// In a function for any place.
    fn variable() -> Self {
        Self { start: Some(quote!(start)), offset: 0 }
    }

    fn plus(&self, offset: usize) -> Self {
        Self { start: self.start.clone(), offset: self.offset + offset }
    }

    /// The place of the element `index`.
    fn element(&self, size: usize) -> Self {
        let factor = usize_literal(size);
        let index = if size == 1 { quote!(index) } else { quote!(index * #factor) };
        let is_first = self.start.is_none() && self.offset == 0;
        let start = self.tokens();
        Self { start: Some(if is_first { index } else { quote!(#start + #index) }), offset: 0 }
    }

    fn tokens(&self) -> TokenStream {
        let offset = usize_literal(self.offset);
        match &self.start {
            None => quote!(#offset),
            Some(start) if self.offset == 0 => start.clone(),
            Some(start) => quote!(#start + #offset),
        }
    }
}

/// What is done with one of several fields in a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    /// A run begins here.
    pub(super) head: Option<Run>,
    /// Its place in the run that it belongs to.
    pub(super) place: Option<usize>,
    /// The run ends behind it.
    pub(super) last: bool,
}

/// A run of several fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Run {
    size: usize,
    align: usize,
    /// Paths of the fields, each with where it ends.
    fields: Vec<(String, usize)>,
}

/// What is known of a position: how far it is from a multiple of a power of two, in NDR 2.0 and in NDR64.
#[derive(Clone, Copy)]
pub(super) struct Position([(usize, usize); 2]);

impl Position {
    pub(super) fn aligned(align: usize, align64: usize) -> Self {
        Self([(align.max(1), 0), (align64.max(1), 0)])
    }

    /// Something of this alignment stands here without a gap.
    fn is_aligned(self, align: usize, align64: usize) -> bool {
        let fits = |(known, offset): (usize, usize), align: usize| align <= known && offset.is_multiple_of(align);
        fits(self.0[0], align) && fits(self.0[1], align64)
    }

    fn advance(&mut self, extents: [Extent; 2]) {
        for ((known, offset), extent) in self.0.iter_mut().zip(extents) {
            match extent {
                Extent::Size(align, size) => {
                    if align > *known {
                        (*known, *offset) = (align, 0);
                    }
                    *offset = offset.next_multiple_of(align) + size;
                }
                Extent::Aligned(align) => (*known, *offset) = (align.max(1), 0),
            }
        }
    }
}

/// What is known of data without a constant size in both syntaxes.
#[derive(Clone, Copy)]
enum Extent {
    /// Alignment and size.
    Size(usize, usize),
    /// What follows is so aligned.
    Aligned(usize),
}

const UNKNOWN: [Extent; 2] = [Extent::Aligned(1); 2];

/// Fields in a row: which of them are read or written in runs, and whether the end is aligned as NDR64 wants it.
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    end: Position,
}

impl Plan {
    /// What follows stands at this alignment of NDR64 without a gap.
    pub(super) fn ends_aligned(&self, align64: usize) -> bool {
        self.end.is_aligned(1, align64)
    }
}

impl<'m> Emit<'m> {
    /// The size of a type that can stand in a run.
    pub(super) fn fixed(&self, ty: &Type) -> Option<Fixed> {
        fixed(self.layout(ty))
    }

    /// The size of a structure that is one run.
    pub(super) fn fixed_def(&self, def: &TypeDef) -> Option<Fixed> {
        fixed(def.layout)
    }

    /// Which of the fields are read or written in runs; `None` stands for one that cannot be. `whole`: what pointers point to
    /// comes with them.
    pub(super) fn plan(&self, fields: &[(&'m Field, Option<Fixed>)], start: Position, whole: bool) -> Plan {
        let mut position = start;
        let mut steps: Vec<Step> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut run = Run::default();
        let close = |open: &mut Vec<usize>, run: &mut Run, steps: &mut Vec<Step>| {
            let run = std::mem::take(run);
            // one field alone is as well read by itself
            if let ([first, .., last], true) = (open.as_slice(), open.len() > 1) {
                if let Some(step) = steps.get_mut(*first) {
                    step.head = Some(run);
                }
                if let Some(step) = steps.get_mut(*last) {
                    step.last = true;
                }
            } else if let Some(step) = open.first().and_then(|only| steps.get_mut(*only)) {
                step.place = None;
            }
            open.clear();
        };
        for (index, (field, fixed)) in fields.iter().enumerate() {
            steps.push(Step::default());
            let Some(fixed) = fixed else {
                close(&mut open, &mut run, &mut steps);
                let extent = if whole && self.layout(&field.ty).pointers { UNKNOWN } else { self.extent(field) };
                position.advance(extent);
                continue;
            };
            if !open.is_empty() && (!position.is_aligned(fixed.align, fixed.align) || run.size + fixed.size > MAX_RUN) {
                close(&mut open, &mut run, &mut steps);
            }
            if open.is_empty() {
                run.align = fixed.align;
            }
            position.advance([Extent::Size(fixed.align, fixed.size); 2]);
            if let Some(step) = steps.last_mut() {
                step.place = Some(run.size);
            }
            self.name(&field.name, &field.ty, run.size, &mut run.fields);
            run.size += fixed.size;
            open.push(index);
            // a range is checked before anything else is read
            if matches!(field.ty, Type::Ranged(..)) {
                close(&mut open, &mut run, &mut steps);
            }
        }
        close(&mut open, &mut run, &mut steps);
        Plan { steps, end: position }
    }

    /// What is known of a field that stands in no run.
    fn extent(&self, field: &Field) -> [Extent; 2] {
        if field.absent.is_some() {
            return UNKNOWN;
        }
        match &field.ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => match (scalar, scalar.sizes()) {
                (Scalar::Udlong | Scalar::Dlong | Scalar::Udlongr, _) => [Extent::Size(4, 8); 2],
                (_, (size, size64)) => [Extent::Size(size, size), Extent::Size(size64, size64)],
            },
            Type::Pointer(kind, _) if !kind.is_relative() => [Extent::Size(4, 4), Extent::Size(8, 8)],
            // NDR64 fills it up behind
            Type::Named(id) => match self.model.get(*id) {
                Some(TypeDef { hook: None, kind: TypeKind::Struct(_), layout, .. }) if !layout.conformant => {
                    [Extent::Aligned(1), Extent::Aligned(layout.align64)]
                }
                _ => UNKNOWN,
            },
            _ => UNKNOWN,
        }
    }

    /// Reading or writing the type makes this very alignment before its first byte.
    pub(super) fn aligns(&self, ty: &Type, layout: Layout) -> bool {
        let own = self.layout(ty);
        let same = (own.align, own.align64) == (layout.align, layout.align64);
        same && match ty {
            Type::Scalar(_) | Type::Ranged(..) => true,
            Type::Pointer(kind, _) => !kind.is_relative(),
            Type::Named(_) | Type::Known(Known::NtStatus | Known::WError | Known::HResult) => self.fixed(ty).is_some(),
            _ => false,
        }
    }

    /// The paths of a field and of what is in it, each with where it ends.
    fn name(&self, path: &str, ty: &Type, start: usize, names: &mut Vec<(String, usize)>) {
        let Some(fixed) = self.fixed(ty) else { return };
        match ty {
            Type::Named(id) if let Some(TypeKind::Struct(record)) = self.model.get(*id).map(|def| &def.kind) => {
                let mut at = start;
                for field in &record.fields {
                    self.name(&format!("{path}.{}", field.name), &field.ty, at, names);
                    at += self.fixed(&field.ty).map_or(0, |fixed| fixed.size);
                }
            }
            Type::Array(array) if !super::super::layout::is_byte(&array.element) => {
                let size = self.fixed(&array.element).map_or(1, |element| element.size);
                for index in 0..fixed.size / size {
                    self.name(&format!("{path}[{index}]"), &array.element, start + index * size, names);
                }
            }
            _ => names.push((path.to_owned(), start + fixed.size)),
        }
    }

    /// `let run = c.run::<8>(4, &[("Low", 4), ("High", 8)])?;`
    pub(super) fn read_run(&self, run: &Run) -> TokenStream {
        let (size, align, fields) = run.tokens();
        quote!(let run = c.run::<#size>(#align, #fields)?;)
    }

    /// `e.put(&run, 4, &[("Low", 4), ("High", 8)])?;`
    pub(super) fn write_run(&self, run: &Run) -> TokenStream {
        let (_, align, fields) = run.tokens();
        quote!(e.put(&run, #align, #fields)?;)
    }

    /// `let mut run = e.run::<8>();`
    pub(super) fn begin_run(&self, run: &Run) -> TokenStream {
        let size = usize_literal(run.size);
        quote!(let mut run = e.run::<#size>();)
    }

    /// A field from its place in the variable `run`.
    pub(super) fn run_value(&self, ty: &Type, place: usize) -> TokenStream {
        self.get(ty, &At::constant(place), &quote!(&run))
    }

    /// A statement that puts a value into its place in the variable `run`.
    pub(super) fn run_statement(&self, ty: &Type, place: usize, value: &TokenStream) -> TokenStream {
        self.set(ty, &At::constant(place), value, &quote!(&mut run))
    }

    fn get(&self, ty: &Type, at: &At, reference: &TokenStream) -> TokenStream {
        let place = at.tokens();
        match ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => {
                let method = ident(scalar.method());
                quote!(run.#method(#place))
            }
            Type::Known(Known::Guid) => quote!(run.guid(#place)),
            Type::Known(Known::ContextHandle) => quote!(run.context_handle(#place)),
            Type::Known(known) => {
                let path = known.path();
                quote!(#path(run.u32(#place)))
            }
            Type::Named(id) => {
                let Some(def) = self.model.get(*id) else { return TokenStream::new() };
                let path = self.path(def);
                match &def.kind {
                    TypeKind::Enum(flags) | TypeKind::Bitmap(flags) => {
                        let method = ident(flags.scalar.method());
                        quote!(#path(run.#method(#place)))
                    }
                    _ => quote!(#path::of_run(#reference, #place)),
                }
            }
            Type::Array(array) if super::super::layout::is_byte(&array.element) => quote!(run.array(#place)),
            Type::Array(array) => {
                let size = self.fixed(&array.element).map_or(1, |fixed| fixed.size);
                let element = self.get(&array.element, &at.element(size), reference);
                quote!(std::array::from_fn(|index| #element))
            }
            _ => TokenStream::new(),
        }
    }

    /// `value` is a place of the type.
    fn set(&self, ty: &Type, at: &At, value: &TokenStream, reference: &TokenStream) -> TokenStream {
        let place = at.tokens();
        match ty {
            Type::Scalar(scalar) | Type::Ranged(scalar, ..) => {
                let method = ident(scalar.method());
                quote!(run.#method(#place, #value);)
            }
            Type::Known(Known::Guid) => quote!(run.guid(#place, #value);),
            Type::Known(Known::ContextHandle) => quote!(run.context_handle(#place, #value);),
            Type::Known(_) => quote!(run.u32(#place, #value.0);),
            Type::Named(id) => match self.model.get(*id).map(|def| &def.kind) {
                Some(TypeKind::Enum(flags) | TypeKind::Bitmap(flags)) => {
                    let method = ident(flags.scalar.method());
                    quote!(run.#method(#place, #value.0);)
                }
                _ => quote!(#value.put_into(#reference, #place);),
            },
            Type::Array(array) if super::super::layout::is_byte(&array.element) => {
                quote!(run.array(#place, #value);)
            }
            Type::Array(array) => {
                let size = self.fixed(&array.element).map_or(1, |fixed| fixed.size);
                let item = if is_whole(&array.element) { quote!(*item) } else { quote!(item) };
                let element = self.set(&array.element, &at.element(size), &item, reference);
                quote!(for (index, item) in #value.iter().enumerate() { #element })
            }
            _ => TokenStream::new(),
        }
    }

    /// The elements of an array, as one piece of data; `None` where they are not that.
    pub(super) fn elements(&self, array: &Array, read: bool) -> Option<(Fixed, TokenStream)> {
        let ty = &*array.element;
        if matches!(ty, Type::Ranged(..)) {
            return None;
        }
        let fixed = self.fixed(ty).filter(|fixed| fixed.size.is_multiple_of(fixed.align))?;
        let at = At::constant(0);
        let element = if read {
            let value = self.get(ty, &at, &quote!(run));
            quote!(|run| #value)
        } else {
            let item = if is_whole(ty) { quote!(*item) } else { quote!(item) };
            let statement = super::shapes::statement(&self.set(ty, &at, &item, &quote!(run)));
            quote!(|run, item| #statement)
        };
        Some((fixed, element))
    }

    /// The functions of a structure that is one run.
    pub(super) fn run_functions(&self, def: &TypeDef, record: &Struct, fixed: Fixed) -> TokenStream {
        let mut names = Vec::new();
        let (mut gets, mut sets, mut at) = (Vec::new(), TokenStream::new(), At::variable());
        for field in &record.fields {
            let name = ident(&field.rust);
            self.name(&field.name, &field.ty, at.offset, &mut names);
            let value = self.get(&field.ty, &at, &quote!(run));
            gets.push(quote!(#name: #value));
            sets.extend(self.set(&field.ty, &at, &quote!(self.#name), &quote!(run)));
            at = at.plus(self.fixed(&field.ty).map_or(0, |fixed| fixed.size));
        }
        let (size, align, fields) = Run { size: fixed.size, align: fixed.align, fields: names }.tokens();
        let name = ident(&def.rust);
        quote! {
            impl #name {
                const FIELDS: &'static runtime::ndr::Fields = #fields;

                #[doc = " Reads the value; an error names the field that cannot be read."]
                #[inline]
                pub fn unpack(c: &mut NdrCursor<'_>) -> Result<Self, UnpackError> {
                    Ok(Self::of_run(&c.run::<#size>(#align, Self::FIELDS)?, 0))
                }
                #[doc = " Writes the value; an error names the field that cannot be written."]
                #[inline]
                pub fn pack(&self, e: &mut NdrEncoder) -> Result<(), PackError> {
                    let mut run = e.run::<#size>();
                    self.put_into(&mut run, 0);
                    e.put(&run, #align, Self::FIELDS)
                }
                #[doc = " The value at a place of fields that are read at once."]
                #[inline]
                #[must_use]
                pub fn of_run<const N: usize>(run: &runtime::ndr::Run<'_, N>, start: usize) -> Self {
                    Self { #(#gets),* }
                }
                #[doc = " Puts the value into its place among fields that are written at once."]
                #[inline]
                pub fn put_into<const N: usize>(&self, run: &mut runtime::ndr::RunMut<N>, start: usize) {
                    #sets
                }
            }
        }
    }
}

impl Run {
    fn tokens(&self) -> (proc_macro2::Literal, proc_macro2::Literal, TokenStream) {
        let fields = self.fields.iter().map(|(name, end)| {
            let end = usize_literal(*end);
            quote!((#name, #end))
        });
        (usize_literal(self.size), usize_literal(self.align), quote!(&[#(#fields),*]))
    }
}

/// It is put into a run as it is, not by a part of it or a method.
fn is_whole(ty: &Type) -> bool {
    match ty {
        Type::Scalar(_) | Type::Known(Known::Guid | Known::ContextHandle) => true,
        Type::Array(array) => super::super::layout::is_byte(&array.element),
        _ => false,
    }
}

fn fixed(layout: Layout) -> Option<Fixed> {
    (layout.fixed > 0).then_some(Fixed { size: layout.fixed, align: layout.align })
}
