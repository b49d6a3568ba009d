//! The stack as `cdk deploy` makes it: the real template and the real release binaries on
//! `MiniStack`, an emulator of AWS that enforces IAM. The same suite runs against it that runs
//! against the local host.
//!
//! It needs `infra/cdk/scripts/package`, so a plain `cargo test` leaves it out; `./test` runs it.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod grants;
mod stack;
mod suite;

use crate::grants::GRANTS;
use crate::stack::Stack;
use crate::suite::{Outcome, Suite};
use e2e::{Client, Host, Room, json, unique};
use std::path::Path;
use std::time::Instant;

/// At least so many tests of the wire contract run on `MiniStack`; it may only grow.
const PROTOCOL: usize = 60;
const RACES: usize = 4;
/// How tests are run.
type Run = fn(&Suite, &Stack, &Host, &[&str], u32) -> Outcome;

/// Seconds: how long a test waits for what a missing grant keeps from coming.
const BRIEF: u32 = 6;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
#[ignore = "needs the release binaries: ./test builds, packages and runs it"]
fn a_deployed_stack_does_what_the_local_host_does() {
    let started = Instant::now();
    let say = |what: &str| println!("{:4} s  {what}", started.elapsed().as_secs());
    let suite = Suite::build();
    // A second gateway, for its tokens alone.
    let issuer = Host::start(&[]);
    let mut stack = Stack::deploy(&root().join("target/lambda"), &issuer);
    say(&format!("deployed: {}", stack.url));

    // The races first: they read all of both tables, which the other tests fill.
    let races = suite.race(&stack, &issuer);
    races.expect(RACES);
    say(&format!("the races passed: {} tests ran", races.ran()));
    let protocol = suite.protocol(&stack, &issuer, &[], 60);
    protocol.expect(PROTOCOL);
    say(&format!("the contract is kept: {} tests ran", protocol.ran()));
    for skipped in protocol.skipped.iter().chain(&races.skipped) {
        say(&format!("  not here: {skipped}"));
    }

    for grant in GRANTS {
        let name = format!("{} {} on {}", grant.role, grant.action, grant.resource);
        stack.without(grant.role, grant.action, grant.resource);
        let run = if grant.over_http { Suite::over_http } else { Suite::protocol };
        let outcome = run(&suite, &stack, &issuer, &[grant.test], BRIEF);
        assert_eq!(outcome.failed, [grant.test], "passes without {name}");
        say(&format!("without {name}: {} fails", grant.test));
    }
    stack.restore();
    for (run, over_http) in [(Suite::protocol as Run, false), (Suite::over_http, true)] {
        let tests = grants::tests(over_http);
        run(&suite, &stack, &issuer, &tests, 60).expect(tests.len());
        let how = if over_http { "over HTTP" } else { "over sockets" };
        say(&format!("with all grants again: the same {} tests pass {how}", tests.len()));
    }

    an_update_keeps_the_data(&mut stack, &issuer);
    say("updated: another limit of open holds, and everything still there");

    stack.destroy();
    it_is_gone(&stack, &issuer);
    stack.end();
    issuer.interrupt();
    say("destroyed: no table, no API and no process is left");
}

#[tokio::main(flavor = "current_thread")]
async fn an_update_keeps_the_data(stack: &mut Stack, issuer: &Host) {
    let gateway = stack.gateway(issuer);
    let alice = unique("alice");
    let room = Room::with(&gateway, json!({"capacity": 9})).await;
    let mut before = room.named_customer(&alice).await;
    let held = before.ok(room.one("hold", 0)).await;
    before.close().await;

    stack.update("-c maxOpenHolds=2");

    let mut after = Client::connect(&gateway, &gateway.token(&alice).await).await;
    let confirm = json!({"action": "confirm", "booking": held["id"]});
    assert_eq!(after.ok(confirm).await["status"], "confirmed");
    for slot in [1, 2] {
        let held = after.ok(room.one("hold", slot)).await;
        after.booking_pushed(&held, 1).await;
    }
    after.refused("limit_exceeded", room.one("hold", 3)).await;
}

#[tokio::main(flavor = "current_thread")]
async fn it_is_gone(stack: &Stack, issuer: &Host) {
    let gateway = stack.gateway(issuer);
    assert_eq!(gateway.tables.names().await, Vec::<String>::new());
    let token = format!("Bearer {}", gateway.token("alice").await);
    assert!(Client::open(&gateway, &[("authorization", &token)]).await.is_err());
}
