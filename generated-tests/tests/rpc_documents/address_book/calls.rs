//! Requests and responses of all operations: parameters, their order and directions, pointers.

use protocol::nspi::*;
use protocol::rfr;
use protocol::rfr::{
    RfrGetFQDNFromServerDNRequest, RfrGetFQDNFromServerDNResponse, RfrGetNewDSARequest, RfrGetNewDSAResponse,
};
use runtime::Guid;
use runtime::ndr::ContextHandle;

use super::{both_ways, record};

pub const HANDLE: &str = "00 00 00 00  01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10";
pub const NONE: &str = "00 00 00 00  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00";
pub const PLACE: &str = "03 00 00 00  10 00 00 00  02 00 00 00  FE FF FF FF  05 00 00 00  06 00 00 00
    E4 04 00 00  09 04 00 00  07 04 00 00";
/// There is room for one more tag than there are.
pub const TAGS: &str = "03 00 00 00  02 00 00 00  00 00 00 00  02 00 00 00  1F 00 01 30  03 00 00 39";
/// The discriminant behind tag and reserved field is the type of the tag.
const NAME: &str = "1F 00 01 30  00 00 00 00  1F 00 00 00  P";
const KIND: &str = "03 00 00 39  00 00 00 00  03 00 00 00  06 00 00 00";
pub const GUID: &str = "11 12 13 14 15 16 17 18 19 1A 1B 1C 1D 1E 1F 20";

fn handle() -> ContextHandle {
    ContextHandle { attributes: 0, uuid: Guid(std::array::from_fn(|index| index as u8 + 1)) }
}

fn place() -> STAT {
    STAT {
        sort_type: TableSortOrder(3),
        container_id: 0x10,
        current_rec: 2,
        delta: -2,
        num_pos: 5,
        total_recs: 6,
        code_page: 1252,
        template_locale: 0x0409,
        sort_locale: 0x0407,
    }
}

fn tags() -> PropertyTagArrayR {
    PropertyTagArrayR { aul_prop_tag: vec![0x3001_001F, 0x3900_0003] }
}

fn some_tags() -> Option<Box<PropertyTagArrayR>> {
    Some(Box::new(tags()))
}

fn name() -> PropertyValueR<'static> {
    PropertyValueR { ul_prop_tag: 0x3001_001F, ul_reserved: 0, value: PropValUnion::LpszW(Some("A".into())) }
}

fn row() -> PropertyRowR<'static> {
    let kind = PropertyValueR { ul_prop_tag: 0x3900_0003, ul_reserved: 0, value: PropValUnion::L(6) };
    PropertyRowR { reserved: 0, c_values: 2, lp_props: Some(vec![name(), kind]) }
}

fn rows() -> Option<Box<PropertyRowSetR<'static>>> {
    Some(Box::new(PropertyRowSetR { a_row: vec![row()] }))
}

fn guid() -> Option<Box<FlatUIDR>> {
    Some(Box::new(FlatUIDR { ab: std::array::from_fn(|index| index as u8 + 0x11) }))
}

/// A row by itself: the values follow their pointer, the string follows them.
pub fn row_text() -> String {
    format!("00 00 00 00  02 00 00 00  P  02 00 00 00  {NAME}  {KIND}  W\"A\"")
}

/// A set of one row: the room for rows stands before everything, the values behind all rows.
pub fn rows_text() -> String {
    format!("01 00 00 00  01 00 00 00  {}", row_text())
}

#[test]
fn sessions_are_opened_and_closed() {
    const TEST: &str = "sessions_are_opened_and_closed";
    assert_eq!(UUID.to_string().to_uppercase(), "F5CC5A18-4264-101A-8C59-08002B2F8426");
    assert_eq!(VERSION, (56, 0));
    record(TEST, &["R8", "R9"]);
    let flags = BindFlags::F_ANONYMOUS_LOGIN;
    both_ways!(
        format!("20 00 00 00  {PLACE}  P {GUID}"),
        NspiBindRequest { dw_flags: flags, p_stat: place(), p_server_guid: guid() }
    );
    both_ways!(
        format!("00 00 00 00  {PLACE}  00 00 00 00"),
        NspiBindRequest { dw_flags: BindFlags(0), p_stat: place(), p_server_guid: None }
    );
    both_ways!(
        format!("P {GUID}  {HANDLE}  00 00 00 00"),
        NspiBindResponse { p_server_guid: guid(), context_handle: handle(), return_value: 0 }
    );
    record(TEST, &["R1669", "R1562", "R413", "R1592"]);
    both_ways!(format!("{HANDLE}  00 00 00 00"), NspiUnbindRequest { context_handle: handle(), reserved: 0 });
    both_ways!(
        format!("{NONE}  01 00 00 00"),
        NspiUnbindResponse { context_handle: ContextHandle::default(), return_value: 1 }
    );
    record(TEST, &["R1672"]);
}

#[test]
fn places_in_tables_are_moved() {
    const TEST: &str = "places_in_tables_are_moved";
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  P FD FF FF FF"),
        NspiUpdateStatRequest { h_rpc: handle(), reserved: 0, p_stat: place(), pl_delta: Some(-3) }
    );
    both_ways!(
        format!("{PLACE}  P 07 00 00 00  00 00 00 00"),
        NspiUpdateStatResponse { p_stat: place(), pl_delta: Some(7), return_value: 0 }
    );
    both_ways!(
        format!("{PLACE}  00 00 00 00  00 00 00 00"),
        NspiUpdateStatResponse { p_stat: place(), pl_delta: None, return_value: 0 }
    );
    record(TEST, &["R1675"]);
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  10 00 00 00  11 00 00 00"),
        NspiCompareMIdsRequest { h_rpc: handle(), reserved: 0, p_stat: place(), m_id1: 0x10, m_id2: 0x11 }
    );
    both_ways!("FF FF FF FF  00 00 00 00", NspiCompareMIdsResponse { pl_result: -1, return_value: 0 });
    record(TEST, &["R1684"]);
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  {TAGS}  P {TAGS}"),
        NspiResortRestrictionRequest {
            h_rpc: handle(),
            reserved: 0,
            p_stat: place(),
            p_in_m_ids: tags(),
            pp_out_m_ids: some_tags(),
        }
    );
    both_ways!(
        format!("{PLACE}  P {TAGS}  00 00 00 00"),
        NspiResortRestrictionResponse { p_stat: place(), pp_out_m_ids: some_tags(), return_value: 0 }
    );
    record(TEST, &["R1683", "R1563"]);
}

#[test]
fn rows_are_asked_for_and_answered() {
    const TEST: &str = "rows_are_asked_for_and_answered";
    both_ways!(
        format!(
            "{HANDLE}  02 00 00 00  {PLACE}  02 00 00 00  P 02 00 00 00  10 00 00 00  11 00 00 00  0A 00 00 00  P {TAGS}"
        ),
        NspiQueryRowsRequest {
            h_rpc: handle(),
            dw_flags: RetrievePropertyFlags::F_EPH_ID,
            p_stat: place(),
            dw_e_table_count: 2,
            lp_e_table: Some(vec![0x10, 0x11]),
            count: 10,
            p_prop_tags: some_tags(),
        }
    );
    both_ways!(
        format!("{PLACE}  P {}  00 00 00 00", rows_text()),
        NspiQueryRowsResponse { p_stat: place(), pp_rows: rows(), return_value: 0 }
    );
    record(TEST, &["R1680", "R1573", "R224", "R1574", "R229", "R231", "R1575"]);
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  {NAME} W\"A\"  P {TAGS}  P {TAGS}"),
        NspiSeekEntriesRequest {
            h_rpc: handle(),
            reserved: 0,
            p_stat: place(),
            p_target: name(),
            lp_e_table: some_tags(),
            p_prop_tags: some_tags(),
        }
    );
    both_ways!(
        format!("{PLACE}  P {}  00 00 00 00", rows_text()),
        NspiSeekEntriesResponse { p_stat: place(), pp_rows: rows(), return_value: 0 }
    );
    record(TEST, &["R1681"]);
    // A condition, and none; the name of a property, and none.
    let condition = RestrictionUnionR::ResProperty(PropertyRestrictionR {
        relop: 4,
        ul_prop_tag: 0x3001_001F,
        lp_prop: Some(Box::new(name())),
    });
    both_ways!(
        format!(
            "{HANDLE}  00 00 00 00  {PLACE}  00 00 00 00  00 00 00 00
             P 04 00 00 00  04 00 00 00  04 00 00 00  1F 00 01 30  P {NAME} W\"A\"
             00 00 00 00  64 00 00 00  P {TAGS}"
        ),
        NspiGetMatchesRequest {
            h_rpc: handle(),
            reserved1: 0,
            p_stat: place(),
            p_reserved: None,
            reserved2: 0,
            filter: Some(Box::new(RestrictionR { rt: 4, res: condition })),
            lp_prop_name: None,
            ul_requested: 100,
            p_prop_tags: some_tags(),
        }
    );
    both_ways!(
        format!(
            "{HANDLE}  00 00 00 00  {PLACE}  P {TAGS}  00 00 00 00  00 00 00 00
             P P 00 00 00 00  FF FF FF FF {GUID}  64 00 00 00  00 00 00 00"
        ),
        NspiGetMatchesRequest {
            h_rpc: handle(),
            reserved1: 0,
            p_stat: place(),
            p_reserved: some_tags(),
            reserved2: 0,
            filter: None,
            lp_prop_name: Some(Box::new(PropertyNameR { lpguid: guid(), ul_reserved: 0, l_id: -1 })),
            ul_requested: 100,
            p_prop_tags: None,
        }
    );
    both_ways!(
        format!("{PLACE}  P {TAGS}  P {}  00 00 00 00", rows_text()),
        NspiGetMatchesResponse { p_stat: place(), pp_out_m_ids: some_tags(), pp_rows: rows(), return_value: 0 }
    );
    record(TEST, &["R1682"]);
    both_ways!(
        format!("{HANDLE}  04 00 00 00  {PLACE}  07 00 00 00"),
        NspiGetSpecialTableRequest {
            h_rpc: handle(),
            dw_flags: SpecialTableFlags::NSPI_UNICODE_STRINGS,
            p_stat: place(),
            lp_version: 7,
        }
    );
    both_ways!(
        format!("08 00 00 00  P {}  00 00 00 00", rows_text()),
        NspiGetSpecialTableResponse { lp_version: 8, pp_rows: rows(), return_value: 0 }
    );
    record(TEST, &["R1674"]);
}

#[test]
fn properties_are_asked_for_and_changed() {
    const TEST: &str = "properties_are_asked_for_and_changed";
    both_ways!(
        format!("{HANDLE}  00 00 00 00  00 00 00 80"),
        NspiQueryColumnsRequest { h_rpc: handle(), reserved: 0, dw_flags: QueryColumnsFlags(0x8000_0000) }
    );
    both_ways!(format!("P {TAGS}  00 00 00 00"), NspiQueryColumnsResponse { pp_columns: some_tags(), return_value: 0 });
    record(TEST, &["R1677"]);
    both_ways!(
        format!("{HANDLE}  01 00 00 00  10 00 00 00  E4 04 00 00"),
        NspiGetPropListRequest {
            h_rpc: handle(),
            dw_flags: RetrievePropertyFlags::F_SKIP_OBJECTS,
            dw_m_id: 0x10,
            code_page: 1252,
        }
    );
    both_ways!(
        format!("P {TAGS}  00 00 00 00"),
        NspiGetPropListResponse { pp_prop_tags: some_tags(), return_value: 0 }
    );
    record(TEST, &["R1678"]);
    both_ways!(
        format!("{HANDLE}  02 00 00 00  {PLACE}  P {TAGS}"),
        NspiGetPropsRequest {
            h_rpc: handle(),
            dw_flags: RetrievePropertyFlags::F_EPH_ID,
            p_stat: place(),
            p_prop_tags: some_tags(),
        }
    );
    both_ways!(
        format!("P {}  80 03 04 00", row_text()),
        NspiGetPropsResponse { pp_rows: Some(Box::new(row())), return_value: 0x0004_0380 }
    );
    record(TEST, &["R1679"]);
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  P {TAGS}  {}", row_text()),
        NspiModPropsRequest { h_rpc: handle(), reserved: 0, p_stat: place(), p_prop_tags: some_tags(), p_row: row() }
    );
    both_ways!("05 00 07 80", NspiModPropsResponse { return_value: 0x8007_0005_u32.cast_signed() });
    record(TEST, &["R1686"]);
    let ids = vec![BinaryR { cb: 2, lpb: Some(vec![0xAB, 0xCD].into()) }, BinaryR { cb: 0, lpb: None }];
    both_ways!(
        format!(
            "{HANDLE}  01 00 00 00  0D 00 09 80  10 00 00 00
             02 00 00 00  P 02 00 00 00  02 00 00 00 P  00 00 00 00 00 00 00 00  02 00 00 00 AB CD"
        ),
        NspiModLinkAttRequest {
            h_rpc: handle(),
            dw_flags: ModLinkAttFlags::F_DELETE,
            ul_prop_tag: 0x8009_000D,
            dw_m_id: 0x10,
            lp_entry_ids: BinaryArrayR { c_values: 2, lpbin: Some(ids) },
        }
    );
    both_ways!("00 00 00 00", NspiModLinkAttResponse { return_value: 0 });
    record(TEST, &["R1687", "R1568", "R162", "R164", "R1564", "R145", "R147", "R144", "R161"]);
    both_ways!(
        format!("{HANDLE}  01 00 00 00  00 01 00 00  P S\"/o=x\"  E4 04 00 00  09 04 00 00"),
        NspiGetTemplateInfoRequest {
            h_rpc: handle(),
            dw_flags: TemplateInfoFlags::TI_TEMPLATE,
            ul_type: 0x100,
            p_dn: Some("/o=x".into()),
            dw_code_page: 1252,
            dw_locale_id: 0x0409,
        }
    );
    both_ways!(
        format!("P {}  00 00 00 00", row_text()),
        NspiGetTemplateInfoResponse { pp_data: Some(Box::new(row())), return_value: 0 }
    );
    record(TEST, &["R1690"]);
}

#[test]
fn names_are_resolved() {
    const TEST: &str = "names_are_resolved";
    const NAMES: &str = "02 00 00 00  02 00 00 00  P P  S\"alice\"  S\"bob\"";
    let names = || StringsArrayR { strings: vec![Some("alice".into()), Some("bob".into())] };
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {NAMES}"),
        NspiDNToMIdRequest { h_rpc: handle(), reserved: 0, p_names: names() }
    );
    both_ways!(format!("P {TAGS}  00 00 00 00"), NspiDNToMIdResponse { pp_m_ids: some_tags(), return_value: 0 });
    record(TEST, &["R1685"]);
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  P {TAGS}  {NAMES}"),
        NspiResolveNamesRequest {
            h_rpc: handle(),
            reserved: 0,
            p_stat: place(),
            p_prop_tags: some_tags(),
            pa_str: names(),
        }
    );
    both_ways!(
        format!("P {TAGS}  P {}  00 00 00 00", rows_text()),
        NspiResolveNamesResponse { pp_m_ids: some_tags(), pp_rows: rows(), return_value: 0 }
    );
    record(TEST, &["R1688"]);
    both_ways!(
        format!("{HANDLE}  00 00 00 00  {PLACE}  00 00 00 00  02 00 00 00  02 00 00 00  P P  W\"alice\"  W\"bob\""),
        NspiResolveNamesWRequest {
            h_rpc: handle(),
            reserved: 0,
            p_stat: place(),
            p_prop_tags: None,
            pa_w_str: WStringsArrayR { strings: vec![Some("alice".into()), Some("bob".into())] },
        }
    );
    both_ways!(
        format!("P {TAGS}  P {}  00 00 00 00", rows_text()),
        NspiResolveNamesWResponse { pp_m_ids: some_tags(), pp_rows: rows(), return_value: 0 }
    );
    // Little-endian, and UTF-16 of that order.
    record(TEST, &["R1689", "R2", "R3"]);
}

#[test]
fn operations_have_the_numbers_of_the_document() {
    let named = [
        "NspiBind",
        "NspiUnbind",
        "NspiUpdateStat",
        "NspiQueryRows",
        "NspiSeekEntries",
        "NspiGetMatches",
        "NspiResortRestriction",
        "NspiDNToMId",
        "NspiGetPropList",
        "NspiGetProps",
        "NspiCompareMIds",
        "NspiModProps",
        "NspiGetSpecialTable",
        "NspiGetTemplateInfo",
        "NspiModLinkAtt",
        "Opnum15NotUsedOnWire",
        "NspiQueryColumns",
        "Opnum17NotUsedOnWire",
        "Opnum18NotUsedOnWire",
        "NspiResolveNames",
        "NspiResolveNamesW",
    ];
    assert_eq!(OPERATIONS[..], named);
    assert_eq!(rfr::OPERATIONS[..], ["RfrGetNewDSA", "RfrGetFQDNFromServerDN"]);
    assert_eq!(rfr::UUID.to_string().to_uppercase(), "1544F5E0-613C-11D1-93DF-00C04FD7BD09");
    assert_eq!(rfr::VERSION, (1, 0));
}

/// MS-OXABREF 3.1.4.1 and 3.1.4.2, whose statements have no numbers here.
#[test]
fn a_client_asks_for_its_address_book_server() {
    both_ways!(
        "00 00 00 00  S\"/o=x/cn=alice\"  P 00 00 00 00  P P S\"\"",
        RfrGetNewDSARequest {
            ul_flags: 0,
            p_user_dn: "/o=x/cn=alice".into(),
            ppsz_unused: Some(None),
            ppsz_server: Some(Some("".into())),
        }
    );
    both_ways!(
        "00 00 00 00  P P S\"nspi.example.com\"  00 00 00 00",
        RfrGetNewDSAResponse { ppsz_unused: None, ppsz_server: Some(Some("nspi.example.com".into())), return_value: 0 }
    );
    // The length counts the terminator, and so does the room for the string.
    both_ways!(
        "00 00 00 00  0C 00 00 00  S\"/o=x/cn=srv\"",
        RfrGetFQDNFromServerDNRequest {
            ul_flags: 0,
            cb_mailbox_server_dn: 12,
            sz_mailbox_server_dn: "/o=x/cn=srv".into(),
        }
    );
    both_ways!(
        "P S\"srv.example.com\"  00 00 00 00",
        RfrGetFQDNFromServerDNResponse { ppsz_server_fqdn: Some("srv.example.com".into()), return_value: 0 }
    );
}
