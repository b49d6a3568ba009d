//! Requests of one connection that are on their way at once: `subscribe`, `unsubscribe` and
//! `refresh` may take effect in any order, but each does so as a whole.

mod model;
mod pairs;
mod rounds;
mod stage;
mod venues;
