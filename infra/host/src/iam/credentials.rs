//! The keys with which a caller signs.

use aws_credential_types::Credentials;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

/// What a developer signs with, from this machine.
pub(super) fn developer() -> Credentials {
    Credentials::new("local", "local", None, None, "host")
}

/// New ones, that nobody else has, with a session token, as the temporary ones of a role.
pub(super) fn random() -> Result<Credentials, Unspecified> {
    let mut bytes = [0; 16 + 30 + 96];
    rand::fill(&mut bytes)?;
    let (id, rest) = bytes.split_at(16);
    let (secret, token) = rest.split_at(30);
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let id: String = id.iter().map(|byte| char::from(letters[usize::from(byte % 32)])).collect();
    let (secret, token) = (STANDARD.encode(secret), STANDARD.encode(token));
    // As those of a role's session begin.
    Ok(Credentials::new(format!("ASIA{id}"), secret, Some(token), None, "host"))
}

/// The environment by which every SDK is told of them.
pub(super) fn environment(keys: &Credentials) -> BTreeMap<String, String> {
    [
        ("AWS_ACCESS_KEY_ID", Some(keys.access_key_id())),
        ("AWS_SECRET_ACCESS_KEY", Some(keys.secret_access_key())),
        ("AWS_SESSION_TOKEN", keys.session_token()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
    .collect()
}
