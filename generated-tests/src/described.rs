//! The descriptions as the compiler reads them: their vectors, for tests that treat all of them alike.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ropc::ast::{DeclKind, Item, MemberKind, SectionKind, Vector};
use ropc::driver::load_crate;

/// Vectors by the name that they stand in: which bytes they are (`request`, `success`, `reply`, or nothing in a
/// structure), and the bytes.
pub type Vectors = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// The root of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The vectors of the descriptions, in the order in which they stand there.
///
/// # Panics
/// When a description cannot be read.
#[must_use]
pub fn vectors() -> Vectors {
    let loaded = load_crate(&root().join("idl")).unwrap();
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let mut found = Vectors::new();
    let interfaces = loaded.files.iter().flat_map(|(_, file)| &file.items).filter_map(|item| match item {
        Item::Interface(interface) => Some(interface),
        _ => None,
    });
    for decl in interfaces.flat_map(|interface| &interface.decls) {
        let (name, vectors): (_, Vec<&Vector>) = match &decl.kind {
            DeclKind::Struct(of) => {
                let vectors = of.body.iter().filter_map(|member| match &member.kind {
                    MemberKind::Vector(vector) => Some(vector),
                    _ => None,
                });
                (&of.name, vectors.collect())
            }
            DeclKind::Rop(of) | DeclKind::Request(of) => {
                let vectors = of.sections.iter().filter_map(|section| match &section.kind {
                    SectionKind::Vector(vector) => Some(vector),
                    _ => None,
                });
                (&of.name, vectors.collect())
            }
            _ => continue,
        };
        let taken = vectors.into_iter().map(|vector| {
            let target = vector.target.as_ref().map_or(String::new(), |target| target.text.clone());
            (target, crate::vectors::hex(&vector.bytes.text))
        });
        let taken: Vec<_> = taken.collect();
        if !taken.is_empty() {
            found.insert(name.text.clone(), taken);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_vectors_by_what_they_stand_in() {
        let vectors = vectors();
        let of = |name: &str| vectors.get(name).map_or(&[][..], Vec::as_slice);
        assert!(of("ChangedTags").contains(&(String::new(), vec![0xFF, 0xFF])));
        let pending = vec![0x6E, 2, 0];
        assert!(of("RopPending").contains(&("reply".to_owned(), pending)));
        assert!(of("Connect").iter().any(|(target, _)| target == "request"));
        let all = |target: &str| vectors.values().flatten().filter(|(of, _)| of == target).count();
        assert!(all("request") > 130 && all("success") > 100, "{} and {}", all("request"), all("success"));
    }
}
