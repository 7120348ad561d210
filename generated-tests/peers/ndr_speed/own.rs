//! Calls of this project's own descriptions; libndr knows only the echo interface among them.

use own::emsmdb::{EcDoConnectExRequest, EcDoRpcExt2Request};
use own::nspi::{FILETIME, NspiQueryRowsResponse, PropValUnion, PropertyRowR, PropertyRowSetR, PropertyValueR, STAT};
use own::rpcecho::{EchoDataRequest, TestCallRequest};
use runtime::ndr::{ContextHandle, Representation};
use runtime::{Blob, String8, Utf16};

use crate::measure::{Case, case};

fn none<T>(_: &T) -> Vec<String> {
    Vec::new()
}

fn handle() -> ContextHandle {
    ContextHandle { attributes: 0, uuid: runtime::ndr::TransferSyntax::Ndr64.uuid() }
}

fn row(index: u32) -> PropertyRowR<'static> {
    let value = |ul_prop_tag, value| PropertyValueR { ul_prop_tag, ul_reserved: 0, value };
    let text = |id: u32, text: String| value(id << 16 | 0x1f, PropValUnion::LpszW(Some(Utf16::new(text))));
    let props = vec![
        text(0x3001, format!("User Name {index:02}")),
        text(0x39fe, format!("user.name{index:02}@example.org")),
        text(0x3003, format!("/o=Example/ou=Exchange/cn=Recipients/cn=user.name{index:02}")),
        text(0x3a00, format!("user.name{index:02}")),
        value(0x0ffe_0003, PropValUnion::L(6)),
        value(0x3900_0003, PropValUnion::L(0)),
        value(0x3007_0040, PropValUnion::Ft(FILETIME { dw_low_date_time: index, dw_high_date_time: 30_000_000 })),
        value(0x3a40_000b, PropValUnion::B(1)),
    ];
    PropertyRowR { reserved: 0, c_values: 8, lp_props: Some(props) }
}

fn rows() -> Case {
    let value = NspiQueryRowsResponse {
        p_stat: STAT { container_id: 0, current_rec: 20, total_recs: 100, code_page: 1200, ..Default::default() },
        pp_rows: Some(Box::new(PropertyRowSetR { a_row: (0..20).map(row).collect() })),
        return_value: 0,
    };
    let texts = |value: &NspiQueryRowsResponse<'_>| {
        let mut texts = Vec::with_capacity(80);
        for row in value.pp_rows.iter().flat_map(|rows| &rows.a_row) {
            for prop in row.lp_props.iter().flatten() {
                if let PropValUnion::LpszW(Some(text)) = &prop.value {
                    texts.push(text.to_text().into_owned());
                }
            }
        }
        texts
    };
    case!(false, "nspi", "NspiQueryRows", true, Representation::NDR, NspiQueryRowsResponse, value.clone(), texts)
}

fn connect() -> Case {
    let value = EcDoConnectExRequest {
        sz_user_dn: String8::from_text("/o=Example/ou=Exchange/cn=Recipients/cn=user.name01"),
        ul_cpid: 1200,
        ul_lcid_string: 1033,
        ul_lcid_sort: 1033,
        ul_icxr_link: u32::MAX,
        us_f_can_convert_code_pages: 1,
        rgw_client_version: [12, 0x183e, 1000],
        rgb_aux_in: Blob::from(vec![7; 64]),
        pcb_aux_out: 4104,
        ..Default::default()
    };
    case!(false, "emsmdb", "EcDoConnectEx", false, Representation::NDR, EcDoConnectExRequest, value.clone(), none)
}

fn execute() -> Case {
    let value = EcDoRpcExt2Request {
        pcxh: handle(),
        pul_flags: 3,
        rgb_in: Blob::from(vec![9; 3340]),
        pcb_out: 0x8007,
        rgb_aux_in: Blob::default(),
        pcb_aux_out: 4104,
    };
    case!(false, "emsmdb", "EcDoRpcExt2", false, Representation::NDR, EcDoRpcExt2Request, value.clone(), none)
}

fn echo() -> Case {
    let value = EchoDataRequest { in_data: Blob::from(vec![5; 1000]) };
    case!(true, "rpcecho", "echo_EchoData", false, Representation::NDR, EchoDataRequest, value.clone(), none)
}

fn call() -> Case {
    let value = TestCallRequest { text: Utf16::new("a text of an echo that comes back") };
    let texts = |value: &TestCallRequest<'_>| vec![value.text.to_text().into_owned()];
    case!(true, "rpcecho", "echo_TestCall", false, Representation::NDR, TestCallRequest, value.clone(), texts)
}

pub fn cases() -> Vec<Case> {
    vec![echo(), call(), rows(), connect(), execute()]
}
