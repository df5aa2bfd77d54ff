//! The code: impl blocks of plain `match`, as one would write them by hand.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type, parse_quote};

use crate::model::{Deadline, Machine, Shape, State};
use crate::{diagram, size};

/// Everything that the derive writes for `machine`.
pub(crate) fn emit(machine: &Machine) -> TokenStream {
    let edges = machine.states.iter().flat_map(|from| edges(machine, from));
    let machine_impl = machine_impl(machine);
    let size_check = size::at_once(machine);
    quote! {
        #(#edges)*
        #machine_impl
        #size_check
    }
}

/// One `impl Edge` for each declared successor of `from`.
fn edges<'a>(machine: &'a Machine, from: &'a State) -> impl Iterator<Item = TokenStream> + 'a {
    let Machine { name, krate, .. } = machine;
    let (impl_generics, type_generics, where_clause) = machine.generics.split_for_impl();
    from.becomes.iter().map(move |successor| {
        let to = &machine.states[successor.index];
        let (from, variant, to) = (&from.payload, &to.name, &to.payload);
        quote_spanned! {expanded_at(successor.span)=>
            #[automatically_derived]
            impl #impl_generics #krate::contract::Edge<#from, #to> for #name #type_generics
            #where_clause
            {
                #[inline]
                fn enter(to: #to) -> Self {
                    Self::#variant(to)
                }
            }
        }
    })
}

fn machine_impl(machine: &Machine) -> TokenStream {
    let Machine { name, krate, .. } = machine;
    let (impl_generics, type_generics, where_clause) = machine.generics.split_for_impl();
    let mermaid = diagram::mermaid(machine);
    let doc = format!("The states of this machine:\n\n```mermaid\n{mermaid}```");
    let doc = doc.lines().map(|line| format!(" {line}"));
    let (mermaid, dot) = (text(&mermaid), text(&diagram::dot(machine)));
    let app = app(machine);
    let states = machine.states.iter().map(|state| state_info(krate, state));
    let methods = methods(machine);
    quote! {
        #(#[doc = #doc])*
        #[automatically_derived]
        impl #impl_generics #krate::contract::Machine for #name #type_generics #where_clause {
            type App = #app;
            const STATES: &'static [#krate::contract::StateInfo] = &[#(#states),*];
            const DIAGRAM: #krate::contract::Diagram =
                #krate::contract::Diagram { mermaid: #mermaid, dot: #dot };
            #methods
        }
    }
}

pub(crate) fn app(machine: &Machine) -> Type {
    let krate = &machine.krate;
    machine.app.clone().unwrap_or_else(|| parse_quote!(#krate::contract::Alone<Self>))
}

fn methods(machine: &Machine) -> TokenStream {
    let krate = &machine.krate;
    let io = quote!(io: &mut #krate::contract::Io<'_, Self::App>);
    let next = quote! {
        ::core::result::Result<#krate::contract::Next, #krate::contract::Fault>
    };
    let advance = dispatch(machine, |state| step(krate, "advance", state, quote!(, io)));
    let expire = dispatch(machine, |state| step(krate, "expire", state, quote!(, why, io)));
    let receive = dispatch(machine, |state| step(krate, "receive", state, quote!(, mail, io)));
    let deadline = dispatch(machine, |state| call(krate, "deadline", state, quote!()));
    let held = dispatch(machine, |state| call(krate, "held", state, quote!()));
    let number = number(machine);
    let size_check = size::in_use(machine);
    quote! {
        #[inline(always)]
        fn advance(&mut self, #io) -> #next {
            #size_check
            #advance
        }

        #[inline]
        fn expire(&mut self, why: #krate::contract::Reason, #io) -> #next {
            #expire
        }

        #[inline]
        fn receive(
            &mut self,
            mail: <Self::App as #krate::contract::App>::Mail,
            #io,
        ) -> #next {
            #receive
        }

        #[inline]
        fn deadline(&self) -> ::core::option::Option<::std::time::Instant> {
            #deadline
        }

        #[inline(always)]
        fn held(&self) -> usize {
            #held
        }

        #[inline]
        fn state(&self) -> usize {
            #number
        }
    }
}

/// The same call on whichever state the machine is in.
fn dispatch(machine: &Machine, call: impl Fn(Ident) -> TokenStream) -> TokenStream {
    if machine.shape == Shape::Struct {
        return call(Ident::new("self", expanded_at(machine.name.span())));
    }
    let arms = machine.states.iter().map(|state| {
        let variant = &state.name;
        let binding = Ident::new("state", expanded_at(state.payload.span()));
        let call = call(binding.clone());
        quote!(Self::#variant(#binding) => { #call })
    });
    quote!(match self { #(#arms)* })
}

/// Calls `method` of the state, and carries out what it says.
fn step(krate: &Path, method: &str, state: Ident, arguments: TokenStream) -> TokenStream {
    let call = call(krate, method, state, arguments);
    quote! {
        let stepped = #call;
        #krate::contract::Step::settle(stepped, self)
    }
}

/// A call that stands, for errors, where the state's type was written: what is wrong with it is
/// most often that it is not a state.
fn call(krate: &Path, method: &str, state: Ident, arguments: TokenStream) -> TokenStream {
    let span = state.span();
    let method = Ident::new(method, span);
    let krate = respanned(krate.to_token_stream(), span);
    quote_spanned!(span=> #krate::contract::State::<Self>::#method(#state #arguments))
}

fn number(machine: &Machine) -> TokenStream {
    if machine.shape == Shape::Struct {
        return quote!(0);
    }
    let arms = machine.states.iter().enumerate().map(|(index, state)| {
        let (variant, index) = (&state.name, Literal::usize_unsuffixed(index));
        quote!(Self::#variant(_) => #index)
    });
    quote!(match self { #(#arms,)* })
}

fn state_info(krate: &Path, state: &State) -> TokenStream {
    let name = state.title();
    let becomes = state.becomes.iter().map(|to| Literal::usize_unsuffixed(to.index));
    let timeouts = match (&state.within, &state.idle) {
        (None, None) => quote!(#krate::contract::Timeouts::NONE),
        (within, idle) => {
            let (within, idle) = (duration(within), duration(idle));
            quote!(#krate::contract::Timeouts::new(#within, #idle))
        }
    };
    quote! {
        #krate::contract::StateInfo { name: #name, becomes: &[#(#becomes),*], timeouts: #timeouts }
    }
}

fn duration(deadline: &Option<Deadline>) -> TokenStream {
    let Some(deadline) = deadline else {
        return quote!(::core::option::Option::None);
    };
    let millis = deadline.after.as_millis() as u64;
    let duration = match millis % 1_000 {
        0 => {
            let secs = Literal::u64_unsuffixed(millis / 1_000);
            quote!(::core::time::Duration::from_secs(#secs))
        }
        _ => {
            let millis = Literal::u64_unsuffixed(millis);
            quote!(::core::time::Duration::from_millis(#millis))
        }
    };
    quote!(::core::option::Option::Some(#duration))
}

/// A literal with its line breaks as they are, for whoever reads the expansion.
fn text(text: &str) -> TokenStream {
    debug_assert!(!text.contains("\"#"), "names and durations hold no quotes");
    let literal = match text.contains(['"', '\\']) {
        true => format!("r#\"{text}\"#"),
        false => format!("\"{text}\""),
    };
    match literal.parse::<Literal>() {
        Ok(literal) => quote!(#literal),
        Err(_) => quote!(#text),
    }
}

/// Where the user's `span` is, but known as generated: errors point there, and the user's lints do
/// not apply.
fn expanded_at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The same path, pointing elsewhere.
fn respanned(path: TokenStream, span: Span) -> TokenStream {
    path.into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}
