//! The peer of small requests: hyper with TLS and nothing behind it.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use server::tls::server_config;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What this program is told to be the peer with.
pub const COMMAND: &str = "bare-hyper";

/// Serves until it is killed: each request is read whole and answered with a body of so many bytes.
pub fn run(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let data_dir = PathBuf::from(arguments.next().context("no data directory")?);
    let body = Bytes::from(vec![0; arguments.next().context("no size")?.parse()?]);
    let acceptor = TlsAcceptor::from(server_config(&data_dir, None, SystemTime::now())?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("Listening on https://localhost:{}/", listener.local_addr()?.port());
        loop {
            let (stream, _) = listener.accept().await?;
            let (acceptor, body) = (acceptor.clone(), body.clone());
            tokio::spawn(async move {
                let _ = stream.set_nodelay(true);
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(move |request| answer(request, body.clone()));
                // A client that goes away is no failure here.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    })
}

async fn answer(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    // A body that breaks off breaks the connection, too.
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/mapi-http"));
    Ok(response)
}
