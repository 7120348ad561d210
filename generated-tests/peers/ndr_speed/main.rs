//! Times generated code beside libndr on the same stub data, in turns: `generated-tests/peers/run ndr-speed TREE SCRATCH`.
//!
//! The first argument is the program that answers for libndr; without it, or with `-`, there are only figures of our
//! own. The second one chooses calls by a part of their names. Every
//! figure is the fastest of many samples. What is made is dropped within the measurement, as libndr frees it.

mod measure;
mod own;
mod tree;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use measure::Case;
use runtime::ndr::Representation;

/// How often the two sides take turns.
const ROUNDS: usize = 3;

/// The program that answers for libndr.
struct Peer {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(program: &str) -> std::io::Result<Self> {
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let missing = || std::io::Error::other("no pipe");
        Ok(Self { process, questions: questions.ok_or_else(missing)?, answers: BufReader::new(answers.ok_or_else(missing)?) })
    }

    /// Nanoseconds of unpacking and of packing, or why there are none.
    fn ask(&mut self, case: &Case) -> Result<(f64, f64), String> {
        let syntax = match case.representation {
            Representation::NDR64 => "ndr64",
            Representation::NDR_BIG_ENDIAN => "big",
            _ => "ndr",
        };
        let direction = if case.response { "out" } else { "in" };
        let hex: String = case.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let line = format!("{} {} {direction} {syntax} {hex}\n", case.interface, case.operation);
        self.questions.write_all(line.as_bytes()).map_err(|error| error.to_string())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(|error| error.to_string())?;
        let mut words = answer.split_whitespace();
        let numbers = (words.next().unwrap_or("-"), words.next().unwrap_or("no answer"));
        match (numbers.0.parse(), numbers.1.parse()) {
            (Ok(unpacking), Ok(packing)) => Ok((unpacking, packing)),
            _ => Err(numbers.1.to_owned()),
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let program = arguments.next().filter(|program| program != "-");
    let only = arguments.next().unwrap_or_default();
    let mut peer = program.map(|program| Peer::start(&program).expect("the program for libndr starts"));
    println!("| call | bytes | unpack | with texts | libndr | times | pack texts | pack as read | libndr | times |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut behind = 0;
    for mut case in tree::cases().into_iter().chain(own::cases()).filter(|case| case.name().contains(&only)) {
        let mut best = [f64::INFINITY; 6];
        let mut why = None;
        for _ in 0..ROUNDS {
            let ours = case.run();
            let theirs = peer.as_mut().map(|peer| peer.ask(&case));
            let theirs = match theirs {
                Some(Ok(theirs)) => theirs,
                Some(Err(reason)) => {
                    why = Some(reason);
                    (f64::INFINITY, f64::INFINITY)
                }
                None => (f64::INFINITY, f64::INFINITY),
            };
            let now = [ours[0], ours[1], theirs.0, ours[2], ours[3], theirs.1];
            best.iter_mut().zip(now).for_each(|(best, now)| *best = best.min(now));
        }
        let time = |ns: f64| if ns.is_finite() { format!("{ns:.0} ns") } else { "-".to_owned() };
        let times = |ours: f64, theirs: f64| if theirs.is_finite() { format!("{:.1}", theirs / ours) } else { "-".to_owned() };
        let [read, texts, libndr_read, write, again, libndr_write] = best;
        let slowest = read.max(texts);
        behind += usize::from(libndr_read < 3.0 * slowest) + usize::from(libndr_write < 3.0 * write.max(again));
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            case.name(), case.bytes.len(), time(read), time(texts), time(libndr_read), times(slowest, libndr_read),
            time(write), time(again), time(libndr_write), times(write.max(again), libndr_write),
        );
        if let (Some(why), true) = (why, case.peer) {
            println!("libndr does not answer for {}: {why}", case.name());
            behind += 1;
        }
    }
    if let Some(mut peer) = peer {
        drop(peer.questions);
        let _ = peer.process.wait();
    }
    println!("\nless than three times as fast: {behind}");
}
