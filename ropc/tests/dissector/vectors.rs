//! Published bytes of the descriptions, and any bytes for each operation, in bodies of Execute.

use ropc::ast::{Expected, Vector};
use ropc::model::TypeKind;

use crate::compare::same;
use crate::decode::input::hex;
use crate::decode::rops::Decoder;
use crate::decode::script::mapi_http;
use crate::decode::tree::Decoded;
use crate::exchanges::{buffer, capture, execute, executed, forms, refused, request, response};
use crate::pdml::bodies;
use crate::support::{Tshark, program};

fn is_request(vector: &Vector) -> bool {
    vector.target.as_ref().is_none_or(|target| target.text == "request")
}

/// A body that travels alone: its request type, and whether it is a response.
type Lone = (String, bool, Vec<u8>);

/// Each body in a connection where nothing answers it and it answers nothing.
fn shown_as_decoded(tshark: &Tshark, lone: &[Lone]) {
    for is_response in [false, true] {
        let of_side = lone.iter().filter(|(_, response, _)| *response == is_response);
        let (mut messages, mut expected): (Vec<_>, Vec<Decoded>) = (Vec::new(), Vec::new());
        for (index, (key, _, body)) in of_side.enumerate() {
            if is_response {
                messages.push((Vec::new(), response(key, body, index % 2 == 0)));
                expected.extend(mapi_http(&mut Decoder::new(program()), key, None, Some(body)).unwrap());
            } else {
                messages.push((request(key, &format!("s{index}"), body), Vec::new()));
                expected.extend(mapi_http(&mut Decoder::new(program()), key, Some(body), None).unwrap());
            }
        }
        same(&bodies(&tshark.run(&capture(messages), &["-T", "pdml"])), &expected);
    }
}

#[test]
fn all_vectors_of_operations_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let mut forms = forms();
    let mut lone: Vec<Lone> = Vec::new();
    for rop in &program().rops {
        for vector in &rop.vectors {
            let bytes = buffer(&hex(&vector.bytes.text).unwrap(), &[1, 2, u32::MAX]);
            let form = forms.next().unwrap();
            let is_response = !is_request(vector);
            let body = if is_response { executed(&bytes, form, false) } else { execute(&bytes, form) };
            lone.push(("Execute".to_owned(), is_response, body));
        }
    }
    assert!(lone.len() > 200, "{} vectors: the descriptions are not read", lone.len());
    for request in &program().requests {
        let right = request.vectors.iter().filter(|vector| !matches!(vector.expected, Some(Expected::Error(_))));
        lone.extend(right.map(|vector| (request.key.clone(), !is_request(vector), hex(&vector.bytes.text).unwrap())));
    }
    shown_as_decoded(&tshark, &lone);
}

#[test]
fn auxiliary_blocks_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let of = |name: &str| program().types.iter().find(|def| def.name == name).map(|def| &def.kind);
    let vectors = ["AuxiliaryBlock", "AuxiliaryBuffer"].into_iter().filter_map(of).flat_map(|kind| match kind {
        TypeKind::Struct(def) => def.vectors.as_slice(),
        _ => &[],
    });
    let blocks: Vec<Vec<u8>> = vectors.map(|vector| hex(&vector.bytes.text).unwrap()).collect();
    assert!(blocks.len() > 10, "{} vectors: the descriptions are not read", blocks.len());
    let mut random = Random(0x0F1E_2D3C_4B5A_6978);
    let mut forms = forms();
    let mut lone: Vec<Lone> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let mut add = |payload: &[u8]| lone.push(("Connect".to_owned(), true, refused(payload, forms.next().unwrap())));
        add(block);
        add(&[block.as_slice(), &blocks[(index + 1) % blocks.len()]].concat());
        for _ in 0..12 {
            let mut changed = block.clone();
            let at = random.below(changed.len());
            changed[at] = if random.below(2) == 0 { random.next() as u8 % 32 } else { random.next() as u8 };
            changed.truncate(if random.below(4) == 0 { random.below(changed.len()) + 1 } else { changed.len() });
            add(&changed);
        }
        // A block of any type with any bytes.
        let mut any = random.bytes(random.0 as usize % 60 + 8);
        let size = any.len() as u8;
        any[..4].copy_from_slice(&[size, 0, 1 + random.next() as u8 % 2, random.next() as u8 % 80]);
        add(&any);
    }
    shown_as_decoded(&tshark, &lone);
}

#[test]
fn headers_of_payloads_that_are_wrong_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let release = buffer(&[1, 0, 0].repeat(30), &[1, 2]);
    let mut lone: Vec<Lone> = Vec::new();
    for form in forms().take(4) {
        let whole = execute(&release, form);
        let payload = &whole[8..whole.len() - 8];
        let mut add = |payload: &[u8]| {
            let size = u32::try_from(payload.len()).unwrap().to_le_bytes();
            lone.push(("Execute".to_owned(), false, [&[0; 4], &size[..], payload, &[0; 8]].concat()));
        };
        for at in 0..8 {
            for value in [0, 1, 2, 8, 0xFF] {
                let mut changed = payload.to_vec();
                changed[at] = value;
                add(&changed);
            }
        }
        // A payload and the first bytes of another, one behind the last, one that is cut off, one that is spoiled.
        let mut first = payload.to_vec();
        first[2] &= 3;
        (0..12).for_each(|more| add(&[first.as_slice(), &payload[..more]].concat()));
        add(&[first.as_slice(), payload].concat());
        add(&[payload, payload].concat());
        add(&payload[..payload.len() - 1]);
        let mut spoiled = payload.to_vec();
        spoiled[9] ^= 0x55;
        add(&spoiled);
    }
    shown_as_decoded(&tshark, &lone);
}

/// Numbers that look random and are the same each time.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// Mostly small bytes, as counts and flags like them.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| if self.below(3) > 0 { self.next() as u8 % 4 } else { self.next() as u8 }).collect()
    }
}

#[test]
fn any_bytes_of_each_operation_are_shown_as_they_decode() {
    let Some(tshark) = Tshark::find() else { return };
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut forms = forms();
    let mut lone: Vec<Lone> = Vec::new();
    for rop in &program().rops {
        for round in 0..6 {
            let count = random.below(if round == 0 { 20 } else { 120 });
            let mut bytes = vec![rop.id];
            bytes.extend(random.bytes(count));
            lone.push(("Execute".to_owned(), false, execute(&buffer(&bytes, &[3]), forms.next().unwrap())));
            // Most replies are of success.
            let mut bytes = vec![rop.reply_id.unwrap_or(rop.id), 0];
            bytes.extend(if round == 0 { [5, 1, 4, 0x80] } else { [0; 4] });
            bytes.extend(random.bytes(count));
            lone.push(("Execute".to_owned(), true, executed(&buffer(&bytes, &[3]), forms.next().unwrap(), true)));
        }
    }
    for request in &program().requests {
        for is_response in [false, true] {
            for _ in 0..6 {
                let count = random.below(100) + 1;
                let mut bytes = if is_response { vec![0; 4] } else { Vec::new() };
                bytes.extend(random.bytes(count));
                lone.push((request.key.clone(), is_response, bytes));
            }
        }
    }
    shown_as_decoded(&tshark, &lone);
}
