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

/// The code of what is checked, but not emitted yet: building refuses it.
pub const NOT_EMITTED: &str = "R0901";

codes! {
    R0001 "text that does not fit the grammar",
    R0002 "a character that does not belong to the language",
    R0003 "a malformed number",
    R0004 "a number too large",
    R0005 "a string or character without its end",
    R0006 "a comment without its end",
    R0007 "a preprocessor line that means nothing",
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
    R0025 "macros that make too much of a text",
    R0099 "a mistake of the compiler's own",
    R0101 "a name that is declared twice",
    R0102 "a name that is not declared",
    R0103 "a value that is not constant",
    R0104 "a value too large for its integer",
    R0105 "a sub-field outside its bit record",
    R0106 "sub-fields that overlap",
    R0107 "a malformed GUID",
    R0108 "two things of one name in Rust",
    R0109 "a name that generated code has itself",
    R0110 "a named property without its set, its identifier or its type",
    R0111 "one named property of two types",
    R0201 "an enumeration or bit record over something that is no unsigned integer",
    R0202 "a type of NDR in an interface of MAPI",
    R0203 "a structure with arguments of a text",
    R0204 "a text with arguments that it does not take",
    R0205 "an array without a length",
    R0206 "a wrong number of arguments",
    R0207 "a pointer in an interface of MAPI",
    R0208 "an array of no elements, of too many, or of arrays",
    R0209 "a type name that stands for itself",
    R0220 "a wire form that is missing, unknown or in the wrong place",
    R0221 "a type that does not say what it is in each wire form",
    R0222 "a type as a parameter that is missing, unknown or in the wrong place",
    R0301 "an expression without a meaning",
    R0302 "a field or parameter that is not there",
    R0303 "a member that is not there",
    R0304 "a field that is declared twice",
    R0305 "a match on something that has no type",
    R0306 "a pattern for another number of discriminants",
    R0307 "a field that is derived from something that is not there",
    R0308 "a structure that contains itself without a limit",
    R0309 "elements that may take no bytes",
    R0310 "a field behind one that runs to the end",
    R0311 "a value of the wrong kind",
    R0312 "a field that cannot hold what it is derived from",
    R0313 "a type that has no constants",
    R0314 "a match without arms",
    R0315 "an arm that is never chosen",
    R0316 "a pattern that the discriminant cannot have",
    R0317 "a count that no length uses",
    R0318 "a second match on one field or sub-field",
    R0319 "an extent whose size is not derived",
    R0320 "a size that could be less than nothing",
    R0321 "a value for none where it has no list",
    R0322 "a list that cannot end so",
    R0323 "an extent that cannot fall back to bytes",
    R0324 "a parameter that cannot be unset",
    R0330 "a size that depends on itself",
    R0331 "an offset in the wrong place",
    R0332 "a list that cannot be ordered so",
    R0333 "a byte order in the wrong place",
    R0340 "a transform that cannot be applied",
    R0401 "a RopId that is not one byte",
    R0402 "a RopId that is taken",
    R0403 "a ROP that says nothing of its reply",
    R0404 "a second output handle",
    R0405 "a state that its object does not have",
    R0406 "a `failure` section in a ROP",
    R0407 "a section that is there twice, or beside an unsolicited reply",
    R0408 "a ROP that cannot be served",
    R0409 "a return value with two bodies",
    R0410 "a state that an object cannot have",
    R0411 "a word of the language where it means nothing",
    R0412 "an effect that cannot be applied",
    R0413 "an `ErrorCode` that is no return value",
    R0414 "a body of failure without an empty value",
    R0415 "state behind a handle value that cannot be looked up",
    R0416 "a reply that cannot stand in place of another",
    R0501 "a stream without one of its parts",
    R0503 "a production that begins with itself",
    R0504 "a repetition of something that may be empty",
    R0505 "alternatives that begin alike",
    R0506 "something that may be left out and begins like what follows it",
    R0507 "a production that nothing leads to",
    R0508 "an atom that is no definition of a property",
    R0509 "a rule for values that cannot be applied",
    R0510 "a stream with too many words",
    R0511 "a production that cannot be told from what it interrupts",
    R0512 "a requirement that cannot be met or checked",
    R0513 "an operation that does not say what a stream is",
    R0601 "a vector whose bytes are not hexadecimal",
    R0602 "a value of a vector that its field cannot have",
    R0603 "a field of a vector that is not there",
    R0604 "a vector of something that its bytes alone do not decode to",
    R0701 "a type of NDR that has no shape",
    R0702 "a construct of MAPI in an NDR interface",
    R0703 "a name that an NDR interface declares twice",
    R0704 "a name in an attribute that nothing has",
    R0705 "an array whose size is missing, or a size without its array",
    R0706 "a union and its `switch_is`",
    R0707 "arms of a union that cannot be told apart",
    R0708 "a result that is no pointer, or a returned pointer",
    R0709 "a conformant array in the wrong place",
    R0710 "an interface that cannot be bound to",
    R0711 "an unknown attribute",
    R0712 "a construct of NDR that cannot be compiled yet",
    R0713 "a constant too large for its type",
    R0714 "a type that contains itself",
    R0715 "an expression that cannot be used in an attribute",
    R0716 "two names that are one in Rust",
    R0717 "a pointer of two kinds",
    R0718 "a parameter without a name",
    R0719 "an array or a chain of pointers beyond the limits",
    R0720 "an attribute with the wrong arguments",
    R0721 "a type of NDR whose code comes from elsewhere",
    R0722 "an operation that is left out",
    R0723 "a value that is not computed",
    R0724 "an interface that extends one that is not there",
    R0725 "something configured that is not there",
    R0726 "an attribute without effect",
    R0901 "a construct that is described but not emitted yet",
}

/// What is known about a code; letters in either case.
#[must_use]
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|entry| entry.code.eq_ignore_ascii_case(code))
}
