//! One crash from its files.

use std::path::Path;

use socorro_core::{CrashId, DumpName, Dumps, Environment, RawCrash, time};
use socorro_storage::StorageOptions;

use super::{NewCrash, PutCrashArguments};
use crate::{
    failure::Failure,
    input::{self, Limit},
    named_file::NamedFile,
};

/// Reads the crash that the arguments describe.
///
/// # Errors
///
/// When a file cannot be read or has no name, when a name comes twice, and when the annotations
/// name another crash than is asked for.
pub(super) fn crash(arguments: &PutCrashArguments) -> Result<NewCrash, Failure> {
    let mut raw = input::annotations_or_none(arguments.annotations.as_deref())?;
    let id = crash_id(arguments.id, &raw)?;
    // A stored raw crash always names its crash.
    raw.set("uuid", id.as_str());
    let limit = Limit {
        bytes: StorageOptions::default().max_dump_size,
        of: "dumps in storage",
    };
    let mut dumps = Dumps::new();
    for text in &arguments.paths {
        let file = named(text, &dumps)?;
        let dump = input::dump(&file.path, limit)?;
        if dumps.insert(file.name.clone(), dump).is_some() {
            return Err(Failure::usage(format!("{} is given twice", file.name)));
        }
    }
    Ok(NewCrash { id, raw, dumps })
}

/// The id that is asked for, that of the annotations, or a new one.
fn crash_id(asked: Option<CrashId>, raw: &RawCrash) -> Result<CrashId, Failure> {
    if let Some(id) = asked {
        return Ok(id);
    }
    match raw.annotation("uuid") {
        Some(uuid) => CrashId::parse_lenient(uuid).map_err(|error| {
            Failure::because("the annotation uuid cannot be used", &error)
                .hint("--id gives the crash another id")
        }),
        None => Ok(CrashId::mint(time::date(Environment::system().now()), 0)),
    }
}

/// The name of a file: given with it, told by its file name, or that of the main minidump for the
/// first one without.
fn named(text: &str, dumps: &Dumps) -> Result<NamedFile, Failure> {
    // A path may have a `=` in it, but then hardly a dump name before it.
    if let Ok(file) = NamedFile::parse(text) {
        return Ok(file);
    }
    let name = match told_by_file_name(Path::new(text)) {
        Some(name) => name,
        None if dumps.get(&DumpName::main()).is_none() => DumpName::main(),
        None => {
            return Err(Failure::usage(format!(
                "{text} needs a name: which file of the report is it?"
            ))
            .hint(format!(
                "write NAME=FILE, as in upload_file_minidump_browser={text}"
            )));
        }
    };
    Ok(NamedFile {
        name,
        path: text.into(),
    })
}

/// `upload_file_minidump_browser` of `crash.upload_file_minidump_browser.dmp`.
fn told_by_file_name(path: &Path) -> Option<DumpName> {
    let stem = Path::new(path.file_stem()?);
    let field = stem.extension().unwrap_or(stem.as_os_str()).to_str()?;
    let name = DumpName::parse(field).ok()?;
    (name.is_minidump() && !name.is_main()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str, dumps: &Dumps) -> Option<String> {
        let file = named(text, dumps).ok()?;
        Some(file.name.as_str().to_owned())
    }

    #[test]
    fn files_are_named_by_hand_by_file_name_or_by_being_first() {
        let none = Dumps::new();
        let main = Dumps::from_iter([(DumpName::main(), b"MDMP".to_vec().into())]);
        assert_eq!(
            name("a.dmp", &none).as_deref(),
            Some("upload_file_minidump")
        );
        assert_eq!(name("a.dmp", &main), None);
        assert_eq!(
            name("memory_report=m.gz", &main).as_deref(),
            Some("memory_report")
        );
        assert_eq!(
            name("d/c=1/a.dmp", &none).as_deref(),
            Some("upload_file_minidump")
        );
        for text in [
            "c.upload_file_minidump_browser.dmp",
            "upload_file_minidump_browser.dmp",
        ] {
            assert_eq!(
                name(text, &main).as_deref(),
                Some("upload_file_minidump_browser")
            );
        }
    }
}
