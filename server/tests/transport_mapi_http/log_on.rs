//! Who may come in, and what Autodiscover tells them.

use std::time::Duration;

use server::auth::{Account, password};

use crate::support::spec_coverage::record;
use crate::support::{ADA, BOB, GUID, Request, Response, TestServer, account, basic, password_of};

fn assert_challenge(response: &Response) {
    assert_eq!(response.status, 401);
    assert_eq!(response.header("www-authenticate"), Some("Basic realm=\"mail\", charset=\"UTF-8\""));
    assert_eq!(response.header("x-responsecode"), None);
    assert_eq!(response.cookies(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_good_credentials_are_refused_alike() {
    const TEST: &str = "requests_without_good_credentials_are_refused_alike";
    let server = TestServer::start().await;
    server.accounts.insert(Account { locked: true, ..account("locked@example.test") });
    let good = Request::mapi("Connect", ADA).body("hello");
    let header = |user: &str, password: &str| good.clone().header("Authorization", &basic(user, password));
    let mut answers = Vec::new();
    for request in [
        good.clone().without("Authorization"),
        good.clone().header("Authorization", "Negotiate TlRMTVNTUAABAAAA"),
        header(ADA, "wrong"),
        header(ADA, &password_of(BOB)),
        header("nobody@example.test", "x"),
        header("locked@example.test", &password_of("locked@example.test")),
        header("ada", "x"),
    ] {
        let response = server.send(&request).await;
        assert_challenge(&response);
        let headers: Vec<_> = response.headers.iter().filter(|(name, _)| name != "date").cloned().collect();
        answers.push((headers, response.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(server.toy.live(), 0);
    for statement in ["R35", "R36", "R50", "R1331"] {
        record(&format!("MS-OXCMAPIHTTP_{statement}"), TEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_needs_credentials_with_each_request() {
    let server = TestServer::start().await;
    let cookies = server.log_on(ADA).await;
    let execute = Request::mapi("Execute", ADA).cookies(&cookies).body("x");
    assert_challenge(&server.send(&execute.clone().without("Authorization")).await);
    server.accounts.set_password_hash(ADA, password::hash("new").unwrap());
    assert_challenge(&server.send(&execute).await);
    let renewed = execute.header("Authorization", &basic(ADA, "new"));
    assert_eq!(server.send(&renewed).await.code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_are_told_when_to_come_back() {
    let server = TestServer::start_with(|config| config.authentication.failures_per_user = 2).await;
    let wrong = Request::mapi("Connect", ADA).header("Authorization", &basic(ADA, "wrong"));
    for _ in 0..2 {
        assert_eq!(server.send(&wrong).await.header("retry-after"), None);
    }
    let right = Request::mapi("Connect", ADA).body("hello");
    let limited = server.send(&right).await;
    assert_challenge(&limited);
    let seconds: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!((300..=301).contains(&seconds), "{seconds}");
    assert_eq!(server.send(&Request::mapi("Connect", BOB).body("hello")).await.code(), 0);
    server.clock.advance(Duration::from_secs(seconds));
    assert_eq!(server.send(&right).await.code(), 0);
}

fn autodiscover(user: &str, address: &str) -> Request {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/\
         autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>{address}</EMailAddress>\
         <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\
         </AcceptableResponseSchema></Request></Autodiscover>"
    );
    Request::new("POST /Autodiscover/Autodiscover.xml")
        .header("Authorization", &basic(user, &password_of(user)))
        .header("Content-Type", "text/xml; charset=utf-8")
        .header("X-MapiHttpCapability", "1")
        .body(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn autodiscover_leads_to_the_mailbox_endpoint_of_the_asked_host() {
    let server = TestServer::start().await;
    let host = format!("localhost:{}", server.address.port());
    let response = server.send(&autodiscover(ADA, ADA).header("Host", &host)).await;
    assert_eq!((response.status, response.header("content-type")), (200, Some("text/xml; charset=utf-8")));
    let xml = String::from_utf8(response.body).unwrap();
    let url = format!("https://{host}/mapi/emsmdb/?MailboxId={GUID}@example.test");
    assert!(xml.contains(&format!("<ExternalUrl>{url}</ExternalUrl>")), "{xml}");
    let path = url.strip_prefix(&format!("https://{host}")).unwrap();
    let connect = Request::mapi("Connect", ADA).line(&format!("POST {path}")).body("hello");
    assert_eq!(server.send(&connect).await.code(), 0);
    record("MS-OXCMAPIHTTP_R28", "autodiscover_leads_to_the_mailbox_endpoint_of_the_asked_host");
    record("MS-OXCMAPIHTTP_R459", "autodiscover_leads_to_the_mailbox_endpoint_of_the_asked_host");
}

#[tokio::test(flavor = "multi_thread")]
async fn autodiscover_gives_the_authority_it_is_told() {
    let server = TestServer::start_with(|config| config.public_authority = Some("mail.example.test".to_owned())).await;
    let response = server.send(&autodiscover(ADA, ADA)).await;
    assert!(String::from_utf8(response.body).unwrap().contains("<InternalUrl>https://mail.example.test/mapi/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn autodiscover_answers_alike_for_every_other_address() {
    let server = TestServer::start().await;
    assert_challenge(&server.send(&autodiscover(ADA, ADA).without("Authorization")).await);
    assert_challenge(&server.send(&autodiscover(ADA, ADA).header("Authorization", &basic(ADA, "x"))).await);
    let mut answers = Vec::new();
    for address in [BOB, "nobody@example.test", "nobody@elsewhere.test"] {
        let response = server.send(&autodiscover(ADA, address)).await;
        assert_eq!(response.status, 200);
        assert!(response.body.windows(9).any(|window| window == b"ErrorCode"));
        answers.push(response.body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn autodiscover_is_bounded_and_posted_to() {
    let server = TestServer::start().await;
    let get = server.send(&autodiscover(ADA, ADA).line("GET /autodiscover/autodiscover.xml")).await;
    assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    let long = server.send(&autodiscover(ADA, ADA).body(" ".repeat(16 * 1024 + 1))).await;
    assert_eq!(long.status, 413);
    let host = server.send(&autodiscover(ADA, ADA).header("Host", "user@localhost")).await;
    assert_eq!(host.status, 400);
}
