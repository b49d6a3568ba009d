//! The bookings table's stream -> connected clients.

pub mod records;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use delivery::{Callback, Fanout, Report};
use jiff::Timestamp;
use std::time::Duration;
use store::{Bookings, Connections};
use tokio::time::Instant;

/// Time that Lambda is left to take the answer.
const ANSWER: Duration = Duration::from_millis(500);

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    let config = runtime::start();
    let clients = runtime::Clients::new(&config)?;
    let database = clients.dynamodb();
    let fanout = Fanout::new(
        Bookings::new(database.clone(), config.bookings_table()?),
        Connections::new(database, config.connections_table()?),
        Callback::new(clients.management(config.callback_url()?)),
        config.max_record_age()?,
    );
    let metrics = runtime::Metrics::start(&config)?;
    describe();
    clients.warm().await;
    runtime::run(async |event, deadline| {
        let response = handle(&fanout, event, runtime::now(), deadline - ANSWER).await;
        metrics.flush()?;
        Ok(response)
    })
    .await
}

/// How long a change took from its commit to the last client that was told.
const LATENCY: &str = "PushLatency";
/// Frames that API Gateway took.
const PUSHED: &str = "FramesPushed";
/// Connections that turned out to be gone, or had to be closed.
const GONE: &str = "ConnectionsGone";

fn describe() {
    use metrics::{Unit, describe_counter, describe_histogram};
    describe_histogram!(LATENCY, Unit::Milliseconds, "From a change's commit to its last push.");
    describe_counter!(PUSHED, Unit::Count, "Frames that API Gateway took.");
    describe_counter!(GONE, Unit::Count, "Connections found gone, or closed.");
}

fn measure(report: &Report, oldest: Option<Timestamp>, end: Timestamp) {
    metrics::counter!(PUSHED).increment(report.sent as u64);
    metrics::counter!(GONE).increment((report.gone + report.closed) as u64);
    if let Some(oldest) = oldest.filter(|_| report.sent > 0) {
        let latency = end.as_millisecond() - oldest.as_millisecond();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one delivery")]
        metrics::histogram!(LATENCY).record(latency as f64);
    }
}

/// Tells of all changes in the batch until the deadline, and reports from which record on it must be
/// told again.
pub async fn handle(
    fanout: &Fanout,
    event: Event,
    now: Timestamp,
    deadline: Instant,
) -> DynamoDbEventResponse {
    let sequence = |record: &EventRecord| record.change.sequence_number.clone();
    let sequences: Vec<_> = event.records.iter().map(sequence).collect();
    let batch = records::read(event);
    // The oldest of the batch waited longest.
    let oldest = batch.made.iter().min().copied();
    let report = fanout.tell(batch, now, deadline).await;
    measure(&report, oldest, runtime::now());
    tracing::info!(
        records = sequences.len(),
        sent = report.sent,
        gone = report.gone,
        closed = report.closed,
        untold = report.untold,
        "told"
    );
    let mut response = DynamoDbEventResponse::default();
    if let Some(sequence) = report.failed_from.and_then(|index| sequences[index].clone()) {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence);
        response.batch_item_failures.push(failure);
    }
    response
}
