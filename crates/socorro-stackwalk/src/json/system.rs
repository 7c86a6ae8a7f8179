//! The machine, its operating system and what they had to say about the process.

use std::borrow::Cow;

use minidump_processor::{Limit, ProcessState};
use serde::Serialize;

use super::value::{Address, Addresses, List, Text};

pub(super) fn system_info(state: &ProcessState) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a, C, V> {
        cpu_arch: C,
        cpu_count: usize,
        cpu_info: Option<&'a str>,
        cpu_microcode_version: Option<V>,
        os: Cow<'a, str>,
        os_ver: Option<Cow<'a, str>>,
    }
    let system = &state.system_info;
    Fields {
        cpu_arch: Text(system.cpu),
        cpu_count: system.cpu_count,
        cpu_info: system.cpu_info.as_deref(),
        cpu_microcode_version: system
            .cpu_microcode_version
            .map(|version| format!("{version:#x}")),
        os: system.os.long_name(),
        os_ver: system.format_os_version(),
    }
}

pub(super) fn lsb_release(state: &ProcessState) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a> {
        codename: &'a str,
        description: &'a str,
        id: &'a str,
        release: &'a str,
    }
    let release = state.linux_standard_base.as_ref();
    release.map(|release| Fields {
        codename: &release.codename,
        description: &release.description,
        id: &release.id,
        release: &release.release,
    })
}

pub(super) fn proc_limits(state: &ProcessState) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a> {
        limits: Vec<LimitFields<'a>>,
    }
    #[derive(Serialize)]
    struct LimitFields<'a> {
        hard: &'a Limit,
        name: &'a str,
        soft: &'a Limit,
        unit: &'a str,
    }
    state.linux_proc_limits.as_ref().map(|limits| {
        let limits = limits.limits.iter().map(|(name, limit)| LimitFields {
            hard: &limit.hard,
            name,
            soft: &limit.soft,
            unit: &limit.unit,
        });
        let mut limits: Vec<_> = limits.collect();
        limits.sort_by_key(|limit| limit.name);
        Fields { limits }
    })
}

pub(super) fn mac_crash_info(state: &ProcessState, addresses: Addresses) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<R> {
        num_records: usize,
        records: R,
    }
    #[derive(Serialize)]
    struct RecordFields<'a> {
        abort_cause: Option<Address>,
        backtrace: Option<&'a str>,
        dialog_mode: Option<Address>,
        message: Option<&'a str>,
        message2: Option<&'a str>,
        module: Option<&'a str>,
        signature_string: Option<&'a str>,
        thread: Option<Address>,
    }
    let number = move |value: Option<&u64>| value.map(|value| addresses.write(*value));
    state.mac_crash_info.as_ref().map(|info| Fields {
        num_records: info.len(),
        records: List(move || {
            info.iter().map(move |record| RecordFields {
                abort_cause: number(record.abort_cause()),
                backtrace: record.backtrace(),
                dialog_mode: number(record.dialog_mode()),
                message: record.message(),
                message2: record.message2(),
                module: record.module_path(),
                signature_string: record.signature_string(),
                thread: number(record.thread()),
            })
        }),
    })
}

pub(super) fn mac_boot_args(state: &ProcessState) -> impl Serialize {
    let arguments = state.mac_boot_args.as_ref();
    arguments.and_then(|arguments| arguments.bootargs.as_deref())
}

pub(super) fn handles(state: &ProcessState) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a> {
        handle: Option<u64>,
        object_name: Option<&'a str>,
        type_name: Option<&'a str>,
    }
    state.handles.as_ref().map(|handles| {
        List(move || {
            handles.iter().map(|handle| Fields {
                handle: handle.raw.handle().copied(),
                object_name: handle.object_name.as_deref(),
                type_name: handle.type_name.as_deref(),
            })
        })
    })
}
