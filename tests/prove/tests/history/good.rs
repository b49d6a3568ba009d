//! What is right, also where it looks odd at first.

use crate::story::*;
use serde_json::json;

#[test]
fn a_hold_is_refused_to_another_confirmed_and_told() {
    let mut story = Story::begin();
    story.is_watched();
    story.asks(ALICE, [3, 5], ask("hold", "a"), Ok(hold("x", "alice", 1000)));
    story.asks(BOB, [6, 8], ask("hold", "b"), Err("slot_full"));
    let confirmed = booking("x", "alice", NINE, "confirmed", 2);
    story.asks(ALICE, [9, 11], about("confirm", "x"), Ok(confirmed.clone()));
    story.hears(BOB, 12, "resource:room", "slots", &json!([slot(NINE, 0, 2)]));
    story.hears(BOB, 13, "resource:room", "slots", &json!([slot(NINE, 0, 4)]));
    story.hears(ALICE, 13, "me", "bookings", &json!([confirmed]));
    let checked = story.verdict_at(20, &[confirmed], &[slot(NINE, 0, 4)]).unwrap();
    assert_eq!((checked.operations, checked.slots, checked.bookings), (4, 1, 1));
    assert_eq!((checked.pushes, checked.undecided, checked.open), (3, 0, 0));
}

#[test]
fn what_overlaps_may_have_come_in_either_order() {
    let mut story = Story::begin();
    let booked = booking("x", "alice", NINE, "confirmed", 1);
    story.asks(ALICE, [0, 10], ask("book", "a"), Ok(booked));
    story.asks(BOB, [5, 15], look(), Ok(json!({"slots": [slot(NINE, 1, 1)]})));
    story.asks(OLGA, [6, 9], look(), Ok(json!({"slots": [slot(NINE, 0, 2)]})));
    story.asks(BOB, [16, 18], look(), Ok(json!({"slots": [slot(NINE, 0, 2)]})));
    story.is_good();
}

#[test]
fn a_request_without_an_answer_has_happened_or_not() {
    let booked = booking("x", "alice", NINE, "confirmed", 1);
    let cancelled = booking("x", "alice", NINE, "cancelled", 2);
    for (end, free) in [(booked.clone(), 0), (cancelled, 1)] {
        let mut story = Story::begin();
        story.asks(ALICE, [0, 5], ask("book", "a"), Ok(booked.clone()));
        story.sends(ALICE, 6, about("cancel", "x"));
        story.loses(ALICE, 8);
        let checked = story.verdict_at(100, &[end], &[slot(NINE, free, 3)]).unwrap();
        assert_eq!((checked.open, checked.slots, checked.bookings), (1, 1, 1));
    }
}

#[test]
fn an_attempt_that_was_repeated_is_one_booking_from_the_first_request_on() {
    let mut story = Story::begin();
    story.sends(ALICE, 1, ask("book", "a"));
    story.loses(ALICE, 3);
    // It is there before anybody has told Alice.
    story.asks(BOB, [4, 6], ask("book", "b"), Err("slot_full"));
    let booked = booking("x", "alice", NINE, "confirmed", 1);
    story.asks(ALICE, [20, 25], ask("book", "a"), Ok(booked.clone()));
    story.asks(ALICE, [30, 35], ask("book", "a"), Ok(booked));
    story.is_good();
}

#[test]
fn a_hold_runs_out_by_itself_and_the_place_is_sold_again() {
    let mut story = Story::of_a_hold();
    story.asks(BOB, [990, 995], ask("book", "b"), Err("slot_full"));
    let sold = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [1001, 1005], ask("book", "c"), Ok(sold.clone()));
    story.asks(ALICE, [1010, 1015], about("confirm", "x"), Err("hold_expired"));
    let expired = booking("x", "alice", NINE, "expired", 2);
    story.asks(ALICE, [1020, 1021], about("get", "x"), Ok(expired.clone()));
    let checked = story.verdict_at(2000, &[expired, sold], &[slot(NINE, 0, 5)]).unwrap();
    assert_eq!((checked.slots, checked.bookings, checked.undecided), (1, 2, 0));
}

#[test]
fn a_hold_that_is_extended_runs_out_later() {
    let mut story = Story::of_a_hold();
    let held = extended("x", "alice", 1500);
    story.asks(ALICE, [400, 405], about("extend", "x"), Ok(held.clone()));
    story.asks(BOB, [1200, 1205], ask("book", "b"), Err("slot_full"));
    story.asks(ALICE, [1300, 1305], about("get", "x"), Ok(held));
    let sold = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [1501, 1505], ask("book", "c"), Ok(sold.clone()));
    let expired = booking("x", "alice", NINE, "expired", 3);
    story.asks(ALICE, [1510, 1515], about("confirm", "x"), Err("hold_expired"));
    story.asks(ALICE, [1520, 1525], about("get", "x"), Ok(expired.clone()));
    let checked = story.verdict_at(2000, &[expired, sold], &[slot(NINE, 0, 6)]).unwrap();
    assert_eq!((checked.slots, checked.bookings, checked.undecided), (1, 2, 0));
}

/// Between the request without an answer and the one that repeats it, Alice's other window has extended
/// the hold too.
#[test]
fn an_extension_that_is_asked_for_again_may_be_made_twice() {
    let mut again = about("extend", "x");
    again["key"] = json!("e");
    let mut story = Story::of_a_hold();
    story.sends(ALICE, 100, again.clone());
    story.loses(ALICE, 150);
    let mut third = extended("x", "alice", 1300);
    third["version"] = json!(3);
    story.asks(OLGA, [200, 205], about("extend", "x"), Ok(third));
    let mut fourth = extended("x", "alice", 1400);
    fourth["version"] = json!(4);
    story.asks(ALICE, [300, 305], again, Ok(fourth));
    story.is_good();
}

#[test]
fn a_confirmation_that_was_asked_for_in_time_may_come_in_time() {
    let mut story = Story::of_a_hold();
    let confirmed = booking("x", "alice", NINE, "confirmed", 2);
    story.asks(ALICE, [999, 1005], about("confirm", "x"), Ok(confirmed));
    story.is_good();
}

#[test]
fn clocks_may_differ_by_what_is_known() {
    let mut story = Story::of_a_hold();
    let confirmed = booking("x", "alice", NINE, "confirmed", 2);
    story.asks(ALICE, [1020, 1025], about("confirm", "x"), Ok(confirmed));
    assert!(story.verdict_with(0, None).is_err());
    assert_eq!(story.verdict_with(50, None).map(|it| it.undecided), Ok(0));
}

#[test]
fn a_booking_moves_and_leaves_its_place() {
    let (mut story, _) = Story::of_a_booking();
    let mut reschedule = about("reschedule", "x");
    reschedule["start"] = json!(TEN);
    let moved = booking("x", "alice", TEN, "confirmed", 2);
    story.asks(ALICE, [6, 9], reschedule, Ok(moved.clone()));
    let sold = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [10, 15], ask("book", "b"), Ok(sold.clone()));
    let slots = [slot(NINE, 0, 4), slot(TEN, 0, 2)];
    let checked = story.verdict_at(20, &[moved, sold], &slots).unwrap();
    assert_eq!((checked.slots, checked.bookings), (2, 2));
}

/// Bob waits, and is offered the place that Alice gives back: nobody else saw it free.
#[test]
fn who_waits_is_offered_what_another_gives_back() {
    let (mut story, _) = Story::of_a_booking();
    story.asks(BOB, [6, 8], ask("waitlist", "b"), Ok(booking("y", "bob", NINE, "waitlisted", 1)));
    let cancelled = booking("x", "alice", NINE, "cancelled", 2);
    story.asks(ALICE, [10, 14], about("cancel", "x"), Ok(cancelled.clone()));
    story.asks(OLGA, [15, 16], look(), Ok(json!({"slots": [slot(NINE, 0, 4)]})));
    let mut offered = booking("y", "bob", NINE, "held", 2);
    offered["holdExpiresAt"] = json!(instant(1020));
    story.hears(BOB, 18, "me", "bookings", &json!([offered]));
    let confirmed = booking("y", "bob", NINE, "confirmed", 3);
    story.asks(BOB, [20, 24], about("confirm", "y"), Ok(confirmed.clone()));
    let checked = story.verdict_at(100, &[cancelled, confirmed], &[slot(NINE, 0, 5)]).unwrap();
    assert_eq!((checked.slots, checked.bookings, checked.undecided), (1, 2, 0));
}

#[test]
fn who_leaves_a_line_gives_nothing_back() {
    let (mut story, booked) = Story::of_a_booking();
    story.asks(BOB, [6, 8], ask("waitlist", "b"), Ok(booking("y", "bob", NINE, "waitlisted", 1)));
    let left = booking("y", "bob", NINE, "cancelled", 2);
    story.asks(BOB, [10, 14], about("cancel", "y"), Ok(left.clone()));
    story.asks(OLGA, [15, 16], look(), Ok(json!({"slots": [slot(NINE, 0, 2)]})));
    story.verdict_at(100, &[booked, left], &[slot(NINE, 0, 2)]).unwrap();
}

/// Alice has the room with a hall that is not looked at.
#[test]
fn what_is_booked_with_another_is_taken() {
    let mut story = Story::begin();
    story.asks(ALICE, [3, 5], ask("book", "a"), Ok(of_the_hall_with_the_room()));
    story.asks(BOB, [6, 8], ask("book", "b"), Err("slot_full"));
    story.is_good();
}
