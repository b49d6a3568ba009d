//! What a call of `@connections` meets.

use super::Faults;
use super::chance::Fault;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PostFate {
    /// It is carried out.
    Good,
    /// The connection breaks, and the caller hears that all is well.
    Dropped,
    /// The connection breaks.
    Gone,
    /// There are too many calls.
    TooMany,
    /// The gateway fails.
    Failed,
    /// The gateway fails when it is carried out.
    FailedAfter,
}

impl Faults {
    /// Decides what becomes of a call, having let it wait where that is its fate.
    pub(crate) async fn post(&self) -> PostFate {
        if let Some(wait) = self.wait(Fault::SlowPost, |plan| plan.posts.slow_ms) {
            tokio::time::sleep(wait).await;
        }
        let fates = [
            (Fault::DropPost, PostFate::Dropped),
            (Fault::GonePost, PostFate::Gone),
            (Fault::TooManyPosts, PostFate::TooMany),
            (Fault::FailPost, PostFate::Failed),
            (Fault::FailPostAfter, PostFate::FailedAfter),
        ];
        let met = fates.into_iter().find(|(fault, _)| self.meets(*fault));
        met.map_or(PostFate::Good, |(_, fate)| fate)
    }
}
