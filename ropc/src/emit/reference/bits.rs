//! Bit records as diagram and table, enumerations as table.

use std::fmt::Write as _;

use super::Book;
use super::text::{code, sentence, table};
use crate::ast::ReservedRule;
use crate::model::{BitsDef, EnumDef};

/// Characters of a diagram's line, at most.
const WIDTH: usize = 96;

/// Bits of one name, from `low` to `high`; no name: reserved.
struct Cell {
    high: u32,
    low: u32,
    name: String,
}

impl Cell {
    /// Numbers and name need so many characters.
    fn width(&self) -> usize {
        let numbers = if self.high == self.low {
            self.high.to_string().len()
        } else {
            self.high.to_string().len() + self.low.to_string().len() + 1
        };
        self.name.len().max(numbers)
    }

    fn numbers(&self) -> String {
        let width = self.width();
        if self.high == self.low {
            return format!("{:^width$}", self.high);
        }
        let high = self.high.to_string();
        format!("{high}{:>rest$}", self.low, rest = width - high.len())
    }
}

/// Diagram, rule for the rest and table of a bit record.
pub(super) fn record(book: &Book<'_>, def: &BitsDef) -> String {
    let mut text = format!("```text\n{}```\n\n", diagram(&cells(def)));
    let reserved = match def.reserved {
        ReservedRule::Ignore => "are kept as they come",
        ReservedRule::Zero => "are cleared",
        ReservedRule::Reject => "are an error",
    };
    let all = if def.base.size >= 8 { u64::MAX } else { (1 << (u32::from(def.base.size) * 8)) - 1 };
    if def.known & all != all {
        // Writing to a String cannot fail.
        _ = writeln!(text, "Other bits {reserved}.\n");
    }
    let digits = usize::from(def.base.size) * 2;
    let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
    for field in &def.fields {
        let ones = if field.width >= 64 { u64::MAX } else { (1 << field.width) - 1 };
        let mask = ones.checked_shl(field.at).unwrap_or(0);
        let bits = if field.width == 1 {
            field.at.to_string()
        } else {
            format!("{} to {}", field.at, field.at.saturating_add(field.width).saturating_sub(1))
        };
        let mut meaning = sentence(&field.docs);
        if field.big_endian {
            meaning = format!("Most significant byte first. {meaning}").trim().to_owned();
        }
        let ty = field.ty.map(|id| book.link(&book.program.ty(id).name)).unwrap_or_default();
        rows.push((field.at, vec![bits, format!("`0x{mask:0digits$X}`"), code(&field.name), ty, meaning]));
    }
    for (name, value, docs) in &def.masks {
        let bits: Vec<String> = (0..64).filter(|bit| value >> bit & 1 == 1).map(|bit| bit.to_string()).collect();
        let bits = if bits.len() > 4 { String::new() } else { bits.join(", ") };
        let row = vec![bits, format!("`0x{value:0digits$X}`"), code(name), String::new(), sentence(docs)];
        rows.push((value.trailing_zeros(), row));
    }
    rows.sort_by_key(|(bit, _)| *bit);
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, row)| row).collect();
    text + &table(&["Bits", "Mask", "Name", "Type", "Meaning"], &rows)
}

/// The constants of an enumeration.
pub(super) fn enumeration(def: &EnumDef) -> String {
    let digits = usize::from(def.base.size) * 2;
    let row = |(name, value, docs): &(String, u64, Vec<String>)| {
        vec![format!("`0x{value:0digits$X}`"), code(name), sentence(docs)]
    };
    table(&["Value", "Name", "Meaning"], &def.items.iter().map(row).collect::<Vec<_>>())
}

/// All bits of a record from the highest down. Masks of several bits are in the table alone.
fn cells(def: &BitsDef) -> Vec<Cell> {
    let mut named: Vec<Cell> = Vec::new();
    let mut taken = 0u64;
    let fields = def.fields.iter().map(|field| (field.at, field.width, field.name.as_str()));
    let single = def.masks.iter().filter(|(_, value, _)| value.is_power_of_two());
    for (low, width, name) in fields.chain(single.map(|(name, value, _)| (value.trailing_zeros(), 1, name.as_str()))) {
        let ones = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
        let mask = ones.checked_shl(low).unwrap_or(0);
        if width == 0 || taken & mask != 0 {
            continue;
        }
        taken |= mask;
        named.push(Cell { high: low + width - 1, low, name: name.to_owned() });
    }
    named.sort_by_key(|cell| cell.low);
    let mut all = Vec::new();
    let mut next = 0;
    let gap = |low: u32, end: u32| (low < end).then(|| Cell { high: end - 1, low, name: String::new() });
    for cell in named {
        all.extend(gap(next, cell.low));
        next = cell.high + 1;
        all.push(cell);
    }
    all.extend(gap(next, u32::from(def.base.size) * 8));
    all.reverse();
    all
}

/// Boxes with bit numbers above, in as many lines as they need.
fn diagram(cells: &[Cell]) -> String {
    let mut text = String::new();
    let mut line: Vec<&Cell> = Vec::new();
    let mut width = 1;
    for cell in cells {
        if width + cell.width() + 3 > WIDTH && !line.is_empty() {
            draw(&mut text, &line);
            line.clear();
            width = 1;
        }
        width += cell.width() + 3;
        line.push(cell);
    }
    draw(&mut text, &line);
    text
}

fn draw(text: &mut String, line: &[&Cell]) {
    let mut numbers = String::new();
    let mut border = String::from("+");
    let mut names = String::from("|");
    for cell in line {
        let width = cell.width();
        // Writing to a String cannot fail.
        _ = write!(numbers, "{}{}", if numbers.is_empty() { "  " } else { "   " }, cell.numbers());
        _ = write!(border, "{}+", "-".repeat(width + 2));
        _ = write!(names, " {:^width$} |", cell.name);
    }
    _ = write!(text, "{}\n{border}\n{names}\n{border}\n", numbers.trim_end());
}

#[cfg(test)]
mod tests {
    use super::{cells, diagram};
    use crate::ast::ReservedRule;
    use crate::model::{BitsDef, BitsField, IntKind};

    #[test]
    fn a_diagram_shows_sub_fields_masks_and_gaps_from_the_highest_bit_down() {
        let field = |name: &str, at, width| BitsField {
            name: name.to_owned(),
            docs: Vec::new(),
            at,
            width,
            big_endian: false,
            ty: None,
        };
        let def = BitsDef {
            base: IntKind { size: 2, signed: false },
            fields: vec![field("Type", 0, 3), field("Last", 15, 1)],
            masks: vec![("Read".to_owned(), 0x08, Vec::new()), ("ReadWrite".to_owned(), 0x18, Vec::new())],
            known: 0x801F,
            reserved: ReservedRule::Ignore,
        };
        let expected = concat!(
            "   15    14 4    3     2  0\n",
            "+------+------+------+------+\n",
            "| Last |      | Read | Type |\n",
            "+------+------+------+------+\n",
        );
        assert_eq!(diagram(&cells(&def)), expected);
    }
}
