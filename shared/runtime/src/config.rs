//! Every variable of the environment, read here and nowhere else.
//!
//! | variable | read by | meaning |
//! |---|---|---|
//! | `BOOKINGS_TABLE` | message, push | name of the table of resources, slots and bookings |
//! | `CONNECTIONS_TABLE` | connect, disconnect, message, push | name of the table of connections and subscriptions |
//! | `TOKEN_ISSUER` | authorizer, message | the `iss` of accepted tokens |
//! | `TOKEN_AUDIENCE` | authorizer, message | the `aud` of accepted tokens |
//! | `TOKEN_JWKS_URL` | authorizer, message | the issuer's key set; empty: `{issuer}/.well-known/jwks.json` |
//! | `OPERATOR_CLAIM`, `OPERATOR_VALUE` | authorizer, message | the claim, and the word in it, that make an operator |
//! | `MAX_OPEN_HOLDS` | message | places that one customer may have open at once, held or pending |
//! | `CALLBACK_URL` | push | `https://{api}.execute-api.{region}.amazonaws.com/{stage}` |
//! | `MAX_RECORD_AGE_SECONDS` | push | records of the stream that are older do not come again |
//! | `RUST_LOG` | all | which logs, as `info` or `info,store=debug` |
//! | `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` | all | elsewhere than AWS, as every SDK reads them |
//! | `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | all | set by Lambda |
//! | `AWS_LAMBDA_RUNTIME_API`, `_HANDLER` | the local host's own binary | set by Lambda: which function this process is |

use std::env;
use std::str::FromStr;
use std::time::Duration;

/// A variable that the stack should have set.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not set.
    #[error("the environment variable {0} is not set: the stack sets it for this function")]
    Missing(&'static str),
    /// It is not what it should be.
    #[error("the environment variable {name} is {value:?}, expected {expected}")]
    Malformed {
        /// The variable.
        name: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// The function that this process is to be, where it was started as one.
pub fn function_handler() -> Option<String> {
    optional("AWS_LAMBDA_RUNTIME_API")?;
    optional("_HANDLER")
}

pub(crate) fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or(ConfigError::Missing(name))
}

pub(crate) fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Places that one customer may have open at once, held or pending.
pub fn max_open_holds() -> Result<u64, ConfigError> {
    whole("MAX_OPEN_HOLDS")
}

/// Records of the stream that are older than this do not come again.
pub fn max_record_age() -> Result<Duration, ConfigError> {
    whole("MAX_RECORD_AGE_SECONDS").map(Duration::from_secs)
}

fn whole<T: FromStr>(name: &'static str) -> Result<T, ConfigError> {
    let value = required(name)?;
    value.parse().map_err(|_| ConfigError::Malformed { name, value, expected: "a whole number" })
}

/// Whose tokens are accepted.
pub(crate) fn tokens() -> Result<identity::Settings, ConfigError> {
    Ok(identity::Settings {
        issuer: required("TOKEN_ISSUER")?,
        audience: required("TOKEN_AUDIENCE")?,
        jwks_url: optional("TOKEN_JWKS_URL").unwrap_or_default(),
        operator_claim: required("OPERATOR_CLAIM")?,
        operator_value: required("OPERATOR_VALUE")?,
    })
}

/// Where logs go: JSON on Lambda, which sets this variable, and text elsewhere.
pub(crate) fn logs_are_collected() -> bool {
    optional("AWS_LAMBDA_LOG_GROUP_NAME").is_some()
}
