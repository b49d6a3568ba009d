//! A batch of changes -> one frame for each connection.
//!
//! Subscriptions are read strongly consistently, after the commits that the batch tells of: a
//! client that subscribed too late to be found here reads its snapshot later still, and has the
//! changes from there.

use crate::callback::Callback;
use crate::conflate::{ChangedResource, ChangedSlot, Conflation, News};
use crate::dispatch::{Ages, Dispatch, Report};
use crate::memory::Memory;
use crate::topic;
use domain::{Availability, Booking, Period, Resource, ResourceId, Role};
use futures::StreamExt;
use jiff::Timestamp;
use protocol::view::{BookingView, ResourceView, SlotView};
use protocol::{TopicName, Update};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{Bookings, CommandError, Connections, Record, Subscriber, TopicKey};
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
    Resource(#[from] CommandError),
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
        let (touched, unread) = self.touched(&conflation, &batch.unreadable, posting).await;
        let readable = conflation.by_topic().into_iter().map(|(topic, news)| {
            let index = conflation.first(&topic).unwrap_or(0);
            (index, topic, Some(news))
        });
        let of_pools = conflation.by_pool(&touched).into_iter();
        let of_pools = of_pools.map(|(topic, (index, news))| (index, topic, Some(news)));
        let unreadable = batch.unreadable.into_iter().flat_map(|(index, topic)| {
            let resource = watched(&topic).and_then(|resource| touched.get(&resource));
            let pools = resource.into_iter().flat_map(|it| it.pools.of(&it.venue));
            let topics: Vec<_> = pools.map(|pool| topic::pool(&pool)).chain([topic]).collect();
            topics.into_iter().map(move |topic| (index, topic, None))
        });
        let readings =
            readable.chain(of_pools).chain(unreadable).map(|(index, topic, news)| async move {
                let reading = timeout_at(posting, self.read(&topic, news, now));
                let reading = Box::pin(reading).await.unwrap_or(Err(TopicError::Late));
                (index, topic, reading)
            });
        let mut readings = futures::stream::iter(readings).buffer_unordered(READS_AT_ONCE);

        let ages = Ages::new(batch.made, now, self.max_age);
        let (connections, callback) = (&self.connections, &self.callback);
        let mut dispatch =
            Dispatch::new(connections, callback, &self.memory, ages, [posting, deadline]);
        for index in unread {
            dispatch.retry(index);
        }
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

    /// The resources that a batch is about, as they are after it: they know in which pools they are. With
    /// the index of a record of each that cannot be read now.
    async fn touched(
        &self,
        conflation: &Conflation,
        unreadable: &[(usize, TopicKey)],
        until: Instant,
    ) -> (BTreeMap<ResourceId, Resource>, Vec<usize>) {
        let of_unreadable = unreadable.iter().filter_map(|(index, topic)| {
            let resource = watched(topic)?;
            Some((resource, *index))
        });
        let mut touched: BTreeMap<ResourceId, usize> = of_unreadable.collect();
        for resource in conflation.touched() {
            let first = conflation.first(&topic::resource(&resource)).unwrap_or(0);
            let index = touched.entry(resource).or_insert(first);
            *index = first.min(*index);
        }
        let reads = touched.into_iter().map(|(resource, index)| async move {
            let read = timeout_at(until, self.bookings.resource(&resource));
            (index, Box::pin(read).await)
        });
        let reads: Vec<_> = reads.collect();
        let mut reads = futures::stream::iter(reads).buffer_unordered(READS_AT_ONCE);
        let (mut read, mut unread) = (BTreeMap::new(), Vec::new());
        while let Some((index, answer)) = reads.next().await {
            match answer {
                Ok(Ok(resource)) => drop(read.insert(resource.id.clone(), resource)),
                // There is no such resource: nobody has it in a pool.
                Ok(Err(CommandError::Rejected(_))) => {}
                Ok(Err(error @ CommandError::Failed(_))) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, index, "the pools of a resource cannot be told");
                    unread.push(index);
                }
                Err(_) => unread.push(index),
            }
        }
        (read, unread)
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
            News::Availability(changed) => {
                let (resource, slots) = self.as_it_is(changed, now).await?;
                let slots = slots.into_iter().map(SlotView::from).collect();
                let rewritten = changed.rewritten.then(|| ResourceView::from(&resource));
                Update { slots, resource: rewritten, ..Update::new(name) }
            }
            News::Pool(changes) => return self.write_pool(&name, changes, now).await,
        };
        Ok(update.pieces()?)
    }

    /// News of a pool: a piece for each resource that was written, and the slots of all others together.
    /// What has left the pool is told of, and its slots are not; nor are those of what is archived.
    async fn write_pool(
        &self,
        name: &TopicName,
        changes: &[ChangedResource],
        now: Timestamp,
    ) -> Result<Vec<Box<RawValue>>, TopicError> {
        let (mut pieces, mut others) = (Vec::new(), Update::new(name.clone()));
        for changed in changes {
            let (resource, slots) = self.as_it_is(changed, now).await?;
            let is_listed = matches!(name, TopicName::Pool(pool) if resource.is_listed_in(pool));
            let slots = slots.into_iter().filter(|_| is_listed);
            let slots = slots.map(|slot| SlotView::of(&resource.id, slot));
            if changed.rewritten {
                let rewritten = Some(ResourceView::from(&resource));
                let slots = slots.collect();
                let update = Update { slots, resource: rewritten, ..Update::new(name.clone()) };
                pieces.extend(update.pieces()?);
            } else {
                others.slots.extend(slots);
            }
        }
        pieces.extend(others.pieces()?);
        Ok(pieces)
    }

    /// A resource of which something changed, and what it offers there.
    async fn as_it_is(
        &self,
        changed: &ChangedResource,
        now: Timestamp,
    ) -> Result<(Resource, Vec<Availability>), TopicError> {
        let resource: Resource = self.bookings.resource(&changed.resource).await?;
        let slots = self.offered(&resource, &changed.slots, now).await?;
        Ok((resource, slots))
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

/// The resource whose availability this topic is about.
fn watched(topic: &TopicKey) -> Option<ResourceId> {
    match topic::name(topic) {
        TopicName::Resource(resource) => Some(resource),
        _ => None,
    }
}
