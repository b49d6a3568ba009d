//! Details, as a text of JSON: numbers have more digits there than DynamoDB takes, and the text is
//! shorter than a map.

use super::{Unavailable, malformed};
use domain::Details;

/// Details as an attribute; nothing where nothing is said.
pub(super) fn to_text(details: &Details) -> Result<Option<String>, Unavailable> {
    let said = (!details.is_empty()).then_some(details);
    said.map(serde_json::to_string).transpose().map_err(|_| unreadable())
}

/// The details that an attribute holds.
pub(super) fn from_text(text: Option<&str>) -> Result<Details, Unavailable> {
    let details = text.map(serde_json::from_str).transpose().map_err(|_| unreadable())?;
    Ok(details.unwrap_or_default())
}

/// Errors are logged, and what JSON says of one may quote what a customer wrote.
fn unreadable() -> Unavailable {
    malformed("the details of an item are not what this release writes")
}
