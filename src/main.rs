//! The `tintype` command: parse, call, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    tintype::cli::run()
}
