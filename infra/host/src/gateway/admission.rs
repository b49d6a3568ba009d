//! Who may use `@connections`: a caller on this machine whose signature is good and whose policies
//! allow `execute-api:ManageConnections` on the connection.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html>

use super::Shared;
use super::management::{MOST_READ, ManagementError};
use crate::guard::ERROR_TYPE;
use crate::iam::{Access, Denied, SignatureError};
use crate::template::{ACCOUNT, PARTITION, REGION};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use thiserror::Error;

/// Why a call is not let through.
#[derive(Debug, Error)]
pub(super) enum AdmissionError {
    #[error(transparent)]
    Management(#[from] ManagementError),
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error(transparent)]
    Denied(#[from] Denied),
}

/// Lets a call through, or answers it.
pub(super) async fn admit(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    Path(id): Path<String>,
    request: Request,
    next: Next,
) -> Result<Response, AdmissionError> {
    if !is_this_machine(caller) {
        return Err(ManagementError::Forbidden.into());
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_READ).await.map_err(|_| ManagementError::TooLarge)?;
    let caller = shared.iam.identify("execute-api", &parts, &body)?;
    caller.may(&access(&shared, parts.method.as_str(), &id))?;
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

fn access(shared: &Shared, method: &str, id: &str) -> Access {
    let (api, stage) = (&shared.api.id, &shared.api.stage);
    let all = format!("{api}/{stage}/{method}/@connections");
    let arn = format!("arn:{PARTITION}:execute-api:{REGION}:{ACCOUNT}:{all}");
    Access {
        action: "execute-api:ManageConnections".to_owned(),
        resource: format!("{arn}/{id}"),
        granted_as: format!("{arn}/*"),
    }
}

fn is_this_machine(caller: SocketAddr) -> bool {
    caller.ip().to_canonical().is_loopback()
}

impl IntoResponse for AdmissionError {
    /// As API Gateway puts it: the connection and most of the account are not named, and the
    /// message of a refusal has a capital.
    /// <https://github.com/aws/aws-cdk/issues/18410>, <https://github.com/okigan/awscurl/issues/61>,
    /// <https://github.com/architect/functions/issues/130>
    fn into_response(self) -> Response {
        let (kind, body) = match self {
            Self::Management(error) => return error.into_response(),
            Self::Signature(error) => (error.name(), json!({"message": error.to_string()})),
            Self::Denied(denied) => {
                let resource = denied.access.granted_as.replace(
                    &format!(":{ACCOUNT}:"),
                    &format!(":********{}:", &ACCOUNT[ACCOUNT.len() - 4..]),
                );
                let resource = resource.replace("/@connections/*", "/@connections/{connectionId}");
                ("AccessDeniedException", json!({"Message": denied.short(&resource)}))
            }
        };
        let headers = [(CONTENT_TYPE, "application/json"), (ERROR_TYPE, kind)];
        (StatusCode::FORBIDDEN, headers, body.to_string()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_alone() {
        for near in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(is_this_machine(near.parse().unwrap()), "{near}");
        }
        for far in ["192.0.2.1:1", "10.0.0.1:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"] {
            assert!(!is_this_machine(far.parse().unwrap()), "{far}");
        }
    }
}
