//! How far a part goes.

use std::ops::Range;
use std::time::{Duration, Instant};

/// How far a part goes: it stops at whichever bound it meets first.
#[derive(Debug, Clone)]
pub struct Budget {
    /// The seeds to try, in order.
    pub seeds: Range<u64>,
    /// No seed is begun after this.
    pub end: Instant,
}

impl Budget {
    /// These seeds, for so long at most.
    pub fn new(seeds: Range<u64>, most: Duration) -> Self {
        Self { seeds, end: Instant::now() + most }
    }

    /// The seeds that there is time for.
    pub fn seeds(&self) -> impl Iterator<Item = u64> {
        let end = self.end;
        self.seeds.clone().take_while(move |_| Instant::now() < end)
    }
}
