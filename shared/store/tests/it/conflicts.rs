//! Transactions that DynamoDB cancels, throttles or answers into the void.

use crate::ledger::Ledger;
use domain::slot::VERSIONS_PER_WRITE;
use domain::{Booking, Rejection, Status, Version};
use std::collections::BTreeSet;
use store::{Bookings, CommandError, Error};
use support::fixtures::{NOW, Shortly, at, book, confirm, hold, room};
use support::proxy::Fault::{self, AnswerLost, Cancelled, HeldBack, Refused};
use support::proxy::Proxy;
use support::{Tables, client};

const CONFLICT: Fault = Cancelled(&["TransactionConflict", "None"]);

/// A room of one place, its tables, and a store that reaches them through the proxy.
struct Scene {
    tables: Tables,
    proxy: Proxy,
    bookings: Bookings,
}

impl Scene {
    async fn new() -> Self {
        let tables = Tables::start();
        tables.bookings.put_resource(room(1), at(NOW)).await.unwrap();
        let proxy = Proxy::before(&tables.raw.url).await;
        let bookings = tables.raw.bookings(&client(&proxy.url));
        Self { tables, proxy, bookings }
    }

    async fn hold(&self) -> Result<Booking, CommandError> {
        self.bookings.place(&hold("alice", "1", "09:00:00"), 50, at(NOW)).await
    }

    async fn confirm(&self, held: &Booking) -> Result<Booking, CommandError> {
        self.bookings.carry_out(&held.customer, &held.id, &confirm(), None, at(NOW)).await
    }

    /// The booking, and that it is all there is.
    async fn only(&self, booking: &Booking) {
        let ledger = Ledger::read(&self.tables).await;
        assert_eq!(ledger.bookings, std::slice::from_ref(booking));
        ledger.assert_balanced(1, at(NOW));
        // Each version of the booking has written the slot once.
        let version = booking.version.get() * VERSIONS_PER_WRITE;
        assert_eq!(ledger.slots[&at("09:00:00")].version, Version::new(version));
    }

    async fn nothing(&self) {
        let ledger = Ledger::read(&self.tables).await;
        assert_eq!((ledger.slots.len(), ledger.bookings.len()), (0, 0));
    }
}

#[tokio::test]
async fn conflicts_and_throttling_pass() {
    let scene = Scene::new().await;
    scene.proxy.next([
        CONFLICT,
        Cancelled(&["None", "TransactionConflict"]),
        Cancelled(&["ThrottlingError"]),
        Cancelled(&["ProvisionedThroughputExceeded", "TransactionConflict"]),
        Refused("ThrottlingException"),
        Refused("RequestLimitExceeded"),
        Refused("ProvisionedThroughputExceededException"),
        Refused("TransactionInProgressException"),
    ]);
    let held = scene.hold().await.unwrap();
    scene.only(&held).await;
    scene.proxy.next([CONFLICT, CONFLICT]);
    let confirmed = scene.confirm(&held).await.unwrap();
    scene.only(&confirmed).await;
}

#[tokio::test]
async fn endless_conflicts_are_busy_and_write_nothing() {
    let scene = Scene::new().await;
    scene.proxy.always(CONFLICT);
    assert!(matches!(scene.hold().await, Err(CommandError::Failed(Error::Busy))));
    // Ten tries, each a request of its own.
    let tokens = scene.proxy.tokens();
    assert_eq!((tokens.len(), BTreeSet::from_iter(tokens).len()), (10, 10));
    scene.nothing().await;
}

#[tokio::test]
async fn endless_throttling_is_busy() {
    let scene = Scene::new().await;
    scene.proxy.always(Refused("ThrottlingException"));
    assert!(matches!(scene.hold().await, Err(CommandError::Failed(Error::Busy))));
    scene.nothing().await;
}

/// A transaction that is in progress to the last may be carried out: it is not said that nothing was
/// changed.
#[tokio::test]
async fn a_transaction_in_progress_to_the_last_is_unavailable() {
    for throttled in [0, 3] {
        let scene = Scene::new().await;
        let in_progress = Refused("TransactionInProgressException");
        let doubt = vec![in_progress; 10 - throttled];
        let throttled = vec![Refused("ThrottlingException"); throttled];
        scene.proxy.next([doubt, throttled].concat());
        scene.proxy.always(Refused("ThrottlingException"));
        let answer = scene.hold().await;
        assert!(matches!(answer, Err(CommandError::Failed(Error::Unavailable(_)))), "{answer:?}");
    }
}

#[tokio::test]
async fn conditions_that_never_hold_are_busy() {
    let scene = Scene::new().await;
    scene.proxy.always(Cancelled(&["ConditionalCheckFailed"]));
    assert!(matches!(scene.hold().await, Err(CommandError::Failed(Error::Busy))));
    scene.nothing().await;
}

#[tokio::test]
async fn a_database_that_fails_or_refuses_the_request_is_unavailable() {
    for fault in [
        Refused("InternalServerError"),
        Refused("ResourceNotFoundException"),
        Cancelled(&["ValidationError"]),
        Cancelled(&["TransactionConflict", "ItemCollectionSizeLimitExceeded"]),
    ] {
        let scene = Scene::new().await;
        scene.proxy.always(fault.clone());
        let answer = scene.hold().await;
        assert!(
            matches!(answer, Err(CommandError::Failed(Error::Unavailable(_)))),
            "{fault:?}: {answer:?}"
        );
        scene.nothing().await;
    }
}

/// What failed beside a conflict says nothing of the item in conflict, which somebody is writing
/// just then: all of it is read and decided anew.
#[tokio::test]
async fn a_failed_condition_beside_a_conflict_is_decided_anew() {
    let both = Cancelled(&["TransactionConflict", "ConditionalCheckFailed"]);
    let scene = Scene::new().await;
    scene.proxy.next([both.clone()]);
    let held = scene.hold().await.unwrap();
    scene.proxy.next([both.clone()]);
    let confirmed = scene.confirm(&held).await.unwrap();
    assert_eq!(confirmed.status, Status::Confirmed);
    scene.only(&confirmed).await;

    scene.proxy.next([both]);
    let to = (at("10:00:00"), None);
    let moved = scene.bookings.reschedule(&held.customer, &held.id, to, None, at(NOW)).await;
    assert_eq!(moved.unwrap().version, Version::new(3));
    Ledger::read(&scene.tables).await.assert_balanced(1, at(NOW));
}

/// Decided anew is decided: the place went to somebody else meanwhile.
#[tokio::test]
async fn what_was_sold_meanwhile_is_full() {
    let scene = Scene::new().await;
    let bob = book("bob", "1", "09:00:00");
    let bob = scene.tables.bookings.place(&bob, 50, at(NOW)).await.unwrap();
    scene.proxy.next([CONFLICT]);
    let answer = scene.hold().await;
    assert!(matches!(answer, Err(CommandError::Rejected(Rejection::SlotFull))), "{answer:?}");
    scene.only(&bob).await;
}

#[tokio::test]
async fn an_answer_lost_once_is_asked_for_again() {
    let scene = Scene::new().await;
    scene.proxy.next([AnswerLost]);
    let held = scene.hold().await.unwrap();
    let tokens = scene.proxy.tokens();
    assert_eq!((tokens.len(), BTreeSet::from_iter(tokens).len()), (2, 1));
    scene.only(&held).await;

    scene.proxy.next([AnswerLost]);
    let confirmed = scene.confirm(&held).await.unwrap();
    assert_eq!(confirmed.version, Version::new(2));
    scene.only(&confirmed).await;
}

/// The first attempt is still being carried out when the next ones ask: all of them are one.
#[tokio::test]
async fn a_transaction_still_in_progress_is_the_same_one() {
    let scene = Scene::new().await;
    let held = scene.hold().await.unwrap();
    let in_progress = Refused("TransactionInProgressException");
    scene.proxy.next([vec![AnswerLost], vec![in_progress; 4]].concat());
    let confirmed = scene.confirm(&held).await.unwrap();
    assert_eq!((confirmed.status, confirmed.version), (Status::Confirmed, Version::new(2)));
    scene.only(&confirmed).await;
}

#[tokio::test]
async fn the_same_key_finds_what_a_lost_answer_hid() {
    let scene = Scene::new().await;
    scene.proxy.next([AnswerLost, AnswerLost, AnswerLost]);
    assert!(matches!(scene.hold().await, Err(CommandError::Failed(Error::Unavailable(_)))));
    let found = scene.hold().await.unwrap();
    assert_eq!((found.status, found.version), (Status::Held, Version::FIRST));
    scene.only(&found).await;

    scene.proxy.next([AnswerLost, AnswerLost, AnswerLost]);
    assert!(matches!(
        scene.confirm(&found).await,
        Err(CommandError::Failed(Error::Unavailable(_)))
    ));
    // It was confirmed: asking again is told so, and the same key shows it.
    let again = scene.confirm(&found).await;
    assert!(
        matches!(again, Err(CommandError::Rejected(Rejection::InvalidTransition(_)))),
        "{again:?}"
    );
    let shown = scene.hold().await.unwrap();
    assert_eq!((shown.status, shown.version), (Status::Confirmed, Version::new(2)));
    scene.only(&shown).await;
}

/// DynamoDB may leave keys of a batch unread; a list has them all the same, in order.
#[tokio::test]
async fn a_list_has_what_a_batch_left_unread() {
    let scene = Scene::new().await;
    let mut made = Vec::new();
    for start in ["09:00:00", "09:30:00", "10:00:00", "10:30:00"] {
        let request = book("alice", start, start);
        made.push(scene.tables.bookings.place(&request, 50, at(NOW)).await.unwrap());
    }
    scene.proxy.leave_unread(2);
    let window = (at(NOW), at("17:00:00"));
    let listed = scene.bookings.bookings_at(&room(1), window, None, 10, None, at(NOW)).await;
    assert_eq!(listed.unwrap(), (made, None));
}

/// A confirmation is decided before the hold's end and held up on its way; meanwhile the hold runs out
/// and somebody sees it. Then it comes too late: one version never shows two statuses.
#[tokio::test]
async fn a_confirmation_that_arrives_after_the_end_was_seen_is_refused() {
    let scene = Scene::new().await;
    let held = scene.hold().await.unwrap();
    let end = held.hold_expires_at.unwrap();
    scene.proxy.next([HeldBack]);
    let (bookings, customer, id) = (scene.bookings.clone(), held.customer.clone(), held.id.clone());
    let before = end - jiff::SignedDuration::from_millis(1);
    let confirmation =
        tokio::spawn(
            async move { bookings.carry_out(&customer, &id, &confirm(), None, before).await },
        );
    scene.proxy.arrived().await;
    let seen = scene.tables.bookings.booking(&held.customer, &held.id, end).await.unwrap().unwrap();
    assert_eq!((seen.status, seen.version), (Status::Expired, Version::new(2)));
    scene.proxy.release();
    let answer = confirmation.await.unwrap();
    assert!(matches!(answer, Err(CommandError::Rejected(Rejection::HoldExpired))), "{answer:?}");
    assert_eq!(Ledger::read(&scene.tables).await.bookings, [seen]);
}
