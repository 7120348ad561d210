//! A client that replays what a real one sent, and sends hostile requests in between.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use protocol::oxcdata::ErrorCode;
use protocol::oxcmapihttp::{ExecuteFailure, ExecuteResponse};
use protocol::rops::{Conversation, RopRequest};
use runtime::Cursor;
use runtime::rop::unpack_batch;

use crate::bodies::{self, Expected};
use crate::client::{Client, Request, Response};
use crate::headers;
use crate::mailbox::{ALICE, LiveServer, authorization};
use crate::random::Random;
use crate::rops::{self, Captured};
use crate::witness::connect_body;

/// The room that a sound request leaves for the ROP output buffer.
const ROOM: u32 = 0x8000;

/// What was sent and how it went.
#[derive(Debug, Default)]
pub struct Counts {
    /// Requests by class.
    classes: BTreeMap<String, usize>,
    /// Requests that could have run and were refused as a whole.
    refused: usize,
    /// How often all captured requests were sent in one session.
    pub replays: usize,
    /// How long the slowest Execute of each class took.
    pub longest: BTreeMap<String, Duration>,
}

impl Counts {
    fn note(&mut self, class: &str) {
        *self.classes.entry(class.to_owned()).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (class, count) in &other.classes {
            *self.classes.entry(class.clone()).or_default() += count;
        }
        self.refused += other.refused;
        self.replays += other.replays;
        for (class, duration) in &other.longest {
            let longest = self.longest.entry(class.clone()).or_default();
            *longest = (*longest).max(*duration);
        }
    }

    pub fn total(&self) -> usize {
        self.classes.values().sum()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (class, count) in &self.classes {
            let longest = self.longest.get(class).map_or(String::new(), |longest| format!(", up to {longest:.0?}"));
            writeln!(f, "{count:>6}  {class}{longest}")?;
        }
        write!(f, "{} hostile batches refused, {} whole replays", self.refused, self.replays)
    }
}

pub struct Sender {
    random: Random,
    client: Client,
    cookies: String,
    captured: Vec<Captured>,
    /// The next of the captured requests.
    next: usize,
    /// Handles of this session by those of the captured one.
    handles: BTreeMap<u32, u32>,
    conversation: Conversation,
    pub counts: Counts,
}

impl Sender {
    pub async fn begin(server: &LiveServer, seed: u64) -> Self {
        let mut sender = Self {
            random: Random::new(seed),
            client: Client::new(server.target.clone()),
            cookies: String::new(),
            captured: rops::captured(),
            next: 0,
            handles: BTreeMap::new(),
            conversation: Conversation::default(),
            counts: Counts::default(),
        };
        sender.connect().await;
        sender
    }

    /// Opens a session; what the last one had open is gone.
    async fn connect(&mut self) {
        let request = Request::mapi("Connect", &authorization(ALICE), None, connect_body(ALICE));
        let response = self.client.send(&request).await.expect("Connect is answered");
        assert_eq!(response.code(), Some(0));
        self.cookies = response.cookies().expect("Connect sets cookies");
        self.next = 0;
        self.handles.clear();
        self.conversation = Conversation::default();
    }

    /// Sends one request of some class and checks its answer.
    pub async fn send_one(&mut self) {
        match self.random.below(40) {
            0..15 => self.replay().await,
            15..21 => self.wrong_headers().await,
            21..27 => self.wrong_body().await,
            27..32 => self.mutated_rops().await,
            32..36 => self.shuffled_rops().await,
            36..38 => self.wrong_handle().await,
            38 if self.random.chance(4) => self.flood().await,
            _ => self.other_request_type().await,
        }
    }

    /// The next captured request, with the handles of this session.
    fn upcoming(&self) -> Vec<u8> {
        let captured = &self.captured[self.next];
        rops::with_handles(&captured.input, |handle| self.handles.get(&handle).copied().unwrap_or(handle))
    }

    async fn replay(&mut self) {
        let input = self.upcoming();
        let body = bodies::sound_in_any_form(&mut self.random, &input);
        self.counts.note("replayed");
        let output = self.execute(body, Expected::Run, &input, "replayed").await.expect("replies");
        let batch = unpack_batch(&output).unwrap();
        for (captured, handle) in self.captured[self.next].handles.iter().zip(&batch.handles) {
            self.handles.insert(*captured, *handle);
        }
        self.next += 1;
        if self.next == self.captured.len() {
            self.counts.replays += 1;
            self.log_off().await;
        }
    }

    async fn wrong_body(&mut self) {
        let class = self.random.below(bodies::NAMES.len());
        let name = bodies::NAMES[class];
        self.counts.note(name);
        let input = self.upcoming();
        let (body, expected) = bodies::spoil(class, &mut self.random, &input);
        self.execute(body, expected, &input, name).await;
    }

    async fn mutated_rops(&mut self) {
        let mut input = self.upcoming();
        let sound = input.clone();
        self.random.mutate(&mut input);
        // Most cannot be parsed any more; half of the time one that can be is looked for.
        let mut patience = if self.random.chance(2) { 30 } else { 0 };
        while patience > 0 && requests(&input).is_err() {
            patience -= 1;
            input.clone_from(&sound);
            self.random.mutate(&mut input);
        }
        self.counts.note("mutated ROPs");
        let body = bodies::sound_in_any_form(&mut self.random, &input);
        self.execute(body, Expected::Anything, &input, "mutated ROPs").await;
    }

    async fn shuffled_rops(&mut self) {
        let inputs: Vec<Vec<u8>> = self.captured.iter().map(|captured| captured.input.clone()).collect();
        let input = rops::shuffled(&mut self.random, &inputs);
        self.counts.note("shuffled ROPs");
        let body = bodies::sound(&input);
        self.execute(body, Expected::RunWithin(ROOM), &input, "shuffled ROPs").await;
    }

    async fn flood(&mut self) {
        let upcoming = self.upcoming();
        let input = rops::flood(&mut self.random, &upcoming);
        self.counts.note("flood of ROPs");
        self.execute(bodies::sound(&input), Expected::RunWithin(ROOM), &input, "flood of ROPs").await;
        // No more objects may be opened in this session, most likely.
        self.log_off().await;
    }

    /// Ends the session and opens another.
    async fn log_off(&mut self) {
        let request = self.request("Disconnect", vec![0; 4]);
        assert_eq!(self.send(&request).await.unwrap().code(), Some(0));
        self.connect().await;
    }

    async fn wrong_handle(&mut self) {
        let (input, expected) = rops::wrong_handle(&mut self.random);
        self.counts.note("wrong handle");
        let output = self.execute(bodies::sound(&input), Expected::Run, &input, "wrong handle").await.expect("replies");
        assert_eq!(rops::last_return_value(&output), expected, "{}", input.escape_ascii());
    }

    /// Sends an Execute body and checks the answer; the ROP output buffer, where there is one.
    async fn execute(&mut self, body: Vec<u8>, expected: Expected, input: &[u8], class: &str) -> Option<Vec<u8>> {
        let request = self.request("Execute", body);
        let started = Instant::now();
        let response = self.send(&request).await.unwrap_or_else(|| panic!("{class}: no answer"));
        let longest = self.counts.longest.entry(class.to_owned()).or_default();
        *longest = (*longest).max(started.elapsed());
        assert_eq!(response.status, 200, "{class}");
        let code = response.code().unwrap_or_else(|| panic!("{class}: no X-ResponseCode"));
        let what = || format!("{class}: {}", request.body.escape_ascii());
        match expected {
            Expected::Code(expected) => {
                assert_eq!(code, expected, "{}", what());
                return None;
            }
            Expected::Anything if code != 0 => {
                assert!([9, 12].contains(&code), "X-ResponseCode {code}: {}", what());
                return None;
            }
            _ => assert_eq!(code, 0, "{}", what()),
        }
        let body = response.inner();
        if let Expected::Error(expected) = expected {
            assert_eq!(failure(body), Some((0, expected)), "{}", what());
            return None;
        }
        if let Some((status, error)) = failure(body) {
            self.counts.refused += 1;
            let no_room = status == ErrorCode::EC_BUFFER_TOO_SMALL.0 && matches!(expected, Expected::RunWithin(_));
            let known = [ErrorCode::EC_RPC_FORMAT, ErrorCode::EC_RPC_FAILED].contains(&error);
            assert!(no_room || expected == Expected::Anything, "{status:#x} {error:?}: {}", what());
            assert!(
                no_room || known || status == ErrorCode::EC_BUFFER_TOO_SMALL.0,
                "{status:#x} {error:?}: {}",
                what()
            );
            return None;
        }
        let output = replies(body, expected);
        self.decode(input, &output, expected, class);
        Some(output)
    }

    /// What was asked by sound requests is answered so that every reply can be read.
    fn decode(&mut self, input: &[u8], output: &[u8], expected: Expected, class: &str) {
        let batch = unpack_batch(output).expect("a ROP output buffer");
        let Ok(requests) = requests(input) else {
            assert_eq!(expected, Expected::Anything, "{class}");
            return;
        };
        let decoded = self.conversation.unpack_replies(&requests, &batch.handles, batch.rops);
        if expected == Expected::Run {
            let replies = decoded.unwrap_or_else(|error| panic!("{class}: {error} in {}", output.escape_ascii()));
            assert!(!replies.is_empty() || requests.iter().all(|request| request.rop_id().0 == 1), "{class}");
        }
    }

    async fn wrong_headers(&mut self) {
        let class = self.random.below(headers::NAMES.len());
        self.counts.note(headers::NAMES[class]);
        let mut request = self.request("Execute", bodies::sound(&self.upcoming()));
        let expected = headers::spoil(class, &mut self.random, &mut request);
        let response = self.send(&request).await;
        let what = || format!("{}: {request:?}", headers::NAMES[class]);
        match (expected, &response) {
            (headers::Expected::Code(code), Some(response)) => {
                assert_eq!((response.status, response.code()), (200, Some(code)), "{}", what());
            }
            (headers::Expected::Status(status), Some(response)) => assert_eq!(response.status, status, "{}", what()),
            (headers::Expected::HangUp, Some(response)) => assert!(response.status >= 400, "{}", what()),
            (headers::Expected::HangUp, None) => {}
            (_, None) => panic!("no answer: {}", what()),
        }
        if matches!(headers::NAMES[class], "no HTTP" | "body cut short") {
            self.client.hang_up();
        }
    }

    /// Connect, Disconnect and PING, sound or not.
    async fn other_request_type(&mut self) {
        // What ends the session comes seldom: there is more to see late in a session.
        match self.random.below(16) {
            0..4 => {
                self.counts.note("PING");
                let request = self.request("PING", Vec::new());
                assert_eq!(self.send(&request).await.unwrap().code(), Some(0));
            }
            4..8 => {
                self.counts.note("PING with a body");
                let noise = self.random.bytes(100);
                let request = self.request("PING", noise);
                assert!(self.send(&request).await.unwrap().code().is_some_and(|code| [0, 12].contains(&code)));
            }
            8..12 => {
                self.counts.note("mutated Connect");
                let mut body = connect_body(ALICE);
                self.random.mutate(&mut body);
                let request = Request::mapi("Connect", &authorization(ALICE), None, body);
                // Opens a session beside this one, or none.
                let response = self.client.send(&request).await.unwrap();
                assert!(response.code().is_some_and(|code| [0, 9, 12].contains(&code)), "{response:?}");
            }
            12 | 13 => {
                self.counts.note("mutated Disconnect");
                let mut body = vec![0; 4];
                self.random.mutate(&mut body);
                let request = self.request("Disconnect", body);
                let response = self.send(&request).await.unwrap();
                assert!(response.code().is_some_and(|code| [0, 9, 12].contains(&code)), "{response:?}");
                // It is over whatever the body was.
                let request = self.request("Execute", bodies::sound(&rops::logon(ALICE)));
                assert_eq!(self.client.send(&request).await.unwrap().code(), Some(10));
                self.connect().await;
            }
            _ => {
                self.counts.note("reconnect");
                let request = self.request("Connect", connect_body(ALICE));
                let before = self.request("Execute", bodies::sound(&rops::logon(ALICE)));
                assert_eq!(self.send(&request).await.unwrap().code(), Some(0));
                assert_eq!(self.client.send(&before).await.unwrap().code(), Some(10), "the old session is gone");
                self.next = 0;
                self.handles.clear();
                self.conversation = Conversation::default();
            }
        }
    }

    fn request(&self, request_type: &str, body: Vec<u8>) -> Request {
        Request::mapi(request_type, &authorization(ALICE), Some(&self.cookies), body)
    }

    /// Sends a request in this session and keeps the cookies that come back.
    async fn send(&mut self, request: &Request) -> Option<Response> {
        let response = self.client.send(request).await;
        if let Some(cookies) = response.as_ref().and_then(Response::cookies) {
            self.cookies = cookies;
        }
        response
    }
}

fn requests(input: &[u8]) -> Result<Vec<RopRequest<'_>>, runtime::UnpackError> {
    let batch = unpack_batch(input)?;
    let mut c = Cursor::new(batch.rops);
    let mut requests = Vec::new();
    while !c.is_empty() {
        requests.push(RopRequest::unpack(&mut c)?);
    }
    Ok(requests)
}

/// StatusCode and ErrorCode of an Execute response body that reports a failure.
fn failure(body: &[u8]) -> Option<(u32, ErrorCode)> {
    let status = u32::from_le_bytes(body[..4].try_into().unwrap());
    let mut c = Cursor::new(body);
    let error = if status == 0 {
        let response = ExecuteResponse::unpack(&mut c).expect("a response body");
        if response.error_code != ErrorCode::EC_NONE {
            assert!(response.rop_buffer.is_empty(), "a failure has no replies");
        }
        response.error_code
    } else {
        ExecuteFailure::unpack(&mut c).expect("a failure response body");
        ErrorCode::EC_NONE
    };
    assert!(c.is_empty(), "{} bytes follow the response body", c.remaining());
    (status != 0 || error != ErrorCode::EC_NONE).then_some((status, error))
}

/// The ROP output buffer of an Execute response body that reports success, within its bounds.
fn replies(body: &[u8], expected: Expected) -> Vec<u8> {
    let response = ExecuteResponse::unpack(&mut Cursor::new(body)).unwrap();
    if let Expected::RunWithin(room) = expected {
        assert!(response.rop_buffer.len() <= room as usize, "{} of {room} bytes", response.rop_buffer.len());
    }
    rops::payload(&response.rop_buffer)
}
