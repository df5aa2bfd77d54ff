//! A machine that has passed every check: all that the code and the diagram are made from.

use std::time::Duration;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::{Generics, Path, Type};

/// The type that the derive stands on.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) shape: Shape,
    /// Where `contract` is found.
    pub(crate) krate: Path,
    /// `None` for an application that is nothing but its connections.
    pub(crate) app: Option<Type>,
    pub(crate) max_size: Option<MaxSize>,
    pub(crate) states: Vec<State>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Each variant holds a state.
    Enum,
    /// The type is its own only state.
    Struct,
}

#[derive(Debug)]
pub(crate) struct MaxSize {
    pub(crate) bytes: u64,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) name: Ident,
    /// What the variant holds; the type itself in a struct.
    pub(crate) payload: Type,
    pub(crate) becomes: Vec<Successor>,
    pub(crate) within: Option<Deadline>,
    pub(crate) idle: Option<Deadline>,
}

/// Another state, and where it was named.
#[derive(Debug)]
pub(crate) struct Successor {
    pub(crate) index: usize,
    pub(crate) span: Span,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Deadline {
    pub(crate) after: Duration,
    /// As the user wrote it: the diagram says it the same way.
    pub(crate) text: String,
}

impl Machine {
    /// The type's name as a reader knows it: without `r#`.
    pub(crate) fn title(&self) -> String {
        self.name.unraw().to_string()
    }
}

impl State {
    /// The state's name as a reader knows it: without `r#`.
    pub(crate) fn title(&self) -> String {
        self.name.unraw().to_string()
    }

    /// Its deadlines in words, such as `within 10s`.
    pub(crate) fn deadlines(&self) -> impl Iterator<Item = String> {
        let named = [("within", &self.within), ("idle", &self.idle)];
        named.into_iter().filter_map(|(name, d)| d.as_ref().map(|d| format!("{name} {}", d.text)))
    }
}
