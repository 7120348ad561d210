//! Named properties and their ids (MS-OXCPRPT 3.2.5.6, 3.2.5.9, 3.2.5.10).

use protocol::oxcdata::{ErrorCode, PropertyName};
use runtime::{Guid, Utf16};

use super::objects::OpenMailbox;
use super::properties::FIRST_NAMED;
use crate::store::{self, StoreError};

/// PS_MAPI, the property set of all properties that have no name: 00020328-0000-0000-C000-000000000046.
const PS_MAPI: Guid =
    Guid([0x28, 0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46]);

fn to_store(name: &PropertyName<'_>) -> Option<store::PropertyName> {
    match name {
        PropertyName::LID { guid, lid } => Some(store::PropertyName::Lid { guid: *guid, lid: *lid }),
        PropertyName::Name { guid, name } => {
            Some(store::PropertyName::Name { guid: *guid, name: name.to_text().into_owned() })
        }
        PropertyName::Unnamed => None,
    }
}

fn to_wire(name: store::PropertyName) -> PropertyName<'static> {
    match name {
        store::PropertyName::Lid { guid, lid } => PropertyName::LID { guid, lid },
        store::PropertyName::Name { guid, name } => PropertyName::Name { guid, name: Utf16::new(name) },
    }
}

/// The id of a name that needs no registration: those of PS_MAPI below 0x8000, and none for what is no name.
fn fixed_id(name: &PropertyName<'_>) -> Option<u16> {
    match name {
        PropertyName::LID { guid, lid } if *guid == PS_MAPI => {
            Some(u16::try_from(*lid).ok().filter(|id| *id < FIRST_NAMED).unwrap_or(0))
        }
        PropertyName::Name { guid, .. } if *guid == PS_MAPI => Some(0),
        PropertyName::Unnamed => Some(0),
        _ => None,
    }
}

/// The ids of names, 0 for one that has none.
pub(super) fn ids(mailbox: &OpenMailbox, names: &[PropertyName<'_>], create: bool) -> Result<Vec<u16>, ErrorCode> {
    let asked: Vec<store::PropertyName> =
        names.iter().filter(|name| fixed_id(name).is_none()).filter_map(to_store).collect();
    let found = mailbox.mailbox.named_property_ids(&asked, create).map_err(|error| match error {
        StoreError::Exhausted(_) => ErrorCode::EC_MAPIOOM,
        other => other.into(),
    })?;
    let mut found = found.into_iter();
    Ok(names.iter().map(|name| fixed_id(name).unwrap_or_else(|| found.next().flatten().unwrap_or(0))).collect())
}

/// The names of ids.
pub(super) fn names(mailbox: &OpenMailbox, ids: &[u16]) -> Result<Vec<PropertyName<'static>>, ErrorCode> {
    let found = mailbox.mailbox.named_property_names(ids)?;
    let name = |(id, found): (&u16, Option<store::PropertyName>)| match found {
        _ if *id < FIRST_NAMED => PropertyName::LID { guid: PS_MAPI, lid: u32::from(*id) },
        Some(name) => to_wire(name),
        None => PropertyName::Unnamed,
    };
    Ok(ids.iter().zip(found).map(name).collect())
}

/// All names of the mailbox with their ids.
pub(super) fn registered(mailbox: &OpenMailbox) -> Result<Vec<(u16, PropertyName<'static>)>, ErrorCode> {
    let all = mailbox.mailbox.named_properties()?;
    Ok(all.into_iter().map(|(id, name)| (id, to_wire(name))).collect())
}
