//! What each generated file is made from.
//!
//! A file is made from a slice of the program: what belongs to it and the types that this leads to. All other types
//! are blank in the slice, so an emitter cannot see what the slice has not, and the slice's key says whether the
//! file would come out as before.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use crate::model::{Module, Program, StructDef, TypeDef, TypeId, TypeKind};

use super::in_place;
use crate::key::Key;

/// The part of a program that a file is made from.
pub(crate) struct Slice {
    /// With the numbers of the whole program: types that are not in it are blank.
    pub(crate) program: Program,
    /// Of the whole program, as far as the types are here.
    pub(crate) in_place: BTreeSet<TypeId>,
    /// The same.
    pub(crate) inlined: BTreeSet<TypeId>,
}

/// A program, ready to be cut.
pub(crate) struct Slices<'p> {
    program: &'p Program,
    /// Of each type: what it is, and the types in it.
    types: Vec<Seen>,
    modules: Vec<SeenModule>,
    objects: Seen,
    batches: Seen,
    /// Operations and streams with their modules.
    operations: Vec<(usize, Seen)>,
    in_place: BTreeSet<TypeId>,
    inlined: BTreeSet<TypeId>,
}

/// What was read of a part of the program.
struct Seen {
    key: Key,
    uses: BTreeSet<TypeId>,
}

/// What was read of a module.
struct SeenModule {
    name: Seen,
    docs: Seen,
    consts: Seen,
    properties: Seen,
}

/// What a part has of a module beside its name.
struct Has {
    docs: bool,
    consts: bool,
    properties: bool,
}

/// What a slice is to have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A module: its types, operations, streams and constants.
    Module(usize),
    /// All operations and objects.
    Operations,
}

impl Part {
    fn has_operations_of(self, module: usize) -> bool {
        self == Self::Operations || self == Self::Module(module)
    }
}

impl<'p> Slices<'p> {
    pub(crate) fn new(program: &'p Program) -> Self {
        let modules = program.modules.iter().map(|module| SeenModule {
            name: read(program, &(&module.name, &module.spec, module.either_order)),
            docs: read(program, &module.docs),
            consts: read(program, &module.consts),
            properties: read(program, &module.properties),
        });
        let rops = program.rops.iter().map(|rop| (rop.module, read(program, rop)));
        let requests = program.requests.iter().map(|request| (request.module, read(program, request)));
        let streams = program.streams.iter().map(|stream| (stream.module, read(program, stream)));
        Self {
            program,
            types: program.types.iter().map(|def| read(program, def)).collect(),
            modules: modules.collect(),
            objects: read(program, &program.objects),
            batches: read(program, &program.batches),
            operations: rops.chain(requests).chain(streams).collect(),
            in_place: in_place::types(program),
            inlined: in_place::inlined(program),
        }
    }

    /// The name of a module; empty where there is none.
    pub(crate) fn module_name(&self, index: usize) -> &str {
        self.program.modules.get(index).map_or("", |module| &module.name)
    }

    /// The key of something that names types of the program.
    pub(crate) fn key_of(&self, what: impl Hash) -> Key {
        read(self.program, &what).key
    }

    /// The same number again: a file of this part comes out as before.
    pub(crate) fn key(&self, part: Part) -> Key {
        let own = self.own(part);
        let mut all = own.key.bytes().to_vec();
        for id in self.closure(own.uses) {
            if let Some(seen) = self.types.get(id.0) {
                all.extend(seen.key.bytes());
                all.push(u8::from(self.in_place.contains(&id)) + 2 * u8::from(self.inlined.contains(&id)));
            }
        }
        Key::of(&all)
    }

    /// Everything that a file of this part may depend on.
    pub(crate) fn cut(&self, part: Part) -> Slice {
        let types = self.closure(self.own(part).uses);
        let mut program = self.shell(part);
        program.types = (0..)
            .map(TypeId)
            .zip(&self.program.types)
            .map(|(id, def)| if types.contains(&id) { def.clone() } else { blank() })
            .collect();
        let here = |ids: &BTreeSet<TypeId>| ids.intersection(&types).copied().collect();
        Slice { program, in_place: here(&self.in_place), inlined: here(&self.inlined) }
    }

    /// What belongs to a part, without types.
    fn shell(&self, part: Part) -> Program {
        let program = self.program;
        let modules = program.modules.iter().enumerate().map(|(index, module)| {
            let has = self.has(part, index);
            Module {
                name: module.name.clone(),
                docs: if has.docs { module.docs.clone() } else { Vec::new() },
                spec: module.spec.clone(),
                span: module.span.clone(),
                consts: if has.consts { module.consts.clone() } else { Vec::new() },
                properties: if has.properties { module.properties.clone() } else { Vec::new() },
                either_order: module.either_order,
            }
        });
        let here = |module: usize| part.has_operations_of(module);
        Program {
            modules: modules.collect(),
            types: Vec::new(),
            objects: program.objects.clone(),
            rops: program.rops.iter().filter(|rop| here(rop.module)).cloned().collect(),
            requests: program.requests.iter().filter(|request| here(request.module)).cloned().collect(),
            batches: if part == Part::Operations { program.batches.clone() } else { Vec::new() },
            streams: program.streams.iter().filter(|stream| here(stream.module)).cloned().collect(),
        }
    }

    /// What [`Self::shell`] has of a part, and with its types.
    fn own(&self, part: Part) -> Seen {
        let mut bytes = Vec::new();
        let mut uses = BTreeSet::new();
        let mut take = |seen: &Seen| {
            bytes.extend(seen.key.bytes());
            uses.extend(&seen.uses);
        };
        for (index, module) in self.modules.iter().enumerate() {
            take(&module.name);
            let has = self.has(part, index);
            [(has.docs, &module.docs), (has.consts, &module.consts), (has.properties, &module.properties)]
                .into_iter()
                .filter(|(has, _)| *has)
                .for_each(|(_, seen)| take(seen));
        }
        take(&self.objects);
        self.operations.iter().filter(|(module, _)| part.has_operations_of(*module)).for_each(|(_, seen)| take(seen));
        if part == Part::Operations {
            take(&self.batches);
        }
        if let Part::Module(index) = part {
            let own = (0..).map(TypeId).zip(&self.program.types).filter(|(_, def)| def.module == index);
            uses.extend(own.map(|(id, _)| id));
        }
        // Emitters look for it by its name.
        let error_code = self.program.types.iter().position(|def| def.name == "ErrorCode");
        uses.extend(error_code.map(TypeId));
        Seen { key: Key::of(&bytes), uses }
    }

    /// What a part has of a module.
    fn has(&self, part: Part, index: usize) -> Has {
        let own = part == Part::Module(index);
        // Named properties stand in sets that any module may declare.
        let module = |part| if let Part::Module(index) = part { self.program.modules.get(index) } else { None };
        let sets = module(part).is_some_and(|module| !module.properties.is_empty());
        Has { docs: own || part == Part::Operations, consts: own || sets, properties: own }
    }

    /// These types and those that they lead to.
    fn closure(&self, mut open: BTreeSet<TypeId>) -> BTreeSet<TypeId> {
        let mut found = BTreeSet::new();
        while let Some(id) = open.pop_first() {
            if found.insert(id)
                && let Some(seen) = self.types.get(id.0)
            {
                open.extend(seen.uses.difference(&found));
            }
        }
        found
    }
}

/// A type that is not in a slice.
fn blank() -> TypeDef {
    TypeDef {
        name: String::new(),
        module: usize::MAX,
        docs: Vec::new(),
        spec: None,
        span: crate::ast::Span::default(),
        kind: TypeKind::Struct(StructDef::default()),
    }
}

fn read(program: &Program, part: &impl Hash) -> Seen {
    let mut reader = Reader { program, bytes: Vec::new(), uses: BTreeSet::new(), type_follows: false };
    part.hash(&mut reader);
    Seen { key: Key::of(&reader.bytes), uses: reader.uses }
}

/// Takes in all of a part of the program. A type is taken by its name: its number changes when another is declared.
struct Reader<'p> {
    program: &'p Program,
    bytes: Vec<u8>,
    uses: BTreeSet<TypeId>,
    type_follows: bool,
}

impl Hasher for Reader<'_> {
    fn write(&mut self, bytes: &[u8]) {
        self.type_follows = bytes == TypeId::MARK;
        self.bytes.extend(bytes);
    }

    fn write_usize(&mut self, n: usize) {
        let Some(def) = self.program.types.get(n).filter(|_| self.type_follows) else {
            return self.write(&n.to_le_bytes());
        };
        self.type_follows = false;
        self.uses.insert(TypeId(n));
        self.bytes.extend(def.name.len().to_le_bytes());
        self.bytes.extend(def.name.as_bytes());
    }

    fn finish(&self) -> u64 {
        0
    }
}
