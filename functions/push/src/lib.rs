//! The bookings table's stream -> connected clients.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use delivery::Fanout;
use jiff::Timestamp;
use store::Change;

/// Answers invocations until the process is ended.
pub async fn run() -> Result<(), runtime::Error> {
    runtime::telemetry::start();
    let clients = runtime::Clients::from_env()?;
    let fanout = Fanout::new(clients.bookings()?, clients.connections()?, clients.callback()?);
    runtime::run(async |event| Ok(handle(&fanout, event, runtime::now()).await)).await
}

/// Tells of all changes in the batch, and reports from which record on it must be told again.
pub async fn handle(fanout: &Fanout, event: Event, now: Timestamp) -> DynamoDbEventResponse {
    let sequence = |record: &EventRecord| record.change.sequence_number.clone();
    let sequences: Vec<_> = event.records.iter().map(sequence).collect();

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
