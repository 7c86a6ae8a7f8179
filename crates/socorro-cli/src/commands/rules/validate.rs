//! `socorro rules validate`.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use socorro_core::json::type_name;

use super::DocumentKind;
use crate::{
    exit::Exit,
    failure::Failure,
    input,
    output::{Clean, Output},
};

const EXAMPLES: &str = "\
Examples:
  socorro rules validate processed_crash.json
  socorro process crash.dmp | socorro rules validate -
  socorro rules validate --of raw raw_crash.json

Prints every value whose type is not the one of the schema, one on each line, with its path. Values
themselves are not shown: they may be private. Fields that the schema does not know are passed over.
Exit code 1 when there is anything to print.";

/// How many wrong values are shown.
const MAX_SHOWN: usize = 10_000;

/// Check a crash against the schema.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ValidateArguments {
    /// The crash; `-` reads it from standard input
    #[arg(value_name = "FILE.json")]
    file: PathBuf,
    /// Which kind of document it is
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    of: DocumentKind,
}

pub(super) fn run(arguments: &ValidateArguments, output: &mut Output) -> Result<Exit, Failure> {
    let kind = arguments.of;
    let name = input::name(&arguments.file);
    let document = match input::document(&arguments.file, kind.name())? {
        Value::Object(document) => document,
        other => {
            return Err(Failure::new(format!(
                "{} {name} is not an object but of type {}",
                kind.name(),
                type_name(&other)
            )));
        }
    };
    let mut violations = kind.schema().validate_up_to(&document, MAX_SHOWN + 1);
    let count = violations.len();
    violations.truncate(MAX_SHOWN);
    for violation in &violations {
        output.line(Clean(&violation.to_string()))?;
    }
    if count == 0 {
        return Ok(Exit::Success);
    }
    let count = match count {
        1 => "one value".to_owned(),
        count if count > MAX_SHOWN => format!("more than {MAX_SHOWN} values"),
        count => format!("{count} values"),
    };
    Err(
        Failure::new(format!("{name} does not fit the schema: {count}")).hint(
            "`socorro rules fields FIELD` shows the types of a field, and the rule that writes it",
        ),
    )
}
