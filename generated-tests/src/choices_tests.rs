use std::collections::BTreeSet;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::*;

/// Many sources of choices, always the same ones.
fn many() -> impl Iterator<Item = Choices> {
    let mut runner = TestRunner::deterministic();
    (0..1500).map(move |_| choices().new_tree(&mut runner).unwrap().current())
}

fn all<T>(mut choose: impl FnMut(&mut Choices) -> T) -> Vec<T> {
    many().flat_map(|mut g| [choose(&mut g), choose(&mut g), choose(&mut g)]).collect()
}

#[test]
fn without_words_everything_is_the_least() {
    let mut g = Choices::default();
    assert_eq!((g.u8(), g.i64(), g.u48(), g.bool(), g.pick(9), g.len(9)), (0, 0, 0, false, 0, 0));
    assert_eq!((g.f32(), g.f64()), (0.0, 0.0));
    assert!(g.blob(9).is_empty() && g.utf16(9).is_empty() && g.string8(9).is_empty());
    assert_eq!((g.guid(), g.bytes::<3>(), g.filetime()), (Guid::default(), [0; 3], FileTime::UNIX_EPOCH));
}

#[test]
fn the_same_words_give_the_same_choices() {
    let choose = |mut g: Choices| (g.u64(), g.blob(300), g.utf16(300), g.string8(300), g.guid());
    for g in many().take(50) {
        assert_eq!(choose(g.clone()), choose(g));
    }
}

#[test]
fn integers_meet_their_boundaries() {
    let bytes: BTreeSet<u8> = all(Choices::u8).into_iter().collect();
    assert!([0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF].iter().all(|n| bytes.contains(n)));
    let words: BTreeSet<u32> = all(Choices::u32).into_iter().collect();
    assert!([0, 1, 0x8000, 0xFFFF, 1 << 31, (1 << 31) - 1, u32::MAX - 1, u32::MAX].iter().all(|n| words.contains(n)));
    let signed: BTreeSet<i64> = all(Choices::i64).into_iter().collect();
    assert!([i64::MIN, -1, 0, i64::MAX].iter().all(|n| signed.contains(n)));
    let wide = all(Choices::u48);
    assert!(wide.contains(&((1 << 48) - 1)) && wide.iter().all(|&n| n < 1 << 48));
    assert!(all(|g| g.bits(1)).iter().all(|&n| n < 2));
}

#[test]
fn every_index_is_reached_evenly() {
    for count in [1, 2, 3, 7, 50] {
        let mut seen = vec![0usize; count];
        let picks = all(|g| g.pick(count));
        picks.iter().for_each(|&index| seen[index] += 1);
        // The first is the one that is left when the words are used up.
        let least = picks.len() / count / 2;
        assert!(seen.iter().all(|&times| times >= least), "{count}: {seen:?}");
    }
}

#[test]
fn numbers_are_never_nan_and_sometimes_infinite() {
    assert!(all(Choices::f32).iter().any(|n| n.is_infinite()) && !all(Choices::f32).iter().any(|n| n.is_nan()));
    assert!(all(Choices::f64).iter().any(|n| n.is_infinite()) && !all(Choices::f64).iter().any(|n| n.is_nan()));
    assert!(all(Choices::f64).iter().any(|n| *n == 0.0 && n.is_sign_negative()));
}

#[test]
fn sizes_are_small_around_boundaries_and_up_to_the_largest() {
    let sizes: BTreeSet<usize> = all(|g| g.blob(300).len()).into_iter().collect();
    assert!([0, 1, 2, 254, 255, 256, 299, 300].iter().all(|n| sizes.contains(n)), "{sizes:?}");
    assert_eq!(sizes.last(), Some(&300));
    let lists: BTreeSet<usize> = all(|g| g.len(5)).into_iter().collect();
    assert_eq!(lists, (0..=5).collect());
    assert!(all(|g| g.len(1000)).iter().all(|&len| len <= MAX_LIST));
}

#[test]
fn text_is_of_every_kind_and_has_no_zero() {
    let texts = all(|g| g.utf16(40));
    assert!(texts.iter().all(|text| text.len_units() <= 40 && text.units().all(|unit| unit != 0)));
    let lone = |text: &Utf16<'_>| char::decode_utf16(text.units()).any(|c| c.is_err());
    let pair = |text: &Utf16<'_>| char::decode_utf16(text.units()).any(|c| c.is_ok_and(|c| c.len_utf16() == 2));
    assert!(texts.iter().any(lone) && texts.iter().any(pair) && texts.iter().any(Utf16::is_empty));
    let bytes = all(|g| g.string8(40));
    assert!(bytes.iter().all(|text| text.as_bytes().len() <= 40 && !text.as_bytes().contains(&0)));
    assert!(bytes.iter().any(|text| !text.as_bytes().is_ascii()));
}

#[test]
fn picks_only_what_is_possible() {
    let mut g = Choices::new((0..100).collect());
    let mut picked: Vec<usize> = (0..100).map(|_| g.pick_possible(&[false, true, false, true])).collect();
    picked.sort_unstable();
    picked.dedup();
    assert_eq!(picked, [1, 3]);
    assert_eq!(g.pick_possible(&[false, false]), 0);
}

#[test]
fn names_are_frequent_and_other_values_occur() {
    let values = all(|g| g.named(&[(0x1234_u16, "a"), (0x5678, "b")]));
    let named = values.iter().filter(|value| [0x1234, 0x5678].contains(*value)).count();
    assert!((values.len() * 6 / 10..values.len() * 9 / 10).contains(&named), "{named} of {}", values.len());
}

#[test]
fn nesting_ends() {
    fn depth(g: &mut Choices) -> u32 {
        if g.deeper() { g.nest(depth) + 1 } else { 0 }
    }
    let mut g = Choices::default();
    assert_eq!((depth(&mut g), depth(&mut g)), (MAX_DEPTH, MAX_DEPTH));
}

#[test]
fn one_rule_at_a_time_is_broken() {
    let make = |g: &mut Choices| (g.breaks(true), g.breaks(false), g.breaks_len(3));
    let mut found = BTreeSet::new();
    for word in 0..64 {
        let mut whole = Choices::new(vec![word]);
        assert_eq!((make(&mut whole), broke()), ((true, false, 3), false));
        let mut broken = whole.breaking().unwrap();
        let value = make(&mut broken);
        assert!(broke());
        found.insert(value);
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(false, false, 3), (true, false, 4), (true, true, 3)]);
    assert!(Choices::new(vec![1]).breaking().is_none(), "no rule, nothing to break");
}
