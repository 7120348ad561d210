//! The structures that values of properties have in FastTransfer streams, against the statements of MS-OXCFXICS.

use std::collections::BTreeMap;

use ropc::model::Program;

use crate::layouts::{descriptions, record};

/// A property, the element that it stands in where that matters, its structure, statements.
const VALUES: &[(&str, Option<&str>, &str, &[&str])] = &[
    ("MetaTagIdsetGiven", None, "ReplGuidIdset", &["R3007"]),
    ("MetaTagCnsetSeen", None, "ReplGuidIdset", &["R1264"]),
    ("MetaTagCnsetSeenFAI", None, "ReplGuidIdset", &["R3010"]),
    // All that is kept has GUIDs, all that is of use once has short numbers.
    ("MetaTagCnsetRead", None, "ReplGuidIdset", &["R3013", "R1945"]),
    ("MetaTagIdsetDeleted", None, "ReplIdIdset", &["R1276"]),
    ("MetaTagIdsetNoLongerInScope", None, "ReplIdIdset", &["R3032"]),
    ("MetaTagIdsetExpired", None, "ReplIdIdset", &[]),
    ("MetaTagIdsetRead", None, "ReplIdIdset", &["R3036"]),
    ("MetaTagIdsetUnread", None, "ReplIdIdset", &["R3038", "R1946"]),
    ("MetaTagNewFXFolder", None, "FolderReplicaInfo", &[]),
    ("PidTagMid", None, "MessageId", &["R3017"]),
    ("PidTagChangeNumber", None, "CN", &["R1269"]),
    ("PidTagParentFolderId", None, "FolderId", &["R1270"]),
    ("PidTagSourceKey", None, "XID", &[]),
    ("PidTagChangeKey", None, "XID", &[]),
    ("PidTagPredecessorChangeList", None, "PredecessorChangeList", &[]),
    ("0x00000102", Some("groupInfo"), "PropertyGroupInfo", &["R1122"]),
    ("0x00000102", Some("progressTotal"), "ProgressInformation", &["R1388"]),
    ("0x00000102", Some("errorInfo"), "ExtendedErrorInfo", &[]),
];

fn tag(program: &Program, name: &str) -> u32 {
    if let Some(number) = name.strip_prefix("0x") {
        return u32::from_str_radix(number, 16).unwrap();
    }
    let constant = program.modules.iter().flat_map(|module| &module.consts).find(|constant| constant.name == name);
    match constant.unwrap_or_else(|| panic!("no property {name}")).value {
        ropc::model::ConstValue::Int(value) => u32::try_from(value).unwrap(),
        ref other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn values_of_properties_are_the_stated_structures() {
    let program = descriptions();
    let stream = program.streams.iter().find(|stream| stream.name == "FastTransfer").unwrap();
    let mut proved = BTreeMap::new();
    let mut ids = Vec::new();
    for (name, within, structure, statements) in VALUES {
        let tag = tag(&program, name);
        let number = within
            .map(|within| stream.productions.iter().position(|production| production.name == within).unwrap() as u16);
        let found: Vec<&str> = stream
            .values
            .iter()
            .filter(|rule| rule.tag == tag && rule.within == number)
            .map(|rule| program.ty(rule.ty).name.as_str())
            .collect();
        assert_eq!(found, [*structure], "{name} {within:?}");
        ids.extend(statements.iter().map(|statement| (format!("MS-OXCFXICS_{statement}"), format!("streams::{name}"))));
    }
    proved.extend(ids.iter().map(|(id, test)| (id.as_str(), test.clone())));
    record("ropc-streams", &proved);
}
