#![allow(clippy::unwrap_used)]
use super::*;

const LIMITS: SessionLimits = SessionLimits { idle: Duration::from_secs(960), per_user: 2, total: 3 };

fn table() -> Arc<SessionTable<u32>> {
    SessionTable::new(LIMITS)
}

fn sent(cookies: SessionCookies) -> RequestCookies {
    RequestCookies { context: Received::Value(cookies.context), sequence: Received::Value(cookies.sequence) }
}

fn connect(table: &Arc<SessionTable<u32>>, user: &str, session: u32, now: Instant) -> SessionCookies {
    let lease = table.reserve(user, &RequestCookies::default(), now).unwrap();
    let cookies = lease.cookies();
    lease.finish(Some(session), now);
    cookies
}

fn code(result: Result<(Lease<u32>, u32), Refusal>) -> ResponseCode {
    result.map(|_| ()).unwrap_err().code
}

#[test]
fn the_sequence_moves_on_with_each_request_and_the_old_one_is_refused() {
    let (table, now) = (table(), Instant::now());
    let first = connect(&table, "a@example.test", 7, now);
    let (lease, session) = table.begin("a@example.test", &sent(first), now).unwrap();
    let second = lease.cookies();
    assert_eq!(session, 7);
    assert_eq!(second.context, first.context);
    assert_ne!(second.sequence, first.sequence);
    lease.finish(Some(session), now);

    let refusal = table.begin("a@example.test", &sent(first), now).map(|_| ()).unwrap_err();
    assert_eq!(refusal, Refusal { code: ResponseCode::INVALID_SEQUENCE, cookies: Some(second) });
    assert!(table.begin("a@example.test", &sent(second), now).is_ok());
}

#[test]
fn refuses_a_second_request_while_one_is_running() {
    let (table, now) = (table(), Instant::now());
    let first = connect(&table, "a@example.test", 7, now);
    let (lease, session) = table.begin("a@example.test", &sent(first), now).unwrap();
    let second = sent(lease.cookies());
    assert_eq!(code(table.begin("a@example.test", &second, now)), ResponseCode::INVALID_SEQUENCE);
    lease.finish(Some(session), now);
    assert!(table.begin("a@example.test", &second, now).is_ok());
}

#[test]
fn a_session_of_another_user_is_not_found() {
    let (table, now) = (table(), Instant::now());
    let cookies = connect(&table, "a@example.test", 7, now);
    let refusal = table.begin("b@example.test", &sent(cookies), now).map(|_| ()).unwrap_err();
    assert_eq!(refusal, Refusal { code: ResponseCode::CONTEXT_NOT_FOUND, cookies: None });
    assert!(table.begin("a@example.test", &sent(cookies), now).is_ok());
}

#[test]
fn missing_and_malformed_cookies_have_their_codes() {
    let (table, now) = (table(), Instant::now());
    let whole = sent(connect(&table, "a@example.test", 7, now));
    let with = |context, sequence| RequestCookies { context, sequence };
    let cases = [
        (with(Received::Missing, whole.sequence), ResponseCode::MISSING_COOKIE),
        (with(whole.context, Received::Missing), ResponseCode::MISSING_COOKIE),
        (with(Received::Malformed, whole.sequence), ResponseCode::INVALID_CONTEXT_COOKIE),
        (with(whole.context, Received::Malformed), ResponseCode::INVALID_SEQUENCE),
        (with(whole.sequence, whole.context), ResponseCode::CONTEXT_NOT_FOUND),
    ];
    for (cookies, expected) in cases {
        assert_eq!(code(table.begin("a@example.test", &cookies, now)), expected, "{cookies:?}");
    }
}

#[test]
fn an_idle_session_expires_and_a_busy_one_does_not() {
    let (table, now) = (table(), Instant::now());
    let idle = connect(&table, "a@example.test", 7, now);
    let busy = connect(&table, "b@example.test", 8, now);
    let (lease, session) = table.begin("b@example.test", &sent(busy), now).unwrap();
    let later = now + LIMITS.idle + Duration::from_millis(1);
    assert_eq!(code(table.begin("a@example.test", &sent(idle), later)), ResponseCode::CONTEXT_NOT_FOUND);
    assert_eq!(table.expire(later), 1);
    assert_eq!(table.take_ended(), [7]);
    let next = sent(lease.cookies());
    lease.finish(Some(session), later);
    assert!(table.begin("b@example.test", &next, later + LIMITS.idle).is_ok());
}

#[test]
fn reconnecting_destroys_the_old_session_whatever_its_sequence() {
    let (table, now) = (table(), Instant::now());
    let old = connect(&table, "a@example.test", 7, now);
    for sequence in [Received::Missing, Received::Malformed] {
        let cookies = RequestCookies { context: Received::Value(old.context), sequence };
        let lease = table.reserve("a@example.test", &cookies, now).unwrap();
        assert_ne!(lease.cookies().context, old.context);
    }
    assert_eq!(table.take_ended(), [7]);
    assert_eq!(code(table.begin("a@example.test", &sent(old), now)), ResponseCode::CONTEXT_NOT_FOUND);
}

#[test]
fn connecting_with_the_cookie_of_another_user_leaves_that_session_alone() {
    let (table, now) = (table(), Instant::now());
    let theirs = connect(&table, "a@example.test", 7, now);
    let lease = table.reserve("b@example.test", &sent(theirs), now).unwrap();
    assert_ne!(lease.cookies().context, theirs.context);
    assert!(table.begin("a@example.test", &sent(theirs), now).is_ok());
}

#[test]
fn a_session_destroyed_while_busy_does_not_come_back() {
    let (table, now) = (table(), Instant::now());
    let old = connect(&table, "a@example.test", 7, now);
    let (lease, session) = table.begin("a@example.test", &sent(old), now).unwrap();
    let next = sent(lease.cookies());
    drop(table.reserve("a@example.test", &next, now).unwrap());
    lease.finish(Some(session), now);
    assert_eq!(table.take_ended(), [7]);
    assert!(table.is_empty());
}

#[test]
fn one_session_too_many_replaces_the_longest_idle_of_the_same_user() {
    let (table, now) = (table(), Instant::now());
    let oldest = connect(&table, "a@example.test", 1, now);
    let newer = connect(&table, "a@example.test", 2, now + Duration::from_secs(1));
    connect(&table, "a@example.test", 3, now + Duration::from_secs(2));
    assert_eq!(table.take_ended(), [1]);
    assert_eq!(code(table.begin("a@example.test", &sent(oldest), now)), ResponseCode::CONTEXT_NOT_FOUND);
    assert!(table.begin("a@example.test", &sent(newer), now).is_ok());
}

#[test]
fn the_total_is_never_made_room_for_at_the_cost_of_another_user() {
    let (table, now) = (table(), Instant::now());
    for (user, session) in [("a@example.test", 1), ("a@example.test", 2), ("b@example.test", 3)] {
        connect(&table, user, session, now);
    }
    let refused = table.reserve("c@example.test", &RequestCookies::default(), now);
    assert_eq!(refused.map(|_| ()).unwrap_err(), ReserveError::TooMany);
    assert_eq!(table.len(), 3);
}

#[test]
fn a_lease_dropped_by_a_failed_request_ends_its_session() {
    let (table, now) = (table(), Instant::now());
    let cookies = connect(&table, "a@example.test", 7, now);
    drop(table.begin("a@example.test", &sent(cookies), now).unwrap());
    assert!(table.is_empty());
}
