//! Parameters as values of their types.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::params::{BadParam, BadParamKind, Params, decode};

/// A value that one parameter can be.
///
/// Implemented for numbers, `bool`, `char`, addresses, `String` and `Cow<str>`, all of them
/// decoded; and for `&str`, which is the text as it came, with its escapes.
pub trait FromParam<'a>: Sized {
    /// The value of a text as it came.
    ///
    /// # Errors
    /// What is wrong with it.
    fn from_param(raw: &'a str) -> Result<Self, BadParamKind>;
}

/// What all parameters of a path can be: a tuple of up to eight, in the order of the pattern.
/// Those that are left over are not looked at.
pub trait FromParams<'a>: Sized {
    /// The value.
    ///
    /// # Errors
    /// [`BadParam`] with the name of the first that is not of its type.
    fn from_params(params: &Params<'a>) -> Result<Self, BadParam<'a>>;
}

impl<'a> FromParam<'a> for &'a str {
    fn from_param(raw: &'a str) -> Result<Self, BadParamKind> {
        Ok(raw)
    }
}

impl<'a> FromParam<'a> for Cow<'a, str> {
    fn from_param(raw: &'a str) -> Result<Self, BadParamKind> {
        decode(raw)
    }
}

macro_rules! parsed {
    ($($type:ty)*) => {
        $(
            impl<'a> FromParam<'a> for $type {
                fn from_param(raw: &'a str) -> Result<Self, BadParamKind> {
                    decode(raw)?.parse().map_err(|_| BadParamKind::NotValid)
                }
            }
        )*
    };
}

parsed! {
    u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64
    bool char String IpAddr Ipv4Addr Ipv6Addr
}

macro_rules! tuples {
    ($($($name:ident = $at:literal)+;)*) => {
        $(
            impl<'a, $($name: FromParam<'a>),+> FromParams<'a> for ($($name,)+) {
                fn from_params(params: &Params<'a>) -> Result<Self, BadParam<'a>> {
                    Ok(($(one::<$name>(params, $at)?,)+))
                }
            }
        )*
    };
}

tuples! {
    A = 0;
    A = 0 B = 1;
    A = 0 B = 1 C = 2;
    A = 0 B = 1 C = 2 D = 3;
    A = 0 B = 1 C = 2 D = 3 E = 4;
    A = 0 B = 1 C = 2 D = 3 E = 4 F = 5;
    A = 0 B = 1 C = 2 D = 3 E = 4 F = 5 G = 6;
    A = 0 B = 1 C = 2 D = 3 E = 4 F = 5 G = 6 H = 7;
}

fn one<'a, T: FromParam<'a>>(params: &Params<'a>, at: usize) -> Result<T, BadParam<'a>> {
    let (name, raw) = params.at(at)?;
    T::from_param(raw).map_err(|kind| BadParam::new(name, kind))
}
