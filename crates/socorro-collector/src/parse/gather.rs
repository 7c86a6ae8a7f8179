//! What the parts of a form make together.

use bytes::Bytes;
use futures::Stream;
use serde_json::{Map, Value};
use socorro_core::DumpName;

use super::{
    Options, ParseError, Payload, ReportFile,
    buffer::{self, Buffer},
    charset,
    content::{Content, Space, Writer},
    files::{Files, Name},
    json,
    multipart::Multipart,
    notes::Notes,
    part::{BINARY, Head, Kind, Oddity},
};
use crate::{Limits, Malformed, Reservation};

/// What an annotation takes besides its name and value.
const ANNOTATION: usize = size_of::<String>() + size_of::<Value>() + 32;
/// How many names a note lists.
const MOST_NAMES: usize = 20;

/// The report so far.
#[derive(Debug)]
pub(super) struct Gathered<'a> {
    options: &'a Options,
    pub(super) annotations: Map<String, Value>,
    pub(super) files: Files,
    pub(super) notes: Notes,
    pub(super) space: Space,
    pub(super) memory: Reservation,
    /// What is reserved for annotations.
    held: u64,
    has_json: bool,
    has_fields: bool,
    unnamed: usize,
    /// Files that were one too many.
    surplus: usize,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(options: &'a Options, memory: Reservation) -> Self {
        Self {
            options,
            annotations: Map::new(),
            files: Files::default(),
            notes: Notes::new(options.observations),
            space: Space::new(&options.scratch),
            memory,
            held: 0,
            has_json: false,
            has_fields: false,
            unnamed: 0,
            surplus: 0,
        }
    }

    /// The field of the main minidump.
    pub(super) fn main(&self) -> &'a DumpName {
        &self.options.main_dump
    }

    /// The bounds.
    pub(super) fn limits(&self) -> Limits {
        self.options.limits
    }

    /// Takes a part with its content.
    pub(super) async fn add<S>(
        &mut self,
        head: &Head,
        form: &mut Multipart<S>,
    ) -> Result<(), ParseError>
    where
        S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
    {
        let Some(name) = head.name(self.options.decode_percent_names) else {
            self.unnamed += 1;
            return Ok(());
        };
        for oddity in head.oddities() {
            let note = match oddity {
                Oddity::Name => format!("field name is not UTF-8: {name}"),
                Oddity::FileName => format!("file name cannot be decoded: {name}"),
            };
            self.notes.add(note, &mut self.memory)?;
        }
        match head.kind() {
            Kind::Json => self.add_json(form).await,
            Kind::Text { charset } => self.add_text(name, &charset, form).await,
            Kind::File => self.add_file(name, head, form).await,
        }
    }

    async fn add_json<S>(&mut self, form: &mut Multipart<S>) -> Result<(), ParseError>
    where
        S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
    {
        let limits = &self.options.limits;
        let Some(mut bytes) = read(form, limits.json, &mut self.memory).await? else {
            return Err(Malformed::TooLarge.into());
        };
        let before = self.memory.bytes();
        let read = json::read(bytes.bytes(), limits, &mut self.memory)?;
        let held = self.memory.bytes().saturating_sub(before);
        bytes.release(&mut self.memory);
        self.has_json = true;
        if read.replaced {
            let note = "replaced lone surrogates in json-encoded extra";
            self.notes.add(note, &mut self.memory)?;
        }
        let before = std::mem::replace(&mut self.annotations, read.values);
        if !before.is_empty() {
            let note = || dropped(&before, &self.annotations);
            self.notes.observe(note, &mut self.memory)?;
        }
        self.memory.shrink(std::mem::replace(&mut self.held, held));
        Ok(())
    }

    async fn add_text<S>(
        &mut self,
        name: String,
        charset: &str,
        form: &mut Multipart<S>,
    ) -> Result<(), ParseError>
    where
        S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
    {
        const PROBLEM: &str = "extract payload text part exception";
        self.has_fields = true;
        let most = self.options.limits.annotation;
        let Some(bytes) = read(form, most, &mut self.memory).await? else {
            let note = format!("{PROBLEM}: body part is too large");
            return self.notes.add(note, &mut self.memory);
        };
        let reserved = bytes.capacity();
        let Some(text) = charset::decode(bytes.into_vec(), charset) else {
            self.memory.shrink(reserved as u64);
            let note = format!("{PROBLEM}: invalid text or charset: {charset}");
            return self.notes.add(note, &mut self.memory);
        };
        let more = text.len().saturating_sub(reserved) + name.len() + ANNOTATION;
        buffer::reserve(&mut self.memory, more)?;
        self.held += (reserved + more) as u64;
        if let Some(Value::String(replaced)) = self.annotations.insert(name, Value::String(text)) {
            let released = self.held.min(replaced.len() as u64);
            self.memory.shrink(released);
            self.held -= released;
        }
        Ok(())
    }

    async fn add_file<S>(
        &mut self,
        field: String,
        head: &Head,
        form: &mut Multipart<S>,
    ) -> Result<(), ParseError>
    where
        S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
    {
        let content_type = head.content_type();
        if content_type != BINARY {
            let note = format!("unknown content type: {field} {content_type}");
            self.notes.add(note, &mut self.memory)?;
        }
        let name = Name::of(&field)?;
        let most = self.options.limits.files;
        if most != 0 && self.files.len() >= most && !self.files.contains(&field) {
            self.surplus += 1;
            return Ok(());
        }
        let file_name = head.file_name().map(str::to_owned);
        let names = field.len() + file_name.as_ref().map_or(0, String::len);
        buffer::reserve(&mut self.memory, names + size_of::<ReportFile>())?;
        let content = self.write(form).await?;
        if let Some(replaced) = self.files.insert(field.clone(), name, file_name, content) {
            replaced.discard(&mut self.memory).await;
            let note = || format!("file {field:?} came more than once: the last one counts");
            self.notes.observe(note, &mut self.memory)?;
        }
        Ok(())
    }

    /// Writes the content of a part to a file.
    async fn write<S>(&mut self, form: &mut Multipart<S>) -> Result<Content, ParseError>
    where
        S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
    {
        let mut writer = Writer::new(self.options.limits.file);
        while let Some(data) = form.content().await? {
            writer
                .write(data, &mut self.space, &mut self.memory)
                .await?;
        }
        writer.finish(&mut self.space, &mut self.memory).await
    }

    /// Notes what is known only at the end, and tells how the annotations came.
    ///
    /// # Errors
    ///
    /// [`Malformed::NoAnnotations`].
    pub(super) fn conclude(&mut self) -> Result<Payload, ParseError> {
        if self.annotations.is_empty() {
            return Err(Malformed::NoAnnotations.into());
        }
        if self.has_json && self.has_fields {
            let note = "includes annotations in both json-encoded extra and formdata parts";
            self.notes.add(note, &mut self.memory)?;
        }
        let unnamed = self.unnamed;
        if unnamed > 0 {
            let note = || format!("{unnamed} parts without a name dropped");
            self.notes.observe(note, &mut self.memory)?;
        }
        if self.surplus > 0 {
            let (surplus, most) = (self.surplus, self.options.limits.files);
            let note = format!("{surplus} files dropped: more than {most}");
            self.notes.add(note, &mut self.memory)?;
        }
        Ok(if self.has_json {
            Payload::Json
        } else {
            Payload::Multipart
        })
    }
}

/// The content of a part; `None` when it is larger than `most` (0 for any).
async fn read<S>(
    form: &mut Multipart<S>,
    most: usize,
    memory: &mut Reservation,
) -> Result<Option<Buffer>, ParseError>
where
    S: Stream<Item = Result<Bytes, ParseError>> + Unpin,
{
    let mut buffer = Buffer::default();
    while let Some(data) = form.content().await? {
        if most != 0 && buffer.len() + data.len() > most {
            buffer.release(memory);
            return Ok(None);
        }
        buffer.push(data, memory)?;
    }
    Ok(Some(buffer))
}

fn dropped(before: &Map<String, Value>, now: &Map<String, Value>) -> String {
    let names: Vec<_> = before
        .keys()
        .filter(|name| !now.contains_key(*name))
        .collect();
    let listed: Vec<_> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| name.as_str())
        .collect();
    let count = names.len();
    format!(
        "{count} annotations before json-encoded extra dropped: {}",
        listed.join(", ")
    )
}
