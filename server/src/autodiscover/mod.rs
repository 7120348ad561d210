//! Autodiscover in its plain-old-XML form (MS-OXDSCLI): from a mail address to the mailbox endpoint.
//!
//! Text in, text out, for a caller already authenticated. Callers learn about their own mailbox and about those that
//! are shared with them; a question about any other address gets one and the same answer, whether it exists or not.

pub mod deployment;
pub mod request;
pub mod response;

use std::io;
use std::time::SystemTime;

use crate::auth::{Account, canonical_address};
pub use deployment::Deployment;
use request::{AutodiscoverRequest, RequestError};
use response::{AutodiscoverError, Settings};

/// The highest version of the MAPI/HTTP section that this server gives (MS-OXDSCLI 2.2.2.1).
pub const MAPI_HTTP_VERSION: u32 = 1;

/// Answers an Autodiscover request of the account that was authenticated.
///
/// `shared` is the mailbox of somebody else that the account has rights in, where the request asks for one
/// ([`address_of_another`]). `capability` is the value of X-MapiHttpCapability; without it the answer has no MAPI/HTTP
/// section. `authority` is the `host` or `host:port` that the addresses in the answer have.
///
/// # Errors
/// The answer could not be written.
pub fn answer(
    body: &[u8],
    capability: Option<&str>,
    account: &Account,
    shared: Option<&Account>,
    deployment: &Deployment,
    authority: &str,
    now: SystemTime,
) -> io::Result<String> {
    let error = match AutodiscoverRequest::parse(body) {
        Ok(request) => match [Some(account), shared].into_iter().flatten().find(|one| asks_for(&request, one)) {
            Some(account) => {
                let mapi_http_version = capability.and_then(version);
                return Settings { account, deployment, authority, mapi_http_version }.to_xml();
            }
            None => AutodiscoverError::ADDRESS_NOT_FOUND,
        },
        Err(RequestError::Schema) => AutodiscoverError::SCHEMA_NOT_SUPPORTED,
        Err(RequestError::Invalid(problem)) => {
            tracing::debug!(problem, "invalid Autodiscover request");
            AutodiscoverError::INVALID_REQUEST
        }
    };
    error.to_xml(deployment, now)
}

/// The address that a request asks for, where it is not the account's own.
#[must_use]
pub fn address_of_another(body: &[u8], account: &Account) -> Option<String> {
    let address = canonical_address(&AutodiscoverRequest::parse(body).ok()?.email_address?)?;
    (address != account.address).then_some(address)
}

/// The version to answer with: the highest that both sides know (MS-OXDSCLI 3.2.5.1).
fn version(capability: &str) -> Option<u32> {
    let highest: u32 = capability.trim().parse().ok()?;
    (highest >= 1).then_some(highest.min(MAPI_HTTP_VERSION))
}

fn asks_for(request: &AutodiscoverRequest, account: &Account) -> bool {
    match (&request.email_address, &request.legacy_dn) {
        (Some(address), _) => canonical_address(address).as_deref() == Some(&account.address),
        (None, Some(legacy_dn)) => legacy_dn.eq_ignore_ascii_case(&account.legacy_dn),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests;
