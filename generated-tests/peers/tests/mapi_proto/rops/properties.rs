//! Properties and their names.

use super::prelude::*;

pub(super) fn get_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let tags = r.g.list(any_tag);
    r.theirs.get_properties(slot, &their_tags(&tags));
    r.ours.rop_get_properties_specific(&object, 0, true, tags.clone()).unwrap();
    let Some(RopRequest::RopGetPropertiesSpecific(request)) = r.ours.requests().last().cloned() else {
        panic!("another request");
    };
    let row_data = any_row(&mut r.g, &tags, &mut r.arms);
    let row = row_data.clone();
    answer!(r, RopGetPropertiesSpecific, ROP_GET_PROPERTIES_SPECIFIC,
        pack_rop_get_properties_specific_reply(&request), RopGetPropertiesSpecificResponse { row_data },
        RopResponse::GetProperties(theirs) => same_cells(theirs.properties().cells(), &tags, &row, false));
}

pub(super) fn get_all_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    r.theirs.get_all_properties(slot);
    r.ours.rop_get_properties_all(&object, 0, true).unwrap();
    let property_values: Vec<_> = r.g.list(|g| any_tagged(g, &mut r.arms));
    let values = property_values.clone();
    answer!(r, RopGetPropertiesAll, ROP_GET_PROPERTIES_ALL, pack_rop_get_properties_all_reply(),
    RopGetPropertiesAllResponse { property_values },
    RopResponse::GetProperties(theirs) => {
        let theirs: Vec<_> = theirs.properties().iter().map(|cell| (cell.tag(), cell.value().clone())).collect();
        let ours = values.iter().map(|value| (tag(value.property_tag), their_value(&value.property_value, false)));
        assert_eq!(theirs, ours.collect::<Vec<_>>());
    });
}

fn problems(r: &mut Round) -> Vec<PropertyProblem> {
    r.g.list(|g| PropertyProblem { index: g.u16(), property_tag: PropertyTag(g.u32()), error_code: ErrorCode(g.u32()) })
}

fn check_problems(theirs: &theirs::PropertyProblemsResponse, ours: &[PropertyProblem]) {
    let theirs: Vec<_> = theirs.problems().iter().map(|p| (p.index(), p.tag().as_u32(), p.code().as_u32())).collect();
    assert_eq!(theirs, ours.iter().map(|p| (p.index, p.property_tag.0, p.error_code.0)).collect::<Vec<_>>());
}

pub(super) fn set_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let (theirs, ours): (Vec<_>, Vec<_>) = r.g.list(|g| any_sent(g, &mut r.arms)).into_iter().unzip();
    r.theirs.set_properties(slot, &theirs);
    r.ours.rop_set_properties(&object, ours).unwrap();
    let property_problems = problems(r);
    let ours = property_problems.clone();
    answer!(r, RopSetProperties, ROP_SET_PROPERTIES, pack_rop_set_properties_reply(),
        RopSetPropertiesResponse { property_problems },
        RopResponse::PropertyProblems(theirs) => check_problems(theirs, &ours));
}

pub(super) fn delete_properties(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let tags: Vec<PropertyTag> = r.g.list(|g| PropertyTag(g.u32()));
    r.theirs.delete_properties(slot, &their_tags(&tags));
    r.ours.rop_delete_properties(&object, tags).unwrap();
    let property_problems = problems(r);
    let ours = property_problems.clone();
    answer!(r, RopDeleteProperties, ROP_DELETE_PROPERTIES, pack_rop_delete_properties_reply(),
        RopDeletePropertiesResponse { property_problems },
        RopResponse::PropertyProblems(theirs) => check_problems(theirs, &ours));
}

pub(super) fn ids_from_names(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let (theirs, ours): (Vec<_>, Vec<_>) = r.g.list(|g| any_name(g, &mut r.arms)).into_iter().unzip();
    let (registration, flags) = *r.g.one_of(&[
        (theirs::NameRegistration::Existing, NameFlags(0)),
        (theirs::NameRegistration::CreateIfMissing, NameFlags::CREATE),
    ]);
    r.theirs.property_ids_from_names(slot, &theirs, registration);
    r.ours.rop_get_property_ids_from_names(&object, flags, ours).unwrap();
    let property_ids: Vec<u16> = r.g.list(|g| g.u16());
    let ids = property_ids.clone();
    answer!(r, RopGetPropertyIdsFromNames, ROP_GET_PROPERTY_IDS_FROM_NAMES,
        pack_rop_get_property_ids_from_names_reply(), RopGetPropertyIdsFromNamesResponse { property_ids },
        RopResponse::PropertyIds(theirs) => assert_eq!(theirs.ids(), ids));
}

pub(super) fn names_from_ids(r: &mut Round) {
    let (slot, object) = r.handle::<Message>();
    let ids: Vec<u16> = r.g.list(|g| g.u16());
    r.theirs.names_from_property_ids(slot, &ids);
    r.ours.rop_get_names_from_property_ids(&object, ids).unwrap();
    let (expected, property_names): (Vec<_>, Vec<_>) =
        r.g.list(|g| {
            if g.pick(4) == 0 {
                r.arms.met("no name");
                return (None, PropertyName::Unnamed);
            }
            let (theirs, ours) = any_name(g, &mut r.arms);
            (Some(theirs), ours)
        })
        .into_iter()
        .unzip();
    answer!(r, RopGetNamesFromPropertyIds, ROP_GET_NAMES_FROM_PROPERTY_IDS,
        pack_rop_get_names_from_property_ids_reply(), RopGetNamesFromPropertyIdsResponse { property_names },
        RopResponse::PropertyNames(theirs) => assert_eq!(theirs.names(), expected));
}
