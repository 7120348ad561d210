//! Entry identifiers of folders, messages and stores, byte by byte (MS-OXCDATA 2.2.4).

use generated_tests::vectors::hex;
use protocol::oxcdata::{
    FolderEntryId, MAILBOX_STORE_PROVIDER_UID, MessageEntryId, PUBLIC_STORE_PROVIDER_UID, StoreEntryId,
    StoreObjectType, WrappedType,
};
use runtime::{Cursor, Encoder, Guid};

use crate::both_ways;

fn record(test: &str, statements: &[&str]) {
    crate::record(test, "MS-OXCDATA", statements);
}

const PROVIDER: &str = "1A 44 73 90 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A";
const DATABASE: &str = "00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F";

fn guid(text: &str) -> Guid {
    Guid(hex(text).try_into().unwrap())
}

#[test]
fn a_folder_is_a_store_a_replica_and_a_counter() {
    const TEST: &str = "a_folder_is_a_store_a_replica_and_a_counter";
    let bytes = hex(&format!("00 00 00 00  {PROVIDER}  01 00  {DATABASE}  01 02 03 04 05 06  00 00"));
    assert_eq!(bytes.len(), 46);
    let (id, written) = both_ways(&bytes, FolderEntryId::unpack, |id, e| id.pack(e));
    assert_eq!((id.provider_uid, id.folder_type), (guid(PROVIDER), StoreObjectType::PRIVATE_FOLDER));
    assert_eq!((id.database_guid, id.global_counter, &written), (guid(DATABASE), 0x0102_0304_0506, &bytes));
    record(TEST, &["R2226", "R2229", "R2230"]);
    let mut odd = bytes.clone();
    odd[..4].fill(0xFF);
    odd[44..].fill(0xFF);
    let (_, written) = both_ways(&odd, FolderEntryId::unpack, |id, e| id.pack(e));
    assert_eq!(written, bytes);
    record(TEST, &["R2225", "R2231"]);
}

#[test]
fn a_message_is_its_folder_and_its_own_replica_and_counter() {
    const TEST: &str = "a_message_is_its_folder_and_its_own_replica_and_counter";
    let other = "10 11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F";
    let bytes = hex(&format!(
        "00 00 00 00  {PROVIDER}  07 00  {DATABASE}  01 02 03 04 05 06  00 00  {other}  11 12 13 14 15 16  00 00"
    ));
    assert_eq!(bytes.len(), 70);
    let (id, written) = both_ways(&bytes, MessageEntryId::unpack, |id, e| id.pack(e));
    assert_eq!((id.provider_uid, id.message_type), (guid(PROVIDER), StoreObjectType::PRIVATE_MESSAGE));
    assert_eq!((id.folder_database_guid, id.folder_global_counter), (guid(DATABASE), 0x0102_0304_0506));
    assert_eq!((id.message_database_guid, id.message_global_counter), (guid(other), 0x1112_1314_1516));
    assert_eq!(written, bytes);
    record(TEST, &["R2237", "R2239", "R2241", "R2242", "R2244", "R2245"]);
    for (range, statement) in [(0..4, "R2236"), (44..46, "R2243"), (68..70, "R2246")] {
        let mut odd = bytes.clone();
        odd[range].fill(0xFF);
        let (_, written) = both_ways(&odd, MessageEntryId::unpack, |id, e| id.pack(e));
        assert_eq!(written, bytes, "{statement}");
        record(TEST, &[statement]);
    }
    let kinds = [1, 3, 5, 7, 9, 0x0B, 0x0C].map(|kind| StoreObjectType(kind).name().is_some());
    assert_eq!(kinds, [true; 7]);
}

#[test]
fn a_store_is_wrapped_and_names_its_server() {
    const TEST: &str = "a_store_is_wrapped_and_names_its_server";
    let muidstore = "38 A1 BB 10 05 E5 10 1A A1 BB 08 00 2B 2A 56 C2";
    let file = "45 4D 53 4D 44 42 2E 44 4C 4C 00 00 00 00";
    let mailbox = "1B 55 FA 20 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A";
    let public = "1C 83 02 10 AA 66 11 CD 9B C8 00 AA 00 2F C4 5A";
    let head = format!("00 00 00 00  {muidstore}  00  00  {file}  00 00 00 00");
    let bytes = hex(&format!("{head}  {mailbox}  0C 00 00 00  53 31 00  2F 6F 3D 41 00"));
    let unpack = |c: &mut Cursor<'_>| StoreEntryId::unpack(c).map(StoreEntryId::into_owned);
    let (id, written) = both_ways(&bytes, unpack, |id, e| id.pack(e));
    assert_eq!((id.wrapped_provider_uid, id.wrapped_type), (MAILBOX_STORE_PROVIDER_UID, WrappedType::MAILBOX_STORE));
    assert_eq!((MAILBOX_STORE_PROVIDER_UID, PUBLIC_STORE_PROVIDER_UID), (guid(mailbox), guid(public)));
    assert_eq!(id.server_shortname.as_bytes(), b"S1");
    assert_eq!(id.mailbox_dn.as_ref().unwrap().as_bytes(), b"/o=A");
    assert_eq!((&id.dll_file_name[..10], &written), (&b"EMSMDB.DLL"[..], &bytes));
    record(TEST, &["R2253", "R2255", "R2256", "R2260", "R2263", "R2264"]);
    for (range, statement) in [(0..4, "R2249"), (20..21, "R2251"), (21..22, "R2252"), (36..40, "R2254")] {
        let mut odd = bytes.clone();
        odd[range].fill(0xFF);
        let (_, written) = both_ways(&odd, unpack, |id, e| id.pack(e));
        assert_eq!(written, bytes, "{statement}");
        record(TEST, &[statement]);
    }
    let mut other = bytes.clone();
    other[4] ^= 1;
    assert!(StoreEntryId::unpack(&mut Cursor::new(&other)).is_err());
    record(TEST, &["R2250"]);
    let plain = hex(&format!("{head}  {public}  06 00 00 00  53 31 00"));
    let (id, written) = both_ways(&plain, unpack, |id, e| id.pack(e));
    assert_eq!((id.wrapped_type, &id.mailbox_dn, &written), (WrappedType::PUBLIC_STORE, &None, &plain));
    let with_name = StoreEntryId { mailbox_dn: Some("/o=A".into()), ..id };
    assert!(with_name.pack(&mut Encoder::new()).is_err());
    record(TEST, &["R2265"]);
}
