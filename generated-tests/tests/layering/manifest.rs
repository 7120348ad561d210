//! The dependencies in a Cargo.toml.

use std::collections::BTreeSet;

use crate::source::root;

#[derive(Debug, Default)]
pub struct Manifest {
    /// Dependencies and build dependencies that are not optional.
    pub required: BTreeSet<String>,
    pub optional: BTreeSet<String>,
    pub development: BTreeSet<String>,
    /// Those with a version of their own.
    pub with_version: Vec<String>,
}

impl Manifest {
    #[track_caller]
    pub fn of(folder: &str) -> Self {
        Self::find(folder).unwrap_or_else(|| panic!("{folder} has no Cargo.toml"))
    }

    pub fn find(folder: &str) -> Option<Self> {
        std::fs::read_to_string(root().join(folder).join("Cargo.toml")).ok().map(|text| Self::parse(&text))
    }

    pub fn all(&self) -> BTreeSet<String> {
        [&self.required, &self.optional, &self.development].into_iter().flatten().cloned().collect()
    }

    pub fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut table = "";
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(header) = line.strip_prefix('[') {
                table = header.trim_end_matches(']');
                if let Some((table, name)) = table.rsplit_once('.').filter(|(table, _)| is_dependencies(table)) {
                    manifest.add(table, name, "");
                }
                continue;
            }
            let Some((key, value)) = line.split_once('=') else {
                continue;
            };
            if is_dependencies(table) {
                let name = key.trim().split('.').next().unwrap_or_default();
                manifest.add(table, name, value.trim());
            }
        }
        manifest
    }

    fn add(&mut self, table: &str, name: &str, value: &str) {
        let name = name.trim_matches('"').to_owned();
        if value.starts_with('"') || value.contains("version") {
            self.with_version.push(name.clone());
        }
        if table.ends_with("dev-dependencies") {
            self.development.insert(name);
        } else if value.contains("optional = true") {
            self.optional.insert(name);
        } else {
            self.required.insert(name);
        }
    }
}

fn is_dependencies(table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap_or_default();
    ["dependencies", "dev-dependencies", "build-dependencies"].contains(&last)
}
