//! Ten thousand hostile requests to a live server: no panic, no dead session but the sender's, and for each
//! class of requests the code that it has to get.
//!
//! `LIVE_FUZZ_SEED` begins elsewhere, `LIVE_FUZZ_REQUESTS` sends more or fewer. What is sent depends on the
//! seed alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod bodies;
mod client;
mod headers;
mod mailbox;
mod random;
mod rops;
mod sender;
mod witness;

#[path = "../../../generated-tests/src/spec_coverage.rs"]
mod spec_coverage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use mailbox::LiveServer;
use sender::{Counts, Sender};
use witness::Witness;

/// Requests in all, unless told otherwise.
const REQUESTS: usize = 10_000;
/// Clients that send at the same time.
const SENDERS: usize = 4;
/// After this many requests of a sender the witness has to get its answers.
const WITNESS_PERIOD: usize = 50;

/// Statements that the classes of requests are made from.
const PROVED: [&str; 8] = [
    "MS-OXCMAPIHTTP_R1221",
    "MS-OXCMAPIHTTP_R1225",
    "MS-OXCMAPIHTTP_R1357",
    "MS-OXCMAPIHTTP_R1358",
    "MS-OXCROPS_R4551",
    "MS-OXCRPC_R663",
    "MS-OXCRPC_R697",
    "MS-OXCRPC_R1379",
];

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// Counts panics of all threads; those of the server end in its log and in no test.
fn count_panics() -> Arc<AtomicUsize> {
    let panics = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&panics);
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        counted.fetch_add(1, Ordering::SeqCst);
        previous(info);
    }));
    panics
}

#[test]
fn hostile_requests_hurt_nobody_but_their_sender() {
    let panics = count_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let started = Instant::now();
    let counts = runtime.block_on(run());
    println!("{counts}\n{} requests in {:.1} s", counts.total(), started.elapsed().as_secs_f64());
    assert_eq!(panics.load(Ordering::SeqCst), 0, "something panicked");
    assert!(counts.replays > 0, "no session lasted to its end: nothing late in a session was tried");
    for id in PROVED {
        spec_coverage::record(id, "hostile_requests_hurt_nobody_but_their_sender");
    }
}

async fn run() -> Counts {
    let seed = setting("LIVE_FUZZ_SEED", 1);
    let requests = usize::try_from(setting("LIVE_FUZZ_REQUESTS", REQUESTS as u64)).unwrap();
    let server = Arc::new(LiveServer::start().await);
    let mut tasks = Vec::new();
    for number in 0..SENDERS {
        let server = Arc::clone(&server);
        tasks.push(tokio::spawn(async move {
            // Stays connected from the first request to the last.
            let mut witness = Witness::begin(&server, number).await;
            let mut sender = Sender::begin(&server, seed.wrapping_add(number as u64)).await;
            for sent in 1..=requests.div_ceil(SENDERS) {
                sender.send_one().await;
                if sent % WITNESS_PERIOD == 0 {
                    witness.check().await;
                }
            }
            witness.end().await;
            sender.counts
        }));
    }
    let mut counts = Counts::default();
    for task in tasks {
        counts.add(&task.await.unwrap());
    }
    let server = Arc::into_inner(server).expect("all clients are done");
    server.stop().await;
    counts
}
