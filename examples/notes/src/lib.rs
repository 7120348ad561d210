//! A service that keeps notes: its interface is described in `idl`, everything about bytes is generated.
//!
//! The transport is left open: [`Client`] calls whatever carries a request to [`wire::notes::dispatch`] and its answer back.

/// Generated from `idl/notes.idl` and what it imports.
pub mod wire {
    include!(concat!(env!("OUT_DIR"), "/ropc.rs"));
}

use runtime::Utf16;
use runtime::ndr::{Fault, FaultStatus, Representation};

use wire::note::Note;
use wire::notes::{Entries, Entry, ListRequest, ListResponse, NotesServer, PutRequest, PutResponse};

/// The service: notes in memory.
#[derive(Debug, Default)]
pub struct Notebook {
    notes: Vec<Note<'static>>,
}

impl NotesServer for Notebook {
    fn put(&mut self, request: &PutRequest<'_>) -> Result<PutResponse, Fault> {
        // The bytes of the call are checked already; what is inside them is the operation's own.
        let note = request.unpack_data().map_err(|_| Fault::new(FaultStatus::ACCESS_DENIED))?;
        self.notes.push(note.into_owned());
        let number = u32::try_from(self.notes.len()).map_err(|_| Fault::new(FaultStatus::ACCESS_DENIED))?;
        Ok(PutResponse { number })
    }

    fn list<'a>(&mut self, request: &ListRequest<'a>) -> Result<ListResponse<'a>, Fault> {
        let prefix = request.prefix.to_string();
        let entries = (1..).zip(&self.notes).filter(|(_, note)| note.title.to_string().starts_with(&prefix));
        let entries = entries.map(|(number, note)| Entry { number, title: note.title.clone() });
        let entries: Vec<Entry<'_>> = entries.take(1_000).collect();
        let count = u32::try_from(entries.len()).map_err(|_| Fault::new(FaultStatus::ACCESS_DENIED))?;
        Ok(ListResponse { entries: Entries { count, entries } })
    }
}

/// Calls of the service over something that carries them: the number of an operation and its stub data there, the stub
/// data of the response back.
pub struct Client<T> {
    transport: T,
    representation: Representation,
}

impl<T: FnMut(Representation, u16, &[u8]) -> Result<Vec<u8>, Fault>> Client<T> {
    /// A client that speaks this representation.
    pub fn new(representation: Representation, transport: T) -> Self {
        Self { transport, representation }
    }

    /// Keeps a note; gives its number.
    ///
    /// # Errors
    /// The server's fault, or a note or response that is malformed.
    pub fn put(&mut self, note: &Note<'_>) -> Result<u32, Fault> {
        let request = PutRequest { data: PutRequest::pack_data(note)? };
        let stub = self.call(PutRequest::OPNUM, &request.encode(self.representation)?)?;
        Ok(PutResponse::decode(&stub, self.representation)?.number)
    }

    /// Numbers and titles of the notes whose title begins with a text.
    ///
    /// # Errors
    /// The server's fault, or a response that is malformed.
    pub fn list(&mut self, prefix: &str) -> Result<Vec<(u32, String)>, Fault> {
        let request = ListRequest { prefix: Utf16::from(prefix) };
        let stub = self.call(ListRequest::OPNUM, &request.encode(self.representation)?)?;
        let response = ListResponse::decode(&stub, self.representation)?;
        Ok(response.entries.entries.into_iter().map(|entry| (entry.number, entry.title.to_string())).collect())
    }

    fn call(&mut self, opnum: u16, stub: &[u8]) -> Result<Vec<u8>, Fault> {
        (self.transport)(self.representation, opnum, stub)
    }
}
