//! What may be named in `#[becomes(..)]`.

use proc_macro2::Ident;
use syn::{Fields, Type};

use super::{Refusals, bare};
use crate::model::Successor;
use crate::parse::{Argument, Kind, Value, Variant, Written};

/// The declared successors of `of`, as positions in `variants`.
pub(super) fn check(
    written: &Written,
    variants: &[Variant],
    of: &Variant,
    refusals: &mut Refusals,
) -> Vec<Successor> {
    let mut becomes: Vec<Successor> = Vec::new();
    let Some(attribute) = refusals.only(&of.attributes, Kind::Becomes) else { return becomes };
    for argument in refusals.arguments(attribute) {
        let named = match argument {
            Argument::Bare(Value::Type(ty)) => bare(ty),
            _ => {
                refusals
                    .add(argument, "successors are names of variants: `#[becomes(Ready, Quit)]`");
                continue;
            }
        };
        let variant = alone(named).and_then(|name| {
            variants.iter().position(|variant| variant.name == *name).zip(Some(name))
        });
        let Some((index, name)) = variant else {
            refusals.add(named, unknown(written, variants, named));
            continue;
        };
        if becomes.iter().any(|successor| successor.index == index) {
            refusals.add(name, format!("`{name}` is named twice: once is enough"));
            continue;
        }
        becomes.push(Successor { index, span: name.span() });
    }
    becomes
}

/// What to do about a name that is not a variant's.
fn unknown(written: &Written, variants: &[Variant], named: &Type) -> String {
    let machine = &written.name;
    if let Some(last) = last(named) {
        if variants.iter().any(|variant| variant.name == *last) {
            return format!("successors are names of variants: write `{last}` alone");
        }
        let holder =
            variants.iter().find(|variant| held(variant).and_then(self::last) == Some(last));
        if let Some(holder) = holder {
            let holder = &holder.name;
            return format!(
                "`{last}` is what the variant `{holder}` holds; successors are names of variants: \
                 write `{holder}`"
            );
        }
    }
    let names: Vec<_> = variants.iter().map(|variant| format!("`{}`", variant.name)).collect();
    let known = match names.as_slice() {
        [only] => format!("its only variant is {only}"),
        [first @ .., last] => format!("its variants are {} and {last}", first.join(", ")),
        [] => return format!("`{machine}` has no variants"),
    };
    format!("`{machine}` has no such variant: {known}")
}

/// The name, if the type is nothing but a name.
fn alone(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// The last name of a path, without its arguments.
fn last(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

fn held(variant: &Variant) -> Option<&Type> {
    match &variant.fields {
        Fields::Unnamed(fields) => fields.unnamed.first().map(|field| &field.ty),
        _ => None,
    }
}
