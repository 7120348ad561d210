//! Calls that take their time, fail late, panic, or lose their client.

use std::time::Duration;

use crate::support::spec_coverage::record;
use crate::support::{ADA, BOB, Connection, Request, TestServer};

/// A server that does not wait before it says PROCESSING, and says PENDING often.
async fn impatient() -> TestServer {
    TestServer::start_with(|config| {
        config.sessions.prompt = Duration::ZERO;
        config.sessions.pending_period = Duration::from_millis(20);
    })
    .await
}

async fn text(connection: &mut Connection) -> String {
    String::from_utf8(connection.chunk().await.unwrap()).unwrap()
}

/// Reads PENDING meta-tags until something else comes.
async fn after_pending(connection: &mut Connection) -> String {
    loop {
        let part = text(connection).await;
        if part != "PENDING\r\n" {
            return part;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_call_says_processing_at_once_and_pending_at_the_promised_period() {
    const TEST: &str = "a_long_call_says_processing_at_once_and_pending_at_the_promised_period";
    let server = impatient().await;
    let mut connection = server.connection().await;
    connection.write(&Request::mapi("Connect", ADA).body("wait").to_bytes()).await;
    let head = connection.head().await;
    assert_eq!((head.code(), head.header("x-pendingperiod")), (0, Some("20")));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    assert_eq!(text(&mut connection).await, "PROCESSING\r\n");
    for statement in ["R1230", "R1232", "R1242", "R2226", "R2227", "R157"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    for _ in 0..3 {
        assert_eq!(text(&mut connection).await, "PENDING\r\n");
    }
    record("MS-OXCMAPIHTTP_R1239", TEST);
    record("MS-OXCMAPIHTTP_R1241", TEST);
    for statement in ["R1173", "R1174", "R1178", "R1182", "R1229"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    server.toy.gate.open();
    let end = after_pending(&mut connection).await;
    assert!(end.starts_with("DONE\r\nX-ElapsedTime: "), "{end}");
    assert!(end.ends_with(&format!("\r\n\r\nconnected {ADA}")), "{end}");
    assert_eq!(connection.chunk().await, None);
    for statement in ["R1130", "R1134", "R1135", "R1136", "R1185"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
    let next = Request::mapi("Execute", ADA).cookies(&head.cookies()).body("x");
    assert_eq!(connection.send(&next).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_failure_has_its_code_among_the_additional_headers() {
    let server = impatient().await;
    let mut connection = server.connection().await;
    connection.write(&Request::mapi("Connect", ADA).body("wait and fail").to_bytes()).await;
    let head = connection.head().await;
    assert_eq!(head.code(), 0);
    assert_eq!(text(&mut connection).await, "PROCESSING\r\n");
    server.toy.gate.open();
    let end = after_pending(&mut connection).await;
    let (headers, body) = end.split_once("\r\n\r\n").unwrap();
    assert!(headers.contains("\r\nX-ResponseCode: 12\r\n"), "{headers}");
    assert!(headers.contains("\r\nContent-Type: text/html"), "{headers}");
    assert!(body.contains("<p>"), "{body}");
    let next = Request::mapi("Execute", ADA).cookies(&head.cookies()).body("x");
    assert_eq!(server.send(&next).await.code(), 10);
    record("MS-OXCMAPIHTTP_R146", "a_late_failure_has_its_code_among_the_additional_headers");
    record("MS-OXCMAPIHTTP_R2229", "a_late_failure_has_its_code_among_the_additional_headers");
    record("MS-OXCMAPIHTTP_R2232", "a_late_failure_has_its_code_among_the_additional_headers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_request_in_a_busy_session_is_refused_and_others_go_on() {
    const TEST: &str = "a_second_request_in_a_busy_session_is_refused_and_others_go_on";
    let server = TestServer::start().await;
    let (first, others) = (server.log_on(ADA).await, server.log_on(BOB).await);
    let mut busy = server.connection().await;
    busy.write(&Request::mapi("Execute", ADA).cookies(&first).body("wait").to_bytes()).await;
    let toy = std::sync::Arc::clone(&server.toy);
    tokio::task::spawn_blocking(move || toy.gate.wait_for(1)).await.unwrap();

    for request_type in ["Execute", "Disconnect", "PING"] {
        let refused = server.send(&Request::mapi(request_type, ADA).cookies(&first).body("x")).await;
        assert_eq!(refused.code(), 15, "{request_type}");
        assert_ne!(refused.cookies(), first);
    }
    let fine = server.send(&Request::mapi("Execute", BOB).cookies(&others).body("x")).await;
    assert_eq!(fine.code(), 0);
    record("MS-OXCMAPIHTTP_R1228", TEST);
    record("MS-OXCMAPIHTTP_R1227", TEST);

    server.toy.gate.open();
    let ended = busy.response().await;
    assert_eq!(ended.inner().1, format!("{ADA} 1: wait"));
    let next = server.send(&Request::mapi("Execute", ADA).cookies(&ended.cookies()).body("x")).await;
    assert_eq!(next.inner().1, format!("{ADA} 2: x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_work_side_by_side_up_to_the_bound_of_the_engine() {
    let server = TestServer::start_with(|config| {
        config.sessions.prompt = Duration::ZERO;
        config.limits.engine_calls = 2;
    })
    .await;
    let mut connections = Vec::new();
    for _ in 0..3 {
        let mut connection = server.connection().await;
        connection.write(&Request::mapi("Connect", ADA).body("wait").to_bytes()).await;
        assert_eq!(connection.head().await.code(), 0);
        assert_eq!(text(&mut connection).await, "PROCESSING\r\n");
        connections.push(connection);
    }
    let toy = std::sync::Arc::clone(&server.toy);
    tokio::task::spawn_blocking(move || toy.gate.wait_for(2)).await.unwrap();
    server.toy.gate.open();
    for connection in &mut connections {
        assert!(after_pending(connection).await.starts_with("DONE\r\n"));
    }
    server.toy.gate.wait_for(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_its_own_session_and_nothing_else() {
    let server = TestServer::start().await;
    let (mine, others) = (server.log_on(ADA).await, server.log_on(ADA).await);
    let panicked = server.send(&Request::mapi("Execute", ADA).cookies(&mine).body("panic")).await;
    assert_eq!((panicked.status, panicked.code()), (200, 1));
    assert_eq!(panicked.cookies(), "");
    assert_eq!(server.toy.live(), 1);
    let gone = server.send(&Request::mapi("Execute", ADA).cookies(&mine).body("x")).await;
    assert_eq!(gone.code(), 10);
    for (request_type, body) in [("Connect", "panic"), ("Execute", "x")] {
        let response = server.send(&Request::mapi(request_type, ADA).cookies(&others).body(body)).await;
        // Connect with the cookie of a session has replaced it before it panicked.
        assert_eq!(response.code(), if request_type == "Connect" { 1 } else { 10 }, "{request_type}");
    }
    assert_eq!(server.toy.live(), 0);
    let cookies = server.log_on(ADA).await;
    let panicked = server.send(&Request::mapi("Disconnect", ADA).cookies(&cookies).body("panic")).await;
    assert_eq!(panicked.code(), 1);
    assert_eq!(server.toy.live(), 0);
    assert_eq!(server.send(&Request::new("GET /healthz")).await.status, 200);
    record("MS-OXCMAPIHTTP_R137", "a_panic_ends_its_own_session_and_nothing_else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_finds_its_session_again() {
    let server = impatient().await;
    let mut connection = server.connection().await;
    let connected = connection.send(&Request::mapi("Connect", ADA).body("hello")).await;
    let waiting = Request::mapi("Execute", ADA).cookies(&connected.cookies()).body("wait");
    connection.write(&waiting.to_bytes()).await;
    let head = connection.head().await;
    let toy = std::sync::Arc::clone(&server.toy);
    tokio::task::spawn_blocking(move || toy.gate.wait_for(1)).await.unwrap();
    drop(connection);
    server.toy.gate.open();
    // The call ends a moment after the gate opens; until then the session is busy.
    for _ in 0..500 {
        let next = server.send(&Request::mapi("Execute", ADA).cookies(&head.cookies()).body("x")).await;
        if next.code() == 0 {
            assert_eq!(next.inner().1, format!("{ADA} 2: x"));
            return;
        }
        assert_eq!(next.code(), 15);
    }
    panic!("the session stayed busy");
}
