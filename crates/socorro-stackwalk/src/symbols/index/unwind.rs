//! Unwind rules for one address, read from the text.

use std::fmt::Write as _;

use breakpad_symbols::CfiRules;

use super::entry::RangeEntry;
use super::lookup::Lookup;
use super::record::{self, CfiRule, StackWin, StackWinKind, Step};
use super::table::Damaged;

/// Bytes of the rules that follow a `STACK CFI INIT` of which a look-up reads no more. Those of real functions have
/// some kilobytes. The reference reads them all, however large.
const LARGEST_BLOCK: usize = 1 << 20;

/// The unwind rules for an address.
#[derive(Debug, Default)]
pub(super) struct UnwindRules {
    /// A symbol file with the one `STACK WIN` record that is to be tried first.
    pub(super) stack_win: Option<String>,
    pub(super) cfi: Option<Cfi>,
}

/// What applies at an address of `STACK CFI INIT` and the rules after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cfi {
    pub(super) init: CfiRules,
    pub(super) additional: Vec<CfiRules>,
}

impl<'a> Lookup<'a> {
    /// The unwind rules for an address.
    pub(super) fn unwind_rules(&self, address: u64) -> Result<UnwindRules, Damaged> {
        Ok(UnwindRules {
            stack_win: self
                .stack_win(address)?
                .map(|(range, info)| alone(&range, &info)),
            cfi: self.cfi(address)?,
        })
    }

    /// Bytes of parameters of the function at an address, by its unwind rules, which know better than its `FUNC`.
    pub(super) fn stack_win_parameter_size(&self, address: u64) -> Result<Option<u32>, Damaged> {
        let info = self.stack_win(address)?;
        Ok(info.map(|(_, info)| info.parameter_size))
    }

    /// The `STACK WIN` record for an address, with the range that it was left with. Frame data goes before frame pointer
    /// omission.
    fn stack_win(&self, address: u64) -> Result<Option<(RangeEntry, StackWin<'a>)>, Damaged> {
        let (range, kind) = match self.table.frame_data().covering(address)? {
            Some(range) => (range, StackWinKind::FrameData),
            None => match self.table.fpo().covering(address)? {
                Some(range) => (range, StackWinKind::Fpo),
                None => return Ok(None),
            },
        };
        let (info, _) = self.read(range.offset, record::stack_win)?;
        if (info.kind, info.address) != (kind, range.address) || info.size < range.size {
            return Err(Damaged);
        }
        Ok(Some((range, info)))
    }

    fn cfi(&self, address: u64) -> Result<Option<Cfi>, Damaged> {
        let Some(range) = self.table.cfi().covering(address)? else {
            return Ok(None);
        };
        let (init, rest) = self.read(range.offset, record::cfi_init)?;
        if (init.address, init.size) != (range.address, range.size) {
            return Err(Damaged);
        }
        let mut text = rest.get(..LARGEST_BLOCK).unwrap_or(rest);
        let mut rules = Vec::new();
        loop {
            text = match record::step(text, record::cfi_rule) {
                Step::Read(rule, rest) => {
                    if rule.address <= address {
                        rules.push(rule);
                    }
                    rest
                }
                Step::TooLong(rest) => rest,
                Step::Other => break,
            };
        }
        rules.sort();
        let owned = |rule: CfiRule<'_>| CfiRules {
            address: rule.address,
            rules: rule.rules.to_owned(),
        };
        Ok(Some(Cfi {
            init: owned(CfiRule {
                address: init.address,
                rules: init.text,
            }),
            additional: rules.into_iter().map(owned).collect(),
        }))
    }
}

/// A symbol file with one record.
fn alone(range: &RangeEntry, info: &StackWin<'_>) -> String {
    let kind = match info.kind {
        StackWinKind::FrameData => '4',
        StackWinKind::Fpo | StackWinKind::Ignored => '0',
    };
    let mut text = String::with_capacity(info.tail.len() + 40);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "STACK WIN {kind} {:x} {:x}{}",
        range.address, range.size, info.tail
    );
    text
}
