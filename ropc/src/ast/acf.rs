//! Attribute configuration files: attributes for what an interface file declares.

use super::{Attr, Ident};

/// One `.acf` file.
#[derive(Clone, Debug, Default)]
pub struct Acf {
    /// Its interfaces, with their attributes.
    pub interfaces: Vec<AcfInterface>,
    /// `typedef [attrs] A, B;`
    pub types: Vec<(Vec<Attr>, Ident)>,
}

/// What it says about an interface.
#[derive(Clone, Debug)]
pub struct AcfInterface {
    /// Of the interface itself.
    pub attrs: Vec<Attr>,
    /// Which.
    pub name: Ident,
    /// `[attrs] Operation([attrs] parameter);`
    pub operations: Vec<AcfOperation>,
}

/// What it says about an operation.
#[derive(Clone, Debug)]
pub struct AcfOperation {
    /// Of the operation itself.
    pub attrs: Vec<Attr>,
    /// Which.
    pub name: Ident,
    /// Of its parameters.
    pub params: Vec<(Vec<Attr>, Ident)>,
}
