//! What names a person who is in no directory: one-off EntryIDs and search keys.

use protocol::oxcdata::{FlatEntry, FlatEntryList, OneOffEntryId, OneOffFlags};
use runtime::{Blob, Encoder, StringValue, Utf16};

/// A one-off EntryID (MS-OXCDATA 2.2.5.1); `None` for a name or address with a zero in it.
pub(crate) fn one_off(name: &str, address: &str) -> Option<Vec<u8>> {
    let text = |text: &str| StringValue::Utf16(Utf16::from(text.to_owned()));
    let id = OneOffEntryId {
        // MIME is what the recipient reads.
        one_off_flags: OneOffFlags::default().with_m(true).with_u(true),
        display_name: text(name),
        address_type: text("SMTP"),
        email_address: text(address),
    };
    let mut encoder = Encoder::new();
    id.pack(&mut encoder).ok()?;
    Some(encoder.finish().to_vec())
}

/// PidTagSenderSearchKey and its like (MS-OXOMSG 2.2.1): type and address in capitals, with a zero at the end.
pub(super) fn search_key(address: &str) -> Vec<u8> {
    format!("SMTP:{}\0", address.to_uppercase()).into_bytes()
}

/// A FlatEntryList (MS-OXCDATA 2.3.3) of these EntryIDs.
pub(super) fn flat_list(entries: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut list = Vec::new();
    for entry in entries {
        let mut encoder = Encoder::new();
        FlatEntry { entry_id: Blob::Borrowed(entry) }.pack(&mut encoder).ok()?;
        list.resize(list.len().next_multiple_of(4), 0);
        list.extend_from_slice(encoder.as_slice());
    }
    let whole = FlatEntryList { count: u32::try_from(entries.len()).ok()?, flat_entries: Blob::Owned(list) };
    let mut encoder = Encoder::new();
    whole.pack(&mut encoder).ok()?;
    Some(encoder.finish().to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use runtime::Cursor;

    use super::*;

    #[test]
    fn one_off_entry_ids_read_back() {
        let bytes = one_off("Søren", "soren@example.test").unwrap();
        let id = OneOffEntryId::unpack(&mut Cursor::new(&bytes)).unwrap();
        assert_eq!(id.display_name, StringValue::Utf16("Søren".into()));
        assert_eq!(id.email_address, StringValue::Utf16("soren@example.test".into()));
        assert_eq!(one_off("a\0b", "a@example.test"), None);
    }

    #[test]
    fn flat_lists_are_padded() {
        let list = flat_list(&[vec![1; 5], vec![2; 4]]).unwrap();
        let expected = [2, 0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 4, 0, 0, 0, 2, 2, 2, 2];
        assert_eq!(list, expected);
    }
}
