//! The bookings table's stream -> connected clients.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use delivery::Fanout;
use delivery::fanout::Told;
use jiff::Timestamp;
use store::Change;

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    runtime::telemetry::start();
    let clients = runtime::Clients::from_env()?;
    let fanout = Fanout::new(clients.bookings()?, clients.connections()?, clients.callback()?);
    let metrics = runtime::Metrics::start()?;
    describe();
    clients.warm().await;
    runtime::run(async |event, _deadline| {
        let response = handle(&fanout, event, runtime::now()).await;
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

fn measure(told: &Told, oldest: Option<i64>, end: Timestamp) {
    metrics::counter!(PUSHED).increment(told.sent as u64);
    metrics::counter!(GONE).increment((told.gone + told.closed) as u64);
    if let Some(oldest) = oldest.filter(|_| told.sent > 0) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of one delivery")]
        metrics::histogram!(LATENCY).record((end.as_millisecond() - oldest) as f64);
    }
}

/// Tells of all changes in the batch, and reports from which record on it must be told again.
pub async fn handle(fanout: &Fanout, event: Event, now: Timestamp) -> DynamoDbEventResponse {
    let sequence = |record: &EventRecord| record.change.sequence_number.clone();
    let sequences: Vec<_> = event.records.iter().map(sequence).collect();

    // Streams date changes to the second; the oldest of the batch waited longest.
    let created =
        |record: &EventRecord| record.change.approximate_creation_date_time.timestamp_millis();
    let oldest = event.records.iter().map(created).min();

    let mut unreadable = None;
    let mut changes = Vec::new();
    for (place, record) in event.records.into_iter().enumerate() {
        // What is removed was collected by time to live: nobody watches it any more.
        if record.event_name == "REMOVE" {
            continue;
        }
        match Change::of(record.change.new_image) {
            Ok(change) => changes.extend(change.map(|change| (place, change))),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, event = record.event_id, "a change cannot be read");
                unreadable = unreadable.or(Some(place));
            }
        }
    }
    let told = fanout.tell(changes, now).await;
    measure(&told, oldest, runtime::now());
    tracing::info!(
        records = sequences.len(),
        sent = told.sent,
        gone = told.gone,
        closed = told.closed,
        "told"
    );
    let mut response = DynamoDbEventResponse::default();
    let failed = [told.failed_from, unreadable].into_iter().flatten().min();
    if let Some(sequence) = failed.and_then(|place| sequences[place].clone()) {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence);
        response.batch_item_failures.push(failure);
    }
    response
}
