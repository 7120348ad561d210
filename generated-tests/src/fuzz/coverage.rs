//! What a decoder was seen to do with some bytes, as numbers: fields and variants of the value with the magnitude of
//! what they hold, or the kind and the field of the error.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write};

use runtime::UnpackError;

use crate::runs::hash;

/// Of a value no more is looked at: characters of how it shows itself.
const MOST: usize = 6_000;

thread_local! {
    /// What was seen; `None` where nobody asks.
    static SEEN: RefCell<Option<Vec<u64>>> = const { RefCell::new(None) };
}

/// What is seen while something runs.
pub fn watch<T>(run: impl FnOnce() -> T) -> (T, Vec<u64>) {
    SEEN.set(Some(Vec::new()));
    let result = run();
    (result, SEEN.take().unwrap_or_default())
}

/// An error: these are odd numbers.
#[must_use]
pub fn is_error(feature: u64) -> bool {
    feature & 1 == 1
}

/// Of a value.
fn add(feature: u64) {
    note(feature & !1);
}

fn note(feature: u64) {
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen {
            seen.push(feature);
        }
    });
}

fn asked() -> bool {
    SEEN.with_borrow(Option::is_some)
}

/// Notes an error: its kind, and the field without the indexes in its path.
pub fn error(error: &UnpackError) {
    if !asked() {
        return;
    }
    let kind = format!("{:?}", error.kind());
    let kind = kind.split([' ', '(', '{']).next().unwrap_or_default();
    let path: String = error.path().chars().filter(|c| !c.is_ascii_digit()).collect();
    note(hash(format!("{kind} {path}").as_bytes()) | 1);
}

/// Notes a value: which fields and variants stand in which, and how large numbers and lists are.
pub fn value(value: &dyn Debug) {
    if asked() {
        let mut shape = Shape::default();
        // It stops in the middle where there is enough.
        _ = write!(shape, "{value:?}");
    }
}

/// Notes a word.
pub fn word(word: &str, number: u64) {
    if asked() {
        add(mix(hash(word.as_bytes()), number));
    }
}

fn mix(a: u64, b: u64) -> u64 {
    (a.rotate_left(5) ^ b).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Reads how a value shows itself, as it is written.
#[derive(Default)]
struct Shape {
    /// What is open, and how many commas stood in it.
    open: Vec<(u64, u32)>,
    word: String,
    /// The last name.
    last: u64,
    quoted: bool,
    escaped: bool,
    length: u32,
    read: usize,
}

impl Shape {
    fn parent(&self) -> u64 {
        self.open.last().map_or(0, |(name, _)| *name)
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        if self.word.starts_with(|c: char| c.is_ascii_digit()) {
            let digits = u64::try_from(self.word.len()).unwrap_or_default();
            let small = self.word.parse().ok().filter(|number: &u64| *number < 4).unwrap_or(100 + digits);
            add(mix(mix(self.parent(), self.last), small));
        } else {
            self.last = hash(self.word.as_bytes());
            add(mix(self.parent(), self.last));
        }
        self.word.clear();
    }
}

impl Write for Shape {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.read += text.len();
        if self.read > MOST {
            return Err(fmt::Error);
        }
        for c in text.chars() {
            if self.quoted {
                match c {
                    _ if self.escaped => self.escaped = false,
                    '\\' => self.escaped = true,
                    '"' => {
                        self.quoted = false;
                        add(mix(
                            mix(self.parent(), self.last),
                            200 + u64::from(u32::BITS - self.length.leading_zeros()),
                        ));
                    }
                    _ => self.length += 1,
                }
                continue;
            }
            match c {
                '"' => (self.quoted, self.length) = (true, 0),
                '(' | '{' | '[' => {
                    self.end_word();
                    let name = mix(self.parent(), self.last);
                    self.open.push((name, 0));
                }
                ')' | '}' | ']' => {
                    self.end_word();
                    if let Some((name, commas)) = self.open.pop() {
                        add(mix(name, 300 + u64::from(u32::BITS - commas.leading_zeros())));
                    }
                }
                ',' => {
                    self.end_word();
                    if let Some((_, commas)) = self.open.last_mut() {
                        *commas += 1;
                    }
                }
                c if c.is_alphanumeric() || c == '_' => self.word.push(c),
                _ => self.end_word(),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(shown: &dyn Debug) -> Vec<u64> {
        watch(|| value(shown)).1
    }

    #[test]
    fn another_variant_a_longer_list_and_a_larger_number_are_seen() {
        assert_eq!(seen(&Some(7)), seen(&Some(8)));
        assert_ne!(seen(&Some(7)), seen(&Some(70)));
        assert_ne!(seen(&Some(7)), seen(&None::<i32>));
        assert_ne!(seen(&vec![7, 7]), seen(&vec![7]));
        assert_ne!(seen(&"a, b"), seen(&"a"));
        assert_eq!(seen(&"a, \" b"), seen(&"[(3) xx"));
    }

    #[test]
    fn nothing_is_noted_where_nobody_asks() {
        value(&Some(1));
        assert!(watch(|| ()).1.is_empty());
    }
}
