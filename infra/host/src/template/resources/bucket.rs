//! Buckets, which are folders here.

use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::event_plan::Bucket;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    bucket_name: Option<String>,
    /// The folder is the user's own: to read, to keep and to delete.
    _bucket_encryption: Option<IgnoredAny>,
    _public_access_block_configuration: Option<IgnoredAny>,
    _ownership_controls: Option<IgnoredAny>,
    _lifecycle_configuration: Option<IgnoredAny>,
    _versioning_configuration: Option<IgnoredAny>,
    _object_lock_enabled: Option<IgnoredAny>,
    _object_lock_configuration: Option<IgnoredAny>,
    _logging_configuration: Option<IgnoredAny>,
    _access_control: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

/// Reads a bucket.
pub(in crate::template) fn read(source: Source<'_>) -> Result<Bucket, TemplateError> {
    let properties: Properties = source.properties()?;
    let name = properties.bucket_name.unwrap_or_else(|| source.id.to_owned());
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return Err(source.refuse(format!("BucketName: {name:?} is no name for a folder")));
    }
    Ok(Bucket { arn: arn::bucket(&name), name })
}
