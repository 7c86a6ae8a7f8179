//! How the allocator is set up for services that take reports.

/// Has threads share heaps, so that memory stays compact; to be called before there are threads.
///
/// The allocator of glibc gives threads heaps of their own, up to eight for each processor, and
/// what is freed in one heap no other can use. A report is received by one thread and written by
/// another, which leaves holes of the size of a dump in all of them. `MALLOC_ARENA_MAX` in the
/// environment comes first. Other systems' allocators are left as they are.
pub(crate) fn share() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        limit_heaps();
    }
}

/// One heap for two processors.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "there is no safe way to set up the allocator")]
fn limit_heaps() {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let heaps = i32::try_from(processors.div_ceil(2)).unwrap_or(i32::MAX);
    // SAFETY: it sets a number of the allocator, under the allocator's own lock. It fails only for
    // numbers below 1, and nothing but memory depends on it.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, heaps);
    }
}
