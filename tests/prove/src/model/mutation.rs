//! Designs that are wrong, to see that the models can tell.

/// One thing that is done wrong. Models do all right unless they are told to do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// Places are taken without the condition that there are any.
    TakeUnconditionally,
    /// Buckets that have run out are dropped without the condition that they are as they were seen.
    DropBucketsUnseen,
    /// Buckets are dropped a step before they run out.
    DropBucketsEarly,
    /// A confirmation believes the booking, whatever the slot says.
    ConfirmByBookingAlone,
    /// A new booking is written over one that is there.
    CreateOverwrites,
    /// A booking is changed whatever version it is at.
    ChangeOverwrites,
    /// That a hold has run out is written whatever version the booking is at.
    ExpiryOverwrites,
    /// A booking moves in two writes: it leaves, then it takes.
    MoveInTwo,
    /// After a change of the grid, it is sold on at once.
    SellInTransition,
    /// Slots of a former grid are not swept by whoever counts their places as free.
    FormerGridUnswept,
}
