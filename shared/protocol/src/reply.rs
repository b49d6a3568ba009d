//! Replies, errors and their frames.

use crate::error::WireError;
use crate::fields::{Instant, RequestId, TopicName};
use crate::view::{BookingView, ResourceView, SlotView};
use schemars::JsonSchema;
use serde::Serialize;

/// The result of a request.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "one variant a shape of result, named by its fields")]
pub enum Reply {
    Ping {
        now: Instant,
        token_expires_at: Instant,
    },
    Refresh {
        token_expires_at: Instant,
    },
    Resource(ResourceView),
    Booking(BookingView),
    Subscribed {
        topic: TopicName,
        #[serde(flatten)]
        snapshot: Page,
    },
    Unsubscribed {
        topic: TopicName,
    },
    Page(Page),
}

/// One page of a list.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Page {
    /// Resources by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Vec<ResourceView>>,
    /// Bookings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bookings: Option<Vec<BookingView>>,
    /// Slots by start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<Vec<SlotView>>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Content<'a> {
    Result(&'a Reply),
    Error(&'a WireError),
}

/// The frame that answers a request.
pub fn frame(
    id: Option<&RequestId>,
    action: Option<&str>,
    outcome: &Result<Reply, WireError>,
) -> Result<String, serde_json::Error> {
    let (r#type, content) = match outcome {
        Ok(reply) => ("reply", Content::Result(reply)),
        Err(error) => ("error", Content::Error(error)),
    };
    serde_json::to_string(&Envelope { r#type, id, action, content })
}
