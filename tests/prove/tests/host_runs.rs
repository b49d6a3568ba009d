//! A small, fixed part of the runs on a real host; `cargo run --bin prove` goes on from there.

use prove::host_runs::{faults, kill, offline, race};
use prove::{Budget, Figures, Violation};
use std::time::Duration;

/// More than any of these takes: what ends a run that would hang.
const MOST: Duration = Duration::from_mins(10);

fn holds(figures: Result<Figures, Violation>) -> Figures {
    let figures = figures.unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(figures.get("searches given up as too long"), Some("0"), "{figures}");
    figures
}

#[test]
fn while_everything_fails() {
    let figures = holds(faults::run(&Budget::new(0..20, MOST)));
    for fault in [
        "database.conflict",
        "database.throttle",
        "database.fail",
        "database.failAfter",
        "database.loseAnswer",
        "database.slow",
        "posts.drop",
        "posts.gone",
        "posts.tooMany",
        "posts.fail",
        "posts.failAfter",
        "posts.slow",
        "functions.crashBefore",
        "functions.crashDuring",
        "functions.crashAfter",
        "stream.duplicate",
        "stream.split",
        "stream.lag",
    ] {
        let met = figures.get(&format!("met {fault}")).unwrap_or("0");
        assert_ne!(met, "0", "{fault} was never met:\n{figures}");
    }
}

#[test]
fn when_a_crowd_wants_the_same_places() {
    let race = holds(race::race(500, 0, MOST));
    for figure in ["extended", "confirmed", "cancelled", "holds refused, the slot being full"] {
        assert_ne!(race.get(figure), Some("0"), "{figure}:\n{race}");
    }
}

#[test]
fn for_clients_that_go_away_and_come_back() {
    holds(offline::run(&Budget::new(0..12, MOST)));
}

#[test]
fn when_the_host_is_killed() {
    let kills = holds(kill::kills(&Budget::new(0..1, MOST), 3));
    assert_eq!(kills.get("kills"), Some("3"), "{kills}");
}
