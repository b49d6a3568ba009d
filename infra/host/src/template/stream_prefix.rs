//! Where a delivery stream puts its files: texts such as `events/dt=!{timestamp:yyyy-MM-dd}/`.
//!
//! <https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>

use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

/// A prefix, which a time makes a folder of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// In the language of `strftime`.
    Time(String),
}

/// A text that is no prefix that this host knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "this host does not know {0:?} in a prefix: it knows !{{timestamp:...}} of yyyy, MM, dd, HH, mm and ss"
)]
pub struct NoPrefix(pub String);

impl Prefix {
    /// Reads a prefix. One without a time gets `yyyy/MM/dd/HH/`, as Firehose appends it.
    pub fn read(text: &str) -> Result<Self, NoPrefix> {
        if text.starts_with('/') || text.split('/').any(|part| part == "..") {
            return Err(NoPrefix(text.to_owned()));
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("!{") {
            parts.push(Part::Literal(before.to_owned()));
            let unknown = || NoPrefix(text.to_owned());
            let (expression, after) = after.split_once('}').ok_or_else(unknown)?;
            let format = expression.strip_prefix("timestamp:").ok_or_else(unknown)?;
            parts.push(Part::Time(strftime(format).ok_or_else(unknown)?));
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        if parts.len() == 1 {
            parts.push(Part::Time("%Y/%m/%d/%H/".to_owned()));
        }
        Ok(Self(parts))
    }

    /// The folder of files whose oldest record came then.
    pub fn at(&self, time: Timestamp) -> String {
        let time = time.to_zoned(TimeZone::UTC);
        let text = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Time(format) => time.strftime(format).to_string(),
        };
        self.0.iter().map(text).collect()
    }
}

/// Of the patterns of Java's `DateTimeFormatter`, those of whole fields.
fn strftime(pattern: &str) -> Option<String> {
    let known =
        [("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"), ("ss", "%S")];
    let (mut format, mut rest) = (String::new(), pattern);
    while let Some(next) = rest.chars().next() {
        if let Some((java, own)) = known.iter().find(|(java, _)| rest.starts_with(java)) {
            format.push_str(own);
            rest = &rest[java.len()..];
        } else if next == '\'' {
            let (literal, after) = rest[1..].split_once('\'')?;
            format.push_str(&literal.replace('%', "%%"));
            rest = after;
        } else if next.is_ascii_alphabetic() {
            return None;
        } else {
            if next == '%' {
                format.push('%');
            }
            format.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    Some(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_by_time() {
        let time = "2027-01-11T09:08:07Z".parse().unwrap();
        for (prefix, expected) in [
            ("", "2027/01/11/09/"),
            ("events/", "events/2027/01/11/09/"),
            ("events/dt=!{timestamp:yyyy-MM-dd}/", "events/dt=2027-01-11/"),
            ("!{timestamp:yyyy/MM/dd/HH}/x", "2027/01/11/09/x"),
            ("!{timestamp:'year='yyyy'/month='MM/HHmmss}", "year=2027/month=01/090807"),
            ("!{timestamp:yyyy}/!{timestamp:MM}/", "2027/01/"),
        ] {
            assert_eq!(Prefix::read(prefix).unwrap().at(time), expected, "{prefix}");
        }
        for prefix in [
            "!{firehose:random-string}/",
            "!{partitionKeyFromQuery:x}/",
            "!{timestamp:yyyy",
            "!{timestamp:YYYY}",
            "!{timestamp:e}",
            "/etc/",
            "a/../../b/",
        ] {
            assert!(Prefix::read(prefix).is_err(), "{prefix}");
        }
    }
}
