//! Verification against a real issuer: an HTTP server with a key set, keys of all kinds, tokens
//! good and bad.
#![cfg(test)]

mod issuer;
mod keys;
mod tokens;
