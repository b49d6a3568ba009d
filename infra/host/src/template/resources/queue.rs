//! Queues.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::template::error::TemplateError;
use crate::template::plan::Queue;
use crate::template::read::Source;

/// Four days, as SQS keeps messages of a queue that does not say.
const DEFAULT_RETENTION_SECONDS: u64 = 345_600;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    queue_name: Option<String>,
    message_retention_period: Option<u64>,
    /// The queues of this host hold what failed, for a person to look at: nobody receives from
    /// them, so that how they are received from does not matter.
    #[serde(rename = "VisibilityTimeout")]
    _visibility_timeout: Option<IgnoredAny>,
    #[serde(rename = "ReceiveMessageWaitTimeSeconds")]
    _wait: Option<IgnoredAny>,
    #[serde(rename = "RedriveAllowPolicy")]
    _redrive_allow: Option<IgnoredAny>,
    /// The file lies on the user's own disk.
    #[serde(rename = "SqsManagedSseEnabled")]
    _sse: Option<IgnoredAny>,
    #[serde(rename = "KmsMasterKeyId")]
    _kms_key: Option<IgnoredAny>,
    #[serde(rename = "KmsDataKeyReusePeriodSeconds")]
    _kms_reuse: Option<IgnoredAny>,
    #[serde(rename = "Tags")]
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
