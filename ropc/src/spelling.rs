//! The nearest correct spelling of a word.

use std::cell::Cell;

/// Words of one run that a near one is looked for: a text of nothing but unknown names takes time that is linear in its
/// length all the same.
const SEARCHES: u32 = 100;

/// Looks for near names among all that a text declares, and gives up after so many.
#[derive(Debug)]
pub struct Searches(Cell<u32>);

impl Default for Searches {
    fn default() -> Self {
        Self(Cell::new(SEARCHES))
    }
}

impl Searches {
    /// As [`nearest`]; `None` for every word after the first hundred.
    pub fn nearest<'a>(&self, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        self.0.set(self.0.get().checked_sub(1)?);
        nearest(word, candidates)
    }
}

/// The candidate nearest to `word`, if one is near enough to be meant: at most a third of the letters
/// differ, upper and lower case counting as the same letter at half the price of another one. Of two that are equally
/// near it is the first by the alphabet, in whatever order they come.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let longest = word.chars().count().max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let length = candidate.chars().count();
            // twice the number of edits, so that half an edit is a whole number
            let allowed = 2 * (longest.max(length) / 3).max(usize::from(longest > 1));
            if length.abs_diff(longest) * 2 > allowed {
                return None;
            }
            let cost = distance(word, candidate);
            (cost <= allowed).then_some((cost, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Twice the number of insertions, deletions, replacements and swaps of neighbours between two words;
/// a difference of case only counts one.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).map(|i| 2 * i).collect();
    let mut last = None;
    for (i, a) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(2 * (i + 1));
        for (j, b) in to.iter().enumerate() {
            let at = |cells: &[usize], index: usize| cells.get(index).copied().unwrap_or(usize::MAX / 2);
            let replace = if a == *b {
                0
            } else if a.eq_ignore_ascii_case(b) {
                1
            } else {
                2
            };
            let mut cost = (at(&row, j) + replace).min(at(&row, j + 1) + 2).min(at(&next, j) + 2);
            let swapped = j.checked_sub(1).and_then(|k| to.get(k)) == Some(&a) && last == Some(*b);
            if swapped {
                cost = cost.min(at(&before, j.saturating_sub(1)) + 2);
            }
            next.push(cost);
        }
        last = Some(a);
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{SEARCHES, Searches, nearest};

    #[test]
    fn finds_the_word_that_was_meant() {
        let words = ["request", "success", "failure", "always"];
        assert_eq!(nearest("sucess", words), Some("success"));
        assert_eq!(nearest("reqeust", words), Some("request"));
        assert_eq!(nearest("Success", words), Some("success"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("x", words), None);
    }

    #[test]
    fn the_word_itself_is_no_suggestion() {
        assert_eq!(nearest("always", ["always"]), None);
    }

    #[test]
    fn prefers_the_nearer_of_two() {
        assert_eq!(nearest("uint61", ["uint16", "uint64", "uint8"]), Some("uint16"));
        assert_eq!(nearest("FolderID", ["FolderIds", "FolderId"]), Some("FolderId"));
    }

    #[test]
    fn of_two_equally_near_ones_the_order_decides_nothing() {
        assert_eq!(nearest("PropertyC", ["PropertyB", "PropertyA"]), Some("PropertyA"));
        assert_eq!(nearest("PropertyC", ["PropertyA", "PropertyB"]), Some("PropertyA"));
    }

    #[test]
    fn gives_up_after_so_many_words() {
        let searches = Searches::default();
        for _ in 0..SEARCHES {
            assert_eq!(searches.nearest("sucess", ["success"]), Some("success"));
        }
        assert_eq!(searches.nearest("sucess", ["success"]), None);
    }
}
