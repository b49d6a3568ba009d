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
    /// A confirmation leaves its places in the bucket, which gives them back when it runs out.
    ConfirmLeavesBucket,
    /// A write of a slot is one version, as a bucket is that has run out.
    WriteIsOneVersion,
    /// A sale is answered whether it was written or not.
    AnswerUnwritten,
    /// A booking is expired a step before its hold runs out.
    ExpireEarly,
    /// A new booking is written over one that is there.
    CreateOverwrites,
    /// A booking is changed whatever version it is at.
    ChangeOverwrites,
    /// That a hold has run out is written whatever version the booking is at.
    ExpiryOverwrites,
    /// A booking moves in two writes: it leaves, then it takes.
    MoveInTwo,
    /// A booking of two resources is written in two: what it takes of one, and what of the other.
    WithInTwo,
    /// Places are given back whether somebody waits for them or not.
    CancelIgnoresLine,
    /// Who waits is read before the slots, at whose version places are given back.
    LineBeforeSlots,
    /// A new booking takes places whether somebody waits for them or not.
    NewcomerIgnoresLine,
    /// A new booking lets the line go first, and then takes places whoever has joined meanwhile.
    TakeUnguarded,
    /// After a change of the grid, it is sold on at once.
    SellInTransition,
    /// What a customer has open is written whatever version it is at.
    EnterOverwrites,
    /// A sale is written before it is entered.
    EnterAfterwards,
    /// Whoever takes back takes what other attempts of the same key rest on.
    TakeBackAll,
    /// Nothing is ever dropped of what a customer had open.
    NeverDropClosed,
    /// A subscription reads its snapshot before it is there.
    SnapshotFirst,
    /// A subscription and the connection's item are written one after the other.
    SubscribeInTwo,
    /// A refresh writes whatever version the connection is at.
    RefreshOverwrites,
    /// Subscribers are read from an index, which may lag.
    SubscribersFromIndex,
    /// A push reads only as many shards of a topic as there were at first.
    ReadFirstShards,
    /// Whoever subscribed is told, whatever its role and end are by now.
    TellAnybody,
    /// A post that failed is forgotten.
    DropFailedPosts,
    /// A connection is closed where API Gateway takes no more calls (429).
    CloseRefused,
    /// A connection that is still opening is forgotten where it cannot be found (410).
    ForgetOpening,
    /// A batch that failed in part does not come again.
    IgnoreFailures,
    /// Clients take every frame for the newest.
    LateOverwrites,
}
