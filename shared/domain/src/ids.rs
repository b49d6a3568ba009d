//! Names of customers, resources and bookings, checked once where they enter.

use aws_lc_rs::{digest, hmac};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that does not have the form its type asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}")]
pub struct Malformed(pub(crate) &'static str);

/// Gives a newtype over `String` its parsing, printing and serde form.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:expr, $form:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What the text must look like, for messages and schemas.
            pub const FORM: &'static str = $form;

            /// Takes the text if it has the form.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(Malformed(Self::FORM)) }
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// A customer: the `sub` of the token.
    CustomerId,
    |text| (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control),
    "1 to 128 characters, none of them a control character"
);

text_type!(
    /// A resource: a room, a table, a seat.
    ResourceId,
    |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        (1..=63).contains(&text.len())
            && plain(text.as_bytes()[0])
            && text.bytes().all(|byte| plain(byte) || byte == b'-')
    },
    "a lower-case letter or digit, then up to 62 lower-case letters, digits or hyphens"
);

text_type!(
    /// A booking: see [`BookingId::derive`].
    BookingId,
    |text| text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
    "32 lower-case hexadecimal digits"
);

text_type!(
    /// The customer's name for one attempt to book: sent again, it finds the same booking.
    Key,
    |text| (1..=255).contains(&text.chars().count()),
    "1 to 255 characters"
);

/// What a caller may do beyond looking after their own bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Books for themselves.
    Customer,
    /// Also runs the resources and everybody's bookings.
    Operator,
}

impl BookingId {
    /// The id of the booking that this customer's key names: the same key, the same booking, so
    /// that the booking is its own idempotency record.
    pub fn derive(customer: &CustomerId, key: &Key) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, customer.as_str().as_bytes());
        Self(hex(&hmac::sign(&secret, key.as_str().as_bytes()).as_ref()[..16]))
    }

    /// The code a confirmed customer shows at the door: 8 characters that are hard to misread.
    pub fn confirmation_code(&self) -> String {
        const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        let hash = digest::digest(&digest::SHA256, self.0.as_bytes());
        let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
        hash.as_ref()[..8].iter().map(letter).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resource_ids_follow_the_documented_form() {
        for good in ["a", "0", "room-1", "a--", &"x".repeat(63)] {
            assert!(ResourceId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "Room", "a_b", "a/b", "é", &"x".repeat(64)] {
            assert!(ResourceId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_names_one_booking_of_one_customer() {
        let customer = |name| CustomerId::parse(name).unwrap();
        let key = |name| Key::parse(name).unwrap();
        let id = BookingId::derive(&customer("alice"), &key("1"));
        assert_eq!(id, BookingId::derive(&customer("alice"), &key("1")));
        assert_ne!(id, BookingId::derive(&customer("alice"), &key("2")));
        assert_ne!(id, BookingId::derive(&customer("bob"), &key("1")));
        assert!(BookingId::parse(id.as_str()).is_ok());
    }

    #[test]
    fn customers_are_any_printable_name() {
        assert!(CustomerId::parse("auth0|5f7c8ec7c33c6c004bbafe82").is_ok());
        for bad in ["", "a\nb", "a\0", &"x".repeat(129)] {
            assert!(CustomerId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
