//! Whole numbers as short texts: digits, then lower-case letters.

/// The number to the base of 36.
pub fn encode(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(number % 36) as usize]);
        number /= 36;
        if number == 0 {
            break;
        }
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// The number that [`encode`] wrote like this; nothing for any other text.
pub fn decode(text: &str) -> Option<u64> {
    let number = u64::from_str_radix(text, 36).ok()?;
    (encode(number) == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_encoded_is_decoded() {
        for number in [0, 1, 35, 36, 1_800_000_000, u64::MAX] {
            assert_eq!(decode(&encode(number)), Some(number));
        }
        for other in ["", "00", "01", "A", "+1", "-1", "1 ", "zzzzzzzzzzzzzzzzzz"] {
            assert_eq!(decode(other), None, "{other:?}");
        }
    }
}
