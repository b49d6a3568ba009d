//! One client request: one use case, one answer; whatever it is asked over.
//!
//! | module | what it knows |
//! |---|---|
//! | [`app`] | what requests are answered with |
//! | [`answer`] | a frame -> the frame that answers it, in time |
//! | `dispatch` | a request -> its use case |
//! | [`caller`] | who asks, and whether they may |
//! | [`asker`] | what they ask over: some requests are a connection's only |
//! | [`failure`] | what goes wrong -> the error that the client sees |
//! | [`page`] | lists that fit a frame |
//!
//! | module | actions |
//! |---|---|
//! | [`session`] | `ping`, `refresh` |
//! | [`resources`] | `resource.*`, `availability` |
//! | [`search`] | `search` |
//! | [`bookings`] | `hold`, `book`, `waitlist`, `extend`, `confirm`, `update`, ... `get`, `list` |
//! | [`customers`] | `customer.erase`, `customer.revoke` |
//! | [`topics`] | `subscribe`, `unsubscribe` |

pub mod answer;
pub mod app;
pub mod asker;
pub mod bookings;
pub mod caller;
pub mod customers;
mod dispatch;
pub mod failure;
pub mod page;
pub mod resources;
pub mod search;
pub mod session;
pub mod topics;

pub use answer::Answer;
pub use app::App;
