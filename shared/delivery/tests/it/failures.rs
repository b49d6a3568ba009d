//! Connections that are gone, not there yet, or cannot be reached; topics that cannot be told.

use crate::gateway::{Event, Mood};
use crate::scene::{MAX_AGE, PATIENT, Scene, availability, booked, everybodys, me};
use delivery::management::CallError;
use delivery::{Batch, Callback, Delivery, Fanout, Report, Undelivered};
use domain::ResourceId;
use jiff::SignedDuration;
use std::time::Duration;
use store::{Change, ConnectionId, Connections, Subscribed};
use support::fixtures::{NOW, Shortly, at, book, length, room};
use tokio::time::Instant;

fn closed(id: &str) -> Event {
    Event::Closed(id.to_owned())
}

#[tokio::test]
async fn who_is_gone_is_forgotten_and_the_others_are_told() {
    let scene = Scene::new().await;
    for id in ["gone=", "here="] {
        scene.connect(id, &[me("alice"), availability()]).await;
    }
    scene.gateway.mood("gone=", Mood::Gone);
    let told = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(told, Report { sent: 1, gone: 1, ..Report::default() });
    assert_eq!(scene.gateway.texts("here=").len(), 1);
    assert_eq!((scene.traces_of("gone=").await, scene.traces_of("here=").await), (0, 4));
    // And is not tried again.
    let attempts = scene.gateway.attempts();
    scene.tell([Change::Booking(booked("alice", "1", 2))]).await;
    assert_eq!(scene.gateway.attempts() - attempts, 1);
}

/// Time to live may collect a connection days before its subscriptions: no connection is as old.
#[tokio::test]
async fn a_subscription_that_is_left_over_is_not_posted_to() {
    let scene = Scene::new().await;
    let ages = [("over=", 3 * 3600), ("open=", 3 * 3600 - 1)];
    for (id, seconds) in ages {
        let connected = at(NOW) - SignedDuration::from_secs(seconds);
        scene.connect_at(id, &[me("alice")], connected).await;
    }
    let told = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(told, Report { sent: 1, ..Report::default() });
    assert_eq!((scene.gateway.attempts(), scene.gateway.texts("open=").len()), (1, 1));
}

/// API Gateway waits for `connect` for 29 s, as long as its timeout may be, and posts are answered
/// with 410 until then.
#[tokio::test]
async fn a_connection_that_opens_is_not_gone() {
    let scene = Scene::new().await;
    let ages = [("new=", 59_999), ("old=", 60_000)];
    for (id, age) in ages {
        let connected = at(NOW) - SignedDuration::from_millis(age);
        scene.connect_at(id, &[me("alice")], connected).await;
        scene.gateway.mood(id, Mood::Gone);
    }
    let told = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(told, Report { gone: 1, ..Report::default() });
    assert_eq!((scene.traces_of("new=").await, scene.traces_of("old=").await), (3, 0));
}

#[tokio::test]
async fn who_cannot_be_reached_is_closed_after_the_others_were_told() {
    let scene = Scene::with_patience(Duration::from_millis(700)).await;
    let well: Vec<String> = (0..80).map(|n| format!("well{n}=")).collect();
    let topics = [me("alice"), availability()];
    // First in the order of names, so that they are posted to first.
    let ill = [("0 fails=", Mood::Fails), ("0 hangs=", Mood::Hangs)];
    for id in well.iter().map(String::as_str).chain(ill.map(|(id, _)| id)) {
        scene.connect(id, &topics).await;
    }
    for (id, mood) in ill {
        scene.gateway.mood(id, mood);
    }
    let told = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(told, Report { sent: 80, closed: 2, ..Report::default() });
    // Three attempts for each of the two.
    assert_eq!(scene.gateway.attempts(), 80 + 3 + 3);
    let events = scene.gateway.events();
    assert_eq!(events.last(), Some(&closed("0 hangs=")));
    assert!(events.contains(&closed("0 fails=")));
    for (id, _) in ill {
        assert_eq!(scene.traces_of(id).await, 0);
    }
    assert_eq!(scene.traces_of("well7=").await, 4);
}

#[tokio::test]
async fn a_post_that_fails_once_is_tried_again() {
    let scene = Scene::new().await;
    scene.connect("mine=", &[me("alice")]).await;
    scene.gateway.mood("mine=", Mood::Stumbles);
    let told = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(told, Report { sent: 1, ..Report::default() });
    assert_eq!((scene.gateway.attempts(), scene.gateway.texts("mine=").len()), (2, 1));
}

/// Neither reached nor closed: the batch is told again from the first change that it missed.
#[tokio::test]
async fn who_cannot_even_be_closed_is_told_again() {
    let scene = Scene::new().await;
    scene.tables.bookings.place(&book("alice", "1", "09:00:00"), 50, at(NOW)).await.unwrap();
    let [slot] = &scene.slots().await[..] else { panic!() };
    let changes = [
        Change::Booking(booked("carol", "1", 1)),
        Change::Booking(booked("bob", "1", 1)),
        slot.clone(),
        Change::Booking(booked("alice", "1", 1)),
        Change::Booking(booked("bob", "1", 2)),
    ];
    for (topics, first) in [
        (vec![me("alice")], 3),
        (vec![me("alice"), availability()], 2),
        (vec![me("bob")], 1),
        (vec![me("alice"), everybodys()], 0),
    ] {
        scene.connect("broken=", &topics).await;
        // Another each time: who has been told is not told again.
        scene.connect(&format!("well{first}="), &[me("bob")]).await;
        scene.gateway.mood("broken=", Mood::Broken);
        let told = scene.tell(changes.clone()).await;
        assert_eq!(
            told,
            Report { sent: 1, untold: 1, failed_from: Some(first), ..Report::default() }
        );
        // It is not forgotten: the next attempt needs to find it.
        assert_eq!(scene.traces_of("broken=").await, 2 + topics.len());
        let id = ConnectionId::new("broken=");
        scene.tables.connections.forget(&id).await.unwrap();
    }
}

#[tokio::test]
async fn a_topic_that_cannot_be_told_holds_up_no_other() {
    let scene = Scene::new().await;
    let unknown = ResourceId::parse("unknown").unwrap();
    scene.connect("mine=", &[me("alice"), delivery::topic::resource(&unknown)]).await;
    let slot = domain::Slot::untouched(at("09:00:00"), length(30));
    let changes = [
        Change::Booking(booked("alice", "1", 1)),
        Change::Slot(unknown.clone(), slot.clone()),
        Change::Slot(unknown, slot),
    ];
    let told = scene.tell(changes).await;
    assert_eq!(told, Report { sent: 1, untold: 1, failed_from: Some(1), ..Report::default() });
    assert_eq!(scene.gateway.frames("mine=")[0][0]["topic"], "me");
}

#[tokio::test]
async fn without_the_table_everything_is_told_again() {
    let scene = Scene::new().await;
    scene.connect("mine=", &[me("alice")]).await;
    let nowhere = support::client("http://127.0.0.1:1");
    let fanout = Fanout::new(
        scene.tables.bookings.clone(),
        Connections::new(nowhere, scene.tables.raw.name("connections")),
        Callback::new(scene.gateway.client(PATIENT)),
        MAX_AGE,
    );
    let changes = [(4, Change::Resource(room(3))), (7, Change::Booking(booked("alice", "1", 1)))];
    let changes = changes.map(|(index, change)| (index, change.into())).into();
    let batch = Batch { made: vec![at(NOW); 8], changes, ..Batch::default() };
    let told = fanout.tell(batch, at(NOW), Instant::now() + PATIENT).await;
    assert_eq!(told, Report { failed_from: Some(4), ..Report::default() });
    assert_eq!(scene.gateway.events(), []);
}

#[tokio::test]
async fn closing_who_is_gone_is_done() {
    let scene = Scene::new().await;
    let callback = Callback::new(scene.gateway.client(PATIENT));
    let id = ConnectionId::new("a/b+c=");
    let end = Instant::now() + PATIENT;
    assert_eq!(callback.post(&id, b"{}", end).await.unwrap(), Delivery::Sent);
    callback.close(&id, end).await.unwrap();
    assert_eq!(
        scene.gateway.events(),
        [Event::Sent("a/b+c=".to_owned(), "{}".to_owned()), closed("a/b+c=")]
    );
    scene.gateway.mood("a/b+c=", Mood::Gone);
    callback.close(&id, end).await.unwrap();
    scene.gateway.mood("a/b+c=", Mood::Broken);
    let error = callback.close(&id, end).await.unwrap_err();
    assert!(matches!(error, Undelivered::Unreachable(CallError::Close(_))), "{error:?}");
}

/// A client that comes back under a new name is told from there on.
#[tokio::test]
async fn who_was_closed_comes_back() {
    let scene = Scene::new().await;
    let old = scene.connect("old=", &[me("alice")]).await;
    scene.gateway.mood("old=", Mood::Fails);
    scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    let gone = scene.tables.connections.subscribe(&old, &availability(), at(NOW)).await.unwrap();
    assert_eq!(gone, Subscribed::Gone);
    scene.connect("new=", &[me("alice")]).await;
    let told = scene.tell([Change::Booking(booked("alice", "1", 2))]).await;
    assert_eq!(told, Report { sent: 1, ..Report::default() });
}
