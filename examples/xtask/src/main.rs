//! The team's tintype: the version that Cargo.lock pins, built by whoever needs it first.

fn main() -> std::process::ExitCode {
    tintype::cli::run()
}
