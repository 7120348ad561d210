//! An Exchange-compatible server on generated code: the engine of sessions and batches, handlers, storage, transports.

pub mod address_book;
#[cfg(feature = "transport")]
pub mod auth;
#[cfg(feature = "transport")]
pub mod autodiscover;
#[cfg(feature = "transport")]
pub mod config;
pub mod engine;
#[cfg(feature = "sqlite")]
pub mod export;
#[cfg(feature = "bearer")]
pub mod fetch;
#[cfg(feature = "import")]
pub mod import;
pub mod rop;
#[cfg(feature = "import")]
pub mod sample;
#[cfg(all(feature = "transport", feature = "sqlite", feature = "import"))]
pub mod start;
pub mod store;
#[cfg(feature = "transport")]
pub mod tls;
#[cfg(feature = "transport")]
pub mod transport;
