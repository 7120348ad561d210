//! Measures how many Execute requests a second a running server answers, with mapi-client:
//!
//!     rate DATA_DIR [HOST:PORT [CLIENTS [REQUESTS]]]
//!
//! Each client has a session of its own and waits for each answer. A request opens the Inbox and reads two of
//! its properties: two operations and a release.

use std::path::PathBuf;
use std::time::Instant;

use mapi_client::{PropertyTag, WellKnownFolder};
use peers::account;

async fn client(data_dir: PathBuf, authority: String, requests: usize) -> anyhow::Result<()> {
    let client = account::discover(&data_dir, &authority, account::ALICE, None).await?;
    let mut logon = account::log_on(&client).await?;
    for _ in 0..requests {
        let inbox = logon.well_known(WellKnownFolder::Inbox)?;
        inbox.properties().read([PropertyTag::DISPLAY_NAME, PropertyTag::CONTENT_COUNT]).await?;
    }
    logon.disconnect().await?;
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(data_dir) = arguments.next().map(PathBuf::from) else {
        anyhow::bail!("usage: rate DATA_DIR [HOST:PORT [CLIENTS [REQUESTS]]]");
    };
    let authority = arguments.next().unwrap_or_else(|| "localhost:8443".to_owned());
    let clients: usize = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let requests: usize = arguments.next().map_or(Ok(1000), |text| text.parse())?;

    // Hashing passwords is not what is measured.
    client(data_dir.clone(), authority.clone(), 10).await?;
    let started = Instant::now();
    let running: Vec<_> =
        (0..clients).map(|_| tokio::spawn(client(data_dir.clone(), authority.clone(), requests))).collect();
    for client in running {
        client.await??;
    }
    let elapsed = started.elapsed().as_secs_f64();
    let total = (clients * requests) as f64;
    println!("{clients} clients, {total} Execute requests in {elapsed:.2} s: {:.0} a second", total / elapsed);
    Ok(())
}
