//! Execute requests a second that one client process gets answered, beside PING requests, which take the
//! same way without the ROP engine:
//!
//!     load DATA_DIR [SECONDS [SESSIONS [HOST:PORT]]]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mapi_client::{MapiClient, PropertyTag, WellKnownFolder};
use peers::account;

/// What each Execute asks of the Inbox: it opens the folder, reads ten properties and releases it.
const TAGS: [PropertyTag; 10] = [
    PropertyTag::DISPLAY_NAME,
    PropertyTag::new(0x3602_0003),
    PropertyTag::new(0x3603_0003),
    PropertyTag::new(0x360A_000B),
    PropertyTag::new(0x3601_0003),
    PropertyTag::new(0x3008_0040),
    PropertyTag::new(0x3007_0040),
    PropertyTag::new(0x6748_0014),
    PropertyTag::new(0x6749_0014),
    PropertyTag::new(0x3613_001F),
];

async fn execute(client: MapiClient, until: Instant) -> anyhow::Result<u64> {
    let mut logon = account::log_on(&client).await?;
    let inbox = logon.folder_id(WellKnownFolder::Inbox)?;
    let mut done = 0;
    while Instant::now() < until {
        logon.folder(inbox).properties().read(TAGS).await?;
        done += 1;
    }
    logon.disconnect().await?;
    Ok(done)
}

async fn ping(client: MapiClient, until: Instant) -> anyhow::Result<u64> {
    let mut done = 0;
    while Instant::now() < until {
        client.ping().await?;
        done += 1;
    }
    Ok(done)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(data_dir) = arguments.first().map(PathBuf::from) else {
        anyhow::bail!("usage: load DATA_DIR [SECONDS [SESSIONS [HOST:PORT]]]");
    };
    let number = |at: usize, otherwise: u64| arguments.get(at).map_or(Ok(otherwise), |text| text.parse());
    let (seconds, sessions) = (number(1, 10)?, number(2, 4)?);
    let authority = arguments.get(3).map_or("localhost:8443", String::as_str);

    let client = account::discover(&data_dir, authority, account::ALICE, None).await?;
    for what in ["Execute", "PING"] {
        let started = Instant::now();
        let until = started + Duration::from_secs(seconds);
        let tasks: Vec<_> = (0..sessions)
            .map(|_| match what {
                "Execute" => tokio::spawn(execute(client.clone(), until)),
                _ => tokio::spawn(ping(client.clone(), until)),
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += task.await??;
        }
        let rate = done as f64 / started.elapsed().as_secs_f64();
        println!("{what}: {rate:.0} a second ({done} in {seconds} s over {sessions} sessions)");
    }
    Ok(())
}
