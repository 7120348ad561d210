//! The property list against a table of public documents, and look-up by everything that names a property.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use protocol::oxcdata::{PropertyTag, PropertyType};
use protocol::oxprops::{
    NAMED_PROPERTIES, PROPERTY_TAGS, PS_PUBLIC_STRINGS, PSETID_APPOINTMENT, PSETID_COMMON, named_property,
    named_property_of, property_name, property_tag,
};
use runtime::property::NamedId;

/// Canonical name, identifier or LID, property set, type.
const TABLE: &str = include_str!("data/properties.tsv");

fn property_type(name: &str) -> u16 {
    let found = PropertyType::NAMES.iter().find(|(_, known)| *known == name);
    found.unwrap_or_else(|| panic!("no type {name}")).0
}

#[test]
fn every_property_of_the_table_is_found_by_its_name_and_is_the_same() {
    let mut rows = 0;
    for line in TABLE.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [name, id, set, ty] = cells[..] else { panic!("{line}") };
        let id = u32::from_str_radix(id.trim_start_matches("0x"), 16).unwrap();
        if set.is_empty() {
            let tag = property_tag(name).unwrap_or_else(|| panic!("no tag {name}"));
            assert_eq!(tag, PropertyTag(id << 16 | u32::from(property_type(ty))), "{name}");
        } else {
            let property = named_property_of(name).unwrap_or_else(|| panic!("no property {name}"));
            let guid = set.rsplit(' ').next().unwrap();
            assert_eq!(property.set.to_string().trim_matches(['{', '}']).to_lowercase(), guid, "{name}");
            assert_eq!((property.id, property.property_type), (NamedId::Lid(id), property_type(ty)), "{name}");
        }
        rows += 1;
    }
    assert_eq!(rows, 1270);
}

#[test]
fn tags_are_found_by_number_with_the_first_of_several_names() {
    for (tag, name) in PROPERTY_TAGS {
        let found = property_name(*tag).unwrap();
        assert_eq!(property_tag(found), Some(*tag), "{name}");
        assert_eq!(property_tag(name), Some(*tag));
    }
    assert_eq!(property_name(PropertyTag(0x0FFF_0102)), Some("PidTagEntryId"));
    assert_eq!(property_name(PropertyTag(0x8000_0003)), None);
    assert_eq!(property_tag("PidTagNothing"), None);
}

#[test]
fn named_properties_are_found_by_set_and_identifier() {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    for property in NAMED_PROPERTIES {
        let found = named_property(property.set, property.id).unwrap();
        assert_eq!((found.set, found.id, found.property_type), (property.set, property.id, property.property_type));
        *names.entry(property.name).or_default() += 1;
    }
    assert!(names.values().all(|count| *count == 1));
    assert!(names.keys().filter(|name| name.starts_with("PidName")).count() > 120);
    let name = |set, id| named_property(set, id).map(|property| property.name);
    assert_eq!(name(PSETID_APPOINTMENT, NamedId::Lid(0x8205)), Some("PidLidBusyStatus"));
    assert_eq!(name(PS_PUBLIC_STRINGS, NamedId::Name("Keywords")), Some("PidNameKeywords"));
    assert_eq!(name(PSETID_COMMON, NamedId::Lid(0x8205)), None);
    assert_eq!(name(PS_PUBLIC_STRINGS, NamedId::Name("keywords")), None);
}
