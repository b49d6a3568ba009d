//! Shows by exploration that nothing is sold twice and nothing is lost.
//!
//! Examples show what their author thought of. These parts look for what nobody thought of:
//!
//! | module | what it explores |
//! |---|---|
//! | [`budget`] | how far a part goes |
//! | [`findings`] | what a part found, and its figures |
//! | [`model`] | small models of the system, in every order of events |
//! | [`simulation`] | the real functions in a simulated world, seed by seed |
//! | [`history`] | what clients saw, and whether the promises can explain it |
//! | [`host_runs`] | real clients on a real local host, while everything goes wrong |

pub mod budget;
pub mod findings;
pub mod history;
pub mod host_runs;
pub mod model;
pub mod simulation;

pub use budget::Budget;
pub use findings::{Figures, Violation};
