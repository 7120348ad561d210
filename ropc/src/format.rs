//! Descriptions laid out in one way: `ropc fmt`.
//!
//! It works on words and signs, before macros and conditions, so that files of every dialect keep what they say. Only
//! blanks and line breaks change; this is checked before the text is given out. Where a line ends is mostly
//! the writer's choice. What is the formatter's:
//!
//! - four blanks a level, four more where a line goes on
//! - one blank or none between words and signs, no blanks at the end of a line, at most one empty line
//! - a block that stands on one line stays there while it fits; otherwise each member has a line
//! - names, values and arrows of lines that follow each other stand below each other

mod columns;
mod groups;
mod layout;
mod pieces;
mod spaces;

use std::fmt;
use std::ops::Range;

use groups::Groups;
use pieces::{Piece, pieces};

/// Columns that a line should have.
const WIDTH: usize = 120;

/// Why a text cannot be laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unformatted {
    /// The number of the mistake.
    pub code: &'static str,
    /// Where.
    pub range: Range<usize>,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for Unformatted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)
    }
}

impl std::error::Error for Unformatted {}

/// Lays out a description. Formatting the result again changes nothing.
///
/// # Errors
/// Brackets that do not match, or a string or comment without its end.
pub fn format(text: &str) -> Result<String, Unformatted> {
    let list = pieces(text)?;
    let mut groups = Groups::of(&list)?;
    let mut lines = layout::lines(&list, &groups);
    // A block that is opened up may show another one that is too long.
    for _ in 0..=groups::MAX_DEPTH {
        if !groups.open_up(&list, &lines, WIDTH) {
            break;
        }
        lines = layout::lines(&list, &groups);
    }
    let out = columns::write(&list, &groups, &lines);
    match pieces(&out) {
        Ok(again) if same(&list, &again) => Ok(out),
        _ => Err(Unformatted {
            code: "R0099",
            range: 0..0,
            reason: "the formatter would change what the text says, which is a mistake of its own",
        }),
    }
}

/// Both say the same, in the same order, comments and directives included.
fn same(before: &[Piece<'_>], after: &[Piece<'_>]) -> bool {
    before.len() == after.len()
        && before.iter().zip(after).all(|(a, b)| {
            let moved = a.kind == pieces::Kind::Inline && a.text.split_whitespace().eq(b.text.split_whitespace());
            a.kind == b.kind && (a.text == b.text || moved)
        })
}
