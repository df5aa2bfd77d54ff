//! What is written in place of a machine that was refused.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use crate::emit;
use crate::model::Machine;

/// A machine that does nothing and may become anything. The refusals stop the build; without this
/// the compiler would add an error for each place that needs a machine.
pub(crate) fn stand_in(machine: &Machine) -> TokenStream {
    let Machine { name, krate, .. } = machine;
    let app = emit::app(machine);
    let (impl_generics, type_generics, where_clause) = machine.generics.split_for_impl();
    let mut with_edge = machine.generics.clone();
    with_edge.params.push(parse_quote!(__From));
    with_edge.params.push(parse_quote!(__To));
    let (edge_generics, ..) = with_edge.split_for_impl();
    let io = quote!(_: &mut #krate::contract::Io<'_, Self::App>);
    let next = quote!(::core::result::Result<#krate::contract::Next, #krate::contract::Fault>);
    let nothing = quote!(::core::unreachable!());
    quote! {
        impl #edge_generics #krate::contract::Edge<__From, __To> for #name #type_generics
        #where_clause
        {
            fn enter(_: __To) -> Self { #nothing }
        }

        impl #impl_generics #krate::contract::Machine for #name #type_generics #where_clause {
            type App = #app;
            const STATES: &'static [#krate::contract::StateInfo] = &[];
            const DIAGRAM: #krate::contract::Diagram =
                #krate::contract::Diagram { mermaid: "", dot: "" };
            fn advance(&mut self, #io) -> #next { #nothing }
            fn expire(&mut self, _: #krate::contract::Reason, #io) -> #next { #nothing }
            fn receive(&mut self, _: <Self::App as #krate::contract::App>::Mail, #io) -> #next {
                #nothing
            }
            fn deadline(&self) -> ::core::option::Option<::std::time::Instant> { #nothing }
            fn state(&self) -> usize { #nothing }
        }
    }
}
