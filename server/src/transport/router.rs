//! From a path to what answers there. Everything but the health check wants credentials first.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};

use super::body::{self, BodyError, ReplyBody};
use super::clock::Clock;
use super::mapi_http::MapiHttp;
use super::mapi_http::request::Echo;
use super::mapi_http::response_code::ResponseCode;
use crate::auth::connection::{ConnectionLogOn, LogOn, Origin};
use crate::auth::{Account, Accounts, AuthFailure, Authenticator};
use crate::autodiscover::{self, Deployment};
use crate::config::Limits;
use crate::engine::endpoint::MailboxEndpoint;
use crate::store::file_time;

/// What the server asks for credentials with.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"mail\", charset=\"UTF-8\"");
const UNAUTHORIZED_PAGE: &str =
    "<html><head><title>401</title></head><body><p>Log on with a mail address and its password.</p></body></html>\r\n";
const X_MAPI_HTTP_CAPABILITY: HeaderName = HeaderName::from_static("x-mapihttpcapability");
const TEXT: &str = "text/plain; charset=utf-8";
const XML: &str = "text/xml; charset=utf-8";

/// How long the health check waits for the accounts.
const HEALTH_PATIENCE: Duration = Duration::from_secs(2);

/// The places of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Health,
    Autodiscover,
    Mailbox,
    AddressBook,
    /// Below the endpoints of MAPI over HTTP, yet none of them.
    UnknownEndpoint,
    Nowhere,
}

impl Place {
    /// Paths are matched in any case, as clients write them.
    fn of(path: &str) -> Self {
        match path.to_ascii_lowercase().as_str() {
            "/healthz" => Self::Health,
            "/autodiscover/autodiscover.xml" => Self::Autodiscover,
            "/mapi/emsmdb" | "/mapi/emsmdb/" => Self::Mailbox,
            "/mapi/nspi" | "/mapi/nspi/" => Self::AddressBook,
            "/mapi" => Self::UnknownEndpoint,
            path if path.starts_with("/mapi/") => Self::UnknownEndpoint,
            _ => Self::Nowhere,
        }
    }
}

/// Answers requests.
pub(crate) struct Router<E: MailboxEndpoint, B: MailboxEndpoint, A> {
    pub(crate) mapi: MapiHttp<E>,
    pub(crate) book: MapiHttp<B>,
    pub(crate) authenticator: Authenticator<A>,
    pub(crate) deployment: Deployment,
    pub(crate) public_authority: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stopping: AtomicBool,
}

impl<E: MailboxEndpoint, B: MailboxEndpoint, A: Accounts> Router<E, B, A> {
    /// Answers one request.
    pub(crate) async fn route(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        log_on: &ConnectionLogOn,
    ) -> Response<ReplyBody> {
        let (parts, body) = request.into_parts();
        let place = Place::of(parts.uri.path());
        let method = parts.method.clone();
        let response = match place {
            Place::Health => self.health(&parts.method).await,
            Place::Nowhere => {
                self.discard(&parts.headers, body).await;
                plain(StatusCode::NOT_FOUND, "not found\n")
            }
            Place::Autodiscover | Place::Mailbox | Place::AddressBook | Place::UnknownEndpoint => {
                match self.authenticate(&parts.headers, peer, log_on).await {
                    Ok(LogOn { account, answer }) => {
                        let mut response = self.enter(place, &parts, body, &account).await;
                        // Base64: always a header's value.
                        if let Some(Ok(answer)) = answer.as_deref().map(HeaderValue::from_str) {
                            response.headers_mut().insert(WWW_AUTHENTICATE, answer);
                        }
                        response
                    }
                    Err(failure) => {
                        self.discard(&parts.headers, body).await;
                        self.refuse_log_on(&parts.headers, &failure, peer)
                    }
                }
            }
        };
        tracing::debug!(%method, ?place, status = response.status().as_u16(), %peer, "answered");
        response
    }

    async fn authenticate(
        &self,
        headers: &HeaderMap,
        peer: SocketAddr,
        log_on: &ConnectionLogOn,
    ) -> Result<LogOn, AuthFailure> {
        let header = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let origin = Origin { source: peer.ip(), now: self.clock.now(), wall: file_time(self.clock.wall()) };
        self.authenticator.authenticate_on(log_on, header, origin).await
    }

    async fn enter(&self, place: Place, parts: &Parts, body: Incoming, account: &Account) -> Response<ReplyBody> {
        if place == Place::Autodiscover {
            return self.autodiscover(parts, body, account).await;
        }
        let head = self.mapi.response_head(Echo::of(&parts.headers));
        if self.stopping.load(Ordering::Relaxed) {
            return self.mapi.refuse_unread(&head, ResponseCode::ENDPOINT_SHUTTING_DOWN, parts, body).await;
        }
        match place {
            Place::Mailbox => self.mapi.handle(parts, body, &account.address).await,
            Place::AddressBook => self.book.handle(parts, body, &account.address).await,
            _ => self.mapi.refuse_unread(&head, ResponseCode::INVALID_PATH, parts, body).await,
        }
    }

    /// A log-on over its limit gets 401 like any other that fails (MS-OXCMAPIHTTP 2.2.2.2), and is told when
    /// to come back.
    fn refuse_log_on(&self, headers: &HeaderMap, failure: &AuthFailure, peer: SocketAddr) -> Response<ReplyBody> {
        if let AuthFailure::Unavailable(source) = failure {
            tracing::error!(?source, "log-ons cannot be looked at");
            return plain(StatusCode::SERVICE_UNAVAILABLE, "try again later\n");
        }
        if !matches!(failure, AuthFailure::NoCredentials | AuthFailure::Continue(_)) {
            tracing::info!(%failure, source = %peer.ip(), "log-on refused");
        }
        let mut response = self.mapi.response_head(Echo::of(headers)).unauthorized(UNAUTHORIZED_PAGE);
        let challenges = response.headers_mut();
        match failure {
            AuthFailure::Continue(answer) => {
                // Base64: always a header's value.
                challenges.extend(HeaderValue::from_str(answer).map(|answer| (WWW_AUTHENTICATE, answer)));
            }
            _ => {
                challenges.insert(WWW_AUTHENTICATE, CHALLENGE);
                for scheme in self.authenticator.offers() {
                    challenges.append(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
                }
            }
        }
        if let AuthFailure::Limited { retry_after } = failure {
            let seconds = retry_after.as_secs().saturating_add(1);
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }

    async fn autodiscover(&self, parts: &Parts, body: Incoming, account: &Account) -> Response<ReplyBody> {
        if parts.method != Method::POST {
            self.discard(&parts.headers, body).await;
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only POST is served here\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let limit = self.limits.autodiscover_body;
        let body = match body::read(body, limit, self.limits.body_read).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large\n"),
            Err(BodyError::Incomplete) => return plain(StatusCode::BAD_REQUEST, "incomplete\n"),
        };
        let Some(authority) = self.authority(&parts.headers) else {
            return plain(StatusCode::BAD_REQUEST, "no usable Host header\n");
        };
        let shared = match autodiscover::address_of_another(&body, account) {
            Some(address) => self.authenticator.shared_with(account, address).await,
            None => Ok(None),
        };
        let shared = match shared {
            Ok(shared) => shared,
            Err(error) => {
                tracing::error!(?error, "it cannot be seen whether a mailbox is shared");
                return plain(StatusCode::SERVICE_UNAVAILABLE, "try again later\n");
            }
        };
        let capability = parts.headers.get(X_MAPI_HTTP_CAPABILITY).and_then(|value| value.to_str().ok());
        let now = self.clock.wall();
        match autodiscover::answer(&body, capability, account, shared.as_ref(), &self.deployment, &authority, now) {
            Ok(xml) => content(StatusCode::OK, XML, xml.into()),
            Err(error) => {
                tracing::error!(%error, "an Autodiscover answer could not be written");
                plain(StatusCode::INTERNAL_SERVER_ERROR, "failed\n")
            }
        }
    }

    /// The `host` or `host:port` by which clients reach this server: as set, or as this client did.
    fn authority(&self, headers: &HeaderMap) -> Option<String> {
        if let Some(authority) = &self.public_authority {
            return Some(authority.clone());
        }
        let host = headers.get(HOST)?.to_str().ok()?;
        let authority: hyper::http::uri::Authority = host.parse().ok()?;
        (!authority.as_str().contains('@')).then(|| authority.to_string())
    }

    /// Whether the accounts can be read and blocking work gets its turn; no credentials, no details.
    async fn health(&self, method: &Method) -> Response<ReplyBody> {
        if method != Method::GET && method != Method::HEAD {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is served here\n");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let check = tokio::time::timeout(HEALTH_PATIENCE, self.authenticator.check()).await;
        if matches!(check, Ok(Ok(()))) && !self.stopping.load(Ordering::Relaxed) {
            plain(StatusCode::OK, "ok\n")
        } else {
            plain(StatusCode::SERVICE_UNAVAILABLE, "unavailable\n")
        }
    }

    async fn discard(&self, headers: &HeaderMap, body: Incoming) {
        body::discard(headers, body, 2 * self.limits.request_body, self.limits.body_read).await;
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<ReplyBody> {
    content(status, TEXT, Bytes::from_static(text.as_bytes()))
}

fn content(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::Whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_matched_in_any_case() {
        let table = [
            ("/healthz", Place::Health),
            ("/Autodiscover/Autodiscover.xml", Place::Autodiscover),
            ("/AutoDiscover/autodiscover.XML", Place::Autodiscover),
            ("/mapi/emsmdb/", Place::Mailbox),
            ("/MAPI/EMSMDB", Place::Mailbox),
            ("/mapi/nspi/", Place::AddressBook),
            ("/mapi/rpc/", Place::UnknownEndpoint),
            ("/mapi/emsmdb/x", Place::UnknownEndpoint),
            ("/mapi", Place::UnknownEndpoint),
            ("/mapix", Place::Nowhere),
            ("/", Place::Nowhere),
            ("*", Place::Nowhere),
        ];
        for (path, place) in table {
            assert_eq!(Place::of(path), place, "{path}");
        }
    }
}
