//! PidTagSubject and the two properties that it is made of (MS-OXCMSG 2.2.1.9, 2.2.1.10, 2.2.1.46).

/// The most characters of a prefix before its colon (MS-OXCMAIL 2.2.3.2.6.1).
const MAX_PREFIX: usize = 3;

/// Splits a subject into prefix ("RE: ", colon and spaces included) and normalized subject.
///
/// A prefix is one to three characters, none a digit, a space or a colon, then a colon and a space.
#[must_use]
pub fn split(subject: &str) -> (&str, &str) {
    let Some((prefix, rest)) = subject.split_once(':') else { return ("", subject) };
    let is_prefix = (1..=MAX_PREFIX).contains(&prefix.chars().count())
        && !prefix.chars().any(|c| c.is_numeric() || c.is_whitespace())
        && rest.starts_with(' ');
    if is_prefix {
        let normalized = rest.trim_start_matches(' ');
        subject.split_at(subject.len() - normalized.len())
    } else {
        ("", subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_short_prefixes_only() {
        for (subject, expected) in [
            ("RE: Lunch", ("RE: ", "Lunch")),
            ("AW:  Mittag", ("AW:  ", "Mittag")),
            ("Fwd: Lunch", ("Fwd: ", "Lunch")),
            ("R: Pranzo", ("R: ", "Pranzo")),
            ("回复: 午饭", ("回复: ", "午饭")),
            ("RE: RE: twice", ("RE: ", "RE: twice")),
            ("Note: not one", ("", "Note: not one")),
            ("10: 30", ("", "10: 30")),
            ("RE:no space", ("", "RE:no space")),
            (": nothing before", ("", ": nothing before")),
            ("RE: ", ("RE: ", "")),
            ("", ("", "")),
        ] {
            assert_eq!(split(subject), expected, "{subject:?}");
        }
    }
}
