//! What must never be: each is found, and for its own reason.

use crate::story::*;
use serde_json::{Value, json};

const SLOT: &str = "of the slot";
const BOOKING: &str = "of the booking";

#[test]
fn a_place_sold_twice() {
    let mut story = Story::begin();
    story.asks(ALICE, [0, 10], ask("hold", "a"), Ok(hold("x", "alice", 1000)));
    story.asks(BOB, [5, 15], ask("hold", "b"), Ok(hold("y", "bob", 1000)));
    story.breaks(SLOT);
}

#[test]
fn a_place_sold_while_a_hold_still_had_it() {
    let mut story = Story::of_a_hold();
    let sold = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [990, 999], ask("book", "b"), Ok(sold));
    story.breaks(SLOT);
}

#[test]
fn a_hold_confirmed_after_its_place_was_sold() {
    let mut story = Story::of_a_hold();
    let sold = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [1001, 1005], ask("book", "b"), Ok(sold));
    // It was sent in time, and came too late.
    let confirmed = booking("x", "alice", NINE, "confirmed", 2);
    story.asks(ALICE, [998, 1020], about("confirm", "x"), Ok(confirmed));
    story.breaks(SLOT);
}

#[test]
fn a_hold_confirmed_after_its_end() {
    let mut story = Story::of_a_hold();
    let confirmed = booking("x", "alice", NINE, "confirmed", 2);
    story.asks(ALICE, [1001, 1020], about("confirm", "x"), Ok(confirmed));
    story.breaks(SLOT);
}

#[test]
fn a_hold_lost_before_its_end() {
    let mut story = Story::of_a_hold();
    story.asks(ALICE, [500, 510], about("confirm", "x"), Err("hold_expired"));
    story.breaks(BOOKING);
}

#[test]
fn a_booking_that_was_acknowledged_and_is_not_there() {
    let (story, _) = Story::of_a_booking();
    let broken = story.verdict_at(100, &[], &[slot(NINE, 1, 1)]).unwrap_err();
    assert!(broken.contains(SLOT), "{broken}");
}

#[test]
fn a_stale_read_after_the_acknowledgement() {
    let (mut story, _) = Story::of_a_booking();
    story.asks(BOB, [6, 9], look(), Ok(json!({"slots": [slot(NINE, 1, 1)]})));
    story.breaks(SLOT);
}

#[test]
fn a_booking_read_as_it_was_before_the_acknowledgement() {
    let (mut story, booked) = Story::of_a_booking();
    let cancelled = booking("x", "alice", NINE, "cancelled", 2);
    story.asks(ALICE, [6, 9], about("cancel", "x"), Ok(cancelled));
    story.asks(ALICE, [10, 12], about("get", "x"), Ok(booked));
    story.breaks(BOOKING);
}

#[test]
fn a_place_refused_that_was_free() {
    let mut story = Story::of_a_hold();
    let cancelled = booking("x", "alice", NINE, "cancelled", 2);
    story.asks(ALICE, [6, 9], about("cancel", "x"), Ok(cancelled));
    story.asks(BOB, [10, 12], ask("hold", "b"), Err("slot_full"));
    story.breaks(SLOT);
}

#[test]
fn a_command_done_and_said_to_be_impossible() {
    let mut story = Story::of_a_hold();
    story.asks(ALICE, [6, 9], about("confirm", "x"), Err("invalid_transition"));
    story.breaks(BOOKING);
}

#[test]
fn a_version_left_out() {
    let mut story = Story::of_a_hold();
    let confirmed = booking("x", "alice", NINE, "confirmed", 3);
    story.asks(ALICE, [6, 9], about("confirm", "x"), Ok(confirmed));
    story.breaks(BOOKING);
}

#[test]
fn one_version_told_in_two_ways() {
    let mut story = Story::of_a_hold();
    story.hears(ALICE, 6, "me", "bookings", &json!([hold("x", "alice", 2000)]));
    story.breaks("a version of a booking is one thing");
}

#[test]
fn one_version_of_a_slot_told_in_two_ways() {
    let mut story = Story::begin();
    story.sends(BOB, 1, json!({"action": "subscribe", "topic": "resource:room"}));
    story.hears(BOB, 6, "resource:room", "slots", &json!([slot(NINE, 1, 2)]));
    story.asks(ALICE, [7, 9], look(), Ok(json!({"slots": [slot(NINE, 0, 2)]})));
    story.breaks("a version of a slot is one thing");
}

#[test]
fn a_booking_told_to_a_stranger() {
    let mut story = Story::begin();
    story.hears(BOB, 6, "me", "bookings", &json!([hold("x", "alice", 1000)]));
    story.breaks("it is not for bob");
}

#[test]
fn a_topic_told_to_somebody_without_a_subscription() {
    let mut story = Story::begin();
    story.hears(BOB, 6, "resource:room", "slots", &json!([slot(NINE, 1, 1)]));
    story.breaks("bob has no subscription to resource:room");
}

#[test]
fn who_booked_told_in_a_public_topic() {
    let mut story = Story::begin();
    story.sends(BOB, 1, json!({"action": "subscribe", "topic": "resource:room"}));
    story.hears(BOB, 6, "resource:room", "bookings", &json!([hold("x", "alice", 1000)]));
    story.breaks("it is not for bob");
}

/// Somebody has booked, and this client learns of it only when it is told.
#[track_caller]
fn is_missed(mut story: Story, booked: &Value, client: usize, told: (&str, &str, Value)) {
    let end =
        |story: &Story| story.verdict_at(100, std::slice::from_ref(booked), &[slot(NINE, 0, 2)]);
    let broken = end(&story).unwrap_err();
    let missed = format!("nobody misses a change, but client {client} has");
    assert!(broken.contains(&missed), "{broken}");
    let (topic, list, items) = told;
    story.hears(client, 50, topic, list, &items);
    assert!(end(&story).is_ok());
}

#[test]
fn a_change_that_somebody_was_not_told() {
    let (mut story, booked) = Story::of_a_booking();
    story.is_watched();
    let told = ("resource:room", "slots", json!([slot(NINE, 0, 2)]));
    is_missed(story, &booked, BOB, told);
}

#[test]
fn a_booking_that_an_operator_was_not_told() {
    let (mut story, booked) = Story::of_a_booking();
    let topic = "resource:room/bookings";
    let nothing = json!({"topic": topic, "bookings": []});
    story.asks(OLGA, [1, 2], json!({"action": "subscribe", "topic": topic}), Ok(nothing));
    is_missed(story, &booked, OLGA, (topic, "bookings", json!([booked])));
}

#[test]
fn a_place_sold_while_a_hold_was_extended() {
    let mut story = Story::of_a_hold();
    let held = extended("x", "alice", 1500);
    story.asks(ALICE, [400, 405], about("extend", "x"), Ok(held));
    let sold = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [1001, 1005], ask("book", "b"), Ok(sold));
    story.breaks(SLOT);
}

#[test]
fn a_hold_extended_after_its_end() {
    let mut story = Story::of_a_hold();
    story.asks(ALICE, [1001, 1005], about("extend", "x"), Ok(extended("x", "alice", 2000)));
    story.breaks("of the");
}

#[test]
fn a_hold_refused_before_the_end_that_it_was_extended_to() {
    let mut story = Story::of_a_hold();
    story.asks(ALICE, [400, 405], about("extend", "x"), Ok(extended("x", "alice", 1500)));
    story.asks(ALICE, [1100, 1110], about("confirm", "x"), Err("hold_expired"));
    story.breaks(BOOKING);
}

#[test]
fn a_hold_cut_short_or_extended_beyond_all_bounds() {
    for (first, ends) in [(1010, 1005), (1000, 2100)] {
        let mut story = Story::begin();
        story.asks(ALICE, [0, 5], ask("hold", "a"), Ok(hold("x", "alice", first)));
        story.asks(ALICE, [400, 405], about("extend", "x"), Ok(extended("x", "alice", ends)));
        story.breaks("a hold lasts as long as its resource says");
    }
}

#[test]
fn a_hold_that_is_shorter_or_longer_than_its_resource_says() {
    for ends in [999, 1100] {
        let mut story = Story::begin();
        story.asks(ALICE, [0, 5], ask("hold", "a"), Ok(hold("x", "alice", ends)));
        story.breaks("a hold lasts as long as its resource says");
    }
}

#[test]
fn a_booking_that_nobody_was_told_they_have() {
    let mut story = Story::begin();
    story.asks(ALICE, [0, 5], ask("book", "a"), Err("slot_full"));
    let booked = booking("x", "alice", NINE, "confirmed", 1);
    story.loses(ALICE, 6);
    let broken = story.verdict_at(100, &[booked], &[slot(NINE, 0, 2)]).unwrap_err();
    assert!(broken.contains("each booking was answered to whoever asked for it"), "{broken}");
}

#[test]
fn tables_that_do_not_add_up() {
    let (story, booked) = Story::of_a_booking();
    let broken = story.verdict_at(100, &[booked], &[slot(NINE, 1, 2)]).unwrap_err();
    assert!(broken.contains("bookings add up to what slots have taken"), "{broken}");
}

#[test]
fn what_was_offered_is_sold_to_another() {
    let (mut story, _) = Story::of_a_booking();
    story.asks(BOB, [6, 8], ask("waitlist", "b"), Ok(booking("y", "bob", NINE, "waitlisted", 1)));
    let cancelled = booking("x", "alice", NINE, "cancelled", 2);
    story.asks(ALICE, [10, 14], about("cancel", "x"), Ok(cancelled));
    story.asks(OLGA, [15, 17], ask("book", "c"), Ok(booking("z", "olga", NINE, "confirmed", 1)));
    let mut offered = booking("y", "bob", NINE, "held", 2);
    offered["holdExpiresAt"] = json!(instant(1020));
    story.hears(BOB, 18, "me", "bookings", &json!([offered]));
    story.breaks("some order explains");
}

#[test]
fn who_leaves_a_line_gives_a_place_back() {
    let (mut story, _) = Story::of_a_booking();
    story.asks(BOB, [6, 8], ask("waitlist", "b"), Ok(booking("y", "bob", NINE, "waitlisted", 1)));
    let left = booking("y", "bob", NINE, "cancelled", 2);
    story.asks(BOB, [10, 14], about("cancel", "y"), Ok(left));
    story.asks(OLGA, [15, 16], look(), Ok(json!({"slots": [slot(NINE, 1, 2)]})));
    story.breaks("some order explains");
}

#[test]
fn a_booking_grows_beyond_what_there_is() {
    let (mut story, booked) = Story::of_a_booking();
    let mut two = booked;
    (two["quantity"], two["version"]) = (json!(2), json!(2));
    let mut grow = about("reschedule", "x");
    grow["quantity"] = json!(2);
    story.asks(ALICE, [6, 8], grow, Ok(two));
    story.breaks("some order explains");
}

#[test]
fn what_is_booked_with_another_is_sold_twice() {
    let mut story = Story::begin();
    story.asks(ALICE, [3, 5], ask("book", "a"), Ok(of_the_hall_with_the_room()));
    let booked = booking("y", "bob", NINE, "confirmed", 1);
    story.asks(BOB, [6, 8], ask("book", "b"), Ok(booked));
    story.breaks("some order explains");
}
