//! What the calendar and the contacts of a sample mailbox have (MS-OXOCAL 2.2, MS-OXOCNTC 2.2).

use protocol::oxcdata::{FolderId, PropertyTag, PropertyType, PropertyValue};
use protocol::oxocal::{
    AppointmentRecurrencePattern, CalendarType, RecurFrequency, RecurrenceDays, RecurrenceEndType, RecurrencePattern,
    RecurrencePatternPatternTypeSpecific,
};
use runtime::{Blob, Encoder, FileTime, Guid};

use crate::import::one_off;
use crate::store::value::{binary, string};
use crate::store::{Mailbox, MessageChange, MessageTarget, PropertyName, Result, SpecialFolder, StoreError, tags};

/// Midnight of Monday, 2 November 2026, UTC.
const MONDAY: FileTime = FileTime(134_380_512_000_000_000);
/// Ticks of a minute.
const MINUTE: u64 = 600_000_000;
/// Minutes of a day.
const DAY: u32 = 24 * 60;

/// A property set of Outlook: `{0006xxxx-0000-0000-C000-000000000046}`.
const fn property_set(number: u8) -> Guid {
    Guid([number, 0x20, 0x06, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46])
}

const APPOINTMENT: Guid = property_set(0x02);
const ADDRESS: Guid = property_set(0x04);
const COMMON: Guid = property_set(0x08);

/// An event: day from [`MONDAY`], minutes from midnight, and whether it is there each week.
struct Event {
    subject: &'static str,
    location: &'static str,
    day: u32,
    start: u32,
    end: u32,
    weekly: bool,
}

const EVENTS: [Event; 7] = [
    Event { subject: "Team meeting", location: "Room 4.12", day: 0, start: 540, end: 570, weekly: true },
    Event { subject: "Budget review", location: "Room 2.01", day: 1, start: 600, end: 690, weekly: false },
    Event { subject: "Lunch with Joanna", location: "Canteen", day: 2, start: 735, end: 795, weekly: false },
    Event { subject: "Dentist", location: "", day: 3, start: 480, end: 540, weekly: false },
    Event { subject: "Kaffeepause", location: "Küche", day: 3, start: 900, end: 915, weekly: false },
    Event { subject: "Train to Kraków", location: "Platform 7", day: 4, start: 1010, end: 1500, weekly: false },
    Event { subject: "Project kick-off", location: "Room 4.12", day: 9, start: 780, end: 840, weekly: false },
];

const CONTACTS: [[&str; 4]; 6] = [
    ["Bert", "Müller", "Example Works", "bert@example.test"],
    ["Carla", "Rossi", "Example Works", "carla@example.test"],
    ["Dmitri", "Sokolov", "Sokolov & Sons", "dmitri@example.test"],
    ["Joanna", "Wiśniewska", "Example Works", "joanna@example.test"],
    ["Amélie", "Dubois", "Papeterie Dubois", "amelie@example.test"],
    ["健", "田中", "例示商事", "tanaka@example.test"],
];

/// Puts the events and contacts into a mailbox; answers how many there are.
pub(super) fn fill(mailbox: &dyn Mailbox) -> Result<usize> {
    let calendar = mailbox.special_folders().get(SpecialFolder::Calendar);
    for event in &EVENTS {
        save(mailbox, calendar, "IPM.Appointment", event.subject, event.properties()?)?;
    }
    let contacts = mailbox.special_folders().get(SpecialFolder::Contacts);
    for contact in &CONTACTS {
        let [given, surname, ..] = contact;
        save(mailbox, contacts, "IPM.Contact", &format!("{given} {surname}"), person(contact)?)?;
    }
    Ok(EVENTS.len() + CONTACTS.len())
}

/// A property with its name in place of an id.
enum Named {
    Plain(PropertyTag, PropertyValue<'static>),
    Lid(Guid, u32, PropertyValue<'static>),
}

fn save(mailbox: &dyn Mailbox, folder: FolderId, class: &str, subject: &str, properties: Vec<Named>) -> Result<()> {
    let mut change = MessageChange::new(MessageTarget::Create { folder, associated: false, id: None });
    let read = PropertyValue::PtypInteger32(tags::message_flags::READ.cast_signed());
    change
        .properties
        .set(tags::PID_TAG_MESSAGE_CLASS, string(class))
        .set(tags::PID_TAG_SUBJECT, string(subject))
        .set(tags::PID_TAG_MESSAGE_FLAGS, read)
        .set(tags::PID_TAG_MESSAGE_DELIVERY_TIME, PropertyValue::PtypTime(MONDAY));
    for property in properties {
        match property {
            Named::Plain(tag, value) => _ = change.properties.set(tag, value),
            Named::Lid(guid, lid, value) => {
                let found = mailbox.named_property_ids(&[PropertyName::Lid { guid, lid }], true)?;
                let id = found.into_iter().flatten().next().ok_or(StoreError::NotFound("named property"))?;
                let tag = PropertyTag((u32::from(id) << 16) | u32::from(type_of(&value).0));
                change.properties.set(tag, value);
            }
        }
    }
    mailbox.save_message(&change).map(drop)
}

fn type_of(value: &PropertyValue<'_>) -> PropertyType {
    value.property_type()
}

impl Event {
    fn at(&self, minute: u32) -> FileTime {
        FileTime(MONDAY.0 + u64::from(self.day * DAY + minute) * MINUTE)
    }

    /// MS-OXOCAL 2.2.1 and 2.2.2.
    fn properties(&self) -> Result<Vec<Named>> {
        let time = |minute| PropertyValue::PtypTime(self.at(minute));
        let number = PropertyValue::PtypInteger32;
        let duration = i32::try_from(self.end - self.start).unwrap_or(i32::MAX);
        let mut properties = vec![
            Named::Plain(tags::PID_TAG_START_DATE, time(self.start)),
            Named::Plain(tags::PID_TAG_END_DATE, time(self.end)),
            Named::Lid(APPOINTMENT, 0x820D, time(self.start)),
            Named::Lid(APPOINTMENT, 0x820E, time(self.end)),
            Named::Lid(COMMON, 0x8516, time(self.start)),
            Named::Lid(COMMON, 0x8517, time(self.end)),
            // PidLidAppointmentDuration, PidLidBusyStatus: busy
            Named::Lid(APPOINTMENT, 0x8213, number(duration)),
            Named::Lid(APPOINTMENT, 0x8205, number(2)),
            Named::Lid(APPOINTMENT, 0x8208, string(self.location)),
            // PidLidAppointmentSubType: not a day as a whole
            Named::Lid(APPOINTMENT, 0x8215, PropertyValue::PtypBoolean(false)),
            Named::Lid(APPOINTMENT, 0x8223, PropertyValue::PtypBoolean(self.weekly)),
            Named::Lid(COMMON, 0x8503, PropertyValue::PtypBoolean(false)),
        ];
        if self.weekly {
            properties.push(Named::Lid(APPOINTMENT, 0x8216, binary(self.pattern()?)));
            properties.push(Named::Lid(APPOINTMENT, 0x8231, number(2)));
            properties.push(Named::Lid(APPOINTMENT, 0x8232, string("every Monday")));
        }
        Ok(properties)
    }

    /// Each Monday without end (MS-OXOCAL 2.2.1.44).
    fn pattern(&self) -> Result<Vec<u8>> {
        let minutes = |time: FileTime| u32::try_from(time.0 / MINUTE).unwrap_or_default();
        let pattern = AppointmentRecurrencePattern {
            recurrence_pattern: RecurrencePattern {
                recur_frequency: RecurFrequency::WEEKLY,
                calendar_type: CalendarType::CAL_DEFAULT,
                // The first Sunday after 1 January 1601, which was a Monday.
                first_date_time: 6 * DAY,
                period: 1,
                sliding_flag: 0,
                pattern_type_specific: RecurrencePatternPatternTypeSpecific::Week(RecurrenceDays::M),
                end_type: RecurrenceEndType::NEVER_END,
                occurrence_count: 10,
                first_dow: 0,
                deleted_instance_dates: Vec::new(),
                modified_instance_dates: Vec::new(),
                start_date: minutes(self.at(0)),
                // The last day that can be said (MS-OXOCAL 2.2.1.44.1).
                end_date: 0x5AE9_80DF,
            },
            writer_version2: 0x3009,
            start_time_offset: self.start,
            end_time_offset: self.end,
            exception_info: Vec::new(),
            reserved_block1: Blob::default(),
            extended_exception: Vec::new(),
            reserved_block2: Blob::default(),
        };
        let mut e = Encoder::new();
        pattern.pack(&mut e).map_err(|_| StoreError::InvalidParameter("recurrence"))?;
        Ok(e.into_vec())
    }
}

/// MS-OXOCNTC 2.2.1.
fn person([given, surname, company, address]: &[&'static str; 4]) -> Result<Vec<Named>> {
    let name = format!("{given} {surname}");
    let entry = one_off(address, address).ok_or(StoreError::InvalidParameter("address"))?;
    Ok(vec![
        Named::Plain(tags::PID_TAG_DISPLAY_NAME, string(name.clone())),
        Named::Plain(tags::PID_TAG_GIVEN_NAME, string(*given)),
        Named::Plain(tags::PID_TAG_SURNAME, string(*surname)),
        Named::Plain(tags::PID_TAG_COMPANY_NAME, string(*company)),
        Named::Lid(ADDRESS, 0x8005, string(format!("{surname}, {given}"))),
        Named::Lid(ADDRESS, 0x8080, string(name)),
        Named::Lid(ADDRESS, 0x8082, string("SMTP")),
        Named::Lid(ADDRESS, 0x8083, string(*address)),
        Named::Lid(ADDRESS, 0x8084, string(*address)),
        Named::Lid(ADDRESS, 0x8085, binary(entry)),
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use runtime::Cursor;

    #[test]
    fn the_weekly_event_says_so_in_its_pattern() {
        let weekly = EVENTS.iter().find(|event| event.weekly).unwrap();
        let bytes = weekly.pattern().unwrap();
        let mut c = Cursor::new(&bytes);
        let pattern = AppointmentRecurrencePattern::unpack(&mut c).unwrap();
        assert!(c.is_empty());
        let first = u64::from(pattern.recurrence_pattern.start_date) * MINUTE;
        assert_eq!(first, MONDAY.0);
        // Days since 1 January 1601, a Monday.
        assert_eq!(first / MINUTE / u64::from(DAY) % 7, 0);
        assert_eq!(weekly.at(weekly.start).0 - first, u64::from(pattern.start_time_offset) * MINUTE);
    }
}
