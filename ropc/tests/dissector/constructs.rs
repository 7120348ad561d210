//! Constructs that few of the project's operations have, in an operation of their own.

use ropc::compile::emit_dissector;
use ropc::driver::{Checked, load_crate};

use crate::compare::same;
use crate::decode::rops::Decoder;
use crate::decode::script::mapi_http;
use crate::exchanges::{buffer, capture, execute, forms, request};
use crate::pdml::bodies;
use crate::support::{Tshark, root};
use crate::vectors::Random;

const OPERATION: &str = "
    [spec(\"an example\")]
    struct Part { uint8 Last; uint8 Value; }

    [spec(\"an example\")]
    rop RopCountRows = 0x62 {
        request {
            input handle<Table> Table;
            uint8     ValuesBefore;
            uint16    Values[until 0];
            asciiline Lines[until \"\"];
            Part      Parts[until Last == 1];
            globset   Set;
            uint16    RestSize = sizeof(following);
            sized(RestSize) {
                uint16 PartsSize = sizeof(More);
                sized(PartsSize) Part More[until Last == 2 or rest];
                tail {
                    uint8    Number;
                    uint16   EndCount = count(End);
                    Part     End[EndCount];
                    utf16    Text;
                    string8  Eight;
                    guid     Guid;
                    uint48be Counter;
                    filetime Time;
                    globset  Other;
                    bytes    Left[rest];
                }
            }
        }
        success {}
    }
}
";

/// The project's descriptions with this operation.
fn described() -> Checked {
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
    checked
}

/// The operation with so many bytes of its tail.
fn operation(tail: usize) -> Vec<u8> {
    let mut bytes = vec![0x62, 0, 0, 9, 1, 0, 2, 0, 0, 0];
    bytes.extend(b"A: b\r\nc\r\n\r\n");
    bytes.extend([0, 5, 1, 6]);
    // Counters 1 to 3 and 5, a range, and one alone.
    bytes.extend([5, 0, 0, 0, 0, 0, 0x42, 1, 0x0B, 0x52, 0x10, 0x20, 0x50, 6, 0, 0, 0, 0, 1, 0, 0]);
    let mut rest = vec![4, 0, 7, 7, 2, 8];
    let mut whole = vec![3, 2, 0, 1, 2, 3, 4, b'a', 0, 0, 0, b'b', 0];
    whole.extend([0x11; 16]);
    whole.extend([0, 0, 0, 0, 1, 2, 0, 0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0x9D, 1, 6, 0, 0, 0, 0, 0, 9, 0, 0xAA]);
    rest.extend(&whole[..tail.min(whole.len())]);
    bytes.extend(u16::try_from(rest.len()).unwrap().to_le_bytes());
    bytes.extend(rest);
    bytes
}

#[test]
fn lists_up_to_an_end_and_tails_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let checked = described();
    tshark.load(&emit_dissector(&checked.sources, &checked.compiled));
    let mut random = Random(0x1357_9BDF_0246_8ACE);
    let mut all: Vec<Vec<u8>> = (0..55).map(operation).collect();
    for _ in 0..400 {
        let mut bytes = operation(random.below(55));
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len() - 3) + 3;
            bytes[at] = if random.below(2) == 0 { random.next() as u8 % 8 } else { random.next() as u8 };
        }
        all.push(bytes);
    }
    let (mut messages, mut expected, mut fine) = (Vec::new(), Vec::new(), 0);
    for (index, (bytes, form)) in all.iter().zip(forms()).enumerate() {
        let body = execute(&buffer(bytes, &[1]), form);
        let mut decoder = Decoder::new(&checked.compiled.program);
        let decoded = mapi_http(&mut decoder, "Execute", Some(&body), None).unwrap();
        fine += usize::from(decoded[0].fault.is_none());
        expected.extend(decoded);
        messages.push((request("Execute", &format!("s{index}"), &body), Vec::new()));
    }
    assert!(fine > 50 && expected.len() - fine > 50, "{fine} of {} decode", expected.len());
    same(&bodies(&tshark.run(&capture(messages), &["-T", "pdml"])), &expected);
}
