//! A server on the generated trait, called through the generated dispatch.

use proptest::prelude::*;
use protocol::rpcecho::{
    self, AddOneRequest, AddOneResponse, EchoDataRequest, EchoDataResponse, RpcechoServer, SinkDataRequest,
    SinkDataResponse, SourceDataRequest, SourceDataResponse, TestCall2Request, TestCall2Response, TestCallRequest,
    TestCallResponse, TestDoublePointerRequest, TestDoublePointerResponse, TestEnumRequest, TestEnumResponse,
    TestSleepRequest, TestSleepResponse, TestSurroundingRequest, TestSurroundingResponse,
};
use runtime::ndr::{Fault, FaultCause, FaultStatus, NtStatus, Representation};

use crate::samples::REPRESENTATIONS;

/// Does what the interface says, and counts what it sank.
#[derive(Default)]
struct Server {
    sunk: usize,
}

impl RpcechoServer for Server {
    fn add_one(&mut self, request: &AddOneRequest) -> Result<AddOneResponse, Fault> {
        Ok(AddOneResponse { out_data: request.in_data.wrapping_add(1) })
    }

    fn echo_data<'a>(&mut self, request: &EchoDataRequest<'a>) -> Result<EchoDataResponse<'a>, Fault> {
        Ok(EchoDataResponse { out_data: request.in_data.clone() })
    }

    fn sink_data(&mut self, request: &SinkDataRequest<'_>) -> Result<SinkDataResponse, Fault> {
        self.sunk += request.data.len();
        Ok(SinkDataResponse)
    }

    fn source_data(&mut self, request: &SourceDataRequest) -> Result<SourceDataResponse<'static>, Fault> {
        // One byte too few where more than 4096 are asked for: the size has to be the one asked for.
        let size = usize::try_from(request.length).unwrap().min(4096);
        Ok(SourceDataResponse { data: vec![0x55; size].into() })
    }

    fn test_call<'a>(&mut self, request: &TestCallRequest<'a>) -> Result<TestCallResponse<'a>, Fault> {
        Ok(TestCallResponse { answer: Some(request.text.clone()) })
    }

    fn test_call2(&mut self, request: &TestCall2Request) -> Result<TestCall2Response, Fault> {
        match request.level {
            2 => {
                let info = rpcecho::Info::Info2(rpcecho::Info2 { value: 20 });
                Ok(TestCall2Response { info, return_value: NtStatus::SUCCESS })
            }
            _ => Err(Fault::new(FaultStatus::ACCESS_DENIED)),
        }
    }

    fn test_sleep(&mut self, request: &TestSleepRequest) -> Result<TestSleepResponse, Fault> {
        Ok(TestSleepResponse { return_value: request.seconds })
    }

    fn test_enum(&mut self, request: &TestEnumRequest) -> Result<TestEnumResponse, Fault> {
        Ok(TestEnumResponse { pair: request.pair, choice: request.choice })
    }

    fn test_surrounding(&mut self, request: &TestSurroundingRequest) -> Result<TestSurroundingResponse, Fault> {
        let mut data = request.data.clone();
        data.surrounding.extend_from_slice(&request.data.surrounding);
        Ok(TestSurroundingResponse { data })
    }

    fn test_double_pointer(&mut self, request: &TestDoublePointerRequest) -> Result<TestDoublePointerResponse, Fault> {
        Ok(TestDoublePointerResponse { return_value: request.data.flatten().unwrap_or(0) })
    }
}

#[test]
fn serves_calls_in_every_representation() {
    for representation in REPRESENTATIONS {
        let server = &mut Server::default();
        let mut serve = |opnum, stub: Vec<u8>| rpcecho::dispatch(server, representation, opnum, &stub).unwrap();

        let stub = AddOneRequest { in_data: 41 }.encode(representation).unwrap();
        let response = serve(AddOneRequest::OPNUM, stub);
        assert_eq!(AddOneResponse::decode(&response, representation).unwrap().out_data, 42);

        let request = EchoDataRequest { in_data: b"bytes".into() };
        let response = serve(EchoDataRequest::OPNUM, request.encode(representation).unwrap());
        let response = EchoDataResponse::decode(&response, representation, &request).unwrap();
        assert_eq!(response.out_data, request.in_data);

        let request = SinkDataRequest { data: vec![0; 100].into() };
        assert!(serve(SinkDataRequest::OPNUM, request.encode(representation).unwrap()).is_empty());

        let request = SourceDataRequest { length: 3 };
        let response = serve(SourceDataRequest::OPNUM, request.encode(representation).unwrap());
        let response = SourceDataResponse::decode(&response, representation, &request).unwrap();
        assert_eq!(*response.data, [0x55; 3]);

        let request = TestCall2Request { level: 2 };
        let response = serve(TestCall2Request::OPNUM, request.encode(representation).unwrap());
        let response = TestCall2Response::decode(&response, representation, &request).unwrap();
        assert_eq!(response.info, rpcecho::Info::Info2(rpcecho::Info2 { value: 20 }));

        let data = rpcecho::Surrounding { surrounding: vec![1, 2] };
        let stub = TestSurroundingRequest { data }.encode(representation).unwrap();
        let response = serve(TestSurroundingRequest::OPNUM, stub);
        let response = TestSurroundingResponse::decode(&response, representation).unwrap();
        assert_eq!(response.data.surrounding, [1, 2, 1, 2]);

        let stub = TestDoublePointerRequest { data: Some(Some(9)) }.encode(representation).unwrap();
        let response = serve(TestDoublePointerRequest::OPNUM, stub);
        assert_eq!(TestDoublePointerResponse::decode(&response, representation).unwrap().return_value, 9);
        assert_eq!(server.sunk, 100);
    }
}

#[test]
fn answers_unknown_operation_numbers_with_op_rng_error() {
    for opnum in [10, 11, u16::MAX] {
        let fault = rpcecho::dispatch(&mut Server::default(), Representation::NDR, opnum, &[]).unwrap_err();
        assert_eq!(fault.status, FaultStatus::NCA_S_OP_RNG_ERROR);
        assert_eq!(fault.cause, Some(FaultCause::Opnum(opnum)));
    }
    assert_eq!(rpcecho::OPERATIONS.len(), 10);
}

#[test]
fn answers_bad_stub_data_with_a_fault() {
    let fault = rpcecho::dispatch(&mut Server::default(), Representation::NDR, 0, &[1, 2, 3]).unwrap_err();
    assert_eq!(fault.status, FaultStatus::BAD_STUB_DATA);
    assert_eq!(fault.to_string(), "bad stub data: AddOne.InData: expected 4 bytes, got 3 at offset 0");
}

#[test]
fn passes_on_the_fault_of_the_server() {
    let stub = TestCall2Request { level: 3 }.encode(Representation::NDR).unwrap();
    let fault =
        rpcecho::dispatch(&mut Server::default(), Representation::NDR, TestCall2Request::OPNUM, &stub).unwrap_err();
    assert_eq!(fault, Fault::new(FaultStatus::ACCESS_DENIED));
}

#[test]
fn refuses_a_response_that_breaks_the_promise_of_the_request() {
    let stub = SourceDataRequest { length: 5000 }.encode(Representation::NDR).unwrap();
    let fault =
        rpcecho::dispatch(&mut Server::default(), Representation::NDR, SourceDataRequest::OPNUM, &stub).unwrap_err();
    assert_eq!(fault.status, FaultStatus::NCA_S_FAULT_UNSPEC);
    assert_eq!(fault.to_string(), "nca_s_fault_unspec: SourceData.Data: expected Length elements");
}

proptest! {
    #[test]
    fn serves_noise_without_panic(opnum in 0u16..12, stub in prop::collection::vec(any::<u8>(), 0..100)) {
        for representation in REPRESENTATIONS {
            _ = rpcecho::dispatch(&mut Server::default(), representation, opnum, &stub);
        }
    }
}
