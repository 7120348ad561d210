//! What numbers mean: constants, flags, sub-fields, and constants declared of a type (property tags).

use std::collections::BTreeMap;

use ropc::model::{BitsDef, ConstValue, NamedId, Program, Type, TypeId, TypeKind};
use runtime::FileTime;

use super::expr::sub_field;
use super::tree::{Node, Value};

/// Names of values in a program.
#[derive(Debug)]
pub struct Names<'p> {
    program: &'p Program,
    /// Constants of named types; the first of equal ones.
    constants: BTreeMap<(TypeId, u64), &'p str>,
    guids: BTreeMap<[u8; 16], &'p str>,
    /// Named properties: property set as people write it, identifier.
    properties: BTreeMap<(String, NamedId), &'p str>,
}

impl<'p> Names<'p> {
    /// Collects the constants.
    pub fn new(program: &'p Program) -> Self {
        let mut names =
            Self { program, constants: BTreeMap::new(), guids: BTreeMap::new(), properties: BTreeMap::new() };
        for property in program.modules.iter().flat_map(|module| &module.properties) {
            let key = (runtime::Guid(property.guid).to_string(), property.id.clone());
            names.properties.entry(key).or_insert(&property.name);
        }
        for constant in program.modules.iter().flat_map(|module| &module.consts) {
            match (&constant.ty, &constant.value) {
                (Type::Named(id, _), ConstValue::Int(value)) => {
                    names.constants.entry((*id, *value)).or_insert(&constant.name);
                }
                (_, ConstValue::Guid(bytes)) => {
                    names.guids.entry(*bytes).or_insert(&constant.name);
                }
                _ => {}
            }
        }
        names
    }

    /// The value of a constant by name, of any type.
    pub fn constant(&self, name: &str) -> Option<u64> {
        let constants = self.program.modules.iter().flat_map(|module| &module.consts);
        let declared = constants.filter(|c| c.name == name).find_map(|c| match c.value {
            ConstValue::Int(value) => Some(value),
            ConstValue::Guid(_) => None,
        });
        declared.or_else(|| {
            self.program.types.iter().find_map(|def| match &def.kind {
                TypeKind::Enum(e) => e.items.iter().find(|(item, ..)| item == name).map(|(_, value, _)| *value),
                TypeKind::Bits(b) => b.masks.iter().find(|(mask, ..)| mask == name).map(|(_, value, _)| *value),
                TypeKind::Struct(_) | TypeKind::Form(_) => None,
            })
        })
    }

    /// A number of a named type with everything that has a name in it.
    pub fn named(&self, id: TypeId, value: u64, size: u8) -> Value {
        Value::Named { value, size, names: self.of(id, value) }
    }

    /// The names in a number of a named type.
    pub fn of(&self, id: TypeId, value: u64) -> Vec<String> {
        if let Some(name) = self.constants.get(&(id, value)) {
            return vec![(*name).to_owned()];
        }
        match &self.program.ty(id).kind {
            TypeKind::Enum(def) => {
                let item = def.items.iter().find(|(_, item, _)| *item == value);
                item.map(|(name, ..)| name.clone()).into_iter().collect()
            }
            TypeKind::Bits(def) => match self.sibling(id, def, value) {
                Some(names) => names,
                None => self.parts(def, value),
            },
            TypeKind::Struct(_) | TypeKind::Form(_) => Vec::new(),
        }
    }

    /// A constant that differs only in a sub-field with constants of its own: a property in another type.
    fn sibling(&self, id: TypeId, def: &BitsDef, value: u64) -> Option<Vec<String>> {
        for field in def.fields.iter().filter(|field| !field.big_endian) {
            let Some(ty) = field.ty else { continue };
            let mask = u64::MAX.checked_shr(64_u32.saturating_sub(field.width)).unwrap_or(0);
            let mask = mask.checked_shl(field.at).unwrap_or(0);
            if mask & 1 == 0 {
                continue;
            }
            // The sub-field is at the low end: its values are neighbours.
            let from = (id, value & !mask);
            let until = (id, value | mask);
            if let Some((_, name)) = self.constants.range(from..=until).next() {
                let mut names = vec![(*name).to_owned()];
                let part = sub_field(field, value);
                names.extend(self.of(ty, part).into_iter().map(|part| format!("as {part}")));
                return Some(names);
            }
        }
        None
    }

    /// Flags that are set and the values of sub-fields.
    fn parts(&self, def: &BitsDef, value: u64) -> Vec<String> {
        let mut names = Vec::new();
        for field in &def.fields {
            let part = sub_field(field, value);
            match field.ty {
                None if field.width == 1 => names.extend((part != 0).then(|| field.name.clone())),
                None => names.push(format!("{}=0x{part:X}", field.name)),
                Some(ty) => {
                    let meaning = self.of(ty, part).join(" ");
                    let meaning = if meaning.is_empty() { format!("0x{part:X}") } else { meaning };
                    names.push(format!("{}={meaning}", field.name));
                }
            }
        }
        for (mask, bits, _) in &def.masks {
            let set = if *bits == 0 { value == 0 } else { value & bits == *bits };
            names.extend(set.then(|| mask.clone()));
        }
        let unknown = value & !def.known;
        if unknown != 0 && def.fields.iter().all(|field| field.width == 1) {
            names.push(format!("0x{unknown:X}"));
        }
        names
    }

    /// The property that a decoded PropertyName (MS-OXCDATA 2.6.1) names.
    pub fn property(&self, node: &Node) -> Option<String> {
        let set = node.children.iter().find_map(|child| match &child.value {
            Some(Value::Guid(set, _)) => Some(set.clone()),
            _ => None,
        })?;
        // The identifier is a field of the variant that Kind selects.
        let fields = || node.children.iter().flat_map(|child| std::iter::once(child).chain(&child.children));
        let id = fields().find_map(|child| match (child.name.as_str(), &child.value) {
            ("LID", Some(Value::Number(lid, _))) => Some(NamedId::Lid(u32::try_from(*lid).ok()?)),
            ("Name", Some(Value::Text(name))) => Some(NamedId::Name(name.clone())),
            _ => None,
        })?;
        self.named_property(set, id)
    }

    /// The property that a set, as people write it, and an identifier name.
    pub fn named_property(&self, set: String, id: NamedId) -> Option<String> {
        self.properties.get(&(set, id)).map(|name| (*name).to_owned())
    }

    /// A GUID as people write it, with its name.
    pub fn guid(&self, bytes: [u8; 16]) -> Value {
        let name = self.guids.get(&bytes).map(|name| (*name).to_owned());
        Value::Guid(runtime::Guid(bytes).to_string(), name)
    }
}

/// A time as date and time of day, UTC, with as many digits of a second as it has.
pub fn date(ticks: u64) -> String {
    const DAY: i64 = 86_400;
    let seconds = FileTime(ticks).to_unix_seconds();
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = ticks % 10_000_000;
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:07}") };
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} UTC")
}

/// Year, month and day of a count of days since 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    /// From the first of March of the year 0 to 1970.
    const SINCE_MARCH_0: i64 = 719_468;
    let days = days + SINCE_MARCH_0;
    let (era, of_era) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Years begin in March here, so that the leap day is the last one.
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1601-01-01 00:00:00 UTC");
        assert_eq!(date(116_444_736_000_000_000), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(116_444_736_000_000_000 + 951_782_399 * 10_000_000), "2000-02-28 23:59:59 UTC");
        assert_eq!(date(116_444_736_000_000_000 + 951_782_400 * 10_000_000 + 5), "2000-02-29 00:00:00.0000005 UTC");
        assert_eq!(date(u64::MAX), "60056-05-28 05:36:10.9551615 UTC");
    }
}
