#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::auth::UserDirectory;

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OTHER_SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn account(address: &str, password: &str) -> Account {
    Account {
        address: address.to_owned(),
        display_name: String::new(),
        legacy_dn: String::new(),
        mailbox_guid: String::new(),
        password_hash: password::hash(password).unwrap(),
        generation: 1,
        locked: false,
    }
}

fn limits() -> AuthenticationLimits {
    AuthenticationLimits { failures_per_user: 3, failures_per_source: 6, ..AuthenticationLimits::default() }
}

fn setup() -> (Arc<UserDirectory>, Authenticator<UserDirectory>) {
    let directory = Arc::new(UserDirectory::new());
    directory.insert(account("ada@example.test", "right"));
    let authenticator = Authenticator::new(Arc::clone(&directory), &limits()).unwrap();
    (directory, authenticator)
}

fn basic(address: &str, password: &str) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(format!("{address}:{password}"))).into_bytes()
}

async fn attempt(
    authenticator: &Authenticator<UserDirectory>,
    (address, password): (&str, &str),
    source: IpAddr,
    now: Instant,
) -> Result<Account, AuthFailure> {
    authenticator.authenticate(Some(&basic(address, password)), source, now).await
}

#[tokio::test]
async fn the_right_password_names_the_account() {
    let (_, authenticator) = setup();
    let account = attempt(&authenticator, ("Ada@Example.test", "right"), SOURCE, Instant::now()).await.unwrap();
    assert_eq!(account.address, "ada@example.test");
}

#[tokio::test]
async fn no_header_and_other_schemes_are_no_credentials() {
    let (_, authenticator) = setup();
    for header in [None, Some(&b"Negotiate TlRMTVNTUAAB"[..]), Some(b"Basic"), Some(b"")] {
        let refused = authenticator.authenticate(header, SOURCE, Instant::now()).await;
        assert!(matches!(refused, Err(AuthFailure::NoCredentials)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_an_unknown_user_and_a_locked_account_are_told_apart_by_nothing() {
    let (directory, authenticator) = setup();
    directory.insert(Account { locked: true, ..account("locked@example.test", "right") });
    let now = Instant::now();
    for who in [("ada@example.test", "wrong"), ("nobody@example.test", "right"), ("locked@example.test", "right")] {
        let refused = attempt(&authenticator, who, SOURCE, now).await;
        assert!(matches!(refused, Err(AuthFailure::Refused)), "{refused:?}");
    }
}

#[tokio::test]
async fn verified_credentials_pass_without_a_hash_until_they_are_old() {
    let (directory, authenticator) = setup();
    let now = Instant::now();
    attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await.unwrap();
    // With no hash to be had, only the cache can let anyone in.
    authenticator.places.close();
    let soon = now + limits().cached - Duration::from_secs(1);
    assert!(attempt(&authenticator, ("ada@example.test", "right"), SOURCE, soon).await.is_ok());
    assert!(attempt(&authenticator, ("ada@example.test", "wrong"), SOURCE, soon).await.is_err());
    let old = now + limits().cached;
    assert!(attempt(&authenticator, ("ada@example.test", "right"), SOURCE, old).await.is_err());
    directory.insert(Account { locked: true, ..directory.find("ada@example.test").unwrap().unwrap() });
    assert!(attempt(&authenticator, ("ada@example.test", "right"), SOURCE, soon).await.is_err());
}

#[tokio::test]
async fn a_changed_password_drops_the_old_one_at_once() {
    let (directory, authenticator) = setup();
    let now = Instant::now();
    attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await.unwrap();
    directory.set_password_hash("ada@example.test", password::hash("new").unwrap());
    assert!(matches!(
        attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await,
        Err(AuthFailure::Refused)
    ));
    assert!(attempt(&authenticator, ("ada@example.test", "new"), SOURCE, now).await.is_ok());
}

#[tokio::test]
async fn failures_of_a_user_are_limited_alike_for_known_and_unknown_users() {
    for address in ["ada@example.test", "nobody@example.test"] {
        let (_, authenticator) = setup();
        let now = Instant::now();
        for _ in 0..limits().failures_per_user {
            let refused = attempt(&authenticator, (address, "wrong"), SOURCE, now).await;
            assert!(matches!(refused, Err(AuthFailure::Refused)));
        }
        match attempt(&authenticator, (address, "right"), OTHER_SOURCE, now).await {
            Err(AuthFailure::Limited { retry_after }) => assert_eq!(retry_after, limits().window),
            other => panic!("{other:?}"),
        }
        let later = attempt(&authenticator, (address, "right"), OTHER_SOURCE, now + limits().window).await;
        assert_eq!(later.is_ok(), address == "ada@example.test");
    }
}

#[tokio::test]
async fn failures_from_one_address_are_limited_over_all_users() {
    let (_, authenticator) = setup();
    let now = Instant::now();
    for index in 0..limits().failures_per_source {
        let address = format!("user{index}@example.test");
        attempt(&authenticator, (&address, "wrong"), SOURCE, now).await.unwrap_err();
    }
    let limited = attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await;
    assert!(matches!(limited, Err(AuthFailure::Limited { .. })));
    assert!(attempt(&authenticator, ("ada@example.test", "right"), OTHER_SOURCE, now).await.is_ok());
}

#[tokio::test]
async fn a_user_with_verified_credentials_is_not_locked_out_by_others_guessing() {
    let (_, authenticator) = setup();
    let now = Instant::now();
    attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await.unwrap();
    for _ in 0..=limits().failures_per_user {
        attempt(&authenticator, ("ada@example.test", "guess"), OTHER_SOURCE, now).await.unwrap_err();
    }
    assert!(attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await.is_ok());
}

#[tokio::test]
async fn successful_log_ons_use_up_no_attempts() {
    let (directory, authenticator) = setup();
    let now = Instant::now();
    for index in 0..3 * limits().failures_per_source {
        directory
            .set_password_hash("ada@example.test", directory.find("ada@example.test").unwrap().unwrap().password_hash);
        assert!(attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now).await.is_ok(), "{index}");
    }
}

/// Both pay one hash, and the unmatchable hash has the cost of any other (see `password`). The clock is no
/// judge of that on a busy machine.
#[tokio::test]
async fn an_unknown_user_pays_a_hash_as_a_known_one_does() {
    let (_, authenticator) = setup();
    let now = Instant::now();
    let held = authenticator.hashes.acquire_many(2).await.unwrap();
    for address in ["ada@example.test", "nobody@example.test"] {
        let log_on = attempt(&authenticator, (address, "wrong"), SOURCE, now);
        let waited = tokio::time::timeout(Duration::from_millis(50), log_on).await;
        assert!(waited.is_err(), "{address} got an answer without a hash");
    }
    drop(held);
    let refused = attempt(&authenticator, ("nobody@example.test", "wrong"), SOURCE, now).await;
    assert!(matches!(refused, Err(AuthFailure::Refused)));
}

#[tokio::test]
async fn log_ons_past_the_waiting_room_are_told_to_come_back() {
    let directory = Arc::new(UserDirectory::new());
    directory.insert(account("ada@example.test", "right"));
    let limits = AuthenticationLimits { hashes: 1, waiting: 1, ..limits() };
    let authenticator = Authenticator::new(directory, &limits).unwrap();
    let now = Instant::now();
    let held = authenticator.hashes.acquire().await.unwrap();
    let log_on = || attempt(&authenticator, ("ada@example.test", "right"), SOURCE, now);
    let (first, second, third) = (log_on(), log_on(), log_on());
    tokio::pin!(first, second);
    for waiting in [&mut first, &mut second] {
        assert!(tokio::time::timeout(Duration::from_millis(50), waiting).await.is_err());
    }
    assert!(matches!(third.await, Err(AuthFailure::Limited { .. })));
    drop(held);
    assert!(first.await.is_ok() && second.await.is_ok());
}

/// Accounts that cannot be read when told so.
struct Flaky(AtomicBool);

impl Accounts for Flaky {
    fn find(&self, _: &str) -> Result<Option<Account>, AccountsUnavailable> {
        if self.0.load(Ordering::Relaxed) { Err(AccountsUnavailable("disk".into())) } else { Ok(None) }
    }
}

#[tokio::test]
async fn unreadable_accounts_are_no_verdict_on_credentials() {
    let accounts = Arc::new(Flaky(AtomicBool::new(true)));
    let authenticator = Authenticator::new(Arc::clone(&accounts), &limits()).unwrap();
    let header = basic("ada@example.test", "right");
    let failed = authenticator.authenticate(Some(&header), SOURCE, Instant::now()).await;
    assert!(matches!(failed, Err(AuthFailure::Unavailable(Some(_)))));
    assert!(authenticator.check().await.is_err());
    accounts.0.store(false, Ordering::Relaxed);
    assert!(authenticator.check().await.is_ok());
}

#[test]
fn an_ipv6_source_is_its_whole_subnet() {
    let key = |text: &str| source_key(text.parse().unwrap());
    assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2:ffff::1"));
    assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
    assert_eq!(key("::ffff:192.0.2.1"), OTHER_SOURCE);
}
