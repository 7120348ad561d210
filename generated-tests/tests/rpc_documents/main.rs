//! Interfaces and PDUs of RPC held against their documents, by bytes worked out from these, and against programs that others wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

macro_rules! generated {
    ($($name:ident $path:literal;)*) => {
        $(
            #[rustfmt::skip]
            #[allow(dead_code)]
            #[path = $path]
            mod $name;
        )*
    };
}

generated! {
    dcerpc "../generated/dcerpc.rs";
    epmapper "../generated/epmapper.rs";
    mgmt "../generated/mgmt.rs";
    nspi "../generated/nspi.rs";
    rfr "../generated/rfr.rs";
}

mod address_book;
mod impacket;
mod peers;
mod rts;
mod wireshark;
