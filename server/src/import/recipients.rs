//! Recipients from To, Cc and Bcc (MS-OXCMAIL 2.2.3.2.2).

use std::collections::BTreeMap;

use mail_parser::{Address, Message};
use protocol::oxcdata::PropertyValue;

use super::entry_id::{one_off, search_key};
use super::headers::name_and_address;
use super::{Report, Skipped};
use crate::store::tags;
use crate::store::value::{binary, string};
use crate::store::{PartChange, PropertyChanges};

/// PidTagObjectType of a person (MS-OXCPRPT 2.2.1.7).
const MAIL_USER: i32 = 6;

/// Makes a row of each address, in the order of the mail.
pub(super) fn convert(mail: &Message<'_>, recipients: &mut BTreeMap<u32, PartChange>, report: &mut Report) {
    let mut row_id = 0;
    let mut add = |addresses: &Address<'_>, kind: i32| {
        // A group without members, as undisclosed-recipients, is no one to write to.
        for group in addresses.as_group().unwrap_or_default().iter().filter(|group| group.addresses.is_empty()) {
            let name = group.name.as_deref().unwrap_or_default().to_owned();
            report.add(Skipped::RecipientWithoutAddress { name });
        }
        for person in addresses.iter() {
            let (name, address) = name_and_address(person);
            let Some(address) = address else {
                report.add(Skipped::RecipientWithoutAddress { name: name.to_owned() });
                continue;
            };
            let integer = PropertyValue::PtypInteger32;
            let mut properties = PropertyChanges::new();
            properties
                .set(tags::PID_TAG_RECIPIENT_TYPE, integer(kind))
                .set(tags::PID_TAG_DISPLAY_NAME, string(name))
                .set(tags::PID_TAG_RECIPIENT_DISPLAY_NAME, string(name))
                .set(tags::PID_TAG_ADDRESS_TYPE, string("SMTP"))
                .set(tags::PID_TAG_EMAIL_ADDRESS, string(address))
                .set(tags::PID_TAG_SMTP_ADDRESS, string(address))
                .set(tags::PID_TAG_OBJECT_TYPE, integer(MAIL_USER))
                .set(tags::PID_TAG_DISPLAY_TYPE, integer(0))
                .set(tags::PID_TAG_SEARCH_KEY, binary(search_key(address)));
            if let Some(id) = one_off(name, address) {
                properties
                    .set(tags::PID_TAG_RECORD_KEY, binary(id.clone()))
                    .set(tags::PID_TAG_RECIPIENT_ENTRY_ID, binary(id.clone()))
                    .set(tags::PID_TAG_ENTRY_ID, binary(id));
            }
            recipients.insert(row_id, PartChange::Replace(properties));
            row_id += 1;
        }
    };
    mail.all_to().for_each(|addresses| add(addresses, 1));
    mail.all_cc().for_each(|addresses| add(addresses, 2));
    mail.all_bcc().for_each(|addresses| add(addresses, 3));
}
