//! Messages of every operation, and strategies that make more of them.

use proptest::prelude::*;
use protocol::rpcecho::{
    AddOneRequest, AddOneResponse, EchoDataRequest, EchoDataResponse, Enum1, Enum1_32, Enum2, Enum3, Info, Info1,
    Info2, Info3, Info4, Info5, Info6, Info7, SinkDataRequest, SinkDataResponse, SourceDataRequest, SourceDataResponse,
    Surrounding, TestCall2Request, TestCall2Response, TestCallRequest, TestCallResponse, TestDoublePointerRequest,
    TestDoublePointerResponse, TestEnumRequest, TestEnumResponse, TestSleepRequest, TestSleepResponse,
    TestSurroundingRequest, TestSurroundingResponse,
};
use runtime::ndr::{NtStatus, Representation};
use runtime::{PackError, UnpackError, Utf16};

pub use crate::peer::REPRESENTATIONS;

/// A call: its request, and a response that fits it.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::enum_variant_names, reason = "the operation is called so")]
pub enum Call {
    AddOne(AddOneRequest, AddOneResponse),
    EchoData(EchoDataRequest<'static>, EchoDataResponse<'static>),
    SinkData(SinkDataRequest<'static>, SinkDataResponse),
    SourceData(SourceDataRequest, SourceDataResponse<'static>),
    TestCall(TestCallRequest<'static>, TestCallResponse<'static>),
    TestCall2(TestCall2Request, TestCall2Response),
    TestSleep(TestSleepRequest, TestSleepResponse),
    TestEnum(TestEnumRequest, TestEnumResponse),
    TestSurrounding(TestSurroundingRequest, TestSurroundingResponse),
    TestDoublePointer(TestDoublePointerRequest, TestDoublePointerResponse),
}

impl Call {
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddOne(..) => "AddOne",
            Self::EchoData(..) => "EchoData",
            Self::SinkData(..) => "SinkData",
            Self::SourceData(..) => "SourceData",
            Self::TestCall(..) => "TestCall",
            Self::TestCall2(..) => "TestCall2",
            Self::TestSleep(..) => "TestSleep",
            Self::TestEnum(..) => "TestEnum",
            Self::TestSurrounding(..) => "TestSurrounding",
            Self::TestDoublePointer(..) => "TestDoublePointer",
        }
    }

    pub fn encode_request(&self, r: Representation) -> Result<Vec<u8>, PackError> {
        match self {
            Self::AddOne(q, _) => q.encode(r),
            Self::EchoData(q, _) => q.encode(r),
            Self::SinkData(q, _) => q.encode(r),
            Self::SourceData(q, _) => q.encode(r),
            Self::TestCall(q, _) => q.encode(r),
            Self::TestCall2(q, _) => q.encode(r),
            Self::TestSleep(q, _) => q.encode(r),
            Self::TestEnum(q, _) => q.encode(r),
            Self::TestSurrounding(q, _) => q.encode(r),
            Self::TestDoublePointer(q, _) => q.encode(r),
        }
    }

    pub fn encode_response(&self, r: Representation) -> Result<Vec<u8>, PackError> {
        match self {
            Self::AddOne(_, a) => a.encode(r),
            Self::EchoData(q, a) => a.encode(r, q),
            Self::SinkData(_, a) => a.encode(r),
            Self::SourceData(q, a) => a.encode(r, q),
            Self::TestCall(_, a) => a.encode(r),
            Self::TestCall2(q, a) => a.encode(r, q),
            Self::TestSleep(_, a) => a.encode(r),
            Self::TestEnum(_, a) => a.encode(r),
            Self::TestSurrounding(_, a) => a.encode(r),
            Self::TestDoublePointer(_, a) => a.encode(r),
        }
    }

    /// Unpacks the bytes as a request of the same operation and says whether it is this one.
    pub fn is_request(&self, bytes: &[u8], r: Representation) -> Result<bool, UnpackError> {
        Ok(match self {
            Self::AddOne(q, _) => AddOneRequest::decode(bytes, r)? == *q,
            Self::EchoData(q, _) => EchoDataRequest::decode(bytes, r)? == *q,
            Self::SinkData(q, _) => SinkDataRequest::decode(bytes, r)? == *q,
            Self::SourceData(q, _) => SourceDataRequest::decode(bytes, r)? == *q,
            Self::TestCall(q, _) => TestCallRequest::decode(bytes, r)? == *q,
            Self::TestCall2(q, _) => TestCall2Request::decode(bytes, r)? == *q,
            Self::TestSleep(q, _) => TestSleepRequest::decode(bytes, r)? == *q,
            Self::TestEnum(q, _) => TestEnumRequest::decode(bytes, r)? == *q,
            Self::TestSurrounding(q, _) => TestSurroundingRequest::decode(bytes, r)? == *q,
            Self::TestDoublePointer(q, _) => TestDoublePointerRequest::decode(bytes, r)? == *q,
        })
    }

    /// Unpacks the bytes as a response of the same operation and says whether it is this one.
    pub fn is_response(&self, bytes: &[u8], r: Representation) -> Result<bool, UnpackError> {
        Ok(match self {
            Self::AddOne(_, a) => AddOneResponse::decode(bytes, r)? == *a,
            Self::EchoData(q, a) => EchoDataResponse::decode(bytes, r, q)? == *a,
            Self::SinkData(_, a) => SinkDataResponse::decode(bytes, r)? == *a,
            Self::SourceData(q, a) => SourceDataResponse::decode(bytes, r, q)? == *a,
            Self::TestCall(_, a) => TestCallResponse::decode(bytes, r)? == *a,
            Self::TestCall2(q, a) => TestCall2Response::decode(bytes, r, q)? == *a,
            Self::TestSleep(_, a) => TestSleepResponse::decode(bytes, r)? == *a,
            Self::TestEnum(_, a) => TestEnumResponse::decode(bytes, r)? == *a,
            Self::TestSurrounding(_, a) => TestSurroundingResponse::decode(bytes, r)? == *a,
            Self::TestDoublePointer(_, a) => TestDoublePointerResponse::decode(bytes, r)? == *a,
        })
    }
}

/// One call of every operation, of every arm and of every null where it matters.
pub fn samples() -> Vec<Call> {
    let mut calls = vec![
        Call::AddOne(AddOneRequest { in_data: 0x0102_0304 }, AddOneResponse { out_data: 0x0102_0305 }),
        Call::EchoData(
            EchoDataRequest { in_data: vec![1, 2, 3].into() },
            EchoDataResponse { out_data: vec![1, 2, 3].into() },
        ),
        Call::EchoData(EchoDataRequest::default(), EchoDataResponse::default()),
        Call::SinkData(SinkDataRequest { data: vec![0xfe, 0xff].into() }, SinkDataResponse),
        Call::SourceData(SourceDataRequest { length: 2 }, SourceDataResponse { data: vec![7, 8].into() }),
        Call::TestCall(
            TestCallRequest { text: Utf16::new("abc") },
            TestCallResponse { answer: Some(Utf16::new("de")) },
        ),
        Call::TestCall(TestCallRequest { text: Utf16::new("") }, TestCallResponse { answer: None }),
        Call::TestSleep(TestSleepRequest { seconds: 3 }, TestSleepResponse { return_value: 3 }),
        Call::TestEnum(
            TestEnumRequest { pair: PAIR, choice: Enum3::Enum1(Enum1::ECHO_ENUM2) },
            TestEnumResponse { pair: PAIR, choice: Enum3::Enum2(PAIR) },
        ),
        Call::TestSurrounding(
            TestSurroundingRequest { data: Surrounding { surrounding: vec![0x0a0b, 0x0c0d, 1] } },
            TestSurroundingResponse { data: Surrounding { surrounding: vec![5] } },
        ),
        Call::TestDoublePointer(
            TestDoublePointerRequest { data: Some(Some(0x1234)) },
            TestDoublePointerResponse { return_value: 0x1234 },
        ),
        Call::TestDoublePointer(
            TestDoublePointerRequest { data: Some(None) },
            TestDoublePointerResponse { return_value: 0 },
        ),
        Call::TestDoublePointer(TestDoublePointerRequest { data: None }, TestDoublePointerResponse { return_value: 0 }),
    ];
    let infos = [
        Info::Info1(Info1 { value: 0x11 }),
        Info::Info2(Info2 { value: 0x1122 }),
        Info::Info3(Info3 { value: 0x1122_3344 }),
        Info::Info4(Info4 { value: 0x1122_3344_5566_7788 }),
        Info::Info5(Info5 { value1: 0x99, value2: 0x1122_3344_5566_7788 }),
        Info::Info6(Info6 { value1: 0x99, info1: Info1 { value: 0x11 } }),
        Info::Info7(Info7 { value1: 0x99, info4: Info4 { value: 0x1122_3344_5566_7788 } }),
    ];
    calls.extend(infos.map(|info| {
        let response = TestCall2Response { info, return_value: NtStatus(0xc000_0001) };
        Call::TestCall2(TestCall2Request { level: info.discriminant() }, response)
    }));
    calls
}

const PAIR: Enum2 = Enum2 { narrow: Enum1::ECHO_ENUM1, wide: Enum1_32::ECHO_ENUM2_32 };

fn info() -> impl Strategy<Value = Info> {
    prop_oneof![
        any::<u8>().prop_map(|value| Info::Info1(Info1 { value })),
        any::<u16>().prop_map(|value| Info::Info2(Info2 { value })),
        any::<u32>().prop_map(|value| Info::Info3(Info3 { value })),
        any::<i64>().prop_map(|value| Info::Info4(Info4 { value })),
        any::<(u8, i64)>().prop_map(|(value1, value2)| Info::Info5(Info5 { value1, value2 })),
        any::<(u8, u8)>().prop_map(|(value1, value)| Info::Info6(Info6 { value1, info1: Info1 { value } })),
        any::<(u8, i64)>().prop_map(|(value1, value)| Info::Info7(Info7 { value1, info4: Info4 { value } })),
    ]
}

fn text() -> impl Strategy<Value = Utf16<'static>> {
    prop_oneof![
        ".{0,20}".prop_map(Utf16::from),
        prop::collection::vec(any::<u16>(), 0..20).prop_map(|units| Utf16::from_units(&units)),
    ]
}

fn pair() -> impl Strategy<Value = Enum2> {
    any::<(u16, u32)>().prop_map(|(narrow, wide)| Enum2 { narrow: Enum1(narrow), wide: Enum1_32(wide) })
}

fn choice() -> impl Strategy<Value = Enum3> {
    prop_oneof![any::<u16>().prop_map(|value| Enum3::Enum1(Enum1(value))), pair().prop_map(Enum3::Enum2)]
}

fn surrounding() -> impl Strategy<Value = Surrounding> {
    prop::collection::vec(any::<u16>(), 0..30).prop_map(|surrounding| Surrounding { surrounding })
}

/// Any call whose response fits its request.
pub fn call() -> impl Strategy<Value = Call> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        any::<(u32, u32)>()
            .prop_map(|(a, b)| Call::AddOne(AddOneRequest { in_data: a }, AddOneResponse { out_data: b })),
        bytes().prop_map(|data| Call::EchoData(
            EchoDataRequest { in_data: data.clone().into() },
            EchoDataResponse { out_data: data.into() },
        )),
        bytes().prop_map(|data| Call::SinkData(SinkDataRequest { data: data.into() }, SinkDataResponse)),
        bytes().prop_map(|data| Call::SourceData(
            SourceDataRequest { length: u32::try_from(data.len()).unwrap() },
            SourceDataResponse { data: data.into() },
        )),
        (text(), prop::option::of(text()))
            .prop_map(|(text, answer)| Call::TestCall(TestCallRequest { text }, TestCallResponse { answer })),
        (info(), any::<u32>()).prop_map(|(info, status)| Call::TestCall2(
            TestCall2Request { level: info.discriminant() },
            TestCall2Response { info, return_value: NtStatus(status) },
        )),
        any::<(u32, u32)>().prop_map(|(seconds, return_value)| Call::TestSleep(
            TestSleepRequest { seconds },
            TestSleepResponse { return_value },
        )),
        (pair(), choice(), pair(), choice()).prop_map(|(p, c, q, d)| Call::TestEnum(
            TestEnumRequest { pair: p, choice: c },
            TestEnumResponse { pair: q, choice: d },
        )),
        (surrounding(), surrounding()).prop_map(|(a, b)| Call::TestSurrounding(
            TestSurroundingRequest { data: a },
            TestSurroundingResponse { data: b },
        )),
        (any::<Option<Option<u16>>>(), any::<u16>()).prop_map(|(data, return_value)| Call::TestDoublePointer(
            TestDoublePointerRequest { data },
            TestDoublePointerResponse { return_value },
        )),
    ]
}
