//! Recipient rows and the properties they stand for (MS-OXCDATA 2.8.3).

use std::collections::{BTreeMap, BTreeSet};

use protocol::oxcdata::{
    AddressType, DisplayType, ErrorCode, FlaggedCell, FlaggedPropertyValue, OpenRecipientRow, PropertyRow, PropertyTag,
    PropertyType, PropertyValue, RecipientFlags, RecipientRow, RecipientRowAddress, RecipientType,
};
use runtime::{String8, StringValue, Utf16};

use super::errors::of_open_object;
use super::objects::{Message, OpenMailbox, Version};
use super::rows::property_row;
use super::values::{TextForm, cell, to_stored};
use crate::store::tags as t;
use crate::store::value::{binary, is_storable, string, text};
use crate::store::{ObjectId, PartChange, PropertyChange, PropertyChanges, StoredValue};

/// PidTag7BitDisplayName, the SimpleDisplayName of a row.
const PID_TAG_7_BIT_DISPLAY_NAME: PropertyTag = PropertyTag(0x39FF_001F);

/// The most columns beyond the standard properties that RopOpenMessage answers with.
const MAX_COLUMNS: usize = 64;

/// Properties that a recipient row has fields for, or that its place in the list says.
const STANDARD: &[PropertyTag] = &[
    t::PID_TAG_ADDRESS_TYPE,
    t::PID_TAG_EMAIL_ADDRESS,
    t::PID_TAG_DISPLAY_NAME,
    PID_TAG_7_BIT_DISPLAY_NAME,
    t::PID_TAG_TRANSMITTABLE_DISPLAY_NAME,
    t::PID_TAG_SEND_RICH_INFO,
    t::PID_TAG_RESPONSIBILITY,
    t::PID_TAG_RECIPIENT_TYPE,
    t::PID_TAG_ROWID,
];

/// The address types that a row has a number for (MS-OXCDATA 2.8.3.1).
const ADDRESS_TYPES: [(AddressType, &str); 7] = [
    (AddressType::X500_DN, "EX"),
    (AddressType::MS_MAIL, "MS"),
    (AddressType::SMTP, "SMTP"),
    (AddressType::FAX, "FAX"),
    (AddressType::PROFESSIONAL_OFFICE_SYSTEM, "PROFS"),
    (AddressType::PERSONAL_DISTRIBUTION_LIST1, "MAPIPDL"),
    (AddressType::PERSONAL_DISTRIBUTION_LIST2, "MAPIPDL"),
];

/// The properties that a row of RopModifyRecipients gives a recipient.
///
/// `dn_prefix` is what AddressPrefixUsed counts bytes of: users' distinguished names begin with it.
pub(super) fn from_row(
    row: &RecipientRow<'_>,
    recipient_type: RecipientType,
    columns: &[PropertyTag],
    dn_prefix: &str,
    code_page: u16,
) -> PropertyChanges {
    let mut changes = PropertyChanges::new();
    for (tag, value) in column_values(row, columns) {
        let place = tag == t::PID_TAG_ROWID || tag == t::PID_TAG_RECIPIENT_TYPE;
        if is_storable(tag) && !place {
            let (tag, value) = to_stored(tag, value.into_owned(), code_page);
            changes.set(tag, value);
        }
    }
    let flags = row.recipient_flags;
    let mut set_text = |tag, value: Option<&StringValue<'_>>| {
        if let Some(value) = value {
            changes.set(tag, string(value.to_text(code_page).into_owned()));
        }
    };
    set_text(t::PID_TAG_EMAIL_ADDRESS, row.email_address.as_ref());
    set_text(t::PID_TAG_DISPLAY_NAME, row.display_name.as_ref());
    set_text(PID_TAG_7_BIT_DISPLAY_NAME, row.simple_display_name.as_ref());
    let transmittable = if flags.s() { row.display_name.as_ref() } else { row.transmittable_display_name.as_ref() };
    set_text(t::PID_TAG_TRANSMITTABLE_DISPLAY_NAME, transmittable);
    set_address(&mut changes, &row.address, dn_prefix, code_page);
    changes.set(t::PID_TAG_SEND_RICH_INFO, PropertyValue::PtypBoolean(!flags.n()));
    changes.set(t::PID_TAG_RESPONSIBILITY, PropertyValue::PtypBoolean(flags.r()));
    // The upper bits say what became of an earlier try (MS-OXCMSG 2.2.3.1.2).
    changes.set(t::PID_TAG_RECIPIENT_TYPE, PropertyValue::PtypInteger32(i32::from(recipient_type.0)));
    changes
}

fn set_address(changes: &mut PropertyChanges, address: &RecipientRowAddress<'_>, dn_prefix: &str, code_page: u16) {
    let kind = address.r#type();
    match address {
        RecipientRowAddress::NoType(Some(name)) => {
            changes.set(t::PID_TAG_ADDRESS_TYPE, string(name.decode(code_page).into_owned()));
        }
        RecipientRowAddress::X500DN { address_prefix_used, display_type, x500_dn } => {
            let prefix = dn_prefix.get(..usize::from(*address_prefix_used)).unwrap_or_default();
            changes.set(t::PID_TAG_EMAIL_ADDRESS, string(format!("{prefix}{}", x500_dn.decode(code_page))));
            changes.set(t::PID_TAG_DISPLAY_TYPE, PropertyValue::PtypInteger32(i32::from(display_type.0)));
        }
        RecipientRowAddress::PersonalDistributionList1(list) | RecipientRowAddress::PersonalDistributionList2(list) => {
            changes.set(t::PID_TAG_ENTRY_ID, binary(list.entry_id.to_vec()));
            changes.set(t::PID_TAG_SEARCH_KEY, binary(list.search_key.to_vec()));
        }
        _ => {}
    }
    if let Some((_, name)) = ADDRESS_TYPES.iter().find(|(own, _)| *own == kind) {
        changes.set(t::PID_TAG_ADDRESS_TYPE, string(*name));
    }
}

/// The values of the columns that a row has.
fn column_values<'r>(row: &'r RecipientRow<'_>, columns: &[PropertyTag]) -> Vec<(PropertyTag, PropertyValue<'r>)> {
    let columns = columns.iter().take(usize::from(row.recipient_column_count)).copied();
    let typed = |tag: PropertyTag, value: &'r PropertyValue<'_>| match value {
        PropertyValue::PtypUnspecified(typed) => {
            (tag.with_property_type(typed.property_type), typed.property_value.clone())
        }
        value => (tag, value.clone()),
    };
    match &row.recipient_properties {
        PropertyRow::StandardPropertyRow(values) => columns.zip(values).map(|(tag, value)| typed(tag, value)).collect(),
        PropertyRow::FlaggedPropertyRow(cells) => {
            let present = columns.zip(cells).filter_map(|(tag, cell)| match cell {
                FlaggedCell::Typed(FlaggedPropertyValue::Present(value)) => Some(typed(tag, value)),
                FlaggedCell::Untyped(cell) => match &cell.value {
                    FlaggedPropertyValue::Present(value) => {
                        Some((tag.with_property_type(cell.property_type), value.clone()))
                    }
                    _ => None,
                },
                FlaggedCell::Typed(_) => None,
            });
            present.collect()
        }
    }
}

/// The recipients of a saved message for the reply of RopOpenMessage.
pub(super) struct Recipients {
    /// Columns beyond the standard properties: what some recipient has.
    pub(super) columns: Vec<PropertyTag>,
    rows: Vec<(u32, BTreeMap<PropertyTag, StoredValue>)>,
    /// How many recipients there are.
    pub(super) count: usize,
    code_page: u16,
}

impl Recipients {
    /// Reads up to `limit` recipients of a message from a RowId on, in the order of their RowIds, as its handle has
    /// them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn read(message: &Message, from: u32, limit: usize) -> Result<Self, ErrorCode> {
        let store = &message.mailbox.mailbox;
        let stored = match message.version {
            Version::Saved { .. } if !message.removes_recipients => {
                store.recipients(message.id).map_err(of_open_object)?
            }
            _ => Vec::new(),
        };
        let mut ids: BTreeSet<u32> = stored.iter().copied().collect();
        for (row_id, change) in &message.recipients {
            match change {
                PartChange::Remove => _ = ids.remove(row_id),
                PartChange::Change(_) | PartChange::Replace(_) => _ = ids.insert(*row_id),
            }
        }
        let count = ids.len();
        let mut rows = Vec::new();
        for row_id in ids.into_iter().filter(|row_id| *row_id >= from).take(limit) {
            let replaced = matches!(message.recipients.get(&row_id), Some(PartChange::Replace(_)));
            let mut row = BTreeMap::new();
            if !replaced && stored.contains(&row_id) {
                row.extend(store.all_properties(ObjectId::Recipient(message.id, row_id))?);
            }
            if let Some(PartChange::Change(changes) | PartChange::Replace(changes)) = message.recipients.get(&row_id) {
                row.extend(changes.iter().filter_map(|(tag, change)| match change {
                    PropertyChange::Set(value) => Some((tag, StoredValue::Value(value.clone()))),
                    PropertyChange::SetBlob(_) | PropertyChange::Delete => None,
                }));
            }
            rows.push((row_id, row));
        }
        let standard = |tag: PropertyTag| STANDARD.iter().any(|own| own.property_id() == tag.property_id());
        let tags: BTreeSet<PropertyTag> = rows.iter().flat_map(|(_, row)| row.keys()).copied().collect();
        let unicode = |tag: PropertyTag| match tag.property_type() {
            PropertyType::PTYP_STRING8 => tag.with_property_type(PropertyType::PTYP_STRING),
            _ => tag,
        };
        let mut columns: Vec<PropertyTag> = tags.into_iter().filter(|tag| !standard(*tag)).map(unicode).collect();
        columns.dedup();
        columns.truncate(MAX_COLUMNS);
        Ok(Self { columns, rows, count, code_page: message.code_page })
    }

    /// The rows, one after the other.
    pub(super) fn rows(&self) -> impl Iterator<Item = OpenRecipientRow<'static>> + '_ {
        self.numbered().map(|(_, row)| row)
    }

    /// The rows with their RowIds.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (u32, OpenRecipientRow<'static>)> + '_ {
        self.rows.iter().map(|(row_id, properties)| (*row_id, self.row(properties)))
    }

    fn row(&self, properties: &BTreeMap<PropertyTag, StoredValue>) -> OpenRecipientRow<'static> {
        let value = |tag: PropertyTag| {
            let strings = tag.with_property_type(PropertyType::PTYP_STRING8);
            properties.get(&tag).or_else(|| properties.get(&strings)).and_then(StoredValue::value)
        };
        let string_of =
            |tag| value(tag).and_then(|value| text(value, self.code_page)).map(std::borrow::Cow::into_owned);
        let integer = |tag| match value(tag) {
            Some(PropertyValue::PtypInteger32(value)) => Some(*value),
            _ => None,
        };
        let set = |tag| matches!(value(tag), Some(PropertyValue::PtypBoolean(true)));
        let display_name = string_of(t::PID_TAG_DISPLAY_NAME);
        let transmittable = string_of(t::PID_TAG_TRANSMITTABLE_DISPLAY_NAME);
        let simple = string_of(PID_TAG_7_BIT_DISPLAY_NAME);
        let same = transmittable.is_some() && transmittable == display_name;
        let transmittable = transmittable.filter(|_| !same);
        let (address, email) = address(
            string_of(t::PID_TAG_ADDRESS_TYPE),
            string_of(t::PID_TAG_EMAIL_ADDRESS),
            integer(t::PID_TAG_DISPLAY_TYPE),
            self.code_page,
        );
        let flags = RecipientFlags::default()
            .with_type(address.r#type())
            .with_o(matches!(address, RecipientRowAddress::NoType(Some(_))))
            .with_e(email.is_some())
            .with_d(display_name.is_some())
            .with_t(transmittable.is_some())
            .with_i(simple.is_some())
            .with_s(same)
            .with_r(set(t::PID_TAG_RESPONSIBILITY))
            .with_n(!set(t::PID_TAG_SEND_RICH_INFO))
            .with_u(true);
        let form = TextForm { unicode: true, code_page: self.code_page };
        let cells = self.columns.iter().map(|tag| {
            let narrow = tag.with_property_type(PropertyType::PTYP_STRING8);
            let found = properties.get(tag).or_else(|| properties.get(&narrow));
            cell(found.cloned(), tag.property_type(), form)
        });
        let row = RecipientRow {
            recipient_flags: flags,
            address,
            email_address: email.map(wide),
            display_name: display_name.map(wide),
            simple_display_name: simple.map(wide),
            transmittable_display_name: transmittable.map(wide),
            recipient_column_count: u16::try_from(self.columns.len()).unwrap_or(u16::MAX),
            recipient_properties: property_row(&self.columns, cells.collect()),
        };
        let kind = integer(t::PID_TAG_RECIPIENT_TYPE).unwrap_or_default();
        OpenRecipientRow {
            recipient_type: RecipientType(u8::try_from(kind & 0xFF).unwrap_or_default()),
            code_page_id: self.code_page,
            recipient_row: row,
        }
    }
}

fn wide(text: String) -> StringValue<'static> {
    StringValue::Utf16(Utf16::new(text.replace('\0', "")))
}

/// The address fields of a row, and its EmailAddress.
fn address(
    kind: Option<String>,
    email: Option<String>,
    display_type: Option<i32>,
    code_page: u16,
) -> (RecipientRowAddress<'static>, Option<String>) {
    let narrow = |text: &str| String8::encode(&text.replace('\0', ""), code_page);
    let name = kind.unwrap_or_default();
    match name.to_ascii_uppercase().as_str() {
        "EX" => {
            let display_type = display_type.and_then(|display_type| u8::try_from(display_type).ok());
            let address = RecipientRowAddress::X500DN {
                address_prefix_used: 0,
                display_type: DisplayType(display_type.unwrap_or_default()),
                x500_dn: narrow(&email.unwrap_or_default()),
            };
            (address, None)
        }
        "SMTP" => (RecipientRowAddress::SMTP, email),
        "" => (RecipientRowAddress::NoType(None), email),
        _ => (RecipientRowAddress::NoType(Some(narrow(&name))), email),
    }
}

/// PidTagDisplayTo, PidTagDisplayCc or PidTagDisplayBcc with the recipients as they are through this handle
/// (MS-OXOMSG 2.2.1.7 to 2.2.1.9).
pub(super) fn display_names(message: &Message, tag: PropertyTag) -> Result<String, ErrorCode> {
    let wanted = match tag {
        t::PID_TAG_DISPLAY_CC => 2,
        t::PID_TAG_DISPLAY_BCC => 3,
        _ => 1,
    };
    let mut names: BTreeMap<u32, (i32, String)> = BTreeMap::new();
    if let Version::Saved { .. } = message.version
        && !message.removes_recipients
    {
        let store = &message.mailbox.mailbox;
        for row_id in store.recipients(message.id).map_err(of_open_object)? {
            if message.recipients.contains_key(&row_id) {
                continue;
            }
            let tags = [t::PID_TAG_RECIPIENT_TYPE, t::PID_TAG_DISPLAY_NAME, t::PID_TAG_EMAIL_ADDRESS];
            let values = store.properties(ObjectId::Recipient(message.id, row_id), &tags)?;
            let mut values = values.iter().map(|value| value.as_ref().and_then(StoredValue::value));
            names.extend(name(values.next().flatten(), values).map(|name| (row_id, name)));
        }
    }
    for (row_id, change) in &message.recipients {
        let (PartChange::Replace(properties) | PartChange::Change(properties)) = change else { continue };
        let set = |tag| match properties.get(tag) {
            Some(PropertyChange::Set(value)) => Some(value),
            _ => None,
        };
        let texts = [set(t::PID_TAG_DISPLAY_NAME), set(t::PID_TAG_EMAIL_ADDRESS)].into_iter();
        names.extend(name(set(t::PID_TAG_RECIPIENT_TYPE), texts).map(|name| (*row_id, name)));
    }
    let listed: Vec<String> = names.into_values().filter(|(kind, _)| *kind == wanted).map(|(_, name)| name).collect();
    Ok(listed.join("; "))
}

/// A recipient's class, and the first of its names.
fn name<'v>(
    kind: Option<&PropertyValue<'_>>,
    names: impl Iterator<Item = Option<&'v PropertyValue<'static>>>,
) -> Option<(i32, String)> {
    let Some(PropertyValue::PtypInteger32(kind)) = kind else { return None };
    // Recipients come here with UTF-16 strings.
    let name = names.flatten().find_map(|name| text(name, 1252))?;
    Some((kind & 0x0F, name.into_owned()))
}

/// What AddressPrefixUsed counts: the distinguished name that the users of a server begin with.
pub(super) fn dn_prefix(mailbox: &OpenMailbox) -> &str {
    &mailbox.owner.legacy_dn
}
