//! The local host as a program: how it starts, ends, and behaves when something dies.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod cli;
mod crashes;
mod data;
mod dead_clients;
mod events;
mod faults;
mod fulfilment;
mod http;
mod large;
mod left_over;
mod open_files;
mod readme;
mod revoked;
mod shutdown;
mod template;
mod throttled;
mod torn;
mod unreadable;
mod web_pages;

/// Whether to leave a test out because there is no local host: says so.
fn skipped(test: &str) -> bool {
    e2e::gateway::skipped(test, "it needs the processes of the local host")
}
