//! Who may do what with folders and messages (MS-OXCPERM 3.2.4.1).

use protocol::oxcdata::{
    AddressBookEntryId, ErrorCode, FolderId, MessageId, PropertyRow, PropertyTag, PropertyValue, RelOp, Restriction,
    TaggedPropertyValue,
};
use protocol::oxcperm::{MemberRights, PermissionData, PermissionDataFlags};
use runtime::Cursor;

use super::entry_ids::user_entry_id;
use super::errors::of_open_object;
use super::objects::{Folder, OpenMailbox, Table};
use super::properties::means;
use crate::store::value::{binary, string};
use crate::store::{
    ANONYMOUS_MEMBER, DEFAULT_MEMBER, Member, MemberChange, ObjectId, SpecialFolder, Store, User, property, tags as t,
};

/// The columns of a permissions table (MS-OXCPERM 2.2.4 to 2.2.7).
pub(super) const MEMBER_COLUMNS: [PropertyTag; 4] =
    [t::PID_TAG_ENTRY_ID, t::PID_TAG_MEMBER_ID, t::PID_TAG_MEMBER_NAME, t::PID_TAG_MEMBER_RIGHTS];

/// All rights of MS-OXCPERM 2.2.7.
pub(super) const ALL: MemberRights = MemberRights(0x0000_1FFB);

const FREE_BUSY: u32 = MemberRights::FREE_BUSY_SIMPLE.0 | MemberRights::FREE_BUSY_DETAILED.0;

/// Rights without those to see when somebody is free.
pub(super) fn without_free_busy(rights: MemberRights) -> MemberRights {
    MemberRights(rights.0 & !FREE_BUSY)
}

/// What is done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Read,
    Edit,
    Delete,
}

impl Act {
    /// The right to do it with any message, and the one for messages that the user has made.
    fn rights(self) -> (MemberRights, Option<MemberRights>) {
        match self {
            // What somebody has made they may read.
            Self::Read => (MemberRights::READ_ANY, None),
            Self::Edit => (MemberRights::EDIT_ANY, Some(MemberRights::EDIT_OWNED)),
            Self::Delete => (MemberRights::DELETE_ANY, Some(MemberRights::DELETE_OWNED)),
        }
    }
}

impl OpenMailbox {
    /// The user works on their own mailbox.
    pub(super) fn is_owner(&self) -> bool {
        self.user.mailbox == self.identity.mailbox
    }

    /// What the user may do with a folder: everything in their own mailbox, elsewhere what the folder's
    /// permissions say.
    pub(super) fn rights(&self, folder: FolderId) -> Result<MemberRights, ErrorCode> {
        if self.is_owner() {
            return Ok(ALL);
        }
        let rights = self.mailbox.rights(folder, &self.user.legacy_dn).map_err(of_open_object)?;
        Ok(MemberRights(rights))
    }

    /// The same for messages of a folder; those in attachments are in none.
    pub(super) fn message_rights(&self, folder: FolderId) -> Result<MemberRights, ErrorCode> {
        if folder.global_counter() == 0 { Ok(ALL) } else { self.rights(folder) }
    }

    /// Fails where the user lacks a right.
    pub(super) fn require(&self, folder: FolderId, right: MemberRights) -> Result<(), ErrorCode> {
        if self.rights(folder)?.contains(right) { Ok(()) } else { Err(ErrorCode::EC_ACCESS_DENIED) }
    }

    /// Fails in somebody else's mailbox.
    pub(super) fn require_owner(&self) -> Result<(), ErrorCode> {
        if self.is_owner() { Ok(()) } else { Err(ErrorCode::EC_ACCESS_DENIED) }
    }

    /// Whether the user has made a stored message.
    fn has_made(&self, message: MessageId) -> Result<bool, ErrorCode> {
        let object = ObjectId::Message(message);
        let creator = property(self.mailbox.as_ref(), object, t::PID_TAG_CREATOR_ENTRY_ID)?;
        Ok(creator == Some(binary(user_entry_id(&self.user)?)))
    }

    /// Whether the user may do something with a stored message of a folder.
    pub(super) fn may(&self, act: Act, folder: FolderId, message: MessageId) -> Result<bool, ErrorCode> {
        if self.is_owner() {
            return Ok(true);
        }
        let rights = self.rights(folder)?;
        let (any, owned) = act.rights();
        if rights.contains(any) {
            return Ok(true);
        }
        if owned.is_some_and(|owned| !rights.contains(owned)) {
            return Ok(false);
        }
        self.has_made(message)
    }

    /// Those of some messages with which the user may do something.
    pub(super) fn allowed(
        &self,
        act: Act,
        folder: FolderId,
        messages: &[MessageId],
    ) -> Result<Vec<MessageId>, ErrorCode> {
        if self.is_owner() || self.rights(folder)?.contains(act.rights().0) {
            return Ok(messages.to_vec());
        }
        let mut allowed = Vec::new();
        for message in messages {
            match self.may(act, folder, *message) {
                Ok(true) => allowed.push(*message),
                // What is not there is the store's to tell.
                Err(ErrorCode::EC_NOT_FOUND) => allowed.push(*message),
                Ok(false) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(allowed)
    }

    /// The folders that the user may see.
    pub(super) fn visible(&self, folders: Vec<FolderId>) -> Result<Vec<FolderId>, ErrorCode> {
        if self.is_owner() {
            return Ok(folders);
        }
        let mut visible = Vec::new();
        for folder in folders {
            if self.rights(folder)?.contains(MemberRights::FOLDER_VISIBLE) {
                visible.push(folder);
            }
        }
        Ok(visible)
    }

    /// A restriction that leaves out messages that the user may not read.
    pub(super) fn readable(
        &self,
        folder: FolderId,
        restriction: Option<Restriction<'static>>,
    ) -> Result<Option<Restriction<'static>>, ErrorCode> {
        if self.rights(folder)?.contains(MemberRights::READ_ANY) {
            return Ok(restriction);
        }
        let made = Restriction::PropertyRestriction {
            rel_op: RelOp::RELATIONAL_OPERATOR_EQUAL,
            prop_tag: t::PID_TAG_CREATOR_ENTRY_ID,
            tagged_value: TaggedPropertyValue {
                property_tag: t::PID_TAG_CREATOR_ENTRY_ID,
                property_value: binary(user_entry_id(&self.user)?),
            },
        };
        Ok(Some(match restriction {
            Some(restriction) => Restriction::AndRestriction(vec![made, restriction]),
            None => made,
        }))
    }
}

impl Table {
    /// A row of a permissions table.
    pub(super) fn member_row(
        &self,
        member: &Member,
        free_busy: bool,
        tags: &[PropertyTag],
    ) -> Result<PropertyRow<'static>, ErrorCode> {
        let rights = MemberRights(member.rights);
        let rights = if free_busy { rights } else { without_free_busy(rights) };
        self.cells_of(tags, |tag| {
            let Some(own) = MEMBER_COLUMNS.into_iter().find(|own| means(*own, tag)) else { return Ok(None) };
            Ok(Some(match own {
                t::PID_TAG_ENTRY_ID => binary(entry_id(member)?),
                t::PID_TAG_MEMBER_ID => PropertyValue::PtypInteger64(member.id),
                t::PID_TAG_MEMBER_NAME => string(member.name.clone()),
                _ => PropertyValue::PtypInteger32(rights.0.cast_signed()),
            }))
        })
    }
}

/// The address book's entry id of a member; empty for those that stand for nobody alone.
fn entry_id(member: &Member) -> Result<Vec<u8>, ErrorCode> {
    if member.legacy_dn.is_empty() {
        return Ok(Vec::new());
    }
    let user = User { legacy_dn: member.legacy_dn.clone(), ..User::default() };
    user_entry_id(&user)
}

/// The changes that a request asks for, in terms of the store.
pub(super) struct Changes<'c> {
    pub(super) store: &'c dyn Store,
    pub(super) folder: &'c Folder,
    /// FreeBusySimple and FreeBusyDetailed are meant, too.
    pub(super) free_busy: bool,
}

impl Changes<'_> {
    /// One change; `None` for one that is to be ignored.
    pub(super) fn of(&self, data: &PermissionData<'_>, members: &[Member]) -> Result<Option<MemberChange>, ErrorCode> {
        let id = data.property_values.iter().find_map(|value| match value.property_value {
            PropertyValue::PtypInteger64(id) if means(t::PID_TAG_MEMBER_ID, value.property_tag) => Some(id),
            _ => None,
        });
        let rights = data.property_values.iter().find_map(|value| match value.property_value {
            PropertyValue::PtypInteger32(rights) if means(t::PID_TAG_MEMBER_RIGHTS, value.property_tag) => {
                Some(MemberRights(rights.cast_unsigned() & ALL.0))
            }
            _ => None,
        });
        let known = |id: i64| members.iter().find(|member| member.id == id);
        let reserved = id.filter(|id| [DEFAULT_MEMBER, ANONYMOUS_MEMBER].contains(id));
        match (data.permission_data_flags, id, rights) {
            (PermissionDataFlags::ADD_ROW, _, Some(rights)) => {
                if let Some(id) = reserved {
                    return Ok(
                        known(id).map(|member| MemberChange::Change { id, rights: self.rights(rights, Some(member)) })
                    );
                }
                let entry_id = data.property_values.iter().find_map(|value| match &value.property_value {
                    PropertyValue::PtypBinary(bytes) if means(t::PID_TAG_ENTRY_ID, value.property_tag) => Some(bytes),
                    _ => None,
                });
                let user = self.user(entry_id.ok_or(ErrorCode::EC_INVALID_PARAM)?)?;
                let member = members.iter().find(|member| member.legacy_dn.eq_ignore_ascii_case(&user.legacy_dn));
                let rights = self.rights(rights, member);
                Ok(Some(MemberChange::Add { legacy_dn: user.legacy_dn, name: user.display_name, rights }))
            }
            (PermissionDataFlags::MODIFY_ROW, Some(id), Some(rights)) => {
                Ok(known(id).map(|member| MemberChange::Change { id, rights: self.rights(rights, Some(member)) }))
            }
            // The two that stand for nobody alone stay.
            (PermissionDataFlags::REMOVE_ROW, Some(_), _) if reserved.is_some() => Err(ErrorCode::EC_ACCESS_DENIED),
            (PermissionDataFlags::REMOVE_ROW, Some(id), _) => Ok(known(id).map(|_| MemberChange::Remove { id })),
            _ => Err(ErrorCode::EC_INVALID_PARAM),
        }
    }

    /// The user that an entry id of the address book names.
    fn user(&self, entry_id: &[u8]) -> Result<User, ErrorCode> {
        let id = AddressBookEntryId::unpack(&mut Cursor::new(entry_id)).map_err(|_| ErrorCode::EC_INVALID_PARAM)?;
        let found = self.store.user_by_legacy_dn(&id.x500_dn.decode(1252))?;
        found.ok_or(ErrorCode::EC_UNKNOWN_USER)
    }

    /// The rights that a member gets: where the request does not mean to see when somebody is free, these stay,
    /// and somebody new in the calendar sees as much as servers give by default (MS-OXCPERM appendix A, note 5).
    fn rights(&self, rights: MemberRights, member: Option<&Member>) -> u32 {
        if self.free_busy {
            return rights.0;
        }
        let calendar = self.folder.mailbox.mailbox.special_folders().get(SpecialFolder::Calendar);
        let own = match member {
            Some(member) => member.rights & FREE_BUSY,
            None if self.folder.id != calendar => 0,
            None if rights.contains(MemberRights::READ_ANY) => FREE_BUSY,
            None => MemberRights::FREE_BUSY_SIMPLE.0,
        };
        without_free_busy(rights).0 | own
    }
}
