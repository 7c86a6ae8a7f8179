//! Dumps and symbols made by hand.

use std::fs;
use std::path::Path;

use minidump_synth::{
    DumpString, Exception, Memory, Module, SimpleStream, SynthMinidump, SystemInfo, Thread,
    ThreadName, amd64_context,
};
use socorro_stackwalk::SymbolName;
use test_assembler::{Endian, Section};

/// `PROCESSOR_ARCHITECTURE_AMD64`.
const AMD64: u16 = 9;
/// `VER_PLATFORM` of Linux, as Breakpad writes it.
const LINUX: u32 = 0x8201;
/// `VER_PLATFORM_WIN32_NT`.
const WINDOWS: u32 = 2;
/// Where the stack begins.
pub const STACK: u64 = 0x7ffc_0000_0000;
/// Where the program is mapped.
pub const BASE: u64 = 0x40_0000;
/// Where a library without symbols is mapped.
pub const LIBRARY: u64 = 0x60_0000;
/// Stream type of the handle data.
pub const HANDLE_DATA: u32 = 12;

/// The debug id of the program with this number: the same digit throughout.
pub fn debug_id(program: u8) -> String {
    format!("{}1", format!("{program:X}").repeat(32))
}

/// A crash on Linux, amd64: program `app` called `main`, which called `crash_here`, into which `helper` is inlined.
pub struct Crash {
    pub program: u8,
    pub thread_name: String,
    /// How often `main` called itself.
    pub recursion: usize,
    /// How many frames without a module follow each other by frame pointers, instead.
    pub chained: u64,
    /// Whether the minidump tells the debug id.
    pub has_debug_id: bool,
    pub code_file: String,
    /// Where the crash happened.
    pub instruction: u64,
    /// Where further threads are; each was called by `main`. With such there is a library at [`LIBRARY`].
    pub threads: Vec<u64>,
    platform: u32,
    streams: Vec<(u32, Vec<u8>)>,
}

impl Crash {
    pub fn new(program: u8) -> Self {
        Self {
            program,
            thread_name: "worker".to_owned(),
            recursion: 0,
            chained: 0,
            has_debug_id: true,
            code_file: "/opt/product/app".to_owned(),
            instruction: BASE + 0x1014,
            threads: Vec::new(),
            platform: LINUX,
            streams: Vec::new(),
        }
    }

    /// Adds a stream of the given type.
    pub fn stream(mut self, kind: u32, words: &[u32]) -> Self {
        self.streams.push((
            kind,
            words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        ));
        self
    }

    /// The same on Windows, where a module has a code id of its own.
    pub fn on_windows(mut self) -> Self {
        self.platform = WINDOWS;
        self
    }

    pub fn dump(&self) -> Vec<u8> {
        let endian = Endian::Little;
        let context = amd64_context(endian, self.instruction, STACK);
        let stack = Memory::with_section(self.stack().D64(0).D64(0), STACK);
        let thread = Thread::new(endian, 7, &stack, &context);
        let mut system = SystemInfo::new(endian).set_processor_architecture(AMD64);
        system.platform_id = self.platform;
        let mut exception = Exception::new(endian);
        exception.thread_id = 7;
        // SIGSEGV, SEGV_MAPERR.
        exception.exception_record.exception_code = 11;
        exception.exception_record.exception_flags = 1;
        let name = DumpString::new(&self.code_file, endian);
        let thread_name = DumpString::new(&self.thread_name, endian);
        let record = self.code_view();
        let module =
            Module::new(endian, BASE, 0x1_0000, &name, 0x5f00_0000, 0, None).cv_record(&record);
        let dump = SynthMinidump::with_endian(endian)
            .add_system_info(system)
            .add_exception(exception)
            .add_thread(thread)
            .add_thread_name(ThreadName::new(endian, 7, Some(&thread_name)))
            .add_module(module)
            .add(name)
            .add(thread_name)
            .add(record)
            .add(context)
            .add_memory(stack);
        let dump = self.streams.iter().fold(dump, |dump, (kind, bytes)| {
            let section = Section::with_endian(endian).append_bytes(bytes);
            dump.add_stream(SimpleStream {
                stream_type: *kind,
                section,
            })
        });
        let mut dump = self.add_threads(dump).finish().unwrap();
        if self.chained > 0 {
            set_frame_pointer(&mut dump, self.instruction, STACK);
        }
        dump
    }

    fn add_threads(&self, mut dump: SynthMinidump) -> SynthMinidump {
        if self.threads.is_empty() {
            return dump;
        }
        let endian = Endian::Little;
        let name = DumpString::new("/usr/lib/library", endian);
        let record = Section::with_endian(endian)
            .append_bytes(b"RSDS")
            .append_repeated(0x77, 16)
            .D32(1)
            .append_bytes(b"library\0");
        let module = Module::new(endian, LIBRARY, 0x1000, &name, 0, 0, None).cv_record(&record);
        dump = dump.add_module(module).add(name).add(record);
        for (id, instruction) in (100..).zip(&self.threads) {
            let top = STACK + u64::from(id) * 0x1000;
            let stack = Section::with_endian(endian).D64(BASE + 0x2050).D64(0);
            let stack = Memory::with_section(stack.D64(0), top);
            let context = amd64_context(endian, *instruction, top);
            let thread = Thread::new(endian, id, &stack, &context);
            dump = dump.add_thread(thread).add(context).add_memory(stack);
        }
        dump
    }

    fn stack(&self) -> Section {
        let section = Section::with_endian(Endian::Little);
        if self.chained > 0 {
            // Address of the next frame pointer, and a return address to nowhere.
            return (1..=self.chained).fold(section, |section, index| {
                section.D64(STACK + 16 * index).D64(0x5000_0000)
            });
        }
        // Return addresses into `main`.
        (0..=self.recursion).fold(section, |section, _| section.D64(BASE + 0x2050))
    }

    /// The record that names debug file and id: PDB 7.0, as Breakpad writes it on every system.
    fn code_view(&self) -> Section {
        let digit = if self.has_debug_id { self.program } else { 0 };
        let section = Section::with_endian(Endian::Little)
            .append_bytes(b"RSDS")
            .append_repeated(digit * 0x11, 16)
            .D32(1);
        section.append_bytes(b"app\0")
    }
}

/// Sets the frame pointer in the context, which lies 0x58 bytes before the instruction pointer.
fn set_frame_pointer(dump: &mut [u8], instruction: u64, pointer: u64) {
    let instruction = instruction.to_le_bytes();
    let at = dump
        .windows(8)
        .position(|bytes| bytes == instruction)
        .unwrap()
        - 0x58;
    dump[at..at + 8].copy_from_slice(&pointer.to_le_bytes());
}

/// Symbols of the program with this number.
pub fn symbols(program: u8) -> String {
    format!(
        "MODULE Linux x86_64 {} app\n\
         FILE 0 src/app.c\n\
         INLINE_ORIGIN 0 helper\n\
         FUNC 1000 100 0 crash_here\n\
         INLINE 0 12 0 0 1010 10\n\
         1000 100 7 0\n\
         FUNC 2000 100 0 main\n\
         2000 100 20 0\n\
         STACK CFI INIT 1000 100 .cfa: $rsp 8 + .ra: .cfa 8 - ^\n\
         STACK CFI INIT 2000 100 .cfa: $rsp 8 + .ra: .cfa 8 - ^\n",
        debug_id(program)
    )
}

/// Writes a symbol file of the program with this number where it is looked for under `root`.
pub fn write_symbols(root: &Path, program: u8, text: &str) {
    let name = SymbolName::new("app", debug_id(program).parse().unwrap()).unwrap();
    let path = root.join(name.path_parts().join("/"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
