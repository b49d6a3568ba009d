//! Operations on several messages at once: each entry succeeds or fails by itself.

use super::call::{Call, OfMessage, SendMessage, Target};
use super::check;
use super::error::SqsError;
use crate::endpoint::read;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: DeserializeOwned")]
struct Batch<T> {
    #[serde(default)]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: DeserializeOwned")]
struct Entry<T> {
    id: String,
    #[serde(flatten)]
    request: T,
}

pub(super) fn send(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let target = call.target(body, "sqs:SendMessage")?;
    let entries = entries::<SendMessage>("SendMessageBatchRequestEntry", body)?;
    let sizes = entries.iter().map(|entry| {
        let body = entry.request.message_body.as_deref().unwrap_or_default();
        check::size(body, &entry.request.message_attributes)
    });
    let size = sizes.sum();
    let most = check::LARGEST_BATCH;
    if size > most {
        return Err(SqsError::BatchTooLong { most, sent: size });
    }
    Ok(each(&target, entries, |target, request| call.send(target, request)))
}

pub(super) fn delete(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let target = call.target(body, "sqs:DeleteMessage")?;
    let entries = entries::<OfMessage>("DeleteMessageBatchRequestEntry", body)?;
    Ok(each(&target, entries, |target, request| call.delete(target, request)))
}

pub(super) fn change_visibility(call: &Call<'_>, body: &[u8]) -> Result<Value, SqsError> {
    let target = call.target(body, "sqs:ChangeMessageVisibility")?;
    let entries = entries::<OfMessage>("ChangeMessageVisibilityBatchRequestEntry", body)?;
    Ok(each(&target, entries, |target, request| call.change_visibility(target, request)))
}

fn entries<T: DeserializeOwned>(
    kind: &'static str,
    body: &[u8],
) -> Result<Vec<Entry<T>>, SqsError> {
    let Batch { entries } = read::<Batch<T>>(body)?;
    check::entries(kind, entries.iter().map(|entry| entry.id.as_str()))?;
    Ok(entries)
}

/// Does each entry, and says which were done and why the others were not.
fn each<T>(
    target: &Target<'_>,
    entries: Vec<Entry<T>>,
    operation: impl Fn(&Target<'_>, T) -> Result<Value, SqsError>,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for Entry { id, request } in entries {
        match operation(target, request) {
            Ok(mut done) => {
                done["Id"] = json!(id);
                successful.push(done);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "Code": error.name().code,
                "Message": error.to_string(),
                "SenderFault": error.is_senders(),
            })),
        }
    }
    json!({"Successful": successful, "Failed": failed})
}
