//! Every refusal: each at what the user wrote, in words that say what to do, all of them at once.

use std::fmt::Display;

use quote::ToTokens;
use syn::{Error, Fields, Generics, Type, parse_quote};

use crate::model::{Machine, Shape, State};
use crate::parse::{Argument, Attribute, Body, Kind, Variant, Written};
use attributes::{deadlines, max_size, settings};

mod attributes;
mod successors;

/// The machine, or all that is wrong with it.
pub(crate) fn check(written: Written) -> Result<Machine, Refused> {
    let mut refusals = Refusals::default();
    lifetimes(&written.generics, &mut refusals);
    let (krate, app) = settings(&written.attributes, &mut refusals);
    let named = refusals.0.is_none();
    let max_size = max_size(&written.attributes, &mut refusals);
    let (shape, states) = match &written.body {
        Body::Enum(variants) => (Shape::Enum, states(&written, variants, &mut refusals)),
        Body::Struct(fields) => (Shape::Struct, own_state(&written, fields, &mut refusals)),
        Body::Union(token) => {
            let why = "a machine is an enum with a variant for each state, or a struct that is one \
                       state; a union is neither";
            refusals.add(token, why);
            (Shape::Struct, Vec::new())
        }
    };
    let Written { name, generics, .. } = written;
    let machine = Machine { name, generics, shape, krate, app, max_size, states };
    match refusals.0 {
        None => Ok(machine),
        Some(error) => Err(Refused { error, machine: named.then(|| Box::new(machine)) }),
    }
}

/// Why there is no machine.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: Error,
    /// Enough of it to stand in for the machine, so that the user reads these refusals and not what
    /// follows from there being no machine: its name, generics and settings hold, its states may
    /// not.
    pub(crate) machine: Option<Box<Machine>>,
}

/// What was refused so far.
#[derive(Default)]
struct Refusals(Option<Error>);

impl Refusals {
    fn add(&mut self, at: impl ToTokens, message: impl Display) {
        self.join(Error::new_spanned(at, message));
    }

    fn join(&mut self, refusal: Error) {
        match &mut self.0 {
            Some(error) => error.combine(refusal),
            None => self.0 = Some(refusal),
        }
    }

    /// The attribute of this kind, which may be there once.
    fn only<'a>(&mut self, attributes: &'a [Attribute], kind: Kind) -> Option<&'a Attribute> {
        let mut of_kind = attributes.iter().filter(|attribute| attribute.kind == kind);
        let first = of_kind.next()?;
        for again in of_kind {
            let name = kind.name();
            self.add(
                &again.source,
                format!("a second `#[{name}(..)]`: write one that says it all"),
            );
        }
        Some(first)
    }

    /// An attribute of this kind has no place here.
    fn none(&mut self, attributes: &[Attribute], kind: Kind, why: &str) {
        for attribute in attributes.iter().filter(|attribute| attribute.kind == kind) {
            self.add(&attribute.source, why);
        }
    }

    /// What the attribute says, which must be something.
    fn arguments<'a>(&mut self, attribute: &'a Attribute) -> &'a [Argument] {
        let usage = attribute.kind.usage();
        match &attribute.arguments {
            Some(Ok(arguments)) if !arguments.is_empty() => return arguments,
            Some(Err(error)) => {
                self.join(Error::new(error.span(), format!("{error}: write `{usage}`")));
            }
            Some(Ok(_)) => self.add(
                &attribute.source,
                format!("it says nothing: write `{usage}`, or leave it out"),
            ),
            None => self.add(&attribute.source, format!("write `{usage}`")),
        }
        &[]
    }
}

fn lifetimes(generics: &Generics, refusals: &mut Refusals) {
    for lifetime in generics.lifetimes() {
        refusals.add(
            lifetime,
            "a connection outlives every borrow, so a machine may not have a lifetime: \
             own the data, or share it by `Rc`",
        );
    }
}

/// The only state of a struct: itself.
fn own_state(written: &Written, fields: &Fields, refusals: &mut Refusals) -> Vec<State> {
    let why = "a struct is one state and becomes nothing: for more states, write an enum with a \
               variant for each";
    refusals.none(&written.attributes, Kind::Becomes, why);
    field_attributes(fields, "attributes of the machine go on the struct itself", refusals);
    let (within, idle) = deadlines(&written.attributes, refusals);
    let name = written.name.clone();
    vec![State { name, payload: parse_quote!(Self), becomes: Vec::new(), within, idle }]
}

/// The states of an enum; those that were refused are left out.
fn states(written: &Written, variants: &[Variant], refusals: &mut Refusals) -> Vec<State> {
    if variants.is_empty() {
        let why = "a machine has a state: add a variant that holds it, as in `Login(Login)`";
        refusals.add(&written.name, why);
    }
    for (kind, why) in [
        (Kind::Becomes, "`#[becomes(..)]` is for one state: write it on a variant"),
        (Kind::Deadline, "`#[deadline(..)]` is for one state: write it on a variant"),
    ] {
        refusals.none(&written.attributes, kind, why);
    }
    let mut states: Vec<State> = Vec::new();
    for variant in variants {
        for (kind, why) in [
            (Kind::Machine, "`#[machine(..)]` is for the whole machine: write it on the enum"),
            (Kind::MaxSize, "`#[max_size(..)]` is for the whole machine: write it on the enum"),
        ] {
            refusals.none(&variant.attributes, kind, why);
        }
        let why = "attributes of a state go on its variant";
        field_attributes(&variant.fields, why, refusals);
        let becomes = successors::check(written, variants, variant, refusals);
        let (within, idle) = deadlines(&variant.attributes, refusals);
        let Some(payload) = payload(variant, refusals) else { continue };
        if let Some(twin) = states.iter().find(|state| same(&state.payload, payload)) {
            refusals.add(
                payload,
                format!(
                    "`{}` holds the same type, so that `Edge` could not tell the two apart: wrap \
                     one of them in a struct of its own",
                    twin.name
                ),
            );
        }
        let (name, payload) = (variant.name.clone(), payload.clone());
        states.push(State { name, payload, becomes, within, idle });
    }
    states
}

/// The one thing that a variant holds.
fn payload<'a>(variant: &'a Variant, refusals: &mut Refusals) -> Option<&'a Type> {
    let name = &variant.name;
    let (at, found): (&dyn ToTokens, _) = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            return Some(&fields.unnamed[0].ty);
        }
        Fields::Unit => (name, "nothing"),
        Fields::Unnamed(fields) if fields.unnamed.is_empty() => (fields, "nothing"),
        Fields::Unnamed(fields) => (fields, "several fields"),
        Fields::Named(fields) => (fields, "named fields"),
    };
    refusals.add(
        at,
        format!(
            "a variant holds one state, and `{name}` holds {found}: move what belongs to it into a \
             struct, and write `{name}({name})`"
        ),
    );
    None
}

fn field_attributes(fields: &Fields, why: &str, refusals: &mut Refusals) {
    for attribute in fields.iter().flat_map(|field| &field.attrs) {
        if Kind::ALL.iter().any(|kind| attribute.path().is_ident(kind.name())) {
            refusals.add(attribute, why);
        }
    }
}

/// Whether two types are written the same.
fn same(one: &Type, other: &Type) -> bool {
    bare(one).to_token_stream().to_string() == bare(other).to_token_stream().to_string()
}

/// The type without what a macro or a habit put around it.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}
