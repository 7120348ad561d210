//! What the dissector cannot read.

use ropc::compile::emit_dissector;
use ropc::driver::load_crate;
use ropc::model::{Member, Type};

use crate::exchanges::{buffer, capture, execute, executed, forms, request, response};
use crate::pdml::bodies;
use crate::support::{Tshark, root};

/// The dissector where a list of columns is a construct that nothing emits.
fn without_columns() -> String {
    let mut checked = load_crate(&root().join("idl")).unwrap().check();
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    let rops = &mut checked.compiled.program.rops;
    let rop = rops.iter_mut().find(|rop| rop.name == "RopSetColumns").unwrap();
    let field = rop.request.body.iter_mut().find_map(|member| match member {
        Member::Field(field) if field.name == "PropertyTags" => Some(field),
        _ => None,
    });
    field.unwrap().ty = Type::Later;
    emit_dissector(&checked.sources, &checked.compiled)
}

#[test]
fn what_is_not_known_is_told_and_the_rest_not_guessed() {
    let Some(tshark) = Tshark::find() else { return };
    tshark.load(&without_columns());
    let form = forms().next().unwrap();
    let asks = execute(&buffer(&[0x12, 0, 0, 9, 1, 0, 0x1F, 0, 0x37, 0], &[1]), form);
    let answers = executed(&buffer(&[0x12, 0, 0, 0, 0, 0, 0], &[1]), form, false);
    // What stands before it is read, and so are the messages after this one.
    let again = request("Execute", "one", &execute(&buffer(&[1, 0, 0], &[1]), form));
    let file =
        capture(vec![(request("Execute", "one", &asks), response("Execute", &answers, false)), (again, Vec::new())]);
    let shown = bodies(&tshark.run(&file, &["-T", "pdml"]));
    let labels = |index: usize| shown[index].all().iter().map(|item| item.label.as_str()).collect::<Vec<_>>();
    assert!(labels(0).iter().any(|label| label.starts_with("SetColumnsFlags: 0x09")), "{:?}", labels(0));
    assert!(!labels(0).iter().any(|label| label.contains("PidTagSubject")), "{:?}", labels(0));
    let told = shown[0].experts();
    let what = "RopSetColumns.PropertyTags: a kind of value that this dissector does not have at";
    assert!(told.iter().any(|text| text.contains(what)), "{told:?}");
    assert!(labels(2).contains(&"RopRelease"), "{:?}", labels(2));
}
