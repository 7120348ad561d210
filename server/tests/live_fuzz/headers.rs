//! Requests that are wrong before their body is looked at, with the code that each has to get.

use crate::client::Request;
use crate::mailbox::{BOB, authorization};
use crate::random::Random;

/// What an answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// This X-ResponseCode (MS-OXCMAPIHTTP 2.2.3.3.3).
    Code(u32),
    /// This HTTP status.
    Status(u16),
    /// A status of 400 and up, or no answer: the connection is of no more use.
    HangUp,
}

pub const NAMES: [&str; 17] = [
    "missing header",
    "header twice",
    "bad request id",
    "bad content type",
    "long client info",
    "unknown request type",
    "wrong verb",
    "unknown path",
    "bad mailbox id",
    "no cookies",
    "bad context cookie",
    "unknown context",
    "wrong sequence",
    "another user",
    "no credentials",
    "body cut short",
    "no HTTP",
];

/// Makes a sound Execute into one of the class with this number.
pub fn spoil(class: usize, random: &mut Random, request: &mut Request) -> Expected {
    let required = ["X-RequestType", "X-RequestId", "Content-Type"];
    match NAMES[class] {
        "missing header" => {
            request.remove(required[random.below(required.len())]);
            Expected::Code(7)
        }
        "header twice" => {
            let name = *random.pick(&required);
            let header = request.headers.iter().find(|(known, _)| known == name).unwrap().clone();
            request.headers.push(header);
            Expected::Code(4)
        }
        "bad request id" => {
            request.set("X-RequestId", &word(random, 60));
            Expected::Code(4)
        }
        "bad content type" => {
            request.set("Content-Type", &word(random, 60));
            Expected::Code(4)
        }
        "long client info" => {
            request.set("X-ClientInfo", &"x".repeat(257 + random.below(1000)));
            Expected::Code(4)
        }
        "unknown request type" => {
            request.set("X-RequestType", &word(random, 60));
            Expected::Code(5)
        }
        "wrong verb" => {
            let verb = random.pick(&["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "RPC_IN_DATA", "MERGE"]);
            request.line = request.line.replace("POST", verb);
            Expected::Code(2)
        }
        "unknown path" => {
            request.line = format!("POST /mapi/{} HTTP/1.1", word(random, 20));
            Expected::Code(3)
        }
        "bad mailbox id" => {
            request.line = format!("POST /mapi/emsmdb/?MailboxId={} HTTP/1.1", word(random, 40));
            Expected::Code(3)
        }
        "no cookies" => {
            request.remove("Cookie");
            Expected::Code(13)
        }
        "bad context cookie" => {
            let word = word(random, 31);
            change_cookie(request, "MapiContext", &word);
            Expected::Code(6)
        }
        "unknown context" => {
            let token = token(random);
            change_cookie(request, "MapiContext", &token);
            Expected::Code(10)
        }
        "wrong sequence" => {
            let token = token(random);
            change_cookie(request, "MapiSequence", &token);
            Expected::Code(15)
        }
        "another user" => {
            request.set("Authorization", &authorization(BOB));
            Expected::Code(10)
        }
        "no credentials" => {
            match random.below(3) {
                0 => request.remove("Authorization"),
                1 => request.set("Authorization", &word(random, 60)),
                _ => request.set("Authorization", &format!("Basic {}", word(random, 60))),
            }
            Expected::Status(401)
        }
        "body cut short" => {
            // The rest of the body is taken for another request, which it is not.
            let length = random.below(request.body.len());
            request.set("Content-Length", &length.to_string());
            Expected::Code(12)
        }
        _ => {
            let noise = random.bytes(200);
            request.line = noise.iter().map(|byte| char::from(byte % 96 + 32)).collect::<String>() + " ";
            request.headers.clear();
            Expected::HangUp
        }
    }
}

/// Letters that say nothing.
fn word(random: &mut Random, most: usize) -> String {
    (0..=random.below(most)).map(|_| char::from(b'f' + random.byte() % 20)).collect()
}

fn token(random: &mut Random) -> String {
    format!("{:016x}{:016x}", random.next(), random.next())
}

fn change_cookie(request: &mut Request, name: &str, value: &str) {
    let cookies = request.headers.iter().find(|(known, _)| known == "Cookie").unwrap().1.clone();
    let changed: Vec<String> = cookies
        .split("; ")
        .map(|pair| match pair.split_once('=') {
            Some((known, _)) if known == name => format!("{name}={value}"),
            _ => pair.to_owned(),
        })
        .collect();
    request.set("Cookie", &changed.join("; "));
}
