//! `#[max_size(..)]`: a machine that is too large does not compile.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};

use crate::model::{Machine, MaxSize, Shape};

/// The check as an item: for a machine whose size is known where it is written.
pub(crate) fn at_once(machine: &Machine) -> Option<TokenStream> {
    let limit = machine.max_size.as_ref().filter(|_| !is_generic(machine))?;
    let check = check(machine, limit);
    Some(quote!(const _: () = { #check };))
}

/// The check as an expression: for a machine whose size is known where it is used.
pub(crate) fn in_use(machine: &Machine) -> Option<TokenStream> {
    let limit = machine.max_size.as_ref().filter(|_| is_generic(machine))?;
    let check = check(machine, limit);
    Some(quote!(const { #check }))
}

fn is_generic(machine: &Machine) -> bool {
    !machine.generics.params.is_empty()
}

/// A panic in a constant can choose between texts, but not format one: hence a text for each state.
///
/// The whole of it stands at the user's number, panic included, or the error would be shown at the
/// derive.
fn check(machine: &Machine, limit: &MaxSize) -> TokenStream {
    let MaxSize { bytes, span } = *limit;
    let (name, (_, generics, _)) = (&machine.name, machine.generics.split_for_impl());
    let too_large = format!("`{}` is larger than #[max_size({bytes})]", machine.title());
    let bytes = Literal::u64_unsuffixed(bytes);
    let fits = quote_spanned! {span=>
        let fits = ::core::mem::size_of::<#name #generics>() <= #bytes;
    };
    if machine.shape == Shape::Struct {
        return quote_spanned!(span=> #fits ::core::assert!(fits, #too_large););
    }
    let mut sizes = machine.states.iter().map(|state| {
        let payload = &state.payload;
        let text = format!("{too_large}: its largest state is `{}`", state.title());
        quote_spanned!(span=> (::core::mem::size_of::<#payload>(), #text))
    });
    let (first, rest) = (sizes.next(), sizes.collect::<Vec<_>>());
    let mutable = (!rest.is_empty()).then(|| quote_spanned!(span=> mut));
    quote_spanned! {span=>
        let #mutable largest = #first;
        #(let next = #rest; if next.0 > largest.0 { largest = next; })*
        #fits
        ::core::assert!(fits, "{}", largest.1);
    }
}
