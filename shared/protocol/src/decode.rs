//! A frame's text -> a request, or an error that names the field.

use crate::error::WireError;
use crate::fields::{Instant, RequestId};
use crate::request::{List, Request};
use domain::CustomerId;
use jiff::SignedDuration;
use serde_json::{Map, Value};

/// The longest window that one request may ask for.
const MAX_WINDOW: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The longest window that one search may ask for.
const MAX_SEARCH: SignedDuration = SignedDuration::from_hours(31 * 24);
/// A longer action than any of ours is not sent back.
const MAX_ECHO: usize = 64;

/// What a frame's text says, as far as it could be read.
#[derive(Debug)]
pub struct Frame {
    /// The client's name for the request, to be sent back.
    pub id: Option<RequestId>,
    /// The action as it was sent, to be sent back.
    pub action: Option<String>,
    /// What is asked for, or what is wrong with it.
    pub request: Result<Request, WireError>,
}

impl Frame {
    /// A frame of which nothing can be read, for this reason.
    pub fn unreadable(error: WireError) -> Self {
        Self { id: None, action: None, request: Err(error) }
    }
}

/// Reads a frame's text.
pub fn decode(text: &str) -> Frame {
    let nothing = Frame::unreadable;
    let mut fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return nothing(WireError::bad_request("a request is a JSON object", None)),
        Err(error) => {
            return nothing(WireError::bad_request(&format!("not JSON: {error}"), None));
        }
    };
    let id = match fields.remove("id").map(serde_json::from_value) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => {
            return nothing(WireError::bad_request("expected a string or an integer", Some("/id")));
        }
    };
    let action = match fields.remove("action") {
        Some(Value::String(action)) => action,
        other => {
            let message = match other {
                None => "action is missing",
                Some(_) => "expected the name of an action",
            };
            let request = Err(WireError::bad_request(message, Some("/action")));
            return Frame { id, action: None, request };
        }
    };
    let request = request(&action, fields);
    Frame { id, action: (action.len() <= MAX_ECHO).then_some(action), request }
}

fn request(action: &str, fields: Map<String, Value>) -> Result<Request, WireError> {
    let request = Request::read(action, fields).unwrap_or_else(|| {
        Err(WireError::bad_request("there is no such action", Some("/action")))
    })?;
    check(&request)?;
    Ok(request)
}

/// Checks the rules that involve more than one field.
fn check(request: &Request) -> Result<(), WireError> {
    match request {
        Request::Hold(asked) | Request::Book(asked) => {
            names_somebody(asked.r#for.as_ref())?;
            asked.what()?;
            after(asked.start, asked.end)
        }
        Request::Waitlist(asked) => {
            names_somebody(asked.r#for.as_ref())?;
            after(asked.start, asked.end)
        }
        Request::Search(asked) => {
            asked.any_of.any_of()?;
            within(MAX_SEARCH, asked.from, asked.to)
        }
        Request::Reschedule(to) => {
            let nothing = to.start.is_none() && to.end.is_none();
            if nothing && to.resource.is_none() && to.quantity.is_none() {
                let message = "expected one of start, end, resource and quantity";
                return Err(WireError::bad_request(message, Some("/start")));
            }
            to.start.map_or(Ok(()), |start| after(start, to.end))
        }
        Request::Availability(asked) => window(asked.from, asked.to),
        Request::List(asked) => list(asked),
        _ => Ok(()),
    }
}

fn names_somebody(customer: Option<&CustomerId>) -> Result<(), WireError> {
    if customer.is_some_and(|customer| !customer.names_somebody()) {
        let message = "expected a customer's id, or guest: and a name";
        return Err(WireError::bad_request(message, Some("/for")));
    }
    Ok(())
}

/// One thing is listed, and a window belongs to what is a place.
fn list(asked: &List) -> Result<(), WireError> {
    let what = [
        ("/customer", asked.customer.is_some()),
        ("/resource", asked.resource.is_some()),
        ("/venue", asked.venue.is_some()),
    ];
    if let Some((field, _)) = what.into_iter().filter(|(_, is_there)| *is_there).nth(1) {
        let message = "expected one of customer, resource and venue";
        return Err(WireError::bad_request(message, Some(field)));
    }
    let is_at_a_place = asked.resource.is_some() || asked.venue.is_some();
    match (asked.from, asked.to) {
        (Some(from), Some(to)) if is_at_a_place => window(from, to),
        (None, None) if !is_at_a_place => Ok(()),
        (None, _) if is_at_a_place => {
            Err(WireError::bad_request("missing, with resource or venue", Some("/from")))
        }
        (_, None) if is_at_a_place => {
            Err(WireError::bad_request("missing, with resource or venue", Some("/to")))
        }
        (from, _) => {
            let field = if from.is_some() { "/from" } else { "/to" };
            Err(WireError::bad_request("only together with resource or venue", Some(field)))
        }
    }
}

fn after(start: Instant, end: Option<Instant>) -> Result<(), WireError> {
    match end {
        Some(end) if end <= start => {
            Err(WireError::bad_request("expected an instant after start", Some("/end")))
        }
        _ => Ok(()),
    }
}

/// Takes `from..to` if it is a window of time that one request may ask for.
pub fn window(from: Instant, to: Instant) -> Result<(), WireError> {
    within(MAX_WINDOW, from, to)
}

fn within(longest: SignedDuration, from: Instant, to: Instant) -> Result<(), WireError> {
    if to <= from || to.0.duration_since(from.0) > longest {
        let days = longest.as_hours() / 24;
        let message = format!("expected an instant after from, at most {days} days on");
        return Err(WireError::bad_request(&message, Some("/to")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, Option<String>) {
        let error = decode(text).request.expect_err(text);
        assert_eq!(error.code, crate::Code::BadRequest, "{text}");
        (error.message, error.field)
    }

    #[test]
    fn names_the_field_at_fault() {
        let cases = [
            (r#"{"action":"hold","start":"2027-01-11T09:00:00Z"}"#, "/resource"),
            (r#"{"action":"hold","resource":"a","start":7}"#, "/start"),
            (r#"{"action":"hold","resource":"a","start":"2027-01-11T09:00:00+01:00"}"#, "/start"),
            (r#"{"action":"hold","resource":"A","start":"2027-01-11T09:00:00Z"}"#, "/resource"),
            (r#"{"action":"hold","resource":"a","start":"2027-01-11T09:00:00Z","x":1}"#, "/x"),
            (r#"{"action":"ping","a/b":1}"#, "/a~1b"),
            (
                r#"{"action":"hold","resource":"a","start":"2027-01-11T09:00:00Z","quantity":0}"#,
                "/quantity",
            ),
            (
                r#"{"action":"hold","resource":"a","start":"2027-01-11T09:00:00Z","quantity":"1"}"#,
                "/quantity",
            ),
            (
                r#"{"action":"hold","resource":"a","start":"2027-01-11T09:00:00Z",
                    "end":"2027-01-11T09:00:00Z"}"#,
                "/end",
            ),
            (
                r#"{"action":"hold","resource":"a","start":"2027-01-11T09:00:00Z","for":"guest: "}"#,
                "/for",
            ),
            (r#"{"action":"resource.put","resource":{"id":"a"}}"#, "/resource/name"),
            (
                r#"{"action":"resource.put","resource":{"id":"a","name":"A","timeZone":"UTC",
                    "slotMinutes":30,"opening":{"mon":["09:00-10:00","nine"]}}}"#,
                "/resource/opening/mon/1",
            ),
            (
                r#"{"action":"resource.put","resource":{"id":"a","name":"A","timeZone":"UTC",
                    "slotMinutes":30,"opening":{"monday":[]}}}"#,
                "/resource/opening/monday",
            ),
            (
                r#"{"action":"resource.put","resource":{"id":"a","name":"A","timeZone":"Mars/One",
                    "slotMinutes":30,"opening":{}}}"#,
                "/resource/timeZone",
            ),
            (
                r#"{"action":"resource.put","resource":{"id":"a","venue":"A","name":"A",
                    "timeZone":"UTC","slotMinutes":30,"opening":{}}}"#,
                "/resource/venue",
            ),
            (r#"{"action":"subscribe","topic":"resource:"}"#, "/topic"),
            (r#"{"action":"list","limit":101}"#, "/limit"),
            (r#"{"action":"list","resource":"a"}"#, "/from"),
            (r#"{"action":"list","from":"2027-01-11T09:00:00Z"}"#, "/from"),
            (r#"{"action":"list","to":"2027-01-11T09:00:00Z"}"#, "/to"),
            (r#"{"action":"list","venue":"a","to":"2027-01-11T09:00:00Z"}"#, "/from"),
            (r#"{"action":"list","venue":"a","from":"2027-01-11T09:00:00Z"}"#, "/to"),
            (r#"{"action":"list","customer":"a","from":"2027-01-11T09:00:00Z"}"#, "/from"),
            (r#"{"action":"list","customer":"a","venue":"a"}"#, "/venue"),
            (r#"{"action":"list","customer":"a","resource":"a"}"#, "/resource"),
            (r#"{"action":"list","resource":"a","venue":"a"}"#, "/venue"),
            (r#"{"action":"list","customer":""}"#, "/customer"),
            (r#"{"action":"list","venue":"A"}"#, "/venue"),
            (r#"{"action":"resource.list","venue":"A"}"#, "/venue"),
            (r#"{"action":"resource.list","pool":"A"}"#, "/pool"),
            (r#"{"action":"subscribe","topic":"venue:a"}"#, "/topic"),
            (r#"{"action":"subscribe","topic":"pool:a"}"#, "/topic"),
            (r#"{"action":"subscribe","topic":"pool:a/"}"#, "/topic"),
            (r#"{"action":"subscribe","topic":"pool:a/b/c"}"#, "/topic"),
            (r#"{"action":"subscribe","topic":"venue:/bookings"}"#, "/topic"),
            (r#"{"action":"subscribe","topic":"resource:a/bookings@b"}"#, "/topic"),
            (r#"{"action":"fly"}"#, "/action"),
            (r#"{"action":7}"#, "/action"),
            ("{}", "/action"),
            (r#"{"action":"ping","id":{}}"#, "/id"),
        ];
        for (text, field) in cases {
            let (message, at) = refused(text);
            assert_eq!(at.as_deref(), Some(field), "{text}: {message}");
        }
    }

    #[test]
    fn names_what_is_at_fault_in_any_of() {
        let many: Vec<String> = (0..21).map(|n| format!("a-{n}")).collect();
        let cases = [
            ("[]".to_owned(), "/anyOf"),
            (format!("{many:?}"), "/anyOf"),
            (r#"["a","A"]"#.to_owned(), "/anyOf/1"),
            (r#"["a","b","a"]"#.to_owned(), "/anyOf/2"),
            (r#"["a",7]"#.to_owned(), "/anyOf/1"),
            (r#""tables""#.to_owned(), "/anyOf"),
            ("7".to_owned(), "/anyOf"),
            ("true".to_owned(), "/anyOf"),
            ("{}".to_owned(), "/anyOf/pool"),
            (r#"{"venue":"main"}"#.to_owned(), "/anyOf/pool"),
            (r#"{"pool":7}"#.to_owned(), "/anyOf/pool"),
            (r#"{"pool":"Tables"}"#.to_owned(), "/anyOf/pool"),
            (r#"{"pool":"tables","venue":""}"#.to_owned(), "/anyOf/venue"),
            (r#"{"pool":"tables","venue":null}"#.to_owned(), "/anyOf/venue"),
            (r#"{"pool":"tables","rank":1}"#.to_owned(), "/anyOf/rank"),
        ];
        let window = r#""from":"2027-01-11T09:00:00Z","to":"2027-01-12T09:00:00Z""#;
        for (any_of, field) in cases {
            for text in [
                format!(r#"{{"action":"hold","anyOf":{any_of},"start":"2027-01-11T09:00:00Z"}}"#),
                format!(r#"{{"action":"search","anyOf":{any_of},{window}}}"#),
            ] {
                let (message, at) = refused(&text);
                assert_eq!(at.as_deref(), Some(field), "{text}: {message}");
            }
        }
        let both =
            r#"{"action":"book","resource":"a","anyOf":["a"],"start":"2027-01-11T09:00:00Z"}"#;
        assert_eq!(refused(both).1.as_deref(), Some("/anyOf"));
        let missing = format!(r#"{{"action":"search",{window}}}"#);
        assert_eq!(refused(&missing).1.as_deref(), Some("/anyOf"));
        let search = r#"{"action":"search","anyOf":["a"],"from":"2027-01-11T09:00:00Z""#;
        for (rest, field) in [
            ("}", "/to"),
            (r#","to":"2027-01-11T09:00:00Z"}"#, "/to"),
            (r#","to":"2027-02-11T09:00:01Z"}"#, "/to"),
            (r#","to":"2027-01-12T09:00:00Z","slots":0}"#, "/slots"),
            (r#","to":"2027-01-12T09:00:00Z","slots":97}"#, "/slots"),
            (r#","to":"2027-01-12T09:00:00Z","quantity":0}"#, "/quantity"),
            (r#","to":"2027-01-12T09:00:00Z","limit":101}"#, "/limit"),
        ] {
            let text = format!("{search}{rest}");
            assert_eq!(refused(&text).1.as_deref(), Some(field), "{text}");
        }
        assert!(decode(&format!(r#"{search},"to":"2027-02-11T09:00:00Z"}}"#)).request.is_ok());
    }

    #[test]
    fn what_is_not_an_object_has_no_field() {
        let nested = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        for text in ["", "hello", "[]", "7", "\"x\"", "{", &nested] {
            assert_eq!(refused(text).1, None, "{text:.20}");
        }
    }

    #[test]
    fn sends_back_the_id_as_it_came() {
        let frame = decode(r#"{"action":"fly","id":7}"#);
        assert_eq!(frame.id, Some(RequestId::Number(7)));
        assert_eq!(frame.action.as_deref(), Some("fly"));
    }
}
