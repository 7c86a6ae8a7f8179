//! Crash ids as people hand them over: as arguments, in lists, as URLs of reports.

use std::{
    collections::HashSet,
    io::{self, IsTerminal as _},
    path::Path,
};

use socorro_core::{CrashId, Error};

use crate::{failure::Failure, input};

/// Crash ids, each once and in the order in which they were given.
#[derive(Debug, Default)]
pub(crate) struct CrashIds {
    pub(crate) ids: Vec<CrashId>,
    /// What is wrong with those that are none; each shows the text, made harmless.
    pub(crate) bad: Vec<Error>,
}

impl CrashIds {
    /// The ids among `texts`.
    pub(crate) fn among<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut seen, mut found) = (HashSet::new(), Self::default());
        for text in texts.into_iter().map(str::trim) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            match CrashId::parse_lenient(id_in(text)) {
                Ok(id) if seen.insert(id) => found.ids.push(id),
                Ok(_) => {}
                Err(error) => found.bad.push(error),
            }
        }
        found
    }

    /// The ids that a command is given, see [`given_texts`].
    ///
    /// # Errors
    ///
    /// As [`given_texts`].
    pub(crate) fn in_arguments(arguments: &[String]) -> Result<Self, Failure> {
        let texts = given_texts(arguments)?;
        Ok(Self::among(texts.iter().map(String::as_str)))
    }
}

/// The texts that may be crash ids: arguments, where `@FILE` stands for the lines of a list and `-`
/// for those of standard input; without arguments, those of standard input.
///
/// # Errors
///
/// When there are neither arguments nor a pipe, and when a list cannot be read.
pub(crate) fn given_texts(arguments: &[String]) -> Result<Vec<String>, Failure> {
    if arguments.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Failure::usage("no crash ids").hint(
                "give them as arguments, in a list as @FILE, or one on each line of standard input",
            ));
        }
        return Ok(lines(&input::stdin_text()?));
    }
    let mut texts = Vec::new();
    for argument in arguments {
        if argument == "-" {
            texts.extend(lines(&input::stdin_text()?));
        } else if let Some(file) = argument.strip_prefix('@') {
            texts.extend(lines(&input::list(Path::new(file))?));
        } else if CrashId::parse_lenient(id_in(argument)).is_err() && Path::new(argument).is_file()
        {
            return Err(
                Failure::usage(format!("{argument} is a file, not a crash id"))
                    .hint(format!("crash ids in a list are given as @{argument}")),
            );
        } else {
            texts.push(argument.clone());
        }
    }
    Ok(texts)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The id in the URL of a report, or the text as it is.
fn id_in(text: &str) -> &str {
    if !text.contains("://") {
        return text;
    }
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "de1bb258-cbbf-4589-a673-34f800160918";

    #[test]
    fn the_url_of_a_report_names_its_crash() {
        for text in [
            ID.to_owned(),
            format!("https://crash-stats.mozilla.org/report/index/{ID}"),
            format!("https://crash-stats.mozilla.org/report/index/{ID}/?tab=details#frames"),
        ] {
            assert_eq!(id_in(&text), ID);
        }
    }

    #[test]
    fn ids_are_taken_once_and_what_is_none_is_told() {
        let other = "0ab4ea19-6d42-4ef6-8e1c-3dd9a0261123";
        let upper = format!("bp-{}", ID.to_uppercase());
        let found = CrashIds::among([other, "", " # note", ID, &upper, "nonsense"]);
        assert_eq!(
            found.ids.iter().map(CrashId::as_str).collect::<Vec<_>>(),
            [other, ID]
        );
        assert_eq!(found.bad.len(), 1);
    }
}
