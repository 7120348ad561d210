//! Changes of bytes that are packed values: fields, counts and lengths, and pieces of other values.

use crate::choices::Noise;

/// No input gets longer.
const MOST_BYTES: usize = 4096;
/// What a field is set to, of any width.
const NUMBERS: [u64; 14] = [0, 1, 2, 3, 4, 7, 8, 16, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF];

/// Bytes with some changes; `other` is an input to take pieces of.
pub fn mutate(bytes: &[u8], other: &[u8], noise: &mut Noise) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let changes = 1 << below(noise, 4);
    for _ in 0..changes {
        change(&mut copy, other, noise);
    }
    copy.truncate(MOST_BYTES);
    copy
}

fn below(noise: &mut Noise, count: usize) -> usize {
    usize::try_from(noise.number()).unwrap_or_default().checked_rem(count).unwrap_or_default()
}

/// Some of the bytes: where they begin and end.
fn part(bytes: &[u8], noise: &mut Noise) -> (usize, usize) {
    let start = below(noise, bytes.len() + 1);
    let length = match below(noise, 3) {
        0 => below(noise, 5),
        1 => below(noise, 33),
        _ => below(noise, bytes.len() + 1),
    };
    (start, start.saturating_add(length).min(bytes.len()))
}

fn change(copy: &mut Vec<u8>, other: &[u8], noise: &mut Noise) {
    let at = below(noise, copy.len());
    match below(noise, 12) {
        // One byte.
        0 => {
            let with = noise.number() as u8;
            copy.iter_mut().skip(at).take(1).for_each(|byte| *byte = with);
        }
        1 => {
            let bit = 1u8 << below(noise, 8);
            copy.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bit);
        }
        2 => {
            let by = below(noise, 9) as u8;
            copy.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_add(by).wrapping_sub(4));
        }
        // A field: a number with something to it, or a little more or less than it was, lowest byte first or last.
        3..=5 => {
            let width = 1 << below(noise, 4);
            let Some(field) = copy.get_mut(at..at + width) else { return };
            let big_endian = below(noise, 4) == 0;
            if big_endian {
                field.reverse();
            }
            let old = field.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
            let mut new = match below(noise, 3) {
                0 => NUMBERS[below(noise, NUMBERS.len())],
                1 => old.wrapping_add(noise.number() % 17).wrapping_sub(8),
                _ => (other.len() as u64).wrapping_sub(noise.number() % 8),
            };
            for byte in field.iter_mut() {
                *byte = new as u8;
                new >>= 8;
            }
            if big_endian {
                field.reverse();
            }
        }
        // Less.
        6 => copy.truncate(at),
        7 => {
            let (start, end) = part(copy, noise);
            copy.drain(start..end);
        }
        // More of the same.
        8 => {
            let (start, end) = part(copy, noise);
            let piece = copy[start..end].to_vec();
            let to = below(noise, copy.len() + 1);
            copy.splice(to..to, piece);
        }
        // Pieces of another input, put in or put over.
        9 | 10 => {
            let (start, end) = part(other, noise);
            let (first, last) = part(copy, noise);
            let last = if below(noise, 2) == 0 { first } else { last };
            copy.splice(first..last, other[start..end].iter().copied());
        }
        _ => {
            let first = below(noise, copy.len() + 1);
            copy.truncate(first);
            let start = below(noise, other.len() + 1);
            copy.extend_from_slice(&other[start..]);
        }
    }
    copy.truncate(MOST_BYTES);
}

/// The shortest and simplest bytes that are still found: pieces are taken out, then bytes made 0.
pub fn minimised(bytes: &[u8], found: &dyn Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut best = bytes.to_vec();
    let mut size = best.len().next_power_of_two();
    while size > 0 {
        let mut at = 0;
        while at < best.len() {
            let mut shorter = best.clone();
            shorter.drain(at..(at + size).min(best.len()));
            if found(&shorter) {
                best = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    for at in 0..best.len() {
        let mut simpler = best.clone();
        simpler[at] = 0;
        if best[at] != 0 && found(&simpler) {
            best = simpler;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_made_as_small_as_it_can_be() {
        let found = |bytes: &[u8]| bytes.windows(2).any(|pair| pair[0] == 7 && pair[1] > 100);
        let bytes: Vec<u8> = (0..200).chain([7, 150]).chain(0..50).collect();
        assert_eq!(minimised(&bytes, &found), [7, 150]);
    }

    #[test]
    fn changes_reach_every_place_and_stay_within_bounds() {
        let mut noise = Noise::new(3);
        let (bytes, other) = ([0x55; 24], [0xAA; 40]);
        let mut reached = [false; 24];
        let (mut shorter, mut longer, mut spliced) = (false, false, false);
        for _ in 0..4_000 {
            let changed = mutate(&bytes, &other, &mut noise);
            assert!(changed.len() <= MOST_BYTES);
            shorter |= changed.len() < 24;
            longer |= changed.len() > 24;
            spliced |= changed.windows(6).any(|window| window == [0xAA; 6]);
            if changed.len() == 24 {
                changed.iter().zip(&mut reached).for_each(|(byte, reached)| *reached |= *byte != 0x55);
            }
        }
        assert!(shorter && longer && spliced && reached.iter().all(|reached| *reached));
        assert!(mutate(&[], &[], &mut noise).len() <= MOST_BYTES);
    }
}
