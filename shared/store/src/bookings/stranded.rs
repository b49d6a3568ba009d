//! How many bookings a change of a resource's calendar leaves outside of it.

use crate::bookings::calendar::{CalendarKey, is_at};
use crate::bookings::slots::whole_second_after;
use crate::bookings::{AT_ONCE, Bookings};
use crate::error::Error;
use crate::items::pointer::{Pointer, to_pointer};
use crate::keys;
use crate::table::Range;
use domain::calendar::Coverage;
use domain::{Period, Resource};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

/// Pointers read at once. With what they say of most bookings, these need no look.
const PAGE: usize = 1000;
/// Bookings read at once.
const BATCH: usize = 100;

impl Bookings {
    /// How many bookings of a resource are not whole slots of its calendar any more, or closed: of
    /// those that are held, pending or confirmed and not over at this instant.
    ///
    /// It reads what is there, whatever that is: some 100 bytes for each booking to come, and each
    /// booking that may be stranded.
    pub async fn stranded(&self, resource: &Resource, now: Timestamp) -> Result<u64, Error> {
        let first = now.checked_sub(resource.longest_booking).unwrap_or(Timestamp::MIN);
        let mut range = Range {
            partition: keys::calendar_partition(&resource.id),
            from: whole_second_after(first).to_string(),
            // After every start.
            to: "~".to_owned(),
        };
        let (mut stranded, mut coverage) = (0, resource.calendar.coverage());
        loop {
            let (items, more) = self.table.page(&range, PAGE).await?;
            let pointers = items.into_iter().map(to_pointer).collect::<Result<Vec<_>, _>>()?;
            let last = pointers.last().map(CalendarKey::from);
            let suspects: Vec<Pointer> = pointers
                .into_iter()
                .filter(|pointer| may_be_stranded(pointer, &mut coverage, now))
                .collect();
            let batches: Vec<Vec<Pointer>> = suspects.chunks(BATCH).map(<[_]>::to_vec).collect();
            let counts = futures::stream::iter(batches)
                .map(|batch| self.count(batch, resource, now))
                .buffer_unordered(AT_ONCE);
            let sum = |sum, count| std::future::ready(Ok(sum + count));
            stranded += counts.try_fold(0, sum).await?;
            match last {
                Some(last) if more => range = range.after(&last.to_string()),
                _ => return Ok(stranded),
            }
        }
    }

    /// How many of the bookings that these pointers lead to are stranded.
    async fn count(
        &self,
        pointers: Vec<Pointer>,
        resource: &Resource,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let bookings = self.pointed_at(&pointers).await?;
        let mut coverage = resource.calendar.coverage();
        let stranded = pointers.into_iter().filter(|pointer| {
            let booking = bookings.get(&(pointer.customer.clone(), pointer.hash.clone()));
            booking.is_some_and(|booking| {
                let time = booking.stretch.time();
                is_at(booking, &resource.id, &CalendarKey::from(pointer))
                    && booking.at(now).is_active()
                    && time.end > now
                    && !coverage.covers(time)
            })
        });
        Ok(stranded.map(|_| 1).sum())
    }
}

/// Whether a booking has to be read to know, by what its pointer says.
fn may_be_stranded(pointer: &Pointer, coverage: &mut Coverage<'_>, now: Timestamp) -> bool {
    let Some(end) = pointer.ends else { return true };
    end > now && !coverage.covers(Period { start: pointer.start, end })
}
