//! What all seeds share: the template, and an issuer of tokens.

use super::powers::Powers;
use super::world::{Fault, World};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use host::template::{Plan, StreamMapping};
use identity::Settings;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use std::sync::Arc;
use std::sync::LazyLock;
use std::time::Duration;

const ISSUER: &str = "https://issuer.test";
const AUDIENCE: &str = "simulation";
const KEY: &str = "key-1";
const CLAIM: &str = "role";
const VENUE: &str = "venue";

/// The template, as the simulated functions are configured by it.
pub struct Setup {
    /// The whole plan.
    pub plan: Plan,
    /// The bookings table.
    pub bookings: String,
    /// The connections table.
    pub connections: String,
    /// From the bookings table's stream to `push`.
    pub mapping: StreamMapping,
    key: EncodingKey,
    key_set: String,
}

/// Read once.
pub static SETUP: LazyLock<Setup> = LazyLock::new(Setup::new);

impl Setup {
    fn new() -> Self {
        let plan = support::template::plan();
        let table = |prefix: &str| {
            let found = plan.tables.iter().find(|(id, _)| id.starts_with(prefix));
            found.expect("the template has it").1.name.clone()
        };
        let mapping = plan.stream_mappings.values().next().expect("the template has one").clone();
        let seed = [7; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes");
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().expect("it is a key");
        let key = EncodingKey::from_ed_der(der.as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::EdDSA).expect("it is a key");
        jwk.common.key_id = Some(KEY.to_owned());
        Self {
            bookings: table("Bookings"),
            connections: table("Connections"),
            mapping,
            plan,
            key,
            key_set: json!({"keys": [jwk]}).to_string(),
        }
    }

    /// How long an invocation of this function may take.
    pub fn timeout(&self, handler: &str) -> Duration {
        let mut functions = self.plan.functions.values();
        functions.find(|it| it.handler == handler).expect("the template has it").timeout
    }

    /// A token of this customer between these seconds since 1970.
    pub fn token(&self, customer: &str, powers: Powers, (issued, expires): (i64, i64)) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(KEY.to_owned());
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": customer, CLAIM: powers.role(), "iat": issued,
            "exp": expires,
        });
        if let Some(venue) = powers.venue() {
            claims[VENUE] = json!(venue);
        }
        encode(&header, &claims, &self.key).expect("it is a key")
    }
}

/// Whose tokens are accepted.
pub fn settings() -> Settings {
    Settings {
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        jwks_url: None,
        operator_claim: CLAIM.to_owned(),
        operator_value: Powers::All.role().to_owned(),
        venue_claim: VENUE.to_owned(),
    }
}

/// The way to the issuer's key set.
#[derive(Debug)]
struct KeySet(Arc<World>);

/// The way to the issuer's key set.
pub fn key_set(world: &Arc<World>) -> SharedHttpConnector {
    SharedHttpConnector::new(KeySet(Arc::clone(world)))
}

impl HttpConnector for KeySet {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        let world = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            tokio::time::sleep(world.latency()).await;
            let (status, body) = if world.fault(Fault::Issuer) {
                (503_u16, String::new())
            } else {
                (200, SETUP.key_set.clone())
            };
            Ok(HttpResponse::new(status.try_into().expect("a status"), SdkBody::from(body)))
        })
    }
}
