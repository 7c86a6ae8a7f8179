//! What a report is made of.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Map, Value};
use socorro_collector::form::{Form, Style};
use socorro_core::{Dump, DumpName};

use crate::{
    failure::Failure,
    input::{self, Limit},
    named_file::NamedFile,
};

/// What is read from standard input is held in memory.
const MINIDUMP_LIMIT: Limit = Limit {
    bytes: 1 << 30,
    of: "reports",
};
/// How minidumps begin, in either order of bytes.
const MAGIC: [&[u8]; 2] = [b"MDMP", b"PMDM"];
/// What files with the annotations of a minidump end with: Firefox's and Socorro's.
const BESIDE: [&str; 2] = ["extra", "json"];

/// What a report is made of.
#[derive(Debug, Args)]
pub(super) struct ContentArguments {
    /// An annotation; may be repeated
    #[arg(short, long = "annotation", value_name = "KEY=VALUE", value_parser = annotation)]
    annotation: Vec<Annotation>,
    /// A file of annotations: a JSON object
    #[arg(long, value_name = "FILE.json")]
    annotations: Option<PathBuf>,
    /// Take annotations from the file beside each minidump of the same name that ends with .extra or
    /// .json
    #[arg(long)]
    beside: bool,
    /// Another file of each report, by the name of its form field; may be repeated
    #[arg(long, value_name = "NAME=PATH", value_parser = NamedFile::parse)]
    file: Vec<NamedFile>,
    /// Send the annotations as one JSON part, as Firefox does, instead of a part for each
    #[arg(long)]
    json: bool,
}

/// An annotation of the command line. Annotations are private: `Debug` shows the name.
#[derive(Clone)]
struct Annotation {
    name: String,
    value: String,
}

impl std::fmt::Debug for Annotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Annotation({})", self.name)
    }
}

fn annotation(text: &str) -> Result<Annotation, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok(Annotation {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("an annotation is written KEY=VALUE, such as ProductName=MyApp".to_owned()),
    }
}

impl ContentArguments {
    /// The report of a minidump, or of none.
    ///
    /// # Errors
    ///
    /// When a file is not there or cannot be read.
    pub(super) fn form(&self, minidump: Option<&Path>) -> Result<Form, Failure> {
        let style = if self.json {
            Style::Firefox
        } else {
            Style::Curl
        };
        let mut form = Form::in_style(style);
        if let Some(path) = minidump {
            form = with_minidump(form, path)?;
        }
        form = form.annotations(&self.annotations(minidump)?);
        for NamedFile { name, path } in &self.file {
            form = form
                .file_at(name.as_str(), path)
                .map_err(|error| cannot_read(path, &error))?;
        }
        Ok(form)
    }

    fn annotations(&self, minidump: Option<&Path>) -> Result<Map<String, Value>, Failure> {
        let mut annotations = Map::new();
        if self.beside
            && let Some(minidump) = minidump
        {
            annotations.extend(input::annotations(&beside(minidump)?)?.into_map());
        }
        let file = input::annotations_or_none(self.annotations.as_deref())?;
        annotations.extend(file.into_map());
        for Annotation { name, value } in &self.annotation {
            annotations.insert(name.clone(), value.as_str().into());
        }
        Ok(annotations)
    }
}

fn with_minidump(form: Form, path: &Path) -> Result<Form, Failure> {
    let field = DumpName::main();
    match input::dump(path, MINIDUMP_LIMIT)? {
        Dump::Bytes(bytes) => {
            warn_unless_minidump(path, &bytes);
            Ok(form.file(field.as_str(), "minidump.dmp", bytes))
        }
        Dump::File { path, .. } => {
            let mut start = Vec::new();
            File::open(&path)
                .and_then(|file| file.take(4).read_to_end(&mut start))
                .map_err(|error| cannot_read(&path, &error))?;
            warn_unless_minidump(&path, &start);
            form.file_at(field.as_str(), &path)
                .map_err(|error| cannot_read(&path, &error))
        }
    }
}

/// A collector takes whatever comes, and the processor may make something of it.
fn warn_unless_minidump(path: &Path, start: &[u8]) {
    if !MAGIC.iter().any(|magic| start.starts_with(magic)) {
        let name = input::name(path);
        tracing::warn!("{name} is not a minidump: those begin with the letters MDMP");
    }
}

/// The file with the annotations of a minidump.
fn beside(minidump: &Path) -> Result<PathBuf, Failure> {
    let candidates = BESIDE.map(|extension| minidump.with_extension(extension));
    let found = candidates.iter().find(|path| path.is_file());
    found.cloned().ok_or_else(|| {
        let [extra, json] = &candidates;
        Failure::new(format!(
            "there are no annotations beside {}: neither {} nor {}",
            minidump.display(),
            extra.display(),
            json.display()
        ))
        .hint("--annotations names another file; -a KEY=VALUE gives single ones")
    })
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    Failure::because(format_args!("cannot read {}", path.display()), error)
}
