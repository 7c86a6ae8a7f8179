//! The machine, its operating system and what they had to say about the process.

use minidump_processor::{Limit, LinuxProcLimit, ProcessState};
use serde_json::Value;

use super::value::{Addresses, array, object};

pub(super) fn system_info(state: &ProcessState) -> Value {
    let system = &state.system_info;
    object([
        ("cpu_arch", system.cpu.to_string().into()),
        ("cpu_count", system.cpu_count.into()),
        ("cpu_info", system.cpu_info.clone().into()),
        (
            "cpu_microcode_version",
            system
                .cpu_microcode_version
                .map(|version| format!("{version:#x}"))
                .into(),
        ),
        ("os", system.os.long_name().into()),
        (
            "os_ver",
            system
                .format_os_version()
                .map(std::borrow::Cow::into_owned)
                .into(),
        ),
    ])
}

pub(super) fn lsb_release(state: &ProcessState) -> Value {
    let release = state.linux_standard_base.as_ref().map(|release| {
        object([
            ("codename", release.codename.clone().into()),
            ("description", release.description.clone().into()),
            ("id", release.id.clone().into()),
            ("release", release.release.clone().into()),
        ])
    });
    release.into()
}

pub(super) fn proc_limits(state: &ProcessState) -> Value {
    let Some(limits) = &state.linux_proc_limits else {
        return Value::Null;
    };
    let mut limits: Vec<_> = limits.limits.iter().collect();
    limits.sort_by_key(|(name, _)| *name);
    object([(
        "limits",
        array(
            limits
                .into_iter()
                .map(|(name, limit)| proc_limit(name, limit)),
        ),
    )])
}

fn proc_limit(name: &str, limit: &LinuxProcLimit) -> Value {
    object([
        ("hard", limit_value(&limit.hard)),
        ("name", name.into()),
        ("soft", limit_value(&limit.soft)),
        ("unit", limit.unit.clone().into()),
    ])
}

fn limit_value(limit: &Limit) -> Value {
    match limit {
        Limit::Error => "err".into(),
        Limit::Unlimited => "unlimited".into(),
        Limit::Limited(limit) => (*limit).into(),
    }
}

pub(super) fn mac_crash_info(state: &ProcessState, addresses: Addresses) -> Value {
    let info = state.mac_crash_info.as_ref().map(|info| {
        let records = info.iter().map(|record| {
            let number =
                |value: Option<&u64>| Value::from(value.map(|value| addresses.write(*value)));
            object([
                ("abort_cause", number(record.abort_cause())),
                ("backtrace", record.backtrace().into()),
                ("dialog_mode", number(record.dialog_mode())),
                ("message", record.message().into()),
                ("message2", record.message2().into()),
                ("module", record.module_path().into()),
                ("signature_string", record.signature_string().into()),
                ("thread", number(record.thread())),
            ])
        });
        object([
            ("num_records", info.len().into()),
            ("records", array(records)),
        ])
    });
    info.into()
}

pub(super) fn mac_boot_args(state: &ProcessState) -> Value {
    state
        .mac_boot_args
        .as_ref()
        .and_then(|arguments| arguments.bootargs.clone())
        .into()
}

pub(super) fn handles(state: &ProcessState) -> Value {
    let handles = state.handles.as_ref().map(|handles| {
        array(handles.iter().map(|handle| {
            object([
                ("handle", handle.raw.handle().copied().into()),
                ("object_name", handle.object_name.clone().into()),
                ("type_name", handle.type_name.clone().into()),
            ])
        }))
    });
    handles.into()
}
