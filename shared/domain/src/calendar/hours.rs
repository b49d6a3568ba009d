//! One opening, as it is written: `09:00-12:30`, `22:00-02:00`.

use crate::ids::Malformed;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// Minutes of a day on the clock; `24:00` is a day's end.
pub const DAY: u16 = 24 * 60;

/// One opening, as `09:00-12:30`. One that ends at or before its start ends on the next day:
/// `22:00-02:00` is a night, and both `12:00-12:00` and `00:00-24:00` are 24 hours. It is kept as it is
/// written: `22:00-00:00` does not equal `22:00-24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    opens: u16,
    closes: u16,
}

impl Hours {
    /// What an opening must look like.
    pub const FORM: &'static str = "hours like 09:00-12:30 or 22:00-02:00, from 00:00 to 24:00";

    /// Takes the text if it is an opening.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let read = read(text).filter(|(opens, _)| *opens < DAY);
        read.map(|(opens, closes)| Self { opens, closes }).ok_or(Malformed(Self::FORM))
    }

    /// When it is open, in minutes from the midnight that its date begins with: 0 to 1439 for the
    /// start, and up to 1440 more for the end.
    pub fn minutes(self) -> Range<u16> {
        let next_day = if self.closes <= self.opens { DAY } else { 0 };
        self.opens..self.closes + next_day
    }
}

/// The minutes of the day in `HH:MM-HH:MM`, each 0 to 1440.
fn read(text: &str) -> Option<(u16, u16)> {
    let minutes = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let digits = |part: &str| {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| part.parse::<u16>().ok())?
        };
        let (hour, minute) = (digits(hour)?, digits(minute)?);
        let total = hour * 60 + minute;
        (minute < 60 && total <= DAY).then_some(total)
    };
    let (opens, closes) = text.split_once('-')?;
    Some((minutes(opens)?, minutes(closes)?))
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |minutes: u16| (minutes / 60, minutes % 60);
        let ((from_h, from_m), (to_h, to_m)) = (clock(self.opens), clock(self.closes));
        write!(f, "{from_h:02}:{from_m:02}-{to_h:02}:{to_m:02}")
    }
}

impl TryFrom<String> for Hours {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}
