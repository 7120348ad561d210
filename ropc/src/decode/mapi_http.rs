//! Bodies of MAPI over HTTP (MS-OXCMAPIHTTP 2.2): what stands before a reply, the body itself, and the
//! extended buffers in it with their ROP buffers (MS-OXCRPC 2.2.2.1).

use ropc::model::{Request, StructDef, TypeKind};
use runtime::Cursor;

use super::conversation::Requests;
use super::rops::Decoder;
use super::tree::{Decoded, Fault, Node, Value};

/// The field with the ROP buffers of an Execute request or reply.
const ROP_BUFFER: &str = "RopBuffer";
/// The field with auxiliary data at the end of every body, and the structure of its payloads.
const AUXILIARY_BUFFER: &str = "AuxiliaryBuffer";
/// The field of an extended buffer with what its header is about.
const PAYLOAD: &str = "Payload";
/// The structure of a whole response, its field with headers, and the one with the body.
const COMMON_RESPONSE: &str = "CommonResponse";
const ADDITIONAL_HEADERS: &str = "AdditionalHeaders";
const RESPONSE_BODY: &str = "ResponseBody";
/// The first meta-tags that a reply may begin with (MS-OXCMAPIHTTP 2.2.7).
const META_TAGS: [&[u8]; 3] = [b"PROCESSING", b"PENDING", b"DONE"];

/// What ROP buffers of an exchange hold.
pub(super) enum Side<'r, 'p> {
    Requests(&'r mut Requests<'p>),
    Replies(&'r mut Requests<'p>),
}

impl<'p> Decoder<'p> {
    /// Reads the body of a request; the requests of its ROP buffer, if it has one.
    pub fn http_request(&mut self, request: &'p Request, bytes: &[u8]) -> (Decoded, Requests<'p>) {
        let mut requests = Requests::default();
        let decoded = self.buffer(&format!("{} request", request.key), bytes, |this, c, root| {
            this.http_body(c, &request.request, bytes, root, &mut Side::Requests(&mut requests))
        });
        (decoded, requests)
    }

    /// Reads a whole response: meta-tags and headers where they are there, then the body of the request type.
    pub fn http_response(&mut self, request: &'p Request, bytes: &[u8], requests: &mut Requests<'p>) -> Decoded {
        self.buffer(&format!("{} response", request.key), bytes, |this, c, root| {
            let code = if META_TAGS.iter().any(|tag| bytes.starts_with(tag)) { this.head(c, root)? } else { None };
            if code.is_some_and(|code| code != "0") {
                // Without success there is no body of the request type (MS-OXCMAPIHTTP 3.2.5).
                let rest = Node::leaf("Body", c.offset(), c.remaining(), Value::Bytes);
                c.take_rest();
                root.children.push(rest);
                return Ok(());
            }
            let Some(def) = response_body(request, c.peek()) else { return Ok(()) };
            this.http_body(c, def, bytes, root, &mut Side::Replies(requests))
        })
    }

    /// A structure that bodies have without a field that says so.
    pub(super) fn structure(&self, name: &str, c: &Cursor<'_>) -> Result<&'p StructDef, Fault> {
        let described = self.program().types.iter().find(|def| def.name == name);
        match described.map(|def| &def.kind) {
            Some(TypeKind::Struct(def)) => Ok(def),
            _ => Err(self.interpreter.missing(c.offset(), name)),
        }
    }

    /// What stands before the body, by its description; answers the value of X-ResponseCode.
    fn head(&mut self, c: &mut Cursor<'_>, root: &mut Node) -> Result<Option<String>, Fault> {
        let def = self.structure(COMMON_RESPONSE, c)?;
        let mut response = Node::new(COMMON_RESPONSE, c.offset());
        let mut whole = c.clone();
        let result = self.interpreter.body(&mut whole, def, Vec::new(), &mut response);
        let mut code = None;
        for field in response.children.iter_mut().filter(|field| field.name != RESPONSE_BODY) {
            let headers = field.name == ADDITIONAL_HEADERS;
            for line in std::mem::take(&mut field.children) {
                let Some(Value::Text(text)) = &line.value else { continue };
                let (name, value) = header(text);
                if name.eq_ignore_ascii_case("X-ResponseCode") {
                    code = Some(value.to_owned());
                }
                c.take(line.size).map_err(|error| self.interpreter.refused(&error))?;
                root.children.push(match text.as_str() {
                    "" if headers => Node::leaf("EndOfHeaders", line.offset, line.size, Value::Bytes),
                    _ => Node::leaf(name, line.offset, line.size, Value::Text(value.to_owned())),
                });
            }
        }
        result.map(|_| code)
    }

    fn http_body(
        &mut self,
        c: &mut Cursor<'_>,
        def: &'p StructDef,
        bytes: &[u8],
        root: &mut Node,
        side: &mut Side<'_, 'p>,
    ) -> Result<(), Fault> {
        let before = root.children.len();
        self.interpreter.body(c, def, Vec::new(), root)?;
        let fields = root.children.get_mut(before..).unwrap_or_default();
        for field in fields.iter_mut().filter(|field| field.size > 0) {
            let content = field.bytes(bytes);
            match field.name.as_str() {
                ROP_BUFFER => self.chain(ROP_BUFFER, content, field, Some(side))?,
                AUXILIARY_BUFFER => self.chain(AUXILIARY_BUFFER, content, field, None)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Payloads behind their headers, up to the one with the flag Last; ROP buffers in them by what the conversation
    /// has set.
    pub(super) fn chain(
        &mut self,
        name: &'p str,
        content: &[u8],
        field: &mut Node,
        mut side: Option<&mut Side<'_, 'p>>,
    ) -> Result<(), Fault> {
        let structure = match side {
            Some(Side::Replies(_)) => "RopOutputBuffers",
            // Auxiliary buffers are of the same shape.
            Some(Side::Requests(_)) | None => "RopInputBuffers",
        };
        let mut c = Cursor::at_offset(content, field.offset);
        let def = self.structure(structure, &c)?;
        let mut whole = Node::new(structure, field.offset);
        let result = self.interpreter.inside(name, |this| this.body(&mut c, def, Vec::new(), &mut whole));
        field.value = None;
        // The list of payloads is all that there is.
        field.children = whole.children.into_iter().flat_map(|list| list.children).collect();
        let sound = if result.is_ok() { field.children.len() } else { field.children.len().saturating_sub(1) };
        for (index, node) in field.children.iter_mut().enumerate().take(sound) {
            let Some(payload) = node.children.iter_mut().find(|child| child.name == PAYLOAD) else { continue };
            let start = payload.offset.saturating_sub(field.offset);
            let plain = match payload.payload.take() {
                Some(plain) => plain,
                None => content.get(start..start.saturating_add(payload.size)).unwrap_or_default().to_vec(),
            };
            let decoded = match side.as_deref_mut() {
                Some(Side::Requests(requests)) => self.buffer("RopInputBuffer", &plain, |this, c, root| {
                    **requests = this.input(c, root)?;
                    Ok(())
                }),
                Some(Side::Replies(requests)) => {
                    self.buffer("RopOutputBuffer", &plain, |this, c, root| this.output(c, root, requests))
                }
                None => self.buffer("AuxiliaryData", &plain, |this, c, root| {
                    let def = this.structure(AUXILIARY_BUFFER, c)?;
                    this.interpreter.body(c, def, Vec::new(), root).map(|_| ())
                }),
            };
            // It takes these bytes in the buffer outside.
            *payload = Node { offset: payload.offset, size: payload.size, ..decoded.root };
            if let Some(fault) = decoded.fault {
                let path = format!("{name}[{index}].{}", fault.path).trim_end_matches('.').to_owned();
                return Err(Fault { path, ..fault });
            }
        }
        result.map_err(|fault| Fault { path: fault.path.replacen(".Payloads[", "[", 1), ..fault })?;
        self.interpreter.inside(name, |this| this.used_up(&c))
    }
}

/// A line as a header, or as a meta-tag where it is none.
fn header(line: &str) -> (&str, &str) {
    // What is shown as a name has only characters of one.
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match line.split_once(':') {
        Some((name, value)) if is_name(name) => (name, value.trim_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r'])),
        _ => ("MetaTag", line),
    }
}

/// The structure of a response: that of success when its status is 0.
fn response_body<'p>(request: &'p Request, bytes: &[u8]) -> Option<&'p StructDef> {
    let status = Cursor::new(bytes).u32().unwrap_or(0);
    match &request.failure {
        Some(failure) if request.status.is_some() && status != 0 => Some(failure),
        _ => Some(&request.success),
    }
}
