//! A comparison of signatures as text.

use std::fmt;

use super::SignatureDiff;
use super::change::{ChangeKind, SignatureChange, SignaturePair};

impl fmt::Display for ChangeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rename => "rename",
            Self::Split => "split",
            Self::Merge => "merge",
            Self::Regroup => "regroup",
        })
    }
}

/// Totals, then every change: each old signature with what becomes of it.
///
/// ```text
/// 120 crashes: 100 keep their signature, 20 get another one
///
/// split: 20 of 35 crashes
///   memcpy
///     -> memcpy | Image::decode
///        20 crashes: de1bb258-cbbf-4589-a673-34f800160918, …
///     == memcpy
///        15 crashes: 6ccbb6b3-2c39-4bb1-b4a0-14b2d0160918, …
/// ```
impl fmt::Display for SignatureDiff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{}: {} keep their signature, {} get another one",
            Crashes(self.crashes),
            self.unchanged,
            self.changed
        )?;
        for change in &self.changes {
            write!(formatter, "\n{change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for SignatureChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, crashes) = (self.kind, Crashes(self.crashes));
        if self.changed == self.crashes {
            writeln!(formatter, "{kind}: {crashes}")?;
        } else {
            writeln!(formatter, "{kind}: {} of {crashes}", self.changed)?;
        }
        let mut previous: Option<&str> = None;
        for pair in &self.pairs {
            if previous != Some(&pair.old) {
                writeln!(formatter, "  {}", Signature(&pair.old))?;
            }
            previous = Some(&pair.old);
            write_pair(formatter, pair)?;
        }
        Ok(())
    }
}

fn write_pair(formatter: &mut fmt::Formatter<'_>, pair: &SignaturePair) -> fmt::Result {
    let arrow = if pair.is_change() { "->" } else { "==" };
    let (new, crashes) = (Signature(&pair.new), Crashes(pair.crashes));
    write!(formatter, "    {arrow} {new}\n       {crashes}")?;
    if !pair.examples.is_empty() {
        let more = pair.crashes > pair.examples.len() as u64;
        let (examples, more) = (pair.examples.join(", "), if more { ", …" } else { "" });
        write!(formatter, ": {examples}{more}")?;
    }
    writeln!(formatter)
}

/// A signature, which may be empty.
struct Signature<'a>(&'a str);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() {
            "(empty signature)"
        } else {
            self.0
        })
    }
}

/// A number of crashes.
struct Crashes(u64);

impl fmt::Display for Crashes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "es" };
        write!(formatter, "{} crash{plural}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_tells_what_becomes_of_each_signature() {
        let pair = |old: &str, new: &str, crashes, examples: &[&str]| SignaturePair {
            old: old.to_owned(),
            new: new.to_owned(),
            crashes,
            examples: examples.iter().map(|id| (*id).to_owned()).collect(),
        };
        let split = SignatureChange {
            kind: ChangeKind::Split,
            crashes: 6,
            changed: 5,
            pairs: vec![
                pair("memcpy", "memcpy | f", 5, &["1", "2", "3"]),
                pair("memcpy", "memcpy", 1, &["4"]),
            ],
        };
        let rename = SignatureChange {
            kind: ChangeKind::Rename,
            crashes: 1,
            changed: 1,
            pairs: vec![pair("", "g", 1, &[])],
        };
        let diff = SignatureDiff {
            crashes: 10,
            unchanged: 4,
            changed: 6,
            changes: vec![split, rename],
        };
        let text = "\
10 crashes: 4 keep their signature, 6 get another one

split: 5 of 6 crashes
  memcpy
    -> memcpy | f
       5 crashes: 1, 2, 3, …
    == memcpy
       1 crash: 4

rename: 1 crash
  (empty signature)
    -> g
       1 crash
";
        assert_eq!(diff.to_string(), text);
    }
}
