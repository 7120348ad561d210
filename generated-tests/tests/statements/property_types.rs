//! Properties of rules and permissions: their numbers and types.

use protocol::oxcdata::{PropertyTag, PropertyType};
use protocol::oxcperm::MemberRights;
use protocol::oxprops::*;

use crate::record;

#[test]
fn properties_of_rules_have_their_types() {
    const TEST: &str = "properties_of_rules_have_their_types";
    let table: [(PropertyTag, PropertyType, &[&str]); 24] = [
        (PID_TAG_RULE_MESSAGE_NAME, PropertyType::PTYP_STRING, &["R161"]),
        (PID_TAG_MESSAGE_CLASS, PropertyType::PTYP_STRING, &["R165", "R351", "R745"]),
        (PID_TAG_RULE_MESSAGE_SEQUENCE, PropertyType::PTYP_INTEGER32, &["R168"]),
        (PID_TAG_RULE_MESSAGE_STATE, PropertyType::PTYP_INTEGER32, &["R171"]),
        (PID_TAG_RULE_MESSAGE_LEVEL, PropertyType::PTYP_INTEGER32, &["R178"]),
        (PID_TAG_RULE_MESSAGE_PROVIDER, PropertyType::PTYP_STRING, &["R182"]),
        (PID_TAG_EXTENDED_RULE_MESSAGE_ACTIONS, PropertyType::PTYP_BINARY, &["R189"]),
        (PID_TAG_EXTENDED_RULE_MESSAGE_CONDITION, PropertyType::PTYP_BINARY, &["R195"]),
        (PID_TAG_DAM_BACK_PATCHED, PropertyType::PTYP_BOOLEAN, &["R353"]),
        (PID_TAG_DAM_ORIGINAL_ENTRY_ID, PropertyType::PTYP_BINARY, &["R356", "R712"]),
        (PID_TAG_RULE_PROVIDER, PropertyType::PTYP_STRING, &["R358", "R710"]),
        (PID_TAG_RULE_FOLDER_ENTRY_ID, PropertyType::PTYP_BINARY, &["R360", "R714"]),
        (PID_TAG_CLIENT_ACTIONS, PropertyType::PTYP_BINARY, &["R362"]),
        (PID_TAG_RULE_IDS, PropertyType::PTYP_BINARY, &["R367"]),
        (PID_TAG_DEFERRED_ACTION_MESSAGE_ORIGINAL_ENTRY_ID, PropertyType::PTYP_SERVER_ID, &["R370"]),
        (PID_TAG_RULE_ERROR, PropertyType::PTYP_INTEGER32, &["R747"]),
        (PID_TAG_RULE_ACTION_TYPE, PropertyType::PTYP_INTEGER32, &["R749"]),
        (PID_TAG_RULE_ACTION_NUMBER, PropertyType::PTYP_INTEGER32, &["R706"]),
        (PID_TAG_RULE_ID, PropertyType::PTYP_INTEGER64, &["R716"]),
        (PID_TAG_HAS_RULES, PropertyType::PTYP_BOOLEAN, &["R718"]),
        (PID_TAG_HAS_DEFERRED_ACTION_MESSAGES, PropertyType::PTYP_BOOLEAN, &["R722"]),
        (PID_TAG_REPLY_TEMPLATE_ID, PropertyType::PTYP_BINARY, &["R726"]),
        (PID_TAG_RW_RULES_STREAM, PropertyType::PTYP_BINARY, &["R1010"]),
        (PID_TAG_RULE_NAME, PropertyType::PTYP_STRING, &[]),
    ];
    for (tag, ty, statements) in table {
        assert_eq!(tag.property_type(), ty, "{tag:?}");
        record(TEST, "MS-OXORULE", statements);
    }
}

#[test]
fn properties_of_permissions_have_their_numbers_and_types() {
    const TEST: &str = "properties_of_permissions_have_their_numbers_and_types";
    let table: [(PropertyTag, u16, PropertyType, &str, [&str; 2]); 4] = [
        (PID_TAG_ENTRY_ID, 0x0FFF, PropertyType::PTYP_BINARY, "R1066", ["R6100", "R6101"]),
        (PID_TAG_MEMBER_ID, 0x6671, PropertyType::PTYP_INTEGER64, "R1071", ["R6904", "R6905"]),
        (PID_TAG_MEMBER_NAME, 0x6672, PropertyType::PTYP_STRING, "R1076", ["R6911", "R6912"]),
        (PID_TAG_MEMBER_RIGHTS, 0x6673, PropertyType::PTYP_INTEGER32, "R1082", ["R6918", "R6919"]),
    ];
    for (tag, id, ty, statement, properties) in table {
        assert_eq!((tag.property_id(), tag.property_type()), (id, ty), "{tag:?}");
        record(TEST, "MS-OXCPERM", &[statement]);
        record(TEST, "MS-OXPROPS", &properties);
    }
}

#[test]
fn rights_are_bits() {
    const TEST: &str = "rights_are_bits";
    let table = [
        (MemberRights::READ_ANY, 0x0001, "R142"),
        (MemberRights::CREATE, 0x0002, "R139"),
        (MemberRights::EDIT_OWNED, 0x0008, "R130"),
        (MemberRights::DELETE_OWNED, 0x0010, "R126"),
        (MemberRights::EDIT_ANY, 0x0020, "R123"),
        (MemberRights::DELETE_ANY, 0x0040, "R120"),
        (MemberRights::CREATE_SUB_FOLDER, 0x0080, "R117"),
        (MemberRights::FOLDER_OWNER, 0x0100, "R114"),
        (MemberRights::FOLDER_VISIBLE, 0x0400, "R102"),
        (MemberRights::FREE_BUSY_SIMPLE, 0x0800, "R96"),
        (MemberRights::FREE_BUSY_DETAILED, 0x1000, "R90"),
    ];
    for (right, value, statement) in table {
        assert_eq!(right.0, value, "{statement}");
        record(TEST, "MS-OXCPERM", &[statement]);
    }
    assert_eq!(MemberRights::FOLDER_CONTACT.0, 0x0200);
}
