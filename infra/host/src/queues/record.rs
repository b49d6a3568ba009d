//! A message in the shape in which Lambda hands it to a function.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use super::attribute::Attribute;
use super::message::Received;
use crate::template::{Pattern, REGION};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: SystemAttributes<'a>,
    message_attributes: BTreeMap<&'a str, MessageAttribute<'a>>,
    #[serde(rename = "md5OfBody")]
    body_md5: String,
    #[serde(skip_serializing_if = "Option::is_none", rename = "md5OfMessageAttributes")]
    attributes_md5: Option<String>,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SystemAttributes<'a> {
    approximate_receive_count: String,
    sent_timestamp: String,
    sender_id: &'a str,
    approximate_first_receive_timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_queue_source_arn: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageAttribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<&'a str>,
    string_list_values: [(); 0],
    binary_list_values: [(); 0],
    data_type: &'a str,
}

/// The record as Lambda writes it.
pub(super) fn record(message: &Received, queue_arn: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Record {
        message_id: &message.message_id,
        receipt_handle: &message.receipt_handle,
        body: &message.body,
        attributes: SystemAttributes {
            approximate_receive_count: message.receives.to_string(),
            sent_timestamp: message.sent_ms.to_string(),
            sender_id: &message.sender,
            approximate_first_receive_timestamp: message.first_received_ms.to_string(),
            dead_letter_queue_source_arn: message.dead_from.as_deref(),
        },
        message_attributes: message.attributes.iter().map(of_sender).collect(),
        body_md5: message.body_md5(),
        attributes_md5: message.attributes_md5(),
        event_source: "aws:sqs",
        event_source_arn: queue_arn,
        aws_region: REGION,
    })
}

fn of_sender<'a>((name, it): (&'a String, &'a Attribute)) -> (&'a str, MessageAttribute<'a>) {
    let attribute = MessageAttribute {
        string_value: it.string_value.as_deref(),
        binary_value: it.binary_value.as_deref(),
        string_list_values: [],
        binary_list_values: [],
        data_type: &it.data_type,
    };
    (name.as_str(), attribute)
}

/// Whether a filter of the mapping lets a message through. A body that is an object in JSON is looked at as
/// such, any other as a text:
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html>
pub(super) fn passes(record: &str, filters: &[Pattern]) -> bool {
    if filters.is_empty() {
        return true;
    }
    let Ok(mut record) = serde_json::from_str::<Value>(record) else { return false };
    let body = record["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    if let Some(body) = body.filter(Value::is_object) {
        record["body"] = body;
    }
    filters.iter().any(|filter| filter.matches(&record))
}
