//! The address book as clients read it: bodies of requests and replies, byte by byte.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../generated-tests/src/spec_coverage.rs"]
mod spec_coverage;

use std::sync::Arc;

use runtime::{Encoder, Guid};
use server::address_book::{AddressBook, Binding};
use server::engine::endpoint::{MailboxEndpoint, Principal, RequestFailure};
use server::store::sqlite::SqliteStore;
use server::store::{NewUser, Store as _};

const SERVER: Guid = Guid([7; 16]);
const OK: [u8; 8] = [0; 8];
const NO_AUX: [u8; 4] = [0; 4];
const DISPLAY_NAME: u32 = 0x3001_001F;
const DISPLAY_TYPE: u32 = 0x3900_0003;
/// No object has it.
const TELEPHONE: u32 = 0x3A1A_001F;

/// Ids of the users in the order of their names.
const ANNA_BERG: u32 = 0x10;
const ANNA_DAHL: u32 = 0x11;
const BRUNO: u32 = 0x12;

struct Client {
    book: AddressBook,
    binding: Binding,
}

fn n(value: u64, size: usize) -> Vec<u8> {
    let mut e = Encoder::new();
    e.uint(value, size).unwrap();
    e.into_vec()
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| n((*value).into(), 4)).collect()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(|unit| n(unit.into(), 2)).collect()
}

/// A string as a value of a property.
fn value(text: &str) -> Vec<u8> {
    [&[0xFF][..], &wide(text)].concat()
}

/// A STAT of the Global Address List.
fn stat(current: u32, delta: i32, position: u32, total: u32) -> Vec<u8> {
    u32s(&[0, 0, current, delta.cast_unsigned(), position, total, 1252, 0x0409, 0x0409])
}

fn has(bytes: &[u8]) -> Vec<u8> {
    [&[1], bytes].concat()
}

fn columns(tags: &[u32]) -> Vec<u8> {
    [n(tags.len() as u64, 4), u32s(tags)].concat()
}

fn record(test: &str, numbers: &[u32]) {
    numbers.iter().for_each(|number| spec_coverage::record(&format!("MS-OXCMAPIHTTP_R{number}"), test));
}

fn dn(name: &str) -> String {
    format!("/o=Example/cn=Recipients/cn={name}")
}

impl Client {
    fn new() -> Self {
        let store = SqliteStore::in_memory().unwrap();
        for (name, display_name) in [("bruno", "Bruno"), ("anna", "Anna Dahl"), ("berg", "Anna Berg")] {
            let address = format!("{name}@example.test");
            let user = NewUser { address: &address, display_name, legacy_dn: &dn(name), password_hash: "none" };
            store.create_user(&user).unwrap();
        }
        let book = AddressBook::new(Arc::new(store), SERVER);
        let principal = Principal { user: "anna@example.test".to_owned() };
        let request = [n(0, 4), has(&stat(0, 0, 0, 0)), NO_AUX.to_vec()].concat();
        let (body, binding) = book.connect(&principal, &request).unwrap();
        assert_eq!(body, [&OK[..], &SERVER.0, &NO_AUX].concat());
        let mut client = Self { book, binding: binding.unwrap() };
        client.book.serve_at("https://mail.example.test");
        // Ids are given out in the order of names, when they are first listed.
        client.ask("UpdateStat", &[&n(0, 4), &has(&stat(0, 0, 0, 0)), &[0]]);
        client
    }

    /// The reply to a request without its auxiliary buffer, which is empty both ways.
    fn ask(&mut self, request_type: &str, parts: &[&[u8]]) -> Vec<u8> {
        let request = [parts.concat(), NO_AUX.to_vec()].concat();
        let mut body = self.book.call(&mut self.binding, request_type, &request).unwrap();
        assert_eq!(body.split_off(body.len() - 4), NO_AUX, "{request_type}");
        body
    }

    /// The reply to a request that fails with this code: so many flags say that nothing follows.
    fn refused(&mut self, request_type: &str, parts: &[&[u8]], code: u32, rest: &[u8]) {
        assert_eq!(self.ask(request_type, parts), [&n(0, 4), &n(code.into(), 4), rest].concat(), "{request_type}");
    }
}

#[test]
fn a_binding_begins_and_ends() {
    const TEST: &str = "a_binding_begins_and_ends";
    let Client { book, binding } = Client::new();
    record(TEST, &[346, 347, 348, 349, 350]);
    let unbound = book.disconnect(binding, &[n(0, 4), NO_AUX.to_vec()].concat()).unwrap();
    // UnbindSuccess
    assert_eq!(unbound, [&n(0, 4)[..], &n(1, 4), &NO_AUX].concat());
    record(TEST, &[367, 1291, 368, 369]);
    let unicode = u32s(&[0, 0, 0, 0, 0, 0, 1200, 0x0409, 0x0409]);
    let principal = Principal { user: "anna@example.test".to_owned() };
    let (body, binding) = book.connect(&principal, &[n(0, 4), has(&unicode), NO_AUX.to_vec()].concat()).unwrap();
    assert!(binding.is_none());
    assert_eq!(body[4..8], n(0x8004_011E, 4));
    assert_eq!(book.connect(&principal, &[1, 2]).err(), Some(RequestFailure::InvalidRequestBody));
}

#[test]
fn rows_are_read_from_a_position_or_of_a_list() {
    const TEST: &str = "rows_are_read_from_a_position_or_of_a_list";
    let mut client = Client::new();
    let (state, none, tags) = (has(&stat(0, 1, 0, 0)), n(0, 4), columns(&[DISPLAY_NAME, DISPLAY_TYPE]));
    let rows = client.ask("QueryRows", &[&none, &state, &none, &n(5, 4), &has(&tags)]);
    let row = |name: &str| [&[0][..], &value(name), &n(0, 4)].concat();
    let expected = [&OK[..], &has(&stat(2, 0, 3, 3)), &[1], &tags, &n(2, 4), &row("Anna Dahl"), &row("Bruno")].concat();
    assert_eq!(rows, expected);
    record(TEST, &[843, 844, 845, 846, 847, 850, 852, 853, 854, 856, 857, 859, 860, 862, 15, 17, 18, 450, 2035]);
    record(TEST, &[2000, 2001, 2005, 2006, 2009, 2010]);

    // An object that there is not has errors in place of values.
    let tags = columns(&[DISPLAY_NAME, TELEPHONE]);
    let listed = [n(2, 4), u32s(&[BRUNO, 0x999])].concat();
    let rows = client.ask("QueryRows", &[&none, &has(&stat(0, 0, 0, 0)), &listed, &none, &has(&tags)]);
    let missing = [&[0x0A][..], &n(0x8004_010F, 4)].concat();
    let bruno = [&[1, 0][..], &value("Bruno"), &missing].concat();
    let nobody = [&[1][..], &missing, &missing].concat();
    assert_eq!(rows[8 + 37..], [&[1][..], &tags, &n(2, 4), &bruno, &nobody].concat());
    record(TEST, &[453, 2018, 2019, 2020, 2021, 2022, 2024, 2025, 2036]);
    // PtypUnspecified: the type stands before the value.
    let tags = columns(&[DISPLAY_NAME & 0xFFFF_0000]);
    let rows = client.ask("QueryRows", &[&none, &has(&stat(BRUNO, 0, 0, 0)), &none, &n(1, 4), &has(&tags)]);
    assert_eq!(rows[8 + 37..], [&[1][..], &tags, &n(1, 4), &[0], &n(0x1F, 2), &value("Bruno")].concat());
    record(TEST, &[1298, 2015, 2016, 2017]);

    client.refused("QueryRows", &[&none, &[0], &none, &n(1, 4), &[0]], 0x8007_0057, &[0, 0]);
    record(TEST, &[851, 855, 858, 861]);
    let elsewhere = u32s(&[0, 9, 0, 0, 0, 0, 1252, 0x0409, 0x0409]);
    client.refused("QueryRows", &[&none, &has(&elsewhere), &none, &n(1, 4), &[0]], 0x8004_0405, &[0, 0]);
    client.refused("QueryRows", &[&none, &has(&stat(0, 0, 0, 0)), &none, &none, &[0]], 0x8007_0057, &[0, 0]);
}

#[test]
fn names_are_resolved_when_one_object_alone_may_be_meant() {
    const TEST: &str = "names_are_resolved_when_one_object_alone_may_be_meant";
    let mut client = Client::new();
    let tags = columns(&[DISPLAY_NAME]);
    let names: Vec<u8> =
        ["anna", "brun", "nobody", "=SMTP:anna@example.test", "ber an"].iter().flat_map(|name| wide(name)).collect();
    let names = has(&[n(5, 4), names].concat());
    let answer = client.ask("ResolveNames", &[&n(0, 4), &has(&stat(0, 0, 0, 0)), &has(&tags), &names]);
    let row = |name: &str| [&[0][..], &value(name)].concat();
    let ids = [n(5, 4), u32s(&[1, 2, 0, 2, 2])].concat();
    let expected = [&OK[..], &n(1252, 4), &has(&ids), &[1], &tags, &n(3, 4)].concat();
    assert_eq!(answer[..expected.len()], expected);
    assert_eq!(answer[expected.len()..], [row("Bruno"), row("Anna Dahl"), row("Anna Berg")].concat());
    record(TEST, &[934, 935, 936, 937, 938, 939, 940, 942, 943, 945, 946, 947, 949, 950, 952, 953, 955]);
    client.refused("ResolveNames", &[&n(0, 4), &[0], &[0], &names], 0x8007_0057, &[0, 0, 0, 0, 0, 0]);
    record(TEST, &[941, 944, 948, 951, 954]);
}

#[test]
fn objects_are_found_by_conditions() {
    const TEST: &str = "objects_are_found_by_conditions";
    let mut client = Client::new();
    // ContentRestriction: prefix, without case
    let prefix =
        [&[3][..], &n(2, 2), &n(1, 2), &n(DISPLAY_NAME.into(), 4), &n(DISPLAY_NAME.into(), 4), &value("anna")].concat();
    let anr = [&[4, 4][..], &n(0x360C_001F, 4), &n(0x360C_001F, 4), &value("bru")].concat();
    let not = [&[2][..], &anr].concat();
    let tags = columns(&[DISPLAY_NAME]);
    let ask = |filter: &[u8], limit: u64, tags: Option<&[u8]>| {
        let columns = tags.map_or(vec![0], has);
        [n(0, 4), has(&stat(5, 0, 0, 0)), vec![0], n(0, 4), has(filter), vec![0], n(limit, 4), columns].concat()
    };
    let found_state = u32s(&[0, 5, 0, 0, 0, 2, 1252, 0x0409, 0x0409]);
    let row = |name: &str| [&[0][..], &value(name)].concat();
    for filter in [&prefix, &not] {
        let ids = [n(2, 4), u32s(&[ANNA_BERG, ANNA_DAHL])].concat();
        let expected =
            [&OK[..], &has(&found_state), &has(&ids), &[1], &tags, &n(2, 4), &row("Anna Berg"), &row("Anna Dahl")]
                .concat();
        assert_eq!(client.ask("GetMatches", &[&ask(filter, 10, Some(&tags))]), expected);
        let expected = [&OK[..], &has(&found_state), &has(&ids), &[0]].concat();
        assert_eq!(client.ask("GetMatches", &[&ask(filter, 10, None)]), expected);
    }
    record(TEST, &[524, 525, 526, 527, 528, 530, 533, 516, 534, 535, 538, 539, 542, 543, 544, 547, 545, 551, 552, 555]);
    record(TEST, &[1451, 548, 1296]);
    client.refused("GetMatches", &[&ask(&prefix, 1, None)], 0x8004_0403, &[0, 0, 0]);
    record(TEST, &[1449, 1450, 1294]);
    // SizeRestriction
    let size = [&[7, 4][..], &n(DISPLAY_NAME.into(), 4), &n(1, 4)].concat();
    client.refused("GetMatches", &[&ask(&size, 9, None)], 0x8004_0117, &[0, 0, 0]);
}

#[test]
fn properties_of_an_object_are_read_with_their_tags() {
    const TEST: &str = "properties_of_an_object_are_read_with_their_tags";
    let mut client = Client::new();
    let state = has(&stat(BRUNO, 0, 0, 0));
    let answer = client.ask("GetProps", &[&n(0, 4), &state, &has(&columns(&[0x39FE_001F, 0x0FFE_0003]))]);
    let expected = [&n(2, 4), &n(0x39FE_001F, 4), &value("bruno@example.test"), &n(0x0FFE_0003, 4), &n(6, 4)]
        .map(|part| part.as_slice())
        .concat();
    assert_eq!(answer, [&OK[..], &n(1252, 4), &has(&expected)].concat());
    record(TEST, &[619, 620, 621, 622, 623, 624, 626, 628, 2011, 2012, 2013, 2014]);
    // What is not there is an error of its own, and the operation says that there are errors.
    let answer = client.ask("GetProps", &[&n(0, 4), &state, &has(&columns(&[TELEPHONE]))]);
    let error = [n(1, 4), n(0x3A1A_000A, 4), n(0x8004_010F, 4)].concat();
    assert_eq!(answer, [&n(0, 4)[..], &n(0x0004_0380, 4), &n(1252, 4), &has(&error)].concat());
    client.refused(
        "GetProps",
        &[&n(0, 4), &has(&stat(0x999, 0, 0, 0)), &[0]],
        0x8004_010F,
        &[&n(1252, 4)[..], &[0]].concat(),
    );
    record(TEST, &[627]);

    let answer = client.ask("GetPropList", &[&n(0, 4), &n(BRUNO.into(), 4), &n(1200, 4)]);
    let tags = &answer[9..];
    assert_eq!((&answer[..8], answer[8]), (&OK[..], 1));
    assert_eq!(tags.len(), 4 + 4 * usize::from(tags[0]));
    assert!(tags[4..].chunks(4).any(|tag| tag == n(DISPLAY_NAME.into(), 4)));
    record(TEST, &[579, 580, 581, 582, 583, 584, 587, 23]);
    client.refused("GetPropList", &[&n(0, 4), &n(0x999, 4), &n(1200, 4)], 0x8004_010F, &[0]);
    let narrow = client.ask("QueryColumns", &[&n(0, 4), &n(0, 4)]);
    assert_eq!((&narrow[..8], narrow[8]), (&OK[..], 1));
    assert!(narrow[13..].chunks(4).any(|tag| tag == n(0x3001_001E, 4)));
    let unicode = client.ask("QueryColumns", &[&n(0, 4), &n(0x8000_0000, 4)]);
    assert_eq!(unicode[9..], *tags);
    record(TEST, &[885, 886, 887, 888, 889, 890, 892]);
}

#[test]
fn positions_are_moved_compared_and_sought() {
    const TEST: &str = "positions_are_moved_compared_and_sought";
    let mut client = Client::new();
    let (zero, first) = (n(0, 4), has(&stat(0, 0, 0, 0)));
    let answer = client.ask("UpdateStat", &[&zero, &has(&stat(0, 9, 0, 0)), &[1]]);
    assert_eq!(answer, [&OK[..], &has(&stat(2, 0, 3, 3)), &has(&n(3, 4))].concat());
    record(TEST, &[1074, 1075, 1076, 1077, 1078, 1080, 1082, 1083, 1084, 1086]);
    let answer = client.ask("UpdateStat", &[&zero, &has(&stat(1, 0, 1, 3)), &[0]]);
    assert_eq!(answer, [&OK[..], &has(&stat(ANNA_DAHL, 0, 1, 3)), &[0]].concat());
    client.refused("UpdateStat", &[&zero, &[0], &[1]], 0x8007_0057, &[0, 0]);
    record(TEST, &[1081, 1085]);

    for (one, two, result) in [(ANNA_BERG, BRUNO, -1), (BRUNO, BRUNO, 0), (BRUNO, ANNA_DAHL, 1_i32)] {
        let answer = client.ask("CompareMIds", &[&zero, &first, &u32s(&[one, two])]);
        assert_eq!(answer, [&OK[..], &u32s(&[result.cast_unsigned()])].concat());
    }
    record(TEST, &[399, 1290, 400, 401, 402, 2109, 2110, 2111, 2112]);
    client.refused("CompareMIds", &[&zero, &first, &u32s(&[BRUNO, 0x999])], 0x8004_010F, &n(0, 4));

    let tags = columns(&[DISPLAY_NAME]);
    let target = |name: &str| has(&[n(DISPLAY_NAME.into(), 4), value(name)].concat());
    let answer = client.ask("SeekEntries", &[&zero, &first, &target("anna c"), &[0], &has(&tags)]);
    let rows = [&[0][..], &value("Anna Dahl"), &[0], &value("Bruno")].concat();
    let expected = [&OK[..], &has(&stat(ANNA_DAHL, 0, 1, 3)), &[1], &tags, &n(2, 4), &rows].concat();
    assert_eq!(answer, expected);
    record(TEST, &[1038, 1039, 1040, 1041, 1042, 1044, 1046, 1047, 1048, 1050, 1051, 1053, 1054, 1056]);
    client.refused("SeekEntries", &[&zero, &first, &target("zoe"), &[0], &[0]], 0x8004_010F, &[0, 0]);
    record(TEST, &[1045, 1049, 1052, 1055]);

    let ids = has(&[n(3, 4), u32s(&[BRUNO, 0x999, ANNA_BERG])].concat());
    let answer = client.ask("ResortRestriction", &[&zero, &has(&stat(BRUNO, 0, 0, 0)), &ids]);
    let sorted = has(&[n(2, 4), u32s(&[ANNA_BERG, BRUNO])].concat());
    assert_eq!(answer, [&OK[..], &has(&stat(BRUNO, 0, 1, 2)), &sorted].concat());
    record(TEST, &[993, 994, 995, 996, 997, 999, 1001, 1002, 1003, 1005, 1006, 1007, 1009]);
    client.refused("ResortRestriction", &[&zero, &first, &[0]], 0x8007_0057, &[0, 0]);
    record(TEST, &[1000, 1004, 1008]);

    let names = [dn("BRUNO"), dn("nobody")].map(|name| format!("{name}\0")).concat();
    let answer = client.ask("DNToMId", &[&zero, &has(&[n(2, 4), names.into_bytes()].concat())]);
    assert_eq!(answer, [&OK[..], &has(&[n(2, 4), u32s(&[BRUNO, 0])].concat())].concat());
    record(TEST, &[1286, 1287, 430, 431, 432, 433, 436, 1288, 440]);
    client.refused("DNToMId", &[&zero, &[0]], 0x8007_0057, &[0]);
}

#[test]
fn there_is_one_container_and_nobody_changes_anything() {
    const TEST: &str = "there_is_one_container_and_nobody_changes_anything";
    let mut client = Client::new();
    let (zero, first) = (n(0, 4), has(&stat(0, 0, 0, 0)));
    // NspiUnicodeStrings
    let answer = client.ask("GetSpecialTable", &[&n(4, 4), &first, &[0]]);
    let head = [&OK[..], &n(1200, 4), &has(&n(1, 4)), &[1], &n(1, 4), &n(6, 4)].concat();
    assert_eq!(answer[..head.len()], head);
    let name = [n(DISPLAY_NAME.into(), 4), value("Global Address List")].concat();
    assert!(answer.windows(name.len()).any(|bytes| bytes == name));
    record(TEST, &[664, 665, 666, 667, 668, 669, 670, 672, 673, 675, 677, 678, 680]);
    // The client has this version of it.
    let answer = client.ask("GetSpecialTable", &[&n(4, 4), &first, &has(&n(1, 4))]);
    assert_eq!(answer, [&OK[..], &n(1200, 4), &has(&n(1, 4)), &has(&n(0, 4))].concat());
    client.refused("GetSpecialTable", &[&n(4, 4), &[0], &[0]], 0x8007_0057, &[&n(1200, 4)[..], &[0, 0]].concat());
    record(TEST, &[1452, 679]);

    client.refused(
        "GetTemplateInfo",
        &[&n(1, 4), &zero, &[0], &n(1252, 4), &n(0x0409, 4)],
        0x8004_010F,
        &[&n(1252, 4)[..], &[0]].concat(),
    );
    record(TEST, &[713, 714, 715, 716, 717, 720, 721]);
    client.refused("ModLinkAtt", &[&zero, &n(0x8009_000D, 4), &n(BRUNO.into(), 4), &[0]], 0x8007_0005, &[]);
    record(TEST, &[757, 758, 759, 760]);
    client.refused("ModProps", &[&zero, &[0], &[0], &[0]], 0x8004_0102, &[]);
    record(TEST, &[796, 797, 798, 799]);

    let answer = client.ask("GetMailboxUrl", &[&zero, &wide("/o=Example/cn=Servers/cn=x")]);
    assert_eq!(answer, [&OK[..], &wide("https://mail.example.test/mapi/emsmdb/")].concat());
    record(TEST, &[1099, 1100, 1101, 1102, 1103]);
    let answer = client.ask("GetAddressBookUrl", &[&zero, &wide(&dn("anna"))]);
    assert_eq!(answer, [&OK[..], &wide("https://mail.example.test/mapi/nspi/")].concat());
    record(TEST, &[1117, 1118, 1119, 1120, 1121]);
}
