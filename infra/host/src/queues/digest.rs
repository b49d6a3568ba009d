//! The MD5 digests by which SDKs check that what they sent or received is whole.

use super::attribute::Attribute;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// Of a message's text.
pub(crate) fn of_text(text: &str) -> String {
    format!("{:x}", md5::compute(text))
}

/// Of a message's attributes, if there are any, as documented under "Calculating the MD5 message digest
/// for message attributes":
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
pub(crate) fn of_attributes(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    let mut append = |part: &[u8], kind: Option<u8>| {
        bytes.extend(kind);
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    };
    for (name, attribute) in attributes {
        append(name.as_bytes(), None);
        append(attribute.data_type.as_bytes(), None);
        match (&attribute.string_value, &attribute.binary_value) {
            (Some(text), _) => append(text.as_bytes(), Some(1)),
            (None, Some(binary)) => append(&STANDARD.decode(binary).unwrap_or_default(), Some(2)),
            (None, None) => {}
        }
    }
    Some(format!("{:x}", md5::compute(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests that moto's tests have from SQS itself
    /// (<https://github.com/getmoto/moto/blob/master/tests/test_sqs/test_sqs.py>).
    #[test]
    fn known_digests() {
        assert_eq!(of_text("derp"), "58fd9edd83341c29f1aebba81c31e257");
        assert_eq!(of_attributes(&BTreeMap::new()), None);
        let text = |data_type: &str, value: &str| Attribute {
            data_type: data_type.to_owned(),
            string_value: Some(value.to_owned()),
            binary_value: None,
        };
        let timestamp = [("timestamp".to_owned(), text("Number", "1493147359900"))].into();
        assert_eq!(of_attributes(&timestamp).as_deref(), Some("235c5c510d26fb653d073faed50ae77c"));
    }
}
