//! Where logs go: JSON lines on Lambda, readable text elsewhere. Never tokens or customers' texts.

use crate::config::Config;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging. Call it once, first.
pub fn start(config: &Config) {
    let filter = config.log_filter().and_then(|filter| filter.parse::<Targets>().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    // Lambda, like the local host, puts its own time and the function's name on each line.
    let lines = tracing_subscriber::fmt::layer().without_time().with_ansi(false);
    let logs = tracing_subscriber::registry().with(filter);
    if config.logs_are_collected() {
        logs.with(lines.json().flatten_event(true)).init();
    } else {
        logs.with(lines).init();
    }
}
