//! Removes what people wrote: the details, notes and reasons of all bookings of a customer.

use crate::bookings::{AT_ONCE, Bookings, DECISIONS, EXAMINED};
use crate::error::{CommandError, Error};
use crate::items::booking::{from_booking, to_booking};
use crate::keys;
use crate::transact::wait;
use domain::{Booking, CustomerId, Rejection};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

/// Bookings of which one call removes something: what it takes fits the time of a request many times
/// over.
const MOST: usize = 1000;

impl Bookings {
    /// Removes the details, notes and reasons of all bookings of a customer, none of which may be
    /// active: of how many something was removed.
    ///
    /// Where there is more to remove than one call does, it is [`Error::Busy`]: what was removed is
    /// gone, and the next call goes on with the rest.
    pub async fn erase(
        &self,
        customer: &CustomerId,
        by: &CustomerId,
        now: Timestamp,
    ) -> Result<usize, CommandError> {
        let (mut written, mut after) = (Vec::new(), None);
        loop {
            let (bookings, next) = self.page_of(customer, after.as_ref(), EXAMINED).await?;
            for booking in bookings {
                let current = booking.at(now);
                if !current.status.is_final() {
                    return Err(Rejection::InvalidTransition(Box::new(current)).into());
                }
                if written.len() <= MOST && current.erased(by, now).is_some() {
                    written.push(booking);
                }
            }
            match next {
                Some(_) => after = next,
                None => break,
            }
        }
        let more = written.len() > MOST;
        written.truncate(MOST);
        let erasures = written.into_iter().map(|booking| self.erase_one(booking, by, now));
        let erased: Vec<bool> =
            futures::stream::iter(erasures).buffer_unordered(AT_ONCE).try_collect().await?;
        if more {
            return Err(Error::Busy.into());
        }
        Ok(erased.into_iter().filter(|erased| *erased).count())
    }

    /// Whether there was anything to remove.
    async fn erase_one(
        &self,
        read: Booking,
        by: &CustomerId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let key = || keys::booking(&read.customer, read.id.hash());
        let mut read = Some(read.clone());
        for attempt in 0..DECISIONS {
            // That it has run out is a version of its own, written before anybody is told.
            let settled = match read.take() {
                Some(read) => self.settle(read, now).await?,
                None => None,
            };
            let Some(booking) = settled else { return Ok(false) };
            let Some(erased) = booking.erased(by, now) else { return Ok(false) };
            if self.put_alone(from_booking(&erased)?, Some(booking.version)).await? {
                return Ok(true);
            }
            wait(attempt).await;
            read = self.table.get(key()).await?.map(to_booking).transpose()?;
        }
        Err(Error::Busy)
    }
}
