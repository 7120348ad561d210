//! The two cookies of a session (MS-OXCMAPIHTTP 2.2.3.2.3): its context and the place in its sequence.

use std::fmt;

use subtle::ConstantTimeEq;

/// The name of the session context cookie. Names are the implementation's own (MS-OXCMAPIHTTP 3.2.5.1).
pub const CONTEXT_COOKIE: &str = "MapiContext";
/// The name of the sequence validation cookie.
pub const SEQUENCE_COOKIE: &str = "MapiSequence";
/// What follows each value and its path: cookies go only over TLS and never to a script.
const ATTRIBUTES: &str = "; Secure; HttpOnly";

/// 128 random bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// Draws a new token from the system.
    ///
    /// # Errors
    /// The system's random source failed.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads 32 hexadecimal digits of either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|value| Self(value.to_be_bytes()))
    }

    /// Compares without telling by its duration where the first difference is.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Tokens are credentials: debug output keeps them out of logs.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// The pair that every response of a session sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCookies {
    /// Names the session.
    pub context: Token,
    /// Must come back with the next request.
    pub sequence: Token,
}

impl SessionCookies {
    /// The values of the two Set-Cookie headers of the endpoint at `path`, to which alone they go back.
    #[must_use]
    pub fn set_cookie_values(&self, path: &str) -> [String; 2] {
        [
            format!("{CONTEXT_COOKIE}={}; Path={path}{ATTRIBUTES}", self.context),
            format!("{SEQUENCE_COOKIE}={}; Path={path}{ATTRIBUTES}", self.sequence),
        ]
    }
}

/// One cookie as a request carried it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Received {
    /// The request had no such cookie.
    #[default]
    Missing,
    /// The request had one that no server of this kind has set, or two that differ.
    Malformed,
    /// A token.
    Value(Token),
}

/// The cookies of this protocol found in a request; others are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestCookies {
    /// The session context cookie.
    pub context: Received,
    /// The sequence validation cookie.
    pub sequence: Received,
}

impl RequestCookies {
    /// Reads the values of the Cookie headers (`name=value`, separated by semicolons).
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut cookies = Self::default();
        for pair in headers.into_iter().flat_map(|value| value.split(';')) {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let slot = match name.trim() {
                CONTEXT_COOKIE => &mut cookies.context,
                SEQUENCE_COOKIE => &mut cookies.sequence,
                _ => continue,
            };
            let value = value.trim().trim_matches('"');
            let read = Token::parse(value).map_or(Received::Malformed, Received::Value);
            *slot = match *slot {
                Received::Missing => read,
                earlier if earlier == read => read,
                _ => Received::Malformed,
            };
        }
        cookies
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const A: &str = "000102030405060708090a0b0c0d0e0f";
    const B: &str = "ffffffffffffffffffffffffffffffff";

    #[test]
    fn tokens_are_128_random_bits_and_survive_their_text() {
        let token = Token::random().unwrap();
        assert_ne!(token, Token::random().unwrap());
        assert_eq!(token.to_string().len(), 32);
        assert_eq!(Token::parse(&token.to_string()), Some(token));
        assert_eq!(Token::parse(A).unwrap().to_string(), A);
    }

    #[test]
    fn rejects_tokens_of_another_shape() {
        for text in ["", "0", &A[1..], &format!("{A}0"), &format!("+{}", &A[1..]), &"é".repeat(16)] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }

    #[test]
    fn both_cookies_are_read_among_others_and_across_headers() {
        let cookies = RequestCookies::parse([
            &*format!("other=1; {CONTEXT_COOKIE}={A}; flag"),
            &*format!("{SEQUENCE_COOKIE}=\"{B}\""),
        ]);
        assert_eq!(cookies.context, Received::Value(Token::parse(A).unwrap()));
        assert_eq!(cookies.sequence, Received::Value(Token::parse(B).unwrap()));
    }

    #[test]
    fn two_values_for_one_cookie_are_malformed_unless_equal() {
        let twice = |x, y| RequestCookies::parse([&*format!("{CONTEXT_COOKIE}={x};{CONTEXT_COOKIE}={y}")]);
        assert_eq!(twice(A, B).context, Received::Malformed);
        assert_eq!(twice("x", A).context, Received::Malformed);
        assert_eq!(twice(A, A).context, Received::Value(Token::parse(A).unwrap()));
    }

    #[test]
    fn set_cookie_values_are_secure_and_out_of_reach_of_scripts() {
        let cookies = SessionCookies { context: Token::parse(A).unwrap(), sequence: Token::parse(B).unwrap() };
        let [context, sequence] = cookies.set_cookie_values("/mapi/emsmdb");
        assert_eq!(context, format!("MapiContext={A}; Path=/mapi/emsmdb; Secure; HttpOnly"));
        assert_eq!(sequence, format!("MapiSequence={B}; Path=/mapi/emsmdb; Secure; HttpOnly"));
    }

    #[test]
    fn debug_output_hides_tokens() {
        assert!(!format!("{:?}", Token::parse(A).unwrap()).contains("0102"));
    }
}
