//! Tokens of a customer that are good no more.
//!
//! It stands beside the customer's bookings, and not among the connections of one region: a token is
//! good everywhere.

use crate::bookings::Bookings;
use crate::error::{Error, Unavailable};
use crate::items::revoked::{from_revoked, to_revoked};
use crate::keys;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::CustomerId;
use jiff::Timestamp;

impl Bookings {
    /// Revokes all tokens of a customer that are issued up to the second of this instant, included.
    /// Answers up to which second since 1970 they are revoked now: it only rises.
    pub async fn revoke(&self, customer: &CustomerId, now: Timestamp) -> Result<i64, Error> {
        let up_to = now.as_second();
        let item = from_revoked(keys::revoked(customer), up_to)?;
        let values = [(":upTo", AttributeValue::N(up_to.to_string()))];
        let condition = ("attribute_not_exists(PK) OR upTo < :upTo", &values[..]);
        if self.table.put(item, Some(condition)).await? {
            return Ok(up_to);
        }
        // What stands there is as late or later, and nobody ever removes it.
        Ok(self.revoked(customer).await?.unwrap_or(up_to))
    }

    /// Whether a token of this customer that was issued then is revoked. Strongly consistent.
    pub async fn is_revoked(
        &self,
        customer: &CustomerId,
        issued: Timestamp,
    ) -> Result<bool, Unavailable> {
        let up_to = self.revoked(customer).await?;
        Ok(up_to.is_some_and(|up_to| issued.as_second() <= up_to))
    }

    async fn revoked(&self, customer: &CustomerId) -> Result<Option<i64>, Unavailable> {
        self.table.get(keys::revoked(customer)).await?.map(to_revoked).transpose()
    }
}
