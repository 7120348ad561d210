//! What bytes are said to be: a name of the descriptions, and the context that it depends on.

use ropc::model::{FormDef, Param, Program, Request, Rop, Stream, StructDef, Type, TypeId, TypeKind};
use ropc::spelling::nearest;
use runtime::Cursor;

use super::datum::{self, Datum, Record, find};
use super::rops::Decoder;
use super::stream;
use super::tree::{Fault, Node};

/// Something with a name that bytes can be.
#[derive(Clone, Copy, Debug)]
pub enum Target<'p> {
    /// An enumeration or a bit record.
    Number(TypeId),
    /// A structure, or the body of an operation by the name of its Rust type.
    Body(&'p StructDef),
    /// A ROP request, RopId first.
    Request(&'p Rop),
    /// A ROP request after its RopId, as the generated structure has it.
    RequestAfterId(&'p Rop),
    /// A ROP reply, RopId first.
    Reply(&'p Rop),
    /// A stream; which of its roots it is has to be said.
    Stream(&'p Stream),
}

impl<'p> Target<'p> {
    /// Finds a name: `SortOrder`, `PropertyTag`, `RopSetColumns` (request), `RopSetColumnsReply`, `RopSetColumnsRequest`
    /// (without the RopId), `RopSetColumnsResponse` (without the header), `ConnectRequest`.
    pub fn find(program: &'p Program, name: &str) -> Option<Self> {
        let of_types = program.types.iter().enumerate().filter(|(_, def)| def.name == name);
        let of_types = of_types.filter_map(|(index, def)| match &def.kind {
            TypeKind::Struct(def) => Some(Self::Body(def)),
            TypeKind::Enum(_) | TypeKind::Bits(_) => Some(Self::Number(TypeId(index))),
            TypeKind::Form(_) => None,
        });
        let rops = program.rops.iter().filter_map(|rop| of_rop(rop, name.strip_prefix(rop.name.as_str())?));
        let requests =
            program.requests.iter().filter_map(|r| of_request(r, name.strip_prefix(r.name.as_str())?).map(Self::Body));
        let streams = program.streams.iter().filter(|stream| stream.name == name).map(Self::Stream);
        of_types.chain(rops).chain(requests).chain(streams).next()
    }

    /// What it depends on besides its bytes.
    pub fn params(self) -> &'p [Param] {
        match self {
            Self::Number(_) | Self::Stream(_) => &[],
            Self::Body(def) => &def.params,
            Self::Request(rop) | Self::RequestAfterId(rop) => &rop.request.params,
            Self::Reply(rop) => rop.success.as_ref().or(rop.unsolicited.as_ref()).map_or(&[], |def| &def.params),
        }
    }

    /// Takes note of what it depends on, as it is written: `Columns=PidTagMid`, `root=contentsSync`.
    ///
    /// # Errors
    /// When it does not depend on that, or the value is none; the text says which.
    pub fn give(self, decoder: &mut Decoder<'p>, text: &str) -> Result<(), String> {
        if let Self::Stream(of) = self {
            decoder.root = Some(stream::root(of, text)?);
        } else {
            let value = parameter(decoder, self.params(), text)?;
            decoder.given.push(value);
        }
        Ok(())
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn read(self, decoder: &mut Decoder<'p>, c: &mut Cursor<'_>, node: &mut Node) -> Result<(), Fault> {
        match self {
            Self::Number(id) => {
                let mut value = Node::new(decoder.interpreter.program.ty(id).name.as_str(), c.offset());
                decoder.interpreter.number(c, id, &mut value)?;
                value.size = c.offset().saturating_sub(value.offset);
                node.children.push(value);
                Ok(())
            }
            Self::Body(def) => {
                let args = arguments(decoder.interpreter.program, def, &decoder.given);
                decoder.interpreter.body(c, def, args, node).map(|_| ())
            }
            Self::Request(rop) => match decoder.request(c, node)?.rop.id {
                id if id == rop.id => Ok(()),
                id => Err(decoder.interpreter.fault(
                    0,
                    1,
                    format!("expected {:#04x}, {}, got {id:#04x}", rop.id, rop.name),
                )),
            },
            Self::RequestAfterId(rop) => decoder.request_after_id(c, rop, node),
            Self::Reply(rop) if rop.unsolicited.is_some() => decoder.lone(c, rop, node),
            Self::Reply(rop) => decoder.reply(c, rop, None, &[], node),
            Self::Stream(of) => match decoder.root {
                Some(root) => stream::read(&mut decoder.interpreter, of, root, c, node),
                None => Err(decoder.interpreter.missing(0, "the root, `--param root=..`,")),
            },
        }
    }
}

/// The arguments that are given, up to the first that is not. A wire form that is not given is the first of its set;
/// what may be unset is.
fn arguments<'p>(program: &Program, def: &StructDef, given: &Record<'p>) -> Vec<Datum<'p>> {
    let forms = program.forms(def).len();
    let all = def.params.iter().enumerate();
    let otherwise = |index: usize, param: &Param| match (index < forms, param.optional) {
        (true, _) => Some(Datum::Number(0)),
        (false, optional) => optional.then_some(Datum::Unset),
    };
    all.map_while(|(index, param)| find(given, &param.name).cloned().or_else(|| otherwise(index, param))).collect()
}

/// The set of forms that a parameter is of.
fn forms_of<'p>(program: &'p Program, param: &Param) -> Option<&'p FormDef> {
    match &param.ty {
        Type::Named(id, _) => match &program.ty(*id).kind {
            TypeKind::Form(forms) => Some(forms),
            _ => None,
        },
        _ => None,
    }
}

fn of_rop<'p>(rop: &'p Rop, what: &str) -> Option<Target<'p>> {
    match what {
        "" if rop.unsolicited.is_some() => Some(Target::Reply(rop)),
        "" => Some(Target::Request(rop)),
        "Reply" => Some(Target::Reply(rop)),
        "Request" if rop.unsolicited.is_none() => Some(Target::RequestAfterId(rop)),
        "Response" => rop.success.as_ref().or(rop.unsolicited.as_ref()).map(Target::Body),
        "Other" => rop.other.as_ref().map(Target::Body),
        // The body of a return value by the value's name: RopLogonWrongServer.
        code => rop.on.iter().find_map(|(codes, body)| {
            let first = codes.first().map(|(name, _)| name.trim_start_matches("ec"));
            (first == Some(code)).then_some(Target::Body(body))
        }),
    }
}

fn of_request<'p>(request: &'p Request, what: &str) -> Option<&'p StructDef> {
    match what {
        "Request" => Some(&request.request),
        "Response" => Some(&request.success),
        "Failure" => request.failure.as_ref(),
        _ => None,
    }
}

/// Names of the descriptions that are like this one, for a message.
pub fn similar(program: &Program, name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let types = program.types.iter().filter(|def| matches!(def.kind, TypeKind::Struct(_))).map(|def| &def.name);
    let names = types.chain(program.rops.iter().map(|rop| &rop.name));
    let alike = |candidate: &&String| {
        let candidate = candidate.to_lowercase();
        candidate.contains(&lower) || lower.contains(&candidate)
    };
    let found: Vec<String> = names.clone().filter(alike).take(5).cloned().collect();
    if found.is_empty() {
        nearest(name, names.map(String::as_str)).map(str::to_owned).into_iter().collect()
    } else {
        found
    }
}

/// Context as it is written: `Columns=0x0037001F,PidTagMid`, `PropertyType=PtypString`, `Flag=true`.
///
/// # Errors
/// When it is no parameter, or its value is no number and no constant; the text says which.
fn parameter<'p>(decoder: &Decoder<'p>, params: &'p [Param], text: &str) -> Result<(&'p str, Datum<'p>), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=VALUE"))?;
    let Some(param) = params.iter().find(|param| param.name == name.trim()) else {
        let known: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
        return Err(format!(
            "there is no parameter `{name}`: {}",
            if known.is_empty() { "it has none".to_owned() } else { known.join(", ") }
        ));
    };
    let one = |text: &str| {
        let text = text.trim();
        match text {
            "true" => return Ok(Datum::Bool(true)),
            "false" => return Ok(Datum::Bool(false)),
            _ => {}
        }
        if let Some(forms) = forms_of(decoder.interpreter.program, param) {
            let place = forms.items.iter().position(|(item, _)| item == text);
            let known = || forms.items.iter().map(|(item, _)| item.as_str()).collect::<Vec<_>>().join(", ");
            return match place {
                Some(place) => Ok(Datum::Number(place as i128)),
                None => Err(format!("`{text}` is no wire form: {}", known())),
            };
        }
        let number = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok());
        let number = number.or_else(|| decoder.interpreter.names.constant(text));
        let number = number.ok_or_else(|| format!("`{text}` is no number and no constant"))?;
        Ok(match param.ty {
            Type::Bool(_) => Datum::Bool(number != 0),
            _ => Datum::Number(i128::from(number)),
        })
    };
    let value = value.trim();
    let value = if param.list {
        let items = value.split(',').filter(|item| !item.trim().is_empty()).map(one);
        datum::list(items.collect::<Result<_, String>>()?)
    } else {
        one(value)?
    };
    Ok((param.name.as_str(), value))
}
