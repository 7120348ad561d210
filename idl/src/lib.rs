//! The Exchange client protocols, generated from the descriptions beside this crate's manifest.

pub mod oxcdata;
pub mod oxcfold;
pub mod oxcmapihttp;
pub mod oxcmsg;
pub mod oxcprpt;
pub mod oxcrops;
pub mod oxcrpc;
pub mod oxcstor;
pub mod oxctabl;
pub mod oxprops;
pub mod rops;
