//! The routes of the HTTP servers on hyper.

use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Error, Method, Request, Response, StatusCode};
use readily_benches::page::PAGE;
use readily_benches::site::GREETING;
use serde::Serialize;

#[derive(Serialize)]
struct Greeting<'a> {
    message: &'a str,
}

/// A body that is there, or the one that comes.
type Body = Either<Full<Bytes>, Incoming>;

/// Answers one request.
pub(crate) async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Error> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => ok("text/html; charset=utf-8", PAGE),
        (&Method::GET, "/plaintext") => ok("text/plain", GREETING),
        (&Method::GET, "/json") => match serde_json::to_vec(&Greeting { message: GREETING }) {
            Ok(body) => ok("application/json", body),
            Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
        },
        (&Method::POST, "/upload") => {
            let received = count(request.into_body()).await?;
            ok("text/plain", received.to_string())
        }
        (&Method::POST, "/echo") => {
            with("application/octet-stream", Either::Right(request.into_body()))
        }
        _ => empty(StatusCode::NOT_FOUND),
    })
}

/// Reads a body to its end, and says how many bytes it had.
async fn count(mut body: Incoming) -> Result<usize, Error> {
    let mut received = 0;
    while let Some(frame) = body.frame().await {
        received += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(received)
}

fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Response<Body> {
    with(content_type, Either::Left(Full::new(body.into())))
}

fn with(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = status;
    response
}
