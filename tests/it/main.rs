//! The promises of tintype, kept over a real binary and real sockets.

#![allow(clippy::format_collect, clippy::too_many_lines, reason = "a test reads as one story, snapshot included")]

mod adopt;
mod care;
mod commands;
mod concurrency;
mod cost;
mod crash;
mod doctor;
mod doors;
mod downloads;
mod examples;
mod expansion;
mod fingerprint;
mod flushes;
mod lists;
mod lost;
mod lockfile;
mod manifest_errors;
mod models;
mod money;
mod outputs;
mod part;
mod plan;
mod projects;
mod refusal;
mod released;
mod retry;
mod routes;
mod sandbox;
mod schema;
mod secrets;
mod settled;
mod snapshot;
mod shells;
mod show;
mod stand_ins;
mod stranded;
mod studio;
mod vendor;
mod web;
mod wire;
