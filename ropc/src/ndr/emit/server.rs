//! The server trait and the dispatch by operation number.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::model::Operation;
use super::super::names;
use super::messages::Message;
use super::{Emit, docs, ident};

impl<'m> Emit<'m> {
    /// Operations that are not left out.
    fn generated(&self) -> impl Iterator<Item = &'m Operation> {
        self.model.operations.iter().filter(|operation| !operation.left_out)
    }

    /// The trait, the dispatch, the names of the operations.
    pub(super) fn server(&self) -> Vec<TokenStream> {
        if self.model.operations.iter().all(|operation| operation.left_out) {
            return Vec::new();
        }
        let server = ident(&format!("{}Server", names::type_name(&names::upper_first(&self.model.name))));
        let methods = self.generated().map(|operation| {
            let request = Message::new(*self, operation, None, false);
            let response = Message::new(*self, operation, None, true);
            let name = ident(&names::field_name(&operation.name));
            let mut lines =
                if operation.docs.is_empty() { vec![format!("`{}`", operation.name)] } else { operation.docs.clone() };
            if let Some(spec) = &operation.spec {
                lines.push(String::new());
                lines.push(format!("{spec}."));
            }
            lines.extend(["", "# Errors", "A fault, which the client gets instead of a response."].map(str::to_owned));
            let docs = docs(&lines, "");
            // A response may borrow what the request borrows.
            let both = request.layout().borrowed && response.layout().borrowed;
            let generics = self.lifetime(both);
            let (request, response) = if both {
                (request.rust_type("'a"), response.rust_type("'a"))
            } else {
                (request.rust_type("'_"), response.rust_type("'static"))
            };
            quote! {
                #docs
                fn #name #generics(&mut self, request: &#request) -> Result<#response, Fault>;
            }
        });
        let arms = self.generated().map(|operation| {
            let request = Message::new(*self, operation, None, false);
            let response = Message::new(*self, operation, None, true);
            let name = ident(&names::field_name(&operation.name));
            let request_type = ident(&request.name);
            let argument = response.needs_request().then(|| quote!(, &request));
            quote! {
                #request_type::OPNUM => {
                    let request = #request_type::decode(stub, representation)?;
                    let response = server.#name(&request)?;
                    Ok(response.encode(representation #argument)?)
                }
            }
        });
        let operations = self.model.operations.iter().map(|operation| operation.name.as_str());
        let count = proc_macro2::Literal::usize_unsuffixed(self.model.operations.len());
        let trait_doc = format!(" The operations of `{}`, as a server has them.", self.model.name);
        vec![
            quote! {
                #[doc = #trait_doc]
                pub trait #server { #(#methods)* }
            },
            quote! {
                #[doc = " Serves one call: unpacks the request, calls the server, packs the response."]
                #[doc = ""]
                #[doc = " # Errors"]
                #[doc = " The server's fault; `nca_s_op_rng_error` for a number without operation; bad stub data."]
                pub fn dispatch<S: #server + ?Sized>(
                    server: &mut S,
                    representation: Representation,
                    opnum: u16,
                    stub: &[u8],
                ) -> Result<Vec<u8>, Fault> {
                    match opnum {
                        #(#arms)*
                        _ => Err(Fault::unknown_opnum(opnum)),
                    }
                }
            },
            quote! {
                #[doc = " Names of the operations, by number."]
                pub const OPERATIONS: [&str; #count] = [#(#operations),*];
            },
        ]
    }
}
