//! Words, signs, blanks and comments as the preprocessor sees them.

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// A number, a string, a character: passed on as it is.
    Literal,
    /// Blanks, and a backslash that joins two lines.
    Blank,
    Newline,
    Comment,
    Sign,
}

/// A piece of text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind,
    pub(crate) text: &'t str,
}

/// Takes a text apart; the pieces together are the text.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut list = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = first(rest);
        let piece = rest.get(..length).unwrap_or(rest);
        list.push(Token { kind, text: piece });
        at += piece.len();
    }
    list
}

fn first(rest: &str) -> (Kind, usize) {
    let run = |fits: fn(u8) -> bool| rest.bytes().take_while(|b| fits(*b)).count();
    let bytes = rest.as_bytes();
    match (bytes.first().copied().unwrap_or(b' '), bytes.get(1).copied()) {
        (b'\n', _) => (Kind::Newline, 1),
        (b'\\', Some(b'\n')) => (Kind::Blank, 2),
        (b'\\', Some(b'\r')) if rest.starts_with("\\\r\n") => (Kind::Blank, 3),
        (b' ' | b'\t' | b'\r', _) => (Kind::Blank, run(|b| matches!(b, b' ' | b'\t' | b'\r'))),
        (b'/', Some(b'/')) => (Kind::Comment, rest.find('\n').unwrap_or(rest.len())),
        (b'/', Some(b'*')) => {
            let end = rest.get(2..).and_then(|inner| inner.find("*/")).map_or(rest.len(), |end| end + 4);
            (Kind::Comment, end)
        }
        (b'"', _) => (Kind::Literal, literal(rest, '"')),
        (b'\'', _) => (Kind::Literal, literal(rest, '\'')),
        (b'0'..=b'9', _) => (Kind::Literal, run(|b| b.is_ascii_alphanumeric() || b == b'_')),
        (b'A'..=b'Z' | b'a'..=b'z' | b'_', _) => (Kind::Word, run(|b| b.is_ascii_alphanumeric() || b == b'_')),
        (b'#', Some(b'#')) | (b'&', Some(b'&')) | (b'|', Some(b'|')) => (Kind::Sign, 2),
        (b'=' | b'!' | b'<' | b'>', Some(b'=')) | (b'<', Some(b'<')) | (b'>', Some(b'>')) => (Kind::Sign, 2),
        _ => (Kind::Sign, rest.chars().next().map_or(1, char::len_utf8)),
    }
}

/// A string or character with its quotes; it ends on its line.
fn literal(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return at,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Neither blank nor comment.
pub(crate) fn is_solid(token: &Token<'_>) -> bool {
    !matches!(token.kind, Kind::Blank | Kind::Comment | Kind::Newline)
}

/// Ends of lines in a piece.
pub(crate) fn lines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}
