//! The engine: bytes in, bytes out, without sockets.

pub mod endpoint;
