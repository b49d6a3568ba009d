//! The models, explored in the small; and designs that are wrong, each of which they find out.

use prove::model::explore::{Model, explore};
use prove::model::limit::{self, ENTERED, Limit, NOT_KEPT_OUT};
use prove::model::mutation::Mutation;
use prove::model::pushes::promises::{ALLOWED, OPEN, SAME, VIEW};
use prove::model::pushes::{self, Pushes, scenario as connections};
use prove::model::sales::promises::{
    ANSWERS, BOOKS, HOLDS, IN_ONE, NEWER, NOT_EARLY, NOTHING_TWICE, OVERTAKES, VERSIONS,
};
use prove::model::sales::scenarios::{self, Size};
use prove::model::sales::{Sales, grids};
use std::time::{Duration, Instant};

/// Nobody waits longer for a model: one that takes so long fails for it.
const LONGEST: Duration = Duration::from_mins(2);

#[track_caller]
fn holds<M: Model>(name: &str, model: &M) {
    match explore(name, model, Instant::now() + LONGEST) {
        Ok(explored) => {
            println!("{name}: {explored:?}");
            assert!(explored.complete && explored.states > 500, "{name}: {explored:?}");
        }
        Err(found) => panic!("{name}: {:?}\n{}", found.broken, found.history.join("\n")),
    }
}

#[test]
fn every_promise_of_sales_holds() {
    for scenario in scenarios::all(Size::Small) {
        holds(scenario.name, &Sales::new(scenario));
    }
}

#[test]
fn every_promise_of_the_limit_holds() {
    for scenario in limit::scenario::all(Size::Small) {
        holds(scenario.name, &Limit::new(scenario));
    }
}

#[test]
fn every_promise_of_pushes_holds() {
    for scenario in pushes::scenario::all(Size::Small) {
        holds(scenario.name, &Pushes::new(scenario));
    }
}

/// What a wrong design breaks, by its shortest history.
#[track_caller]
fn breaks<M: Model>(mutation: Mutation, promise: &str, model: &M) {
    match explore("wrong", model, Instant::now() + LONGEST) {
        Ok(explored) => panic!("{mutation:?} is not found out: {explored:?}"),
        Err(found) => {
            let history = found.history.join("\n");
            println!("{mutation:?}: {:?}\n{history}\n", found.broken);
            assert_eq!(
                found.broken.promise, promise,
                "{mutation:?}: {:?}\n{history}",
                found.broken
            );
        }
    }
}

#[test]
fn every_wrong_design_of_sales_is_found_out() {
    use Mutation::*;
    type Of = fn(Size) -> prove::model::sales::scenario::Scenario;
    let table: [(Mutation, Of, &str); 20] = [
        (TakeUnconditionally, scenarios::last_place, NOTHING_TWICE),
        (DropBucketsUnseen, scenarios::run_out, NOTHING_TWICE),
        (DropBucketsEarly, scenarios::last_place, NOTHING_TWICE),
        (ConfirmByBookingAlone, scenarios::clocks, NOTHING_TWICE),
        (ConfirmByBookingAlone, scenarios::unanswered, NOTHING_TWICE),
        (ConfirmLeavesBucket, scenarios::last_place, BOOKS),
        (WriteIsOneVersion, scenarios::last_place, NEWER),
        (AnswerUnwritten, scenarios::last_place, ANSWERS),
        (ExpireEarly, scenarios::last_place, NOT_EARLY),
        (CreateOverwrites, scenarios::keys, VERSIONS),
        (ChangeOverwrites, scenarios::moves, VERSIONS),
        (ExpiryOverwrites, scenarios::last_place, VERSIONS),
        (MoveInTwo, scenarios::moves, BOOKS),
        (MoveInTwo, scenarios::held_moves, HOLDS),
        (WithInTwo, scenarios::with, HOLDS),
        (SellInTransition, grids::finer, NOTHING_TWICE),
        (CancelIgnoresLine, scenarios::line, IN_ONE),
        (LineBeforeSlots, scenarios::passed_over, IN_ONE),
        (NewcomerIgnoresLine, scenarios::offered_late, OVERTAKES),
        (TakeUnguarded, scenarios::offered_late, OVERTAKES),
    ];
    for (mutation, scenario, promise) in table {
        breaks(mutation, promise, &Sales::new(scenario(Size::Small).with(mutation)));
    }
}

#[test]
fn every_wrong_design_of_the_limit_is_found_out() {
    use Mutation::*;
    type Of = fn(Size) -> limit::scenario::Scenario;
    let table: [(Mutation, Of, &str); 4] = [
        (EnterOverwrites, limit::scenario::two_keys, ENTERED),
        (EnterAfterwards, limit::scenario::two_keys, ENTERED),
        (TakeBackAll, limit::scenario::one_key, ENTERED),
        (NeverDropClosed, limit::scenario::two_keys, NOT_KEPT_OUT),
    ];
    for (mutation, scenario, promise) in table {
        breaks(mutation, promise, &Limit::new(scenario(Size::Small).with(mutation)));
    }
}

#[test]
fn every_wrong_design_of_pushes_is_found_out() {
    use Mutation::*;
    type Of = fn(Size) -> connections::Scenario;
    let table: [(Mutation, Of, &str); 11] = [
        (SnapshotFirst, connections::subscribing, VIEW),
        (SubscribeInTwo, connections::subscribing, SAME),
        (RefreshOverwrites, connections::demoted, SAME),
        (SubscribersFromIndex, connections::subscribing, VIEW),
        (ReadFirstShards, connections::growing, VIEW),
        (TellAnybody, connections::ending, ALLOWED),
        (DropFailedPosts, connections::failing, VIEW),
        (CloseRefused, connections::failing, OPEN),
        (ForgetOpening, connections::breaking, VIEW),
        (IgnoreFailures, connections::failing, VIEW),
        (LateOverwrites, connections::failing, VIEW),
    ];
    for (mutation, scenario, promise) in table {
        breaks(mutation, promise, &Pushes::new(scenario(Size::Small).with(mutation)));
    }
}
