//! The end of the report: why frames have no names.

use std::fmt;

use socorro_core::Clean;

use super::Style;
use crate::symbolication::SymbolicationView;

/// How many causes are shown.
const CAUSES: usize = 10;

pub(super) fn write(
    f: &mut fmt::Formatter<'_>,
    symbolication: SymbolicationView<'_>,
    style: Style,
) -> fmt::Result {
    writeln!(f, "\n{}", style.heading("Unnamed frames"))?;
    let mut causes = symbolication.causes();
    for cause in causes.by_ref().take(CAUSES) {
        write!(f, "{:>6}", cause.frames())?;
        if let Some(module) = cause.text("module") {
            write!(f, "  {}", Clean(module))?;
        }
        let reason = cause
            .reason
            .map_or("unknown reason", |reason| reason.words());
        write!(f, "  {reason}")?;
        let details = cause.details();
        if !details.is_empty() {
            write!(f, " ({})", Clean(&details))?;
        }
        writeln!(f)?;
    }
    match causes.count() {
        0 => {}
        left => writeln!(f, "        ... {left} more causes")?,
    }
    writeln!(f, "  {}", Clean(&symbolication.summary()))
}
