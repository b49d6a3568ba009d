//! What a frame from the gateway may look like: nothing more than the protocol says.
//!
//! Every frame that any test reads comes through here, so an internal field that slips into a
//! view fails whatever test sees it first.

use serde_json::Value;

/// No outbound frame is larger.
const MAX_FRAME: usize = 128 * 1024;

const CODES: [&str; 14] = [
    "bad_request",
    "unauthenticated",
    "forbidden",
    "not_found",
    "closed",
    "slot_full",
    "hold_expired",
    "invalid_transition",
    "too_late",
    "version_conflict",
    "idempotency_mismatch",
    "limit_exceeded",
    "busy",
    "unavailable",
];

const STATUSES: [&str; 9] = [
    "held",
    "pending",
    "confirmed",
    "declined",
    "cancelled",
    "expired",
    "completed",
    "noShow",
    "waitlisted",
];

/// Fails on a frame that the protocol does not know.
pub fn check(text: &str, frame: &Value) {
    assert!(text.len() <= MAX_FRAME, "a frame of {} bytes", text.len());
    match frame["type"].as_str() {
        Some("reply") => {
            fields(frame, &["type", "action", "result"], &["id"]);
            result(frame);
        }
        Some("error") => {
            fields(frame, &["type", "error"], &["id", "action"]);
            error(&frame["error"]);
        }
        Some("update") => {
            fields(frame, &["type", "updates"], &[]);
            list(frame, "updates", update);
            let updates = frame["updates"].as_array().unwrap();
            assert!(!updates.is_empty(), "an empty push");
            each_once(updates, |update| update["topic"].to_string(), frame);
        }
        // What API Gateway itself answers where a function failed.
        None => fields(frame, &["message", "connectionId", "requestId"], &[]),
        Some(_) => panic!("an unknown type of frame: {frame}"),
    }
}

fn result(frame: &Value) {
    let result = &frame["result"];
    match frame["action"].as_str().unwrap() {
        "ping" => fields(result, &["now", "tokenExpiresAt"], &[]),
        "refresh" => fields(result, &["tokenExpiresAt"], &[]),
        "resource.put" | "resource.get" => resource(result),
        "resource.list" => {
            fields(result, &["resources"], &["cursor"]);
            list(result, "resources", resource);
        }
        "availability" => {
            fields(result, &["slots"], &["cursor"]);
            list(result, "slots", slot);
        }
        "list" => {
            fields(result, &["bookings"], &["cursor"]);
            list(result, "bookings", booking);
        }
        "subscribe" => {
            fields(result, &["topic"], &["bookings", "slots", "cursor"]);
            one_list(result);
        }
        "unsubscribe" => fields(result, &["topic"], &[]),
        _ => booking(result),
    }
}

fn error(error: &Value) {
    fields(error, &["code", "message", "retryable"], &["field", "retryAfterMs", "current"]);
    let code = error["code"].as_str().unwrap();
    assert!(CODES.contains(&code), "an unknown code: {error}");
    assert_eq!(error["retryable"], matches!(code, "busy" | "unavailable"), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 5), "{error}");
    if let Some(current) = error.get("current") {
        assert!(matches!(code, "version_conflict" | "invalid_transition" | "too_late"), "{error}");
        booking(current);
    }
    if let Some(field) = error.get("field") {
        assert!(field.as_str().unwrap().starts_with('/'), "no JSON pointer: {error}");
    }
    if let Some(wait) = error.get("retryAfterMs") {
        assert!(wait.is_u64() && error["retryable"] == true, "{error}");
    }
}

fn update(update: &Value) {
    fields(update, &["topic"], &["bookings", "slots", "resource"]);
    if let Some(changed) = update.get("resource") {
        resource(changed);
    } else {
        one_list(update);
    }
    for (name, key) in [("bookings", "id"), ("slots", "start")] {
        if let Some(items) = update[name].as_array() {
            assert!(!items.is_empty(), "an update of nothing: {update}");
            each_once(items, |item| item[key].to_string(), update);
        }
    }
}

/// A topic's bookings or its slots, whichever it is about.
fn one_list(of: &Value) {
    let topic = of["topic"].as_str().unwrap();
    let slots = topic.starts_with("resource:") && !topic.ends_with("/bookings");
    assert_eq!(of.get("slots").is_some(), slots, "{of}");
    assert_eq!(of.get("bookings").is_some(), !slots, "{of}");
    if slots {
        list(of, "slots", slot);
    } else {
        list(of, "bookings", booking);
    }
}

fn resource(resource: &Value) {
    let fields_of_resource = [
        "id",
        "name",
        "timeZone",
        "slotMinutes",
        "opening",
        "capacity",
        "holdSeconds",
        "approval",
        "version",
    ];
    fields(resource, &fields_of_resource, &[]);
    positive(resource, "version");
}

fn slot(slot: &Value) {
    fields(slot, &["start", "end", "capacity", "free", "version"], &[]);
    instant(slot, "start");
    instant(slot, "end");
    positive(slot, "capacity");
    assert!(slot["version"].is_u64(), "{slot}");
    assert!(slot["free"].as_u64() <= slot["capacity"].as_u64(), "{slot}");
}

fn booking(booking: &Value) {
    let always = [
        "id",
        "resource",
        "customer",
        "start",
        "end",
        "quantity",
        "status",
        "version",
        "createdAt",
        "updatedAt",
    ];
    fields(booking, &always, &["holdExpiresAt", "confirmationCode", "reason"]);
    for name in ["start", "end", "createdAt", "updatedAt"] {
        instant(booking, name);
    }
    positive(booking, "version");
    positive(booking, "quantity");
    let status = booking["status"].as_str().unwrap();
    assert!(STATUSES.contains(&status), "{booking}");
    assert_eq!(booking.get("holdExpiresAt").is_some(), status == "held", "{booking}");
    if matches!(status, "confirmed" | "completed" | "noShow") {
        assert!(booking["confirmationCode"].is_string(), "{booking}");
    }
    if matches!(status, "held" | "pending" | "declined" | "expired") {
        assert_eq!(booking.get("confirmationCode"), None, "{booking}");
    }
}

fn fields(of: &Value, always: &[&str], sometimes: &[&str]) {
    let object = of.as_object().unwrap_or_else(|| panic!("no object: {of}"));
    for name in always {
        assert!(object.contains_key(*name), "no {name} in {of}");
    }
    for name in object.keys() {
        let known = always.contains(&name.as_str()) || sometimes.contains(&name.as_str());
        assert!(known, "an unexpected {name} in {of}");
    }
}

fn list(of: &Value, name: &str, check: impl Fn(&Value)) {
    let items = of[name].as_array().unwrap_or_else(|| panic!("no list {name} in {of}"));
    items.iter().for_each(check);
}

fn each_once(items: &[Value], key: impl Fn(&Value) -> String, within: &Value) {
    let mut keys: Vec<_> = items.iter().map(key).collect();
    keys.sort();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "something twice in {within}");
}

fn instant(of: &Value, name: &str) {
    let text = of[name].as_str().unwrap_or_else(|| panic!("no instant {name} in {of}"));
    assert!(text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(), "{name} in {of}");
}

fn positive(of: &Value, name: &str) {
    assert!(of[name].as_u64().is_some_and(|number| number > 0), "{name} in {of}");
}
