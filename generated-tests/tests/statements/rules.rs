//! Rules: their actions in standard and extended rules, byte by byte (MS-OXORULE 2.2.4 to 2.2.7).

use generated_tests::vectors::hex;
use protocol::oxcdata::WireForm;
use protocol::oxorule::{
    ActionBlock, ActionType, BounceCode, ClientActions, ExtendedRuleMessageActions, ExtendedRuleMessageCondition,
    ForwardFlavor, NamedPropertyInformation, ReplyFlavor, RuleAction, RuleData, RuleDataFlags, RuleError, RuleIds,
    RuleState, StandardMoveCopyActionData,
};
use runtime::{Cursor, Encoder};

use crate::both_ways;

fn record(test: &str, statements: &[&str]) {
    crate::record(test, "MS-OXORULE", statements);
}

/// A block of an action as text: its type, flavor and flags, and what follows these, under a length that fits.
fn block(form: WireForm, head: &str, data: &str) -> Result<String, String> {
    let content = hex(&format!("{head} {data}"));
    let length = content.len() as u8;
    let length = if form == WireForm::Extended { vec![length, 0, 0, 0] } else { vec![length, 0] };
    let bytes = [length, content].concat();
    let mut c = Cursor::new(&bytes);
    let value = ActionBlock::unpack(&mut c, form).map_err(|error| error.to_string())?;
    c.finish().map_err(|error| error.to_string())?;
    let mut e = Encoder::new();
    value.pack(&mut e, form).map_err(|error| error.to_string())?;
    assert_eq!(e.finish().to_vec(), bytes, "{value:?}");
    // One byte more or less is another length.
    for cut in [bytes.len() - 1, 1] {
        assert!(ActionBlock::unpack(&mut Cursor::new(&bytes[..cut]), form).is_err());
    }
    Ok(format!("{value:?}"))
}

const PLAIN: &str = "00 00 00 00  07 00 00 00";

#[test]
fn actions_have_the_published_numbers() {
    const TEST: &str = "actions_have_the_published_numbers";
    let table = [
        (ActionType::OP_MOVE, 0x01, "R246"),
        (ActionType::OP_COPY, 0x02, "R249"),
        (ActionType::OP_REPLY, 0x03, "R252"),
        (ActionType::OP_OOF_REPLY, 0x04, "R254"),
        (ActionType::OP_DEFER_ACTION, 0x05, "R256"),
        (ActionType::OP_BOUNCE, 0x06, "R259"),
        (ActionType::OP_FORWARD, 0x07, "R261"),
        (ActionType::OP_DELEGATE, 0x08, "R263"),
        (ActionType::OP_TAG, 0x09, "R265"),
        (ActionType::OP_DELETE, 0x0A, "R267"),
        (ActionType::OP_MARK_AS_READ, 0x0B, "R269"),
    ];
    for (action, value, statement) in table {
        assert_eq!(action.0, value, "{statement}");
        record(TEST, &[statement]);
    }
    for other in [0x00, 0x0C, 0xFF] {
        assert!(block(WireForm::Rule, &format!("{other:02X} {PLAIN}"), "").is_err(), "{other}");
    }
    record(TEST, &["R245"]);
    for (value, name) in [(0x0D, "BounceTooLarge"), (0x1F, "BounceCannotDisplay"), (0x26, "BounceDenied")] {
        assert_eq!(BounceCode(value).name(), Some(name));
        let text = block(WireForm::Rule, &format!("06 {PLAIN}"), &format!("{value:02X} 00 00 00")).unwrap();
        assert!(text.contains(name), "{text}");
    }
    record(TEST, &["R340", "R341", "R342", "R343"]);
    let errors: Vec<u32> = (0..=0x20).filter(|value| RuleError(*value).name().is_some()).collect();
    assert_eq!(errors, (1..=0x0E).collect::<Vec<_>>());
    assert_eq!(RuleError(6).name(), Some("RuleErrorMoveCopy"));
    record(TEST, &["R748", "R387"]);
}

#[test]
fn flavors_and_states_are_bits() {
    const TEST: &str = "flavors_and_states_are_bits";
    let forward = |value: u32| ForwardFlavor(value);
    for (value, name) in [(1, "PR"), (2, "NC"), (4, "AT"), (8, "TM")] {
        let text = format!("{:?}", forward(value));
        assert!(text.contains(name), "{text}");
    }
    assert!(forward(1).contains(ForwardFlavor::PR) && forward(4).contains(ForwardFlavor::AT));
    record(TEST, &["R274", "R275", "R276", "R279"]);
    let replies = [ReplyFlavor::NS, ReplyFlavor::ST].map(|flavor| flavor.0);
    assert_eq!(replies, [1, 2]);
    record(TEST, &["R287", "R879", "R288"]);
    // Actions without a flavor: whatever came is written as 0.
    for action in [0x01, 0x02, 0x05, 0x08, 0x09, 0x0A, 0x0B] {
        let data = match action {
            0x01 | 0x02 => "00 00 00 00 00",
            0x08 => "01 00  01 01 00 03 00 15 0C 01 00 00 00",
            0x09 => "03 00 17 00 02 00 00 00",
            _ => "",
        };
        let content = hex(&format!("{action:02X} 05 00 00 00  07 00 00 00 {data}"));
        let bytes = [vec![content.len() as u8, 0], content].concat();
        let value = ActionBlock::unpack(&mut Cursor::new(&bytes), WireForm::Rule).unwrap();
        let mut e = Encoder::new();
        value.pack(&mut e, WireForm::Rule).unwrap();
        let written = e.finish().to_vec();
        assert_eq!((&written[3..7], &written[7..]), (&[0; 4][..], &bytes[7..]), "{action}");
    }
    record(TEST, &["R272", "R273"]);
    for (state, value) in [
        (RuleState::ST_ENABLED, 0x01),
        (RuleState::ST_ERROR, 0x02),
        (RuleState::ST_ONLY_WHEN_OOF, 0x04),
        (RuleState::ST_KEEP_OOF_HIST, 0x08),
        (RuleState::ST_EXIT_LEVEL, 0x10),
        (RuleState::ST_SKIP_IF_SCL_IS_SAFE, 0x20),
        (RuleState::ST_RULE_PARSE_ERROR, 0x40),
    ] {
        assert_eq!(state.0, value);
    }
    assert_eq!(
        [RuleDataFlags::ROW_ADD, RuleDataFlags::ROW_MODIFY, RuleDataFlags::ROW_REMOVE].map(|row| row.0),
        [1, 2, 4]
    );
}

#[test]
fn folders_of_moves_and_copies_depend_on_the_kind_of_rule() {
    const TEST: &str = "folders_of_moves_and_copies_depend_on_the_kind_of_rule";
    let store = "02 00 AA BB";
    let eid = "01  02 01 00 00 00 00 01 02  00 00 00 00 00 00 00 00  00 00 00 00";
    let folder = "00 00 00 00  1A 44 73 90 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A  03 00 \
                  00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  00 00 0E 8E DF 36  00 00";
    for (action, statements) in
        [("01", ["R294", "R929", "R966", "R978", "R956"]), ("02", ["R880", "R298", "R967", "R977", "R957"])]
    {
        let head = format!("{action} {PLAIN}");
        let own = block(WireForm::Rule, &head, &format!("01 {store} 15 00 {eid}")).unwrap();
        assert!(own.contains("InThisStore(ServerEid"), "{own}");
        let other = block(WireForm::Rule, &head, &format!("00 {store} 03 00 01 02 03")).unwrap();
        assert!(other.contains("Elsewhere("), "{other}");
        record(TEST, &statements[..2]);
        let extended = block(WireForm::Extended, &head, &format!("02 00 00 00 AA BB  2E 00 00 00 {folder}")).unwrap();
        assert!(extended.contains("FolderEntryId"), "{extended}");
        // The form of the other kind of rule is none here.
        assert!(block(WireForm::Extended, &head, &format!("01 {store} 15 00 {eid}")).is_err());
        assert!(block(WireForm::Rule, &head, &format!("02 00 00 00 AA BB  2E 00 00 00 {folder}")).is_err());
        record(TEST, &statements[2..]);
    }
    record(TEST, &["R970", "R975"]);
    let standard = |bytes: &str| {
        let bytes = hex(bytes);
        let mut c = Cursor::new(&bytes);
        let value = StandardMoveCopyActionData::unpack(&mut c).map_err(drop)?;
        if c.is_empty() { Ok(format!("{value:?}")) } else { Err(()) }
    };
    // Any value but 0 is a folder of this mailbox, and 1 is written.
    assert!(standard(&format!("02 {store} 15 00 {eid}")).unwrap().contains("InThisStore"));
    assert!(standard(&format!("00 {store} 15 00 {eid}")).unwrap().contains("Elsewhere"));
    record(TEST, &["R703", "R736"]);
    assert!(
        standard(&format!("01 {store} 14 00 {eid}")).is_err() && standard(&format!("01 {store} 16 00 {eid}")).is_err()
    );
    assert!(standard("01 03 00 AA BB  15 00").is_err());
    record(TEST, &["R297", "R300", "R301"]);
    let text = standard(&format!("01 {store} 15 00 {eid}")).unwrap();
    assert!(text.contains(&format!("{:?}", protocol::oxcdata::FolderId(0x0201_0000_0000_0102))), "{text}");
    assert!(standard(&format!("01 {store} 15 00 {}", eid.replacen("01", "02", 1))).is_err());
    record(TEST, &["R980", "R982", "R983"]);
}

#[test]
fn templates_of_replies_depend_on_the_kind_of_rule() {
    const TEST: &str = "templates_of_replies_depend_on_the_kind_of_rule";
    let guid = "01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10";
    let message = "00 00 00 00  1A 44 73 90 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A  09 00 \
                   00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  00 00 0E 8E DF 36  00 00 \
                   00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F  00 00 0E 8E DF 37  00 00";
    assert_eq!(hex(message).len(), 70);
    let standard = format!("01 00 00 00 00 00 00 0D  02 00 00 00 00 00 00 0E  {guid}");
    let extended = format!("46 00 00 00 {message} {guid}");
    for (action, name, statements) in [("03", "OpReply", ["R992", "R995"]), ("04", "OpOofReply", ["R993", "R996"])] {
        let head = format!("{action} 01 00 00 00  07 00 00 00");
        let text = block(WireForm::Rule, &head, &standard).unwrap();
        assert!(text.contains(name) && text.contains("NS"), "{text}");
        assert!(block(WireForm::Rule, &head, &extended).is_err());
        record(TEST, &statements[..1]);
        let text = block(WireForm::Extended, &head, &extended).unwrap();
        assert!(text.contains(name) && text.contains("MessageEntryId"), "{text}");
        assert!(block(WireForm::Extended, &head, &standard).is_err());
        record(TEST, &statements[1..]);
    }
    record(TEST, &["R305", "R307", "R308", "R997", "R998", "R1000"]);
}

#[test]
fn other_actions_have_their_data() {
    const TEST: &str = "other_actions_have_their_data";
    for (action, statements) in [("0A", &["R346"][..]), ("0B", &[][..])] {
        for form in [WireForm::Rule, WireForm::Extended] {
            block(form, &format!("{action} {PLAIN}"), "").unwrap();
            assert!(block(form, &format!("{action} {PLAIN}"), "00").is_err());
        }
        record(TEST, statements);
    }
    // A length of two bytes, or of four.
    for (form, bytes) in [(WireForm::Rule, "09 00"), (WireForm::Extended, "09 00 00 00")] {
        let bytes = hex(&format!("{bytes} 0A {PLAIN}"));
        let unpack = |c: &mut Cursor<'_>| ActionBlock::unpack(c, form).map(ActionBlock::into_owned);
        let (_, written) = both_ways(&bytes, unpack, |value, e| value.pack(e, form));
        assert_eq!(written, bytes);
    }
    record(TEST, &["R236", "R949"]);
    let text = block(WireForm::Rule, &format!("09 {PLAIN}"), "03 00 17 00 02 00 00 00").unwrap();
    assert!(text.contains("PropertyTag(0x170003") || text.contains("0x00170003") || text.contains("1507331"), "{text}");
    assert!(block(WireForm::Rule, &format!("09 {PLAIN}"), "03 00 17 00 02 00").is_err());
    record(TEST, &["R739"]);
    // Recipients: counts of two bytes in standard rules.
    let recipient = "01 01 00 03 00 15 0C 01 00 00 00";
    for action in ["07", "08"] {
        let text =
            block(WireForm::Rule, &format!("{action} {PLAIN}"), &format!("02 00 {recipient} {recipient}")).unwrap();
        assert_eq!(text.matches("RecipientBlockData").count(), 2, "{text}");
        let extended = "01 01 00 00 00 03 00 15 0C 01 00 00 00";
        let text = block(WireForm::Extended, &format!("{action} {PLAIN}"), &format!("01 00 00 00 {extended}")).unwrap();
        assert_eq!(text.matches("RecipientBlockData").count(), 1, "{text}");
        assert!(
            block(WireForm::Rule, &format!("{action} {PLAIN}"), &format!("03 00 {recipient} {recipient}")).is_err()
        );
        record(TEST, &["R323", "R1003", "R330", "R1006", "R1008"]);
        // None at all is read and not written.
        let none = block(WireForm::Rule, &format!("{action} {PLAIN}"), "00 00").unwrap_err();
        assert!(none.contains("require") || none.contains("RecipientCount") || none.contains("description"), "{none}");
        record(TEST, &["R324"]);
        assert!(block(WireForm::Rule, &format!("{action} {PLAIN}"), "01 00  01 00 00").is_err());
        record(TEST, &["R331"]);
    }
}

#[test]
fn lists_of_actions_are_counted() {
    const TEST: &str = "lists_of_actions_are_counted";
    let delete = |length: &str| format!("{length} 0A {PLAIN}");
    let two = hex(&format!("02 00 {} {}", delete("09 00"), delete("09 00")));
    let rule = |bytes: &[u8], form: WireForm| {
        let mut c = Cursor::new(bytes);
        let value = RuleAction::unpack(&mut c, form).map_err(drop)?;
        let mut e = Encoder::new();
        value.pack(&mut e, form).map_err(drop)?;
        if c.is_empty() && e.finish()[..] == *bytes { Ok(value.action_blocks.len()) } else { Err(()) }
    };
    assert_eq!(rule(&two, WireForm::Rule), Ok(2));
    let extended = hex(&format!("02 00 00 00 {} {}", delete("09 00 00 00"), delete("09 00 00 00")));
    assert_eq!(rule(&extended, WireForm::Extended), Ok(2));
    assert!(rule(&two, WireForm::Extended).is_err() && rule(&extended, WireForm::Rule).is_err());
    record(TEST, &["R231", "R945", "R947"]);
    // No action at all is read and not written.
    assert!(RuleAction::unpack(&mut Cursor::new(&[0, 0]), WireForm::Rule).unwrap().action_blocks.is_empty());
    assert!(rule(&[0, 0], WireForm::Rule).is_err() && rule(&[0; 4], WireForm::Extended).is_err());
    record(TEST, &["R232"]);
    let both = [two.clone(), two].concat();
    let unpack = |c: &mut Cursor<'_>| ClientActions::unpack(c).map(ClientActions::into_owned);
    let (actions, written) = both_ways(&both, unpack, |value, e| value.pack(e));
    assert_eq!((actions.rule_actions.len(), written), (2, both));
    record(TEST, &["R364"]);
    let ids = hex("01 00 00 00 01 3F F8 56  02 00 00 00 01 3F F8 56");
    let (read, written) = both_ways(&ids, RuleIds::unpack, |value, e| value.pack(e));
    assert_eq!((read.rule_ids.len(), &written), (2, &ids));
    for size in (0..16).filter(|size| size % 8 != 0) {
        let mut c = Cursor::new(&ids[..size]);
        assert!(RuleIds::unpack(&mut c).is_err() || !c.is_empty(), "{size}");
    }
    record(TEST, &["R368", "R369"]);
}

#[test]
fn extended_rules_name_their_properties_first() {
    const TEST: &str = "extended_rules_name_their_properties_first";
    let name = "00  08 20 06 00 00 00 00 00 C0 00 00 00 00 00 00 46  80 85 00 00";
    let named = format!("02 00  05 80 06 80  2A 00 00 00  {name} {name}");
    let bytes = hex(&named);
    let unpack = |c: &mut Cursor<'_>| NamedPropertyInformation::unpack(c).map(NamedPropertyInformation::into_owned);
    let (read, written) = both_ways(&bytes, unpack, |value, e| value.pack(e));
    assert_eq!((&read.prop_ids[..], &written), (&[0x8005, 0x8006][..], &bytes));
    assert_eq!(read.named_properties.as_ref().map(Vec::len), Some(2));
    record(TEST, &["R217", "R221", "R218", "R225", "R940", "R941"]);
    for size in ["29", "2B"] {
        let lying = hex(&named.replace("2A 00 00 00", &format!("{size} 00 00 00")));
        assert!(NamedPropertyInformation::unpack(&mut Cursor::new(&lying)).is_err(), "{size}");
    }
    let mut short = read.clone();
    short.prop_ids.pop();
    assert!(short.pack(&mut Encoder::new()).is_err());
    record(TEST, &["R938"]);
    let (none, written) = both_ways(&[0, 0], unpack, |value, e| value.pack(e));
    assert!(none.prop_ids.is_empty() && none.named_properties.is_none());
    assert_eq!(written, [0, 0]);
    record(TEST, &["R226", "R696", "R697", "R936"]);

    let actions = hex(&format!("{named}  01 00 00 00  01 00 00 00  09 00 00 00 0A {PLAIN}"));
    let unpack = |c: &mut Cursor<'_>| ExtendedRuleMessageActions::unpack(c).map(ExtendedRuleMessageActions::into_owned);
    let (read, written) = both_ways(&actions, unpack, |value, e| value.pack(e));
    assert_eq!((read.rule_actions_buffer.action_blocks.len(), &written), (1, &actions));
    record(TEST, &["R194"]);
    for version in [0, 2, 0xFF] {
        let mut other = actions.clone();
        other[bytes.len()] = version;
        assert!(ExtendedRuleMessageActions::unpack(&mut Cursor::new(&other)).is_err(), "{version}");
    }
    record(TEST, &["R208"]);
    let condition = hex(&format!("{named}  00 01 00 00 00  08 1F 00 37 00"));
    let unpack =
        |c: &mut Cursor<'_>| ExtendedRuleMessageCondition::unpack(c).map(ExtendedRuleMessageCondition::into_owned);
    let (read, written) = both_ways(&condition, unpack, |value, e| value.pack(e));
    assert!(format!("{read:?}").contains("ExistRestriction"), "{read:?}");
    assert_eq!(written, condition);
    record(TEST, &["R200", "R214", "R215"]);
}

#[test]
fn changes_of_rules_are_a_flag_and_properties() {
    let bytes = hex("02  02 00  14 00 74 66 01 00 00 00 01 3F F8 56  03 00 76 66 0A 00 00 00");
    let unpack = |c: &mut Cursor<'_>| RuleData::unpack(c).map(RuleData::into_owned);
    let (read, written) = both_ways(&bytes, unpack, |value, e| value.pack(e));
    assert_eq!((read.rule_data_flags, read.property_values.len()), (RuleDataFlags::ROW_MODIFY, 2));
    assert_eq!(written, bytes);
}
