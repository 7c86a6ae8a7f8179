//! Signatures for spreadsheets.

use super::Report;

/// The header that Socorro's command `signature` prints.
pub(super) const HEADER: &str = "\"crashid\",\"old\",\"new\",\"same?\",\"notes\"\r\n";

/// A row, after the header if it is the first. Source of the form: RFC 4180.
pub(super) fn row(report: &Report, printed: u64) -> String {
    let mut text = String::new();
    if printed == 0 {
        text.push_str(HEADER);
    }
    let notes = report.result.notes.join("; ");
    let (new, same) = (report.result.signature.as_str(), report.same());
    let fields = [report.label(), report.old(), new, same, &notes];
    let quoted = fields.map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
    text.push_str(&quoted.join(","));
    text.push_str("\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn all_fields_are_quoted() {
        let report = report(Some("a, \"b\""), "f", &["A: b", "C: d"]);
        let line = "\"crashes.json:1\",\"a, \"\"b\"\"\",\"f\",\"False\",\"A: b; C: d\"\r\n";
        assert_eq!(row(&report, 0), format!("{HEADER}{line}"));
        assert_eq!(row(&report, 1), line);
    }
}
