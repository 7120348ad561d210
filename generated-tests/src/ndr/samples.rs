//! Samples for other implementations: the bytes of values that they can have too.

use super::{Bytes, Operation, Structure};
use crate::choices::Choices;
use crate::oracles::Noise;

/// The bytes of one value.
#[derive(Clone, Debug)]
pub enum Sample {
    /// A structure or a union: name and bytes.
    Structure(&'static str, Bytes),
    /// An operation: name, request, response.
    Operation(&'static str, Bytes, Bytes),
}

/// Words of choices for one value.
const WORDS: usize = 400;
/// Tries for one value: some contradict themselves.
const TRIES: usize = 4;

/// So many values of every structure and every operation, always the same for the same `seed`.
#[must_use]
pub fn samples(structures: &[Structure], operations: &[Operation], seed: u64, count: usize) -> Vec<Sample> {
    let mut noise = Noise::new(seed);
    let mut samples = Vec::new();
    for structure in structures {
        for _ in 0..count {
            let bytes = (0..TRIES).find_map(|_| (structure.sample)(&mut choices(&mut noise)).ok());
            samples.extend(bytes.map(|bytes| Sample::Structure(structure.name, bytes)));
        }
    }
    for operation in operations {
        for _ in 0..count {
            let bytes = (0..TRIES).find_map(|_| (operation.sample)(&mut choices(&mut noise)).ok());
            samples.extend(bytes.map(|[request, response]| Sample::Operation(operation.name, request, response)));
        }
    }
    samples
}

/// Choices that make plain texts only.
fn choices(noise: &mut Noise) -> Choices {
    Choices::new((0..WORDS).map(|_| noise.number() as u32).collect()).plain()
}

impl Sample {
    /// As a line for a script: `S NAME LE BE NDR64`, `O NAME` with request and response; `-` for no bytes.
    #[must_use]
    pub fn line(&self, interface: &str) -> String {
        match self {
            Self::Structure(name, bytes) => format!("S {interface}.{name} {}", hex(bytes)),
            Self::Operation(name, request, response) => {
                format!("O {interface}.{name} {} {}", hex(request), hex(response))
            }
        }
    }
}

fn hex(all: &Bytes) -> String {
    let one = |bytes: &Vec<u8>| match bytes.as_slice() {
        [] => "-".to_owned(),
        bytes => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    all.each_ref().map(one).join(" ")
}
