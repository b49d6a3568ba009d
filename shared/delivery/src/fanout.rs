//! A batch of changes -> one frame for each connection.
//!
//! Subscriptions are read strongly consistently, after the commits that the batch tells of: a
//! client that subscribed too late to be found here reads its snapshot later still, and has the
//! changes from there.

use crate::callback::Callback;
use crate::conflate::{ChangedSlot, Conflation, News};
use crate::dispatch::{Ages, Dispatch, Report};
use crate::memory::Memory;
use crate::topic;
use domain::{Availability, Booking, Period, Resource, Role};
use futures::StreamExt;
use jiff::Timestamp;
use protocol::Update;
use protocol::view::{BookingView, ResourceView, SlotView};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{Bookings, Connections, Record, Subscriber, TopicKey};
use tokio::time::{Instant, timeout_at};

/// Reads under way at once.
const READS_AT_ONCE: usize = 16;
/// Time that is left, at the end, for closing those who could not be told; less where there is
/// little time in all.
const CLOSING: Duration = Duration::from_secs(5);

/// Tells connected clients of changes.
#[derive(Debug, Clone)]
pub struct Fanout {
    bookings: Bookings,
    connections: Connections,
    callback: Callback,
    max_age: Duration,
    memory: Arc<Memory>,
}

/// A batch of the stream.
#[derive(Debug, Default)]
pub struct Batch {
    /// When each record was made, by its index in the batch.
    pub made: Vec<Timestamp>,
    /// What changed, and the index of its record.
    pub changes: Vec<(usize, Record)>,
    /// Topics of which a record cannot be read, and its index.
    pub unreadable: Vec<(usize, TopicKey)>,
}

/// Why a topic could not be told.
#[derive(Debug, thiserror::Error)]
enum TopicError {
    #[error("its subscribers cannot be read")]
    Subscribers(#[source] store::Unavailable),
    #[error("its resource cannot be read")]
    Resource(#[from] store::CommandError),
    #[error("its slots cannot be read")]
    Slots(#[from] store::Error),
    #[error("what it tells of cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    #[error("there was no time left")]
    Late,
}

/// What there is to do about a topic.
struct Reading {
    subscribers: Vec<Subscriber>,
    /// The updates that they are to get; `None` where a record cannot be read.
    updates: Option<Result<Vec<Box<RawValue>>, TopicError>>,
}

impl Fanout {
    /// Reads subscriptions and resources here, and posts there. Records older than this do not come
    /// again.
    pub fn new(
        bookings: Bookings,
        connections: Connections,
        callback: Callback,
        max_age: Duration,
    ) -> Self {
        Self { bookings, connections, callback, max_age, memory: Arc::default() }
    }

    /// Tells of a batch, and has done by the deadline.
    pub async fn tell(&self, batch: Batch, now: Timestamp, deadline: Instant) -> Report {
        let left = deadline.saturating_duration_since(Instant::now());
        let posting = deadline - CLOSING.min(left / 4);
        let mut conflation = Conflation::default();
        for (index, record) in batch.changes {
            conflation.add(index, record);
        }
        let readable = conflation.by_topic().into_iter().map(|(topic, news)| {
            let index = conflation.first(&topic).unwrap_or(0);
            (index, topic, Some(news))
        });
        let unreadable = batch.unreadable.into_iter().map(|(index, topic)| (index, topic, None));
        let readings = readable.chain(unreadable).map(|(index, topic, news)| async move {
            let reading = timeout_at(posting, self.read(&topic, news, now));
            let reading = Box::pin(reading).await.unwrap_or(Err(TopicError::Late));
            (index, topic, reading)
        });
        let mut readings = futures::stream::iter(readings).buffer_unordered(READS_AT_ONCE);

        let ages = Ages::new(batch.made, now, self.max_age);
        let (connections, callback) = (&self.connections, &self.callback);
        let mut dispatch =
            Dispatch::new(connections, callback, &self.memory, ages, [posting, deadline]);
        while let Some((index, topic, reading)) = readings.next().await {
            let error = match reading {
                Ok(Reading { subscribers, updates: Some(Ok(updates)) }) => {
                    dispatch.tell(&topic, index, subscribers, updates);
                    continue;
                }
                Ok(Reading { subscribers, updates: None }) => {
                    dispatch.close(index, subscribers);
                    continue;
                }
                Ok(Reading { subscribers, updates: Some(Err(error)) }) => {
                    dispatch.retry_or_close(index, subscribers);
                    error
                }
                Err(error) => {
                    dispatch.retry(index);
                    error
                }
            };
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, index, "a topic cannot be told");
        }
        drop(readings);
        Box::pin(dispatch.run()).await
    }

    /// Reads who is to be told, and what.
    async fn read(
        &self,
        topic: &TopicKey,
        news: Option<News>,
        now: Timestamp,
    ) -> Result<Reading, TopicError> {
        let subscribers = Box::pin(self.connections.subscribers(topic)).await;
        let mut subscribers = subscribers.map_err(TopicError::Subscribers)?;
        subscribers.retain(|one| one.may_be_told(topic, now));
        let updates = match news {
            Some(_) if subscribers.is_empty() => Some(Ok(Vec::new())),
            Some(news) => Some(Box::pin(self.write(topic, &news, now)).await),
            None => None,
        };
        Ok(Reading { subscribers, updates })
    }

    /// A topic's news as JSON, in one piece or in as many as the limit of a frame asks for.
    async fn write(
        &self,
        topic: &TopicKey,
        news: &News,
        now: Timestamp,
    ) -> Result<Vec<Box<RawValue>>, TopicError> {
        let name = topic::name(topic);
        let update = match news {
            News::Bookings(bookings) => {
                let role = if topic.is_for_operators() { Role::Operator } else { Role::Customer };
                let positions = self.bookings.positions(bookings).await?;
                let view = |booking: &Booking| {
                    let position = positions.get(&booking.id).copied();
                    BookingView::of(booking, role).at_position(position)
                };
                let bookings = bookings.iter().map(view).collect();
                Update { bookings, ..Update::new(name) }
            }
            News::Availability { resource, slots, rewritten } => {
                let resource: Resource = self.bookings.resource(resource).await?;
                let slots = self.offered(&resource, slots, now).await?;
                let slots = slots.into_iter().map(SlotView::from).collect();
                let rewritten = rewritten.then(|| ResourceView::from(&resource));
                Update { slots, resource: rewritten, ..Update::new(name) }
            }
        };
        Ok(update.pieces()?)
    }

    /// What the resource offers where slots have changed. A slot that is closed, or not on its grid any
    /// more, is in no snapshot: nobody is told of it, but of the slots of today's grid that it overlaps, or
    /// did before it was written.
    async fn offered(
        &self,
        resource: &Resource,
        changed: &[ChangedSlot],
        now: Timestamp,
    ) -> Result<Vec<Availability>, store::Error> {
        let mut offered = BTreeMap::new();
        for ChangedSlot { slot, until } in changed {
            // Without a change of the grid, a slot ends where it always did.
            let has_moved = resource.has_moved();
            let end = if has_moved { *until } else { slot.end() };
            let overlapping = resource.calendar.overlapping(Period { start: slot.start, end });
            let overlapping: Vec<Period> =
                overlapping.filter(|slot| resource.calendar.offers(*slot)).collect();
            let slots = if has_moved {
                self.bookings.availability(resource, &overlapping, now).await?
            } else {
                let touched = BTreeMap::from([(slot.start, slot.clone())]);
                let seen = |slot: &Period| resource.availability(*slot, &touched, now);
                overlapping.iter().map(seen).collect()
            };
            offered.extend(slots.into_iter().map(|slot| (slot.start, slot)));
        }
        Ok(offered.into_values().collect())
    }
}
