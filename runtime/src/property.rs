//! Properties whose identifier a store gives out: named by a property set and a number or a string
//! (MS-OXPROPS 1.3.2, MS-OXCDATA 2.6.1).

use crate::Guid;

/// What names a property within its set. Numbers come before strings in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NamedId<'a> {
    /// A number: a LID.
    Lid(u32),
    /// A string, letter by letter.
    Name(&'a str),
}

/// A property that the specification names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamedProperty {
    /// Its canonical name: `PidLidBusyStatus`.
    pub name: &'static str,
    /// Its property set.
    pub set: Guid,
    /// What names it within the set.
    pub id: NamedId<'static>,
    /// Its type: the low 16 bits of its property tag (MS-OXCDATA 2.11.1).
    pub property_type: u16,
}

impl NamedProperty {
    /// One that is named by a number.
    #[must_use]
    pub const fn lid(name: &'static str, set: Guid, lid: u32, property_type: u16) -> Self {
        Self { name, set, id: NamedId::Lid(lid), property_type }
    }

    /// One that is named by a string.
    #[must_use]
    pub const fn string(name: &'static str, set: Guid, string: &'static str, property_type: u16) -> Self {
        Self { name, set, id: NamedId::Name(string), property_type }
    }

    /// The first property of this name in a table that is in the order of sets and identifiers.
    #[must_use]
    pub fn find<'t>(table: &'t [Self], set: Guid, id: NamedId<'_>) -> Option<&'t Self> {
        let at = table.partition_point(|known| (known.set, known.id) < (set, id));
        table.get(at).filter(|found| (found.set, found.id) == (set, id))
    }
}

/// The value of the first such key in a table that is in the order of its keys.
#[must_use]
pub fn look_up<K: Ord, V: Copy>(table: &[(K, V)], key: &K) -> Option<V> {
    let at = table.partition_point(|(known, _)| known < key);
    table.get(at).filter(|(found, _)| found == key).map(|(_, value)| *value)
}

/// Values in the order of their names.
#[must_use]
pub fn by_name<V>(values: impl Iterator<Item = (&'static str, V)>) -> Vec<(&'static str, V)> {
    let mut table: Vec<_> = values.collect();
    table.sort_by_key(|(name, _)| *name);
    table
}

/// Constants of property tags, given in the order of the tags, with look-up by tag and by name.
#[macro_export]
macro_rules! property_tags {
    ($tag:ident; $($name:ident $value:literal $canonical:literal $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: $tag = $tag($value);
        )*

        /// Property tags with their canonical names, by tag.
        pub static PROPERTY_TAGS: &[($tag, &str)] = &[$(($name, $canonical)),*];

        /// The canonical name of a property tag.
        #[must_use]
        pub fn property_name(tag: $tag) -> Option<&'static str> {
            $crate::property::look_up(PROPERTY_TAGS, &tag)
        }

        /// The property tag of a canonical name.
        #[must_use]
        pub fn property_tag(name: &str) -> Option<$tag> {
            static BY_NAME: std::sync::LazyLock<Vec<(&str, $tag)>> = std::sync::LazyLock::new(|| {
                $crate::property::by_name(PROPERTY_TAGS.iter().map(|(tag, name)| (*name, *tag)))
            });
            $crate::property::look_up(&BY_NAME, &name)
        }
    };
}

/// Constants of named properties, given in the order of sets and identifiers, with look-up by these and by name.
#[macro_export]
macro_rules! named_properties {
    ($($name:ident $canonical:literal $set:ident $kind:ident $id:literal $ty:literal $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: $crate::property::NamedProperty =
                $crate::property::NamedProperty::$kind($canonical, $set, $id, $ty);
        )*

        /// Named properties by property set and identifier.
        pub static NAMED_PROPERTIES: &[$crate::property::NamedProperty] = &[$($name),*];

        /// The property that a property set and an identifier name.
        #[must_use]
        pub fn named_property(
            set: $crate::Guid,
            id: $crate::property::NamedId<'_>,
        ) -> Option<&'static $crate::property::NamedProperty> {
            $crate::property::NamedProperty::find(NAMED_PROPERTIES, set, id)
        }

        /// The named property of a canonical name.
        #[must_use]
        pub fn named_property_of(name: &str) -> Option<&'static $crate::property::NamedProperty> {
            static BY_NAME: std::sync::LazyLock<Vec<(&str, &$crate::property::NamedProperty)>> =
                std::sync::LazyLock::new(|| {
                    $crate::property::by_name(NAMED_PROPERTIES.iter().map(|property| (property.name, property)))
                });
            $crate::property::look_up(&BY_NAME, &name)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::{NamedId, NamedProperty, look_up};
    use crate::Guid;

    const A: Guid = Guid([1; 16]);
    const B: Guid = Guid([2; 16]);
    const TABLE: [NamedProperty; 4] = [
        NamedProperty::lid("One", A, 1, 3),
        NamedProperty::lid("Nine", A, 9, 3),
        NamedProperty::string("Word", A, "word", 0x1F),
        NamedProperty::lid("Other", B, 1, 3),
    ];

    #[test]
    fn finds_by_set_and_identifier() {
        let find = |set, id| NamedProperty::find(&TABLE, set, id).map(|found| found.name);
        assert_eq!(find(A, NamedId::Lid(9)), Some("Nine"));
        assert_eq!(find(A, NamedId::Name("word")), Some("Word"));
        assert_eq!(find(B, NamedId::Lid(1)), Some("Other"));
        assert_eq!(find(B, NamedId::Lid(9)), None);
        assert_eq!(find(A, NamedId::Name("Word")), None);
    }

    #[test]
    fn the_first_of_two_names_stands_for_an_identifier() {
        let table = [NamedProperty::lid("First", A, 1, 3), NamedProperty::lid("Second", A, 1, 3)];
        assert_eq!(NamedProperty::find(&table, A, NamedId::Lid(1)).map(|found| found.name), Some("First"));
        assert_eq!(look_up(&[(1, "a"), (1, "b")], &1), Some("a"));
    }

    #[test]
    fn looks_up_what_is_there() {
        assert_eq!(look_up(&[(1, "a"), (5, "b")], &5), Some("b"));
        assert_eq!(look_up(&[(1, "a"), (5, "b")], &2), None);
    }
}
