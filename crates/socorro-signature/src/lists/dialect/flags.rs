//! Flags of expressions.

use super::DialectError;

/// The flags that change what an expression means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// `a`: classes such as `\w` are ASCII only.
    pub(crate) ascii: bool,
    /// `i`: case does not matter.
    pub(crate) ignore_case: bool,
    /// `m`: `^` and `$` match at every line.
    pub(crate) multi_line: bool,
    /// `s`: `.` matches the newline too.
    pub(crate) dot_all: bool,
    /// `x`: white space and comments do not count.
    pub(crate) verbose: bool,
}

impl Flags {
    /// Switches one flag by its letter.
    pub(super) fn set(&mut self, letter: char, on: bool) -> Result<(), DialectError> {
        match letter {
            'i' => self.ignore_case = on,
            'm' => self.multi_line = on,
            's' => self.dot_all = on,
            'x' => self.verbose = on,
            'a' if on => self.ascii = true,
            'u' if on => self.ascii = false,
            'L' => return Err(DialectError::bad("the flag L is for byte patterns only")),
            'a' | 'u' => {
                return Err(DialectError::bad("the flags a and u cannot be turned off"));
            }
            other => return Err(DialectError::bad(format!("unknown flag {other:?}"))),
        }
        if self.ascii && self.ignore_case {
            return Err(DialectError::unsupported(
                "the flags a and i together; write both cases, such as [aA]",
            ));
        }
        Ok(())
    }

    /// The flags of either.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            ascii: self.ascii || other.ascii,
            ignore_case: self.ignore_case || other.ignore_case,
            multi_line: self.multi_line || other.multi_line,
            dot_all: self.dot_all || other.dot_all,
            verbose: self.verbose || other.verbose,
        }
    }
}
