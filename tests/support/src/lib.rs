//! What the tests of several crates need.
//!
//! | module | what it gives |
//! |---|---|
//! | [`template`] | the synthesized template, as a plan |
//! | [`tables`] | the real store on the embedded database, one for each test |
//! | [`fixtures`] | short ways to write down resources, requests and commands |
//! | [`proxy`] | a bad day at the database |
//! | [`signed`] | requests as the AWS SDKs sign them |

#![expect(
    missing_docs,
    clippy::unwrap_used,
    reason = "all of it is test code: a failure is a panic, and its names say what it is"
)]

pub mod fixtures;
pub mod proxy;
pub mod signed;
pub mod tables;
pub mod template;

pub use tables::{Item, Raw, Tables, client};

/// The way to connected clients where there are none.
pub fn nobody() -> aws_sdk_apigatewaymanagement::Client {
    use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Config};
    let config = Config::builder().behavior_version(BehaviorVersion::latest());
    aws_sdk_apigatewaymanagement::Client::from_conf(
        config.endpoint_url("http://127.0.0.1:9").build(),
    )
}
