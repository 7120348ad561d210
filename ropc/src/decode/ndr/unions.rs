//! Unions: the discriminant, and the arm that it chooses.

use ropc::ndr::model::{Type, TypeDef, TypeKind, Union};
use runtime::ndr::NdrCursor;

use super::Stub;
use super::structures::gap64;
use super::values::{Datum, Env};
use crate::decode::tree::{Fault, Node};

impl<'p> Stub<'_, 'p> {
    /// The discriminant of a union that has none on the wire; `None` for other types.
    pub(super) fn bare_tag(&self, c: &NdrCursor<'_>, ty: &Type, env: &Env<'_, 'p>) -> Result<Option<u64>, Fault> {
        let Type::Union(id, switch) = ty else { return Ok(None) };
        match self.model.get(*id).map(|def| &def.kind) {
            Some(TypeKind::Union(union)) if union.bare => match switch {
                Some(switch) => self.known_value(c, switch, env).map(Some),
                None => Ok(Some(0)),
            },
            _ => Ok(None),
        }
    }

    /// Checks the discriminant of a union where it is known already.
    pub(super) fn check_tag(
        &self,
        c: &NdrCursor<'_>,
        ty: &Type,
        value: &Datum,
        env: &Env<'_, 'p>,
    ) -> Result<(), Fault> {
        let (Type::Union(id, Some(switch)), Datum::Union(found, _)) = (ty, value) else { return Ok(()) };
        let loose = match self.model.get(*id).map(|def| &def.kind) {
            Some(TypeKind::Union(union)) => union.bare || union.encapsulated,
            _ => true,
        };
        if loose || !env.knows(switch) || env.value(switch) == *found {
            return Ok(());
        }
        let message = format!("expected the arm for {:#x}, got {found:#x}", env.value(switch));
        Err(self.wrong(c, message))
    }

    pub(super) fn arm(
        &mut self,
        c: &mut NdrCursor<'_>,
        def: &'p TypeDef,
        union: &'p Union,
        tag: Option<u64>,
        node: &mut Node,
    ) -> Result<Datum, Fault> {
        gap64(c, def.layout).map_err(|error| self.refused(&error))?;
        let tag = match tag {
            Some(tag) if union.bare => tag,
            _ => {
                let mut of_tag = Node::new("discriminant", c.offset());
                let tag = self.scalar(c, union.tag, &mut of_tag)?;
                node.children.push(of_tag);
                gap64(c, def.layout).map_err(|error| self.refused(&error))?;
                tag
            }
        };
        if union.aligned {
            c.align(def.layout.align, def.layout.align64).map_err(|error| self.refused(&error))?;
        }
        let chosen = union.arms.iter().find(|arm| !arm.default && arm.labels.contains(&tag));
        let Some(arm) = chosen.or_else(|| union.arms.iter().find(|arm| arm.default)) else {
            let size = union.tag.sizes().0;
            let message = format!("expected a discriminant of {}, got {tag:#x}", def.name);
            return Err(self.interpreter.fault(c.offset().saturating_sub(size), size, message));
        };
        let Some(ty) = &arm.ty else { return Ok(Datum::Union(tag, Box::default())) };
        self.count(c)?;
        let mut inner = Node::new(arm.name.as_str(), c.offset());
        let env = Env { model: self.model, fields: &[], values: &[] };
        let result = self.within(&arm.name, |this| this.scalars(c, ty, &env, None, &mut inner));
        if inner.size == 0 {
            inner.size = c.offset().saturating_sub(inner.offset);
        }
        if result.is_ok() || !inner.children.is_empty() {
            node.children.push(inner);
        }
        result.map(|value| Datum::Union(tag, Box::new(value)))
    }
}
