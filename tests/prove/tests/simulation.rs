//! Some seeds of the simulation, always the same ones; the rest is for `cargo run -p prove`.

use prove::{Budget, simulation};
use std::time::Duration;

/// What is found in all of these is found in seconds.
#[test]
fn no_promise_is_broken() {
    let budget = Budget::new(0..80, Duration::from_mins(10));
    if let Err(violation) = simulation::run(&budget) {
        panic!("{violation}");
    }
}

/// A failing seed is worth nothing that does not fail again.
#[test]
fn a_seed_has_one_history() {
    for seed in 0..3 {
        let [one, other] = [(); 2].map(|()| simulation::history(seed));
        let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
        let differs = one.iter().zip(&other).position(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}: {:?}", differs.map(|at| (one[at], other[at])));
        assert_eq!(one.len(), other.len(), "seed {seed}");
        assert!(one.len() > 100, "seed {seed}");
    }
}
