//! What a conversation sets on its way, and which request a reply answers.

use std::collections::BTreeMap;

use ropc::model::{ConstValue, EffectValue, Expr, Handle, Rop, State, StructDef, Type};
use runtime::Cursor;
use runtime::rop::{INVALID_HANDLE, peek_handle};

use super::datum::{Datum, Record, Scope, find};
use super::expr::eval;
use super::pieces::Place;
use super::rops::Decoder;
use super::tree::Fault;

/// A request that a reply may answer.
#[derive(Clone, Debug)]
pub struct Sent<'p> {
    /// The operation.
    pub rop: &'p Rop,
    /// Its fields, the handle indexes among them.
    pub fields: Record<'p>,
}

/// State of open objects, by kind of object and handle value.
pub type States<'p> = BTreeMap<(usize, u32), BTreeMap<&'p str, Option<Datum<'p>>>>;

/// The requests of a batch, and how far replies have answered them.
#[derive(Clone, Debug, Default)]
pub struct Requests<'p> {
    pub(super) sent: Vec<Sent<'p>>,
    pub(super) next: usize,
    /// The handle table that they came with.
    pub(super) handles: Vec<u32>,
    /// Buffers of replies that were read so far.
    pub(super) outputs: usize,
    /// There are none: replies pair with operations by RopId alone.
    pub(super) unknown: bool,
}

impl<'p> Requests<'p> {
    /// Replies whose requests nobody knows.
    pub fn unknown() -> Self {
        Self { unknown: true, ..Self::default() }
    }
}

impl<'p> Decoder<'p> {
    /// Begins another conversation.
    pub fn forget(&mut self) {
        self.given.clear();
        self.root = None;
        self.states.clear();
        self.transfers.clear();
        self.table.clear();
    }

    /// The request that the next reply answers, requests without a reply passed over. Rows beyond the
    /// first buffer of a chain answer the last request again (MS-OXCROPS 3.2.5.2).
    pub(super) fn answered(&mut self, requests: &mut Requests<'p>, handles: &[u32], id: u8) -> Option<Sent<'p>> {
        self.pass_silent(requests, handles);
        if let Some(sent) = requests.sent.get(requests.next) {
            requests.next += 1;
            return Some(sent.clone());
        }
        if requests.outputs < 2 {
            return None;
        }
        let last = requests.sent.iter().rev().find(|sent| sent.rop.success.is_some())?;
        (last.rop.reply_id.unwrap_or(last.rop.id) == id).then(|| last.clone())
    }

    /// Passes over the requests without a reply that come next.
    pub(super) fn pass_silent(&mut self, requests: &mut Requests<'p>, handles: &[u32]) {
        while self.silent(requests, handles) {
            requests.next += 1;
        }
    }

    /// The next request has no reply; notes what it does.
    fn silent(&mut self, requests: &Requests<'p>, handles: &[u32]) -> bool {
        let Some(sent) = requests.sent.get(requests.next) else { return false };
        if sent.rop.success.is_some() || sent.rop.unsolicited.is_some() {
            return false;
        }
        if sent.rop.releases
            && let Some(input) = sent.rop.inputs.first()
        {
            let released = handle(handles, &sent.fields, input);
            self.states.retain(|(_, handle), _| *handle != released);
            self.transfers.remove(&Place::Handle(released));
        }
        true
    }

    /// Notes what requests set whose replies nobody has, as if they had succeeded.
    pub fn unanswered(&mut self, requests: &mut Requests<'p>) {
        while let Some(sent) = requests.sent.get(requests.next).cloned() {
            if !self.silent(requests, &requests.handles) {
                self.effects(sent.rop, Some(&sent), Some(Vec::new()), &requests.handles);
            }
            requests.next += 1;
        }
    }

    /// The arguments of a body: state of an object, or fields of the request.
    pub(super) fn arguments(
        &self,
        c: &Cursor<'_>,
        rop: &'p Rop,
        body: &'p StructDef,
        request: &Record<'p>,
        handles: Option<&[u32]>,
    ) -> Result<Vec<Datum<'p>>, Fault> {
        let argument = |name: &str| {
            if let Some(given) = find(&self.given, name) {
                return Ok(given.clone());
            }
            let Some((of, state)) = rop.needs_state.iter().find(|(_, state)| *state == name) else {
                return find(request, name).cloned().ok_or_else(|| format!("{name} of the request"));
            };
            let known = rop.inputs.iter().find(|input| input.name == *of).and_then(|input| {
                let object = *input.objects.first()?;
                let key = (object, handle(handles?, request, input));
                match self.states.get(&key).and_then(|states| states.get(state.as_str())) {
                    Some(value) => value.clone(),
                    None => self.initial(object, state),
                }
            });
            known.ok_or_else(|| format!("{state} of the {of}"))
        };
        let args = body.params.iter().map(|param| argument(&param.name)).collect::<Result<Vec<_>, String>>();
        args.map_err(|what| self.interpreter.missing(c.offset(), &what))
    }

    /// The arguments of an unsolicited reply: state of the objects behind handle values in it.
    pub(super) fn looked_up(&self, c: &Cursor<'_>, rop: &'p Rop, body: &'p StructDef) -> Vec<Datum<'p>> {
        let state = |name: &str| {
            let look_up = rop.looks_up.iter().find(|look_up| look_up.state == name)?;
            let handle = peek_handle(c, usize::try_from(look_up.offset).ok()?)?;
            let states = self.states.get(&(look_up.object, handle))?;
            states.get(name).cloned().unwrap_or_else(|| self.initial(look_up.object, name))
        };
        let argument = |name: &str| find(&self.given, name).cloned().or_else(|| state(name)).unwrap_or(Datum::Unset);
        body.params.iter().map(|param| argument(&param.name)).collect()
    }

    /// The other operation that a reply with this RopId comes from, where it may stand in place of this one's own.
    pub(super) fn instead(&self, rop: &Rop, id: u8) -> Option<&'p Rop> {
        let heads = |rop: &Rop| rop.reply_id.unwrap_or(rop.id) == id;
        let others = self.program().rops.iter().filter(|other| rop.answered_by.contains(&other.id));
        others.filter(|other| heads(other)).find(|_| !heads(rop))
    }

    pub(super) fn declared(&self, object: usize, state: &str) -> Option<&'p State> {
        self.program().objects.get(object)?.state.iter().find(|declared| declared.name == state)
    }

    /// What a state is before anything sets it, where that is a value.
    pub(super) fn initial(&self, object: usize, state: &str) -> Option<Datum<'p>> {
        let declared = self.declared(object, state)?;
        match (&declared.initial, &declared.ty) {
            (Some(value), ty) => Some(constant(value, ty)),
            (None, _) if declared.list || declared.optional => None,
            (None, Type::Bool(_)) => Some(Datum::Bool(false)),
            (None, _) => Some(Datum::Number(0)),
        }
    }

    /// Notes what an operation sets; `reply` is there when it succeeded.
    pub(super) fn effects(
        &mut self,
        rop: &'p Rop,
        request: Option<&Sent<'p>>,
        reply: Option<Record<'p>>,
        handles: &[u32],
    ) {
        let Some(request) = request else { return };
        if let (Some(_), Some(output)) = (&reply, &rop.output) {
            // A new object has no state, whatever its handle value named before.
            let opened = handle(handles, &request.fields, output);
            self.states.retain(|(_, handle), _| *handle != opened);
        }
        for effect in rop.effects.iter().filter(|effect| effect.on_success == reply.is_some()) {
            let Some(on) = rop.inputs.iter().chain(&rop.output).find(|input| input.name == effect.handle) else {
                continue;
            };
            let Some(object) = on.objects.first() else { continue };
            let value = match &effect.value {
                None => None,
                Some(EffectValue::Request(expr)) => self.of_record(&rop.request, &request.fields, expr),
                Some(EffectValue::Const(value)) => {
                    self.declared(*object, &effect.state).map(|s| constant(value, &s.ty))
                }
                Some(EffectValue::Reply(expr)) => match (&rop.success, &reply) {
                    (Some(def), Some(reply)) => self.of_record(def, reply, expr),
                    _ => None,
                },
            };
            let key = (*object, handle(handles, &request.fields, on));
            self.states.entry(key).or_default().insert(effect.state.as_str(), value);
        }
    }

    /// An expression over the fields of a body that was read.
    pub(super) fn of_record(&self, def: &'p StructDef, record: &Record<'p>, expr: &'p Expr) -> Option<Datum<'p>> {
        let mut scope = Scope::new(def, Vec::new());
        record.iter().for_each(|(name, value)| scope.add(name, value.clone(), 0));
        eval(self.program(), expr, &scope).ok()
    }
}

/// A constant as expressions see it.
fn constant<'p>(value: &ConstValue, ty: &Type) -> Datum<'p> {
    match value {
        ConstValue::Int(value) if matches!(ty, Type::Bool(_)) => Datum::Bool(*value != 0),
        ConstValue::Int(value) => Datum::Number(i128::from(*value)),
        ConstValue::Guid(bytes) => Datum::Bytes(bytes.as_slice().into()),
    }
}

/// The handle value in the slot that a request names.
fn handle(handles: &[u32], request: &Record<'_>, of: &Handle) -> u32 {
    let index = find(request, &of.index_field).map_or(u64::MAX, Datum::wide);
    let slot = usize::try_from(index).ok().and_then(|index| handles.get(index));
    slot.copied().unwrap_or(INVALID_HANDLE)
}
