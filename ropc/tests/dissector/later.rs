//! Constructs of the language that are newer than the dissector.

use ropc::compile::emit_dissector;
use ropc::driver::load_crate;

use crate::exchanges::{buffer, capture, execute, executed, request, response};
use crate::pdml::bodies;
use crate::support::{Tshark, root};

/// A list that ends at a sentinel: the dissector does not have it so far.
const OPERATION: &str = "
    [spec(\"an example\")]
    rop RopCountRows = 0x62 {
        request { input handle<Table> Table; uint8 Before; uint16 Values[until 0]; uint8 After; }
        success { uint32 RowCount; }
    }
}
";

#[test]
fn what_is_not_known_is_told_and_the_rest_not_guessed() {
    let Some(tshark) = Tshark::find() else { return };
    let idl = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(root().join("idl")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "idl") {
            let mut text = std::fs::read_to_string(&path).unwrap();
            if path.ends_with("oxctabl.idl") {
                text = text.trim_end().trim_end_matches('}').to_owned() + OPERATION;
            }
            std::fs::write(idl.path().join(path.file_name().unwrap()), text).unwrap();
        }
    }
    let checked = load_crate(idl.path()).unwrap().check();
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    tshark.load(&emit_dissector(&checked.sources, &checked.compiled));
    let form = crate::exchanges::forms().next().unwrap();
    let asks = execute(&buffer(&[0x62, 0, 0, 9, 1, 0, 0, 0, 7], &[1]), form);
    let answers = executed(&buffer(&[0x62, 0, 0, 0, 0, 0, 3, 0, 0, 0], &[1]), form, false);
    // What stands before it is read, and so are the messages after this one.
    let again = request("Execute", "one", &execute(&buffer(&[1, 0, 0], &[1]), form));
    let file =
        capture(vec![(request("Execute", "one", &asks), response("Execute", &answers, false)), (again, Vec::new())]);
    let shown = bodies(&tshark.run(&file, &["-T", "pdml"]));
    let labels = |index: usize| shown[index].all().iter().map(|item| item.label.as_str()).collect::<Vec<_>>();
    assert!(
        labels(0).contains(&"Before: 9") && !labels(0).iter().any(|label| label.starts_with("After")),
        "{:?}",
        labels(0)
    );
    let told = shown[0].experts();
    assert!(
        told.iter().any(|text| text.contains("RopCountRows.Values: a length that this dissector does not have")),
        "{told:?}"
    );
    assert!(labels(2).contains(&"RopRelease"), "{:?}", labels(2));
}
