//! Few system calls: seccomp.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::super::super::isolation::Confinement;

/// What a walk needs: memory, threads, time, randomness, and to read and write what is open.
const ALLOWED: &[i64] = &[
    // The channel and standard error.
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_write,
    libc::SYS_writev,
    // Files that were handed over.
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_pread64,
    libc::SYS_statx,
    // Memory.
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    // Threads.
    libc::SYS_clone3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_membarrier,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    // Signals: what a stack overflow, an abort and a panic do.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_tgkill,
    libc::SYS_tkill,
    // Time, limits, randomness.
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_nanosleep,
    libc::SYS_prlimit64,
    libc::SYS_restart_syscall,
];

/// Of `clone`, only what makes threads. `clone3` keeps its arguments in memory, where a filter cannot look: processes
/// made by it are as confined as this one.
const CLONE_THREAD: u64 = 0x0001_0000;

/// Of `prctl`, only the naming of threads.
const PR_SET_NAME: u64 = 15;

/// Forbids all system calls but those that a walk needs; others fail with `EPERM`.
pub(super) fn few_system_calls() -> Confinement {
    match restrict() {
        Ok(()) => Confinement::Enforced,
        Err(error) => Confinement::unavailable(error),
    }
}

fn restrict() -> Result<(), seccompiler::Error> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().map(|number| (*number, Vec::new())).collect();
    let has_flag = SeccompCmpOp::MaskedEq(CLONE_THREAD);
    rules.insert(libc::SYS_clone, only_if(0, has_flag, CLONE_THREAD)?);
    rules.insert(libc::SYS_prctl, only_if(0, SeccompCmpOp::Eq, PR_SET_NAME)?);
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, denied, SeccompAction::Allow, architecture)?;
    seccompiler::apply_filter(&BpfProgram::try_from(filter)?)
}

/// Allowed if the argument with this number is so.
fn only_if(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<Vec<SeccompRule>, BackendError> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)?;
    Ok(vec![SeccompRule::new(vec![condition])?])
}
