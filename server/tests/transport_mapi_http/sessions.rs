//! Session Contexts over the wire: cookies, owners, sequence, reconnection, expiry, end.

use std::time::Duration;

use crate::support::spec_coverage::record;
use crate::support::{ADA, BOB, Request, Response, TestServer};

async fn execute(server: &TestServer, user: &str, cookies: &str) -> Response {
    server.send(&Request::mapi("Execute", user).cookies(cookies).body("x")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_cookies_come_with_every_response_and_the_sequence_moves_on() {
    const TEST: &str = "both_cookies_come_with_every_response_and_the_sequence_moves_on";
    let server = TestServer::start().await;
    let connected = server.send(&Request::mapi("Connect", ADA).body("hello")).await;
    let set: Vec<_> = connected.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert_eq!(set.len(), 2);
    for (_, cookie) in set {
        let (_, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/mapi/emsmdb; Secure; HttpOnly");
    }
    record("MS-OXCMAPIHTTP_R1221", TEST);
    let first = connected.cookies();
    let second = execute(&server, ADA, &first).await.cookies();
    let third = execute(&server, ADA, &second).await.cookies();
    let parts: Vec<_> = [&first, &second, &third].iter().map(|cookies| cookies.split_once("; ").unwrap()).collect();
    assert!(parts.iter().all(|(context, _)| context == &parts[0].0));
    assert!(parts[0].1 != parts[1].1 && parts[1].1 != parts[2].1);
    record("MS-OXCMAPIHTTP_R1236", TEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_sequence_is_refused_and_the_session_goes_on() {
    let server = TestServer::start().await;
    let first = server.log_on(ADA).await;
    let second = execute(&server, ADA, &first).await.cookies();
    let refused = execute(&server, ADA, &first).await;
    assert_eq!(refused.code(), 15);
    assert_eq!(refused.cookies(), second);
    let (context, _) = second.split_once("; ").unwrap();
    assert_eq!(execute(&server, ADA, context).await.code(), 13);
    // Nothing of what was refused has reached the engine.
    assert_eq!(execute(&server, ADA, &second).await.inner().1, format!("{ADA} 2: x"));
    record("MS-OXCMAPIHTTP_R151", "a_wrong_sequence_is_refused_and_the_session_goes_on");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_another_user_finds_no_session() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    for request_type in ["Execute", "Disconnect", "PING"] {
        let response = server.send(&Request::mapi(request_type, BOB).cookies(&cookies).body("x")).await;
        assert_eq!(response.code(), 10, "{request_type}");
        assert_eq!(response.cookies(), "");
    }
    assert_eq!(execute(&server, ADA, &cookies).await.inner().1, format!("{ADA} 1: x"));
    record("MS-OXCMAPIHTTP_R1225", "the_cookie_of_another_user_finds_no_session");
    record("MS-OXCMAPIHTTP_R1224", "the_cookie_of_another_user_finds_no_session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_requests_expires_after_its_grace() {
    let server = TestServer::start().await;
    let mut cookies = server.log_on(ADA).await;
    server.clock.advance(Duration::from_secs(960));
    let response = execute(&server, ADA, &cookies).await;
    assert_eq!(response.code(), 0);
    cookies = response.cookies();
    // A ping counts as a request.
    server.clock.advance(Duration::from_secs(960));
    let response = server.send(&Request::mapi("PING", ADA).cookies(&cookies)).await;
    assert_eq!(response.code(), 0);
    cookies = response.cookies();
    server.clock.advance(Duration::from_secs(960));
    let response = execute(&server, ADA, &cookies).await;
    assert_eq!(response.code(), 0);
    server.clock.advance(Duration::from_secs(961));
    assert_eq!(execute(&server, ADA, &response.cookies()).await.code(), 10);
    record("MS-OXCMAPIHTTP_R1283", "a_session_without_requests_expires_after_its_grace");
    record("MS-OXCMAPIHTTP_R1285", "a_session_without_requests_expires_after_its_grace");
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnect_ends_the_session_and_still_sets_its_cookies() {
    const TEST: &str = "disconnect_ends_the_session_and_still_sets_its_cookies";
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let ended = server.send(&Request::mapi("Disconnect", ADA).cookies(&cookies).body("x")).await;
    assert_eq!(ended.code(), 0);
    assert_eq!(ended.inner().1, format!("goodbye {ADA}"));
    assert_eq!(server.toy.live(), 0);
    let last = ended.cookies();
    assert_eq!(last.split("; ").count(), 2);
    assert_eq!(execute(&server, ADA, &last).await.code(), 10);
    for statement in ["R1250", "R2236", "R1253", "R1255"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_again_replaces_the_session_with_or_without_its_sequence() {
    const TEST: &str = "connecting_again_replaces_the_session_with_or_without_its_sequence";
    let server = TestServer::start().await;
    let mut cookies = server.log_on(ADA).await;
    for keep_sequence in [true, false] {
        let (context, _) = cookies.split_once("; ").unwrap();
        let sent =
            if keep_sequence { format!("{context}; MapiSequence={}", "0".repeat(32)) } else { context.to_owned() };
        let response = server.send(&Request::mapi("Connect", ADA).cookies(&sent).body("hello")).await;
        assert_eq!(response.code(), 0);
        assert_eq!(server.toy.live(), 1);
        assert_eq!(execute(&server, ADA, &cookies).await.code(), 10);
        cookies = response.cookies();
    }
    assert_eq!(execute(&server, ADA, &cookies).await.code(), 0);
    for statement in ["R1277", "R1278", "R1279", "R1329", "R1280"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_with_the_cookie_of_another_user_leaves_that_session_alone() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let response = server.send(&Request::mapi("Connect", BOB).cookies(&cookies).body("hello")).await;
    assert_eq!(response.inner().1, format!("connected {BOB}"));
    assert_eq!(execute(&server, ADA, &cookies).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_that_makes_no_session_sets_no_cookies() {
    let server = TestServer::start().await;
    let response = server.send(&Request::mapi("Connect", ADA).body("no session")).await;
    assert_eq!(response.code(), 0);
    assert_eq!((response.inner().1.as_str(), response.cookies().as_str()), ("no session", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_request_leaves_its_session_usable() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let failed = server.send(&Request::mapi("Execute", ADA).cookies(&cookies).body("fail")).await;
    assert_eq!(failed.code(), 12);
    assert_eq!(execute(&server, ADA, &failed.cookies()).await.inner().1, format!("{ADA} 1: x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_too_many_replaces_the_oldest_of_the_user() {
    let server = TestServer::start_with(|config| config.sessions.per_user = 2).await;
    let bobs = server.log_on(BOB).await;
    let mut cookies = Vec::new();
    for _ in 0..3 {
        cookies.push(server.log_on(ADA).await);
        server.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(execute(&server, ADA, &cookies[0]).await.code(), 10);
    assert_eq!(execute(&server, ADA, &cookies[1]).await.code(), 0);
    assert_eq!(execute(&server, ADA, &cookies[2]).await.code(), 0);
    assert_eq!(execute(&server, BOB, &bobs).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_takes_no_session_from_another_user() {
    let server = TestServer::start_with(|config| config.sessions.total = 1).await;
    let cookies = server.log_on(ADA).await;
    let refused = server.send(&Request::mapi("Connect", BOB).body("hello")).await;
    assert_eq!((refused.status, refused.code()), (503, 1));
    assert_eq!(execute(&server, ADA, &cookies).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_book_has_request_types_and_sessions_of_its_own() {
    const TEST: &str = "the_address_book_has_request_types_and_sessions_of_its_own";
    let server = TestServer::start().await;
    let book = |request_type: &str| Request::mapi(request_type, ADA).line("POST /mapi/nspi/");
    let bound = server.send(&book("Bind").body("hello")).await;
    assert_eq!(bound.code(), 0);
    let set: Vec<_> = bound.headers.iter().filter(|(name, _)| name == "set-cookie").collect();
    assert!(set.iter().all(|(_, cookie)| cookie.ends_with("; Path=/mapi/nspi; Secure; HttpOnly")));
    let mut cookies = bound.cookies();
    for request_type in [
        "CompareMIds",
        "DNToMId",
        "GetMatches",
        "GetPropList",
        "GetProps",
        "GetSpecialTable",
        "GetTemplateInfo",
        "ModLinkAtt",
        "ModProps",
        "QueryRows",
        "QueryColumns",
        "ResolveNames",
        "ResortRestriction",
        "SeekEntries",
        "UpdateStat",
        "GetMailboxUrl",
        "GetAddressBookUrl",
    ] {
        let answer = server.send(&book(request_type).cookies(&cookies).body("x")).await;
        assert_eq!((answer.code(), answer.header("x-requesttype")), (0, Some(request_type)));
        cookies = answer.cookies();
    }
    for foreign in ["Connect", "Execute", "Disconnect", "NotificationWait"] {
        assert_eq!(server.send(&book(foreign).cookies(&cookies).body("x")).await.code(), 5, "{foreign}");
    }
    assert_eq!(server.send(&Request::mapi("QueryRows", ADA).cookies(&cookies)).await.code(), 5);
    assert_eq!(execute(&server, ADA, &cookies).await.code(), 10);
    let unbound = server.send(&book("Unbind").cookies(&cookies).body("x")).await;
    assert_eq!(unbound.code(), 0);
    record("MS-OXCMAPIHTTP_R1250", TEST);
    assert_eq!(server.send(&book("GetProps").cookies(&cookies).body("x")).await.code(), 10);
    record("MS-OXCMAPIHTTP_R1253", TEST);
}
