//! A request -> its use case.

use crate::app::App;
use crate::asker::Asker;
use crate::failure::Failure;
use crate::{bookings, customers, resources, search, session, topics};
use domain::Action;
use jiff::Timestamp;
use protocol::{Reply, Request};
use tokio::time::Instant;

/// Answers one request, by `end` where it can.
pub(crate) async fn dispatch(
    app: &App,
    asker: &Asker,
    request: Request,
    now: Timestamp,
    end: Instant,
) -> Result<Reply, Failure> {
    let caller = asker.caller();
    if !matches!(request, Request::Refresh(_)) {
        caller.must_be_live(now)?;
    }
    match request {
        Request::Ping(_) => session::ping(caller, now),
        Request::Refresh(asked) => {
            session::refresh(app, asker.connected()?, &asked.token, now).await
        }
        Request::ResourcePut(asked) => resources::put(app, caller, *asked, now).await,
        Request::ResourceGet(asked) => resources::get(app, &asked).await,
        Request::ResourceList(asked) => resources::list(app, caller, &asked).await,
        Request::Availability(asked) => resources::availability(app, caller, &asked, now).await,
        Request::Search(asked) => search::search(app, caller, &asked, now).await,
        Request::Hold(asked) => bookings::hold(app, caller, asked, now).await,
        Request::Book(asked) => bookings::book(app, caller, asked, now).await,
        Request::Waitlist(asked) => bookings::waitlist(app, caller, asked, now).await,
        Request::Extend(asked) => bookings::extend(app, caller, asked, now).await,
        Request::Confirm(asked) => bookings::confirm(app, caller, asked, now).await,
        Request::Update(asked) => bookings::update(app, caller, asked, now).await,
        Request::Cancel(asked) => bookings::cancel(app, caller, asked, now).await,
        Request::Reschedule(asked) => bookings::reschedule(app, caller, asked, now).await,
        Request::Approve(asked) => bookings::approve(app, caller, asked, now).await,
        Request::Decline(asked) => bookings::decline(app, caller, asked, now).await,
        Request::Complete(asked) => {
            bookings::close(app, caller, asked, ("complete", Action::Complete), now).await
        }
        Request::NoShow(asked) => {
            bookings::close(app, caller, asked, ("noShow", Action::NoShow), now).await
        }
        Request::Get(asked) => bookings::get(app, caller, &asked, now).await,
        Request::List(asked) => bookings::list(app, caller, &asked, now).await,
        Request::CustomerErase(asked) => customers::erase(app, caller, &asked.customer, now).await,
        Request::CustomerRevoke(asked) => {
            customers::revoke(app, asker, &asked.customer, now, end).await
        }
        Request::Subscribe(asked) => topics::subscribe(app, asker.connected()?, &asked, now).await,
        Request::Unsubscribe(asked) => topics::unsubscribe(app, asker.connected()?, &asked).await,
    }
}
