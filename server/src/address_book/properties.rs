//! The properties of objects of the address book, and rows of them (MS-OXOABK 2.2, MS-OXCMAPIHTTP 2.2.1).

use protocol::oxcdata::{AddressBookEntryId, AddressBookEntryType, ErrorCode, PropertyTag, PropertyType};
use protocol::oxcmapihttp::*;
use runtime::{Blob, Encoder, Guid, String8, Utf16};

use super::book::{Entry, alias};
use crate::store::tags as t;

/// PidTagObjectType of a mail user (MS-OXOABK 2.2.3.10).
const MAIL_USER: i32 = 6;
/// PidTagDisplayTypeEx of a mail user with a mailbox: DTE_FLAG_ACL_CAPABLE (MS-OXOABK 2.2.3.12).
const DISPLAY_TYPE_EX: i32 = 0x4000_0000;

/// What each object has, in the order of GetPropList.
pub(super) const ALL: [PropertyTag; 19] = [
    t::PID_TAG_INSTANCE_KEY,
    t::PID_TAG_MAPPING_SIGNATURE,
    t::PID_TAG_RECORD_KEY,
    t::PID_TAG_OBJECT_TYPE,
    t::PID_TAG_ENTRY_ID,
    t::PID_TAG_DISPLAY_NAME,
    t::PID_TAG_ADDRESS_TYPE,
    t::PID_TAG_EMAIL_ADDRESS,
    t::PID_TAG_SEARCH_KEY,
    t::PID_TAG_DISPLAY_TYPE,
    t::PID_TAG_DISPLAY_TYPE_EX,
    t::PID_TAG_SMTP_ADDRESS,
    t::PID_TAG_ADDRESS_BOOK_DISPLAY_NAME_PRINTABLE,
    t::PID_TAG_ACCOUNT,
    t::PID_TAG_TRANSMITTABLE_DISPLAY_NAME,
    t::PID_TAG_SEND_RICH_INFO,
    t::PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES,
    t::PID_TAG_ADDRESS_BOOK_OBJECT_GUID,
    t::PID_TAG_ADDRESS_BOOK_CONTAINER_ID,
];

/// Columns where a request names none (MS-OXNSPI 3.1.4.1.8).
pub(super) const DEFAULT_COLUMNS: [PropertyTag; 7] = [
    t::PID_TAG_ADDRESS_BOOK_CONTAINER_ID,
    t::PID_TAG_OBJECT_TYPE,
    t::PID_TAG_DISPLAY_TYPE,
    t::PID_TAG_DISPLAY_NAME,
    t::PID_TAG_PRIMARY_TELEPHONE_NUMBER,
    t::PID_TAG_DEPARTMENT_NAME,
    t::PID_TAG_OFFICE_LOCATION,
];

/// How values are written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// The GUID of this server, which ephemeral ids carry.
    pub(super) server: Guid,
    /// Entry ids are ephemeral.
    pub(super) ephemeral: bool,
    /// The code page of 8-bit strings.
    pub(super) code_page: u16,
}

/// A value in the type that a property has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Integer(i32),
    Boolean(bool),
    Text(String),
    Texts(Vec<String>),
    Binary(Vec<u8>),
}

fn packed(pack: impl FnOnce(&mut Encoder) -> Result<(), runtime::PackError>) -> Option<Vec<u8>> {
    let mut e = Encoder::new();
    pack(&mut e).ok()?;
    Some(e.into_vec())
}

/// The permanent entry id of an object (MS-OXNSPI 2.2.9.3).
pub(super) fn permanent(legacy_dn: &str, kind: AddressBookEntryType) -> Option<Vec<u8>> {
    let id = AddressBookEntryId { r#type: kind, x500_dn: String8::from_text(legacy_dn) };
    packed(|e| id.pack(e))
}

impl Entry {
    fn entry_id(&self, form: Form) -> Option<Vec<u8>> {
        if !form.ephemeral {
            return permanent(&self.user.legacy_dn, AddressBookEntryType::LOCAL_MAIL_USER);
        }
        let id = EphemeralEntryID {
            provider_uid: form.server,
            display_type: AddressBookEntryType::LOCAL_MAIL_USER,
            m_id: self.id,
        };
        packed(|e| id.pack(e))
    }

    /// A property, found by its id alone.
    pub(super) fn value(&self, id: u16, form: Form) -> Option<Value> {
        let user = &self.user;
        let permanent = || permanent(&user.legacy_dn, AddressBookEntryType::LOCAL_MAIL_USER);
        let is = |tag: PropertyTag| tag.property_id() == id;
        Some(match id {
            _ if is(t::PID_TAG_INSTANCE_KEY) => Value::Binary(packed(|e| self.id.pack(e))?),
            _ if is(t::PID_TAG_MAPPING_SIGNATURE) => Value::Binary(form.server.0.to_vec()),
            _ if is(t::PID_TAG_RECORD_KEY) => Value::Binary(permanent()?),
            _ if is(t::PID_TAG_OBJECT_TYPE) => Value::Integer(MAIL_USER),
            _ if is(t::PID_TAG_ENTRY_ID) => Value::Binary(self.entry_id(form)?),
            _ if is(t::PID_TAG_DISPLAY_NAME) || is(t::PID_TAG_TRANSMITTABLE_DISPLAY_NAME) => {
                Value::Text(user.display_name.clone())
            }
            _ if is(t::PID_TAG_ADDRESS_BOOK_DISPLAY_NAME_PRINTABLE) => Value::Text(user.display_name.clone()),
            _ if is(t::PID_TAG_ADDRESS_TYPE) => Value::Text("EX".to_owned()),
            _ if is(t::PID_TAG_EMAIL_ADDRESS) => Value::Text(user.legacy_dn.clone()),
            _ if is(t::PID_TAG_SEARCH_KEY) => {
                Value::Binary(format!("EX:{}\0", user.legacy_dn.to_uppercase()).into_bytes())
            }
            _ if is(t::PID_TAG_DISPLAY_TYPE) => Value::Integer(0),
            _ if is(t::PID_TAG_DISPLAY_TYPE_EX) => Value::Integer(DISPLAY_TYPE_EX),
            _ if is(t::PID_TAG_SMTP_ADDRESS) => Value::Text(user.address.clone()),
            _ if is(t::PID_TAG_ACCOUNT) => Value::Text(alias(user).to_owned()),
            _ if is(t::PID_TAG_SEND_RICH_INFO) => Value::Boolean(true),
            _ if is(t::PID_TAG_ADDRESS_BOOK_PROXY_ADDRESSES) => Value::Texts(vec![format!("SMTP:{}", user.address)]),
            _ if is(t::PID_TAG_ADDRESS_BOOK_OBJECT_GUID) => Value::Binary(user.mailbox.0.to_vec()),
            _ if is(t::PID_TAG_ADDRESS_BOOK_CONTAINER_ID) => Value::Integer(0),
            _ => return None,
        })
    }

    /// The value of a tag in the type that the tag asks for.
    fn cell(&self, tag: PropertyTag, form: Form) -> Result<AddressBookPropertyValue<'static>, ErrorCode> {
        let value = self.value(tag.property_id(), form).ok_or(ErrorCode::EC_NOT_FOUND)?;
        let asked = tag.property_type();
        if asked == PropertyType::PTYP_UNSPECIFIED {
            let property_type = native(&value);
            let property_value = wire(value, property_type, form).ok_or(ErrorCode::EC_NOT_FOUND)?;
            let typed = AddressBookTypedPropertyValue { property_type, property_value };
            return Ok(AddressBookPropertyValue::PtypUnspecified(Box::new(typed)));
        }
        wire(value, asked, form).ok_or(ErrorCode::EC_NOT_FOUND)
    }

    /// A row: complete, or flagged where a value is missing (MS-OXCMAPIHTTP 2.2.1.7).
    pub(super) fn row(&self, columns: &[PropertyTag], form: Form) -> AddressBookPropertyRow<'static> {
        row(columns.iter().map(|tag| (*tag, self.cell(*tag, form))).collect())
    }

    /// Properties with their tags; what is not there is an error with the type of errors (MS-OXNSPI 3.1.4.1.7).
    /// Answers also whether one is.
    pub(super) fn list(&self, columns: &[PropertyTag], form: Form) -> (AddressBookPropertyValueList<'static>, bool) {
        let mut missing = false;
        let values = columns.iter().map(|tag| match self.cell(*tag, form) {
            Ok(AddressBookPropertyValue::PtypUnspecified(typed)) => {
                tagged(*tag, typed.property_type, typed.property_value)
            }
            Ok(value) => AddressBookTaggedPropertyValue { property_tag: *tag, property_value: value },
            Err(code) => {
                missing = true;
                tagged(*tag, PropertyType::PTYP_ERROR_CODE, AddressBookPropertyValue::PtypErrorCode(code))
            }
        });
        let property_values = values.collect();
        (AddressBookPropertyValueList { property_values }, missing)
    }
}

/// A row of an object that is not there.
pub(super) fn missing_row(columns: &[PropertyTag]) -> AddressBookPropertyRow<'static> {
    row(columns.iter().map(|tag| (*tag, Err(ErrorCode::EC_NOT_FOUND))).collect())
}

fn row(
    cells: Vec<(PropertyTag, Result<AddressBookPropertyValue<'static>, ErrorCode>)>,
) -> AddressBookPropertyRow<'static> {
    if cells.iter().all(|(_, cell)| cell.is_ok()) {
        return AddressBookPropertyRow::Complete(cells.into_iter().filter_map(|(_, cell)| cell.ok()).collect());
    }
    let cells = cells.into_iter().map(|(tag, cell)| {
        let untyped = tag.property_type() == PropertyType::PTYP_UNSPECIFIED;
        match cell {
            Ok(AddressBookPropertyValue::PtypUnspecified(typed)) => {
                AddressBookFlaggedCell::Untyped(AddressBookFlaggedPropertyValueWithType {
                    property_type: typed.property_type,
                    value: AddressBookFlaggedPropertyValue::Present(typed.property_value),
                })
            }
            Ok(value) => AddressBookFlaggedCell::Typed(AddressBookFlaggedPropertyValue::Present(value)),
            Err(code) if untyped => AddressBookFlaggedCell::Untyped(AddressBookFlaggedPropertyValueWithType {
                property_type: PropertyType::PTYP_ERROR_CODE,
                value: AddressBookFlaggedPropertyValue::Error(code),
            }),
            Err(code) => AddressBookFlaggedCell::Typed(AddressBookFlaggedPropertyValue::Error(code)),
        }
    });
    AddressBookPropertyRow::Flagged(cells.collect())
}

/// The same property in another type.
pub(super) fn of_type(tag: PropertyTag, property_type: PropertyType) -> PropertyTag {
    PropertyTag((tag.0 & 0xFFFF_0000) | u32::from(property_type.0))
}

pub(super) fn tagged(
    tag: PropertyTag,
    property_type: PropertyType,
    property_value: AddressBookPropertyValue<'static>,
) -> AddressBookTaggedPropertyValue<'static> {
    AddressBookTaggedPropertyValue { property_tag: of_type(tag, property_type), property_value }
}

fn native(value: &Value) -> PropertyType {
    match value {
        Value::Integer(_) => PropertyType::PTYP_INTEGER32,
        Value::Boolean(_) => PropertyType::PTYP_BOOLEAN,
        Value::Text(_) => PropertyType::PTYP_STRING,
        Value::Texts(_) => PropertyType::PTYP_MULTIPLE_STRING,
        Value::Binary(_) => PropertyType::PTYP_BINARY,
    }
}

/// A value in a type; `None` when it is of another kind.
pub(super) fn wire(value: Value, property_type: PropertyType, form: Form) -> Option<AddressBookPropertyValue<'static>> {
    use AddressBookPropertyValue as V;
    let wide = |text: String| AddressBookString::Present(Utf16::new(text));
    let narrow = |text: String| AddressBookString8::Present(String8::encode(&text, form.code_page));
    Some(match (value, property_type) {
        (Value::Integer(value), PropertyType::PTYP_INTEGER32) => V::PtypInteger32(value),
        (Value::Boolean(value), PropertyType::PTYP_BOOLEAN) => V::PtypBoolean(value),
        (Value::Text(text), PropertyType::PTYP_STRING) => V::PtypString(wide(text)),
        (Value::Text(text), PropertyType::PTYP_STRING8) => V::PtypString8(narrow(text)),
        (Value::Texts(texts), PropertyType::PTYP_MULTIPLE_STRING) => {
            V::PtypMultipleString(AddressBookMultipleString::Present(texts.into_iter().map(wide).collect()))
        }
        (Value::Texts(texts), PropertyType::PTYP_MULTIPLE_STRING8) => {
            V::PtypMultipleString8(AddressBookMultipleString8::Present(texts.into_iter().map(narrow).collect()))
        }
        (Value::Binary(bytes), PropertyType::PTYP_BINARY) => {
            V::PtypBinary(AddressBookBinary::Present(Blob::Owned(bytes)))
        }
        _ => return None,
    })
}
