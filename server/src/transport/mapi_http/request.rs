//! The common request (MS-OXCMAPIHTTP 2.2.2.1): its headers, checked in the order missing, malformed, unknown.

use hyper::Method;
use hyper::header::{
    CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;

use super::cookies::RequestCookies;
use super::response_code::ResponseCode;

/// X-RequestType (MS-OXCMAPIHTTP 2.2.3.3.1).
pub const X_REQUEST_TYPE: HeaderName = HeaderName::from_static("x-requesttype");
/// X-RequestId (MS-OXCMAPIHTTP 2.2.3.3.2).
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-requestid");
/// X-ClientInfo (MS-OXCMAPIHTTP 2.2.3.3.4).
pub const X_CLIENT_INFO: HeaderName = HeaderName::from_static("x-clientinfo");
/// X-ClientApplication (MS-OXCMAPIHTTP 2.2.3.3.6).
pub const X_CLIENT_APPLICATION: HeaderName = HeaderName::from_static("x-clientapplication");

/// What a request's Content-Type must contain (MS-OXCMAPIHTTP 2.2.3.2.2).
pub const MEDIA_TYPE: &str = "application/mapi-http";

/// The longest value of a header that a response repeats, in bytes.
pub const ECHO_LIMIT: usize = 256;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestType {
    /// A session: MS-OXCMAPIHTTP 2.2.4.1, 2.2.5.1.
    Connect,
    /// MS-OXCMAPIHTTP 2.2.4.2.
    Execute,
    /// A request of the address book by its name: MS-OXCMAPIHTTP 2.2.5.3 to 2.2.5.19.
    Call(&'static str),
    /// The end of the session: MS-OXCMAPIHTTP 2.2.4.3, 2.2.5.2.
    Disconnect,
    /// MS-OXCMAPIHTTP 2.2.4.4.
    NotificationWait,
    /// MS-OXCMAPIHTTP 2.2.6.
    Ping,
}

/// An endpoint as requests see it.
#[derive(Debug)]
pub struct Served {
    /// The path that its cookies are for.
    pub path: &'static str,
    /// The request types with their names.
    pub types: &'static [(&'static str, RequestType)],
}

/// The mailbox server endpoint (MS-OXCMAPIHTTP 2.2.4).
pub const MAILBOX: Served = Served {
    path: "/mapi/emsmdb",
    types: &[
        ("Connect", RequestType::Connect),
        ("Execute", RequestType::Execute),
        ("Disconnect", RequestType::Disconnect),
        ("NotificationWait", RequestType::NotificationWait),
        ("PING", RequestType::Ping),
    ],
};

/// The address book server endpoint (MS-OXCMAPIHTTP 2.2.5).
pub const ADDRESS_BOOK: Served = Served {
    path: "/mapi/nspi",
    types: &[
        ("Bind", RequestType::Connect),
        ("Unbind", RequestType::Disconnect),
        ("CompareMIds", RequestType::Call("CompareMIds")),
        ("DNToMId", RequestType::Call("DNToMId")),
        ("GetMatches", RequestType::Call("GetMatches")),
        ("GetPropList", RequestType::Call("GetPropList")),
        ("GetProps", RequestType::Call("GetProps")),
        ("GetSpecialTable", RequestType::Call("GetSpecialTable")),
        ("GetTemplateInfo", RequestType::Call("GetTemplateInfo")),
        ("ModLinkAtt", RequestType::Call("ModLinkAtt")),
        ("ModProps", RequestType::Call("ModProps")),
        ("QueryRows", RequestType::Call("QueryRows")),
        ("QueryColumns", RequestType::Call("QueryColumns")),
        ("ResolveNames", RequestType::Call("ResolveNames")),
        ("ResortRestriction", RequestType::Call("ResortRestriction")),
        ("SeekEntries", RequestType::Call("SeekEntries")),
        ("UpdateStat", RequestType::Call("UpdateStat")),
        ("GetMailboxUrl", RequestType::Call("GetMailboxUrl")),
        ("GetAddressBookUrl", RequestType::Call("GetAddressBookUrl")),
        ("PING", RequestType::Ping),
    ],
};

impl Served {
    fn parse(&self, value: &str) -> Option<RequestType> {
        self.types.iter().find_map(|(name, request_type)| value.eq_ignore_ascii_case(name).then_some(*request_type))
    }
}

/// The headers that a response repeats, as the request gave them.
#[derive(Debug, Clone, Default)]
pub struct Echo {
    /// X-RequestType.
    pub request_type: Option<HeaderValue>,
    /// X-RequestId.
    pub request_id: Option<HeaderValue>,
    /// X-ClientInfo.
    pub client_info: Option<HeaderValue>,
}

impl Echo {
    /// Takes the headers that are there and short enough to be repeated.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let take = |name: HeaderName| headers.get(name).filter(|value| value.len() <= ECHO_LIMIT).cloned();
        Self { request_type: take(X_REQUEST_TYPE), request_id: take(X_REQUEST_ID), client_info: take(X_CLIENT_INFO) }
    }
}

/// The head of a request that passed every check a body is not needed for.
#[derive(Debug, Clone, Copy)]
pub struct MapiRequest {
    /// What is asked.
    pub request_type: RequestType,
    /// The length of the body, in bytes; none is announced with the chunked transfer coding
    /// (MS-OXCMAPIHTTP 2.2.3.2.1).
    pub content_length: Option<u64>,
    /// The session cookies.
    pub cookies: RequestCookies,
}

impl MapiRequest {
    /// Reads the head of a request to an endpoint; bodies may have up to `body_limit` bytes.
    ///
    /// # Errors
    /// The code of the first check that failed: 2 for a verb other than POST, 3 for a malformed MailboxId
    /// parameter, 7 for a missing header, 4 for a malformed one, 5 for a request type that is not served,
    /// 9 for a body that is too long.
    pub fn parse(parts: &Parts, body_limit: u64, served: &Served) -> Result<Self, ResponseCode> {
        if parts.method != Method::POST {
            return Err(ResponseCode::INVALID_VERB);
        }
        check_query(parts.uri.query())?;
        // The order of the checks is the order of the required headers in MS-OXCMAPIHTTP 2.2.2.1.
        required(&parts.headers, HOST)?;
        let request_type = required(&parts.headers, X_REQUEST_TYPE)?;
        let request_id = required(&parts.headers, X_REQUEST_ID)?;
        let content_type = required(&parts.headers, CONTENT_TYPE)?;
        let content_length = match required(&parts.headers, CONTENT_LENGTH) {
            Err(ResponseCode::MISSING_HEADER) if parts.headers.contains_key(TRANSFER_ENCODING) => None,
            length => Some(length?),
        };

        if !is_counted_guid(request_id) || !content_type.to_ascii_lowercase().contains(MEDIA_TYPE) {
            return Err(ResponseCode::INVALID_HEADER);
        }
        check_echo(&parts.headers, X_CLIENT_INFO)?;
        let content_length = content_length.map(str::parse::<u64>).transpose();
        let content_length = content_length.map_err(|_| ResponseCode::INVALID_HEADER)?;
        let request_type = served.parse(request_type).ok_or(ResponseCode::INVALID_REQUEST_TYPE)?;
        if content_length.is_some_and(|length| length > body_limit) {
            return Err(ResponseCode::TOO_LARGE);
        }
        Ok(Self { request_type, content_length, cookies: cookies(&parts.headers) })
    }
}

/// The value of a header that must be there exactly once.
fn required(headers: &HeaderMap, name: HeaderName) -> Result<&str, ResponseCode> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(ResponseCode::MISSING_HEADER)?;
    if values.next().is_some() {
        return Err(ResponseCode::INVALID_HEADER);
    }
    value.to_str().map_err(|_| ResponseCode::INVALID_HEADER)
}

/// Refuses an optional header that is there and cannot be repeated in the response.
fn check_echo(headers: &HeaderMap, name: HeaderName) -> Result<(), ResponseCode> {
    match headers.get(name) {
        Some(value) if value.len() > ECHO_LIMIT || value.to_str().is_err() => Err(ResponseCode::INVALID_HEADER),
        _ => Ok(()),
    }
}

fn cookies(headers: &HeaderMap) -> RequestCookies {
    RequestCookies::parse(headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()))
}

/// Checks the optional MailboxId parameter, `guid@domain`. One server has one mailbox server to route to
/// (MS-OXCMAPIHTTP 2.2.2), so nothing else depends on it; other parameters are ignored.
fn check_query(query: Option<&str>) -> Result<(), ResponseCode> {
    let parameter = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("MailboxId"));
    match parameter {
        None => Ok(()),
        Some((_, value)) => {
            let value = value.replace("%40", "@");
            match value.split_once('@') {
                Some((guid, domain)) if is_guid(guid) && !domain.is_empty() => Ok(()),
                _ => Err(ResponseCode::INVALID_PATH),
            }
        }
    }
}

/// Whether `text` is a GUID, with or without braces, a colon, and a decimal counter.
fn is_counted_guid(text: &str) -> bool {
    let Some((guid, counter)) = text.rsplit_once(':') else {
        return false;
    };
    let bare = guid.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(guid);
    is_guid(bare) && (1..=20).contains(&counter.len()) && counter.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether `text` is 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let mut groups = text.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|length| {
        groups.next().is_some_and(|group| group.len() == length && group.bytes().all(|digit| digit.is_ascii_hexdigit()))
    }) && groups.next().is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use hyper::Request;

    const ID: &str = "{E2EA6C1C-E61B-49E9-9CFB-38184F907552}:123456";

    fn headers() -> Vec<(&'static str, String)> {
        vec![
            ("host", "localhost".to_owned()),
            ("x-requesttype", "Execute".to_owned()),
            ("x-requestid", ID.to_owned()),
            ("content-type", "application/mapi-http".to_owned()),
            ("content-length", "10".to_owned()),
        ]
    }

    fn parse_at(method: &str, uri: &str, headers: &[(&str, String)]) -> Result<MapiRequest, ResponseCode> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        MapiRequest::parse(&request.body(()).unwrap().into_parts().0, 100, &MAILBOX)
    }

    fn parse(headers: &[(&str, String)]) -> Result<MapiRequest, ResponseCode> {
        parse_at("POST", "/mapi/emsmdb/", headers)
    }

    #[test]
    fn accepts_the_required_headers() {
        let request = parse(&headers()).unwrap();
        assert_eq!((request.request_type, request.content_length), (RequestType::Execute, Some(10)));
    }

    #[test]
    fn a_chunked_request_announces_no_length() {
        let mut chunked = headers();
        chunked[4] = ("transfer-encoding", "chunked".to_owned());
        assert_eq!(parse(&chunked).unwrap().content_length, None);
    }

    #[test]
    fn refuses_a_request_without_any_one_required_header() {
        for index in 0..headers().len() {
            let mut short = headers();
            let (name, _) = short.remove(index);
            assert_eq!(parse(&short).unwrap_err(), ResponseCode::MISSING_HEADER, "{name}");
        }
    }

    #[test]
    fn refuses_a_required_header_given_twice() {
        for extra in headers() {
            let mut twice = headers();
            let name = extra.0;
            twice.push(extra);
            assert_eq!(parse(&twice).unwrap_err(), ResponseCode::INVALID_HEADER, "{name}");
        }
    }

    #[test]
    fn refuses_malformed_values_with_their_codes() {
        let cases = [
            ("x-requestid", "123", ResponseCode::INVALID_HEADER),
            ("x-requestid", "E2EA6C1C-E61B-49E9-9CFB-38184F907552:", ResponseCode::INVALID_HEADER),
            ("x-requestid", "E2EA6C1C-E61B-49E9-9CFB-38184F90755:1", ResponseCode::INVALID_HEADER),
            ("x-requestid", "E2EA6C1C-E61B-49E9-9CFB-38184F907552:1x", ResponseCode::INVALID_HEADER),
            ("content-type", "text/plain", ResponseCode::INVALID_HEADER),
            ("content-length", "-1", ResponseCode::INVALID_HEADER),
            ("content-length", "101", ResponseCode::TOO_LARGE),
            ("x-requesttype", "Bind", ResponseCode::INVALID_REQUEST_TYPE),
            ("x-requesttype", "", ResponseCode::INVALID_REQUEST_TYPE),
        ];
        for (name, value, code) in cases {
            let mut changed = headers();
            changed.iter_mut().find(|header| header.0 == name).unwrap().1 = value.to_owned();
            assert_eq!(parse(&changed).unwrap_err(), code, "{name}: {value}");
        }
    }

    #[test]
    fn the_guid_of_a_request_id_may_stand_without_braces() {
        let mut bare = headers();
        bare[2].1 = "E2EA6C1C-E61B-49E9-9CFB-38184F907552:18446744073709551615".to_owned();
        assert!(parse(&bare).is_ok());
    }

    #[test]
    fn only_post_is_a_valid_verb() {
        for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "RPC_IN_DATA"] {
            assert_eq!(parse_at(method, "/", &headers()).unwrap_err(), ResponseCode::INVALID_VERB, "{method}");
        }
    }

    #[test]
    fn a_mailbox_id_is_a_guid_and_a_domain() {
        let guid = "00112233-4455-6677-8899-aabbccddeeff";
        for query in ["x=1", &format!("MailboxId={guid}@example.test"), &format!("a=b&mailboxid={guid}%40x")] {
            assert!(parse_at("POST", &format!("/mapi/emsmdb/?{query}"), &headers()).is_ok(), "{query}");
        }
        for query in
            ["MailboxId=", "MailboxId=x@example.test", &format!("MailboxId={guid}@"), &format!("MailboxId={guid}")]
        {
            let refused = parse_at("POST", &format!("/mapi/emsmdb/?{query}"), &headers());
            assert_eq!(refused.unwrap_err(), ResponseCode::INVALID_PATH, "{query}");
        }
    }

    #[test]
    fn an_overlong_client_info_is_refused_and_not_repeated() {
        let mut long = headers();
        long.push(("x-clientinfo", "x".repeat(ECHO_LIMIT + 1)));
        assert_eq!(parse(&long).unwrap_err(), ResponseCode::INVALID_HEADER);
        let map: HeaderMap = [(X_CLIENT_INFO, HeaderValue::from_str(&long[5].1).unwrap())].into_iter().collect();
        assert!(Echo::of(&map).client_info.is_none());
    }
}
