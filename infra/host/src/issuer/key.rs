//! The issuer's signing key.

use crate::data_dir::write_whole;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no issuer, or no token.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The key file cannot be read or written.
    #[error("cannot use the token issuer's key file {}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key file holds something else.
    #[error("{} is not an EC private key: delete it, and a new one is made", .0.display())]
    NotAKey(PathBuf),
    /// The cryptographic library failed.
    #[error("the token issuer's key cannot be used")]
    Crypto(#[source] Option<jsonwebtoken::errors::Error>),
}

/// An ES256 key, and how the key set shows it.
pub(super) struct SigningKey {
    private: EncodingKey,
    header: Header,
    set: String,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, IssuerError> {
        Self::from_pem(&generate_pem()?).map_err(|error| IssuerError::Crypto(Some(error)))
    }

    /// The key in `file`, which is made if it is not there.
    pub(super) fn kept_in(file: &Path) -> Result<Self, IssuerError> {
        let fault = |source| IssuerError::File { file: file.to_owned(), source };
        let pem = match fs::read_to_string(file) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = generate_pem()?;
                write_whole(file, &pem).map_err(fault)?;
                pem
            }
            Err(error) => return Err(fault(error)),
        };
        Self::from_pem(&pem).map_err(|_| IssuerError::NotAKey(file.to_owned()))
    }

    fn from_pem(pem: &str) -> Result<Self, jsonwebtoken::errors::Error> {
        let private = EncodingKey::from_ec_pem(pem.as_bytes())?;
        let mut jwk = Jwk::from_encoding_key(&private, Algorithm::ES256)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(id);
        Ok(Self { private, header, set: json!({"keys": [jwk]}).to_string() })
    }

    pub(super) fn sign(&self, claims: &Value) -> Result<String, IssuerError> {
        encode(&self.header, claims, &self.private)
            .map_err(|error| IssuerError::Crypto(Some(error)))
    }

    /// The key set, as JSON.
    pub(super) fn set(&self) -> &str {
        &self.set
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.header.kid).finish_non_exhaustive()
    }
}

fn generate_pem() -> Result<String, IssuerError> {
    let der = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .and_then(|key| key.to_pkcs8v1())
        .map_err(|_| IssuerError::Crypto(None))?;
    Ok(pem::encode(&pem::Pem::new("PRIVATE KEY", der.as_ref())))
}
