//! Message classes and the receive folders that a mailbox starts with (MS-OXCSTOR 2.2.1.2, 3.2.3).

use super::{Result, SpecialFolder, StoreError};

/// The Receive folder table of a new mailbox (MS-OXCSTOR 3.2.3).
pub const INITIAL_RECEIVE_FOLDERS: [(&str, SpecialFolder); 4] = [
    ("", SpecialFolder::Inbox),
    ("IPM", SpecialFolder::Inbox),
    ("Report.IPM", SpecialFolder::Inbox),
    ("IPC", SpecialFolder::Root),
];

/// Classes whose receive folder no client may change (MS-OXCSTOR 3.2.5.3).
const FIXED: [&str; 2] = ["IPM", "Report.IPM"];

/// The most characters, the terminator not counted.
const MAX_LENGTH: usize = 254;

/// Checks the requirements of MS-OXCSTOR 2.2.1.2.1: printable ASCII, at most 254 characters, no period at
/// either end, no two periods together.
///
/// # Errors
/// `InvalidParameter` when one is not met.
pub fn validate(message_class: &str) -> Result<()> {
    let valid = message_class.len() <= MAX_LENGTH
        && message_class.bytes().all(|b| (32..=126).contains(&b))
        && !message_class.starts_with('.')
        && !message_class.ends_with('.')
        && !message_class.contains("..");
    if valid { Ok(()) } else { Err(StoreError::InvalidParameter("message class")) }
}

/// Checks that a client may set this class's receive folder.
///
/// # Errors
/// `InvalidParameter` as [`validate`]; `AccessDenied` for "IPM" and "Report.IPM".
pub fn validate_settable(message_class: &str) -> Result<()> {
    validate(message_class)?;
    if FIXED.iter().any(|fixed| fixed.eq_ignore_ascii_case(message_class)) {
        return Err(StoreError::AccessDenied("the receive folder of this message class"));
    }
    Ok(())
}

/// Whether `class` is `ancestor` or a subclass of it, without case; all classes are subclasses of the empty one.
#[must_use]
pub fn is_or_descends(class: &str, ancestor: &str) -> bool {
    if ancestor.is_empty() {
        return true;
    }
    match class.get(..ancestor.len()) {
        Some(start) if start.eq_ignore_ascii_case(ancestor) => {
            class.len() == ancestor.len() || class.as_bytes().get(ancestor.len()) == Some(&b'.')
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rejects_classes_that_the_document_does_not_allow() {
        let long = "x".repeat(255);
        for class in [".IPM", "IPM.", "IPM..Note", "IPM\u{7f}", "IPM\tNote", "Zürich", &long] {
            assert!(matches!(validate(class), Err(StoreError::InvalidParameter(_))), "{class:?}");
        }
        let longest = "x".repeat(254);
        for class in ["", "IPM", "ipm.note", "IPM.Note.With Space", &longest] {
            validate(class).unwrap();
        }
    }

    #[test]
    fn fixed_classes_cannot_be_set_in_any_case() {
        for class in ["IPM", "ipm", "REPORT.IPM"] {
            assert!(matches!(validate_settable(class), Err(StoreError::AccessDenied(_))), "{class:?}");
        }
        validate_settable("IPM.Note").unwrap();
        validate_settable("").unwrap();
    }

    #[test]
    fn subclasses_follow_a_period() {
        assert!(is_or_descends("IPM.Note", "ipm"));
        assert!(is_or_descends("IPM", "IPM"));
        assert!(is_or_descends("anything", ""));
        assert!(!is_or_descends("IPMX", "IPM"));
        assert!(!is_or_descends("IP", "IPM"));
    }
}
