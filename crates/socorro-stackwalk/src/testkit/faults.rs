//! Walkers in child processes that fail when told to.

use std::hint;
use std::process::{self, ExitCode};

use crate::pool;

/// What a minidump does to its walker in a child process started with [`serve_with_faults`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Aborts.
    Abort,
    /// Aborts, and again while what is left is saved.
    AbortAlways,
    /// Needs more memory than anybody has.
    Allocate,
    /// Never ends.
    Loop,
    /// Needs more stack than there is.
    Overflow,
    /// Ends the process with exit code 3.
    Exit,
    /// Panics where no fence of the walk is.
    Panic,
    /// Sends the parent what is not a message.
    Babble,
    /// Opens a file and a socket. Nothing happens if neither works; otherwise it aborts, and says what worked.
    Escape,
}

const ALL: [(Fault, &str); 9] = [
    (Fault::Abort, "abort"),
    (Fault::AbortAlways, "abort always"),
    (Fault::Allocate, "allocate"),
    (Fault::Loop, "loop"),
    (Fault::Overflow, "overflow"),
    (Fault::Exit, "exit"),
    (Fault::Panic, "panic"),
    (Fault::Babble, "babble"),
    (Fault::Escape, "escape"),
];

/// What begins the note at the end of a minidump, where no reader looks.
const NOTE: &str = "FAULT:";

impl Fault {
    /// The minidump with this fault. Other walkers do not see it.
    pub fn put_into(self, mut dump: Vec<u8>) -> Vec<u8> {
        for (fault, name) in ALL {
            if fault == self {
                dump.extend_from_slice(format!("{NOTE}{name}").as_bytes());
            }
        }
        dump
    }

    fn of(dump: &[u8]) -> Option<Self> {
        let noted = |name: &str| dump.ends_with(format!("{NOTE}{name}").as_bytes());
        ALL.iter()
            .find_map(|(fault, name)| noted(name).then_some(*fault))
    }

    fn happen(self) {
        match self {
            Self::Abort | Self::AbortAlways => process::abort(),
            Self::Allocate => drop(hint::black_box(Vec::<u8>::with_capacity(1 << 45))),
            Self::Loop => loop {
                hint::spin_loop();
            },
            Self::Overflow => drop(hint::black_box(descend(0))),
            Self::Exit => process::exit(3),
            Self::Panic => panic!("as told"),
            Self::Babble => drop(rustix::io::write(std::io::stdin(), &[0xff; 64])),
            Self::Escape => {
                for (what, worked) in escapes() {
                    if worked {
                        eprintln!("escaped: {what}");
                        process::abort();
                    }
                }
            }
        }
    }
}

/// [`pool::serve`], but for faults in minidumps.
pub fn serve_with_faults() -> ExitCode {
    pool::serve_after(|dump, is_salvage| match Fault::of(dump) {
        Some(Fault::AbortAlways) => Fault::AbortAlways.happen(),
        Some(fault) if !is_salvage => fault.happen(),
        _ => {}
    })
}

/// Goes deeper as long as it is let, which is for ever.
fn descend(depth: u64) -> u64 {
    let room = hint::black_box([depth; 512]);
    if room[7] == u64::MAX {
        return depth;
    }
    descend(depth + 1).wrapping_add(room[7])
}

fn escapes() -> [(&'static str, bool); 4] {
    [
        ("opened a file", std::fs::File::open("/etc/passwd").is_ok()),
        ("listed a directory", std::fs::read_dir("/").is_ok()),
        (
            "made a socket",
            std::net::UdpSocket::bind("127.0.0.1:0").is_ok(),
        ),
        (
            "started a program",
            process::Command::new("/bin/true").status().is_ok(),
        ),
    ]
}
