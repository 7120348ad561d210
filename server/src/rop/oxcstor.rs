//! Logging on, receive folders, short and long ids (MS-OXCSTOR 3.2.5).

use std::sync::Arc;

use protocol::oxcdata::{ErrorCode, LongTermId, ObjectId, PropertyValue};
use protocol::oxcstor::*;
use protocol::rops::OxcstorHandler;
use runtime::rop::RopContext;
use runtime::{FileTime, Guid, String8};

use super::RopHandlers;
use super::code_pages;
use super::objects::{Logon, OpenMailbox};
use crate::store::{self, StoreError, tags};

/// The flags that RopLogon gives back (MS-OXCSTOR 2.2.1.1.3): Private, Undercover, Ghosted.
const RETURNED_FLAGS: u8 = 0x07;

/// The code page of names that are ASCII; other bytes become characters that no name has.
const ASCII: u16 = 1252;

/// Whether a request has flags that the document does not define (MS-OXCSTOR 2.2.1.1.1).
fn has_undefined_flags(request: &RopLogonRequest<'_>) -> bool {
    let logon = LogonFlags::NAMES.iter().fold(0, |known, (bit, _)| known | bit);
    let open = OpenFlags::NAMES.iter().fold(0, |known, (bit, _)| known | bit);
    request.logon_flags.0 & !logon != 0 || request.open_flags.0 & !open != 0
}

impl RopHandlers {
    /// Opens a private mailbox (MS-OXCSTOR 3.2.5.1.1).
    fn log_on(&self, request: &RopLogonRequest<'_>) -> Result<(RopLogonResponse, Logon), ErrorCode> {
        if has_undefined_flags(request) {
            return Err(ErrorCode::EC_ERROR);
        }
        // No public folders are served here, whatever else the flags ask for (MS-OXCSTOR 3.2.5.1.2).
        if !request.logon_flags.private() {
            return Err(ErrorCode::EC_LOGIN_FAILURE);
        }
        if request.open_flags.contains(OpenFlags::PUBLIC) {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        if !code_pages::is_known(self.locale.code_page) {
            return Err(ErrorCode::EC_UNKNOWN_CODE_PAGE);
        }
        let legacy_dn = request.essdn.as_ref().map(|essdn| essdn.decode(ASCII)).unwrap_or_default();
        let login_failure = |error: StoreError| {
            tracing::error!(%error, "a logon failed");
            ErrorCode::EC_LOGIN_FAILURE
        };
        let owner = self.store.user_by_legacy_dn(&legacy_dn).map_err(login_failure)?;
        let owner = owner.ok_or(ErrorCode::EC_UNKNOWN_USER)?;
        let mailbox = self.store.mailbox(owner.mailbox).map_err(|error| match error {
            StoreError::NotFound(_) => ErrorCode::EC_UNKNOWN_USER,
            error => login_failure(error),
        })?;
        // The owner's rights are full with or without USE_ADMIN_PRIVILEGE; no one has rights of an administrator.
        if owner.mailbox != self.user.mailbox && !mailbox.has_rights(&self.user.legacy_dn).map_err(login_failure)? {
            return Err(ErrorCode::EC_LOGIN_PERM);
        }
        let opened = OpenMailbox {
            identity: mailbox.identity(),
            mailbox,
            owner,
            user: self.user.clone(),
            locale: self.locale,
            clock: self.clock,
            server_name: self.server_name.clone(),
            budget: self.budget.clone(),
            mailbag: Arc::clone(&self.mailbag),
        };
        let logon = Logon { mailbox: Arc::new(opened) };
        Ok((logon.response(request.logon_flags)?, logon))
    }
}

impl Logon {
    fn response(&self, flags: LogonFlags) -> Result<RopLogonResponse, ErrorCode> {
        let mailbox = &self.mailbox;
        let out_of_office =
            store::property(mailbox.mailbox.as_ref(), store::ObjectId::Mailbox, tags::PID_TAG_OUT_OF_OFFICE_STATE)?;
        let mut response_flags = ResponseFlags::RESERVED;
        if mailbox.is_owner() {
            response_flags = response_flags | ResponseFlags::OWNER_RIGHT | ResponseFlags::SEND_AS_RIGHT;
        }
        if out_of_office == Some(PropertyValue::PtypBoolean(true)) {
            response_flags = response_flags | ResponseFlags::OOF;
        }
        Ok(RopLogonResponse {
            logon_flags: LogonFlags(flags.0 & RETURNED_FLAGS),
            folder_ids: mailbox.mailbox.special_folders().logon(),
            store: RopLogonResponseStore::Mailbox {
                response_flags,
                mailbox_guid: mailbox.identity.mailbox,
                repl_id: mailbox.identity.repl_id,
                repl_guid: mailbox.identity.replica,
                logon_time: logon_time((mailbox.clock)()),
                // There is no gateway address routing table that could change.
                gwart_time: mailbox.identity.created.0,
            },
        })
    }
}

/// A time by calendar and clock (MS-OXCROPS 2.2.3.1.2.1).
fn logon_time(time: FileTime) -> LogonTime {
    const DAY: i64 = 86_400;
    let seconds = time.to_unix_seconds();
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let byte = |value: i64| u8::try_from(value).unwrap_or_default();
    LogonTime {
        seconds: byte(second % 60),
        minutes: byte(second / 60 % 60),
        hour: byte(second / 3600),
        // 1 January 1970 was a Thursday.
        day_of_week: byte((days + 4).rem_euclid(7)),
        day: byte(day),
        month: byte(month),
        year: u16::try_from(year).unwrap_or(u16::MAX),
    }
}

/// Year, month and day of a day counted from 1 January 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years are counted from 1 March, so that the leap day is the last; 400 of them have 146,097 days.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + next_year, month, day)
}

impl OxcstorHandler for RopHandlers {
    /// MS-OXCSTOR 3.2.5.1.
    fn rop_logon(
        &mut self,
        _context: RopContext,
        request: &RopLogonRequest<'_>,
    ) -> Result<(RopLogonResponse, Logon), RopLogonFailure<'static>> {
        self.log_on(request).map_err(RopLogonFailure::Code)
    }

    /// MS-OXCSTOR 3.2.5.2.
    fn rop_get_receive_folder(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        request: &RopGetReceiveFolderRequest<'_>,
    ) -> Result<RopGetReceiveFolderResponse<'static>, ErrorCode> {
        let receive = logon.mailbox.mailbox.receive_folder(&request.message_class.decode(ASCII))?;
        Ok(RopGetReceiveFolderResponse {
            folder_id: receive.folder,
            explicit_message_class: String8::encode(&receive.message_class, ASCII),
        })
    }

    /// MS-OXCSTOR 3.2.5.8. The object need not exist, nor its replica be this mailbox's.
    fn rop_long_term_id_from_id(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        request: &RopLongTermIdFromIdRequest,
    ) -> Result<RopLongTermIdFromIdResponse, ErrorCode> {
        let replica = logon.mailbox.mailbox.replica(request.object_id.repl_id())?;
        let database_guid = replica.ok_or(ErrorCode::EC_NOT_FOUND)?;
        let global_counter = request.object_id.global_counter();
        Ok(RopLongTermIdFromIdResponse { long_term_id: LongTermId { database_guid, global_counter } })
    }

    /// MS-OXCSTOR 3.2.5.9. The object need not exist; a replica that the mailbox does not know gets a REPLID.
    fn rop_id_from_long_term_id(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        request: &RopIdFromLongTermIdRequest,
    ) -> Result<RopIdFromLongTermIdResponse, ErrorCode> {
        let LongTermId { database_guid, global_counter } = request.long_term_id;
        if database_guid == Guid::default() {
            return Err(ErrorCode::EC_INVALID_PARAM);
        }
        let repl_id = logon.mailbox.mailbox.replica_id(database_guid).map_err(|error| match error {
            StoreError::Exhausted(_) => ErrorCode::EC_PARAMETER_OVERFLOW,
            error => error.into(),
        })?;
        let object_id = ObjectId::default().with_repl_id(repl_id).with_global_counter(global_counter);
        Ok(RopIdFromLongTermIdResponse { object_id })
    }

    /// MS-OXCSTOR 3.2.5.3.
    fn rop_set_receive_folder(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        request: &RopSetReceiveFolderRequest<'_>,
    ) -> Result<RopSetReceiveFolderResponse, ErrorCode> {
        logon.mailbox.require_owner()?;
        let folder = (request.folder_id.0 != 0).then_some(request.folder_id);
        let class = request.message_class.decode(ASCII);
        logon.mailbox.mailbox.set_receive_folder(&class, folder).map_err(|error| match error {
            // The row of the empty class cannot be taken away.
            StoreError::Unsupported(_) => ErrorCode::EC_ERROR,
            error => error.into(),
        })?;
        Ok(RopSetReceiveFolderResponse)
    }

    /// MS-OXCSTOR 3.2.5.4.
    fn rop_get_receive_folder_table(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        _request: &RopGetReceiveFolderTableRequest,
    ) -> Result<RopGetReceiveFolderTableResponse<'static>, ErrorCode> {
        let rows = logon.mailbox.mailbox.receive_folders()?.into_iter();
        let rows = rows.map(|row| ReceiveFolderRow::StandardPropertyRow {
            folder_id: row.folder,
            message_class: String8::encode(&row.message_class, ASCII),
            last_modification_time: row.last_modified,
        });
        Ok(RopGetReceiveFolderTableResponse { rows: rows.collect() })
    }

    /// MS-OXCSTOR 3.2.5.5.
    fn rop_get_store_state(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        _request: &RopGetStoreStateRequest,
    ) -> Result<RopGetStoreStateResponse, ErrorCode> {
        let searches = logon.mailbox.mailbox.is_searching()?;
        let store_state = if searches { StoreState::STORE_HAS_SEARCHES } else { StoreState::default() };
        Ok(RopGetStoreStateResponse { store_state })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logon_times_are_by_calendar_and_clock() {
        for (seconds, expected) in [
            (0, (1970, 1, 1, 4, 0, 0, 0)),
            (951_782_399, (2000, 2, 28, 1, 23, 59, 59)),
            (951_782_400, (2000, 2, 29, 2, 0, 0, 0)),
            (4_107_542_400, (2100, 3, 1, 1, 0, 0, 0)),
            (-1, (1969, 12, 31, 3, 23, 59, 59)),
        ] {
            let t = logon_time(FileTime::from_unix_seconds(seconds));
            let found = (t.year, t.month, t.day, t.day_of_week, t.hour, t.minutes, t.seconds);
            assert_eq!(found, expected, "{seconds}");
        }
    }
}
