//! Vectors in TOML to tests.
//!
//! | key | |
//! |---|---|
//! | `type` | a structure, a ROP or a request of the descriptions; for NDR the path of its Rust type |
//! | `of` | which bytes of a ROP or request they are: `request`, `success`, `failure`, `reply` |
//! | `bytes` | hexadecimal |
//! | `with` | parameters, as a description writes them: `{ Columns: [0x36020003] }` |
//! | `value` | what they mean, as a description writes it; fields that are not named are not compared |
//! | `error` | the error that must come instead: `{ kind = "Truncated", offset = 5 }` |
//! | `representation` | of NDR: `NDR`, `NDR_BIG_ENDIAN`, `NDR64` |
//! | `source` | where they come from: a section, a capture, what rule is broken |

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ropc::ast::{DeclKind, Item, SectionKind, Vector};
use ropc::model::Program;
use ropc::source::Sources;

/// Tests of all vectors in a folder.
pub fn tests(program: &Program, folder: &Path) -> String {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut given: BTreeMap<String, Vec<Vector>> = BTreeMap::new();
    let mut ndr = String::new();
    let (mut all, mut errors) = (0, 0);
    for path in paths {
        let shown = path.display();
        let table: toml::Table = match fs::read_to_string(&path).unwrap().parse() {
            Ok(table) => table,
            Err(error) => panic!("{shown}: {error}"),
        };
        for entry in table.get("vector").and_then(toml::Value::as_array).into_iter().flatten() {
            all += 1;
            let Some(entry) = Entry::of(entry) else {
                panic!("{shown}: a vector without type, bytes or source: {entry:?}")
            };
            errors += usize::from(entry.error.is_some());
            if let Some(representation) = entry.representation {
                ndr.push_str(&entry.ndr_test(all, representation));
            } else {
                let vector = entry.vector().unwrap_or_else(|error| panic!("{shown}: {error}: {}", entry.source));
                given.entry(entry.name.to_owned()).or_default().push(vector);
            }
        }
    }
    let (mut text, problems) = ropc::emit::tests::emit_given(program, &given).unwrap();
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("{}: {}", problem.message, problem.primary.1)).collect();
    assert!(problems.is_empty(), "{}: {problems:#?}", folder.display());
    text.push_str(&ndr);
    _ = writeln!(
        text,
        "/// Vectors, and how many of them are of errors.\nconst COUNTS: (usize, usize) = ({all}, {errors});"
    );
    text
}

/// A vector as it is written.
struct Entry<'t> {
    name: &'t str,
    of: &'t str,
    bytes: &'t str,
    with: &'t str,
    value: &'t str,
    error: Option<(&'t str, i64)>,
    representation: Option<&'t str>,
    source: &'t str,
}

impl<'t> Entry<'t> {
    fn of(entry: &'t toml::Value) -> Option<Self> {
        let text = |name: &str| entry.get(name).and_then(toml::Value::as_str);
        let error = match entry.get("error") {
            Some(error) => Some((error.get("kind")?.as_str()?, error.get("offset")?.as_integer()?)),
            None => None,
        };
        Some(Self {
            name: text("type")?,
            of: text("of").unwrap_or_default(),
            bytes: text("bytes")?,
            with: text("with").unwrap_or_default(),
            value: text("value").unwrap_or_default(),
            error,
            representation: text("representation"),
            source: text("source")?,
        })
    }

    /// As it would stand in a description.
    fn vector(&self) -> Result<Vector, String> {
        let with = if self.with.is_empty() { String::new() } else { format!("with {}", self.with) };
        let expected = match self.error {
            Some((kind, offset)) => format!("error \"{kind} at {offset}\""),
            None => self.value.to_owned(),
        };
        let text = format!(
            "[encoding(mapi)] interface given {{ rop Given = 1 {{ request {{}} vector {} \"{}\" {with} {expected} }} }}",
            self.of, self.bytes
        );
        let source = Sources::default().add(String::new(), text.clone());
        let (file, problems) = ropc::parse::parse(source, &text);
        if let Some(problem) = problems.first() {
            return Err(problem.message.clone());
        }
        let interfaces = file.items.into_iter().filter_map(|item| match item {
            Item::Interface(interface) => Some(interface),
            _ => None,
        });
        let sections = interfaces.flat_map(|interface| interface.decls).filter_map(|decl| match decl.kind {
            DeclKind::Rop(rop) => Some(rop.sections),
            _ => None,
        });
        let mut vectors = sections.flatten().filter_map(|section| match section.kind {
            SectionKind::Vector(vector) => Some(vector),
            _ => None,
        });
        vectors.next().ok_or_else(|| "no vector".to_owned())
    }

    fn ndr_test(&self, number: usize, representation: &str) -> String {
        let Self { name, bytes, .. } = self;
        let call = match self.error {
            Some((kind, offset)) => format!(
                "generated_tests::vectors::refused_ndr(&bytes, runtime::ndr::Representation::{representation}, \
                 |c| {name}::unpack(c), ({kind:?}, {offset}))"
            ),
            None => format!(
                "_ = generated_tests::vectors::decoded_ndr(&bytes, runtime::ndr::Representation::{representation}, \
                 |c| {name}::unpack(c), |v, e| v.pack(e))"
            ),
        };
        format!("#[test]\nfn ndr_vector_{number}() {{\n    let bytes = hex({bytes:?});\n    {call};\n}}\n\n")
    }
}
