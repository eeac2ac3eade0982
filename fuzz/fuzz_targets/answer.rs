//! No answer of a vendor, and nothing that somebody sends in its place, makes a wire format's reader panic.
//!
//! The first character says in which format, three digits with which status; the rest is the body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tintype::model::Api;

fuzz_target!(|data: &[u8]| {
    let Some(([api, status @ ..], body)) = data.split_first_chunk::<4>() else { return };
    let digit = |byte: &u8| u16::from(byte.wrapping_sub(b'0') % 10);
    let status = status.iter().fold(0, |status, byte| status * 10 + digit(byte));
    tintype::read_answer(Api::WIRE[usize::from(api.wrapping_sub(b'0')) % Api::WIRE.len()], status, body);
});
