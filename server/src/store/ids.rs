//! Ids of 16 bits REPLID and 48 bits global counter (MS-OXCDATA 2.2.1), and the keys made of them.

use protocol::oxcdata::{FolderId, GlobalIdentifier, MessageId};
use protocol::oxcfxics::{SizedXid, XID};
use runtime::{Cursor, Encoder, Guid, PackError};

/// The REPLID of a mailbox's own replica GUID.
pub const OWN_REPL_ID: u16 = 1;

/// The largest global counter: 48 bits.
pub const MAX_COUNTER: u64 = 0xFFFF_FFFF_FFFF;

/// The folder with this global counter.
#[must_use]
pub fn folder_id(counter: u64) -> FolderId {
    FolderId::default().with_repl_id(OWN_REPL_ID).with_global_counter(counter)
}

/// The message with this global counter.
#[must_use]
pub fn message_id(counter: u64) -> MessageId {
    MessageId::default().with_repl_id(OWN_REPL_ID).with_global_counter(counter)
}

/// The global counter of a folder of this mailbox; `None` for another replica's id and for none.
#[must_use]
pub fn folder_counter(id: FolderId) -> Option<u64> {
    (id.repl_id() == OWN_REPL_ID && id.global_counter() != 0).then(|| id.global_counter())
}

/// The global counter of a message of this mailbox; `None` for another replica's id and for none.
#[must_use]
pub fn message_counter(id: MessageId) -> Option<u64> {
    (id.repl_id() == OWN_REPL_ID && id.global_counter() != 0).then(|| id.global_counter())
}

/// An id as PidTagMid, PidTagFolderId and their like carry it: PtypInteger64.
#[must_use]
pub fn as_integer(raw: u64) -> i64 {
    raw.cast_signed()
}

/// The 22 bytes of a GID (MS-OXCDATA 2.2.1.3), which is an XID, too (MS-OXCFXICS 2.2.2.2). Empty for a counter of
/// more than 48 bits, which no store gives out.
#[must_use]
pub fn key(replica: Guid, counter: u64) -> Vec<u8> {
    packed(|e| GlobalIdentifier { database_guid: replica, global_counter: counter }.pack(e))
}

/// PidTagPredecessorChangeList of an object with this one change (MS-OXCFXICS 2.2.2.3).
#[must_use]
pub fn predecessors(replica: Guid, counter: u64) -> Vec<u8> {
    let gid = key(replica, counter);
    match XID::unpack(&mut Cursor::new(&gid)) {
        Ok(xid) => packed(|e| SizedXid { namespace_guid: xid.namespace_guid, local_id: xid.local_id }.pack(e)),
        Err(_) => Vec::new(),
    }
}

fn packed(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    match pack(&mut e) {
        Ok(()) => e.finish().to_vec(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn counters_survive_the_way_through_an_id() {
        for counter in [1, 0x0102_0304_0506, MAX_COUNTER] {
            assert_eq!(folder_counter(folder_id(counter)), Some(counter));
            assert_eq!(message_counter(message_id(counter)), Some(counter));
        }
    }

    #[test]
    fn ids_stand_on_the_wire_with_the_replid_first_and_the_counter_big_endian() {
        assert_eq!(packed(|e| folder_id(0x0102_0304_0506).pack(e)), [1, 0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn ids_of_other_replicas_have_no_counter_here() {
        assert_eq!(folder_counter(FolderId(0)), None);
        assert_eq!(folder_counter(folder_id(5).with_repl_id(2)), None);
        assert_eq!(folder_counter(folder_id(0)), None);
    }

    #[test]
    fn keys_have_22_bytes() {
        let bytes = key(Guid([7; 16]), 0x0A0B);
        assert_eq!(bytes.len(), 22);
        assert_eq!(bytes.get(16..).unwrap(), [0, 0, 0, 0, 0x0A, 0x0B]);
    }

    #[test]
    fn a_predecessor_change_list_has_the_size_before_the_key() {
        let list = predecessors(Guid([7; 16]), 0x0A0B);
        assert_eq!(list.split_first().unwrap(), (&22, &*key(Guid([7; 16]), 0x0A0B)));
    }
}
