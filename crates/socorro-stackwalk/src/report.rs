//! The result of a walk.

use serde_json::{Map, Value};

use crate::text::TextReport;
use crate::walked::Partial;

/// The stackwalk document of one minidump, with names for what is asked for most.
///
/// It is the JSON object that a processed crash keeps in its field `json_dump`; a stored one is as good as a fresh one.
/// Parts that are missing or of another type count as absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Stackwalk {
    document: Map<String, Value>,
    partial: Option<Partial>,
    symbolication: Option<Map<String, Value>>,
}

impl Stackwalk {
    /// Wraps a stackwalk document, fresh or stored.
    pub fn new(document: Map<String, Value>) -> Self {
        Self {
            document,
            partial: None,
            symbolication: None,
        }
    }

    pub(crate) fn with_partial(mut self, partial: Option<Partial>) -> Self {
        self.partial = partial;
        self
    }

    pub(crate) fn with_symbolication(mut self, symbolication: Map<String, Value>) -> Self {
        self.symbolication = Some(symbolication);
        self
    }

    pub(crate) fn take_symbolication(&mut self) -> Option<Map<String, Value>> {
        self.symbolication.take()
    }

    /// Which frames have no function name, and why: the field `symbolication` of a processed crash. `None` if the
    /// document was stored.
    pub fn symbolication(&self) -> Option<&Map<String, Value>> {
        self.symbolication.as_ref()
    }

    /// Why the walk did not come to its end; `None` if it did, or if the document was stored, which does not tell.
    pub fn partial(&self) -> Option<&Partial> {
        self.partial.as_ref()
    }

    /// The document.
    pub fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// The document as a JSON value.
    pub fn into_json(self) -> Value {
        Value::Object(self.document)
    }

    /// Why the process crashed, as in `SIGSEGV / SEGV_MAPERR`; `None` if it did not.
    pub fn crash_reason(&self) -> Option<&str> {
        self.view().crash_text("type")
    }

    /// The address that the crash was about, as in `0x0000000000000000`.
    pub fn crash_address(&self) -> Option<&str> {
        self.view().crash_text("address")
    }

    /// Index of the crashing thread in [`threads`](Self::threads).
    pub fn crashing_thread_index(&self) -> Option<usize> {
        self.view().crashing_thread_index()
    }

    /// The crashing thread.
    pub fn crashing_thread(&self) -> Option<Thread<'_>> {
        self.view().crashing_thread()
    }

    /// All threads.
    pub fn threads(&self) -> impl Iterator<Item = Thread<'_>> {
        self.view().threads()
    }

    /// All modules.
    pub fn modules(&self) -> impl Iterator<Item = ModuleReport<'_>> {
        self.view().modules()
    }

    /// The report for people.
    pub fn to_text(&self) -> String {
        TextReport::new(&self.document)
            .symbolication(self.symbolication.as_ref())
            .to_string()
    }

    fn view(&self) -> StackwalkView<'_> {
        StackwalkView(&self.document)
    }
}

/// A stackwalk document that belongs to somebody else, as the field `json_dump` of a processed crash. Parts that are
/// missing or of another type count as absent.
#[derive(Clone, Copy, Debug)]
pub struct StackwalkView<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> StackwalkView<'a> {
    /// Looks at a document.
    pub fn new(document: &'a Map<String, Value>) -> Self {
        Self(document)
    }

    /// A member of the object under `field`.
    pub fn member(&self, field: &str, member: &str) -> Option<&'a Value> {
        self.0.get(field)?.get(member)
    }

    /// The objects in the array under `field`.
    pub fn objects(&self, field: &str) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
        objects(self.0, field)
    }

    /// A text in the object `crash_info`.
    pub fn crash_text(&self, member: &str) -> Option<&'a str> {
        self.member("crash_info", member)?.as_str()
    }

    /// The crash address as the machine reported it, and what disassembly makes of it.
    pub fn crash_address_in_words(&self) -> Option<String> {
        let address = self.crash_text("address")?;
        let adjusted = self.member("crash_info", "adjusted_address");
        let part = |member: &str| adjusted?.get(member)?.as_str();
        Some(match part("kind") {
            Some("null-pointer") => match part("offset") {
                Some(offset) if offset.trim_start_matches(['0', 'x']).is_empty() => {
                    format!("{address} (null pointer)")
                }
                offset => format!(
                    "{address} (null pointer with offset {})",
                    offset.unwrap_or("unknown")
                ),
            },
            Some("non-canonical") => format!(
                "{address} (not canonical: really {})",
                part("address").unwrap_or("unknown")
            ),
            _ => address.to_owned(),
        })
    }

    /// Index of the crashing thread in [`threads`](Self::threads).
    pub fn crashing_thread_index(&self) -> Option<usize> {
        self.member("crash_info", "crashing_thread")?
            .as_u64()?
            .try_into()
            .ok()
    }

    /// The crashing thread; of the two copies in a document the one with the registers.
    pub fn crashing_thread(&self) -> Option<Thread<'a>> {
        let copy = self
            .0
            .get("crashing_thread")
            .and_then(Value::as_object)
            .map(Thread);
        copy.or_else(|| self.threads().nth(self.crashing_thread_index()?))
    }

    /// All threads.
    pub fn threads(&self) -> impl Iterator<Item = Thread<'a>> + use<'a> {
        self.objects("threads").map(Thread)
    }

    /// All modules.
    pub fn modules(&self) -> impl Iterator<Item = ModuleReport<'a>> + use<'a> {
        self.objects("modules").map(ModuleReport)
    }
}

/// One thread of a stackwalk document.
#[derive(Clone, Copy, Debug)]
pub struct Thread<'a>(&'a Map<String, Value>);

impl<'a> Thread<'a> {
    /// The operating system's number of the thread.
    pub fn id(&self) -> Option<u64> {
        self.0.get("thread_id")?.as_u64()
    }

    /// The name of the thread.
    pub fn name(&self) -> Option<&'a str> {
        text(self.0, "thread_name")
    }

    /// The last error of the thread (Windows).
    pub fn last_error(&self) -> Option<&'a str> {
        text(self.0, "last_error_value")
    }

    /// How many frames it has, if the document tells it; some may have been left out of the document.
    pub fn frame_count(&self) -> Option<u64> {
        self.0.get("frame_count")?.as_u64()
    }

    /// The frames, innermost first.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'a>> + use<'a> {
        objects(self.0, "frames").map(Frame)
    }
}

/// One frame of a thread.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a>(&'a Map<String, Value>);

impl<'a> Frame<'a> {
    /// The number of the frame in its thread, if the document tells it.
    pub fn number(&self) -> Option<u64> {
        self.0.get("frame")?.as_u64()
    }

    /// The function, if its name is known.
    pub fn function(&self) -> Option<&'a str> {
        text(self.0, "function")
    }

    /// The source file, if it is known.
    pub fn file(&self) -> Option<&'a str> {
        text(self.0, "file")
    }

    /// The line in the source file, if it is known.
    pub fn line(&self) -> Option<u64> {
        self.0.get("line")?.as_u64()
    }

    /// File name of the module that the frame lies in.
    pub fn module(&self) -> Option<&'a str> {
        text(self.0, "module")
    }

    /// Address of the instruction.
    pub fn address(&self) -> Option<&'a str> {
        text(self.0, "offset")
    }

    /// Address of the instruction relative to the module.
    pub fn module_offset(&self) -> Option<&'a str> {
        text(self.0, "module_offset")
    }

    /// The note of a frame that stands for many left out, as a processor writes it into stacks that are too long.
    pub fn truncation(&self) -> Option<&'a str> {
        self.0.get("truncated")?.get("msg")?.as_str()
    }

    /// How the frame was found: `context`, `cfi`, `frame_pointer`, `scan`, `cfi_scan`, `prewalked`.
    pub fn trust(&self) -> Option<&'a str> {
        text(self.0, "trust")
    }

    /// The functions inlined at the address, innermost first.
    pub fn inlines(&self) -> impl Iterator<Item = Frame<'a>> + use<'a> {
        objects(self.0, "inlines").map(Frame)
    }

    /// Names of unloaded modules that covered the address, with the offsets in them.
    pub fn unloaded_modules(&self) -> impl Iterator<Item = (&'a str, Vec<&'a str>)> + use<'a> {
        objects(self.0, "unloaded_modules").filter_map(|module| {
            let offsets = module.get("offsets").and_then(Value::as_array);
            let offsets = offsets
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            Some((text(module, "module")?, offsets))
        })
    }

    /// Names and values of the registers, of the first frame of the crashing thread only.
    pub fn registers(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let registers = self.0.get("registers").and_then(Value::as_object);
        registers
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }
}

/// One module of a stackwalk document.
#[derive(Clone, Copy, Debug)]
pub struct ModuleReport<'a>(&'a Map<String, Value>);

impl<'a> ModuleReport<'a> {
    /// File name of the module.
    pub fn filename(&self) -> Option<&'a str> {
        text(self.0, "filename")
    }

    /// File name of the debug information.
    pub fn debug_file(&self) -> Option<&'a str> {
        text(self.0, "debug_file")
    }

    /// Identifier of the debug information.
    pub fn debug_id(&self) -> Option<&'a str> {
        text(self.0, "debug_id")
    }

    /// Where the module begins.
    pub fn base_address(&self) -> Option<&'a str> {
        text(self.0, "base_addr")
    }

    /// Version of the module.
    pub fn version(&self) -> Option<&'a str> {
        text(self.0, "version")
    }

    /// What became of the module's symbols; `None` if the walk had no need for them.
    pub fn symbols(&self) -> Option<SymbolStatus> {
        let is = |field| self.0.get(field).and_then(Value::as_bool).unwrap_or(false);
        if is("corrupt_symbols") {
            Some(SymbolStatus::Corrupt)
        } else if is("loaded_symbols") {
            Some(SymbolStatus::Loaded)
        } else {
            is("missing_symbols").then_some(SymbolStatus::Missing)
        }
    }
}

/// What became of the symbols that a walk looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolStatus {
    /// They were found.
    Loaded,
    /// No source has them.
    Missing,
    /// A file was found that is not a symbol file, or a damaged one.
    Corrupt,
}

fn text<'a>(object: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    object.get(field)?.as_str()
}

fn objects<'a>(
    object: &'a Map<String, Value>,
    field: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    object
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
}
