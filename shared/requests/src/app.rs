//! What requests are answered with.

use delivery::Callback;
use identity::{Settings, Verifier};
use runtime::{Clients, Config};
use store::{Bookings, Connections};

/// What requests are answered with.
#[derive(Debug)]
pub struct App {
    /// Resources, slots and bookings.
    pub bookings: Bookings,
    /// Connections and subscriptions.
    pub connections: Connections,
    /// The way to connected clients, to close them.
    pub callback: Callback,
    /// Who is calling, by a token.
    pub verifier: Verifier,
    /// Places that one customer may have open at once, held or pending.
    pub max_open_holds: u64,
}

impl App {
    /// What the environment asks for.
    ///
    /// # Errors
    ///
    /// A variable that the stack should have set is missing or malformed, or no connections can be had.
    pub fn new(config: &Config, clients: &Clients) -> Result<Self, runtime::Error> {
        let database = clients.dynamodb();
        let tokens = config.tokens()?;
        let settings = Settings {
            issuer: tokens.issuer,
            audience: tokens.audience,
            jwks_url: tokens.jwks_url,
            operator_claim: tokens.operator_claim,
            operator_value: tokens.operator_value,
            venue_claim: tokens.venue_claim,
        };
        let connector = clients.connector(&settings.key_set_url())?;
        Ok(Self {
            bookings: Bookings::new(database.clone(), config.bookings_table()?),
            connections: Connections::new(database, config.connections_table()?),
            callback: Callback::new(clients.management(config.callback_url()?)),
            verifier: Verifier::new(settings, connector),
            max_open_holds: config.max_open_holds()?,
        })
    }
}
