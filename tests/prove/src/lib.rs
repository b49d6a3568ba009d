//! Shows by exploration that nothing is sold twice and nothing is lost.
//!
//! Examples show what their author thought of. These parts look for what nobody thought of:
//!
//! | module | what it explores |
//! |---|---|
//! | [`budget`] | how far a part goes |
//! | [`findings`] | what a part found, and its figures |
//! | [`simulation`] | the real functions in a simulated world, seed by seed |

pub mod budget;
pub mod findings;
pub mod simulation;

pub use budget::Budget;
pub use findings::{Figures, Violation};
