//! What a main minidump is when it is none: compressed, or a form in a form.

use super::{ParseError, ReportFile, gather::Gathered};

/// The files of the report under their names, the main minidump unwrapped.
pub(super) async fn files(
    gathered: &mut Gathered<'_>,
    _unpacked: u64,
) -> Result<Vec<ReportFile>, ParseError> {
    let files = std::mem::take(&mut gathered.files);
    let files = files.named(gathered.main(), &mut gathered.notes, &mut gathered.memory)?;
    Ok(files.into_iter().map(ReportFile::from).collect())
}
