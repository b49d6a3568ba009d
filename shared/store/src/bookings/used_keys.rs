//! The keys that operators have used on sales for somebody.
//!
//! A booking is found by its customer and the key. On a sale for somebody the key is the operator's: so
//! that it is not used for another customer too, what it was used for is written down, in the
//! transaction that makes the booking.

use crate::bookings::Bookings;
use crate::error::{CommandError, Error};
use crate::items::booking::kept_until;
use crate::items::used_key::{from_used_key, to_customer};
use crate::keys;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::{Booking, BookingHash, CustomerId, MadeBy, NewBooking, Rejection};
use jiff::Timestamp;

impl Bookings {
    /// For whom an operator's key was used, if this is a sale for somebody and it was.
    pub(super) async fn used_for<R>(
        &self,
        request: &NewBooking<R>,
    ) -> Result<Option<CustomerId>, Error> {
        let MadeBy::OperatorFor(operator) = &request.by else { return Ok(None) };
        let item = self.table.get(keys::used_key(operator, &request.key)).await?;
        Ok(item.map(to_customer).transpose()?)
    }

    /// Refuses a key that was used for another customer, for as long as that booking exists.
    pub(super) async fn must_not_be_used<R>(
        &self,
        request: &NewBooking<R>,
        used_for: Option<&CustomerId>,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let MadeBy::OperatorFor(operator) = &request.by else { return Ok(()) };
        let Some(customer) = used_for.filter(|customer| **customer != request.customer) else {
            return Ok(());
        };
        let hash = BookingHash::derive_for(operator, customer, &request.key);
        match self.booking_of_hash(customer, &hash, now).await? {
            Some(_) => Err(Rejection::IdempotencyMismatch.into()),
            None => Ok(()),
        }
    }

    /// Writes down for whom an operator's key is used, over what was read; nothing where the key is the
    /// customer's own.
    pub(super) fn use_key(
        &self,
        request: &NewBooking,
        booking: &Booking,
        used_for: Option<&CustomerId>,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let MadeBy::OperatorFor(operator) = &request.by else { return Ok(None) };
        let key = keys::used_key(operator, &request.key);
        let item = from_used_key(key, &booking.customer, kept_until(booking))?;
        let put = Put::builder().table_name(&self.table.name).set_item(Some(item.into()));
        let put = match used_for {
            None => put.condition_expression("attribute_not_exists(PK)"),
            Some(customer) => {
                let customer = AttributeValue::S(customer.to_string());
                put.condition_expression("customer = :read")
                    .expression_attribute_values(":read", customer)
            }
        };
        Ok(Some(TransactWriteItem::builder().put(put.build()?).build()))
    }
}
