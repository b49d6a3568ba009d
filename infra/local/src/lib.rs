//! Runs the synthesized stack on one machine.

pub mod cli;
pub mod data_dir;
pub mod database;
pub mod gateway;
pub mod home;
pub mod host;
pub mod issuer;
pub mod journal;
pub mod lambda;
pub mod queues;
pub mod streams;
pub mod template;
