//! Pipes from streams to event buses.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-pipes-pipe.html>

use super::Named;
use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::event_plan::{Pipe, TextOrPath};
use crate::template::input_template::InputTemplate;
use crate::template::path::JsonPath;
use crate::template::pattern::Pattern;
use crate::template::read::Source;
use crate::template::stream_plan::{StartingPosition, StreamReader};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

/// What a pipe takes from a stream that does not say.
const DEFAULT_BATCH_SIZE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<String>,
    role_arn: String,
    source: String,
    source_parameters: SourceParameters,
    target: String,
    target_parameters: Option<TargetParameters>,
    desired_state: Option<String>,
    /// Logs go to the terminal.
    _log_configuration: Option<IgnoredAny>,
    _kms_key_identifier: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SourceParameters {
    filter_criteria: Option<FilterCriteria>,
    #[serde(rename = "DynamoDBStreamParameters")]
    stream: StreamParameters,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    #[serde(default)]
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StreamParameters {
    starting_position: StartingPosition,
    batch_size: Option<usize>,
    maximum_batching_window_in_seconds: Option<u64>,
    maximum_record_age_in_seconds: Option<i64>,
    maximum_retry_attempts: Option<i64>,
    on_partial_batch_item_failure: Option<String>,
    parallelization_factor: Option<u32>,
    dead_letter_config: Option<DeadLetterConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetterConfig {
    arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TargetParameters {
    input_template: Option<String>,
    event_bridge_event_bus_parameters: Option<BusParameters>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BusParameters {
    source: Option<String>,
    detail_type: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
}

/// Reads a pipe; `None` if the template has it stopped.
pub(in crate::template) fn read(
    source: Source<'_>,
    named: &Named,
) -> Result<Option<Pipe>, TemplateError> {
    let properties: Properties = source.properties()?;
    let name = properties.name.unwrap_or_else(|| source.id.to_owned());
    let (from, to) = (&properties.source, &properties.target);
    let table = named.table_of_stream(from);
    let table = source.find("Source", from, "a stream of a table", table)?;
    let bus = source.find("Target", to, "an event bus", named.bus(to))?;
    let role = &properties.role_arn;
    let role = source.find("RoleArn", role, "a role", named.role(role))?;
    let reader = reader(source, named, table, from, &properties.source_parameters)?;

    let target = properties.target_parameters;
    let (input, parameters) = target.map_or((None, None), |target| {
        (target.input_template, target.event_bridge_event_bus_parameters)
    });
    let input = input.map(|text| InputTemplate::of_pipe(&text)).transpose();
    let input = input.map_err(|error| source.refuse(format!("InputTemplate: {error}")))?;
    if input.as_ref().is_some_and(|input| !input.is_object()) {
        return Err(source.refuse("InputTemplate: the detail of an event is an object"));
    }
    let parameters = parameters.unwrap_or_default();
    let text = |property: &str, given: Option<String>, default: &str| {
        let text = given.unwrap_or_else(|| default.to_owned());
        if !text.starts_with('$') {
            return Ok(TextOrPath::Text(text));
        }
        let path = JsonPath::read(&text).map(TextOrPath::Path);
        path.map_err(|error| source.refuse(format!("{property}: {error}")))
    };
    let pipe = Pipe {
        arn: arn::pipe(&name),
        role: role.to_owned(),
        reader,
        bus: bus.to_owned(),
        source: text("Source", parameters.source, &format!("Pipe {name}"))?,
        detail_type: text("DetailType", parameters.detail_type, "Event from aws:dynamodb")?,
        resources: parameters.resources,
        input,
        name,
    };
    Ok((properties.desired_state.as_deref() != Some("STOPPED")).then_some(pipe))
}

fn reader(
    source: Source<'_>,
    named: &Named,
    table: &str,
    stream_arn: &str,
    parameters: &SourceParameters,
) -> Result<StreamReader, TemplateError> {
    let stream = &parameters.stream;
    if stream.parallelization_factor.is_some_and(|factor| factor != 1) {
        return Err(source.refuse("ParallelizationFactor: this host reads a stream in order"));
    }
    if let Some(what) = &stream.on_partial_batch_item_failure {
        source.only("OnPartialBatchItemFailure", "AUTOMATIC_BISECT", what)?;
    }
    let dead_letters = stream.dead_letter_config.as_ref().map(|config| {
        let queue = named.queue(&config.arn);
        source.find("DeadLetterConfig.Arn", &config.arn, "a queue", queue)
    });
    let filters = parameters.filter_criteria.iter().flat_map(|criteria| &criteria.filters);
    let filters = filters.map(|Filter { pattern }| {
        serde_json::from_str::<Pattern>(pattern)
            .map_err(|error| source.refuse(format!("FilterCriteria: {error}: {pattern}")))
    });
    Ok(StreamReader {
        table: table.to_owned(),
        stream_arn: stream_arn.to_owned(),
        batch_size: stream.batch_size.unwrap_or(DEFAULT_BATCH_SIZE).max(1),
        batching_window: Duration::from_secs(
            stream.maximum_batching_window_in_seconds.unwrap_or(0),
        ),
        filters: filters.collect::<Result<_, _>>()?,
        starting_position: stream.starting_position,
        // -1 is without a limit, and so is leaving it out.
        retry_attempts: stream.maximum_retry_attempts.and_then(|it| u32::try_from(it).ok()),
        record_age: stream
            .maximum_record_age_in_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs),
        bisect: stream.on_partial_batch_item_failure.is_some(),
        on_failure: dead_letters.transpose()?.map(str::to_owned),
    })
}
