//! Trees in, Rust and diagnostics out: the compiler as a function, without files.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::ast::{Decl, DeclKind, File, Ident, Interface, Item, MacroDef, Member, MemberKind, SourceId};
use crate::diagnostic::{Diagnostic, Severity};
use crate::emit::file::{FormatError, RustFile, header};
use crate::emit::reuse::{self, Earlier, Made};
use crate::emit::{self, Output};
use crate::key::Key;
use crate::lower;
use crate::model::Program;
use crate::ndr;
use crate::parallel;
use crate::source::Sources;

/// What compiling gave.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What the MAPI interfaces mean.
    pub program: Program,
    /// The NDR interfaces, with the file that each was written in and the name of its module.
    pub ndr: Vec<(SourceId, String, ndr::model::Interface)>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Something keeps code from being written.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Checks parsed files, imported ones first, and resolves what they mean.
#[must_use]
pub fn compile(files: &[(SourceId, File)]) -> Compiled {
    let trees: Vec<&File> = files.iter().map(|(_, file)| file).collect();
    // The two encodings have nothing to do with each other, but for what operations carry.
    let ((program, mut diagnostics), (mut ndr, found)) = parallel::both(|| compile_mapi(&trees), || compile_ndr(files));
    diagnostics.extend(found);
    for (_, _, module) in &mut ndr {
        ndr::carries::resolve(&program, module, &mut diagnostics);
    }
    Compiled { program, ndr, diagnostics }
}

fn compile_mapi(trees: &[&File]) -> (Program, Vec<Diagnostic>) {
    let (program, mut diagnostics) = lower::lower(trees);
    if diagnostics.is_empty() {
        diagnostics.extend(emit::tests::check_vectors(&program));
    }
    (program, diagnostics)
}

fn compile_ndr(files: &[(SourceId, File)]) -> (Vec<(SourceId, String, ndr::model::Interface)>, Vec<Diagnostic>) {
    let (mut modules, mut diagnostics) = (Vec::new(), Vec::new());
    for (source, name, (model, found)) in interfaces(files, ndr::check_interface) {
        if found.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
            modules.push((source, name, model));
        }
        diagnostics.extend(found);
    }
    (modules, diagnostics)
}

/// What `f` makes of every NDR interface, with the file and the name of its module.
fn interfaces<T: Send>(
    files: &[(SourceId, File)],
    f: impl Fn(&Interface, &ndr::Scope<'_>) -> T + Sync,
) -> Vec<(SourceId, String, T)> {
    let own: Vec<NdrFile<'_>> = files.iter().map(|(source, file)| NdrFile::new(*source, file)).collect();
    let index: HashMap<SourceId, usize> = own.iter().enumerate().map(|(i, file)| (file.source, i)).collect();
    let mut tasks = Vec::new();
    for (at, file) in own.iter().enumerate() {
        // what is one of COM was reported, and only its types are of use to others
        let plain = file.interfaces.iter().enumerate().filter(|(_, interface)| !interface.com);
        tasks.extend(plain.map(|(position, _)| (at, position)));
    }
    let results = parallel::map(&tasks, |&(at, position)| {
        let file = own.get(at)?;
        let interface = file.interfaces.get(position)?;
        let (mut imports, mut macros) = (Vec::new(), Vec::new());
        for source in reached(&index, &own, at) {
            let names = own.get(source).map(|file| file.modules.iter().zip(&file.interfaces)).into_iter().flatten();
            imports.extend(names.map(|(module, interface)| ndr::Import { module, interface }));
            macros.extend(own.get(source).map(|file| file.macros).unwrap_or_default());
        }
        let before = file.modules.iter().zip(&file.interfaces).take(position);
        imports.extend(before.map(|(module, interface)| ndr::Import { module, interface }));
        macros.extend(file.macros);
        let lost = own.iter().flat_map(|file| file.lost.iter().map(|name| name.text.clone())).collect();
        let scope = ndr::Scope { imports, lost, macros, ..ndr::Scope::default() };
        Some((file.source, ndr::module_name(&interface.name.text), f(interface, &scope)))
    });
    results.into_iter().flatten().collect()
}

/// The NDR interfaces of a file; declarations outside belong to the first. A file of declarations alone is an
/// interface of its name.
struct NdrFile<'f> {
    source: SourceId,
    interfaces: Vec<Cow<'f, Interface>>,
    /// The Rust paths of their modules.
    modules: Vec<String>,
    imports: &'f [SourceId],
    lost: &'f [Ident],
    macros: &'f [MacroDef],
}

impl<'f> NdrFile<'f> {
    fn new(source: SourceId, file: &'f File) -> Self {
        let all = file.items.iter().filter_map(|item| match item {
            Item::Interface(interface) => Some(interface),
            _ => None,
        });
        let mut interfaces: Vec<Cow<'f, Interface>> =
            all.filter(|interface| ndr::is_ndr(interface)).map(Cow::Borrowed).collect();
        let outside = file.items.iter().filter_map(|item| match item {
            Item::Decl(decl) => Some(decl),
            _ => None,
        });
        let mut outside = outside.peekable();
        if outside.peek().is_some() {
            let any = file.items.iter().any(|item| matches!(item, Item::Interface(interface) if !interface.com));
            let typed = |item: &Item| matches!(item, Item::Decl(Decl { kind: DeclKind::Typedef(_), .. }));
            if !any && file.items.iter().all(is_of_ndr) && file.items.iter().any(typed) {
                interfaces.insert(0, Cow::Owned(nameless(file)));
            }
            if let Some(first) = interfaces.iter_mut().find(|interface| !interface.com) {
                let first = first.to_mut();
                let own = std::mem::take(&mut first.decls);
                first.decls = outside.cloned().chain(own).collect();
            }
        }
        let path = |interface: &Cow<'f, Interface>| format!("crate::{}", ndr::module_name(&interface.name.text));
        let modules = interfaces.iter().map(path).collect();
        Self { source, interfaces, modules, imports: &file.imports, lost: &file.lost, macros: &file.macros }
    }
}

/// The interface of a file that has none.
fn nameless(file: &File) -> Interface {
    let stem = file.stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    let mut text: String = stem.collect();
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text.insert_str(0, "types_");
    }
    let span = file.items.iter().find_map(|item| match item {
        Item::Decl(decl) => Some(decl.span.clone()),
        _ => None,
    });
    Interface { name: Ident { text, span: span.unwrap_or_default() }, nameless: true, ..Interface::default() }
}

/// A declaration of the kinds that NDR has.
fn is_of_ndr(item: &Item) -> bool {
    match item {
        Item::Decl(decl) => match &decl.kind {
            DeclKind::Const(_) | DeclKind::Typedef(_) | DeclKind::Aggregate(_) | DeclKind::Enum(_) => true,
            DeclKind::Struct(declared) => {
                let plain = |member: &Member| matches!(member.kind, MemberKind::Field(_));
                declared.forms.is_empty() && declared.params.is_empty() && declared.body.iter().all(plain)
            }
            _ => false,
        },
        _ => true,
    }
}

/// Files that a file imports, and those that these import, the nearest last.
fn reached(index: &HashMap<SourceId, usize>, files: &[NdrFile<'_>], from: usize) -> Vec<usize> {
    let mut found = vec![false; files.len()];
    let mut order = Vec::new();
    let mut queue = vec![from];
    while let Some(at) = queue.pop() {
        let imports = files.get(at).map(|file| file.imports).unwrap_or_default();
        for next in imports.iter().filter_map(|source| index.get(source)) {
            if let Some(found) = found.get_mut(*next).filter(|found| !**found && *next != from) {
                *found = true;
                order.push(*next);
                queue.push(*next);
            }
        }
    }
    order.reverse();
    order
}

/// Writes the Rust of what was compiled: the files of the crate's `src`.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    Ok(outputs(emit_again(sources, compiled, &reuse::nothing)?))
}

/// The same, with what stands of it taken from there.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_again(sources: &Sources, compiled: &Compiled, earlier: Earlier<'_>) -> Result<Vec<Made>, FormatError> {
    let mut made = emit::emit_again(&compiled.program, &origins(sources, &compiled.program), earlier)?;
    made.extend(of_ndr(sources, compiled, earlier, |mut rust, _, model| {
        let module = ndr::module(model);
        rust.docs(module.docs);
        module.items.into_iter().for_each(|item| rust.push(item));
        rust
    })?);
    made.sort_by(|a, b| a.output.path.cmp(&b.output.path));
    let paths = made.iter().map(|made| made.output.path.as_str());
    let root = emit::crate_root(paths);
    made.push(Made::each_time(root));
    Ok(made)
}

/// One file an NDR interface.
fn of_ndr(
    sources: &Sources,
    compiled: &Compiled,
    earlier: Earlier<'_>,
    fill: impl Fn(RustFile, &str, &ndr::model::Interface) -> RustFile + Sync,
) -> Result<Vec<Made>, FormatError> {
    let made = parallel::map(&compiled.ndr, |(source, name, model)| {
        let (file, text) = sources.get(*source).map_or(("", ""), |s| (s.name.as_str(), s.text.as_str()));
        // Everything that the emitter sees.
        let key = Some(Key::of(format!("{model:?}").as_bytes()));
        let path = format!("{name}.rs");
        reuse::file(earlier, path, header(file, text), key, |header| fill(RustFile::under(header), name, model))
    });
    made.into_iter().collect()
}

fn outputs(made: Vec<Made>) -> Vec<Output> {
    made.into_iter().map(|made| made.output).collect()
}

/// Writes the Rust of the NDR interfaces alone.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_ndr(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    let made = of_ndr(sources, compiled, &reuse::nothing, |mut rust, _, model| {
        let module = ndr::module(model);
        rust.docs(module.docs);
        module.items.into_iter().for_each(|item| rust.push(item));
        rust
    })?;
    Ok(outputs(made))
}

/// Writes the tests of what was compiled.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_tests(sources: &Sources, compiled: &Compiled) -> Result<Vec<Output>, FormatError> {
    Ok(outputs(emit_tests_again(sources, compiled, &reuse::nothing)?))
}

/// The same, with what stands of it taken from there.
///
/// # Errors
/// When an emitter makes tokens that are no Rust: a mistake of ours.
pub fn emit_tests_again(
    sources: &Sources,
    compiled: &Compiled,
    earlier: Earlier<'_>,
) -> Result<Vec<Made>, FormatError> {
    let ndr = of_ndr(sources, compiled, earlier, |mut rust, name, model| {
        let tests = ndr::oracles(model);
        if !tests.is_empty() {
            rust.docs([format!("Values of `{name}`, and what has to hold for them.")]);
            tests.into_iter().for_each(|item| rust.push(item));
        }
        rust
    })?;
    emit::tests::emit_tests_again(&compiled.program, &origins(sources, &compiled.program), ndr, earlier)
}

/// Writes the reference pages of what was compiled.
#[must_use]
pub fn emit_reference(sources: &Sources, files: &[(SourceId, File)], compiled: &Compiled) -> Vec<Output> {
    emit::reference::emit_reference(sources, files, &compiled.program)
}

/// Writes a dissector for Wireshark, in Lua, of what was compiled.
#[must_use]
pub fn emit_dissector(sources: &Sources, compiled: &Compiled) -> String {
    let texts: String = origins(sources, &compiled.program).into_iter().map(|(_, text)| text).collect();
    emit::dissector::emit(&compiled.program, compiled.ndr.iter().map(|(_, _, interface)| interface), &texts)
}

/// Name and text of the file that each module was written in.
fn origins(sources: &Sources, program: &Program) -> Vec<(String, String)> {
    let origin = |module: &crate::model::Module| {
        sources.get(module.span.source).map(|s| (s.name.clone(), s.text.clone())).unwrap_or_default()
    };
    program.modules.iter().map(origin).collect()
}
