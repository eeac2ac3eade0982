//! The promises of tintype, kept over a real binary and real sockets.

mod concurrency;
mod crash;
mod downloads;
mod money;
mod refusal;
mod retry;
mod sandbox;
mod secrets;
mod studio;
mod vendor;
mod wire;
