//! The server in this process: real TLS, real handlers, the sample mail in memory.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::RootCertStore;
use server::address_book::AddressBook;
use server::auth::{legacy_dn, password};
use server::config::Config;
use server::engine::Engine;
use server::rop::RopHandlers;
use server::sample;
use server::start::StoreAccounts;
use server::store::sqlite::SqliteStore;
use server::store::{NewUser, Store, system_clock};
use server::tls::{LocalCertificates, server_config};
use server::transport::Server;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Target, basic};

/// Who sends hostile requests; the mailbox is as the captured one was.
pub const ALICE: &str = "alice@example.test";
/// Who must not notice.
pub const BOB: &str = "bob@example.test";

fn password_of(address: &str) -> String {
    format!("password of {address}")
}

/// The Authorization header of a user.
pub fn authorization(address: &str) -> String {
    basic(address, &password_of(address))
}

pub fn dn(address: &str) -> String {
    legacy_dn("Example", address.split('@').next().unwrap())
}

pub struct LiveServer {
    pub target: Target,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
    _data: tempfile::TempDir,
}

impl LiveServer {
    pub async fn start() -> Self {
        let store = SqliteStore::in_memory().unwrap();
        for (address, display_name) in [(ALICE, "Alice Example"), (BOB, "Bob Example")] {
            let hash = password::hash(&password_of(address)).unwrap();
            let legacy_dn = dn(address);
            let user = NewUser { address, display_name, legacy_dn: &legacy_dn, password_hash: &hash };
            let user = store.create_user(&user).unwrap();
            sample::populate(&store, &user).unwrap();
        }
        let store: Arc<dyn Store> = Arc::new(store);

        let data = tempfile::tempdir().unwrap();
        let mut config =
            Config { listen: "127.0.0.1:0".parse().unwrap(), data_dir: data.path().to_owned(), ..Config::default() };
        // Nobody is locked out for what is tried here.
        config.authentication.failures_per_user = u32::MAX;
        config.authentication.failures_per_source = u32::MAX;
        let now = SystemTime::now();
        let tls = server_config(&config.data_dir, None, now).unwrap();
        let local = LocalCertificates::ensure(&config.data_dir.join("tls"), now).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(local.authority().clone()).unwrap();

        let accounts = Arc::new(StoreAccounts::new(Arc::clone(&store)));
        let book = Arc::new(AddressBook::new(Arc::clone(&store), runtime::Guid([7; 16])));
        let engine = Arc::new(Engine::<RopHandlers>::new(store, system_clock));
        let server = Server::bind(&config, tls, engine, book, accounts).await.unwrap();
        let target = Target { address: server.local_addr(), roots };
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        Self { target, stop, running, _data: data }
    }

    /// Stops it; its task must not have panicked.
    pub async fn stop(self) {
        self.stop.send(()).expect("the server runs to the end");
        tokio::time::timeout(Duration::from_secs(30), self.running).await.unwrap().unwrap();
    }
}
