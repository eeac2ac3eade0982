//! What a run ends with.

use std::process::ExitCode;

/// The exit codes, the least important first: where several apply, the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: some asset failed, is blocked or unavailable, `verify` found a difference, or `doctor` something wrong.
    Failed,
    /// 130: interrupted.
    Interrupted,
    /// 3: refused for cost or for want of consent. Nothing was sent or written.
    Refused,
    /// 4: out of date. Nothing was sent or written.
    OutOfDate,
    /// 2: usage, manifest or lockfile invalid, or a key is missing. Nothing was sent or written.
    Invalid,
}

/// The codes, as `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    some asset failed, is blocked or unavailable, or `verify` or `doctor` found something
  2    usage, manifest or lockfile invalid, or a key is missing
  3    refused for cost or consent
  4    out of date (--locked, --frozen, plan --exit-code)
  130  interrupted
With 2, 3 and 4 nothing was sent or written.";

impl Exit {
    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::Refused => 3,
            Self::OutOfDate => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::exit::{Exit, HELP};

    const ALL: [Exit; 6] = [Exit::Invalid, Exit::OutOfDate, Exit::Refused, Exit::Interrupted, Exit::Failed, Exit::Done];

    #[test]
    fn where_several_apply_the_first_of_2_4_3_130_1_wins() {
        assert!(ALL.is_sorted_by(|one, other| one > other));
        assert_eq!(ALL.map(Exit::code), [2, 4, 3, 130, 1, 0]);
    }

    #[test]
    fn the_help_names_every_code() {
        for exit in ALL {
            let code = exit.code().to_string();
            assert!(HELP.lines().any(|line| line.split_whitespace().next() == Some(code.as_str())), "{exit:?}");
        }
    }
}
