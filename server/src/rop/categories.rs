//! Tables whose rows are grouped into categories (MS-OXCTABL 2.2.2.3.1, 3.2.5.17 to 3.2.5.20).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::ops::Range;

use protocol::oxcdata::{PropertyTag, PropertyValue, SortDirection, SortOrder};

use super::objects::RowKey;
use crate::store::collate::SortKey;
use crate::store::value::size_of;
use crate::store::{KeyedRow, tags as t};

/// PidTagRowType of headers (MS-OXCTABL 2.2.1.3).
const TBL_EXPANDED_CATEGORY: i32 = 3;
const TBL_COLLAPSED_CATEGORY: i32 = 4;

/// The low 16 bits of the ids of categories: a REPLID that no replica gets, so that no message has such an id.
const CATEGORY_REPL_ID: u64 = 0xFFFF;

/// How a table is grouped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Grouping {
    /// How many of the first sort keys make categories.
    pub(super) count: usize,
    /// How many of these begin open.
    pub(super) expanded: usize,
    /// The categories that are not as they began.
    pub(super) changed: BTreeSet<u64>,
}

impl Grouping {
    /// The sort key by whose greatest value categories are ordered (MS-OXCTABL 2.2.2.3.1, MaximumCategory).
    pub(super) fn maximum(&self, order: &[SortOrder]) -> Option<SortOrder> {
        let next = order.get(self.count).copied();
        next.filter(|next| self.count > 0 && next.order == SortDirection::MAXIMUM_CATEGORY)
    }

    /// The sort order of rows.
    pub(super) fn row_order(&self, order: &[SortOrder]) -> Vec<SortOrder> {
        order.iter().copied().filter(|key| key.order != SortDirection::MAXIMUM_CATEGORY).collect()
    }

    /// The columns that make categories, and the one whose greatest value orders them.
    pub(super) fn keys(&self, order: &[SortOrder]) -> Vec<PropertyTag> {
        let categories = order.iter().take(self.count);
        categories.chain(&self.maximum(order)).map(|key| key.property_tag).collect()
    }
}

/// The header of a category.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    /// PidTagInstID.
    pub(super) id: u64,
    /// PidTagDepth.
    level: usize,
    /// The rows in it, those of inner categories included.
    leaves: Range<usize>,
    unread: usize,
    expanded: bool,
    /// The columns that make this category and those around it.
    values: Vec<(PropertyTag, Option<PropertyValue<'static>>)>,
}

/// A row that can be seen, by its place among headers or leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Header(usize),
    Leaf(usize),
}

/// The rows of a grouped table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grouped {
    depth: usize,
    headers: Vec<Header>,
    leaves: Vec<KeyedRow>,
    /// All rows in their order, seen or not.
    all: Vec<Line>,
    /// Those in open categories.
    pub(super) visible: Vec<Line>,
}

impl Grouped {
    /// Groups rows that are in the order of [`Grouping::row_order`] and have the values of [`Grouping::keys`].
    pub(super) fn new(rows: Vec<KeyedRow>, grouping: &Grouping, order: &[SortOrder], code_page: u16) -> Self {
        let keys_of = |row: &KeyedRow| -> Vec<SortKey> {
            row.values.iter().map(|value| SortKey::new(value.as_ref(), code_page)).collect()
        };
        let mut rows: Vec<(Vec<SortKey>, KeyedRow)> = rows.into_iter().map(|row| (keys_of(&row), row)).collect();
        if grouping.maximum(order).is_some() {
            rows = by_maximum(rows, grouping.count, order);
        }
        let mut grouped = Self {
            depth: grouping.count,
            headers: Vec::new(),
            leaves: Vec::new(),
            all: Vec::new(),
            visible: Vec::new(),
        };
        let mut taken = BTreeSet::new();
        let mut open: Vec<usize> = Vec::new();
        let mut before: Option<Vec<SortKey>> = None;
        for (keys, row) in rows {
            let same = before.as_ref().map_or(0, |before| {
                before.iter().zip(&keys).take(grouping.count).take_while(|(own, other)| own == other).count()
            });
            open.truncate(same);
            for level in same..grouping.count {
                let columns = order.iter().take(level + 1).map(|key| key.property_tag);
                let id = category_id(columns.clone().zip(keys.iter()), &mut taken);
                let values = columns.zip(row.values.iter().cloned()).collect();
                let at = grouped.leaves.len();
                let expanded = (level < grouping.expanded) != grouping.changed.contains(&id);
                open.push(grouped.headers.len());
                grouped.all.push(Line::Header(grouped.headers.len()));
                grouped.headers.push(Header { id, level, leaves: at..at, unread: 0, expanded, values });
            }
            let end = grouped.leaves.len() + 1;
            for header in &open {
                if let Some(header) = grouped.headers.get_mut(*header) {
                    header.leaves.end = end;
                    header.unread += usize::from(!row.read);
                }
            }
            grouped.all.push(Line::Leaf(grouped.leaves.len()));
            grouped.leaves.push(row);
            before = Some(keys);
        }
        grouped.show();
        grouped
    }

    /// Works out which rows can be seen.
    fn show(&mut self) {
        let mut visible = Vec::new();
        // Rows of this level and deeper are in a closed category.
        let mut closed: Option<usize> = None;
        for line in &self.all {
            let level = match line {
                Line::Header(header) => self.headers.get(*header).map_or(0, |header| header.level),
                Line::Leaf(_) => self.depth,
            };
            if closed.is_some_and(|closed| level > closed) {
                continue;
            }
            visible.push(*line);
            closed = match line {
                Line::Header(header) if self.headers.get(*header).is_some_and(|header| !header.expanded) => Some(level),
                Line::Header(_) | Line::Leaf(_) => None,
            };
        }
        self.visible = visible;
    }

    /// The header with this id.
    pub(super) fn header(&self, id: u64) -> Option<&Header> {
        self.headers.iter().find(|header| header.id == id)
    }

    /// The header or leaf of a line.
    pub(super) fn header_at(&self, line: usize) -> Option<&Header> {
        self.headers.get(line)
    }

    pub(super) fn leaf_at(&self, line: usize) -> Option<&KeyedRow> {
        self.leaves.get(line)
    }

    /// What tells a row from the others.
    pub(super) fn key(&self, line: Line) -> RowKey {
        let key = match line {
            Line::Header(header) => self.header_at(header).map(|header| RowKey::Category(header.id)),
            Line::Leaf(leaf) => self.leaf_at(leaf).map(|leaf| RowKey::Message(leaf.message)),
        };
        key.unwrap_or(RowKey::End)
    }

    /// Where a row is, or the next one that can be seen after one that is in a closed category.
    pub(super) fn next_visible(&self, key: RowKey) -> Option<usize> {
        let positions: HashMap<RowKey, usize> =
            self.visible.iter().enumerate().map(|(at, line)| (self.key(*line), at)).collect();
        let at = self.all.iter().position(|line| self.key(*line) == key)?;
        let after = self.all.get(at..).unwrap_or_default();
        Some(after.iter().find_map(|line| positions.get(&self.key(*line)).copied()).unwrap_or(self.visible.len()))
    }

    /// Rows that can be seen when this category is open.
    pub(super) fn rows_in(&self, id: u64) -> Range<usize> {
        let is_it = |line: &Line| self.key(*line) == RowKey::Category(id);
        let Some(at) = self.visible.iter().position(is_it) else { return 0..0 };
        let level = self.header(id).map_or(0, |header| header.level);
        let inner = self.visible.iter().skip(at + 1).take_while(|line| match line {
            Line::Leaf(_) => true,
            Line::Header(header) => self.header_at(*header).is_some_and(|header| header.level > level),
        });
        at + 1..at + 1 + inner.count()
    }

    /// Bytes of memory.
    pub(super) fn size(&self) -> usize {
        const ROW: usize = 64;
        let value = |value: &Option<PropertyValue<'_>>| {
            value
                .as_ref()
                .map_or(ROW, |value| usize::try_from(size_of(value)).unwrap_or(usize::MAX).saturating_add(ROW))
        };
        let leaves = self.leaves.iter().flat_map(|leaf| &leaf.values).map(value);
        let headers = self.headers.iter().flat_map(|header| &header.values).map(|(_, own)| value(own));
        leaves.chain(headers).fold(self.all.len().saturating_mul(ROW), usize::saturating_add)
    }
}

impl Header {
    /// Whether its rows can be seen.
    pub(super) fn is_expanded(&self) -> bool {
        self.expanded
    }

    /// A column of the header's row (MS-OXCTABL 2.2.1).
    pub(super) fn value(&self, tag: PropertyTag) -> Option<PropertyValue<'static>> {
        use PropertyValue as V;
        let number = |value: usize| Some(V::PtypInteger32(i32::try_from(value).unwrap_or(i32::MAX)));
        let means = |own: PropertyTag| super::properties::means(own, tag);
        if let Some((_, value)) = self.values.iter().find(|(own, _)| means(*own)) {
            return value.clone();
        }
        match () {
            () if means(t::PID_TAG_INST_ID) => Some(V::PtypInteger64(self.id.cast_signed())),
            () if means(t::PID_TAG_INSTANCE_NUM) => number(0),
            () if means(t::PID_TAG_ROW_TYPE) => {
                Some(V::PtypInteger32(if self.expanded { TBL_EXPANDED_CATEGORY } else { TBL_COLLAPSED_CATEGORY }))
            }
            () if means(t::PID_TAG_DEPTH) => number(self.level),
            () if means(t::PID_TAG_CONTENT_COUNT) => number(self.leaves.len()),
            () if means(t::PID_TAG_CONTENT_UNREAD_COUNT) => number(self.unread),
            () => None,
        }
    }
}

/// Puts the innermost categories into the order of their greatest values, in the direction of their own sort key.
fn by_maximum(rows: Vec<(Vec<SortKey>, KeyedRow)>, count: usize, order: &[SortOrder]) -> Vec<(Vec<SortKey>, KeyedRow)> {
    let descending = count.checked_sub(1).and_then(|last| order.get(last)).map(|key| key.order);
    let descending = descending == Some(SortDirection::DESCENDING);
    let outer = |keys: &[SortKey]| keys.iter().take(count.saturating_sub(1)).cloned().collect::<Vec<_>>();
    let own = |keys: &[SortKey]| keys.iter().take(count).cloned().collect::<Vec<_>>();
    // Outer categories keep their places.
    let mut outers: HashMap<Vec<SortKey>, usize> = HashMap::new();
    let mut greatest: HashMap<Vec<SortKey>, SortKey> = HashMap::new();
    for (keys, _) in &rows {
        let next = outers.len();
        outers.entry(outer(keys)).or_insert(next);
        let value = keys.get(count).cloned().unwrap_or(SortKey::Missing);
        let known = greatest.entry(own(keys)).or_insert(SortKey::Missing);
        if value > *known {
            *known = value;
        }
    }
    let mut placed: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let place = outers.get(&outer(&row.0)).copied().unwrap_or_default();
            let category = own(&row.0);
            (place, greatest.get(&category).cloned().unwrap_or(SortKey::Missing), category, row)
        })
        .collect();
    placed.sort_by(|a, b| {
        let by_value = if descending { b.1.cmp(&a.1) } else { a.1.cmp(&b.1) };
        a.0.cmp(&b.0).then(by_value).then_with(|| a.2.cmp(&b.2))
    });
    placed.into_iter().map(|(.., row)| row).collect()
}

/// FNV-1a: the same for the same categories in every session, which CollapseState relies on.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}

/// The same number for equal values, in every session.
pub(super) fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = Fnv(0xCBF2_9CE4_8422_2325);
    value.hash(&mut hasher);
    hasher.finish()
}

/// The id of a category by its columns and their values.
fn category_id<'k>(path: impl Iterator<Item = (PropertyTag, &'k SortKey)>, taken: &mut BTreeSet<u64>) -> u64 {
    let path: Vec<(u32, &SortKey)> = path.map(|(tag, key)| (tag.0, key)).collect();
    let mut id = (fingerprint(&path) << 16) | CATEGORY_REPL_ID;
    while !taken.insert(id) {
        id = id.wrapping_add(1 << 16);
    }
    id
}

/// Rows by their keys.
pub(super) fn positions(keys: impl Iterator<Item = RowKey>) -> BTreeMap<RowKey, usize> {
    keys.enumerate().map(|(at, key)| (key, at)).collect()
}
