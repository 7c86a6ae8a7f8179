//! `socorro stackwalk`: the report for one crash on a laptop.

mod subject;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use clap::Args;
use socorro_core::{Dump, DumpName};
use socorro_stackwalk::{DumpSource, Partial, TextReport, WalkError, Walked};

use self::subject::{Named, Subject};
use crate::{
    arguments::{OptionalStorageArguments, WalkArguments},
    exit::Exit,
    failure::{Failure, with_causes},
    input,
    output::Output,
};

const EXAMPLES: &str = "\
Examples:
  socorro stackwalk crash.dmp
  socorro stackwalk crash.dmp --symbols ./symbols --all-threads
  socorro stackwalk crash.dmp --symbols https://symbols.mozilla.org/ --symbols-cache ./cache
  xzcat crash.dmp.xz | socorro stackwalk - --json --pretty
  socorro stackwalk crash.dmp --symbols ./symbols --json --symbolication | jq .causes
  socorro stackwalk de1bb258-cbbf-4589-a673-34f800160918 --storage s3://crashes --output .

Symbols lie as NAME/ID/NAME.sym, with NAME and ID of the MODULE line in them, as
`dump_syms --store DIR` writes them. Of a crash, minidump and annotations come from the storage; exit
code 3 says that it is not there.";

/// Walk the stacks of a minidump, in a file or of a crash in storage: why it crashed, and where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StackwalkArguments {
    /// The minidump, or the id of a crash in storage; `-` reads a minidump from standard input
    #[arg(value_name = "FILE.dmp|CRASHID")]
    dump: PathBuf,
    #[command(flatten)]
    storage: OptionalStorageArguments,
    /// Of a crash in storage: which of its minidumps
    #[arg(long, value_name = "NAME", default_value_t = DumpName::main())]
    name: DumpName,
    /// Write NAME.dump.json and NAME.dump.log into this directory, in place of the report; NAME is
    /// the crash id, or that of the file
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "all_threads"])]
    output: Option<PathBuf>,
    #[command(flatten)]
    walk: WalkArguments,
    /// Crash annotations that came with the minidump: a JSON object
    #[arg(long, value_name = "FILE")]
    annotations: Option<PathBuf>,
    /// Print JSON as minidump-stackwalk does; the field json_dump of a processed crash holds the same
    #[arg(long)]
    json: bool,
    /// Indent the JSON
    #[arg(long, requires = "json")]
    pretty: bool,
    /// With --json: print which frames have no function name and why, as the field symbolication of a
    /// processed crash has it, in place of the stackwalk
    #[arg(long, requires = "json")]
    symbolication: bool,
    /// Show all frames of all threads, not only those of the thread that crashed
    #[arg(long, conflicts_with = "json")]
    all_threads: bool,
}

impl StackwalkArguments {
    /// Makes the file for a log of the walk, if one is wanted.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(crate) fn log_file(&self) -> Result<Option<File>, Failure> {
        let Some(directory) = &self.output else {
            return Ok(None);
        };
        let path = self.beside(directory, "log");
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        // Readable for the owner only: the log names what the crash was about.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let made = fs::create_dir_all(directory).and_then(|()| options.open(&path));
        made.map(Some).map_err(|error| {
            Failure::because(format_args!("cannot write {}", path.display()), &error)
        })
    }

    /// The path of a file about the minidump.
    fn beside(&self, directory: &Path, kind: &str) -> PathBuf {
        let stem = Named::of(&self.dump).stem();
        directory.join(format!("{stem}.dump.{kind}"))
    }
}

pub(crate) async fn run(
    arguments: &StackwalkArguments,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let limit = arguments.walk.limit();
    let mut subject = match Named::of(&arguments.dump) {
        Named::File(path) => Subject::in_file(&path, limit)?,
        Named::Crash(id) => {
            let storage = arguments.storage.address();
            Subject::in_storage(&id, &arguments.name, storage, limit).await?
        }
    };
    if let Some(annotations) = &arguments.annotations {
        subject.annotations = input::annotations(annotations)?;
    }
    let walker = arguments.walk.walker()?;
    let source = match &subject.dump {
        Dump::Bytes(bytes) => DumpSource::Bytes(bytes.clone()),
        Dump::File { path, .. } => DumpSource::Path(path),
    };
    tracing::info!(minidump = subject.name, "walking");
    let walked = walker
        .walked(source, subject.annotations.as_map())
        .await
        .map_err(|error| failure(&subject, &error))
        .inspect_err(|failure| tracing::info!("{}", failure.message()))?;
    if let Some(directory) = &arguments.output {
        let path = arguments.beside(directory, "json");
        write_json(&walked, &path)?;
        output.line(path.display())?;
        output.line(arguments.beside(directory, "log").display())?;
    } else if arguments.json {
        print_json(&walked, arguments, output)?;
    } else {
        let stackwalk = walked.to_stackwalk();
        let report = TextReport::new(stackwalk.document())
            .symbolication(stackwalk.symbolication())
            .all_threads(arguments.all_threads)
            .color(output.color());
        output.bytes(report.to_string().as_bytes())?;
    }
    match walked.partial() {
        Some(partial) => Err(incomplete(&subject, partial)),
        None => Ok(Exit::Success),
    }
}

/// Writes the document; the file is there when it is whole.
fn write_json(walked: &Walked, path: &Path) -> Result<(), Failure> {
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    let write = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        let mut writer = io::BufWriter::new(file.as_file_mut());
        walked.write_json(&mut writer)?;
        io::Write::write_all(&mut writer, b"\n")?;
        io::Write::flush(&mut writer)?;
        drop(writer);
        file.persist(path)?;
        Ok(())
    };
    write()
        .map_err(|error| Failure::because(format_args!("cannot write {}", path.display()), &error))
}

/// Prints the document in the very form of the reference program, or the report on symbols.
fn print_json(
    walked: &Walked,
    arguments: &StackwalkArguments,
    output: &mut Output,
) -> Result<(), Failure> {
    let mut text = Vec::new();
    let written = match (arguments.symbolication, arguments.pretty) {
        (false, false) => walked.write_json(&mut text),
        (false, true) => pretty(&mut text, &walked.document()),
        (true, false) => {
            serde_json::to_writer(&mut text, &walked.symbolication()).map_err(io::Error::from)
        }
        (true, true) => pretty(&mut text, &walked.symbolication()),
    };
    written.map_err(|error| Failure::because("cannot write JSON", &error))?;
    text.push(b'\n');
    output.bytes(&text)
}

fn pretty(text: &mut Vec<u8>, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(text, value).map_err(io::Error::from)
}

/// The result that was printed is not the one that was hoped for.
fn incomplete(subject: &Subject, partial: &Partial) -> Failure {
    let file = &subject.name;
    let failure = Failure::new(format!("minidump {file} was walked in part: {partial}"));
    match partial {
        Partial::DeadlinePassed { .. } => failure.hint(SLOW),
        _ => failure,
    }
}

const SLOW: &str = "--deadline sets how long it may take; slow symbol servers are a common cause";

/// Names the file, which the walker knows as bytes only.
fn failure(subject: &Subject, error: &WalkError) -> Failure {
    let file = &subject.name;
    let failure = match error {
        WalkError::Unreadable { name, reason } => {
            Failure::new(format!("cannot read minidump {file}: {reason} ({name})"))
        }
        WalkError::Unprocessable { name, reason } => {
            Failure::new(format!("cannot walk minidump {file}: {reason} ({name})"))
        }
        WalkError::File { .. } | WalkError::Directory { .. } => Failure::new(with_causes(error)),
        WalkError::TooLarge { size, limit } => {
            return Failure::new(format!(
                "cannot read minidump {file}: its {size} bytes are over the limit of {limit}"
            ))
            .hint("--max-dump-size sets the limit");
        }
        WalkError::DeadlinePassed { .. } => {
            return Failure::because(format_args!("cannot walk minidump {file}"), error).hint(SLOW);
        }
        _ => return Failure::because(format_args!("cannot walk minidump {file}"), error),
    };
    failure.hint(input::minidump_hint(&subject.path, error.name()))
}
