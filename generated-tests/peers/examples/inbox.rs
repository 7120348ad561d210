//! Lists the Inbox of a sample account with mapi-client:
//!
//!     inbox DATA_DIR [HOST:PORT [ADDRESS]]

use std::path::PathBuf;

use mapi_client::{PropertyTag, WellKnownFolder};
use peers::account;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(data_dir) = arguments.next().map(PathBuf::from) else {
        anyhow::bail!("usage: inbox DATA_DIR [HOST:PORT [ADDRESS]]");
    };
    let authority = arguments.next().unwrap_or_else(|| "localhost:8443".to_owned());
    let address = arguments.next().unwrap_or_else(|| account::ALICE.to_owned());

    let client = account::discover(&data_dir, &authority, &address, None).await?;
    println!("Autodiscover names {}", client.endpoint());
    let connection = client.connect().await?;
    println!("Connected as {}", connection.server().display_name());
    let mut logon = connection.logon().await?;
    let mut rows = logon
        .well_known(WellKnownFolder::Inbox)?
        .contents()
        .columns([PropertyTag::SUBJECT, PropertyTag::SENDER_NAME, PropertyTag::MESSAGE_SIZE])
        .rows();
    while let Some(row) = rows.try_next().await? {
        let text = |tag| row.string(tag).map_or("", |text| text.as_str());
        let size = row.get(PropertyTag::MESSAGE_SIZE).and_then(|size| size.as_u32()).unwrap_or_default();
        println!("{size:>9}  {:<24}  {}", text(PropertyTag::SENDER_NAME), text(PropertyTag::SUBJECT));
    }
    rows.close().await?;
    logon.disconnect().await?;
    Ok(())
}
