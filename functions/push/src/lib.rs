//! The bookings table's stream -> connected clients.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use delivery::{Batch, Callback, Fanout, Report, topic};
use jiff::Timestamp;
use std::time::Duration;
use store::{Bookings, Change, Concerned, Connections};
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
    let batch = read(event);
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

/// What the records say. One that cannot be read would be no better if it came again, and must not
/// hold up all that follow: whom it concerns is told that there is something to read, by closing their
/// connections, and it is logged.
fn read(event: Event) -> Batch {
    let mut batch = Batch::default();
    for (index, record) in event.records.into_iter().enumerate() {
        let EventRecord { change, event_name, event_id, .. } = record;
        // Streams date changes to the second.
        let made = change.approximate_creation_date_time.timestamp_millis();
        batch.made.push(Timestamp::from_millisecond(made).unwrap_or(Timestamp::MAX));
        // What is removed was collected by time to live: nobody watches it any more.
        if event_name == "REMOVE" {
            continue;
        }
        let concerned = Concerned::by(&change.new_image);
        match Change::of(change.new_image) {
            Ok(change) => batch.changes.extend(change.map(|change| (index, change))),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, event = event_id, "a change cannot be read");
                batch.unreadable.extend(concerned.iter().map(|one| (index, topic::of(one))));
            }
        }
    }
    batch
}
