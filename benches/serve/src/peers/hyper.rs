//! hyper on tokio.

use std::convert::Infallible;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::announce;

async fn hello(_request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"Hello, World!")));
    let text = hyper::header::HeaderValue::from_static("text/plain");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, text);
    Ok(response)
}

pub fn serve(port: u16) {
    super::tokio::runtime().block_on(async move {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        announce(listener.local_addr().expect("bound").port());
        loop {
            let (stream, _peer) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("an option");
            tokio::spawn(async move {
                let builder = hyper::server::conn::http1::Builder::new();
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service_fn(hello))
                    .await;
            });
        }
    });
}
