//! Calls of EMSMDB with what their byte arrays carry, down to the ROP buffer.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use generated_tests::vectors::hex;
use protocol::emsmdb::{EcDoConnectExRequest, EcDoRpcExt2Request, EcDoRpcExt2Response, OPERATIONS};
use protocol::oxcrpc::{
    AuxExorginfo, AuxiliaryBlock, AuxiliaryBlockPayload, AuxiliaryBuffer, ExtendedAuxiliaryBuffer,
    ExtendedBufferOfAuxiliaryBuffer, ExtendedBufferOfRopInputBuffer, ExtendedBufferOfRopOutputBuffer, OrgFlags,
    RopInputBuffers, RopOutputBuffers, RpcHeaderFlags,
};
use protocol::rops::RopInputBuffer;
use runtime::ndr::{ContextHandle, Representation};
use runtime::{Blob, Guid, UnpackErrorKind};

const ROOM: usize = 0x4_0000;

const REPRESENTATIONS: [Representation; 3] =
    [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64];

fn session() -> ContextHandle {
    ContextHandle { attributes: 0, uuid: Guid([7; 16]) }
}

/// RopRelease of the handle in slot 0.
const RELEASE: &[u8] = &[5, 0, 0x01, 0, 0, 9, 0, 0, 0];

fn requests(flags: RpcHeaderFlags) -> RopInputBuffers<'static> {
    let payload = Blob::Borrowed(RELEASE);
    RopInputBuffers { payloads: vec![ExtendedBufferOfRopInputBuffer { flags: flags | RpcHeaderFlags::LAST, payload }] }
}

fn auxiliary() -> ExtendedAuxiliaryBuffer<'static> {
    let payload = AuxiliaryBlockPayload::ExOrgInfo(AuxExorginfo { org_flags: OrgFlags(1) });
    let payload = AuxiliaryBuffer { blocks: vec![AuxiliaryBlock { payload }] };
    ExtendedAuxiliaryBuffer { buffer: ExtendedBufferOfAuxiliaryBuffer { flags: RpcHeaderFlags::LAST, payload } }
}

fn call(rgb_in: Blob<'_>) -> EcDoRpcExt2Request<'_> {
    EcDoRpcExt2Request {
        pcxh: session(),
        pul_flags: 3,
        rgb_in,
        pcb_out: 0x8000,
        rgb_aux_in: EcDoRpcExt2Request::pack_rgb_aux_in(&auxiliary()).unwrap(),
        pcb_aux_out: 0x1008,
    }
}

#[test]
fn lengths_of_the_call_are_those_of_what_it_carries() {
    let call = call(EcDoRpcExt2Request::pack_rgb_in(&requests(RpcHeaderFlags(0))).unwrap());
    // The handle; pulFlags; rgbIn with its maximum count, padded; cbIn; pcbOut; the same of rgbAuxIn.
    let expected = hex(concat!(
        "00 00 00 00  07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 07 | 03 00 00 00 |",
        "11 00 00 00  00 00 04 00 09 00 09 00  05 00 01 00 00 09 00 00 00  00 00 00 | 11 00 00 00 | 00 80 00 00 |",
        "10 00 00 00  00 00 04 00 08 00 08 00  08 00 01 17 01 00 00 00 | 10 00 00 00 | 08 10 00 00"
    ));
    assert_eq!(call.encode(Representation::NDR).unwrap(), expected);
}

#[test]
fn a_call_is_read_down_to_its_operations_in_each_representation() {
    for flags in [RpcHeaderFlags(0), RpcHeaderFlags::XOR_MAGIC] {
        let value = requests(flags);
        let call = call(EcDoRpcExt2Request::pack_rgb_in(&value).unwrap());
        for representation in REPRESENTATIONS {
            let bytes = call.encode(representation).unwrap();
            let read = EcDoRpcExt2Request::decode(&bytes, representation).unwrap();
            assert_eq!(read, call);
            let buffers = read.unpack_rgb_in(ROOM).unwrap();
            assert_eq!(buffers, value);
            let batch = RopInputBuffer::unpack(&buffers.payloads[0].payload).unwrap();
            assert_eq!((batch.requests.len(), &batch.handles[..]), (1, &[9][..]));
            assert_eq!(read.unpack_rgb_aux_in(ROOM).unwrap(), auxiliary());
        }
    }
}

#[test]
fn a_response_has_as_many_bytes_as_it_carries() {
    let first = vec![0; 3000];
    let payloads = [(&first[..], RpcHeaderFlags::COMPRESSED), (&[2, 0][..], RpcHeaderFlags::LAST)];
    let payloads = payloads.map(|(payload, flags)| ExtendedBufferOfRopOutputBuffer { flags, payload: payload.into() });
    let value = RopOutputBuffers { payloads: payloads.to_vec() };
    let response = EcDoRpcExt2Response {
        pcxh: session(),
        pul_flags: 0,
        rgb_out: EcDoRpcExt2Response::pack_rgb_out(&value).unwrap(),
        rgb_aux_out: Blob::default(),
        pul_trans_time: 1,
        return_value: 0,
    };
    assert_eq!(response.rgb_out.len(), value.packed_size());
    assert!(response.rgb_out.len() < 100);
    for representation in REPRESENTATIONS {
        let bytes = response.encode(representation).unwrap();
        let read = EcDoRpcExt2Response::decode(&bytes, representation).unwrap();
        assert_eq!(read.unpack_rgb_out(ROOM).unwrap(), value);
        // All payloads together have the limit of the reader.
        let error = read.unpack_rgb_out(3001).unwrap_err();
        assert_eq!(error.path(), "rgbOut.Payloads[1].SizeActual");
        assert_eq!(error.kind(), &UnpackErrorKind::TooLarge { found: 2, limit: 1 });
    }
}

#[test]
fn what_is_wrong_inside_is_no_fault_of_the_call() {
    let mut bytes = EcDoRpcExt2Request::pack_rgb_in(&requests(RpcHeaderFlags(0))).unwrap().into_owned();
    bytes[2] = 0x0C;
    let call = call(bytes.clone().into());
    let stub = call.encode(Representation::NDR).unwrap();
    let read = EcDoRpcExt2Request::decode(&stub, Representation::NDR).unwrap();
    let error = read.unpack_rgb_in(ROOM).unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("rgbIn.Payloads[0].Flags", 2));
    // Nothing stands behind the last payload.
    bytes[2] = 0x04;
    bytes.push(0);
    let error = self::call(bytes.into()).unpack_rgb_in(ROOM).unwrap_err();
    assert_eq!(error.kind(), &UnpackErrorKind::TrailingBytes { count: 1 });
    assert_eq!(error.path(), "rgbIn");
    let none = self::call(Blob::default());
    assert_eq!(none.unpack_rgb_in(ROOM).unwrap_err().path(), "rgbIn.Payloads[0].Version");
}

#[test]
fn connecting_carries_auxiliary_blocks() {
    let request = EcDoConnectExRequest {
        sz_user_dn: "/o=Example/cn=Recipients/cn=alice".into(),
        ul_flags: 0,
        ul_con_mod: 0x1234_5678,
        cb_limit: 0,
        ul_cpid: 1252,
        ul_lcid_string: 0x0409,
        ul_lcid_sort: 0x0409,
        ul_icxr_link: u32::MAX,
        us_f_can_convert_code_pages: 1,
        rgw_client_version: [16, 0, 1],
        pul_time_stamp: 0,
        rgb_aux_in: EcDoConnectExRequest::pack_rgb_aux_in(&auxiliary()).unwrap(),
        pcb_aux_out: 0x1008,
    };
    for representation in REPRESENTATIONS {
        let bytes = request.encode(representation).unwrap();
        let read = EcDoConnectExRequest::decode(&bytes, representation).unwrap();
        assert_eq!(read, request);
        assert_eq!(read.unpack_rgb_aux_in(ROOM).unwrap(), auxiliary());
    }
    // More than the document allows is no call.
    let large = EcDoConnectExRequest { pcb_aux_out: 0x1009, ..request };
    assert!(large.encode(Representation::NDR).is_err());
}

#[test]
fn operations_have_the_numbers_of_the_document() {
    let numbers = [
        ("EcDoDisconnect", 1),
        ("EcRRegisterPushNotification", 4),
        ("EcDummyRpc", 6),
        ("EcDoConnectEx", 10),
        ("EcDoRpcExt2", 11),
        ("EcDoAsyncConnectEx", 14),
    ];
    for (name, number) in numbers {
        assert_eq!(OPERATIONS[number], name);
    }
    assert_eq!(OPERATIONS.len(), 15);
    assert_eq!(protocol::asyncemsmdb::OPERATIONS, ["EcDoAsyncWaitEx"]);
}
