//! Requests and responses of operations.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::derive::{Derived, derived};
use super::super::dialect::Absent;
use super::super::model::{Field, Layout, Operation, Type};
use super::exprs::{Access, Env, init, local};
use super::read::Read;
use super::runs::{Fixed, Plan, Position};
use super::shapes::{member_access, own_access, write_fields, written_in_run};
use super::{Emit, docs, ident};

/// One direction of an operation.
pub(super) struct Message<'m> {
    emit: Emit<'m>,
    pub(super) operation: &'m Operation,
    /// All parameters, and the returned value behind them.
    pub(super) fields: Vec<&'m Field>,
    /// Which of them this message carries.
    pub(super) present: Vec<bool>,
    pub(super) derived: Vec<Option<Derived>>,
    /// For a response: what the request derives.
    request: Option<Vec<Option<Derived>>>,
    /// `AddOneRequest`
    pub(super) name: String,
}

impl<'m> Emit<'m> {
    /// What an operation returns, as a field.
    pub(super) fn result_of(&self, operation: &Operation) -> Option<Field> {
        operation.returns.as_ref().map(|ty| Field {
            name: "return value".to_owned(),
            rust: "return_value".to_owned(),
            docs: vec!["What the operation returns.".to_owned()],
            ty: ty.clone(),
            value: None,
            absent: None,
            span: operation.span.clone(),
        })
    }

    /// The types of an operation and their implementations.
    pub(super) fn operation(&self, operation: &'m Operation) -> Vec<TokenStream> {
        let result = self.result_of(operation);
        let request = Message::new(*self, operation, None, false);
        let response = Message::new(*self, operation, result.as_ref(), true);
        let mut items = Vec::new();
        for message in [request, response] {
            items.extend([message.decl(), message.implementation()]);
            if message.layout().borrowed {
                items.push(self.owned_record(&message.name, &message.shown()));
            }
        }
        items
    }
}

impl<'m> Message<'m> {
    /// A request, or a response with the value that the operation returns.
    pub(super) fn new(emit: Emit<'m>, operation: &'m Operation, result: Option<&'m Field>, response: bool) -> Self {
        let fields: Vec<&Field> = operation.params.iter().map(|param| &param.field).chain(result).collect();
        let carried = |response: bool| -> Vec<bool> {
            operation
                .params
                .iter()
                .map(|param| if response { param.output } else { param.input })
                .chain(result.map(|_| response))
                .collect()
        };
        let present = carried(response);
        let follow =
            |present: &[bool]| derived(emit.model, &fields, |index| present.get(index).copied().unwrap_or(false));
        let suffix = if response { "Response" } else { "Request" };
        Self {
            emit,
            operation,
            derived: follow(&present),
            request: response.then(|| follow(&carried(false))),
            name: emit.model.message_name(operation, suffix),
            fields,
            present,
        }
    }

    pub(super) fn carries(&self, index: usize) -> bool {
        self.present.get(index).copied().unwrap_or(false)
    }

    fn derived(&self, index: usize) -> Option<Derived> {
        self.derived.get(index).copied().flatten()
    }

    /// What it carries in the order of the wire: pipes after everything in a request, before it in a
    /// response (C706 14.3.9).
    fn in_order(&self) -> impl Iterator<Item = (usize, &'m Field)> {
        let carried = |pipes: bool| {
            let fields = self.fields.iter().enumerate();
            fields
                .filter(move |(index, field)| {
                    self.carries(*index) && matches!(field.ty.plain(), Type::Pipe(_)) == pipes
                })
                .map(|(index, field)| (index, *field))
        };
        let response = self.request.is_some();
        carried(response).chain(carried(!response))
    }

    /// Fields in Rust.
    fn shown(&self) -> Vec<&'m Field> {
        let shown = |&(index, _): &(usize, &&Field)| self.carries(index) && self.derived(index).is_none();
        self.fields.iter().enumerate().filter(shown).map(|(_, field)| *field).collect()
    }

    /// The shape of the Rust type.
    pub(super) fn layout(&self) -> Layout {
        let mut all = Layout { copy: true, ..Layout::default() };
        for field in self.shown() {
            let one = self.emit.layout(&field.ty);
            all.borrowed |= one.borrowed;
            all.copy &= one.copy;
            all.float |= one.float;
        }
        all
    }

    /// What it carries depends on what only the request carries.
    pub(super) fn needs_request(&self) -> bool {
        self.request.is_some()
            && self.fields.iter().enumerate().filter(|(index, _)| self.carries(*index)).any(|(_, field)| {
                let mut outside = false;
                field.ty.exprs(&mut |expr| expr.fields(&mut |read| outside |= !self.carries(read)));
                outside
            })
    }

    /// How a parameter is reached that this message does not carry.
    pub(super) fn outside(&self, index: usize) -> Access {
        match &self.request {
            Some(derived) if self.operation.params.get(index).is_some_and(|param| param.input) => {
                member_access(&self.fields, derived.get(index).copied().flatten(), index, &quote!(request))
            }
            _ => Access::Missing,
        }
    }

    fn decl(&self) -> TokenStream {
        let what = if self.request.is_some() { "response" } else { "request" };
        let name = &self.operation.name;
        let mut lines = vec![format!("The {what} of `{name}`.")];
        if self.request.is_none() && !self.operation.docs.is_empty() {
            lines.push(String::new());
            lines.extend(self.operation.docs.iter().cloned());
        }
        self.emit.record(&docs(&lines, ""), &self.name, self.layout(), &self.shown())
    }

    fn implementation(&self) -> TokenStream {
        let layout = self.layout();
        let (name, generics) = (ident(&self.name), self.emit.lifetime(layout.borrowed));
        let operation = self.operation.name.as_str();
        let bytes = if layout.borrowed { quote!(&'a [u8]) } else { quote!(&[u8]) };
        let cursor = if layout.borrowed { quote!(&mut NdrCursor<'a>) } else { quote!(&mut NdrCursor<'_>) };
        let (parameter, argument) = self.context();
        let opnum = self.request.is_none().then(|| {
            let opnum = proc_macro2::Literal::u16_unsuffixed(self.operation.opnum);
            quote! {
                #[doc = " The number of the operation."]
                pub const OPNUM: u16 = #opnum;
            }
        });
        let ((nothing, read), (_, write)) = (self.read(), self.write());
        let (c, e) = if nothing { (quote!(_), quote!(_)) } else { (quote!(c), quote!(e)) };
        quote! {
            impl #generics #name #generics {
                #opnum
                #[doc = " The stub data of the call; an error names the field that cannot be written."]
                pub fn encode(&self, representation: Representation #parameter) -> Result<Vec<u8>, PackError> {
                    runtime::ndr::encode(representation, |e| self.pack(e #argument).at(#operation))
                }
                #[doc = " From the stub data of the call; an error names the field that cannot be read."]
                pub fn decode(bytes: #bytes, representation: Representation #parameter) -> Result<Self, UnpackError> {
                    runtime::ndr::decode(bytes, representation, |c| Self::unpack(c #argument).at(#operation))
                }
                #[doc = " Writes the parameters in order."]
                pub fn pack(&self, #e: &mut NdrEncoder #parameter) -> Result<(), PackError> { #write }
                #[doc = " Reads the parameters in order."]
                pub fn unpack(#c: #cursor #parameter) -> Result<Self, UnpackError> { #read }
            }
        }
    }

    /// The request as a parameter and as an argument, where the message needs it.
    pub(super) fn context(&self) -> (TokenStream, TokenStream) {
        if !self.needs_request() {
            return Default::default();
        }
        let request = Message::new(self.emit, self.operation, None, false);
        let name = ident(&request.name);
        let lifetime = if request.layout().borrowed { quote!(<'_>) } else { TokenStream::new() };
        (quote!(, request: &#name #lifetime), quote!(, request))
    }

    /// Whether there is nothing to read, and the statements that read.
    fn read(&self) -> (bool, TokenStream) {
        let access = (0..self.fields.len()).map(|index| match self.carries(index) {
            true => Access::Missing,
            false => self.outside(index),
        });
        let mut env =
            Env { model: self.emit.model, fields: self.fields.clone(), access: access.collect(), writing: false };
        let mut body = TokenStream::new();
        let mut inits = Vec::new();
        let mut early = Vec::new();
        let fields: Vec<(usize, &Field)> = self.in_order().collect();
        let fixed = |field: &Field| if field.absent.is_none() { self.emit.fixed(&field.ty) } else { None };
        let plan = self.plan(&fields, fixed);
        for ((index, field), step) in fields.into_iter().zip(&plan.steps) {
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
            let unread = self.derived(index) == Some(Derived::Nothing);
            let value = match step.place {
                Some(_) if unread && !matches!(field.ty, Type::Ranged(..)) => continue,
                Some(place) => read.run_value(&field.ty, place),
                None => read.whole(&field.ty),
            };
            if unread {
                body.extend(super::shapes::unused(self.emit, &field.ty, &value));
                continue;
            }
            if read.is_early(field) {
                early.push((field, &field.ty));
            }
            let variable = local(field);
            body.extend(quote!(let #variable = #value;));
            if self.derived(index).is_none() {
                inits.push(init(field));
            }
            if let Some(access) = env.access.get_mut(index) {
                *access = Access::Place(local(field));
            }
        }
        for (field, ty) in early {
            let read = Read { emit: self.emit, env: &env, at: Some(&field.name) };
            body.extend(read.late_check(ty, &local(field), false));
        }
        let value = if inits.is_empty() { quote!(Self) } else { quote!(Self { #(#inits),* }) };
        (body.is_empty(), quote!(#body Ok(#value)))
    }

    /// Whether there is nothing to write, and the statements that write.
    fn write(&self) -> (bool, TokenStream) {
        let access = (0..self.fields.len()).map(|index| match self.carries(index) {
            true => own_access(&self.fields, self.derived(index), index),
            false => self.outside(index),
        });
        let env = Env { model: self.emit.model, fields: self.fields.clone(), access: access.collect(), writing: true };
        let fields: Vec<(usize, &Field)> = self.in_order().collect();
        let plan = self.plan(&fields, |field| written_in_run(self.emit, &env, &self.fields, field));
        let body = write_fields(self.emit, &env, &plan, fields.into_iter(), true);
        (body.is_empty(), quote!(#body Ok(())))
    }

    /// Nothing is known of where it begins: it may be a part of something.
    fn plan(&self, fields: &[(usize, &'m Field)], fixed: impl Fn(&'m Field) -> Option<Fixed>) -> Plan {
        let fields: Vec<_> = fields.iter().map(|(_, field)| (*field, fixed(field))).collect();
        self.emit.plan(&fields, Position::aligned(1, 1), true)
    }

    /// The type with this lifetime, where it has one.
    pub(super) fn rust_type(&self, lifetime: &str) -> TokenStream {
        let name = ident(&self.name);
        if !self.layout().borrowed {
            return quote!(#name);
        }
        let lifetime = syn::Lifetime::new(lifetime, proc_macro2::Span::call_site());
        quote!(#name<#lifetime>)
    }
}
