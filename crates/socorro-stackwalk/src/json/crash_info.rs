//! Why, where and in which thread the process crashed.

use std::mem;

use minidump::{MinidumpModuleList, MinidumpUnloadedModuleList};
use minidump_processor::{
    AdjustedAddress, CrashInconsistency, ExceptionInfo, PossibleBitFlip, ProcessState,
};
use serde::Serialize;
use serde_json::Value;

use super::Document;
use super::value::{Address, Addresses, List, Text};

pub(super) fn crash_info(document: Document<'_>) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a, C, I, M, B, T> {
        address: Option<Address>,
        adjusted_address: Option<AdjustedFields>,
        assertion: Option<&'a str>,
        crash_inconsistencies: Option<C>,
        crashing_thread: Option<usize>,
        instruction: Option<&'a str>,
        instruction_pointer_update: Option<I>,
        memory_accesses: Option<M>,
        possible_bit_flips: Option<B>,
        r#type: Option<T>,
    }
    let addresses = document.addresses();
    let exception = document.state.exception_info.as_ref();
    Fields {
        address: exception.map(|info| addresses.write(info.address.0)),
        adjusted_address: exception.and_then(|info| adjusted_address(info, addresses)),
        assertion: document.state.assertion.as_deref(),
        crash_inconsistencies: exception
            .map(|info| List(move || info.inconsistencies.iter().map(inconsistency))),
        crashing_thread: document.state.requesting_thread,
        instruction: exception.and_then(|info| info.instruction_str.as_deref()),
        instruction_pointer_update: document
            .instruction_pointer_update
            .map(|update| update.fields(addresses)),
        memory_accesses: exception.and_then(|info| memory_accesses(info, addresses)),
        possible_bit_flips: exception.and_then(|info| possible_bit_flips(info, addresses)),
        r#type: exception.map(|info| Text(info.reason)),
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum AdjustedFields {
    NonCanonical {
        address: Address,
        kind: &'static str,
    },
    NullPointer {
        kind: &'static str,
        offset: Address,
    },
}

fn adjusted_address(info: &ExceptionInfo, addresses: Addresses) -> Option<AdjustedFields> {
    Some(match info.adjusted_address.as_ref()? {
        AdjustedAddress::NonCanonical(address) => AdjustedFields::NonCanonical {
            address: addresses.write(address.0),
            kind: "non-canonical",
        },
        AdjustedAddress::NullPointerWithOffset(offset) => AdjustedFields::NullPointer {
            kind: "null-pointer",
            offset: addresses.write(offset.0),
        },
    })
}

fn inconsistency(inconsistency: &CrashInconsistency) -> &'static str {
    match inconsistency {
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
    }
}

fn memory_accesses(info: &ExceptionInfo, addresses: Addresses) -> Option<impl Serialize> {
    #[derive(Serialize)]
    struct Fields {
        // These two are absent rather than null or false.
        #[serde(skip_serializing_if = "Option::is_none")]
        access_type: Option<String>,
        address: Address,
        #[serde(skip_serializing_if = "Option::is_none")]
        is_likely_guard_page: Option<bool>,
        size: Option<u8>,
    }
    let accesses = info.memory_access_list.as_ref()?;
    Some(List(move || {
        accesses.iter().map(move |access| Fields {
            access_type: access
                .access_type
                .is_read_or_write()
                .then(|| access.access_type.to_string().to_lowercase()),
            address: addresses.write(access.address_info.address),
            is_likely_guard_page: access.address_info.is_likely_guard_page.then_some(true),
            size: access.size,
        })
    }))
}

fn possible_bit_flips(info: &ExceptionInfo, addresses: Addresses) -> Option<impl Serialize> {
    let flips = &info.possible_bit_flips;
    let fields = move |flip| possible_bit_flip(flip, addresses);
    (!flips.is_empty()).then_some(List(move || flips.iter().map(fields)))
}

fn possible_bit_flip(flip: &PossibleBitFlip, addresses: Addresses) -> impl Serialize {
    #[derive(Serialize)]
    struct Fields<'a> {
        address: Address,
        confidence: Option<f64>,
        details: DetailFields,
        source_register: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct DetailFields {
        is_null: bool,
        nearby_registers: u32,
        poison_registers: bool,
        was_low: bool,
        was_non_canonical: bool,
    }
    Fields {
        address: addresses.write(flip.address.0),
        // The reference widens the number before it writes it, which shows in the digits.
        confidence: flip.confidence.map(f64::from),
        details: DetailFields {
            is_null: flip.details.is_null,
            nearby_registers: flip.details.nearby_registers,
            poison_registers: flip.details.poison_registers,
            was_low: flip.details.was_low,
            was_non_canonical: flip.details.was_non_canonical,
        },
        source_register: flip.source_register,
    }
}

/// Where the crashing instruction would have jumped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InstructionPointerUpdate {
    address: u64,
    is_likely_guard_page: bool,
}

impl InstructionPointerUpdate {
    /// The type that holds it cannot be named outside of its crate, so upstream's own printing is asked, with
    /// everything large taken out of the state for that moment.
    pub(crate) fn of(state: &mut ProcessState) -> Option<Self> {
        let exception = state.exception_info.as_ref()?;
        exception.instruction_pointer_update.as_ref()?;
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

        printed.ok()?;
        let document: Value = serde_json::from_slice(&text).ok()?;
        let update = document.pointer("/crash_info/instruction_pointer_update")?;
        let address = update.get("address")?.as_str()?.strip_prefix("0x")?;
        Some(Self {
            address: u64::from_str_radix(address, 16).ok()?,
            is_likely_guard_page: update.get("is_likely_guard_page").is_some(),
        })
    }

    fn fields(self, addresses: Addresses) -> impl Serialize {
        #[derive(Serialize)]
        struct Fields {
            address: Address,
            #[serde(skip_serializing_if = "Option::is_none")]
            is_likely_guard_page: Option<bool>,
        }
        Fields {
            address: addresses.write(self.address),
            // Absent rather than false.
            is_likely_guard_page: self.is_likely_guard_page.then_some(true),
        }
    }
}
