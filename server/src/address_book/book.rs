//! Who is in the address book, in which order, and by which ids (MS-OXNSPI 3.1.4.2 to 3.1.4.7).

use std::sync::{Arc, Mutex, PoisonError};

use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{MinimalEntryID, STAT};
use runtime::Guid;

use crate::store::collate::{fold_case, fold_marks};
use crate::store::{Store, User};

/// Minimal Entry IDs below this have meanings of their own (MS-OXNSPI 2.2.9.1).
const FIRST_ID: u32 = 0x10;

/// CP_WINUNICODE, which no STAT may have (MS-OXNSPI 3.1.4.1).
const CP_WINUNICODE: u32 = 1200;

/// One object of the address book.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: MinimalEntryID,
    pub(super) user: User,
}

/// The Global Address List in the order of display names.
#[derive(Debug)]
pub(super) struct View {
    pub(super) entries: Vec<Entry>,
}

/// Gives each user the same Minimal Entry ID as long as the process runs.
#[derive(Debug, Default)]
pub(super) struct Ids(Mutex<Vec<Guid>>);

impl Ids {
    /// Lists all users.
    pub(super) fn view(&self, store: &Arc<dyn Store>) -> Result<View, ErrorCode> {
        let mut users = store.users().map_err(|error| {
            tracing::error!(%error, "the directory cannot be read");
            ErrorCode::EC_ERROR
        })?;
        users.sort_by_cached_key(|user| (fold_case(&user.display_name), user.address.clone()));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = users.into_iter().map(|user| {
            let place = known.iter().position(|mailbox| *mailbox == user.mailbox).unwrap_or_else(|| {
                known.push(user.mailbox);
                known.len() - 1
            });
            let id = MinimalEntryID(FIRST_ID.saturating_add(u32::try_from(place).unwrap_or(u32::MAX)));
            Entry { id, user }
        });
        Ok(View { entries: entries.collect() })
    }
}

/// The STAT of a request, which has to be there and to have a code page of 8-bit strings.
pub(super) fn checked(state: Option<STAT>) -> Result<STAT, ErrorCode> {
    let state = state.ok_or(ErrorCode::EC_INVALID_PARAM)?;
    if state.code_page == CP_WINUNICODE { Err(ErrorCode::MAPI_E_UNKNOWN_CPID) } else { Ok(state) }
}

impl View {
    /// Refuses any container but the Global Address List.
    pub(super) fn check_container(&self, state: &STAT) -> Result<(), ErrorCode> {
        if state.container_id == MinimalEntryID::MID_BEGINNING_OF_TABLE {
            Ok(())
        } else {
            Err(ErrorCode::EC_INVALID_BOOKMARK)
        }
    }

    pub(super) fn find(&self, id: MinimalEntryID) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    pub(super) fn position_of(&self, id: MinimalEntryID) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// Where a STAT is, its Delta not counted (MS-OXNSPI 3.1.4.5.1, 3.1.4.5.2).
    fn start(&self, state: &STAT) -> Result<usize, ErrorCode> {
        let length = self.entries.len();
        match state.current_rec {
            MinimalEntryID::MID_BEGINNING_OF_TABLE => Ok(0),
            MinimalEntryID::MID_END_OF_TABLE => Ok(length),
            MinimalEntryID::MID_CURRENT => {
                let total = u64::from(state.total_recs.max(1));
                let place = length as u64 * u64::from(state.num_pos) / total;
                Ok(usize::try_from(place).unwrap_or(length).min(length))
            }
            id => self.position_of(id).ok_or(ErrorCode::EC_NOT_FOUND),
        }
    }

    /// Where a STAT is; and how many rows its Delta moved it.
    pub(super) fn position(&self, state: &STAT) -> Result<(usize, i32), ErrorCode> {
        let start = self.start(state)?;
        let wanted = i64::try_from(start).unwrap_or(i64::MAX).saturating_add(i64::from(state.delta));
        let length = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        let reached = wanted.clamp(0, length);
        let moved = i32::try_from(reached - i64::try_from(start).unwrap_or(i64::MAX)).unwrap_or_default();
        Ok((usize::try_from(reached).unwrap_or_default(), moved))
    }

    /// A STAT at a row.
    pub(super) fn at(&self, state: &STAT, position: usize) -> STAT {
        let current_rec = self.entries.get(position).map_or(MinimalEntryID::MID_END_OF_TABLE, |entry| entry.id);
        STAT {
            current_rec,
            delta: 0,
            num_pos: u32::try_from(position).unwrap_or(u32::MAX),
            total_recs: u32::try_from(self.entries.len()).unwrap_or(u32::MAX),
            ..*state
        }
    }

    /// Those that a name may mean (MS-OXNSPI 3.1.4.7, ambiguous name resolution): one whose address it is, else all
    /// in whose names or address each word of it begins a word.
    pub(super) fn named(&self, name: &str) -> Vec<&Entry> {
        let name = fold_marks(name.trim());
        let exact = name.strip_prefix('=');
        let wanted = exact.unwrap_or(&name);
        let wanted = wanted.strip_prefix("smtp:").unwrap_or(wanted);
        if wanted.is_empty() {
            return Vec::new();
        }
        let names = |entry: &Entry| {
            let (address, alias) = (entry.user.address.clone(), alias(&entry.user).to_owned());
            [fold_marks(&entry.user.display_name), fold_marks(&address), fold_marks(&alias)]
        };
        let is = |entry: &&Entry| fold_case(&entry.user.legacy_dn) == wanted || entry.user.address == wanted;
        let found: Vec<&Entry> = self.entries.iter().filter(is).collect();
        if !found.is_empty() {
            return found;
        }
        if exact.is_some() {
            return self.entries.iter().filter(|entry| names(entry).iter().any(|own| own == wanted)).collect();
        }
        let begins = |own: &str, word: &str| {
            own.starts_with(word) || own.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word))
        };
        let matches = |entry: &&Entry| {
            let own = names(entry);
            wanted.split_whitespace().all(|word| own.iter().any(|name| begins(name, word)))
        };
        self.entries.iter().filter(matches).collect()
    }
}

/// The part of an address before the @.
pub(super) fn alias(user: &User) -> &str {
    user.address.split('@').next().unwrap_or_default()
}
