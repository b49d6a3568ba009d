//! May this client connect? The Lambda authorizer of the `$connect` route.
//!
//! | the token | the answer | the client sees |
//! |---|---|---|
//! | verifies | an Allow policy, and who it is as context for the later routes | the connection |
//! | is missing or does not verify | the invocation fails with `Unauthorized` | 401 |
//! | verifies, but its subject cannot be a customer (blank, `guest:`) | a Deny policy | 403 |
//! | verifies, but binds an operator to what is no venue's name | a Deny policy | 403 |
//! | cannot be checked, for want of the issuer's keys | the invocation fails otherwise | 500 |

mod response;

use aws_lambda_events::apigw::ApiGatewayCustomAuthorizerRequestTypeRequest;
use identity::{IdentityError, Refusal, Settings, Verifier};
use jiff::Timestamp;

pub use response::{Context, Response};

/// Why an invocation fails.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizerError {
    /// API Gateway answers 401 to exactly this message, and 500 to any other.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html>
    #[error("Unauthorized")]
    Unauthorized,
    /// The token could not be checked.
    #[error("{0}")]
    Unavailable(#[source] IdentityError),
    /// The event is not that of a `$connect` route.
    #[error("the event has no methodArn: this function answers the authorizer of a $connect route")]
    NoMethodArn,
}

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let tokens = config.tokens()?;
    let settings = Settings {
        issuer: tokens.issuer,
        audience: tokens.audience,
        jwks_url: tokens.jwks_url,
        operator_claim: tokens.operator_claim,
        operator_value: tokens.operator_value,
        venue_claim: tokens.venue_claim,
    };
    let connector = runtime::Clients::new(&config)?.connector(&settings.key_set_url())?;
    let verifier = Verifier::new(settings, connector);
    runtime::ahead("keys of the issuer", verifier.warm(runtime::now())).await;
    runtime::run(async |event, _deadline| Ok(handle(&verifier, &event, runtime::now()).await?))
        .await
}

/// Decides on one connection.
pub async fn handle(
    verifier: &Verifier,
    event: &ApiGatewayCustomAuthorizerRequestTypeRequest,
    now: Timestamp,
) -> Result<Response, AuthorizerError> {
    let method_arn = event.method_arn.as_deref().ok_or(AuthorizerError::NoMethodArn)?;
    let Some(token) = credential(event) else {
        tracing::info!("refused: no token");
        return Err(AuthorizerError::Unauthorized);
    };
    let error = match verifier.verify(token, now).await {
        Ok(identity) => return Ok(Response::allow(method_arn, &identity)),
        Err(error) => error,
    };
    match error.refusal() {
        Refusal::Barred => {
            tracing::info!("denied: {error}");
            Ok(Response::deny(method_arn))
        }
        Refusal::Unauthenticated => {
            tracing::info!("refused: {error}");
            Err(AuthorizerError::Unauthorized)
        }
        Refusal::Undecided => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot decide");
            Err(AuthorizerError::Unavailable(error))
        }
    }
}

/// The single-value headers hold only the last of several of one name, the others hold all.
fn credential(event: &ApiGatewayCustomAuthorizerRequestTypeRequest) -> Option<&str> {
    identity::credential(&event.multi_value_headers)
        .or_else(|| identity::credential(&event.headers))
}
