//! What client libraries read from the environment, rather than we ourselves.
//!
//! The libraries that talk to S3, Pub/Sub and the like read credentials and endpoints under names
//! of their own. Where such a value comes from a file or has one of Socorro's names, it has to be
//! put into the environment before anything else happens. A running program cannot do that safely,
//! so it starts itself once more, in the same process, with what is missing.

use std::{collections::BTreeMap, env, ffi::OsString, process::Command};

use super::{
    origin::Origin,
    upstream::{Meaning, ROWS},
    variables::{Found, Variables},
};
use crate::failure::Failure;

/// Names that client libraries read: a whole name, or a beginning that ends with `_`.
const READ_BY_CLIENTS: [&str; 18] = [
    "AWS_",
    "AZURE_",
    "GOOGLE_",
    "STORAGE_EMULATOR_HOST",
    "STORAGE_PROJECT_ID",
    "RUST_LOG",
    "NO_COLOR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "TMPDIR",
];

/// A variable that a client library reads.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) value: OsString,
    pub(crate) origin: Origin,
}

/// All of them.
#[derive(Clone)]
pub(super) struct Clients(Vec<Client>);

/// Whether a client library may read it, under this name.
pub(super) fn reads(name: &str) -> bool {
    let fits = |known: &str| name == known || (known.ends_with('_') && name.starts_with(known));
    READ_BY_CLIENTS.iter().any(|known| fits(known))
        || ROWS
            .iter()
            .any(|row| row.meaning == Meaning::Client(row.name) && row.name == name)
}

impl Clients {
    /// What client libraries are to read. Names that contradict each other are `problems`.
    pub(super) fn of(variables: &Variables, problems: &mut Vec<String>) -> Self {
        let mut found: BTreeMap<&str, Found<'_>> = BTreeMap::new();
        for name in variables.names().into_iter().filter(|name| reads(name)) {
            found.extend(variables.get(name).map(|value| (name, value)));
        }
        for row in ROWS {
            let (Meaning::Client(target), Some(value)) = (row.meaning, variables.get(row.name))
            else {
                continue;
            };
            match found.get(target) {
                // The client's own name counts before others in the same place.
                Some(known) if known.layer < value.layer => {}
                Some(known) if known.layer == value.layer => {
                    if known.name != target && known.value != value.value {
                        problems.push(format!(
                            "{} and {} differ, but there is one {target} for all; set that one",
                            known.origin(),
                            value.origin()
                        ));
                    }
                }
                _ => {
                    found.insert(target, value);
                }
            }
        }
        let clients = found.into_iter().map(|(name, found)| Client {
            name: name.to_owned(),
            value: found.value.to_owned(),
            origin: found.origin(),
        });
        Self(clients.collect())
    }

    pub(super) fn all(&self) -> &[Client] {
        &self.0
    }

    /// Starts the program once more if the environment lacks something; does not come back then.
    pub(super) fn hand_over(&self) -> Result<(), Failure> {
        let missing = self
            .0
            .iter()
            .filter(|client| env::var_os(&client.name).as_ref() != Some(&client.value));
        let missing: Vec<_> = missing
            .map(|client| (&client.name, &client.value))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let program = env::current_exe().map_err(|error| {
            Failure::because("cannot find the program to give it its environment", &error)
        })?;
        let mut command = Command::new(program);
        command.args(env::args_os().skip(1)).envs(missing);
        Err(start(command))
    }
}

/// Becomes another program, which keeps process id, files and terminal.
#[cfg(unix)]
fn start(mut command: Command) -> Failure {
    use std::os::unix::process::CommandExt as _;

    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    let error = command.exec();
    Failure::because("cannot start with the environment of the settings", &error)
}

/// Runs another program and ends as it does.
#[cfg(not(unix))]
fn start(mut command: Command) -> Failure {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Failure::because("cannot start with the environment of the settings", &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(layers: &[&[(&str, &str)]]) -> (Vec<(String, OsString)>, Vec<String>) {
        let mut problems = Vec::new();
        let Clients(clients) = Clients::of(&Variables::given(layers), &mut problems);
        let clients = clients
            .into_iter()
            .map(|client| (client.name, client.value));
        (clients.collect(), problems)
    }

    #[test]
    fn socorros_names_become_those_that_clients_read() {
        let (clients, problems) = clients(&[
            &[("CRASHSTORAGE_S3_ACCESS_KEY", "foo"), ("PATH", "/bin")],
            &[
                ("secrets.boto.secret_access_key", "bar"),
                ("AWS_REGION", "r"),
            ],
        ]);
        assert_eq!(problems, [""; 0]);
        let expected = [
            ("AWS_ACCESS_KEY_ID", "foo"),
            ("AWS_REGION", "r"),
            ("AWS_SECRET_ACCESS_KEY", "bar"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), OsString::from(value)));
        assert_eq!(clients, expected);
    }

    #[test]
    fn the_clients_own_name_counts_first_and_the_stronger_place_before_that() {
        let own = [("AWS_ACCESS_KEY_ID", "own"), ("SQS_ACCESS_KEY", "other")];
        assert_eq!(clients(&[&own]).0[0].1, "own");
        let (clients, _) = clients(&[&own[1..], &own[..1]]);
        assert_eq!(clients[0].1, "other");
    }

    #[test]
    fn two_keys_for_one_are_told_without_showing_them() {
        let keys = [
            ("CRASHSTORAGE_S3_ACCESS_KEY", "one"),
            ("SQS_ACCESS_KEY", "two"),
        ];
        let (_, problems) = clients(&[&keys]);
        assert!(problems[0].contains("AWS_ACCESS_KEY_ID"), "{problems:?}");
        assert!(!problems[0].contains("two"), "{problems:?}");
    }

    #[test]
    fn mistyped_names_of_socorros_are_not_read_by_clients() {
        assert!(reads("AWS_ANYTHING"));
        assert!(reads("PUBSUB_STANDARD_TOPIC_NAME"));
        assert!(!reads("PUBSUB_STANDARD_TOPIC"));
        assert!(!reads("SOCORRO_STORAGE"));
    }
}
