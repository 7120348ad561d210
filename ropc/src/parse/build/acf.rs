//! Attribute configuration files.

use super::{Builder, Built, Node};
use crate::ast::{Acf, AcfInterface, AcfOperation, Attr, Ident};
use crate::parse::Rule;

impl Builder {
    /// A whole file.
    pub(in crate::parse) fn acf(&mut self, node: Node<'_>) -> Built<Acf> {
        let mut acf = Acf::default();
        for item in self.parts(node).many(Rule::acf_item) {
            let Some(inner) = self.parts(item).any() else { continue };
            match inner.as_rule() {
                Rule::acf_interface => {
                    let mut parts = self.parts(inner);
                    let attrs = self.attrs(&mut parts)?;
                    let name = self.ident(&parts.need(Rule::ident)?);
                    let mut operations = Vec::new();
                    for decl in parts.many(Rule::acf_decl) {
                        let Some(inner) = self.parts(decl).any() else { continue };
                        match inner.as_rule() {
                            Rule::acf_typedef => self.acf_typedef(inner, &mut acf.types)?,
                            Rule::acf_operation => self.acf_operations(inner, &mut operations)?,
                            // C's own business
                            _ => {}
                        }
                    }
                    acf.interfaces.push(AcfInterface { attrs, name, operations });
                }
                Rule::acf_typedef => self.acf_typedef(inner, &mut acf.types)?,
                _ => {}
            }
        }
        Ok(acf)
    }

    fn acf_typedef(&mut self, node: Node<'_>, types: &mut Vec<(Vec<Attr>, Ident)>) -> Built<()> {
        let mut parts = self.parts(node);
        let attrs = self.attrs(&mut parts)?;
        let names = parts.many(Rule::ident);
        types.extend(names.iter().map(|name| (attrs.clone(), self.ident(name))));
        Ok(())
    }

    fn acf_operations(&mut self, node: Node<'_>, operations: &mut Vec<AcfOperation>) -> Built<()> {
        let mut parts = self.parts(node);
        let attrs = self.attrs(&mut parts)?;
        for call in parts.many(Rule::acf_call) {
            let mut parts = self.parts(call);
            let name = self.ident(&parts.need(Rule::ident)?);
            let mut params = Vec::new();
            for param in parts.many(Rule::acf_param) {
                let mut parts = self.parts(param);
                let attrs = self.attrs(&mut parts)?;
                params.push((attrs, self.ident(&parts.need(Rule::ident)?)));
            }
            operations.push(AcfOperation { attrs: attrs.clone(), name, params });
        }
        Ok(())
    }
}
