//! Confirms, cancels, approves, ...: what a booking goes through after it was made.

use crate::bookings::{Bookings, DECISIONS};
use crate::error::Error;
use crate::transact::{Outcome, transact};
use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::{Booking, BookingId, Command, CustomerId, Rejection, Status, Version};
use jiff::Timestamp;

impl Bookings {
    /// Carries out a command on this customer's booking: the booking and its slots in one
    /// transaction.
    pub async fn change(
        &self,
        customer: &CustomerId,
        id: &BookingId,
        command: &Command,
        if_version: Option<Version>,
        now: Timestamp,
    ) -> Result<Booking, Error> {
        for _ in 0..DECISIONS {
            let read = self.booking(customer, id).await?.ok_or(Rejection::NoSuchBooking)?;
            let next = command.decide(&read, if_version, now)?;
            let mut writes = vec![self.replace(&next, read.version)?];
            writes.extend(self.slot_changes(&read, &next, now)?);
            match transact(&self.client, &self.units, writes).await? {
                Outcome::Written => return Ok(next),
                // The booking was as read, so it is the slot that no longer holds its places.
                Outcome::Refused(places)
                    if matches!(command, Command::Confirm(_)) && !places.contains(&0) =>
                {
                    return Err(Rejection::HoldExpired.into());
                }
                Outcome::Refused(_) => {}
            }
        }
        Err(Error::Busy)
    }

    fn slot_changes(
        &self,
        read: &Booking,
        next: &Booking,
        now: Timestamp,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let slots = read.stretch.slots();
        match (read.status, next.status) {
            (Status::Held, Status::Confirmed | Status::Pending) => {
                slots.map(|start| self.confirm_slot(read, start, now)).collect()
            }
            (before, after) if before.takes_capacity() && !after.takes_capacity() => {
                slots.map(|start| self.release(read, start)).collect()
            }
            _ => Ok(Vec::new()),
        }
    }
}
