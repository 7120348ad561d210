//! What `suite` says of a type that is broken on purpose.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;
use std::{env, fs, process};

use generated_tests::finds;
use generated_tests::suite::{failures, junit, outcomes, records};

/// Its name is that of the test of a described type.
mod broken {
    use generated_tests::oracles::property;
    use generated_tests::{Choices, wire};
    use runtime::{Cursor, Encoder, PackError, UnpackError};

    #[derive(Debug, PartialEq)]
    struct SortOrder {
        property_tag: u32,
        order: u8,
    }

    impl SortOrder {
        fn unpack(c: &mut Cursor<'_>) -> Result<Self, UnpackError> {
            // The mistake.
            Ok(Self { property_tag: c.u32()? & 0x7FFF_FFFF, order: c.u8()? })
        }

        fn pack(&self, e: &mut Encoder) -> Result<(), PackError> {
            e.u32(self.property_tag)?;
            e.u8(self.order)
        }

        fn packed_size(&self) -> usize {
            5
        }
    }

    #[test]
    #[ignore = "fails: the other test runs it"]
    fn sort_order_round_trips() {
        property(|g: &mut Choices| wire!(g, SortOrder { property_tag: g.u32(), order: g.u8() }, SortOrder));
    }
}

#[test]
fn a_broken_type_gives_a_small_vector_its_tree_and_a_failure_for_machines() {
    let folder = env::temp_dir().join(format!("suite-{}", process::id()));
    let run = || {
        _ = fs::remove_dir_all(&folder);
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "broken::sort_order_round_trips", "--ignored"])
            .env("ROPC_SEED", "7")
            .env("ROPC_REPORT", &folder)
            .output()
            .unwrap();
        assert!(!output.status.success());
        (String::from_utf8_lossy(&output.stdout).into_owned(), failures(&folder).unwrap())
    };
    let (output, failed) = run();
    let [failure] = failed.as_slice() else { unreachable!("{failed:?}: {output}") };
    assert_eq!((failure.seed, failure.rule.as_str()), (7, "unpacking gives the value that was packed"));
    assert_eq!(failure.find.bytes.len(), 5);
    assert_eq!(failure.find.bytes.last(), Some(&0), "what does not matter is made small: {failure:?}");
    let vector: toml::Table = failure.vector().parse().unwrap();
    let vector = vector.get("vector").and_then(|list| list.get(0)).unwrap();
    assert_eq!(vector.get("type").and_then(toml::Value::as_str), Some("SortOrder"));
    let tree = failure.tree().unwrap();
    assert!(tree.contains("PropertyTag: 0x") && tree.contains("Order:"), "{tree}");

    let outcomes = outcomes(&output, &records(&folder).unwrap());
    assert_eq!(outcomes.len(), 1);
    assert!(outcomes.iter().all(|outcome| !outcome.passed && outcome.record.as_ref().is_some_and(|r| !r.held)));
    let xml = junit(&outcomes, &failed, 7, 1.0);
    assert!(xml.contains("failures=\"1\"") && xml.contains("SortOrder"), "{xml}");

    assert_eq!(run().1, failed, "the same seed gives the same failure");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn filed_cases_are_of_tests_that_there_are() {
    for (path, find) in finds::all().unwrap() {
        let name = find.test.rsplit("::").next().unwrap().to_owned();
        let folder = env!("CARGO_MANIFEST_DIR");
        let mut files = vec![format!("{folder}/tests"), format!("{folder}/tests/generated")];
        files = files
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| fs::read_to_string(path).unwrap())
            .collect();
        assert!(files.iter().any(|text| text.contains(&format!("fn {name}("))), "{}: no {name}", path.display());
    }
}
