//! The common response (MS-OXCMAPIHTTP 2.2.2.2): which headers go out with which kind of body.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use hyper::{Response, StatusCode};
use tokio::sync::mpsc;

use super::cookies::SessionCookies;
use super::framing::{self, Completion, DIAGNOSTIC_CONTENT_TYPE, Timing};
use super::request::{Echo, MEDIA_TYPE, X_CLIENT_INFO, X_REQUEST_ID, X_REQUEST_TYPE};
use super::response_code::ResponseCode;
use crate::transport::body::ReplyBody;

/// X-ServerApplication (MS-OXCMAPIHTTP 2.2.3.3.7): the first version line that speaks MAPI over HTTP.
pub const SERVER_APPLICATION: &str = "Exchange/15.00.0847.032";

const X_RESPONSE_CODE: HeaderName = HeaderName::from_static("x-responsecode");
const X_SERVER_APPLICATION: HeaderName = HeaderName::from_static("x-serverapplication");
const X_PENDING_PERIOD: HeaderName = HeaderName::from_static("x-pendingperiod");
const X_EXPIRATION_INFO: HeaderName = HeaderName::from_static("x-expirationinfo");

/// What all responses to one request have in common.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    echo: Echo,
    pending_period: Duration,
    expiration: Duration,
    /// The path that cookies are for.
    path: &'static str,
}

impl ResponseHead {
    pub(crate) fn new(echo: Echo, pending_period: Duration, expiration: Duration, path: &'static str) -> Self {
        Self { echo, pending_period, expiration, path }
    }

    /// A request that is not worked on, or whose work failed before anything was said of it. A failure that
    /// is no exception has the status 200 (MS-OXCMAPIHTTP 2.2.2.2).
    pub(crate) fn refuse(&self, code: ResponseCode, cookies: Option<SessionCookies>) -> Response<ReplyBody> {
        let body = ReplyBody::Whole(framing::diagnostic_html(code).into());
        self.response(StatusCode::OK, Some(code), DIAGNOSTIC_CONTENT_TYPE, cookies, body)
    }

    /// An exceptional failure, with its 5xx status.
    pub(crate) fn fail(&self, status: StatusCode, code: ResponseCode) -> Response<ReplyBody> {
        let body = ReplyBody::Whole(framing::diagnostic_html(code).into());
        self.response(status, Some(code), DIAGNOSTIC_CONTENT_TYPE, None, body)
    }

    /// A request without acceptable credentials. `challenge` and what else belongs to it are the caller's.
    pub(crate) fn unauthorized(&self, page: &'static str) -> Response<ReplyBody> {
        let body = ReplyBody::Whole(Bytes::from_static(page.as_bytes()));
        self.response(StatusCode::UNAUTHORIZED, None, DIAGNOSTIC_CONTENT_TYPE, None, body)
    }

    /// A request whose work is done already.
    pub(crate) fn complete(
        &self,
        completion: &Completion,
        timing: Timing,
        cookies: Option<SessionCookies>,
    ) -> Response<ReplyBody> {
        let body = ReplyBody::one_part(framing::complete(completion, timing));
        self.response(StatusCode::OK, Some(ResponseCode::SUCCESS), MEDIA_TYPE, cookies, body)
    }

    /// A request that is being worked on.
    pub(crate) fn begin(&self, parts: mpsc::Receiver<Bytes>, cookies: SessionCookies) -> Response<ReplyBody> {
        let body = ReplyBody::Parts(parts);
        self.response(StatusCode::OK, Some(ResponseCode::SUCCESS), MEDIA_TYPE, Some(cookies), body)
    }

    fn response(
        &self,
        status: StatusCode,
        code: Option<ResponseCode>,
        content_type: &'static str,
        cookies: Option<SessionCookies>,
        body: ReplyBody,
    ) -> Response<ReplyBody> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
        headers.insert(X_SERVER_APPLICATION, HeaderValue::from_static(SERVER_APPLICATION));
        headers.insert(X_PENDING_PERIOD, milliseconds(self.pending_period));
        headers.insert(X_EXPIRATION_INFO, milliseconds(self.expiration));
        if let Some(code) = code {
            headers.insert(X_RESPONSE_CODE, code.0.into());
        }
        self.repeat(headers);
        for value in cookies.iter().flat_map(|cookies| cookies.set_cookie_values(self.path)) {
            // Names, hexadecimal digits and attributes are always a header value.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(SET_COOKIE, value);
            }
        }
        response
    }

    /// X-RequestType and X-RequestId are in every response, empty if the request had none; X-ClientInfo is
    /// where the request had it.
    fn repeat(&self, headers: &mut HeaderMap) {
        let empty = || HeaderValue::from_static("");
        headers.insert(X_REQUEST_TYPE, self.echo.request_type.clone().unwrap_or_else(empty));
        headers.insert(X_REQUEST_ID, self.echo.request_id.clone().unwrap_or_else(empty));
        if let Some(client_info) = &self.echo.client_info {
            headers.insert(X_CLIENT_INFO, client_info.clone());
        }
    }
}

fn milliseconds(duration: Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
