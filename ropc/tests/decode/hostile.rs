//! Any bytes: no panic, no more than a bounded tree, and renderings that keep every byte.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use ropc::model::TypeKind;

use crate::decode::rops::Decoder;
use crate::decode::script::{exchange, mapi_http, rops};
use crate::decode::text::Style;
use crate::decode::tree::{Decoded, Node};
use crate::decode::{dump, json, text};
use crate::support::{decode, nodes, program};

const CAPTURED: &str = include_str!("conversation.txt");

/// Bytes: any, or many small ones, which counts and types like.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..400), vec(prop_oneof![0_u8..5, any::<u8>()], 0..200), vec(0_u8..5, 0..2000),]
}

fn names() -> Vec<&'static str> {
    let types = program().types.iter().filter(|def| matches!(def.kind, TypeKind::Struct(_)));
    types.map(|def| def.name.as_str()).chain(program().rops.iter().map(|rop| rop.name.as_str())).collect()
}

fn params(name: &str) -> Vec<&'static str> {
    let target = crate::decode::target::Target::find(program(), name).unwrap();
    let context = |param: &ropc::model::Param| match param.name.as_str() {
        "Columns" => "Columns=0x0037001F,0x0E060040,0x00000001,0x10020003",
        "PropertyType" => "PropertyType=0x1102",
        _ => "",
    };
    target.params().iter().map(context).filter(|text| !text.is_empty()).collect()
}

/// Everything that is shown of it, and what has to hold of it.
fn shown(decoded: &Decoded) {
    let all = nodes(&decoded.root);
    assert!(all.len() <= (1 << 20) + 1000);
    inside(&decoded.root, decoded.root.payload.as_ref().unwrap().len());
    text::render(decoded, Style { coloured: true });
    json::render(decoded);
    if let Some(fault) = &decoded.fault {
        assert!(!fault.to_string().is_empty());
    }
    let payload = decoded.root.payload.as_ref().unwrap();
    let dump = dump::render(decoded);
    let first = dump.split("\n\n").next().unwrap();
    let kept: String = first.lines().skip(1).map(|line| line.chars().skip(10).take(47).collect::<String>()).collect();
    assert!(crate::decode::input::hex(&kept).as_ref() == Some(payload), "{first}");
}

fn inside(node: &Node, size: usize) {
    let size = node.payload.as_ref().map_or(size, Vec::len);
    for child in &node.children {
        assert!(child.offset.saturating_add(child.size) <= size, "{} of {}", child.name, node.name);
        inside(child, size);
    }
}

/// So many cases; what failed is a test of its own, not a file.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_bytes_as_any_type(name in select(names()), bytes in bytes()) {
        shown(&decode(name, &params(name), &bytes));
    }

    #[test]
    fn any_bytes_as_buffers(request in bytes(), reply in bytes()) {
        let mut decoder = Decoder::new(program());
        rops(&mut decoder, Some(&request), Some(&reply)).iter().for_each(shown);
        rops(&mut decoder, None, Some(&reply)).iter().for_each(shown);
    }

    #[test]
    fn any_bytes_as_bodies(key in select(vec!["Connect", "Execute", "Disconnect", "PING"]), request in bytes(), reply in bytes()) {
        let mut decoder = Decoder::new(program());
        mapi_http(&mut decoder, key, Some(&request), Some(&reply)).unwrap().iter().for_each(shown);
        let headed = [b"PROCESSING\r\nDONE\r\nX-ResponseCode: 0\r\n\r\n".as_slice(), &reply].concat();
        mapi_http(&mut decoder, key, None, Some(&headed)).unwrap().iter().for_each(shown);
    }

    #[test]
    fn a_decoder_ends_where_it_says(name in select(names()), bytes in bytes()) {
        let decoded = decode(name, &params(name), &bytes);
        match decoded.fault {
            Some(fault) => prop_assert!(fault.offset <= bytes.len()),
            None => prop_assert_eq!(decoded.root.size, bytes.len()),
        }
    }
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn a_captured_conversation_with_changed_bytes(changes in vec((any::<u32>(), any::<u8>()), 1..6)) {
        let mut decoder = Decoder::new(program());
        for (index, line) in CAPTURED.lines().filter(|line| !line.starts_with('#')).enumerate() {
            let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            for (at, value) in &changes {
                let word = &mut words[2 + (index + *at as usize) % 2];
                let place = (*at as usize).wrapping_mul(31).wrapping_add(index) % (word.len() / 2) * 2;
                word.replace_range(place..place + 2, &format!("{value:02x}"));
            }
            exchange(&mut decoder, &words.join(" ")).unwrap().iter().for_each(shown);
        }
    }
}

#[test]
fn lists_of_lists_without_bytes_end_at_a_limit() {
    // 9,000 rows of a byte, each of 40,000 columns that take none.
    let columns = format!("Columns={}", vec!["1"; 8_000].join(","));
    let mut bytes = vec![0x15, 0, 0, 0, 0, 0, 2, 0x28, 0x23];
    bytes.extend(vec![0; 9_000]);
    let decoded = decode("RopQueryRowsReply", &[&columns], &bytes);
    let fault = decoded.fault.unwrap();
    assert!(fault.message.contains("more values than so few bytes can mean"), "{fault}");
}
