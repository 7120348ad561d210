//! The command: arguments and files in, text out.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ropc::driver::Checked;
use runtime::ndr::Representation;

use super::datum;
use super::rops::Decoder;
use super::rpc::{Call, Interfaces, Named};
use super::target::{Target, similar};
use super::text::Style;
use super::tree::Decoded;
use super::{capture, dump, input, json, pdus, script, text};

const EXAMPLES: &str = "\
Examples:
  ropc decode SortOrder --hex '1F 00 37 00 01'
  ropc decode PropertyRow --param Columns=PidTagSubject --hex '00 48 00 69 00 00 00'
  ropc decode FastTransfer --param root=messageList --hex '03 00 0C 40 03 00 0D 40'
  ropc decode RopRelease --format json --hex '01 00 00'
  ropc decode rops --request '0500 010000 07000000'
  ropc decode mapihttp Disconnect --response '00 00 00 00 00 00 00 00 00 00 00 00'
  ropc decode rpc emsmdb.EcDoDisconnect out '00000000 00000000000000000000000000000000 00000000'
  ropc decode capture docs/session.pcap --format hex

Bytes are binary, hexadecimal, or a hex dump of xxd, hexdump or Wireshark.";

/// What to decode.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    value: ValueArguments,
    /// Directory with the descriptions.
    #[arg(long, default_value = "idl", global = true)]
    pub idl: PathBuf,
    /// How the tree is written.
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    format: Format,
    /// Whether text is in colours; by itself on a terminal, unless NO_COLOR is set.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    color: Color,
    #[command(subcommand)]
    what: Option<What>,
}

/// Bytes of one value.
#[derive(Args)]
struct ValueArguments {
    /// A structure (`SortOrder`) or number (`PropertyTag`), a ROP (`RopSetColumns`), its reply (`RopSetColumnsReply`), a body (`ConnectRequest`), a stream (`FastTransfer`).
    #[arg(value_name = "TYPE")]
    target: Option<String>,
    /// A file with the bytes, binary or in hexadecimal; standard input without it or for `-`.
    file: Option<String>,
    /// The bytes themselves.
    #[arg(long, value_name = "BYTES", conflicts_with = "file")]
    hex: Option<String>,
    /// What the bytes depend on: `Columns=0x0037001F,0x0E06001E`.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
}

#[derive(Subcommand)]
enum What {
    /// ROP buffers with their handle tables.
    Rops {
        /// A ROP input buffer: hexadecimal, a file, or `-`.
        #[arg(long, value_name = "BYTES")]
        request: Option<String>,
        /// The ROP output buffer that answers it.
        #[arg(long, value_name = "BYTES")]
        reply: Option<String>,
    },
    /// Bodies of MAPI over HTTP, or whole HTTP messages with them.
    Mapihttp {
        /// The X-RequestType header: Connect, Execute, ..; not needed where a message has it.
        request_type: Option<String>,
        /// The body of the request: hexadecimal, a file, or `-`.
        #[arg(long, value_name = "BYTES")]
        request: Option<String>,
        /// The body of the response, meta-tags and additional headers included.
        #[arg(long, value_name = "BYTES")]
        response: Option<String>,
    },
    /// Stub data of RPC: the request or the response of an operation, or a value of a type.
    Rpc {
        /// `emsmdb.EcDoRpcExt2`, `nspi.PropertyValue_r`; the interface may be left out.
        name: String,
        /// `in` for the request of an operation, `out` for its response; nothing for a type.
        direction: Option<String>,
        /// The bytes: hexadecimal, a file, or `-`.
        bytes: Option<String>,
        /// The request that a response answers.
        #[arg(long, value_name = "BYTES")]
        request: Option<String>,
        /// The transfer syntax.
        #[arg(long, value_enum, default_value_t = Syntax::Ndr)]
        syntax: Syntax,
        /// NDR 2.0 with the most significant byte first.
        #[arg(long)]
        big_endian: bool,
    },
    /// PDUs of RPC on a connection, RTS PDUs among them, with the calls in them.
    Pdus {
        /// What the client sent: hexadecimal, a file, or `-`.
        #[arg(long, value_name = "BYTES")]
        client: Option<String>,
        /// What the server sent.
        #[arg(long, value_name = "BYTES")]
        server: Option<String>,
    },
    /// Exchanges in their order, one a line: `rops REQUEST REPLY`, `mapihttp TYPE REQUEST RESPONSE`.
    Conversation {
        /// The file; standard input without it or for `-`.
        file: Option<String>,
    },
    /// MAPI over HTTP in clear, from captured network traffic: pcap or pcapng.
    Capture {
        /// The file; standard input without it or for `-`.
        file: Option<String>,
    },
    /// Values, one a line: `TYPE[;PARAM=VALUE] BYTES`, `rops REQUEST REPLY`. Answers each with `ok` or `error`.
    Lines {
        /// The file; standard input without it or for `-`.
        file: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A tree with offsets, bytes and meanings; in colours on a terminal.
    Text,
    /// One JSON object a buffer and line.
    Json,
    /// A hex dump that says beside each line what the bytes are.
    Hex,
}

/// A direction of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// The request.
    In,
    /// The response.
    Out,
}

/// A transfer syntax.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Syntax {
    /// NDR 2.0.
    Ndr,
    /// NDR64.
    Ndr64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    /// On a terminal.
    Auto,
    /// Also where it is written to a file or another program.
    Always,
    /// Never.
    Never,
}

impl Color {
    fn is_on(self) -> bool {
        let refused = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => std::io::stdout().is_terminal() && !refused(),
        }
    }
}

/// Decodes; false where bytes were wrong.
///
/// # Errors
/// When the command makes no sense or a file cannot be read; the text says why.
pub fn run(arguments: &Arguments, checked: &Checked) -> Result<bool, String> {
    let mut decoder = Decoder::new(&checked.compiled.program);
    let print = Printer { format: arguments.format, style: Style { coloured: arguments.color.is_on() } };
    match &arguments.what {
        None => Ok(print.all(&[value(&mut decoder, &arguments.value)?])),
        Some(What::Rops { request, reply }) => {
            let (request, reply) = both(request.as_deref(), reply.as_deref(), "--request or --reply")?;
            Ok(print.all(&script::rops(&mut decoder, request.as_deref(), reply.as_deref())))
        }
        Some(What::Mapihttp { request_type, request, response }) => {
            let (request, response) = both(request.as_deref(), response.as_deref(), "--request or --response")?;
            let ((of_request, request), (of_response, response)) = (body(request), body(response));
            let key = request_type.clone().or(of_request).or(of_response);
            let key = key.ok_or("say the request type: Connect, Execute, ..")?;
            let decoded = script::mapi_http(&mut decoder, &key, request.as_deref(), response.as_deref())?;
            Ok(print.all(&decoded))
        }
        Some(What::Rpc { name, direction, bytes, request, syntax, big_endian }) => {
            let representation = match (syntax, big_endian) {
                (Syntax::Ndr, false) => Representation::NDR,
                (Syntax::Ndr, true) => Representation::NDR_BIG_ENDIAN,
                (Syntax::Ndr64, false) => Representation::NDR64,
                (Syntax::Ndr64, true) => return Err("NDR64 is little-endian always (MS-RPCE 2.2.5)".to_owned()),
            };
            let request = request.as_deref().map(given).transpose()?;
            let (direction, bytes) = match (direction.as_deref(), bytes.as_deref()) {
                (Some("in"), bytes) => (Some(Direction::In), bytes),
                (Some("out"), bytes) => (Some(Direction::Out), bytes),
                (bytes, None) => (None, bytes),
                (Some(other), Some(_)) => return Err(format!("`{other}`: expected `in` or `out`")),
                (None, bytes) => (None, bytes),
            };
            let what = Stub { name, representation, direction, request };
            let bytes = match bytes {
                None => read(None)?,
                // No bytes: some requests have none.
                Some("") => Vec::new(),
                Some(bytes) => given(bytes)?,
            };
            Ok(print.all(&stub(&mut decoder, Interfaces(&checked.compiled.ndr), &what, &bytes)?))
        }
        Some(What::Pdus { client, server }) => {
            let (client, server) = both(client.as_deref(), server.as_deref(), "--client or --server")?;
            let interfaces = Interfaces(&checked.compiled.ndr);
            let read = pdus::decode(&mut decoder, interfaces, &client.unwrap_or_default(), &server.unwrap_or_default());
            Ok(print.all(&read.into_iter().map(|read| read.decoded).collect::<Vec<_>>()))
        }
        Some(What::Conversation { file }) => conversation(&mut decoder, file.as_deref(), &print),
        Some(What::Capture { file }) => {
            let interfaces = Interfaces(&checked.compiled.ndr);
            Ok(print.all(&capture::decode(&checked.compiled.program, interfaces, &raw(file.as_deref())?)?))
        }
        Some(What::Lines { file }) => {
            let interfaces = Interfaces(&checked.compiled.ndr);
            let text = text_of(file.as_deref())?;
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            match arguments.format {
                Format::Json => trees(&mut decoder, interfaces, lines),
                _ => Ok(answers(&mut decoder, interfaces, lines)),
            }
        }
    }
}

fn value(decoder: &mut Decoder<'_>, arguments: &ValueArguments) -> Result<Decoded, String> {
    let Some(name) = &arguments.target else {
        return Err("say what to decode: `ropc decode --help`".to_owned());
    };
    let program = decoder.interpreter.program;
    let Some(target) = Target::find(program, name) else {
        let similar = similar(program, name);
        let hint = if similar.is_empty() { String::new() } else { format!("; there are {}", similar.join(", ")) };
        return Err(format!("nothing described is called `{name}`{hint}"));
    };
    for text in &arguments.params {
        target.give(decoder, text)?;
    }
    let bytes = match &arguments.hex {
        Some(text) => input::written(text).ok_or_else(|| "--hex: not hexadecimal".to_owned())?,
        None => read(arguments.file.as_deref())?,
    };
    let mut decoded = decoder.buffer(name, &bytes, |this, c, root| target.read(this, c, root));
    if let Some(fault) = decoded.fault.as_mut().filter(|fault| fault.missing_context) {
        let open = target.params().iter().find(|param| datum::find(&decoder.given, &param.name).is_none());
        if let Some(param) = open {
            fault.message.push_str(&format!(": `--param {}=..` says it", param.name));
        }
    }
    Ok(decoded)
}

/// What stub data is said to be.
struct Stub<'a> {
    name: &'a str,
    direction: Option<Direction>,
    representation: Representation,
    request: Given,
}

fn stub<'p>(
    decoder: &mut Decoder<'p>,
    interfaces: Interfaces<'p>,
    of: &Stub<'_>,
    bytes: &[u8],
) -> Result<Vec<Decoded>, String> {
    let (interface, named) = interfaces.find(of.name)?;
    let representation = of.representation;
    let operation = match (named, of.direction) {
        (Named::Operation(operation), Some(_)) => operation,
        (Named::Operation(_), None) => return Err("say `in` for the request or `out` for the response".to_owned()),
        (Named::Type(_), Some(_)) => return Err("a value of a type is neither `in` nor `out`".to_owned()),
        (Named::Type(id), None) => {
            return Ok(vec![decoder.buffer(of.name, bytes, |this, c, root| {
                let data = c.peek();
                let size = this.rpc_value(interface, id, representation, data, root)?;
                c.take(size).map(|_| ()).map_err(|error| this.interpreter.refused(&error))
            })]);
        }
    };
    let call = Call { interface, operation, representation };
    if of.direction == Some(Direction::In) {
        return Ok(vec![decoder.rpc_request(call, bytes).0]);
    }
    let mut all = Vec::new();
    let asked = of.request.as_ref().map(|request| {
        let (decoded, asked) = decoder.rpc_request(call, request);
        all.push(decoded);
        asked
    });
    all.push(decoder.rpc_response(call, bytes, asked));
    Ok(all)
}

/// The body where bytes are a whole HTTP message, with the request type that its header has.
fn body(bytes: Given) -> (Option<String>, Given) {
    let Some(bytes) = bytes else { return (None, None) };
    match capture::message(&bytes) {
        Some((key, body)) => (key, Some(body)),
        None => (None, Some(bytes)),
    }
}

fn conversation(decoder: &mut Decoder<'_>, file: Option<&str>, print: &Printer) -> Result<bool, String> {
    let text = text_of(file)?;
    let mut fine = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            let decoded = script::exchange(decoder, line).map_err(|error| format!("line {}: {error}", index + 1))?;
            fine &= print.all(&decoded);
        }
    }
    Ok(fine)
}

fn answers<'p, 'l>(
    decoder: &mut Decoder<'p>,
    interfaces: Interfaces<'p>,
    lines: impl Iterator<Item = &'l str>,
) -> bool {
    let mut out = String::new();
    let mut fine = true;
    for line in lines {
        let answer = script::answer(decoder, interfaces, line);
        fine &= answer.starts_with("ok");
        out.push_str(&answer);
        out.push('\n');
    }
    write(&out);
    fine
}

/// As many objects as a line has buffers, each on a line of its own.
fn trees<'p, 'l>(
    decoder: &mut Decoder<'p>,
    interfaces: Interfaces<'p>,
    lines: impl Iterator<Item = &'l str>,
) -> Result<bool, String> {
    let mut fine = true;
    for (index, line) in lines.enumerate() {
        let all = script::trees(decoder, interfaces, line).map_err(|error| format!("line {}: {error}", index + 1))?;
        for decoded in &all {
            fine &= decoded.fault.is_none();
            write(&(json::render(decoded) + "\n"));
        }
    }
    Ok(fine)
}

/// Bytes that may not have been given.
type Given = Option<Vec<u8>>;

fn both(first: Option<&str>, second: Option<&str>, names: &str) -> Result<(Given, Given), String> {
    if first.is_none() && second.is_none() {
        return Err(format!("give bytes with {names}"));
    }
    Ok((first.map(given).transpose()?, second.map(given).transpose()?))
}

/// Bytes that stand in an argument, or in the file that it names.
fn given(argument: &str) -> Result<Vec<u8>, String> {
    match input::written(argument) {
        Some(bytes) if !argument.trim().is_empty() => Ok(bytes),
        _ => read(Some(argument)),
    }
}

/// The bytes of a file or of standard input.
fn read(file: Option<&str>) -> Result<Vec<u8>, String> {
    raw(file).map(input::content)
}

fn text_of(file: Option<&str>) -> Result<String, String> {
    String::from_utf8(raw(file)?).map_err(|_| "the input is not text".to_owned())
}

/// Larger input is not read.
const MOST: u64 = 64 << 20;

fn raw(file: Option<&str>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let (name, result) = match file {
        None | Some("-") => ("standard input", std::io::stdin().lock().take(MOST).read_to_end(&mut bytes)),
        Some(name) => (name, std::fs::File::open(name).and_then(|file| file.take(MOST).read_to_end(&mut bytes))),
    };
    match result {
        Err(error) => Err(format!("{name}: {error}")),
        Ok(read) if read as u64 >= MOST => Err(format!("{name}: more than 64 MiB")),
        Ok(_) => Ok(bytes),
    }
}

struct Printer {
    format: Format,
    style: Style,
}

impl Printer {
    /// Prints trees to standard output and errors to standard error; false where there was an error.
    fn all(&self, decoded: &[Decoded]) -> bool {
        let mut fine = true;
        for one in decoded {
            write(&match self.format {
                Format::Text => text::render(one, self.style),
                Format::Json => json::render(one) + "\n",
                Format::Hex => dump::render(one),
            });
            if let Some(fault) = &one.fault {
                fine = false;
                // A closed pipe is the reader's choice.
                _ = writeln!(std::io::stderr(), "error: {fault}");
            }
        }
        fine
    }
}

fn write(text: &str) {
    _ = std::io::stdout().write_all(text.as_bytes());
}
