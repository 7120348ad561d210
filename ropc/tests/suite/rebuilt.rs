//! Building again: what stands is kept where it would come out the same, and nowhere else.
//!
//! Whatever was built before and whatever became of it since, building gives what building from nothing gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ropc::driver::{self, Earlier};
use ropc::key::Key;

const BASE: &str = "[encoding(mapi)] interface base {\n    /// A colour.\n    enum Colour : uint8 { Red = 1, Green = 2 }\n\
    struct Point { uint16 X; uint16 Y; }\n\
    struct Any { Colour Kind; match (Kind) { Red => { uint8 A; } Green => { uint16 B; } else => { uint32 C; } } }\n}\n";
const SHAPES: &str = "import \"base.idl\";\n[encoding(mapi)] interface shapes {\n    struct Line { Point From; Point To; \
    Colour Ink; }\n    struct Path { uint8 Count = count(Points); Any Points[Count]; }\n}\n";
const ALONE: &str = "[encoding(mapi)] interface alone {\n    struct Pair { uint32 A; uint32 B; }\n}\n";
const CALLS: &str = "[uuid(12345678-1234-1234-1234-123456789abc), version(1.0)] interface calls {\n    long Add([in] long a, [in] long b);\n}\n";

/// A crate of descriptions with the folders beside it.
struct Project(tempfile::TempDir);

impl Project {
    fn new(descriptions: &[(&str, &str)]) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        for folder in ["idl/src", "generated-tests/tests/generated", "docs/reference", "target"] {
            fs::create_dir_all(project.path(folder)).unwrap();
        }
        fs::write(project.path("target/CACHEDIR.TAG"), "").unwrap();
        descriptions.iter().for_each(|(name, text)| project.describe(name, text));
        project
    }

    fn small() -> Self {
        Self::new(&[("base.idl", BASE), ("shapes.idl", SHAPES), ("alone.idl", ALONE), ("calls.idl", CALLS)])
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn idl(&self) -> PathBuf {
        self.path("idl")
    }

    fn describe(&self, name: &str, text: &str) {
        fs::write(self.idl().join(name), text).unwrap();
    }

    /// Builds as `ropc build` does; what was written or removed, `None` where all is fresh.
    fn build(&self) -> Option<Vec<String>> {
        let earlier = Earlier::of(&self.idl());
        if earlier.as_ref().is_some_and(|earlier| earlier.is_fresh(&self.idl())) {
            return None;
        }
        let checked = driver::load_crate(&self.idl()).unwrap().check();
        assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
        let changed = driver::build_again(&checked, &self.idl(), earlier.as_ref()).unwrap();
        Some(changed.iter().map(|path| path.strip_prefix(self.0.path()).unwrap().display().to_string()).collect())
    }

    fn generated(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        for folder in ["idl/src", "generated-tests/tests/generated", "docs/reference"] {
            for entry in fs::read_dir(self.path(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("{folder}/{}", path.file_name().unwrap().display());
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
        files
    }

    /// Everything is as it would be without an earlier build.
    #[track_caller]
    fn is_as_from_nothing(&self) {
        let other = Self::new(&[]);
        for path in driver::descriptions(&self.idl()).unwrap() {
            fs::copy(&path, other.idl().join(path.file_name().unwrap())).unwrap();
        }
        other.build();
        let (ours, theirs) = (self.generated(), other.generated());
        assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
        for (name, text) in &theirs {
            assert!(ours[name] == *text, "{name} differs");
        }
    }

    /// The file that is kept.
    fn kept(&self) -> PathBuf {
        fs::read_dir(self.path("target/ropc")).unwrap().next().unwrap().unwrap().path()
    }

    /// Changes the file that is kept, and makes it whole again.
    fn forge(&self, change: impl Fn(&str) -> String) {
        let text = fs::read_to_string(self.kept()).unwrap();
        let lines = change(&text[..text.trim_end().rfind('\n').unwrap() + 1]);
        fs::write(self.kept(), format!("{lines}end {}\n", Key::of(lines.as_bytes()))).unwrap();
    }
}

#[test]
fn nothing_is_done_where_nothing_has_changed() {
    let project = Project::small();
    let first = project.build().unwrap();
    assert!(first.contains(&"idl/src/shapes.rs".to_owned()) && first.contains(&"docs/reference/calls.md".to_owned()));
    assert_eq!(project.build(), None);
    project.describe("base.idl", BASE);
    assert_eq!(project.build(), None, "written again with the same bytes");
    project.is_as_from_nothing();
}

#[test]
fn only_files_that_come_out_differently_are_written() {
    let project = Project::small();
    project.build();
    project.describe("alone.idl", &ALONE.replace("uint32 B", "uint16 B"));
    let changed = project.build().unwrap();
    assert!(changed.contains(&"idl/src/alone.rs".to_owned()), "{changed:?}");
    assert!(changed.iter().all(|name| !name.contains("shapes") && !name.contains("base")), "{changed:?}");
    project.is_as_from_nothing();
    assert_eq!(project.build(), None);
}

#[test]
fn a_change_reaches_the_files_of_descriptions_that_import_it() {
    let project = Project::small();
    project.build();
    // the structure borrows now, and so do those that contain it; an enumeration before it gives all types new numbers
    let changed = BASE.replace("uint16 Y;", "utf16 Y;").replace("/// A colour.", "enum First : uint8 { One = 1 }");
    project.describe("base.idl", &changed);
    let changed = project.build().unwrap();
    for name in ["idl/src/base.rs", "idl/src/shapes.rs", "generated-tests/tests/generated/shapes.rs"] {
        assert!(changed.contains(&name.to_owned()), "{name}: {changed:?}");
    }
    project.is_as_from_nothing();
    // a line more moves everything in the text and nothing in what it means
    project.describe("base.idl", &format!("// a comment\n\n{BASE}"));
    project.build();
    project.is_as_from_nothing();
}

#[test]
fn use_by_another_description_reaches_the_file_of_what_is_used() {
    let project = Project::small();
    project.describe("shapes.idl", "[encoding(mapi)] interface shapes {\n    struct One { uint8 A; }\n}\n");
    project.build();
    // elements of lists are read otherwise
    project.describe("shapes.idl", SHAPES);
    assert!(project.build().unwrap().contains(&"idl/src/base.rs".to_owned()));
    project.is_as_from_nothing();
}

#[test]
fn descriptions_outside_of_the_folder_count() {
    let project = Project::small();
    fs::create_dir(project.path("common")).unwrap();
    fs::write(project.path("common/base.idl"), BASE).unwrap();
    fs::remove_file(project.idl().join("base.idl")).unwrap();
    project.describe("shapes.idl", &SHAPES.replace("base.idl", "../common/base.idl"));
    project.build();
    assert_eq!(project.build(), None);
    fs::write(project.path("common/base.idl"), BASE.replace("Green = 2", "Green = 3")).unwrap();
    let changed = project.build().unwrap();
    assert!(changed.contains(&"idl/src/base.rs".to_owned()), "{changed:?}");
    assert!(fs::read_to_string(project.path("idl/src/base.rs")).unwrap().contains("0x03"));
}

#[test]
fn outputs_that_someone_else_touched_are_made_again() {
    let project = Project::small();
    project.build();
    let file = project.path("idl/src/shapes.rs");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("Line", "Lime")).unwrap();
    assert_eq!(project.build().unwrap(), ["idl/src/shapes.rs"]);
    fs::remove_file(project.path("generated-tests/tests/generated/base.rs")).unwrap();
    assert_eq!(project.build().unwrap(), ["generated-tests/tests/generated/base.rs"]);
    fs::write(project.path("idl/src/old.rs"), "// @generated by ropc from idl/old.idl; do not edit.\n").unwrap();
    assert_eq!(project.build().unwrap(), ["idl/src/old.rs"]);
    project.is_as_from_nothing();
    assert_eq!(project.build(), None);
}

#[test]
fn descriptions_come_and_go() {
    let project = Project::small();
    project.build();
    project.describe("later.idl", "import \"base.idl\";\n[encoding(mapi)] interface later { struct L { Point P; } }\n");
    assert!(project.build().unwrap().contains(&"idl/src/later.rs".to_owned()));
    project.is_as_from_nothing();
    fs::remove_file(project.idl().join("later.idl")).unwrap();
    let changed = project.build().unwrap();
    assert!(changed.contains(&"idl/src/later.rs".to_owned()), "{changed:?}");
    assert!(!project.path("idl/src/later.rs").exists());
    project.is_as_from_nothing();
}

#[test]
fn what_another_compiler_made_is_made_again() {
    let project = Project::small();
    project.build();
    project.forge(|text| text.replacen("build ", "build 0", 1));
    assert!(Earlier::of(&project.idl()).is_none());
    assert_eq!(project.build(), Some(Vec::new()), "everything is made, and comes out as it stands");
    assert_eq!(project.build(), None);
}

#[test]
fn a_damaged_record_counts_for_nothing() {
    let project = Project::small();
    project.build();
    let whole = fs::read(project.kept()).unwrap();
    for at in (0..whole.len()).step_by(97) {
        fs::write(project.kept(), &whole[..at]).unwrap();
        assert!(Earlier::of(&project.idl()).is_none(), "cut at {at}");
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        fs::write(project.kept(), flipped).unwrap();
        assert!(Earlier::of(&project.idl()).is_none(), "changed at {at}");
    }
    fs::write(project.kept(), [0xFF; 100]).unwrap();
    assert_eq!(project.build(), Some(Vec::new()));
    // pieces that stand nowhere in the file are not taken from it
    project.forge(|text| text.lines().map(|line| line.replace(" 0\n", " 1\n") + "\n").collect());
    project.describe("alone.idl", &ALONE.replace("Pair", "Couple"));
    project.build();
    project.is_as_from_nothing();
}

#[test]
fn without_a_target_folder_everything_is_made() {
    let project = Project::small();
    fs::remove_dir_all(project.path("target")).unwrap();
    project.build();
    assert_eq!(project.build(), Some(Vec::new()));
    assert!(!project.path("target").exists());
}

#[test]
fn the_comparison_does_not_believe_the_record() {
    let project = Project::small();
    project.build();
    let file = project.path("idl/src/shapes.rs");
    let before = fs::read_to_string(&file).unwrap();
    let after = before.replace("Line", "Lime");
    let (old, new) = (Key::of(before.as_bytes()).to_string(), Key::of(after.as_bytes()).to_string());
    fs::write(&file, after).unwrap();
    project.forge(|text| text.replace(&old, &new));
    assert_eq!(project.build(), None, "a record that lies well");
    let ropc = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_ropc")).current_dir(project.0.path()).args(arguments).output().unwrap()
    };
    let output = ropc(&["build", "--check", "idl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("shapes.rs is not what its description makes"));
    fs::remove_dir_all(project.path("target/ropc")).unwrap();
    assert_eq!(ropc(&["build", "idl"]).status.code(), Some(0));
    project.is_as_from_nothing();
}

#[test]
fn the_descriptions_of_this_project_come_out_as_from_nothing_after_changes() {
    let project = Project::new(&[]);
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl");
    for path in driver::descriptions(&real).unwrap() {
        fs::copy(&path, project.idl().join(path.file_name().unwrap())).unwrap();
    }
    project.build();
    let text = fs::read_to_string(project.idl().join("oxcdata.idl")).unwrap();
    let at = text.find("    struct ").unwrap();
    let at = text[..at].rfind(";\n").map_or(at, |end| end + 2);
    let at = text[at..].find("\n\n").map_or(at, |line| at + line + 1);
    project.describe(
        "oxcdata.idl",
        &format!("// moved\n{}\n    struct AddedHere {{ uint8 Added; }}\n{}", &text[..at], &text[at..]),
    );
    let text = fs::read_to_string(project.idl().join("oxcfold.idl")).unwrap();
    let text = text.replacen("/// ", "/// Changed: ", 5).replacen(
        "uint8 WantAsynchronous;",
        "uint8 WantAsynchronous; uint8 Added;",
        1,
    );
    project.describe("oxcfold.idl", &text);
    assert!(project.build().unwrap().contains(&"idl/src/oxcfold.rs".to_owned()));
    project.is_as_from_nothing();
}
