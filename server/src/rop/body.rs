//! The forms of a message's body, made of the one that is stored (MS-OXBBODY 3.1, MS-OXCMSG 2.2.1.58).

use protocol::oxcdata::{ErrorCode, PropertyTag, PropertyType, PropertyValue};
use runtime::{String8, Utf16};

use super::html_text;
use super::properties::{Properties, means};
use crate::store::StoredValue;
use crate::store::tags as t;
use crate::store::value::{binary, string};

/// PidTagNativeBody (MS-OXCMSG 2.2.1.58.2).
mod native {
    pub const UNDEFINED: i32 = 0;
    pub const PLAIN_TEXT: i32 = 1;
    pub const RTF: i32 = 2;
    pub const HTML: i32 = 3;
}

/// Which form the body is stored in, where no one has said so.
pub(super) fn native_body(properties: &Properties<'_>) -> Result<PropertyValue<'static>, ErrorCode> {
    let forms = [
        (t::PID_TAG_HTML, native::HTML),
        (t::PID_TAG_BODY_HTML, native::HTML),
        (t::PID_TAG_RTF_COMPRESSED, native::RTF),
        (t::PID_TAG_BODY, native::PLAIN_TEXT),
    ];
    for (tag, form) in forms {
        if properties.raw(tag)?.is_some() {
            return Ok(PropertyValue::PtypInteger32(form));
        }
    }
    Ok(PropertyValue::PtypInteger32(native::UNDEFINED))
}

/// A form of the body that is not stored: plain text of HTML, and HTML as string or bytes.
pub(super) fn made(properties: &Properties<'_>, asked: PropertyTag) -> Result<Option<StoredValue>, ErrorCode> {
    let untyped = asked.property_type() == PropertyType::PTYP_UNSPECIFIED;
    let value = if means(t::PID_TAG_BODY, asked) {
        html(properties)?.map(|html| string(html_text::to_text(&html)))
    } else if means(t::PID_TAG_BODY_HTML, asked) && !untyped {
        html(properties)?.map(string)
    } else if asked == t::PID_TAG_HTML {
        match properties.bytes(t::PID_TAG_BODY_HTML)? {
            Some(units) => {
                let text = Utf16::from_wire(&units).to_text().into_owned();
                Some(binary(String8::encode(&text, code_page(properties)?).as_bytes().to_vec()))
            }
            None => None,
        }
    } else {
        None
    };
    Ok(value.map(StoredValue::Value))
}

/// The stored HTML as text.
fn html(properties: &Properties<'_>) -> Result<Option<String>, ErrorCode> {
    if let Some(bytes) = properties.bytes(t::PID_TAG_HTML)? {
        return Ok(Some(String8::new(bytes).decode(code_page(properties)?).into_owned()));
    }
    let units = properties.bytes(t::PID_TAG_BODY_HTML)?;
    Ok(units.map(|units| Utf16::from_wire(&units).to_text().into_owned()))
}

/// The code page of PidTagHtml: PidTagInternetCodepage (MS-OXCMSG 2.2.1.58.6), or that of the message.
fn code_page(properties: &Properties<'_>) -> Result<u16, ErrorCode> {
    let value = properties.raw(t::PID_TAG_INTERNET_CODEPAGE)?;
    let code_page = match value.as_ref().and_then(StoredValue::value) {
        Some(PropertyValue::PtypInteger32(code_page)) => u16::try_from(*code_page).ok(),
        _ => None,
    };
    Ok(code_page.unwrap_or(properties.code_page))
}
