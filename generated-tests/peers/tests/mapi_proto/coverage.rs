//! What of mapi-proto 0.4 is compared, and what is not and why: every type that it exports.

/// How a type of theirs is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// They encode it and they decode it.
    BothWays,
    /// They encode it only.
    Encoded,
    /// They decode it only.
    Decoded,
    /// Its numbers are.
    Numbers,
    /// It is not.
    No(&'static str),
}

/// Each type is named to the compiler too: one that is there no longer is a mistake.
macro_rules! types {
    ($($name:ident $how:expr;)*) => {
        $(#[allow(unused_imports)] use mapi_proto::$name as _;)*
        const TYPES: &[(&str, Compared)] = &[$((stringify!($name), $how)),*];
    };
}

use Compared::{BothWays, Decoded, Encoded, No, Numbers};

const NOT_WIRE: Compared = No("has no form on the wire of its own");
const NAMES: Compared = No("names for numbers of properties, which are no part of a layout");

types! {
    AttachMethod No("a number in a property; no type of the descriptions");
    AttachmentNumber Decoded;
    Bookmark Numbers;
    Cell Decoded;
    Connected Decoded;
    ContainerClass No("a text in a property");
    CookieJar No("headers of HTTP are the server's, not the descriptions'; the mailbox test has them");
    CreateAttachmentResponse Decoded;
    CreateMessageResponse Decoded;
    DeleteMessagesResponse Decoded;
    ErrorCode Numbers;
    Execution Decoded;
    FileTime BothWays;
    FlagStatus No("a number in a property; no type of the descriptions");
    Floating64 BothWays;
    FolderDepth Encoded;
    FolderEntryId BothWays;
    FolderId BothWays;
    FollowupIcon No("a number in a property; no type of the descriptions");
    FuzzyLevel Encoded;
    GetPropertiesResponse Decoded;
    Guid BothWays;
    HandleSlot Encoded;
    Headers No("headers of HTTP are the server's, not the descriptions'; the mailbox test has them");
    IdFromLongTermIdResponse Decoded;
    Lcid Encoded;
    LegacyDn Encoded;
    LogonResponse Decoded;
    LongTermId BothWays;
    LongTermIdFromIdResponse Decoded;
    MessageClass No("a text in a property");
    MessageFlags No("a number in a property; no type of the descriptions");
    MessageId BothWays;
    MessageMode Encoded;
    MetaTag No("the lines before a body are the server's, not the descriptions'; the mailbox test has them");
    MoveCopyMessagesResponse Decoded;
    NameRegistration Encoded;
    NamedProperty NAMES;
    NamedPropertyId NOT_WIRE;
    ObjectHandle BothWays;
    OneOffEntryId BothWays;
    OpenMessageResponse Decoded;
    OpenRecipient Decoded;
    Outcome Decoded;
    Payload No("the lines before a body are the server's, not the descriptions'; the mailbox test has them");
    ProgressResponse Decoded;
    PropertyIdsResponse Decoded;
    PropertyName BothWays;
    PropertyNameKind BothWays;
    PropertyNamesResponse Decoded;
    PropertyProblem Decoded;
    PropertyProblemsResponse Decoded;
    PropertyRow Decoded;
    PropertySet Decoded;
    PropertySetId BothWays;
    PropertySetIter NOT_WIRE;
    PropertyTag BothWays;
    PropertyType Numbers;
    PropertyValue BothWays;
    QueryRowsResponse Decoded;
    ReadFlags Encoded;
    ReadStreamResponse Decoded;
    Recipient Encoded;
    RecipientType BothWays;
    RelationalOperator Encoded;
    ReplicaId Decoded;
    Request Encoded;
    RequestType Numbers;
    ResponseCode No("headers of HTTP are the server's, not the descriptions'; the mailbox test has them");
    Restriction Encoded;
    RopBatch Encoded;
    RopId Numbers;
    RopResponse Decoded;
    RowForm Decoded;
    SaveChangesResponse Decoded;
    ServerEntryId No("the descriptions have its bytes, and no structure in them");
    Session BothWays;
    SessionBuilder Encoded;
    SetReadFlagsResponse Decoded;
    ShortTermId BothWays;
    SortDirection Encoded;
    SortOrder Encoded;
    SortOrderSet Encoded;
    SpecialFolder NAMES;
    StoreObjectType Numbers;
    StreamMode Encoded;
    StreamSizeResponse Decoded;
    SubmitFlags Encoded;
    TableStatus Numbers;
    TableStatusResponse Decoded;
    TableString BothWays;
    TaggedValue Encoded;
    WellKnownFolder NAMES;
    WriteStreamResponse Decoded;
}

#[test]
fn every_type_is_compared_or_there_is_a_reason() {
    let mut compared = 0;
    for (name, how) in TYPES {
        println!("{name:26} {how:?}");
        if let No(reason) = how {
            assert!(!reason.is_empty());
        } else {
            compared += 1;
        }
    }
    println!("{compared} of {} types are compared", TYPES.len());
    assert_eq!((compared, TYPES.len()), (77, 94));
}
