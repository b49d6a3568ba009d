//! The WebSocket endpoint and an HTTP API with real clients and with functions in processes of their own.
//!
//! What API Gateway does, and where that is written, stands beside the code; here it is tried.
#![cfg(test)]

mod ending;
mod handshake;
mod host;
mod http_api;
mod limits;
mod management;
mod messages;
mod subject;

/// Not a test: the host starts this binary with this name to be a function.
#[test]
fn function_process() {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        subject::run();
    }
}
