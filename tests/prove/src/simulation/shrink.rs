//! A failing seed -> the least of it that still fails: steps are left out, then faults.

use super::plan::Plan;
use super::play;
use super::world::Broken;
use crate::Violation;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// No more attempts than this, and no longer.
const TRIES: usize = 600;
const LONGEST: Duration = Duration::from_mins(1);

struct Shrinking {
    plan: Plan,
    broken: Broken,
    tries: usize,
    end: Instant,
}

/// The least of a seed that breaks the same promise.
pub fn shrink(seed: u64) -> Violation {
    let again = format!("cargo run -p prove -- simulation --seed {seed}");
    let plan = Plan::new(seed);
    let whole = play(&plan, false);
    let Some(broken) = whole.broken else {
        let (promise, history) =
            ("a seed says it all".to_owned(), "it did not fail again".to_owned());
        return Violation { promise, history, again };
    };
    let mut shrinking = Shrinking { plan, broken, tries: 0, end: Instant::now() + LONGEST };
    shrinking.drop_outages();
    shrinking.drop_steps();
    shrinking.drop_faults(whole.faults);
    shrinking.drop_steps();
    let Shrinking { plan, broken, .. } = shrinking;
    let history = play(&plan, true).history;
    let promise = format!("{}: {}", broken.promise, broken.detail);
    let about = format!("{:?}\n{:?}\n", plan.profile, plan.outages);
    Violation { promise, history: about + &history, again }
}

impl Shrinking {
    /// Goes on with this plan if it breaks the same promise.
    fn goes_on_with(&mut self, plan: Plan) -> bool {
        self.tries += 1;
        if self.tries > TRIES || Instant::now() > self.end {
            return false;
        }
        match play(&plan, false).broken {
            Some(broken) if broken.promise == self.broken.promise => {
                (self.plan, self.broken) = (plan, broken);
                true
            }
            _ => false,
        }
    }

    fn drop_outages(&mut self) {
        let plan = Plan { outages: Vec::new(), ..self.plan.clone() };
        self.goes_on_with(plan);
        let mut plan = self.plan.clone();
        plan.profile.slow = 0.0;
        self.goes_on_with(plan);
        let mut plan = self.plan.clone();
        plan.profile.skew = 0;
        self.goes_on_with(plan);
    }

    fn drop_steps(&mut self) {
        let mut size = self.plan.steps().div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < self.plan.steps() {
                let plan = self.plan.without_steps(&(from..from + size));
                if !self.goes_on_with(plan) {
                    from += size;
                }
            }
            if size == 1 {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    fn drop_faults(&mut self, faults: u32) {
        let mut size = faults.div_ceil(2).max(1);
        loop {
            let mut from = 0;
            while from < faults {
                let dropped: BTreeSet<u32> = (from..from + size).collect();
                if !dropped.is_subset(&self.plan.dropped) {
                    let mut plan = self.plan.clone();
                    plan.dropped.extend(dropped);
                    self.goes_on_with(plan);
                }
                from += size;
            }
            if size == 1 {
                return;
            }
            size = size.div_ceil(2);
        }
    }
}
