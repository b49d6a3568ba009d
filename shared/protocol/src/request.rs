//! Every action and its fields.

use crate::WireError;
use crate::decode::parse;
use crate::fields::{BookingRef, Instant, Limit, Text, TopicName};
use crate::view::ResourceInput;
use domain::{Key, Quantity, ResourceId, Status, Version};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Declares all actions: the closed enum of requests, how each is read, and what describes it.
macro_rules! actions {
    ($($name:literal $variant:ident($fields:ty): $summary:literal,)*) => {
        /// One request of a client.
        #[derive(Debug, Clone)]
        #[expect(missing_docs, reason = "one variant an action, explained at its fields")]
        pub enum Request { $($variant($fields),)* }

        impl Request {
            /// Reads an action's fields; `None` where there is no such action.
            pub(crate) fn read(
                action: &str,
                fields: Map<String, Value>,
            ) -> Option<Result<Self, WireError>> {
                match action {
                    $($name => Some(parse(fields).map(Self::$variant)),)*
                    _ => None,
                }
            }
        }

        /// Every action: its name, what it does, and the schema of its fields.
        pub(crate) fn actions(
            generator: &mut SchemaGenerator,
        ) -> Vec<(&'static str, &'static str, Schema)> {
            vec![$(($name, $summary, <$fields>::json_schema(generator)),)*]
        }
    };
}

actions! {
    "ping" Ping(Ping): "The server's time, and when the token ends. Anyone.",
    "refresh" Refresh(Refresh): "Brings a new token of the same customer. Anyone.",
    "resource.put" ResourcePut(Box<ResourcePut>): "Creates or replaces a resource. Operators.",
    "resource.get" ResourceGet(ResourceGet): "Reads a resource. Anyone.",
    "resource.list" ResourceList(ResourceList): "Lists all resources by id. Anyone.",
    "availability" Availability(Availability): "Reads slots. Anyone.",
    "hold" Hold(Place): "Keeps places until the hold runs out. Anyone.",
    "book" Book(Place): "Books places at once. Anyone.",
    "confirm" Confirm(Change): "Turns a hold into a sale. Its owner, operators.",
    "cancel" Cancel(Decide): "Gives a booking's places back. Its owner, operators.",
    "reschedule" Reschedule(Reschedule): "Moves a booking. Its owner, operators.",
    "approve" Approve(Decide): "Confirms a pending booking. Operators.",
    "decline" Decline(Decide): "Refuses a pending booking. Operators.",
    "complete" Complete(Change): "The customer came. Operators.",
    "noShow" NoShow(Change): "The customer did not come. Operators.",
    "get" Get(Get): "Reads a booking. Its owner, operators.",
    "list" List(List): "Lists bookings. Customers their own, operators a resource's.",
    "subscribe" Subscribe(Subscribe): "A topic's snapshot now and every later change. Anyone.",
    "unsubscribe" Unsubscribe(Unsubscribe): "Ends a topic's pushes. Anyone.",
}

/// Declares the fields of an action: camelCase, and none but these.
macro_rules! fields {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    };
}

fields! {
    /// Asks for the server's time and the token's end.
    Ping {}
}
fields! {
    /// Brings a new token of the same customer.
    Refresh {
        /// A JWT of the configured issuer.
        token: String,
    }
}
fields! {
    /// Creates or replaces a resource.
    ResourcePut {
        /// The resource.
        resource: ResourceInput,
    }
}
fields! {
    /// Reads a resource.
    ResourceGet {
        /// Its id.
        #[schemars(with = "String")]
        resource: ResourceId,
    }
}
fields! {
    /// Lists all resources by id.
    ResourceList {
        /// At most so many, 1 to 100.
        #[serde(default)]
        limit: Limit,
        /// From the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Reads the slots that start in `from..to`, at most 366 days.
    Availability {
        /// The resource's id.
        #[schemars(with = "String")]
        resource: ResourceId,
        /// From this instant.
        from: Instant,
        /// Up to, not including, this instant.
        to: Instant,
        /// From the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Holds or books a stretch of slots.
    Place {
        /// The resource's id.
        #[schemars(with = "String")]
        resource: ResourceId,
        /// A slot's start.
        start: Instant,
        /// A slot's end in the same opening; one slot where it is not said.
        end: Option<Instant>,
        /// Places in each slot, from 1 to the resource's capacity; 1 where it is not said.
        #[schemars(with = "Option<u32>")]
        quantity: Option<Quantity>,
        /// The attempt's name, at most 255 characters: sent again, it finds the same booking.
        #[schemars(with = "Option<String>")]
        key: Option<Key>,
    }
}
fields! {
    /// Takes a booking to its next status.
    Change {
        /// The booking's id.
        booking: BookingRef,
        /// Only if the booking is at this version.
        #[schemars(with = "Option<u64>")]
        if_version: Option<Version>,
        /// The attempt's name, at most 255 characters: sent again while it is the booking's last
        /// change, it is answered with what it did.
        #[schemars(with = "Option<String>")]
        key: Option<Key>,
    }
}
fields! {
    /// Takes a booking to its next status, with a reason.
    Decide {
        /// The booking's id.
        booking: BookingRef,
        /// Why, at most 500 characters.
        reason: Option<Text<0, 500>>,
        /// Only if the booking is at this version.
        #[schemars(with = "Option<u64>")]
        if_version: Option<Version>,
        /// The attempt's name, at most 255 characters: sent again while it is the booking's last
        /// change, it is answered with what it did.
        #[schemars(with = "Option<String>")]
        key: Option<Key>,
    }
}
fields! {
    /// Moves a confirmed booking to another stretch of the same resource.
    Reschedule {
        /// The booking's id.
        booking: BookingRef,
        /// A slot's start.
        start: Instant,
        /// A slot's end in the same opening; one slot where it is not said.
        end: Option<Instant>,
        /// Only if the booking is at this version.
        #[schemars(with = "Option<u64>")]
        if_version: Option<Version>,
        /// The attempt's name, at most 255 characters: sent again while it is the booking's last
        /// change, it is answered with what it did.
        #[schemars(with = "Option<String>")]
        key: Option<Key>,
    }
}
fields! {
    /// Reads a booking.
    Get {
        /// Its id.
        booking: BookingRef,
    }
}
fields! {
    /// Lists the caller's own bookings, or for an operator a resource's that overlap `from..to`.
    List {
        /// The resource's id, for operators.
        #[schemars(with = "Option<String>")]
        resource: Option<ResourceId>,
        /// From this instant; with `resource`.
        from: Option<Instant>,
        /// Up to, not including, this instant; with `resource`.
        to: Option<Instant>,
        /// Only those of this status.
        #[schemars(with = "Option<crate::view::StatusName>")]
        status: Option<Status>,
        /// At most so many, 1 to 100.
        #[serde(default)]
        limit: Limit,
        /// From the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Asks for a topic's snapshot and every later change.
    Subscribe {
        /// The topic.
        topic: TopicName,
        /// Bounds a resource's snapshot: from this instant, now where it is not said.
        from: Option<Instant>,
        /// Bounds a resource's snapshot: up to this instant, 14 days on where it is not said.
        to: Option<Instant>,
        /// From the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Ends a topic's pushes.
    Unsubscribe {
        /// The topic.
        topic: TopicName,
    }
}
