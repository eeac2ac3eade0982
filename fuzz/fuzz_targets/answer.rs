//! No answer of a vendor, and nothing that somebody sends in its place, makes a wire format's reader panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::model::Api;

fuzz_target!(|answer: (u8, u16, &[u8])| {
    let (api, status, body) = answer;
    tintype::read_answer(Api::WIRE[usize::from(api) % Api::WIRE.len()], status, body);
});
