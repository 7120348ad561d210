//! Bounds of connections and bodies, clients that misbehave, and the end of the server.

use std::sync::Arc;
use std::time::Duration;

use crate::support::spec_coverage::record;
use crate::support::{ADA, MUCH, Request, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_and_the_connection_goes_on() {
    let server = TestServer::start_with(|config| config.limits.request_body = 1000).await;
    let mut connection = server.connection().await;
    let response = connection.send(&Request::mapi("Connect", ADA).body("x".repeat(1001))).await;
    assert_eq!((response.status, response.code()), (200, 9));
    assert_eq!(connection.send(&Request::mapi("Connect", ADA).body("x".repeat(1000))).await.code(), 0);
    record("MS-OXCMAPIHTTP_R145", "a_body_over_the_limit_is_refused_and_the_connection_goes_on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_body_is_refused_before_it_comes() {
    let server = TestServer::start().await;
    for extra in [None, Some("Expect")] {
        let mut request = Request::mapi("Connect", ADA).header("Content-Length", "99999999999");
        if let Some(name) = extra {
            request = request.header(name, "100-continue");
        }
        let mut connection = server.connection().await;
        assert_eq!(connection.send(&request).await.code(), 9);
        assert!(connection.closed().await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_waits_for_leave_gets_it() {
    let server = TestServer::start().await;
    let mut connection = server.connection().await;
    let request = Request::mapi("Connect", ADA).header("Expect", "100-continue").header("Content-Length", "5");
    connection.write(&request.to_bytes()).await;
    assert_eq!(connection.head().await.status, 100);
    connection.write(b"hello").await;
    assert_eq!(connection.response().await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_given_up() {
    let server = TestServer::start_with(|config| config.limits.body_read = Duration::from_millis(50)).await;
    let mut connection = server.connection().await;
    connection.write(&Request::mapi("Connect", ADA).header("Content-Length", "5").to_bytes()).await;
    assert_eq!(connection.response().await.code(), 12);
    assert_eq!(server.toy.live(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_http_ends_its_own_connection_only() {
    let server = TestServer::start().await;
    let mut bystander = server.connection().await;
    assert_eq!(bystander.send(&Request::mapi("PING", ADA)).await.code(), 0);
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(64 * 1024));
    let cases: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /mapi/emsmdb/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /mapi/emsmdb/ HTTP/1.1\r\nBad Header: 1\r\n\r\n",
        b"POST /mapi/emsmdb/ HTTP/9.9\r\n\r\n",
        long.as_bytes(),
    ];
    for case in cases {
        let mut connection = server.connection().await;
        connection.write_what_is_taken(case).await;
        let answer = connection.closed().await;
        let line = String::from_utf8_lossy(&answer);
        assert!(line.is_empty() || line.starts_with("HTTP/1.1 4"), "{line}");
    }
    assert_eq!(bystander.send(&Request::mapi("PING", ADA)).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_chunks_do_not_reach_the_engine() {
    let server = TestServer::start().await;
    let mut connection = server.connection().await;
    let request = Request::mapi("Connect", ADA).without("Content-Length").header("Transfer-Encoding", "chunked");
    connection.write(&request.to_bytes()).await;
    connection.write(b"zz\r\nhello\r\n0\r\n\r\n").await;
    assert_eq!(connection.response().await.code(), 12);
    // The engine answers the same code to a body that it cannot use: this one it has never seen.
    assert_eq!((server.toy.connects(), server.toy.live()), (0, 0));
    let whole = server.send(&request.body("5\r\nhello\r\n0\r\n\r\n")).await;
    assert_eq!((whole.code(), server.toy.connects()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_dawdle_are_closed() {
    let server = TestServer::start_with(|config| {
        config.limits.header_read = Duration::from_millis(100);
        config.limits.keep_alive = Duration::from_millis(100);
    })
    .await;
    let mut silent = server.connection().await;
    assert!(silent.closed().await.is_empty());
    let mut slow = server.connection().await;
    slow.write(b"POST /mapi/emsmdb/ HTTP/1.1\r\nHost: local").await;
    assert!(slow.closed().await.is_empty());
    let mut done = server.connection().await;
    assert_eq!(done.send(&Request::mapi("PING", ADA)).await.code(), 0);
    assert!(done.closed().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_of_a_response_loses_its_connection() {
    let server = TestServer::start_with(|config| {
        config.limits.write_stall = Duration::from_millis(100);
        config.limits.connections = 1;
    })
    .await;
    let mut stalled = server.connection().await;
    let connected = stalled.send(&Request::mapi("Connect", ADA).body("hello")).await;
    stalled.write(&Request::mapi("Execute", ADA).cookies(&connected.cookies()).body("much").to_bytes()).await;
    // The only place is free again once the stalled connection has been given up.
    assert_eq!(server.send(&Request::mapi("PING", ADA)).await.code(), 0);
    assert!(stalled.closed().await.len() < MUCH);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_may_take_longer_than_a_connection_may_idle() {
    let server = TestServer::start_with(|config| {
        config.limits.keep_alive = Duration::from_millis(20);
        config.limits.header_read = Duration::from_millis(20);
        config.limits.write_stall = Duration::from_millis(20);
        config.sessions.prompt = Duration::from_secs(60);
    })
    .await;
    let mut connection = server.connection().await;
    connection.write(&Request::mapi("Connect", ADA).body("wait").to_bytes()).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.toy.gate.open();
    assert_eq!(connection.response().await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_come_is_given_up() {
    use tokio::io::AsyncReadExt as _;
    let server = TestServer::start_with(|config| config.limits.handshake = Duration::from_millis(50)).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_over_the_limit_wait_for_a_place() {
    let server = Arc::new(TestServer::start_with(|config| config.limits.connections = 1).await);
    let first = server.connection().await;
    let waiting = {
        let server = Arc::clone(&server);
        tokio::spawn(async move { server.send(&Request::mapi("PING", ADA)).await.code() })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished());
    drop(first);
    assert_eq!(waiting.await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_finishes_what_it_has_begun_and_ends_every_session() {
    let mut server = TestServer::start().await;
    server.log_on(ADA).await;
    let mut connection = server.connection().await;
    let mut idle = server.connection().await;
    assert_eq!(idle.send(&Request::mapi("PING", ADA)).await.code(), 0);
    connection.write(&Request::mapi("Connect", ADA).body("wait").to_bytes()).await;
    let toy = Arc::clone(&server.toy);
    tokio::task::spawn_blocking(move || toy.gate.wait_for(1)).await.unwrap();
    server.stop();
    assert!(idle.closed().await.is_empty());
    server.toy.gate.open();
    assert_eq!(connection.response().await.inner().1, format!("connected {ADA}"));
    let toy = Arc::clone(&server.toy);
    server.stopped().await;
    assert_eq!(toy.live(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_does_not_wait_for_ever() {
    let mut server = TestServer::start_with(|config| config.limits.shutdown = Duration::from_millis(50)).await;
    let mut connection = server.connection().await;
    connection.write(&Request::mapi("Connect", ADA).body("wait").to_bytes()).await;
    let toy = Arc::clone(&server.toy);
    tokio::task::spawn_blocking(move || toy.gate.wait_for(1)).await.unwrap();
    server.stop();
    let toy = Arc::clone(&server.toy);
    server.stopped().await;
    connection.closed().await;
    // Lets the blocking thread end, which the test's runtime waits for.
    toy.gate.open();
}
