//! Bytes as people have them: hexadecimal text or binary.

/// Bytes of hexadecimal text: digits in pairs, with blanks, commas, `0x` and comments from `#` to the end of a
/// line between them. `None` for anything else.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let mut digits = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        for word in line.split([' ', '\t', ',', ':']) {
            let word = word.strip_prefix("0x").unwrap_or(word);
            for digit in word.chars() {
                digits.push(u8::try_from(digit.to_digit(16)?).ok()?);
            }
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The bytes of a file: those that it writes in hexadecimal, or else the file's own.
pub fn content(file: Vec<u8>) -> Vec<u8> {
    let written = std::str::from_utf8(&file).ok().filter(|text| !text.trim().is_empty()).and_then(hex);
    written.unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::{content, hex};

    #[test]
    fn reads_hexadecimal_as_people_write_it() {
        assert_eq!(hex("12 00\n01:00,06 # columns\n0x14"), Some(vec![0x12, 0, 1, 0, 6, 0x14]));
        assert_eq!(hex(""), Some(Vec::new()));
        assert_eq!(hex("123"), None);
        assert_eq!(hex("12 0g"), None);
    }

    #[test]
    fn takes_other_files_as_they_are() {
        assert_eq!(content(b"12 00\n".to_vec()), [0x12, 0]);
        assert_eq!(content(vec![0x12, 0]), [0x12, 0]);
        assert_eq!(content(b"DONE\r\n".to_vec()), b"DONE\r\n");
    }
}
