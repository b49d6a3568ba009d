//! Event source mappings.

use super::Named;
use crate::template::error::TemplateError;
use crate::template::plan::{StartingPosition, StreamMapping};
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

/// What Lambda takes for a stream whose mapping does not say.
const DEFAULT_BATCH_SIZE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    event_source_arn: String,
    function_name: String,
    enabled: Option<bool>,
    batch_size: Option<usize>,
    maximum_batching_window_in_seconds: Option<u64>,
    parallelization_factor: Option<u32>,
    starting_position: StartingPosition,
    maximum_retry_attempts: Option<i64>,
    maximum_record_age_in_seconds: Option<i64>,
    bisect_batch_on_function_error: Option<bool>,
    #[serde(default)]
    function_response_types: Vec<String>,
    destination_config: Option<DestinationConfig>,
    filter_criteria: Option<FilterCriteria>,
    /// Extra metrics for the console.
    _metrics_config: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: Option<Destination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    destination: String,
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

/// Reads a mapping; `None` if the template has it switched off.
pub(in crate::template) fn read(
    source: Source<'_>,
    named: &Named,
) -> Result<Option<StreamMapping>, TemplateError> {
    let properties: Properties = source.properties()?;
    if properties.enabled == Some(false) {
        return Ok(None);
    }

    let (stream, function) = (&properties.event_source_arn, &properties.function_name);
    let table = named.table_of_stream(stream);
    let table = source.find("EventSourceArn", stream, "a stream of a table", table)?;
    let found = named.function(function);
    let function = source.find("FunctionName", function, "a function", found)?;
    if let Some(factor) = properties.parallelization_factor.filter(|factor| *factor != 1) {
        return Err(source.refuse(format!(
            "ParallelizationFactor: this host reads a stream in order, with a factor of 1, not {factor}"
        )));
    }
    for kind in &properties.function_response_types {
        source.only("FunctionResponseTypes", "ReportBatchItemFailures", kind)?;
    }
    let destination = properties.destination_config.and_then(|config| config.on_failure);
    let on_failure = destination.map(|Destination { destination }| {
        let queue = named.queue(&destination);
        source.find("DestinationConfig.OnFailure", &destination, "a queue", queue)
    });
    let on_failure = on_failure.transpose()?.map(str::to_owned);

    let filters = properties.filter_criteria.map(|criteria| criteria.filters).unwrap_or_default();
    let filters = filters.iter().map(|Filter { pattern }| {
        serde_json::from_str(pattern)
            .map_err(|error| source.refuse(format!("FilterCriteria: {error}: {pattern}")))
    });
    Ok(Some(StreamMapping {
        filters: filters.collect::<Result<_, _>>()?,
        table: table.to_owned(),
        stream_arn: properties.event_source_arn,
        function: function.to_owned(),
        batch_size: properties.batch_size.unwrap_or(DEFAULT_BATCH_SIZE).max(1),
        batching_window: Duration::from_secs(
            properties.maximum_batching_window_in_seconds.unwrap_or(0),
        ),
        starting_position: properties.starting_position,
        // -1 is without a limit, and so is leaving it out.
        retry_attempts: properties.maximum_retry_attempts.and_then(|it| u32::try_from(it).ok()),
        record_age: properties
            .maximum_record_age_in_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs),
        bisect: properties.bisect_batch_on_function_error.unwrap_or(false),
        reports_failures: !properties.function_response_types.is_empty(),
        on_failure,
    }))
}
