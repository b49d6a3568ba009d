//! The file of `--faults`: what goes wrong, and how often.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A number of the file that is out of range.
#[derive(Debug, thiserror::Error)]
#[error("{expected}, not {number}")]
pub(super) struct OutOfRange<N> {
    expected: &'static str,
    number: N,
}

/// Gives a number its range and serde form.
macro_rules! ranged {
    ($(#[$doc:meta])* $name:ident of $number:ident as $form:literal, $range:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
        #[serde(try_from = $form, into = $form)]
        pub(super) struct $name($number);

        impl TryFrom<$number> for $name {
            type Error = OutOfRange<$number>;

            fn try_from(number: $number) -> Result<Self, Self::Error> {
                if $range.contains(&number) {
                    Ok(Self(number))
                } else {
                    Err(OutOfRange { expected: $expected, number })
                }
            }
        }

        impl From<$name> for $number {
            fn from($name(number): $name) -> $number {
                number
            }
        }
    };
}

ranged!(
    /// How often something goes wrong: the share of calls that meet it, from 0 to 1.
    Rate of f64 as "f64", (0.0..=1.0), "a rate is a number from 0 to 1"
);
ranged!(
    /// A time in milliseconds, a minute at most.
    Millis of u64 as "u64", (0..=60_000), "a time is 60000 ms at most"
);

impl Rate {
    pub(super) fn share(self) -> f64 {
        self.0
    }
}

impl Millis {
    pub(super) fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// What goes wrong. A field that is left out is 0: that does not go wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Plan {
    /// The same seed and the same calls in the same order meet the same faults.
    pub(super) seed: u64,
    /// After so many faults in all, nothing goes wrong any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) most: Option<u64>,
    pub(super) database: Database,
    pub(super) posts: Posts,
    pub(super) functions: Functions,
    pub(super) stream: Stream,
    pub(super) queues: Queues,
    pub(super) bus: Bus,
    pub(super) clock: Clock,
}

/// Of calls that functions make to the database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Database {
    /// A write meets another transaction: `TransactionConflict`.
    pub(super) conflict: Rate,
    /// `ProvisionedThroughputExceededException`.
    pub(super) throttle: Rate,
    /// `InternalServerError`, and nothing was done.
    pub(super) fail: Rate,
    /// A write is answered with `InternalServerError`, and all of it was done.
    pub(super) fail_after: Rate,
    /// All of it was done, and the connection breaks before the answer is there.
    pub(super) lose_answer: Rate,
    /// The call waits, for up to `slow_ms`.
    pub(super) slow: Rate,
    pub(super) slow_ms: Millis,
    /// How many calls in a row are throttled.
    pub(super) burst: u32,
}

/// Of calls that functions make to `@connections`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Posts {
    /// 200, and the connection breaks before the message is sent.
    pub(super) drop: Rate,
    /// The connection breaks, and 410.
    pub(super) gone: Rate,
    /// 429.
    pub(super) too_many: Rate,
    /// 500, and nothing was done.
    pub(super) fail: Rate,
    /// 500, and it was done.
    pub(super) fail_after: Rate,
    /// The call waits, for up to `slow_ms`.
    pub(super) slow: Rate,
    pub(super) slow_ms: Millis,
    /// How many calls in a row are answered with 429, 410 or 500.
    pub(super) burst: u32,
}

/// Of invocations.
#[expect(clippy::struct_field_names, reason = "the file's names, which have others beside them")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Functions {
    /// The process is killed before it has the event.
    pub(super) crash_before: Rate,
    /// The process is killed while it works, up to `crash_ms` after it has the event.
    pub(super) crash_during: Rate,
    pub(super) crash_ms: Millis,
    /// The process is killed when it has answered, and nobody gets the answer.
    pub(super) crash_after: Rate,
}

/// Of batches of a stream's records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Stream {
    /// A batch is given to its function twice.
    pub(super) duplicate: Rate,
    /// A batch is cut in two.
    pub(super) split: Rate,
    /// Reading on waits, for up to `lag_ms`.
    pub(super) lag: Rate,
    pub(super) lag_ms: Millis,
}

/// Of messages that are sent to queues, and of calls that functions make to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Queues {
    /// A message is in its queue twice.
    pub(super) duplicate: Rate,
    /// A message can be received up to `late_ms` later than it should, and so after others that were
    /// sent after it.
    pub(super) late: Rate,
    pub(super) late_ms: Millis,
    /// A call is answered with 500, and nothing was done.
    pub(super) fail: Rate,
    /// A call is answered with 500, and all of it was done.
    pub(super) fail_after: Rate,
}

/// Of events that rules deliver to their targets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Bus {
    /// An event is delivered to a target twice.
    pub(super) duplicate: Rate,
    /// An event is delivered up to `late_ms` late, and so after others that came after it.
    pub(super) late: Rate,
    pub(super) late_ms: Millis,
}

/// Of the clocks of function processes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Clock {
    /// A process that starts is told a clock that is wrong by up to so much, either way, for as long
    /// as it lives.
    pub(super) skew_ms: Millis,
}
