//! Clients that others wrote, run against the server.
