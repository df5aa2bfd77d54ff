//! What may be said in `#[machine(..)]`, `#[max_size(..)]` and `#[deadline(..)]`.

use proc_macro2::Ident;
use syn::{Lit, LitStr, Path, Type, parse_quote};

use super::Refusals;
use crate::duration;
use crate::model::{Deadline, MaxSize};
use crate::parse::{Argument, Attribute, Kind, Value};

/// `#[machine(..)]`: the path of the crate, and the application.
pub(super) fn settings(attributes: &[Attribute], refusals: &mut Refusals) -> (Path, Option<Type>) {
    let (mut krate, mut app) = (None, None);
    let attribute = refusals.only(attributes, Kind::Machine);
    for argument in attribute.map_or(&[][..], |attribute| refusals.arguments(attribute)) {
        let Argument::Named(key, value) = argument else {
            refusals.add(argument, "`#[machine(..)]` takes `app = Store` and `crate = \"path\"`");
            continue;
        };
        match (key.to_string().as_str(), value) {
            ("app", Value::Type(value)) => once(key, *value.clone(), &mut app, refusals),
            ("app", Value::Literal(value)) => {
                refusals.add(value, "an application is named by its type: `app = Store`");
            }
            ("crate", Value::Literal(Lit::Str(text))) => match crate_path(text) {
                Some(path) => once(key, path, &mut krate, refusals),
                None => refusals.add(text, "not a path: write it as in `crate = \"::readily\"`"),
            },
            ("crate", value) => {
                refusals.add(value, "a crate is named by a string: `crate = \"::readily\"`");
            }
            _ => refusals.add(key, format!("no `{key}` here: `app` and `crate` are the keys")),
        }
    }
    (krate.unwrap_or_else(|| parse_quote!(::readily)), app)
}

/// `#[max_size(..)]`.
pub(super) fn max_size(attributes: &[Attribute], refusals: &mut Refusals) -> Option<MaxSize> {
    let attribute = refusals.only(attributes, Kind::MaxSize)?;
    let argument = match refusals.arguments(attribute) {
        [] => return None,
        [Argument::Bare(Value::Literal(Lit::Int(number)))] => match number.base10_parse() {
            Ok(bytes) => return Some(MaxSize { bytes, span: number.span() }),
            Err(_) => &Argument::Bare(Value::Literal(Lit::Int(number.clone()))),
        },
        [argument] | [_, argument, ..] => argument,
    };
    refusals.add(argument, "a size is one whole number of bytes: `#[max_size(256)]`");
    None
}

/// `#[deadline(..)]`: `within` and `idle`.
pub(super) fn deadlines(
    attributes: &[Attribute],
    refusals: &mut Refusals,
) -> (Option<Deadline>, Option<Deadline>) {
    let (mut within, mut idle) = (None, None);
    let attribute = refusals.only(attributes, Kind::Deadline);
    for argument in attribute.map_or(&[][..], |attribute| refusals.arguments(attribute)) {
        let Argument::Named(key, value) = argument else {
            let why = "a deadline says what it limits: `within = \"10s\"` or `idle = \"60s\"`";
            refusals.add(argument, why);
            continue;
        };
        let place = match key.to_string().as_str() {
            "within" => &mut within,
            "idle" => &mut idle,
            _ => {
                let why = format!("no `{key}` here: `within` and `idle` are the keys");
                refusals.add(key, why);
                continue;
            }
        };
        match deadline(value) {
            Some(deadline) => once(key, deadline, place, refusals),
            None => refusals.add(
                value,
                format!(
                    "not a duration: write a whole number above zero and its unit, as in {}",
                    duration::EXAMPLES
                ),
            ),
        }
    }
    (within, idle)
}

fn crate_path(text: &LitStr) -> Option<Path> {
    text.parse_with(Path::parse_mod_style).ok()
}

fn deadline(value: &Value) -> Option<Deadline> {
    let Value::Literal(Lit::Str(text)) = value else { return None };
    let text = text.value();
    duration::parse(&text).map(|after| Deadline { after, text })
}

/// Puts the value of `key` into its place, which must be empty.
fn once<T>(key: &Ident, value: T, place: &mut Option<T>, refusals: &mut Refusals) {
    if place.is_some() {
        refusals.add(key, format!("`{key}` is given twice"));
    }
    *place = Some(value);
}
