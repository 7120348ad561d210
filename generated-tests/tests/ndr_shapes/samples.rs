//! Strategies for the messages of `shapes`.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use runtime::ndr::{ContextHandle, NtStatus, WError};
use runtime::{Guid, String8, Utf16};

use crate::shapes::{
    Ace, Choice, EcDoRpcExt2Request, EcDoRpcExt2Response, EnumAccountsRequest, EnumAccountsResponse, EverythingRequest,
    EverythingResponse, GrowRequest, Mix, MixFlags, NetShareEnumAllRequest, NetShareEnumAllResponse, Node,
    QueryValueRequest, QueryValueResponse, RegString, RegType, RpcSid, ShareCtr, ShareCtr0, ShareCtr1, ShareInfo0,
    ShareInfo1, ShareInfoCtr, ShareType, SidArray, SidPtr, Tree, Twins,
};

fn text() -> impl Strategy<Value = Utf16<'static>> {
    "[a-zA-Z0-9\u{e4}\u{4e2d}]{0,12}".prop_map(Utf16::from)
}

fn text8() -> impl Strategy<Value = String8<'static>> {
    vec(any::<u8>(), 0..10).prop_map(String8::new)
}

fn count<T>(items: Option<&Vec<T>>) -> u32 {
    items.map_or(0, |items| u32::try_from(items.len()).unwrap())
}

fn handle() -> impl Strategy<Value = ContextHandle> {
    any::<(u32, [u8; 16])>().prop_map(|(attributes, uuid)| ContextHandle { attributes, uuid: Guid(uuid) })
}

/// Containers of levels 0 and 1, which Samba has too.
pub fn known_ctr() -> impl Strategy<Value = ShareCtr<'static>> {
    let info0 = of(text()).prop_map(|name| ShareInfo0 { name });
    let info1 = (of(text()), any::<u32>(), of(text())).prop_map(|(name, kind, comment)| ShareInfo1 {
        name,
        r#type: ShareType(kind),
        comment,
    });
    let ctr0 = of(vec(info0, 0..5)).prop_map(|array| ShareCtr0 { count: count(array.as_ref()), array });
    let ctr1 = of(vec(info1, 0..5)).prop_map(|array| ShareCtr1 { count: count(array.as_ref()), array });
    prop_oneof![
        of(ctr0).prop_map(|ctr| ShareCtr::Ctr0(ctr.map(Box::new))),
        of(ctr1).prop_map(|ctr| ShareCtr::Ctr1(ctr.map(Box::new))),
    ]
}

pub fn ctr() -> impl Strategy<Value = ShareCtr<'static>> {
    prop_oneof![4 => known_ctr(), 1 => (2u32..).prop_map(ShareCtr::Default)]
}

pub fn shares(
    ctr: impl Strategy<Value = ShareCtr<'static>> + Clone,
) -> impl Strategy<Value = (NetShareEnumAllRequest<'static>, NetShareEnumAllResponse<'static>)> {
    let request = (of(text()), ctr.clone(), any::<u32>(), any::<Option<u32>>()).prop_map(
        |(server_unc, ctr, max_buffer, resume_handle)| NetShareEnumAllRequest {
            server_unc,
            info_ctr: ShareInfoCtr { ctr },
            max_buffer,
            resume_handle,
        },
    );
    let response = (ctr, any::<u32>(), any::<Option<u32>>(), any::<u32>()).prop_map(
        |(ctr, totalentries, resume_handle, status)| NetShareEnumAllResponse {
            info_ctr: ShareInfoCtr { ctr },
            totalentries,
            resume_handle,
            return_value: WError(status),
        },
    );
    (request, response)
}

pub fn sid() -> impl Strategy<Value = RpcSid> {
    // Fifteen sub-authorities are the most that a security identifier has.
    (any::<[u8; 6]>(), vec(any::<u32>(), 0..=15)).prop_map(|(identifier_authority, sub_authority)| RpcSid {
        revision: 1,
        identifier_authority,
        sub_authority,
    })
}

pub fn accounts() -> impl Strategy<Value = (EnumAccountsRequest, EnumAccountsResponse)> {
    let request = (handle(), any::<u32>(), 0u32..=8192)
        .prop_map(|(handle, resume_handle, num_entries)| EnumAccountsRequest { handle, resume_handle, num_entries });
    let ptr = of(sid()).prop_map(|sid| SidPtr { sid: sid.map(Box::new) });
    let sids = of(vec(ptr, 0..5)).prop_map(|sids| SidArray { num_sids: count(sids.as_ref()), sids });
    let response = (any::<u32>(), sids, any::<u32>()).prop_map(|(resume_handle, sids, status)| EnumAccountsResponse {
        resume_handle,
        sids,
        return_value: NtStatus(status),
    });
    (request, response)
}

/// A counted string with room for more characters than it has.
pub fn reg_string() -> impl Strategy<Value = RegString> {
    (of(vec(1u16..0xd800, 0..8)), 0u16..4).prop_map(|(name, room)| {
        let units = u16::try_from(name.as_ref().map_or(0, Vec::len)).unwrap();
        RegString { name_len: units * 2, name_size: (units + room) * 2, name }
    })
}

/// A counted string as Samba writes them: with its terminator and no more room.
pub fn known_string() -> impl Strategy<Value = RegString> {
    of(vec(1u16..0xd800, 0..8)).prop_map(|name| {
        let name = name.map(|mut units| {
            units.push(0);
            units
        });
        let bytes = u16::try_from(name.as_ref().map_or(0, Vec::len)).unwrap() * 2;
        RegString { name_len: bytes, name_size: bytes, name }
    })
}

/// Data, its room and its length: the two are there where the data is.
fn data() -> impl Strategy<Value = (Option<Vec<u8>>, Option<u32>, Option<u32>)> {
    (of(vec(any::<u8>(), 0..20)), 0u32..10).prop_map(|(data, room)| match data {
        Some(data) => {
            let length = u32::try_from(data.len()).unwrap();
            (Some(data), Some(length + room), Some(length))
        }
        None => (None, Some(room), None),
    })
}

pub fn value(
    name: impl Strategy<Value = RegString>,
) -> impl Strategy<Value = (QueryValueRequest<'static>, QueryValueResponse<'static>)> {
    let kind = || of(any::<u32>().prop_map(RegType));
    let request =
        (handle(), name, kind(), data()).prop_map(|(handle, value_name, kind, (data, data_size, data_length))| {
            QueryValueRequest { handle, value_name, r#type: kind, data: data.map(Into::into), data_size, data_length }
        });
    let response =
        (kind(), data(), any::<u32>()).prop_map(|(kind, (data, data_size, data_length), status)| QueryValueResponse {
            r#type: kind,
            data: data.map(Into::into),
            data_size,
            data_length,
            return_value: WError(status),
        });
    (request, response)
}

fn list() -> impl Strategy<Value = Node> {
    vec(any::<u16>(), 1..10).prop_map(|values| {
        let mut list = None;
        for value in values {
            list = Some(Box::new(Node { value, next: list }));
        }
        *list.unwrap()
    })
}

pub fn tree() -> impl Strategy<Value = Tree<'static>> {
    let leaf = of(text8()).prop_map(|label| Tree { label, count: 3, children: None });
    leaf.prop_recursive(4, 24, 3, |inner| {
        (of(text8()), vec(inner, 0..3)).prop_map(|(label, children)| Tree {
            label,
            count: count(Some(&children)),
            children: Some(children),
        })
    })
}

pub fn grow() -> impl Strategy<Value = GrowRequest<'static>> {
    let twins = any::<Option<(Option<u32>, Option<u32>)>>()
        .prop_map(|twins| twins.map(|(first, second)| Box::new(Twins { first, second })));
    (tree(), list(), twins).prop_map(|(tree, list, twins)| GrowRequest { tree, list, twins })
}

pub fn choice() -> impl Strategy<Value = Choice<'static>> {
    prop_oneof![
        (1u8..=2, any::<u32>()).prop_map(|(tag, number)| Choice::Number(tag, number)),
        of(text8()).prop_map(Choice::Text),
        Just(Choice::Case4),
        (5u8.., -1e9..1e9).prop_map(|(tag, other)| Choice::Other(tag, other)),
    ]
}

fn mix() -> impl Strategy<Value = Mix<'static>> {
    let numbers = (any::<(bool, i64, i8, u16, u32, [u8; 16], [u16; 3], u32)>(), -1e6f32..1e6);
    let arrays = (vec(any::<u8>(), 40), vec(any::<u16>(), 33), "[a-z]{0,7}", vec(any::<u32>(), 0..=6));
    (numbers, arrays, reg_string(), reg_string(), 5u8..=10, choice()).prop_map(
        |(
            ((yes, big, tiny, flags, wide, id, three, always), single),
            (many, lots, room, part),
            a,
            b,
            limited,
            choice,
        )| {
            Mix {
                yes,
                big,
                single,
                tiny,
                flags: MixFlags(flags),
                wide: u64::from(wide),
                id: Guid(id),
                three,
                many: many.into(),
                lots,
                room: room.into(),
                part,
                pair: [a, b],
                always,
                limited,
                choice,
            }
        },
    )
}

pub fn everything() -> impl Strategy<Value = (EverythingRequest<'static>, EverythingResponse<'static>)> {
    // The count is that of both lists: the second one may be missing.
    let lists = vec((of(sid()), any::<u16>()), 0..4);
    let request = (handle(), mix(), lists, any::<bool>()).prop_map(|(handle, mix, lists, both)| {
        let numbers = lists.iter().map(|(_, number)| *number).collect();
        let sids = lists.into_iter().map(|(sid, _)| sid.map(Box::new)).collect();
        EverythingRequest { handle, mix, sids, numbers: both.then_some(numbers) }
    });
    let ace = (any::<u16>(), sid()).prop_map(|(flags, sid)| Ace { flags, sid });
    let response = (handle(), of(text8()), of(ace), any::<i32>()).prop_map(|(handle, text, ace, return_value)| {
        EverythingResponse { handle, text, ace: ace.map(Box::new), return_value }
    });
    (request, response)
}

pub fn rpc() -> impl Strategy<Value = (EcDoRpcExt2Request<'static>, EcDoRpcExt2Response<'static>)> {
    let bytes = || vec(any::<u8>(), 0..30);
    let request = (handle(), any::<u32>(), bytes(), 0u32..=0x40000, bytes(), 0u32..=0x1008).prop_map(
        |(pcxh, pul_flags, rgb_in, pcb_out, rgb_aux_in, pcb_aux_out)| EcDoRpcExt2Request {
            pcxh,
            pul_flags,
            rgb_in: rgb_in.into(),
            pcb_out,
            rgb_aux_in: rgb_aux_in.into(),
            pcb_aux_out,
        },
    );
    let response = (handle(), any::<(u32, u32, i32)>(), bytes(), bytes()).prop_map(
        |(pcxh, (pul_flags, pul_trans_time, return_value), rgb_out, rgb_aux_out)| EcDoRpcExt2Response {
            pcxh,
            pul_flags,
            rgb_out: rgb_out.into(),
            rgb_aux_out: rgb_aux_out.into(),
            pul_trans_time,
            return_value,
        },
    );
    (request, response)
}
