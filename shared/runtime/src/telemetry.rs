//! Where logs go: JSON lines on Lambda, readable text elsewhere. Never tokens or customers' texts.

use tracing_subscriber::EnvFilter;

/// Starts logging. Call it once, first.
pub fn start() {
    let filter = crate::config::optional("RUST_LOG").unwrap_or_else(|| "info".to_owned());
    let logs = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        // Lambda, like the local host, puts its own time and the function's name on each line.
        .without_time();
    if crate::config::logs_are_collected() {
        logs.json().flatten_event(true).init();
    } else {
        logs.with_ansi(false).init();
    }
}
