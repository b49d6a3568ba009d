//! What requests are answered with.

use delivery::Callback;
use identity::Verifier;
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
    /// Who is calling, for `refresh`.
    pub verifier: Verifier,
    /// Places that one customer may have open at once, held or pending.
    pub max_open_holds: u64,
}
