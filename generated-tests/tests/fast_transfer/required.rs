//! Properties that elements have to have, at their place where they have one, and those that they must not have.

use protocol::oxcdata::PropertyTag;
use protocol::oxcfxics::{
    FastTransferDecoder, FastTransferRoot as Root, META_TAG_CNSET_READ, META_TAG_CNSET_SEEN, META_TAG_CNSET_SEEN_FAI,
    META_TAG_EC_WARNING, META_TAG_FX_DEL_PROP, META_TAG_IDSET_DELETED, META_TAG_IDSET_EXPIRED, META_TAG_IDSET_GIVEN,
    META_TAG_IDSET_NO_LONGER_IN_SCOPE, Marker,
};
use protocol::oxprops::{PID_TAG_CONTAINER_CONTENTS, PID_TAG_CONTAINER_HIERARCHY, PID_TAG_DISPLAY_NAME, PID_TAG_MID};
use runtime::stream::{StreamError, StreamErrorKind};

use crate::Word::{self, Mark, Prop, Value};
use crate::elements::{ATTACHMENT, FOLDER, FOLDER_CHANGE, MESSAGE, OTHER, RECIPIENT, STATE, SYNC_END, all};
use crate::{begun, not_after, packed, record, whole, write_word};

/// What is wrong with a stream of these words, which need not follow each other, for who reads it.
fn read(root: Root, words: &[Word]) -> Result<(), StreamError> {
    let mut bytes = Vec::new();
    for word in words {
        match word {
            Mark(marker) => bytes.extend(packed(|e| e.u32(marker.0))),
            Prop(tag) | Value(tag, _) => {
                bytes.extend(packed(|e| e.u32(tag.0)));
                let value = if let Value(_, value) = word { *value } else { 0 };
                match tag.0 & 0xFFFF {
                    0x0003 if *tag != META_TAG_IDSET_GIVEN => bytes.extend(packed(|e| e.u32(value))),
                    0x0014 | 0x0040 => bytes.extend([0; 8]),
                    _ => bytes.extend([0; 4]),
                }
            }
        }
    }
    let (mut decoder, mut rest) = (FastTransferDecoder::new(root), bytes.as_slice());
    while decoder.next(&mut rest)?.is_some() {}
    while decoder.finish()?.is_some() {}
    Ok(())
}

#[test]
fn a_folder_that_changed_has_six_properties_in_any_order() {
    const TEST: &str = "a_folder_that_changed_has_six_properties_in_any_order";
    let begin = Mark(Marker::INCR_SYNC_CHG);
    let end = [STATE[0], STATE[1], SYNC_END];
    let change = |tags: &[PropertyTag]| {
        all(&[&[begin, OTHER], &tags.iter().map(|tag| Prop(*tag)).collect::<Vec<_>>(), &[OTHER]])
    };
    let mut turned = FOLDER_CHANGE;
    turned.reverse();
    for tags in [FOLDER_CHANGE, turned] {
        let words = all(&[&change(&tags), &change(&tags), &end]);
        whole(Root::HierarchySync, &words);
        read(Root::HierarchySync, &words).unwrap();
    }
    let statements = ["R1088", "R1089", "R1090", "R1091", "R1092", "R1093"];
    for (tag, statement) in FOLDER_CHANGE.iter().zip(statements) {
        let others: Vec<PropertyTag> = FOLDER_CHANGE.iter().filter(|other| *other != tag).copied().collect();
        for next in [begin, Mark(Marker::INCR_SYNC_DEL), STATE[0]] {
            not_after(Root::HierarchySync, &change(&others), next);
        }
        // Nor does it help that another change has it.
        let words = all(&[&change(&FOLDER_CHANGE), &change(&others), &end]);
        let error = read(Root::HierarchySync, &words).unwrap_err();
        assert!(matches!(error.kind(), StreamErrorKind::Missing { .. }), "{error}");
        assert_eq!(error.production(), "propList");
        record(TEST, &[statement]);
    }
}

#[test]
fn a_folder_within_another_begins_with_three_properties() {
    const TEST: &str = "a_folder_within_another_begins_with_three_properties";
    let delete = Value(META_TAG_FX_DEL_PROP, PID_TAG_CONTAINER_HIERARCHY.0);
    let (begin, end) = (Mark(Marker::START_SUB_FLD), Mark(Marker::END_FOLDER));
    let messages = [Value(META_TAG_FX_DEL_PROP, PID_TAG_CONTAINER_CONTENTS.0), MESSAGE[0], OTHER, MESSAGE[2]];
    for (root, before) in
        [(Root::FolderContent, vec![delete, begin]), (Root::TopFolder, vec![Mark(Marker::START_TOP_FLD), OTHER, begin])]
    {
        let own = FOLDER.map(Prop);
        begun(root, &all(&[&before, &own, &[Prop(META_TAG_EC_WARNING), OTHER, end]]));
        if root == Root::FolderContent {
            begun(root, &all(&[&before, &own, &messages, &[end]]));
        }
        for (at, ids) in [["R1344", "R1345"], ["R1347", "R1348"], ["R1350", "R1351"]].iter().enumerate() {
            // Without it there is no end, and behind others it is too late.
            let without = all(&[&before, &own[..at], &own[at + 1..]]);
            not_after(root, &without, end);
            not_after(root, &all(&[&before, &own[..at], &[OTHER]]), own[at]);
            if let Some(later) = own.get(at + 1) {
                not_after(root, &all(&[&before, &own[..at], &[*later]]), own[at]);
            }
            // A folder at the top has none of them.
            let top = [Mark(Marker::START_TOP_FLD)];
            not_after(Root::TopFolder, &top, own[at]);
            not_after(Root::TopFolder, &all(&[&top, &[OTHER]]), own[at]);
            // Who reads takes what others write.
            let bytes = all(&[&before, &own[..at], &own[at + 1..], &[end]]);
            let bytes = if root == Root::TopFolder { all(&[&bytes, &[end]]) } else { bytes };
            read(root, &bytes).unwrap();
            record(TEST, ids);
        }
        not_after(root, &all(&[&before, &own, &[OTHER]]), Prop(META_TAG_EC_WARNING));
    }
    record(TEST, &["R3299"]);
    // What messages and recipients have is theirs.
    let named = [RECIPIENT[0], RECIPIENT[1], Prop(PID_TAG_DISPLAY_NAME), RECIPIENT[3]];
    let message = all(&[&messages[..3], &named, &messages[3..]]);
    whole(Root::FolderContent, &all(&[&[Prop(FOLDER[0]), OTHER], &message]));
    not_after(Root::FolderContent, &all(&[&[delete, begin, Prop(FOLDER[0])], &message]), end);
}

#[test]
fn the_identifier_of_a_message_is_its_first_property() {
    let (id, embed) = (Prop(PID_TAG_MID), [Mark(Marker::START_EMBED), Mark(Marker::END_EMBED)]);
    whole(Root::MessageContent, &[OTHER]);
    whole(Root::MessageContent, &[id, OTHER]);
    not_after(Root::MessageContent, &[OTHER], id);
    not_after(Root::MessageContent, &[id], id);
    whole(Root::MessageList, &[MESSAGE[0], id, OTHER, MESSAGE[2], MESSAGE[0], id, MESSAGE[2]]);
    not_after(Root::MessageList, &[MESSAGE[0], OTHER], id);
    // Messages that were copied one by one, or with their folder, always have it.
    const TEST: &str = "the_identifier_of_a_message_is_its_first_property";
    not_after(Root::MessageList, &[MESSAGE[0]], MESSAGE[2]);
    not_after(Root::MessageList, &[MESSAGE[0], OTHER], MESSAGE[2]);
    record(TEST, &["R3311"]);
    let top = [Mark(Marker::START_TOP_FLD), OTHER, MESSAGE[0]];
    not_after(Root::TopFolder, &top, MESSAGE[2]);
    begun(Root::TopFolder, &all(&[&top, &[id, OTHER, MESSAGE[2]]]));
    record(TEST, &["R3311001"]);
    // So has the message in another its own.
    let attached = [ATTACHMENT[0], ATTACHMENT[1], embed[0], id, OTHER, embed[1], ATTACHMENT[3]];
    whole(Root::MessageContent, &all(&[&[id, OTHER], &attached]));
    read(Root::MessageContent, &[OTHER, id]).unwrap();
    record(TEST, &["R3311002"]);
}

#[test]
fn a_hierarchy_has_none_of_the_sets_of_messages() {
    const TEST: &str = "a_hierarchy_has_none_of_the_sets_of_messages";
    let deletions = [Mark(Marker::INCR_SYNC_DEL), Prop(META_TAG_IDSET_DELETED)];
    let sets = [Prop(META_TAG_IDSET_GIVEN), Prop(META_TAG_CNSET_SEEN)];
    whole(Root::HierarchySync, &all(&[&deletions, &STATE[..1], &sets, &STATE[1..], &[SYNC_END]]));
    for (tag, statement) in [(META_TAG_IDSET_NO_LONGER_IN_SCOPE, "R1333"), (META_TAG_IDSET_EXPIRED, "R1337002")] {
        begun(Root::ContentsSync, &[deletions[0], Prop(tag)]);
        not_after(Root::HierarchySync, &deletions[..1], Prop(tag));
        not_after(Root::HierarchySync, &deletions, Prop(tag));
        read(Root::HierarchySync, &[deletions[0], Prop(tag), STATE[0], STATE[1], SYNC_END]).unwrap();
        record(TEST, &[statement]);
    }
    for (tag, statement) in [(META_TAG_CNSET_SEEN_FAI, "R1209"), (META_TAG_CNSET_READ, "R1211")] {
        begun(Root::ContentsSync, &[STATE[0], Prop(tag)]);
        begun(Root::State, &[STATE[0], Prop(tag)]);
        not_after(Root::HierarchySync, &STATE[..1], Prop(tag));
        not_after(Root::HierarchySync, &all(&[&STATE[..1], &sets]), Prop(tag));
        record(TEST, &[statement]);
    }
    // What is refused is refused before it is written.
    let mut writer = begun(Root::HierarchySync, &STATE[..1]);
    assert!(write_word(&mut writer, Prop(META_TAG_CNSET_READ)).is_err());
    assert_eq!(writer.take(100).unwrap().len(), 4);
}
