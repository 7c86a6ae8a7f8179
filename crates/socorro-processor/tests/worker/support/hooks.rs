//! Things that happen before a call of a storage or queue goes through.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures::{FutureExt as _, future::BoxFuture};

/// What happens before a call.
pub(crate) type Hook = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// The call panics.
pub(crate) fn panic_now() -> Hook {
    Arc::new(|| async { panic!("told to panic") }.boxed())
}

/// The call never ends.
pub(crate) fn hang() -> Hook {
    Arc::new(|| std::future::pending().boxed())
}

/// Hooks by the name of the method.
#[derive(Default)]
pub(crate) struct Hooks(Mutex<HashMap<&'static str, Hook>>);

impl Hooks {
    /// Lets `hook` happen before every call of `method`.
    pub(crate) fn set(&self, method: &'static str, hook: Hook) {
        self.0.lock().unwrap().insert(method, hook);
    }

    /// Lets calls of `method` through again.
    pub(crate) fn clear(&self, method: &'static str) {
        self.0.lock().unwrap().remove(method);
    }

    pub(super) async fn before(&self, method: &'static str) {
        let hook = self.0.lock().unwrap().get(method).cloned();
        if let Some(hook) = hook {
            hook().await;
        }
    }
}
