//! Requests as the AWS SDKs sign them.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::header::HeaderName;
use reqwest::{Body, Method, Request};
use std::time::SystemTime;

/// A request of a developer on this machine.
pub fn request(service: &str, method: Method, url: &str, body: impl Into<Vec<u8>>) -> Request {
    let mut request = Request::new(method, url.parse().unwrap());
    let body = body.into();
    let local = Credentials::new("local", "local", None, None, "test");
    add_signature(&mut request, &local, service, &body, SystemTime::now());
    *request.body_mut() = Some(Body::from(body));
    request
}

/// Signs a request with what it has of headers so far.
pub fn add_signature(
    request: &mut Request,
    credentials: &Credentials,
    service: &str,
    body: &[u8],
    time: SystemTime,
) {
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let headers = request.headers().clone();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let (method, url) = (request.method().clone(), request.url().clone());
    let signable =
        SignableRequest::new(method.as_str(), url.as_str(), headers, SignableBody::Bytes(body));
    let (instructions, _) = sign(signable.unwrap(), &params).unwrap().into_parts();
    for (name, value) in instructions.headers() {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
}
