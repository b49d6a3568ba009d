//! The keys with which a caller signs.

use std::collections::BTreeMap;
use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// An access key. A role's has a session token, as the temporary ones of AWS do.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) access_key: String,
    pub(super) secret_key: String,
    pub(super) session_token: Option<String>,
}

impl Credentials {
    /// What a developer signs with, from this machine.
    pub(super) fn developer() -> Self {
        let local = "local".to_owned();
        Self { access_key: local.clone(), secret_key: local, session_token: None }
    }

    /// New ones, that nobody else has.
    pub(super) fn random() -> Result<Self, Unspecified> {
        let mut bytes = [0; 16 + 30 + 96];
        rand::fill(&mut bytes)?;
        let (id, rest) = bytes.split_at(16);
        let (secret, token) = rest.split_at(30);
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let id: String =
            id.iter().map(|byte| char::from(letters[usize::from(byte % 32)])).collect();
        Ok(Self {
            // As those of a role's session begin.
            access_key: format!("ASIA{id}"),
            secret_key: STANDARD.encode(secret),
            session_token: Some(STANDARD.encode(token)),
        })
    }

    /// The environment by which every SDK is told of them.
    pub(super) fn environment(&self) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::from([
            ("AWS_ACCESS_KEY_ID".to_owned(), self.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), self.secret_key.clone()),
        ]);
        if let Some(token) = &self.session_token {
            variables.insert("AWS_SESSION_TOKEN".to_owned(), token.clone());
        }
        variables
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}
