//! A MAPI client that others wrote uses the server as its owner would: from a clean data directory to a
//! draft that survives a restart. What went over the wire is then read by the generated code as well.

mod reading;
mod wire;
mod writing;

use std::path::Path;
use std::sync::Arc;

use mapi_client::{Error, ErrorCode, LegacyDn, Logon};
use peers::account::{self, ALICE, BOB};
use peers::capture::Transcript;
use peers::server::Server;

/// One log-on of a sample account, its traffic captured.
struct Visit {
    logon: Logon,
    transcript: Arc<Transcript>,
}

impl Visit {
    async fn begin(data_dir: &Path, server: &Server, address: &str) -> Self {
        let transcript = Arc::new(Transcript::default());
        let client = account::discover(data_dir, &server.authority, address, Some(Arc::clone(&transcript)));
        let logon = account::log_on(&client.await.unwrap()).await.unwrap();
        Self { logon, transcript }
    }

    /// Writes what was captured to the file that `CAPTURE_FILE` names, for tests that replay it.
    fn keep(&self) {
        if let Some(file) = std::env::var_os("CAPTURE_FILE") {
            std::fs::write(file, wire::lines(&self.transcript.exchanges())).unwrap();
        }
    }

    /// Disconnects and answers how many operations the generated code read in what was captured.
    async fn end(self) -> wire::Figures {
        self.logon.disconnect().await.unwrap();
        wire::check(&self.transcript.exchanges())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_others_wrote_uses_a_mailbox_from_a_clean_data_directory() {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    let server = Server::start(&data_dir).unwrap();
    let password = account::password(&data_dir, ALICE).unwrap();
    assert!(server.greeting.contains(&password), "the first start shows the passwords");

    let mut visit = Visit::begin(&data_dir, &server, ALICE).await;
    assert_eq!(visit.logon.server().display_name(), "Alice Example");
    let folders = reading::folders(&mut visit.logon).await;
    reading::pages(&mut visit.logon).await;
    reading::sorted_and_filtered(&mut visit.logon).await;
    reading::properties(&mut visit.logon).await;
    reading::long_body(&mut visit.logon).await;
    reading::attachments(&mut visit.logon).await;
    let draft = writing::create_draft(&mut visit.logon, folders.drafts).await;
    writing::find_draft(&mut visit.logon, folders.drafts, draft).await;
    let figures = visit.end().await;
    println!("first start: {figures:?}");

    server.stop().unwrap();
    let server = Server::start(&data_dir).unwrap();
    assert!(!server.greeting.contains(&password), "a later start shows no passwords");
    let mut visit = Visit::begin(&data_dir, &server, ALICE).await;
    writing::find_draft(&mut visit.logon, folders.drafts, draft).await;
    let figures = visit.end().await;
    println!("second start: {figures:?}");
    server.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_visit_has_every_kind_of_request() {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    let server = Server::start(&data_dir).unwrap();
    let mut visit = Visit::begin(&data_dir, &server, ALICE).await;
    let folders = reading::folders(&mut visit.logon).await;
    reading::sorted_and_filtered(&mut visit.logon).await;
    reading::properties(&mut visit.logon).await;
    reading::long_body(&mut visit.logon).await;
    reading::one_attachment(&mut visit.logon).await;
    let draft = writing::create_draft(&mut visit.logon, folders.drafts).await;
    writing::find_draft(&mut visit.logon, folders.drafts, draft).await;
    visit.keep();
    let figures = visit.end().await;
    assert!(figures.requests.len() > 15, "{figures:?}");
    server.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_gets_in_with_their_own_name_and_password_only() {
    let place = tempfile::tempdir().unwrap();
    let data_dir = place.path().join("data");
    let server = Server::start(&data_dir).unwrap();

    let mut visit = Visit::begin(&data_dir, &server, BOB).await;
    assert_eq!(visit.logon.server().display_name(), "Bob Example");
    assert_eq!(reading::inbox_subjects(&mut visit.logon).await, [""; 0]);
    visit.end().await;

    let alice = account::discover(&data_dir, &server.authority, ALICE, None).await.unwrap();
    let wrong = account::builder(&data_dir, ALICE, "wrong").unwrap();
    let wrong = wrong.endpoint(alice.endpoint()).user_dn(alice.user_dn().clone()).build().unwrap();
    assert!(matches!(wrong.connect().await, Err(Error::Unauthorized { .. })));

    let password = account::password(&data_dir, BOB).unwrap();
    let bob_as = |user_dn: LegacyDn| {
        let builder = account::builder(&data_dir, BOB, &password).unwrap();
        builder.endpoint(alice.endpoint()).user_dn(user_dn).build().unwrap()
    };
    for (user_dn, expected) in [
        (alice.user_dn().clone(), ErrorCode::ACCESS_DENIED),
        (LegacyDn::new("/o=Example/cn=nobody").unwrap(), ErrorCode::UNKNOWN_USER),
    ] {
        let refused = bob_as(user_dn).connect().await.unwrap_err();
        let Error::Protocol(mapi_proto::Error::ConnectFailed { code, status, .. }) = refused else {
            panic!("refused in another way: {refused:?}");
        };
        assert_eq!((status, code), (0, expected));
    }
    server.stop().unwrap();
}
