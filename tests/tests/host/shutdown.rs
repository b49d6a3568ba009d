//! However the host ends, nothing is left running.

use crate::skipped;
use e2e::processes::{descendants, runs, signal, thaw};
use e2e::wait::eventually;
use e2e::{Host, Room, json};
use std::time::Duration;

/// Ctrl-C ends everything within 2 seconds. The margin is for a machine that runs other tests at
/// the same time on two cores.
const BOUND: Duration = Duration::from_secs(2);
const MARGIN: Duration = Duration::from_secs(2);

/// Uses every function once; answers all processes of the host.
async fn in_full_swing(host: &Host) -> (Room, Vec<u32>) {
    let room = Room::single(&host.gateway).await;
    let mut alice = room.customer().await;
    let booked = alice.ok(room.one("book", 0)).await;
    alice.booking_pushed(&booked, 1).await;
    alice.close().await;
    eventually("the disconnect function to run", async || {
        (host.invocations("disconnect").await > 0).then_some(())
    })
    .await;
    let mut all = descendants(host.pid());
    for function in ["authorizer", "connect", "disconnect", "http", "message", "push"] {
        let processes = host.processes(function).await;
        assert!(!processes.is_empty(), "no process of {function}");
        all.extend(processes.iter().map(|process| process.pid));
    }
    assert!(all.iter().all(|&pid| runs(pid)));
    (room, all)
}

async fn all_end(processes: &[u32]) {
    eventually("all processes to end", async || {
        processes.iter().all(|&pid| !runs(pid)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn ctrl_c_ends_everything_within_two_seconds() {
    if skipped("shutdown::ctrl_c_ends_everything_within_two_seconds") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let host = Host::start_in(temporary.path(), &[]);
    let (mut room, processes) = in_full_swing(&host).await;
    let address = host.http.clone();
    let took = host.interrupt();
    assert!(took < BOUND + MARGIN, "it took {took:?}");
    for pid in processes {
        assert!(!runs(pid), "process {pid} is left");
    }
    let left: Vec<_> = std::fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    // The clients were told.
    assert_eq!(room.operator.closed().await, Some(1001));
    assert!(reqwest::get(format!("{address}/health")).await.is_err());
}

#[tokio::test]
async fn functions_that_hang_do_not_hold_up_the_end() {
    if skipped("shutdown::functions_that_hang_do_not_hold_up_the_end") {
        return;
    }
    let host = Host::start(&[]);
    let (mut room, processes) = in_full_swing(&host).await;
    let mut alice = room.customer().await;
    for function in ["disconnect", "push", "authorizer", "connect"] {
        host.freeze(function).await;
    }
    // A request and a batch are under way.
    alice.ok(room.one("book", 1)).await;
    host.busy("push").await;
    host.freeze("message").await;
    room.operator.send(json!({"action": "ping"})).await;
    host.busy("message").await;
    let took = host.interrupt();
    assert!(took < BOUND + MARGIN, "it took {took:?}");
    for pid in processes {
        assert!(!runs(pid), "process {pid} is left");
    }
}

#[tokio::test]
async fn a_host_that_is_killed_takes_its_functions_along() {
    if skipped("shutdown::a_host_that_is_killed_takes_its_functions_along") {
        return;
    }
    for with in ["KILL", "TERM"] {
        let host = Host::start(&[]);
        let (_room, processes) = in_full_swing(&host).await;
        signal(host.pid(), with);
        all_end(&processes).await;
    }
}

#[tokio::test]
async fn a_killed_host_takes_functions_along_that_hang() {
    if skipped("shutdown::a_killed_host_takes_functions_along_that_hang") {
        return;
    }
    let host = Host::start(&[]);
    let (_room, processes) = in_full_swing(&host).await;
    let frozen = host.freeze("message").await;
    host.kill();
    // A stopped process notices nothing until it goes on, unless it is killed.
    thaw(&frozen);
    all_end(&processes).await;
}
