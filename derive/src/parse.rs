//! What the user wrote, read without judgement: `check` decides what of it can stand.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Fields, Generics, Lit, Meta, Token, Type};

/// The item below the derive.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) body: Body,
}

#[derive(Debug)]
pub(crate) enum Body {
    Enum(Vec<Variant>),
    Struct(Fields),
    Union(Token![union]),
}

#[derive(Debug)]
pub(crate) struct Variant {
    pub(crate) name: Ident,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) fields: Fields,
}

/// An attribute of the derive's own; those of others are not kept.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) kind: Kind,
    pub(crate) source: syn::Attribute,
    /// What is in its parentheses; `None` if it has none.
    pub(crate) arguments: Option<syn::Result<Vec<Argument>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Machine,
    MaxSize,
    Becomes,
    Deadline,
}

/// One argument: every attribute of the derive is a list of these.
#[derive(Debug)]
pub(crate) enum Argument {
    /// `key = value`
    Named(Ident, Value),
    /// `Variant`, `256`
    Bare(Value),
}

#[derive(Debug)]
pub(crate) enum Value {
    Literal(Lit),
    Type(Box<Type>),
}

impl Written {
    pub(crate) fn read(input: DeriveInput) -> Written {
        let body = match input.data {
            Data::Struct(data) => Body::Struct(data.fields),
            Data::Union(data) => Body::Union(data.union_token),
            Data::Enum(data) => Body::Enum(data.variants.into_iter().map(Variant::read).collect()),
        };
        let attributes = Attribute::read_all(input.attrs);
        Written { name: input.ident, generics: input.generics, attributes, body }
    }
}

impl Variant {
    fn read(variant: syn::Variant) -> Variant {
        let attributes = Attribute::read_all(variant.attrs);
        Variant { name: variant.ident, attributes, fields: variant.fields }
    }
}

impl Attribute {
    fn read_all(attributes: Vec<syn::Attribute>) -> Vec<Attribute> {
        attributes.into_iter().filter_map(Attribute::read).collect()
    }

    fn read(source: syn::Attribute) -> Option<Attribute> {
        let kind = Kind::ALL.into_iter().find(|kind| source.path().is_ident(kind.name()))?;
        let list = Punctuated::<Argument, Token![,]>::parse_terminated;
        let arguments = match &source.meta {
            Meta::List(meta) => {
                Some(meta.parse_args_with(list).map(|list| list.into_iter().collect()))
            }
            _ => None,
        };
        Some(Attribute { kind, source, arguments })
    }
}

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [Kind::Machine, Kind::MaxSize, Kind::Becomes, Kind::Deadline];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Machine => "machine",
            Kind::MaxSize => "max_size",
            Kind::Becomes => "becomes",
            Kind::Deadline => "deadline",
        }
    }

    /// An example of the attribute in use.
    pub(crate) const fn usage(self) -> &'static str {
        match self {
            Kind::Machine => "#[machine(app = Store)]",
            Kind::MaxSize => "#[max_size(256)]",
            Kind::Becomes => "#[becomes(Ready, Quit)]",
            Kind::Deadline => "#[deadline(within = \"10s\", idle = \"60s\")]",
        }
    }
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        // `crate` is a keyword, and yet the customary key.
        if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
            let key = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            return Ok(Argument::Named(key, input.parse()?));
        }
        input.parse().map(Argument::Bare)
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Lit) {
            return input.parse().map(Value::Literal);
        }
        input.parse().map(Box::new).map(Value::Type)
    }
}

impl ToTokens for Argument {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Argument::Named(key, value) => {
                key.to_tokens(tokens);
                value.to_tokens(tokens);
            }
            Argument::Bare(value) => value.to_tokens(tokens),
        }
    }
}

impl ToTokens for Value {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Value::Literal(literal) => literal.to_tokens(tokens),
            Value::Type(ty) => ty.to_tokens(tokens),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attributes of the only variant, each as `kind [argument; ..]`.
    fn read(attributes: &str) -> Vec<String> {
        let input = syn::parse_str(&format!("enum Conn {{ {attributes} Login(Login) }}"));
        let written = Written::read(input.expect("the case is Rust"));
        let Body::Enum(variants) = written.body else { panic!("an enum") };
        variants[0].attributes.iter().map(shown).collect()
    }

    fn shown(attribute: &Attribute) -> String {
        let arguments = match &attribute.arguments {
            None => "nothing".to_owned(),
            Some(Err(_)) => "not a list".to_owned(),
            Some(Ok(list)) => {
                let list: Vec<_> = list.iter().map(argument_shown).collect();
                format!("[{}]", list.join("; "))
            }
        };
        format!("{} {arguments}", attribute.kind.name())
    }

    fn argument_shown(argument: &Argument) -> String {
        let (key, value) = match argument {
            Argument::Named(key, value) => (format!("{key}: "), value),
            Argument::Bare(value) => (String::new(), value),
        };
        let what = match value {
            Value::Literal(_) => "literal",
            Value::Type(_) => "type",
        };
        format!("{key}{what} {}", value.to_token_stream().to_string().replace(' ', ""))
    }

    #[test]
    fn every_attribute_is_a_list_of_arguments() {
        for (attributes, expected) in [
            ("#[becomes(Ready, Quit)]", &["becomes [type Ready; type Quit]"][..]),
            ("#[becomes(Ready,)]", &["becomes [type Ready]"]),
            ("#[becomes(http::Server<A, B>)]", &["becomes [type http::Server<A,B>]"]),
            (
                "#[deadline(within = \"10s\", idle = 60)]",
                &["deadline [within: literal \"10s\"; idle: literal 60]"],
            ),
            (
                "#[machine(app = Store<u8, T>, crate = \"a::b\")]",
                &["machine [app: type Store<u8,T>; crate: literal \"a::b\"]"],
            ),
            ("#[max_size(256)]", &["max_size [literal 256]"]),
            ("#[max_size(-1)]", &["max_size [literal -1]"]),
            ("#[max_size{4}]", &["max_size [literal 4]"]),
            ("#[becomes()]", &["becomes []"]),
            ("#[becomes]", &["becomes nothing"]),
            ("#[becomes = \"Quit\"]", &["becomes nothing"]),
            ("#[becomes(Ready Quit)]", &["becomes not a list"]),
            ("#[deadline(within = )]", &["deadline not a list"]),
            ("#[deadline(within: \"10s\")]", &["deadline not a list"]),
            ("#[becomes(A)] #[becomes(B)]", &["becomes [type A]", "becomes [type B]"]),
            ("/// Words.\n #[cfg(unix)] #[serde(becomes)] #[a::becomes(A)]", &[]),
        ] {
            assert_eq!(read(attributes), expected, "{attributes}");
        }
    }

    #[test]
    fn the_item_may_be_of_any_kind() {
        for (code, expected) in [
            ("enum Conn<T> { Login(Login) }", "an enum of 1"),
            ("enum Conn {}", "an enum of 0"),
            ("struct Conn;", "a struct"),
            ("struct Conn { field: u8 }", "a struct"),
            ("union Conn { field: u8 }", "a union"),
        ] {
            let body = match Written::read(syn::parse_str(code).expect("the case is Rust")).body {
                Body::Enum(variants) => format!("an enum of {}", variants.len()),
                Body::Struct(_) => "a struct".to_owned(),
                Body::Union(_) => "a union".to_owned(),
            };
            assert_eq!(body, expected, "{code}");
        }
    }
}
