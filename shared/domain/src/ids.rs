//! Names of customers, venues, resources and bookings, checked once where they enter.

use crate::base36;
use aws_lc_rs::{digest, hmac};
use jiff::Timestamp;
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

/// What the name of a customer without a token begins with: a walk-in, by an operator.
const GUEST: &str = "guest:";

impl CustomerId {
    /// Whether this is somebody without a token, who has no bookings of their own making.
    pub fn is_guest(&self) -> bool {
        self.0.starts_with(GUEST)
    }

    /// Whether a person can be meant by this: there is something to read in it, behind `guest:` too.
    pub fn names_somebody(&self) -> bool {
        let name = self.0.strip_prefix(GUEST).unwrap_or(&self.0);
        name.chars().any(|character| !character.is_whitespace())
    }
}

text_type!(
    /// A resource: a room, a table, a seat.
    ResourceId,
    is_name,
    "a lower-case letter or digit, then up to 62 lower-case letters, digits or hyphens"
);

text_type!(
    /// A venue: the resources that the same operators run. Defaults to `main`.
    VenueId,
    is_name,
    "a lower-case letter or digit, then up to 62 lower-case letters, digits or hyphens"
);

text_type!(
    /// A pool: resources of a venue of which one is as good as another.
    PoolName,
    is_name,
    "a lower-case letter or digit, then up to 62 lower-case letters, digits or hyphens"
);

text_type!(
    /// A customer's name for a booking, hashed: see [`BookingHash::derive`].
    BookingHash,
    |text| text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
    "32 lower-case hexadecimal digits"
);

text_type!(
    /// The customer's name for one attempt to book: sent again, it finds the same booking.
    Key,
    |text| (1..=255).contains(&text.chars().count()),
    "1 to 255 characters"
);

impl VenueId {
    /// The venue of what names none.
    pub const MAIN: &'static str = "main";
}

impl Default for VenueId {
    fn default() -> Self {
        Self(Self::MAIN.to_owned())
    }
}

/// `[a-z0-9][a-z0-9-]{0,62}`.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=63).contains(&text.len())
        && plain(text.as_bytes()[0])
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
}

/// What a caller may do beyond looking after their own bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Books for themselves.
    Customer,
    /// Also runs the resources and everybody's bookings.
    Operator,
}

impl Role {
    /// Whether somebody in this role operates a venue. An operator who is bound to one operates no
    /// other; one who is not operates all.
    pub fn operates(self, bound: Option<&VenueId>, venue: &VenueId) -> bool {
        self == Self::Operator && bound.is_none_or(|bound| bound == venue)
    }
}

impl BookingHash {
    /// The hash that this customer's key names: the same key, the same booking, so that the booking
    /// is its own idempotency record.
    pub fn derive(customer: &CustomerId, key: &Key) -> Self {
        Self::under(customer.as_str(), key)
    }

    /// The hash that an operator's key names on a sale for this customer. It is none of the
    /// customer's own, nor another operator's: no customer's name has a line break.
    pub fn derive_for(operator: &CustomerId, customer: &CustomerId, key: &Key) -> Self {
        Self::under(&format!("{operator}\n{customer}"), key)
    }

    fn under(secret: &str, key: &Key) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Self(hex(&hmac::sign(&secret, key.as_str().as_bytes()).as_ref()[..16]))
    }
}

/// A booking's public id: the place in the calendar that it was first sold at, and its hash. So an
/// operator's command finds the booking with one read of that calendar, and without an index.
///
/// As text: `room-1.2yk3w0.3029927cf1603332c06186faaef08ad3`, the start in seconds since 1970 to
/// the base of 36.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BookingId {
    resource: ResourceId,
    start: Timestamp,
    hash: BookingHash,
}

impl BookingId {
    /// What the text of an id looks like.
    pub const FORM: &'static str = "the id of a booking, like room-1.2yk3w0.3029927c...";

    /// The id of the booking of this hash, first sold here.
    pub fn new(resource: ResourceId, start: Timestamp, hash: BookingHash) -> Self {
        Self { resource, start, hash }
    }

    /// Takes the text if it is the id of a booking, written as [`ToString::to_string`] writes it.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let read = || {
            let (resource, rest) = text.split_once('.')?;
            let (start, hash) = rest.split_once('.')?;
            let start = i64::try_from(base36::decode(start)?).ok()?;
            Some(Self {
                resource: ResourceId::parse(resource).ok()?,
                start: Timestamp::from_second(start).ok()?,
                hash: BookingHash::parse(hash).ok()?,
            })
        };
        read().ok_or(Malformed(Self::FORM))
    }

    /// The resource that it was first sold at.
    pub fn resource(&self) -> &ResourceId {
        &self.resource
    }

    /// The start that it was first sold at.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The hash of its customer's key.
    pub fn hash(&self) -> &BookingHash {
        &self.hash
    }
}

impl fmt::Display for BookingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = base36::encode(self.start.as_second().unsigned_abs());
        write!(f, "{}.{start}.{}", self.resource, self.hash)
    }
}

impl TryFrom<String> for BookingId {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

impl From<BookingId> for String {
    fn from(id: BookingId) -> Self {
        id.to_string()
    }
}

/// The code that a confirmed customer shows at the door: 8 characters that are hard to misread.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfirmationCode(String);

impl ConfirmationCode {
    /// The code made of these bytes. They are to be random: nobody may know a code before the
    /// booking is sold.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
        Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
    }

    /// The code itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The first half of the SHA-256 of some texts, each marked off from the next.
pub(crate) fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in texts {
        context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(text.as_bytes());
    }
    hex(&context.finish().as_ref()[..16])
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
            assert!(VenueId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "Room", "a_b", "a/b", "é", &"x".repeat(64)] {
            assert!(ResourceId::parse(bad).is_err(), "{bad}");
            assert!(VenueId::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(VenueId::default(), VenueId::parse("main").unwrap());
    }

    #[test]
    fn an_operator_serves_one_venue_or_all() {
        let [main, harbour] = ["main", "harbour"].map(|name| VenueId::parse(name).unwrap());
        assert!(Role::Operator.operates(None, &main));
        assert!(Role::Operator.operates(Some(&main), &main));
        assert!(!Role::Operator.operates(Some(&harbour), &main));
        for bound in [None, Some(&main)] {
            assert!(!Role::Customer.operates(bound, &main));
        }
    }

    #[test]
    fn a_key_names_one_booking_of_one_customer() {
        let customer = |name| CustomerId::parse(name).unwrap();
        let key = |name| Key::parse(name).unwrap();
        let hash = BookingHash::derive(&customer("alice"), &key("1"));
        assert_eq!(hash, BookingHash::derive(&customer("alice"), &key("1")));
        assert_ne!(hash, BookingHash::derive(&customer("alice"), &key("2")));
        assert_ne!(hash, BookingHash::derive(&customer("bob"), &key("1")));
        assert!(BookingHash::parse(hash.as_str()).is_ok());
        // As it was in the first release: stored bookings are found by it.
        assert_eq!(hash.as_str(), "08ed9bab091f9c5b8b1afdb452e41d44");
    }

    #[test]
    fn a_key_of_an_operator_is_no_customers_and_no_other_operators() {
        let customer = |name| CustomerId::parse(name).unwrap();
        let key = |name| Key::parse(name).unwrap();
        let of = |operator, name, text| {
            BookingHash::derive_for(&customer(operator), &customer(name), &key(text))
        };
        let hashes = [
            of("olga", "alice", "1"),
            of("olga", "alice", "2"),
            of("olga", "bob", "1"),
            of("otto", "alice", "1"),
            of("alice", "alice", "1"),
            of("alice", "olga", "1"),
            BookingHash::derive(&customer("alice"), &key("1")),
            BookingHash::derive(&customer("olga"), &key("1")),
            BookingHash::derive(&customer("alice"), &key("olga\n1")),
        ];
        assert_eq!(hashes[0], of("olga", "alice", "1"));
        for (index, one) in hashes.iter().enumerate() {
            assert!(hashes[..index].iter().all(|other| other != one), "{index}");
        }
    }

    #[test]
    fn the_id_of_a_booking_is_written_in_one_way() {
        let text = "room-1.2yk3w0.3029927cf1603332c06186faaef08ad3";
        let id = BookingId::parse(text).unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.resource().as_str(), "room-1");
        for other in [
            "",
            "room-1",
            "room-1.2yk3w0",
            "room-1.2yk3w0.",
            "room-1.02yk3w0.3029927cf1603332c06186faaef08ad3",
            "room-1.2YK3W0.3029927cf1603332c06186faaef08ad3",
            "room-1..3029927cf1603332c06186faaef08ad3",
            "room-1.-1.3029927cf1603332c06186faaef08ad3",
            "room-1.zzzzzzzzzzzzzzzz.3029927cf1603332c06186faaef08ad3",
            "room-1.2yk3w0.3029927CF1603332c06186faaef08ad3",
            "room-1.2yk3w0.3029927cf1603332c06186faaef08ad3.",
            ".2yk3w0.3029927cf1603332c06186faaef08ad3",
        ] {
            assert!(BookingId::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn texts_are_marked_off_from_each_other() {
        assert_ne!(fingerprint(["a", "bc"]), fingerprint(["ab", "c"]));
        assert_ne!(fingerprint(["a"]), fingerprint(["a", ""]));
    }

    #[test]
    fn a_name_is_more_than_a_prefix() {
        let names = |text| CustomerId::parse(text).unwrap().names_somebody();
        assert!(["alice", "guest:Ann", "guest:ö", "guest", "g"].into_iter().all(names));
        assert!(!["guest:", "guest:  ", " ", "\u{a0}\u{2003}"].into_iter().any(names));
    }

    #[test]
    fn customers_are_any_printable_name() {
        assert!(CustomerId::parse("auth0|5f7c8ec7c33c6c004bbafe82").is_ok());
        for bad in ["", "a\nb", "a\0", &"x".repeat(129)] {
            assert!(CustomerId::parse(bad).is_err(), "{bad:?}");
        }
    }
}
