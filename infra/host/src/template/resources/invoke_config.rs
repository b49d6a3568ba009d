//! What becomes of invocations that nobody waits for.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html>

use super::Named;
use crate::template::error::TemplateError;
use crate::template::event_plan::{AsyncInvocation, Destination};
use crate::template::read::Source;
use serde::Deserialize;
use std::time::Duration;

const MOST_RETRIES: u32 = 2;
const AGES: std::ops::RangeInclusive<u64> = 60..=21_600;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    function_name: String,
    qualifier: String,
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u64>,
    destination_config: Option<DestinationConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_success: Option<Told>,
    on_failure: Option<Told>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Told {
    destination: String,
}

/// Reads the logical id of a function, and what the template says of it.
pub(in crate::template) fn read(
    source: Source<'_>,
    named: &Named,
) -> Result<(String, AsyncInvocation), TemplateError> {
    let properties: Properties = source.properties()?;
    source.only("Qualifier", "$LATEST", &properties.qualifier)?;
    let function = &properties.function_name;
    let function = source.find("FunctionName", function, "a function", named.function(function))?;
    let default = AsyncInvocation::default();
    let retries = properties.maximum_retry_attempts.unwrap_or(default.retries);
    if retries > MOST_RETRIES {
        return Err(source.refuse(format!("MaximumRetryAttempts: {MOST_RETRIES} at most")));
    }
    let age = properties.maximum_event_age_in_seconds.unwrap_or(default.age.as_secs());
    if !AGES.contains(&age) {
        return Err(source.refuse("MaximumEventAgeInSeconds: it is between 60 and 21600"));
    }
    let told = |property: &str, told: Option<Told>| -> Result<Option<Destination>, TemplateError> {
        let Some(Told { destination }) = told else { return Ok(None) };
        let found = named.destination(&destination);
        let property = format!("DestinationConfig.{property}");
        source.find(&property, &destination, "a queue, function or event bus", found).map(Some)
    };
    let config = properties.destination_config;
    let (success, failure) = config.map_or((None, None), |it| (it.on_success, it.on_failure));
    Ok((
        function.to_owned(),
        AsyncInvocation {
            retries,
            age: Duration::from_secs(age),
            on_success: told("OnSuccess", success)?,
            on_failure: told("OnFailure", failure)?,
        },
    ))
}
