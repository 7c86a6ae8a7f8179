//! Crash data that borrows nothing.

use std::borrow::Cow;

use super::{AdditionalMinidumps, CrashData, Frame, InlineFrame, Scalar, Thread, UnloadedModule};

fn text(text: Option<Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.into_owned()))
}

fn scalar(scalar: Option<Scalar<'_>>) -> Option<Scalar<'static>> {
    scalar.map(Scalar::into_owned)
}

impl CrashData<'_> {
    /// The same without anything borrowed.
    pub fn into_owned(self) -> CrashData<'static> {
        CrashData {
            crashing_thread: scalar(self.crashing_thread),
            reason: text(self.reason),
            os: text(self.os),
            threads: self.threads.into_iter().map(Thread::into_owned).collect(),
            java_stack_trace: text(self.java_stack_trace),
            java_exception: self
                .java_exception
                .map(|exception| Cow::Owned(exception.into_owned())),
            oom_allocation_size: scalar(self.oom_allocation_size),
            js_large_allocation_failure: text(self.js_large_allocation_failure),
            abort_message: text(self.abort_message),
            async_shutdown_timeout: text(self.async_shutdown_timeout),
            ipc_channel_error: text(self.ipc_channel_error),
            additional_minidumps: self.additional_minidumps.into_owned(),
            ipc_message_name: scalar(self.ipc_message_name),
            hang: scalar(self.hang),
            mdsw_status_string: scalar(self.mdsw_status_string),
            original_signature: text(self.original_signature),
        }
    }
}

impl Thread<'_> {
    /// The same without anything borrowed.
    pub fn into_owned(self) -> Thread<'static> {
        Thread {
            frames: self.frames.into_iter().map(Frame::into_owned).collect(),
            last_error_value: text(self.last_error_value),
        }
    }
}

impl Frame<'_> {
    /// The same without anything borrowed.
    pub fn into_owned(self) -> Frame<'static> {
        let inlines = self.inlines.into_iter().map(|inline| InlineFrame {
            function: text(inline.function),
            file: text(inline.file),
            line: scalar(inline.line),
        });
        let unloaded_modules = self
            .unloaded_modules
            .into_iter()
            .map(|unloaded| UnloadedModule {
                module: text(unloaded.module),
            });
        Frame {
            module: text(self.module),
            function: text(self.function),
            file: text(self.file),
            line: scalar(self.line),
            offset: scalar(self.offset),
            module_offset: text(self.module_offset),
            debug_id: text(self.debug_id),
            trust: text(self.trust),
            inlines: inlines.collect(),
            unloaded_modules: unloaded_modules.collect(),
        }
    }
}

impl AdditionalMinidumps<'_> {
    fn into_owned(self) -> AdditionalMinidumps<'static> {
        match self {
            Self::Names(names) => AdditionalMinidumps::Names(
                names
                    .into_iter()
                    .map(|name| Cow::Owned(name.into_owned()))
                    .collect(),
            ),
            Self::Text(text) => AdditionalMinidumps::Text(Cow::Owned(text.into_owned())),
        }
    }
}
