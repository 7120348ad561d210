//! Structures that stand in properties, and the numbers of enumerations.

use mapi_proto as theirs;
use protocol::oxcdata::{ErrorCode, FolderEntryId, OneOffEntryId, OneOffFlags, PropertyType, RelOp, StoreObjectType};
use protocol::oxctabl::{Bookmark, TableStatus};
use protocol::rops::RopId;
use runtime::keyed::{read_all, to_body};
use runtime::{String8, StringValue, Utf16};

use crate::round::{choices, hex};
use crate::values::{TYPES, ascii, guid, text};

#[test]
fn entry_identifiers_of_folders_agree() {
    for seed in 0..200 {
        let g = &mut choices(seed);
        let counter = g.bytes::<6>();
        let ours = FolderEntryId {
            provider_uid: g.guid(),
            folder_type: *g.one_of(&[StoreObjectType::PRIVATE_FOLDER, StoreObjectType::PUBLIC_FOLDER]),
            database_guid: g.guid(),
            global_counter: counter.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        };
        let bytes = to_body(|e| ours.pack(e)).unwrap();
        let theirs = theirs::FolderEntryId::parse(&bytes).unwrap();
        assert_eq!(theirs.provider_uid(), guid(ours.provider_uid));
        assert_eq!(theirs.object_type().as_u16(), ours.folder_type.0);
        assert_eq!(theirs.long_term_id(), theirs::LongTermId::new(guid(ours.database_guid), counter));
        assert_eq!(hex(&theirs.to_bytes()), hex(&bytes));
        assert_eq!(read_all(&theirs.to_bytes(), FolderEntryId::unpack).unwrap(), ours);
    }
}

#[test]
fn entry_identifiers_of_one_off_recipients_agree() {
    for seed in 0..200 {
        let g = &mut choices(seed);
        let strings = [text(g, 40), ascii(g, 10), text(g, 40)];
        let [name, kind, address] = strings.clone();
        let theirs = theirs::OneOffEntryId::new(name, kind, address).unwrap();
        let bytes = theirs.to_bytes();
        let ours = read_all(&bytes, OneOffEntryId::unpack).unwrap();
        let [display_name, address_type, email_address] = strings.map(|text| StringValue::Utf16(Utf16::new(text)));
        // No RTF is sent, and the strings are Unicode.
        let one_off_flags = OneOffFlags(0).with_m(true).with_u(true);
        assert_eq!(ours, OneOffEntryId { one_off_flags, display_name, address_type, email_address });
        assert_eq!(hex(&to_body(|e| ours.pack(e)).unwrap()), hex(&bytes));

        let unicode = g.bool();
        let texts =
            if unicode { [text(g, 20), text(g, 20), text(g, 20)] } else { [ascii(g, 20), ascii(g, 20), ascii(g, 20)] };
        let value = |text: &String| {
            if unicode {
                StringValue::Utf16(Utf16::new(text.clone()))
            } else {
                StringValue::String8(String8::new(text.clone().into_bytes()))
            }
        };
        let ours = OneOffEntryId {
            one_off_flags: OneOffFlags(g.u16()).with_u(unicode),
            display_name: value(&texts[0]),
            address_type: value(&texts[1]),
            email_address: value(&texts[2]),
        };
        let theirs = theirs::OneOffEntryId::parse(&to_body(|e| ours.pack(e)).unwrap()).unwrap();
        assert_eq!(
            [theirs.display_name(), theirs.address_type(), theirs.email_address()],
            texts.each_ref().map(|t| &**t)
        );
    }
}

/// Every RopId that has a name on their side has one here; for both it is that of the document.
#[test]
fn identifiers_of_operations_agree() {
    let mut known = 0;
    for id in 0..=u8::MAX {
        let Some(name) = theirs::RopId::new(id).name() else { continue };
        assert_eq!(RopId(id).name(), Some(name), "{id:#x}");
        known += 1;
    }
    assert!(known > 35, "{known}");
}

#[test]
fn types_of_properties_agree() {
    for id in 0..=u16::MAX {
        let Some(name) = theirs::PropertyType::new(id).name() else { continue };
        assert_eq!(PropertyType(id).name(), Some(name));
        let compared = TYPES.contains(&PropertyType(id));
        assert!(compared || name == "PtypObject", "{name} is not compared");
    }
}

#[test]
fn return_values_agree() {
    use theirs::ErrorCode as Theirs;
    for (theirs, ours) in [
        (Theirs::SUCCESS, ErrorCode::EC_NONE),
        (Theirs::ACCESS_DENIED, ErrorCode::EC_ACCESS_DENIED),
        (Theirs::GENERAL_FAILURE, ErrorCode::EC_ERROR),
        (Theirs::INVALID_RECIPIENTS, ErrorCode::EC_INVALID_RECIPS),
        (Theirs::LOGIN_PERMISSION, ErrorCode::EC_LOGIN_PERM),
        (Theirs::LOGON_FAILED, ErrorCode::EC_LOGIN_FAILURE),
        (Theirs::MAX_SUBMISSION_EXCEEDED, ErrorCode::EC_MAX_SUBMISSION_EXCEEDED),
        (Theirs::NETWORK_ERROR, ErrorCode::EC_RPC_FAILED),
        (Theirs::NOT_ENOUGH_MEMORY, ErrorCode::EC_MAPIOOM),
        (Theirs::NOT_FOUND, ErrorCode::EC_NOT_FOUND),
        (Theirs::NOT_SUPPORTED, ErrorCode::EC_NOT_SUPPORTED),
        (Theirs::NULL_DESTINATION_OBJECT, ErrorCode::EC_DST_NULL_OBJECT),
        (Theirs::QUOTA_EXCEEDED, ErrorCode::EC_QUOTA_EXCEEDED),
        (Theirs::STRING_TOO_LONG, ErrorCode::EC_STRING_TOO_LARGE),
        (Theirs::TOO_BIG, ErrorCode::EC_TOO_BIG),
        (Theirs::TOO_MANY_RECIPIENTS, ErrorCode::EC_TOO_MANY_RECIPS),
        (Theirs::UNKNOWN_USER, ErrorCode::EC_UNKNOWN_USER),
        (Theirs::VERSION_MISMATCH, ErrorCode::EC_VERSION_MISMATCH),
        (Theirs::WRONG_SERVER, ErrorCode::EC_WRONG_SERVER),
    ] {
        assert_eq!(theirs.as_u32(), ours.0, "{ours:?}");
    }
}

#[test]
fn numbers_of_tables_and_restrictions_agree() {
    use theirs::{Bookmark as TheirBookmark, RelationalOperator, TableStatus as TheirStatus};
    for (theirs, ours) in [
        (TheirBookmark::Beginning, Bookmark::BOOKMARK_BEGINNING),
        (TheirBookmark::Current, Bookmark::BOOKMARK_CURRENT),
        (TheirBookmark::End, Bookmark::BOOKMARK_END),
    ] {
        assert_eq!(theirs.as_u8(), ours.0);
    }
    for (theirs, ours) in [
        (TheirStatus::COMPLETE, TableStatus::TBLSTAT_COMPLETE),
        (TheirStatus::SORTING, TableStatus::TBLSTAT_SORTING),
        (TheirStatus::SORT_ERROR, TableStatus::TBLSTAT_SORT_ERROR),
        (TheirStatus::SETTING_COLUMNS, TableStatus::TBLSTAT_SETTING_COLS),
        (TheirStatus::SET_COLUMNS_ERROR, TableStatus::TBLSTAT_SETCOL_ERROR),
        (TheirStatus::RESTRICTING, TableStatus::TBLSTAT_RESTRICTING),
        (TheirStatus::RESTRICT_ERROR, TableStatus::TBLSTAT_RESTRICT_ERROR),
    ] {
        assert_eq!(theirs.as_u8(), ours.0, "{ours:?}");
    }
    assert_eq!(RelationalOperator::NotEqual.as_u8(), RelOp::RELATIONAL_OPERATOR_NOT_EQUAL.0);
    use theirs::StoreObjectType as TheirType;
    for (theirs, ours) in [
        (TheirType::PRIVATE_FOLDER, StoreObjectType::PRIVATE_FOLDER),
        (TheirType::PRIVATE_MESSAGE, StoreObjectType::PRIVATE_MESSAGE),
        (TheirType::PUBLIC_FOLDER, StoreObjectType::PUBLIC_FOLDER),
        (TheirType::PUBLIC_MESSAGE, StoreObjectType::PUBLIC_MESSAGE),
    ] {
        assert_eq!(theirs.as_u16(), ours.0);
    }
}
