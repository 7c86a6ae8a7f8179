//! Values that options take as they are, looked at before anything is done with them.

use std::path::Path;

use socorro_processor::ruleset_file::RulesetFile;
use socorro_signature::SignatureLists;

use super::{Origin, Setting};
use crate::{arguments, failure::Failure};

/// What is wrong with the address that a setting holds.
pub(super) fn address(setting: &Setting) -> Option<Failure> {
    let check: fn(&str) -> Result<(), Failure> = match setting.definition.option.as_str() {
        "storage" => arguments::check_storage_address,
        "queue" => arguments::check_queue_address,
        "destination" => arguments::check_destination,
        "symbols" => arguments::check_symbols,
        "version-service" => arguments::check_version_service,
        _ => return None,
    };
    first_failure(setting, check)
}

/// What is wrong with the file or directory that a setting names.
pub(super) fn files(setting: &Setting) -> Option<Failure> {
    let check: fn(&str) -> Result<(), Failure> = match setting.definition.option.as_str() {
        "rulesets" => |file| Ok(RulesetFile::read(file).map(|_| ())?),
        "siglists" => {
            |directory| Ok(SignatureLists::from_directory(Path::new(directory)).map(|_| ())?)
        }
        _ => return None,
    };
    first_failure(setting, check)
}

fn first_failure(setting: &Setting, check: fn(&str) -> Result<(), Failure>) -> Option<Failure> {
    let values = setting.values.iter().filter_map(|value| value.to_str());
    let failure = values.filter_map(|value| check(value).err()).next()?;
    Some(match &setting.origin {
        // Whoever typed it sees it still.
        Origin::Flag { .. } | Origin::Default => failure,
        origin => failure.within(origin),
    })
}
