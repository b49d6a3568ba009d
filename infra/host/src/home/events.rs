//! `/dev/events`: what came from pipes and went to the targets of rules, of late.

use super::Home;
use crate::events::{Delivery, LoggedEvent, Outcome};
use axum::Json;
use axum::extract::State;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use std::fmt::Write as _;

/// JSON for programs, a table for a browser.
pub(super) async fn events(State(home): State<Home>, headers: HeaderMap) -> Response {
    let events = home.off_the_bus.buses.latest();
    let accepts = headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok());
    if accepts.is_some_and(|accepts| accepts.contains("text/html")) {
        return Html(page(events.iter().map(|event| &**event))).into_response();
    }
    match home.off_the_bus.invocations.counts() {
        Ok(invocations) => {
            Json(json!({"events": events, "invocations": invocations})).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

fn page<'a>(events: impl Iterator<Item = &'a LoggedEvent>) -> String {
    let mut page = "<!doctype html><meta charset=utf-8><title>Events</title>\
        <style>body{font:14px system-ui}td{border-top:1px solid #ccc;padding:4px 8px;vertical-align:top}\
        pre{margin:0;white-space:pre-wrap}</style>\
        <h1>Events</h1><p>Newest first; reload for more.</p><table>"
        .to_owned();
    for event in events {
        let what = event.event["detail-type"].as_str().unwrap_or_default();
        let detail = serde_json::to_string_pretty(&event.event["detail"]).unwrap_or_default();
        let _ = write!(
            page,
            "<tr><td>{:.3}<td>{} → {}<td>{}<pre>{}</pre><td>{}",
            event.at,
            escaped(&event.from),
            escaped(&event.bus),
            escaped(what),
            escaped(&detail),
            deliveries(&event.deliveries),
        );
    }
    page.push_str("</table>");
    page
}

fn deliveries(deliveries: &[Delivery]) -> String {
    if deliveries.is_empty() {
        return "no rule".to_owned();
    }
    let line = |delivery: &Delivery| {
        let outcome = match &delivery.outcome {
            Outcome::Delivered { id } => format!("delivered {id}"),
            Outcome::DeadLetter { queue, reason } => format!("dead letter in {queue}: {reason}"),
            Outcome::Dropped { reason } => format!("dropped: {reason}"),
        };
        let Delivery { rule, kind, to, .. } = delivery;
        escaped(&format!("{rule} → {kind} {to}: {outcome}"))
    };
    deliveries.iter().map(line).collect::<Vec<_>>().join("<br>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
