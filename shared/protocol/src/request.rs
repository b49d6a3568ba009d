//! Every action and its fields.

use crate::any_of::AnyOfInput;
use crate::companions::{Companion, Companions};
use crate::error::WireError;
use crate::fields::{BookingRef, DetailsMap, Instant, Limit, Note, Text, TopicName};
use crate::input::ResourceInput;
use crate::parse::parse;
use domain::numbers::RuleSlots;
use domain::{
    AnyOf, CustomerId, Details, Key, PoolName, Quantity, ResourceId, Status, VenueId, Version,
};
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
    "resource.list" ResourceList(ResourceList): "Lists resources by id, all, a venue's or a pool's; archived ones for operators. Anyone.",
    "availability" Availability(Availability): "Reads slots. Anyone.",
    "search" Search(Search): "What could be booked of several resources. Anyone.",
    "hold" Hold(HoldOrBook): "Keeps places until the hold runs out. Anyone.",
    "book" Book(HoldOrBook): "Books places at once. Anyone.",
    "waitlist" Waitlist(Waitlist): "Waits for places in full slots. Anyone.",
    "extend" Extend(Extend): "Holds places for longer. Its owner, operators.",
    "confirm" Confirm(BookingCommand): "Turns a hold into a sale. Its owner, operators.",
    "update" Update(UpdateBooking): "Replaces what is kept with a booking. Its owner, operators.",
    "cancel" Cancel(ReasonedCommand): "Gives a booking's places back. Its owner, operators.",
    "reschedule" Reschedule(Reschedule): "Moves a booking. Its owner, operators.",
    "approve" Approve(ReasonedCommand): "Confirms a pending booking. Operators.",
    "decline" Decline(ReasonedCommand): "Refuses a pending booking. Operators.",
    "complete" Complete(BookingCommand): "The customer came. Operators.",
    "noShow" NoShow(BookingCommand): "The customer did not come. Operators.",
    "get" Get(Get): "Reads a booking. Its owner, operators.",
    "list" List(List): "Lists bookings. Customers their own, operators those of others.",
    "customer.erase" CustomerErase(CustomerErase): "Removes what was written about a customer. Operators of all venues.",
    "customer.revoke" CustomerRevoke(CustomerRevoke): "Ends a customer's connections, and refuses the tokens that they have. Operators of all venues.",
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

/// Declares the fields of a command to a booking: its own, and those that all commands have.
macro_rules! command {
    ($(#[$doc:meta])* $name:ident { $($own:tt)* }) => {
        fields! {
            $(#[$doc])*
            $name {
                /// The booking's id.
                booking: BookingRef,
                $($own)*
                /// Only if the booking is at this version.
                #[schemars(with = "Option<u64>")]
                if_version: Option<Version>,
                /// A name for this attempt, at most 255 characters. While it is the last change of
                /// the booking, the same request with the same key is answered with what it did.
                #[schemars(with = "Option<String>")]
                key: Option<Key>,
            }
        }
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
        /// Only if the resource is at this version; 0, only if there is none of this id yet.
        #[schemars(with = "Option<u64>")]
        if_version: Option<Version>,
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
    /// Lists resources by id.
    ResourceList {
        /// Only those of this venue. Defaults to all venues; with `pool`, to `main`.
        #[schemars(with = "Option<String>")]
        venue: Option<VenueId>,
        /// Only those in this pool of the venue.
        #[schemars(with = "Option<String>")]
        pool: Option<PoolName>,
        /// The most entries of a page, 1 to 100. Defaults to 50.
        #[serde(default)]
        limit: Limit,
        /// The `cursor` of the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Reads the slots that start in `from..to`, at most 366 days, but for those that a closure overlaps.
    Availability {
        /// The resource's id.
        #[schemars(with = "String")]
        resource: ResourceId,
        /// The start of the window.
        from: Instant,
        /// The end of the window, not included.
        to: Instant,
        /// The `cursor` of the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Reads the starts in `from..to`, at most 31 days, at which the caller could book one of several
    /// resources: by start, and of one start in the order in which `anyOf` chooses.
    Search {
        /// Which: a pool, or a list of 1 to 20 ids.
        any_of: AnyOfInput,
        /// The start of the window.
        from: Instant,
        /// The end of the window, not included.
        to: Instant,
        /// How many adjacent slots there must be, 1 to 96. Defaults to 1.
        #[schemars(with = "Option<u32>")]
        slots: Option<RuleSlots>,
        /// The places that must be free in each slot; where `sharing` is false, nobody may be there. Defaults
        /// to 1.
        #[schemars(with = "Option<u32>")]
        quantity: Option<Quantity>,
        /// The most entries of a page, 1 to 100. Defaults to 50. A page may have fewer, or none, and
        /// others come after it.
        #[serde(default)]
        limit: Limit,
        /// The `cursor` of the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Holds or books a stretch of slots.
    HoldOrBook {
        /// The resource's id; either this or `anyOf`.
        #[schemars(with = "Option<String>")]
        resource: Option<ResourceId>,
        /// Instead of a resource, several of which any will do: a pool, or a list of 1 to 20 ids. The
        /// smallest that fits is chosen, by `capacity`, then by `rank`, then by id.
        any_of: Option<AnyOfInput>,
        /// A slot's start.
        start: Instant,
        /// The end of a slot in the same run of openings. Defaults to the end of one slot, or of the
        /// resource's `rules.minSlots`.
        end: Option<Instant>,
        /// The places in each slot, from 1 to the resource's capacity. Defaults to 1.
        #[schemars(with = "Option<u32>")]
        quantity: Option<Quantity>,
        /// Other resources of the venue, for the same time and each on its own grid: at most 9. The booking
        /// has all of them or is refused. The rules of each one apply, and the strictest `confirmBy` and
        /// `approval`; how long it is held and its deadlines are as `resource` says.
        #[serde(default)]
        #[schemars(with = "Vec<Companion>")]
        with: Companions,
        /// What its owner and operators keep with it: a flat map of texts, numbers and booleans, at
        /// most 16 keys, and 1024 bytes of keys and values together. Defaults to an empty one.
        #[schemars(with = "Option<DetailsMap>")]
        details: Option<Details>,
        /// Whose it will be: a customer's id, or `guest:` and a name for somebody without one.
        /// Operators, whose own it is by default. The key is then the operator's, apart from that
        /// customer's own.
        #[schemars(with = "Option<String>")]
        r#for: Option<CustomerId>,
        /// What operators keep with it, at most 500 characters. Operators.
        note: Option<Note>,
        /// A name for this attempt, at most 255 characters. The same request with the same key is
        /// answered with the same booking.
        #[schemars(with = "Option<String>")]
        key: Option<Key>,
    }
}
fields! {
    /// Waits for places in slots that are full: places that come free are offered to who waits, first come,
    /// first offered, as a hold.
    Waitlist {
        /// The resource's id.
        #[schemars(with = "String")]
        resource: ResourceId,
        /// A slot's start.
        start: Instant,
        /// The end of a slot in the same run of openings; at most 49 slots. Defaults to the end of one
        /// slot, or of the resource's `rules.minSlots`.
        end: Option<Instant>,
        /// The places in each slot, from 1 to the resource's capacity. Defaults to 1.
        #[schemars(with = "Option<u32>")]
        quantity: Option<Quantity>,
        /// What its owner and operators keep with it, as in `hold`.
        #[schemars(with = "Option<DetailsMap>")]
        details: Option<Details>,
        /// Whose it will be, as in `hold`. Operators.
        #[schemars(with = "Option<String>")]
        r#for: Option<CustomerId>,
        /// What operators keep with it, at most 500 characters. Operators.
        note: Option<Note>,
        /// A name for this attempt, as in `hold`.
        #[schemars(with = "Option<String>")]
        key: Option<Key>,
    }
}
/// What a hold or a booking is to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// This resource.
    Resource(ResourceId),
    /// Any of several.
    AnyOf(AnyOf),
}

impl HoldOrBook {
    /// What it is to be of.
    pub fn what(&self) -> Result<What, WireError> {
        match (&self.resource, &self.any_of) {
            (Some(resource), None) => Ok(What::Resource(resource.clone())),
            (None, Some(any_of)) => any_of.any_of().map(What::AnyOf),
            (None, None) => {
                Err(WireError::bad_request("missing, and there is no anyOf", Some("/resource")))
            }
            (Some(_), Some(_)) => {
                Err(WireError::bad_request("not together with resource", Some("/anyOf")))
            }
        }
    }
}

command! {
    /// Holds places from now on for as long as a new hold would. The hold never ends before it would
    /// have, nor lasts longer than its resource's `maxHoldSeconds` in all.
    Extend {}
}
command! {
    /// Takes a booking to its next status.
    BookingCommand {}
}
command! {
    /// Replaces what is kept with a booking, whatever its status.
    UpdateBooking {
        /// Replaces its details as a whole: at most 16 keys, and 1024 bytes of keys and values
        /// together. Defaults to those that it has.
        #[schemars(with = "Option<DetailsMap>")]
        details: Option<Details>,
        /// Replaces the operators' note, at most 500 characters; an empty one removes it. Operators.
        note: Option<Note>,
    }
}
command! {
    /// Takes a booking to its next status, with a reason.
    ReasonedCommand {
        /// Why, at most 500 characters.
        reason: Option<Text<0, 500>>,
    }
}
command! {
    /// Moves a booking that is held, pending or confirmed: to another time, to another resource of its
    /// venue, to another number of places, or all of these at once. What it has `with` it moves along to
    /// another time.
    Reschedule {
        /// A slot's start. Defaults to the start that it has.
        start: Option<Instant>,
        /// The end of a slot in the same run of openings. Without it, the booking is as long as it was.
        end: Option<Instant>,
        /// Another resource's id.
        #[schemars(with = "Option<String>")]
        resource: Option<ResourceId>,
        /// The places in each slot. Defaults to those that it has.
        #[schemars(with = "Option<u32>")]
        quantity: Option<Quantity>,
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
    /// Lists the caller's own bookings. For operators: a customer's, or those of a resource or of a
    /// venue that overlap `from..to`.
    List {
        /// The customer, for operators. Who is bound to a venue sees what the customer has there.
        #[schemars(with = "Option<String>")]
        customer: Option<CustomerId>,
        /// The resource's id, for its operators.
        #[schemars(with = "Option<String>")]
        resource: Option<ResourceId>,
        /// The venue, for its operators: by resource, and of one resource by start.
        #[schemars(with = "Option<String>")]
        venue: Option<VenueId>,
        /// The start of the window; only with `resource` or `venue`.
        from: Option<Instant>,
        /// The end of the window, not included; only with `resource` or `venue`.
        to: Option<Instant>,
        /// Only those of this status.
        #[schemars(with = "Option<crate::view::StatusName>")]
        status: Option<Status>,
        /// The most entries of a page, 1 to 100. Defaults to 50.
        #[serde(default)]
        limit: Limit,
        /// The `cursor` of the page before.
        cursor: Option<String>,
    }
}
fields! {
    /// Removes the details, notes and reasons of all bookings of a customer, none of which may be active.
    /// Where there are so many that it is `busy`, send it again: it goes on with the rest.
    CustomerErase {
        /// Whose.
        #[schemars(with = "String")]
        customer: CustomerId,
    }
}
fields! {
    /// Ends all connections of a customer, and refuses from now on the tokens that were issued to them up to
    /// this second, included. Where there are so many that it is `busy`, send it again: it goes on with the
    /// rest. Their bookings stay as they are.
    CustomerRevoke {
        /// Whose.
        #[schemars(with = "String")]
        customer: CustomerId,
    }
}
fields! {
    /// Asks for a topic's snapshot and every later change.
    Subscribe {
        /// The topic.
        topic: TopicName,
        /// The start of a resource's, a pool's or a venue's snapshot. Defaults to now.
        from: Option<Instant>,
        /// The end of a resource's, a pool's or a venue's snapshot, not included. Defaults to 14 days after `from`.
        to: Option<Instant>,
        /// The `cursor` of the page before.
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
