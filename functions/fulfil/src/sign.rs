//! Signatures of requests, after Standard Webhooks.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// What is no list of secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and 24 to 64 bytes in base64; several are separated by spaces")]
pub struct MalformedSecret;

/// One secret or several: while one replaces another, requests are signed with both.
#[derive(Debug)]
pub struct Secrets(Vec<hmac::Key>);

impl Secrets {
    /// Reads secrets, which spaces separate.
    pub fn parse(text: &str) -> Result<Self, MalformedSecret> {
        let keys: Vec<_> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(MalformedSecret) } else { Ok(Self(keys)) }
    }

    /// The header `webhook-signature` of a request that was made at this second since 1970.
    pub fn sign(&self, id: &str, second: i64, body: &str) -> String {
        let signed = format!("{id}.{second}.{body}");
        let sign = |key| STANDARD.encode(hmac::sign(key, signed.as_bytes()));
        let signatures: Vec<_> = self.0.iter().map(|key| format!("v1,{}", sign(key))).collect();
        signatures.join(" ")
    }
}

fn key(text: &str) -> Result<hmac::Key, MalformedSecret> {
    let secret = text.strip_prefix(PREFIX).ok_or(MalformedSecret)?;
    let secret = STANDARD.decode(secret).map_err(|_| MalformedSecret)?;
    if !LENGTHS.contains(&secret.len()) {
        return Err(MalformedSecret);
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_as_others_make_it() {
        let secrets = Secrets::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signature = secrets.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_make_two_signatures() {
        let one = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let both = Secrets::parse(&format!("{one} {other}")).unwrap().sign("id", 1, "{}");
        let each = [one, other].map(|it| Secrets::parse(it).unwrap().sign("id", 1, "{}"));
        assert_eq!(both, each.join(" "));
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in [
            "",
            " ",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert_eq!(Secrets::parse(text).unwrap_err(), MalformedSecret, "{text}");
        }
    }
}
