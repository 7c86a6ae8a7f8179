//! Settings: where their values come from, and what is wrong with them.
//!
//! Every option of the command line that has a long name and a variable is a setting
//! ([`definition`]). Its value comes from the first of these that says something:
//!
//! 1. the option on the command line,
//! 2. the environment, then environment files ([`variables`]); in each of them our own name, then
//!    the names that Mozilla's processor has for the same thing ([`upstream`]),
//! 3. the configuration file ([`configuration_file`]),
//! 4. the default of the option.
//!
//! Values of 2 and 3 reach the commands as defaults of their options ([`command_line`]), so that no
//! command knows that there is more than one way to say something. What is read by client libraries
//! rather than by us reaches them through the environment ([`clients`]).

mod check;
mod clients;
mod command_line;
mod configuration_file;
mod definition;
mod env_file;
mod keys;
mod mask;
mod origin;
mod remarks;
mod resolve;
mod suggestion;
mod text;
mod upstream;
mod variables;

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use self::{
    clients::{Client, Clients},
    configuration_file::Entry,
    variables::Variables,
};
pub(crate) use self::{
    command_line::{FileOptions, deaf, matches, with_settings_as_options},
    definition::{Definition, Kind},
    keys::{SECTIONS, Section},
    mask::shown,
    origin::Origin,
    remarks::{Remark, Weight},
    upstream::{Meaning, ROWS},
};
use crate::failure::Failure;

/// The variable that names the configuration file.
const FILE_VARIABLE: &str = "SOCORRO_CONFIG";
/// The configuration file that is read when it is there.
const LOCAL_FILE: &str = "socorro.toml";

/// All settings of this run.
pub(crate) struct Settings {
    settings: Vec<Setting>,
    clients: Clients,
    remarks: Vec<Remark>,
    files: Vec<PathBuf>,
}

/// A setting and its value.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) definition: Definition,
    /// As the option takes them; none where only the default of the option holds.
    pub(crate) values: Vec<OsString>,
    pub(crate) origin: Origin,
}

/// Values may hold secrets: none is shown.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setting")
            .field("option", &self.definition.option)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("settings", &self.settings)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Setting {
    /// The value on one line, without secrets; nothing where only the default holds.
    pub(crate) fn shown(&self) -> Option<String> {
        if self.origin == Origin::Default {
            return None;
        }
        let items = self.shown_items();
        Some(items.join(","))
    }

    /// The items of the value, without secrets.
    pub(crate) fn shown_items(&self) -> Vec<String> {
        let values = self.values.iter().map(|value| value.to_string_lossy());
        values
            .map(|value| mask::shown(&self.definition.variable, &value))
            .collect()
    }
}

impl Settings {
    /// Reads environment, environment files and configuration file.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or understood, a key is unknown, or an option would not take a
    /// value. The message tells everything that is wrong.
    pub(crate) fn load(
        definitions: Vec<Definition>,
        options: &FileOptions,
    ) -> Result<Self, Failure> {
        let variables = Variables::read(&options.env_files)?;
        let mut files = variables.files().to_vec();
        let mut problems = Vec::new();
        let mut entries = Vec::new();
        if let Some(file) = configuration_file_of(options, &variables) {
            let (read, wrong) = configuration_file::read(&file, &definitions)?;
            entries = read;
            problems = wrong;
            files.push(file);
        }
        Self::resolved(definitions, &variables, entries, files, problems)
    }

    fn resolved(
        definitions: Vec<Definition>,
        variables: &Variables,
        entries: Vec<Entry>,
        files: Vec<PathBuf>,
        mut problems: Vec<String>,
    ) -> Result<Self, Failure> {
        let remarks = remarks::on(variables, &definitions);
        let mut resolver = resolve::Resolver::new(variables, entries);
        let settings = definitions
            .into_iter()
            .map(|definition| resolver.resolve(definition));
        let settings: Vec<_> = settings.collect();
        let clients = Clients::of(variables, &mut resolver.problems);
        problems.append(&mut resolver.problems);
        let mut loaded = Self {
            settings,
            clients,
            remarks,
            files,
        };
        loaded.remarks.append(&mut resolver.remarks);
        problems.extend(loaded.settings.iter().filter_map(Setting::problem));
        all_told(&problems).map_or(Ok(loaded), Err)
    }

    /// All settings, by section.
    pub(crate) fn all(&self) -> &[Setting] {
        &self.settings
    }

    /// The setting of an option.
    pub(crate) fn get(&self, option: &str) -> Option<&Setting> {
        self.settings
            .iter()
            .find(|setting| setting.definition.option == option)
    }

    /// What client libraries read.
    pub(crate) fn clients(&self) -> &[Client] {
        self.clients.all()
    }

    /// What an operator should know about the environment.
    pub(crate) fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The files that were read, strongest first.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Tells the remarks to the log.
    pub(crate) fn log_remarks(&self) {
        for remark in &self.remarks {
            match remark.weight {
                Weight::Warning => tracing::warn!("{}", remark.text),
                Weight::Note => tracing::info!("{}", remark.text),
            }
        }
    }

    /// Gives client libraries the variables that they read and the environment does not have yet.
    ///
    /// # Errors
    ///
    /// When the program cannot be started with another environment.
    pub(crate) fn hand_to_clients(&self) -> Result<(), Failure> {
        self.clients.hand_over()
    }

    /// Looks at what values name, as far as that can be done without touching it: those of
    /// variables and files.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub(crate) fn check_given(&self) -> Result<(), Failure> {
        let is_given = |origin: &Origin| !matches!(origin, Origin::Default | Origin::Flag { .. });
        let wrong = self.wrong_addresses(is_given);
        one_failure(wrong.into_iter().map(Failure::into_usage).collect())
    }

    /// The same for those of options on the command line.
    ///
    /// # Errors
    ///
    /// Everything that is wrong.
    pub(crate) fn check_options(&self) -> Result<(), Failure> {
        one_failure(self.wrong_addresses(|origin| matches!(origin, Origin::Flag { .. })))
    }

    fn wrong_addresses(&self, counts: impl Fn(&Origin) -> bool) -> Vec<Failure> {
        let settings = self
            .settings
            .iter()
            .filter(|setting| counts(&setting.origin));
        settings.filter_map(check::address).collect()
    }

    /// Reads the files that values name, and gives back what is wrong with them.
    pub(crate) fn check_files(&self) -> Vec<Failure> {
        self.settings.iter().filter_map(check::files).collect()
    }
}

impl Setting {
    /// Why the option would not take its value.
    fn problem(&self) -> Option<String> {
        let name = &self.definition.variable;
        self.values.iter().find_map(|value| {
            let value = value.to_str()?;
            let problem = self.definition.check(value).err()?;
            let shown = mask::shown(name, value);
            Some(format!(
                "{}: {} cannot be {shown:?}: {problem}",
                self.origin,
                self.called()
            ))
        })
    }

    /// The name under which somebody has set it.
    fn called(&self) -> String {
        match &self.origin {
            Origin::File(_) => self.definition.key.to_string(),
            Origin::Variable { .. } => self.definition.variable.clone(),
            Origin::Flag { .. } | Origin::Default => format!("--{}", self.definition.option),
        }
    }
}

/// The configuration file that counts, if there is one.
fn configuration_file_of(options: &FileOptions, variables: &Variables) -> Option<PathBuf> {
    if let Some(file) = &options.config {
        return Some(file.clone());
    }
    if let Some(found) = variables.get(FILE_VARIABLE) {
        return Some(PathBuf::from(found.value));
    }
    // One that is there and cannot be read is an error, not a missing one.
    let local = Path::new(LOCAL_FILE);
    local.symlink_metadata().is_ok().then(|| local.to_owned())
}

/// One failure of many; a single one keeps its way out.
fn one_failure(mut failures: Vec<Failure>) -> Result<(), Failure> {
    if failures.len() == 1 {
        return Err(failures.remove(0));
    }
    let problems = failures.iter().map(|failure| failure.message().to_owned());
    all_told(&problems.collect::<Vec<_>>()).map_or(Ok(()), Err)
}

/// One failure that tells all problems.
fn all_told(problems: &[String]) -> Option<Failure> {
    const WAY_OUT: &str =
        "`socorro config example` prints all settings with their keys, variables and defaults";
    match problems {
        [] => None,
        [problem] => Some(Failure::usage(problem).hint(WAY_OUT)),
        problems => {
            let count = problems.len();
            let told = problems.join("\n  ");
            Some(
                Failure::usage(format!("{count} settings cannot be used:\n  {told}")).hint(WAY_OUT),
            )
        }
    }
}
