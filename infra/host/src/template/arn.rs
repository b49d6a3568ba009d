//! Names of resources in the form that AWS gives them.

/// The region of everything on this machine.
pub const REGION: &str = "us-east-1";
/// The account of everything on this machine.
pub const ACCOUNT: &str = "000000000000";
/// The partition of everything on this machine.
pub const PARTITION: &str = "aws";
/// The domain that service addresses end in.
pub const URL_SUFFIX: &str = "amazonaws.com";
/// The name of the stack.
pub const STACK: &str = "booking";

/// When the streams of this machine's tables began: streams are named after that instant.
const STREAM_LABEL: &str = "2020-01-01T00:00:00.000";

pub(crate) fn table(name: &str) -> String {
    format!("arn:{PARTITION}:dynamodb:{REGION}:{ACCOUNT}:table/{name}")
}

pub(crate) fn stream(table_name: &str) -> String {
    format!("{}/stream/{STREAM_LABEL}", table(table_name))
}

pub(super) fn function(name: &str) -> String {
    format!("arn:{PARTITION}:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

pub(crate) fn queue(name: &str) -> String {
    format!("arn:{PARTITION}:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The URL by which a queue is named. Requests go to the endpoint that a client is told of.
pub(crate) fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.{URL_SUFFIX}/{ACCOUNT}/{name}")
}

pub(super) fn event_bus(name: &str) -> String {
    format!("arn:{PARTITION}:events:{REGION}:{ACCOUNT}:event-bus/{name}")
}

/// The ARN of a rule, by the name of its bus and its own, as `BUS/RULE`.
pub(super) fn rule(name: &str) -> String {
    format!("arn:{PARTITION}:events:{REGION}:{ACCOUNT}:rule/{name}")
}

pub(super) fn archive(name: &str) -> String {
    format!("arn:{PARTITION}:events:{REGION}:{ACCOUNT}:archive/{name}")
}

pub(super) fn delivery_stream(name: &str) -> String {
    format!("arn:{PARTITION}:firehose:{REGION}:{ACCOUNT}:deliverystream/{name}")
}

pub(super) fn bucket(name: &str) -> String {
    format!("arn:{PARTITION}:s3:::{name}")
}

pub(super) fn pipe(name: &str) -> String {
    format!("arn:{PARTITION}:pipes:{REGION}:{ACCOUNT}:pipe/{name}")
}

pub(super) fn role(name: &str) -> String {
    format!("arn:{PARTITION}:iam::{ACCOUNT}:role/{name}")
}

pub(super) fn log_group(name: &str) -> String {
    format!("arn:{PARTITION}:logs:{REGION}:{ACCOUNT}:log-group:{name}:*")
}

pub(super) fn key(id: &str) -> String {
    format!("arn:{PARTITION}:kms:{REGION}:{ACCOUNT}:key/{id}")
}

/// Ten lower case letters and digits, the same for the same logical id.
pub(super) fn api_id(logical_id: &str) -> String {
    // FNV-1a: ids need to be stable and distinct, not hard to guess.
    let mut hash = logical_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let digits = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..10)
        .map(|_| {
            let digit = digits[usize::try_from(hash % 36).unwrap_or_default()];
            hash /= 36;
            char::from(digit)
        })
        .collect()
}
