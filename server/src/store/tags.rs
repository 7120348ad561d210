//! The properties that the store itself computes or looks at.

use protocol::oxcdata::PropertyTag;

macro_rules! tags {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $($(#[$doc])* pub const $name: PropertyTag = PropertyTag($value);)*
    };
}

tags! {
    /// PidTagImportance, PtypInteger32.
    PID_TAG_IMPORTANCE = 0x0017_0003;
    /// PidTagMessageClass, PtypString.
    PID_TAG_MESSAGE_CLASS = 0x001A_001F;
    /// PidTagReadReceiptRequested, PtypBoolean.
    PID_TAG_READ_RECEIPT_REQUESTED = 0x0029_000B;
    /// PidTagPriority, PtypInteger32.
    PID_TAG_PRIORITY = 0x0026_0003;
    /// PidTagSensitivity, PtypInteger32.
    PID_TAG_SENSITIVITY = 0x0036_0003;
    /// PidTagSubject, PtypString: prefix and normalized subject together.
    PID_TAG_SUBJECT = 0x0037_001F;
    /// PidTagClientSubmitTime, PtypTime.
    PID_TAG_CLIENT_SUBMIT_TIME = 0x0039_0040;
    /// PidTagSubjectPrefix, PtypString.
    PID_TAG_SUBJECT_PREFIX = 0x003D_001F;
    /// PidTagSentRepresentingName, PtypString.
    PID_TAG_SENT_REPRESENTING_NAME = 0x0042_001F;
    /// PidTagReplyRecipientNames, PtypString.
    PID_TAG_REPLY_RECIPIENT_NAMES = 0x0050_001F;
    /// PidTagSentRepresentingAddressType, PtypString.
    PID_TAG_SENT_REPRESENTING_ADDRESS_TYPE = 0x0064_001F;
    /// PidTagSentRepresentingEmailAddress, PtypString.
    PID_TAG_SENT_REPRESENTING_EMAIL_ADDRESS = 0x0065_001F;
    /// PidTagConversationTopic, PtypString.
    PID_TAG_CONVERSATION_TOPIC = 0x0070_001F;
    /// PidTagTransportMessageHeaders, PtypString.
    PID_TAG_TRANSPORT_MESSAGE_HEADERS = 0x007D_001F;
    /// PidTagRecipientType, PtypInteger32: 1 To, 2 Cc, 3 Bcc.
    PID_TAG_RECIPIENT_TYPE = 0x0C15_0003;
    /// PidTagSenderName, PtypString.
    PID_TAG_SENDER_NAME = 0x0C1A_001F;
    /// PidTagSenderAddressType, PtypString.
    PID_TAG_SENDER_ADDRESS_TYPE = 0x0C1E_001F;
    /// PidTagSenderEmailAddress, PtypString.
    PID_TAG_SENDER_EMAIL_ADDRESS = 0x0C1F_001F;
    /// PidTagDisplayBcc, PtypString.
    PID_TAG_DISPLAY_BCC = 0x0E02_001F;
    /// PidTagDisplayCc, PtypString.
    PID_TAG_DISPLAY_CC = 0x0E03_001F;
    /// PidTagDisplayTo, PtypString.
    PID_TAG_DISPLAY_TO = 0x0E04_001F;
    /// PidTagMessageDeliveryTime, PtypTime.
    PID_TAG_MESSAGE_DELIVERY_TIME = 0x0E06_0040;
    /// PidTagMessageFlags, PtypInteger32.
    PID_TAG_MESSAGE_FLAGS = 0x0E07_0003;
    /// PidTagMessageSize, PtypInteger32.
    PID_TAG_MESSAGE_SIZE = 0x0E08_0003;
    /// PidTagMessageSizeExtended, PtypInteger64.
    PID_TAG_MESSAGE_SIZE_EXTENDED = 0x0E08_0014;
    /// PidTagMessageRecipients, PtypObject.
    PID_TAG_MESSAGE_RECIPIENTS = 0x0E12_000D;
    /// PidTagMessageAttachments, PtypObject.
    PID_TAG_MESSAGE_ATTACHMENTS = 0x0E13_000D;
    /// PidTagRecipientResponsibility / PidTagResponsibility, PtypBoolean.
    PID_TAG_RESPONSIBILITY = 0x0E0F_000B;
    /// PidTagHasAttachments, PtypBoolean.
    PID_TAG_HAS_ATTACHMENTS = 0x0E1B_000B;
    /// PidTagNormalizedSubject, PtypString.
    PID_TAG_NORMALIZED_SUBJECT = 0x0E1D_001F;
    /// PidTagAttachSize, PtypInteger32.
    PID_TAG_ATTACH_SIZE = 0x0E20_0003;
    /// PidTagAttachNumber, PtypInteger32.
    PID_TAG_ATTACH_NUMBER = 0x0E21_0003;
    /// PidTagObjectType, PtypInteger32.
    PID_TAG_OBJECT_TYPE = 0x0FFE_0003;
    /// PidTagBody, PtypString.
    PID_TAG_BODY = 0x1000_001F;
    /// PidTagHtml, PtypBinary.
    PID_TAG_HTML = 0x1013_0102;
    /// PidTagNativeBody, PtypInteger32: 1 plain, 2 RTF, 3 HTML.
    PID_TAG_NATIVE_BODY = 0x1016_0003;
    /// PidTagInternetMessageId, PtypString.
    PID_TAG_INTERNET_MESSAGE_ID = 0x1035_001F;
    /// PidTagInternetReferences, PtypString.
    PID_TAG_INTERNET_REFERENCES = 0x1039_001F;
    /// PidTagInReplyToId, PtypString.
    PID_TAG_IN_REPLY_TO_ID = 0x1042_001F;
    /// PidTagIconIndex, PtypInteger32.
    PID_TAG_ICON_INDEX = 0x1080_0003;
    /// PidTagRowid, PtypInteger32.
    PID_TAG_ROWID = 0x3000_0003;
    /// PidTagDisplayName, PtypString.
    PID_TAG_DISPLAY_NAME = 0x3001_001F;
    /// PidTagAddressType, PtypString.
    PID_TAG_ADDRESS_TYPE = 0x3002_001F;
    /// PidTagEmailAddress, PtypString.
    PID_TAG_EMAIL_ADDRESS = 0x3003_001F;
    /// PidTagComment, PtypString.
    PID_TAG_COMMENT = 0x3004_001F;
    /// PidTagDepth, PtypInteger32.
    PID_TAG_DEPTH = 0x3005_0003;
    /// PidTagCreationTime, PtypTime.
    PID_TAG_CREATION_TIME = 0x3007_0040;
    /// PidTagLastModificationTime, PtypTime.
    PID_TAG_LAST_MODIFICATION_TIME = 0x3008_0040;
    /// PidTagSearchKey, PtypBinary.
    PID_TAG_SEARCH_KEY = 0x300B_0102;
    /// PidTagFolderType, PtypInteger32: 0 root, 1 generic, 2 search.
    PID_TAG_FOLDER_TYPE = 0x3601_0003;
    /// PidTagContentCount, PtypInteger32.
    PID_TAG_CONTENT_COUNT = 0x3602_0003;
    /// PidTagContentUnreadCount, PtypInteger32.
    PID_TAG_CONTENT_UNREAD_COUNT = 0x3603_0003;
    /// PidTagSubfolders, PtypBoolean.
    PID_TAG_SUBFOLDERS = 0x360A_000B;
    /// PidTagContainerClass, PtypString.
    PID_TAG_CONTAINER_CLASS = 0x3613_001F;
    /// PidTagAssociatedContentCount, PtypInteger32.
    PID_TAG_ASSOCIATED_CONTENT_COUNT = 0x3617_0003;
    /// PidTagAttachDataBinary, PtypBinary.
    PID_TAG_ATTACH_DATA_BINARY = 0x3701_0102;
    /// PidTagAttachExtension, PtypString.
    PID_TAG_ATTACH_EXTENSION = 0x3703_001F;
    /// PidTagAttachFilename, PtypString, 8.3.
    PID_TAG_ATTACH_FILENAME = 0x3704_001F;
    /// PidTagAttachMethod, PtypInteger32.
    PID_TAG_ATTACH_METHOD = 0x3705_0003;
    /// PidTagAttachLongFilename, PtypString.
    PID_TAG_ATTACH_LONG_FILENAME = 0x3707_001F;
    /// PidTagRenderingPosition, PtypInteger32.
    PID_TAG_RENDERING_POSITION = 0x370B_0003;
    /// PidTagAttachMimeTag, PtypString.
    PID_TAG_ATTACH_MIME_TAG = 0x370E_001F;
    /// PidTagAttachContentId, PtypString.
    PID_TAG_ATTACH_CONTENT_ID = 0x3712_001F;
    /// PidTagAttachContentLocation, PtypString.
    PID_TAG_ATTACH_CONTENT_LOCATION = 0x3713_001F;
    /// PidTagAttachFlags, PtypInteger32: 4 attRenderedInBody.
    PID_TAG_ATTACH_FLAGS = 0x3714_0003;
    /// PidTagDisplayType, PtypInteger32.
    PID_TAG_DISPLAY_TYPE = 0x3900_0003;
    /// PidTagSmtpAddress, PtypString.
    PID_TAG_SMTP_ADDRESS = 0x39FE_001F;
    /// PidTagInternetCodepage, PtypInteger32.
    PID_TAG_INTERNET_CODEPAGE = 0x3FDE_0003;
    /// PidTagMessageLocaleId, PtypInteger32.
    PID_TAG_MESSAGE_LOCALE_ID = 0x3FF1_0003;
    /// PidTagSenderSmtpAddress, PtypString.
    PID_TAG_SENDER_SMTP_ADDRESS = 0x5D01_001F;
    /// PidTagSentRepresentingSmtpAddress, PtypString.
    PID_TAG_SENT_REPRESENTING_SMTP_ADDRESS = 0x5D02_001F;
    /// PidTagRecipientOrder, PtypInteger32.
    PID_TAG_RECIPIENT_ORDER = 0x5FDF_0003;
    /// PidTagRecipientDisplayName, PtypString.
    PID_TAG_RECIPIENT_DISPLAY_NAME = 0x5FF6_001F;
    /// PidTagRecipientFlags, PtypInteger32.
    PID_TAG_RECIPIENT_FLAGS = 0x5FFD_0003;
    /// PidTagRecipientTrackStatus, PtypInteger32.
    PID_TAG_RECIPIENT_TRACK_STATUS = 0x5FFF_0003;
    /// PidTagSourceKey, PtypBinary.
    PID_TAG_SOURCE_KEY = 0x65E0_0102;
    /// PidTagParentSourceKey, PtypBinary.
    PID_TAG_PARENT_SOURCE_KEY = 0x65E1_0102;
    /// PidTagChangeKey, PtypBinary.
    PID_TAG_CHANGE_KEY = 0x65E2_0102;
    /// PidTagPredecessorChangeList, PtypBinary.
    PID_TAG_PREDECESSOR_CHANGE_LIST = 0x65E3_0102;
    /// PidTagFolderId, PtypInteger64.
    PID_TAG_FOLDER_ID = 0x6748_0014;
    /// PidTagParentFolderId, PtypInteger64.
    PID_TAG_PARENT_FOLDER_ID = 0x6749_0014;
    /// PidTagMid, PtypInteger64.
    PID_TAG_MID = 0x674A_0014;
    /// PidTagInstID, PtypInteger64.
    PID_TAG_INST_ID = 0x674D_0014;
    /// PidTagInstanceNum, PtypInteger32.
    PID_TAG_INSTANCE_NUM = 0x674E_0003;
    /// PidTagChangeNumber, PtypInteger64.
    PID_TAG_CHANGE_NUMBER = 0x67A4_0014;
    /// PidTagAssociated, PtypBoolean.
    PID_TAG_ASSOCIATED = 0x67AA_000B;
    /// PidTagAttachmentFlags, PtypInteger32.
    PID_TAG_ATTACHMENT_FLAGS = 0x7FFD_0003;
    /// PidTagAttachmentHidden, PtypBoolean.
    PID_TAG_ATTACHMENT_HIDDEN = 0x7FFE_000B;
}

/// Bits of PidTagMessageFlags (MS-OXCMSG 2.2.1.6).
pub mod message_flags {
    /// mfRead: the message has been read.
    pub const READ: u32 = 0x0001;
    /// mfUnmodified: not changed since it was first saved or delivered.
    pub const UNMODIFIED: u32 = 0x0002;
    /// mfSubmitted: marked for sending.
    pub const SUBMITTED: u32 = 0x0004;
    /// mfUnsent: still being composed.
    pub const UNSENT: u32 = 0x0008;
    /// mfHasAttach: at least one attachment.
    pub const HAS_ATTACH: u32 = 0x0010;
    /// mfFromMe: the receiver sent it.
    pub const FROM_ME: u32 = 0x0020;
    /// mfFAI: a folder associated information message.
    pub const FAI: u32 = 0x0040;
    /// mfEverRead: was read at some time.
    pub const EVER_READ: u32 = 0x0400;
}
