//! The Autodiscover request (MS-OXDSCLI 2.2.3): which mailbox, and in which schema the answer is wanted.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// The response schema that this server answers in (MS-OXDSCLI 2.2.3.1.1.1).
pub const RESPONSE_SCHEMA: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Elements within elements, at most.
const MAX_DEPTH: usize = 8;
/// The longest text of an element, in bytes.
const MAX_TEXT: usize = 1024;

/// What a request asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AutodiscoverRequest {
    /// EMailAddress.
    pub email_address: Option<String>,
    /// LegacyDN.
    pub legacy_dn: Option<String>,
}

/// Why a request is not answered with settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is no Autodiscover request.
    #[error("invalid request: {0}")]
    Invalid(&'static str),
    /// It wants an answer in another schema.
    #[error("the response schema is not supported")]
    Schema,
}

impl AutodiscoverRequest {
    /// Reads a request, UTF-8 XML of a size that the caller has bounded.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let text = std::str::from_utf8(body).map_err(|_| RequestError::Invalid("not UTF-8"))?;
        let fields = Fields::read(text.trim_start_matches('\u{feff}')).map_err(RequestError::Invalid)?;
        let schema = fields.schema.ok_or(RequestError::Invalid("no AcceptableResponseSchema"))?;
        if schema != RESPONSE_SCHEMA {
            return Err(RequestError::Schema);
        }
        let request = Self { email_address: fields.email_address, legacy_dn: fields.legacy_dn };
        if request == Self::default() {
            return Err(RequestError::Invalid("neither EMailAddress nor LegacyDN"));
        }
        Ok(request)
    }
}

#[derive(Default)]
struct Fields {
    email_address: Option<String>,
    legacy_dn: Option<String>,
    schema: Option<String>,
}

impl Fields {
    /// Walks the document, keeping the local names of the open elements and the text of the innermost.
    fn read(xml: &str) -> Result<Self, &'static str> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().expand_empty_elements = true;
        let mut fields = Self::default();
        let mut path: Vec<String> = Vec::new();
        let mut text = String::new();
        let mut closed = false;
        loop {
            let piece = match reader.read_event().map_err(|_| "not well-formed")? {
                Event::Start(element) => {
                    if path.len() >= MAX_DEPTH || (path.is_empty() && closed) {
                        return Err("too many elements");
                    }
                    let name = element.local_name();
                    path.push(std::str::from_utf8(name.as_ref()).map_err(|_| "not UTF-8")?.to_owned());
                    text.clear();
                    continue;
                }
                Event::End(_) => {
                    fields.keep(&path, text.trim())?;
                    text.clear();
                    path.pop();
                    closed = true;
                    continue;
                }
                Event::Text(piece) => piece.decode().map_err(|_| "not UTF-8")?.into_owned(),
                Event::CData(piece) => piece.decode().map_err(|_| "not UTF-8")?.into_owned(),
                Event::GeneralRef(reference) => resolve(&reference)?.to_string(),
                Event::DocType(_) => return Err("a document type declaration"),
                // Empty elements have come as a start and an end.
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => continue,
                Event::Eof if path.is_empty() && closed => return Ok(fields),
                Event::Eof => return Err("not well-formed"),
            };
            if text.len().saturating_add(piece.len()) > MAX_TEXT {
                return Err("an element with too much text");
            }
            text.push_str(&piece);
        }
    }

    fn keep(&mut self, path: &[String], text: &str) -> Result<(), &'static str> {
        let [root, request, name] = path else {
            return Ok(());
        };
        if root != "Autodiscover" || request != "Request" {
            return Ok(());
        }
        let slot = match name.as_str() {
            "EMailAddress" => &mut self.email_address,
            "LegacyDN" => &mut self.legacy_dn,
            "AcceptableResponseSchema" => &mut self.schema,
            _ => return Ok(()),
        };
        if slot.is_some() {
            return Err("an element given twice");
        }
        if !text.is_empty() {
            *slot = Some(text.to_owned());
        }
        Ok(())
    }
}

/// A character reference or one of the five entities that every document has; there are no others.
fn resolve(reference: &BytesRef<'_>) -> Result<char, &'static str> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| "a broken character reference")? {
        return Ok(character);
    }
    match &**reference {
        b"amp" => Ok('&'),
        b"lt" => Ok('<'),
        b"gt" => Ok('>'),
        b"quot" => Ok('"'),
        b"apos" => Ok('\''),
        _ => Err("an entity"),
    }
}
