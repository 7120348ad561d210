//! Clients that others wrote, run against the server.
//!
//! | module | what it has |
//! |---|---|
//! | [`server`] | the server as a process of its own, with a data directory |
//! | [`account`] | finding and opening a sample mailbox with mapi-client |
//! | [`capture`] | every request and response that a client sent and got |
//! | [`sample`] | what the sample mailbox has to contain, read from the files it is made of |

pub mod account;
pub mod capture;
pub mod sample;
pub mod server;
