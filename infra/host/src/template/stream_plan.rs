//! How a table's stream is read, with every reference resolved.

use super::pattern::Pattern;
use serde::Deserialize;
use std::time::Duration;

/// How a mapping or a pipe reads a table's stream.
#[derive(Debug, Clone)]
pub struct StreamReader {
    /// The table's logical id.
    pub table: String,
    /// The stream's ARN.
    pub stream_arn: String,
    /// The most records of one batch.
    pub batch_size: usize,
    /// How long to wait for a batch to fill.
    pub batching_window: Duration,
    /// Which records are delivered: those that match one of these, or all where there is none.
    pub filters: Vec<Pattern>,
    /// Where a mapping without a position begins.
    pub starting_position: StartingPosition,
    /// How often a batch is retried; `None` is until its records expire.
    pub retry_attempts: Option<u32>,
    /// How old a record may get; `None` is as old as the stream keeps it.
    pub record_age: Option<Duration>,
    /// Whether a failed batch is halved.
    pub bisect: bool,
    /// The logical id of the queue that is told of records given up.
    pub on_failure: Option<String>,
}

/// Where a mapping without a position begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StartingPosition {
    /// At the first change after it was made.
    Latest,
    /// At the oldest change that the stream still has.
    TrimHorizon,
}
