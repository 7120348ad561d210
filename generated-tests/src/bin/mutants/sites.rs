//! Where a mistake can be made in generated code, and that code with and without it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use quote::ToTokens as _;
use syn::visit_mut::{self, VisitMut};
use syn::{Arm, Block, Expr, ExprMatch, ImplItemFn, ItemFn, ItemImpl, Pat, Stmt, parse_quote};

use crate::calls;

/// Kinds of mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    SwappedFields,
    SwappedFieldsBothWays,
    LostField,
    WrongWidth,
    WrongOrder,
    WrongOrderBothWays,
    OffByOne,
    LostTerminator,
    LostCheck,
    WrongCondition,
    SkippedArm,
    WrongValue,
    WrongSize,
    WrongRopId,
    WrongHandleIndex,
    EarlyAllocation,
    LostAlignment,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::SwappedFields => "swapped fields",
            Self::SwappedFieldsBothWays => "swapped fields, both ways",
            Self::LostField => "lost field",
            Self::WrongWidth => "wrong width",
            Self::WrongOrder => "wrong byte order",
            Self::WrongOrderBothWays => "wrong byte order, both ways",
            Self::OffByOne => "count off by one",
            Self::LostTerminator => "lost terminator",
            Self::LostCheck => "lost check",
            Self::WrongCondition => "wrong condition",
            Self::SkippedArm => "skipped arm",
            Self::WrongValue => "wrong value",
            Self::WrongSize => "wrong size",
            Self::WrongRopId => "wrong RopId",
            Self::WrongHandleIndex => "wrong handle index",
            Self::EarlyAllocation => "allocation before the check",
            Self::LostAlignment => "lost alignment",
        }
    }

    /// What a mistake of this kind is called where reading and writing have it alike.
    fn both(self) -> Option<Self> {
        match self {
            Self::SwappedFields => Some(Self::SwappedFieldsBothWays),
            Self::WrongOrder => Some(Self::WrongOrderBothWays),
            _ => None,
        }
    }
}

/// What a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Reads,
    Writes,
    Measures,
    Other,
}

impl Role {
    fn of(function: &str) -> Self {
        match function {
            "packed_size" => Self::Measures,
            _ if function.starts_with("unpack") => Self::Reads,
            _ if function.starts_with("pack") => Self::Writes,
            _ => Self::Other,
        }
    }
}

/// A mistake, or the same one in two places.
#[derive(Clone, Debug)]
pub struct Mutant {
    pub kind: Kind,
    place: Place,
    what: String,
    numbers: Vec<u32>,
}

impl Mutant {
    /// What the environment says to have it.
    pub fn numbers(&self) -> String {
        self.numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
    }

    pub fn module(&self) -> &str {
        &self.place.module
    }

    /// What tests of its type begin with.
    pub fn base(&self) -> String {
        let name = if self.place.owner.is_empty() { &self.place.function } else { &self.place.owner };
        let name = name.trim_start_matches("un").trim_start_matches("pack_").trim_start_matches("run_");
        let name = name.strip_suffix("_reply").unwrap_or(name);
        let ends = ["Request", "Response", "Failure", "Other"];
        ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} ({})", self.numbers(), self.place, self.kind.name(), self.what)
    }
}

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    module: String,
    owner: String,
    function: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}::{}", self.module, self.owner, self.function)
    }
}

/// A place where one mistake can be made.
#[derive(Clone, Debug)]
struct Site {
    key: String,
    kind: Kind,
    place: Place,
    what: String,
}

/// Which sites become mutants.
#[derive(Clone, Copy)]
pub struct Selection<'s> {
    /// So many of each kind.
    pub per_kind: usize,
    /// Of these modules, or of all.
    pub only: &'s [String],
    /// Not these.
    pub refused: &'s BTreeSet<String>,
    /// Also of the functions that run operations.
    pub dispatch: bool,
}

/// Code with mutants: files by name, what is in them, and the keys of its sites by number.
pub struct Mutated {
    pub files: BTreeMap<String, String>,
    pub mutants: Vec<Mutant>,
    /// Sites that are left out since no input tells the mistake apart: why, and how many.
    pub equivalent: BTreeMap<&'static str, usize>,
    keys: BTreeMap<u32, String>,
}

impl Mutated {
    /// The sites that a line of a file may belong to: the last one up to it, and the next one.
    pub fn at_line(&self, file: &str, line: usize) -> Vec<String> {
        let Some(text) = self.files.get(file) else { return Vec::new() };
        let end = text.split_inclusive('\n').take(line).map(str::len).sum();
        let (before, after) = text.split_at(end);
        let rest = [before.rsplit_once(ASKS).map(|(_, rest)| rest), after.split_once(ASKS).map(|(_, rest)| rest)];
        let number = |rest: &str| rest.split([')', 'u']).next()?.trim().parse::<u32>().ok();
        rest.into_iter().flatten().filter_map(number).filter_map(|number| self.keys.get(&number).cloned()).collect()
    }
}

/// What a mutant begins with.
const ASKS: &str = "mutants::on(";

/// Makes the mutants of a selection.
pub fn mutate(sources: &BTreeMap<String, String>, selection: &Selection<'_>) -> Mutated {
    let is_wanted = |name: &String| {
        let module = name.trim_end_matches(".rs");
        module != "lib" && (selection.only.is_empty() || selection.only.iter().any(|only| only == module))
    };
    let mut trees: BTreeMap<String, syn::File> = BTreeMap::new();
    let (mut sites, mut equivalent) = (Vec::new(), BTreeMap::new());
    for (name, text) in sources.iter().filter(|(name, _)| is_wanted(name)) {
        let tree: syn::File = syn::parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (found, same) = walk(name, &mut tree.clone(), selection.dispatch, &BTreeMap::new());
        sites.extend(found);
        same.into_iter().for_each(|(why, count)| *equivalent.entry(why).or_default() += count);
        trees.insert(name.clone(), tree);
    }
    sites.retain(|site| !selection.refused.contains(&site.key));
    let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
    let mut mutants = Vec::new();
    for (kind, place, what, keys) in chosen(&sites, selection.per_kind) {
        let numbers = keys.into_iter().map(|key| {
            let next = numbers.len() as u32 + 1;
            *numbers.entry(key).or_insert(next)
        });
        mutants.push(Mutant { kind, place, what, numbers: numbers.collect() });
    }
    let mut files: BTreeMap<String, String> = sources.clone();
    for (name, mut tree) in trees {
        walk(&name, &mut tree, selection.dispatch, &numbers);
        files.insert(name, prettyplease::unparse(&tree));
    }
    let keys = numbers.into_iter().map(|(key, number)| (number, key)).collect();
    Mutated { files, mutants, equivalent, keys }
}

type Choice = (Kind, Place, String, Vec<String>);

/// So many of each kind, spread over all by the hashes of their names.
fn chosen(sites: &[Site], per_kind: usize) -> Vec<Choice> {
    let mut by_kind: BTreeMap<Kind, Vec<Choice>> = BTreeMap::new();
    let mut same: BTreeMap<(Kind, &str, &str, &str), Vec<&Site>> = BTreeMap::new();
    for site in sites {
        let one = (site.kind, site.place.clone(), site.what.clone(), vec![site.key.clone()]);
        by_kind.entry(site.kind).or_default().push(one);
        if let Some(both) = site.kind.both() {
            same.entry((both, &site.place.module, &site.place.owner, &site.what)).or_default().push(site);
        }
    }
    for ((kind, ..), sites) in same {
        let [a, b] = sites.as_slice() else { continue };
        if Role::of(&a.place.function) != Role::of(&b.place.function) {
            let both = (kind, a.place.clone(), a.what.clone(), vec![a.key.clone(), b.key.clone()]);
            by_kind.entry(kind).or_default().push(both);
        }
    }
    let mut all = Vec::new();
    for (_, mut choices) in by_kind {
        choices.sort_by_key(|(.., keys)| hash(&keys.concat()));
        choices.truncate(per_kind);
        all.extend(choices);
    }
    all
}

fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// Finds the sites of a file, and makes mutants of those with a number.
fn walk(name: &str, tree: &mut syn::File, dispatch: bool, numbers: &BTreeMap<String, u32>) -> (Vec<Site>, Same) {
    let place = Place { module: name.trim_end_matches(".rs").to_owned(), ..Place::default() };
    let mut walker = Walker {
        numbers,
        place,
        label: String::new(),
        dispatch,
        body: String::new(),
        counts: BTreeMap::new(),
        sites: Vec::new(),
        equivalent: BTreeMap::new(),
    };
    walker.visit_file_mut(tree);
    (walker.sites, walker.equivalent)
}

/// Mistakes that are none: why, and how many.
type Same = BTreeMap<&'static str, usize>;

struct Walker<'n> {
    numbers: &'n BTreeMap<String, u32>,
    place: Place,
    /// The field whose bytes an expression reads or writes.
    label: String,
    /// Sites are where operations are run, too.
    dispatch: bool,
    /// The function that is walked through, as text.
    body: String,
    counts: BTreeMap<String, usize>,
    sites: Vec<Site>,
    equivalent: Same,
}

impl Walker<'_> {
    fn role(&self) -> Role {
        Role::of(&self.place.function)
    }

    /// Notes a site; its number when it is a mutant.
    fn site(&mut self, kind: Kind, what: String) -> Option<u32> {
        let name = format!("{} {kind:?} {what}", self.place);
        let count = self.counts.entry(name.clone()).or_default();
        *count += 1;
        let key = format!("{name} {count}");
        let number = self.numbers.get(&key).copied();
        self.sites.push(Site { key, kind, place: self.place.clone(), what });
        number
    }

    /// Why a mistake is none.
    fn is_none(&self, kind: Kind, what: &str) -> Option<&'static str> {
        let checked = self.role() == Role::Reads && self.body.contains(". within (");
        (kind == Kind::LostCheck && what == "nesting" && checked)
            .then_some("the limit of nesting was checked at the start of the function already")
    }

    fn arms(&mut self, m: &mut ExprMatch, before: &ExprMatch) {
        let falls_through = before.arms.last().is_some_and(|arm| takes_all(&arm.pat));
        let last = m.arms.len().saturating_sub(1);
        for (index, arm) in m.arms.iter_mut().enumerate() {
            let what = arm.pat.to_token_stream().to_string();
            if falls_through && index < last && !matches!(arm.pat, Pat::Guard(_)) {
                if let Some(number) = self.site(Kind::SkippedArm, what) {
                    let Arm { pat, body, .. } = &*arm;
                    *arm = parse_quote!(#pat if !crate::mutants::on(#number) => #body,);
                }
            } else if self.role() == Role::Writes
                && let Expr::Block(block) = arm.body.as_mut()
                && matches!(block.block.stmts.last(), Some(Stmt::Expr(_, Some(_))))
                && let Some(number) = self.site(Kind::SkippedArm, what)
            {
                *arm.body = parse_quote!({ if !crate::mutants::on(#number) #block });
            }
        }
    }

    fn statements(&mut self, block: &mut Block, before: &Block) {
        let role = self.role();
        let (mut statements, mut index) = (Vec::new(), 0);
        while let (Some(first), Some(first_before)) = (block.stmts.get(index), before.stmts.get(index)) {
            index += 1;
            let second = block.stmts.get(index).zip(before.stmts.get(index));
            if let Some((second, second_before)) = second
                && let Some((what, swap)) = swapped(role, first_before, second_before)
            {
                index += 1;
                match self.site(Kind::SwappedFields, what) {
                    Some(number) => statements.push(swap(number, [first, second], [first_before, second_before])),
                    None => statements.extend([first.clone(), second.clone()]),
                }
                continue;
            }
            if role == Role::Writes
                && let Some(label) = written(first_before)
                && let Some(number) = self.site(Kind::LostField, label)
            {
                statements.push(parse_quote!(if !crate::mutants::on(#number) { #first }));
                continue;
            }
            statements.push(first.clone());
        }
        block.stmts = statements;
    }
}

impl VisitMut for Walker<'_> {
    fn visit_item_impl_mut(&mut self, item: &mut ItemImpl) {
        let name = item.self_ty.to_token_stream().to_string();
        self.place.owner = name.split(['<', ' ']).next().unwrap_or_default().to_owned();
        visit_mut::visit_item_impl_mut(self, item);
        self.place.owner.clear();
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut ImplItemFn) {
        if item.sig.constness.is_none() {
            self.place.function = item.sig.ident.to_string();
            self.body = item.block.to_token_stream().to_string();
            self.visit_block_mut(&mut item.block);
        }
    }

    fn visit_item_fn_mut(&mut self, item: &mut ItemFn) {
        let is_dispatch = item.sig.ident.to_string().starts_with("run_");
        if item.sig.constness.is_none() && (!is_dispatch || self.dispatch) {
            self.place.function = item.sig.ident.to_string();
            self.body = item.block.to_token_stream().to_string();
            self.visit_block_mut(&mut item.block);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let before = block.clone();
        visit_mut::visit_block_mut(self, block);
        self.statements(block, &before);
    }

    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        if let Pat::Guard(pat) = pat {
            self.visit_expr_mut(&mut pat.guard);
        }
    }

    fn visit_item_const_mut(&mut self, _: &mut syn::ItemConst) {}

    fn visit_impl_item_const_mut(&mut self, _: &mut syn::ImplItemConst) {}

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let before = expr.clone();
        let outer = calls::label(&before).map(|label| std::mem::replace(&mut self.label, label));
        visit_mut::visit_expr_mut(self, expr);
        match (&mut *expr, &before) {
            (Expr::If(one), Expr::If(before)) if !has_let(&before.cond) => {
                let returns = matches!(before.then_branch.stmts.as_slice(), [Stmt::Expr(Expr::Return(_), _)]);
                let what = before.cond.to_token_stream().to_string();
                let kind = if returns { Kind::LostCheck } else { Kind::WrongCondition };
                if let Some(number) = self.site(kind, what) {
                    let cond = &one.cond;
                    *one.cond = if returns {
                        parse_quote!((!crate::mutants::on(#number) && (#cond)))
                    } else {
                        parse_quote!((crate::mutants::on(#number) != (#cond)))
                    };
                }
            }
            (Expr::Match(one), Expr::Match(before)) => self.arms(one, before),
            _ => {}
        }
        for (kind, what, wrong) in calls::wrong(&before, self.role(), &self.label) {
            if let Some(why) = self.is_none(kind, &what) {
                *self.equivalent.entry(why).or_default() += 1;
                continue;
            }
            if let Some(number) = self.site(kind, what) {
                *expr = parse_quote!((if crate::mutants::on(#number) { #wrong } else { #expr }));
            }
        }
        if let Some(outer) = outer {
            self.label = outer;
        }
    }
}

/// `_` or a variable; `None` is neither.
fn takes_all(pat: &Pat) -> bool {
    match pat {
        Pat::Wild(_) => true,
        Pat::Ident(pat) => pat.ident.to_string().starts_with(|c: char| c.is_lowercase() || c == '_'),
        _ => false,
    }
}

fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// The field that a statement writes; checks write none, and come before or after as they like.
fn written(statement: &Stmt) -> Option<String> {
    let Stmt::Expr(Expr::Try(one), Some(_)) = statement else { return None };
    let is_check = one.to_token_stream().to_string().contains("require_");
    calls::label(&one.expr).filter(|_| !is_check)
}

type Swap = Box<dyn Fn(u32, [&Stmt; 2], [&Stmt; 2]) -> Stmt>;

/// Two statements as they would stand in the other order, where that makes sense.
fn swapped(role: Role, first: &Stmt, second: &Stmt) -> Option<(String, Swap)> {
    if role == Role::Writes {
        let what = format!("{} and {}", written(first)?, written(second)?);
        return Some((
            what,
            Box::new(
                |number, [first, second], [a, b]| parse_quote!(if crate::mutants::on(#number) { #b #a } else { #first #second }),
            ),
        ));
    }
    let (Stmt::Local(a), Stmt::Local(b)) = (first, second) else { return None };
    let (Pat::Ident(first_name), Pat::Ident(second_name)) = (&a.pat, &b.pat) else { return None };
    let label = |local: &syn::Local| match local.init.as_ref()?.expr.as_ref() {
        Expr::Try(one) => calls::label(&one.expr),
        _ => None,
    };
    let what = format!("{} and {}", label(a)?, label(b)?);
    let text = b.init.as_ref()?.expr.to_token_stream().to_string();
    let name = first_name.ident.to_string();
    if role != Role::Reads || text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name) {
        return None;
    }
    let (x, y) = (first_name.ident.clone(), second_name.ident.clone());
    Some((
        what,
        Box::new(
            move |number, [first, second], [a, b]| parse_quote!(let (#x, #y) = if crate::mutants::on(#number) { #b #a (#x, #y) } else { #first #second (#x, #y) };),
        ),
    ))
}
