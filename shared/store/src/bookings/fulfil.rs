//! Which bookings the fulfilment endpoint decides about.

use crate::bookings::Bookings;
use crate::error::Error;
use domain::{Approval, Booking, BookingId, Resource, Status, Version};
use futures::future::try_join_all;
use jiff::Timestamp;

impl Bookings {
    /// A booking that is pending at this version still, where the fulfilment endpoint decides about it; nothing,
    /// where an operator does.
    pub async fn to_fulfil(
        &self,
        id: &BookingId,
        version: Version,
        now: Timestamp,
    ) -> Result<Option<Booking>, Error> {
        let Some((customer, _)) = self.owner(id).await? else { return Ok(None) };
        let booking = self.booking(&customer, id, now).await?;
        let is_still = |it: &Booking| it.status == Status::Pending && it.version == version;
        let Some(booking) = booking.filter(is_still) else { return Ok(None) };
        let resources = booking.resources().map(|id| self.find_resource(id));
        let resources: Vec<Resource> =
            try_join_all(resources).await?.into_iter().flatten().collect();
        let [own, others @ ..] = &resources[..] else { return Ok(None) };
        let approval = own.confirming().with(others).approval;
        Ok((approval == Approval::Fulfilment).then_some(booking))
    }
}
