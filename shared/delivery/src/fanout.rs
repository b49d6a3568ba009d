//! A batch of changes -> one frame for each connection.
//!
//! Subscriptions are read strongly consistently, after the commits that the batch tells of: a
//! client that subscribed too late to be found here reads its snapshot later still, and has the
//! changes from there.

use crate::callback::{Callback, Delivery};
use crate::conflate::{Conflation, News};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use domain::{Availability, Resource, Slot};
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use protocol::view::{BookingView, ResourceView, SlotView};
use protocol::{MAX_OUTBOUND, TopicName};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use store::{Bookings, Change, Connections, Subscriber, TopicKey};

/// Posts under way at once, for each virtual CPU: measured to keep one busy.
const POSTS_AT_ONCE: usize = 64;
/// Reads under way at once.
const READS_AT_ONCE: usize = 16;
/// An update is cut so that a frame around it stays under API Gateway's limit.
const MAX_UPDATE: usize = MAX_OUTBOUND - protocol::update::AROUND;
/// Until `$connect` has answered, a connection is not there for posts (410). This long after it
/// was remembered it is there, or it will never be: longer than the connect function may take.
const OPENING: SignedDuration = SignedDuration::from_secs(10);

/// Tells connected clients of changes.
#[derive(Debug, Clone)]
pub struct Fanout {
    bookings: Bookings,
    connections: Connections,
    callback: Callback,
}

/// What came of a batch.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Told {
    /// Frames that API Gateway took.
    pub sent: usize,
    /// Connections that turned out to be gone, and are forgotten.
    pub gone: usize,
    /// Connections that could not be reached, and were closed.
    pub closed: usize,
    /// The lowest place in the batch from which on it must be told again.
    pub failed_from: Option<usize>,
}

impl Told {
    fn failed(&mut self, place: Option<usize>) {
        let place = place.unwrap_or(0);
        self.failed_from = Some(self.failed_from.map_or(place, |first| first.min(place)));
    }
}

/// What one connection is to be told.
#[derive(Debug, Default)]
struct Parcel {
    /// Places in the list of updates.
    updates: Vec<usize>,
    subscriptions: Vec<(TopicKey, u32)>,
    connected: i64,
}

enum Posted {
    Sent(usize),
    Opening,
    Gone,
    Closed,
    Failed,
}

impl Fanout {
    /// Reads subscriptions and resources here, and posts there.
    pub fn new(bookings: Bookings, connections: Connections, callback: Callback) -> Self {
        Self { bookings, connections, callback }
    }

    /// Tells of changes, each with its place in the batch.
    pub async fn tell(
        &self,
        changes: impl IntoIterator<Item = (usize, Change)>,
        now: Timestamp,
    ) -> Told {
        let mut conflation = Conflation::default();
        for (place, change) in changes {
            conflation.add(place, change);
        }
        let mut told = Told::default();
        let read = |(topic, news): (TopicKey, News)| async move {
            let subscribers = Box::pin(self.connections.subscribers(&topic)).await;
            (topic, news, subscribers)
        };
        let reads: Vec<_> = futures::stream::iter(conflation.by_topic())
            .map(read)
            .buffer_unordered(READS_AT_ONCE)
            .collect()
            .await;

        let mut updates = Vec::new();
        let mut parcels: BTreeMap<store::ConnectionId, Parcel> = BTreeMap::new();
        for (topic, news, subscribers) in reads {
            let written = match subscribers {
                Ok(subscribers) => {
                    let live = subscribers.into_iter().filter(|one| one.may_be_told(&topic, now));
                    let live: Vec<Subscriber> = live.collect();
                    if live.is_empty() {
                        continue;
                    }
                    self.write(&topic, &news, now).await.map(|written| (written, live))
                }
                Err(error) => Err(error.into()),
            };
            match written {
                Ok((written, subscribers)) => {
                    let places = updates.len()..updates.len() + written.len();
                    updates.extend(written);
                    for subscriber in subscribers {
                        let parcel = parcels.entry(subscriber.connection).or_default();
                        parcel.updates.extend(places.clone());
                        parcel.subscriptions.push((topic.clone(), subscriber.shard));
                        parcel.connected = subscriber.connected;
                    }
                }
                Err(error) => {
                    tracing::error!(error = &*error, "a topic could not be told, trying again");
                    told.failed(conflation.first(&topic));
                }
            }
        }
        Box::pin(self.deliver(&conflation, &updates, parcels, now, &mut told)).await;
        told
    }

    async fn deliver(
        &self,
        conflation: &Conflation,
        updates: &[String],
        parcels: BTreeMap<store::ConnectionId, Parcel>,
        now: Timestamp,
        told: &mut Told,
    ) {
        // Those who are told the same share the same bytes.
        let mut frames: HashMap<Vec<usize>, Vec<Blob>> = HashMap::new();
        for parcel in parcels.values() {
            frames.entry(parcel.updates.clone()).or_insert_with(|| {
                let updates = parcel.updates.iter().map(|place| updates[*place].as_str());
                let frames = protocol::update::frames(updates, MAX_OUTBOUND);
                frames.into_iter().map(|frame| Blob::new(frame.into_bytes())).collect()
            });
        }
        let frames = &frames;
        let posts = parcels.into_iter().map(|(id, parcel)| async move {
            let posted = self.post(&id, &parcel, &frames[&parcel.updates], now);
            let posted = Box::pin(posted).await;
            (parcel, posted)
        });
        let mut posts = futures::stream::iter(posts).buffer_unordered(POSTS_AT_ONCE);
        while let Some((parcel, posted)) = posts.next().await {
            match posted {
                Posted::Sent(frames) => told.sent += frames,
                Posted::Opening => {}
                Posted::Gone => told.gone += 1,
                Posted::Closed => told.closed += 1,
                Posted::Failed => {
                    let topics = parcel.subscriptions.iter();
                    let first = topics.filter_map(|(topic, _)| conflation.first(topic)).min();
                    told.failed(first);
                }
            }
        }
    }

    async fn post(
        &self,
        id: &store::ConnectionId,
        parcel: &Parcel,
        frames: &[Blob],
        now: Timestamp,
    ) -> Posted {
        for frame in frames {
            match self.callback.post(id, frame.clone()).await {
                Ok(Delivery::Sent) => {}
                Ok(Delivery::Gone) => {
                    let age = now.as_millisecond() - parcel.connected;
                    if i128::from(age) < OPENING.as_millis() {
                        // Not open yet: its client has asked for no snapshot so far, and will find
                        // this change in it.
                        return Posted::Opening;
                    }
                    return self.forget(id, Posted::Gone).await;
                }
                Err(error) => {
                    tracing::warn!(connection = %id, error = &error as &dyn std::error::Error,
                        "a connection cannot be reached and is closed, for its client to come back");
                    return match self.callback.close(id).await {
                        Ok(()) => self.forget(id, Posted::Closed).await,
                        Err(_) => Posted::Failed,
                    };
                }
            }
        }
        Posted::Sent(frames.len())
    }

    /// Forgets a connection, and its subscriptions with it.
    async fn forget(&self, id: &store::ConnectionId, then: Posted) -> Posted {
        if let Err(error) = self.connections.forget(id).await {
            // Nothing is lost by it: the next change finds the connection gone again.
            tracing::warn!(connection = %id, error = &error as &dyn std::error::Error,
                "a connection that is gone could not be forgotten");
        }
        then
    }

    /// A topic's news as JSON, in one piece or in as many as the limit of a frame asks for.
    async fn write(
        &self,
        topic: &TopicKey,
        news: &News,
        now: Timestamp,
    ) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        match news {
            News::Bookings(bookings) => {
                let views = bookings.iter().map(BookingView::from);
                let name = if topic.is_for_operators() {
                    topic.as_str().to_owned()
                } else {
                    TopicName::Me.to_string()
                };
                pieces(&name, "bookings", views, None)
            }
            News::Availability { resource, slots, rewritten } => {
                let resource: Resource = self.bookings.resource(resource).await?;
                let slots = self.offered(&resource, slots, now).await?;
                let views = slots.into_iter().map(SlotView::from);
                let rewritten = rewritten.then(|| ResourceView::from(&resource));
                pieces(topic.as_str(), "slots", views, rewritten.as_ref())
            }
        }
    }

    /// What the resource offers where slots have changed. A slot that is not on its grid any more is
    /// in no snapshot: nobody is told of it, but of the slots of today's grid that it overlaps.
    async fn offered(
        &self,
        resource: &Resource,
        changed: &[Slot],
        now: Timestamp,
    ) -> Result<Vec<Availability>, store::Error> {
        let step = resource.grid.step();
        let mut offered = BTreeMap::new();
        for slot in changed {
            let from = slot.start.checked_sub(step).unwrap_or(Timestamp::MIN);
            let starts = resource.grid.slots_between(from, slot.end());
            let starts: Vec<Timestamp> =
                starts.filter(|start| *start + step > slot.start).collect();
            let slots = if resource.has_moved() {
                self.bookings.availability(resource, &starts, now).await?
            } else {
                let touched = BTreeMap::from([(slot.start, slot.clone())]);
                starts.iter().map(|start| resource.availability(*start, &touched, now)).collect()
            };
            offered.extend(slots.into_iter().map(|slot| (slot.start, slot)));
        }
        Ok(offered.into_values().collect())
    }
}

/// The entries under their topic, cut where a piece would grow too large.
fn pieces<V: Serialize>(
    topic: &str,
    field: &str,
    entries: impl Iterator<Item = V>,
    resource: Option<&ResourceView>,
) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
    let topic = serde_json::to_string(topic)?;
    let around = format!(r#"{{"topic":{topic},"{field}":[]}}"#).len();
    let mut lists: Vec<String> = Vec::new();
    for entry in entries {
        let entry = serde_json::to_string(&entry)?;
        match lists.last_mut() {
            // As full as it gets: two pieces of one topic never fit one frame.
            Some(list) if around + list.len() + 1 + entry.len() <= MAX_UPDATE => {
                list.push(',');
                list.push_str(&entry);
            }
            _ => lists.push(entry),
        }
    }
    let mut pieces: Vec<String> = Vec::new();
    if let Some(resource) = resource {
        let resource = serde_json::to_string(resource)?;
        pieces.push(format!(r#"{{"topic":{topic},"resource":{resource}}}"#));
    }
    pieces
        .extend(lists.into_iter().map(|list| format!(r#"{{"topic":{topic},"{field}":[{list}]}}"#)));
    Ok(pieces)
}
