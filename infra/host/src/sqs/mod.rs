//! The queues' HTTP endpoint, as SQS answers functions and developers: the protocol `awsJson1.0` that
//! the SDKs speak. <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>
//!
//! | file | what it knows |
//! |---|---|
//! | `front` | requests and answers: who asks, and whether they may |
//! | `operations` | each operation: one request, one answer |
//! | `call` | what one message, sent, received or deleted, comes to |
//! | `batches` | operations on several messages at once |
//! | `attributes` | what of a queue and of a message is told to whoever asks for it |
//! | `check` | the limits |
//! | `error` | refusals, by the names that SDKs know |
//!
//! It answers for the queues of the template. Nobody makes, changes or removes one here.

mod attributes;
mod batches;
mod call;
mod check;
mod error;
mod front;
mod operations;

pub use front::SqsFront;
