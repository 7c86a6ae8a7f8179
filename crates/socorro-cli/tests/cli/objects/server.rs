//! Servers with buckets, and trees of crashes to put into them.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use socorro_storage::testkit::{S3Server, endpoint, s3_endpoint};

use crate::support::{Run, Site, program};

/// A server that has buckets, as the environment of a program has it.
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) scheme: &'static str,
    environment: Vec<(&'static str, String)>,
    _own: Option<S3Server>,
}

impl Server {
    /// An S3 server in this process, which checks signatures.
    pub(super) fn own() -> Self {
        let server = S3Server::start("key", "secret").unwrap();
        Self {
            name: "own",
            environment: s3(server.endpoint(), "key", "secret"),
            scheme: "s3",
            _own: Some(server),
        }
    }

    pub(super) fn localstack() -> Option<Self> {
        Some(Self::s3_at("LocalStack", &s3_endpoint()?))
    }

    /// A server that takes underscores in names of buckets.
    pub(super) fn moto() -> Option<Self> {
        Some(Self::s3_at(
            "Moto",
            &endpoint("SOCORRO_TEST_MOTO_ENDPOINT")?,
        ))
    }

    #[cfg(feature = "gcs")]
    pub(super) fn google() -> Option<Self> {
        Some(Self {
            name: "Google's emulator",
            scheme: "gs",
            environment: vec![(
                "STORAGE_EMULATOR_HOST",
                endpoint("SOCORRO_TEST_GCS_ENDPOINT")?,
            )],
            _own: None,
        })
    }

    #[cfg(feature = "azure")]
    fn azure() -> Option<Self> {
        let variable = |name| std::env::var(name).unwrap();
        Some(Self {
            name: "Azurite",
            scheme: "az",
            environment: vec![
                (
                    "AZURE_STORAGE_ENDPOINT",
                    endpoint("SOCORRO_TEST_AZURE_ENDPOINT")?,
                ),
                (
                    "AZURE_STORAGE_ACCOUNT_NAME",
                    variable("AZURE_STORAGE_ACCOUNT_NAME"),
                ),
                (
                    "AZURE_STORAGE_ACCOUNT_KEY",
                    variable("AZURE_STORAGE_ACCOUNT_KEY"),
                ),
            ],
            _own: None,
        })
    }

    /// All there are.
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self::own()];
        all.extend(Self::localstack());
        all.extend(Self::moto());
        #[cfg(feature = "gcs")]
        all.extend(Self::google());
        #[cfg(feature = "azure")]
        all.extend(Self::azure());
        all
    }

    /// An S3 server at an address, which takes any key.
    pub(super) fn s3_at(name: &'static str, endpoint: &str) -> Self {
        Self {
            name,
            scheme: "s3",
            environment: s3(endpoint, "test", "test"),
            _own: None,
        }
    }

    /// The same behind another address, such as that of a proxy.
    pub(super) fn behind(&self, endpoint: &str) -> Self {
        let mut environment = self.environment.clone();
        environment.retain(|(name, _)| *name != "AWS_ENDPOINT_URL");
        environment.push(("AWS_ENDPOINT_URL", endpoint.to_owned()));
        Self {
            name: self.name,
            scheme: self.scheme,
            environment,
            _own: None,
        }
    }

    pub(super) fn endpoint(&self) -> &str {
        let found = self
            .environment
            .iter()
            .find(|(name, _)| *name == "AWS_ENDPOINT_URL");
        &found.unwrap().1
    }

    /// The address of a bucket that nobody has yet.
    pub(super) fn bucket(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::SeqCst);
        let time = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        format!(
            "{}://objects-{}-{time}-{count}",
            self.scheme,
            std::process::id()
        )
    }

    /// A bucket that was made.
    pub(super) fn new_bucket(&self, site: &Site) -> String {
        let bucket = self.bucket();
        self.run(site, &["storage", "mb", &bucket]).succeeds();
        bucket
    }

    /// The program, in the directory of a site, with this server.
    pub(super) fn command(&self, site: &Site) -> Command {
        let mut command = program();
        command.current_dir(site.path(""));
        self.give_to(&mut command);
        command
    }

    /// Tells any program about the server.
    pub(super) fn give_to(&self, command: &mut Command) {
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }

    pub(super) fn run(&self, site: &Site, arguments: &[&str]) -> Run {
        Run::of(self.command(site).args(arguments))
    }
}

fn s3(endpoint: &str, key: &str, secret: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", key.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        // For aws itself.
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
    ]
}

/// The ids of so many crashes.
pub(super) fn ids(count: u32) -> Vec<String> {
    (0..count)
        .map(|number| format!("de1bb258-cbbf-4589-a673-34{number:04}160918"))
        .collect()
}

/// Writes so many crashes below a directory, three files each.
pub(super) fn write_tree(site: &Site, directory: &str, count: u32) {
    for (number, id) in ids(count).iter().enumerate() {
        let raw = format!("{directory}/v1/raw_crash/20160918/{id}");
        site.write(&raw, format!("{{\"number\": \"{number:05}\"}}"));
        site.write(
            &format!("{directory}/v1/dump_names/{id}"),
            r#"["upload_file_minidump"]"#,
        );
        site.write(
            &format!("{directory}/v1/dump/{id}"),
            format!("MDMP{number:05}").repeat(20),
        );
    }
}

/// Writes a file with another content of the same size, of a later time: not every server tells checksums
/// in its lists.
pub(super) fn change(site: &Site, name: &str) {
    let content = fs::read(site.path(name)).unwrap();
    site.write(name, "x".repeat(content.len()));
    let file = fs::File::options()
        .write(true)
        .open(site.path(name))
        .unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(60))
        .unwrap();
}

/// The files below a directory with what is in them.
pub(super) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(directory: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let name = format!("{prefix}{name}");
            if path.is_dir() {
                collect(&path, &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    collect(root, "", &mut files);
    files
}

/// The lines of a run in an order of their own: files are worked on side by side.
pub(super) fn sorted(run: &Run) -> Vec<String> {
    let mut lines: Vec<_> = run.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
