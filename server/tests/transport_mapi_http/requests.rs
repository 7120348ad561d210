//! What a request must look like, and what every response has.

use crate::support::spec_coverage::record;
use crate::support::{ADA, GUID, REQUEST_ID, Request, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_response_has_the_common_headers_and_the_inner_stream() {
    const TEST: &str = "a_response_has_the_common_headers_and_the_inner_stream";
    let server = TestServer::start().await;
    let client_info = "{2EF33C39-49C8-421C-B876-CDF7F2AC3AA0}:123";
    let request = Request::mapi("Connect", ADA).header("X-ClientInfo", client_info).body("hello");
    let response = server.send(&request).await;
    assert_eq!((response.status, response.code()), (200, 0));
    record("MS-OXCMAPIHTTP_R48", TEST);
    record("MS-OXCMAPIHTTP_R136", TEST);
    // The code is a number; 0 brings a body of the request type.
    assert_eq!(response.header("x-responsecode"), Some("0"));
    for statement in ["R42", "R43", "R54", "R55", "R132", "R133", "R1301"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    for cookie in response.cookies().split("; ") {
        let (name, value) = cookie.split_once('=').unwrap();
        assert!(!name.is_empty() && !value.is_empty(), "{cookie}");
        record("MS-OXCMAPIHTTP_R68", TEST);
    }
    assert_eq!(response.header("x-deviceinfo"), None);
    record("MS-OXCMAPIHTTP_R2050", TEST);
    let expected = [
        ("content-type", "application/mapi-http", "MS-OXCMAPIHTTP_R2037"),
        ("x-requesttype", "Connect", "MS-OXCMAPIHTTP_R44"),
        ("x-requestid", REQUEST_ID, "MS-OXCMAPIHTTP_R2040"),
        ("x-clientinfo", client_info, "MS-OXCMAPIHTTP_R156"),
        ("x-pendingperiod", "30000", "MS-OXCMAPIHTTP_R158"),
        ("x-expirationinfo", "900000", "MS-OXCMAPIHTTP_R167"),
        ("transfer-encoding", "chunked", "MS-OXCMAPIHTTP_R76"),
    ];
    for (name, value, statement) in expected {
        assert_eq!(response.header(name), Some(value), "{name}");
        record(statement, TEST);
    }
    assert_eq!(response.header("cache-control"), Some("private"));
    let application = response.header("x-serverapplication").unwrap();
    let version: Vec<&str> = application.strip_prefix("Exchange/").unwrap().split('.').collect();
    assert_eq!((version.len(), version[0]), (4, "15"));
    record("MS-OXCMAPIHTTP_R165", TEST);

    let (headers, body) = response.inner();
    assert_eq!(headers, "X-ElapsedTime: 0\r\nX-StartTime: Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(body, format!("connected {ADA}"));
    // Meta-tags, additional headers, a blank line, the body as it is: all of the common format.
    for statement in ["R41", "R1300", "R164", "R168", "R170", "R1431", "R1461"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    for statement in ["R169", "R171", "R2046", "R1238", "R1244", "R2228", "R2231", "R1131"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_required_header_is_required() {
    let server = TestServer::start().await;
    for name in ["Host", "X-RequestType", "X-RequestId", "Content-Type", "Content-Length"] {
        let response = server.send(&Request::mapi("Connect", ADA).without(name)).await;
        assert_eq!((response.status, response.code()), (200, 7), "{name}");
        assert_eq!(response.cookies(), "");
    }
    record("MS-OXCMAPIHTTP_R143", "every_required_header_is_required");
    record("MS-OXCMAPIHTTP_R2038", "every_required_header_is_required");
    record("MS-OXCMAPIHTTP_R49", "every_required_header_is_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_their_cause() {
    const TEST: &str = "refusals_name_their_cause";
    let server = TestServer::start().await;
    let good = || Request::mapi("Connect", ADA);
    let cases = [
        (good().line("GET /mapi/emsmdb/"), 2, "R138"),
        (good().line("PUT /mapi/emsmdb/"), 2, "R138"),
        (good().line("POST /mapi/rpc/"), 3, "R139"),
        (good().line("POST /mapi/emsmdb/?MailboxId=x"), 3, "R139"),
        (good().header("X-RequestId", "1"), 4, "R140"),
        (good().header("Content-Type", "text/xml"), 4, "R140"),
        (good().header("X-ClientInfo", &"x".repeat(300)), 4, "R140"),
        (good().header("X-RequestType", "Bind"), 5, "R141"),
        (good().header("X-RequestType", "Wait"), 5, "R141"),
        (good().header("X-RequestType", "Execute"), 13, "R149"),
        (good().header("X-RequestType", "Execute").cookies("MapiContext=1"), 6, "R142"),
        (good().body("fail"), 12, "R148"),
    ];
    for (index, (request, code, statement)) in cases.into_iter().enumerate() {
        let response = server.send(&request).await;
        assert_eq!((response.status, response.code()), (200, code), "case {index}");
        let page = String::from_utf8(response.body).unwrap();
        assert!(page.contains("<p>") && page.contains("</p>"), "{page}");
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    record("MS-OXCMAPIHTTP_R1459", TEST);
    record("MS-OXCMAPIHTTP_R47", TEST);
    assert_eq!(server.toy.live(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_id_and_any_case_of_the_path_are_taken() {
    let server = TestServer::start().await;
    for path in ["/MAPI/Emsmdb/", "/mapi/emsmdb", &format!("/mapi/emsmdb/?MailboxId={GUID}@example.test")] {
        let response = server.send(&Request::mapi("PING", ADA).line(&format!("POST {path}"))).await;
        assert_eq!(response.code(), 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_has_meta_tags_and_no_body() {
    let server = TestServer::start().await;
    let response = server.send(&Request::mapi("PING", ADA)).await;
    assert_eq!(response.code(), 0);
    assert_eq!(response.inner().1, "");
    assert_eq!(response.cookies(), "");
    record("MS-OXCMAPIHTTP_R1127", "a_ping_has_meta_tags_and_no_body");
    record("MS-OXCMAPIHTTP_R1249", "a_ping_has_meta_tags_and_no_body");
    record("MS-OXCMAPIHTTP_R1460", "a_ping_has_meta_tags_and_no_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_gets_bodies_byte_for_byte() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let response = server.send(&Request::mapi("Execute", ADA).cookies(&cookies).body(b"\0\r\n\xff")).await;
    assert_eq!(response.inner().1, format!("{ADA} 1: \\x00\\r\\n\\xff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_needs_no_length() {
    let server = TestServer::start().await;
    let chunked = Request::mapi("Connect", ADA).without("Content-Length").header("Transfer-Encoding", "chunked");
    let response = server.send(&chunked.body("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")).await;
    assert_eq!((response.status, response.code()), (200, 0));
    assert_eq!(response.inner().1, format!("connected {ADA}"));
    record("MS-OXCMAPIHTTP_R62", "a_chunked_body_needs_no_length");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_carries_many_requests() {
    let server = TestServer::start().await;
    let mut connection = server.connection().await;
    let first = connection.send(&Request::mapi("Connect", ADA).body("hello")).await;
    let mut cookies = first.cookies();
    for call in 1..=3 {
        let response = connection.send(&Request::mapi("Execute", ADA).cookies(&cookies).body("x")).await;
        assert_eq!(response.inner().1, format!("{ADA} {call}: x"));
        cookies = response.cookies();
    }
    // A refused request leaves the connection usable, and so does one without credentials.
    assert_eq!(connection.send(&Request::mapi("Bind", ADA).body("x")).await.code(), 5);
    let anonymous = Request::mapi("Execute", ADA).without("Authorization").cookies(&cookies).body("x");
    assert_eq!(connection.send(&anonymous).await.status, 401);
    assert_eq!(connection.send(&Request::mapi("Execute", ADA).cookies(&cookies).body("x")).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_tls_are_spoken() {
    let server = TestServer::start().await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut connection = server.connection_of(&[version]).await;
        assert_eq!(connection.send(&Request::mapi("PING", ADA)).await.code(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_paths_are_not_found_and_the_health_check_needs_no_credentials() {
    let server = TestServer::start().await;
    let nowhere = server.send(&Request::new("GET /")).await;
    assert_eq!(nowhere.status, 404);
    let health = server.send(&Request::new("GET /healthz")).await;
    assert_eq!((health.status, health.body.as_slice()), (200, &b"ok\n"[..]));
    assert_eq!(server.send(&Request::new("POST /healthz").body("x")).await.status, 405);
}
