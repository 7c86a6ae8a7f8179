//! Looking at the frames of the crashing thread.

use serde_json::Value;

use crate::crash::Crash;

/// The frames of the crashing thread; empty when there is none.
pub(super) fn crashing_frames(crash: &Crash) -> &[Value] {
    let frames = place(crash).and_then(|place| crash.processed.lookup(&place));
    frames.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Notes frames that are there but of the wrong type.
pub(super) fn note_wrong_frames(crash: &mut Crash) {
    if let Some(place) = place(crash)
        && crash
            .processed
            .lookup(&place)
            .is_some_and(|frames| !frames.is_array())
    {
        crash.wrong_type(&place, "an array");
    }
}

fn place(crash: &Crash) -> Option<String> {
    let thread = crash.processed.get("crashing_thread")?.as_u64()?;
    Some(format!("json_dump.threads.{thread}.frames"))
}
