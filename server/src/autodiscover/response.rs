//! The Autodiscover response (MS-OXDSCLI 2.2.4): settings of one mailbox, or an error.

use std::io;
use std::time::SystemTime;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::deployment::Deployment;
use super::request::RESPONSE_SCHEMA;
use crate::auth::Account;

/// The namespace of the element around every response (MS-OXDSCLI 2.2.1).
const NAMESPACE: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";

type Xml = Writer<Vec<u8>>;

/// Everything that a settings response is made of.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'a> {
    /// The mailbox.
    pub account: &'a Account,
    /// The installation.
    pub deployment: &'a Deployment,
    /// `host` or `host:port` of the addresses.
    pub authority: &'a str,
    /// The version of the MAPI/HTTP section; without one there is no section.
    pub mapi_http_version: Option<u32>,
}

impl Settings<'_> {
    /// Writes the response.
    ///
    /// # Errors
    /// The text could not be written.
    pub fn to_xml(&self) -> io::Result<String> {
        document(Some(RESPONSE_SCHEMA), |xml| {
            xml.create_element("User").write_inner_content(|xml| self.user(xml))?;
            xml.create_element("Account").write_inner_content(|xml| self.account(xml))?;
            Ok(())
        })
    }

    /// MS-OXDSCLI 2.2.4.1.1.1.
    fn user(&self, xml: &mut Xml) -> io::Result<()> {
        text(xml, "DisplayName", &self.account.display_name)?;
        text(xml, "LegacyDN", &self.account.legacy_dn)?;
        text(xml, "AutoDiscoverSMTPAddress", &self.account.address)?;
        text(xml, "DeploymentId", &self.deployment.guid())
    }

    /// MS-OXDSCLI 2.2.4.1.1.2.
    fn account(&self, xml: &mut Xml) -> io::Result<()> {
        text(xml, "AccountType", "email")?;
        text(xml, "Action", "settings")?;
        text(xml, "MicrosoftOnline", "False")?;
        let Some(version) = self.mapi_http_version else {
            return Ok(());
        };
        let version = version.to_string();
        xml.create_element("Protocol")
            .with_attribute(("Type", "mapiHttp"))
            .with_attribute(("Version", version.as_str()))
            .write_inner_content(|xml| {
                for (element, endpoint) in [("MailStore", "emsmdb"), ("AddressBook", "nspi")] {
                    xml.create_element(element).write_inner_content(|xml| {
                        let url = self.url(endpoint);
                        text(xml, "InternalUrl", &url)?;
                        text(xml, "ExternalUrl", &url)
                    })?;
                }
                Ok(())
            })?;
        Ok(())
    }

    /// An endpoint, with the MailboxId that routes to the mailbox.
    fn url(&self, endpoint: &str) -> String {
        let domain = self.account.address.split_once('@').map_or("", |(_, domain)| domain);
        format!("https://{}/mapi/{endpoint}/?MailboxId={}@{domain}", self.authority, self.account.mailbox_guid)
    }
}

/// An error response (MS-OXDSCLI 2.2.4.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutodiscoverError {
    /// ErrorCode.
    pub code: u32,
    /// Message.
    pub message: &'static str,
}

impl AutodiscoverError {
    /// The address is not one whose settings the caller may have.
    pub const ADDRESS_NOT_FOUND: Self = Self { code: 500, message: "The email address can't be found." };
    /// The request cannot be understood.
    pub const INVALID_REQUEST: Self = Self { code: 600, message: "Invalid request" };
    /// The wanted response schema is not served.
    pub const SCHEMA_NOT_SUPPORTED: Self = Self { code: 601, message: "The requested schema version isn't supported." };

    /// Writes the response; `now` is its time of day.
    ///
    /// # Errors
    /// The text could not be written.
    pub fn to_xml(self, deployment: &Deployment, now: SystemTime) -> io::Result<String> {
        document(None, |xml| {
            xml.create_element("Error")
                .with_attribute(("Time", time_of_day(now).as_str()))
                .with_attribute(("Id", deployment.short().to_string().as_str()))
                .write_inner_content(|xml| {
                    text(xml, "ErrorCode", &self.code.to_string())?;
                    text(xml, "Message", self.message)?;
                    xml.create_element("DebugData").write_empty()?;
                    Ok(())
                })?;
            Ok(())
        })
    }
}

/// The two elements around every response.
fn document(response_schema: Option<&str>, content: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<String> {
    let mut xml = Writer::new(Vec::new());
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    xml.create_element("Autodiscover").with_attribute(("xmlns", NAMESPACE)).write_inner_content(|xml| {
        let schema = response_schema.map(|schema| ("xmlns", schema));
        xml.create_element("Response").with_attributes(schema).write_inner_content(content)?;
        Ok(())
    })?;
    String::from_utf8(xml.into_inner()).map_err(io::Error::other)
}

/// An element with escaped text.
fn text(xml: &mut Xml, name: &str, value: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(value))?;
    Ok(())
}

/// `hours:minutes:seconds.fraction` in UTC, the fraction in units of 100 ns.
fn time_of_day(now: SystemTime) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() % 86_400;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:07}", seconds % 60, since.subsec_nanos() / 100)
}
