//! Holds that are extended: to the millisecond, in a race with their end, and again and again.

use crate::ledger::Ledger;
use domain::{
    Booking, HoldSeconds, MaxHoldSeconds, NewBooking, Rejection, Resource, Status, Version,
};
use futures::future::{join, join_all};
use jiff::{SignedDuration, Timestamp};
use store::CommandError;
use store::bookings::change::Intent;
use support::Tables;
use support::fixtures::{NOW, Shortly, at, confirm, customer, hold, room};

async fn tables(resource: Resource) -> Tables {
    let tables = Tables::start();
    tables.bookings.put_resource(resource, at(NOW)).await.unwrap();
    tables
}

/// Alice's hold of the three slots from 09:00 on.
async fn held(tables: &Tables) -> Booking {
    let request = NewBooking { end: Some(at("10:30:00")), ..hold("alice", "1", "09:00:00") };
    tables.bookings.place(&request, 50, at(NOW)).await.unwrap()
}

async fn extend(
    tables: &Tables,
    booking: &Booking,
    now: Timestamp,
) -> Result<Booking, CommandError> {
    tables.bookings.carry_out(&booking.customer, &booking.id, &Intent::Extend, None, now).await
}

const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// Nobody gets its places at its first end, and somebody does at its second. The books balance at any
/// time, and the bucket of the first end is empty.
#[tokio::test]
async fn an_extended_hold_runs_out_at_its_new_end_and_not_before() {
    let tables = tables(room(1)).await;
    let held = held(&tables).await;
    let first = held.hold_expires_at.unwrap();
    let extended = extend(&tables, &held, first - MILLISECOND).await.unwrap();
    assert_eq!((extended.status, extended.version), (Status::Held, held.version.next()));
    let second = extended.hold_expires_at.unwrap();
    assert!(second >= first - MILLISECOND + SignedDuration::from_secs(300));
    let read = tables.bookings.booking(&held.customer, &held.id, first).await.unwrap();
    assert_eq!(read, Some(extended));

    let ledger = Ledger::read(&tables).await;
    for now in [first, second - MILLISECOND, second] {
        ledger.assert_balanced(1, now);
    }
    for slot in ledger.slots.values() {
        assert_eq!(slot.expiring, [(first, 0), (second, 1)].into());
    }
    let place = async |now| {
        let request = hold("bob", "1", "10:00:00");
        tables.bookings.place(&request, 50, now).await
    };
    for now in [first, second - MILLISECOND] {
        let refused = place(now).await;
        let full = matches!(refused, Err(CommandError::Rejected(Rejection::SlotFull)));
        assert!(full, "{refused:?}");
    }
    place(second).await.unwrap();
    let late = extend(&tables, &held, second).await;
    assert!(matches!(late, Err(CommandError::Rejected(Rejection::HoldExpired))), "{late:?}");
    Ledger::read(&tables).await.assert_balanced(1, second);
}

#[tokio::test]
async fn an_extension_to_the_same_end_leaves_the_slots_alone() {
    let most = MaxHoldSeconds::new(300).unwrap();
    let tables = tables(Resource { max_hold_seconds: most, ..room(1) }).await;
    let held = held(&tables).await;
    let slots = Ledger::read(&tables).await.slots;
    let extended = extend(&tables, &held, at("08:04:00")).await.unwrap();
    let now = at("08:04:00");
    let (version, updated_by) = (held.version.next(), customer("operator"));
    let expected = Booking { version, updated_by, updated_at: now, ..held };
    assert_eq!(extended, expected);
    assert_eq!(Ledger::read(&tables).await.slots, slots);
}

/// An extension that began just before the hold ended meets somebody who needs the places just after:
/// one of the two gets them, whoever comes first.
#[tokio::test]
async fn a_late_extension_meets_a_new_hold() {
    let mut kept_by_alice = Vec::new();
    for head_start in [0, 1, 2, 3, 4, 5, 6, 8, 20] {
        let tables = tables(room(1)).await;
        let held = held(&tables).await;
        let end = held.hold_expires_at.unwrap();
        let extend = async {
            // Whoever makes fewer calls would always be first.
            for _ in 0..head_start {
                tables.bookings.resource(&held.resource).await.unwrap();
            }
            extend(&tables, &held, end - MILLISECOND).await
        };
        // Bob wants only the last of Alice's slots.
        let second = hold("bob", "1", "10:00:00");
        let place = tables.bookings.place(&second, 50, end);
        let (extended, placed) = join(extend, place).await;

        let ledger = Ledger::read(&tables).await;
        ledger.assert_balanced(1, end);
        assert_eq!(ledger.live(end), 1);
        match (extended, placed) {
            (Ok(booking), Err(CommandError::Rejected(Rejection::SlotFull))) => {
                assert_eq!((booking.status, booking.at(end)), (Status::Held, booking.clone()));
                assert_eq!(ledger.bookings, [booking]);
                kept_by_alice.push(true);
            }
            (Err(CommandError::Rejected(Rejection::HoldExpired)), Ok(booking)) => {
                assert!(ledger.bookings.contains(&booking));
                assert!(ledger.bookings.contains(&held.at(end)));
                kept_by_alice.push(false);
            }
            other => panic!("{head_start}: {other:?}"),
        }
    }
    assert!(kept_by_alice.contains(&true) && kept_by_alice.contains(&false));
}

/// Confirmed, or held for longer and then confirmed: whichever comes first, it ends sold, and its places
/// are in no bucket.
#[tokio::test]
async fn extend_meets_confirm() {
    for extend_first in [true, false] {
        let tables = tables(room(1)).await;
        let held = held(&tables).await;
        let now = at("08:04:00");
        let confirm_it = confirm();
        let confirm = tables.bookings.carry_out(&held.customer, &held.id, &confirm_it, None, now);
        let extend = extend(&tables, &held, now);
        let (extended, confirmed) = if extend_first {
            join(extend, confirm).await
        } else {
            let (confirmed, extended) = join(confirm, extend).await;
            (extended, confirmed)
        };
        assert_eq!(confirmed.unwrap().status, Status::Confirmed);
        let told = matches!(
            &extended,
            Ok(_) | Err(CommandError::Rejected(Rejection::InvalidTransition(_)))
        );
        assert!(told, "{extended:?}");
        let ledger = Ledger::read(&tables).await;
        for now in [now, at("08:30:00")] {
            ledger.assert_balanced(1, now);
            assert_eq!(ledger.taken(at("09:00:00"), now), 1);
        }
        assert!(ledger.slots.values().all(|slot| slot.expiring.values().all(|held| *held == 0)));
    }
}

/// Sixteen windows of one customer: each extension is a version of its own, and the places are in one
/// bucket.
#[tokio::test]
async fn sixteen_extensions_at_once() {
    let tables = tables(room(1)).await;
    let held = held(&tables).await;
    let now = |n: i64| at("08:01:00") + SignedDuration::from_secs(10 * n);
    let all = join_all((0..16).map(|n| extend(&tables, &held, now(n)))).await;
    let done = all.iter().filter(|extended| match extended {
        Ok(_) => true,
        Err(CommandError::Failed(store::Error::Busy)) => false,
        Err(other) => panic!("{other:?}"),
    });
    let done = u64::try_from(done.count()).unwrap();
    let ledger = Ledger::read(&tables).await;
    let [booking] = &ledger.bookings[..] else { panic!("{ledger:?}") };
    assert_eq!(booking.version, Version::FIRST.plus(done));
    let until = booking.hold_expires_at.unwrap();
    assert!(all.iter().flatten().all(|extended| extended.hold_expires_at <= Some(until)));
    ledger.assert_balanced(1, now(16));
    ledger.assert_balanced(1, until);
    for slot in ledger.slots.values() {
        let held: Vec<_> = slot.expiring.iter().filter(|(_, places)| **places > 0).collect();
        assert_eq!(held, [(&until, &1)]);
    }
}

/// A full slot, which nobody takes places in: a hold there that is extended for two hours, again and
/// again, leaves no trail of empty buckets.
#[tokio::test]
async fn a_hold_that_is_extended_all_the_time_leaves_no_trail() {
    let resource = Resource {
        hold_seconds: HoldSeconds::new(64).unwrap(),
        max_hold_seconds: MaxHoldSeconds::new(7200).unwrap(),
        ..room(1)
    };
    let tables = tables(resource).await;
    let held = held(&tables).await;
    let (mut most, mut now) = (0, at(NOW));
    for _ in 0..200 {
        now += SignedDuration::from_secs(1);
        extend(&tables, &held, now).await.unwrap();
        let slots = tables.bookings.slots(&held.resource, at("09:00:00"), at("09:30:00"));
        let slot = &slots.await.unwrap()[&at("09:00:00")];
        most = most.max(slot.expiring.len());
    }
    // Those that are still ahead, and a few that have run out.
    assert!((64..=76).contains(&most), "{most} buckets");
    Ledger::read(&tables).await.assert_balanced(1, now);
}
