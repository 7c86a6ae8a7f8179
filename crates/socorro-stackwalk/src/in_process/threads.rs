//! Walking the stacks of all threads.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use minidump::{
    Minidump, MinidumpModuleList, MinidumpThread, MinidumpThreadList, MinidumpUnloadedModuleList,
    UnifiedMemory, UnifiedMemoryList,
};
use minidump_processor::ProcessState;
use minidump_unwind::{CallStack, StackFrame, SystemInfo, walk_stack};

use super::budget::Budget;
use crate::symbols::CrashSymbols;

/// Walks the stacks of `state`, whose threads have their first frames, as far as the budget allows. Whether it allowed
/// all is the answer.
///
/// The crashing thread goes first. While one thread waits for symbols, the next goes on.
pub(super) async fn walk(
    dump: &Minidump<'_, Bytes>,
    state: &mut ProcessState,
    symbols: &CrashSymbols,
    budget: &Budget,
) -> bool {
    let list = dump.get_stream::<MinidumpThreadList<'_>>();
    let threads = list.as_ref().map_or(&[][..], |list| &list.threads);
    let memory = dump.get_memory().unwrap_or_default();
    let scene = Scene {
        modules: &state.modules,
        system_info: &state.system_info,
        symbols,
        budget,
    };
    let stacks = state.threads.iter_mut().zip(threads).enumerate();
    let mut walks: Vec<_> = stacks
        .map(|(index, (stack, thread))| {
            let stack_memory = stack_memory(stack, thread, &memory);
            let walk: Walk<'_> = Box::pin(scene.walk(index, stack, stack_memory));
            (index, Some(walk))
        })
        .collect();
    walks.sort_by_key(|(index, _)| Some(*index) != state.requesting_thread);
    let is_complete = all(&mut walks, budget).await;
    drop(walks);
    for frame in state.threads.iter_mut().flat_map(|stack| &mut stack.frames) {
        place(frame, &state.modules, &state.unloaded_modules);
        if !is_complete {
            symbols.name_if_known(frame);
        }
    }
    is_complete
}

/// What all threads have in common.
#[derive(Clone, Copy)]
struct Scene<'a> {
    modules: &'a MinidumpModuleList,
    system_info: &'a SystemInfo,
    symbols: &'a CrashSymbols,
    budget: &'a Budget,
}

impl Scene<'_> {
    async fn walk(
        self,
        index: usize,
        stack: &mut CallStack,
        stack_memory: Option<UnifiedMemory<'_, '_>>,
    ) {
        let budget = self.budget;
        let on_walked_frame = move |_, frame: &StackFrame| {
            budget.take_frame();
            // Elsewhere the walk stops where it asks for symbols.
            if budget.is_spent() && frame.module.is_none() {
                stop();
            }
        };
        walk_stack(
            index,
            on_walked_frame,
            stack,
            stack_memory,
            self.modules,
            self.system_info,
            self.symbols,
        )
        .await;
    }
}

type Walk<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Lets all walks go on together until they are done; `false` if the budget is spent before.
async fn all(walks: &mut [(usize, Option<Walk<'_>>)], budget: &Budget) -> bool {
    let mut time_is_up = pin!(budget.time_is_up());
    poll_fn(|context| {
        for (_, walk) in &mut *walks {
            if walk.as_mut().is_some_and(|walk| is_over(walk, context)) {
                *walk = None;
            }
        }
        if walks.iter().all(|(_, walk)| walk.is_none()) {
            return Poll::Ready(!budget.is_spent());
        }
        if budget.is_spent() || time_is_up.as_mut().poll(context).is_ready() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await
}

/// Goes on with a walk; whether it came to an end. Its frames stay in their stack, however it ends.
fn is_over(walk: &mut Walk<'_>, context: &mut Context<'_>) -> bool {
    let polled = panic::catch_unwind(AssertUnwindSafe(|| walk.as_mut().poll(context)));
    match polled {
        Ok(poll) => poll.is_ready(),
        Err(payload) if payload.is::<Stopped>() => true,
        Err(payload) => panic::resume_unwind(payload),
    }
}

/// Ends the walk of a thread, as a panic that is none: frames that follow each other without a module never come back
/// to us otherwise. A program that aborts on panics has no such way.
fn stop() {
    if cfg!(panic = "unwind") {
        panic::resume_unwind(Box::new(Stopped));
    }
}

/// What is thrown by [`stop`].
struct Stopped;

/// The memory that holds the stack.
///
/// The stack pointer decides: that of an exception may point into other memory than that of its thread.
fn stack_memory<'a, 'dump>(
    stack: &CallStack,
    thread: &'a MinidumpThread<'dump>,
    memory: &'a UnifiedMemoryList<'dump>,
) -> Option<UnifiedMemory<'a, 'dump>> {
    let of_thread = thread.stack_memory(memory);
    let Some(first) = stack.frames.first() else {
        return of_thread;
    };
    let pointer = first.context.get_stack_pointer();
    let fits =
        |memory: &UnifiedMemory<'_, '_>| memory.get_memory_at_address::<u64>(pointer).is_some();
    of_thread
        .filter(fits)
        .or_else(|| memory.memory_at_address(pointer))
        .or(of_thread)
}

/// Names the module of a frame that the walk did not come to, or else the unloaded modules that were there.
fn place(
    frame: &mut StackFrame,
    modules: &MinidumpModuleList,
    unloaded: &MinidumpUnloadedModuleList,
) {
    if frame.module.is_none() {
        frame.module = modules.module_at_address(frame.instruction).cloned();
    }
    if frame.module.is_some() {
        return;
    }
    let mut offsets: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for module in unloaded.modules_at_address(frame.instruction) {
        let offset = frame.instruction - module.raw.base_of_image;
        offsets
            .entry(module.name.clone())
            .or_default()
            .insert(offset);
    }
    frame.unloaded_modules = offsets;
}
