//! Input that no action takes. Each is answered, leaves the socket open and writes nothing.

use crate::stage::Stage;
use e2e::{Client, Room, Value, json, scene};

/// What a field takes, and so what it must refuse.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Resource,
    Instant,
    Number,
    Version,
    Limit,
    Key,
    Reason,
    Cursor,
    Topic,
    Status,
    Object,
    AnyOf,
}

use Kind::{
    AnyOf, Cursor, Instant, Key, Limit, Number, Object, Reason, Resource, Status, Text, Topic,
    Version,
};

/// An action's fields: the name, whether it must be there, what it takes.
type Fields = &'static [(&'static str, bool, Kind)];

const PLACE: Fields = &[
    ("resource", true, Resource),
    ("start", true, Instant),
    ("end", false, Instant),
    ("quantity", false, Number),
    ("details", false, Object),
    ("note", false, Reason),
    ("for", false, Text),
    ("key", false, Key),
];
const CHANGE: Fields = &[("booking", true, Text), ("ifVersion", false, Version)];
const DECIDE: Fields =
    &[("booking", true, Text), ("ifVersion", false, Version), ("reason", false, Reason)];

const ACTIONS: &[(&str, Fields)] = &[
    ("ping", &[]),
    ("refresh", &[("token", true, Text)]),
    ("resource.put", &[("resource", true, Object), ("ifVersion", false, Version)]),
    ("resource.get", &[("resource", true, Resource)]),
    (
        "resource.list",
        &[
            ("venue", false, Resource),
            ("pool", false, Resource),
            ("limit", false, Limit),
            ("cursor", false, Cursor),
        ],
    ),
    (
        "availability",
        &[
            ("resource", true, Resource),
            ("from", true, Instant),
            ("to", true, Instant),
            ("cursor", false, Cursor),
        ],
    ),
    (
        "search",
        &[
            ("anyOf", true, AnyOf),
            ("from", true, Instant),
            ("to", true, Instant),
            ("slots", false, Number),
            ("quantity", false, Number),
            ("limit", false, Limit),
            ("cursor", false, Cursor),
        ],
    ),
    ("hold", PLACE),
    ("book", PLACE),
    ("extend", CHANGE),
    ("confirm", CHANGE),
    (
        "update",
        &[
            ("booking", true, Text),
            ("details", false, Object),
            ("note", false, Reason),
            ("ifVersion", false, Version),
        ],
    ),
    ("cancel", DECIDE),
    (
        "reschedule",
        &[
            ("booking", true, Text),
            ("start", true, Instant),
            ("end", false, Instant),
            ("ifVersion", false, Version),
        ],
    ),
    ("approve", DECIDE),
    ("decline", DECIDE),
    ("complete", CHANGE),
    ("noShow", CHANGE),
    ("customer.erase", &[("customer", true, Text)]),
    ("customer.revoke", &[("customer", true, Text)]),
    ("get", &[("booking", true, Text)]),
    ("list", &[("status", false, Status), ("limit", false, Limit), ("cursor", false, Cursor)]),
    (
        "subscribe",
        &[
            ("topic", true, Topic),
            ("from", false, Instant),
            ("to", false, Instant),
            ("cursor", false, Cursor),
        ],
    ),
    ("unsubscribe", &[("topic", true, Topic)]),
];

/// What a field of this kind must refuse, whatever the state of things.
fn wrong(kind: Kind) -> Vec<Value> {
    let long = |length| json!("x".repeat(length));
    let mut values = match kind {
        Number | Limit => vec![json!("1"), json!(1.5), json!(-1), json!(0), json!(1e30)],
        // 0 is a version like another: no booking's.
        Version => vec![json!("1"), json!(1.5), json!(-1), json!(1e30)],
        Object => vec![json!("room-1"), json!(7)],
        AnyOf => vec![json!("tables"), json!(7)],
        _ => vec![json!(7), json!(1.5), json!({})],
    };
    values.extend([json!(true), json!([])]);
    values.extend(match kind {
        Resource => vec![json!(""), json!("Room 1"), json!("-a"), json!("a#b"), long(64)],
        Instant => vec![
            json!("tomorrow"),
            json!("2035-01-11"),
            json!("2035-01-11T09:00:00"),
            json!("2035-01-11T09:00:00+02:00"),
            json!("2035-13-41T09:00:00Z"),
        ],
        Limit => vec![json!(1_000_000)],
        Key => vec![json!(""), long(256)],
        Reason => vec![long(501)],
        Cursor => vec![json!("forged"), json!(""), json!("eyJQSyI6IkMjYWxpY2UifQ"), long(9000)],
        Topic => vec![json!(""), json!("you"), json!("resource:"), json!("resource:A/bookings")],
        Status => vec![json!("sold"), json!("Held")],
        Text | Number | Version | Object | AnyOf => vec![],
    });
    values
}

/// A request that has all it needs.
fn good(room: &Room, booking: &Value, action: &str, fields: Fields) -> Value {
    let mut request = json!({"action": action});
    for (name, required, kind) in fields {
        if *required {
            request[name] = match (*name, kind) {
                ("resource", Resource) => json!(room.id),
                ("resource", _) => Room::definition(&room.id, &json!({})),
                ("topic", _) => json!(room.topic()),
                ("booking", _) => booking["id"].clone(),
                ("to", _) => json!(room.slot(2)),
                ("anyOf", _) => json!([room.id]),
                (_, Instant) => json!(room.slot(1)),
                _ => json!("text"),
            };
        }
    }
    request
}

#[tokio::test]
async fn texts_that_are_no_request() {
    let reason = "deep nesting ends its own reading of messages, and with it the connection";
    if e2e::gateway::beyond_ministack("texts_that_are_no_request", reason) {
        return;
    }
    let stage = Stage::set(&[]);
    let token = stage.gateway.token("alice").await;
    let mut client = Client::connect(&stage.gateway, &token).await;
    let long = "x".repeat(31 * 1024);
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
    let texts = [
        (String::new(), None),
        (" ".into(), None),
        ("hold room-1".into(), None),
        (r#"{"action":"ping""#.into(), None),
        (r#"{"action":"ping"}{"action":"ping"}"#.into(), None),
        (r#"{"action":"ping",}"#.into(), None),
        (r"{'action':'ping'}".into(), None),
        ("[]".into(), None),
        (r#"[{"action":"ping"}]"#.into(), None),
        ("null".into(), None),
        ("7".into(), None),
        ("NaN".into(), None),
        ("true".into(), None),
        (r#""ping""#.into(), None),
        ("\0".into(), None),
        (r#"{"action":"ping","id":"\ud800"}"#.into(), None),
        (long.clone(), None),
        (format!("{long:?}"), None),
        (deep(15_000), None),
        ("[".repeat(31 * 1024), None),
        (objects, None),
        (format!(r#"{{"action":"ping","x":{}}}"#, deep(10_000)), None),
        (format!(r#"{{"action":"ping","id":{}}}"#, deep(10_000)), None),
        ("{}".into(), Some("/action")),
        (r#"{"resource":"room-1"}"#.into(), Some("/action")),
        (r#"{"action":null}"#.into(), Some("/action")),
        (r#"{"action":7}"#.into(), Some("/action")),
        (r#"{"action":["ping"]}"#.into(), Some("/action")),
        (r#"{"action":{"ping":{}}}"#.into(), Some("/action")),
        (r#"{"action":""}"#.into(), Some("/action")),
        (r#"{"action":"fly"}"#.into(), Some("/action")),
        (r#"{"action":"Ping"}"#.into(), Some("/action")),
        (r#"{"action":"ping "}"#.into(), Some("/action")),
        (r#"{"action":"$connect"}"#.into(), Some("/action")),
        (r#"{"action":"$disconnect"}"#.into(), Some("/action")),
        (r#"{"action":"$default"}"#.into(), Some("/action")),
        (format!(r#"{{"action":{long:?}}}"#), Some("/action")),
        (r#"{"action":"ping","id":{}}"#.into(), Some("/id")),
        (r#"{"action":"ping","id":[1]}"#.into(), Some("/id")),
        (r#"{"action":"ping","id":true}"#.into(), Some("/id")),
        (r#"{"action":"ping","id":1.5}"#.into(), Some("/id")),
        (format!(r#"{{"action":"resource.get","resource":{long:?}}}"#), Some("/resource")),
        (r#"{"action":"ping","a/b":1}"#.into(), Some("/a~1b")),
    ];
    for (text, field) in &texts {
        stage.refuses_text(&mut client, text, *field).await;
    }
}

#[tokio::test]
async fn every_field_of_every_action() {
    let stage = Stage::set(&[]);
    let mut room = Room::single(&stage.gateway).await;
    // One who may do everything to the booking: its owner is an operator.
    let booking = room.one("book", 0);
    let booking = room.operator.ok(booking).await;
    for (action, fields) in ACTIONS {
        let good = good(&room, &booking, action, fields);
        let mut unknown = good.clone();
        unknown["zzz"] = json!(1);
        stage.refuses(&mut room.operator, &unknown, "bad_request", Some("/zzz")).await;
        for (name, required, kind) in *fields {
            let pointer = format!("/{name}");
            let mut values: Vec<_> = wrong(*kind).into_iter().map(Some).collect();
            if *required {
                values.extend([None, Some(Value::Null)]);
            }
            for value in values {
                let mut bad = good.clone();
                match value {
                    Some(value) => bad[*name] = value,
                    None => drop(bad.as_object_mut().unwrap().remove(*name)),
                }
                stage.refuses(&mut room.operator, &bad, "bad_request", Some(&pointer)).await;
            }
        }
    }
}

#[tokio::test]
async fn every_field_of_a_resource() {
    let stage = Stage::set(&[]);
    let mut room = Room::single(&stage.gateway).await;
    let numbers = |largest: u32| {
        vec![json!("1"), json!(0), json!(-1), json!(1.5), json!(largest + 1), json!([1])]
    };
    let long = |length| json!("x".repeat(length));
    let cases = [
        ("id", vec![json!(7), json!(""), json!("Room"), json!("a/b"), json!({}), long(64)]),
        ("venue", vec![json!(7), json!(""), json!("Harbour"), json!(null), json!({}), long(64)]),
        ("name", vec![json!(7), json!(""), json!([]), long(201)]),
        ("timeZone", vec![json!(7), json!("Mars/Olympus"), json!("+02:00"), json!("")]),
        ("slotMinutes", numbers(1440)),
        ("capacity", numbers(10_000)),
        ("holdSeconds", numbers(900)),
        ("maxHoldSeconds", numbers(7200)),
        ("confirmBy", vec![json!("customer"), json!(true), json!("Owner"), json!(null)]),
        ("pendingMinutes", numbers(10_080)),
        ("details", vec![json!("a"), json!(7), json!([]), json!(null)]),
        ("rules", vec![json!("a"), json!(7), json!(null)]),
        (
            "pools",
            vec![
                json!("tables"),
                json!(["a", "a"]),
                json!(null),
                json!({}),
                json!(["a", "b", "c", "d", "e", "f"]),
            ],
        ),
        ("rank", vec![json!("1"), json!(-1), json!(1001), json!(0.5), json!(null)]),
        ("approval", vec![json!("perhaps"), json!(true), json!("Auto")]),
        ("opening", vec![json!("09:00-12:00"), json!(7), json!(null)]),
        ("dates", vec![json!("2027-12-25"), json!(["2027-12-25"]), json!(7), json!(null)]),
        ("closures", vec![json!({}), json!("always"), json!(null)]),
        ("state", vec![json!("closed"), json!("Open"), json!(true), json!(null)]),
        ("zzz", vec![json!(1)]),
        ("version", vec![json!(7)]),
    ];
    for (name, values) in cases {
        for value in values {
            let request = put(&room, &json!({name: value}));
            let pointer = format!("/resource/{name}");
            stage.refuses(&mut room.operator, &request, "bad_request", Some(&pointer)).await;
        }
    }
    for (pools, pointer) in [(json!(["a", "A"]), 1), (json!([7]), 0), (json!([null]), 0)] {
        let request = put(&room, &json!({"pools": pools}));
        let pointer = format!("/resource/pools/{pointer}");
        stage.refuses(&mut room.operator, &request, "bad_request", Some(&pointer)).await;
    }
    for missing in ["id", "name", "timeZone", "opening"] {
        let mut request = put(&room, &json!({}));
        request["resource"].as_object_mut().unwrap().remove(missing);
        let pointer = format!("/resource/{missing}");
        stage.refuses(&mut room.operator, &request, "bad_request", Some(&pointer)).await;
    }
    let openings = [
        (json!({"monday": ["09:00-10:00"]}), "/resource/opening/monday"),
        (json!({"mon": "09:00-10:00"}), "/resource/opening/mon"),
        (json!({"mon": [9]}), "/resource/opening/mon/0"),
        (json!({"mon": ["09:00-10:00", "nine"]}), "/resource/opening/mon/1"),
        (json!({"mon": ["24:00-09:00"]}), "/resource/opening/mon/0"),
        (json!({"mon": ["09:00-25:00"]}), "/resource/opening/mon/0"),
        (json!({"mon": ["9:00-10:00"]}), "/resource/opening/mon/0"),
        (json!({"mon": ["09:00-11:00", "10:00-12:00"]}), "/resource/opening"),
        (json!({"mon": ["10:00-12:00", "09:00-11:00"]}), "/resource/opening"),
        (json!({"mon": ["09:00-11:00", "09:00-11:00"]}), "/resource/opening"),
        (json!({"mon": ["22:00-02:00"], "tue": ["01:59-03:00"]}), "/resource/opening"),
        (json!({"sun": ["22:00-02:00"], "mon": ["01:59-03:00"]}), "/resource/opening"),
        (json!({"sat": ["12:00-12:00"], "sun": ["11:00-11:30"]}), "/resource/opening"),
        (json!({"fri": minutes(97)}), "/resource/opening"),
    ];
    for (opening, pointer) in openings {
        let request = put(&room, &json!({"opening": opening}));
        stage.refuses(&mut room.operator, &request, "bad_request", Some(pointer)).await;
    }
}

/// So many openings of a day, a minute each.
fn minutes(count: u32) -> Vec<String> {
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    (0..count).map(|n| format!("{}-{}", clock(2 * n), clock(2 * n + 1))).collect()
}

#[tokio::test]
async fn every_date_and_every_closure_of_a_resource() {
    let stage = Stage::set(&[]);
    let mut room = Room::single(&stage.gateway).await;
    let year: serde_json::Map<_, _> = (0..367_i64)
        .map(|day| jiff::civil::date(2027, 1, 1) + jiff::ToSpan::days(day))
        .map(|date| (date.to_string(), json!([])))
        .collect();
    let dates = [
        (json!({"2027-12-25": "09:00-10:00"}), "/resource/dates/2027-12-25"),
        (json!({"2027-12-25": null}), "/resource/dates/2027-12-25"),
        (json!({"2027-12-25": [], "2027-12-26": ["nine"]}), "/resource/dates/2027-12-26/0"),
        (json!({"2027-12-25": ["09:00-10:00", 9]}), "/resource/dates/2027-12-25/1"),
        (json!({"2027-02-29": []}), "/resource/dates/2027-02-29"),
        (json!({"2027-13-01": []}), "/resource/dates/2027-13-01"),
        (json!({"20271225": []}), "/resource/dates/20271225"),
        (json!({"2027-12-25T00:00": []}), "/resource/dates/2027-12-25T00:00"),
        (json!({"christmas": []}), "/resource/dates/christmas"),
        (json!({"2027-12-25": ["09:00-11:00", "10:00-12:00"]}), "/resource/dates"),
        (json!({"2027-12-25": ["22:00-02:00", "23:00-24:00"]}), "/resource/dates"),
        (json!({"2027-12-25": minutes(97)}), "/resource/dates"),
        (json!(year), "/resource/dates"),
    ];
    let (from, to) = ("2027-01-11T09:00:00Z", "2027-01-11T10:00:00Z");
    let good = json!({"from": from, "to": to});
    let closures = [
        (json!([good, {"to": to}]), "/resource/closures/1/from"),
        (json!([{"from": from}]), "/resource/closures/0/to"),
        (json!([{"from": "2027-01-11", "to": to}]), "/resource/closures/0/from"),
        (json!([{"from": from, "to": "2027-01-11T11:00:00+01:00"}]), "/resource/closures/0/to"),
        (json!([{"from": from, "to": null}]), "/resource/closures/0/to"),
        (json!([good, {"from": from, "to": from}]), "/resource/closures/1/to"),
        (json!([{"from": to, "to": from}]), "/resource/closures/0/to"),
        (json!([{"from": from, "to": to, "why": "x"}]), "/resource/closures/0/why"),
        (json!([{"from": from, "to": to, "reason": 7}]), "/resource/closures/0/reason"),
        (
            json!([{"from": from, "to": to, "reason": "x".repeat(501)}]),
            "/resource/closures/0/reason",
        ),
        (json!([good, 7]), "/resource/closures/1"),
        (json!(vec![good; 101]), "/resource/closures"),
    ];
    let dates = dates.into_iter().map(|(value, pointer)| ("dates", value, pointer));
    let closures = closures.into_iter().map(|(value, pointer)| ("closures", value, pointer));
    for (field, value, pointer) in dates.chain(closures) {
        let request = put(&room, &json!({field: value}));
        stage.refuses(&mut room.operator, &request, "bad_request", Some(pointer)).await;
    }
}

#[tokio::test]
async fn fields_that_do_not_go_together() {
    let stage = Stage::set(&[]);
    let mut room = Room::with(&stage.gateway, json!({"capacity": 3})).await;
    let mut customer = room.customer().await;
    let (start, end) = (room.slot(2), room.slot(1));
    let place = |action: &str| json!({"action": action, "resource": room.id, "start": start});
    let mut cases = vec![];
    for action in ["hold", "book"] {
        for backwards in [&start, &end] {
            let mut request = place(action);
            request["end"] = json!(backwards);
            cases.push((request, "/end"));
        }
        let mut request = place(action);
        request["quantity"] = json!(4);
        cases.push((request, "/quantity"));
    }
    let window = json!({"resource": room.id, "from": start, "to": end});
    for action in ["availability", "list"] {
        let mut request = window.clone();
        request["action"] = json!(action);
        cases.push((request, "/to"));
    }
    let topic = room.topic();
    cases.push((json!({"action": "list", "from": start}), "/from"));
    cases.push((json!({"action": "subscribe", "topic": topic, "from": start, "to": end}), "/to"));
    for (request, field) in cases {
        let by = if request["action"] == "list" { &mut room.operator } else { &mut customer };
        stage.refuses(by, &request, "bad_request", Some(field)).await;
    }
}

#[tokio::test]
async fn a_request_without_an_id_is_answered_without_one() {
    let gateway = e2e::Gateway::shared();
    let token = gateway.token(&e2e::unique("alice")).await;
    let mut client = Client::connect(gateway, &token).await;
    client.send_text(r#"{"action":"ping"}"#).await;
    let frame = client.answer().await;
    assert!(frame["type"] == "reply" && frame.get("id").is_none(), "{frame}");
    for id in [json!("7"), json!(7), json!(""), json!(-1), json!("é\u{1F600}")] {
        for action in ["ping", "fly"] {
            client.send_text(json!({"action": action, "id": id}).to_string()).await;
            let frame = client.answer().await;
            assert_eq!((&frame["id"], &frame["action"]), (&id, &json!(action)), "{frame}");
        }
    }
}

fn put(room: &Room, fields: &Value) -> Value {
    let mut resource =
        Room::definition(&room.id, &json!({"opening": scene::every_day("09:00-12:00")}));
    for (name, value) in fields.as_object().unwrap() {
        resource[name] = value.clone();
    }
    json!({"action": "resource.put", "resource": resource})
}
