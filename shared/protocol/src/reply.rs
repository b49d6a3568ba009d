//! Results of requests.

use crate::fields::{Instant, TopicName};
use crate::view::{BookingView, FoundView, ResourceView, SlotView};
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
    ResourcePut {
        #[serde(flatten)]
        resource: ResourceView,
        /// The bookings held, pending or confirmed, not over yet, that are not whole slots of its
        /// calendar any more, or closed.
        stranded: u64,
    },
    Resource(ResourceView),
    Booking(BookingView),
    Subscribed {
        topic: TopicName,
        #[serde(flatten)]
        snapshot: Page,
    },
    Erased {
        erased: usize,
    },
    Revoked {
        /// The connections that were ended.
        closed: usize,
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
    /// What could be booked, by start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Vec<FoundView>>,
    /// From when on the caller may book, where a rule bounds it.
    #[serde(rename = "bookableFrom", skip_serializing_if = "Option::is_none")]
    pub bookable_from: Option<Instant>,
    /// Until when the caller may book, where a rule bounds it.
    #[serde(rename = "bookableTo", skip_serializing_if = "Option::is_none")]
    pub bookable_to: Option<Instant>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
