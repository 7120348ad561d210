//! Against Samba's library: it sees the values that were meant, and writes the same bytes in all
//! representations.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::peer::{self, Exchange, REPRESENTATIONS};
use crate::samples::{Call, call, samples};

/// Compares both directions of calls; gives what the peer saw of each.
fn compare(python: &str, calls: &[Call]) -> Vec<[String; 2]> {
    let exchanges: Vec<Exchange> = calls
        .iter()
        .flat_map(|call| {
            let request = REPRESENTATIONS.map(|r| call.encode_request(r).unwrap());
            let response = REPRESENTATIONS.map(|r| call.encode_response(r).unwrap());
            let (operation, name) = (format!("echo.{}", call.name()), format!("{call:?}"));
            [(request.clone(), None), (request, Some(response))].map(|(request, response)| Exchange {
                operation: operation.clone(),
                name: name.clone(),
                request,
                response,
            })
        })
        .collect();
    let seen = peer::compare(python, &exchanges);
    seen.as_chunks::<2>().0.to_vec()
}

/// Samba hands no text over that is not valid UTF-16, and stops at a zero inside.
fn is_plain(call: &Call) -> bool {
    let plain = |text: &runtime::Utf16<'_>| {
        let text = text.to_text();
        !text.contains(['\0', char::REPLACEMENT_CHARACTER])
            && text.chars().all(|c| !c.is_whitespace() && u32::from(c) < 0xfffe)
    };
    match call {
        Call::TestCall(request, response) => plain(&request.text) && response.answer.as_ref().is_none_or(plain),
        _ => true,
    }
}

#[test]
fn samba_sees_the_same_values_and_writes_the_same_bytes() {
    let Some(python) = peer::python() else { return };
    let calls: Vec<Call> = samples().into_iter().filter(is_plain).collect();
    let seen = compare(python, &calls);
    for (name, request, response) in EXPECTED {
        let found = calls
            .iter()
            .zip(&seen)
            .any(|(call, values)| call.name() == *name && values[0] == *request && values[1] == *response);
        assert!(found, "{name}: {:#?}", calls.iter().zip(&seen).filter(|(c, _)| c.name() == *name).collect::<Vec<_>>());
    }
}

/// What Samba has to see in the samples: operation, request, response.
const EXPECTED: &[(&str, &str, &str)] = &[
    ("AddOne", "in_in_data=16909060", "out_out_data=16909061"),
    ("EchoData", "in_in_data=[1,2,3];in_len=3", "out_out_data=[1,2,3]"),
    ("SinkData", "in_data=[254,255];in_len=2", "-"),
    ("SourceData", "in_len=2", "out_data=[7,8]"),
    ("TestCall", "in_s1=abc", "out_s2=de"),
    ("TestSleep", "in_seconds=3", "result=3"),
    ("TestEnum", "in_foo1=1;in_foo2={e1:1,e2:2};in_foo3=2", "out_foo1=2;out_foo2={e1:1,e2:2};out_foo3={e1:1,e2:2}"),
    ("TestSurrounding", "in_data={surrounding:[2571,3085,1],x:3}", "out_data={surrounding:[5],x:1}"),
    ("TestDoublePointer", "in_data={value:4660}", "result=4660"),
    ("TestCall2", "in_level=1", "out_info={v:17};result=3221225473"),
    ("TestCall2", "in_level=5", "out_info={v1:153,v2:1234605616436508552};result=3221225473"),
    ("TestCall2", "in_level=6", "out_info={info1:{v:17},v1:153};result=3221225473"),
    ("TestCall2", "in_level=7", "out_info={info4:{v:1234605616436508552},v1:153};result=3221225473"),
];

#[test]
fn samba_agrees_on_generated_calls() {
    let Some(python) = peer::python() else { return };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let calls: Vec<Call> =
        std::iter::repeat_with(|| call().new_tree(&mut runner).unwrap().current()).filter(is_plain).take(500).collect();
    compare(python, &calls);
}
