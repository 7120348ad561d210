//! Calls to be timed, and the clock.

use std::hint::black_box;
use std::time::Instant;

use runtime::ndr::Representation;

const SAMPLES: usize = 40;
const SAMPLE_NS: f64 = 1_000_000.0;

/// One direction of a call.
pub struct Case {
    pub interface: &'static str,
    pub operation: &'static str,
    pub response: bool,
    pub representation: Representation,
    pub bytes: Vec<u8>,
    /// libndr knows the call.
    pub peer: bool,
    /// Unpacks; unpacks and makes a `String` of every text; packs of texts; packs what was unpacked.
    pub tasks: [Box<dyn FnMut()>; 4],
}

impl Case {
    pub fn name(&self) -> String {
        let direction = if self.response { "response" } else { "request" };
        let syntax = match self.representation {
            Representation::NDR64 => ", NDR64",
            Representation::NDR_BIG_ENDIAN => ", big-endian",
            _ => "",
        };
        format!("{} {direction}{syntax}", self.operation)
    }

    /// Nanoseconds of each task.
    pub fn run(&mut self) -> [f64; 4] {
        self.tasks.each_mut().map(|task| fastest(task))
    }
}

fn fastest(task: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    (0..100).for_each(|_| task());
    let times = (SAMPLE_NS / (start.elapsed().as_secs_f64() * 1e7)) as u64 + 1;
    let sample = |_| {
        let start = Instant::now();
        (0..times).for_each(|_| task());
        start.elapsed().as_secs_f64() * 1e9 / times as f64
    };
    (0..SAMPLES).map(sample).fold(f64::INFINITY, f64::min)
}

/// Does something with a value, and drops it.
pub fn used<T>(value: T) {
    drop(black_box(value));
}

/// A case of a generated request or response: `case!(peer, "samr", "samr_Connect5", response, Type, value, texts, request)`.
macro_rules! case {
    ($peer:expr, $interface:expr, $operation:expr, $response:expr, $representation:expr, $type:ident, $value:expr, $texts:expr $(, $request:expr)?) => {{
        let representation = $representation;
        let value = $value;
        let bytes = value.encode(representation $(, &$request)?).expect("the value can be packed");
        let held: &'static [u8] = bytes.clone().leak();
        let again = $type::decode(held, representation $(, &$request)?).expect("the bytes can be unpacked");
        assert_eq!(again.encode(representation $(, &$request)?).as_ref(), Ok(&bytes));
        $crate::measure::Case {
            interface: $interface,
            operation: $operation,
            response: $response,
            representation,
            bytes,
            peer: $peer,
            tasks: [
                Box::new(move || {
                    $crate::measure::used($type::decode(std::hint::black_box(held), representation $(, &$request)?).expect("unpacks"));
                }),
                Box::new(move || {
                    let value = $type::decode(std::hint::black_box(held), representation $(, &$request)?).expect("unpacks");
                    let texts: Vec<String> = $texts(&value);
                    $crate::measure::used((texts, value));
                }),
                Box::new(move || {
                    $crate::measure::used(std::hint::black_box(&value).encode(representation $(, &$request)?).expect("packs"));
                }),
                Box::new(move || {
                    $crate::measure::used(std::hint::black_box(&again).encode(representation $(, &$request)?).expect("packs"));
                }),
            ],
        }
    }};
}
pub(crate) use case;
