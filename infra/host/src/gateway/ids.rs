//! Ids of the form that API Gateway gives: eleven bytes in URL-safe base64, such as
//! `L0SM9cOFvHcCIhw=`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;

const BYTES: usize = 11;

/// A new id of a connection, a request or a message; nobody can guess it.
pub(crate) fn new() -> String {
    let mut bytes = [0; BYTES];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        // The system has no randomness to give: still unique, only less surprising.
        bytes.fill_with(|| fastrand::u8(..));
    }
    URL_SAFE.encode(bytes)
}

/// Whether a text could be the id of a connection.
pub(super) fn is_one(text: &str) -> bool {
    URL_SAFE.decode(text).is_ok_and(|bytes| bytes.len() == BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_ids() {
        let (one, two) = (new(), new());
        assert_ne!(one, two);
        assert_eq!(one.len(), 16);
        assert!(one.ends_with('='));
        assert!(is_one(&one));
        // Ids of AWS, from its documentation and from logs.
        assert!(is_one("L0SM9cOFvHcCIhw=") && is_one("JC1dgf9yoAMCK-g="));
        for bad in ["", "abc", "L0SM9cOFvHcCIhw", "L0SM9cOFvHcCIhwAAAA=", "L0SM9cOF/HcCIhw="] {
            assert!(!is_one(bad), "{bad}");
        }
    }
}
