//! Runs a synthesized stack on one machine.
//!
//! | module | what it does |
//! |---|---|
//! | [`template`] | reads the stack's template into a plan, and refuses what it does not understand |
//! | [`lambda`] | runs functions in processes of their own, through the Lambda Runtime API |
//! | [`database`] | the tables and their streams, served as DynamoDB |
//! | [`memory`] | the tables and their streams in memory, for a simulation |
//! | [`streams`] | event source mappings from streams to functions, and pipes from them to event buses |
//! | [`events`] | event buses with their rules and archives |
//! | [`firehose`] | delivery streams, and the files that they write |
//! | [`invocations`], [`asynchronous`] | invocations that nobody waits for, and who makes them |
//! | [`queues`] | queues, and event source mappings from them to functions |
//! | [`sqs`], [`eventbridge`] | the queues, served as SQS; the event buses, served as EventBridge |
//! | [`off_the_bus`] | queues, buses and such invocations, put together |
//! | [`gateway`] | the WebSocket endpoint, as API Gateway behaves |
//! | [`http_api`] | HTTP APIs, as API Gateway behaves |
//! | [`iam`] | who calls, and whether the template's policies let them |
//! | [`issuer`] | tokens for development |
//! | [`faults`] | what goes wrong on purpose |
//! | [`guard`] | whose requests are answered: no foreign web page's |
//! | [`host`], [`options`] | puts it all together, as the command line asks |
//! | [`home`] | says how it is |
//! | [`open_files`] | how many clients and processes the system has room for |
//! | [`data_dir`], [`journal`] | what is written to disk |
//!
//! Nothing here knows what the stack is for: no table's keys, no function's name, no message. What
//! differs from one stack to another comes from the template, and from the program that runs it: see
//! [`host::Stack`].

pub mod asynchronous;
pub mod data_dir;
pub mod database;
pub(crate) mod endpoint;
pub mod eventbridge;
pub mod events;
pub mod faults;
pub mod firehose;
pub mod gateway;
pub mod guard;
pub mod home;
pub mod host;
pub mod http_api;
pub mod iam;
pub mod invocations;
pub mod issuer;
pub mod journal;
pub mod lambda;
pub mod memory;
pub mod off_the_bus;
pub mod open_files;
pub mod options;
pub mod queues;
pub mod sqs;
pub mod streams;
pub mod template;
