//! What could be booked of several resources, by start and in the order of choice.
//!
//! The starts of all calendars are merged, which takes no read, and some of them at a time are looked
//! at: the slots of each resource among them are read at once.

use crate::bookings::pool::Candidates;
use crate::bookings::{AT_ONCE, Bookings};
use crate::error::{CommandError, Error};
use domain::{
    AnyOf, Candidate, Capacity, Period, Rank, Resource, ResourceId, Role, Sought, Stretch,
};
use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::iter::Peekable;

/// Starts that are looked at before it is decided whether to go on.
const STARTS: usize = 250;
/// Starts that one request looks at before it answers with a cursor, however few have room.
const MOST_STARTS: usize = 1000;
/// Resources whose slots one request reads, counted each time, before it answers with a cursor.
const MOST_READS: usize = 200;
/// Slots of the starts that one request looks at, before it answers with a cursor.
const MOST_SLOTS: usize = 4000;

/// A stretch that can be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Of which resource.
    pub resource: ResourceId,
    /// The first slot's start.
    pub start: Timestamp,
    /// The last slot's end.
    pub end: Timestamp,
    /// Places that are free in each of its slots.
    pub free: u32,
}

/// Where a search goes on: after a start of a resource, as it was in the order of choice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchPlace {
    start: Timestamp,
    candidate: Candidate,
}

impl SearchPlace {
    /// Reads what [`ToString::to_string`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/');
        let start = parts.next()?.parse().ok()?;
        let mut number = || parts.next()?.parse::<u32>().ok();
        let capacity = Capacity::new(number()?).ok()?;
        let rank = Rank::new(number()?).ok()?;
        let resource = ResourceId::parse(parts.next()?).ok()?;
        Some(Self { start, candidate: Candidate { capacity, rank, resource } })
    }
}

impl fmt::Display for SearchPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Candidate { capacity, rank, resource } = &self.candidate;
        write!(f, "{}/{capacity}/{rank}/{resource}", self.start)
    }
}

/// A start of a resource, and what would be booked from there.
struct Start<'a> {
    place: SearchPlace,
    resource: &'a Resource,
    stretch: Stretch,
}

impl Bookings {
    /// What could be booked of several resources now, by start and in the order of choice, from the one
    /// after `after`: at most `limit`. With where to go on, if there may be more: a page may have few or
    /// none, and others come after it. `role` is what the caller is at a resource.
    pub async fn search(
        &self,
        any_of: &AnyOf,
        sought: &Sought,
        role: impl Fn(&Resource) -> Role,
        (limit, after): (usize, Option<&SearchPlace>),
        now: Timestamp,
    ) -> Result<(Vec<Found>, Option<SearchPlace>), CommandError> {
        let Candidates { mut in_order, mut read } = self.candidates(any_of).await?;
        in_order.retain(|candidate| candidate.capacity.get() >= sought.quantity.get());
        if let AnyOf::Pool(pool) = any_of {
            let ids = in_order.iter().map(|candidate| &candidate.resource);
            read = self.resources_of_ids(ids).await?;
            read.retain(|_, resource| resource.pools.contains(&pool.name));
        }
        let goes_on_from = after.map_or(sought.from, |after| after.start.max(sought.from));
        let sought = Sought { from: goes_on_from, ..*sought };
        let starts = read.values().map(|resource| {
            let candidate = Candidate::from(resource);
            let found = resource.could_sell(&sought, role(resource), now);
            found.map(move |stretch| {
                let place = SearchPlace { start: stretch.start(), candidate: candidate.clone() };
                Start { place, resource, stretch }
            })
        });
        let mut starts = Merged::new(starts, after);
        let (mut found, mut last) = (Vec::new(), None);
        let mut left = Left { starts: MOST_STARTS, reads: MOST_READS, slots: MOST_SLOTS };
        loop {
            let some = left.take(&mut starts, sought.count());
            let free = self.free(&some, now).await?;
            for (start, free) in some.into_iter().zip(free) {
                let Start { place, resource, stretch } = start;
                if free >= sought.quantity.get() {
                    let (start, end) = (stretch.start(), stretch.end());
                    found.push(Found { resource: resource.id.clone(), start, end, free });
                }
                last = Some(place);
                if found.len() >= limit {
                    return Ok((found, last));
                }
            }
            if starts.is_empty() {
                return Ok((found, None));
            }
            if left.is_used_up() {
                return Ok((found, last));
            }
        }
    }

    /// How many places are free in all slots of each of these stretches.
    async fn free(&self, starts: &[Start<'_>], now: Timestamp) -> Result<Vec<u32>, Error> {
        let mut slots: BTreeMap<&ResourceId, (&Resource, BTreeSet<Period>)> = BTreeMap::new();
        for Start { resource, stretch, .. } in starts {
            let entry = slots.entry(&resource.id).or_insert((resource, BTreeSet::new()));
            entry.1.extend(stretch.slots());
        }
        let reads = slots.into_values().map(|(resource, slots)| self.free_of(resource, slots, now));
        let reads: Vec<_> = reads.collect();
        let free: Vec<_> = futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let free: HashMap<_, _> = free.into_iter().flatten().collect();
        let least = |Start { resource, stretch, .. }: &Start<'_>| {
            let slots = stretch.slots().map(|slot| free.get(&(&resource.id, slot.start)).copied());
            slots.map(Option::unwrap_or_default).min().unwrap_or_default()
        };
        Ok(starts.iter().map(least).collect())
    }

    /// How many places are free in each of these slots of a resource.
    async fn free_of<'a>(
        &self,
        resource: &'a Resource,
        slots: BTreeSet<Period>,
        now: Timestamp,
    ) -> Result<Vec<((&'a ResourceId, Timestamp), u32)>, Error> {
        let slots: Vec<Period> = slots.into_iter().collect();
        let offered = self.availability_after_offers(resource, &slots, now).await?;
        Ok(offered.iter().map(|slot| ((&resource.id, slot.start), slot.free)).collect())
    }
}

/// How much more one request looks at.
struct Left {
    starts: usize,
    reads: usize,
    slots: usize,
}

impl Left {
    fn is_used_up(&self) -> bool {
        self.starts == 0 || self.reads == 0 || self.slots == 0
    }

    /// The next starts to look at together.
    fn take<'a, I: Iterator<Item = Start<'a>>>(
        &mut self,
        from: &mut Merged<'a, I>,
        count: usize,
    ) -> Vec<Start<'a>> {
        let mut taken: Vec<Start<'a>> = Vec::new();
        let mut seen = HashSet::new();
        while taken.len() < STARTS && !self.is_used_up() {
            let Some(start) = from.next() else { break };
            // The first of a resource reads all its slots, and each further one at least one more.
            let is_new = seen.insert(&start.resource.id);
            self.reads -= usize::from(is_new);
            self.slots = self.slots.saturating_sub(if is_new { count } else { 1 });
            self.starts -= 1;
            taken.push(start);
        }
        taken
    }
}

/// The starts of many resources, in order.
struct Merged<'a, I: Iterator<Item = Start<'a>>> {
    each: Vec<Peekable<I>>,
    /// The next of each resource that has one more, and which of `each` it is of.
    next: BTreeMap<SearchPlace, usize>,
}

impl<'a, I: Iterator<Item = Start<'a>>> Merged<'a, I> {
    /// All that come after a place.
    fn new(each: impl Iterator<Item = I>, after: Option<&SearchPlace>) -> Self {
        let mut merged = Self { each: Vec::new(), next: BTreeMap::new() };
        for (index, starts) in each.enumerate() {
            let mut starts = starts.peekable();
            while starts.next_if(|start| Some(&start.place) <= after).is_some() {}
            merged.each.push(starts);
            merged.queue(index);
        }
        merged
    }

    fn queue(&mut self, index: usize) {
        if let Some(start) = self.each[index].peek() {
            self.next.insert(start.place.clone(), index);
        }
    }

    fn is_empty(&self) -> bool {
        self.next.is_empty()
    }
}

impl<'a, I: Iterator<Item = Start<'a>>> Iterator for Merged<'a, I> {
    type Item = Start<'a>;

    fn next(&mut self) -> Option<Start<'a>> {
        let (_, index) = self.next.pop_first()?;
        let start = self.each[index].next();
        self.queue(index);
        start
    }
}
