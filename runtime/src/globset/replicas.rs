//! Sets of counters of several replicas (IDSET and CNSET, MS-OXCFXICS 2.2.2.4).

use std::collections::BTreeMap;

use super::GlobSet;

/// Identifiers or changes of several replicas; `R` is how a replica is named: its short number or its GUID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplicaSets<R> {
    sets: BTreeMap<R, GlobSet>,
}

impl<R: Ord> Default for ReplicaSets<R> {
    fn default() -> Self {
        Self { sets: BTreeMap::new() }
    }
}

impl<R: Ord> ReplicaSets<R> {
    /// The empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// There is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// The counters of a replica.
    #[must_use]
    pub fn get(&self, replica: &R) -> Option<&GlobSet> {
        self.sets.get(replica)
    }

    /// A counter of a replica is in it.
    #[must_use]
    pub fn contains(&self, replica: &R, counter: u64) -> bool {
        self.get(replica).is_some_and(|set| set.contains(counter))
    }

    /// Adds the counters of a replica from one to another.
    pub fn insert_range(&mut self, replica: R, first: u64, last: u64) {
        self.add(replica, &std::iter::once((first, last)).collect());
    }

    /// Adds counters of a replica; none leave no trace.
    pub fn add(&mut self, replica: R, counters: &GlobSet) {
        if !counters.is_empty() {
            self.sets.entry(replica).or_default().union(counters);
        }
    }

    /// Adds what is in another set.
    pub fn union(&mut self, other: &Self)
    where
        R: Clone,
    {
        other.iter().for_each(|(replica, counters)| self.add(replica.clone(), counters));
    }

    /// Replicas with their counters as they are serialized: ascending, GUIDs byte by byte.
    pub fn iter(&self) -> impl Iterator<Item = (&R, &GlobSet)> {
        self.sets.iter()
    }
}

impl<R: Ord> FromIterator<(R, GlobSet)> for ReplicaSets<R> {
    /// What was read, in any order and with replicas that come twice.
    fn from_iter<T: IntoIterator<Item = (R, GlobSet)>>(iter: T) -> Self {
        let mut all = Self::new();
        iter.into_iter().for_each(|(replica, counters)| all.add(replica, &counters));
        all
    }
}

impl<R: Ord> IntoIterator for ReplicaSets<R> {
    type Item = (R, GlobSet);
    type IntoIter = std::collections::btree_map::IntoIter<R, GlobSet>;

    /// Replicas with their counters as they are serialized: ascending, GUIDs byte by byte.
    fn into_iter(self) -> Self::IntoIter {
        self.sets.into_iter()
    }
}
