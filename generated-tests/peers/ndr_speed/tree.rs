//! Calls of SAMR and LSA, as the tree's interface files describe them.

use runtime::Blob;
use runtime::Utf16;
use runtime::ndr::{ContextHandle, NtStatus, Representation, Sid, SubAuthorities, TransferSyntax};
use tree::lsarpc::{
    LsaBinaryString, LsaClientRevision, LsaDomainInfo, LsaLookupNamesLevel, LsaLookupNamesRequest, LsaLookupSids2Request,
    LsaLookupSids2Response, LsaRefDomainList, LsaSidArray, LsaSidPtr, LsaSidType, LsaString, LsaStringLarge, LsaTransNameArray2,
    LsaTranslatedName2,
};
use tree::samr::{
    SamrConnect5Request, SamrConnect5Response, SamrConnectInfo, SamrConnectInfo1, SamrConnectVersion, SamrEnumDomainUsersResponse,
    SamrGetGroupsForUserResponse, SamrLogonHours, SamrQueryUserInfoRequest, SamrQueryUserInfoResponse, SamrRidWithAttribute,
    SamrRidWithAttributeArray, SamrSamArray, SamrSamEntry, SamrUserInfo, SamrUserInfo21, SamrUserInfoLevel,
};
use tree::security::SecurityGroupAttrs;

use crate::measure::{Case, case};

fn handle() -> ContextHandle {
    ContextHandle { attributes: 0, uuid: TransferSyntax::Ndr.uuid() }
}

fn string(text: impl Into<String>) -> LsaString<'static> {
    let text = Utf16::new(text.into());
    let size = text.len_units() as u16 * 2;
    LsaString { length: size, size, string: Some(text) }
}

fn large(text: impl Into<String>) -> LsaStringLarge<'static> {
    let text = Utf16::new(text.into());
    let size = text.len_units() as u16 * 2;
    LsaStringLarge { length: size, size: size + 2, string: Some(text) }
}

const DOMAIN: [u32; 4] = [21, 0x1234_5678, 0x9abc_def0, 0x1357_9bdf];

fn parts(parts: &[u32]) -> SubAuthorities {
    SubAuthorities::new(parts).expect("at most 15")
}

fn domain() -> Sid {
    Sid { revision: 1, authority: [0, 0, 0, 0, 0, 5], sub_authorities: parts(&DOMAIN) }
}

fn user(rid: u32) -> Sid {
    let [a, b, c, d] = DOMAIN;
    Sid { sub_authorities: parts(&[a, b, c, d, rid]), ..domain() }
}

/// The text as a `String` of its own.
fn text(text: &Option<Utf16<'_>>, texts: &mut Vec<String>) {
    texts.extend(text.as_ref().map(|text| text.to_text().into_owned()));
}

fn none<T>(_: &T) -> Vec<String> {
    Vec::new()
}

fn connect(representation: Representation) -> Case {
    let value = SamrConnect5Request {
        system_name: Some(Utf16::new("\\\\fileserver1.example.org")),
        access_mask: tree::samr::SamrConnectAccessMask(0x30),
        info_in: SamrConnectInfo::Info1(SamrConnectInfo1 { client_version: SamrConnectVersion(3), ..Default::default() }),
    };
    let texts = |value: &SamrConnect5Request<'_>| value.system_name.iter().map(|name| name.to_text().into_owned()).collect();
    case!(true, "samr", "samr_Connect5", false, representation, SamrConnect5Request, value.clone(), texts)
}

fn connected() -> Case {
    let info = SamrConnectInfo1 { client_version: SamrConnectVersion(3), ..Default::default() };
    let value = SamrConnect5Response { info_out: SamrConnectInfo::Info1(info), connect_handle: handle(), return_value: NtStatus(0) };
    case!(true, "samr", "samr_Connect5", true, Representation::NDR, SamrConnect5Response, value, none)
}

fn lookup_sids(representation: Representation) -> Case {
    let sids: Vec<LsaSidPtr> = (0..18).map(|rid| LsaSidPtr { sid: Some(user(1000 + rid)) }).collect();
    let value = LsaLookupSids2Request {
        handle: handle(),
        sids: LsaSidArray { num_sids: 18, sids: Some(sids) },
        names: LsaTransNameArray2::default(),
        level: LsaLookupNamesLevel(1),
        count: 0,
        lookup_options: Default::default(),
        client_revision: LsaClientRevision(2),
    };
    case!(true, "lsarpc", "lsa_LookupSids2", false, representation, LsaLookupSids2Request, value.clone(), none)
}

fn names(value: &LsaLookupSids2Response<'_>) -> Vec<String> {
    let mut texts = Vec::with_capacity(20);
    for domain in value.domains.iter().flat_map(|list| list.domains.iter().flatten()) {
        text(&domain.name.string, &mut texts);
    }
    value.names.names.iter().flatten().for_each(|name| text(&name.name.string, &mut texts));
    texts
}

fn looked_up_sids() -> Case {
    let translated = |index: u32| LsaTranslatedName2 {
        sid_type: LsaSidType(1),
        name: string(format!("user.name{index:02}")),
        sid_index: index % 2,
        unknown: 0,
    };
    let of_domain = |name: &str| LsaDomainInfo { name: large(name), sid: Some(domain()) };
    let domains = LsaRefDomainList { count: 2, domains: Some(vec![of_domain("EXAMPLE"), of_domain("OTHER")]), max_size: 32 };
    let value = LsaLookupSids2Response {
        domains: Some(Box::new(domains)),
        names: LsaTransNameArray2 { count: 18, names: Some((0..18).map(translated).collect()) },
        count: 18,
        return_value: NtStatus(0),
    };
    case!(true, "lsarpc", "lsa_LookupSids2", true, Representation::NDR, LsaLookupSids2Response, value.clone(), names)
}

fn lookup_names() -> Case {
    let value = LsaLookupNamesRequest {
        handle: handle(),
        names: (0..12).map(|index| string(format!("EXAMPLE\\user.name{index:02}"))).collect(),
        sids: Default::default(),
        level: LsaLookupNamesLevel(1),
        count: 0,
    };
    let texts = |value: &LsaLookupNamesRequest<'_>| {
        let mut texts = Vec::with_capacity(value.names.len());
        value.names.iter().for_each(|name| text(&name.string, &mut texts));
        texts
    };
    case!(true, "lsarpc", "lsa_LookupNames", false, Representation::NDR, LsaLookupNamesRequest, value.clone(), texts)
}

fn enumerated() -> Case {
    let entry = |index: u32| SamrSamEntry { idx: 1000 + index, name: string(format!("user.name{index:02}")) };
    let value = SamrEnumDomainUsersResponse {
        resume_handle: 50,
        sam: Some(Box::new(SamrSamArray { count: 50, entries: Some((0..50).map(entry).collect()) })),
        num_entries: 50,
        return_value: NtStatus(0),
    };
    let texts = |value: &SamrEnumDomainUsersResponse<'_>| {
        let mut texts = Vec::with_capacity(50);
        for entry in value.sam.iter().flat_map(|sam| sam.entries.iter().flatten()) {
            text(&entry.name.string, &mut texts);
        }
        texts
    };
    case!(true, "samr", "samr_EnumDomainUsers", true, Representation::NDR, SamrEnumDomainUsersResponse, value.clone(), texts)
}

fn groups() -> Case {
    let group = |index: u32| SamrRidWithAttribute { rid: 1000 + index, attributes: SecurityGroupAttrs(7) };
    let value = SamrGetGroupsForUserResponse {
        rids: Some(Box::new(SamrRidWithAttributeArray { count: 60, rids: Some((0..60).map(group).collect()) })),
        return_value: NtStatus(0),
    };
    case!(true, "samr", "samr_GetGroupsForUser", true, Representation::NDR, SamrGetGroupsForUserResponse, value.clone(), none)
}

fn user_info() -> Case {
    let empty = LsaBinaryString::default;
    let info = SamrUserInfo21 {
        last_logon: 0x01d8_0000_0000_0000,
        account_name: string("user.name01"),
        full_name: string("User Name the First"),
        home_directory: string("\\\\fileserver1\\home\\user.name01"),
        home_drive: string("H:"),
        logon_script: string("logon.cmd"),
        profile_path: string("\\\\fileserver1\\profiles\\user.name01"),
        description: string("an account that somebody made"),
        workstations: string(""),
        comment: string("nothing to be said"),
        parameters: empty(),
        lm_owf_password: empty(),
        nt_owf_password: empty(),
        private_data: string(""),
        buffer: None,
        rid: 1001,
        primary_gid: 513,
        logon_hours: SamrLogonHours { units_per_week: 168, bits: Some(Blob::from(vec![0xff; 21])) },
        ..Default::default()
    };
    let value = SamrQueryUserInfoResponse { info: Some(Box::new(SamrUserInfo::Info21(info))), return_value: NtStatus(0) };
    let texts = |value: &SamrQueryUserInfoResponse<'_>| {
        let mut texts = Vec::with_capacity(12);
        if let Some(SamrUserInfo::Info21(info)) = value.info.as_deref() {
            for name in [
                &info.account_name, &info.full_name, &info.home_directory, &info.home_drive, &info.logon_script, &info.profile_path,
                &info.description, &info.workstations, &info.comment, &info.private_data,
            ] {
                text(&name.string, &mut texts);
            }
        }
        texts
    };
    let request = SamrQueryUserInfoRequest { user_handle: ContextHandle::default(), level: SamrUserInfoLevel(21) };
    case!(true, "samr", "samr_QueryUserInfo", true, Representation::NDR, SamrQueryUserInfoResponse, value.clone(), texts, request)
}

pub fn cases() -> Vec<Case> {
    let all = [Representation::NDR, Representation::NDR_BIG_ENDIAN, Representation::NDR64];
    let mut cases: Vec<Case> = all.into_iter().flat_map(|representation| [connect(representation), lookup_sids(representation)]).collect();
    cases.extend([connected(), looked_up_sids(), lookup_names(), enumerated(), groups(), user_info()]);
    cases
}
