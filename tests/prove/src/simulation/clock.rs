//! The world's time, as the SDK asks for it: signatures are dated by it.

use super::world::World;
use aws_smithy_async::time::TimeSource;
use std::sync::Arc;
use std::time::SystemTime;

/// The world's time.
#[derive(Debug)]
pub struct Clock(Arc<World>);

impl Clock {
    /// The clock of this world.
    pub fn of(world: &Arc<World>) -> Self {
        Self(Arc::clone(world))
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        self.0.now().into()
    }
}
