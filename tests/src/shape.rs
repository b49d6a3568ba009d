//! What a frame from the gateway may look like: what the published contract says, and no more.
//!
//! Every frame that any test reads comes through here, so an internal field that slips into a
//! view fails whatever test sees it first.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

/// No outbound frame is larger.
const MAX_FRAME: usize = 128 * 1024;

/// The contract: a validator for each type of frame, and for each definition that a result can be.
static CONTRACT: LazyLock<HashMap<&str, Validator>> = LazyLock::new(|| {
    let document = include_str!("../../shared/protocol/asyncapi.json");
    let mut document: Value = document.parse().unwrap();
    let mut components = document["components"].take();
    close(&mut components);
    let places =
        ["reply", "error", "update"].map(|name| (name, format!("messages/{name}/payload")));
    let views = ["ResourceView", "BookingView"].map(|name| (name, format!("schemas/{name}")));
    let validator = |place: &str| {
        let reference = json!({"$ref": format!("#/components/{place}")});
        let schema = json!({"allOf": [reference], "components": components});
        jsonschema::draft7::options().should_validate_formats(true).build(&schema).unwrap()
    };
    places.into_iter().chain(views).map(|(name, place)| (name, validator(&place))).collect()
});

/// The contract lets a later version add fields. This one has none but those that it names.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.entry("additionalProperties").or_insert(json!(false));
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(close),
        _ => {}
    }
}

fn is(name: &str, value: &Value) {
    if let Err(error) = CONTRACT[name].validate(value) {
        panic!(
            "{value} is not what the contract says of {name}: {error} at {}",
            error.instance_path()
        );
    }
}

/// Fails on a frame that the contract does not know.
pub fn check(text: &str, frame: &Value) {
    assert!(text.len() <= MAX_FRAME, "a frame of {} bytes", text.len());
    match frame["type"].as_str() {
        Some(name @ ("reply" | "error" | "update")) => is(name, frame),
        // What API Gateway itself answers where a function failed.
        None => return fields(frame, &["message", "connectionId", "requestId"], &[]),
        Some(_) => panic!("an unknown type of frame: {frame}"),
    }
    match frame["type"].as_str() {
        Some("reply") => result(frame),
        Some("error") => error(&frame["error"]),
        _ => {
            let updates = frame["updates"].as_array().unwrap();
            assert!(!updates.is_empty(), "an empty push");
            // Of a pool, each resource that was written is in an update of its own.
            let name = |update: &Value| {
                let topic = update["topic"].to_string();
                let of_pool = topic.starts_with("\"pool:");
                topic + &if of_pool { update["resource"]["id"].to_string() } else { String::new() }
            };
            each_once(updates, name, frame);
            updates.iter().for_each(update);
        }
    }
}

/// The result has the form that belongs to its action.
fn result(frame: &Value) {
    let result = &frame["result"];
    match frame["action"].as_str().unwrap() {
        "ping" => fields(result, &["now", "tokenExpiresAt"], &[]),
        "refresh" => fields(result, &["tokenExpiresAt"], &[]),
        "resource.put" => {
            let mut resource = result.clone();
            let stranded = resource.as_object_mut().and_then(|it| it.remove("stranded"));
            assert!(stranded.is_some_and(|it| it.is_u64()), "{result}");
            is("ResourceView", &resource);
        }
        "resource.get" => is("ResourceView", result),
        "resource.list" => fields(result, &["resources"], &["cursor"]),
        "availability" => {
            fields(result, &["slots"], &["bookableFrom", "bookableTo", "cursor"]);
        }
        "search" => fields(result, &["found"], &["cursor"]),
        "customer.erase" => fields(result, &["erased"], &[]),
        "customer.revoke" => {
            fields(result, &["closed"], &[]);
            assert!(result["closed"].is_u64(), "{result}");
        }
        "list" => fields(result, &["bookings"], &["cursor"]),
        "subscribe" => fields(result, &["topic", list_of(result)], &["cursor"]),
        "unsubscribe" => fields(result, &["topic"], &[]),
        _ => is("BookingView", result),
    }
    entries(result);
}

fn error(error: &Value) {
    let code = error["code"].as_str().unwrap();
    assert_eq!(error["retryable"], matches!(code, "busy" | "unavailable"), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 5), "{error}");
    if let Some(current) = error.get("current") {
        assert!(matches!(code, "version_conflict" | "invalid_transition" | "too_late"), "{error}");
        booking(current);
    }
    if let Some(field) = error.get("field") {
        assert!(field.as_str().unwrap().starts_with('/'), "no JSON pointer: {error}");
    }
    if error.get("retryAfterMs").is_some() {
        assert_eq!(error["retryable"], true, "{error}");
    }
}

fn update(update: &Value) {
    let list = list_of(update);
    match update.get("resource") {
        Some(_) => fields(update, &["topic", "resource"], &[list]),
        None => fields(update, &["topic", list], &[]),
    }
    assert_ne!(update[list], json!([]), "an update of nothing");
    entries(update);
}

/// A topic's bookings or its slots, whichever it is about.
fn list_of(of: &Value) -> &'static str {
    let topic = of["topic"].as_str().unwrap();
    let slots = topic.starts_with("resource:") && !topic.ends_with("/bookings");
    let slots = slots || topic.starts_with("pool:");
    if slots { "slots" } else { "bookings" }
}

/// Each entry once, and what the contract's types cannot say of one.
fn entries(of: &Value) {
    let slots = of["slots"].as_array().map_or(&[][..], Vec::as_slice);
    each_once(slots, |slot| format!("{} {}", slot["resource"], slot["start"]), of);
    let of_pool = of["topic"].as_str().is_some_and(|topic| topic.starts_with("pool:"));
    for slot in slots {
        assert_eq!(slot.get("resource").is_some(), of_pool, "{slot}");
        assert!(slot["free"].as_u64() <= slot["capacity"].as_u64(), "{slot}");
        assert!(slot["start"].as_str() < slot["end"].as_str(), "{slot}");
    }
    let found = of["found"].as_array().into_iter().flatten();
    let found: Vec<_> = found.inspect(|one| assert!(one["free"].as_u64() >= Some(1))).collect();
    let order = |one: &&Value| (one["start"].to_string(), one["resource"].to_string());
    assert!(found.is_sorted_by_key(|one| order(one).0), "not by start: {of}");
    each_once(
        of["found"].as_array().map_or(&[], Vec::as_slice),
        |it| format!("{:?}", order(&it)),
        of,
    );
    list(of, "bookings", "id").iter().for_each(booking);
    list(of, "resources", "id");
    if of.get("status").is_some() {
        booking(of);
    }
}

fn booking(booking: &Value) {
    assert!(booking["version"].as_u64() >= Some(1), "{booking}");
    assert!(booking["quantity"].as_u64() >= Some(1), "{booking}");
    let status = booking["status"].as_str().unwrap();
    for deadline in ["cancelBy", "rescheduleBy"] {
        assert!(booking[deadline].as_str() <= booking["start"].as_str(), "{booking}");
    }
    assert_eq!(booking.get("holdExpiresAt").is_some(), status == "held", "{booking}");
    if booking.get("pendingExpiresAt").is_some() {
        assert_eq!(status, "pending", "{booking}");
    }
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

/// The entries of a list, if there is one; each of them once.
fn list<'a>(of: &'a Value, name: &str, key: &str) -> &'a [Value] {
    let Some(entries) = of[name].as_array() else { return &[] };
    each_once(entries, |entry| entry[key].to_string(), of);
    entries
}

fn each_once(items: &[Value], key: impl Fn(&Value) -> String, within: &Value) {
    let mut keys: Vec<_> = items.iter().map(key).collect();
    keys.sort();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "something twice in {within}");
}
