//! Batches that fail for long: an outage of API Gateway, and records that will not come again.

use crate::gateway::Mood;
use crate::scene::{MAX_AGE, PATIENT, Scene, availability, batch, booked, me};
use delivery::{Batch, Report};
use domain::{ResourceId, Slot};
use jiff::SignedDuration;
use std::time::Duration;
use store::Change;
use support::fixtures::{NOW, at, length};
use tokio::time::Instant;

const YOUNG: SignedDuration = SignedDuration::from_secs(59);
/// The last sixth of the time that a record may take.
const LAST: SignedDuration = SignedDuration::from_mins(50);

fn alices() -> Vec<Change> {
    vec![Change::Booking(booked("carol", "1", 1)), Change::Booking(booked("alice", "1", 1))]
}

/// Everybody would come back at once, for nothing that is wrong with their connections.
#[tokio::test]
async fn where_nobody_can_be_reached_nobody_is_closed_at_first() {
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..10).map(|n| format!("c{n}=")).collect();
    for id in &ids {
        scene.connect(id, &[me("alice")]).await;
        scene.gateway.mood(id, Mood::Fails);
    }
    let report = scene.tell_late(alices(), YOUNG, PATIENT).await;
    assert_eq!(report, Report { untold: 10, failed_from: Some(1), ..Report::default() });
    assert_eq!(scene.gateway.events(), []);
    assert_eq!(scene.traces_of("c1=").await, 3);

    // It goes on, and everybody else waits behind this batch.
    let report = scene.tell_late(alices(), SignedDuration::from_secs(60), PATIENT).await;
    assert_eq!(report, Report { closed: 10, ..Report::default() });
    assert_eq!(scene.gateway.closed().len(), 10);
    assert_eq!(scene.traces_of("c1=").await, 0);
}

/// Half of them can be reached: it is about those who cannot.
#[tokio::test]
async fn those_who_cannot_be_reached_while_others_can_are_closed() {
    let scene = Scene::new().await;
    for n in 0..20 {
        let id = format!("c{n}=");
        scene.connect(&id, &[me("alice")]).await;
        if n % 2 == 0 {
            scene.gateway.mood(&id, Mood::Fails);
        }
    }
    let report = scene.tell_late(alices(), SignedDuration::ZERO, PATIENT).await;
    assert_eq!(report, Report { sent: 10, closed: 10, ..Report::default() });
}

/// The batch will not come again: whoever is not told by now is closed, and catches up on coming back.
#[tokio::test]
async fn what_is_given_up_closes_those_whom_it_concerns() {
    let scene = Scene::with_patience(Duration::from_secs(30)).await;
    let unknown = ResourceId::parse("unknown").unwrap();
    for n in 0..10 {
        let id = format!("hangs{n}=");
        scene.connect(&id, &[me("alice")]).await;
        scene.gateway.mood(&id, Mood::Hangs);
    }
    scene.connect("well=", &[me("alice")]).await;
    scene.connect("watcher=", &[delivery::topic::resource(&unknown)]).await;
    let mut changes = alices();
    changes.push(Change::Slot(unknown, Slot::untouched(at("09:00:00"), length(30))));
    let time = Duration::from_secs(4);

    let before = LAST - SignedDuration::from_secs(1);
    let report = scene.tell_late(changes.clone(), before, time).await;
    assert_eq!(report, Report { sent: 1, untold: 11, failed_from: Some(1), ..Report::default() });
    assert_eq!(scene.gateway.closed(), Vec::<String>::new());

    let report = scene.tell_late(changes, LAST, time).await;
    // The one who was told before is not told again.
    assert_eq!(report, Report { closed: 11, ..Report::default() });
    assert_eq!(scene.gateway.closed().len(), 11);
    assert_eq!(scene.gateway.texts("well=").len(), 1);
    for id in ["hangs0=", "watcher="] {
        assert_eq!(scene.traces_of(id).await, 0, "{id}");
    }
}

#[tokio::test]
async fn what_is_given_up_and_cannot_be_closed_is_reported() {
    let scene = Scene::new().await;
    for id in ["broken=", "fails="] {
        scene.connect(id, &[me("alice")]).await;
    }
    scene.gateway.mood("broken=", Mood::Broken);
    scene.gateway.mood("fails=", Mood::Fails);
    let report = scene.tell_late(alices(), LAST, PATIENT).await;
    let expected = Report { closed: 1, untold: 1, failed_from: Some(1), ..Report::default() };
    assert_eq!(report, expected);
    assert_eq!((scene.traces_of("broken=").await, scene.traces_of("fails=").await), (3, 0));
}

/// Only the records that are about to be too old are given up.
#[tokio::test]
async fn younger_records_of_the_batch_come_again() {
    let scene = Scene::with_patience(Duration::from_secs(30)).await;
    for (id, name) in [("old=", "carol"), ("young=", "alice")] {
        scene.connect(id, &[me(name)]).await;
        scene.gateway.mood(id, Mood::Hangs);
    }
    let max_age = SignedDuration::try_from(MAX_AGE).unwrap();
    let made = vec![at(NOW) - max_age, at(NOW) - YOUNG];
    let batch = Batch { made, ..batch(alices(), at(NOW)) };
    let end = Instant::now() + Duration::from_secs(2);
    let report = scene.fanout.tell(batch, at(NOW), end).await;
    let expected = Report { closed: 1, untold: 1, failed_from: Some(1), ..Report::default() };
    assert_eq!(report, expected);
    assert_eq!(scene.gateway.closed(), ["old="]);
}

/// Coming again would not make a record readable, and would hold up all that follow.
#[tokio::test]
async fn those_whom_an_unreadable_record_concerns_are_closed_at_once() {
    let scene = Scene::new().await;
    scene.connect("desk=", &[me("alice"), availability()]).await;
    scene.connect("mine=", &[me("alice")]).await;
    let changes = vec![Change::Booking(booked("alice", "1", 1))];
    let unreadable = vec![(1, availability())];
    let made = vec![at(NOW); 2];
    let batch = Batch { made, unreadable, ..batch(changes, at(NOW)) };
    let report = scene.fanout.tell(batch, at(NOW), Instant::now() + PATIENT).await;
    assert_eq!(report, Report { sent: 1, closed: 1, ..Report::default() });
    assert_eq!(scene.gateway.closed(), ["desk="]);
    assert_eq!((scene.gateway.texts("mine=").len(), scene.traces_of("desk=").await), (1, 0));
}
