//! Finding and opening a sample mailbox with mapi-client, knowing no more than address and password.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use mapi_client::{Credentials, EmailAddress, LegacyDn, Logon, MapiClient, MapiClientBuilder};

use crate::capture::Transcript;

/// The sample account whose mailbox has the sample mail.
pub const ALICE: &str = "alice@example.test";
/// The other sample account.
pub const BOB: &str = "bob@example.test";

/// The password that the first start of the server kept for a sample account.
///
/// # Errors
/// When there is no such file or no such account in it.
pub fn password(data_dir: &Path, address: &str) -> anyhow::Result<String> {
    let path = data_dir.join("sample-accounts.txt");
    let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let found = text.lines().filter_map(|line| line.split_once('\t')).find(|(known, _)| *known == address);
    Ok(found.with_context(|| format!("no account {address} in {}", path.display()))?.1.to_owned())
}

/// A client that trusts the server's certificate authority and has these credentials.
///
/// # Errors
/// When a file of the data directory cannot be read.
pub fn builder(data_dir: &Path, address: &str, password: &str) -> anyhow::Result<MapiClientBuilder> {
    let path = data_dir.join("tls/ca.pem");
    let authority = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(MapiClient::builder().root_certificate(authority).credentials(Credentials::basic(address, password)))
}

/// Asks Autodiscover at `authority` (`host:port`) where the mailbox is, and makes a client for it.
///
/// # Errors
/// When a file of the data directory cannot be read, and those of mapi-client.
pub async fn discover(
    data_dir: &Path,
    authority: &str,
    address: &str,
    transcript: Option<Arc<Transcript>>,
) -> anyhow::Result<MapiClient> {
    let mut builder = builder(data_dir, address, &password(data_dir, address)?)?;
    if let Some(transcript) = transcript {
        builder = builder.observer(transcript);
    }
    let url = format!("https://{authority}/autodiscover/autodiscover.xml");
    let found = builder.lookup_at(url, &EmailAddress::new(address)?).await?;
    let url = found.mail_store_url().context("Autodiscover names no mailbox server")?;
    Ok(builder.endpoint(url).user_dn(LegacyDn::new(found.legacy_dn())?).build()?)
}

/// Connects and logs on.
///
/// # Errors
/// Those of mapi-client.
pub async fn log_on(client: &MapiClient) -> anyhow::Result<Logon> {
    Ok(client.connect().await?.logon().await?)
}
