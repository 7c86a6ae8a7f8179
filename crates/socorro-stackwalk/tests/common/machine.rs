//! Dumps of machines of all kinds, with random stacks.

use std::fs;
use std::path::Path;

use minidump_synth::{DumpString, Exception, Memory, Module, SynthMinidump, SystemInfo, Thread};
use socorro_stackwalk::SymbolName;
use test_assembler::{Endian, Section};

/// Where the program with symbols is mapped.
const PROGRAM: u64 = 0x40_0000;
/// Where the library without symbols is mapped.
const LIBRARY: u64 = 0x80_0000;
/// Bytes of either.
const SIZE: u64 = 0x1_0000;
/// Words on each stack.
const WORDS: u64 = 96;
/// Debug id of the program.
const DEBUG_ID: &str = "111111111111111111111111111111111";

/// A processor, as minidumps describe it: layouts of `CONTEXT_*` in minidump-common, `format.rs`.
pub struct Machine {
    pub name: &'static str,
    pub has_frame_pointers: bool,
    architecture: u16,
    /// Bytes of a word on the stack.
    word: usize,
    /// Bytes of a register in the context.
    register: usize,
    context_size: usize,
    /// Offset and value of the flags.
    flags: (usize, u32),
    /// Offsets in the context.
    instruction_pointer: usize,
    stack_pointer: usize,
    frame_pointer: usize,
    link_register: Option<usize>,
    /// Unwind rules, and further ones from the middle of the function on.
    rules: &'static str,
    further_rules: &'static str,
}

pub const MACHINES: &[Machine] = &[
    Machine {
        name: "x86",
        has_frame_pointers: true,
        architecture: 0,
        word: 4,
        register: 4,
        context_size: 716,
        flags: (0, 0x1_003f),
        instruction_pointer: 184,
        stack_pointer: 196,
        frame_pointer: 180,
        link_register: None,
        rules: ".cfa: $esp 8 + .ra: .cfa 4 - ^ $ebp: .cfa 8 - ^",
        further_rules: ".cfa: $ebp 8 +",
    },
    Machine {
        name: "amd64",
        has_frame_pointers: true,
        architecture: 9,
        word: 8,
        register: 8,
        context_size: 1232,
        flags: (48, 0x10_001f),
        instruction_pointer: 248,
        stack_pointer: 152,
        frame_pointer: 160,
        link_register: None,
        rules: ".cfa: $rsp 16 + .ra: .cfa 8 - ^ $rbp: .cfa 16 - ^",
        further_rules: ".cfa: $rbp 16 +",
    },
    Machine {
        name: "arm",
        // Only iOS is trusted to have them.
        has_frame_pointers: true,
        architecture: 5,
        word: 4,
        register: 4,
        context_size: 368,
        flags: (0, 0x4000_0006),
        instruction_pointer: 64,
        stack_pointer: 56,
        frame_pointer: 48,
        link_register: Some(60),
        rules: ".cfa: sp 8 + .ra: .cfa 4 - ^ r11: .cfa 8 - ^",
        further_rules: ".cfa: r11 8 +",
    },
    Machine {
        name: "arm64",
        has_frame_pointers: true,
        architecture: 12,
        word: 8,
        register: 8,
        context_size: 912,
        flags: (0, 0x40_0007),
        instruction_pointer: 264,
        stack_pointer: 256,
        frame_pointer: 240,
        link_register: Some(248),
        rules: ".cfa: sp 16 + .ra: .cfa 8 - ^ x29: .cfa 16 - ^",
        further_rules: ".cfa: x29 16 +",
    },
    Machine {
        name: "arm64 (Breakpad's)",
        has_frame_pointers: true,
        architecture: 0x8003,
        word: 8,
        register: 8,
        context_size: 796,
        flags: (0, 0x8000_0000),
        instruction_pointer: 264,
        stack_pointer: 256,
        frame_pointer: 240,
        link_register: Some(248),
        rules: ".cfa: sp 16 + .ra: .cfa 8 - ^ x29: .cfa 16 - ^",
        further_rules: ".cfa: x29 16 +",
    },
    Machine {
        name: "mips",
        has_frame_pointers: false,
        architecture: 1,
        word: 4,
        register: 8,
        context_size: 600,
        flags: (0, 0x4_0000),
        instruction_pointer: 312,
        stack_pointer: 240,
        frame_pointer: 248,
        link_register: Some(256),
        rules: ".cfa: $sp 8 + .ra: .cfa 4 - ^ $fp: .cfa 8 - ^",
        further_rules: ".cfa: $fp 8 +",
    },
];

/// An operating system.
pub struct System {
    pub name: &'static str,
    /// `platform_id` of the minidump.
    pub platform: u32,
}

pub const SYSTEMS: &[System] = &[
    System {
        name: "Windows",
        platform: 2,
    },
    System {
        name: "macOS",
        platform: 0x8101,
    },
    System {
        name: "iOS",
        platform: 0x8102,
    },
    System {
        name: "Linux",
        platform: 0x8201,
    },
    System {
        name: "Android",
        platform: 0x8203,
    },
];

impl Machine {
    /// Writes the symbols of the program under `root`.
    pub fn write_symbols(&self, root: &Path) {
        let name = SymbolName::new("app", DEBUG_ID.parse().unwrap()).unwrap();
        let path = root.join(name.path_parts().join("/"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, self.symbols()).unwrap();
    }

    fn symbols(&self) -> String {
        let Self {
            rules,
            further_rules,
            ..
        } = self;
        format!(
            "MODULE Linux any {DEBUG_ID} app\n\
             FILE 0 src/app.c\n\
             INLINE_ORIGIN 0 helper\n\
             FUNC 1000 1000 4 without_rules\n\
             INLINE 0 12 0 0 1400 800\n\
             1000 800 7 0\n\
             1800 800 8 0\n\
             FUNC 2000 1000 0 with_rules\n\
             2000 1000 20 0\n\
             FUNC 3000 1000 8 with_windows_rules\n\
             3000 1000 30 0\n\
             PUBLIC 4000 0 public\n\
             STACK CFI INIT 2000 1000 {rules}\n\
             STACK CFI 2800 {further_rules}\n\
             STACK WIN 4 3000 800 0 0 8 0 0 0 1 $T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =\n\
             STACK WIN 0 3800 800 0 0 8 4 4 0 0 1\n"
        )
    }

    /// Where the stack of a thread begins.
    fn stack(&self, thread: u32) -> u64 {
        let base: u64 = if self.word == 4 {
            0x7ff0_0000
        } else {
            0x7ffc_0000_0000
        };
        base + 0x1_0000 * u64::from(thread)
    }
}

/// A crash on a machine.
pub struct Report<'a> {
    machine: &'a Machine,
    platform: u32,
    random: Random,
}

impl<'a> Report<'a> {
    pub fn new(machine: &'a Machine, platform: u32, seed: u64) -> Self {
        Self {
            machine,
            platform,
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        }
    }

    pub fn dump(mut self) -> Vec<u8> {
        let endian = Endian::Little;
        let mut system =
            SystemInfo::new(endian).set_processor_architecture(self.machine.architecture);
        system.platform_id = self.platform;
        let mut exception = Exception::new(endian);
        exception.thread_id = 2;
        exception.exception_record.exception_code = 11;
        let names = ["/opt/app", "/usr/lib/library.so"].map(|name| DumpString::new(name, endian));
        let record = code_view();
        let size = u32::try_from(SIZE).unwrap();
        let program = Module::new(endian, PROGRAM, size, &names[0], 1, 0, None).cv_record(&record);
        let library = Module::new(endian, LIBRARY, size, &names[1], 1, 0, None);
        let mut dump = SynthMinidump::with_endian(endian)
            .add_system_info(system)
            .add_exception(exception)
            .add_module(program)
            .add_module(library)
            .add(record);
        for thread in 1..=3 {
            let stack = Memory::with_section(self.stack(thread), self.machine.stack(thread));
            let context = self.context(thread);
            dump = dump
                .add_thread(Thread::new(endian, thread, &stack, &context))
                .add(context)
                .add_memory(stack);
        }
        for name in names {
            dump = dump.add(name);
        }
        dump.finish().unwrap()
    }

    fn stack(&mut self, thread: u32) -> Section {
        (0..WORDS).fold(Section::with_endian(Endian::Little), |section, index| {
            let value = self.word(thread, index);
            if self.machine.word == 4 {
                section.D32(u32::try_from(value).unwrap())
            } else {
                section.D64(value)
            }
        })
    }

    /// What may lie on a stack, at the given place or in a register (place 0).
    fn word(&mut self, thread: u32, index: u64) -> u64 {
        match self.random.below(8) {
            0..=2 => PROGRAM + 0x1000 + self.random.below(0x3400),
            3 => LIBRARY + self.random.below(SIZE),
            4 | 5 => self.above(thread, index),
            6 => 0x20_0000 + self.random.below(0x1000),
            _ => self.random.below(0x100),
        }
    }

    /// An address further up the stack.
    fn above(&mut self, thread: u32, index: u64) -> u64 {
        let word = self.machine.word as u64;
        let further = 1 + self.random.below(8);
        self.machine.stack(thread) + word * (index + further).min(WORDS - 1)
    }

    fn context(&mut self, thread: u32) -> Section {
        let machine = self.machine;
        let mut bytes = vec![0; machine.context_size];
        let (at, flags) = machine.flags;
        bytes[at..at + 4].copy_from_slice(&flags.to_le_bytes());
        let mut set = |at: usize, value: u64| {
            let value = value.to_le_bytes();
            bytes[at..at + machine.register].copy_from_slice(&value[..machine.register]);
        };
        set(machine.instruction_pointer, self.word(thread, 0));
        set(machine.stack_pointer, machine.stack(thread));
        set(machine.frame_pointer, self.above(thread, 0));
        if let Some(at) = machine.link_register {
            set(at, self.word(thread, 0));
        }
        Section::with_endian(Endian::Little).append_bytes(&bytes)
    }
}

/// The record that names debug file and id: PDB 7.0, as Breakpad writes it on every system.
fn code_view() -> Section {
    let section = Section::with_endian(Endian::Little)
        .append_bytes(b"RSDS")
        .append_repeated(0x11, 16)
        .D32(1);
    section.append_bytes(b"app\0")
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
