//! Rules of event buses.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-rule.html>

use super::Named;
use crate::template::error::TemplateError;
use crate::template::event_plan::{Outlet, Rule, RuleTarget, TargetInput};
use crate::template::input_template::InputTemplate;
use crate::template::path::JsonPath;
use crate::template::pattern::Pattern;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A rule has no more:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>
const MOST_TARGETS: usize = 5;
const MOST_RETRIES: u32 = 185;
const LONGEST_AGE: u64 = 86_400;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<String>,
    event_bus_name: Option<String>,
    event_pattern: Option<Value>,
    state: Option<String>,
    #[serde(default)]
    targets: Vec<Target>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Target {
    id: String,
    arn: String,
    role_arn: Option<String>,
    input: Option<String>,
    input_path: Option<String>,
    input_transformer: Option<InputTransformer>,
    retry_policy: Option<RetryPolicy>,
    dead_letter_config: Option<DeadLetterConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct InputTransformer {
    #[serde(default)]
    input_paths_map: BTreeMap<String, String>,
    input_template: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RetryPolicy {
    maximum_event_age_in_seconds: Option<u64>,
    maximum_retry_attempts: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetterConfig {
    arn: Option<String>,
}

/// Reads a rule.
pub(in crate::template) fn read(source: Source<'_>, named: &Named) -> Result<Rule, TemplateError> {
    let properties: Properties = source.properties()?;
    let bus = properties.event_bus_name.as_deref().unwrap_or("default");
    let bus = source.find("EventBusName", bus, "an event bus", named.bus(bus))?;
    let Some(pattern) = properties.event_pattern else {
        return Err(source.refuse("EventPattern: this host knows rules with a pattern only"));
    };
    let pattern = Pattern::try_from(pattern);
    let pattern = pattern.map_err(|error| source.refuse(format!("EventPattern: {error}")))?;
    if properties.targets.len() > MOST_TARGETS {
        return Err(source.refuse(format!("Targets: a rule has {MOST_TARGETS} at most")));
    }
    let enabled = match properties.state.as_deref() {
        None | Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) => return Err(source.refuse(format!("State: this host does not know {other}"))),
    };
    let targets = properties.targets.into_iter().map(|target| read_target(source, named, target));
    let missing = || source.refuse("a rule without an ARN");
    Ok(Rule {
        arn: source.arn().ok_or_else(missing)?,
        name: properties.name.unwrap_or_else(|| source.id.to_owned()),
        bus: bus.to_owned(),
        pattern,
        enabled,
        targets: targets.collect::<Result<_, _>>()?,
    })
}

/// Where a target is. Of those there are here, only a delivery stream is written to with a role.
fn outlet(source: Source<'_>, named: &Named, target: &Target) -> Result<Outlet, TemplateError> {
    let Target { id, arn, role_arn, .. } = target;
    let place = |property: &str| format!("Targets {id} {property}");
    if let Some(stream) = named.delivery_stream(arn) {
        let role = role_arn.as_deref().unwrap_or_default();
        let role = source.find(&place("RoleArn"), role, "a role", named.role(role))?;
        return Ok(Outlet::Stream { id: stream.to_owned(), role: role.to_owned() });
    }
    let queue = || named.queue(arn).map(|id| Outlet::Queue(id.to_owned()));
    let function = || named.function(arn).map(|id| Outlet::Function(id.to_owned()));
    let kinds = "a queue, function or delivery stream";
    let found = source.find(&place("Arn"), arn, kinds, queue().or_else(function))?;
    match role_arn {
        None => Ok(found),
        Some(_) => {
            Err(source.refuse(format!("{}: only a delivery stream takes one", place("RoleArn"))))
        }
    }
}

fn read_target(
    source: Source<'_>,
    named: &Named,
    target: Target,
) -> Result<RuleTarget, TemplateError> {
    let id = &target.id;
    let place = |property: &str| format!("Targets {id} {property}");
    let to = outlet(source, named, &target)?;
    let dead_letters = target.dead_letter_config.and_then(|config| config.arn).map(|arn| {
        let queue = named.queue(&arn).map(str::to_owned);
        source.find(&place("DeadLetterConfig"), &arn, "a queue", queue)
    });
    let policy = target.retry_policy.unwrap_or_default();
    let retries = policy.maximum_retry_attempts.unwrap_or(MOST_RETRIES);
    if retries > MOST_RETRIES {
        return Err(source.refuse(format!("{}: {MOST_RETRIES} at most", place("RetryPolicy"))));
    }
    let age = policy.maximum_event_age_in_seconds.unwrap_or(LONGEST_AGE);
    if !(60..=LONGEST_AGE).contains(&age) {
        return Err(source
            .refuse(format!("{}: an age of 60 to {LONGEST_AGE} seconds", place("RetryPolicy"))));
    }
    let path = |text: &str| {
        JsonPath::read(text).map_err(|error| source.refuse(format!("{}: {error}", place("Input"))))
    };
    let input = match (target.input, target.input_path, target.input_transformer) {
        (None, None, None) => TargetInput::Event,
        (Some(constant), None, None) => TargetInput::Constant(constant),
        (None, Some(text), None) => TargetInput::Part(path(&text)?),
        (None, None, Some(transformer)) => {
            let paths = transformer.input_paths_map.iter();
            let paths = paths.map(|(name, text)| Ok((name.clone(), path(text)?)));
            let paths = paths.collect::<Result<_, TemplateError>>()?;
            let template = InputTemplate::of_rule(&transformer.input_template, &paths);
            TargetInput::Template(template.map_err(|error| {
                source.refuse(format!("{}: {error}", place("InputTransformer")))
            })?)
        }
        _ => return Err(source.refuse(format!("{}: one of them at most", place("Input")))),
    };
    let age = Duration::from_secs(age);
    let dead_letters = dead_letters.transpose()?;
    Ok(RuleTarget { id: target.id, to, input, retries, age, dead_letters })
}
