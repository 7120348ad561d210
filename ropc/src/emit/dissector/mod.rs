//! Meaning to a dissector for Wireshark: the description as Lua tables, and a runtime in Lua that reads by them.
//!
//! The runtime does what `ropc decode` does; the tables hold what differs from one description to another. What is
//! not known here (a construct of the language that nothing emits yet) becomes `Later`, which the runtime
//! shows as bytes with a note.

mod bodies;
mod calls;
mod exprs;
mod fields;
mod operations;
mod streams;
mod text;
mod types;

use super::file;
use crate::model::Program;
use crate::ndr::model::Interface;
use fields::Fields;

/// The modules of the runtime in the order of their use, each a file that returns a table.
const MODULES: [(&str, &str); 16] = [
    ("bytes", include_str!("lua/bytes.lua")),
    ("numbers", include_str!("lua/numbers.lua")),
    ("texts", include_str!("lua/texts.lua")),
    ("names", include_str!("lua/names.lua")),
    ("expressions", include_str!("lua/expressions.lua")),
    ("primitives", include_str!("lua/primitives.lua")),
    ("lz77", include_str!("lua/lz77.lua")),
    ("transforms", include_str!("lua/transforms.lua")),
    ("structures", include_str!("lua/structures.lua")),
    ("streams", include_str!("lua/streams.lua")),
    ("words", include_str!("lua/words.lua")),
    ("pieces", include_str!("lua/pieces.lua")),
    ("rops", include_str!("lua/rops.lua")),
    ("mapi_http", include_str!("lua/mapi_http.lua")),
    ("rpc", include_str!("lua/rpc.lua")),
    ("conversations", include_str!("lua/conversations.lua")),
];

/// What the tables are made with, and what puts the modules into Wireshark.
const PRELUDE: &str = include_str!("lua/prelude.lua");
const WIRESHARK: &str = include_str!("lua/wireshark.lua");

/// A whole dissector: one file of Lua 5.2 or later. `sources` are the texts of the descriptions, for the header.
#[must_use]
pub fn emit<'i>(program: &Program, interfaces: impl Iterator<Item = &'i Interface>, sources: &str) -> String {
    let mut fields = Fields::default();
    let mut tables = types::tables(program, &mut fields);
    tables.push_str(&streams::tables(program, &mut fields));
    tables.push_str(&operations::tables(program, &mut fields));
    tables.push_str(&calls::tables(interfaces, &mut fields));
    let mut out = file::header("all descriptions", sources).replace("//", "--");
    out.push_str(
        "-- Dissector for MAPI over HTTP and over RPC. Wireshark: into the folder of personal Lua plugins, or\n",
    );
    out.push_str("-- tshark -X lua_script:FILE\n\n");
    out.push_str(&module("description", &format!("{PRELUDE}{}{tables}return description\n", fields.table())));
    for (name, text) in MODULES {
        out.push_str(&module(name, text));
    }
    out.push_str(WIRESHARK);
    out
}

/// A file as a module: what it declares is its own.
fn module(name: &str, text: &str) -> String {
    format!("local {name} = (function()\n{text}end)()\n\n")
}
