//! A fence around code that may panic on hostile input.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    /// `file:line`, or `unknown place`.
    pub(crate) location: String,
    /// What the panic said.
    pub(crate) message: String,
}

/// Runs `work`; a panic in it is caught and reported instead of printed.
///
/// A panic tells its place to the process-wide panic hook only. The first call therefore installs a hook that notes
/// the place of panics inside a fence, and hands all others to the hook that was there before. A program that replaces
/// the hook later loses nothing but the place.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let outer = FENCE.replace(Fence::Up(None));
    // What `work` leaves behind on a panic is its own: symbol caches recover from poisoned locks, walks are discarded.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let fence = FENCE.replace(outer);
    result.map_err(|payload| match fence {
        Fence::Up(Some(panic)) => panic,
        _ => Panic {
            location: "unknown place".to_owned(),
            message: message(&*payload),
        },
    })
}

/// Whether this thread is inside a fence, and the panic that happened there.
enum Fence {
    Down,
    Up(Option<Panic>),
}

thread_local! {
    static FENCE: RefCell<Fence> = const { RefCell::new(Fence::Down) };
}

fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) {
                previous(info);
            }
        }));
    });
}

/// Notes a panic; `false` if this thread is not inside a fence.
fn note(info: &PanicHookInfo<'_>) -> bool {
    FENCE.with_borrow_mut(|fence| match fence {
        Fence::Down => false,
        Fence::Up(noted) => {
            let location = info
                .location()
                .map(|location| format!("{}:{}", location.file(), location.line()));
            *noted = Some(Panic {
                location: location.unwrap_or_else(|| "unknown place".to_owned()),
                message: message(info.payload()),
            });
            true
        }
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_place_and_message() {
        let panic = catch(|| panic!("boom {}", 7)).unwrap_err();
        assert_eq!(panic.message, "boom 7");
        assert!(panic.location.contains("fence.rs:"), "{}", panic.location);
    }

    #[test]
    fn fences_nest() {
        let outer = catch(|| {
            assert_eq!(catch(|| panic!("inner")).unwrap_err().message, "inner");
            panic!("outer")
        });
        assert_eq!(outer.unwrap_err().message, "outer");
        assert_eq!(catch(|| 1), Ok(1));
    }
}
