//! `subscribe`, `unsubscribe`.

use crate::app::App;
use crate::asker::Connected;
use crate::bookings;
use crate::caller::{expired, operators_only, unknown};
use crate::failure::Failure;
use crate::page::Wanted;
use crate::resources;
use delivery::topic;
use domain::{Rejection, Role};
use jiff::{SignedDuration, Timestamp};
use protocol::decode::window;
use protocol::request::{Subscribe, Unsubscribe};
use protocol::{Instant, Reply, TopicName, WireError};
use store::Subscribed;
use store::cursor::ListName;

/// How far a snapshot reaches where the request does not say.
const WINDOW: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Bookings of one page of a snapshot.
const BOOKINGS: u32 = 100;

/// Subscribes, **then** reads the snapshot: whatever is committed from here on finds the
/// subscription, and whatever was committed before is in the snapshot.
pub async fn subscribe(
    app: &App,
    Connected { caller, connection }: &Connected,
    asked: &Subscribe,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let from = asked.from.unwrap_or(Instant(now));
    let to = asked.to.unwrap_or(Instant(from.0.checked_add(WINDOW).unwrap_or(Timestamp::MAX)));
    let key = match &asked.topic {
        TopicName::Me => {
            let needless = [(asked.from, "/from"), (asked.to, "/to")];
            if let Some((_, field)) = needless.into_iter().find(|(value, _)| value.is_some()) {
                let message = "not with this topic";
                return Err(WireError::bad_request(message, Some(field)).into());
            }
            topic::me(caller.customer())
        }
        TopicName::Resource(resource) => {
            window(from, to)?;
            app.bookings.resource(resource).await?;
            topic::resource(resource)
        }
        // Nobody need be in it: somebody may come.
        TopicName::Pool(pool) => {
            window(from, to)?;
            topic::pool(pool)
        }
        TopicName::ResourceBookings(resource) => {
            caller.must_be_operator()?;
            window(from, to)?;
            let venue = app.bookings.resource(resource).await?.venue;
            caller.must_operate(&venue)?;
            topic::resource_bookings(resource, &venue)
        }
        TopicName::VenueBookings(venue) => {
            caller.must_operate(venue)?;
            window(from, to)?;
            topic::venue_bookings(venue)
        }
    };
    let name = |instant: Option<Instant>| instant.map_or(String::new(), |at| at.0.to_string());
    let topic_name = asked.topic.to_string();
    let customer = caller.customer().as_str();
    let (name_from, name_to) = (name(asked.from), name(asked.to));
    let list = ListName::new(["subscribe", &topic_name, customer, &name_from, &name_to]);
    if let Some(cursor) = &asked.cursor {
        list.position(cursor)?;
    }
    // Decided on the connection as the transaction finds it: a `refresh` may have come in between.
    match app.connections.subscribe(connection, &key, now).await? {
        Subscribed::Yes => {}
        Subscribed::Forbidden => return Err(operators_only()),
        Subscribed::Expired => return Err(expired()),
        Subscribed::Gone => return Err(unknown()),
        Subscribed::TooMany => {
            let most = store::connections::MAX_TOPICS;
            let message = format!("a connection has at most {most} topics");
            return Err(Rejection::LimitExceeded(message).into());
        }
    }
    let limit = match &asked.topic {
        TopicName::Resource(_) => resources::SLOTS,
        TopicName::Pool(_) => resources::POOL_SLOTS,
        _ => BOOKINGS,
    };
    let wanted = Wanted { list, cursor: asked.cursor.as_deref(), limit, status: None };
    let between = (from.0, to.0);
    let snapshot = match &asked.topic {
        // As it is pushed: an operator's own bookings, too, have no note there.
        TopicName::Me => {
            let own = (caller.customer(), None);
            bookings::of(app, own, |_| Role::Customer, &wanted, now).await?
        }
        TopicName::Resource(resource) => {
            // Read only now, after the subscription, as the slots are.
            let resource = app.bookings.resource(resource).await?;
            resources::slots(app, &resource, between, &wanted, now).await?
        }
        TopicName::Pool(pool) => resources::slots_in(app, pool, between, &wanted, now).await?,
        TopicName::ResourceBookings(resource) => {
            // Likewise: it says how long a booking may be.
            let resource = app.bookings.resource(resource).await?;
            bookings::at(app, &resource, between, &wanted, now).await?
        }
        TopicName::VenueBookings(venue) => {
            bookings::at_venue(app, venue, between, &wanted, now).await?
        }
    };
    Ok(Reply::Subscribed { topic: asked.topic.clone(), snapshot })
}

/// Ends a topic's pushes.
pub async fn unsubscribe(
    app: &App,
    Connected { connection, .. }: &Connected,
    asked: &Unsubscribe,
) -> Result<Reply, Failure> {
    // A resource's topic is kept with its venue, which the client does not name.
    let mut topics = connection.topics.keys();
    if let Some(key) = topics.find(|key| topic::name(key) == asked.topic) {
        app.connections.unsubscribe(connection, key).await?;
    }
    Ok(Reply::Unsubscribed { topic: asked.topic.clone() })
}
