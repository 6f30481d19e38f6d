//! Header lists, header values, and the header names that Fetch treats specially.

mod forbidden;
mod list;
mod mime;
mod safelist;
mod spelling;
mod value;

pub(crate) use self::forbidden::{
    is_forbidden_request_header, is_forbidden_response_header_name, overrides_method_in_quotes,
};
pub(crate) use self::list::{HeaderList, isomorphic_decode};
pub(crate) use self::mime::{MimeType, is_nosniff};
pub(crate) use self::safelist::{
    is_cors_safelisted_response_header_name, is_no_cors_safelisted_request_header, is_non_wildcard_name,
    is_privileged_no_cors_name, is_request_body_header_name, is_safelisted_content_type, unsafe_names,
};
pub(crate) use self::spelling::spelling_of_webkit;
pub(crate) use self::value::{
    MaxAge, extract_list, extract_max_age, is_header_value, is_token, mime_essence, normalize, trim,
};
