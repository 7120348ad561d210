//! Entry ids and the keys that identify objects to MAPI (MS-OXCDATA 2.2.4, 2.2.5).

use protocol::oxcdata::{
    AddressBookEntryId, AddressBookEntryType, ErrorCode, FolderEntryId, FolderId, MAILBOX_STORE_PROVIDER_UID,
    MessageEntryId, MessageId, StoreEntryId, StoreObjectType, WrappedType,
};
use runtime::{Cursor, Encoder, PackError, String8};

use super::objects::OpenMailbox;
use crate::store::User;

/// DLLFileName of a StoreEntryId, padded with zeros. MS-OXCDATA 2.2.4.3 writes the name in small letters and its
/// bytes in capitals; the bytes count.
const DLL_FILE_NAME: [u8; 14] = *b"EMSMDB.DLL\0\0\0\0";

/// The bytes of a structure.
pub(super) fn packed(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Result<Vec<u8>, ErrorCode> {
    let mut e = Encoder::new();
    pack(&mut e).map_err(|_| ErrorCode::EC_ERROR)?;
    Ok(e.finish().to_vec())
}

impl OpenMailbox {
    /// The entry id of a folder of this mailbox (MS-OXCDATA 2.2.4.1).
    pub(super) fn folder_entry_id(&self, folder: FolderId) -> Result<Vec<u8>, ErrorCode> {
        let id = FolderEntryId {
            provider_uid: self.identity.mailbox,
            folder_type: StoreObjectType::PRIVATE_FOLDER,
            database_guid: self.identity.replica,
            global_counter: folder.global_counter(),
        };
        packed(|e| id.pack(e))
    }

    /// The entry id of a message of this mailbox (MS-OXCDATA 2.2.4.2).
    pub(super) fn message_entry_id(&self, folder: FolderId, message: MessageId) -> Result<Vec<u8>, ErrorCode> {
        let id = MessageEntryId {
            provider_uid: self.identity.mailbox,
            message_type: StoreObjectType::PRIVATE_MESSAGE,
            folder_database_guid: self.identity.replica,
            folder_global_counter: folder.global_counter(),
            message_database_guid: self.identity.replica,
            message_global_counter: message.global_counter(),
        };
        packed(|e| id.pack(e))
    }

    /// The entry id of the store itself (MS-OXCDATA 2.2.4.3).
    pub(super) fn store_entry_id(&self) -> Result<Vec<u8>, ErrorCode> {
        let id = StoreEntryId {
            dll_file_name: DLL_FILE_NAME,
            wrapped_provider_uid: MAILBOX_STORE_PROVIDER_UID,
            wrapped_type: WrappedType::MAILBOX_STORE,
            server_shortname: String8::from_text(&self.server_name),
            mailbox_dn: Some(String8::from_text(&self.owner.legacy_dn)),
        };
        packed(|e| id.pack(e))
    }

    /// The row of a folder or message as PidTagInstanceKey; [`raw_of_instance_key`] is the way back.
    pub(super) fn instance_key(raw: u64) -> Result<Vec<u8>, ErrorCode> {
        packed(|e| e.u64(raw))
    }
}

/// What tells an attachment from all others of the mailbox.
pub(super) fn attachment_key(message: MessageId, number: u32) -> Result<Vec<u8>, ErrorCode> {
    packed(|e| {
        e.u64(message.0)?;
        e.u32(number)
    })
}

/// The id in a PidTagInstanceKey.
pub(super) fn raw_of_instance_key(key: &[u8]) -> Option<u64> {
    let mut c = Cursor::new(key);
    c.u64().ok().filter(|_| c.is_empty())
}

/// The address book entry id of a user (MS-OXCDATA 2.2.5.2).
pub(super) fn user_entry_id(user: &User) -> Result<Vec<u8>, ErrorCode> {
    let id = AddressBookEntryId {
        r#type: AddressBookEntryType::LOCAL_MAIL_USER,
        x500_dn: String8::from_text(&user.legacy_dn),
    };
    packed(|e| id.pack(e))
}
