//! What a walk takes from the crash annotations.

use std::collections::HashMap;

use minidump::{Minidump, MinidumpLinuxCpuInfo};
use minidump_processor::ProcessState;
use serde_json::{Map, Value};

/// The annotations that reach the stackwalk document.
#[cfg(all(unix, feature = "pool"))]
pub(crate) const RELEVANT: [&str; 2] = [MODULE_SIGNATURE_INFO, CPU_MICROCODE_VERSION];

const MODULE_SIGNATURE_INFO: &str = "ModuleSignatureInfo";
const CPU_MICROCODE_VERSION: &str = "CPUMicrocodeVersion";

/// The two annotations that reach the stackwalk document.
#[derive(Clone, Debug, Default)]
pub(crate) struct WalkAnnotations {
    /// Module file name to the subject of the certificate that signed it.
    certificates: HashMap<String, String>,
    /// Microcode version of the processor, if the annotation holds a hexadecimal number with `0x`.
    microcode: Option<u64>,
}

impl WalkAnnotations {
    /// Reads `ModuleSignatureInfo` and `CPUMicrocodeVersion`; what is malformed counts as absent.
    pub(crate) fn new(annotations: &Map<String, Value>) -> Self {
        Self {
            certificates: annotations
                .get(MODULE_SIGNATURE_INFO)
                .and_then(certificates)
                .unwrap_or_default(),
            microcode: annotations
                .get(CPU_MICROCODE_VERSION)
                .and_then(Value::as_str)
                .and_then(hexadecimal),
        }
    }

    /// Completes what was read from `dump`. The minidump knows better than the annotations: its own microcode
    /// version, even a malformed one, hides the annotated one.
    pub(crate) fn apply<D>(self, state: &mut ProcessState, dump: &Minidump<'_, D>)
    where
        D: std::ops::Deref<Target = [u8]>,
    {
        state.cert_info = self.certificates;
        if !states_microcode(dump) {
            state.system_info.cpu_microcode_version = self.microcode;
        }
    }
}

fn states_microcode<D: std::ops::Deref<Target = [u8]>>(dump: &Minidump<'_, D>) -> bool {
    dump.get_stream::<MinidumpLinuxCpuInfo<'_>>()
        .is_ok_and(|cpu_info| {
            cpu_info
                .iter()
                .any(|(key, value)| key.as_bytes() == b"microcode" && value.to_str().is_ok())
        })
}

/// Turns `{"subject": ["module", ...]}`, or a string that holds it, into module to subject.
fn certificates(annotation: &Value) -> Option<HashMap<String, String>> {
    let parsed;
    let by_subject = match annotation {
        Value::Object(object) => object,
        Value::String(text) => {
            parsed = serde_json::from_str::<Map<String, Value>>(text).ok()?;
            &parsed
        }
        _ => return None,
    };
    let mut by_module = HashMap::new();
    for (subject, modules) in by_subject {
        for module in modules.as_array()? {
            by_module.insert(module.as_str()?.to_owned(), subject.clone());
        }
    }
    Some(by_module)
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn annotations(value: &Value) -> WalkAnnotations {
        WalkAnnotations::new(value.as_object().unwrap())
    }

    #[test]
    fn certificates_come_as_an_object_or_as_text() {
        let object = json!({"Mozilla Corporation": ["xul.dll", "firefox.exe"]});
        let read = annotations(&json!({"ModuleSignatureInfo": object.clone()}));
        assert_eq!(read.certificates["xul.dll"], "Mozilla Corporation");
        let text = annotations(&json!({"ModuleSignatureInfo": object.to_string()}));
        assert_eq!(text.certificates, read.certificates);
    }

    #[test]
    fn malformed_certificates_count_as_absent() {
        for bad in [
            json!("{"),
            json!([]),
            json!({"a": "b.dll"}),
            json!({"a": [1]}),
            json!(null),
        ] {
            assert!(
                annotations(&json!({"ModuleSignatureInfo": bad}))
                    .certificates
                    .is_empty()
            );
        }
    }

    #[test]
    fn microcode_needs_its_prefix() {
        assert_eq!(
            annotations(&json!({"CPUMicrocodeVersion": "0xea"})).microcode,
            Some(0xea)
        );
        assert_eq!(
            annotations(&json!({"CPUMicrocodeVersion": "ea"})).microcode,
            None
        );
        assert_eq!(
            annotations(&json!({"CPUMicrocodeVersion": 234})).microcode,
            None
        );
    }
}
