//! Event source mappings, from streams and from queues.

use super::Named;
use crate::template::error::TemplateError;
use crate::template::pattern::Pattern;
use crate::template::plan::{QueueMapping, StreamMapping};
use crate::template::read::Source;
use crate::template::stream_plan::{StartingPosition, StreamReader};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

/// What Lambda takes for a stream whose mapping does not say.
const DEFAULT_STREAM_BATCH: usize = 100;

/// What Lambda takes for a queue:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html>
const DEFAULT_QUEUE_BATCH: usize = 10;
const LARGEST_QUEUE_BATCH: usize = 10_000;
/// What one call of `ReceiveMessage` gives at most; a larger batch needs time to gather.
const AT_ONCE: usize = 10;
const LONGEST_WINDOW: u64 = 300;
/// With how many batches at once Lambda begins. It takes on more under load, which a laptop does not:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
const DEFAULT_CONCURRENCY: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    event_source_arn: String,
    function_name: String,
    enabled: Option<bool>,
    batch_size: Option<usize>,
    maximum_batching_window_in_seconds: Option<u64>,
    parallelization_factor: Option<u32>,
    starting_position: Option<StartingPosition>,
    maximum_retry_attempts: Option<i64>,
    maximum_record_age_in_seconds: Option<i64>,
    bisect_batch_on_function_error: Option<bool>,
    #[serde(default)]
    function_response_types: Vec<String>,
    destination_config: Option<DestinationConfig>,
    filter_criteria: Option<FilterCriteria>,
    scaling_config: Option<ScalingConfig>,
    /// Extra metrics for the console.
    _metrics_config: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScalingConfig {
    maximum_concurrency: Option<usize>,
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

/// What a mapping reads from.
pub(in crate::template) enum Mapping {
    Stream(StreamMapping),
    Queue(QueueMapping),
    /// The template has it switched off.
    Off,
}

/// Reads a mapping.
pub(in crate::template) fn read(
    source: Source<'_>,
    named: &Named,
) -> Result<Mapping, TemplateError> {
    let properties: Properties = source.properties()?;
    if properties.enabled == Some(false) {
        return Ok(Mapping::Off);
    }
    let from = &properties.event_source_arn;
    if let Some(queue) = named.queue(from) {
        return of_queue(source, named, queue, &properties).map(Mapping::Queue);
    }
    let table = named.table_of_stream(from);
    let table = source.find("EventSourceArn", from, "a stream of a table, or a queue,", table)?;
    of_stream(source, named, table, &properties).map(Mapping::Stream)
}

fn of_stream(
    source: Source<'_>,
    named: &Named,
    table: &str,
    properties: &Properties,
) -> Result<StreamMapping, TemplateError> {
    if let Some(factor) = properties.parallelization_factor.filter(|factor| *factor != 1) {
        return Err(source.refuse(format!(
            "ParallelizationFactor: this host reads a stream in order, with a factor of 1, not {factor}"
        )));
    }
    if properties.scaling_config.is_some() {
        return Err(source.refuse("ScalingConfig: only a queue has one"));
    }
    let missing = || source.refuse("missing field `StartingPosition`");
    let starting_position = properties.starting_position.ok_or_else(missing)?;
    let config = properties.destination_config.as_ref();
    let destination = config.and_then(|config| config.on_failure.as_ref());
    let on_failure = destination.map(|Destination { destination }| {
        let queue = named.queue(destination);
        source.find("DestinationConfig.OnFailure", destination, "a queue", queue)
    });
    let reader = StreamReader {
        filters: filters(source, properties)?,
        table: table.to_owned(),
        stream_arn: properties.event_source_arn.clone(),
        batch_size: properties.batch_size.unwrap_or(DEFAULT_STREAM_BATCH).max(1),
        batching_window: window(properties),
        starting_position,
        // -1 is without a limit, and so is leaving it out.
        retry_attempts: properties.maximum_retry_attempts.and_then(|it| u32::try_from(it).ok()),
        record_age: properties
            .maximum_record_age_in_seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs),
        bisect: properties.bisect_batch_on_function_error.unwrap_or(false),
        on_failure: on_failure.transpose()?.map(str::to_owned),
    };
    Ok(StreamMapping {
        reader,
        function: function(source, named, properties)?,
        reports_failures: reports_failures(source, properties)?,
    })
}

fn of_queue(
    source: Source<'_>,
    named: &Named,
    queue: &str,
    properties: &Properties,
) -> Result<QueueMapping, TemplateError> {
    let of_streams = [
        ("StartingPosition", properties.starting_position.is_some()),
        ("ParallelizationFactor", properties.parallelization_factor.is_some()),
        ("MaximumRetryAttempts", properties.maximum_retry_attempts.is_some()),
        ("MaximumRecordAgeInSeconds", properties.maximum_record_age_in_seconds.is_some()),
        ("BisectBatchOnFunctionError", properties.bisect_batch_on_function_error.is_some()),
        ("DestinationConfig", properties.destination_config.is_some()),
    ];
    if let Some((property, _)) = of_streams.iter().find(|(_, is_there)| *is_there) {
        return Err(source.refuse(format!("{property}: only a stream has one, not a queue")));
    }
    let size = properties.batch_size.unwrap_or(DEFAULT_QUEUE_BATCH);
    if !(1..=LARGEST_QUEUE_BATCH).contains(&size) {
        return Err(
            source.refuse(format!("BatchSize: {size} is not between 1 and {LARGEST_QUEUE_BATCH}"))
        );
    }
    let window = window(properties);
    if window > Duration::from_secs(LONGEST_WINDOW) {
        return Err(source.refuse(format!(
            "MaximumBatchingWindowInSeconds: it is not between 0 and {LONGEST_WINDOW}"
        )));
    }
    if size > AT_ONCE && window.is_zero() {
        return Err(source.refuse(format!(
            "BatchSize: more than {AT_ONCE} need a MaximumBatchingWindowInSeconds of at least 1"
        )));
    }
    let concurrency = properties.scaling_config.as_ref().and_then(|it| it.maximum_concurrency);
    if concurrency.is_some_and(|most| !(2..=1000).contains(&most)) {
        return Err(source.refuse("ScalingConfig.MaximumConcurrency: it is between 2 and 1000"));
    }
    let function = function(source, named, properties)?;
    // Lambda makes no such mapping: "Queue visibility timeout: 30 seconds is less than Function
    // timeout: 60 seconds" (<https://github.com/serverless/serverless/issues/5657>).
    let timeout = named.functions.get(&function).map(|it| it.timeout);
    let visibility = named.queues.get(queue).map(|it| it.visibility);
    if visibility < timeout {
        return Err(source.refuse(
            "EventSourceArn: the VisibilityTimeout of the queue is less than the Timeout of the function",
        ));
    }
    Ok(QueueMapping {
        queue: queue.to_owned(),
        function,
        batch_size: size,
        batching_window: window,
        filters: filters(source, properties)?,
        concurrency: concurrency.unwrap_or(DEFAULT_CONCURRENCY).min(DEFAULT_CONCURRENCY),
        reports_failures: reports_failures(source, properties)?,
    })
}

fn window(properties: &Properties) -> Duration {
    Duration::from_secs(properties.maximum_batching_window_in_seconds.unwrap_or(0))
}

/// The logical id of the function.
fn function(
    source: Source<'_>,
    named: &Named,
    properties: &Properties,
) -> Result<String, TemplateError> {
    let function = &properties.function_name;
    let found = named.function(function);
    source.find("FunctionName", function, "a function", found).map(str::to_owned)
}

fn reports_failures(source: Source<'_>, properties: &Properties) -> Result<bool, TemplateError> {
    for kind in &properties.function_response_types {
        source.only("FunctionResponseTypes", "ReportBatchItemFailures", kind)?;
    }
    Ok(!properties.function_response_types.is_empty())
}

fn filters(source: Source<'_>, properties: &Properties) -> Result<Vec<Pattern>, TemplateError> {
    let filters = properties.filter_criteria.iter().flat_map(|criteria| &criteria.filters);
    let read = filters.map(|Filter { pattern }| {
        serde_json::from_str(pattern)
            .map_err(|error| source.refuse(format!("FilterCriteria: {error}: {pattern}")))
    });
    read.collect()
}
