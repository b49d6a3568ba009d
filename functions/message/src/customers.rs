//! `customer.erase`.

use crate::app::App;
use crate::caller::Caller;
use crate::failure::Failure;
use domain::CustomerId;
use jiff::Timestamp;
use protocol::Reply;

/// Removes what was written about a customer.
pub async fn erase(
    app: &App,
    caller: &Caller,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<Reply, Failure> {
    caller.must_operate_all()?;
    let erased = app.bookings.erase(customer, caller.customer(), now).await?;
    Ok(Reply::Erased { erased })
}
