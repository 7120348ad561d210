//! Elements of the syntax: which words follow which, and which properties a list has to have.

use protocol::oxcdata::PropertyTag;
use protocol::oxcfxics::{
    FastTransferRoot as Root, META_TAG_CNSET_READ, META_TAG_CNSET_SEEN, META_TAG_CNSET_SEEN_FAI, META_TAG_DN_PREFIX,
    META_TAG_EC_WARNING, META_TAG_FX_DEL_PROP, META_TAG_IDSET_DELETED, META_TAG_IDSET_EXPIRED, META_TAG_IDSET_GIVEN,
    META_TAG_IDSET_NO_LONGER_IN_SCOPE, META_TAG_IDSET_READ, META_TAG_IDSET_UNREAD, META_TAG_INCR_SYNC_GROUP_ID,
    META_TAG_INCREMENTAL_SYNC_MESSAGE_PARTIAL, META_TAG_NEW_FX_FOLDER, Marker,
};
use protocol::oxprops::{
    PID_TAG_ASSOCIATED, PID_TAG_ATTACH_NUMBER, PID_TAG_CHANGE_KEY, PID_TAG_CHANGE_NUMBER, PID_TAG_COMMENT,
    PID_TAG_CONTAINER_CONTENTS, PID_TAG_CONTAINER_HIERARCHY, PID_TAG_DISPLAY_NAME, PID_TAG_FOLDER_ASSOCIATED_CONTENTS,
    PID_TAG_FOLDER_ID, PID_TAG_LAST_MODIFICATION_TIME, PID_TAG_MESSAGE_ATTACHMENTS, PID_TAG_MESSAGE_RECIPIENTS,
    PID_TAG_MESSAGE_SIZE, PID_TAG_MID, PID_TAG_PARENT_SOURCE_KEY, PID_TAG_PREDECESSOR_CHANGE_LIST, PID_TAG_ROWID,
    PID_TAG_SOURCE_KEY, PID_TAG_SUBJECT,
};

use crate::Word::{self, Mark, Prop, Value};
use crate::{begun, not_after, record, whole};

/// A property that no element names.
pub const OTHER: Word = Prop(PID_TAG_SUBJECT);
/// The property that has nothing but a type.
const fn only(ty: u32) -> Word {
    Prop(PropertyTag(ty))
}
pub const BINARY: Word = only(0x0102);

const HEADER: [PropertyTag; 5] = [
    PID_TAG_SOURCE_KEY,
    PID_TAG_LAST_MODIFICATION_TIME,
    PID_TAG_CHANGE_KEY,
    PID_TAG_PREDECESSOR_CHANGE_LIST,
    PID_TAG_ASSOCIATED,
];

fn header() -> Vec<Word> {
    HEADER.iter().map(|tag| Prop(*tag)).collect()
}

pub fn all(parts: &[&[Word]]) -> Vec<Word> {
    parts.concat()
}

/// What the folder of a change always has.
pub const FOLDER_CHANGE: [PropertyTag; 6] = [
    PID_TAG_PARENT_SOURCE_KEY,
    PID_TAG_SOURCE_KEY,
    PID_TAG_LAST_MODIFICATION_TIME,
    PID_TAG_CHANGE_KEY,
    PID_TAG_PREDECESSOR_CHANGE_LIST,
    PID_TAG_DISPLAY_NAME,
];
/// What a folder within another has first.
pub const FOLDER: [PropertyTag; 3] = [PID_TAG_FOLDER_ID, PID_TAG_DISPLAY_NAME, PID_TAG_COMMENT];

pub const STATE: [Word; 2] = [Mark(Marker::INCR_SYNC_STATE_BEGIN), Mark(Marker::INCR_SYNC_STATE_END)];
pub const SYNC_END: Word = Mark(Marker::INCR_SYNC_END);
pub const MESSAGE: [Word; 3] = [Mark(Marker::START_MESSAGE), Prop(PID_TAG_MID), Mark(Marker::END_MESSAGE)];
const DELETE_RECIPIENTS: Word = Value(META_TAG_FX_DEL_PROP, PID_TAG_MESSAGE_RECIPIENTS.0);
const DELETE_ATTACHMENTS: Word = Value(META_TAG_FX_DEL_PROP, PID_TAG_MESSAGE_ATTACHMENTS.0);
pub const RECIPIENT: [Word; 4] = [Mark(Marker::START_RECIP), Prop(PID_TAG_ROWID), OTHER, Mark(Marker::END_TO_RECIP)];
pub const ATTACHMENT: [Word; 4] =
    [Mark(Marker::NEW_ATTACH), Prop(PID_TAG_ATTACH_NUMBER), OTHER, Mark(Marker::END_ATTACH)];

#[test]
fn a_change_begins_with_its_header() {
    const TEST: &str = "a_change_begins_with_its_header";
    let ids = [["R1352", "R1353"], ["R1354", "R1355"], ["R1356", "R1357"], ["R1358", "R1359"], ["R1360", "R1361"]];
    let begin = [Mark(Marker::INCR_SYNC_CHG)];
    for (at, ids) in ids.iter().enumerate() {
        let before = all(&[&begin, &header()[..at]]);
        not_after(Root::ContentsSync, &before, Mark(Marker::INCR_SYNC_MESSAGE));
        for (other, tag) in HEADER.iter().enumerate().filter(|(other, _)| *other != at) {
            assert_ne!(other, at);
            not_after(Root::ContentsSync, &before, Prop(*tag));
        }
        begun(Root::ContentsSync, &all(&[&before, &[Prop(HEADER[at])]]));
        record(TEST, ids);
    }
    let full = all(&[&begin, &header()]);
    for tag in [PID_TAG_MID, PID_TAG_MESSAGE_SIZE, PID_TAG_CHANGE_NUMBER] {
        begun(Root::ContentsSync, &all(&[&full, &[Prop(tag), Mark(Marker::INCR_SYNC_MESSAGE)]]));
    }
    not_after(Root::ContentsSync, &full, OTHER);
    not_after(Root::ContentsSync, &full, Prop(PID_TAG_SOURCE_KEY));
    record(TEST, &["R1368"]);
}

/// After these words one of `needed` comes, more of them may follow, and nothing else but `end`.
fn list(root: Root, before: &[Word], needed: &[PropertyTag], end: Word) {
    not_after(root, before, end);
    not_after(root, before, OTHER);
    for tag in needed {
        let one = all(&[before, &[Prop(*tag)]]);
        begun(root, &all(&[&one, &[end]]));
        needed.iter().for_each(|more| _ = begun(root, &all(&[&one, &[Prop(*more), end]])));
        not_after(root, &one, OTHER);
    }
}

#[test]
fn deletions_and_read_states_are_sets_and_nothing_else() {
    const TEST: &str = "deletions_and_read_states_are_sets_and_nothing_else";
    let deleted = [META_TAG_IDSET_DELETED, META_TAG_IDSET_NO_LONGER_IN_SCOPE, META_TAG_IDSET_EXPIRED];
    let begin = STATE[0];
    for (root, deleted) in [(Root::ContentsSync, &deleted[..]), (Root::HierarchySync, &deleted[..1])] {
        list(root, &[Mark(Marker::INCR_SYNC_DEL)], deleted, begin);
        not_after(root, &[Mark(Marker::INCR_SYNC_DEL)], Prop(META_TAG_IDSET_READ));
    }
    record(TEST, &["R1063", "R1337", "R133703"]);
    let read = [META_TAG_IDSET_READ, META_TAG_IDSET_UNREAD];
    list(Root::ContentsSync, &[Mark(Marker::INCR_SYNC_READ)], &read, begin);
    not_after(Root::ContentsSync, &[Mark(Marker::INCR_SYNC_READ)], Prop(META_TAG_IDSET_DELETED));
    record(TEST, &["R3316", "R3317", "R3318", "R3319"]);
    // There are none for a hierarchy.
    not_after(Root::HierarchySync, &[], Mark(Marker::INCR_SYNC_READ));
}

#[test]
fn a_state_is_its_sets_and_nothing_else() {
    const TEST: &str = "a_state_is_its_sets_and_nothing_else";
    let sets = [META_TAG_IDSET_GIVEN, META_TAG_CNSET_SEEN, META_TAG_CNSET_SEEN_FAI, META_TAG_CNSET_READ];
    whole(Root::State, &STATE);
    whole(Root::State, &all(&[&STATE[..1], &sets.map(Prop), &STATE[1..]]));
    not_after(Root::State, &STATE[..1], OTHER);
    not_after(Root::State, &STATE[..1], Prop(META_TAG_IDSET_DELETED));
    record(TEST, &["R1212"]);
}

#[test]
fn progress_groups_and_errors_are_one_value_at_its_place() {
    const TEST: &str = "progress_groups_and_errors_are_one_value_at_its_place";
    let cases: [(Marker, &[&str]); 3] = [
        (Marker::INCR_SYNC_PROGRESS_MODE, &["R1386", "R1387", "R1390"]),
        (Marker::INCR_SYNC_GROUP_INFO, &["R1120", "R1121", "R1123"]),
        (Marker::FX_ERROR_INFO, &["R1338", "R1339", "R1342"]),
    ];
    for (marker, ids) in cases {
        let begin = [Mark(marker)];
        for wrong in [OTHER, only(0x0003), STATE[0], Mark(Marker::INCR_SYNC_CHG), Prop(META_TAG_INCR_SYNC_GROUP_ID)] {
            not_after(Root::ContentsSync, &begin, wrong);
        }
        let one = [Mark(marker), BINARY];
        begun(Root::ContentsSync, &one);
        not_after(Root::ContentsSync, &one, OTHER);
        not_after(Root::ContentsSync, &one, BINARY);
        record(TEST, ids);
    }
    let begin = [Mark(Marker::INCR_SYNC_PROGRESS_MODE), BINARY, Mark(Marker::INCR_SYNC_PROGRESS_PER_MSG)];
    // With the total, and only then, each message has its own.
    not_after(Root::ContentsSync, &begin[..2], Mark(Marker::INCR_SYNC_CHG));
    not_after(Root::ContentsSync, &[], begin[2]);
    record(TEST, &["R1171"]);
    let (size, associated) = (only(0x0003), only(0x000B));
    not_after(Root::ContentsSync, &begin, associated);
    not_after(Root::ContentsSync, &begin, Mark(Marker::INCR_SYNC_CHG));
    let sized = all(&[&begin, &[size]]);
    not_after(Root::ContentsSync, &sized, Mark(Marker::INCR_SYNC_CHG));
    not_after(Root::ContentsSync, &sized, size);
    let both = all(&[&sized, &[associated]]);
    begun(Root::ContentsSync, &all(&[&both, &[Mark(Marker::INCR_SYNC_CHG)]]));
    [OTHER, size, associated].into_iter().for_each(|wrong| not_after(Root::ContentsSync, &both, wrong));
    record(TEST, &["R1376", "R1377", "R1380", "R1381", "R1385"]);
}

#[test]
fn a_recipient_begins_with_its_row() {
    const TEST: &str = "a_recipient_begins_with_its_row";
    let begin = [DELETE_RECIPIENTS, Mark(Marker::START_RECIP)];
    not_after(Root::MessageContent, &begin, OTHER);
    not_after(Root::MessageContent, &begin, Mark(Marker::END_TO_RECIP));
    whole(Root::MessageContent, &all(&[&[DELETE_RECIPIENTS], &RECIPIENT]));
    record(TEST, &["R1391", "R1392"]);
}

#[test]
fn sequences_are_those_of_the_syntax() {
    const TEST: &str = "sequences_are_those_of_the_syntax";
    let prefix = Prop(META_TAG_DN_PREFIX);
    let warning = Prop(META_TAG_EC_WARNING);
    let delete = |of: PropertyTag| Value(META_TAG_FX_DEL_PROP, of.0);
    let embedded = all(&[&[Mark(Marker::START_EMBED)], &[OTHER], &RECIPIENT, &ATTACHMENT, &[Mark(Marker::END_EMBED)]]);
    let nested = all(&[&ATTACHMENT[..3], &embedded, &ATTACHMENT[3..]]);
    let children = all(&[&[DELETE_RECIPIENTS], &RECIPIENT, &RECIPIENT, &[DELETE_ATTACHMENTS], &nested, &ATTACHMENT]);
    let content = all(&[&[prefix, Prop(PID_TAG_MID), OTHER], &children]);
    let message = all(&[&MESSAGE[..1], &content, &MESSAGE[2..]]);
    let associated = all(&[&[Mark(Marker::START_FAI_MSG)], &content, &MESSAGE[2..]]);
    let messages = all(&[&message, &associated, &[warning], &MESSAGE]);
    let folder = |begin: Marker, content: &[Word]| all(&[&[Mark(begin)], content, &[Mark(Marker::END_FOLDER)]]);
    let below_with = |content: &[Word]| {
        let end = [Mark(Marker::END_FOLDER)];
        all(&[&[Mark(Marker::START_SUB_FLD)], &FOLDER.map(Prop), &[OTHER], content, &end])
    };
    let ghosted = below_with(&[Prop(META_TAG_NEW_FX_FOLDER)]);
    let below = below_with(&messages);
    let top = folder(Marker::START_TOP_FLD, &all(&[&[warning, OTHER], &messages, &below, &ghosted]));
    let deleting = [delete(PID_TAG_FOLDER_ASSOCIATED_CONTENTS), delete(PID_TAG_CONTAINER_CONTENTS)];
    let sub = below_with(&all(&[&deleting[..1], &messages, &deleting[1..], &MESSAGE]));
    let into = all(&[&[prefix, OTHER], &deleting[..1], &messages, &deleting[1..], &MESSAGE]);
    let into = all(&[&into, &[delete(PID_TAG_CONTAINER_HIERARCHY)], &sub, &ghosted]);
    let change =
        all(&[&[Mark(Marker::INCR_SYNC_CHG)], &header(), &[Mark(Marker::INCR_SYNC_MESSAGE), OTHER], &children]);
    let group = [Mark(Marker::INCR_SYNC_GROUP_INFO), BINARY, Prop(META_TAG_INCR_SYNC_GROUP_ID)];
    let part = [Prop(META_TAG_INCREMENTAL_SYNC_MESSAGE_PARTIAL), OTHER];
    let partial = all(&[&group, &[Mark(Marker::INCR_SYNC_CHG_PARTIAL)], &header(), &part, &part, &children]);
    let progress = [Mark(Marker::INCR_SYNC_PROGRESS_PER_MSG), only(0x0003), only(0x000B)];
    let error = [Mark(Marker::FX_ERROR_INFO), BINARY];
    let deletions = [Mark(Marker::INCR_SYNC_DEL), Prop(META_TAG_IDSET_DELETED)];
    let reads = [Mark(Marker::INCR_SYNC_READ), Prop(META_TAG_IDSET_READ)];
    let total = [Mark(Marker::INCR_SYNC_PROGRESS_MODE), BINARY];
    let end = [STATE[0], STATE[1], SYNC_END];
    let contents = all(&[&total, &progress, &change, &progress, &partial, &deletions, &reads, &end]);
    let plain = all(&[&change, &partial, &change, &deletions, &reads, &end]);
    let failed = all(&[&total, &progress, &change[..3], &error, &progress, &change, &error, &end]);
    let folder_change = all(&[&[Mark(Marker::INCR_SYNC_CHG), OTHER], &FOLDER_CHANGE.map(Prop)]);
    let hierarchy = all(&[&folder_change, &folder_change, &deletions, &end]);
    for (root, words) in [
        (Root::ContentsSync, &contents),
        (Root::ContentsSync, &plain),
        (Root::ContentsSync, &failed),
        (Root::ContentsSync, &end.to_vec()),
        (Root::HierarchySync, &hierarchy),
        (Root::HierarchySync, &end.to_vec()),
        (Root::State, &STATE.to_vec()),
        (Root::FolderContent, &into),
        (Root::FolderContent, &vec![]),
        (Root::MessageContent, &content),
        (Root::AttachmentContent, &all(&[&[prefix, Prop(PID_TAG_ATTACH_NUMBER), OTHER], &embedded])),
        (Root::MessageList, &messages),
        (Root::MessageList, &all(&[&message[..3], &error, &message])),
        (Root::TopFolder, &top),
    ] {
        whole(root, words);
    }
    let wrong: [(Root, &[Word], Word); 18] = [
        (Root::ContentsSync, &[], Mark(Marker::START_MESSAGE)),
        (Root::ContentsSync, &[], SYNC_END),
        (Root::ContentsSync, &STATE, STATE[0]),
        (Root::ContentsSync, &end, OTHER),
        (Root::ContentsSync, &deletions, Mark(Marker::INCR_SYNC_CHG)),
        (Root::ContentsSync, &reads, Mark(Marker::INCR_SYNC_DEL)),
        (Root::ContentsSync, &total, Mark(Marker::INCR_SYNC_PROGRESS_MODE)),
        (Root::HierarchySync, &[], Mark(Marker::INCR_SYNC_PROGRESS_MODE)),
        (Root::HierarchySync, &folder_change, Mark(Marker::INCR_SYNC_MESSAGE)),
        (Root::TopFolder, &[], Mark(Marker::START_SUB_FLD)),
        (Root::TopFolder, &[Mark(Marker::START_TOP_FLD), OTHER], delete(PID_TAG_CONTAINER_CONTENTS)),
        (Root::TopFolder, &[Mark(Marker::START_TOP_FLD), Prop(META_TAG_NEW_FX_FOLDER)], MESSAGE[0]),
        (Root::FolderContent, &[OTHER], MESSAGE[0]),
        (Root::MessageContent, &ATTACHMENT, RECIPIENT[0]),
        (Root::MessageContent, &[DELETE_ATTACHMENTS], DELETE_RECIPIENTS),
        (Root::MessageContent, &ATTACHMENT[..1], OTHER),
        (Root::AttachmentContent, &[], Mark(Marker::START_MESSAGE)),
        (Root::MessageList, &MESSAGE[..2], MESSAGE[0]),
    ];
    for (root, words, next) in wrong {
        not_after(root, words, next);
    }
    record(TEST, &["R3293"]);
    // Nothing else begins a message, and the folders and messages to delete are said before those to add.
    for other in [RECIPIENT[0], ATTACHMENT[0], Mark(Marker::START_EMBED), Mark(Marker::START_TOP_FLD)] {
        not_after(Root::MessageList, &[], other);
    }
    whole(Root::MessageList, &message);
    record(TEST, &["R1132"]);
    whole(Root::MessageList, &associated);
    record(TEST, &["R1133"]);
    not_after(Root::FolderContent, &[OTHER], sub[0]);
    whole(Root::FolderContent, &all(&[&[OTHER, delete(PID_TAG_CONTAINER_HIERARCHY)], &sub]));
    record(TEST, &["R1113"]);
    not_after(Root::FolderContent, &[OTHER], associated[0]);
    whole(Root::FolderContent, &all(&[&[OTHER], &deleting[..1], &associated, &deleting[1..], &message]));
    record(TEST, &["R2620"]);
    // A folder whose contents are elsewhere has no messages here.
    not_after(Root::FolderContent, &[OTHER, Prop(META_TAG_NEW_FX_FOLDER)], deleting[0]);
    not_after(Root::FolderContent, &[OTHER, deleting[0]], Prop(META_TAG_NEW_FX_FOLDER));
    record(TEST, &["R3301"]);
}
