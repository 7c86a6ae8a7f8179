//! A minidump made by hand, and its symbols.

use minidump_synth::{
    DumpString, Exception, Memory, Module, SynthMinidump, SystemInfo, Thread, amd64_context,
};
use test_assembler::{Endian, Section};

/// `PROCESSOR_ARCHITECTURE_AMD64`.
const AMD64: u16 = 9;
/// Linux, as Breakpad numbers platforms.
const LINUX: u32 = 0x8201;
/// Where the stack begins.
const STACK: u64 = 0x7ffc_0000_0000;
/// Where the program `app` is mapped.
const BASE: u64 = 0x40_0000;
/// Number of the thread.
const THREAD: u32 = 7;

/// Where the symbols of the program lie in a tree.
pub(crate) const SYMBOL_FILE: &str = "app/111111111111111111111111111111111/app.sym";

/// A crash of `app` on Linux, amd64: `main` called `crash_here`, which met SIGSEGV.
pub(crate) fn minidump() -> Vec<u8> {
    let endian = Endian::Little;
    let context = amd64_context(endian, BASE + 0x1014, STACK);
    // The return address into `main`, then the end of the stack.
    let stack = Section::with_endian(endian)
        .D64(BASE + 0x2050)
        .D64(0)
        .D64(0);
    let stack = Memory::with_section(stack, STACK);
    let thread = Thread::new(endian, THREAD, &stack, &context);
    let mut system = SystemInfo::new(endian).set_processor_architecture(AMD64);
    system.platform_id = LINUX;
    let mut exception = Exception::new(endian);
    exception.thread_id = THREAD;
    // SIGSEGV, SEGV_MAPERR.
    exception.exception_record.exception_code = 11;
    exception.exception_record.exception_flags = 1;
    let name = DumpString::new("/opt/product/app", endian);
    // Debug file and debug id: PDB 7.0, as Breakpad writes it on every system.
    let record = Section::with_endian(endian)
        .append_bytes(b"RSDS")
        .append_repeated(0x11, 16)
        .D32(1)
        .append_bytes(b"app\0");
    let module = Module::new(endian, BASE, 0x1_0000, &name, 0x5f00_0000, 0, None);
    SynthMinidump::with_endian(endian)
        .add_system_info(system)
        .add_exception(exception)
        .add_thread(thread)
        .add_module(module.cv_record(&record))
        .add(name)
        .add(record)
        .add(context)
        .add_memory(stack)
        .finish()
        .unwrap()
}

/// The symbols of the program, or of another build of it.
pub(crate) fn symbols(debug_id: &str) -> String {
    format!(
        "MODULE Linux x86_64 {debug_id} app\n\
         FILE 0 src/app.c\n\
         FUNC 1000 100 0 crash_here\n\
         1000 100 7 0\n\
         FUNC 2000 100 0 main\n\
         2000 100 20 0\n\
         STACK CFI INIT 1000 100 .cfa: $rsp 8 + .ra: .cfa 8 - ^\n\
         STACK CFI INIT 2000 100 .cfa: $rsp 8 + .ra: .cfa 8 - ^\n"
    )
}

/// The debug id in [`SYMBOL_FILE`].
pub(crate) fn debug_id() -> &'static str {
    SYMBOL_FILE.split('/').nth(1).unwrap()
}
