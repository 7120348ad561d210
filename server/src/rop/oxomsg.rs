//! Sending messages (MS-OXOMSG 3.3.5).

use protocol::oxcdata::ErrorCode;
use protocol::oxomsg::*;
use protocol::rops::OxomsgHandler;
use runtime::rop::RopContext;
use runtime::{Blob, String8};

use super::RopHandlers;
use super::objects::{Logon, Message};
use crate::store::SpecialFolder;

/// The kinds of addresses that mail is delivered to.
const ADDRESS_TYPES: [&str; 2] = ["EX", "SMTP"];

impl OxomsgHandler for RopHandlers {
    /// MS-OXOMSG 3.3.5.1: the message is delivered before the reply.
    fn rop_submit_message(
        &mut self,
        _context: RopContext,
        message: &mut Message,
        _request: &RopSubmitMessageRequest,
    ) -> Result<RopSubmitMessageResponse, ErrorCode> {
        self.submit(message)?;
        Ok(RopSubmitMessageResponse)
    }

    /// MS-OXOMSG 3.3.5.3.
    fn rop_get_address_types(
        &mut self,
        _context: RopContext,
        _logon: &mut Logon,
        _request: &RopGetAddressTypesRequest,
    ) -> Result<RopGetAddressTypesResponse<'static>, ErrorCode> {
        Ok(RopGetAddressTypesResponse { address_types: ADDRESS_TYPES.map(String8::from_text).to_vec() })
    }

    /// MS-OXOMSG 3.3.5.8: the Outbox.
    fn rop_get_transport_folder(
        &mut self,
        _context: RopContext,
        logon: &mut Logon,
        _request: &RopGetTransportFolderRequest,
    ) -> Result<RopGetTransportFolderResponse, ErrorCode> {
        let folder_id = logon.mailbox.mailbox.special_folders().get(SpecialFolder::Outbox);
        Ok(RopGetTransportFolderResponse { folder_id })
    }

    /// MS-OXOMSG 3.3.5.9: there are no options.
    fn rop_options_data(
        &mut self,
        _context: RopContext,
        _logon: &mut Logon,
        _request: &RopOptionsDataRequest<'_>,
    ) -> Result<RopOptionsDataResponse<'static>, ErrorCode> {
        Ok(RopOptionsDataResponse { options_info: Blob::default(), help_file: Blob::default(), help_file_name: None })
    }
}
