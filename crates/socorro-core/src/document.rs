//! What raw and processed crashes have in common: both are ordered JSON objects that belong to one
//! crash.

/// Gives a type that wraps an object its constructors, its members and a `Debug` without values.
macro_rules! json_document {
    ($name:ident, stored as $form:expr) => {
        impl $name {
            /// A document without members.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            /// Reads a stored document, with the tolerances of [`json::read`].
            ///
            /// # Errors
            ///
            /// Those of [`json::read_object`].
            pub fn from_json(bytes: &[u8]) -> Result<Self, Error> {
                json::read_object(bytes, json::DEFAULT_LIMIT).map(Self)
            }

            /// The bytes to store, in the form of Mozilla's programs.
            #[must_use]
            pub fn to_json(&self) -> Vec<u8> {
                json::to_vec(&self.0, $form)
            }

            /// The value of a member, whatever its type.
            #[must_use]
            pub fn get(&self, name: &str) -> Option<&Value> {
                self.0.get(name)
            }

            /// Whether there is a member of that name.
            #[must_use]
            pub fn contains(&self, name: &str) -> bool {
                self.0.contains_key(name)
            }

            /// The value at a dotted path; see [`json::lookup`].
            #[must_use]
            pub fn lookup(&self, path: &str) -> Option<&Value> {
                json::lookup_in(&self.0, path)
            }

            /// Sets a member, keeping its place when it is there already.
            pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
                self.0.insert(name.into(), value.into());
            }

            /// Takes a member out; the order of the others stays.
            pub fn remove(&mut self, name: &str) -> Option<Value> {
                self.0.shift_remove(name)
            }

            /// The id of the crash (`uuid`).
            ///
            /// # Errors
            ///
            /// [`Error::InvalidCrashId`] when it is absent or not a crash id.
            pub fn crash_id(&self) -> Result<CrashId, Error> {
                let id = self.0.get("uuid").and_then(Value::as_str);
                CrashId::parse(id.unwrap_or_default())
            }

            /// All members in order.
            #[must_use]
            pub fn as_map(&self) -> &Map<String, Value> {
                &self.0
            }

            /// All members, for change.
            pub fn as_map_mut(&mut self) -> &mut Map<String, Value> {
                &mut self.0
            }

            /// The members themselves.
            #[must_use]
            pub fn into_map(self) -> Map<String, Value> {
                self.0
            }
        }

        impl From<Map<String, Value>> for $name {
            fn from(members: Map<String, Value>) -> Self {
                Self(members)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), " "))?;
                f.debug_set().entries(self.0.keys()).finish()
            }
        }
    };
}

pub(crate) use json_document;
