//! The template's tables in memory, for whoever calls operations without an endpoint: no network, no
//! file, and a clock of the caller's own. It is what a simulation stands on.

use crate::database::{DatabaseError, operations, tables};
use crate::template::Table;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::storage_backend::Clock;
use dynoxide::streams::shard_id;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// More records than this are never written by one operation.
const AT_ONCE: usize = 1000;

/// The tables, and nothing around them.
pub struct Memory(dynoxide::Database);

/// A clock that somebody else turns.
struct Now<F>(F);

impl<F: Fn() -> Timestamp + Send + Sync> Clock for Now<F> {
    fn now_unix_secs(&self) -> u64 {
        (self.0)().as_second().unsigned_abs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        (self.0)().as_duration().as_secs_f64()
    }
}

impl Memory {
    /// Empty tables; what they date, they date by this clock.
    pub fn open(
        tables: &BTreeMap<String, Table>,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, DatabaseError> {
        let inner = dynoxide::Database::memory_with_clock(Arc::new(Now(now)))?;
        for table in tables.values() {
            tables::make(&inner, table)?;
        }
        Ok(Self(inner))
    }

    /// Carries out the operation that a header `X-Amz-Target` names. Answers a status and a body.
    pub fn call(&self, target: &str, body: &str) -> (u16, String) {
        let Some((_, run)) = operations::of_target(target) else {
            return (400, r#"{"__type":"UnknownOperationException"}"#.to_owned());
        };
        match run(&self.0, body) {
            Ok(answer) => (200, answer),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    /// The next records of a table's stream after this sequence number, oldest first.
    pub fn records(
        &self,
        stream_arn: &str,
        table: &str,
        after: Option<&str>,
    ) -> Result<Vec<Record>, DatabaseError> {
        let kind = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
        let iterator = self.0.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: stream_arn.to_owned(),
            shard_id: shard_id(table),
            shard_iterator_type: kind.to_owned(),
            sequence_number: after.map(ToOwned::to_owned),
        })?;
        let shard_iterator = iterator.shard_iterator.unwrap_or_default();
        let request = GetRecordsRequest { shard_iterator, limit: Some(AT_ONCE) };
        Ok(self.0.get_records(request)?.records)
    }
}
