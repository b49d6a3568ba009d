//! What an authorizer answers.

use domain::Role;
use identity::Identity;
use serde::Serialize;

/// The answer to API Gateway: a policy on this connection, and what later routes may know.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    principal_id: String,
    policy_document: Policy,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Context>,
}

/// What the later routes find in `requestContext.authorizer`. API Gateway passes strings on
/// unchanged, and makes strings of all else.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Context {
    customer: String,
    role: &'static str,
    /// The one venue that an operator is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    venue: Option<String>,
    iat: String,
    exp: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: [Statement; 1],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: &'static str,
    resource: String,
}

impl Response {
    pub(crate) fn allow(method_arn: &str, identity: &Identity) -> Self {
        let customer = identity.customer.as_str().to_owned();
        Self {
            principal_id: customer.clone(),
            policy_document: policy("Allow", method_arn),
            context: Some(Context {
                customer,
                role: match identity.role {
                    Role::Customer => "customer",
                    Role::Operator => "operator",
                },
                venue: identity.venue.clone().map(Into::into),
                iat: identity.issued_at.as_second().to_string(),
                exp: identity.expires_at.as_second().to_string(),
            }),
        }
    }

    /// A principal is asked for even where there is none.
    pub(crate) fn deny(method_arn: &str) -> Self {
        Self {
            principal_id: "nobody".to_owned(),
            policy_document: policy("Deny", method_arn),
            context: None,
        }
    }
}

fn policy(effect: &'static str, method_arn: &str) -> Policy {
    Policy {
        version: "2012-10-17",
        statement: [Statement {
            action: "execute-api:Invoke",
            effect,
            resource: method_arn.to_owned(),
        }],
    }
}
