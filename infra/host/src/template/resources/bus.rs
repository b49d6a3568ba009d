//! Event buses and their archives.

use super::Named;
use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::event_plan::{Archive, EventBus};
use crate::template::pattern::Pattern;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BusProperties {
    name: String,
    /// For events that a key cannot encrypt: nothing is encrypted here.
    _dead_letter_config: Option<IgnoredAny>,
    _kms_key_identifier: Option<IgnoredAny>,
    /// Logs go to the terminal.
    _log_config: Option<IgnoredAny>,
    /// Nobody of another account sends to a bus.
    _policy: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ArchiveProperties {
    archive_name: Option<String>,
    source_arn: String,
    event_pattern: Option<Pattern>,
    #[serde(default)]
    retention_days: u64,
    /// The file lies on the user's own disk.
    _kms_key_identifier: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
}

/// Reads a bus.
pub(in crate::template) fn read(source: Source<'_>) -> Result<EventBus, TemplateError> {
    let properties: BusProperties = source.properties()?;
    let arn = arn::event_bus(&properties.name);
    Ok(EventBus { name: properties.name, arn })
}

/// Reads an archive.
pub(in crate::template) fn read_archive(
    source: Source<'_>,
    named: &Named,
) -> Result<Archive, TemplateError> {
    let properties: ArchiveProperties = source.properties()?;
    let from = &properties.source_arn;
    let bus = source.find("SourceArn", from, "an event bus", named.bus(from))?;
    let name = properties.archive_name.unwrap_or_else(|| source.id.to_owned());
    let days = properties.retention_days;
    Ok(Archive {
        arn: arn::archive(&name),
        name,
        bus: bus.to_owned(),
        pattern: properties.event_pattern,
        // Zero is for good.
        retention: (days > 0).then(|| Duration::from_hours(24 * days)),
    })
}
