//! server

#[cfg(feature = "transport")]
pub mod auth;
#[cfg(feature = "transport")]
pub mod autodiscover;
#[cfg(feature = "transport")]
pub mod config;
#[cfg(feature = "transport")]
pub mod tls;
#[cfg(feature = "transport")]
pub mod transport;
pub mod engine;
pub mod rop;
pub mod store;
#[cfg(feature = "import")]
pub mod import;
#[cfg(feature = "import")]
pub mod sample;
#[cfg(all(feature = "transport", feature = "sqlite", feature = "import"))]
pub mod start;
