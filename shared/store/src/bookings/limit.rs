//! How much of what a customer may have at once.

use crate::bookings::open::OpenBookings;
use crate::bookings::write::Offer;
use crate::bookings::{Bookings, DECISIONS, EXAMINED};
use crate::error::{CommandError, Error};
use crate::items::booking::to_booking;
use crate::keys::{self, ItemKey};
use crate::transact::wait;
use domain::numbers::MaxActive;
use domain::{
    Booking, BookingHash, CustomerId, NewBooking, Rejection, Resource, ResourceId, Role, Version,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Of so many bookings it is looked up, once, which are active, where a resource begins to count them.
const MOST_BEFORE: usize = 20 * EXAMINED;

/// What is counted of a customer, and how much of it there may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Limit {
    /// Places that are held or pending, of whatever resource.
    Open(u64),
    /// Active bookings of this resource.
    Active(Counted, MaxActive),
    /// The same, by an operator: they count, and are not refused.
    Counted(Counted),
}

/// A resource that counts active bookings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    /// Which.
    pub resource: ResourceId,
    /// When it began to, if it has not from its first version on.
    pub since: Option<Timestamp>,
}

impl Limit {
    /// All that a booking, which is about to be made, counts for.
    pub fn of_sale(
        request: &NewBooking,
        booking: &Booking,
        offers: &[Offer],
        max_open: u64,
    ) -> Vec<Self> {
        let open = (booking.is_open() && request.is_limited()).then_some(Self::Open(max_open));
        let active = offers.iter().map(|offer| &offer.resource);
        let active = active.filter_map(|it| Self::of_resource(it, booking, request.role()));
        active.chain(open).collect()
    }

    /// All that a booking, which is about to become another, counts for beside what it does already.
    pub fn of_move(
        before: &Booking,
        after: &Booking,
        offers: &[Offer],
        role: Role,
        max_open: u64,
    ) -> Vec<Self> {
        let grows = after.quantity > before.quantity && role == Role::Customer;
        let open = (after.is_open() && grows).then_some(Self::Open(max_open));
        let others = offers.iter().map(|offer| &offer.resource);
        let others =
            others.filter(|other| before.resources().all(|resource| other.id != *resource));
        let active = others.filter_map(|it| Self::of_resource(it, after, role));
        active.chain(open).collect()
    }

    fn of_resource(resource: &Resource, booking: &Booking, role: Role) -> Option<Self> {
        let max = resource.rules.max_active.filter(|_| !booking.customer.is_guest())?;
        let counted = Counted { resource: resource.id.clone(), since: resource.counts_since };
        Some(match role {
            Role::Customer => Self::Active(counted, max),
            Role::Operator => Self::Counted(counted),
        })
    }

    /// Where it is written down.
    pub fn key(&self, customer: &CustomerId) -> ItemKey {
        match self {
            Self::Open(_) => keys::open_bookings(customer),
            Self::Active(counted, _) | Self::Counted(counted) => {
                keys::active_bookings(customer, &counted.resource)
            }
        }
    }

    /// The resource that began to count only later, and so has to count what was made before.
    pub fn counts_what_was_before(&self) -> Option<&ResourceId> {
        match self {
            Self::Open(_) => None,
            Self::Active(counted, _) | Self::Counted(counted) => {
                counted.since.map(|_| &counted.resource)
            }
        }
    }

    /// Whether a booking counts, as it is.
    pub fn counts(&self, booking: &Booking) -> bool {
        match self {
            Self::Open(_) => booking.is_open(),
            Self::Active(counted, _) | Self::Counted(counted) => {
                booking.is_active() && booking.resources().any(|it| *it == counted.resource)
            }
        }
    }

    /// Whether there may be this one beside what is entered.
    pub fn takes(&self, entered: &OpenBookings, booking: &Booking) -> bool {
        let hash = booking.id.hash();
        let others = || entered.entries().filter(|(other, _)| *other != hash).count();
        match self {
            Self::Open(max) => entered.takes(hash, booking.places_asked_for(), *max),
            Self::Active(_, max) => others() < max.get() as usize,
            Self::Counted(_) => others() < MaxActive::MAX as usize,
        }
    }

    /// Whether it has to be looked up which entries still count, so that the item stays small. What is
    /// active is bounded by its limit.
    pub fn is_crowded(&self, entered: &OpenBookings) -> bool {
        matches!(self, Self::Open(_)) && entered.is_crowded()
    }

    /// Why there may be no more; nothing where that is no reason, and it goes uncounted: whoever has so
    /// many is over any limit.
    pub fn refusal(&self) -> Option<Rejection> {
        let message = match self {
            Self::Open(max) => format!("a customer has at most {max} places open at once"),
            Self::Active(_, max) => {
                format!("a customer has at most {max} active bookings of this resource")
            }
            Self::Counted(_) => return None,
        };
        Some(Rejection::LimitExceeded(message))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct OpenItem {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
    #[serde(flatten)]
    open: OpenBookings,
}

impl Bookings {
    pub(super) async fn open_bookings(&self, customer: &CustomerId) -> Result<OpenBookings, Error> {
        self.entered(keys::open_bookings(customer)).await
    }

    async fn entered(&self, key: ItemKey) -> Result<OpenBookings, Error> {
        let item = self.table.get(key).await?;
        let item: Option<OpenItem> = item.map(serde_dynamo::from_item).transpose()?;
        Ok(item.map(|item| item.open).unwrap_or_default())
    }

    /// Enters a booking that is about to be made, or refuses it where the customer would have too
    /// much. Entries are written over the version that was read, so that no two requests pass the limit
    /// together. `read` is what was read before, if it was.
    pub(super) async fn enter(
        &self,
        booking: &Booking,
        limit: &Limit,
        read: Option<OpenBookings>,
        now: Timestamp,
    ) -> Result<(), CommandError> {
        let customer = &booking.customer;
        let mut read = read;
        for attempt in 0..2 * DECISIONS {
            let mut entered = match read.take() {
                Some(read) => read,
                None => self.entered(limit.key(customer)).await?,
            };
            if entered.version() == Version::default()
                && let Some(resource) = limit.counts_what_was_before()
            {
                self.enter_what_was_before(customer, resource, &mut entered, now).await?;
            }
            if !limit.takes(&entered, booking) || limit.is_crowded(&entered) {
                self.drop_uncounted(customer, limit, &mut entered, now).await?;
            }
            if !limit.takes(&entered, booking) {
                if entered.version() == Version::default() {
                    // What was looked up is not to be looked up again; if it cannot be written, it is.
                    self.put_entered(limit.key(customer), &mut entered).await?;
                }
                return limit.refusal().map_or(Ok(()), |refusal| Err(refusal.into()));
            }
            entered.enter(booking, now);
            if self.put_entered(limit.key(customer), &mut entered).await? {
                return Ok(());
            }
            wait(attempt).await;
        }
        Err(Error::Busy.into())
    }

    /// Takes back what an attempt entered that made no booking. Another attempt of the same key may
    /// rest on the entry, and has it until it does so too. Where that fails, the entry counts until
    /// the request would be over.
    pub(super) async fn take_back(&self, customer: &CustomerId, hash: &BookingHash, limit: &Limit) {
        for attempt in 0..DECISIONS {
            let Ok(mut entered) = self.entered(limit.key(customer)).await else { return };
            if !entered.take_back(hash) {
                return;
            }
            match self.put_entered(limit.key(customer), &mut entered).await {
                Ok(true) | Err(_) => return,
                Ok(false) => wait(attempt).await,
            }
        }
    }

    /// Enters the customer's active bookings of a resource that began to count later than they were
    /// made: once for each customer, and of [`MOST_BEFORE`] bookings at most.
    async fn enter_what_was_before(
        &self,
        customer: &CustomerId,
        resource: &ResourceId,
        entered: &mut OpenBookings,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut after = None;
        for _ in 0..MOST_BEFORE / EXAMINED {
            let (bookings, next) = self.page_of(customer, after.as_ref(), EXAMINED).await?;
            let of_it = bookings.iter().filter(|it| it.resources().any(|of| of == resource));
            for booking in of_it {
                if booking.at(now).is_active() && booking.stretch.end() > now {
                    entered.enter(booking, now);
                }
            }
            match next {
                Some(_) => after = next,
                None => break,
            }
        }
        Ok(())
    }

    /// Drops the entries of bookings that no longer count, are over, or were never made.
    async fn drop_uncounted(
        &self,
        customer: &CustomerId,
        limit: &Limit,
        entered: &mut OpenBookings,
        now: Timestamp,
    ) -> Result<(), Error> {
        let keys = entered.entries().map(|(hash, _)| keys::booking(customer, hash)).collect();
        let items = self.table.batch(keys).await?.into_iter();
        let made: Vec<Booking> = items.map(to_booking).collect::<Result<_, _>>()?;
        entered.keep(&made, now, |booking| limit.counts(booking));
        Ok(())
    }

    /// Writes over the version that was read; whether it was still that one.
    async fn put_entered(&self, key: ItemKey, entered: &mut OpenBookings) -> Result<bool, Error> {
        let read = entered.count_write();
        let item = OpenItem { pk: key.pk, sk: key.sk, open: entered.clone() };
        let item = serde_dynamo::to_item(item)?;
        self.put_alone(item, (read != Version::default()).then_some(read)).await
    }
}
