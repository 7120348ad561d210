//! The property tags of MS-OXPROPS, and the bits of PidTagMessageFlags.

pub use protocol::oxprops::*;

/// Bits of PidTagMessageFlags (MS-OXCMSG 2.2.1.6).
pub mod message_flags {
    /// mfRead: the message has been read.
    pub const READ: u32 = 0x0001;
    /// mfUnmodified: not changed since it was first saved or delivered.
    pub const UNMODIFIED: u32 = 0x0002;
    /// mfSubmitted: marked for sending.
    pub const SUBMITTED: u32 = 0x0004;
    /// mfUnsent: still being composed.
    pub const UNSENT: u32 = 0x0008;
    /// mfHasAttach: at least one attachment.
    pub const HAS_ATTACH: u32 = 0x0010;
    /// mfFromMe: the receiver sent it.
    pub const FROM_ME: u32 = 0x0020;
    /// mfFAI: a folder associated information message.
    pub const FAI: u32 = 0x0040;
    /// mfEverRead: was read at some time.
    pub const EVER_READ: u32 = 0x0400;
}
