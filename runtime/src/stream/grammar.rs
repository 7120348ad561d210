//! The tables of a stream's grammar. `ropc` checks the grammar (each choice is decided by the next word, each
//! repetition takes something) and makes the tables; nothing here checks them again.

use std::fmt::Write as _;

/// Words of the grammar, one bit each: markers in the order of [`Grammar::markers`], then the properties of
/// [`Grammar::classes`], then all other properties.
pub type Set = u128;

/// How the value of a property travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// So many bytes, never cut.
    Fixed(u8),
    /// A length of four bytes, then as many bytes, cut anywhere.
    Variable,
    /// A count of four bytes, then elements of so many bytes.
    FixedList(u8),
    /// A count of four bytes, then elements with a length each.
    VariableList,
}

/// A property that productions name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class<'g> {
    /// Its tag.
    pub tag: u32,
    /// Its value, where only this one is meant. A class of any other value stands behind those of its tag.
    pub value: Option<u32>,
    /// As the description names it.
    pub name: &'g str,
}

/// What holds for one tag, whatever its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagRule {
    /// The tag.
    pub tag: u32,
    /// The property that it is another tag of; the tag itself where it is none.
    pub of: u32,
    /// How its value travels.
    pub wire: Wire,
}

/// A production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Production<'g> {
    /// Its name.
    pub name: &'g str,
    /// Its first step.
    pub start: u16,
}

/// What holds for properties of a production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement<'g> {
    /// The production, by number.
    pub production: u16,
    /// What holds.
    pub rule: Rule,
    /// The words of each property.
    pub words: &'g [Set],
    /// The roots for which it holds, by number; empty for all.
    pub roots: &'g [u16],
    /// Decoders pass over it, writers do not.
    pub lenient: bool,
}

/// A rule for some properties of a production. What stands in a production that begins with a marker belongs to that
/// one and to none outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// All of them are there.
    Has,
    /// Those that are there stand before all others but structural ones, in this order.
    Leads,
    /// None of them is there, nor in anything inside.
    Lacks,
}

/// A step of a production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next word has to be of this set (an index into [`Grammar::sets`]), and is taken.
    Take(u16),
    /// Goes on with the next step if the next word is of a set, else elsewhere.
    Test {
        /// Index into [`Grammar::sets`].
        set: u16,
        /// Where to go on.
        otherwise: u16,
    },
    /// Goes on elsewhere.
    Go(u16),
    /// Opens a production.
    Call(u16),
    /// Closes the production.
    Return,
}

/// What may interrupt a production at any word (errorInfo, MS-OXCFXICS 2.2.4.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery<'g> {
    /// The production that interrupts.
    pub production: u16,
    /// The words that it begins with.
    pub first: Set,
    /// Productions that go on afterwards; those inside the innermost of them are given up.
    pub within: &'g [u16],
}

/// The grammar of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Grammar<'g> {
    /// Its name.
    pub name: &'g str,
    /// Markers with their names, ascending.
    pub markers: &'g [(u32, &'g str)],
    /// Properties with this identifier or a higher one bring their name.
    pub named_from: u16,
    /// Types with how their values travel, ascending.
    pub types: &'g [(u16, Wire)],
    /// Types with one of these bits, however others are set.
    pub flagged: &'g [(u16, Wire)],
    /// Tags with rules of their own, ascending.
    pub tags: &'g [TagRule],
    /// Properties that productions name, ascending by tag.
    pub classes: &'g [Class<'g>],
    /// Sets of words.
    pub sets: &'g [Set],
    /// The steps of all productions.
    pub steps: &'g [Step],
    /// The productions.
    pub productions: &'g [Production<'g>],
    /// What may interrupt them.
    pub recovery: Option<Recovery<'g>>,
    /// Properties that say where parts begin.
    pub structural: Set,
    /// What productions have to have.
    pub requirements: &'g [Requirement<'g>],
    /// How often a production may be open at once.
    pub max_recursion: u16,
}

impl<'g> Grammar<'g> {
    /// The number of a production by name.
    #[must_use]
    pub fn production(&self, name: &str) -> Option<u16> {
        u16::try_from(self.productions.iter().position(|production| production.name == name)?).ok()
    }

    /// The name of a production.
    #[must_use]
    pub fn production_name(&self, production: u16) -> &'g str {
        self.productions.get(usize::from(production)).map_or("", |production| production.name)
    }

    /// The name of a marker.
    #[must_use]
    pub fn marker_name(&self, marker: u32) -> Option<&'g str> {
        self.markers.get(self.marker(marker)?).map(|(_, name)| *name)
    }

    /// The word that a marker is; `None` where these four bytes are no marker.
    pub(crate) fn marker(&self, value: u32) -> Option<usize> {
        self.markers.binary_search_by_key(&value, |(marker, _)| *marker).ok()
    }

    /// How the value of a property travels; `None` for a type that streams do not have.
    #[must_use]
    pub fn wire(&self, tag: u32) -> Option<Wire> {
        if let Some(rule) = self.rule(tag) {
            return Some(rule.wire);
        }
        let ty = (tag & 0xFFFF) as u16;
        let flagged = self.flagged.iter().find(|(mask, _)| ty & mask != 0).map(|(_, wire)| *wire);
        let known = || self.types.binary_search_by_key(&ty, |(ty, _)| *ty).ok();
        flagged.or_else(|| self.types.get(known()?).map(|(_, wire)| *wire))
    }

    fn rule(&self, tag: u32) -> Option<&TagRule> {
        self.tags.get(self.tags.binary_search_by_key(&tag, |rule| rule.tag).ok()?)
    }

    /// The classes of a tag.
    fn classes_of(&self, tag: u32) -> impl Iterator<Item = (usize, &Class<'g>)> {
        let tag = self.rule(tag).map_or(tag, |rule| rule.of);
        let start = self.classes.partition_point(|class| class.tag < tag);
        self.classes.iter().enumerate().skip(start).take_while(move |(_, class)| class.tag == tag)
    }

    /// Which word a property is depends on its value.
    pub(crate) fn is_selected_by_value(&self, tag: u32) -> bool {
        self.classes_of(tag).any(|(_, class)| class.value.is_some())
    }

    /// The word that a property is.
    pub(crate) fn property(&self, tag: u32, value: Option<u32>) -> usize {
        let mut classes = self.classes_of(tag);
        let found = classes.find(|(_, class)| class.value.is_none() || class.value == value);
        self.markers.len() + found.map_or(self.classes.len(), |(index, _)| index)
    }

    /// A set by number.
    pub(crate) fn set(&self, index: u16) -> Set {
        self.sets.get(usize::from(index)).copied().unwrap_or(0)
    }

    /// A word as people read it.
    #[must_use]
    pub fn word(&self, word: usize) -> String {
        let marker = self.markers.get(word).map(|(_, name)| (*name).to_owned());
        let class = || self.classes.get(word - self.markers.len());
        marker.unwrap_or_else(|| match class() {
            Some(Class { value: Some(value), name, .. }) => format!("{name} of {value:#010x}"),
            Some(Class { name, .. }) => (*name).to_owned(),
            None => "another property".to_owned(),
        })
    }

    /// The words of a set as people read them, the first of many.
    #[must_use]
    pub fn words(&self, set: Set, end: bool) -> String {
        const SHOWN: usize = 12;
        let mut text = String::new();
        let other = self.markers.len() + self.classes.len();
        // Where any property may stand, those with a name of their own say nothing more.
        let is_shown = |word: &usize| {
            let class = word.checked_sub(self.markers.len()).and_then(|index| self.classes.get(index));
            has(set, *word) && !(has(set, other) && class.is_some_and(|class| class.value.is_none()))
        };
        let words = (0..=other).filter(is_shown).map(|word| self.word(word));
        let words: Vec<String> = words.chain(end.then(|| "the end".to_owned())).collect();
        for (index, word) in words.iter().enumerate().take(SHOWN) {
            let before = if index == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            _ = write!(text, "{before}{word}");
        }
        if words.len() > SHOWN {
            text.push_str(", ..");
        }
        text
    }
}

/// The word is one of the set.
#[must_use]
pub fn has(set: Set, word: usize) -> bool {
    word < 128 && set >> word & 1 == 1
}
