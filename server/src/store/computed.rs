//! Which properties a store computes, and which of them cannot be set.

use protocol::oxcdata::{PropertyTag, PropertyType};

use super::ObjectId;
use super::tags;
use super::value::same_type;

/// Kinds of objects that have properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ObjectKind {
    Mailbox,
    Folder,
    Message,
    Attachment,
    Recipient,
}

impl From<ObjectId> for ObjectKind {
    fn from(object: ObjectId) -> Self {
        match object {
            ObjectId::Mailbox => Self::Mailbox,
            ObjectId::Folder(_) => Self::Folder,
            ObjectId::Message(_) => Self::Message,
            ObjectId::Attachment(..) => Self::Attachment,
            ObjectId::Recipient(..) => Self::Recipient,
        }
    }
}

const MAILBOX: &[PropertyTag] =
    &[tags::PID_TAG_OBJECT_TYPE, tags::PID_TAG_MESSAGE_SIZE, tags::PID_TAG_MESSAGE_SIZE_EXTENDED];

const FOLDER: &[PropertyTag] = &[
    tags::PID_TAG_FOLDER_ID,
    tags::PID_TAG_PARENT_FOLDER_ID,
    tags::PID_TAG_FOLDER_TYPE,
    tags::PID_TAG_CONTENT_COUNT,
    tags::PID_TAG_CONTENT_UNREAD_COUNT,
    tags::PID_TAG_ASSOCIATED_CONTENT_COUNT,
    tags::PID_TAG_SUBFOLDERS,
    tags::PID_TAG_CHANGE_NUMBER,
    tags::PID_TAG_CHANGE_KEY,
    tags::PID_TAG_SOURCE_KEY,
    tags::PID_TAG_PARENT_SOURCE_KEY,
    tags::PID_TAG_PREDECESSOR_CHANGE_LIST,
    tags::PID_TAG_CREATION_TIME,
    tags::PID_TAG_LAST_MODIFICATION_TIME,
    tags::PID_TAG_DEPTH,
    tags::PID_TAG_OBJECT_TYPE,
    tags::PID_TAG_MESSAGE_SIZE,
    tags::PID_TAG_MESSAGE_SIZE_EXTENDED,
    tags::PID_TAG_LOCAL_COMMIT_TIME,
    tags::PID_TAG_LOCAL_COMMIT_TIME_MAX,
    tags::PID_TAG_HIERARCHY_CHANGE_NUMBER,
    tags::PID_TAG_FOLDER_FLAGS,
];

const MESSAGE: &[PropertyTag] = &[
    tags::PID_TAG_MID,
    tags::PID_TAG_FOLDER_ID,
    tags::PID_TAG_PARENT_FOLDER_ID,
    tags::PID_TAG_INST_ID,
    tags::PID_TAG_INSTANCE_NUM,
    tags::PID_TAG_HAS_ATTACHMENTS,
    tags::PID_TAG_MESSAGE_SIZE,
    tags::PID_TAG_MESSAGE_SIZE_EXTENDED,
    tags::PID_TAG_CHANGE_NUMBER,
    tags::PID_TAG_CHANGE_KEY,
    tags::PID_TAG_SOURCE_KEY,
    tags::PID_TAG_PARENT_SOURCE_KEY,
    tags::PID_TAG_PREDECESSOR_CHANGE_LIST,
    tags::PID_TAG_ASSOCIATED,
    tags::PID_TAG_OBJECT_TYPE,
    tags::PID_TAG_MESSAGE_FLAGS,
    tags::PID_TAG_READ,
    tags::PID_TAG_CREATION_TIME,
    tags::PID_TAG_LAST_MODIFICATION_TIME,
    tags::PID_TAG_SUBJECT,
];

/// Computed from what can be set through them.
const MESSAGE_SETTABLE: &[PropertyTag] = &[
    tags::PID_TAG_MESSAGE_FLAGS,
    tags::PID_TAG_CREATION_TIME,
    tags::PID_TAG_LAST_MODIFICATION_TIME,
    tags::PID_TAG_SUBJECT,
];

/// Stored whenever recipients change (MS-OXOMSG 2.2.1.7 and following).
const MESSAGE_DISPLAY: &[PropertyTag] =
    &[tags::PID_TAG_DISPLAY_TO, tags::PID_TAG_DISPLAY_CC, tags::PID_TAG_DISPLAY_BCC];

const ATTACHMENT: &[PropertyTag] = &[tags::PID_TAG_ATTACH_NUMBER, tags::PID_TAG_ATTACH_SIZE, tags::PID_TAG_OBJECT_TYPE];

const RECIPIENT: &[PropertyTag] = &[tags::PID_TAG_ROWID];

/// The computed properties of a kind of object.
#[must_use]
pub fn computed_tags(kind: ObjectKind) -> &'static [PropertyTag] {
    match kind {
        ObjectKind::Mailbox => MAILBOX,
        ObjectKind::Folder => FOLDER,
        ObjectKind::Message => MESSAGE,
        ObjectKind::Attachment => ATTACHMENT,
        ObjectKind::Recipient => RECIPIENT,
    }
}

/// The computed property that a request for `tag` means; PtypUnspecified and both string types find it.
#[must_use]
pub fn computed_tag(kind: ObjectKind, tag: PropertyTag) -> Option<PropertyTag> {
    find(computed_tags(kind), tag)
}

/// Whether a change of this property is refused with [`super::StoreError::ReadOnly`].
#[must_use]
pub fn is_read_only(kind: ObjectKind, tag: PropertyTag) -> bool {
    let message = kind == ObjectKind::Message;
    let display = message && MESSAGE_DISPLAY.iter().any(|own| own.property_id() == tag.property_id());
    let settable = message && find(MESSAGE_SETTABLE, tag).is_some();
    display || (!settable && computed_tag(kind, tag).is_some())
}

/// PidTagSubject in either string type.
#[must_use]
pub fn is_subject(tag: PropertyTag) -> bool {
    tag.property_type() != PropertyType::PTYP_UNSPECIFIED && find(&[tags::PID_TAG_SUBJECT], tag).is_some()
}

fn find(known: &[PropertyTag], tag: PropertyTag) -> Option<PropertyTag> {
    let means = |own: &&PropertyTag| {
        own.property_id() == tag.property_id() && same_type(tag.property_type(), own.property_type())
    };
    known.iter().find(means).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_both_widths_are_two_properties() {
        let kind = ObjectKind::Message;
        assert_eq!(computed_tag(kind, PropertyTag(0x0E08_0014)), Some(tags::PID_TAG_MESSAGE_SIZE_EXTENDED));
        assert_eq!(computed_tag(kind, PropertyTag(0x0E08_0000)), Some(tags::PID_TAG_MESSAGE_SIZE));
        assert_eq!(computed_tag(kind, PropertyTag(0x0E08_001F)), None);
    }

    #[test]
    fn only_what_follows_from_something_else_is_read_only() {
        assert!(is_read_only(ObjectKind::Message, tags::PID_TAG_MID));
        assert!(is_read_only(ObjectKind::Message, PropertyTag(0x0E04_001E)));
        assert!(!is_read_only(ObjectKind::Message, tags::PID_TAG_SUBJECT));
        assert!(!is_read_only(ObjectKind::Message, tags::PID_TAG_MESSAGE_FLAGS));
        assert!(!is_read_only(ObjectKind::Recipient, tags::PID_TAG_DISPLAY_TO));
        assert!(is_read_only(ObjectKind::Folder, tags::PID_TAG_CONTENT_COUNT));
        assert!(!is_read_only(ObjectKind::Folder, tags::PID_TAG_DISPLAY_NAME));
    }
}
