//! NotificationWait: waits that end with an event, in time, with the session, or with the server.

use std::time::Duration;

use crate::support::spec_coverage::record;
use crate::support::{ADA, BOB, Connection, Request, Response, TestServer};

fn wait(cookies: &str) -> Request {
    Request::mapi("NotificationWait", ADA).cookies(cookies).body("wait")
}

/// Starts a wait that has to wait; the connection with its head.
async fn begin(server: &TestServer, cookies: &str) -> (Connection, Response) {
    let mut connection = server.connection().await;
    connection.write(&wait(cookies).to_bytes()).await;
    let head = connection.head().await;
    assert_eq!(head.code(), 0);
    assert_eq!(connection.chunk().await.unwrap(), b"PROCESSING\r\n");
    (connection, head)
}

/// What follows DONE and the additional headers.
async fn end(connection: &mut Connection) -> String {
    loop {
        let part = String::from_utf8(connection.chunk().await.unwrap()).unwrap();
        if part != "PENDING\r\n" {
            assert_eq!(connection.chunk().await, None);
            return part.strip_prefix("DONE\r\n").unwrap().to_owned();
        }
    }
}

fn body(end: &str) -> &str {
    end.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_says_pending_until_an_event_comes() {
    const TEST: &str = "a_wait_says_pending_until_an_event_comes";
    let server = TestServer::start_with(|config| config.sessions.pending_period = Duration::from_millis(20)).await;
    let cookies = server.log_on(ADA).await;
    let (mut connection, head) = begin(&server, &cookies).await;
    assert_eq!(head.header("x-requesttype"), Some("NotificationWait"));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    record("MS-OXCMAPIHTTP_R88", TEST);
    assert_eq!(head.cookies(), cookies);
    record("MS-OXCMAPIHTTP_R1261", TEST);
    for _ in 0..2 {
        assert_eq!(connection.chunk().await.unwrap(), b"PENDING\r\n");
    }
    record("MS-OXCMAPIHTTP_R1258", TEST);
    server.toy.doorbell(0).ring();
    assert_eq!(body(&end(&mut connection).await), "pending: true");
    record("MS-OXCMAPIHTTP_R1256", TEST);

    // The event waits on: another wait ends at once, with a whole response.
    let again = server.send(&wait(&cookies)).await;
    assert_eq!((again.code(), again.cookies()), (0, cookies));
    assert!(again.inner().1.ends_with("pending: true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_without_events_ends_after_its_time() {
    const TEST: &str = "a_wait_without_events_ends_after_its_time";
    let server = TestServer::start_with(|config| config.sessions.longest_wait = Duration::from_millis(50)).await;
    let cookies = server.log_on(ADA).await;
    let (mut connection, _) = begin(&server, &cookies).await;
    assert_eq!(body(&end(&mut connection).await), "pending: false");
    record("MS-OXCMAPIHTTP_R1259", TEST);
    record("MS-OXCMAPIHTTP_R1215", TEST);
}

#[test]
fn the_longest_wait_is_five_minutes() {
    assert_eq!(server::config::SessionSettings::default().longest_wait, Duration::from_secs(5 * 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_requests_are_answered_during_a_wait_and_a_second_wait_is_not() {
    const TEST: &str = "other_requests_are_answered_during_a_wait_and_a_second_wait_is_not";
    let server = TestServer::start().await;
    let first = server.log_on(ADA).await;
    let (mut waiting, _) = begin(&server, &first).await;
    let executed = server.send(&Request::mapi("Execute", ADA).cookies(&first).body("x")).await;
    assert_eq!(executed.code(), 0);
    record("MS-OXCMAPIHTTP_R1170", TEST);
    assert_ne!(executed.cookies(), first);
    let second = server.send(&wait(&executed.cookies())).await;
    assert_eq!(second.code(), 15);
    record("MS-OXCMAPIHTTP_R1228", TEST);
    server.toy.doorbell(0).ring();
    assert_eq!(body(&end(&mut waiting).await), "pending: true");
    let next = Request::mapi("Execute", ADA).cookies(&executed.cookies()).body("y");
    assert_eq!(server.send(&next).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_may_begin_with_the_cookies_of_a_running_request() {
    let server = TestServer::start().await;
    let first = server.log_on(ADA).await;
    let mut running = server.connection().await;
    running.write(&Request::mapi("Execute", ADA).cookies(&first).body("wait").to_bytes()).await;
    tokio::task::block_in_place(|| server.toy.gate.wait_for(1));
    let (mut waiting, head) = begin(&server, &first).await;
    server.toy.gate.open();
    let executed = running.response().await;
    assert_eq!(executed.cookies(), head.cookies());
    server.toy.doorbell(0).ring();
    assert_eq!(body(&end(&mut waiting).await), "pending: true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_keeps_its_session_and_its_end_refreshes_it() {
    const TEST: &str = "a_wait_keeps_its_session_and_its_end_refreshes_it";
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let (mut waiting, _) = begin(&server, &cookies).await;
    let idle = Duration::from_secs(900);
    server.clock.advance(2 * idle);
    server.toy.doorbell(0).ring();
    assert_eq!(body(&end(&mut waiting).await), "pending: true");
    server.clock.advance(idle);
    assert_eq!(server.send(&Request::mapi("PING", ADA).cookies(&cookies)).await.code(), 0);
    record("MS-OXCMAPIHTTP_R1260", TEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_its_session() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let (mut waiting, _) = begin(&server, &cookies).await;
    assert_eq!(server.send(&Request::mapi("Disconnect", ADA).cookies(&cookies)).await.code(), 0);
    let end = end(&mut waiting).await;
    assert!(end.contains("\r\nX-ResponseCode: 10\r\n"), "{end}");
    assert_eq!(server.send(&wait(&cookies)).await.code(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_the_server_stops() {
    let mut server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let (mut waiting, _) = begin(&server, &cookies).await;
    server.stop();
    assert_eq!(body(&end(&mut waiting).await), "pending: false");
    server.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_its_wait_to_the_next() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let (waiting, _) = begin(&server, &cookies).await;
    drop(waiting);
    let mut tries = 0;
    loop {
        let mut connection = server.connection().await;
        connection.write(&wait(&cookies).to_bytes()).await;
        if connection.head().await.code() == 0 {
            break;
        }
        tries += 1;
        assert!(tries < 100, "the wait of the client that went away goes on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_that_are_not_let_in_are_refused_as_other_requests_are() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let context = cookies.split("; ").next().unwrap();
    let unknown = "MapiContext=00000000000000000000000000000000; MapiSequence=00000000000000000000000000000000";
    let old = format!("{context}; MapiSequence=00000000000000000000000000000000");
    for (cookies, code) in [("", 13), (context, 13), ("MapiContext=x", 6), (unknown, 10), (&old, 15)] {
        assert_eq!(server.send(&wait(cookies)).await.code(), code, "{cookies}");
    }
    let of_another = Request::mapi("NotificationWait", BOB).cookies(&cookies).body("wait");
    assert_eq!(server.send(&of_another).await.code(), 10);
    let malformed = Request::mapi("NotificationWait", ADA).cookies(&cookies).body("fail");
    assert_eq!(server.send(&malformed).await.code(), 12);
    let failed = Request::mapi("NotificationWait", ADA).cookies(&cookies).body("at once");
    assert_eq!(server.send(&failed).await.inner().1, "no wait");
}
