//! Queues.

use crate::template::error::TemplateError;
use crate::template::plan::Queue;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

/// Four days, as SQS keeps messages of a queue that does not say.
const DEFAULT_RETENTION_SECONDS: u64 = 345_600;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    queue_name: Option<String>,
    message_retention_period: Option<u64>,
    /// The queues of this host hold what failed, for a person to look at: nobody receives from
    /// them, so that how they are received from does not matter.
    _visibility_timeout: Option<IgnoredAny>,
    _receive_message_wait_time_seconds: Option<IgnoredAny>,
    _redrive_allow_policy: Option<IgnoredAny>,
    /// The file lies on the user's own disk.
    _sqs_managed_sse_enabled: Option<IgnoredAny>,
    _kms_master_key_id: Option<IgnoredAny>,
    _kms_data_key_reuse_period_seconds: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

pub(in crate::template) fn read(source: Source<'_>) -> Result<Queue, TemplateError> {
    let properties: Properties = source.properties()?;
    Ok(Queue {
        name: properties.queue_name.unwrap_or_else(|| source.id.to_owned()),
        retention: Duration::from_secs(
            properties.message_retention_period.unwrap_or(DEFAULT_RETENTION_SECONDS),
        ),
    })
}
