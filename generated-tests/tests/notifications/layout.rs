//! The fields of NotificationData (MS-OXCNOTIF 2.2.1.4.1.2), each in every kind of notification.

use std::collections::BTreeMap;

use crate::fields::{bytes_of, fields_of};
use crate::{COLUMNS, read, record, written};

/// A kind of notification, by what decides which fields it has.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub ty: u16,
    pub t: bool,
    pub u: bool,
    pub s: bool,
    pub m: bool,
    /// TableEventType.
    pub event: u16,
    /// TagCount.
    pub tags: u16,
    pub unicode: bool,
}

impl Kind {
    pub fn flags(self) -> u16 {
        let bit = |set: bool, bit: u16| if set { bit } else { 0 };
        self.ty | bit(self.t, 0x1000) | bit(self.u, 0x2000) | bit(self.s, 0x4000) | bit(self.m, 0x8000)
    }

    fn is(self, types: &[u16]) -> bool {
        types.contains(&self.ty)
    }

    fn row(self, events: &[u16]) -> bool {
        self.ty == 0x0100 && events.contains(&self.event)
    }
}

/// A field of the document.
pub struct Field {
    pub name: &'static str,
    /// Its bytes; 0 for what says itself how long it is.
    pub size: usize,
    /// When it is there.
    there: fn(Kind) -> bool,
    /// What says so: its size, its meaning, when it is there and when not.
    statements: &'static [&'static str],
}

/// The fields in the order of the document.
pub const FIELDS: &[Field] = &[
    Field { name: "NotificationFlags", size: 2, there: |_| true, statements: &["R137"] },
    Field {
        name: "TableEventType",
        size: 2,
        there: |kind| kind.is(&[0x0100]),
        statements: &["R139", "R124", "R12401", "R12402"],
    },
    Field {
        name: "TableRowFolderID",
        size: 8,
        there: |kind| kind.row(&[3, 4, 5]),
        statements: &["R140", "R141", "R142", "R14201", "R14202", "R14203", "R14204"],
    },
    Field {
        name: "TableRowMessageID",
        size: 8,
        there: |kind| kind.m && kind.row(&[3, 4, 5]),
        statements: &["R144", "R145", "R146", "R14601", "R14602", "R14603", "R14604"],
    },
    Field {
        name: "TableRowInstance",
        size: 4,
        there: |kind| kind.m && kind.row(&[3, 4, 5]),
        statements: &["R148", "R149", "R150", "R15001", "R15002", "R15003", "R15004"],
    },
    Field {
        name: "InsertAfterTableRowFolderID",
        size: 8,
        there: |kind| kind.row(&[3, 5]),
        statements: &["R152", "R153", "R154", "R15401", "R15402", "R15403"],
    },
    Field {
        name: "InsertAfterTableRowID",
        size: 8,
        there: |kind| kind.m && kind.row(&[3, 5]),
        statements: &["R156", "R157", "R158", "R15801", "R15802", "R15803"],
    },
    Field {
        name: "InsertAfterTableRowInstance",
        size: 4,
        there: |kind| kind.m && kind.row(&[3, 5]),
        statements: &["R160", "R161", "R161001", "R161002", "R161003", "R161004"],
    },
    Field {
        name: "TableRowDataSize",
        size: 2,
        there: |kind| kind.row(&[3, 5]),
        statements: &["R162", "R163", "R164", "R16401", "R16402", "R16403"],
    },
    Field {
        name: "TableRowData",
        size: 0,
        there: |kind| kind.row(&[3, 5]),
        statements: &["R166", "R167", "R16701", "R16702", "R16703"],
    },
    Field {
        name: "FolderId",
        size: 8,
        there: |kind| !kind.is(&[0x0100, 0x0400]),
        statements: &["R169", "R170", "R171", "R17101", "R17102", "R17103"],
    },
    Field {
        name: "MessageId",
        size: 8,
        there: |kind| kind.m && !kind.is(&[0x0100, 0x0400]),
        statements: &["R173", "R174", "R175", "R17501", "R17502", "R17503"],
    },
    Field {
        name: "ParentFolderId",
        size: 8,
        there: |kind| kind.s == kind.m && kind.is(&[0x0004, 0x0008, 0x0020, 0x0040]),
        statements: &["R177", "R178", "R179", "R17901", "R17902", "R17903", "R17904", "R17905"],
    },
    Field {
        name: "OldFolderId",
        size: 8,
        there: |kind| kind.is(&[0x0020, 0x0040]),
        statements: &["R181", "R182", "R183", "R18301", "R18302", "R18303"],
    },
    Field {
        name: "OldMessageId",
        size: 8,
        there: |kind| kind.m && kind.is(&[0x0020, 0x0040]),
        statements: &["R185", "R186", "R187", "R18701", "R18702", "R18703"],
    },
    Field {
        name: "OldParentFolderId",
        size: 8,
        there: |kind| !kind.m && kind.is(&[0x0020, 0x0040]),
        statements: &["R189", "R190", "R191", "R19101", "R19102", "R19103"],
    },
    Field {
        name: "TagCount",
        size: 2,
        there: |kind| kind.is(&[0x0004, 0x0010]),
        statements: &["R193", "R194", "R195", "R19501", "R19502", "R19503"],
    },
    Field {
        name: "Tags",
        size: 0,
        there: |kind| kind.is(&[0x0004, 0x0010]) && !matches!(kind.tags, 0 | 0xFFFF),
        statements: &["R202", "R203", "R20301", "R20302", "R20303"],
    },
    Field {
        name: "TotalMessageCount",
        size: 4,
        there: |kind| kind.t,
        statements: &["R205", "R206", "R207", "R20701", "R20702"],
    },
    Field {
        name: "UnreadMessageCount",
        size: 4,
        there: |kind| kind.u,
        statements: &["R209", "R210", "R211", "R21101", "R21102"],
    },
    Field {
        name: "MessageFlags",
        size: 4,
        there: |kind| kind.is(&[0x0002]),
        statements: &["R213", "R214", "R215", "R21501", "R21502"],
    },
    Field {
        name: "UnicodeFlag",
        size: 1,
        there: |kind| kind.is(&[0x0002]),
        statements: &["R217", "R221", "R22101", "R22102"],
    },
    Field {
        name: "MessageClass",
        size: 0,
        there: |kind| kind.is(&[0x0002]),
        statements: &["R223", "R226", "R22601", "R22602"],
    },
];

/// All kinds that a server may send.
pub fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for ty in [0x0002, 0x0004, 0x0008, 0x0010, 0x0020, 0x0040, 0x0080, 0x0100, 0x0400] {
        let events: &[u16] = if ty == 0x0100 { &[1, 3, 4, 5, 7] } else { &[0] };
        let tags: &[u16] = if matches!(ty, 0x0004 | 0x0010) { &[0, 1, 3, 0xFFFF] } else { &[0] };
        // T and U are for folders that were modified, S for messages.
        let counts: &[(bool, bool)] = match ty {
            0x0010 => &[(false, false), (true, false), (false, true), (true, true)],
            _ => &[(false, false)],
        };
        for &(t, u) in counts {
            for (s, m) in [(false, false), (false, true), (true, true)] {
                for &event in events {
                    for &tags in tags {
                        for unicode in [false, true] {
                            if !unicode || ty == 0x0002 {
                                kinds.push(Kind { ty, t, u, s, m, event, tags, unicode });
                            }
                        }
                    }
                }
            }
        }
    }
    kinds
}

/// Each field of a kind with its bytes, in the order of the document.
fn parts(kind: Kind) -> Vec<(&'static str, Vec<u8>)> {
    let fields = FIELDS.iter().filter(|field| (field.there)(kind)).enumerate();
    fields.map(|(at, field)| (field.name, bytes_of(field, kind, at))).collect()
}

#[test]
fn every_field_stands_where_the_document_says_and_only_there() {
    const TEST: &str = "every_field_stands_where_the_document_says_and_only_there";
    let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let kinds = kinds();
    assert_eq!(kinds.len(), 96);
    for kind in kinds {
        let parts = parts(kind);
        let bytes: Vec<u8> = parts.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        for columns in [Some(&COLUMNS[..]), None] {
            let data = read(&bytes, columns).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            // The value has these fields, each with its bytes, and no others.
            assert_eq!(fields_of(&data), parts, "{kind:?}");
            assert_eq!(written(&data, columns).unwrap(), bytes, "{kind:?}");
            assert_eq!(data.packed_size(), bytes.len(), "{kind:?}");
        }
        // Bytes that end inside a field are missed in this field, whichever of its bytes is the last.
        let mut start = 0;
        for (name, part) in &parts {
            for end in start..start + part.len() {
                let error = read(&bytes[..end], Some(&COLUMNS)).unwrap_err();
                let last = error.path();
                let last = last.rsplit('.').find(|segment| !matches!(*segment, "ValueArray[0]" | "Flag")).unwrap();
                let last = last.split('[').next().unwrap();
                assert_eq!(last, *name, "{kind:?} cut at {end}: {error}");
            }
            start += part.len();
        }
        for field in FIELDS {
            let (there, not) = seen.entry(field.name).or_default();
            *if (field.there)(kind) { there } else { not } += 1;
        }
    }
    for field in FIELDS {
        let (there, not) = seen[field.name];
        assert!(there > 0 && (not > 0 || field.name == "NotificationFlags"), "{}", field.name);
        record(TEST, field.statements);
    }
}
