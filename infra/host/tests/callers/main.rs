//! Who may call the database and `@connections`: real SDK clients over real sockets.
#![cfg(test)]

mod connections;
mod policies;
mod roles;
mod signatures;
mod speed;
mod world;
