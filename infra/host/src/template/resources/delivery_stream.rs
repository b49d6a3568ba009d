//! Delivery streams of Firehose to buckets.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html>

use super::Named;
use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::event_plan::DeliveryStream;
use crate::template::read::Source;
use crate::template::stream_prefix::Prefix;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

const MIB: usize = 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    delivery_stream_name: Option<String>,
    delivery_stream_type: Option<String>,
    #[serde(rename = "ExtendedS3DestinationConfiguration")]
    destination: Destination,
    /// The file lies on the user's own disk.
    _delivery_stream_encryption_configuration_input: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    #[serde(rename = "BucketARN")]
    bucket_arn: String,
    #[serde(rename = "RoleARN")]
    role_arn: String,
    #[serde(default)]
    prefix: String,
    compression_format: Option<String>,
    file_extension: Option<String>,
    custom_time_zone: Option<String>,
    buffering_hints: Option<BufferingHints>,
    processing_configuration: Option<Processing>,
    /// Nothing fails here on its way to a file.
    _error_output_prefix: Option<IgnoredAny>,
    _s3_backup_mode: Option<IgnoredAny>,
    /// Logs go to the terminal.
    _cloud_watch_logging_options: Option<IgnoredAny>,
    _encryption_configuration: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BufferingHints {
    interval_in_seconds: Option<u64>,
    #[serde(rename = "SizeInMBs")]
    size_in_mbs: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Processing {
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    processors: Vec<Processor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Processor {
    #[serde(rename = "Type")]
    kind: String,
    /// Of the one that there is: a new line is what it appends.
    _parameters: Option<IgnoredAny>,
}

/// Reads a delivery stream.
pub(in crate::template) fn read(
    source: Source<'_>,
    named: &Named,
) -> Result<DeliveryStream, TemplateError> {
    let properties: Properties = source.properties()?;
    if let Some(kind) = &properties.delivery_stream_type {
        source.only("DeliveryStreamType", "DirectPut", kind)?;
    }
    let destination = properties.destination;
    let (bucket, role) = (&destination.bucket_arn, &destination.role_arn);
    let bucket = source.find("BucketARN", bucket, "a bucket", named.bucket(bucket))?;
    let role = source.find("RoleARN", role, "a role", named.role(role))?;
    let prefix = Prefix::read(&destination.prefix);
    let prefix = prefix.map_err(|error| source.refuse(format!("Prefix: {error}")))?;
    if let Some(zone) = &destination.custom_time_zone {
        source.only("CustomTimeZone", "UTC", zone)?;
    }
    let gzip = match destination.compression_format.as_deref() {
        None | Some("UNCOMPRESSED") => false,
        Some("GZIP") => true,
        Some(other) => {
            return Err(
                source.refuse(format!("CompressionFormat: this host does not know {other}"))
            );
        }
    };
    let processing = destination.processing_configuration.filter(|processing| processing.enabled);
    let mut delimits = false;
    for processor in processing.iter().flat_map(|processing| &processing.processors) {
        source.only("Processors.Type", "AppendDelimiterToRecord", &processor.kind)?;
        delimits = true;
    }
    let hints = destination.buffering_hints.unwrap_or_default();
    let (seconds, size) =
        (hints.interval_in_seconds.unwrap_or(300), hints.size_in_mbs.unwrap_or(5));
    if seconds > 900 || !(1..=128).contains(&size) {
        return Err(source.refuse("BufferingHints: 0 to 900 seconds, 1 to 128 megabytes"));
    }
    let name = properties.delivery_stream_name.unwrap_or_else(|| source.id.to_owned());
    let extension = if gzip { ".gz" } else { "" };
    Ok(DeliveryStream {
        arn: arn::delivery_stream(&name),
        name,
        bucket: bucket.to_owned(),
        role: role.to_owned(),
        prefix,
        extension: destination.file_extension.unwrap_or_else(|| extension.to_owned()),
        gzip,
        delimits,
        buffer_bytes: size * MIB,
        buffer_time: Duration::from_secs(seconds),
    })
}
