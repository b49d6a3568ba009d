//! Every action, in order: what one does is there for the next.

use crate::desk::{Caller, Desk, Used};
use crate::world::{FREE, OLD, POOL, Subject, now, slot};
use domain::Role;
use serde_json::{Value, json};
use store::cursor::ListName;
use support::fixtures::room;

/// With what of its own an action may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grows {
    /// With nothing.
    Never,
    /// It is about all resources: the empty system has no page of them.
    WithAPage,
    /// With the bookings to come of the resource.
    WithTheCalendar,
    /// With the bookings of the customer.
    WithTheHistory,
}

/// What an action took.
#[derive(Debug, Clone)]
pub struct Cost {
    pub name: &'static str,
    pub used: Used,
    pub grows: Grows,
}

/// A request that changes nothing is asked so often, and the fastest counts: what else goes on at the machine
/// makes some of them slow.
const TIMES: u32 = 5;
/// Actions that change nothing, where nobody waits.
const READS: [&str; 7] =
    ["availability", "get", "list", "ping", "resource.get", "resource.list", "search"];

/// Asks one after the other, and keeps what each took.
struct Round<'a> {
    costs: Vec<Cost>,
    customer: Caller<'a>,
    operator: Caller<'a>,
}

impl Round<'_> {
    /// A request of the customer.
    async fn customer(&mut self, name: &'static str, frame: Value) -> Value {
        let (answer, used) = timed(&self.customer, &frame).await;
        self.note(name, used, Grows::Never);
        result(&frame, answer)
    }

    /// A request of the operator.
    async fn operator(&mut self, name: &'static str, grows: Grows, frame: Value) -> Value {
        let (answer, used) = timed(&self.operator, &frame).await;
        self.note(name, used, grows);
        result(&frame, answer)
    }

    fn note(&mut self, name: &'static str, used: Used, grows: Grows) {
        self.costs.push(Cost { name, used, grows });
    }
}

/// Asks, and once more if that changes nothing: what it took is what it takes at best.
async fn timed(caller: &Caller<'_>, frame: &Value) -> (Value, Used) {
    let (answer, mut used) = caller.ask(frame).await;
    if frame["action"].as_str().is_some_and(|action| READS.contains(&action)) {
        for _ in 1..TIMES {
            used.time = used.time.min(caller.ask(frame).await.1.time);
        }
    }
    (answer, used)
}

fn result(frame: &Value, mut answer: Value) -> Value {
    assert_eq!(answer["type"], "reply", "{frame} was answered by {answer}");
    answer["result"].take()
}

/// What every action takes that is about this subject.
pub async fn all(desk: &Desk, subject: &Subject) -> Vec<Cost> {
    let customer = desk.connect(subject.customer, Role::Customer).await;
    let operator = desk.connect("operator", Role::Operator).await;
    let mut round = Round { costs: Vec::new(), customer, operator };
    look(&mut round, subject).await;
    search(&mut round, subject).await;
    let booked = sell(&mut round, subject).await;
    wait(&mut round, subject, &booked).await;
    list(&mut round, subject).await;
    subscribe(&mut round, subject).await;
    put(&mut round, subject).await;
    count(&mut round, subject, &booked).await;
    round.costs
}

async fn look(round: &mut Round<'_>, subject: &Subject) {
    round.customer("ping", json!({"action": "ping"})).await;
    let get = json!({"action": "resource.get", "resource": subject.resource});
    round.customer("resource.get", get).await;
    let (from, to) = (slot(0, 0), slot(14, 0));
    let look =
        json!({"action": "availability", "resource": subject.resource, "from": from, "to": to});
    let slots = round.customer("availability, two weeks", look).await;
    assert_eq!(slots["slots"].as_array().map(Vec::len), Some(14 * 12), "{slots}");
}

/// Tomorrow, of a pool of which one is looked for first.
async fn search(round: &mut Round<'_>, subject: &Subject) {
    let pool = json!({"pool": POOL, "venue": subject.venue});
    let search = |any_of: Value| day(json!({"action": "search", "anyOf": any_of}));
    round.customer("search, of one", search(json!([subject.resource]))).await;
    let found = round.customer("search, of a pool", search(pool.clone())).await;
    assert!(!found["found"].as_array().unwrap().is_empty(), "{found}");
    let any = json!({"action": "hold", "anyOf": pool, "start": slot(1, FREE[0]), "key": "any"});
    let held = round.customer("hold, of any in a pool", any.clone()).await;
    round.customer("the same, repeated", any).await;
    let cancel = json!({"action": "cancel", "booking": held["id"]});
    round.customer("cancel, held", cancel).await;
}

/// For what is booked, until it is given back.
async fn wait(round: &mut Round<'_>, subject: &Subject, booked: &Value) {
    let start = slot(1, FREE[1]);
    let wait = |key: &str| json!({"action": "waitlist", "resource": subject.resource, "start": start, "key": key});
    let first = round.customer("waitlist", wait("w1")).await;
    let second = round.customer("waitlist, behind another", wait("w2")).await;
    let get = json!({"action": "get", "booking": second["id"]});
    let place = round.customer("get, in line", get).await;
    // Both have joined at the same instant: who is first is for their ids to say.
    assert!(place["position"].is_u64(), "{place}");
    let cancel = |booking: &Value| json!({"action": "cancel", "booking": booking["id"]});
    round.customer("cancel, in line", cancel(&second)).await;
    let key = json!({"action": "reschedule", "booking": booked["id"], "start": slot(1, FREE[2])});
    round.customer("reschedule, with an offer", key).await;
    let offered = json!({"action": "get", "booking": first["id"]});
    let offered = result(&offered, round.customer.ask(&offered).await.0);
    assert_eq!(offered["status"], "held", "{offered}");
    result(&cancel(&first), round.customer.ask(&cancel(&first)).await.0);
    let back = json!({"action": "reschedule", "booking": booked["id"], "start": start});
    result(&back, round.customer.ask(&back).await.0);
}

/// Answers a booking that stays.
async fn sell(round: &mut Round<'_>, subject: &Subject) -> Value {
    let free = FREE.map(|number| slot(1, number));
    let new = |action: &str, start, key: &str| json!({"action": action, "resource": subject.resource, "start": start, "key": key});
    let held = round.customer("hold", new("hold", free[0], "1")).await;
    round.customer("hold, repeated", new("hold", free[0], "1")).await;
    let booked = round.customer("book", new("book", free[1], "2")).await;
    let (refused, used) = round.customer.ask(&new("hold", free[1], "3")).await;
    assert_eq!(refused["error"]["code"], "slot_full", "{refused}");
    round.note("hold, refused as full", used, Grows::Never);
    let change = |action: &str| json!({"action": action, "booking": held["id"]});
    round.customer("extend", change("extend")).await;
    round.customer("confirm", change("confirm")).await;
    let mut update = change("update");
    update["details"] = json!({"party": 4});
    round.customer("update", update).await;
    round.customer("get", change("get")).await;
    round.operator("get, by an operator", Grows::Never, change("get")).await;
    let mut reschedule = change("reschedule");
    reschedule["start"] = json!(free[2]);
    round.customer("reschedule", reschedule).await;
    round.customer("cancel", change("cancel")).await;
    booked
}

/// Tomorrow.
fn day(mut frame: Value) -> Value {
    frame["from"] = json!(slot(1, 0));
    frame["to"] = json!(slot(2, 0));
    frame
}

async fn list(round: &mut Round<'_>, subject: &Subject) {
    round.customer("list, own", json!({"action": "list"})).await;
    let held = json!({"action": "list", "status": "held"});
    round.customer("list, own by status", held).await;
    let of = json!({"action": "list", "customer": subject.customer});
    round.operator("list, of a customer", Grows::Never, of).await;
    let at = day(json!({"action": "list", "resource": subject.resource}));
    round.operator("list, of a resource", Grows::Never, at).await;
    let at = day(json!({"action": "list", "venue": subject.venue}));
    round.operator("list, of a venue", Grows::Never, at).await;
    let all = json!({"action": "resource.list"});
    round.operator("resource.list", Grows::WithAPage, all).await;
    let cursor = ListName::new(["resources"]).cursor(OLD.resource);
    let further = json!({"action": "resource.list", "cursor": cursor});
    round.operator("resource.list, further on", Grows::WithAPage, further).await;
    let of = json!({"action": "resource.list", "venue": subject.venue});
    round.operator("resource.list, of a venue", Grows::Never, of).await;
}

async fn subscribe(round: &mut Round<'_>, subject: &Subject) {
    let to = |topic: String| json!({"action": "subscribe", "topic": topic});
    let (resource, venue) = (subject.resource, subject.venue);
    round.customer("subscribe, me", to("me".to_owned())).await;
    round.customer("subscribe, a resource", to(format!("resource:{resource}"))).await;
    let topic = to(format!("resource:{resource}/bookings"));
    round.operator("subscribe, its bookings", Grows::Never, topic).await;
    let topic = to(format!("venue:{venue}/bookings"));
    round.operator("subscribe, a venue's", Grows::Never, topic).await;
    let end = json!({"action": "unsubscribe", "topic": format!("resource:{resource}")});
    round.customer("unsubscribe", end).await;
}

/// The resource as it is, but for these fields.
fn resource(subject: &Subject, fields: &Value) -> Value {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let opening = days.map(|day| (day.to_owned(), json!(["08:00-20:00"])));
    let mut resource = json!({
        "id": subject.resource,
        "venue": subject.venue,
        "name": room(1).name,
        "timeZone": "UTC",
        "slotMinutes": 60,
        "pools": [POOL],
        "opening": Value::Object(opening.into_iter().collect()),
    });
    for (name, value) in fields.as_object().unwrap() {
        resource[name] = value.clone();
    }
    json!({"action": "resource.put", "resource": resource})
}

async fn put(round: &mut Round<'_>, subject: &Subject) {
    let same = resource(subject, &json!({}));
    let put =
        round.operator("resource.put, none stranded", Grows::WithTheCalendar, same.clone()).await;
    assert_eq!(put["stranded"], 0, "{put}");
    let closed = json!({"closures": [{"from": now(), "to": slot(1_000, 0)}]});
    let closed = resource(subject, &closed);
    let put = round.operator("resource.put, all stranded", Grows::WithTheCalendar, closed).await;
    assert_ne!(put["stranded"], 0, "{put}");
    result(&same, round.operator.ask(&same).await.0);
}

/// What looks through all that a customer has.
async fn count(round: &mut Round<'_>, subject: &Subject, booked: &Value) {
    let counted = resource(subject, &json!({"rules": {"maxActive": 50}}));
    result(&counted, round.operator.ask(&counted).await.0);
    let hold = |key: &str, number: usize| json!({"action": "hold", "resource": subject.resource, "start": slot(1, FREE[number]), "key": key});
    let mut made = vec![booked.clone()];
    for (name, grows, frame) in [
        ("hold, the first that counts", Grows::WithTheHistory, hold("4", 0)),
        ("hold, the second", Grows::Never, hold("5", 2)),
    ] {
        let (answer, used) = round.customer.ask(&frame).await;
        round.note(name, used, grows);
        made.push(result(&frame, answer));
    }
    for booking in made {
        let cancel = json!({"action": "cancel", "booking": booking["id"], "reason": "erased"});
        result(&cancel, round.customer.ask(&cancel).await.0);
    }
    let erase = json!({"action": "customer.erase", "customer": subject.customer});
    round.operator("customer.erase", Grows::WithTheHistory, erase).await;
}
