//! Open server objects of a session.

use std::collections::BTreeMap;

use crate::Cursor;

/// The handle value of a slot without an object (MS-OXCROPS 2.2.1).
pub const INVALID_HANDLE: u32 = 0xFFFF_FFFF;

/// The handle value at an offset of what a cursor reads next; `None` where that ends before.
#[must_use]
pub fn peek_handle(c: &Cursor<'_>, offset: usize) -> Option<u32> {
    let bytes = c.peek().get(offset..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

/// Open objects by handle. Handle values are never reused.
#[derive(Debug)]
pub struct ObjectTable<O> {
    slots: BTreeMap<u32, Slot<O>>,
    next: u32,
    limit: usize,
}

#[derive(Debug)]
struct Slot<O> {
    object: O,
    logon_id: u8,
    owner: Option<u32>,
    /// Its release takes along all objects of its logon.
    owns_all: bool,
}

impl<O> ObjectTable<O> {
    /// A table for at most `limit` open objects.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { slots: BTreeMap::new(), next: 1, limit }
    }

    /// Open objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Nothing is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// No further object can be opened.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.slots.len() >= self.limit || self.next == INVALID_HANDLE
    }

    /// Opens an object; `None` when the table is full. `owner`: the object whose release takes it along.
    pub fn insert(&mut self, object: O, logon_id: u8, owner: Option<u32>) -> Option<u32> {
        self.insert_slot(Slot { object, logon_id, owner, owns_all: false })
    }

    /// Opens a logon, whose release takes along all that was opened through it; all objects of a logon
    /// with this id go first. `None` when the table is full.
    pub fn insert_logon(&mut self, object: O, logon_id: u8) -> Option<u32> {
        self.release_logon(logon_id);
        self.insert_slot(Slot { object, logon_id, owner: None, owns_all: true })
    }

    fn insert_slot(&mut self, slot: Slot<O>) -> Option<u32> {
        if self.is_full() {
            return None;
        }
        let handle = self.next;
        self.next += 1;
        self.slots.insert(handle, slot);
        Some(handle)
    }

    /// An open object.
    #[must_use]
    pub fn get(&self, handle: u32) -> Option<&O> {
        self.slots.get(&handle).map(|slot| &slot.object)
    }

    /// An open object, to change it.
    pub fn get_mut(&mut self, handle: u32) -> Option<&mut O> {
        self.slots.get_mut(&handle).map(|slot| &mut slot.object)
    }

    /// Two open objects, to change them; `None` for handles that are the same or name no object.
    pub fn get_two_mut(&mut self, first: u32, second: u32) -> Option<(&mut O, &mut O)> {
        let (low, high) = (first.min(second), first.max(second));
        if low == high || !self.slots.contains_key(&low) || !self.slots.contains_key(&high) {
            return None;
        }
        let mut between = self.slots.range_mut(low..=high);
        let (_, low_slot) = between.next()?;
        let (_, high_slot) = between.next_back()?;
        let (low_object, high_object) = (&mut low_slot.object, &mut high_slot.object);
        Some(if first == low { (low_object, high_object) } else { (high_object, low_object) })
    }

    /// The handle was given out once, be its object still open or not.
    #[must_use]
    pub fn was_issued(&self, handle: u32) -> bool {
        (1..self.next).contains(&handle)
    }

    /// The handles of all open objects.
    pub fn handles(&self) -> impl Iterator<Item = u32> + '_ {
        self.slots.keys().copied()
    }

    /// Releases an object and what it owns, and what that owns; answers how many were open.
    pub fn release(&mut self, handle: u32) -> usize {
        let Some(slot) = self.slots.remove(&handle) else { return 0 };
        if slot.owns_all {
            let before = self.slots.len();
            self.release_logon(slot.logon_id);
            return before - self.slots.len() + 1;
        }
        let mut released = 1;
        let mut gone = vec![handle];
        while let Some(owner) = gone.pop() {
            let owned: Vec<u32> =
                self.slots.iter().filter(|(_, slot)| slot.owner == Some(owner)).map(|(handle, _)| *handle).collect();
            for handle in owned {
                self.slots.remove(&handle);
                released += 1;
                gone.push(handle);
            }
        }
        released
    }

    /// Releases all objects of a logon.
    pub fn release_logon(&mut self, logon_id: u8) {
        self.slots.retain(|_, slot| slot.logon_id != logon_id);
    }

    /// The logon that an object was opened under.
    #[must_use]
    pub fn logon_id(&self, handle: u32) -> Option<u8> {
        self.slots.get(&handle).map(|slot| slot.logon_id)
    }
}

#[cfg(test)]
#[path = "../../../generated-tests/src/spec_coverage.rs"]
mod spec_coverage;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn releases_what_is_owned_and_what_that_owns_and_nothing_else() {
        let mut objects = ObjectTable::new(10);
        let message = objects.insert("message", 0, None).unwrap();
        let attachment = objects.insert("attachment", 0, Some(message)).unwrap();
        let stream = objects.insert("stream", 0, Some(attachment)).unwrap();
        let table = objects.insert("contents table", 0, None).unwrap();
        assert_eq!(objects.release(message), 3);
        assert_eq!(objects.handles().collect::<Vec<_>>(), [table]);
        assert_eq!(objects.release(stream), 0);
    }

    #[test]
    fn gives_two_objects_at_once_in_the_order_of_their_handles() {
        let mut objects = ObjectTable::new(10);
        let [a, b, c] = ["a", "b", "c"].map(|object| objects.insert(object, 0, None).unwrap());
        assert_eq!(objects.get_two_mut(a, c), Some((&mut "a", &mut "c")));
        assert_eq!(objects.get_two_mut(c, b), Some((&mut "c", &mut "b")));
        assert_eq!(objects.get_two_mut(b, b), None);
        objects.release(b);
        assert_eq!(objects.get_two_mut(a, b), None);
        assert_eq!(objects.get_two_mut(b, c), None);
    }

    #[test]
    fn never_gives_out_a_handle_twice() {
        let mut objects = ObjectTable::new(1);
        let first = objects.insert((), 0, None).unwrap();
        assert_eq!(objects.insert((), 0, None), None);
        objects.release(first);
        assert_ne!(objects.insert((), 0, None), Some(first));
    }

    #[test]
    fn no_object_gets_the_value_of_an_empty_slot() {
        let mut objects = ObjectTable { slots: BTreeMap::new(), next: INVALID_HANDLE - 1, limit: 10 };
        assert_eq!(objects.insert((), 0, None), Some(INVALID_HANDLE - 1));
        assert!(objects.is_full());
        assert_eq!(objects.insert((), 0, None), None);
        assert_eq!(objects.insert_logon((), 1), None);
        assert_eq!(objects.handles().collect::<Vec<_>>(), [INVALID_HANDLE - 1]);
        spec_coverage::record("MS-OXCROPS_R4560", "no_object_gets_the_value_of_an_empty_slot");
    }

    #[test]
    fn the_release_of_a_logon_takes_all_of_its_objects_along() {
        let mut objects = ObjectTable::new(10);
        let logon = objects.insert_logon("logon", 1).unwrap();
        let other_logon = objects.insert_logon("other logon", 2).unwrap();
        objects.insert("folder", 1, None);
        let folder = objects.insert("folder", 2, None).unwrap();
        assert_eq!(objects.release(logon), 2);
        assert_eq!(objects.handles().collect::<Vec<_>>(), [other_logon, folder]);
        let again = objects.insert_logon("logon again", 2);
        assert_eq!(objects.handles().collect::<Vec<_>>(), [again.unwrap()]);
    }

    #[test]
    fn releases_all_objects_of_one_logon() {
        let mut objects = ObjectTable::new(10);
        objects.insert("a", 1, None);
        let other = objects.insert("b", 2, None).unwrap();
        objects.release_logon(1);
        assert_eq!(objects.handles().collect::<Vec<_>>(), [other]);
    }
}
