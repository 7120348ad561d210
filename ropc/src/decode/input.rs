//! Bytes as people have them: hexadecimal text, a hex dump of another tool, or binary.

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

/// The bytes of a file: those that it writes in hexadecimal or as a hex dump, or else the file's own.
pub fn content(file: Vec<u8>) -> Vec<u8> {
    let text = std::str::from_utf8(&file).ok().filter(|text| !text.trim().is_empty());
    text.and_then(written).unwrap_or(file)
}

/// Bytes that a text writes, in hexadecimal or as a hex dump.
pub fn written(text: &str) -> Option<Vec<u8>> {
    // A dump says by several offsets that it is one, or by a colon; in one of a single line they look like bytes.
    let several = text.lines().filter(|line| !line.trim().is_empty()).count() > 1;
    let is_dump = several || text.trim_start().find(':').is_some_and(|at| at >= 4 && offset(text.trim()).is_some());
    dump(text).filter(|_| is_dump).or_else(|| hex(text)).or_else(|| dump(text))
}

/// Bytes of a line of a dump where no other follows.
const LINE: usize = 16;

/// Bytes of lines with an offset before them and perhaps characters behind, as `xxd`, `hexdump -C` and Wireshark write
/// them.
fn dump(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<(usize, &str)> = lines.map(offset).collect::<Option<_>>()?;
    let mut bytes = Vec::new();
    for (index, (offset, rest)) in lines.iter().enumerate() {
        if *offset != bytes.len() {
            return None;
        }
        let next = lines.get(index.saturating_add(1)).map(|(next, _)| *next);
        match next {
            Some(next) => {
                let count = next.checked_sub(*offset)?;
                let row = row(rest, count, true);
                bytes.extend(Some(row).filter(|row| row.len() == count)?);
            }
            None => bytes.extend(row(rest, LINE, rest.contains('|'))),
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// The offset that a line begins with, and what follows it.
fn offset(line: &str) -> Option<(usize, &str)> {
    let end = line.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, rest) = line.split_at_checked(end).filter(|_| end >= 4)?;
    let ends = rest.is_empty() || rest.starts_with(':') || rest.starts_with("  ") || rest.starts_with('\t');
    Some((usize::from_str_radix(digits, 16).ok()?, rest.trim_start_matches(':'))).filter(|_| ends)
}

/// The bytes of a line, at most so many; `wide`: two blanks may stand in the middle of them.
fn row(line: &str, most: usize, wide: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in line.split([' ', '\t']) {
        // Two blanks make an empty word.
        if word.is_empty() {
            if !wide && !bytes.is_empty() {
                break;
            }
            continue;
        }
        let Some(found) = hex(word).filter(|_| word.len() <= LINE && !word.starts_with('#')) else { break };
        if bytes.len() + found.len() > most {
            break;
        }
        bytes.extend(found);
        if bytes.len() == most {
            break;
        }
    }
    bytes
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{content, hex, written};

    #[test]
    fn reads_hexadecimal_as_people_write_it() {
        assert_eq!(hex("12 00\n01:00,06 # columns\n0x14"), Some(vec![0x12, 0, 1, 0, 6, 0x14]));
        assert_eq!(hex(""), Some(Vec::new()));
        assert_eq!(hex("123"), None);
        assert_eq!(hex("12 0g"), None);
    }

    #[test]
    fn reads_hex_dumps_of_other_tools() {
        let bytes: Vec<u8> = (0x30..0x49).collect();
        let xxd = "00000000: 3031 3233 3435 3637 3839 3a3b 3c3d 3e3f  0123456789:;<=>?\n\
                   00000010: 4041 4243 4445 4647 48                   @ABCDEFGH\n";
        let hexdump = "00000000  30 31 32 33 34 35 36 37  38 39 3a 3b 3c 3d 3e 3f  |0123456789:;<=>?|\n\
                       00000010  40 41 42 43 44 45 46 47  48                       |@ABCDEFGH|\n00000019\n";
        let wireshark = "0000  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f   0123456789:;<=>?\n\
                         0010  40 41 42 43 44 45 46 47 48                        @ABCDEFGH\n";
        for text in [xxd, hexdump, wireshark] {
            assert_eq!(written(text).as_ref(), Some(&bytes), "{text}");
            assert_eq!(content(text.as_bytes().to_vec()), bytes);
        }
        assert_eq!(written("0000  61 62 63   abc").unwrap(), b"abc");
        assert_eq!(written("00000000: 6162 63  abc").unwrap(), b"abc");
        assert_eq!(written("01:02:03").unwrap(), [1, 2, 3]);
        // Without offsets that fit it is none.
        assert_eq!(written("0000  61\n0002  62\n"), Some(vec![0, 0, 0x61, 0, 2, 0x62]));
    }

    #[test]
    fn takes_other_files_as_they_are() {
        assert_eq!(content(b"12 00\n".to_vec()), [0x12, 0]);
        assert_eq!(content(vec![0x12, 0]), [0x12, 0]);
        assert_eq!(content(b"DONE\r\n".to_vec()), b"DONE\r\n");
    }
}
