//! Records of the stream, as Lambda hands them over -> what there is to tell.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use delivery::{Batch, topic};
use jiff::Timestamp;
use store::{Change, Concerned, Item, OldImage, Record};

/// What the records say. One that cannot be read would be no better if it came again, and must not
/// hold up all that follow: whom it concerns is told that there is something to read, by closing their
/// connections, and it is logged.
pub fn read(event: Event) -> Batch {
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
            Ok(Some(new)) => {
                let (old, left) = read_old(change.old_image, &concerned, &event_id);
                batch.unreadable.extend(left.iter().map(|one| (index, topic::of(one))));
                batch.changes.push((index, Record { new, old }));
            }
            Ok(None) => {}
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, event = event_id, "a change cannot be read");
                batch.unreadable.extend(concerned.iter().map(|one| (index, topic::of(one))));
            }
        }
    }
    batch
}

/// What was there before, and, where that cannot be read, whom it concerned and the new image does not:
/// they have lost something, and nothing else tells them.
fn read_old(old: Item, told: &[Concerned], event: &str) -> (OldImage, Vec<Concerned>) {
    let mut left = Concerned::by(&old);
    match Change::of(old) {
        Ok(None) => (OldImage::Absent, Vec::new()),
        Ok(Some(old)) => (OldImage::Read(Box::new(old)), Vec::new()),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, event, "what was there before a change cannot be read");
            left.retain(|one| !told.contains(one));
            (OldImage::Unreadable, left)
        }
    }
}
