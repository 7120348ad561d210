//! mapi-proto, a codec that others wrote, as a second opinion: what it encodes the generated code decodes,
//! and packs back to the same bytes; what the generated code encodes it decodes to the same fields.
//!
//! | module | what it has |
//! |---|---|
//! | `round` | a batch of both sides, growing operation by operation |
//! | `rops` | one function for each operation that mapi-proto knows |
//! | `values` | property values, rows, restrictions, texts |
//! | `structures` | entry identifiers, enumerations |
//! | `bodies` | the bodies of MAPI over HTTP |
//! | `differences` | what the two do not agree on; docs/SECOND-OPINION.md says who is right |
//! | `coverage` | which of its types are compared, which are not and why |

mod bodies;
mod coverage;
mod differences;
mod rops;
mod round;
mod structures;
mod values;

use round::Round;

/// Rounds of all operations, each with other values.
const ROUNDS: u64 = 500;

#[test]
fn all_operations_agree_in_requests_and_replies() {
    let mut arms = values::Arms::default();
    for seed in 0..ROUNDS {
        let mut round = Round::new(seed);
        for (_, operation) in rops::OPERATIONS {
            operation(&mut round);
        }
        arms.extend(round.finish());
    }
    arms.assert_complete();
}

/// Operations in any order, so that every reply stands before and after others.
#[test]
fn operations_agree_in_any_order() {
    for seed in 0..ROUNDS {
        let mut round = Round::new(seed ^ 0xA5A5_0000);
        for _ in 0..12 {
            let at = round.g.pick(rops::OPERATIONS.len());
            rops::OPERATIONS[at].1(&mut round);
        }
        round.finish();
    }
}
