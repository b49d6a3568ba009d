//! A customer's bookings.

use crate::bookings::{AT_ONCE, Bookings, DECISIONS, EXAMINED};
use crate::error::{Error, Unavailable};
use crate::items::booking::{from_booking, to_booking};
use crate::keys;
use crate::table::Range;
use crate::transact::wait;
use domain::{Booking, BookingHash, BookingId, CustomerId, Status, VenueId};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

/// Which of a customer's bookings are listed; by default, all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Only<'a> {
    /// Those that have this status at the instant of the list.
    pub status: Option<Status>,
    /// Those at this venue.
    pub venue: Option<&'a VenueId>,
}

impl Only<'_> {
    /// Whether some bookings are left out.
    fn is_some(&self) -> bool {
        self.status.is_some() || self.venue.is_some()
    }

    fn takes(&self, booking: &Booking, now: Timestamp) -> bool {
        self.venue.is_none_or(|venue| booking.venue == *venue)
            && self.status.is_none_or(|status| booking.at(now).status == status)
    }
}

impl From<Option<Status>> for Only<'_> {
    fn from(status: Option<Status>) -> Self {
        Self { status, venue: None }
    }
}

impl Bookings {
    /// This customer's booking of this id.
    pub async fn booking(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        now: Timestamp,
    ) -> Result<Option<Booking>, Error> {
        let found = self.booking_of_hash(customer, id.hash(), now).await?;
        Ok(found.filter(|booking| booking.id == *id))
    }

    /// This customer's booking of this hash.
    pub(super) async fn booking_of_hash(
        &self,
        customer: &CustomerId,
        hash: &BookingHash,
        now: Timestamp,
    ) -> Result<Option<Booking>, Error> {
        let Some(item) = self.table.get(keys::booking(customer, hash)).await? else {
            return Ok(None);
        };
        self.settle(to_booking(item)?, now).await
    }

    /// The booking as it is at this instant. That it has run out is written down before anybody is
    /// told: a confirmation that was decided before the end and is still under way then finds
    /// another version and is refused. Otherwise it would commit under a version that was already
    /// seen as expired.
    ///
    /// The slots are left alone: their buckets give the places back by themselves. `None` where the
    /// booking has been collected meanwhile.
    pub(super) async fn settle(
        &self,
        read: Booking,
        now: Timestamp,
    ) -> Result<Option<Booking>, Error> {
        let mut read = read;
        for attempt in 0..DECISIONS {
            let settled = read.at(now);
            if settled == read {
                return Ok(Some(read));
            }
            if self.put_alone(from_booking(&settled)?, Some(read.version)).await? {
                return Ok(Some(settled));
            }
            // Somebody else was faster.
            let key = keys::booking(&read.customer, read.id.hash());
            let Some(item) = self.table.get(key).await? else { return Ok(None) };
            read = to_booking(item)?;
            wait(attempt).await;
        }
        Err(Error::Busy)
    }

    /// A booking as it is once what is free has been offered to who waits for it, if this one does.
    pub async fn after_offers(&self, booking: Booking, now: Timestamp) -> Result<Booking, Error> {
        if booking.status != Status::Waitlisted {
            return Ok(booking);
        }
        self.serve(&booking.resource, booking.stretch.time(), now).await?;
        let read = self.booking_of_hash(&booking.customer, booking.id.hash(), now).await?;
        Ok(read.unwrap_or(booking))
    }

    /// The bookings as they are at this instant, in the same order; of those who wait, once what is free
    /// has been offered.
    pub(super) async fn settle_and_serve(
        &self,
        read: Vec<Booking>,
        now: Timestamp,
    ) -> Result<Vec<Booking>, Error> {
        let settled = self.settle_all(read, now).await?;
        futures::stream::iter(settled)
            .map(|booking| self.after_offers(booking, now))
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    /// The bookings as they are at this instant, in the same order.
    pub(super) async fn settle_all(
        &self,
        read: Vec<Booking>,
        now: Timestamp,
    ) -> Result<Vec<Booking>, Error> {
        futures::stream::iter(read)
            .map(|booking| self.settle(booking, now))
            .buffered(AT_ONCE)
            .try_filter_map(|settled| std::future::ready(Ok(settled)))
            .try_collect()
            .await
    }

    /// Some of this customer's bookings as they were written last, by hash, from the one after `after`;
    /// with where to go on, if there may be more.
    pub(super) async fn page_of(
        &self,
        customer: &CustomerId,
        after: Option<&BookingHash>,
        size: usize,
    ) -> Result<(Vec<Booking>, Option<BookingHash>), Error> {
        let mut range = Range {
            partition: keys::customer_partition(customer),
            from: keys::BOOKING.to_owned(),
            // After every hash.
            to: format!("{}~", keys::BOOKING),
        };
        if let Some(after) = after {
            range = range.after(&keys::booking(customer, after).sk);
        }
        let (items, more) = self.table.page(&range, size).await?;
        let bookings: Vec<Booking> =
            items.into_iter().map(to_booking).collect::<Result<_, Unavailable>>()?;
        let last = bookings.last().map(|booking| booking.id.hash().clone());
        Ok((bookings, last.filter(|_| more)))
    }

    /// This customer's bookings by hash, from the one after `after`: at most `limit`, and only those
    /// that are asked for. With where to go on, if there may be more: a page may
    /// have few bookings or none, and others come after it.
    pub async fn bookings_of(
        &self,
        customer: &CustomerId,
        only: impl Into<Only<'_>>,
        limit: usize,
        after: Option<&BookingHash>,
        now: Timestamp,
    ) -> Result<(Vec<Booking>, Option<BookingHash>), Error> {
        // With a filter it takes more to fill a page; without one, no more need be read.
        let only = only.into();
        let size = if only.is_some() { EXAMINED } else { limit };
        let (bookings, next) = self.page_of(customer, after, size).await?;
        let mut more = next.is_some();
        let (mut found, mut last) = (Vec::new(), None);
        for booking in bookings {
            if found.len() == limit {
                more = true;
                break;
            }
            last = Some(booking.id.hash().clone());
            if only.takes(&booking, now) {
                found.push(booking);
            }
        }
        Ok((self.settle_and_serve(found, now).await?, last.filter(|_| more)))
    }
}
