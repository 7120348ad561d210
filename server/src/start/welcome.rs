//! What a start tells the person who made it.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::FirstStart;
use super::first::SAMPLE_ACCOUNTS_FILE;
use crate::tls::CA_FILE;

/// The text of a start: all there is to know the first time, where the server listens after that.
pub struct Welcome<'a> {
    /// The address that is listened on.
    pub address: SocketAddr,
    /// The data directory.
    pub data_dir: &'a Path,
    /// What the first start made.
    pub first: Option<&'a FirstStart>,
}

/// A path as a shell takes it.
struct Quoted(PathBuf);

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        if !text.is_empty() && text.chars().all(plain) {
            return f.write_str(&text);
        }
        write!(f, "'{}'", text.replace('\'', r"'\''"))
    }
}

impl Welcome<'_> {
    /// The name that the local certificate vouches for.
    fn host(&self) -> String {
        let host = if self.address.ip().is_loopback() { "localhost".to_owned() } else { self.address.ip().to_string() };
        format!("{host}:{}", self.address.port())
    }
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host();
        let data = Quoted(self.data_dir.to_owned());
        let Some(first) = self.first else {
            writeln!(f, "Listening on https://{host}/ with the data in {data}. Ctrl-C stops the server.")?;
            return Ok(());
        };
        let passwords = Quoted(self.data_dir.join(SAMPLE_ACCOUNTS_FILE));
        writeln!(f, "Made {data}: a local certificate authority and two sample accounts.\n")?;
        for account in &first.accounts {
            writeln!(f, "    {:<20}  {}", account.address, account.password)?;
        }
        writeln!(f, "\nThese passwords are not shown again; {passwords} keeps them.")?;
        if let Some(account) = first.accounts.first() {
            writeln!(f, "The mailbox of {} has {} messages.", account.address, first.messages)?;
            self.suggestions(f, &host, account.address)?;
        }
        writeln!(f, "\nListening on https://{host}/. Ctrl-C stops the server; the next start finds everything again.")
    }
}

impl Welcome<'_> {
    fn suggestions(&self, f: &mut fmt::Formatter<'_>, host: &str, address: &str) -> fmt::Result {
        const SCHEMA: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook";
        let data = Quoted(self.data_dir.to_owned());
        let ca = Quoted(self.data_dir.join("tls").join(CA_FILE));
        writeln!(f, "\nTry, in another terminal:\n")?;
        writeln!(f, "    curl --cacert {ca} https://{host}/healthz\n")?;
        writeln!(f, "    curl --cacert {ca} --user {address} https://{host}/autodiscover/autodiscover.xml \\")?;
        writeln!(
            f,
            "        --header 'Content-Type: text/xml' --header 'X-MapiHttpCapability: 1' --data '<Autodiscover"
        )?;
        writeln!(f, "            xmlns=\"{SCHEMA}/requestschema/2006\"><Request>")?;
        writeln!(f, "            <EMailAddress>{address}</EMailAddress>")?;
        writeln!(f, "            <AcceptableResponseSchema>{SCHEMA}/responseschema/2006a</AcceptableResponseSchema>")?;
        writeln!(f, "            </Request></Autodiscover>'\n")?;
        writeln!(f, "    generated-tests/peers/run inbox {data} {host}\n")?;
        writeln!(f, "The last one lists the Inbox with mapi-client, a MAPI client that others wrote.")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::start::SampleAccount;

    fn first() -> FirstStart {
        let account = |address, password: &str| SampleAccount { address, password: password.to_owned() };
        let accounts = vec![account("alice@example.test", "one"), account("bob@example.test", "two")];
        FirstStart { accounts, messages: 12 }
    }

    fn welcome(data_dir: &str, first: Option<&FirstStart>) -> String {
        let address = "127.0.0.1:8443".parse().unwrap();
        Welcome { address, data_dir: Path::new(data_dir), first }.to_string()
    }

    #[test]
    fn the_first_start_shows_passwords_and_what_to_try() {
        let text = welcome("some/data", Some(&first()));
        for part in
            ["alice@example.test    one", "bob@example.test      two", "some/data/sample-accounts.txt", "12 messages"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("curl --cacert some/data/tls/ca.pem https://localhost:8443/healthz"), "{text}");
        assert!(text.contains("peers/run inbox some/data localhost:8443"), "{text}");
    }

    #[test]
    fn a_later_start_shows_one_line() {
        assert_eq!(welcome("data", None).lines().count(), 1);
    }

    #[test]
    fn paths_stand_as_a_shell_takes_them() {
        assert!(welcome("it's here", Some(&first())).contains(r"--cacert 'it'\''s here/tls/ca.pem'"));
    }
}
