//! Temporary folders of hosts that were killed.

use crate::skipped;
use e2e::Host;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

fn folders(temporary: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(temporary).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn the_next_host_removes_what_a_killed_one_left() {
    if skipped("left_over::the_next_host_removes_what_a_killed_one_left") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    // A folder that somebody named stays, whatever its name is.
    let named = temporary.path().join("booking-gateway-mydata");
    let arguments = ["--data", named.to_str().unwrap()];
    Host::start_in(temporary.path(), &arguments).kill();

    let first = Host::start_in(temporary.path(), &[]);
    let with_first = folders(temporary.path());
    assert_eq!(with_first.len(), 2);
    let second = Host::start_in(temporary.path(), &[]);
    let with_both = folders(temporary.path());
    assert!(with_both.len() == 3 && with_both.is_superset(&with_first), "{with_both:?}");
    first.kill();
    assert_eq!(folders(temporary.path()), with_both, "what a killed host leaves");

    let third = Host::start_in(temporary.path(), &[]);
    let left = folders(temporary.path());
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(left.intersection(&with_first).eq([named.file_name().unwrap()]), "{left:?}");
    second.interrupt();
    third.interrupt();
    assert_eq!(folders(temporary.path()).len(), 1);
    Host::start_in(temporary.path(), &arguments).interrupt();
}

#[tokio::test]
async fn hosts_that_start_at_once_leave_each_other_alone() {
    if skipped("left_over::hosts_that_start_at_once_leave_each_other_alone") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let hosts: Vec<_> = std::thread::scope(|scope| {
            let start = || Host::start_in(temporary.path(), &[]);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(folders(temporary.path()).len(), 4);
        hosts.into_iter().for_each(Host::kill);
    }
    Host::start_in(temporary.path(), &[]).interrupt();
    assert!(folders(temporary.path()).is_empty());
}
