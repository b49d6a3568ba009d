//! What authorizers answer.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>

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

#[derive(Clone, Copy, PartialEq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    fn iter(&self) -> std::slice::Iter<'_, T> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::More(values) => values.iter(),
        }
    }
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
                && statement.action.iter().any(|action| invokes(action))
                && statement.resource.iter().any(|resource| matches(resource, method_arn))
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

fn invokes(action: &str) -> bool {
    matches(&action.to_ascii_lowercase(), "execute-api:invoke")
}

/// Whether a pattern with `*` and `?` covers a text, as in IAM policies.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    // Where the last `*` stands and what of the text it has taken so far: the only place to which
    // it is ever worth going back.
    let mut star: Option<(usize, usize)> = None;
    let (mut p, mut t) = (0, 0);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
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

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "aXbbYc", true),
            ("a*b*c", "aXbbY", false),
            ("?", "ä", true),
            ("a", "ab", false),
            ("*aab", "aaaab", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
