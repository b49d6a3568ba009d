//! API Gateway says that there are too many requests: pushes slow down, and nobody is closed for it.

use crate::gateway::{Event, Mood};
use crate::scene::{Scene, booked, everybodys, me};
use delivery::Report;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::Change;

/// Eight hundred watch, three changes are pushed at once by three processes that do not know of each
/// other, and API Gateway takes 300 posts a second from all of them.
#[tokio::test]
async fn everybody_is_told_exactly_once_and_nobody_is_closed() {
    const SUBSCRIBERS: usize = 800;
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..SUBSCRIBERS).map(|n| format!("c{n}=")).collect();
    for id in &ids {
        scene.connect(id, &[everybodys()]).await;
    }
    let changes = ["1", "2", "3"].map(|key| Change::Booking(booked("alice", key, 1)));
    scene.gateway.throttle(300.0, 30.0);
    let pushes = changes.map(|change| {
        let process = scene.another();
        async move { process.tell([change]).await }
    });
    for told in futures::future::join_all(pushes).await {
        assert_eq!((told.sent, told.closed, told.failed_from), (SUBSCRIBERS, 0, None), "{told:?}");
    }

    let mut frames: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in scene.gateway.events() {
        match event {
            Event::Sent(id, frame) => frames.entry(id).or_default().push(frame),
            Event::Closed(id) => panic!("{id} was closed"),
        }
    }
    for id in &ids {
        let frames = frames.get(id).map_or(&[][..], Vec::as_slice);
        let different: BTreeSet<&String> = frames.iter().collect();
        assert_eq!((frames.len(), different.len()), (3, 3), "{id}");
    }
    let throttled = scene.gateway.throttled();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let used = throttled.accepted as f64 / throttled.offered;
    println!("{:.0} % of what the limit allows was used: {throttled:?}", used * 100.0);
    // Three fifths of it, and not more: a processor that is taken away for a while uses nothing of what was
    // offered meanwhile, and other tests run beside this one.
    assert!(used >= 0.6, "{throttled:?}");
    // And the limit is not run against all the time.
    assert!(throttled.refused < throttled.accepted / 2, "{throttled:?}");
}

#[tokio::test]
async fn a_connection_that_is_refused_is_posted_to_again_and_not_closed() {
    let scene = Scene::new().await;
    scene.connect("mine=", &[me("alice")]).await;
    scene.gateway.mood("mine=", Mood::Refuses(7));
    let report = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(report, Report { sent: 1, ..Report::default() });
    assert_eq!((scene.gateway.attempts(), scene.gateway.texts("mine=").len()), (8, 1));
}

/// There is more to post than there is time for: what remains is reported, nobody is closed, and the
/// next attempts tell only those who are left.
#[tokio::test]
async fn what_there_is_no_time_for_is_told_the_next_time() {
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..60).map(|n| format!("c{n}=")).collect();
    for id in &ids {
        scene.connect(id, &[me("alice"), everybodys()]).await;
    }
    scene.gateway.throttle(20.0, 10.0);
    let changes = vec![
        Change::Booking(booked("bob", "1", 1)),
        Change::Booking(booked("alice", "1", 1)),
        Change::Booking(booked("alice", "2", 1)),
    ];
    let mut sent = 0;
    let mut attempts = 0;
    loop {
        let time = Duration::from_secs(2);
        let report = scene.tell_late(changes.clone(), SignedDuration::ZERO, time).await;
        assert_eq!(report.closed, 0);
        sent += report.sent;
        attempts += 1;
        assert!(attempts < 20, "it does not get any further");
        assert_eq!(report.failed_from, (report.untold > 0).then_some(0), "{report:?}");
        if report.failed_from.is_none() {
            break;
        }
    }
    assert_eq!(sent, 60);
    assert!(attempts > 1);
    for id in &ids {
        assert_eq!(scene.gateway.texts(id).len(), 1, "{id}");
    }
    assert_eq!(scene.gateway.closed(), Vec::<String>::new());
    // The batch is done with: if it were to come again, it would be told again.
    scene.gateway.throttle(1e6, 1e6);
    assert_eq!(scene.tell(changes).await.sent, 60);
}

/// API Gateway also answers 429 where a client does not read.
#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_slows_nobody_down() {
    let scene = Scene::new().await;
    for n in 0..100 {
        scene.connect(&format!("c{n}="), &[everybodys()]).await;
    }
    scene.connect("deaf=", &[everybodys()]).await;
    scene.gateway.mood("deaf=", Mood::Full);
    let report = scene.tell([Change::Booking(booked("alice", "1", 1))]).await;
    assert_eq!(report, Report { sent: 100, closed: 1, ..Report::default() });
    assert_eq!(scene.gateway.closed(), ["deaf="]);
    assert_eq!(scene.traces_of("deaf=").await, 0);
    // All others were told before.
    assert!(matches!(scene.gateway.events().last(), Some(Event::Closed(_))));
}
