//! The numbered registry of diagnostics. A number is never used for anything else again.
//!
//! To add one: a line in the list below, and the page `docs/diagnostics/R0101.md` (what is wrong, an
//! example with the mistake, the same example right). The page is compiled in, so a missing one does not
//! build; a test wants every code of the sources here. `ropc explain R0101` prints the page.
//!
//! | numbers | what they are about |
//! |---|---|
//! | R00xx | reading: signs, words, declarations |
//! | R01xx | names |
//! | R02xx | types |
//! | R03xx | layout and derived fields |
//! | R04xx | ROPs, objects, handles, effects |
//! | R05xx | streams |
//! | R06xx | vectors |
//! | R07xx | NDR |
//! | R09xx | described, but not emitted yet |

/// What is known about a number.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// `R0101`
    pub code: &'static str,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// The page: Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($code:ident $title:literal,)*) => {
        /// All codes in the order of their numbers.
        pub const CODES: &[Code] = &[$(Code {
            code: stringify!($code),
            title: $title,
            page: include_str!(concat!("../../docs/diagnostics/", stringify!($code), ".md")),
        },)*];
    };
}

codes! {
    R0001 "text that does not fit the grammar",
    R0002 "a character that does not belong to the language",
    R0003 "a malformed number",
    R0004 "a number too large",
    R0005 "a string or character without its end",
    R0006 "a comment without its end",
    R0007 "a preprocessor line",
    R0008 "a `{` that is not closed",
    R0009 "something nested too deeply",
    R0010 "an unknown word",
    R0011 "a missing `;`",
    R0012 "a missing `,` between constants",
    R0013 "a `}` too many",
    R0014 "a construct of COM",
    R0015 "attributes without a declaration",
    R0016 "an import in the wrong place or form",
    R0017 "an interface inside an interface",
    R0018 "an imported file that cannot be read",
    R0019 "too many mistakes in one file",
    R0020 "an operation without its id",
    R0021 "a section inside a section",
    R0022 "a handle without its role, its name or the word `handle`",
    R0023 "an unknown section",
    R0024 "a constant member without its value",
    R0099 "a mistake of the compiler's own",
}

/// What is known about a code; letters in either case.
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|entry| entry.code.eq_ignore_ascii_case(code))
}
