//! What a customer has open, held or pending, and how much that may be.
//!
//! One small item for each customer names what was opened lately, so that a hold need not read the
//! customer's whole history to count. Confirming or cancelling does not write it: whether an entry
//! is still open is looked up when it matters, which is when the limit is near or entries pile up.

use crate::bookings::own::AT_VERSION;
use crate::bookings::{Bookings, DECISIONS};
use crate::error::{CommandError, Error};
use crate::items::booking::to_booking;
use crate::keys;
use crate::transact::wait;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::resource::REQUEST_LIFE;
use domain::{Booking, BookingHash, CustomerId, Quantity, Rejection, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// With so many entries it is looked up which of them are still open: the item stays small.
const CROWDED: usize = 16;

/// What a customer has opened lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OpenBookings {
    version: Version,
    entries: BTreeMap<BookingHash, Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Entry {
    /// Places.
    q: Quantity,
    /// When it was entered last, in milliseconds since 1970.
    at: i64,
    /// How many attempts of its key rest on it: two may be under way at once.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    n: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_one(number: &u32) -> bool {
    *number == one()
}

#[derive(Debug, Serialize, Deserialize)]
struct OpenItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    #[serde(flatten)]
    open: OpenBookings,
}

impl OpenBookings {
    /// How often it was written.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What it names, with the places of each.
    pub fn entries(&self) -> impl Iterator<Item = (&BookingHash, Quantity)> {
        self.entries.iter().map(|(hash, entry)| (hash, entry.q))
    }

    /// Counts a write of it, over the version that it had.
    pub fn count_write(&mut self) -> Version {
        let read = self.version;
        self.version = read.next();
        read
    }

    /// Whether it has to be looked up which entries are still open.
    pub fn is_crowded(&self) -> bool {
        self.entries.len() >= CROWDED
    }

    /// Whether this customer may have so many places open under this hash, beside what else is. The
    /// first may be of any size.
    pub fn takes(&self, hash: &BookingHash, quantity: Quantity, max: u64) -> bool {
        let others = self.entries.iter().filter(|(of, _)| *of != hash);
        let mut places = others.map(|(_, entry)| u64::from(entry.q.get())).peekable();
        places.peek().is_none() || places.sum::<u64>() + u64::from(quantity.get()) <= max
    }

    /// Enters a booking that is about to be made.
    pub fn enter(&mut self, booking: &Booking, now: Timestamp) {
        let at = now.as_millisecond();
        let entry = self.entries.entry(booking.id.hash().clone());
        let entry = entry.or_insert(Entry { q: booking.quantity, at, n: 0 });
        entry.q = entry.q.max(booking.quantity);
        entry.at = entry.at.max(at);
        entry.n = entry.n.saturating_add(1);
    }

    /// Takes back what one attempt entered that made no booking: another attempt of the same key may
    /// rest on the entry. Whether there was anything to take back.
    pub fn take_back(&mut self, hash: &BookingHash) -> bool {
        let Some(entry) = self.entries.get_mut(hash) else { return false };
        entry.n = entry.n.saturating_sub(1);
        if entry.n == 0 {
            self.entries.remove(hash);
        }
        true
    }

    /// Drops the entries of bookings that are no longer open, are over, or were never made: `made`
    /// are those that there are.
    pub fn drop_closed(&mut self, made: &[Booking], now: Timestamp) {
        let since = now.as_millisecond().saturating_sub(2 * 1000 * REQUEST_LIFE.as_secs());
        self.entries.retain(|hash, entry| {
            match made.iter().find(|booking| booking.id.hash() == hash) {
                Some(booking) => booking.at(now).is_open() && booking.stretch.end() > now,
                None => entry.at > since,
            }
        });
    }
}

impl Bookings {
    pub(super) async fn open_bookings(&self, customer: &CustomerId) -> Result<OpenBookings, Error> {
        let item = self.table.get(keys::open_bookings(customer)).await?;
        let item: Option<OpenItem> = item.map(serde_dynamo::from_item).transpose()?;
        Ok(item.map(|item| item.open).unwrap_or_default())
    }

    /// Enters a booking that is about to be made, or refuses it where the customer would have too
    /// many places open. Entries are written over the version that was read, so that no two requests
    /// pass the limit together.
    pub(super) async fn enter(
        &self,
        booking: &Booking,
        mut open: OpenBookings,
        max: u64,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let (customer, hash) = (&booking.customer, booking.id.hash());
        for attempt in 0..2 * DECISIONS {
            let takes = |open: &OpenBookings| open.takes(hash, booking.quantity, max);
            if !takes(&open) || open.is_crowded() {
                self.drop_closed(customer, &mut open, now).await?;
            }
            if !takes(&open) {
                let message = format!("a customer has at most {max} places open at once");
                return Err(Rejection::LimitExceeded(message).into());
            }
            open.enter(booking, now);
            if self.put_open(customer, &mut open).await? {
                return Ok(());
            }
            wait(attempt).await;
            open = self.open_bookings(customer).await?;
        }
        Err(Error::Busy.into())
    }

    /// Takes back what an attempt entered that made no booking. Another attempt of the same key may
    /// rest on the entry, and has it until it does so too. Where that fails, the entry counts until
    /// the request would be over.
    pub(super) async fn take_back(&self, customer: &CustomerId, hash: &BookingHash) {
        for attempt in 0..DECISIONS {
            let Ok(mut open) = self.open_bookings(customer).await else { return };
            if !open.take_back(hash) {
                return;
            }
            match self.put_open(customer, &mut open).await {
                Ok(true) | Err(_) => return,
                Ok(false) => wait(attempt).await,
            }
        }
    }

    /// Drops the entries of bookings that are no longer open, are over, or were never made.
    async fn drop_closed(
        &self,
        customer: &CustomerId,
        open: &mut OpenBookings,
        now: Timestamp,
    ) -> Result<(), Error> {
        let keys = open.entries.keys().map(|hash| keys::booking(customer, hash)).collect();
        let items = self.table.batch(keys).await?.into_iter();
        let made: Vec<Booking> = items.map(to_booking).collect::<Result<_, _>>()?;
        open.drop_closed(&made, now);
        Ok(())
    }

    /// Writes over the version that was read; whether it was still that one.
    async fn put_open(
        &self,
        customer: &CustomerId,
        open: &mut OpenBookings,
    ) -> Result<bool, Error> {
        let read = open.count_write();
        let key = keys::open_bookings(customer);
        let item = OpenItem { pk: key.pk, sk: key.sk, open: open.clone() };
        let item = serde_dynamo::to_item(item)?;
        let version = AttributeValue::N(read.to_string());
        let condition = if read == Version::default() {
            ("attribute_not_exists(PK)", &[][..])
        } else {
            (AT_VERSION, &[(":read", version)][..])
        };
        self.table.put(item, Some(condition)).await
    }
}
