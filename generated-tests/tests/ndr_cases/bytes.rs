//! Compares a value with its bytes, both ways.

/// Bytes written as hexadecimal text; what stands between `(` and `)` explains.
pub fn hex(text: &str) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut explains = false;
    for c in text.chars() {
        match c {
            '(' => explains = true,
            ')' => explains = false,
            c if !explains && c.is_ascii_hexdigit() => digits.push(c as u8),
            _ => {}
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "{text}");
    pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// `assert_case!(Type, value, little-endian, big-endian, NDR64)`
#[macro_export]
macro_rules! assert_case {
    ($type:ident, $value:expr, $little:expr, $big:expr, $ndr64:expr) => {
        let value = $value;
        let cases = [
            (runtime::ndr::Representation::NDR, $little),
            (runtime::ndr::Representation::NDR_BIG_ENDIAN, $big),
            (runtime::ndr::Representation::NDR64, $ndr64),
        ];
        for (representation, text) in cases {
            let expected = $crate::bytes::hex(text);
            let mut e = runtime::ndr::NdrEncoder::new(representation);
            value.pack(&mut e).unwrap();
            assert_eq!(e.finish(), expected, "{representation:?}");
            let mut c = runtime::ndr::NdrCursor::new(&expected, representation);
            assert_eq!($type::unpack(&mut c).unwrap(), value, "{representation:?}");
            assert_eq!(c.remaining(), 0, "{representation:?}");
        }
    };
}
