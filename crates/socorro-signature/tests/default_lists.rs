//! What the included lists make of typical stacks, one or more for each platform they know.

use serde_json::{Value, json};
use socorro_signature::{CrashData, SignatureGenerator};

/// The signature of a stack given by its function names.
fn signature(functions: &[&str]) -> String {
    let frames: Vec<Value> = functions
        .iter()
        .map(|name| json!({ "function": name }))
        .collect();
    signature_of(&json!({"threads": [{ "frames": frames }]}))
}

/// The signature of a stack given by its module names, on Windows.
fn signature_of_modules(modules: &[&str]) -> String {
    let frames: Vec<Value> = modules
        .iter()
        .map(|name| json!({ "module": name }))
        .collect();
    signature_of(&json!({"os": "Windows NT", "threads": [{ "frames": frames }]}))
}

fn signature_of(crash: &Value) -> String {
    SignatureGenerator::default()
        .generate(&CrashData::from_json(crash))
        .signature
}

#[test]
fn linux_abort_names_who_aborted() {
    for abort in ["abort", "__GI_abort"] {
        let stack = [
            "__pthread_kill_implementation",
            "raise",
            abort,
            "give_up(int)",
            "main",
        ];
        assert_eq!(signature(&stack), "give_up");
    }
}

#[test]
fn linux_failed_assertion_names_the_function_that_asserted() {
    let stack = [
        "__pthread_kill",
        "raise",
        "abort",
        "__assert_fail_base",
        "__assert_fail",
        "Queue::pop()",
    ];
    assert_eq!(signature(&stack), "__assert_fail | Queue::pop");
}

#[test]
fn linux_heap_corruption_names_the_check_and_the_caller() {
    let stack = [
        "raise",
        "abort",
        "__libc_message",
        "malloc_printerr",
        "_int_free",
        "__free",
        "drop_all",
    ];
    assert_eq!(
        signature(&stack),
        "malloc_printerr | _int_free | __free | drop_all"
    );
}

#[test]
fn linux_stack_smashing_names_the_check_and_the_function() {
    let stack = [
        "raise",
        "__GI_abort",
        "__libc_message",
        "__GI___fortify_fail",
        "__stack_chk_fail",
        "read_name(char const*)",
    ];
    assert_eq!(signature(&stack), "__stack_chk_fail | read_name");
}

#[test]
fn linux_memory_functions_of_all_processors_are_one() {
    for function in [
        "__memmove_avx_unaligned_erms",
        "__memcpy_sse2",
        "__strlen_evex",
        "__memset_neon",
    ] {
        assert_eq!(
            signature(&[function, "Image::copy(Image const&)"]),
            "Image::copy"
        );
    }
    assert_eq!(
        signature(&["memcpy", "Image::copy(Image const&)"]),
        "memcpy | Image::copy"
    );
}

#[test]
fn cpp_uncaught_exception_names_who_threw() {
    let stack = [
        "raise",
        "abort",
        "__gnu_cxx::__verbose_terminate_handler()",
        "__cxxabiv1::__terminate(void (*)())",
        "std::terminate()",
        "__cxa_throw",
        "Parser::parse(std::string const&)",
    ];
    assert_eq!(signature(&stack), "Parser::parse");
}

#[test]
fn cpp_function_objects_lead_to_their_caller() {
    let stack = [
        "operator()",
        "std::__invoke_impl<void, lambda&>(lambda&)",
        "std::_Function_handler<void ()>::_M_invoke()",
        "std::function<void ()>::operator()() const",
        "Scheduler::run_one()",
    ];
    assert_eq!(signature(&stack), "operator() | Scheduler::run_one");
}

#[test]
fn cpp_checked_access_names_its_caller() {
    let stack = [
        "std::vector<int, std::allocator<int> >::operator[](unsigned long)",
        "Matrix::row(int)",
    ];
    assert_eq!(
        signature(&stack),
        "std::vector<T>::operator[] | Matrix::row"
    );
}

#[test]
fn a_call_through_a_null_pointer_is_told_from_other_addresses() {
    let stack = |address| json!({"threads": [{"frames": [{"offset": address}, {"function": "Plugin::call()"}]}]});
    assert_eq!(
        signature_of(&stack("0x0000000000000000")),
        "@0x0 | Plugin::call"
    );
    assert_eq!(signature_of(&stack("0x00007f3a12345678")), "Plugin::call");
}

#[test]
fn windows_exception_names_who_raised_it() {
    let stack = [
        "RaiseException",
        "_CxxThrowException",
        "app::open_file(wchar_t const *)",
        "wmain",
    ];
    assert_eq!(signature(&stack), "app::open_file");
    let stack = [
        "NtWaitForSingleObject",
        "WaitForSingleObjectEx",
        "app::join_worker()",
    ];
    assert_eq!(signature(&stack), "app::join_worker");
    let stack = [
        "RtlReportFatalFailure",
        "RtlpFreeHeap",
        "RtlFreeHeap",
        "app::close()",
    ];
    assert_eq!(
        signature(&stack),
        "RtlReportFatalFailure | RtlpFreeHeap | RtlFreeHeap | app::close"
    );
}

#[test]
fn windows_invalid_parameters_start_at_the_check() {
    let stack = [
        "__fastfail",
        "_invoke_watson",
        "_invalid_parameter",
        "_invalid_parameter_noinfo",
        "app::name()",
    ];
    assert_eq!(
        signature(&stack),
        "_invoke_watson | _invalid_parameter | _invalid_parameter_noinfo | app::name"
    );
}

#[test]
fn windows_modules_without_symbols_are_joined_once_each() {
    let modules = ["NTDLL.dll", "ntdll.DLL", "KERNELBASE.dll", "app.exe"];
    assert_eq!(
        signature_of_modules(&modules),
        "ntdll.dll | kernelbase.dll | app.exe"
    );
}

#[test]
fn macos_exception_names_who_raised_it() {
    let stack = [
        "__pthread_kill",
        "pthread_kill",
        "abort",
        "abort_message",
        "demangling_terminate_handler()",
        "_objc_terminate()",
        "std::__terminate(void (*)())",
        "__cxa_throw",
        "objc_exception_throw",
        "-[NSObject(NSObject) doesNotRecognizeSelector:]",
        "___forwarding___",
        "_CF_forwarding_prep_0",
        "-[AppDelegate applicationDidFinishLaunching:]",
    ];
    assert_eq!(
        signature(&stack),
        "objc_exception_throw | -[NSObject doesNotRecognizeSelector:] | ___forwarding___ | \
         -[AppDelegate applicationDidFinishLaunching:]"
    );
}

#[test]
fn macos_messages_to_freed_objects_name_the_sender() {
    assert_eq!(
        signature(&[
            "objc_msgSend",
            "-[Player stop]",
            "_dispatch_call_block_and_release"
        ]),
        "objc_msgSend | -[Player stop]"
    );
    assert_eq!(
        signature(&["_platform_memmove$VARIANT$Haswell", "Image::copy()"]),
        "Image::copy"
    );
    assert_eq!(
        signature(&["swift_release", "Player.stop()"]),
        "swift_release | Player.stop"
    );
}

#[test]
fn android_abort_names_who_aborted() {
    let stack = ["tgkill", "abort", "__assert2", "android::Surface::lock()"];
    assert_eq!(signature(&stack), "__assert2 | android::Surface::lock");
}

#[test]
fn rust_panic_names_who_panicked() {
    let stack = [
        "raise",
        "abort",
        "std::sys::pal::unix::abort_internal",
        "rust_panic",
        "std::panicking::rust_panic_with_hook",
        "rust_begin_unwind",
        "core::panicking::panic_fmt",
        "core::panicking::panic_bounds_check",
        "app::row",
    ];
    assert_eq!(signature(&stack), "app::row");
}

#[test]
fn rust_unwrap_says_so() {
    let stack = [
        "core::panicking::panic",
        "core::option::unwrap_failed",
        "core::option::Option<T>::unwrap",
        "app::load",
    ];
    assert_eq!(signature(&stack), "core::option::unwrap_failed | app::load");
}

#[test]
fn rust_drop_names_the_owner() {
    let stack = [
        "core::ptr::drop_in_place<app::Tree>",
        "core::mem::drop",
        "app::close",
    ];
    assert_eq!(
        signature(&stack),
        "core::ptr::drop_in_place<T> | app::close"
    );
}

#[test]
fn java_native_methods_are_named_in_a_virtual_machine_crash() {
    let stack = [
        "AccessInternal::store<long>(long*, long)",
        "MemoryAccess<long>::put(long)",
        "Unsafe_PutLong",
        "JavaCalls::call",
    ];
    assert_eq!(signature(&stack), "Unsafe_PutLong");
    let stack = [
        "art::JavaVMExt::JniAbort(char const*)",
        "art::CheckJNI::GetField()",
        "Java_org_example_Native_read",
    ];
    assert_eq!(
        signature(&stack),
        "art::JavaVMExt::JniAbort | art::CheckJNI::GetField | Java_org_example_Native_read"
    );
}

#[test]
fn interpreters_are_named_with_their_line() {
    let crash = json!({"threads": [{"frames": [
        {"function": "_PyEval_EvalFrameDefault", "file": "ceval.c", "line": 1612}, {"function": "PyEval_Vector"},
    ]}]});
    assert_eq!(signature_of(&crash), "_PyEval_EvalFrameDefault:1612");
}
