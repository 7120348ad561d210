//! Samples of the endpoint mapper: Samba reads into the towers, so that they are not any bytes.

use generated_tests::Choices;
use generated_tests::ndr::{Sample, packed};
use generated_tests::oracles::Noise;
use protocol::epmapper::{
    EptDeleteRequest, EptDeleteResponse, EptEntryT, EptInqObjectRequest, EptInqObjectResponse, EptInsertRequest,
    EptInsertResponse, EptLookupHandleFreeRequest, EptLookupHandleFreeResponse, EptLookupRequest, EptLookupResponse,
    EptMapRequest, EptMapResponse, EptMgmtDeleteRequest, EptMgmtDeleteResponse, InquiryType, RpcIfIdT, TwrT,
    VersionOption,
};
use protocol::tower::{ProtocolTower, TowerFloor, TowerLeft, TowerProtocol};
use runtime::ndr::TransferSyntax;
use runtime::{Encoder, PackError};

/// A floor whose left side is nothing but its protocol.
fn floor(protocol: TowerProtocol, right: Vec<u8>) -> TowerFloor<'static> {
    TowerFloor { left: TowerLeft::Other { protocol, data: Vec::new().into() }, right: right.into() }
}

/// What a description packs.
fn packed_by(pack: impl FnOnce(&mut Encoder) -> Result<(), PackError>) -> Vec<u8> {
    let mut e = Encoder::new();
    pack(&mut e).unwrap();
    e.finish().to_vec()
}

/// An interface over TCP, HTTP or a named pipe.
fn tower(g: &mut Choices) -> TwrT<'static> {
    let uuid = |uuid, major_version| TowerLeft::Uuid { uuid, major_version };
    let minor = g.u16();
    let mut floors = vec![
        TowerFloor { left: uuid(g.guid(), g.u16()), right: packed_by(|e| e.u16(minor)).into() },
        TowerFloor { left: uuid(TransferSyntax::Ndr.uuid(), 2), right: vec![0, 0].into() },
        floor(TowerProtocol::TOWER_NCACN, vec![0, 0]),
    ];
    let port = g.bytes::<2>().to_vec();
    match g.pick(3) {
        0 => {
            floors.push(floor(TowerProtocol::TOWER_TCP, port));
            floors.push(floor(TowerProtocol::TOWER_IP, g.bytes::<4>().to_vec()));
        }
        1 => {
            floors.push(floor(TowerProtocol::TOWER_HTTP, port));
            floors.push(floor(TowerProtocol::TOWER_IP, g.bytes::<4>().to_vec()));
        }
        _ => {
            floors.push(floor(TowerProtocol::TOWER_NAMED_PIPE, b"\\pipe\\x\0".to_vec()));
            floors.push(floor(TowerProtocol::TOWER_NETBIOS, b"HOST\0".to_vec()));
        }
    }
    let tower = ProtocolTower { floors };
    TwrT { tower_octet_string: packed_by(|e| tower.pack(e)).into() }
}

fn boxed(g: &mut Choices) -> Option<Box<TwrT<'static>>> {
    g.option(|g| Box::new(tower(g)))
}

fn entry(g: &mut Choices) -> EptEntryT<'static> {
    EptEntryT { object: g.guid(), tower: boxed(g), annotation: g.string8(63) }
}

macro_rules! operation {
    ($name:literal, $request:expr, $response:expr $(, $needs:ident)?) => {{
        let request = $request;
        let response = $response;
        $(let $needs = &request;)?
        Sample::Operation(
            $name,
            packed(&request, |v, e| v.pack(e)).unwrap(),
            packed(&response, |v, e| v.pack(e $(, $needs)?)).unwrap(),
        )
    }};
}

fn samples(g: &mut Choices) -> [Sample; 7] {
    let entries = |g: &mut Choices| {
        let count = g.count(0, 3);
        g.list_of(count, entry)
    };
    [
        operation!(
            "ept_insert",
            EptInsertRequest { entries: entries(g), replace: g.u32() },
            EptInsertResponse { status: g.u32() }
        ),
        operation!("ept_delete", EptDeleteRequest { entries: entries(g) }, EptDeleteResponse { status: g.u32() }),
        operation!(
            "ept_lookup",
            EptLookupRequest {
                inquiry_type: InquiryType(g.u32()),
                object: g.option(Choices::guid),
                interface_id: g
                    .option(|g| { Box::new(RpcIfIdT { uuid: g.guid(), vers_major: g.u16(), vers_minor: g.u16() }) }),
                vers_option: VersionOption(g.u32()),
                entry_handle: g.context_handle(),
                max_ents: 20,
            },
            EptLookupResponse { entry_handle: g.context_handle(), entries: entries(g), status: g.u32() },
            request
        ),
        operation!(
            "ept_map",
            EptMapRequest {
                object: g.option(Choices::guid),
                map_tower: boxed(g),
                entry_handle: g.context_handle(),
                max_towers: 20,
            },
            EptMapResponse {
                entry_handle: g.context_handle(),
                towers: {
                    let count = g.count(0, 3);
                    g.list_of(count, boxed)
                },
                status: g.u32(),
            },
            request
        ),
        operation!(
            "ept_lookup_handle_free",
            EptLookupHandleFreeRequest { entry_handle: g.context_handle() },
            EptLookupHandleFreeResponse { entry_handle: g.context_handle(), status: g.u32() }
        ),
        operation!(
            "ept_inq_object",
            EptInqObjectRequest { ept_object: g.guid() },
            EptInqObjectResponse { status: g.u32() }
        ),
        operation!(
            "ept_mgmt_delete",
            EptMgmtDeleteRequest { object_speced: g.u32(), object: g.option(Choices::guid), tower: boxed(g) },
            EptMgmtDeleteResponse { status: g.u32() }
        ),
    ]
}

/// Lines of so many samples of each operation.
pub fn lines(count: usize) -> Vec<String> {
    let mut noise = Noise::new(0x70EE);
    let mut choices = || Choices::new((0..400).map(|_| noise.number() as u32).collect()).plain();
    (0..count).flat_map(|_| samples(&mut choices())).map(|sample| sample.line("epmapper")).collect()
}
