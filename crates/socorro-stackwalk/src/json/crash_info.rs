//! Why, where and in which thread the process crashed.

use std::mem;

use minidump::{MinidumpModuleList, MinidumpUnloadedModuleList};
use minidump_processor::{
    AdjustedAddress, CrashInconsistency, ExceptionInfo, PossibleBitFlip, ProcessState,
};
use serde_json::Value;

use super::value::{Addresses, array, object};

pub(super) fn crash_info(state: &mut ProcessState, addresses: Addresses) -> Value {
    let instruction_pointer_update = instruction_pointer_update(state);
    let exception = state.exception_info.as_ref();
    object([
        (
            "address",
            exception.map(|info| addresses.write(info.address.0)).into(),
        ),
        (
            "adjusted_address",
            exception
                .and_then(|info| adjusted_address(info, addresses))
                .into(),
        ),
        ("assertion", state.assertion.clone().into()),
        (
            "crash_inconsistencies",
            exception.map(crash_inconsistencies).into(),
        ),
        ("crashing_thread", state.requesting_thread.into()),
        (
            "instruction",
            exception
                .and_then(|info| info.instruction_str.clone())
                .into(),
        ),
        ("instruction_pointer_update", instruction_pointer_update),
        (
            "memory_accesses",
            exception.map_or(Value::Null, |info| memory_accesses(info, addresses)),
        ),
        (
            "possible_bit_flips",
            exception.map_or(Value::Null, |info| possible_bit_flips(info, addresses)),
        ),
        ("type", exception.map(|info| info.reason.to_string()).into()),
    ])
}

fn adjusted_address(info: &ExceptionInfo, addresses: Addresses) -> Option<Value> {
    Some(match info.adjusted_address.as_ref()? {
        AdjustedAddress::NonCanonical(address) => object([
            ("address", addresses.write(address.0)),
            ("kind", "non-canonical".into()),
        ]),
        AdjustedAddress::NullPointerWithOffset(offset) => object([
            ("kind", "null-pointer".into()),
            ("offset", addresses.write(offset.0)),
        ]),
    })
}

fn crash_inconsistencies(info: &ExceptionInfo) -> Value {
    array(info.inconsistencies.iter().map(|inconsistency| {
        Value::from(match inconsistency {
            CrashInconsistency::IntDivByZeroNotPossible => "int_div_by_zero_not_possible",
            CrashInconsistency::PrivInstructionCrashWithoutPrivInstruction => {
                "priv_instruction_crash_without_priv_instruction"
            }
            CrashInconsistency::NonCanonicalAddressFalselyReported => {
                "non_canonical_address_falsely_reported"
            }
            CrashInconsistency::AccessViolationWhenAccessAllowed => {
                "access_violation_when_access_allowed"
            }
            CrashInconsistency::CrashingAccessNotFoundInMemoryAccesses => {
                "crashing_access_not_found_in_memory_accesses"
            }
        })
    }))
}

fn memory_accesses(info: &ExceptionInfo, addresses: Addresses) -> Value {
    let Some(accesses) = &info.memory_access_list else {
        return Value::Null;
    };
    array(accesses.iter().map(|access| {
        let address = addresses.write(access.address_info.address);
        let mut members = Vec::with_capacity(4);
        // These two are absent rather than null or false.
        if access.access_type.is_read_or_write() {
            let kind = access.access_type.to_string().to_lowercase();
            members.push(("access_type", Value::from(kind)));
        }
        members.push(("address", address));
        if access.address_info.is_likely_guard_page {
            members.push(("is_likely_guard_page", true.into()));
        }
        members.push(("size", access.size.into()));
        Value::Object(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }))
}

fn possible_bit_flips(info: &ExceptionInfo, addresses: Addresses) -> Value {
    if info.possible_bit_flips.is_empty() {
        return Value::Null;
    }
    array(
        info.possible_bit_flips
            .iter()
            .map(|flip| possible_bit_flip(flip, addresses)),
    )
}

fn possible_bit_flip(flip: &PossibleBitFlip, addresses: Addresses) -> Value {
    let details = object([
        ("is_null", flip.details.is_null.into()),
        ("nearby_registers", flip.details.nearby_registers.into()),
        ("poison_registers", flip.details.poison_registers.into()),
        ("was_low", flip.details.was_low.into()),
        ("was_non_canonical", flip.details.was_non_canonical.into()),
    ]);
    object([
        ("address", addresses.write(flip.address.0)),
        // The reference widens the number before it writes it, which shows in the digits.
        ("confidence", flip.confidence.map(f64::from).into()),
        ("details", details),
        ("source_register", flip.source_register.into()),
    ])
}

/// Where the crashing instruction would have jumped to.
///
/// The type that holds it cannot be named outside of its crate, so upstream's own printing is asked, with everything
/// large taken out of the state for that moment.
fn instruction_pointer_update(state: &mut ProcessState) -> Value {
    if state
        .exception_info
        .as_ref()
        .is_none_or(|info| info.instruction_pointer_update.is_none())
    {
        return Value::Null;
    }
    let threads = mem::take(&mut state.threads);
    let modules = mem::replace(&mut state.modules, MinidumpModuleList::new());
    let unloaded_modules = mem::replace(
        &mut state.unloaded_modules,
        MinidumpUnloadedModuleList::new(),
    );
    let handles = state.handles.take();
    let soft_errors = state.soft_errors.take();
    let requesting_thread = state.requesting_thread.take();

    let mut text = Vec::new();
    let printed = state.print_json(&mut text, false);

    state.threads = threads;
    state.modules = modules;
    state.unloaded_modules = unloaded_modules;
    state.handles = handles;
    state.soft_errors = soft_errors;
    state.requesting_thread = requesting_thread;

    let document: Option<Value> = printed
        .ok()
        .and_then(|()| serde_json::from_slice(&text).ok());
    document
        .and_then(|mut document| {
            document
                .pointer_mut("/crash_info/instruction_pointer_update")
                .map(Value::take)
        })
        .unwrap_or_default()
}
