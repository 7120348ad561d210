//! Tests of what is generated: every structure, request and reply of a program keeps values, and
//! every vector decodes to what stands beside it.
//!
//! Values are made by functions that ask for one choice after the other (`values`, `variants`); the tests
//! apply the oracles of the `generated-tests` crate to them.

mod elements;
mod expected;
mod layout;
mod operations;
mod select;
mod values;
mod variants;
mod vectors;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;

use super::context::Context;
use super::file::{FormatError, RustFile, header};
use super::names::snake;
use super::operations::{failure_body, request_struct};
use super::reuse::{self, Earlier, Made};
use super::slice::{Part, Slices};
use super::{Origins, Output};
use crate::ast::Vector;
use crate::diagnostic::Diagnostic;
use crate::key::Key;
use crate::model::{Member, Program, Request, Rop, StructDef, Type, TypeId, TypeKind};
use crate::parallel;
use expected::Vectors;
use operations::Body;
use select::Selections;
use values::Maker;

/// Emits a test binary for a program: one module an interface, and `main.rs` that lists them; what stands of it is
/// taken from there.
///
/// `others` are modules that were made elsewhere. Paths are relative to `generated-tests/tests/generated`.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_tests_again(
    program: &Program,
    origins: Origins<'_>,
    others: Vec<Made>,
    earlier: Earlier<'_>,
) -> Result<Vec<Made>, FormatError> {
    let slices = Slices::new(program);
    let selections = Selections::new(program);
    let selectors = slices.key_of(selections.all());
    let indexes: Vec<usize> = (0..program.modules.len()).collect();
    let files =
        parallel::map(&indexes, |index| module_file(&slices, origins, (&selections, selectors), *index, earlier));
    let (mut made, mut modules) = (Vec::new(), Vec::new());
    for file in files.into_iter().chain(others.into_iter().map(Ok)) {
        let file = file?;
        // A module without tests has no file.
        if !file.pieces.is_empty() {
            modules.push(file.output.path.trim_end_matches(".rs").to_owned());
            made.push(file);
        }
    }
    let main = Output { path: "main.rs".to_owned(), text: main_file(origins, &modules) };
    made.push(Made::each_time(main));
    Ok(made)
}

/// The tests of one module.
fn module_file(
    slices: &Slices<'_>,
    origins: Origins<'_>,
    (selections, selectors): (&Selections<'_>, Key),
    index: usize,
    earlier: Earlier<'_>,
) -> Result<Made, FormatError> {
    let (source, text) = origins.get(index).map_or(("", ""), |(name, text)| (name.as_str(), text.as_str()));
    let name = slices.module_name(index);
    let key = Some(slices.key(Part::Module(index)).and(selectors));
    reuse::file(earlier, format!("{name}.rs"), header(source, text), key, |header| {
        let slice = slices.cut(Part::Module(index));
        // No module of the program is that of the tests: all names are imported.
        let cx = Context::within(&slice, usize::MAX);
        let vectors = Vectors { cx: &cx, problems: RefCell::default(), exact: false };
        let items = module_items(&vectors, &selections.within(&slice.program), index);
        let mut file = RustFile::under(header).tidied(tidy);
        if !items.is_empty() {
            file.docs([format!("Values of `{name}`, and what has to hold for them.")]);
            file.push(imports(&cx));
            items.into_iter().for_each(|item| file.push(item));
        }
        file
    })
}

/// What is wrong with the vectors of a program.
#[must_use]
pub fn check_vectors(program: &Program) -> Vec<Diagnostic> {
    let types = program.types.iter().filter_map(|def| match &def.kind {
        TypeKind::Struct(body) if !body.vectors.is_empty() => Some(Described::Struct(&def.name, def.module, body)),
        _ => None,
    });
    let rops = program.rops.iter().filter(|rop| !rop.vectors.is_empty()).map(Described::Rop);
    let requests = program.requests.iter().filter(|request| !request.vectors.is_empty()).map(Described::Request);
    let all: Vec<Described<'_>> = types.chain(rops).chain(requests).collect();
    let some: Vec<&[Described<'_>]> = all.chunks(16).collect();
    let problems = parallel::map(&some, |some| {
        let cx = Context::new(program, usize::MAX);
        let v = Vectors { cx: &cx, problems: RefCell::default(), exact: false };
        for described in *some {
            _ = match described {
                Described::Struct(name, module, body) => vectors::of_struct(&v, name, *module, body),
                Described::Rop(rop) => vectors::of_rop(&v, rop),
                Described::Request(request) => vectors::of_request(&v, request),
            };
        }
        v.problems.into_inner()
    });
    problems.into_iter().flatten().collect()
}

/// Tests of vectors from outside of the descriptions, by the names of what they are of, as Rust and what is wrong with
/// them. An expected error of theirs is `KIND at OFFSET`.
///
/// # Errors
/// When the emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_given(
    program: &Program,
    given: &BTreeMap<String, Vec<Vector>>,
) -> Result<(String, Vec<Diagnostic>), FormatError> {
    let cx = Context::new(program, usize::MAX);
    let v = Vectors { cx: &cx, problems: RefCell::default(), exact: true };
    let mut tests = Vec::new();
    for (name, given) in given {
        let vectors = given.clone();
        let of_type = program.types.iter().find_map(|def| match &def.kind {
            TypeKind::Struct(body) if def.name == *name => Some((def.module, body)),
            _ => None,
        });
        let rop = program.rops.iter().find(|rop| rop.name == *name);
        let request = program.requests.iter().find(|request| request.name == *name);
        tests.extend(match (of_type, rop, request) {
            (Some((module, body)), ..) => vectors::of_struct(&v, name, module, &StructDef { vectors, ..body.clone() }),
            (_, Some(rop), _) => vectors::of_rop(&v, &Rop { vectors, ..rop.clone() }),
            (_, _, Some(request)) => vectors::of_request(&v, &Request { vectors, ..request.clone() }),
            _ => {
                let span = given.first().map(|vector| vector.span.clone());
                let message = format!("nothing that has vectors is called `{name}`");
                span.into_iter().for_each(|span| _ = v.report("R0602", message.clone(), &span, "here"));
                Vec::new()
            }
        });
    }
    let mut file = RustFile::under(String::new()).tidied(tidy);
    file.push(imports(&cx));
    tests.into_iter().for_each(|test| file.push(test));
    Ok((file.render()?, v.problems.into_inner()))
}

/// What has vectors.
enum Described<'p> {
    Struct(&'p str, usize, &'p StructDef),
    Rop(&'p Rop),
    Request(&'p Request),
}

/// What stands inside macros comes with a blank after each sign.
fn tidy(text: &str) -> String {
    text.replace("assert_eq!(* ", "assert_eq!(*")
}

fn main_file(origins: Origins<'_>, modules: &[String]) -> String {
    let sources: String = origins.iter().map(|(_, text)| text.as_str()).collect();
    let mut modules: Vec<&String> = modules.iter().collect();
    modules.sort();
    let modules: String = modules.iter().map(|name| format!("#[rustfmt::skip]\nmod {name};\n")).collect();
    let header = header("all descriptions", &sources);
    format!(
        "{header}//! Properties and vectors of every structure, request and reply of the descriptions.\n\
         #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]\n\n{modules}"
    )
}

/// What the items use; names of the program come from the crate that has its Rust.
fn imports(cx: &Context<'_>) -> TokenStream {
    let of_program = cx.imports().to_string().replace("crate ::", "protocol ::");
    of_program.parse().unwrap_or_default()
}

fn module_items(v: &Vectors<'_, '_>, selections: &Selections<'_>, module: usize) -> Vec<TokenStream> {
    let cx = v.cx;
    let mut items: Vec<TokenStream> =
        selections.selectors(module).map(|selector| values::selector(cx, selector)).collect();
    let mut add = |name: &str, id: Option<TypeId>, def: &StructDef, of: Body<'_>| {
        let maker = Maker { cx, selections, name, module, id, def };
        // Nothing contains the body of an operation: its test makes it in place.
        items.extend(id.is_some().then(|| maker.function()));
        items.push(property(&maker, of));
        items.extend(vectors::of_struct(v, name, module, def));
    };
    for (index, def) in cx.program.types.iter().enumerate().filter(|(_, def)| def.module == module) {
        if let TypeKind::Struct(body) = &def.kind {
            add(&def.name, Some(TypeId(index)), body, Body::None);
        }
    }
    for rop in cx.program.rops.iter().filter(|rop| rop.module == module) {
        if rop.unsolicited.is_none() {
            add(&format!("{}Request", rop.name), None, &request_struct(rop), Body::Request(rop));
        }
        if let Some(body) = rop.success.as_ref().or(rop.unsolicited.as_ref()) {
            let of = if rop.success.is_some() { Body::Success(rop) } else { Body::None };
            add(&format!("{}Response", rop.name), None, body, of);
        }
        for (codes, body) in &rop.on {
            add(&failure_body(rop, codes), None, body, Body::On(rop, codes));
        }
        if let Some(body) = &rop.other {
            add(&format!("{}Other", rop.name), None, body, Body::Other(rop));
        }
    }
    for request in cx.program.requests.iter().filter(|request| request.module == module) {
        add(&format!("{}Request", request.name), None, &request.request, Body::None);
        add(&format!("{}Response", request.name), None, &request.success, Body::None);
        if let Some(failure) = &request.failure {
            add(&format!("{}Failure", request.name), None, failure, Body::None);
        }
    }
    let rops = cx.program.rops.iter().filter(|rop| rop.module == module);
    items.extend(rops.flat_map(|rop| vectors::of_rop(v, rop)));
    for stream in cx.program.streams.iter().filter(|stream| stream.module == module) {
        let ty = cx.name_in(module, &stream.name);
        let function = snake(&format!("{}IsKeptHoweverItIsCut", stream.name));
        cx.import("generated_tests::streams");
        items.push(quote!(#[test] fn #function() { streams::holds::<#ty>(); }));
    }
    let requests = cx.program.requests.iter().filter(|request| request.module == module);
    items.extend(requests.flat_map(|request| vectors::of_request(v, request)));
    items
}

/// The test that the oracles hold for a type.
fn property(maker: &Maker<'_, '_>, of: Body<'_>) -> TokenStream {
    let cx = maker.cx;
    let ty = cx.name_in(maker.module, maker.name);
    let function = snake(&format!("{}RoundTrips", maker.name));
    let mut lets = TokenStream::new();
    let mut args = Vec::new();
    for param in &maker.def.params {
        let (ident, made) = (snake(&param.name), maker.param(param));
        let reference = (!param.optional && (param.list || !cx.is_copy(&param.ty))).then(|| quote!(&));
        lets.extend(quote!(let #ident = #reference #made;));
        if param.optional && param.list {
            lets.extend(quote!(let #ident = #ident.as_deref();));
        }
        args.push(ident);
    }
    let ending = end(cx.program, &maker.def.body);
    let end = match ending {
        End::Fixed => None,
        End::Tolerant => Some(quote!(, Tolerant;)),
        End::Rest => Some(quote!(, Rest;)),
    };
    let (forms, others) = args.split_at(cx.program.forms(maker.def).len().min(args.len()));
    let forms = (!forms.is_empty()).then(|| quote!([#(#forms),*]));
    let comma = (end.is_none() && !others.is_empty()).then(|| quote!(,));
    let value = if maker.id.is_some() {
        let value = values::function_name(maker.name);
        quote!(#value(g #(, #args)*))
    } else {
        let (statements, value) = maker.made();
        lets.extend(statements);
        if value.to_string() == ty.to_string() {
            value
        } else {
            lets.extend(quote!(let value = #value;));
            quote!(value)
        }
    };
    // What packing decides stands nowhere before.
    let fields = if maker.def.is_enum || maker.def.layout.transforms {
        layout::Ends::default()
    } else {
        layout::Ends::of(cx, maker.def, ending == End::Fixed)
    };
    let (value, stands) = if fields.is_empty() {
        (value, None)
    } else {
        if value.to_string() != "value" {
            lets.extend(quote!(let value = #value;));
        }
        cx.import("generated_tests::layout::layout");
        let rules = fields.has_rules();
        let layout::Ends { first, last } = fields;
        let first = quote!(&[#(&#first),*]);
        let rules = rules.then(|| {
            cx.import("generated_tests::layout::rules");
            cx.import("runtime::Cursor");
            quote! {
                rules(
                    &|e| value.pack(e #(, #args)*),
                    &|bytes, e| {
                        let value = #ty::unpack(&mut Cursor::new(bytes) #(, #args)*)?;
                        _ = value.pack(e #(, #args)*);
                        Ok(())
                    },
                    #first,
                )?;
            }
        });
        (quote!(value), Some(quote!(layout(&|e| value.pack(e #(, #args)*), #first, &[#(&#last),*])?; #rules)))
    };
    let (value, independent) = if maker.def.layout.lifetime {
        let bound = (value.to_string() != "value").then(|| quote!(let value = #value;));
        lets.extend(bound);
        cx.import("generated_tests::oracles::owned");
        (quote!(value), Some(quote!(owned(&value, &value.clone().into_owned())?;)))
    } else {
        (value, None)
    };
    let (value, elsewhere) = match contexts(maker, &args) {
        None => (value, None),
        Some(contexts) => {
            let bound = (value.to_string() != "value").then(|| quote!(let value = #value;));
            lets.extend(bound);
            (quote!(value), Some(contexts))
        }
    };
    let around = of.checks(maker, &args);
    let bound = (around.is_some() && value.to_string() != "value").then(|| quote!(let value = #value;));
    lets.extend(bound);
    let value = if around.is_some() { quote!(value) } else { value };
    let elements = elements::of(cx, maker.def);
    let call = if maker.def.layout.transforms {
        // What packing decides is settled first.
        cx.import("generated_tests::settling");
        let more = match (&end, others) {
            (None, []) => quote!(),
            (None, _) => quote!(, Fixed;),
            (Some(end), _) => end.clone(),
        };
        quote!(settling!(g, #value, #ty #forms #more #(#others),*))
    } else {
        cx.import("generated_tests::wire");
        quote!(wire!(g, #value, #ty #forms #end #comma #(#others),*))
    };
    let body = if lets.is_empty() { call } else { quote!({ #lets #stands #independent #elsewhere #around #call }) };
    let property = if elements.is_empty() {
        cx.import("generated_tests::oracles::property");
        quote!(property(|g| #body))
    } else {
        cx.import("generated_tests::oracles::property_within");
        quote!(property_within(&[#(#elements),*], |g| #body))
    };
    quote! {
        #[test]
        fn #function() {
            #property;
        }
    }
}

/// What has to hold in another context than the value's own; nothing where there is none, or where packing decides.
fn contexts(maker: &Maker<'_, '_>, args: &[proc_macro2::Ident]) -> Option<TokenStream> {
    let (cx, params) = (maker.cx, &maker.def.params);
    if params.is_empty() || maker.def.layout.transforms {
        return None;
    }
    cx.import("generated_tests::contexts");
    let ty = cx.name_in(maker.module, maker.name);
    let others: Vec<proc_macro2::Ident> =
        params.iter().map(|param| quote::format_ident!("other_{}", snake(&param.name))).collect();
    let lets = params.iter().zip(&others).map(|(param, other)| {
        let made = maker.param(param);
        let reference = (!param.optional && (param.list || !cx.is_copy(&param.ty))).then(|| quote!(&));
        let borrowed = (param.optional && param.list).then(|| quote!(let #other = #other.as_deref();));
        quote!(let #other = #reference #made; #borrowed)
    });
    let forms = cx.program.forms(maker.def).len().min(args.len());
    let ((forms, args), (other_forms, others)) = (args.split_at(forms), others.split_at(forms));
    Some(quote! {
        #(#lets)*
        contexts!(value, #ty, [#(#forms),*] (#(#args),*), [#(#other_forms),*] (#(#others),*));
    })
}

/// Where a body ends, as the oracles see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// It says so itself.
    Fixed,
    /// Its tail may be cut off.
    Tolerant,
    /// At the end of its extent.
    Rest,
}

fn end(program: &Program, body: &[Member]) -> End {
    let of_type = |ty: &Type| match ty {
        Type::Bytes(extent) | Type::Array(_, extent) if extent.is_rest() => End::Rest,
        Type::Named(id, _) => match &program.ty(*id).kind {
            // A type that contains itself ends with a count, or it would not end.
            TypeKind::Struct(def) if def.max_recursion.is_none() => end(program, &def.body),
            _ => End::Fixed,
        },
        _ => End::Fixed,
    };
    let of_member = |member: &Member| match member {
        Member::Field(field) if field.at.is_some() => End::Rest,
        Member::Field(field) => of_type(&field.ty),
        Member::If(c) => end(program, &c.then).max(end(program, &c.otherwise)),
        Member::Match(m) => m.arms.iter().map(|arm| end(program, &arm.body)).max().unwrap_or(End::Fixed),
        Member::Tail(inner) => end(program, inner).max(End::Tolerant),
        Member::Sized(..) | Member::Let(..) | Member::Require(_) => End::Fixed,
    };
    body.iter().map(of_member).max().unwrap_or(End::Fixed)
}
