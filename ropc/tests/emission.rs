//! What the compiler makes of small descriptions, whole: a change of the output shows as a diff.

#![allow(missing_docs, clippy::unwrap_used)]

use ropc::compile;
use ropc::parse;
use ropc::source::Sources;

/// The generated files of one description, one after the other.
fn emitted(text: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add("small.idl", text);
    let (file, found) = parse::parse(source, text);
    let compiled = compile::compile(&[(source, file)]);
    let messages: Vec<&str> = found.iter().chain(&compiled.diagnostics).map(|d| d.message.as_str()).collect();
    assert!(messages.is_empty(), "{messages:?}");
    let outputs = compile::emit(&sources, &compiled).unwrap();
    outputs.iter().filter(|o| o.path != "lib.rs").map(|o| format!("==== {}\n{}", o.path, o.text)).collect()
}

#[test]
fn derives_counts_sizes_and_presence() {
    insta::assert_snapshot!(emitted(
        r#"
        [encoding(mapi), spec("MS-EXAMPLE")] interface small {
            /// Says which fields follow.
            bits Flags : uint8 { Named @0; Kind : 2 @1; reserved zero; }
            [spec("MS-EXAMPLE 2.1")]
            struct Entry {
                Flags   Flags;
                uint16  Count = count(Values);
                uint32  Values[Count];
                if (Flags.Named) { utf16 Name; }
                uint8   Size = sizeof(Data);
                bytes   Data[Size];
            }
        }"#
    ));
}

#[test]
fn makes_an_enum_of_a_match() {
    insta::assert_snapshot!(emitted(
        r"
        [encoding(mapi)] interface small {
            enum Kind : uint8 { Number = 1, Text = 2 }
            [max_recursion(8)]
            struct Tree {
                Kind Kind;
                match (Kind) {
                    Number => { uint32 Value; }
                    Text   => { string8 Value; }
                    Branch: else => { uint8 Count = count(Children); Tree Children[Count]; }
                }
            }
        }"
    ));
}

#[test]
fn dispatches_a_rop_with_state() {
    insta::assert_snapshot!(emitted(
        r"
        [encoding(mapi)] interface small {
            enum ErrorCode : uint32 { ecNone = 0, ecError = 0x80004005, ecNullObject = 0x4B9, ecInvalidObject = 0x80040108,
                ecAccessDenied = 0x80070005, ecNotSupported = 0x80040102, ecBufferTooSmall = 0x47D,
                ecInvalidParam = 0x80070057, ecMaxObjsExceeded = 0x4DE }
            object Table { state uint32 Columns[] = unset; }
            /// Sets the columns.
            rop RopSetColumns = 0x12 {
                request { input handle<Table> Table; uint16 Count = count(Columns); uint32 Columns[Count]; }
                success {}
                effect on success Table.Columns = request.Columns;
                effect on failure Table.Columns = unset;
            }
        }"
    ));
}

#[test]
fn measures_the_whole_structure() {
    insta::assert_snapshot!(emitted(
        r"
        [encoding(mapi)] interface small {
            struct Block {
                uint16 Size = sizeof(this);
                uint8  Type;
                require Size >= 3;
                sized(Size - 3) bytes Data[rest];
            }
        }"
    ));
}

#[test]
fn puts_texts_behind_the_fixed_part() {
    insta::assert_snapshot!(emitted(
        r"
        [encoding(mapi)] interface small {
            [relative_base]
            struct Block {
                uint16 Size = sizeof(this);
                [relative_short] utf16 *Machine;
                uint16 AddressSize = sizeof(Address);
                uint32 OffsetOfAddress;
                uint16 Mode;
                [offset_at(OffsetOfAddress)] bytes *Address[AddressSize];
            }
        }"
    ));
}

#[test]
fn passes_a_wire_form_on() {
    insta::assert_snapshot!(emitted(
        r#"
        [encoding(mapi)] interface small {
            /// Where it is written.
            form WireForm {
                /// In a buffer.
                rop,
                rule,
                extended
            }
            type Count<WireForm F> = match (F) { rop | rule => uint16; else => uint32; };
            enum Kind : uint8 { Move = 1, Copy = 2, Tag = 3 }
            [max_recursion(8)]
            struct Action<WireForm F> {
                Kind Kind;
                match (Kind, F) Data {
                    Extended: (Move | Copy, extended) => { bytes(count Count<F> bytes) Folder; }
                    (Move | Copy, else) => { uint64 Folder; }
                    (Tag, _) => { Count<F> ActionCount = count(Actions); Action<F> Actions[ActionCount]; }
                }
            }
            struct Actions {
                Count<extended> Size = sizeof(First);
                sized(Size) Action<extended> First;
                Marked<rop> Second;
            }
            struct Marked<WireForm F> {
                Count<F> Mark;
                if (F == rule) { uint8 OfRule; }
            }
        }"#
    ));
}

#[test]
fn looks_up_state_behind_a_handle_value_and_falls_back_to_bytes() {
    insta::assert_snapshot!(emitted(
        r"
        [encoding(mapi)] interface small {
            object Subscription {}
            object Table { state uint16 Columns[] = unset; state uint8 Level = 0; }
            struct Row(uint16 Columns[], uint8 Level) { uint8 Values[count(Columns)]; if (Level > 1) { uint8 More; } }
            struct Change(uint16 Columns[] or unset, uint8 Level or unset) {
                uint16 Size = sizeof(Data);
                /// The row.
                sized(Size) Row(Columns, Level) Data or bytes;
            }
            struct Whole(uint16 Columns[]) { Change(Columns, 3) Change; }
            /// Opens a table.
            rop RopOpen = 0x05 { request { input handle<Subscription> From; output handle<Table> Table; } success {} }
            rop RopNotify = 0x2A {
                unsolicited reply [header(none)] {
                    uint8 LogonId;
                    handle_value<Subscription | Table> NotificationHandle;
                    Change(NotificationHandle.Columns, NotificationHandle.Level) Change;
                }
            }
        }"
    ));
}

#[test]
fn reads_replies_in_place_of_others() {
    insta::assert_snapshot!(emitted(
        r#"
        [encoding(mapi)] interface small {
            object Folder {}
            [unserved("nothing goes on")]
            rop RopProgress = 0x50 { request { input handle<Folder> Folder; } success { uint32 TotalTaskCount; } }
            [unserved("nothing is deleted"), asynchronous(RopProgress)]
            rop RopEmptyFolder = 0x58 { request { input handle<Folder> Folder; } success { bool8 PartialCompletion; } }
            [unserved("nothing is copied"), asynchronous(RopProgress)]
            rop RopCopy = 0x59 { request { input handle<Folder> Folder; } success {} }
        }"#
    ));
}
