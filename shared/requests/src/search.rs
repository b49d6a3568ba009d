//! `search`.

use crate::app::App;
use crate::caller::Caller;
use crate::failure::Failure;
use crate::page::Wanted;
use domain::numbers::RuleSlots;
use domain::{Quantity, Resource, Sought};
use jiff::Timestamp;
use protocol::reply::Page;
use protocol::request::Search;
use protocol::view::FoundView;
use protocol::{Instant, Reply};
use store::bookings::search::{Found, SearchPlace};
use store::cursor::ListName;

/// Reads what the caller could book of several resources.
pub async fn search(
    app: &App,
    caller: &Caller,
    asked: &Search,
    now: Timestamp,
) -> Result<Reply, Failure> {
    let any_of = asked.any_of.any_of()?;
    let sought = Sought {
        from: asked.from.0,
        to: asked.to.0,
        slots: asked.slots.unwrap_or(RuleSlots::ONE),
        quantity: asked.quantity.unwrap_or(Quantity::ONE),
    };
    let list = ListName::new([
        "search",
        &any_of.fingerprint(),
        &sought.from.to_string(),
        &sought.to.to_string(),
        &sought.slots.to_string(),
        &sought.quantity.to_string(),
    ]);
    let wanted =
        Wanted { list, cursor: asked.cursor.as_deref(), limit: asked.limit.get(), status: None };
    let after = wanted.after(SearchPlace::parse)?;
    let role = |resource: &Resource| caller.role_at(&resource.venue);
    let page = (wanted.most(), after.as_ref());
    let (found, next) = app.bookings.search(&any_of, &sought, role, page, now).await?;
    let cursor = next.map(|next| wanted.list.cursor(&next.to_string()));
    let found = Some(found.iter().map(view).collect());
    Ok(Reply::Page(Page { found, cursor, ..Page::default() }))
}

fn view(found: &Found) -> FoundView {
    FoundView {
        resource: found.resource.to_string(),
        start: Instant(found.start),
        end: Instant(found.end),
        free: found.free,
    }
}
