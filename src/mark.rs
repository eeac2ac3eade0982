//! The mark at the end of a stand-in's file, by which it is known on any machine: a picture that isn't the one that was asked
//! for, and that anybody may replace.
//!
//! A box as AVIF has them, for nothing; readers of the other formats pass over what comes after a picture's end.

const WORDS: &[u8] = b"tintype: a stand-in, to be replaced";
/// A box's length and its kind.
const HEAD: usize = 8;

fn mark() -> Vec<u8> {
    let length = u32::try_from(HEAD + WORDS.len()).expect("some words");
    [&length.to_be_bytes(), b"free", WORDS].concat()
}

/// The file with the mark.
#[cfg(feature = "generate")]
pub(crate) fn marked(mut file: Vec<u8>) -> Vec<u8> {
    file.extend(mark());
    file
}

/// Whether a file has the mark.
pub(crate) fn is_marked(file: &[u8]) -> bool {
    file.ends_with(&mark())
}

#[cfg(all(test, feature = "generate"))]
mod tests {
    use crate::mark::{is_marked, marked};

    #[test]
    fn a_marked_file_is_known_and_no_other() {
        assert!(is_marked(&marked(b"picture".to_vec())));
        for other in [&b""[..], b"picture", &marked(b"picture".to_vec())[..20], &[marked(Vec::new()), vec![0]].concat()]
        {
            assert!(!is_marked(other));
        }
    }
}
