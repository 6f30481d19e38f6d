//! Headers: lists of them, their values, and the names and values that the Fetch standard singles out.

mod forbidden;
mod list;
mod safelist;
mod value;

pub(super) use self::forbidden::{is_forbidden_request_header, is_forbidden_response_header_name};
pub(super) use self::list::{HeaderList, isomorphic_decode};
pub(super) use self::safelist::{
    is_cors_safelisted_response_header_name, is_no_cors_safelisted_request_header, is_non_wildcard_name,
    is_privileged_no_cors_name, is_request_body_header_name, unsafe_names,
};
pub(super) use self::value::{
    MaxAge, extract_list, extract_max_age, is_header_value, is_token, normalize, trim,
};
