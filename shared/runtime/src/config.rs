//! Every variable of the environment, read here and nowhere else.

use aws_credential_types::Credentials;
use std::collections::HashMap;
use std::env;
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

/// What the stack, Lambda and the local host tell a function.
///
/// A function asks for what it needs when it starts, so that a variable that is missing ends the start
/// with the variable's name. An empty variable is a missing one.
#[derive(Debug, Clone)]
pub struct Config(HashMap<String, String>);

/// Whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The `iss` of accepted tokens.
    pub issuer: String,
    /// The `aud` of accepted tokens.
    pub audience: String,
    /// The URL of the issuer's key set; `None` for `{issuer}/.well-known/jwks.json`.
    pub jwks_url: Option<String>,
    /// The claim that makes an operator.
    pub operator_claim: String,
    /// The word that this claim must hold.
    pub operator_value: String,
    /// The claim that binds an operator to one venue.
    pub venue_claim: String,
}

impl Config {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "here it is read")]
    pub fn from_env() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(env::vars_os().filter_map(text).collect())
    }

    /// The function that this process is to be, where the local host has started it as one.
    pub fn function_handler(&self) -> Option<&str> {
        self.optional("AWS_LAMBDA_RUNTIME_API")?;
        self.optional("_HANDLER")
    }

    /// How wrong this process's clock is to be, in milliseconds: a fault of the local host, whose program
    /// alone asks for it.
    pub fn clock_skew(&self) -> i64 {
        self.optional("CLOCK_SKEW_MS").and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// The name of the table of resources, slots and bookings.
    pub fn bookings_table(&self) -> Result<&str, ConfigError> {
        self.required("BOOKINGS_TABLE")
    }

    /// The name of the table of connections and subscriptions.
    pub fn connections_table(&self) -> Result<&str, ConfigError> {
        self.required("CONNECTIONS_TABLE")
    }

    /// Whose tokens are accepted.
    pub fn tokens(&self) -> Result<Tokens, ConfigError> {
        let required = |name| self.required(name).map(ToOwned::to_owned);
        Ok(Tokens {
            issuer: required("TOKEN_ISSUER")?,
            audience: required("TOKEN_AUDIENCE")?,
            jwks_url: self.optional("TOKEN_JWKS_URL").map(ToOwned::to_owned),
            operator_claim: required("OPERATOR_CLAIM")?,
            operator_value: required("OPERATOR_VALUE")?,
            venue_claim: required("VENUE_CLAIM")?,
        })
    }

    /// How many places one customer may have open at once, held or pending.
    pub fn max_open_holds(&self) -> Result<u64, ConfigError> {
        self.number("MAX_OPEN_HOLDS")
    }

    /// How old a record of the stream may get before it is not retried any more, in whole seconds.
    pub fn max_record_age(&self) -> Result<Duration, ConfigError> {
        self.number("MAX_RECORD_AGE_SECONDS").map(Duration::from_secs)
    }

    /// The URL of the queue that this function gets its messages from.
    pub fn queue_url(&self) -> Result<&str, ConfigError> {
        self.required("QUEUE_URL")
    }

    /// The URL of the endpoint that decides about pending bookings, and the secrets that its requests are signed
    /// with; nothing, where there is none. Plain HTTP is for this machine alone.
    pub fn fulfilment(&self) -> Result<Option<(&str, &str)>, ConfigError> {
        const NAME: &str = "FULFILMENT_URL";
        let Some(url) = self.optional(NAME) else { return Ok(None) };
        let is_here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
        if !url.starts_with("https://") && !is_here.iter().any(|here| url.starts_with(here)) {
            let expected = "a URL that begins with https://";
            return Err(ConfigError::Malformed { name: NAME, value: url.to_owned(), expected });
        }
        Ok(Some((url, self.required("FULFILMENT_SECRETS")?)))
    }

    /// The URL of `@connections` without that word:
    /// `https://{api}.execute-api.{region}.amazonaws.com/{stage}`, or elsewhere than AWS.
    pub fn callback_url(&self) -> Result<&str, ConfigError> {
        let elsewhere = self.optional("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI");
        elsewhere.map_or_else(|| self.required("CALLBACK_URL"), Ok)
    }

    /// Where DynamoDB is, if elsewhere than on AWS.
    pub(crate) fn dynamodb_endpoint(&self) -> Option<&str> {
        self.optional("AWS_ENDPOINT_URL_DYNAMODB")
    }

    /// Where SQS is, if elsewhere than on AWS.
    pub(crate) fn sqs_endpoint(&self) -> Option<&str> {
        self.optional("AWS_ENDPOINT_URL_SQS")
    }

    /// The Region that the function runs in. Lambda sets it.
    pub(crate) fn region(&self) -> Result<&str, ConfigError> {
        self.required("AWS_REGION")
    }

    /// The credentials of the function's role. Lambda sets them.
    pub(crate) fn credentials(&self) -> Result<Credentials, ConfigError> {
        Ok(Credentials::from_keys(
            self.required("AWS_ACCESS_KEY_ID")?,
            self.required("AWS_SECRET_ACCESS_KEY")?,
            self.optional("AWS_SESSION_TOKEN").map(ToOwned::to_owned),
        ))
    }

    /// The function's name. Lambda sets it.
    pub(crate) fn function_name(&self) -> Result<&str, ConfigError> {
        self.required("AWS_LAMBDA_FUNCTION_NAME")
    }

    /// Which events are logged, such as `info` or `info,store=debug`.
    pub(crate) fn log_filter(&self) -> Option<&str> {
        self.optional("RUST_LOG")
    }

    /// Whether logs go to CloudWatch, as JSON and with metrics among them. Lambda says so.
    pub(crate) fn logs_are_collected(&self) -> bool {
        self.optional("AWS_LAMBDA_LOG_GROUP_NAME").is_some()
    }

    fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &'static str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or(ConfigError::Missing(name))
    }

    fn number(&self, name: &'static str) -> Result<u64, ConfigError> {
        let value = self.required(name)?;
        let expected = "a whole number";
        let malformed = || ConfigError::Malformed { name, value: value.to_owned(), expected };
        value.parse().map_err(|_| malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Config {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config(owned.collect())
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let wrong = config(&[("BOOKINGS_TABLE", ""), ("MAX_OPEN_HOLDS", "five")]);
        let message = wrong.bookings_table().unwrap_err().to_string();
        assert!(message.contains("BOOKINGS_TABLE is not set"), "{message}");
        let message = wrong.max_open_holds().unwrap_err().to_string();
        assert!(
            message.contains(r#"MAX_OPEN_HOLDS is "five", expected a whole number"#),
            "{message}"
        );
    }

    #[test]
    fn an_endpoint_elsewhere_comes_before_the_stacks_own() {
        let elsewhere = ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", "http://127.0.0.1/live");
        let own = ("CALLBACK_URL", "https://api.example/live");
        assert_eq!(config(&[own]).callback_url().unwrap(), own.1);
        assert_eq!(config(&[own, elsewhere]).callback_url().unwrap(), elsewhere.1);
    }

    #[test]
    fn a_fulfilment_endpoint_is_reached_safely_or_on_this_machine() {
        let of = |url| {
            let config = config(&[("FULFILMENT_URL", url), ("FULFILMENT_SECRETS", "whsec_x")]);
            config.fulfilment().map(|it| it.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!(of(""), Ok(false));
        assert_eq!(of("https://example.com/fulfil"), Ok(true));
        assert_eq!(of("http://127.0.0.1:9000/fulfil"), Ok(true));
        for url in
            ["http://example.com/", "http://127.0.0.1.example.com/", "example.com", "ftp://x"]
        {
            let error = of(url).unwrap_err();
            assert!(error.starts_with("the environment variable FULFILMENT_URL is"), "{error}");
        }
        let unsigned = config(&[("FULFILMENT_URL", "https://example.com/")]);
        let error = unsigned.fulfilment().unwrap_err().to_string();
        assert!(error.contains("FULFILMENT_SECRETS is not set"), "{error}");
    }

    #[test]
    fn a_handler_alone_makes_no_function() {
        assert_eq!(config(&[("_HANDLER", "push")]).function_handler(), None);
        let both = [("_HANDLER", "push"), ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001")];
        assert_eq!(config(&both).function_handler(), Some("push"));
    }
}
