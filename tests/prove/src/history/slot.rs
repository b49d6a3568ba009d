//! Each slot by itself: who has places in it, and that they are never more than there are.

use super::calls::Step;
use super::search::Object;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// One slot with its places.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// Its places.
    pub capacity: u64,
}

/// What was asked of a slot and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A booking took places, until its hold ran out between these instants.
    Take(String, u64, Option<[Timestamp; 2]>),
    /// So many places were refused.
    Full(u64),
    /// A hold lasts longer: it runs out between these instants.
    Extend(String, [Timestamp; 2]),
    /// A hold was made a sale.
    Keep(String),
    /// A booking has so many places from then on.
    Resize(String, u64),
    /// A booking gave its places back.
    Release(String),
    /// So many places were free.
    Free(u64),
    /// These bookings have these places in the end.
    End(BTreeMap<String, u64>),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Take(booking, places, None) => write!(f, "{booking} takes {places}"),
            Self::Take(booking, places, Some([_, end])) => {
                write!(f, "{booking} takes {places} until {end}")
            }
            Self::Full(places) => write!(f, "{places} asked for, and it is full"),
            Self::Extend(booking, [_, end]) => write!(f, "{booking} is held until {end}"),
            Self::Keep(booking) => write!(f, "{booking} is confirmed"),
            Self::Resize(booking, places) => write!(f, "{booking} has {places} from then on"),
            Self::Release(booking) => write!(f, "{booking} gives its places back"),
            Self::Free(places) => write!(f, "{places} free, as it is shown"),
            Self::End(bookings) => write!(f, "in the end: {bookings:?}"),
        }
    }
}

/// Who has places, until when.
type Holders = BTreeMap<String, (u64, Option<[Timestamp; 2]>)>;

impl Slot {
    /// Whether there is room for so many places. Holds that ran out are dropped where their places are
    /// needed, the oldest first.
    fn make_room(
        self,
        holders: &mut Holders,
        places: u64,
        may_be_out: impl Fn(&Option<[Timestamp; 2]>) -> bool,
    ) -> bool {
        let old = holders.iter().filter(|(_, it)| may_be_out(&it.1));
        let mut old: Vec<_> = old.map(|(id, (_, ends))| (*ends, id.clone())).collect();
        old.sort();
        let mut old = old.into_iter();
        while holders.values().map(|it| it.0).sum::<u64>() + places > self.capacity {
            let Some((_, dropped)) = old.next() else { return false };
            holders.remove(&dropped);
        }
        true
    }
}

impl Object for Slot {
    type State = Holders;
    type Step = Step<Kind>;

    fn start(&self) -> Holders {
        Holders::new()
    }

    fn looks(&self, step: &Step<Kind>) -> bool {
        matches!(step.kind, Kind::Full(_) | Kind::Free(_) | Kind::End(_))
    }

    fn step(&self, holders: &Holders, step: &Step<Kind>) -> Vec<Holders> {
        let [earliest, latest] = step.decided;
        let is_out = |ends: &Option<[Timestamp; 2]>| ends.is_some_and(|[_, end]| end <= earliest);
        let may_be_out = |ends: &Option<[Timestamp; 2]>| ends.is_some_and(|[end, _]| end <= latest);
        let sum = |some: &dyn Fn(&Option<[Timestamp; 2]>) -> bool| -> u64 {
            holders.values().filter(|(_, ends)| some(ends)).map(|(places, _)| places).sum()
        };
        let at_most = sum(&|ends| !is_out(ends));
        let at_least = sum(&|ends| !may_be_out(ends));
        let same = |legal: bool| if legal { vec![holders.clone()] } else { Vec::new() };
        let mut after = holders.clone();
        match &step.kind {
            Kind::Take(booking, places, ends) => {
                if !self.make_room(&mut after, *places, may_be_out) {
                    return Vec::new();
                }
                let twice = after.insert(booking.clone(), (*places, *ends)).is_some();
                if twice { Vec::new() } else { vec![after] }
            }
            Kind::Resize(booking, places) => {
                let Some((_, ends)) = after.remove(booking) else { return Vec::new() };
                if is_out(&ends) || !self.make_room(&mut after, *places, may_be_out) {
                    return Vec::new();
                }
                after.insert(booking.clone(), (*places, ends));
                vec![after]
            }
            Kind::Full(places) => same(at_most + places > self.capacity),
            Kind::Extend(booking, later) => match after.get_mut(booking) {
                Some((_, Some(ends))) if !is_out(&Some(*ends)) => {
                    *ends = *later;
                    vec![after]
                }
                _ => Vec::new(),
            },
            Kind::Keep(booking) => match after.get_mut(booking) {
                Some((_, ends)) if !is_out(ends) => {
                    *ends = None;
                    vec![after]
                }
                _ => Vec::new(),
            },
            Kind::Release(booking) => match after.remove(booking) {
                Some((_, ends)) if !is_out(&ends) => vec![after],
                _ => Vec::new(),
            },
            Kind::Free(free) => {
                let free_if = |taken: u64| self.capacity.saturating_sub(taken);
                same((free_if(at_most)..=free_if(at_least)).contains(free))
            }
            Kind::End(bookings) => {
                let has = |id: &String, places| holders.get(id).is_some_and(|it| it.0 == places);
                let theirs = bookings.iter().all(|(id, places)| has(id, *places));
                let no_others = holders
                    .iter()
                    .all(|(id, (_, ends))| bookings.contains_key(id) || may_be_out(ends));
                same(theirs && no_others)
            }
        }
    }
}
