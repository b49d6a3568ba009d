//! What authorizers answer.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

use crate::iam::{fits, fits_action};
use crate::template::{Effect, OneOrMore};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The largest answer of an authorizer, in bytes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
const MAX_BYTES: usize = 8 * 1024;

/// What an authorizer decided.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    /// The client may connect; later events carry this of it.
    Allow(Map<String, Value>),
    /// It may not.
    Deny,
}

/// An answer that cannot be a decision.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoDecision {
    #[error("the authorizer's answer is larger than 8 KB")]
    TooLarge,
    #[error("the authorizer's answer is not {{principalId, policyDocument, context}}")]
    Form,
    #[error("the authorizer's context has a value that is not a string, number or boolean: {0}")]
    Context(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    statement: OneOrMore<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: Effect,
    action: OneOrMore<String>,
    resource: OneOrMore<String>,
}

/// Reads a decision on `method_arn` from an authorizer's answer.
pub(super) fn decide(answer: &[u8], method_arn: &str) -> Result<Decision, NoDecision> {
    if answer.len() > MAX_BYTES {
        return Err(NoDecision::TooLarge);
    }
    let answer: Answer = serde_json::from_slice(answer).map_err(|_| NoDecision::Form)?;
    let says = |effect| {
        answer.policy_document.statement.iter().any(|statement| {
            statement.effect == effect
                && statement.action.iter().any(|it| fits_action(it, "execute-api:Invoke"))
                && statement.resource.iter().any(|it| fits(it, method_arn))
        })
    };
    if says(Effect::Deny) || !says(Effect::Allow) {
        return Ok(Decision::Deny);
    }
    let mut context = Map::new();
    for (name, value) in answer.context.unwrap_or_default() {
        let text = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => return Err(NoDecision::Context(name)),
        };
        context.insert(name, json!(text));
    }
    context.insert("principalId".to_owned(), json!(answer.principal_id));
    Ok(Decision::Allow(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:abcdefghij/live/$connect";

    fn decide_on(statements: &Value) -> Result<Decision, NoDecision> {
        let answer = json!({
            "principalId": "alice",
            "policyDocument": {"Version": "2012-10-17", "Statement": statements},
            "context": {"role": "operator", "exp": 7, "new": true},
        });
        decide(answer.to_string().as_bytes(), ARN)
    }

    fn statement(effect: &str, action: &str, resource: &str) -> Value {
        json!({"Effect": effect, "Action": action, "Resource": resource})
    }

    #[test]
    fn allowing() {
        for (action, resource) in [
            ("execute-api:Invoke", ARN),
            ("execute-api:*", "*"),
            ("*", "arn:aws:execute-api:us-east-1:*:abcdefghij/*/$connect"),
            ("EXECUTE-API:INVOKE", "arn:aws:execute-api:*:abcdefghi?/live/*"),
        ] {
            let decision = decide_on(&statement("Allow", action, resource)).unwrap();
            let Decision::Allow(context) = decision else { panic!("{action} {resource}") };
            assert_eq!(
                Value::Object(context),
                json!({"principalId": "alice", "role": "operator", "exp": "7", "new": "true"})
            );
        }
    }

    #[test]
    fn denying() {
        let allow = statement("Allow", "execute-api:Invoke", "*");
        for statements in [
            json!([]),
            json!([statement("Deny", "execute-api:Invoke", ARN)]),
            json!([allow, statement("Deny", "execute-api:*", "*")]),
            json!([statement("Allow", "execute-api:ManageConnections", "*")]),
            json!([statement("Allow", "execute-api:Invoke", "arn:aws:execute-api:*/other/*")]),
        ] {
            assert_eq!(decide_on(&statements), Ok(Decision::Deny), "{statements}");
        }
    }

    #[test]
    fn no_decision() {
        for bad in [
            json!(null),
            json!({}),
            json!({"principalId": "a"}),
            json!({"policyDocument": {"Statement": []}}),
            json!({"principalId": "a", "policyDocument": {"Statement": [{"Effect": "Maybe"}]}}),
            json!({"principalId": null, "policyDocument": {"Statement": []}}),
        ] {
            assert_eq!(decide(bad.to_string().as_bytes(), ARN), Err(NoDecision::Form), "{bad}");
        }
        let nested = json!({
            "principalId": "a",
            "policyDocument": {"Statement": statement("Allow", "*", "*")},
            "context": {"groups": []},
        });
        assert_eq!(
            decide(nested.to_string().as_bytes(), ARN),
            Err(NoDecision::Context("groups".into()))
        );
        assert_eq!(decide(&[b' '; MAX_BYTES + 1], ARN), Err(NoDecision::TooLarge));
    }
}
