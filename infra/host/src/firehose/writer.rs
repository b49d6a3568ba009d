//! Files of a bucket.

use super::rows::Record;
use crate::template::DeliveryStream;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Writes a file of these records, and never half of it: its name is given to a finished file.
/// `STREAM-VERSION-yyyy-MM-dd-HH-mm-ss-ID`, in the folder that the prefix says:
/// <https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html>
pub(super) fn write(
    bucket: &Path,
    settings: &DeliveryStream,
    time: Timestamp,
    records: &[Record],
) -> io::Result<()> {
    let prefix = settings.prefix.at(time);
    let id = uuid::Uuid::new_v4();
    let when = time.strftime("%Y-%m-%d-%H-%M-%S");
    let name = format!("{prefix}{}-1-{when}-{id}{}", settings.name, settings.extension);
    let file = bucket.join(name);
    let folder = file.parent().unwrap_or(bucket);
    std::fs::create_dir_all(folder)?;
    let mut unfinished = NamedTempFile::new_in(folder)?;
    if settings.gzip {
        let mut encoder = GzEncoder::new(unfinished.as_file_mut(), Compression::default());
        fill(&mut encoder, records)?;
        encoder.finish()?;
    } else {
        fill(unfinished.as_file_mut(), records)?;
    }
    unfinished.as_file().sync_all()?;
    let written: File = unfinished.persist(&file)?;
    drop(written);
    Ok(())
}

fn fill(file: &mut impl Write, records: &[Record]) -> io::Result<()> {
    records.iter().try_for_each(|record| file.write_all(record.text.as_bytes()))
}
