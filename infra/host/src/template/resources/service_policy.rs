//! What a resource's own policy lets services of AWS do: of queues and of functions.
//!
//! Programs are let in by their roles, within one account, so that of these policies only what they say to
//! services counts here. A service comes over TLS, and of the conditions that narrow it down this host
//! knows `aws:SourceArn`; a statement for a service with another one is refused.

use super::policy::OneOrMore;
use crate::template::error::TemplateError;
use crate::template::event_plan::ServiceGrant;
use crate::template::plan::Effect;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;

const SOURCE_ARN: &str = "aws:SourceArn";
const OPERATORS: [&str; 4] = ["ArnEquals", "ArnLike", "StringEquals", "StringLike"];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueuePolicy {
    policy_document: Document,
    /// The resources of its statements say the same.
    _queues: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    statement: Vec<Statement>,
    _version: Option<IgnoredAny>,
    _id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    _sid: Option<IgnoredAny>,
    effect: Effect,
    #[serde(default)]
    principal: Value,
    #[serde(default)]
    action: Value,
    #[serde(default)]
    resource: Value,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Permission {
    action: String,
    function_name: String,
    principal: String,
    source_arn: Option<Value>,
    _source_account: Option<IgnoredAny>,
}

/// What a queue's policy lets services do.
pub(in crate::template) fn of_queue(
    source: Source<'_>,
) -> Result<Vec<ServiceGrant>, TemplateError> {
    let properties: QueuePolicy = source.properties()?;
    let mut grants = Vec::new();
    for statement in properties.policy_document.statement {
        let services = texts(statement.principal.get("Service"));
        if services.is_empty() {
            // Of programs; or a denial of whatever does not use TLS, which services do.
            continue;
        }
        if statement.effect == Effect::Deny {
            return Err(
                source.refuse("PolicyDocument: this host cannot judge a denial to a service")
            );
        }
        let sources = sources(source, &statement.condition)?;
        for service in services {
            for action in texts(Some(&statement.action)) {
                for resource in texts(Some(&statement.resource)) {
                    let (service, action) = (service.clone(), action.clone());
                    grants.push(ServiceGrant {
                        service,
                        action,
                        resource,
                        sources: sources.clone(),
                    });
                }
            }
        }
    }
    Ok(grants)
}

/// What a permission lets a service do to a function.
pub(in crate::template) fn of_function(
    source: Source<'_>,
    function_arn: impl Fn(&str) -> Option<String>,
) -> Result<Option<ServiceGrant>, TemplateError> {
    let properties: Permission = source.properties()?;
    let Some(resource) = function_arn(&properties.function_name) else { return Ok(None) };
    // Where an API of the template is meant, its ARN may be one that is not known here.
    let sources = properties.source_arn.as_ref().map(|arn| texts(Some(arn)));
    let (service, action) = (properties.principal, properties.action);
    Ok(Some(ServiceGrant { service, action, resource, sources }))
}

/// On behalf of which resources a statement lets a service in.
fn sources(
    source: Source<'_>,
    conditions: &BTreeMap<String, BTreeMap<String, Value>>,
) -> Result<Option<Vec<String>>, TemplateError> {
    let mut sources = None;
    for (operator, keys) in conditions {
        for (key, value) in keys {
            if !OPERATORS.contains(&operator.as_str()) || !key.eq_ignore_ascii_case(SOURCE_ARN) {
                return Err(source.refuse(format!(
                    "PolicyDocument: this host does not know the condition {operator} of {key} for a service"
                )));
            }
            sources = Some(texts(Some(value)));
        }
    }
    Ok(sources)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let read = value.and_then(|value| OneOrMore::<String>::deserialize(value).ok());
    read.map(|texts| texts.iter().cloned().collect()).unwrap_or_default()
}
